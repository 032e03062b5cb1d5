//! Measures a command as a whole process: wall time, processor time and peak memory.
//!
//! The operating system accounts for finished children together, and keeps only the largest peak. Each run is
//! therefore a child of a child: `xtask measure` starts the command, waits, and prints what its own children used.

use anyhow::{Context as _, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// One finished run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Seconds by the clock.
    pub(crate) wall: f64,
    /// Seconds of processor time, user and system, over all threads.
    pub(crate) cpu: f64,
    /// Peak resident memory in KiB.
    pub(crate) peak_kib: i64,
    /// The exit status.
    pub(crate) code: i32,
}

/// Runs a command once and prints what it used as one line of JSON; the body of `xtask measure`.
pub(crate) fn child(command: &[String]) -> anyhow::Result<()> {
    let (program, arguments) = command.split_first().context("no command to measure")?;
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    let wall = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("the system does not account for children")?;
    let seconds = |time: nix::sys::time::TimeVal| {
        // Both parts are far below 2^52.
        #[expect(clippy::cast_precision_loss)]
        let seconds = time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        seconds
    };
    let measured = Measured {
        wall,
        cpu: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak_kib: usage.max_rss(),
        code: status.code().unwrap_or(-1),
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// The median of `runs` runs after one warm-up; the command must exit with `expected`.
pub(crate) fn median(
    program: &Path,
    arguments: &[&str],
    runs: usize,
    expected: i32,
) -> anyhow::Result<Measured> {
    let mut all = Vec::with_capacity(runs);
    for run in 0..=runs {
        let measured = once(program, arguments)?;
        ensure!(
            measured.code == expected,
            "{} {arguments:?} exited with {}",
            program.display(),
            measured.code
        );
        if run > 0 {
            all.push(measured);
        }
    }
    Ok(Measured {
        wall: middle(all.iter().map(|measured| measured.wall).collect()),
        cpu: middle(all.iter().map(|measured| measured.cpu).collect()),
        peak_kib: all
            .iter()
            .map(|measured| measured.peak_kib)
            .max()
            .unwrap_or_default(),
        code: expected,
    })
}

fn once(program: &Path, arguments: &[&str]) -> anyhow::Result<Measured> {
    let output = Command::new(std::env::current_exe()?)
        .arg("measure")
        .arg("--")
        .arg(program)
        .args(arguments)
        .output()
        .context("cannot start the measuring process")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
