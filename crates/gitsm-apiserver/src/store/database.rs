//! The database by redb: one file, copy-on-write, checksummed; a commit is one fsync.

use super::backend::{Backend, BackendError, Batch, Loaded, LogRecord, State};
use super::event::{Event, EventKind};
use super::types::{Durability, Key, Stored};
use crate::kind::GroupResource;
use bytes::Bytes;
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
    TableError, WriteTransaction,
};
use std::collections::HashMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The format of the tables below. Another one is refused.
pub(super) const FORMAT: u64 = 1;

/// (group, resource, namespace, name) to (revision, object).
const OBJECTS: TableDefinition<'_, ObjectKey<'static>, ObjectValue<'static>> =
    TableDefinition::new("objects");
/// Revision to (kind, instant, group, resource, namespace, name, object, revision before, object before).
const LOG: TableDefinition<'_, u64, LogValue<'static>> = TableDefinition::new("log");
/// (group, resource) to the revision of its last write that is not in the log.
const UNLOGGED: TableDefinition<'_, (&str, &str), u64> = TableDefinition::new("unlogged");
/// What is in [`State`], and the format.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

type ObjectKey<'a> = (&'a str, &'a str, &'a str, &'a str);
type ObjectValue<'a> = (u64, &'a [u8]);
type LogValue<'a> = (
    u8,
    u64,
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    &'a [u8],
    u64,
    &'a [u8],
);

/// Everything is read once at the start and then served from memory, so a small cache is enough for the inner pages
/// and what a commit changes.
const CACHE_BYTES: usize = 8 << 20;

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum FileError {
    /// It is open elsewhere.
    InUse,
    /// It has another format.
    OtherFormat(u64),
    /// It is no database of ours, or damaged.
    Damaged(String),
    /// The system refused.
    Io(std::io::Error),
}

impl From<redb::Error> for FileError {
    fn from(error: redb::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::InUse,
            redb::Error::Io(error) if !matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) => {
                Self::Io(error)
            }
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<redb::Error> for BackendError {
    fn from(error: redb::Error) -> Self {
        Self::new(error)
    }
}

/// An open database.
#[derive(Debug)]
pub(super) struct RedbBackend {
    database: RwLock<Option<Database>>,
    path: PathBuf,
}

impl RedbBackend {
    /// Makes a new database at `path`, complete or not at all, whose revision is `revision`.
    pub(super) fn create(path: &Path, revision: u64) -> Result<(), FileError> {
        let mut uid = [0; 16];
        getrandom::fill(&mut uid).map_err(|error| FileError::Io(std::io::Error::other(error)))?;
        let state = State {
            revision,
            compacted: revision,
            uid: u128::from_le_bytes(uid),
        };
        in_place(path, |partial| {
            let database = builder(false).create(partial).map_err(redb::Error::from)?;
            write_all(&database, |transaction| {
                transaction.open_table(OBJECTS)?;
                transaction.open_table(LOG)?;
                transaction.open_table(UNLOGGED)?;
                write_state(transaction, state)
            })?;
            database.close().map_err(redb::Error::from)?;
            Ok(())
        })
    }

    /// Opens a database, checking each of its pages if asked to.
    pub(super) fn open(path: &Path, check: bool) -> Result<Self, FileError> {
        let opened = guarded(|| builder(check).open(path).map_err(redb::Error::from));
        let database = opened.unwrap_or_else(|panic| Err(redb::Error::Corrupted(panic)))?;
        let format = guarded(|| read_format(&database));
        match format.unwrap_or_else(|panic| Err(redb::Error::Corrupted(panic)))? {
            Some(FORMAT) => Ok(Self {
                database: RwLock::new(Some(database)),
                path: path.to_owned(),
            }),
            Some(other) => Err(FileError::OtherFormat(other)),
            None => Err(FileError::Damaged(
                "it is a database of another program".to_owned(),
            )),
        }
    }

    /// Copies a backup to `path`, with a revision of at least `revision` and without a past: what clients know of
    /// the time after the backup must not be resumed.
    pub(super) fn restore(from: &Path, path: &Path, revision: u64) -> Result<(), FileError> {
        in_place(path, |partial| {
            fs::copy(from, partial).map_err(FileError::Io)?;
            super::folder::set_private(partial).map_err(FileError::Io)?;
            let backend = Self::open(partial, true)?;
            let run = |database: &Database| {
                let mut state = read_state(&database.begin_read()?)?;
                state.revision = state.revision.max(revision);
                state.compacted = state.revision;
                write_all(database, |transaction| {
                    transaction.delete_table(LOG)?;
                    transaction.open_table(LOG)?;
                    transaction.delete_table(UNLOGGED)?;
                    transaction.open_table(UNLOGGED)?;
                    write_state(transaction, state)
                })
            };
            let failed = |error: BackendError| FileError::Damaged(error.to_string());
            backend.with(run).map_err(failed)?;
            backend.close().map_err(failed)
        })
    }

    /// Runs something on the database, unless it is closed. Panics of redb over damaged files become errors.
    fn with<T>(&self, run: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, BackendError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_ref() else {
            return Err(BackendError::new("the database is closed"));
        };
        match guarded(|| run(database)) {
            Ok(result) => result.map_err(BackendError::from),
            Err(panic) => Err(BackendError::new(panic)),
        }
    }
}

impl Backend for RedbBackend {
    fn load(&self) -> Result<Loaded, BackendError> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            Ok(Loaded {
                state: read_state(&transaction)?,
                objects: read_objects(&transaction)?,
                log: read_log(&transaction)?,
                unlogged: read_unlogged(&transaction)?,
            })
        })
    }

    fn commit(&self, batch: &Batch<'_>) -> Result<(), BackendError> {
        self.with(|database| {
            write_all(database, |transaction| {
                write_objects(transaction, batch)?;
                write_log(transaction, batch)?;
                let mut meta = transaction.open_table(META)?;
                meta.insert("revision", batch.revision)?;
                if let Some(forget) = batch.forget {
                    meta.insert("compacted", forget)?;
                }
                Ok(())
            })
        })
    }

    fn compact(&mut self) -> Result<(), BackendError> {
        let database = self.database.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_mut() else {
            return Ok(());
        };
        match guarded(|| database.compact()) {
            Ok(result) => result.map(|_| ()).map_err(BackendError::new),
            Err(panic) => Err(BackendError::new(panic)),
        }
    }

    fn backup(&self, to: &Path) -> Result<(), BackendError> {
        let failed = |error: FileError| match error {
            FileError::Io(error) => BackendError::new(format!("{}: {error}", to.display())),
            FileError::Damaged(why) => BackendError::new(format!("{}: {why}", to.display())),
            FileError::InUse | FileError::OtherFormat(_) => {
                BackendError::new(format!("{}: the copy cannot be read back", to.display()))
            }
        };
        if to.exists() {
            let why = format!("{}: it exists; name a new file", to.display());
            return Err(BackendError::new(why));
        }
        let copied = self.with(|database| {
            let from = database.begin_read()?;
            Ok(in_place(to, |partial| {
                let expected = copy(&from, partial)?;
                let copy = RedbBackend::open(partial, true)?;
                let check = |database: &Database| {
                    let transaction = database.begin_read()?;
                    let objects = transaction.open_table(OBJECTS)?.len()?;
                    Ok((read_state(&transaction)?, objects))
                };
                let found = copy
                    .with(check)
                    .map_err(|error| FileError::Damaged(error.to_string()))?;
                if found != expected {
                    return Err(FileError::Damaged(
                        "the copy differs from the original".to_owned(),
                    ));
                }
                copy.close()
                    .map_err(|error| FileError::Damaged(error.to_string()))
            }))
        })?;
        copied.map_err(failed)
    }

    fn close(&self) -> Result<(), BackendError> {
        let database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(database) = database else { return Ok(()) };
        tracing::debug!(path = %self.path.display(), "closing the store");
        match guarded(|| database.close()) {
            Ok(result) => result.map_err(BackendError::new),
            Err(panic) => Err(BackendError::new(panic)),
        }
    }
}

fn builder(check: bool) -> redb::Builder {
    let mut builder = redb::Builder::new();
    builder
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(check);
    builder
}

/// redb promises no panic over files that were damaged from outside only when it checks all of them, which would
/// make every start slow. So a panic is caught and becomes a report of damage.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        format!(
            "the database is not as it was written ({})",
            text.unwrap_or("no details")
        )
    })
}

/// Makes a file under another name, and gives it its name once it is complete and on disk.
fn in_place(path: &Path, make: impl FnOnce(&Path) -> Result<(), FileError>) -> Result<(), FileError> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    if partial.exists() {
        fs::remove_file(&partial).map_err(FileError::Io)?;
    }
    super::folder::create_private(&partial).map_err(FileError::Io)?;
    let finish = || {
        fs::rename(&partial, path)?;
        super::folder::sync_parent(path)
    };
    let made = make(&partial).and_then(|()| finish().map_err(FileError::Io));
    if made.is_err() {
        // The first failure is the one to report.
        let _ = fs::remove_file(&partial);
    }
    made
}

fn write_all(
    database: &Database,
    write: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
) -> Result<(), redb::Error> {
    // Its default durability is `Immediate`: on disk when `commit` returns.
    let transaction = database.begin_write()?;
    write(&transaction)?;
    transaction.commit()?;
    Ok(())
}

fn read_format(database: &Database) -> Result<Option<u64>, redb::Error> {
    let transaction = database.begin_read()?;
    match transaction.open_table(META) {
        Ok(meta) => Ok(meta.get("format")?.map(|format| format.value())),
        Err(TableError::TableDoesNotExist(_) | TableError::TableTypeMismatch { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read_state(transaction: &ReadTransaction) -> Result<State, redb::Error> {
    let meta = transaction.open_table(META)?;
    let number = |name: &str| match meta.get(name)? {
        Some(number) => Ok(number.value()),
        None => Err(redb::Error::Corrupted(format!("{name} is missing"))),
    };
    Ok(State {
        revision: number("revision")?,
        compacted: number("compacted")?,
        uid: u128::from(number("uid-high")?) << 64 | u128::from(number("uid-low")?),
    })
}

fn write_state(transaction: &WriteTransaction, state: State) -> Result<(), redb::Error> {
    let mut meta = transaction.open_table(META)?;
    meta.insert("format", FORMAT)?;
    meta.insert("revision", state.revision)?;
    meta.insert("compacted", state.compacted)?;
    let [high, low] = [state.uid >> 64, state.uid & u128::from(u64::MAX)];
    meta.insert("uid-high", u64::try_from(high).unwrap_or_default())?;
    meta.insert("uid-low", u64::try_from(low).unwrap_or_default())?;
    Ok(())
}

/// Makes texts that repeat from row to row share their memory.
#[derive(Default)]
struct Shared(Option<Arc<str>>);

impl Shared {
    fn of(&mut self, text: &str) -> Arc<str> {
        match &self.0 {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(self.0.insert(text.into())),
        }
    }
}

#[derive(Default)]
struct Keys {
    group: Shared,
    resource: Shared,
    namespace: Shared,
}

impl Keys {
    fn key(&mut self, group: &str, resource: &str, namespace: &str, name: &str) -> Key {
        Key {
            resource: GroupResource {
                group: self.group.of(group),
                resource: self.resource.of(resource),
            },
            namespace: (!namespace.is_empty()).then(|| self.namespace.of(namespace)),
            name: name.into(),
        }
    }
}

fn read_objects(transaction: &ReadTransaction) -> Result<Vec<(Key, Stored)>, redb::Error> {
    let table = transaction.open_table(OBJECTS)?;
    let mut objects = Vec::with_capacity(usize::try_from(table.len()?).unwrap_or_default());
    let mut keys = Keys::default();
    for row in table.iter()? {
        let (key, value) = row?;
        let (group, resource, namespace, name) = key.value();
        let (revision, json) = value.value();
        objects.push((keys.key(group, resource, namespace, name), stored(revision, json)));
    }
    Ok(objects)
}

fn read_log(transaction: &ReadTransaction) -> Result<Vec<LogRecord>, redb::Error> {
    let table = transaction.open_table(LOG)?;
    let mut log = Vec::new();
    let mut keys = Keys::default();
    for row in table.iter()? {
        let (revision, value) = row?;
        let (kind, written, group, resource, namespace, name, object, before, previous) = value.value();
        let kind = match kind {
            0 => EventKind::Added,
            1 => EventKind::Modified,
            2 => EventKind::Deleted,
            other => return Err(redb::Error::Corrupted(format!("kind of event {other}"))),
        };
        log.push(LogRecord {
            revision: revision.value(),
            kind,
            written,
            key: keys.key(group, resource, namespace, name),
            object: stored(revision.value(), object),
            previous: (before > 0).then(|| stored(before, previous)),
        });
    }
    Ok(log)
}

fn stored(revision: u64, json: &[u8]) -> Stored {
    Stored {
        revision,
        json: Bytes::copy_from_slice(json),
    }
}

fn read_unlogged(transaction: &ReadTransaction) -> Result<HashMap<GroupResource, u64>, redb::Error> {
    let table = transaction.open_table(UNLOGGED)?;
    let mut unlogged = HashMap::new();
    for row in table.iter()? {
        let (key, revision) = row?;
        let (group, resource) = key.value();
        unlogged.insert(GroupResource::new(group, resource), revision.value());
    }
    Ok(unlogged)
}

fn write_objects(transaction: &WriteTransaction, batch: &Batch<'_>) -> Result<(), redb::Error> {
    let mut objects = transaction.open_table(OBJECTS)?;
    for (event, _) in batch.events {
        let (group, resource, namespace, name) = parts(event);
        let key = (group, resource, namespace, name);
        if event.kind == EventKind::Deleted {
            objects.remove(key)?;
        } else {
            objects.insert(key, (event.revision, &*event.object.json))?;
        }
    }
    Ok(())
}

fn parts(event: &Event) -> (&str, &str, &str, &str) {
    let key = &event.key;
    (
        &key.resource.group,
        &key.resource.resource,
        key.namespace.as_deref().unwrap_or_default(),
        &key.name,
    )
}

fn write_log(transaction: &WriteTransaction, batch: &Batch<'_>) -> Result<(), redb::Error> {
    let mut unlogged: HashMap<(&str, &str), u64> = HashMap::new();
    {
        let mut log = transaction.open_table(LOG)?;
        for (event, durability) in batch.events {
            let (group, resource, namespace, name) = parts(event);
            if *durability == Durability::Latest {
                unlogged.insert((group, resource), event.revision);
                continue;
            }
            let kind = match event.kind {
                EventKind::Added => 0,
                EventKind::Modified => 1,
                EventKind::Deleted => 2,
            };
            let (before, previous) = match &event.previous {
                Some(previous) => (previous.revision, &*previous.json),
                None => (0, &[][..]),
            };
            let value = (
                kind,
                batch.written,
                group,
                resource,
                namespace,
                name,
                &*event.object.json,
                before,
                previous,
            );
            log.insert(event.revision, value)?;
        }
        if let Some(forget) = batch.forget {
            log.retain_in(..=forget, |_, _| false)?;
        }
    }
    if !unlogged.is_empty() {
        let mut table = transaction.open_table(UNLOGGED)?;
        for (resource, revision) in unlogged {
            table.insert(resource, revision)?;
        }
    }
    Ok(())
}

/// Copies objects and state, not the past; returns what the copy has.
fn copy(from: &ReadTransaction, path: &Path) -> Result<(State, u64), FileError> {
    let run = || {
        let mut state = read_state(from)?;
        state.compacted = state.revision;
        let database = builder(false).create(path)?;
        let source = from.open_table(OBJECTS)?;
        write_all(&database, |transaction| {
            transaction.open_table(LOG)?;
            transaction.open_table(UNLOGGED)?;
            write_state(transaction, state)?;
            let mut objects = transaction.open_table(OBJECTS)?;
            for row in source.iter()? {
                let (key, value) = row?;
                objects.insert(key.value(), value.value())?;
            }
            Ok(())
        })?;
        database.close()?;
        Ok((state, source.len()?))
    };
    run().map_err(|error: redb::Error| FileError::from(error))
}
