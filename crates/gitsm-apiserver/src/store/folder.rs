//! The folder of a store: its lock, its access modes, what is in it, restoring it.

use super::backend::{Backend, Loaded};
use super::database::{FORMAT, FileError, RedbBackend};
use super::types::OpenError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file with the data.
pub const DATABASE_FILE: &str = "store.redb";
/// The file that is locked while a process has the store open; it names the process.
const LOCK_FILE: &str = "lock";

/// How often and after which pauses a lock is tried again.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A held lock. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

/// Makes the folder where it is absent and locks it.
pub(super) fn claim(folder: &Path) -> Result<FolderLock, OpenError> {
    make_folder(folder).map_err(|error| refused(folder, folder, &error))?;
    let path = folder.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options);
    let mut file = options
        .open(&path)
        .map_err(|error| refused(folder, &path, &error))?;
    match lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Where the lock forbids reading, the process stays unknown.
            let _ = file.take(32).read_to_string(&mut text);
            return Err(OpenError::InUse {
                folder: folder.to_owned(),
                pid: text.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(refused(folder, &path, &error)),
    }
    let note = format!("{}\n", std::process::id());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(note.as_bytes()))
        .map_err(|error| refused(folder, &path, &error))?;
    Ok(FolderLock { _file: file })
}

/// Locks a file, and waits a moment for it: a process that was just killed holds its locks until the system has
/// cleaned up after it.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}

/// Opens what is in a claimed folder, or makes a new store whose revision is `seed`.
pub(super) fn load(folder: &Path, seed: u64) -> Result<(RedbBackend, Loaded), OpenError> {
    let path = folder.join(DATABASE_FILE);
    let failed = |error| open_error(folder, &path, error);
    if fs::metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        RedbBackend::create(&path, seed.max(1)).map_err(failed)?;
    }
    let mut database = RedbBackend::open(&path, false).map_err(failed)?;
    let damaged = |error: super::BackendError| OpenError::Damaged {
        path: path.clone(),
        why: error.to_string(),
    };
    let loaded = database.load().map_err(damaged)?;
    if is_wasteful(&path, &loaded) {
        tracing::info!(path = %path.display(), "giving unused space of the store back");
        database.compact().map_err(damaged)?;
    }
    Ok((database, loaded))
}

/// Whether the file is so much larger than what is in it that a slow start to shrink it pays.
fn is_wasteful(path: &Path, loaded: &Loaded) -> bool {
    let objects: usize = loaded
        .objects
        .iter()
        .map(|(_, stored)| stored.json.len() + 128)
        .sum();
    let log: usize = loaded.log.iter().map(super::backend::LogRecord::weight).sum();
    let used = u64::try_from(objects + log).unwrap_or(u64::MAX);
    let size = fs::metadata(path).map_or(0, |found| found.len());
    size > used.saturating_mul(4).saturating_add(64 << 20)
}

/// Why a backup cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The folder has a store.
    #[error("{} has data already; move {DATABASE_FILE} away, or restore to another folder", .0.display())]
    NotEmpty(PathBuf),
    /// The backup cannot be read, or the folder cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Restores a backup made by [`super::Store::backup`] to a folder that has no store. `now`, in milliseconds since
/// 1970, becomes its revision unless it is older than the backup's, so that revisions do not go backwards for
/// clients that saw what was written after the backup; their watches start anew.
///
/// # Errors
/// When the backup is damaged or of another version, or the folder is in use, not writable or not empty.
pub fn restore(from: &Path, folder: &Path, now: u64) -> Result<(), RestoreError> {
    let _lock = claim(folder)?;
    let path = folder.join(DATABASE_FILE);
    if path.exists() {
        return Err(RestoreError::NotEmpty(folder.to_owned()));
    }
    File::open(from).map_err(|error| OpenError::Io {
        path: from.to_owned(),
        why: error.to_string(),
    })?;
    RedbBackend::restore(from, &path, now).map_err(|error| {
        RestoreError::Open(match error {
            // What is wrong with the copy is wrong with the backup.
            FileError::Damaged(why) => OpenError::Damaged {
                path: from.to_owned(),
                why,
            },
            FileError::OtherFormat(found) => OpenError::OtherFormat {
                folder: from.to_owned(),
                found,
                expected: FORMAT,
            },
            other => open_error(folder, &path, other),
        })
    })
}

fn open_error(folder: &Path, path: &Path, error: FileError) -> OpenError {
    match error {
        FileError::InUse => OpenError::InUse {
            folder: folder.to_owned(),
            pid: None,
        },
        FileError::OtherFormat(found) => OpenError::OtherFormat {
            folder: folder.to_owned(),
            found,
            expected: FORMAT,
        },
        FileError::Damaged(why) => OpenError::Damaged {
            path: path.to_owned(),
            why,
        },
        FileError::Io(error) => refused(folder, path, &error),
    }
}

fn refused(folder: &Path, path: &Path, error: &io::Error) -> OpenError {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::NotWritable {
            folder: folder.to_owned(),
            why: error.to_string(),
        },
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => OpenError::NotWritable {
            folder: folder.to_owned(),
            why: "it is a file, or below one".to_owned(),
        },
        _ => OpenError::Io {
            path: path.to_owned(),
            why: error.to_string(),
        },
    }
}

/// Makes a folder that only its owner may enter; one that exists is left as it is.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a new file that only its owner may read.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    options.open(path)
}

/// Takes a file, which may have the modes of another, from everyone but its owner.
pub(super) fn set_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let _ = path;
    Ok(())
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let _ = options;
}

/// Makes the name of a new file outlive a power failure, where folders can be synced.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        File::open(parent)?.sync_all()?;
    }
    let _ = path;
    Ok(())
}
