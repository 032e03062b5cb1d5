//! The audit log: one line of JSON for every answered request, as a real server writes it at level `Metadata`.
//!
//! Lines go through a bounded queue to a thread of their own, so that a slow disk does not hold up requests; where
//! the queue is full, requests wait. The file is rotated by size.

use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Lines that may wait to be written.
const QUEUE: usize = 4_096;
/// A file is put aside when it has this many bytes.
const MAX_BYTES: u64 = 64 * 1_024 * 1_024;
/// Files put aside that are kept.
const KEPT: u32 = 4;

/// The audit log of a server. Dropping it writes what is waiting.
#[derive(Debug)]
pub struct AuditLog {
    queue: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
}

impl AuditLog {
    /// Appends to `audit.jsonl` in a folder.
    ///
    /// # Errors
    /// When the file cannot be opened for writing or no thread can be started.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Self::with_limit(folder, MAX_BYTES)
    }

    fn with_limit(folder: &Path, limit: u64) -> io::Result<Self> {
        let file = LogFile::open(folder.join("audit.jsonl"), limit)?;
        let (queue, lines) = sync_channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(file, &lines))?;
        Ok(Self {
            queue: Some(queue),
            writer: Some(writer),
        })
    }

    /// Records one answered request.
    pub fn record(&self, event: &Value) {
        if let Some(queue) = &self.queue {
            // It fails only after the writer has stopped, which has said why.
            let _ = queue.send(event.to_string());
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported on its own thread.
            let _ = writer.join();
        }
    }
}

fn write(mut file: LogFile, lines: &Receiver<String>) {
    while let Ok(line) = lines.recv() {
        let mut outcome = file.line(&line);
        // What came together is written together.
        while let Ok(line) = lines.try_recv() {
            outcome = outcome.and_then(|()| file.line(&line));
        }
        if let Err(error) = outcome.and_then(|()| file.flush()) {
            tracing::error!(path = %file.path.display(), %error, "the audit log cannot be written");
        }
    }
}

struct LogFile {
    path: PathBuf,
    limit: u64,
    written: u64,
    file: BufWriter<File>,
}

impl LogFile {
    fn open(path: PathBuf, limit: u64) -> io::Result<Self> {
        let file = append(&path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            path,
            limit,
            written,
            file: BufWriter::new(file),
        })
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        if self.written >= self.limit {
            self.rotate()?;
        }
        self.written += line.len() as u64 + 1;
        writeln!(self.file, "{line}")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// `audit.jsonl` becomes `audit.jsonl.1`, that `.2`, and so on.
    fn rotate(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..KEPT).rev() {
            if numbered(number).exists() {
                std::fs::rename(numbered(number), numbered(number + 1))?;
            }
        }
        std::fs::rename(&self.path, numbered(1))?;
        self.file = BufWriter::new(append(&self.path)?);
        self.written = 0;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    fn lines(path: &Path) -> Vec<Value> {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn what_was_recorded_is_there_after_the_log_is_closed_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3 {
            let log = AuditLog::open(folder.path()).unwrap();
            log.record(&json!({"number": number}));
        }
        let found = lines(&folder.path().join("audit.jsonl"));
        assert_eq!(
            found,
            [json!({"number": 0}), json!({"number": 1}), json!({"number": 2})]
        );
    }

    #[test]
    fn full_files_are_put_aside_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let log = AuditLog::with_limit(folder.path(), 1).unwrap();
        for number in 0..8 {
            log.record(&json!({"number": number}));
        }
        drop(log);
        let kept: Vec<_> = ["", ".1", ".2", ".3", ".4"]
            .iter()
            .map(|suffix| lines(&folder.path().join(format!("audit.jsonl{suffix}"))))
            .collect();
        assert_eq!(kept[0], [json!({"number": 7})]);
        assert_eq!(kept[4], [json!({"number": 3})]);
        assert!(!folder.path().join("audit.jsonl.5").exists());
    }
}
