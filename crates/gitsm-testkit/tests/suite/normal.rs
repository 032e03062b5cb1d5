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
    let before = [
        r"resource ?version(?: in [a-z ]+)?:? ?",
        r"current: ",
        r"in record \(",
        r"in the precondition \(",
        r#"resourceVersion\\*":\\*""#,
    ];
    Regex::new(&format!(r"(?i)({})\d+( \(\d+\))?", before.join("|"))).unwrap()
});
/// A patched object that is refused: the real server quotes its fields in the order in which they were patched, which
/// is the known difference `quoted-objects`.
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"Invalid value: "\{.*\}": strict decoding error"#).unwrap());
/// The types of nodes in complaints about rules: the real server numbers them by the clock.
static TYPE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"selfType(?:\d+|(?:\.\w+)*)").unwrap());
/// Where in its database a server keeps an object.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"Key: /[a-z]+/").unwrap());
static AGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d+m?s$").unwrap());

/// Letters at the end of a generated name, and how much of what it should begin with is kept.
const CHANCE: usize = 5;
const LONGEST: usize = 58;

/// What one server's answers have in common with each other.
#[derive(Debug, Default)]
pub(crate) struct Normal {
    uids: HashMap<String, usize>,
    revisions: HashMap<String, Vec<String>>,
    /// Names that were made by chance.
    made: Vec<(String, String)>,
}

impl Normal {
    /// Remembers the name that a refused object was given, by what it should begin with.
    pub(crate) fn learn(&mut self, generate_name: &str, answer: &Value) {
        let name = answer["details"]["name"].as_str().unwrap_or("");
        if !generate_name.is_empty() && name.len() > CHANCE {
            let made = format!("{}<random>", &name[..name.len() - CHANCE]);
            self.made.push((name.to_owned(), made));
        }
    }

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
        sorted(&mut normal);
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
        let text = QUOTED.replace_all(&text, "Invalid value: <object>: strict decoding error");
        let text = TYPE.replace_all(&text, "selfType");
        let text = PREFIX.replace_all(&text, "Key: /<prefix>/");
        let mut text = REVISION.replace_all(&text, "$1<revision>").into_owned();
        for (name, made) in &self.made {
            text = text.replace(name, made);
        }
        text
    }
}

/// The real servers walk through maps in no order, so that complaints come in any.
fn sorted(status: &mut Map<String, Value>) {
    if status.get("kind") != Some(&Value::from("Status")) {
        return;
    }
    let is_conflict = status.get("reason") == Some(&Value::from("Conflict"));
    let causes = status
        .get_mut("details")
        .and_then(|details| details.get_mut("causes"));
    if is_conflict {
        // The managers come in any order; the fields of one come in theirs.
        if let Some(Value::Array(causes)) = causes {
            causes.sort_by_cached_key(|cause| cause["message"].to_string());
        }
        return;
    }
    if let Some(Value::Array(causes)) = causes {
        causes.sort_by_cached_key(Value::to_string);
        for cause in causes {
            if let Some(Value::String(text)) = cause.get_mut("message") {
                *text = words_in_order(text);
            }
        }
    }
    if let Some(Value::String(text)) = status.get_mut("message") {
        *text = words_in_order(text);
    }
}

/// The parts of a message in an order that does not depend on the server.
fn words_in_order(text: &str) -> String {
    if let Some(text) = undeclared(text) {
        return text;
    }
    for (start, between) in [("errors:\n", "\n"), (" is invalid: [", ", ")] {
        if let Some((before, list)) = text.split_once(start) {
            let mut parts: Vec<&str> = list.strip_suffix(']').unwrap_or(list).split(between).collect();
            parts.sort_unstable();
            return format!("{before}{start}{}", parts.join(between));
        }
    }
    text.to_owned()
}

/// The message of an apply that sets undeclared fields, without its list of errors.
///
/// The real server walks through each map in no order and leaves it at the first field that is not declared, so that
/// what else it complains about is chance.
fn undeclared(text: &str) -> Option<String> {
    let (before, errors) = text.split_once("failed to create typed patch object (")?;
    let (object, errors) = errors.split_once("): ")?;
    errors
        .contains(": field not declared in schema")
        .then(|| format!("{before}failed to create typed patch object ({object}): <undeclared fields>"))
}

fn without_chance(metadata: &Map<String, Value>, name: &str) -> String {
    let generated = metadata.get("generateName").and_then(Value::as_str).unwrap_or("");
    let generated = &generated[..generated.len().min(LONGEST)];
    match name.strip_prefix(generated) {
        Some(chance) if !generated.is_empty() && chance.len() == CHANCE => format!("{generated}<random>"),
        _ => name.to_owned(),
    }
}

#[test]
fn complaints_beside_an_undeclared_field_are_chance() {
    let object = "failed to create typed patch object (/b; example.com/v1, Kind=Thing): ";
    let alone = format!("{object}.unknown: field not declared in schema");
    let both = format!(
        "{object}errors:\n  .spec.a: expected map, got &{{text}}\n  .unknown: field not declared in schema"
    );
    assert_eq!(words_in_order(&alone), words_in_order(&both));
    let declared = format!("{object}.spec.a: expected map, got &{{text}}");
    assert_ne!(words_in_order(&declared), words_in_order(&both));
    assert_eq!(words_in_order(&declared), declared);
}
