//! `gitsm approvals explain`: who approved what, and why that is or is not enough.

use crate::exit::Exit;
use crate::{facts, terminal};
use clap::{Args, Subcommand, ValueEnum};
use gitsm_core::approval::{Approvals, Counted, Facts, Node, NodeKind, RequirementState, decide};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `gitsm approvals`.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsArgs {
    #[command(subcommand)]
    command: ApprovalsCommand,
}

#[derive(Debug, Subcommand)]
enum ApprovalsCommand {
    /// Say which rules are met, who counted, who did not and why, and what is missing
    #[command(
        after_help = "The facts are those of gitsm's decision about approvals: reviews, people, policies and ownership at one
instant. The same facts give the same answer, byte for byte.

Marks:
  [x] met   [ ] waiting   [!] rejected   [?] cannot be evaluated, so not met   [-] does not apply
  + counted   - did not count

Exit status: 0 approved, 1 not approved, 2 could not run.

Examples:
  gitsm approvals explain facts.yaml
  gitsm approvals explain --format json facts.json
  gitsm approvals explain - < facts.json"
    )]
    Explain(ExplainArgs),
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// The facts, as JSON or YAML; `-` for standard input
    #[arg(value_name = "FACTS")]
    facts: PathBuf,

    /// How the answer is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree for people
    Text,
    /// The whole answer for programs
    Json,
}

/// Runs an approvals command.
pub(crate) fn run(args: &ApprovalsArgs) -> anyhow::Result<Exit> {
    match &args.command {
        ApprovalsCommand::Explain(args) => explain(args),
    }
}

fn explain(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let facts: Facts = facts::read(&args.facts, "facts of approvals", "gitsm approvals explain")?;
    let answer = decide(&facts);
    let text = match args.format {
        Format::Text => text(&answer),
        Format::Json => serde_json::to_string_pretty(&answer)? + "\n",
    };
    terminal::print(&text)?;
    Ok(if answer.is_approved() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

fn text(answer: &Approvals) -> String {
    let mut text = String::new();
    let verdict = if answer.is_approved() {
        "APPROVED"
    } else {
        "NOT APPROVED"
    };
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{verdict}: pull request {} of {} to {}, commit {}, at {}\n",
        answer.pull_request, answer.repository, answer.base, answer.head, answer.at
    );
    if let Some(missing) = &answer.tree.missing {
        let _ = writeln!(text, "missing: {}", printable(missing));
    }
    for node in &answer.tree.children {
        write_node(&mut text, node, 0);
    }
    text.push('\n');
    if let Some(until) = answer.valid_until.filter(|_| answer.is_approved()) {
        let _ = writeln!(text, "valid until {until}");
    }
    if let Some(next) = answer.next_transition {
        let _ = writeln!(text, "next change by time alone {next}");
    }
    let _ = writeln!(text, "policies {}\nfacts    {}", answer.policies, answer.inputs);
    text
}

fn write_node(text: &mut String, node: &Node, depth: usize) {
    let indent = "    ".repeat(depth);
    let _ = write!(text, "{indent}{} {}", mark(node.state), printable(&title(node)));
    if node.needed > 0 {
        let _ = write!(text, ": {} of {}", node.counted.len(), node.needed);
    }
    if let Some(deadline) = node.deadline.filter(|_| node.state == RequirementState::Pending) {
        let _ = write!(text, ", answer by {deadline}");
    }
    text.push('\n');
    for counted in &node.counted {
        let _ = writeln!(text, "{indent}    + {}", printable(&approval(counted)));
    }
    for other in &node.not_counted {
        let line = format!("{}: {}", other.who, other.reason);
        let _ = writeln!(text, "{indent}    - {}", printable(&line));
    }
    if let Some(missing) = &node.missing {
        let _ = writeln!(text, "{indent}    missing: {}", printable(missing));
    }
    for child in &node.children {
        write_node(text, child, depth + 1);
    }
}

fn approval(counted: &Counted) -> String {
    let for_whom = counted
        .on_behalf_of
        .as_ref()
        .map_or_else(String::new, |member| format!(" for {member}"));
    format!(
        "{}{for_whom}: {} at {}, review {}, until {}",
        counted.by, counted.attestation, counted.submitted_at, counted.review, counted.expires_at
    )
}

fn mark(state: RequirementState) -> &'static str {
    match state {
        RequirementState::Approved => "[x]",
        RequirementState::Pending => "[ ]",
        RequirementState::Rejected => "[!]",
        RequirementState::Error => "[?]",
        RequirementState::Skipped => "[-]",
    }
}

fn title(node: &Node) -> String {
    match node.kind {
        NodeKind::Policies => "policies".to_owned(),
        NodeKind::Policy => format!("policy {}", node.name),
        NodeKind::Rule => format!("rule {}", node.name),
        NodeKind::Group => format!("team {}", node.name),
        NodeKind::Ownership => "owners of the content".to_owned(),
        NodeKind::PolicyOwners => "owners of policies".to_owned(),
        NodeKind::ExtraApproval => "one approval more".to_owned(),
        NodeKind::DistinctTeams => "an approver outside the author's teams".to_owned(),
        NodeKind::All | NodeKind::Obstacle => node.name.clone(),
    }
}

/// Text of a forge without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
