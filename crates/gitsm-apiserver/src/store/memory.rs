//! The serving copy: objects and rings in memory.
//!
//! Each resource has its own lock. What a batch of writes changes becomes visible at once: the writer takes the locks
//! of all its resources, changes them, moves the revision and lets go. Whoever holds the lock of a resource therefore
//! sees it exactly as of [`Memory::revision`].

use super::backend::{Loaded, LogIndex, State as SavedState};
use super::cursor::{Cursor, WatchError};
use super::event::{Event, EventKind};
use super::ring::Ring;
use super::types::{Expired, Key, Listing, Name, Page, PageRequest, Retention, Stored};
use crate::kind::GroupResource;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Memory {
    resources: RwLock<HashMap<GroupResource, Arc<Resource>>>,
    /// All events of all resources; it has no objects.
    feed: Arc<Resource>,
    revision: AtomicU64,
    reached: watch::Sender<u64>,
    stopped: AtomicBool,
    /// Bytes in all rings.
    ring_bytes: AtomicUsize,
    /// From which revision on the log knows everything: where rings of new resources start.
    floor: u64,
    retention: Retention,
    pub(super) uid: u128,
}

#[derive(Debug)]
pub(super) struct Resource {
    state: RwLock<State>,
    /// Woken after events were added; holds whether the store was closed.
    pub(super) wake: watch::Sender<bool>,
}

#[derive(Debug)]
pub(super) struct State {
    objects: BTreeMap<Name, Stored>,
    pub(super) ring: Ring,
}

impl Resource {
    fn new(floor: u64, stopped: bool) -> Self {
        let state = State {
            objects: BTreeMap::new(),
            ring: Ring::new(floor),
        };
        Self {
            state: RwLock::new(state),
            wake: watch::Sender::new(stopped),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The objects of a list after a name, or all, in order.
    fn range<'a>(
        &'a self,
        namespace: Option<&'a str>,
        after: Option<&Name>,
    ) -> impl Iterator<Item = (&'a Name, &'a Stored)> {
        let start = match (after, namespace) {
            (Some(after), Some(namespace)) if after.0.as_deref() < Some(namespace) => {
                Bound::Included((Some(namespace.into()), "".into()))
            }
            (Some(after), _) => Bound::Excluded(after.clone()),
            (None, Some(namespace)) => Bound::Included((Some(namespace.into()), "".into())),
            (None, None) => Bound::Unbounded,
        };
        self.objects
            .range((start, Bound::Unbounded))
            .take_while(move |(name, _)| is_in(name, namespace))
    }

    fn apply(&mut self, event: &Event) {
        let mut name = event.key.to_name();
        match event.kind {
            EventKind::Added => {
                // Objects of a namespace share its name in memory.
                if let Some(namespace) = &name.0 {
                    let start = (Some(Arc::clone(namespace)), Arc::from(""));
                    let neighbour = self.objects.range(start..).next();
                    if let Some(((Some(known), _), _)) = neighbour
                        && known == namespace
                    {
                        name.0 = Some(Arc::clone(known));
                    }
                }
                self.objects.insert(name, event.object.clone());
            }
            EventKind::Modified => {
                self.objects.insert(name, event.object.clone());
            }
            EventKind::Deleted => {
                self.objects.remove(&name);
            }
        }
    }
}

fn is_in(name: &Name, namespace: Option<&str>) -> bool {
    namespace.is_none() || name.0.as_deref() == namespace
}

impl Memory {
    pub(super) fn new(saved: &SavedState, retention: Retention) -> Self {
        Self {
            resources: RwLock::default(),
            feed: Arc::new(Resource::new(saved.revision, false)),
            revision: AtomicU64::new(saved.revision),
            reached: watch::Sender::new(saved.revision),
            stopped: AtomicBool::new(false),
            ring_bytes: AtomicUsize::new(0),
            floor: saved.compacted,
            retention,
            uid: saved.uid,
        }
    }

    /// Takes over what was on disk: the objects, and the log as rings. Returns what there is in the log.
    pub(super) fn fill(&self, loaded: Loaded, now: u64) -> LogIndex {
        for (key, stored) in loaded.objects {
            let resource = self.resource(&key.resource);
            resource.write().objects.insert(key.to_name(), stored);
        }
        let mut log = LogIndex::new(self.retention.clone());
        // The versions of objects that events share with each other and with the serving copy.
        let mut known: HashMap<Key, Stored> = HashMap::new();
        for record in loaded.log {
            log.push(record.revision, record.weight(), record.written);
            let resource = self.resource(&record.key.resource);
            let mut state = resource.write();
            let current = state.objects.get(&record.key.to_name());
            let share = |stored: Stored, with: Option<&Stored>| match with {
                Some(shared) if shared.revision == stored.revision => shared.clone(),
                _ => stored,
            };
            let previous = record
                .previous
                .map(|stored| share(stored, known.get(&record.key)));
            let object = share(record.object, current);
            known.insert(record.key.clone(), object.clone());
            let event = Event::new(record.revision, record.kind, record.key, object, previous);
            self.remember(&mut state.ring, Arc::new(event), record.written.min(now));
        }
        for (resource, floor) in loaded.unlogged {
            let resource = self.resource(&resource);
            resource.write().ring.raise_floor(floor);
        }
        log
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    pub(super) async fn reached(&self, revision: u64) {
        let mut reached = self.reached.subscribe();
        // It fails only when the sender is gone, and that is in `self`.
        let _ = reached.wait_for(|current| *current >= revision).await;
    }

    fn find(&self, resource: &GroupResource) -> Option<Arc<Resource>> {
        let resources = self.resources.read().unwrap_or_else(PoisonError::into_inner);
        resources.get(resource).cloned()
    }

    fn resource(&self, resource: &GroupResource) -> Arc<Resource> {
        if let Some(known) = self.find(resource) {
            return known;
        }
        let mut resources = self.resources.write().unwrap_or_else(PoisonError::into_inner);
        let stopped = self.stopped.load(Ordering::Acquire);
        let new = || Arc::new(Resource::new(self.floor, stopped));
        Arc::clone(resources.entry(resource.clone()).or_insert_with(new))
    }

    pub(super) fn get(&self, key: &Key) -> Option<Stored> {
        let resource = self.find(&key.resource)?;
        let state = resource.read();
        state.objects.get(&key.to_name()).cloned()
    }

    pub(super) fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> Listing {
        let Some(resource) = self.find(resource) else {
            return Listing {
                revision: self.revision(),
                items: Vec::new(),
            };
        };
        let state = resource.read();
        let items = match namespace {
            None => state.objects.values().cloned().collect(),
            Some(_) => state
                .range(namespace, None)
                .map(|(_, stored)| stored.clone())
                .collect(),
        };
        Listing {
            revision: self.revision(),
            items,
        }
    }

    pub(super) fn page(
        &self,
        resource: &GroupResource,
        namespace: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page, Expired> {
        let resource = self.resource(resource);
        let state = resource.read();
        let current = self.revision();
        let revision = request.at_revision.unwrap_or(current);
        let expired = Expired {
            oldest: state.ring.floor(),
        };
        if revision > current {
            return Err(expired);
        }
        let undo = if revision == current {
            BTreeMap::new()
        } else {
            state.ring.undo(revision).ok_or(expired)?
        };
        let after = request.after.as_ref();
        let mut then = undo
            .iter()
            .filter(|(name, _)| is_in(name, namespace) && after.is_none_or(|after| *name > after))
            .peekable();
        let mut now = state.range(namespace, after).peekable();
        let limit = if request.limit == 0 {
            usize::MAX
        } else {
            request.limit
        };
        let mut page = Page {
            revision,
            items: Vec::new(),
            next: None,
            remaining: 0,
        };
        let mut last = None;
        loop {
            let (name, stored) = match (now.peek(), then.peek()) {
                (Some((name, stored)), other) if other.is_none_or(|(changed, _)| name < changed) => {
                    let next = (*name, Some(*stored));
                    now.next();
                    next
                }
                (unchanged, Some((name, stored))) => {
                    let next = (*name, stored.as_ref());
                    if unchanged.is_some_and(|(same, _)| same == name) {
                        now.next();
                    }
                    then.next();
                    next
                }
                (_, None) => break,
            };
            let Some(stored) = stored else { continue };
            if page.items.len() < limit {
                page.items.push(stored.clone());
                last = Some(name);
            } else {
                page.remaining += 1;
            }
        }
        if page.remaining > 0 {
            page.next = last.cloned();
        }
        Ok(page)
    }

    pub(super) fn count(&self, resource: &GroupResource) -> usize {
        self.find(resource)
            .map_or(0, |resource| resource.read().objects.len())
    }

    pub(super) fn resources(&self) -> Vec<GroupResource> {
        let resources = self.resources.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<GroupResource> = resources
            .iter()
            .filter(|(_, resource)| !resource.read().objects.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names
    }

    pub(super) fn watch(
        self: &Arc<Self>,
        resource: &GroupResource,
        after: u64,
    ) -> Result<Cursor, WatchError> {
        self.follow(self.resource(resource), after)
    }

    pub(super) fn watch_all(self: &Arc<Self>, after: u64) -> Result<Cursor, WatchError> {
        self.follow(Arc::clone(&self.feed), after)
    }

    fn follow(self: &Arc<Self>, resource: Arc<Resource>, after: u64) -> Result<Cursor, WatchError> {
        let place = {
            let state = resource.read();
            let current = self.revision();
            if after > current {
                return Err(WatchError::Future { current });
            }
            let oldest = state.ring.floor();
            state.ring.after(after).ok_or(WatchError::Expired { oldest })?
        };
        Ok(Cursor::new(Arc::clone(self), resource, place, after))
    }

    /// Makes committed writes visible, all at once, and wakes who waits for them. `events` are in order.
    pub(super) fn publish(&self, events: &[Arc<Event>], revision: u64, now: u64) {
        let mut touched: Vec<&GroupResource> = events.iter().map(|event| &event.key.resource).collect();
        touched.sort_unstable();
        touched.dedup();
        let resources: Vec<Arc<Resource>> = touched.iter().map(|name| self.resource(name)).collect();
        {
            // Readers hold one lock at a time, so any order is free of deadlock.
            let mut states: Vec<RwLockWriteGuard<'_, State>> =
                resources.iter().map(|resource| resource.write()).collect();
            let mut feed = self.feed.write();
            for event in events {
                let at = touched.binary_search(&&event.key.resource);
                if let Ok(at) = at
                    && let Some(state) = states.get_mut(at)
                {
                    state.apply(event);
                    self.remember(&mut state.ring, Arc::clone(event), now);
                }
                self.remember(&mut feed.ring, Arc::clone(event), now);
            }
            self.revision.store(revision, Ordering::Release);
        }
        for resource in resources.iter().chain([&self.feed]) {
            resource.wake.send_modify(|_| {});
        }
        self.reached.send_replace(revision);
    }

    fn remember(&self, ring: &mut Ring, event: Arc<Event>, now: u64) {
        let before = ring.bytes();
        let pressed = self.ring_bytes.load(Ordering::Relaxed) > self.retention.max_total_bytes;
        ring.push(event, now, &self.retention, pressed);
        // Only the writer, and `fill` before it, come here: nothing is lost between the two.
        let total = self.ring_bytes.load(Ordering::Relaxed) + ring.bytes();
        self.ring_bytes
            .store(total.saturating_sub(before), Ordering::Relaxed);
    }

    /// Ends all cursors once they have given what there is.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let resources = self.resources.read().unwrap_or_else(PoisonError::into_inner);
        for resource in resources.values().chain([&self.feed]) {
            resource.wake.send_modify(|stopped| *stopped = true);
        }
    }
}
