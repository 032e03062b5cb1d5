//! `gitsm backup` and `gitsm restore`.

use crate::exit::Exit;
use crate::terminal;
use crate::up::data::{DataArgs, Holder};
use crate::up::{archive, control};
use anyhow::{Context as _, ensure};
use clap::Args;
use gitsm_apiserver::store::{DATABASE_FILE, Store, StoreOptions};
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `gitsm backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "A running server goes on while it is backed up. The file holds every object, keys and tokens, and the repository of
the estate if it is in the data folder; keep it as you keep a key. The audit log is not in it.

Examples:
  gitsm backup gitsm-2027-01-31.tar
  gitsm backup --data ./lab /backup/lab.tar

Exit status: 0 written, 2 could not write it."
)]
pub(crate) struct BackupArgs {
    /// File to write; it must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    data: DataArgs,
}

/// Arguments of `gitsm restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "Resource versions go on after the newest that any client can have seen, so watches start anew and nothing goes back.

Examples:
  gitsm restore gitsm-2027-01-31.tar --data ./restored
  gitsm restore gitsm-2027-01-31.tar --force          put aside what is there

Exit status: 0 restored, 2 could not restore it; nothing is changed then."
)]
pub(crate) struct RestoreArgs {
    /// File that `gitsm backup` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Put aside the data that is there
    #[arg(long)]
    force: bool,
}

/// Writes a backup.
pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    data.require()?;
    let file = std::path::absolute(&args.file)
        .with_context(|| format!("{}: no such path can be", args.file.display()))?;
    if matches!(data.holder()?, Holder::Somebody { .. }) {
        control::ask_for_backup(&data, &file)?;
    } else {
        let _held = data.take()?;
        ensure!(
            data.store().join(DATABASE_FILE).exists(),
            "there is nothing to back up in {}: it was never started",
            data.path().display()
        );
        let clock = Arc::new(|| u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0));
        let store = Store::open(&data.store(), StoreOptions::new(clock))?;
        archive::write(&data, &store, &file)?;
    }
    let size = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    terminal::print(&format!(
        "{}: {size} bytes of {}\n",
        args.file.display(),
        data.path().display()
    ))?;
    Ok(Exit::Clean)
}

/// Restores one.
pub(crate) fn restore(args: &RestoreArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    data.prepare()?;
    let _held = data.take()?;
    let aside = archive::restore(&data, &args.file, args.force)?;
    let mut text = format!("restored {} to {}\n", args.file.display(), data.path().display());
    if let Some(aside) = aside {
        text += &format!("what was there is in {}\n", aside.display());
    }
    text += &format!("`gitsm up{}` starts it\n", data.option());
    terminal::print(&text)?;
    Ok(Exit::Clean)
}
