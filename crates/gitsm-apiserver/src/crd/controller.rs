//! Follows definitions: gives them their status, serves what they define, and cleans up after them.
//!
//! One task decides about one definition after the other, so that of two with the same names the older one gets them.
//! What follows from the decisions, compiling schemas and writing statuses, is done for several at a time.

use super::status::{ESTABLISHED, Taken, is_true, settle};
use super::{CLEANUP, GROUP, compile, resource};
use crate::error::ApiError;
use crate::http::aside::{Aside, aside};
use crate::kind::{Kind, Part};
use crate::kinds::KindTable;
use crate::object::{meta_text, set_meta};
use crate::registry::{Registry, Request, stored_resource};
use crate::request::{DeleteOptions, Propagation, WriteOptions};
use crate::store::{Cursor, CursorError, Event, Key, Stored};
use crate::user::User;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The manager that owns the status of definitions.
const MANAGER: &str = "apiextensions-apiserver";
/// How long until objects that did not go are looked at again.
const CLEANUP_PAUSE: Duration = Duration::from_millis(200);

/// How many definitions are worked on at a time.
const AT_ONCE: usize = 32;

/// The time, from whoever starts the server.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The state of the controller.
pub struct Controller {
    registry: Registry,
    clock: Clock,
    /// What was compiled, by the name of the definition.
    served: HashMap<String, Fingerprint>,
    /// The names that definitions hold: by their group, and by the name of the definition.
    accepted: HashMap<String, BTreeMap<String, AcceptedNames>>,
    cleaning: Arc<Mutex<HashSet<String>>>,
    done: watch::Sender<u64>,
}

/// A definition with no more than the names that it was given.
#[derive(Debug)]
struct AcceptedNames(Value);

impl AcceptedNames {
    fn of(definition: &Value) -> Self {
        Self(json!({"status": {"acceptedNames": definition["status"]["acceptedNames"]}}))
    }
}

/// What the kinds of a definition depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fingerprint {
    uid: String,
    generation: i64,
    names: String,
    is_deleting: bool,
}

impl Fingerprint {
    fn of(definition: &Value) -> Self {
        Self {
            uid: meta_text(definition, "uid").to_owned(),
            generation: definition["metadata"]["generation"].as_i64().unwrap_or(0),
            names: definition["status"]["acceptedNames"].to_string(),
            is_deleting: !meta_text(definition, "deletionTimestamp").is_empty(),
        }
    }
}

impl Controller {
    /// Over a registry; `done` tells up to which revision definitions were handled.
    pub fn new(registry: Registry, clock: Clock, done: watch::Sender<u64>) -> Self {
        Self {
            registry,
            clock,
            served: HashMap::new(),
            accepted: HashMap::new(),
            cleaning: Arc::default(),
            done,
        }
    }

    /// Serves what is stored already, and returns where to go on.
    pub async fn start(&mut self) -> u64 {
        let listing = self.registry.store().list(&resource(), None);
        self.accepted.clear();
        for stored in &listing.items {
            self.note(&stored.value());
        }
        for some in listing.items.chunks(AT_ONCE) {
            self.handle(some.iter().cloned()).await;
        }
        self.done.send_replace(listing.revision);
        listing.revision
    }

    /// Follows definitions until the store stops.
    pub async fn run(mut self, mut after: u64) {
        loop {
            let Ok(mut cursor) = self.registry.store().watch(&resource(), after) else {
                after = self.start().await;
                continue;
            };
            match self.follow(&mut cursor).await {
                CursorError::Stopped => return,
                CursorError::Expired { .. } => after = self.start().await,
            }
        }
    }

    async fn follow(&mut self, cursor: &mut Cursor) -> CursorError {
        loop {
            let first = match cursor.next().await {
                Ok(event) => event,
                Err(error) => return error,
            };
            let mut events = vec![first];
            let mut missed = None;
            while events.len() < AT_ONCE {
                match cursor.try_next() {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => break,
                    Err(error) => {
                        missed = Some(error);
                        break;
                    }
                }
            }
            Aside::new(self.handle_events(&events)).await;
            if let Some(last) = events.last() {
                self.done.send_replace(last.revision);
            }
            if let Some(error) = missed {
                return error;
            }
        }
    }

    async fn handle_events(&mut self, events: &[Arc<Event>]) {
        let mut changed: Vec<(&Key, Stored)> = Vec::new();
        for event in events {
            let known = changed.iter().position(|(key, _)| **key == event.key);
            // Only the newest state counts, in the place of the first event.
            match (self.registry.store().get(&event.key), known) {
                (Some(stored), Some(position)) => changed[position].1 = stored,
                (Some(stored), None) => changed.push((&event.key, stored)),
                (None, _) => {
                    self.handle(std::mem::take(&mut changed).into_iter().map(|(_, stored)| stored))
                        .await;
                    self.forget(&event.key.name, &event.object.value()).await;
                }
            }
        }
        self.handle(changed.into_iter().map(|(_, stored)| stored)).await;
    }

    /// Decides about definitions in this order, and does what follows.
    async fn handle(&mut self, some: impl Iterator<Item = Stored> + Send) {
        let mut jobs = JoinSet::new();
        let mut leaving = Vec::new();
        for stored in some {
            let definition = stored.value();
            let name = meta_text(&definition, "name").to_owned();
            let is_deleting = !meta_text(&definition, "deletionTimestamp").is_empty();
            let (settled, taken) = if is_deleting {
                (definition.clone(), Taken::default())
            } else {
                let taken = self.taken(&name, &definition);
                let now = crate::registry::seconds((self.clock)());
                (settle(&definition, &taken, &now), taken)
            };
            self.note(&settled);
            let job = Job {
                registry: self.registry.clone(),
                now: (self.clock)(),
                new_kinds: self.new_kinds(&name, &settled, stored.revision),
                changes_status: settled != definition,
                name: name.clone(),
                settled,
                taken,
            };
            jobs.spawn(job.run());
            if is_deleting {
                leaving.push((name, definition));
            }
        }
        while let Some(done) = jobs.join_next().await {
            match done {
                Ok((name, Some(fingerprint))) => {
                    self.served.insert(name, fingerprint);
                }
                Ok((_, None)) => {}
                Err(error) => tracing::error!(%error, "a definition could not be handled"),
            }
        }
        // Objects of a kind that is not served yet, as after a start, would be taken for none.
        for (name, definition) in leaving {
            self.clean_up(&name, &definition);
        }
    }

    /// What an established definition is to be served as, where that is not what it is served as. One that is being
    /// deleted is served until its objects are gone.
    fn new_kinds(&self, name: &str, definition: &Value, revision: u64) -> Option<NewKinds> {
        if !is_true(definition, ESTABLISHED) {
            return None;
        }
        let fingerprint = Fingerprint::of(definition);
        let served = self.served.get(name);
        // What was stored before the schema changed may not fit it. When the server starts, nobody knows what was
        // written under which schema; the definition has not changed since its revision, though.
        let since = match served {
            None => revision,
            Some(_) => self.registry.store().revision(),
        };
        (served != Some(&fingerprint)).then_some(NewKinds { fingerprint, since })
    }

    /// The names that other definitions of the group hold.
    fn taken(&self, name: &str, definition: &Value) -> Taken {
        let others = self.accepted.get(group(definition)).into_iter().flatten();
        let others = others.filter(|(other, _)| *other != name);
        Taken::by(others.map(|(_, accepted)| &accepted.0))
    }

    /// Takes note of the names that a definition holds, before they are stored.
    fn note(&mut self, definition: &Value) {
        let names = self.accepted.entry(group(definition).to_owned()).or_default();
        names.insert(
            meta_text(definition, "name").to_owned(),
            AcceptedNames::of(definition),
        );
    }

    async fn forget(&mut self, name: &str, definition: &Value) {
        self.served.remove(name);
        self.registry.kinds().replace(name, Vec::new());
        let group = group(definition);
        let Some(names) = self.accepted.get_mut(group) else {
            return;
        };
        names.remove(name);
        // Names that became free may be wanted by others.
        let others: Vec<Key> = names
            .keys()
            .map(|other| Key::new(&resource(), None, other))
            .collect();
        if others.is_empty() {
            self.accepted.remove(group);
        }
        for some in others.chunks(AT_ONCE) {
            let store = self.registry.store();
            let stored: Vec<Stored> = some.iter().filter_map(|key| store.get(key)).collect();
            self.handle(stored.into_iter()).await;
        }
    }

    /// Deletes the objects of a definition in a task of its own, then lets the definition go.
    fn clean_up(&self, name: &str, definition: &Value) {
        let finalizers = definition["metadata"]["finalizers"].as_array();
        if !finalizers.into_iter().flatten().any(|known| known == CLEANUP) {
            return;
        }
        let mut cleaning = self.cleaning.lock().unwrap_or_else(PoisonError::into_inner);
        if !cleaning.insert(name.to_owned()) {
            return;
        }
        let cleaning = Arc::clone(&self.cleaning);
        let cleanup = Cleanup {
            registry: self.registry.clone(),
            clock: Arc::clone(&self.clock),
            name: name.to_owned(),
        };
        tokio::spawn(async move {
            let name = cleanup.name.clone();
            if let Err(error) = cleanup.run().await {
                tracing::warn!(definition = name, %error, "the objects of a deleted definition cannot be removed");
            }
            cleaning
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&name);
        });
    }
}

/// What follows from a decision about a definition.
struct Job {
    registry: Registry,
    now: Timestamp,
    name: String,
    /// The definition with the status that it should have.
    settled: Value,
    taken: Taken,
    changes_status: bool,
    new_kinds: Option<NewKinds>,
}

/// That a definition is to be compiled.
struct NewKinds {
    fingerprint: Fingerprint,
    /// The revision up to which objects were written before.
    since: u64,
}

impl Job {
    /// Does it: a definition is served before it says so. Gives the name, and as what it is served from now on.
    async fn run(self) -> (String, Option<Fingerprint>) {
        let mut served = None;
        if let Some(NewKinds { fingerprint, since }) = &self.new_kinds {
            match aside(|| compile::compile(&self.settled, *since)) {
                Ok(kinds) => {
                    self.registry.kinds().replace(&self.name, kinds);
                    served = Some(fingerprint.clone());
                }
                Err(why) => {
                    tracing::error!(
                        definition = self.name,
                        why,
                        "an accepted definition cannot be served"
                    );
                }
            }
        }
        if self.changes_status {
            match self.write_status().await {
                // It went or changed in between; another event says so.
                Err(error) if matches!(error.code, 404 | 409) => {}
                Err(error) => {
                    tracing::warn!(definition = self.name, %error, "the status of a definition cannot be written");
                }
                Ok(()) => {}
            }
        }
        (self.name, served)
    }

    async fn write_status(&self) -> Result<(), ApiError> {
        let table = self.registry.kinds().snapshot();
        let kind = definition_kind(&table)?;
        let options = server_options();
        let user = User::server();
        let request = Request {
            kind,
            part: Part::Status,
            namespace: None,
            user: &user,
            options: &options,
            now: self.now,
        };
        let now = crate::registry::seconds(self.now);
        let settle = |old: &Value| settle(old, &self.taken, &now);
        self.registry.modify(&request, &self.name, settle).await?;
        Ok(())
    }
}

fn group(definition: &Value) -> &str {
    definition["spec"]["group"].as_str().unwrap_or_default()
}

fn definition_kind(table: &KindTable) -> Result<&Arc<Kind>, ApiError> {
    let kind = table.resource(GROUP, "v1", super::RESOURCE);
    kind.ok_or_else(|| ApiError::internal("custom resource definitions are not served"))
}

fn server_options() -> WriteOptions {
    WriteOptions {
        field_manager: MANAGER.to_owned(),
        field_manager_given: true,
        ..WriteOptions::default()
    }
}

/// Removes the objects of one definition.
struct Cleanup {
    registry: Registry,
    clock: Clock,
    name: String,
}

impl Cleanup {
    async fn run(&self) -> Result<(), ApiError> {
        while let Some(definition) = self.definition() {
            if self.delete_objects().await? == 0 {
                return self.release(&definition).await;
            }
            tokio::time::sleep(CLEANUP_PAUSE).await;
        }
        Ok(())
    }

    fn definition(&self) -> Option<Value> {
        let stored = self
            .registry
            .store()
            .get(&Key::new(&resource(), None, &self.name))?;
        Some(stored.value())
    }

    /// Asks every object to go; returns how many are left.
    async fn delete_objects(&self) -> Result<usize, ApiError> {
        let table = self.registry.kinds().snapshot();
        let of_definition = |kind: &&Arc<Kind>| matches!(&kind.origin, crate::kind::Origin::Custom(name) if *name == self.name);
        let Some(kind) = table.kinds().find(of_definition) else {
            return Ok(0);
        };
        let user = User::server();
        let write = server_options();
        let request = Request {
            kind,
            part: Part::Whole,
            namespace: None,
            user: &user,
            options: &write,
            now: (self.clock)(),
        };
        let options = DeleteOptions {
            propagation: Some(Propagation::Background),
            ..DeleteOptions::default()
        };
        let resource = stored_resource(kind);
        let items = self.registry.store().list(&resource, None).items;
        self.registry
            .delete_each(&request, &items, &options, &mut Vec::new())
            .await?;
        Ok(self.registry.store().count(&resource))
    }

    async fn release(&self, definition: &Value) -> Result<(), ApiError> {
        let table = self.registry.kinds().snapshot();
        let kind = definition_kind(&table)?;
        let user = User::server();
        let options = server_options();
        let request = Request {
            kind,
            part: Part::Whole,
            namespace: None,
            user: &user,
            options: &options,
            now: (self.clock)(),
        };
        let name = meta_text(definition, "name");
        let released = self.registry.modify(&request, name, without_cleanup).await;
        match released {
            Err(error) if error.code != 404 => Err(error),
            _ => Ok(()),
        }
    }
}

fn without_cleanup(definition: &Value) -> Value {
    let mut released = definition.clone();
    let finalizers = definition["metadata"]["finalizers"].as_array();
    let left: Vec<Value> = finalizers
        .into_iter()
        .flatten()
        .filter(|known| *known != CLEANUP)
        .cloned()
        .collect();
    set_meta(
        &mut released,
        "finalizers",
        (!left.is_empty()).then_some(Value::Array(left)),
    );
    released
}
