//! `gitsm risk`: explains the risk of a change.

use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs};
use anyhow::bail;
use clap::Args;

/// Arguments of `gitsm risk`.
#[derive(Debug, Args)]
pub(crate) struct RiskArgs {
    #[command(flatten)]
    estate: EstateArgs,

    #[command(flatten)]
    at: AtArgs,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &RiskArgs) -> anyhow::Result<Exit> {
    let loaded = asked.estate(&args.estate)?;
    bail!(
        "{}: {} objects at {}",
        loaded.folder.display(),
        loaded.estate.len(),
        args.at.instant()
    )
}
