//! The log of a record as people write and save it.

use super::event::Event;
use crate::Text;
use crate::ident::{NamespaceName, ResourceName};
use crate::time::Instant;
use crate::vocabulary::{Priority, TimedKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Which record a log is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimedRecord {
    /// Its kind.
    pub kind: TimedKind,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its name.
    pub name: ResourceName,
}

impl fmt::Display for TimedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// One entry of a log. The record after it is written whole, as `record`, or as what it changes in the entry before,
/// as `patch` (a JSON merge patch, RFC 7396: `null` removes a field).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogEntry {
    /// When it was recorded.
    pub at: Instant,
    /// When it happened, where that was earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Instant>,
    /// Its place among entries of the same instant. Default: its place in the log, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Who caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Text<100>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
    /// The priority after it. Default: `status.priority` of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The record after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Value>,
    /// What it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
}

/// The log of a record: the facts that its clocks are computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordLog {
    /// The record.
    pub record: TimedRecord,
    /// What happened to it.
    pub events: Vec<LogEntry>,
    /// Objects of the estate as they were: policies, calendars, services. With them the log says everything that its
    /// clocks depend on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Value>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// An entry says nothing of the record, or says it twice.
    #[error(
        "events[{index}]: write the record after the event, either whole as `record` or its changes as `patch`"
    )]
    Record {
        /// The index of the entry.
        index: usize,
    },
    /// The first entry only says what it changed.
    #[error("events[0]: the first event needs the whole `record`; there is nothing before it to patch")]
    NothingToPatch,
}

impl RecordLog {
    /// The events, in the order in which they are written.
    ///
    /// # Errors
    ///
    /// [`LogError`], for the first entry that has no snapshot.
    pub fn to_events(&self) -> Result<Vec<Event>, LogError> {
        let mut events: Vec<Event> = Vec::with_capacity(self.events.len());
        for (index, entry) in self.events.iter().enumerate() {
            let snapshot = match (&entry.record, &entry.patch) {
                (Some(record), None) => record.clone(),
                (None, Some(patch)) => {
                    let before = events.last().ok_or(LogError::NothingToPatch)?;
                    let mut snapshot = before.snapshot.clone();
                    merge(&mut snapshot, patch);
                    snapshot
                }
                _ => return Err(LogError::Record { index }),
            };
            let priority = snapshot.pointer("/status/priority").and_then(Value::as_str);
            events.push(Event {
                sequence: entry
                    .sequence
                    .unwrap_or_else(|| u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1)),
                recorded_at: entry.at,
                effective_at: entry.effective_at,
                priority: entry.priority.or_else(|| priority?.parse().ok()),
                snapshot,
                actor: entry.by.clone(),
                reason: entry.reason.clone(),
            });
        }
        Ok(events)
    }
}

/// Applies a JSON merge patch (RFC 7396, section 2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, value) in patch {
            if value.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_patch_is_applied_as_its_rfc_says() {
        // RFC 7396, appendix A.
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, expected, "{target} {patch}");
        }
    }

    #[test]
    fn entries_become_events_with_whole_snapshots() {
        let log = |events: Value| -> RecordLog {
            serde_json::from_value(json!({
                "record": {"kind": "Incident", "namespace": "shop", "name": "inc-1"},
                "events": events,
            }))
            .unwrap()
        };
        let first =
            json!({"at": "2027-02-01T10:00:00Z", "record": {"status": {"phase": "New", "priority": "P2"}}});
        let second =
            json!({"at": "2027-02-01T10:05:00Z", "by": "ana", "patch": {"status": {"phase": "Triage"}}});
        let third = json!({"at": "2027-02-01T10:06:00Z", "priority": "P1", "patch": {}});
        let events = log(json!([first, second, third])).to_events().unwrap();
        assert_eq!(
            events[1].snapshot,
            json!({"status": {"phase": "Triage", "priority": "P2"}})
        );
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.sequence, event.priority))
            .collect();
        assert_eq!(
            told,
            [
                (1, Some(Priority::P2)),
                (2, Some(Priority::P2)),
                (3, Some(Priority::P1))
            ]
        );
        assert_eq!(log(json!([second])).to_events(), Err(LogError::NothingToPatch));
        let neither = json!({"at": "2027-02-01T10:00:00Z"});
        assert_eq!(
            log(json!([first, neither])).to_events(),
            Err(LogError::Record { index: 1 })
        );
    }
}
