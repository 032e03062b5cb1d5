//! Watchers that resume where they were.

use super::CONFIGMAPS;
use super::connection::Connection;
use super::writer::{self, State, Writer};
use crate::harness::FOOS;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(30);

/// What one watcher was told.
#[derive(Debug, Clone)]
struct Told {
    revision: u64,
    ty: String,
    name: String,
    /// What was written; none of objects that are not of a writer.
    number: Option<u64>,
}

/// What a watcher of one collection knows.
#[derive(Debug, Default)]
struct Log {
    /// Where it resumes.
    position: u64,
    told: Vec<Told>,
    /// Revisions up to which nothing is known, because the server had forgotten them.
    gaps: Vec<(u64, u64)>,
}

/// Follows both collections, across the deaths of the server.
pub(super) struct Watcher {
    logs: [Arc<Mutex<Log>>; 2],
    running: Vec<JoinHandle<()>>,
    seen: [watch::Sender<u64>; 2],
    /// The highest revision that it was told.
    pub(super) position: u64,
}

impl Watcher {
    pub(super) fn new(from: u64) -> Self {
        let log = || {
            Arc::new(Mutex::new(Log {
                position: from,
                ..Log::default()
            }))
        };
        Self {
            logs: [log(), log()],
            running: Vec::new(),
            seen: [watch::channel(0).0, watch::channel(0).0],
            position: from,
        }
    }

    /// Resumes at a server.
    pub(super) async fn follow(&mut self, address: SocketAddr) {
        for ((collection, log), seen) in [FOOS, CONFIGMAPS].into_iter().zip(&self.logs).zip(&self.seen) {
            let connection = Connection::open(address).await.unwrap();
            let (log, seen) = (Arc::clone(log), seen.clone());
            self.running.push(tokio::spawn(async move {
                follow(connection, collection, &log, &seen).await;
            }));
        }
    }

    /// Waits until the streams have ended with the server.
    pub(super) async fn until_broken(&mut self) {
        for running in self.running.drain(..) {
            tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
        }
        let positions = self.logs.iter().map(|log| log.lock().unwrap().position);
        self.position = positions.max().unwrap_or(0);
    }

    /// Waits until it was told of these revisions, one of each collection.
    pub(super) async fn until(&mut self, revisions: [u64; 2]) {
        for (revision, seen) in revisions.into_iter().zip(&self.seen) {
            let mut seen = seen.subscribe();
            let waited = tokio::time::timeout(PATIENCE, seen.wait_for(|seen| *seen >= revision)).await;
            assert!(waited.is_ok(), "the watch did not reach revision {revision}");
        }
        self.running.drain(..).for_each(|running| running.abort());
    }

    /// It was told of every acknowledged write exactly once, in order, and of nothing else that did not happen.
    pub(super) fn check(&self, writers: &[Writer]) {
        for (collection, log) in [FOOS, CONFIGMAPS].into_iter().zip(&self.logs) {
            let log = log.lock().unwrap();
            let ordered = log
                .told
                .windows(2)
                .all(|pair| pair[0].revision < pair[1].revision);
            assert!(ordered, "{collection}: events out of order or twice");
            let by_revision: BTreeMap<u64, &Told> =
                log.told.iter().map(|told| (told.revision, told)).collect();
            let forgotten = |revision: u64| {
                log.gaps
                    .iter()
                    .any(|(from, to)| *from < revision && revision <= *to)
            };
            let is_here = |name: &str| name.ends_with("-c") == (collection == CONFIGMAPS);
            let mut known = BTreeSet::new();
            for writer in writers {
                for (revision, name, number) in
                    writer.acknowledged.iter().filter(|(_, name, _)| is_here(name))
                {
                    known.insert(*number);
                    let told = by_revision.get(revision);
                    let matches = told.is_some_and(|told| told.name == *name && told.number == Some(*number));
                    assert!(
                        matches || forgotten(*revision),
                        "{collection}: no event of {name} at {revision}: {told:?}"
                    );
                }
            }
            let mut now: BTreeMap<&str, State> = BTreeMap::new();
            for told in &log.told {
                let Some(number) = told.number else { continue };
                let before = now.get(told.name.as_str()).copied().unwrap_or(State::Absent);
                let state = State::Written {
                    number,
                    revision: told.revision,
                };
                // A write that was superseded before anyone could look may be known from its event alone.
                match (told.ty.as_str(), before) {
                    ("ADDED", State::Absent) | ("MODIFIED", State::Written { .. }) => {
                        now.insert(&told.name, state)
                    }
                    ("DELETED", State::Written { .. }) => now.insert(&told.name, State::Absent),
                    _ if !log.gaps.is_empty() => now.insert(&told.name, state),
                    _ => panic!("{collection}: {told:?} after {before:?}"),
                };
                assert!(
                    known.contains(&number) || told.ty == "DELETED",
                    "{collection}: nobody wrote {told:?}"
                );
            }
            for (name, state) in now.into_iter().filter(|_| log.gaps.is_empty()) {
                let expected = writers.iter().find_map(|writer| writer.state(name));
                assert_eq!(
                    Some(state),
                    expected,
                    "{collection}: what the events lead to for {name}"
                );
            }
            println!("{collection}: {} events, {} gaps", log.told.len(), log.gaps.len());
        }
    }
}

/// Reads events until the stream breaks.
async fn follow(
    mut connection: Connection,
    collection: &'static str,
    log: &Mutex<Log>,
    seen: &watch::Sender<u64>,
) {
    loop {
        let from = log.lock().unwrap().position;
        let path = format!("{collection}?watch=1&resourceVersion={from}&allowWatchBookmarks=true");
        let Ok(response) = connection.begin("GET", &path, "", &Value::Null).await else {
            return;
        };
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let mut rest = Vec::new();
        let mut expired = false;
        while let Some(Ok(frame)) = body.frame().await {
            rest.extend_from_slice(&frame.into_data().unwrap());
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let event: Value = serde_json::from_slice(&line).unwrap();
                expired = !take(&event, log, seen);
            }
        }
        if !expired {
            return;
        }
        // As any client does: a new list, and on from there.
        let Ok((200, list)) = connection.ask("GET", collection, "", &Value::Null).await else {
            return;
        };
        let mut log = log.lock().unwrap();
        let gap = (log.position, writer::revision(&list));
        log.gaps.push(gap);
        log.position = gap.1;
    }
}

/// Takes note of an event; `false` where the server has forgotten what comes next.
fn take(event: &Value, log: &Mutex<Log>, seen: &watch::Sender<u64>) -> bool {
    let (ty, object) = (event["type"].as_str().unwrap(), &event["object"]);
    if ty == "ERROR" {
        assert_eq!(object["code"], 410, "{event}");
        return false;
    }
    let revision = writer::revision(object);
    let mut log = log.lock().unwrap();
    assert!(revision >= log.position, "the watch went back: {event}");
    log.position = revision;
    seen.send_if_modified(|seen| {
        let higher = *seen < revision;
        *seen = (*seen).max(revision);
        higher
    });
    if ty != "BOOKMARK" {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let number = name.starts_with('w').then(|| writer::number(object));
        let ty = ty.to_owned();
        log.told.push(Told {
            revision,
            ty,
            name,
            number,
        });
    }
    true
}
