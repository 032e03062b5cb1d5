//! Vectors and laws of conflicts.

mod laws;
mod vectors;

use super::ConflictFacts;
use crate::catalog::{Graph, GraphSource};
use serde_json::{Value, json};

/// Two nodes of a database, one of which is needed and one on a host; a store of which one of three disks is needed;
/// a service beside them.
fn graph() -> Graph {
    let member = |service: &str, item: &str, group: &str| json!({"from": node(service), "to": node(item), "group": group});
    let source: GraphSource = serde_json::from_value(json!({
        "nodes": {
            "ITService/n/db": {"redundancyGroups": {"nodes": {"count": 1}}},
            "ITService/n/store": {"redundancyGroups": {"disks": {"count": 1}}},
            "ITService/n/web": {},
            "ConfigurationItem/n/disk1": {},
            "ConfigurationItem/n/disk2": {},
            "ConfigurationItem/n/disk3": {},
            "ConfigurationItem/n/cluster": {"memberOf": ["n/db"]},
            "ConfigurationItem/n/host1": {},
            "ConfigurationItem/n/db1": {"memberOf": ["n/db"], "parent": "n/host1"},
            "ConfigurationItem/n/db2": {"memberOf": ["n/db"]},
        },
        "dependencies": [
            member("db", "ci/db1", "nodes"), member("db", "ci/db2", "nodes"),
            member("store", "ci/disk1", "disks"), member("store", "ci/disk2", "disks"), member("store", "ci/disk3", "disks"),
        ],
    }))
    .unwrap();
    Graph::new(source)
}

/// Changes by name: what they touch, when they start (hour of 10 January 2027, UTC), and what else they say. They
/// last an hour with half an hour of backout.
fn facts(changes: &[(&str, &[&str], Option<i64>, Value)]) -> ConflictFacts {
    let changes: serde_json::Map<_, _> = changes
        .iter()
        .map(|(name, items, hour, more)| {
            let items: Vec<_> = items.iter().map(|item| node(item)).collect();
            let mut change = json!({"phase": "Assessing", "environment": "prod", "items": items});
            if let Some(hour) = hour {
                change["plan"] = json!({"start": format!("2027-01-10T{hour:02}:00:00Z"), "duration": "1h", "backoutDuration": "30m"});
            }
            change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            (format!("n/{name}"), change)
        })
        .collect();
    serde_json::from_value(json!({"now": "2027-01-01T00:00:00Z", "changes": changes})).unwrap()
}

fn node(name: &str) -> String {
    match name.strip_prefix("ci/") {
        Some(item) => format!("ConfigurationItem/n/{item}"),
        None => format!("ITService/n/{name}"),
    }
}
