#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::backend::LogIndex;
use super::ring::{Ring, Slot};
use super::*;
use bytes::Bytes;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const SEED: u64 = 1_764_000_000_000;

struct Fixture {
    folder: TempDir,
    now: Arc<AtomicU64>,
    retention: Retention,
}

impl Fixture {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            now: Arc::new(AtomicU64::new(SEED)),
            retention: Retention::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn options(&self) -> StoreOptions {
        let now = Arc::clone(&self.now);
        StoreOptions {
            clock: Arc::new(move || now.load(Ordering::Relaxed)),
            retention: self.retention.clone(),
        }
    }

    fn open(&self) -> Store {
        Store::open(&self.path(), self.options()).unwrap()
    }
}

fn changes() -> GroupResource {
    GroupResource::new("gitsm.dev", "changes")
}

fn key(name: &str) -> Key {
    Key::new(&changes(), Some("shop"), name)
}

fn object(name: &str, title: &str) -> Value {
    json!({"apiVersion": "gitsm.dev/v1", "kind": "Change", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"title": title}})
}

fn put(key: &Key, expect: Expect, title: &str) -> Write {
    Write {
        key: key.clone(),
        expect,
        change: Change::Put(object(&key.name, title)),
        durability: Durability::Full,
    }
}

fn delete(key: &Key, expect: Expect) -> Write {
    Write {
        change: Change::Delete(object(&key.name, "gone")),
        ..put(key, expect, "")
    }
}

#[tokio::test]
async fn a_write_gets_the_next_revision_in_its_metadata() {
    let fixture = Fixture::new();
    let store = fixture.open();
    assert_eq!(store.revision(), SEED);
    let stored = store.write(put(&key("a"), Expect::Absent, "x")).await.unwrap();
    assert_eq!(stored.revision, SEED + 1);
    assert_eq!(store.revision(), SEED + 1);
    let mut expected = object("a", "x");
    expected["metadata"]["resourceVersion"] = (SEED + 1).to_string().into();
    assert_eq!(stored.json, expected.to_string());
    assert_eq!(store.get(&key("a")), Some(stored.clone()));
    assert_eq!(stored.value(), expected);
    assert_eq!(store.resources(), [changes()]);
    assert_eq!(store.count(&changes()), 1);
}

#[tokio::test]
async fn expectations_are_checked_against_the_current_state() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let a = key("a");
    assert_eq!(
        store.write(put(&a, Expect::Revision(1), "x")).await,
        Err(WriteError::Missing)
    );
    assert_eq!(
        store.write(delete(&a, Expect::Any)).await,
        Err(WriteError::Missing)
    );
    let first = store.write(put(&a, Expect::Any, "x")).await.unwrap();
    assert_eq!(
        store.write(put(&a, Expect::Absent, "y")).await,
        Err(WriteError::Exists)
    );
    let conflict = store
        .write(put(&a, Expect::Revision(first.revision + 1), "y"))
        .await;
    assert_eq!(
        conflict,
        Err(WriteError::Conflict {
            current: first.clone()
        })
    );
    let second = store
        .write(put(&a, Expect::Revision(first.revision), "y"))
        .await
        .unwrap();
    assert_eq!(
        second.revision,
        first.revision + 1,
        "refused writes take no revision"
    );
    let gone = store
        .write(delete(&a, Expect::Revision(second.revision)))
        .await
        .unwrap();
    assert_eq!(gone.revision, second.revision + 1);
    assert_eq!(
        gone.value()["metadata"]["resourceVersion"],
        gone.revision.to_string()
    );
    assert_eq!(store.get(&a), None);
    assert_eq!(store.resources(), []);
}

#[tokio::test]
async fn of_writers_that_expect_the_same_revision_one_wins() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let first = store.write(put(&key("a"), Expect::Absent, "0")).await.unwrap();
    let writes: Vec<_> = (0..32)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let title = writer.to_string();
                store
                    .write(put(&key("a"), Expect::Revision(first.revision), &title))
                    .await
            })
        })
        .collect();
    let mut won = 0;
    for write in writes {
        match write.await.unwrap() {
            Ok(_) => won += 1,
            Err(WriteError::Conflict { current }) => assert_eq!(current.revision, first.revision + 1),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((won, store.revision()), (1, first.revision + 1));
}

#[tokio::test]
async fn a_second_start_finds_everything_and_watches_resume() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let uid = store.uid();
    let a = store.write(put(&key("a"), Expect::Absent, "1")).await.unwrap();
    let b = store.write(put(&key("b"), Expect::Absent, "1")).await.unwrap();
    let a2 = store.write(put(&key("a"), Expect::Any, "2")).await.unwrap();
    let gone = store.write(delete(&key("b"), Expect::Any)).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(
        store.write(put(&key("c"), Expect::Any, "")).await,
        Err(WriteError::Stopped)
    );

    fixture.now.store(SEED + 9_000_000, Ordering::Relaxed);
    let store = fixture.open();
    assert_eq!((store.uid(), store.revision()), (uid, gone.revision));
    assert_eq!(store.get(&key("a")), Some(a2.clone()));
    assert_eq!(store.get(&key("b")), None);
    let mut cursor = store.watch(&changes(), a.revision).unwrap();
    let mut seen = Vec::new();
    while let Some(event) = cursor.try_next().unwrap() {
        seen.push((event.kind, event.object.clone(), event.previous.clone()));
    }
    let expected = [
        (EventKind::Added, b.clone(), None),
        (EventKind::Modified, a2, Some(a)),
        (EventKind::Deleted, gone, Some(b)),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_keeps_its_newest_state_only_starts_watches_anew_after_a_restart() {
    let fixture = Fixture::new();
    let leases = GroupResource::new("coordination.k8s.io", "leases");
    let lease = Key::new(&leases, Some("shop"), "leader");
    let renew = |durability| Write {
        durability,
        ..put(&lease, Expect::Any, "x")
    };
    let store = fixture.open();
    let mut cursor = store.watch(&leases, store.revision()).unwrap();
    store.write(renew(Durability::Full)).await.unwrap();
    let middle = store.write(renew(Durability::Latest)).await.unwrap();
    let last = store.write(renew(Durability::Latest)).await.unwrap();
    for _ in 0..3 {
        assert!(
            cursor.try_next().unwrap().is_some(),
            "within a run they are followed"
        );
    }
    store.close().await.unwrap();
    let store = fixture.open();
    assert_eq!(store.get(&lease), Some(last.clone()));
    assert_eq!(
        store.watch(&leases, middle.revision).unwrap_err(),
        WatchError::Expired {
            oldest: last.revision
        }
    );
    assert!(store.watch(&leases, last.revision).is_ok());
    assert!(store.watch(&changes(), middle.revision).is_ok());
}

#[tokio::test]
async fn lists_are_sorted_and_of_one_revision() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for (namespace, name) in [("b", "x"), ("a", "z"), ("ab", "q"), ("a", "y")] {
        let key = Key::new(&changes(), Some(namespace), name);
        store.write(put(&key, Expect::Absent, namespace)).await.unwrap();
    }
    let names = |listing: &Listing| -> Vec<String> {
        let name = |stored: &Stored| {
            stored.value()["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        listing.items.iter().map(name).collect()
    };
    let all = store.list(&changes(), None);
    assert_eq!(names(&all), ["y", "z", "q", "x"]);
    assert_eq!(all.revision, store.revision());
    assert_eq!(names(&store.list(&changes(), Some("a"))), ["y", "z"]);
    assert_eq!(names(&store.list(&changes(), Some("c"))), [""; 0]);
    assert_eq!(store.list(&GroupResource::new("", "pods"), None).items, []);
}

#[tokio::test]
async fn pages_show_the_state_of_the_first_one() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for name in ["b", "c", "d", "e", "f"] {
        store.write(put(&key(name), Expect::Absent, "old")).await.unwrap();
    }
    let then = store.list(&changes(), None);
    let mut request = PageRequest {
        limit: 2,
        ..PageRequest::default()
    };
    let mut found = Vec::new();
    for step in 0.. {
        let page = store.page(&changes(), Some("shop"), &request).unwrap();
        assert_eq!(page.revision, then.revision);
        assert_eq!(page.remaining, 5 - found.len() - page.items.len());
        found.extend(page.items);
        store.write(delete(&key("e"), Expect::Any)).await.ok();
        for name in ["a", "d", "dd", "e", "g"] {
            store
                .write(put(&key(name), Expect::Any, &step.to_string()))
                .await
                .unwrap();
        }
        store.write(delete(&key("f"), Expect::Any)).await.ok();
        let Some(next) = page.next else { break };
        request.after = Some(next);
        request.at_revision = Some(page.revision);
    }
    assert_eq!(found, then.items);
}

#[tokio::test]
async fn a_page_of_a_forgotten_state_is_expired() {
    let mut fixture = Fixture::new();
    fixture.retention = Retention {
        events: 4,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let store = fixture.open();
    let first = store.write(put(&key("a"), Expect::Any, "x")).await.unwrap();
    for _ in 0..5 {
        store.write(put(&key("a"), Expect::Any, "x")).await.unwrap();
    }
    let mut request = PageRequest {
        at_revision: Some(first.revision),
        ..PageRequest::default()
    };
    let oldest = first.revision + 1;
    assert_eq!(store.page(&changes(), None, &request), Err(Expired { oldest }));
    assert_eq!(
        store.watch(&changes(), first.revision).unwrap_err(),
        WatchError::Expired { oldest }
    );
    request.at_revision = Some(store.revision() + 1);
    assert_eq!(
        store.page(&changes(), None, &request),
        Err(Expired { oldest }),
        "a token of other data"
    );
    let current = store.revision();
    assert_eq!(
        store.watch(&changes(), current + 1).unwrap_err(),
        WatchError::Future { current }
    );
}

#[tokio::test]
async fn a_cursor_wakes_and_tells_how_far_it_is() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut cursor = store.watch(&changes(), store.revision()).unwrap();
    let waiting = tokio::spawn(async move {
        let event = cursor.next().await.unwrap();
        (event, cursor)
    });
    tokio::task::yield_now().await;
    let stored = store.write(put(&key("a"), Expect::Absent, "x")).await.unwrap();
    let (event, mut cursor) = waiting.await.unwrap();
    assert_eq!(event.object, stored);
    assert_eq!(cursor.position(), stored.revision);
    let pods = Key::new(&GroupResource::new("", "pods"), Some("shop"), "p");
    let other = store.write(put(&pods, Expect::Absent, "x")).await.unwrap();
    assert!(cursor.try_next().unwrap().is_none());
    assert_eq!(
        cursor.position(),
        other.revision,
        "bookmarks go on with the revision of the store"
    );
    let ended = tokio::spawn(async move { cursor.next().await });
    store.close().await.unwrap();
    assert_eq!(ended.await.unwrap().unwrap_err(), CursorError::Stopped);
}

#[tokio::test]
async fn a_cursor_that_is_left_behind_expires() {
    let mut fixture = Fixture::new();
    fixture.retention = Retention {
        events: 3,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let store = fixture.open();
    let mut slow = store.watch(&changes(), store.revision()).unwrap();
    for _ in 0..4 {
        store.write(put(&key("a"), Expect::Any, "x")).await.unwrap();
    }
    let oldest = store.revision() - 3;
    assert_eq!(slow.try_next().unwrap_err(), CursorError::Expired { oldest });
    assert!(store.watch(&changes(), oldest).is_ok());
}

#[tokio::test]
async fn all_resources_are_followed_in_order() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut cursor = store.watch_all(store.revision()).unwrap();
    let pods = GroupResource::new("", "pods");
    for resource in [&pods, &changes(), &pods] {
        let key = Key::new(resource, None, "x");
        store.write(put(&key, Expect::Any, "x")).await.unwrap();
    }
    for (step, resource) in [pods.clone(), changes(), pods].into_iter().enumerate() {
        let event = cursor.next().await.unwrap();
        assert_eq!(event.revision, SEED + 1 + step as u64);
        assert_eq!(event.key.resource, resource);
    }
    store.reached(SEED + 3).await;
}

#[tokio::test]
async fn watchers_share_one_encoding() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut cursor = store.watch(&changes(), store.revision()).unwrap();
    store.write(put(&key("a"), Expect::Any, "x")).await.unwrap();
    let event = cursor.next().await.unwrap();
    let made = AtomicUsize::new(0);
    for form in ["json", "table", "json"] {
        let encoded = event.encoded(form, || {
            made.fetch_add(1, Ordering::Relaxed);
            Bytes::from(form.to_owned())
        });
        assert_eq!(encoded, form);
    }
    assert_eq!(made.into_inner(), 2);
}

#[tokio::test]
async fn a_folder_in_use_names_the_process() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let error = Store::open(&fixture.path(), fixture.options()).unwrap_err();
    assert_eq!(
        error,
        OpenError::InUse {
            folder: fixture.path(),
            pid: Some(std::process::id())
        }
    );
    store.close().await.unwrap();
    fixture.open();
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path()).unwrap();
    let file = fixture.path().join(DATABASE_FILE);
    fs::write(&file, "my diary").unwrap();
    let error = Store::open(&fixture.path(), fixture.options()).unwrap_err();
    assert!(
        matches!(&error, OpenError::Damaged { path, .. } if *path == file),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "my diary");

    let below_a_file = file.join("data");
    let error = Store::open(&below_a_file, fixture.options()).unwrap_err();
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
}

#[test]
fn data_of_another_format_is_refused() {
    const META: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("meta");
    let fixture = Fixture::new();
    fs::create_dir(fixture.path()).unwrap();
    let write = |name: &str, value: u64| {
        let database = redb::Database::create(fixture.path().join(DATABASE_FILE)).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert(name, value).unwrap();
        transaction.commit().unwrap();
    };
    write("something", 1);
    let error = Store::open(&fixture.path(), fixture.options()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    write("format", 2);
    let error = Store::open(&fixture.path(), fixture.options()).unwrap_err();
    assert_eq!(
        error,
        OpenError::OtherFormat {
            folder: fixture.path(),
            found: 2,
            expected: 1
        }
    );
}

#[tokio::test]
async fn damage_is_reported_and_nothing_panics() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for number in 0..200 {
        let key = key(&format!("a{number}"));
        store
            .write(put(&key, Expect::Absent, &"x".repeat(500)))
            .await
            .unwrap();
    }
    store.close().await.unwrap();
    let file = fixture.path().join(DATABASE_FILE);
    let intact = fs::read(&file).unwrap();
    let mut refused = 0;
    for part in 0..16 {
        let mut bytes = intact.clone();
        let start = bytes.len() * part / 16;
        let end = start + bytes.len() / 64;
        bytes[start..end].fill(0xA5);
        fs::write(&file, &bytes).unwrap();
        match Store::open(&fixture.path(), fixture.options()) {
            Ok(store) => store.close().await.unwrap_or_default(),
            Err(OpenError::Damaged { path, .. }) => {
                assert_eq!(path, file);
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    fs::write(&file, &intact[..intact.len() / 2]).unwrap();
    let error = Store::open(&fixture.path(), fixture.options()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    fs::write(&file, &intact).unwrap();
    assert_eq!(fixture.open().count(&changes()), 200);
}

#[tokio::test]
async fn a_backup_is_taken_while_the_store_goes_on_and_restored_with_later_revisions() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for name in ["a", "b"] {
        store.write(put(&key(name), Expect::Absent, "old")).await.unwrap();
    }
    let then = store.list(&changes(), None);
    let backup = fixture.folder.path().join("backup");
    store.backup(&backup).unwrap();
    let error = store.backup(&backup).unwrap_err().to_string();
    assert!(error.contains("exists"), "{error}");
    let later = store.write(put(&key("a"), Expect::Any, "new")).await.unwrap();

    let folder = fixture.folder.path().join("restored");
    let now = SEED + 1000;
    restore(&backup, &folder, now).unwrap();
    assert_eq!(
        restore(&backup, &folder, now),
        Err(RestoreError::NotEmpty(folder.clone()))
    );
    assert!(matches!(
        restore(&backup, &fixture.path(), now),
        Err(RestoreError::Open(OpenError::InUse { .. }))
    ));
    let restored = Store::open(&folder, fixture.options()).unwrap();
    assert_eq!(restored.uid(), store.uid());
    assert_eq!(restored.revision(), now);
    assert_eq!(restored.list(&changes(), None).items, then.items);
    assert_eq!(
        restored.watch(&changes(), later.revision).unwrap_err(),
        WatchError::Expired { oldest: now }
    );
    let next = restored.write(put(&key("c"), Expect::Any, "x")).await.unwrap();
    assert_eq!(next.revision, now + 1);
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("backup");
    assert!(matches!(
        restore(&file, &fixture.path(), SEED),
        Err(RestoreError::Open(OpenError::Io { .. }))
    ));
    fs::write(&file, [7; 9000]).unwrap();
    let error = restore(&file, &fixture.path(), SEED).unwrap_err();
    assert!(
        matches!(&error, RestoreError::Open(OpenError::Damaged { path, .. }) if *path == file),
        "{error}"
    );
    assert!(!fixture.path().join(DATABASE_FILE).exists());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let store = fixture.open();
    let backup = fixture.folder.path().join("backup");
    store.backup(&backup).unwrap();
    let folder = fixture.path();
    for (path, expected) in [
        (folder.clone(), 0o700),
        (folder.join(DATABASE_FILE), 0o600),
        (folder.join("lock"), 0o600),
        (backup, 0o600),
    ] {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{}", path.display());
    }
}

#[tokio::test]
async fn the_log_on_disk_stays_within_its_bounds() {
    let mut fixture = Fixture::new();
    fixture.retention = Retention {
        events: 10,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let store = fixture.open();
    for _ in 0..60 {
        store.write(put(&key("a"), Expect::Any, "x")).await.unwrap();
    }
    let last = store.revision();
    store.close().await.unwrap();
    // Opened with a longer memory, so that what is found is what was kept on disk.
    fixture.retention = Retention::default();
    let store = fixture.open();
    assert_eq!(
        store.watch(&changes(), last - 11).unwrap_err(),
        WatchError::Expired { oldest: last - 10 }
    );
    assert!(store.watch(&changes(), last - 10).is_ok());
}

fn event(revision: u64, size: usize) -> Arc<Event> {
    let object = Stored {
        revision,
        json: Bytes::from(vec![b'x'; size]),
    };
    Arc::new(Event::new(revision, EventKind::Added, key("a"), object, None))
}

fn filled(retention: &Retention, pressed: bool, times: impl Iterator<Item = u64>) -> Ring {
    let mut ring = Ring::new(0);
    for (at, now) in times.enumerate() {
        ring.push(event(at as u64 + 1, 1000), now, retention, pressed);
    }
    ring
}

#[test]
fn a_ring_keeps_by_count_or_age_within_count_and_bytes() {
    let retention = Retention {
        events: 16,
        age: Duration::from_millis(100),
        max_events: 50,
        max_bytes: 1 << 20,
        max_total_bytes: 1 << 20,
    };
    assert_eq!(
        filled(&retention, false, (0..200).map(|at| at * 100)).len(),
        16,
        "old ones stay by count"
    );
    assert_eq!(
        filled(&retention, false, (0..200).map(|at| at * 5)).len(),
        20,
        "young ones stay by age"
    );
    let busy = filled(&retention, false, (0..200).map(|_| 0));
    assert_eq!((busy.len(), busy.floor()), (50, 150), "at most max_events");
    assert_eq!(filled(&retention, true, (0..200).map(|_| 0)).len(), 1);
    let tight = Retention {
        max_bytes: 5000,
        ..retention.clone()
    };
    let ring = filled(&tight, false, (0..200).map(|_| 0));
    assert!(ring.bytes() <= 5000 && ring.len() == 3);
    let tiny = Retention {
        max_bytes: 10,
        ..retention
    };
    assert_eq!(
        filled(&tiny, false, 0..9).len(),
        1,
        "the newest stays in any case"
    );
}

#[test]
fn places_in_a_ring_keep_their_meaning() {
    let retention = Retention {
        events: 2,
        age: Duration::ZERO,
        ..Retention::default()
    };
    let mut ring = Ring::new(10);
    assert_eq!(ring.after(9), None);
    let place = ring.after(10).unwrap();
    assert!(matches!(ring.at(place), Slot::End));
    for revision in [12, 15, 20] {
        ring.push(event(revision, 1), 0, &retention, false);
    }
    assert!(matches!(ring.at(place), Slot::Gone));
    assert!(matches!(ring.at(place + 1), Slot::Event(event) if event.revision == 15));
    assert_eq!(
        (ring.after(11), ring.after(12), ring.after(16)),
        (None, Some(place + 1), Some(place + 2))
    );
    ring.raise_floor(15);
    assert_eq!((ring.floor(), ring.len()), (15, 1));
}

#[test]
fn the_log_forgets_a_little_more_than_comes_in() {
    let retention = Retention {
        events: 2,
        age: Duration::from_millis(100),
        max_events: 1000,
        max_bytes: 1 << 20,
        max_total_bytes: 0,
    };
    let mut log = LogIndex::new(retention);
    for revision in 1..=100 {
        log.push(revision, 1, 0);
    }
    assert_eq!(log.trim(1, 99), None, "all are young");
    assert_eq!(log.trim(1, 100), Some(17));
    assert_eq!(log.trim(100, 100), Some(98));
    assert_eq!(log.trim(1, 100), None);
}

/// A database whose disk is full.
struct Full;

impl Backend for Full {
    fn load(&self) -> Result<backend::Loaded, BackendError> {
        Err(BackendError::new("not asked for"))
    }

    fn commit(&self, _: &backend::Batch<'_>) -> Result<(), BackendError> {
        Err(BackendError::new("no space left"))
    }

    fn compact(&mut self) -> Result<(), BackendError> {
        Ok(())
    }

    fn backup(&self, _: &Path) -> Result<(), BackendError> {
        Ok(())
    }

    fn close(&self) -> Result<(), BackendError> {
        Ok(())
    }
}

#[test]
fn a_failed_commit_is_not_seen_and_ends_all_writing() {
    let fixture = Fixture::new();
    let state = backend::State {
        revision: SEED,
        compacted: SEED,
        uid: 1,
    };
    let memory = Arc::new(Memory::new(&state, fixture.retention.clone()));
    let (queue, commands) = mpsc::channel(4);
    let ask = |name: &str| {
        let (answer, answered) = oneshot::channel();
        let request = writer::Request::prepare(put(&key(name), Expect::Absent, "x"), answer).unwrap();
        queue
            .blocking_send(Command::Write(Box::new(request)))
            .map_err(|_| "closed")
            .unwrap();
        answered
    };
    let writer = writer::Writer {
        memory: Arc::clone(&memory),
        database: Arc::new(Full),
        clock: fixture.options().clock,
        log: LogIndex::new(fixture.retention.clone()),
        failed: None,
        lock: folder::claim(&fixture.path()).unwrap(),
    };
    let thread = std::thread::spawn(move || writer.run(commands));
    for name in ["a", "a", "b"] {
        let answer = ask(name).blocking_recv().unwrap();
        assert_eq!(answer, Err(WriteError::Io("no space left".into())));
    }
    assert_eq!((memory.revision(), memory.count(&changes())), (SEED, 0));
    drop(queue);
    thread.join().unwrap();
}
