//! The command line as typed.

use crate::commands::{
    Question,
    approvals::ApprovalsArgs,
    at::AtRevisionArgs,
    backup::{BackupArgs, RestoreArgs},
    completions::CompletionsArgs,
    decide::DecideArgs,
    down::DownArgs,
    explain::ExplainArgs,
    fmt::FmtArgs,
    kubeconfig::KubeconfigArgs,
    new::NewArgs,
    operator::{FetchWorkerArgs, OperatorArgs},
    policy::PolicyArgs,
    status::StatusArgs,
    up::UpArgs,
    validate::ValidateArgs,
};
use clap::{Parser, Subcommand};

/// IT service management as code: services, changes, policies and request templates as YAML in git.
#[derive(Debug, Parser)]
#[command(name = "gitsm", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 clean, 1 findings, 2 could not run.\n\nExamples:\n  gitsm validate                          judge the manifests below this folder\n  gitsm validate --base origin/main       only what the branch adds\n  gitsm new service checkout              write a manifest to start from\n  gitsm explain GS301                     what a finding means\n  gitsm window explain checkout           may a change start now, and if not, when\n  gitsm calendar --format ics             the change calendar, for a calendar program\n  gitsm blast-radius payments-db          what fails with a service\n  gitsm risk explain payments-db-16       the risk of a change, factor by factor\n  gitsm at HEAD~20 blast-radius checkout  a question about an older revision\n  gitsm up examples/acme                  an API server for kubectl, with this estate\n\nQuestions end with the folder and commit of the estate that they were answered about. Instants are UTC; --at asks for\nanother one than now. --format json is for programs."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge manifests: syntax, schemas, CEL rules, references, semantics and policies
    Validate(ValidateArgs),
    /// Write a manifest to start from
    New(NewArgs),
    /// Explain a rule, or list all rules
    Explain(ExplainArgs),
    /// Put manifests into canonical key order, keeping comments
    Fmt(FmtArgs),
    /// Work with RecordPolicy rules
    Policy(PolicyArgs),
    #[command(flatten)]
    Question(Question),
    /// Ask a question about an older revision of the estate
    At(AtRevisionArgs),
    /// Explain who approved what, from a saved facts file
    Approvals(ApprovalsArgs),
    /// Take a decision again from its saved facts
    Decide(DecideArgs),
    /// Run the control plane: an API server for kubectl, with an estate applied to it
    Up(UpArgs),
    /// Stop the control plane
    Down(DownArgs),
    /// Whether the control plane runs, where, and with which estate
    Status(StatusArgs),
    /// Print what kubectl connects to the control plane with
    Kubeconfig(KubeconfigArgs),
    /// Run the controllers on a cluster: it becomes what its repositories say
    Operator(OperatorArgs),
    #[command(hide = true)]
    FetchWorker(FetchWorkerArgs),
    /// Write everything the control plane keeps to a file
    Backup(BackupArgs),
    /// Restore a backup
    Restore(RestoreArgs),
    /// Write shell completions to standard output
    Completions(CompletionsArgs),
    /// Write the manual page to standard output
    Man,
}
