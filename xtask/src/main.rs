//! Developer commands of the workspace, run as `cargo xtask COMMAND`.

// A developer tool talks to its developer.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod check;
mod generate;
mod kube_apiserver;
mod steps;
mod test;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of the gitsm workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, dependency policy, generated files, direction of dependencies; no tests.
    Check,
    /// All tests and documentation examples.
    Test(test::Arguments),
    /// Real Kubernetes API servers for `test --real`, fetched or built once, outside of the repository.
    KubeApiserver(kube_apiserver::Arguments),
    /// Write the generated files: CRDs, JSON Schemas and the reference under docs/.
    Generate(generate::Arguments),
    /// Measure speed and memory on a generated corpus.
    Bench(bench::Arguments),
    /// Run one command and print what it used; for `bench`.
    #[command(hide = true)]
    Measure {
        /// The command.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Check => check::run().map(|()| ExitCode::SUCCESS),
        Command::Test(arguments) => test::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::KubeApiserver(arguments) => kube_apiserver::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Measure { command } => bench::measure::child(&command).map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
