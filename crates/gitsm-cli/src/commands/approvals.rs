//! `gitsm approvals`: replays a decision from a saved facts file.

use crate::exit::Exit;
use anyhow::bail;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `gitsm approvals`.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsArgs {
    /// The facts, as JSON or YAML
    #[arg(value_name = "FACTS")]
    facts: PathBuf,
}

/// Answers the question.
pub(crate) fn run(args: &ApprovalsArgs) -> anyhow::Result<Exit> {
    bail!("{}", args.facts.display())
}
