//! Developer commands of the workspace: `cargo xtask <command>`.

mod generate;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Developer commands of gitsm.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the files generated from the types: CRDs and JSON Schemas.
    Generate(generate::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Generate(arguments) => generate::run(&arguments),
    }
}
