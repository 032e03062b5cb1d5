//! Random sequences of writes, reads, watches and restarts, on the store and on a model of it.

use super::{put, resource};
use gitsm_apiserver::store::{
    Change, Cursor, CursorError, Durability, EventKind, Expect, Key, PageRequest, Retention, Store,
    StoreOptions, WatchError, WriteError,
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SEED: u64 = 500;
/// How many events per resource the store keeps in these tests.
const KEPT: usize = 12;

#[derive(Debug, Clone)]
enum Step {
    /// Resource, object, expectation, whether only the newest state is kept.
    Put(u8, u8, Want, bool),
    Delete(u8, u8, Want),
    /// Starts a watch this many revisions back.
    Watch(u8, u64),
    /// Reads this many events of a watch.
    Read(usize, usize),
    /// Compares lists and pages; a page this many revisions back.
    List(u8, u64, usize),
    Restart,
}

#[derive(Debug, Clone, Copy)]
enum Want {
    Absent,
    Any,
    Current,
    Stale,
}

fn step() -> impl Strategy<Value = Step> {
    let want = || {
        prop_oneof![
            2 => Just(Want::Any),
            1 => Just(Want::Absent),
            2 => Just(Want::Current),
            1 => Just(Want::Stale),
        ]
    };
    prop_oneof![
        10 => (0..2_u8, 0..6_u8, want(), prop::bool::weighted(0.1)).prop_map(|(r, o, w, l)| Step::Put(r, o, w, l)),
        4 => (0..2_u8, 0..6_u8, want()).prop_map(|(r, o, w)| Step::Delete(r, o, w)),
        2 => (0..2_u8, 0..30_u64).prop_map(|(r, back)| Step::Watch(r, back)),
        4 => (0..4_usize, 0..9_usize).prop_map(|(watch, count)| Step::Read(watch, count)),
        3 => (0..2_u8, 0..20_u64, 0..4_usize).prop_map(|(r, back, limit)| Step::List(r, back, limit)),
        1 => Just(Step::Restart),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Happened {
    revision: u64,
    kind: EventKind,
    object: u8,
    text: String,
    before: Option<(u64, String)>,
}

#[derive(Default)]
struct Model {
    revision: u64,
    /// Per resource: the objects, and everything that ever happened.
    objects: [BTreeMap<u8, (u64, String)>; 2],
    events: [Vec<Happened>; 2],
    /// Up to which revision a restart forgets.
    unlogged: [u64; 2],
}

impl Model {
    fn at(&self, resource: usize, revision: u64) -> Vec<(u64, String)> {
        let mut objects = BTreeMap::new();
        for event in self.events[resource]
            .iter()
            .filter(|event| event.revision <= revision)
        {
            if event.kind == EventKind::Deleted {
                objects.remove(&event.object);
            } else {
                objects.insert(event.object, (event.revision, event.text.clone()));
            }
        }
        objects.into_values().collect()
    }
}

struct Watching {
    resource: usize,
    cursor: Cursor,
    /// Up to where it has read.
    position: u64,
}

fn key(resource_number: usize, object: u8) -> Key {
    let name = if resource_number == 0 { "changes" } else { "leases" };
    // Two namespaces, and names whose order is that of their numbers.
    let namespace = if object < 3 { "a" } else { "b" };
    Key::new(&resource(name), Some(namespace), &format!("o{object}"))
}

fn open(folder: &Path) -> Store {
    let retention = Retention {
        events: KEPT,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let mut options = StoreOptions::new(Arc::new(|| SEED));
    options.retention = retention;
    Store::open(folder, options).unwrap()
}

fn text(value: &serde_json::Value) -> String {
    value["text"].as_str().unwrap().to_owned()
}

async fn run(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut model = Model {
        revision: SEED,
        ..Model::default()
    };
    let mut watches: Vec<Watching> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Put(resource, object, want, latest) => {
                let durability = if latest {
                    Durability::Latest
                } else {
                    Durability::Full
                };
                let text = format!("text {number}");
                write(
                    &store,
                    &mut model,
                    (resource.into(), object),
                    want,
                    durability,
                    Some(text),
                )
                .await;
            }
            Step::Delete(resource, object, want) => {
                write(
                    &store,
                    &mut model,
                    (resource.into(), object),
                    want,
                    Durability::Full,
                    None,
                )
                .await;
            }
            Step::Watch(resource, back) => {
                let resource = usize::from(resource);
                let after = model.revision + 3 - back.min(model.revision);
                if let Some(cursor) = start_watch(&store, &model, resource, after) {
                    watches.push(Watching {
                        resource,
                        cursor,
                        position: after,
                    });
                }
                if watches.len() > 4 {
                    watches.remove(0);
                }
            }
            Step::Read(watch, count) => {
                if watch < watches.len() && !read(&model, &mut watches[watch], count) {
                    watches.remove(watch);
                }
            }
            Step::List(resource, back, limit) => list(&store, &model, resource.into(), back, limit),
            Step::Restart => {
                store.close().await.unwrap();
                store = open(folder.path());
                watches.clear();
                assert_eq!(store.revision(), model.revision);
            }
        }
    }
    for resource in 0..2 {
        list(&store, &model, resource, 0, 0);
    }
}

async fn write(
    store: &Store,
    model: &mut Model,
    (resource, object): (usize, u8),
    want: Want,
    durability: Durability,
    new: Option<String>,
) {
    let before = model.objects[resource].get(&object).cloned();
    let current = before.as_ref().map_or(0, |(revision, _)| *revision);
    let expect = match want {
        Want::Absent => Expect::Absent,
        Want::Any => Expect::Any,
        Want::Current => Expect::Revision(current),
        Want::Stale => Expect::Revision(current + 1),
    };
    let key = key(resource, object);
    let mut request = put(&key, expect, durability, new.as_deref().unwrap_or("last words"));
    if new.is_none() {
        request.change = Change::Delete(json!({"text": "last words"}));
    }
    let result = store.write(request).await;
    let expected = match (want, &before, &new) {
        (Want::Absent, Some(_), _) => Err("exists"),
        (Want::Absent | Want::Any, None, None) | (Want::Current | Want::Stale, None, _) => Err("missing"),
        (Want::Stale, Some(_), _) => Err("conflict"),
        _ => Ok(()),
    };
    match (&result, expected) {
        (Ok(_), Ok(()))
        | (Err(WriteError::Exists), Err("exists"))
        | (Err(WriteError::Missing), Err("missing")) => {}
        (Err(WriteError::Conflict { current: found }), Err("conflict")) => {
            assert_eq!(found.revision, current);
        }
        other => panic!("{other:?}"),
    }
    let Ok(stored) = result else { return };
    model.revision += 1;
    assert_eq!(stored.revision, model.revision);
    if durability == Durability::Latest {
        model.unlogged[resource] = model.revision;
    }
    let kind = match (&before, &new) {
        (_, None) => EventKind::Deleted,
        (None, _) => EventKind::Added,
        _ => EventKind::Modified,
    };
    model.events[resource].push(Happened {
        revision: model.revision,
        kind,
        object,
        text: new.clone().unwrap_or_else(|| "last words".to_owned()),
        before,
    });
    match new {
        Some(text) => model.objects[resource].insert(object, (model.revision, text)),
        None => model.objects[resource].remove(&object),
    };
}

/// A watch starts unless its past is forgotten. What is kept at least: the last events of each resource, and after a
/// restart those of the log.
fn start_watch(store: &Store, model: &Model, resource: usize, after: u64) -> Option<Cursor> {
    let name = key(resource, 0).resource;
    match store.watch(&name, after) {
        Ok(cursor) => {
            assert!(after <= model.revision);
            Some(cursor)
        }
        Err(WatchError::Future { current }) => {
            assert!(after > current && current == model.revision);
            None
        }
        Err(WatchError::Expired { oldest }) => {
            assert!(oldest > after && oldest <= model.revision);
            let kept = model.revision.saturating_sub(KEPT as u64).max(SEED);
            let must_be_known = kept.max(model.unlogged[resource]);
            assert!(
                after < must_be_known,
                "{after} must be known, {oldest} is the oldest"
            );
            None
        }
    }
}

/// Reads some events and compares; false when the watch is over.
fn read(model: &Model, watch: &mut Watching, count: usize) -> bool {
    for _ in 0..count {
        let expected = model.events[watch.resource]
            .iter()
            .find(|event| event.revision > watch.position);
        match (watch.cursor.try_next(), expected) {
            (Ok(Some(event)), Some(expected)) => {
                let found = Happened {
                    revision: event.revision,
                    kind: event.kind,
                    object: expected.object,
                    text: text(&event.object.value()),
                    before: event
                        .previous
                        .as_ref()
                        .map(|stored| (stored.revision, text(&stored.value()))),
                };
                assert_eq!(found, *expected);
                assert_eq!(event.key, key(watch.resource, expected.object));
                watch.position = event.revision;
            }
            (Ok(None), None) => assert_eq!(watch.cursor.position(), model.revision),
            (Err(CursorError::Expired { oldest }), Some(expected)) => {
                assert!(oldest >= expected.revision);
                let later = model.events[watch.resource]
                    .iter()
                    .filter(|event| event.revision >= expected.revision);
                assert!(later.count() > KEPT, "it was to be kept");
                return false;
            }
            other => panic!("{other:?}"),
        }
    }
    true
}

fn list(store: &Store, model: &Model, resource: usize, back: u64, limit: usize) {
    let name = key(resource, 0).resource;
    let listing = store.list(&name, None);
    assert_eq!(listing.revision, model.revision);
    let found: Vec<_> = listing
        .items
        .iter()
        .map(|stored| (stored.revision, text(&stored.value())))
        .collect();
    let expected: Vec<_> = model.objects[resource].values().cloned().collect();
    assert_eq!(found, expected);
    for (namespace, range) in [("a", 0..3), ("b", 3..6)] {
        let found = store.list(&name, Some(namespace)).items.len();
        assert_eq!(found, model.objects[resource].range(range).count());
    }
    let at = model.revision - back.min(model.revision - SEED);
    let mut request = PageRequest {
        limit,
        after: None,
        at_revision: Some(at),
    };
    let mut items = Vec::new();
    loop {
        let Ok(page) = store.page(&name, None, &request) else {
            assert!(
                store.watch(&name, at).is_err(),
                "pages are known as long as watches"
            );
            return;
        };
        assert!(limit == 0 || page.items.len() <= limit);
        items.extend(
            page.items
                .iter()
                .map(|stored| (stored.revision, text(&stored.value()))),
        );
        if page.next.is_none() {
            break;
        }
        request.after = page.next;
    }
    assert_eq!(items, model.at(resource, at));
}

/// How many sequences are tried.
fn cases() -> u32 {
    if std::env::var_os("GITSM_SOAK").is_some() {
        1000
    } else {
        24
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_store_does_what_its_model_does(steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(steps));
    }
}
