//! `gitsm blast-radius`: what fails with a service.

use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs};
use anyhow::bail;
use clap::Args;

/// Arguments of `gitsm blast-radius`.
#[derive(Debug, Args)]
pub(crate) struct BlastRadiusArgs {
    #[command(flatten)]
    estate: EstateArgs,

    #[command(flatten)]
    at: AtArgs,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &BlastRadiusArgs) -> anyhow::Result<Exit> {
    let loaded = asked.estate(&args.estate)?;
    bail!(
        "{}: {} objects at {}",
        loaded.folder.display(),
        loaded.estate.len(),
        args.at.instant()
    )
}
