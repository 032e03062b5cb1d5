//! `gitsm decide`: replays a decision from a saved facts file.

use crate::exit::Exit;
use anyhow::bail;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `gitsm decide`.
#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// The facts, as JSON or YAML
    #[arg(value_name = "FACTS")]
    facts: PathBuf,
}

/// Answers the question.
pub(crate) fn run(args: &DecideArgs) -> anyhow::Result<Exit> {
    bail!("{}", args.facts.display())
}
