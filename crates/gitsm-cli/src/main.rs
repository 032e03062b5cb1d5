//! The `gitsm` command: IT service management as code.
//!
//! Each command is one file under `commands/`; what they decide is decided in the library crates. Data goes to
//! standard output, talk to standard error, and the exit code is 0 for clean, 1 for findings and 2 for "could
//! not run", the same in every format.

mod cli;
mod commands;
mod disk;
mod estate;
mod exit;
mod revision;
mod terminal;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}
