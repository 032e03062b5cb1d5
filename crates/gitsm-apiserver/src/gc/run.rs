//! Follows the store and acts.

use super::edit::Edit;
use super::emptying::Emptying;
use super::expiry::{Expiry, written};
use super::graph::{Action, Graph, Node, Owner, OwnerState, Uid};
use super::namespace::is_to_be_emptied;
use super::{Cluster, Settings, Target};
use crate::error::ApiError;
use crate::kind::Part;
use crate::object::Meta;
use crate::request::Propagation;
use crate::store::{Cursor, CursorError, Event, EventKind, Key, Store, Stored};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{self, JoinError, JoinSet};

/// How many actions are under way at once: as many writes share one transaction of the store.
pub(super) const WORKERS: usize = 16;
/// The first and the longest time after which what failed is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// Runs the controllers until the store is closed. Dropping the future stops them; nothing is left half done that a
/// later run does not find.
pub async fn run<C: Cluster>(store: Store, cluster: Arc<C>, settings: Settings) {
    loop {
        let mut controllers = Controllers::new(store.clone(), Arc::clone(&cluster), settings.clone());
        let cursor = controllers.start();
        let Some(cursor) = cursor else {
            // The store was written to so fast that its past is gone already; look again.
            tokio::task::yield_now().await;
            continue;
        };
        match controllers.follow(cursor).await {
            CursorError::Expired { .. } => {
                tracing::debug!("the controllers were left behind and start anew");
            }
            CursorError::Stopped => return,
        }
    }
}

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Item {
    /// An object.
    Object(Uid),
    /// A namespace that is being deleted, by name.
    Namespace(Arc<str>),
    /// An event that has expired.
    Expired(Key),
}

struct Controllers<C> {
    store: Store,
    cluster: Arc<C>,
    settings: Settings,
    graph: Graph,
    expiry: Expiry,
    /// The namespaces that are being emptied.
    emptying: HashSet<Arc<str>>,
    queue: VecDeque<Item>,
    queued: HashSet<Item>,
    tasks: JoinSet<Result<(), ApiError>>,
    under_way: HashMap<task::Id, Item>,
    /// What came up again while it was under way.
    again: HashSet<Item>,
    /// What failed, with how often and when it is tried again.
    failed: BTreeMap<Item, (u32, u64)>,
    /// Objects whose owners' kinds are unknown.
    postponed: HashSet<Uid>,
}

impl<C: Cluster> Controllers<C> {
    fn new(store: Store, cluster: Arc<C>, settings: Settings) -> Self {
        Self {
            store,
            cluster,
            settings,
            graph: Graph::default(),
            expiry: Expiry::default(),
            emptying: HashSet::new(),
            queue: VecDeque::new(),
            queued: HashSet::new(),
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            again: HashSet::new(),
            failed: BTreeMap::new(),
            postponed: HashSet::new(),
        }
    }

    /// Works everything out from the store.
    fn start(&mut self) -> Option<Cursor> {
        // Events from here on are seen again; news that is not new changes nothing.
        let cursor = self.store.watch_all(self.store.revision()).ok()?;
        for resource in self.store.resources() {
            for stored in self.store.list(&resource, None).items {
                let Ok(meta) = Meta::of_bytes(&stored.json) else {
                    continue;
                };
                let key = Key::new(&resource, Some(&meta.namespace), &meta.name);
                let written = (resource == self.settings.events).then(|| written(&stored.value()));
                self.observe(&key, &stored, &meta, written);
            }
        }
        for uid in self.graph.all() {
            self.push(Item::Object(uid));
        }
        Some(cursor)
    }

    fn push(&mut self, item: Item) {
        if self.queued.insert(item.clone()) {
            self.queue.push_back(item);
        }
    }

    fn look(&mut self, uids: Vec<Uid>) {
        for uid in uids {
            self.push(Item::Object(uid));
        }
    }

    /// Takes note of an object; `written` is when, for events.
    fn observe(&mut self, key: &Key, stored: &Stored, meta: &Meta<'_>, written: Option<u64>) {
        if let Some(written) = written {
            self.expiry
                .set(key, written.saturating_add(self.settings.event_ttl));
            return;
        }
        let uid: Uid = (&*meta.uid).into();
        let node = Node::new(key.clone(), stored.revision, meta);
        let look = self.graph.observe(&uid, node);
        self.look(look);
        if key.resource == self.settings.namespaces
            && is_to_be_emptied(&stored.json)
            && self.emptying.insert(Arc::clone(&key.name))
        {
            self.push(Item::Namespace(Arc::clone(&key.name)));
        }
    }

    fn happened(&mut self, event: &Event) {
        let Ok(meta) = Meta::of_bytes(&event.object.json) else {
            return;
        };
        let key = &event.key;
        let is_event = key.resource == self.settings.events;
        if let Some(namespace) = &key.namespace
            && self.emptying.contains(namespace)
            && event.kind != EventKind::Modified
        {
            self.push(Item::Namespace(Arc::clone(namespace)));
        }
        if event.kind == EventKind::Deleted {
            if is_event {
                self.expiry.forget(key);
                return;
            }
            let uid: Uid = (&*meta.uid).into();
            self.postponed.remove(&uid);
            let look = self.graph.forget(&uid);
            self.look(look);
            if key.resource == self.settings.namespaces {
                self.emptying.remove(&key.name);
            }
        } else {
            let written = is_event.then(|| (self.settings.clock)());
            self.observe(key, &event.object, &meta, written);
            // Its finalizers are what the namespace may be waiting for; its conditions name them.
            if let Some(namespace) = &key.namespace
                && meta.deletion_timestamp.is_some()
                && self.emptying.contains(namespace)
            {
                self.push(Item::Namespace(Arc::clone(namespace)));
            }
        }
        if &*key.resource.resource == "customresourcedefinitions" {
            let postponed: Vec<Uid> = self.postponed.drain().collect();
            self.look(postponed);
        }
    }

    async fn follow(&mut self, mut cursor: Cursor) -> CursorError {
        loop {
            loop {
                match cursor.try_next() {
                    Ok(Some(event)) => self.happened(&event),
                    Ok(None) => break,
                    Err(error) => return error,
                }
            }
            let now = (self.settings.clock)();
            self.wake(now);
            self.fill();
            let pause = self
                .next_instant()
                .map(|instant| Duration::from_millis(instant.saturating_sub(now).max(1)));
            let due = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = cursor.next() => match event {
                    Ok(event) => self.happened(&event),
                    Err(error) => return error,
                },
                Some(done) = self.tasks.join_next_with_id() => self.finished(done),
                () = due => {}
            }
        }
    }

    /// When there is something to do even if nothing happens.
    fn next_instant(&self) -> Option<u64> {
        let retry = self
            .failed
            .values()
            .map(|(_, instant)| *instant)
            .filter(|instant| *instant != u64::MAX)
            .min();
        [retry, self.expiry.next()].into_iter().flatten().min()
    }

    /// Queues what is due.
    fn wake(&mut self, now: u64) {
        let due: Vec<Item> = self
            .failed
            .iter()
            .filter(|(_, (_, instant))| *instant <= now)
            .map(|(item, _)| item.clone())
            .collect();
        for item in due {
            if let Some((_, instant)) = self.failed.get_mut(&item) {
                // Until it is known how it went.
                *instant = u64::MAX;
            }
            self.push(item);
        }
        for key in self.expiry.expired(now, WORKERS) {
            // Either it goes, or it is tried again as what failed.
            self.expiry.forget(&key);
            self.push(Item::Expired(key));
        }
    }

    /// Starts on the first items of the queue, as many as may be under way.
    fn fill(&mut self) {
        while self.tasks.len() < WORKERS {
            let Some(item) = self.queue.pop_front() else { break };
            self.queued.remove(&item);
            if self.under_way.values().any(|busy| *busy == item) {
                self.again.insert(item);
            } else if let Some(id) = self.begin(&item) {
                self.under_way.insert(id, item);
            } else {
                self.failed.remove(&item);
            }
        }
    }

    /// Starts on an item; `None` when there is nothing to do.
    fn begin(&mut self, item: &Item) -> Option<task::Id> {
        let handle = match item {
            Item::Object(uid) => {
                let steps = self.decide(uid);
                if steps.is_empty() {
                    return None;
                }
                let cluster = Arc::clone(&self.cluster);
                self.tasks.spawn(async move { act(&*cluster, steps).await })
            }
            Item::Namespace(name) => {
                let work = Emptying {
                    store: self.store.clone(),
                    cluster: Arc::clone(&self.cluster),
                    key: Key::new(&self.settings.namespaces, None, name),
                    now: (self.settings.clock)(),
                };
                self.tasks.spawn(work.run())
            }
            Item::Expired(key) => {
                let target = target(&self.store, key)?;
                let cluster = Arc::clone(&self.cluster);
                let delete = async move { cluster.delete(&target, Propagation::Background).await };
                self.tasks.spawn(delete)
            }
        };
        Some(handle.id())
    }

    fn finished(&mut self, done: Result<(task::Id, Result<(), ApiError>), JoinError>) {
        let (id, result) = match done {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(ApiError::internal(error))),
        };
        let Some(item) = self.under_way.remove(&id) else {
            return;
        };
        if self.again.remove(&item) {
            self.push(item.clone());
        }
        match result {
            Ok(()) => {
                self.failed.remove(&item);
            }
            // It is gone: the event says so.
            Err(error) if error.code == 404 => {
                self.failed.remove(&item);
            }
            Err(error) => {
                tracing::debug!(?item, %error, "it is tried again");
                let (times, _) = self.failed.get(&item).copied().unwrap_or_default();
                let pause = RETRY.0.saturating_mul(1 << times.min(10)).min(RETRY.1);
                let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                let instant = (self.settings.clock)().saturating_add(pause);
                self.failed.insert(item, (times.saturating_add(1), instant));
            }
        }
    }

    /// What is to be done about an object, as steps that need nothing of the graph.
    fn decide(&mut self, uid: &Uid) -> Vec<Step> {
        let Some(node) = self.graph.get(uid) else {
            return Vec::new();
        };
        let complaints = self.complaints(uid, node);
        let mut steps = Vec::new();
        let state = |node: &Node, owner: &Owner| owner_state(&self.store, &*self.cluster, node, owner);
        let actions = self.graph.decide(uid, &state);
        let target = |uid: &Uid| {
            self.graph.get(uid).map(|node| Target {
                key: node.key.clone(),
                uid: Arc::clone(uid),
                revision: node.revision,
            })
        };
        let mut look = Vec::new();
        let mut postponed = false;
        for action in actions {
            let step = match action {
                Action::Delete(uid, propagation) => {
                    target(&uid).map(|target| Step::Delete(target, propagation))
                }
                Action::RemoveFinalizer(uid, name) => {
                    target(&uid).map(|target| Step::Edit(target, Edit::RemoveFinalizer(name)))
                }
                Action::RemoveOwners(uid, owners) => {
                    let owners = owners.iter().map(ToString::to_string).collect();
                    target(&uid).map(|target| Step::Edit(target, Edit::RemoveOwners(owners)))
                }
                Action::UnblockOwners(uid) => {
                    target(&uid).map(|target| Step::Edit(target, Edit::UnblockOwners))
                }
                Action::Look(uid) => {
                    look.push(uid);
                    None
                }
                Action::Postpone => {
                    postponed = true;
                    None
                }
            };
            steps.extend(step);
        }
        // Only with something that is done about it, so that it is reported once.
        if !steps.is_empty() {
            steps.splice(0..0, complaints);
        }
        self.look(look);
        if postponed {
            self.postponed.insert(Arc::clone(uid));
        }
        steps
    }

    /// Owners that are in another namespace, where they cannot own it: reported, as what follows surprises people.
    fn complaints(&self, uid: &Uid, node: &Node) -> Vec<Step> {
        let Some(namespace) = &node.key.namespace else {
            return Vec::new();
        };
        let elsewhere = |owner: &Owner| {
            let kind = self.cluster.resolve(&owner.api_version, &owner.kind)?;
            let dangling = owner_state(&self.store, &*self.cluster, node, owner) == OwnerState::Dangling;
            let namespaces = self.store.list(&self.settings.namespaces, None);
            namespaces.items.iter().find(|other| {
                let Ok(other) = Meta::of_bytes(&other.json) else {
                    return false;
                };
                let key = Key::new(&kind.resource, Some(&other.name), &owner.name);
                let found = self.store.get(&key);
                kind.namespaced
                    && dangling
                    && found.is_some_and(|found| {
                        Meta::of_bytes(&found.json).is_ok_and(|meta| meta.uid == *owner.uid)
                    })
            })?;
            let message = format!(
                "ownerRef [{}/{}, namespace: {namespace}, name: {}, uid: {}] does not exist in namespace {namespace:?}",
                owner.api_version, owner.kind, owner.name, owner.uid
            );
            let target = Target {
                key: node.key.clone(),
                uid: Arc::clone(uid),
                revision: node.revision,
            };
            Some(Step::Warn(target, message))
        };
        node.owners.iter().filter_map(elsewhere).collect()
    }
}

/// What is done.
#[derive(Debug)]
enum Step {
    Delete(Target, Propagation),
    Edit(Target, Edit),
    Warn(Target, String),
}

async fn act<C: Cluster>(cluster: &C, steps: Vec<Step>) -> Result<(), ApiError> {
    for step in steps {
        match step {
            Step::Delete(target, propagation) => cluster.delete(&target, propagation).await?,
            Step::Edit(target, edit) => match cluster.edit(&target, Part::Whole, &edit).await {
                // A dependant that is gone needs no edit, and its owner still does.
                Err(error) if error.code == 404 => {}
                other => other?,
            },
            Step::Warn(target, message) => {
                cluster.warn(&target, "OwnerRefInvalidNamespace", &message).await;
            }
        }
    }
    Ok(())
}

fn owner_state<C: Cluster>(store: &Store, cluster: &C, node: &Node, owner: &Owner) -> OwnerState {
    let Some(kind) = cluster.resolve(&owner.api_version, &owner.kind) else {
        return OwnerState::Unknown;
    };
    let namespace = node.key.namespace.as_deref();
    if kind.namespaced && namespace.is_none() {
        return OwnerState::Invalid;
    }
    let namespace = namespace.filter(|_| kind.namespaced);
    let Some(found) = store.get(&Key::new(&kind.resource, namespace, &owner.name)) else {
        return OwnerState::Dangling;
    };
    match Meta::of_bytes(&found.json) {
        Ok(meta) if meta.uid == *owner.uid => {
            if Node::new(node.key.clone(), found.revision, &meta).waits() {
                OwnerState::Waiting
            } else {
                OwnerState::Solid
            }
        }
        Ok(_) => OwnerState::Dangling,
        // What cannot be read is left alone.
        Err(_) => OwnerState::Invalid,
    }
}

pub(super) fn target(store: &Store, key: &Key) -> Option<Target> {
    let stored = store.get(key)?;
    let meta = Meta::of_bytes(&stored.json).ok()?;
    Some(Target {
        key: key.clone(),
        uid: (&*meta.uid).into(),
        revision: stored.revision,
    })
}
