//! What is asked of a database, and the bounds of its log.

use super::event::{Event, EventKind};
use super::types::{Durability, Key, Retention, Stored};
use crate::kind::GroupResource;
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

/// What is saved besides objects and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// The revision of the last committed write.
    pub(super) revision: u64,
    /// The log knows every logged event after this revision.
    pub(super) compacted: u64,
    /// Identifies the data.
    pub(super) uid: u128,
}

/// Everything that is saved.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) objects: Vec<(Key, Stored)>,
    /// The logged events, oldest first.
    pub(super) log: Vec<LogRecord>,
    /// Per resource the last revision of a write that was not logged.
    pub(super) unlogged: HashMap<GroupResource, u64>,
}

/// A logged event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogRecord {
    pub(super) revision: u64,
    pub(super) kind: EventKind,
    /// Milliseconds since 1970.
    pub(super) written: u64,
    pub(super) key: Key,
    pub(super) object: Stored,
    pub(super) previous: Option<Stored>,
}

impl LogRecord {
    pub(super) fn weight(&self) -> usize {
        let previous = self.previous.as_ref().map_or(0, |stored| stored.json.len());
        256 + self.object.json.len() + previous
    }
}

/// One transaction.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    /// The writes, in order of their revisions.
    pub(super) events: &'a [(Arc<Event>, Durability)],
    /// The revision of the last one.
    pub(super) revision: u64,
    /// Milliseconds since 1970.
    pub(super) written: u64,
    /// Logged events up to this revision go.
    pub(super) forget: Option<u64>,
}

/// A failure of the database, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BackendError(pub Arc<str>);

impl BackendError {
    pub(super) fn new(why: impl std::fmt::Display) -> Self {
        Self(why.to_string().into())
    }
}

/// A database. Only the writer commits; a backup may be taken meanwhile.
pub(super) trait Backend: Send + Sync {
    /// Everything that is saved.
    fn load(&self) -> Result<Loaded, BackendError>;
    /// Makes a batch durable, all of it or nothing, before it returns.
    fn commit(&self, batch: &Batch<'_>) -> Result<(), BackendError>;
    /// Gives unused space back to the system; only while nothing else uses the database.
    fn compact(&mut self) -> Result<(), BackendError>;
    /// Writes a consistent, checked copy to a file that does not exist.
    fn backup(&self, to: &Path) -> Result<(), BackendError>;
    /// Closes it; later calls fail.
    fn close(&self) -> Result<(), BackendError>;
}

/// What the log on disk has, to decide what of it goes. Events are forgotten in the transactions of later ones, a few
/// more than come in, so that no write waits for a long clean-up and the log never needs one.
#[derive(Debug)]
pub(super) struct LogIndex {
    /// Revision, bytes and instant of each, oldest first.
    records: VecDeque<(u64, usize, u64)>,
    bytes: usize,
    retention: Retention,
}

/// How many events beyond those that come in are forgotten with a batch.
const EXTRA: usize = 16;

impl LogIndex {
    pub(super) fn new(retention: Retention) -> Self {
        Self {
            records: VecDeque::new(),
            bytes: 0,
            retention,
        }
    }

    pub(super) fn push(&mut self, revision: u64, bytes: usize, written: u64) {
        self.bytes += bytes;
        self.records.push_back((revision, bytes, written));
    }

    /// Decides what goes with a batch of `incoming` events: everything up to the returned revision.
    pub(super) fn trim(&mut self, incoming: usize, now: u64) -> Option<u64> {
        let retention = &self.retention;
        let age = u64::try_from(retention.age.as_millis()).unwrap_or(u64::MAX);
        let mut forget = None;
        for _ in 0..incoming + EXTRA {
            let count = self.records.len();
            let Some((revision, bytes, written)) = self.records.front().copied() else {
                break;
            };
            let wanted = count <= retention.events || now.saturating_sub(written) < age;
            let fits = count <= retention.max_events && self.bytes <= retention.max_bytes;
            if wanted && fits {
                break;
            }
            self.records.pop_front();
            self.bytes -= bytes;
            forget = Some(revision);
        }
        forget
    }
}
