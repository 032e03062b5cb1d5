//! The server in the background: the same command once more, in its own session, with a log.
//!
//! The parent waits at the child's standard output and hands it on. A last line tells that the server is ready; where
//! the output ends without it, the child has failed, and its log says why.

use crate::exit::Exit;
use crate::terminal;
use crate::up::data::DataFolder;
use anyhow::{Context as _, bail};
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::process::{Command, Stdio};

/// What the child prints when it is ready, before its exit code.
const READY: &str = "\u{4}ready ";
/// The option that the child is started with.
pub(crate) const OPTION: &str = "in-background";
/// Most bytes of a failed start's log that are shown.
const SHOWN: u64 = 64 * 1024;

/// Starts this program once more in the background and waits until it is ready or has failed.
///
/// # Errors
///
/// When it cannot be started, or fails in a way that its log does not tell.
pub(crate) fn run(data: &DataFolder) -> anyhow::Result<Exit> {
    data.prepare()?;
    let path = data.log();
    let mut options = OpenOptions::new();
    options.append(true).create(true).read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut log = options
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let began = log.seek(SeekFrom::End(0)).context("cannot write the log")?;
    let arguments = std::env::args_os()
        .skip(1)
        .filter(|argument| argument != "--detach");
    let mut child = Command::new(std::env::current_exe().context("cannot find this program")?)
        .args(arguments)
        .arg(format!("--{OPTION}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone().context("cannot write the log")?)
        .spawn()
        .context("cannot start the server in the background")?;
    let output = child.stdout.take().context("the server has no output")?;
    let mut ready = None;
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read what the server says")?;
        if let Some(code) = line.strip_prefix(READY) {
            ready = Some(code == "0");
            break;
        }
        terminal::print(&format!("{line}\n"))?;
    }
    // What the child had to say while it started, whether it has failed or not.
    log.seek(SeekFrom::Start(began)).context("cannot read the log")?;
    let mut said = Vec::new();
    log.take(SHOWN)
        .read_to_end(&mut said)
        .context("cannot read the log")?;
    // Nothing is left to do when standard error itself cannot be written.
    let _ = anstream::stderr().lock().write_all(&said);
    match ready {
        Some(true) => Ok(Exit::Clean),
        Some(false) => Ok(Exit::Findings),
        None => {
            let status = child.wait().context("the server is lost")?;
            match status.code() {
                Some(1) => Ok(Exit::Findings),
                _ => bail!(
                    "the server has not started ({status}); its log is {}",
                    path.display()
                ),
            }
        }
    }
}

/// Leaves the session of whoever started this process, so that neither its end nor a Ctrl-C there is ours.
///
/// # Errors
///
/// When the system refuses it.
pub(crate) fn leave_session() -> anyhow::Result<()> {
    nix::unistd::setsid().context("cannot run in the background")?;
    Ok(())
}

/// Tells the waiting parent that the server is ready.
///
/// # Errors
///
/// When the parent is gone; nobody knows of this server then.
pub(crate) fn say_ready(exit: Exit) -> anyhow::Result<()> {
    let code = u8::from(exit == Exit::Findings);
    terminal::print(&format!("{READY}{code}\n"))
}
