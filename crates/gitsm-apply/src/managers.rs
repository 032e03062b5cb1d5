//! Who owns what: `metadata.managedFields` in memory and on the wire.

use crate::fields;
use crate::json::write_string;
use crate::set::FieldSet;
use gitsm_schema::values::go_quote;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

/// How a manager came to own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply: it owns what it applied last.
    Apply,
    /// By any other write: it owns what it changed.
    Update,
}

impl Operation {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// What tells one entry of `managedFields` from the others.
///
/// An applier is the same whatever version it applies; an updater of two versions has two entries. Ids are ordered
/// as upstream orders them: by their JSON text.
#[derive(Debug, Clone)]
pub struct ManagerId {
    manager: String,
    operation: Operation,
    /// Empty for appliers.
    api_version: String,
    subresource: String,
    /// The id as JSON.
    text: String,
}

impl ManagerId {
    /// The id of a manager; one without a name is called `unknown` only by [`crate::apply`] and [`crate::update`].
    pub fn new(manager: &str, operation: Operation, api_version: &str, subresource: &str) -> Self {
        let api_version = match operation {
            Operation::Apply => "",
            Operation::Update => api_version,
        };
        let mut text = String::from("{");
        for (name, value) in [
            ("manager", manager),
            ("operation", operation.as_str()),
            ("apiVersion", api_version),
            ("subresource", subresource),
        ] {
            if !value.is_empty() {
                if text.len() > 1 {
                    text.push(',');
                }
                write_string(&mut text, name, true);
                text.push(':');
                write_string(&mut text, value, true);
            }
        }
        text.push('}');
        Self {
            manager: manager.to_owned(),
            operation,
            api_version: api_version.to_owned(),
            subresource: subresource.to_owned(),
            text,
        }
    }

    /// How it came to own fields.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The name under which the manager wrote.
    pub fn manager(&self) -> &str {
        &self.manager
    }
}

impl Ord for ManagerId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for ManagerId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ManagerId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ManagerId {}

/// As messages about conflicts name it: `"m"`, `"m" using v1`, `"m" with subresource "status" using v1`.
impl fmt::Display for ManagerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&go_quote(&self.manager))?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {}", go_quote(&self.subresource))?;
        }
        if self.operation == Operation::Update {
            write!(f, " using {}", self.api_version)?;
        }
        Ok(())
    }
}

/// What a manager owns, in the version it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) set: FieldSet,
    pub(crate) api_version: String,
    /// When it wrote last; entries of foreign making may lack it.
    pub(crate) time: Option<Timestamp>,
}

/// All managers of an object.
pub(crate) type Managers = BTreeMap<ManagerId, Owned>;

/// One entry of the wire form, as read: shapes are checked, contents are not.
struct Entry<'v> {
    manager: &'v str,
    operation: &'v str,
    api_version: &'v str,
    time: Option<Timestamp>,
    fields_type: &'v str,
    fields: Option<&'v Value>,
    subresource: &'v str,
}

impl<'v> Entry<'v> {
    /// `None` where the value is no entry at all.
    fn read(value: &'v Value) -> Option<Self> {
        let map = value.as_object()?;
        let text = |name: &str| match map.get(name) {
            None | Some(Value::Null) => Some(""),
            Some(value) => value.as_str(),
        };
        Some(Self {
            manager: text("manager")?,
            operation: text("operation")?,
            api_version: text("apiVersion")?,
            time: match map.get("time") {
                None | Some(Value::Null) => None,
                Some(time) => Some(time.as_str()?.parse().ok()?),
            },
            fields_type: text("fieldsType")?,
            fields: map.get("fieldsV1").filter(|fields| !fields.is_null()),
            subresource: text("subresource")?,
        })
    }

    fn is_empty(&self) -> bool {
        self.manager.is_empty()
            && self.operation.is_empty()
            && self.api_version.is_empty()
            && self.time.is_none()
            && self.fields_type.is_empty()
            && self.fields.is_none()
            && self.subresource.is_empty()
    }
}

/// `metadata.managedFields` of an object, if it is a list.
pub(crate) fn wire_form(object: &Value) -> Option<&Vec<Value>> {
    object.get("metadata")?.get("managedFields")?.as_array()
}

/// The entries of an object; `None` where it has no list of entries.
fn read(object: &Value) -> Option<Vec<Entry<'_>>> {
    wire_form(object)?.iter().map(Entry::read).collect()
}

/// Whether the object asks to forget all managers: its list holds one empty entry or, where that counts, nothing.
pub(crate) fn is_reset(object: &Value, empty_list_counts: bool) -> bool {
    match read(object).as_deref() {
        Some([]) => empty_list_counts,
        Some([entry]) => entry.is_empty(),
        Some(_) | None => false,
    }
}

/// Reads the managers of an object.
///
/// # Errors
///
/// What is wrong with the first wrong entry, in the API server's words.
pub(crate) fn decode(object: &Value) -> Result<Managers, String> {
    let mut managers = Managers::new();
    for (index, entry) in read(object).unwrap_or_default().into_iter().enumerate() {
        let operation = match entry.operation {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err("operation must be `Apply` or `Update`".to_owned()),
        };
        if entry.api_version.is_empty() {
            return Err("apiVersion must not be empty".to_owned());
        }
        match entry.fields_type {
            "FieldsV1" => {}
            "" => return Err(format!("missing fieldsType in managed fields entry {index}")),
            other => {
                return Err(format!(
                    "invalid fieldsType {} in managed fields entry {index}",
                    go_quote(other)
                ));
            }
        }
        let set = match entry.fields {
            None => FieldSet::new(),
            Some(fields) => fields::decode(fields).map_err(|error| {
                format!("error decoding versioned set from entry {index}: error decoding set: {error}")
            })?,
        };
        managers.insert(
            ManagerId::new(entry.manager, operation, entry.api_version, entry.subresource),
            Owned {
                set,
                api_version: entry.api_version.to_owned(),
                time: entry.time,
            },
        );
    }
    Ok(managers)
}

/// Why `metadata.managedFields` of an object cannot be used, if so.
///
/// # Errors
///
/// What is wrong with the first wrong entry, in the API server's words.
pub fn check_managed_fields(object: &Value) -> Result<(), String> {
    decode(object).map(drop)
}

/// Writes the managers into an object, replacing what stands there.
pub(crate) fn encode(object: &mut Value, managers: &Managers) {
    remove_managed_fields(object);
    if managers.is_empty() {
        return;
    }
    let seconds = |owned: &Owned| owned.time.map_or(0, Timestamp::as_second);
    let mut sorted: Vec<_> = managers.iter().collect();
    sorted.sort_by(|(left_id, left), (right_id, right)| {
        left_id
            .operation
            .cmp(&right_id.operation)
            .then_with(|| seconds(left).cmp(&seconds(right)))
            .then_with(|| left_id.manager.cmp(&right_id.manager))
            .then_with(|| left.api_version.cmp(&right.api_version))
            .then_with(|| left_id.subresource.cmp(&right_id.subresource))
    });
    let entries = sorted
        .into_iter()
        .map(|(id, owned)| encode_entry(id, owned))
        .collect();
    if let Some(object) = object.as_object_mut() {
        let metadata = object
            .entry("metadata")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("managedFields".to_owned(), Value::Array(entries));
        }
    }
}

fn encode_entry(id: &ManagerId, owned: &Owned) -> Value {
    let mut entry = Map::new();
    let mut text = |name: &str, value: &str| {
        if !value.is_empty() {
            entry.insert(name.to_owned(), Value::String(value.to_owned()));
        }
    };
    text("manager", &id.manager);
    text("operation", id.operation.as_str());
    text("apiVersion", &owned.api_version);
    text("fieldsType", "FieldsV1");
    text("subresource", &id.subresource);
    if let Some(time) = owned.time {
        text("time", &wire_time(time));
    }
    entry.insert("fieldsV1".to_owned(), fields::encode(&owned.set));
    Value::Object(entry)
}

/// A time as the API writes it: UTC, whole seconds.
fn wire_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Removes the list from an object, whatever it holds.
pub(crate) fn remove_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
}

/// A copy of the object without the list, which is never merged or compared.
pub(crate) fn without_managed_fields(object: &Value) -> Value {
    let Some(fields) = object.as_object() else {
        return object.clone();
    };
    let copy = |map: &Map<String, Value>, skip: &str| -> Map<String, Value> {
        map.iter()
            .filter(|(name, _)| *name != skip)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let mut copied = copy(fields, "metadata");
    match fields.get("metadata") {
        Some(Value::Object(metadata)) => {
            copied.insert(
                "metadata".to_owned(),
                Value::Object(copy(metadata, "managedFields")),
            );
        }
        Some(other) => {
            copied.insert("metadata".to_owned(), other.clone());
        }
        None => {}
    }
    Value::Object(copied)
}

/// Gives the entries of `new` the times of `old` where nothing but times differs between the objects, so that a
/// write that changes nothing stays without effect.
///
/// The API server does this last before it stores an update.
pub fn keep_times_if_unchanged(new: &mut Value, old: &Value) {
    let (Some(new_entries), Some(old_entries)) = (wire_form(new), wire_form(old)) else {
        return;
    };
    let same_but_time = |new: &Value, old: &Value| match (new.as_object(), old.as_object()) {
        (Some(new), Some(old)) => {
            let count = |map: &Map<String, Value>| map.len() - usize::from(map.contains_key("time"));
            count(new) == count(old)
                && new
                    .iter()
                    .filter(|(name, _)| *name != "time")
                    .all(|(name, value)| old.get(name) == Some(value))
        }
        _ => false,
    };
    let same_entries = new_entries.len() == old_entries.len()
        && !new_entries.is_empty()
        && new_entries
            .iter()
            .zip(old_entries)
            .all(|(new, old)| same_but_time(new, old));
    if same_entries && same_but_managed_fields(new, old) {
        let entries = Value::Array(old_entries.clone());
        if let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("managedFields".to_owned(), entries);
        }
    }
}

fn same_but_managed_fields(new: &Value, old: &Value) -> bool {
    let (Some(new), Some(old)) = (new.as_object(), old.as_object()) else {
        return false;
    };
    let same = |new: &Map<String, Value>, old: &Map<String, Value>, skip: &str| {
        new.len() == old.len()
            && new
                .iter()
                .filter(|(name, _)| *name != skip)
                .all(|(name, value)| old.get(name) == Some(value))
    };
    let metadata = (
        new.get("metadata").and_then(Value::as_object),
        old.get("metadata").and_then(Value::as_object),
    );
    let (Some(new_metadata), Some(old_metadata)) = metadata else {
        return false;
    };
    same(new, old, "metadata") && same(new_metadata, old_metadata, "managedFields")
}
