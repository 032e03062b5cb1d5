//! A server's process: its output goes to a file, and it never outlives the test.

use anyhow::{Context as _, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Waits for the program, and kills it as soon as standard input ends: when the test lets go of it, or when the
/// test's own process is gone, however it went.
const KEEPER: &str = r#"exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _ <&3; kill -9 "$program" 2>/dev/null; } &
reader=$!
wait "$program"
status=$?
kill -9 "$reader" 2>/dev/null
exit "$status""#;

/// Characters of a log that are shown.
const TAIL: usize = 6_000;

/// A running program.
pub(crate) struct Process {
    name: String,
    program: PathBuf,
    log: PathBuf,
    keeper: Child,
    leash: Option<ChildStdin>,
}

impl Process {
    /// Starts a program; what it prints goes to `<name>.log` in the folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(
        folder: &Path,
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        anyhow::ensure!(program.is_file(), "{} is not there", program.display());
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .env_remove("KUBECONFIG")
            .stdin(Stdio::piped())
            .stdout(file.try_clone().context("cannot share a log")?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let leash = keeper.stdin.take();
        Ok(Self {
            name: name.to_owned(),
            program: program.to_owned(),
            log,
            keeper,
            leash,
        })
    }

    /// Fails when the program has ended by itself.
    ///
    /// # Errors
    /// With the end of its log.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.keeper.try_wait().context("cannot wait")? {
            anyhow::bail!("{} has ended ({status}):\n{}", self.name, self.tail());
        }
        Ok(())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The process of the program itself, where the system tells (Linux); the keeper has it as its child.
    pub(crate) fn pid(&self) -> Option<u32> {
        let program = self.program.canonicalize().ok()?;
        let is_ours = |pid: u32| {
            let parent = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // After the name, which may hold anything: state, then the parent.
            let parent: u32 = parent
                .rsplit_once(')')?
                .1
                .split_whitespace()
                .nth(1)?
                .parse()
                .ok()?;
            let exe = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
            Some(parent == self.keeper.id() && exe == program)
        };
        std::fs::read_dir("/proc")
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .find(|&pid| is_ours(pid) == Some(true))
    }

    /// The end of its log.
    pub(crate) fn tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..]);
        format!("--- {} ---\n{}\n", self.log.display(), text.trim_end())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.leash.take());
        // Killing cannot be refused, so this does not wait long.
        let _ended = self.keeper.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::Process;
    use std::path::Path;

    fn sh(script: &str, folder: &Path) -> Process {
        let arguments = ["-c".to_owned(), script.to_owned()];
        Process::start(folder, "server", Path::new("/bin/sh"), arguments).unwrap()
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let process = sh("echo $$ > new; mv new pid; exec sleep 1000", folder.path());
        while !pid_file.exists() {
            std::thread::yield_now();
        }
        let pid = std::fs::read_to_string(&pid_file).unwrap();
        let stat = Path::new("/proc").join(pid.trim());
        assert!(stat.exists());
        drop(process);
        assert!(!stat.exists());
    }

    #[test]
    fn a_process_that_ends_by_itself_is_reported_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = sh("echo why it ended; exit 3", folder.path());
        let error = loop {
            if let Err(error) = process.check() {
                break error.to_string();
            }
            std::thread::yield_now();
        };
        assert!(error.contains("why it ended") && error.contains('3'), "{error}");
    }
}
