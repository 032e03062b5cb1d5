//! What happened to one object.

use super::types::{Key, Stored};
use bytes::Bytes;
use std::sync::{Mutex, PoisonError};

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The object is new.
    Added,
    /// It was replaced.
    Modified,
    /// It was removed.
    Deleted,
}

/// A change of one object.
#[derive(Debug)]
pub struct Event {
    /// The revision of the write.
    pub revision: u64,
    /// What happened.
    pub kind: EventKind,
    /// To which object.
    pub key: Key,
    /// The object afterwards; of a removal its final state, with the revision of the removal.
    pub object: Stored,
    /// The object before; `None` when it is new.
    pub previous: Option<Stored>,
    encodings: Mutex<Vec<(Box<str>, Bytes)>>,
}

/// How many encodings of one event are remembered: media types times served versions; more are made anew.
const MAX_ENCODINGS: usize = 16;

impl Event {
    pub(super) fn new(
        revision: u64,
        kind: EventKind,
        key: Key,
        object: Stored,
        previous: Option<Stored>,
    ) -> Self {
        Self {
            revision,
            kind,
            key,
            object,
            previous,
            encodings: Mutex::default(),
        }
    }

    /// The event as it is sent, made once per form and shared: `as_` names the form (media type, version), and
    /// `make` must depend on nothing else. Encodings are remembered while the event is among the newest.
    pub fn encoded(&self, as_: &str, make: impl FnOnce() -> Bytes) -> Bytes {
        let mut encodings = self.encodings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = encodings.iter().find(|(form, _)| &**form == as_) {
            return known.clone();
        }
        let made = make();
        if encodings.len() < MAX_ENCODINGS {
            encodings.push((as_.into(), made.clone()));
        }
        made
    }

    /// Forgets the encodings: whoever follows closely has them, and they would double the memory of the ring.
    pub(super) fn forget_encodings(&self) {
        *self.encodings.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
    }

    /// The memory that keeping it costs, in bytes; what it shares with the serving copy counts too.
    pub(super) fn weight(&self) -> usize {
        let previous = self.previous.as_ref().map_or(0, |stored| stored.json.len());
        256 + self.object.json.len() + previous
    }
}
