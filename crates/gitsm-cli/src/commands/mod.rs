//! One file per command.

pub(crate) mod approvals;
pub(crate) mod at;
pub(crate) mod backup;
pub(crate) mod blast_radius;
pub(crate) mod calendar;
pub(crate) mod completions;
pub(crate) mod decide;
pub(crate) mod down;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod kubeconfig;
pub(crate) mod new;
pub(crate) mod operator;
pub(crate) mod policy;
pub(crate) mod report;
pub(crate) mod risk;
pub(crate) mod sla;
pub(crate) mod status;
pub(crate) mod up;
pub(crate) mod validate;
pub(crate) mod window;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::load::Asked;
use clap::Subcommand;

/// Questions about the state of an estate, today's or that of an older revision.
#[derive(Debug, Subcommand)]
pub(crate) enum Question {
    /// When changes may start, and why not now
    Window(window::WindowArgs),
    /// The change calendar, as text or for a calendar program
    Calendar(calendar::CalendarArgs),
    /// Explain service level clocks
    Sla(sla::SlaArgs),
    /// What fails or suffers when a service fails
    BlastRadius(blast_radius::BlastRadiusArgs),
    /// Explain the risk of a change
    Risk(risk::RiskArgs),
    /// Key figures of a period, over records
    Report(report::ReportArgs),
}

impl Question {
    /// Answers it.
    pub(crate) fn answer(&self, asked: &Asked) -> anyhow::Result<Exit> {
        match self {
            Self::Window(args) => window::run(asked, args),
            Self::Calendar(args) => calendar::run(asked, args),
            Self::Sla(args) => sla::run(asked, args),
            Self::BlastRadius(args) => blast_radius::run(asked, args),
            Self::Risk(args) => risk::run(asked, args),
            Self::Report(args) => report::run(asked, args),
        }
    }
}

/// Runs the command that was typed.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Exit> {
    match cli.command {
        Command::Validate(args) => validate::run(&args),
        Command::New(args) => new::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Question(question) => question.answer(&Asked::default()),
        Command::At(args) => at::run(&args),
        Command::Approvals(args) => approvals::run(&args),
        Command::Decide(args) => decide::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Down(args) => down::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Kubeconfig(args) => kubeconfig::run(&args),
        Command::Operator(args) => operator::run(&args),
        Command::FetchWorker(args) => operator::fetch(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man => completions::man(),
    }
}
