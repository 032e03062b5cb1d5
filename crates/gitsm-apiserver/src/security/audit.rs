//! Requests as lines of the audit log: `audit.k8s.io/v1` events at level `Metadata`.

use super::Security;
use crate::auth::reviews::user_info;
use crate::http::audit::{AuditLog, Entry};
use crate::http::path::Target;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

impl AuditLog for Security {
    fn note(&self, entry: &Entry<'_>) {
        self.audit.record(&event(entry));
    }
}

fn event(entry: &Entry<'_>) -> Value {
    let ended = entry.at.checked_add(entry.took).unwrap_or(entry.at);
    let mut event = json!({
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": entry.id,
        "stage": "ResponseComplete",
        "requestURI": entry.uri,
        "verb": verb(entry),
        "user": entry.user.map_or_else(|| json!({}), user_info),
        "responseStatus": {"metadata": {}, "code": entry.code},
        "requestReceivedTimestamp": microseconds(entry.at),
        "stageTimestamp": microseconds(ended),
    });
    if let Some(Target::Resource(request)) = entry.target {
        let mut object = Map::new();
        for (field, text) in [
            ("resource", Some(request.resource.as_str())),
            ("namespace", request.namespace.as_deref()),
            ("name", request.name.as_deref()),
            ("apiGroup", Some(request.group.as_str())),
            ("apiVersion", Some(request.version.as_str())),
            ("subresource", request.subresource.as_deref()),
        ] {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                object.insert(field.to_owned(), text.into());
            }
        }
        event["objectRef"] = Value::Object(object);
    }
    event
}

fn verb(entry: &Entry<'_>) -> String {
    match entry.target {
        Some(Target::Resource(request)) => request.verb.as_str().to_owned(),
        _ => entry.method.as_str().to_ascii_lowercase(),
    }
}

fn microseconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
