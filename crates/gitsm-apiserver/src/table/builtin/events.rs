//! Events, in both of their forms.

use super::super::NAME_DESCRIPTION;
use super::{Printer, no_condition, number, plain, since, text};
use jiff::Timestamp;
use serde_json::Value;

pub(super) static EVENT: Printer = Printer {
    columns: &[
        (
            "Last Seen",
            "string",
            0,
            "The time at which the most recent occurrence of this event was recorded.",
        ),
        (
            "Type",
            "string",
            0,
            "Type of this event (Normal, Warning), new types could be added in the future",
        ),
        ("Reason", "string", 0, "What happened, in one word for machines."),
        ("Object", "string", 0, "The object that this event is about."),
        (
            "Subobject",
            "string",
            1,
            "The part of the object that this event is about.",
        ),
        ("Source", "string", 1, "The component reporting this event."),
        (
            "Message",
            "string",
            0,
            "A human-readable description of the status of this operation.",
        ),
        (
            "First Seen",
            "string",
            1,
            "The time at which the event was first recorded.",
        ),
        (
            "Count",
            "string",
            1,
            "The number of times this event has occurred.",
        ),
        ("Name", "string", 1, NAME_DESCRIPTION),
    ],
    cells,
    condition: no_condition,
};

/// The first of two fields that is there: the name of the core group, then that of `events.k8s.io`.
fn either<'v>(object: &'v Value, core: &str, new: &str) -> &'v Value {
    match object.get(core) {
        None | Some(Value::Null) => &object[new],
        Some(value) => value,
    }
}

fn cells(event: &Value, now: Timestamp) -> Vec<Value> {
    let there = |time: &Value| !plain(time).is_empty();
    let first = either(event, "firstTimestamp", "deprecatedFirstTimestamp");
    let first = if there(first) { first } else { &event["eventTime"] };
    let last = either(event, "lastTimestamp", "deprecatedLastTimestamp");
    let last = if there(last) { last } else { first };
    let count = number(either(event, "count", "deprecatedCount"));
    let series = &event["series"];
    // A series does not count the single event that it began with.
    let (last, count) = if series.is_object() {
        (
            &series["lastObservedTime"],
            number(&series["count"]).saturating_add(1),
        )
    } else {
        (last, count.max(1))
    };
    let about = either(event, "involvedObject", "regarding");
    let kind = plain(&about["kind"]).to_lowercase();
    let object = match plain(&about["name"]) {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let source = either(event, "source", "deprecatedSource");
    let filled = |old: &Value, new: &Value| {
        if plain(old).is_empty() {
            plain(new).to_owned()
        } else {
            plain(old).to_owned()
        }
    };
    let component = filled(
        &source["component"],
        either(event, "reportingComponent", "reportingController"),
    );
    let host = filled(&source["host"], &event["reportingInstance"]);
    let source = if host.is_empty() {
        component
    } else {
        format!("{component}, {host}")
    };
    vec![
        since(last, now).into(),
        text(&event["type"]),
        text(&event["reason"]),
        object.into(),
        text(&about["fieldPath"]),
        source.into(),
        plain(either(event, "message", "note")).trim().into(),
        since(first, now).into(),
        count.into(),
        text(&event["metadata"]["name"]),
    ]
}
