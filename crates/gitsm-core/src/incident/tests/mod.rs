//! Tests of incidents.

mod laws;
mod machine;
mod priority;
mod suspects;

use super::*;
use crate::time::Instant;
use serde_json::{Value, json};

pub(super) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Facts of an incident that was detected at 14:00; `changed` replaces fields.
pub(super) fn facts(changed: &Value) -> Facts {
    let facts = json!({
        "incident": "shop/inc-0412",
        "phase": "New",
        "timestamps": {"detected": "2027-02-04T14:00:00Z"},
        "people": {
            "onCall": ["ana", "ben"], "assignee": "cleo", "commander": "dora", "requester": "rita",
        },
    });
    serde_json::from_value(with(&facts, changed)).unwrap()
}

/// Decides, and gives the facts as the next decision finds them.
pub(super) fn step(facts: &Facts, now: &str) -> (Facts, Decision) {
    let decision = decide(facts, at(now));
    (facts.after(&decision), decision)
}

/// The value as it comes back from a file.
pub(super) fn reread<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// An object with further fields, or others in their place.
pub(super) fn with(base: &Value, more: &Value) -> Value {
    let (Value::Object(base), Value::Object(more)) = (base, more) else {
        panic!("both are objects");
    };
    base.iter()
        .chain(more)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
