//! `gitsm report`: key figures over records.

use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs};
use anyhow::bail;
use clap::Args;

/// Arguments of `gitsm report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    estate: EstateArgs,

    #[command(flatten)]
    at: AtArgs,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &ReportArgs) -> anyhow::Result<Exit> {
    let loaded = asked.estate(&args.estate)?;
    bail!(
        "{}: {} objects at {}",
        loaded.folder.display(),
        loaded.estate.len(),
        args.at.instant()
    )
}
