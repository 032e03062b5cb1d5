//! Named steps that are timed, and go on after one of them has failed: one run shows everything that is wrong.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A collection of timed steps.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Done>,
}

struct Done {
    name: String,
    took: Duration,
    failure: Option<String>,
}

impl Steps {
    /// Does one step and notes how it went.
    pub(crate) fn step(&mut self, name: &str, action: impl FnOnce() -> Result<()>) {
        println!("\n==> {name}");
        let started = Instant::now();
        let failure = action().err().map(|error| format!("{error:#}"));
        let took = started.elapsed();
        if let Some(failure) = &failure {
            println!("{name} failed: {failure}");
        }
        self.done.push(Done {
            name: name.to_owned(),
            took,
            failure,
        });
    }

    /// Prints what happened.
    ///
    /// # Errors
    /// When any step has failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!();
        for done in &self.done {
            let outcome = if done.failure.is_some() { "FAILED" } else { "ok" };
            println!(
                "{outcome:>6}  {:<24} {:>6.1} s",
                done.name,
                done.took.as_secs_f64()
            );
        }
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|done| done.failure.is_some())
            .map(|done| done.name.as_str())
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!(
            "{} of {} steps failed: {}",
            failed.len(),
            self.done.len(),
            failed.join(", ")
        )
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// The cargo that runs us, in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command to its end, printing what is run.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn execute(command: &mut Command) -> Result<()> {
    println!("+ {}", shown(command));
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        bail!("`{}`: {status}", shown(command));
    }
    Ok(())
}

/// The command as it would be typed; the folder of the program is left out.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words: Vec<String> = std::iter::once(name)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .map(std::borrow::Cow::into_owned)
        .collect();
    words.join(" ")
}
