//! Values of expressions. They borrow from the JSON they came from.

use super::decl::{DeclType, ListDecl, ListSemantics, ObjectDecl};
use super::error::EvalError;
use super::json;
use super::library::opaque::Opaque;
use super::library::time::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The value of an expression.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `uint`.
    Uint(u64),
    /// A `double`.
    Double(f64),
    /// A `string`.
    String(Text<'a>),
    /// `bytes`.
    Bytes(Rc<[u8]>),
    /// A duration in nanoseconds.
    Duration(i64),
    /// A point in time, between the years 1 and 9999.
    Timestamp(Timestamp),
    /// A type, by its name.
    Type(Text<'a>),
    /// A list.
    List(List<'a>),
    /// A map or an object.
    Map(Map<'a>),
    /// A value that may be absent.
    Optional(Option<Rc<Value<'a>>>),
    /// A value of a Kubernetes library.
    Opaque(Opaque),
}

/// Text, borrowed or shared.
#[derive(Debug, Clone)]
pub enum Text<'a> {
    /// Of the object or the program.
    Borrowed(&'a str),
    /// Made by the evaluation.
    Shared(Rc<str>),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

/// A list.
#[derive(Debug, Clone)]
pub struct List<'a> {
    items: Items<'a>,
    /// How it is compared and joined.
    pub(crate) semantics: &'a ListSemantics,
}

#[derive(Debug, Clone)]
enum Items<'a> {
    Typed(&'a [serde_json::Value], &'a DeclType),
    Json(&'a [serde_json::Value]),
    Values(Rc<[Value<'a>]>),
}

impl<'a> List<'a> {
    /// A list of these values.
    pub fn new(values: Vec<Value<'a>>) -> Self {
        Self {
            items: Items::Values(values.into()),
            semantics: &ListSemantics::Ordered,
        }
    }

    /// A list of the object.
    pub(crate) fn typed(elements: &'a [serde_json::Value], decl: &'a ListDecl) -> Self {
        Self {
            items: Items::Typed(elements, &decl.item),
            semantics: &decl.semantics,
        }
    }

    /// A list of JSON without a schema.
    pub(crate) fn json(elements: &'a [serde_json::Value]) -> Self {
        Self {
            items: Items::Json(elements),
            semantics: &ListSemantics::Ordered,
        }
    }

    /// A list of the evaluation that keeps the semantics of the list it came from.
    pub(crate) fn with_semantics(values: Vec<Value<'a>>, semantics: &'a ListSemantics) -> Self {
        Self {
            items: Items::Values(values.into()),
            semantics,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match &self.items {
            Items::Typed(elements, _) | Items::Json(elements) => elements.len(),
            Items::Values(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, read by its schema.
    pub fn get(&self, index: usize) -> Option<Result<Value<'a>, EvalError>> {
        match &self.items {
            Items::Typed(elements, decl) => elements.get(index).map(|element| json::typed(element, decl)),
            Items::Json(elements) => elements.get(index).map(|element| Ok(json::untyped(element))),
            Items::Values(values) => values.get(index).map(|value| Ok(value.clone())),
        }
    }

    /// Every element, read by its schema.
    pub fn iter(&self) -> impl Iterator<Item = Result<Value<'a>, EvalError>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Every element, or the first failure to read one.
    pub(crate) fn values(&self) -> Result<Vec<Value<'a>>, EvalError> {
        self.iter().collect()
    }
}

/// A map or an object.
#[derive(Debug, Clone)]
pub enum Map<'a> {
    /// An object with declared fields.
    Object(&'a serde_json::Map<String, serde_json::Value>, &'a ObjectDecl),
    /// A map with a schema for its values.
    Typed(&'a serde_json::Map<String, serde_json::Value>, &'a DeclType),
    /// A JSON object without a schema.
    Json(&'a serde_json::Map<String, serde_json::Value>),
    /// A map of the evaluation.
    Values(Rc<BTreeMap<Key<'a>, Value<'a>>>),
}

impl<'a> Map<'a> {
    /// A map of these entries; a later entry wins.
    ///
    /// `None` when a key is no `bool`, `int`, `uint` or `string`.
    pub fn new(entries: impl IntoIterator<Item = (Value<'a>, Value<'a>)>) -> Option<Self> {
        let entries = entries.into_iter().map(|(key, value)| match &key {
            Value::Double(_) => None,
            key => Some((Key::new(key)?, value)),
        });
        Some(Self::Values(Rc::new(entries.collect::<Option<_>>()?)))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Object(map, _) | Self::Typed(map, _) | Self::Json(map) => map.len(),
            Self::Values(map) => map.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry with this key, read by its schema; `None` when it is not there.
    ///
    /// A `null` field of an object counts as absent.
    pub fn get(&self, key: &Value<'a>) -> Result<Option<Value<'a>>, EvalError> {
        match (self, key) {
            (Self::Values(map), _) => Ok(Key::new(key).and_then(|key| map.get(&key).cloned())),
            (_, Value::String(name)) => self.lookup(name),
            (Self::Json(_), _) => Ok(None),
            _ => Err(EvalError::NoSuchOverload),
        }
    }

    /// The entry with this (escaped) name.
    pub(crate) fn field(&self, name: &'a str) -> Result<Option<Value<'a>>, EvalError> {
        match self {
            Self::Values(map) => Ok(map.get(&Key::String(Text::Borrowed(name))).cloned()),
            _ => self.lookup(name),
        }
    }

    fn lookup(&self, name: &str) -> Result<Option<Value<'a>>, EvalError> {
        match self {
            Self::Object(map, decl) => match decl.field(name) {
                Some(field) => match map.get(&field.property) {
                    None | Some(serde_json::Value::Null) => Ok(None),
                    Some(value) => json::typed(value, &field.decl).map(Some),
                },
                None => Ok(None),
            },
            Self::Typed(map, decl) => map.get(name).map(|value| json::typed(value, decl)).transpose(),
            Self::Json(map) => Ok(map.get(name).map(json::untyped)),
            Self::Values(map) => Ok(map.get(&Key::String(Text::Shared(name.into()))).cloned()),
        }
    }

    /// The entry with this JSON name, which may be no name of an expression.
    pub(crate) fn property(&self, name: &str) -> Result<Option<Value<'a>>, EvalError> {
        match self {
            Self::Object(_, decl) => match decl.property(name) {
                Some(field) => self.lookup(&field.identifier),
                None => Ok(None),
            },
            _ => self.lookup(name),
        }
    }

    /// The keys, sorted. Keys of an object are its visible (escaped) field names.
    pub fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Object(map, decl) => map
                .keys()
                .filter_map(|name| decl.property(name))
                .map(|field| Value::String(Text::Borrowed(&field.identifier)))
                .collect(),
            Self::Typed(map, _) | Self::Json(map) => {
                map.keys().map(|key| Value::String(Text::Borrowed(key))).collect()
            }
            Self::Values(map) => map.keys().map(Key::to_value).collect(),
        }
    }
}

/// A key of a map made by the evaluation. `int` and `uint` keys of the same number are the same key.
#[derive(Debug, Clone)]
pub enum Key<'a> {
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `uint`.
    Uint(u64),
    /// A `string`.
    String(Text<'a>),
}

impl<'a> Key<'a> {
    /// The value as a key; whole doubles are the number they equal, other kinds are no keys.
    pub(crate) fn new(value: &Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Bool(*flag)),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Uint(number) => Some(Self::Uint(*number)),
            Value::Double(number) => Self::whole(*number),
            Value::String(text) => Some(Self::String(text.clone())),
            _ => None,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked and the number is whole"
    )]
    fn whole(number: f64) -> Option<Self> {
        const INT_END: f64 = 9_223_372_036_854_775_808.0;
        (number.fract() == 0.0 && (-INT_END..INT_END).contains(&number)).then_some(Self::Int(number as i64))
    }

    /// The key as a value.
    pub(crate) fn to_value(&self) -> Value<'a> {
        match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(number) => Value::Int(*number),
            Self::Uint(number) => Value::Uint(*number),
            Self::String(text) => Value::String(text.clone()),
        }
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::String(a), Self::String(b)) => (**a).cmp(&**b),
            (Self::String(_), _) | (Self::Int(_) | Self::Uint(_), Self::Bool(_)) => Ordering::Greater,
            (_, Self::String(_)) | (Self::Bool(_), Self::Int(_) | Self::Uint(_)) => Ordering::Less,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Uint(a), Self::Uint(b)) => a.cmp(b),
            (Self::Int(a), Self::Uint(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Self::Uint(a), Self::Int(b)) => i128::from(*a).cmp(&i128::from(*b)),
        }
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key<'_> {}

impl<'a> Value<'a> {
    /// A text value.
    pub fn text(text: impl Into<Text<'a>>) -> Self {
        Self::String(text.into())
    }

    /// An optional that holds a value.
    pub(crate) fn some(value: Value<'a>) -> Self {
        Self::Optional(Some(Rc::new(value)))
    }

    /// A size or position as an `int`.
    pub(crate) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The name of the value's type, as `type(x)` gives it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => super::types::OPTIONAL,
            Self::Opaque(value) => value.type_name(),
        }
    }
}
