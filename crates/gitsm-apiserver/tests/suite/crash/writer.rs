//! A writer: objects of its own, and what was acknowledged of each.

use super::connection::{Connection, Gone};
use super::{CONFIGMAPS, Random};
use crate::child::Child;
use crate::harness::{APPLY, FOOS, JSON, MERGE, PATCH};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const OBJECTS: u64 = 6;

/// What an object is after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    /// The number that was written, and the revision it got.
    Written {
        number: u64,
        revision: u64,
    },
}

pub(super) struct Writer {
    random: Random,
    /// What was acknowledged last of each object.
    known: BTreeMap<String, State>,
    /// The write that was under way when the server died: its object, and its number or, of a deletion, none.
    under_way: Option<(String, Option<u64>)>,
    /// Revisions with the numbers that were acknowledged, those found after a kill included.
    pub(super) acknowledged: Vec<(u64, String, u64)>,
    /// The highest revision that was acknowledged.
    pub(super) highest: u64,
    next: u64,
}

/// The revision of an object or list.
pub(super) fn revision(object: &Value) -> u64 {
    let text = object["metadata"]["resourceVersion"].as_str();
    text.and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("no revision: {object}"))
}

/// A text of up to a few kilobytes, so that objects fill more than one page.
fn text(number: u64) -> String {
    format!("{number}-").repeat(usize::try_from(number % 397).unwrap() * 3 + 1)
}

/// The number in an object, all of which must fit to it.
pub(super) fn number(object: &Value) -> u64 {
    let fields = if object["data"].is_object() {
        &object["data"]
    } else {
        &object["spec"]["any"]
    };
    let number = fields["number"].as_str().and_then(|text| text.parse().ok());
    let number = number.unwrap_or_else(|| panic!("torn: {object}"));
    assert_eq!(fields["text"], text(number), "torn: {object}");
    assert_eq!(
        object["metadata"]["annotations"]["number"],
        number.to_string(),
        "torn: {object}"
    );
    assert!(
        object["metadata"]["uid"].is_string() && object["metadata"]["managedFields"].is_array(),
        "torn: {object}"
    );
    number
}

fn place(name: &str) -> (&'static str, bool) {
    if name.ends_with("-c") {
        (CONFIGMAPS, false)
    } else {
        (FOOS, true)
    }
}

impl Writer {
    pub(super) fn new(number: usize, seed: u64) -> Self {
        let names = (0..OBJECTS)
            .map(|object| format!("w{number}-{object}-{}", if object % 3 == 0 { "c" } else { "f" }));
        Self {
            random: Random(seed),
            known: names.map(|name| (name, State::Absent)).collect(),
            under_way: None,
            acknowledged: Vec::new(),
            highest: 0,
            next: u64::try_from(number).unwrap() * 10_000_000 + 1,
        }
    }

    /// How many of its objects are there.
    pub(super) fn count(&self) -> usize {
        self.known
            .values()
            .filter(|state| **state != State::Absent)
            .count()
    }

    /// Whether an object is there.
    pub(super) fn state(&self, name: &str) -> Option<State> {
        self.known.get(name).copied()
    }

    async fn write_for_ever(&mut self, connection: &mut Connection, count: &AtomicU64) -> Result<(), Gone> {
        loop {
            let at = usize::try_from(self.random.below(OBJECTS)).unwrap();
            let name = self.known.keys().nth(at).unwrap().clone();
            self.write(connection, &name).await?;
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn write(&mut self, connection: &mut Connection, name: &str) -> Result<(), Gone> {
        let (collection, is_custom) = place(name);
        let path = format!("{collection}/{name}");
        let number = self.next;
        self.next += 1;
        let fields = json!({"number": number.to_string(), "text": text(number)});
        let (payload, version, kind) = if is_custom {
            (json!({"spec": {"any": fields}}), "x.dev/v1", "Foo")
        } else {
            (json!({"data": fields}), "v1", "ConfigMap")
        };
        let mut object = payload;
        object["metadata"] = json!({"annotations": {"number": number.to_string()}});
        let merge = object.clone();
        object["apiVersion"] = version.into();
        object["kind"] = kind.into();
        object["metadata"]["name"] = name.into();
        let state = self.known[name];
        let manager = "?fieldManager=m&force=true";
        let (method, target, content_type, body) = match (state, self.random.below(8)) {
            (State::Absent, 0..4) => ("POST", collection.to_owned(), JSON, object),
            (State::Absent, _) | (_, 0..2) => ("PATCH", path + manager, APPLY, object),
            (State::Written { revision, .. }, 2..4) => {
                object["metadata"]["resourceVersion"] = revision.to_string().into();
                ("PUT", path, JSON, object)
            }
            (_, 4) => {
                let at = if is_custom { "/spec/any" } else { "/data" };
                let fields = if is_custom {
                    &merge["spec"]["any"]
                } else {
                    &merge["data"]
                };
                let patch = json!([
                    {"op": "replace", "path": at, "value": fields},
                    {"op": "replace", "path": "/metadata/annotations/number", "value": number.to_string()},
                ]);
                ("PATCH", path, PATCH, patch)
            }
            (_, 5 | 6) => ("PATCH", path, MERGE, merge),
            _ => ("DELETE", path, JSON, json!({})),
        };
        let deletes = method == "DELETE";
        self.under_way = Some((name.to_owned(), (!deletes).then_some(number)));
        let (code, answer) = connection.ask(method, &target, content_type, &body).await?;
        assert!(matches!(code, 200 | 201), "{method} {target}: {answer}");
        self.under_way = None;
        let state = if deletes {
            State::Absent
        } else {
            assert_eq!(self::number(&answer), number);
            self.acknowledge(name, number, revision(&answer))
        };
        self.known.insert(name.to_owned(), state);
        Ok(())
    }

    fn acknowledge(&mut self, name: &str, number: u64, revision: u64) -> State {
        self.highest = self.highest.max(revision);
        self.acknowledged.push((revision, name.to_owned(), number));
        State::Written { number, revision }
    }

    /// Every object is as it was acknowledged, or as the write made it that was under way.
    pub(super) async fn check(&mut self, connection: &mut Connection, round: u32) {
        let under_way = self.under_way.take();
        for (name, known) in self.known.clone() {
            let path = format!("{}/{name}", place(&name).0);
            let (code, object) = connection.ask("GET", &path, "", &Value::Null).await.unwrap();
            let pending = under_way
                .as_ref()
                .filter(|(of, _)| *of == name)
                .map(|(_, number)| *number);
            let found = match code {
                404 => State::Absent,
                _ => State::Written {
                    number: number(&object),
                    revision: revision(&object),
                },
            };
            if found == known {
                continue;
            }
            let state = match (found, pending) {
                (State::Absent, Some(None)) => State::Absent,
                (State::Written { number, revision }, Some(Some(pending))) if number == pending => {
                    assert!(revision > revision_of(known), "{name}: the revision went back");
                    self.acknowledge(&name, number, revision)
                }
                _ => panic!(
                    "round {round}: {name} is {found:?}, {known:?} was acknowledged, {pending:?} was under way"
                ),
            };
            self.known.insert(name, state);
        }
    }
}

fn revision_of(state: State) -> u64 {
    match state {
        State::Absent => 0,
        State::Written { revision, .. } => revision,
    }
}

/// Lets all writers write until `after` writes were acknowledged, and then kills the server under them.
pub(super) async fn write_until_killed(writers: Vec<Writer>, child: &mut Child, after: u64) -> Vec<Writer> {
    let count = Arc::new(AtomicU64::new(0));
    let address = child.address;
    let running: Vec<_> = writers
        .into_iter()
        .map(|mut writer| {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                if let Ok(mut connection) = Connection::open(address).await {
                    let Err(Gone) = writer.write_for_ever(&mut connection, &count).await else {
                        unreachable!("it writes for ever");
                    };
                }
                writer
            })
        })
        .collect();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    while count.load(Ordering::Relaxed) < after {
        assert!(tokio::time::Instant::now() < deadline, "the server stands still");
        assert!(
            !running.iter().any(tokio::task::JoinHandle::is_finished),
            "a writer ended before the server was killed"
        );
        tokio::time::sleep(std::time::Duration::from_micros(500)).await;
    }
    child.kill();
    let mut writers = Vec::new();
    for writer in running {
        writers.push(writer.await.unwrap());
    }
    writers
}
