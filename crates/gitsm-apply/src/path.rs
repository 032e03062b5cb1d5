//! Paths to fields: where in an object a manager owns something.

use crate::json;
use gitsm_schema::values::go_quote;
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// One step from a value to a value inside it.
///
/// Elements have an order (fields, then keys, then values, then indices), in which sets keep them and in which
/// `fieldsV1` of built-in objects lists them.
#[derive(Debug, Clone)]
pub enum PathElement {
    /// A field of an object or a key of a map.
    Field(Arc<str>),
    /// The element of a list of type `map` that has these key fields, sorted by name.
    Key(Arc<[KeyField]>),
    /// The element of a list of type `set` that is this value.
    Value(Arc<Value>),
    /// The element of an atomic list at this position.
    Index(i64),
}

/// One key field of an element of a list of type `map`.
#[derive(Debug, Clone)]
pub struct KeyField {
    /// The name of the field.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
}

impl PathElement {
    /// The step to a field or map key.
    pub fn field(name: &str) -> Self {
        Self::Field(name.into())
    }

    /// The step to the list element with these key fields.
    pub fn key<'n>(fields: impl IntoIterator<Item = (&'n str, Value)>) -> Self {
        let mut fields: Vec<KeyField> = fields
            .into_iter()
            .map(|(name, value)| KeyField {
                name: name.into(),
                value,
            })
            .collect();
        fields.sort_by(|left, right| left.name.cmp(&right.name));
        Self::Key(fields.into())
    }

    /// The step to the set element that is `value`.
    pub fn value(value: Value) -> Self {
        Self::Value(Arc::new(value))
    }

    /// Where the kind of element stands in the order of elements.
    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(left), Self::Field(right)) => left.cmp(right),
            (Self::Key(left), Self::Key(right)) => left.cmp(right),
            (Self::Value(left), Self::Value(right)) => json::compare(left, right),
            (Self::Index(left), Self::Index(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PathElement {}

impl Ord for KeyField {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name
            .cmp(&other.name)
            .then_with(|| json::compare(&self.value, &other.value))
    }
}

impl PartialOrd for KeyField {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KeyField {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for KeyField {}

/// As messages of the API server show it: `.name`, `[port=80,protocol="TCP"]`, `[="x"]`, `[0]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                f.write_str("[")?;
                for (index, field) in fields.iter().enumerate() {
                    let separator = if index > 0 { "," } else { "" };
                    write!(f, "{separator}{}={}", field.name, in_path(&field.value))?;
                }
                f.write_str("]")
            }
            Self::Value(value) => write!(f, "[={}]", in_path(value)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn in_path(value: &Value) -> String {
    match value {
        Value::String(text) => go_quote(text),
        _ => {
            let mut out = String::new();
            json::write_in_path(&mut out, value);
            out
        }
    }
}

/// A path as messages of the API server show it, such as `.spec.ports[name="http"].port`.
pub fn path_to_string(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}
