//! One watcher's place in the events of a resource.

use super::event::Event;
use super::memory::{Memory, Resource};
use super::ring::Slot;
use std::sync::Arc;
use tokio::sync::watch;

/// Why a watch cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// Events since the revision are no longer known.
    #[error("too old resource version: events are known from {oldest} on")]
    Expired {
        /// The oldest revision from which a watch can start.
        oldest: u64,
    },
    /// The revision has not been reached.
    #[error("too large resource version: the current one is {current}")]
    Future {
        /// The revision of the last committed write.
        current: u64,
    },
}

/// Why a cursor gives no more events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was read too slowly: events that it has not given are no longer known.
    #[error("too old resource version: events are known from {oldest} on")]
    Expired {
        /// The oldest revision from which a new watch can start.
        oldest: u64,
    },
    /// The store was closed, and everything before that was given.
    #[error("the store is closed")]
    Stopped,
}

/// A place in the events of a resource. It holds no events, so a slow watcher costs no memory; it expires instead.
#[derive(Debug)]
pub struct Cursor {
    memory: Arc<Memory>,
    resource: Arc<Resource>,
    wake: watch::Receiver<bool>,
    place: u64,
    position: u64,
}

impl Cursor {
    pub(super) fn new(memory: Arc<Memory>, resource: Arc<Resource>, place: u64, position: u64) -> Self {
        let wake = resource.wake.subscribe();
        Self {
            memory,
            resource,
            wake,
            place,
            position,
        }
    }

    /// The next event; waits for it. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When events were missed, or the store is closed.
    pub async fn next(&mut self) -> Result<Arc<Event>, CursorError> {
        loop {
            // Marked as seen before looking, so that an event in between wakes.
            let stopped = *self.wake.borrow_and_update();
            if let Some(event) = self.try_next()? {
                return Ok(event);
            }
            if stopped || self.wake.changed().await.is_err() {
                return Err(CursorError::Stopped);
            }
        }
    }

    /// The next event, if there is one.
    ///
    /// # Errors
    /// When events were missed.
    pub fn try_next(&mut self) -> Result<Option<Arc<Event>>, CursorError> {
        let state = self.resource.read();
        match state.ring.at(self.place) {
            Slot::Event(event) => {
                self.place += 1;
                self.position = event.revision;
                Ok(Some(event))
            }
            Slot::End => {
                // Under the lock of the resource: no write to it is between its ring and this revision.
                self.position = self.position.max(self.memory.revision());
                Ok(None)
            }
            Slot::Gone => Err(CursorError::Expired {
                oldest: state.ring.floor(),
            }),
        }
    }

    /// The revision up to which everything was given: that of the last event, or once there was none to give, of the
    /// store then. What a bookmark says.
    pub fn position(&self) -> u64 {
        self.position
    }
}
