//! `gitsm window`: when changes may start.

mod explain;
mod list;
mod rows;
mod text;
mod timeline;

pub(crate) use rows::{Selected, entries_as_text, tell_broken};

use crate::exit::Exit;
use crate::load::Asked;
use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `gitsm window`.
#[derive(Debug, Args)]
pub(crate) struct WindowArgs {
    #[command(subcommand)]
    command: WindowCommand,
}

#[derive(Debug, Subcommand)]
enum WindowCommand {
    /// Whether changes to a service may start, and which window has to do with it
    Explain(explain::ExplainArgs),
    /// The windows and freezes of a stretch of time
    List(list::ListArgs),
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &WindowArgs) -> anyhow::Result<Exit> {
    match &args.command {
        WindowCommand::Explain(args) => explain::run(asked, args),
        WindowCommand::List(args) => list::run(asked, args),
    }
}
