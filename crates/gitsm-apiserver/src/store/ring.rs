//! The last events of a resource.

use super::event::Event;
use super::types::{Name, Retention, Stored};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// For how many of the newest events encodings are kept.
const ENCODED: usize = 256;

/// The last events, oldest first, bounded by a [`Retention`]. Places in it are sequence numbers that never change
/// their meaning.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<(Arc<Event>, u64)>,
    /// The sequence number of the oldest event.
    first: u64,
    /// All events after this revision are here.
    floor: u64,
    bytes: usize,
}

/// What is at a place of a ring.
#[derive(Debug)]
pub(super) enum Slot {
    /// An event.
    Event(Arc<Event>),
    /// Nothing yet.
    End,
    /// What is forgotten.
    Gone,
}

impl Ring {
    /// An empty ring that knows of all events after a revision: there were none.
    pub(super) fn new(floor: u64) -> Self {
        Self {
            events: VecDeque::new(),
            first: 0,
            floor,
            bytes: 0,
        }
    }

    /// The revision from which on everything is known.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// Forgets everything up to a revision, for what the log did not keep.
    pub(super) fn raise_floor(&mut self, floor: u64) {
        while self
            .events
            .front()
            .is_some_and(|(event, _)| event.revision <= floor)
        {
            self.drop_oldest();
        }
        self.floor = self.floor.max(floor);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the newest event at an instant (milliseconds) and forgets what the retention lets go. `pressed` when all
    /// rings together are over their bound.
    pub(super) fn push(&mut self, event: Arc<Event>, now: u64, retention: &Retention, pressed: bool) {
        self.bytes += event.weight();
        self.events.push_back((event, now));
        if let Some(stale) = self.events.len().checked_sub(ENCODED + 1)
            && let Some((event, _)) = self.events.get(stale)
        {
            event.forget_encodings();
        }
        let keep = if pressed {
            retention.events / 16
        } else {
            retention.events
        };
        let age = u64::try_from(retention.age.as_millis()).unwrap_or(u64::MAX);
        while let Some((_, written)) = self.events.front() {
            let count = self.events.len();
            let wanted = count <= keep || (!pressed && now.saturating_sub(*written) < age);
            let fits = count <= retention.max_events && self.bytes <= retention.max_bytes;
            // The newest stays in any case: someone is about to read it.
            if count <= 1 || (wanted && fits) {
                break;
            }
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((event, _)) = self.events.pop_front() {
            self.first += 1;
            self.floor = self.floor.max(event.revision);
            self.bytes -= event.weight();
        }
    }

    /// The place of the first event after a revision; `None` when some of them are forgotten.
    pub(super) fn after(&self, revision: u64) -> Option<u64> {
        (revision >= self.floor).then(|| self.first + self.index_after(revision) as u64)
    }

    fn index_after(&self, revision: u64) -> usize {
        self.events
            .partition_point(|(event, _)| event.revision <= revision)
    }

    /// What is at a place.
    pub(super) fn at(&self, place: u64) -> Slot {
        let Some(index) = place.checked_sub(self.first) else {
            return Slot::Gone;
        };
        usize::try_from(index)
            .ok()
            .and_then(|index| self.events.get(index))
            .map_or(Slot::End, |(event, _)| Slot::Event(Arc::clone(event)))
    }

    /// What objects that changed after a revision were at it (`None`: absent); `None` when that is forgotten.
    pub(super) fn undo(&self, revision: u64) -> Option<BTreeMap<Name, Option<Stored>>> {
        if revision < self.floor {
            return None;
        }
        // The oldest change of an object after the revision says what it was, so it comes last.
        let later = self.events.range(self.index_after(revision)..).rev();
        Some(
            later
                .map(|(event, _)| (event.key.to_name(), event.previous.clone()))
                .collect(),
        )
    }

    /// The events, oldest first.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }
}
