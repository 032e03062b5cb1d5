//! Following changes.
//!
//! A watcher is a place in the store's events and a selection. What it gives is decided by the old and the new
//! object of each event: one that leaves the selection is deleted for this watcher, one that enters is added.

use super::read::revision;
use super::{Registry, Selection, convert, stored_resource};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::object::set_meta;
use crate::request::ListOptions;
use crate::store::{Cursor, CursorError, Event, EventKind, Stored, WatchError};
use std::sync::Arc;

/// What happened, for one watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The object is new, or new to the selection.
    Added,
    /// It changed.
    Modified,
    /// It is gone, or has left the selection.
    Deleted,
}

impl Change {
    /// The word in the stream.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// What a watcher gives next.
#[derive(Debug)]
pub enum Step {
    /// A change of an object.
    Changed {
        /// What happened.
        change: Change,
        /// The object in the version of the kind; of a deletion its last state with the revision of the deletion.
        object: Stored,
        /// The event behind it, for sharing its encoding; none for the initial state and for objects that leave.
        event: Option<Arc<Event>>,
    },
    /// The initial state is complete, as of this revision. Comes only where it was asked for.
    InitialEnd(u64),
    /// The watch cannot go on.
    Failed(ApiError),
    /// The server stops.
    Stopped,
}

/// One watch.
#[derive(Debug)]
pub struct Watcher {
    kind: Arc<Kind>,
    namespace: Option<Arc<str>>,
    selection: Selection,
    initial: std::vec::IntoIter<Stored>,
    initial_end: Option<u64>,
    failure: Option<ApiError>,
    follow: Follow,
}

#[derive(Debug)]
enum Follow {
    /// Events come from here.
    Cursor(Cursor),
    /// The watch begins at a revision that is still to come.
    Awaiting(Registry, u64),
    /// Nothing follows.
    Nothing,
}

impl Registry {
    /// Starts a watch.
    ///
    /// # Errors
    /// 500 without a reason for a revision that is none, as upstream; what comes later is in the stream.
    pub async fn watch(
        &self,
        kind: &Arc<Kind>,
        namespace: Option<&str>,
        selection: Selection,
        options: &ListOptions,
    ) -> Result<Watcher, ApiError> {
        let from =
            revision(options.resource_version.as_deref()).map_err(|why| ApiError::new(500, "", why))?;
        let mut watcher = Watcher {
            kind: Arc::clone(kind),
            namespace: namespace.map(Into::into),
            selection,
            initial: Vec::new().into_iter(),
            initial_end: None,
            failure: None,
            follow: Follow::Nothing,
        };
        let wants_state = options.send_initial_events.unwrap_or(from == 0);
        if wants_state {
            if let Err(error) = self.await_revision(from).await {
                watcher.failure = Some(error);
                return Ok(watcher);
            }
            let listing = self.store.list(&stored_resource(kind), namespace);
            let mut items = listing.items;
            items.retain(|stored| watcher.selection.matches(kind, stored));
            watcher.initial = items.into_iter();
            let wants_end = options.send_initial_events.is_some() && options.allow_bookmarks;
            watcher.initial_end = wants_end.then_some(listing.revision);
            self.follow(&mut watcher, listing.revision);
        } else {
            let from = if from == 0 { self.store.revision() } else { from };
            self.follow(&mut watcher, from);
        }
        Ok(watcher)
    }

    fn follow(&self, watcher: &mut Watcher, after: u64) {
        match self.store.watch(&stored_resource(&watcher.kind), after) {
            Ok(cursor) => watcher.follow = Follow::Cursor(cursor),
            Err(WatchError::Future { .. }) => watcher.follow = Follow::Awaiting(self.clone(), after),
            Err(WatchError::Expired { oldest }) => watcher.failure = Some(expired(after, oldest)),
        }
    }
}

fn expired(after: u64, oldest: u64) -> ApiError {
    ApiError::expired(format!("too old resource version: {after} ({oldest})"))
}

impl Watcher {
    /// What comes next. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Step {
        if let Some(stored) = self.initial.next() {
            return self.changed(Change::Added, &stored, None);
        }
        if let Some(revision) = self.initial_end.take() {
            return Step::InitialEnd(revision);
        }
        if let Some(error) = self.failure.take() {
            self.follow = Follow::Nothing;
            return Step::Failed(error);
        }
        loop {
            match &mut self.follow {
                Follow::Nothing => return Step::Stopped,
                Follow::Awaiting(registry, revision) => {
                    let (registry, revision) = (registry.clone(), *revision);
                    registry.store.reached(revision).await;
                    registry.follow(self, revision);
                    if let Some(error) = self.failure.take() {
                        return Step::Failed(error);
                    }
                }
                Follow::Cursor(cursor) => {
                    let next = cursor.next().await;
                    let position = cursor.position();
                    match next {
                        Ok(event) => {
                            if let Some(step) = self.observe(event) {
                                return step;
                            }
                        }
                        Err(CursorError::Expired { oldest }) => {
                            self.follow = Follow::Nothing;
                            return Step::Failed(expired(position, oldest));
                        }
                        Err(CursorError::Stopped) => {
                            self.follow = Follow::Nothing;
                            return Step::Stopped;
                        }
                    }
                }
            }
        }
    }

    /// The revision up to which everything was given, for bookmarks; `None` before the watch has begun.
    pub fn position(&self) -> Option<u64> {
        match &self.follow {
            Follow::Cursor(cursor) if self.initial.len() == 0 && self.initial_end.is_none() => {
                Some(cursor.position())
            }
            _ => None,
        }
    }

    /// The kind that is watched.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    fn observe(&self, event: Arc<Event>) -> Option<Step> {
        if self.namespace.is_some() && event.key.namespace != self.namespace {
            return None;
        }
        let before = event.previous.as_ref().is_some_and(|stored| self.selects(stored));
        let after = event.kind != EventKind::Deleted && self.selects(&event.object);
        match (event.kind, before, after) {
            (EventKind::Deleted, _, _) => {
                let selected = before || (event.previous.is_none() && self.selects(&event.object));
                let object = event.object.clone();
                selected.then(|| self.changed(Change::Deleted, &object, Some(event)))
            }
            (_, false, false) => None,
            (_, true, true) => {
                let object = event.object.clone();
                Some(self.changed(Change::Modified, &object, Some(event)))
            }
            (_, false, true) => {
                let object = event.object.clone();
                Some(self.changed(Change::Added, &object, Some(event)))
            }
            (_, true, false) => {
                let last = at_revision(event.previous.as_ref()?, event.revision);
                Some(self.changed(Change::Deleted, &last, None))
            }
        }
    }

    fn selects(&self, stored: &Stored) -> bool {
        self.selection.matches(&self.kind, stored)
    }

    fn changed(&self, change: Change, stored: &Stored, event: Option<Arc<Event>>) -> Step {
        Step::Changed {
            change,
            object: Stored {
                revision: stored.revision,
                json: convert::bytes(&self.kind, stored),
            },
            event,
        }
    }
}

/// The object with the revision of the event by which it left.
fn at_revision(stored: &Stored, revision: u64) -> Stored {
    let mut object = stored.value();
    set_meta(&mut object, "resourceVersion", Some(revision.to_string().into()));
    Stored {
        revision: stored.revision,
        json: object.to_string().into(),
    }
}
