//! Long steps that say what they do and for how long, and keep what their programs said in a file.

use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running step says that it is still running.
const REMINDER: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);
/// Lines of a failed program's output that are shown.
const SHOWN_LINES: usize = 30;

/// Does one step and says how long it took.
pub(super) fn step<T>(what: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("    {what} ...");
    let started = Instant::now();
    let value = action().with_context(|| what.to_owned())?;
    println!("    {what}: {}", shown(started.elapsed()));
    Ok(value)
}

/// Runs a program to its end, its output in `log`.
///
/// # Errors
/// When it cannot be started or fails; the error has the end of its output.
pub(super) fn run(command: &mut Command, log: &Path) -> Result<()> {
    let name = command.get_program().display().to_string();
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("cannot write {}", log.display()))?;
    std::io::Write::write_all(&mut file, format!("+ {command:?}\n").as_bytes())?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let started = Instant::now();
    let mut next_reminder = REMINDER;
    let status = loop {
        if let Some(status) = child
            .try_wait()
            .with_context(|| format!("cannot wait for {name}"))?
        {
            break status;
        }
        if started.elapsed() >= next_reminder {
            println!("      running for {}", shown(started.elapsed()));
            next_reminder += REMINDER;
        }
        std::thread::sleep(LOOK);
    };
    if !status.success() {
        bail!(
            "{name} failed ({status}), the end of {}:\n{}",
            log.display(),
            tail(log)
        );
    }
    Ok(())
}

/// The standard output of a program that must succeed.
///
/// # Errors
/// When it cannot be started or fails; the error has what it said.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!(
            "{name} failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

/// `4 min 05 s`, or `2.3 s`.
pub(super) fn shown(time: Duration) -> String {
    if time < Duration::from_mins(1) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}
