//! `cargo xtask test`: the ordinary `cargo test`, with a table of how long each suite took behind it.

use crate::kube_apiserver::{self, Servers};
use crate::steps::{cargo, shown};
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Also run the tests that need real Kubernetes API servers; they are fetched or built first.
    #[arg(long)]
    real: bool,
    /// Run the long versions of tests that have one.
    #[arg(long)]
    soak: bool,
}

/// Runs all tests and documentation examples of the workspace.
///
/// # Errors
/// When a test has failed or does not compile, or a real server that was asked for cannot be had.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match std::env::var_os("GITSM_VECTORS") {
        Some(folder) => println!("conformance vectors: {}", folder.display()),
        None => println!("conformance vectors: GITSM_VECTORS is not set, the suites that need it do not run"),
    }
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    // Left over from the caller they would select tests that were not asked for.
    for variable in ["GITSM_REAL", "GITSM_SOAK"] {
        command.env_remove(variable);
    }
    if arguments.real {
        match kube_apiserver::ensure(false).context("the real servers cannot be had")? {
            Servers::Assets(folder) => {
                println!("real servers: {}", folder.display());
            }
            Servers::Cached(file) => {
                println!("real servers: {}", file.display());
                command.env("GITSM_KUBE_SERVERS", file);
            }
        }
        command.env("GITSM_REAL", "1");
    } else {
        println!("real servers: not asked for (--real), the tests that compare with them are skipped");
    }
    if arguments.soak {
        command.env("GITSM_SOAK", "1");
    }
    println!("+ {}", shown(&command));

    // One pipe for both streams: cargo names a suite on one of them, its results come on the other.
    let (reader, writer) = std::io::pipe().context("cannot open a pipe")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().context("cannot open a pipe")?)
        .stderr(writer)
        .spawn()
        .context("cannot start cargo")?;
    // The command still holds the writing end, and reading would never end.
    drop(command);

    let mut times = SuiteTimes::default();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader
            .read_until(b'\n', &mut line)
            .context("cannot read from cargo")?
            == 0
        {
            break;
        }
        std::io::stdout().write_all(&line).context("cannot write")?;
        times.line(&String::from_utf8_lossy(&line));
    }
    let status = child.wait().context("cannot wait for cargo")?;
    times.print();
    if !status.success() {
        bail!("tests failed: {status}");
    }
    Ok(())
}

/// Follows cargo's output: a suite lasts from its heading to the next one.
#[derive(Default)]
struct SuiteTimes {
    done: Vec<(String, Duration)>,
    running: Option<(String, Instant)>,
}

impl SuiteTimes {
    fn line(&mut self, line: &str) {
        if let Some(suite) = heading(line) {
            self.close();
            self.running = Some((suite, Instant::now()));
        }
    }

    fn close(&mut self) {
        if let Some((suite, started)) = self.running.take() {
            self.done.push((suite, started.elapsed()));
        }
    }

    fn print(mut self) {
        self.close();
        println!("\nTime of each suite:");
        for (suite, took) in &self.done {
            println!("{:>8.2} s  {suite}", took.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, took)| *took).sum();
        println!("{:>8.2} s  in all, without compiling", total.as_secs_f64());
    }
}

/// The suite that a line announces: `Running tests/suite/main.rs (target/debug/deps/suite-0a1b)` or
/// `Doc-tests gitsm_core`. Unit tests of all crates are `src/lib.rs`, so the name of the program goes along.
fn heading(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some(krate) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{krate} (documentation)"));
    }
    let (source, program) = line
        .strip_prefix("Running ")?
        .strip_suffix(')')?
        .split_once(" (")?;
    let program = program.rsplit(['/', '\\']).next()?;
    let (name, _hash) = program.rsplit_once('-')?;
    let source = source.strip_prefix("unittests ").unwrap_or(source);
    Some(format!("{name} ({source})"))
}

#[cfg(test)]
mod tests {
    use super::heading;

    #[test]
    fn headings_of_cargo_are_recognised() {
        let suite = |line| heading(line).unwrap();
        assert_eq!(
            suite("     Running unittests src/lib.rs (target/debug/deps/gitsm_git-e52964d010f41cf1)\n"),
            "gitsm_git (src/lib.rs)"
        );
        assert_eq!(
            suite("     Running suite/main.rs (/build/a (b)/debug/deps/suite-e52964d010f41cf1)\n"),
            "suite (suite/main.rs)"
        );
        assert_eq!(suite("   Doc-tests gitsm_core\n"), "gitsm_core (documentation)");
        for other in [
            "running 3 tests\n",
            "Running late\n",
            "test Running (x) ... ok\n",
            "",
        ] {
            assert_eq!(heading(other), None, "{other}");
        }
    }
}
