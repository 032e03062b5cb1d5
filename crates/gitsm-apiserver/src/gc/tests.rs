#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::edit::Condition;
use super::expiry::{Expiry, written};
use super::graph::{Action, Graph, Node, Owner, OwnerState, Uid};
use super::namespace::{Remains, is_to_be_emptied};
use super::*;
use crate::object::{Meta, set_meta};
use crate::store::{Change, Durability, EventKind, Expect, Store, StoreOptions, Write};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

const NOW: u64 = 1_764_000_000_000;

fn uid(text: &str) -> Uid {
    text.into()
}

/// A node: `owners` are uids, a `!` behind one makes it blocking.
fn node(revision: u64, owners: &[&str], deleting: bool, finalizers: &[&str]) -> Node {
    let mut meta = json!({"name": "x", "finalizers": finalizers, "ownerReferences": owners.iter().map(|owner| {
        let name = owner.trim_end_matches('!');
        json!({"uid": name, "name": name, "blockOwnerDeletion": owner.ends_with('!')})
    }).collect::<Vec<_>>()});
    if deleting {
        meta["deletionTimestamp"] = "2026-11-25T00:00:00Z".into();
    }
    let json = json!({"metadata": meta}).to_string();
    let key = Key::new(&GroupResource::new("", "configmaps"), Some("shop"), "x");
    Node::new(key, revision, &Meta::of_bytes(json.as_bytes()).unwrap())
}

fn decide(graph: &Graph, of: &str, states: &[(&str, OwnerState)]) -> Vec<Action> {
    let state = |_: &Node, owner: &Owner| {
        states
            .iter()
            .find(|(name, _)| *name == &*owner.uid)
            .map_or(OwnerState::Dangling, |(_, state)| *state)
    };
    graph.decide(&uid(of), &state)
}

use OwnerState::{Dangling, Invalid, Solid, Unknown, Waiting};

#[test]
fn what_is_done_depends_on_what_became_of_the_owners() {
    let mut graph = Graph::default();
    assert_eq!(
        graph.observe(&uid("a"), node(1, &["o", "p"], false, &[])),
        [uid("a")]
    );
    let delete = |propagation| vec![Action::Delete(uid("a"), propagation)];
    for (states, expected) in [
        (vec![("o", Solid), ("p", Solid)], vec![]),
        (
            vec![("o", Dangling), ("p", Dangling)],
            delete(Propagation::Background),
        ),
        (
            vec![("o", Solid), ("p", Dangling)],
            vec![Action::RemoveOwners(uid("a"), vec![uid("p")])],
        ),
        (
            vec![("o", Waiting), ("p", Solid)],
            vec![Action::RemoveOwners(uid("a"), vec![uid("o")])],
        ),
        (
            vec![("o", Waiting), ("p", Dangling)],
            delete(Propagation::Background),
        ),
        (vec![("o", Unknown), ("p", Dangling)], vec![Action::Postpone]),
        (vec![("o", Invalid), ("p", Dangling)], vec![]),
    ] {
        assert_eq!(decide(&graph, "a", &states), expected, "{states:?}");
    }
    for (finalizer, propagation) in [
        (ORPHAN, Propagation::Orphan),
        (FOREGROUND, Propagation::Foreground),
        ("other", Propagation::Background),
    ] {
        let mut graph = Graph::default();
        graph.observe(&uid("a"), node(1, &["o"], false, &[finalizer]));
        assert_eq!(decide(&graph, "a", &[]), delete(propagation));
    }
}

#[test]
fn a_dependant_with_dependants_of_its_own_goes_in_the_foreground_and_circles_are_cut() {
    let mut graph = Graph::default();
    graph.observe(&uid("a"), node(1, &["o!"], false, &[]));
    graph.observe(&uid("b"), node(2, &["a!"], false, &[]));
    let foreground = Action::Delete(uid("a"), Propagation::Foreground);
    let decided = decide(&graph, "a", &[("o", Waiting)]);
    assert_eq!(decided, std::slice::from_ref(&foreground));
    graph.observe(&uid("b"), node(3, &["a!"], true, &[FOREGROUND]));
    assert_eq!(
        decide(&graph, "a", &[("o", Waiting)]),
        [Action::UnblockOwners(uid("a")), foreground]
    );
}

#[test]
fn a_foreground_deletion_waits_for_what_blocks_it() {
    let mut graph = Graph::default();
    graph.observe(&uid("blocks"), node(1, &["o!"], false, &[]));
    graph.observe(&uid("does-not"), node(2, &["o"], false, &[]));
    let look = graph.observe(&uid("o"), node(3, &[], true, &[FOREGROUND, "x"]));
    assert_eq!(look, [uid("o"), uid("blocks"), uid("does-not")]);
    assert_eq!(decide(&graph, "o", &[]), [Action::Look(uid("blocks"))]);
    // It is on its way itself.
    graph.observe(&uid("blocks"), node(4, &["o!"], true, &[FOREGROUND]));
    assert_eq!(decide(&graph, "o", &[]), []);
    assert_eq!(graph.forget(&uid("blocks")), [uid("o")]);
    let done = [Action::RemoveFinalizer(uid("o"), FOREGROUND)];
    assert_eq!(decide(&graph, "o", &[]), done);
    assert_eq!(graph.forget(&uid("o")), [uid("does-not")]);
}

#[test]
fn a_reference_that_no_longer_blocks_frees_its_owner() {
    let mut graph = Graph::default();
    graph.observe(&uid("o"), node(1, &[], true, &[FOREGROUND]));
    for unblocked in [&["o"][..], &[]] {
        graph.observe(&uid("a"), node(10, &["o!"], false, &[]));
        let look = graph.observe(&uid("a"), node(11, unblocked, false, &[]));
        assert!(look.contains(&uid("o")), "{look:?}");
        assert_eq!(
            decide(&graph, "o", &[]),
            [Action::RemoveFinalizer(uid("o"), FOREGROUND)]
        );
        graph.forget(&uid("a"));
    }
}

#[test]
fn orphans_are_freed_before_their_owner_goes() {
    let mut graph = Graph::default();
    for (revision, dependant) in [(1, "a"), (2, "b")] {
        graph.observe(&uid(dependant), node(revision, &["o", "p"], false, &[]));
    }
    assert_eq!(
        graph.observe(&uid("o"), node(3, &[], true, &[ORPHAN])),
        [uid("o")]
    );
    assert_eq!(
        decide(&graph, "o", &[]),
        [
            Action::RemoveOwners(uid("a"), vec![uid("o")]),
            Action::RemoveOwners(uid("b"), vec![uid("o")]),
            Action::RemoveFinalizer(uid("o"), ORPHAN)
        ]
    );
}

#[test]
fn what_is_being_deleted_is_left_alone_and_old_news_ignored() {
    let mut graph = Graph::default();
    graph.observe(&uid("a"), node(5, &["o"], true, &["mine"]));
    assert_eq!(decide(&graph, "a", &[]), []);
    assert_eq!(graph.observe(&uid("a"), node(4, &["o"], false, &[])), []);
    assert_eq!(decide(&graph, "a", &[]), []);
    assert_eq!(decide(&graph, "nobody", &[]), []);
    graph.observe(&uid("plain"), node(6, &[], false, &[]));
    assert!(graph.get(&uid("plain")).is_none(), "most objects cost nothing");
}

#[test]
fn edits_change_what_they_name_and_nothing_else() {
    let object = json!({"metadata": {"name": "x", "finalizers": ["orphan", "mine"], "ownerReferences": [
        {"uid": "a", "blockOwnerDeletion": true}, {"uid": "b"}]}, "spec": {"finalizers": ["kubernetes", "other"]}});
    for (edit, pointer, expected) in [
        (
            Edit::RemoveFinalizer(ORPHAN),
            "/metadata/finalizers",
            json!(["mine"]),
        ),
        (
            Edit::RemoveOwners(vec!["a".to_owned(), "z".to_owned()]),
            "/metadata/ownerReferences",
            json!([{"uid": "b"}]),
        ),
        (
            Edit::UnblockOwners,
            "/metadata/ownerReferences/0/blockOwnerDeletion",
            json!(false),
        ),
        (Edit::FinalizeNamespace, "/spec/finalizers", json!(["other"])),
    ] {
        let mut changed = object.clone();
        assert!(edit.apply(&mut changed));
        let mut rest = object.clone();
        *rest.pointer_mut(pointer).unwrap() = expected;
        assert_eq!(changed, rest);
        assert!(!edit.apply(&mut changed), "it is done");
        assert!(!edit.apply(&mut json!({"metadata": {}})));
        assert!(!edit.apply(&mut json!(null)));
    }
    let mut bare = json!({"metadata": {"finalizers": ["orphan"]}});
    Edit::RemoveFinalizer(ORPHAN).apply(&mut bare);
    assert_eq!(bare, json!({"metadata": {}}));
}

#[test]
fn conditions_keep_the_time_of_their_last_transition() {
    let condition = |status, message: &str| {
        vec![Condition {
            ty: "NamespaceContentRemaining",
            status,
            reason: "R",
            message: message.to_owned(),
        }]
    };
    let mut namespace = json!({"metadata": {}});
    assert!(Edit::SetConditions(condition(true, "two"), "t1".to_owned()).apply(&mut namespace));
    assert!(Edit::SetConditions(condition(true, "one"), "t2".to_owned()).apply(&mut namespace));
    assert!(!Edit::SetConditions(condition(true, "one"), "t3".to_owned()).apply(&mut namespace));
    let known = &namespace["status"]["conditions"];
    assert_eq!(
        *known,
        json!([{"type": "NamespaceContentRemaining", "status": "True", "reason": "R", "message": "one", "lastTransitionTime": "t1"}])
    );
    assert!(Edit::SetConditions(condition(false, "none"), "t4".to_owned()).apply(&mut namespace));
    assert_eq!(namespace["status"]["conditions"][0]["lastTransitionTime"], "t4");
}

#[test]
fn a_namespace_says_what_it_waits_for() {
    let mut remains = Remains::default();
    let held = json!({"metadata": {"finalizers": ["a/b"]}}).to_string();
    let meta = Meta::of_bytes(held.as_bytes()).unwrap();
    remains.add(&GroupResource::new("gitsm.dev", "changes"), &meta);
    remains.add(&GroupResource::new("", "configmaps"), &meta);
    remains.errors.push("no".to_owned());
    let conditions = remains.conditions();
    let found: Vec<_> = conditions
        .iter()
        .map(|condition| (condition.status, condition.reason, &*condition.message))
        .collect();
    assert_eq!(
        found,
        [
            (
                false,
                "ResourcesDiscovered",
                "All resources successfully discovered"
            ),
            (
                false,
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed"
            ),
            (
                true,
                "ContentDeletionFailed",
                "Failed to delete all resource types, 1 remaining: no"
            ),
            (
                true,
                "SomeResourcesRemain",
                "Some resources are remaining: changes.gitsm.dev has 1 resource instances, configmaps. has 1 resource instances"
            ),
            (
                true,
                "SomeFinalizerRemain",
                "Some finalizers are remaining: a/b in 2 resource instances"
            ),
        ]
    );
    assert!(
        Remains::default()
            .conditions()
            .iter()
            .all(|condition| !condition.status)
    );
    for (namespace, expected) in [
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": {"finalizers": ["kubernetes"]}}),
            true,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": {"finalizers": []}}),
            false,
        ),
        (
            json!({"metadata": {}, "spec": {"finalizers": ["kubernetes"]}}),
            false,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": null}),
            false,
        ),
        (json!("?"), false),
    ] {
        assert_eq!(
            is_to_be_emptied(namespace.to_string().as_bytes()),
            expected,
            "{namespace}"
        );
    }
}

#[test]
fn events_expire_after_their_last_time() {
    let event = json!({"metadata": {"creationTimestamp": "1970-01-01T00:00:01Z"}, "lastTimestamp": null,
        "eventTime": "1970-01-01T00:00:02.500000Z", "series": {"lastObservedTime": "1970-01-01T00:00:04.000001Z"}});
    assert_eq!(written(&event), 4000);
    assert_eq!(written(&json!({"eventTime": "never"})), 0);
    let key = |name: &str| Key::new(&GroupResource::new("", "events"), Some("shop"), name);
    let mut expiry = Expiry::default();
    expiry.set(&key("a"), 10);
    expiry.set(&key("b"), 20);
    expiry.set(&key("a"), 30);
    assert_eq!(expiry.next(), Some(20));
    assert_eq!(expiry.expired(30, 9), [key("b"), key("a")]);
    assert_eq!(expiry.expired(30, 1), [key("b")]);
    expiry.forget(&key("b"));
    assert_eq!(expiry.expired(29, 9), []);
}

/// A server that stores and does no more than deletion needs.
struct Fake {
    store: Store,
    warnings: Mutex<Vec<String>>,
    /// Names of objects whose deletion fails as often as this says.
    failing: Mutex<Vec<(String, u32)>>,
}

fn configmaps() -> GroupResource {
    GroupResource::new("", "configmaps")
}

fn durable(key: &Key, expect: Expect, change: Change) -> Write {
    Write {
        key: key.clone(),
        expect,
        change,
        durability: Durability::Full,
    }
}

impl Fake {
    fn is_held(object: &Value) -> bool {
        let some = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
        some(&object["metadata"]["finalizers"]) || some(&object["spec"]["finalizers"])
    }

    async fn save(&self, key: &Key, revision: u64, object: Value) -> Result<(), ApiError> {
        let gone = object["metadata"]["deletionTimestamp"].is_string() && !Self::is_held(&object);
        let change = if gone {
            Change::Delete(object)
        } else {
            Change::Put(object)
        };
        match self
            .store
            .write(durable(key, Expect::Revision(revision), change))
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => Err(ApiError::new(409, "Conflict", error.to_string())),
        }
    }

    fn find(&self, target: &Target) -> Result<(u64, Value), ApiError> {
        let found = self.store.get(&target.key);
        let found = found.filter(|found| found.value()["metadata"]["uid"] == *target.uid);
        let gone = || ApiError::new(404, "NotFound", "gone");
        found
            .map(|found| (found.revision, found.value()))
            .ok_or_else(gone)
    }
}

impl Cluster for Fake {
    fn resolve(&self, api_version: &str, kind: &str) -> Option<OwnerKind> {
        let (resource, namespaced) = match (api_version, kind) {
            ("v1", "ConfigMap") => ("configmaps", true),
            ("v1", "Namespace") => ("namespaces", false),
            _ => return None,
        };
        Some(OwnerKind {
            resource: GroupResource::new("", resource),
            namespaced,
        })
    }

    async fn delete(&self, target: &Target, propagation: Propagation) -> Result<(), ApiError> {
        let (revision, mut object) = self.find(target)?;
        for (name, left) in self.failing.lock().unwrap().iter_mut() {
            if *left > 0 && **name == *target.key.name {
                *left -= 1;
                return Err(ApiError::internal("not today"));
            }
        }
        if revision != target.revision {
            return Err(ApiError::new(409, "Conflict", "changed"));
        }
        let finalizer = match propagation {
            Propagation::Orphan => Some(ORPHAN),
            Propagation::Foreground => Some(FOREGROUND),
            Propagation::Background => None,
        };
        if let Some(finalizer) = finalizer {
            set_meta(&mut object, "finalizers", Some(json!([finalizer])));
        }
        set_meta(
            &mut object,
            "deletionTimestamp",
            Some("2026-11-25T00:00:00Z".into()),
        );
        self.save(&target.key, revision, object).await
    }

    async fn edit(&self, target: &Target, _: Part, edit: &Edit) -> Result<(), ApiError> {
        let (revision, mut object) = self.find(target)?;
        if edit.apply(&mut object) {
            self.save(&target.key, revision, object).await?;
        }
        Ok(())
    }

    async fn warn(&self, target: &Target, reason: &str, message: &str) {
        let line = format!("{}: {reason}: {message}", target.key.name);
        self.warnings.lock().unwrap().push(line);
    }
}

struct Fixture {
    _folder: TempDir,
    store: Store,
    cluster: Arc<Fake>,
    now: Arc<AtomicU64>,
}

impl Fixture {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path(), StoreOptions::new(Arc::new(|| NOW))).unwrap();
        let cluster = Arc::new(Fake {
            store: store.clone(),
            warnings: Mutex::default(),
            failing: Mutex::default(),
        });
        Self {
            _folder: folder,
            store,
            cluster,
            now: Arc::new(AtomicU64::new(NOW)),
        }
    }

    fn run(&self) {
        let now = Arc::clone(&self.now);
        let settings = Settings::new(Arc::new(move || now.load(Ordering::Relaxed)));
        tokio::spawn(run(self.store.clone(), Arc::clone(&self.cluster), settings));
    }

    fn key(namespace: &str, name: &str) -> Key {
        Key::new(&configmaps(), Some(namespace), name)
    }

    /// Creates a config map whose uid is `uid-` and its name, with owners as in [`node`].
    async fn create(&self, namespace: &str, name: &str, owners: &[&str]) -> Key {
        let owners: Vec<Value> = owners
            .iter()
            .map(|owner| {
                let name = owner.trim_end_matches('!');
                json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": format!("uid-{name}"),
                    "blockOwnerDeletion": owner.ends_with('!')})
            })
            .collect();
        let object = json!({"metadata": {"name": name, "namespace": namespace, "uid": format!("uid-{name}"),
            "ownerReferences": owners}});
        let key = Self::key(namespace, name);
        self.store
            .write(durable(&key, Expect::Absent, Change::Put(object)))
            .await
            .unwrap();
        key
    }

    async fn delete(&self, key: &Key, propagation: Propagation) {
        let stored = self.store.get(key).unwrap();
        let target = Target {
            key: key.clone(),
            uid: stored.value()["metadata"]["uid"].as_str().unwrap().into(),
            revision: stored.revision,
        };
        self.cluster.delete(&target, propagation).await.unwrap();
    }

    /// Waits until the objects of these names are gone.
    async fn gone(&self, keys: &[&Key]) {
        let mut cursor = self.store.watch_all(self.store.revision()).unwrap();
        while keys.iter().any(|key| self.store.get(key).is_some()) {
            cursor.next().await.unwrap();
        }
    }
}

#[tokio::test]
async fn dependants_go_after_their_owner_and_theirs_after_them() {
    let fixture = Fixture::new();
    let owner = fixture.create("shop", "owner", &[]).await;
    fixture.run();
    let child = fixture.create("shop", "child", &["owner"]).await;
    let grandchild = fixture.create("shop", "grandchild", &["child"]).await;
    let other = fixture.create("shop", "other", &[]).await;
    fixture.delete(&owner, Propagation::Background).await;
    fixture.gone(&[&child, &grandchild]).await;
    assert!(fixture.store.get(&other).is_some());
}

#[tokio::test]
async fn what_lost_its_owner_while_nobody_looked_goes_at_the_start() {
    let fixture = Fixture::new();
    let child = fixture.create("shop", "child", &["never"]).await;
    let half = fixture.create("shop", "half", &["never", "there"]).await;
    fixture.create("shop", "there", &[]).await;
    fixture.run();
    fixture.gone(&[&child]).await;
    let mut cursor = fixture.store.watch_all(fixture.store.revision()).unwrap();
    while fixture.store.get(&half).unwrap().value()["metadata"]["ownerReferences"]
        .as_array()
        .unwrap()
        .len()
        > 1
    {
        cursor.next().await.unwrap();
    }
}

#[tokio::test]
async fn a_foreground_deletion_ends_with_the_owner() {
    let fixture = Fixture::new();
    let owner = fixture.create("shop", "owner", &[]).await;
    let child = fixture.create("shop", "child", &["owner!"]).await;
    let grandchild = fixture.create("shop", "grandchild", &["child!"]).await;
    fixture.run();
    let mut cursor = fixture.store.watch_all(fixture.store.revision()).unwrap();
    fixture.delete(&owner, Propagation::Foreground).await;
    fixture.gone(&[&owner, &child, &grandchild]).await;
    let mut order = Vec::new();
    while let Some(event) = cursor.try_next().unwrap() {
        if event.kind == EventKind::Deleted {
            order.push(event.key.clone());
        }
    }
    assert_eq!(order, [grandchild, child, owner]);
}

#[tokio::test]
async fn orphans_stay_without_their_owner() {
    let fixture = Fixture::new();
    let owner = fixture.create("shop", "owner", &[]).await;
    let child = fixture.create("shop", "child", &["owner"]).await;
    fixture.run();
    fixture.delete(&owner, Propagation::Orphan).await;
    fixture.gone(&[&owner]).await;
    let child = fixture.store.get(&child).unwrap().value();
    assert_eq!(child["metadata"]["ownerReferences"], Value::Null);
}

#[tokio::test]
async fn an_owner_in_another_namespace_is_none_and_that_is_said() {
    let fixture = Fixture::new();
    for name in ["shop", "other"] {
        let key = Key::new(&GroupResource::new("", "namespaces"), None, name);
        let object = json!({"metadata": {"name": name, "uid": format!("uid-ns-{name}")}});
        fixture
            .store
            .write(durable(&key, Expect::Absent, Change::Put(object)))
            .await
            .unwrap();
    }
    fixture.create("other", "owner", &[]).await;
    let child = fixture.create("shop", "child", &["owner"]).await;
    fixture.run();
    fixture.gone(&[&child]).await;
    let warnings = fixture.cluster.warnings.lock().unwrap().clone();
    assert_eq!(
        warnings,
        [
            "child: OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: shop, name: owner, uid: uid-owner] does not exist in namespace \"shop\""
        ]
    );
}

#[tokio::test]
async fn a_deleted_namespace_is_emptied_and_goes() {
    let fixture = Fixture::new();
    let namespace = Key::new(&GroupResource::new("", "namespaces"), None, "shop");
    let object =
        json!({"metadata": {"name": "shop", "uid": "uid-shop"}, "spec": {"finalizers": ["kubernetes"]}});
    fixture
        .store
        .write(durable(&namespace, Expect::Absent, Change::Put(object)))
        .await
        .unwrap();
    let a = fixture.create("shop", "a", &[]).await;
    let held = fixture.create("shop", "held", &[]).await;
    let elsewhere = fixture.create("elsewhere", "a2", &[]).await;
    let stored = fixture.store.get(&held).unwrap();
    let mut object = stored.value();
    set_meta(&mut object, "finalizers", Some(json!(["mine"])));
    fixture
        .store
        .write(durable(&held, Expect::Any, Change::Put(object)))
        .await
        .unwrap();
    fixture.cluster.failing.lock().unwrap().push(("a".to_owned(), 1));
    fixture.run();
    let mut cursor = fixture.store.watch_all(fixture.store.revision()).unwrap();
    fixture.delete(&namespace, Propagation::Background).await;
    loop {
        // Time goes on so that what failed is tried again.
        fixture.now.fetch_add(1000, Ordering::Relaxed);
        cursor.next().await.unwrap();
        let conditions = fixture.store.get(&namespace).unwrap().value()["status"]["conditions"].clone();
        if fixture.store.get(&a).is_none()
            && conditions[4]["message"] == "Some finalizers are remaining: mine in 1 resource instances"
            && conditions[3]["message"]
                == "Some resources are remaining: configmaps. has 1 resource instances"
        {
            break;
        }
    }
    let stored = fixture.store.get(&held).unwrap();
    let mut object = stored.value();
    assert!(object["metadata"]["deletionTimestamp"].is_string());
    set_meta(&mut object, "finalizers", None);
    fixture
        .cluster
        .save(&held, stored.revision, object)
        .await
        .unwrap();
    fixture.gone(&[&held, &namespace]).await;
    assert!(fixture.store.get(&elsewhere).is_some());
}

#[tokio::test]
async fn events_go_after_an_hour() {
    let fixture = Fixture::new();
    let events = GroupResource::new("", "events");
    let write = |name: &str, time: &str| {
        let key = Key::new(&events, Some("shop"), name);
        let object =
            json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": time}});
        (
            key.clone(),
            fixture
                .store
                .write(durable(&key, Expect::Absent, Change::Put(object))),
        )
    };
    // NOW is 2025-11-24T16:00:00Z.
    let (old, writing) = write("old", "2025-11-24T14:59:59Z");
    writing.await.unwrap();
    let (young, writing) = write("young", "2025-11-24T15:00:01Z");
    writing.await.unwrap();
    fixture.run();
    fixture.gone(&[&old]).await;
    assert!(fixture.store.get(&young).is_some());
    fixture.now.fetch_add(2000, Ordering::Relaxed);
    fixture.gone(&[&young]).await;
}
