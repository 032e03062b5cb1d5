//! Tests of verdicts; the vectors of `tests/data/windows` are in the workspace's suite.

mod laws;
mod verdicts;

use super::*;
use crate::time::Instant;
use serde_json::{Value, json};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn window(name: &str, kind: &str, more: &Value) -> Window {
    let mut window = json!({"id": name, "kind": kind, "selector": {}, "overridable": true, "schedule": {"interval":
        {"start": "2027-01-02T00:00:00Z", "end": "2027-01-02T06:00:00Z"}}});
    for (key, value) in more.as_object().unwrap() {
        window[key] = value.clone();
    }
    serde_json::from_value(window).unwrap()
}

fn during(start: &str, end: &str) -> Value {
    json!({"interval": {"start": format!("2027-01-{start}:00:00Z"), "end": format!("2027-01-{end}:00:00Z")}})
}

fn subject(service: &str, default: Option<&str>) -> Subject {
    let policy = default.map(|default| json!({"defaultWhenNoWindow": default, "windowNamespaces": ["org"]}));
    serde_json::from_value(json!({"service": {"id": service, "tier": 1}, "policy": policy})).unwrap()
}

fn set(windows: Vec<Window>) -> WindowSet {
    WindowSet {
        windows,
        ..WindowSet::default()
    }
}
