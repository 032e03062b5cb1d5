//! Keys, stored objects, writes, options and errors.

use crate::kind::GroupResource;
use bytes::Bytes;
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What it is an object of.
    pub resource: GroupResource,
    /// Its namespace; `None` for cluster-scoped objects.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
}

/// Namespace and name: the order of lists.
pub type Name = (Option<Arc<str>>, Arc<str>);

impl Key {
    /// From its parts; an empty namespace is none.
    pub fn new(resource: &GroupResource, namespace: Option<&str>, name: &str) -> Self {
        Self {
            resource: resource.clone(),
            namespace: namespace.filter(|text| !text.is_empty()).map(Into::into),
            name: name.into(),
        }
    }

    pub(super) fn to_name(&self) -> Name {
        (self.namespace.clone(), Arc::clone(&self.name))
    }
}

/// An object as it is kept: serialised, complete with `metadata.resourceVersion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The revision that wrote it.
    pub revision: u64,
    /// The object, as compact JSON with sorted keys.
    pub json: Bytes,
}

impl Stored {
    /// The object, parsed. Null if the bytes are no JSON, which never happens to what the store wrote.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

/// A change that is to be made.
#[derive(Debug, Clone)]
pub struct Write {
    /// The object.
    pub key: Key,
    /// What must hold for the write to happen.
    pub expect: Expect,
    /// What is made of it.
    pub change: Change,
    /// What must outlive a restart.
    pub durability: Durability,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is no such object.
    Absent,
    /// The object is as this revision wrote it.
    Revision(u64),
    /// Nothing; but what is deleted must exist.
    Any,
}

/// What a write makes of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is created or replaced. The store sets `metadata.resourceVersion`.
    Put(Value),
    /// It is removed. The value is its final state, which watchers get with the revision of the removal.
    Delete(Value),
}

/// What must outlive a restart. Either way a write is on disk when it is acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// The state and the event: watches may resume over a restart.
    #[default]
    Full,
    /// The newest state only, for what is written often and seldom followed (events, leases): after a restart,
    /// watches of the resource start anew.
    Latest,
}

/// Why a write did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The object exists already.
    #[error("the object exists already")]
    Exists,
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// The object is not as expected.
    #[error("the object was changed in revision {}", current.revision)]
    Conflict {
        /// As it is.
        current: Stored,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Stopped,
    /// The disk failed. Whether the write is on it is not known; the store refuses all further writes until it is
    /// opened anew.
    #[error("the store cannot write: {0}; free space or repair the disk, then start again")]
    Io(Arc<str>),
}

/// A list at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The revision whose state the list shows: a watch after it misses nothing.
    pub revision: u64,
    /// The objects.
    pub items: Vec<Stored>,
}

/// Which part of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many objects at most; 0 means all.
    pub limit: usize,
    /// The last object of the page before.
    pub after: Option<Name>,
    /// The revision of the first page; `None` for the first page.
    pub at_revision: Option<u64>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The revision whose state it shows.
    pub revision: u64,
    /// The objects.
    pub items: Vec<Stored>,
    /// The last object of this page, when more follow.
    pub next: Option<Name>,
    /// How many follow.
    pub remaining: usize,
}

/// The state at a revision is no longer known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state at the revision is no longer known; the oldest known one is {oldest}")]
pub struct Expired {
    /// The oldest revision that would do.
    pub oldest: u64,
}

/// Milliseconds since 1970: the store reads no clock of its own.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// The time. A new store starts at it as its first revision, so that revisions do not go backwards for clients
    /// that saw a store which was wiped; the age of events is measured by it.
    pub clock: Clock,
    /// How much of the past is kept.
    pub retention: Retention,
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

impl StoreOptions {
    /// With the usual retention.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            retention: Retention::default(),
        }
    }
}

/// How much of the past is kept, per resource in memory and over all of them on disk.
///
/// What is among the newest `events` or younger than `age` stays, unless more than `max_events` or `max_bytes` would
/// be kept. So a quiet server lets clients resume after hours, a busy one after `age`, and one that is written to as
/// fast as it can still has bounded memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How many events stay however old they are.
    pub events: usize,
    /// For how long more of them stay.
    pub age: Duration,
    /// How many at most.
    pub max_events: usize,
    /// How many bytes of objects at most, in one resource and in the log.
    pub max_bytes: usize,
    /// How many bytes in the rings of all resources together; beyond that only `events / 16` of a resource stay.
    pub max_total_bytes: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: 4096,
            age: Duration::from_mins(15),
            max_events: 32_768,
            max_bytes: 32 << 20,
            max_total_bytes: 96 << 20,
        }
    }
}

/// Why a folder cannot be opened as a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the data folder {} is in use{}; stop that process first, or use another folder",
        folder.display(), pid.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, when it could be told.
        pid: Option<u32>,
    },
    /// It was written by another version of gitsm.
    #[error("the data in {} has format {found}, and this version of gitsm reads format {expected}; \
        use the version that wrote it, or another folder", folder.display())]
    OtherFormat {
        /// The folder.
        folder: PathBuf,
        /// The format found.
        found: u64,
        /// The format that is read.
        expected: u64,
    },
    /// It cannot be written to.
    #[error("the data folder {} is not writable: {why}; give yourself access to it, or use another folder",
        folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        why: String,
    },
    /// What is in it is no store, or was damaged from outside.
    #[error("{} is damaged: {why}; restore a backup with `gitsm restore`, or move the file away to start anew",
        path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Anything else.
    #[error("{}: {why}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}
