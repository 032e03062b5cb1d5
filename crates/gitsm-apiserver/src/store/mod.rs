//! The store: every object, in memory for reading and in a folder for keeps.
//!
//! | module | does |
//! |---|---|
//! | `types` | keys, stored objects, writes, options, errors |
//! | `event` | what happened to one object, with the encodings that watchers share |
//! | `ring` | the last events of a resource, bounded by count, age and bytes |
//! | `memory` | the serving copy: objects and rings, lists and pages |
//! | `cursor` | one watcher's place in a ring |
//! | `encode` | serialising objects before their revision is known; no-op writes |
//! | `writer` | the one thread that orders, checks, commits and publishes writes |
//! | `backend` | what is asked of a database, and the bounds of its log |
//! | `database` | the same by redb |
//! | `folder` | the lock on the folder, access modes, restoring |
//!
//! Writers queue; one thread takes what is waiting, checks each write against memory (and the writes before it),
//! gives it the next revision, commits all of them in one transaction and one fsync, and only then lets readers and
//! watchers see them and answers. Revisions are contiguous and equal `metadata.resourceVersion` of the write.
//!
//! A failed commit stops the store: whether it reached the disk is unknown, so nothing further is acknowledged until
//! the folder is opened anew. Reading goes on.

mod backend;
mod cursor;
mod database;
mod encode;
mod event;
mod folder;
mod memory;
mod ring;
mod types;
mod writer;

#[cfg(test)]
mod tests;

pub use cursor::{Cursor, CursorError, WatchError};
pub use encode::is_unchanged;
pub use event::{Event, EventKind};
pub use folder::{DATABASE_FILE, RestoreError, restore};
pub use types::{
    Change, Clock, Durability, Expect, Expired, Key, Listing, Name, OpenError, Page, PageRequest, Retention,
    StoreOptions, Stored, Write, WriteError,
};

use crate::kind::GroupResource;
pub use backend::BackendError;

use backend::Backend;
use memory::Memory;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use writer::Command;

/// How many writes may wait for the writer before further ones wait to be queued.
const QUEUE: usize = 1024;

/// A handle of an open store; clones are handles of the same one.
///
/// The store closes when the last handle is gone; [`Store::close`] closes it at once and says when it is done.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    memory: Arc<Memory>,
    queue: mpsc::Sender<Command>,
    database: Arc<dyn Backend>,
    uid: u128,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in `folder`, which is made where it is absent, and locks it against other processes.
    ///
    /// # Errors
    /// When the folder is in use or not writable, or what is in it is damaged or of another version.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        let lock = folder::claim(folder)?;
        let (database, loaded) = folder::load(folder, (options.clock)())?;
        let memory = Arc::new(Memory::new(&loaded.state, options.retention.clone()));
        let log = memory.fill(loaded, (options.clock)());
        let database: Arc<dyn Backend> = Arc::new(database);
        let (queue, commands) = mpsc::channel(QUEUE);
        let uid = memory.uid;
        let writer = writer::Writer {
            memory: Arc::clone(&memory),
            database: Arc::clone(&database),
            clock: options.clock,
            log,
            failed: None,
            lock,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(commands))
            .map_err(|error| OpenError::Io {
                path: folder.to_owned(),
                why: format!("the writer thread cannot be started: {error}"),
            })?;
        Ok(Self {
            inner: Arc::new(Inner {
                memory,
                queue,
                database,
                uid,
                writer: Mutex::new(Some(thread)),
            }),
        })
    }

    /// The revision of the last committed write.
    pub fn revision(&self) -> u64 {
        self.inner.memory.revision()
    }

    /// Waits until the store has reached a revision. Bound it with a time-out: the revision may never come.
    pub async fn reached(&self, revision: u64) {
        self.inner.memory.reached(revision).await;
    }

    /// Identifies the data: drawn when the store was made, kept by backups.
    pub fn uid(&self) -> u128 {
        self.inner.uid
    }

    /// One object.
    pub fn get(&self, key: &Key) -> Option<Stored> {
        self.inner.memory.get(key)
    }

    /// All objects of a resource, or those in one namespace, sorted by namespace and name.
    pub fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> Listing {
        self.inner.memory.list(resource, namespace)
    }

    /// A part of a list. Every page of one list shows the objects as they were at the first page's revision.
    ///
    /// Pages keep nothing alive: an older state is worked out from the events since, so it is to be had as long as
    /// a watch from that revision would be.
    ///
    /// # Errors
    /// When the events since `request.at_revision` are no longer known.
    pub fn page(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page, Expired> {
        self.inner.memory.page(resource, namespace, request)
    }

    /// How many objects a resource has.
    pub fn count(&self, resource: &GroupResource) -> usize {
        self.inner.memory.count(resource)
    }

    /// The resources that have objects, sorted.
    pub fn resources(&self) -> Vec<GroupResource> {
        self.inner.memory.resources()
    }

    /// Writes, and returns when the write is on disk and visible. A future that is dropped while it waits leaves
    /// open whether the write happens.
    ///
    /// # Errors
    /// When the expectation does not hold, or the store is closed or cannot write.
    pub async fn write(&self, write: Write) -> Result<Stored, WriteError> {
        let (answer, answered) = oneshot::channel();
        let request = writer::Request::prepare(write, answer)?;
        let command = Command::Write(Box::new(request));
        self.inner
            .queue
            .send(command)
            .await
            .map_err(|_| WriteError::Stopped)?;
        answered.await.map_err(|_| WriteError::Stopped)?
    }

    /// Follows a resource from the first event after a revision.
    ///
    /// # Errors
    /// When events since then are no longer known, or the revision has not been reached.
    pub fn watch(&self, resource: &GroupResource, after: u64) -> Result<Cursor, WatchError> {
        self.inner.memory.watch(resource, after)
    }

    /// Follows all resources from the first event after a revision. Its memory is shorter than that of a resource.
    ///
    /// # Errors
    /// As [`Store::watch`].
    pub fn watch_all(&self, after: u64) -> Result<Cursor, WatchError> {
        self.inner.memory.watch_all(after)
    }

    /// Writes a consistent copy to the file `to`, which must not exist, while the store goes on, and checks it.
    /// Blocks; call it where blocking is allowed.
    ///
    /// # Errors
    /// When the copy cannot be written; nothing is left at `to` then.
    pub fn backup(&self, to: &Path) -> Result<(), BackendError> {
        self.inner.database.backup(to)
    }

    /// Finishes the writes that are queued, closes the database and frees the folder. Later writes are refused with
    /// [`WriteError::Stopped`], cursors end, reading goes on.
    ///
    /// # Errors
    /// When the database reports a failure while it closes; acknowledged writes are safe nevertheless.
    pub async fn close(&self) -> Result<(), BackendError> {
        let (answer, answered) = oneshot::channel();
        let result = match self.inner.queue.send(Command::Close(answer)).await {
            Ok(()) => answered.await.unwrap_or(Ok(())),
            Err(_) => Ok(()),
        };
        let thread = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // It has answered, so it is at its end already.
            let _ = thread.join();
        }
        result
    }
}
