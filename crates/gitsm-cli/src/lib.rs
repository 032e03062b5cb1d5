//! The `gitsm` command: IT service management as code.
//!
//! Each command is one file under `commands/`; what they decide is decided in the library crates. Data goes to
//! standard output, talk to standard error, and the exit code is 0 for clean, 1 for findings and 2 for "could
//! not run", the same in every format.
//!
//! It is a library so that the reference of the commands can be generated from their definition; nothing else is
//! public.

mod cli;
mod commands;
mod disk;
mod environment;
mod estate;
mod exit;
mod facts;
mod input;
mod load;
mod manifest;
mod names;
mod records;
mod revision;
mod service;
mod stretch;
mod terminal;
mod up;
mod when;
mod wrap;

use clap::{CommandFactory as _, Parser as _};
use std::process::ExitCode;

/// Does what the command line of this process says.
pub fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}

/// The definition of the command line, for documentation.
pub fn command() -> clap::Command {
    cli::Cli::command()
}
