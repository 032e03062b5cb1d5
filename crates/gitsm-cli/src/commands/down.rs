//! `gitsm down`: stops the control plane.

use crate::exit::Exit;
use crate::terminal;
use crate::up::data::{DataArgs, DataFolder, Holder};
use anyhow::{Context as _, bail};
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a server may take to stop: it lets requests finish for ten seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `gitsm down`.
#[derive(Debug, Args)]
#[command(
    after_help = "Requests that are under way are finished. What was applied stays in the data folder.

Examples:
  gitsm down
  gitsm down --data ./lab

Exit status: 0 it is stopped, or was not running; 2 could not stop it."
)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Stops it.
pub(crate) fn run(args: &DownArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    data.require()?;
    let Holder::Somebody { pid, .. } = data.holder()? else {
        terminal::print(&format!("not running: {}\n", data.path().display()))?;
        return Ok(Exit::Clean);
    };
    let pid =
        pid.context("a process uses the data folder, but it cannot be told which; try again in a moment")?;
    // The process holds the lock at this moment, so it is no other one that got its number.
    let target = Pid::from_raw(i32::try_from(pid).context("the lock of the data folder is damaged")?);
    kill(target, Signal::SIGTERM).with_context(|| format!("cannot stop process {pid}"))?;
    wait(&data, pid)?;
    terminal::print(&format!("stopped: process {pid}, {}\n", data.path().display()))?;
    Ok(Exit::Clean)
}

fn wait(data: &DataFolder, pid: u32) -> anyhow::Result<()> {
    let (sender, receiver) = channel();
    let waiting = data.clone();
    // It ends with this process where the lock never becomes free.
    std::thread::spawn(move || sender.send(waiting.wait_until_free()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => bail!(
            "process {pid} has not stopped in {} s; `kill -9 {pid}` ends it at once, and no acknowledged write is lost",
            PATIENCE.as_secs()
        ),
        Err(RecvTimeoutError::Disconnected) => bail!("cannot wait for process {pid}"),
    }
}
