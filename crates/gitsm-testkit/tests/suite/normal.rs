//! What two servers can never have in common is replaced: identities, times, revisions, chance.

use regex::{Captures, Regex};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

static UID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap());
/// Times of the present; those of scripts are in other years.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    let now = jiff::Timestamp::now();
    let year = &now.to_string()[..4];
    Regex::new(&format!(r"{year}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")).unwrap()
});
/// Revisions inside of messages.
static REVISION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(resource ?version(?: in [a-z ]+)?:? ?|current: |too old resource version: )\d+( \(\d+\))?",
    )
    .unwrap()
});
static AGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d+m?s$").unwrap());

/// What one server's answers have in common with each other.
#[derive(Debug, Default)]
pub(crate) struct Normal {
    uids: HashMap<String, usize>,
    revisions: HashMap<String, Vec<String>>,
}

impl Normal {
    /// A value without what is of one server only.
    pub(crate) fn of(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(self.object(fields)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.of(item)).collect()),
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>) -> Map<String, Value> {
        let mut normal = Map::new();
        for (key, value) in fields {
            let value = match (key.as_str(), value) {
                ("metadata", Value::Object(metadata)) => Value::Object(self.metadata(metadata)),
                ("cells", Value::Array(cells)) => cells
                    .iter()
                    .map(|cell| match cell {
                        Value::String(text) if AGE.is_match(text) => Value::from("<age>"),
                        cell => self.of(cell),
                    })
                    .collect(),
                _ => self.of(value),
            };
            normal.insert(key.clone(), value);
        }
        normal
    }

    fn metadata(&mut self, fields: &Map<String, Value>) -> Map<String, Value> {
        let uid = fields.get("uid").and_then(Value::as_str);
        let mut normal = Map::new();
        for (key, value) in fields {
            let value = match (key.as_str(), value) {
                ("resourceVersion", Value::String(revision)) => Value::String(self.revision(uid, revision)),
                ("continue", Value::String(token)) if !token.is_empty() => Value::from("<continue>"),
                ("name", Value::String(name)) => Value::String(without_chance(fields, name)),
                ("managedFields", Value::Array(entries)) => {
                    let mut entries: Vec<Value> = entries.iter().map(|entry| self.of(entry)).collect();
                    // Servers sort them by time, and a second may begin between two requests.
                    entries.sort_by_cached_key(Value::to_string);
                    Value::Array(entries)
                }
                _ => self.of(value),
            };
            normal.insert(key.clone(), value);
        }
        normal
    }

    /// A revision of an object is the count of its revisions that were seen before.
    fn revision(&mut self, uid: Option<&str>, revision: &str) -> String {
        let Some(uid) = uid else {
            return if revision.is_empty() { "" } else { "<revision>" }.to_owned();
        };
        let seen = self.revisions.entry(uid.to_owned()).or_default();
        let index = seen.iter().position(|one| one == revision).unwrap_or_else(|| {
            seen.push(revision.to_owned());
            seen.len() - 1
        });
        format!("<revision {index}>")
    }

    fn text(&mut self, text: &str) -> String {
        let text = UID.replace_all(text, |found: &Captures<'_>| {
            let next = self.uids.len();
            let index = *self.uids.entry(found[0].to_owned()).or_insert(next);
            format!("<uid {index}>")
        });
        let text = TIME.replace_all(&text, "<time>");
        REVISION.replace_all(&text, "$1<revision>").into_owned()
    }
}

fn without_chance(metadata: &Map<String, Value>, name: &str) -> String {
    let generated = metadata.get("generateName").and_then(Value::as_str).unwrap_or("");
    match name.strip_prefix(generated) {
        Some(chance) if !generated.is_empty() => format!("{generated}<{} random>", chance.len()),
        _ => name.to_owned(),
    }
}
