//! The data folder: where it is, its version, who has it.

use crate::up::running::Running;
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The format of data folders that this version reads and writes.
pub(crate) const FORMAT: u32 = 1;

const VERSION: &str = "version";
const LOCK: &str = "lock";
/// `gitsm status` looks at the lock for a moment; a start does not take that for a running server.
const GLANCES: u32 = 5;
const GLANCE: Duration = Duration::from_millis(20);

/// Which data folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// Folder with everything the control plane keeps [default: $XDG_DATA_HOME/gitsm, ~/.local/share/gitsm]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// The folder, by its absolute path; it need not exist.
    ///
    /// # Errors
    ///
    /// When neither `--data` nor the environment says where it is.
    pub(crate) fn folder(&self) -> anyhow::Result<DataFolder> {
        let set = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let path = match &self.data {
            Some(path) => std::path::absolute(path)
                .with_context(|| format!("--data {}: no such path can be", path.display()))?,
            None => set("XDG_DATA_HOME")
                .or_else(|| set("HOME").map(|home| home.join(".local/share")))
                .context("there is no HOME to keep data below; name a folder with --data DIR")?
                .join("gitsm"),
        };
        Ok(DataFolder {
            path,
            is_default: self.data.is_none(),
        })
    }
}

/// A data folder, which need not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder {
    path: PathBuf,
    is_default: bool,
}

/// The folder is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Held {
    _file: File,
}

/// Who has the folder.
#[derive(Debug)]
pub(crate) enum Holder {
    /// A process that serves it, with its note if it is ready.
    Somebody {
        /// The process, if it could be told.
        pid: Option<u32>,
        /// Its note; `None` while it starts or stops.
        note: Option<Running>,
    },
    /// Nobody.
    Nobody,
}

impl DataFolder {
    /// Its absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// ` --data DIR` where a command has to name the folder, else nothing.
    pub(crate) fn option(&self) -> String {
        if self.is_default {
            String::new()
        } else {
            format!(" --data {}", shell_word(&self.path))
        }
    }

    /// The objects.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Certificates, keys and tokens.
    pub(crate) fn pki(&self) -> PathBuf {
        self.path.join("pki")
    }

    /// The audit log.
    pub(crate) fn audit(&self) -> PathBuf {
        self.path.join("audit")
    }

    /// The file for clients.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.path.join("kubeconfig")
    }

    /// The note of the running server.
    pub(crate) fn note(&self) -> PathBuf {
        self.path.join("server.json")
    }

    /// What is said by a server in the background.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// The repository of an estate that came from plain files.
    pub(crate) fn repository(&self) -> PathBuf {
        self.path.join("estate.git")
    }

    /// Copies of the repositories that the operator fetches.
    pub(crate) fn mirrors(&self) -> PathBuf {
        self.path.join("mirrors")
    }

    /// What a start is told once.
    pub(crate) fn remembered(&self) -> PathBuf {
        self.path.join("settings.json")
    }

    /// Where a running server can be asked things.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path.join("control.sock")
    }

    /// Makes the folder if it is not there, and checks that it is one of ours, of this version.
    ///
    /// # Errors
    ///
    /// When it is a file, not writable, of another version, or holds something else.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        let folder = self.path.display();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder
            .create(&self.path)
            .map_err(|error| self.unusable(&error))?;
        let version = self.path.join(VERSION);
        match fs::read_to_string(&version) {
            Ok(text) => self.check(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut entries = fs::read_dir(&self.path).map_err(|error| self.unusable(&error))?;
                ensure!(
                    // A start that was killed before it had written the version leaves its lock behind.
                    entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == LOCK)),
                    "{folder} is no data folder of gitsm: it holds other files; name an empty or new folder with --data DIR"
                );
                fs::write(&version, format!("{FORMAT}\n")).map_err(|error| self.unusable(&error))
            }
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// Checks that the folder exists and is of this version.
    ///
    /// # Errors
    ///
    /// When it is not there or of another version.
    pub(crate) fn require(&self) -> anyhow::Result<()> {
        match fs::read_to_string(self.path.join(VERSION)) {
            Ok(text) => self.check(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "there is no data in {}; `gitsm up` makes it, --data DIR names another folder",
                self.path.display()
            ),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    fn check(&self, version: &str) -> anyhow::Result<()> {
        let found = version.trim();
        ensure!(
            found == FORMAT.to_string(),
            "the data in {} has format {}, and gitsm {} reads format {FORMAT}; use the version of gitsm that wrote it, \
             or another folder with --data DIR",
            self.path.display(),
            if found.is_empty() { "(none)" } else { found },
            env!("CARGO_PKG_VERSION")
        );
        Ok(())
    }

    fn unusable(&self, error: &io::Error) -> anyhow::Error {
        let folder = self.path.display();
        match error.kind() {
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => anyhow::anyhow!(
                "the data folder {folder} cannot be made: it is a file, or below one; name another folder with --data DIR"
            ),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => anyhow::anyhow!(
                "the data folder {folder} is not writable: {error}; give yourself access to it, or name another \
                 folder with --data DIR"
            ),
            _ => anyhow::anyhow!("the data folder {folder} cannot be used: {error}"),
        }
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    ///
    /// When another process has it: who that is, and how to stop it.
    pub(crate) fn take(&self) -> anyhow::Result<Held> {
        for _ in 0..GLANCES {
            if let Some(held) = self.try_take()? {
                return Ok(held);
            }
            std::thread::sleep(GLANCE);
        }
        let (pid, note) = match self.holder()? {
            Holder::Somebody { pid, note } => (pid, note),
            Holder::Nobody => (None, None),
        };
        let process = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
        let at = note.map_or_else(String::new, |note| format!(", which serves {}", note.url));
        let option = self.option();
        bail!(
            "the data folder {} is in use by {process}{at}; `gitsm status{option}` tells more, \
             `gitsm down{option}` stops it, --data DIR names another folder",
            self.path.display()
        )
    }

    fn try_take(&self) -> anyhow::Result<Option<Held>> {
        let mut file = self.lock_file().map_err(|error| self.unusable(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(self.unusable(&error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(|error| self.unusable(&error))?;
        Ok(Some(Held { _file: file }))
    }

    /// Who has the folder now.
    ///
    /// # Errors
    ///
    /// When the lock cannot be looked at.
    pub(crate) fn holder(&self) -> anyhow::Result<Holder> {
        let file = match File::open(self.path.join(LOCK)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Holder::Nobody),
            Err(error) => return Err(self.unusable(&error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Holder::Nobody),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Without it the process stays unknown.
                let _ = file.take(32).read_to_string(&mut text);
                let pid = text.trim().parse().ok();
                let note = Running::read(&self.note()).filter(|note| Some(note.pid) == pid || pid.is_none());
                Ok(Holder::Somebody { pid, note })
            }
            Err(TryLockError::Error(error)) => Err(self.unusable(&error)),
        }
    }

    /// Waits until nobody has the folder.
    ///
    /// # Errors
    ///
    /// When the lock cannot be looked at.
    pub(crate) fn wait_until_free(&self) -> anyhow::Result<()> {
        self.lock_file()
            .and_then(|file| file.lock_shared())
            .map_err(|error| self.unusable(&error))
    }

    fn lock_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(self.path.join(LOCK))
    }
}

/// A path as a shell takes it for one word.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn folder(path: &Path) -> DataFolder {
        DataFolder {
            path: path.to_owned(),
            is_default: false,
        }
    }

    #[test]
    fn a_folder_is_made_once_and_found_again() {
        let place = tempfile::tempdir().unwrap();
        let data = folder(&place.path().join("a/b"));
        assert!(data.require().unwrap_err().to_string().contains("gitsm up"));
        data.prepare().unwrap();
        data.prepare().unwrap();
        data.require().unwrap();
    }

    #[test]
    fn other_versions_and_other_folders_are_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("letter.txt"), "").unwrap();
        let error = folder(place.path()).prepare().unwrap_err().to_string();
        assert!(
            error.contains("other files") && error.contains("--data"),
            "{error}"
        );
        fs::write(place.path().join(VERSION), "7\n").unwrap();
        let error = folder(place.path()).prepare().unwrap_err().to_string();
        assert!(
            error.contains("format 7") && error.contains("format 1"),
            "{error}"
        );
        let file = folder(&place.path().join("letter.txt"));
        let error = file.prepare().unwrap_err().to_string();
        assert!(error.contains("it is a file"), "{error}");
    }

    #[test]
    fn a_folder_has_one_holder() {
        let place = tempfile::tempdir().unwrap();
        let data = folder(place.path());
        data.prepare().unwrap();
        assert!(matches!(data.holder().unwrap(), Holder::Nobody));
        let held = data.take().unwrap();
        let error = data.take().unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        assert!(matches!(
            data.holder().unwrap(),
            Holder::Somebody { note: None, .. }
        ));
        drop(held);
        data.wait_until_free().unwrap();
        data.take().unwrap();
    }

    #[test]
    fn paths_are_words_for_a_shell() {
        assert_eq!(shell_word(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(shell_word(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
