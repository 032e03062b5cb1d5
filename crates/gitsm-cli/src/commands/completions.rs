//! `gitsm completions SHELL` and `gitsm man`.

use crate::cli::Cli;
use crate::exit::Exit;
use anyhow::Context as _;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::io::Write as _;

/// Arguments of `gitsm completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell to write completions for
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes completions for a shell to standard output.
pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gitsm", &mut script);
    write_out(&script)
}

/// Writes the manual, one page for all commands, as roff to standard output.
pub(crate) fn man() -> anyhow::Result<Exit> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut pages)?;
    for subcommand in command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
    {
        clap_mangen::Man::new(subcommand.clone()).render(&mut pages)?;
    }
    write_out(&pages)
}

fn write_out(bytes: &[u8]) -> anyhow::Result<Exit> {
    std::io::stdout()
        .lock()
        .write_all(bytes)
        .context("cannot write to standard output")?;
    Ok(Exit::Clean)
}
