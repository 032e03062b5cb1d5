//! A process that writes as fast as it can is killed, again and again.

use super::{put, resource};
use gitsm_apiserver::store::{Change, Durability, EventKind, Expect, Key, Store, StoreOptions, Stored};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "GITSM_TEST_CRASH_FOLDER";
const WRITERS: usize = 8;
const OBJECTS: u64 = 20;

fn open(folder: &Path) -> Store {
    Store::open(folder, StoreOptions::new(Arc::new(|| 1000))).unwrap()
}

/// Each writer has its own objects, of which it creates, replaces and deletes one after the other. What is
/// acknowledged is printed: key, revision, and what it wrote last (`-` for deleted).
fn write_until_killed(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = open(folder);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write_for_ever(store.clone(), writer)))
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write_for_ever(store: Store, writer: usize) {
    let start = store.revision();
    for round in 0_u64.. {
        let name = format!("w{writer}-{}", round % OBJECTS);
        let key = Key::new(&resource("changes"), Some("shop"), &name);
        let current = store.get(&key);
        let expect = current
            .as_ref()
            .map_or(Expect::Absent, |stored| Expect::Revision(stored.revision));
        let text = format!("{start}-{round}-").repeat(usize::try_from(round % 97).unwrap() * 3 + 1);
        let durability = if writer == 0 {
            Durability::Latest
        } else {
            Durability::Full
        };
        let mut write = put(&key, expect, durability, &text);
        let delete = current.is_some() && round % 7 == 3;
        if delete {
            write.change = Change::Delete(json!({}));
        }
        let stored = store.write(write).await.unwrap();
        let what = if delete { "-" } else { &text };
        let line = format!("\nacknowledged {name} {} {what}\n", stored.revision);
        std::io::stdout().write_all(line.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
    }
}

/// What was acknowledged last of each object: revision and text.
type Acknowledged = HashMap<String, (u64, Option<String>)>;

fn kill_a_writer(folder: &Path, after: usize, acknowledged: &mut Acknowledged) -> u64 {
    let test = "store::crash::acknowledged_writes_outlive_kill_9_and_nothing_is_torn";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).split(b'\n');
    let mut highest = 0;
    let mut count = 0;
    let mut killed = false;
    let started = Instant::now();
    // After the kill the rest of the pipe is read: those writes were acknowledged too.
    while let Some(Ok(line)) = lines.next() {
        let line = String::from_utf8(line).unwrap();
        let mut words = line.split(' ');
        if words.next() == Some("acknowledged")
            && let (Some(name), Some(revision), Some(text)) = (words.next(), words.next(), words.next())
        {
            let revision: u64 = revision.parse().unwrap();
            highest = highest.max(revision);
            count += 1;
            let text = (text != "-").then(|| text.to_owned());
            acknowledged.insert(name.to_owned(), (revision, text));
        }
        if !killed && (count >= after || started.elapsed() > Duration::from_mins(1)) {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed && count > 0, "the writer ended by itself");
    highest
}

fn text(stored: &Stored) -> String {
    let object: Value = serde_json::from_slice(&stored.json).unwrap();
    assert_eq!(object["metadata"]["resourceVersion"], stored.revision.to_string());
    object["text"].as_str().unwrap().to_owned()
}

/// An acknowledged write is there, or a later one to the same object that was not acknowledged any more. The last
/// line may be cut, so texts are compared by what is known of them.
fn check_acknowledged(store: &Store, acknowledged: &Acknowledged, highest_known: u64) {
    for (name, (revision, expected)) in acknowledged {
        let key = Key::new(&resource("changes"), Some("shop"), name);
        match (store.get(&key), expected) {
            (Some(found), Some(expected)) if found.revision == *revision => {
                assert!(text(&found).starts_with(expected.as_str()), "{name} is torn");
            }
            (Some(found), _) => assert!(
                found.revision > *revision && found.revision > highest_known.min(*revision),
                "{name}: {} instead of {revision}",
                found.revision
            ),
            (None, _) => {}
        }
    }
}

/// What the log says from its start on leads to the objects.
fn check_log(store: &Store, acknowledged: &Acknowledged) {
    let all = resource("changes");
    let oldest = match store.watch(&all, 0) {
        Err(gitsm_apiserver::store::WatchError::Expired { oldest }) => oldest,
        other => panic!("{other:?}"),
    };
    let mut cursor = store.watch(&all, oldest).unwrap();
    let mut last: HashMap<Key, Option<Stored>> = HashMap::new();
    let mut revision = oldest;
    while let Some(event) = cursor.try_next().unwrap() {
        assert!(event.revision > revision, "revisions go forward");
        revision = event.revision;
        if let Some(before) = last.get(&event.key) {
            assert_eq!(*before, event.previous, "the log of {:?} has a gap", event.key);
        }
        let now = (event.kind != EventKind::Deleted).then(|| event.object.clone());
        last.insert(event.key.clone(), now);
    }
    for (key, expected) in &last {
        assert_eq!(store.get(key), *expected);
    }
    for (name, (revision, expected)) in acknowledged {
        let key = Key::new(&all, Some("shop"), name);
        // An object that is gone was deleted by its last acknowledged write, or by a logged one after it.
        if store.get(&key).is_none() && expected.is_some() && *revision > oldest {
            assert_eq!(last.get(&key), Some(&None), "{name} is lost");
        }
    }
    for stored in store.list(&all, None).items {
        text(&stored);
    }
}

#[test]
fn acknowledged_writes_outlive_kill_9_and_nothing_is_torn() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let rounds = if std::env::var_os("GITSM_SOAK").is_some() {
        100
    } else {
        10
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut acknowledged = Acknowledged::new();
    let mut highest = 0;
    for round in 0..rounds {
        // Between one write and several hundred, so that starts, batches and log trimming are all hit.
        let after = 1 + (round * 7919) % 701;
        highest = kill_a_writer(&folder, after, &mut acknowledged).max(highest);
        let store = open(&folder);
        assert!(store.revision() >= highest, "revisions do not go back");
        check_acknowledged(&store, &acknowledged, highest);
        check_log(&store, &acknowledged);
        let key = Key::new(&resource("checks"), None, "x");
        let next = runtime
            .block_on(store.write(put(&key, Expect::Any, Durability::Full, "x")))
            .unwrap();
        assert!(next.revision > highest);
        highest = next.revision;
        runtime.block_on(store.close()).unwrap();
    }
}
