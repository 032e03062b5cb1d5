//! The types that JSON is decoded into: which fields they have, and what decoding says about values that do not fit.
//!
//! Decoding follows `sigs.k8s.io/json`: names are case sensitive, `null` stands for absent, a value of the wrong
//! type is refused with the name of the Go type, and strict decoding also names unknown fields.

use crate::values::go_quote;
use serde_json::{Map, Value};

/// A Go struct with its JSON fields.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The name of the Go type, as it appears in messages.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [(&'static str, Kind)],
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    /// Text of a named Go type.
    Name(&'static str),
    Bool,
    /// An integer of a Go type.
    Integer(&'static str),
    Float,
    /// Any JSON.
    Any,
    List(&'static Kind, &'static str),
    Map(&'static Kind, &'static str),
    Struct(&'static Shape),
    /// A schema, or `true` or `false`.
    SchemaOrBool(&'static Shape),
    /// A schema, or a list of schemas.
    SchemaOrList(&'static Shape),
    /// A schema, or a list of names.
    SchemaOrNames(&'static Shape),
}

/// Why JSON could not be decoded, in the words of the API server.
///
/// The server answers such a body with 400 and the message
/// `CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: <this>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// For example `json: cannot unmarshal number into Go struct field CustomResourceDefinitionSpec.spec.group of
    /// type string`.
    pub message: String,
}

/// JSON that was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The value without unknown fields and without `null`s.
    pub value: Value,
    /// The fields that the type does not have, as strict decoding names them: `spec.versions[0].shema`. Fields
    /// inside `items` and `additionalProperties` of a schema are dropped without a word, as upstream.
    pub unknown: Vec<String>,
}

impl Decoded {
    /// The unknown fields as strict decoding complains about them: `unknown field "spec.foo"`.
    pub fn complaints(&self) -> Vec<String> {
        let complaint = |path: &String| format!("unknown field {}", go_quote(path));
        self.unknown.iter().map(complaint).collect()
    }
}

/// How deep JSON may nest.
const MAX_DEPTH: usize = 256;

/// The most unknown fields that are named.
const MAX_UNKNOWN: usize = 100;

/// Decodes `value` as a `shape`.
pub(crate) fn decode(shape: &'static Shape, value: &Value) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder {
        names: Vec::new(),
        owner: None,
        path: String::new(),
        is_silent: false,
        depth: 0,
        unknown: Vec::new(),
        error: None,
    };
    let decoded = decoder.value(Kind::Struct(shape), value);
    match decoder.error {
        Some(message) => Err(DecodeError { message }),
        None => Ok(Decoded {
            value: decoded,
            unknown: decoder.unknown,
        }),
    }
}

struct Decoder {
    /// The names of the fields from the root to here; elements and keys are not named.
    names: Vec<&'static str>,
    /// The struct that has the innermost of these fields.
    owner: Option<&'static str>,
    /// The path for unknown fields, with elements and keys.
    path: String,
    /// Inside a type that decodes itself, where unknown fields are not noticed and errors name the outer field.
    is_silent: bool,
    depth: usize,
    unknown: Vec<String>,
    error: Option<String>,
}

impl Decoder {
    fn value(&mut self, kind: Kind, value: &Value) -> Value {
        if self.depth > MAX_DEPTH {
            self.fail(|| "exceeded max depth".to_owned());
            return Value::Null;
        }
        self.depth += 1;
        let decoded = self.decode(kind, value);
        self.depth -= 1;
        decoded
    }

    fn decode(&mut self, kind: Kind, value: &Value) -> Value {
        match (kind, value) {
            (_, Value::Null) => zero(kind),
            (Kind::Any, _)
            | (Kind::Text | Kind::Name(_), Value::String(_))
            | (Kind::Bool | Kind::SchemaOrBool(_), Value::Bool(_))
            | (Kind::Float, Value::Number(_)) => value.clone(),
            (Kind::Integer(ty), Value::Number(number)) => {
                let fits = number
                    .as_i64()
                    .is_some_and(|integer| ty != "int32" || i32::try_from(integer).is_ok());
                if !fits {
                    self.mismatch(&format!("number {number}"), ty);
                }
                value.clone()
            }
            (Kind::List(element, _), Value::Array(elements)) => self.list(*element, elements),
            (Kind::Map(entry, _), Value::Object(entries)) => self.map(*entry, entries),
            (Kind::Struct(shape), Value::Object(fields)) => self.fields(shape, fields),
            (
                Kind::SchemaOrBool(shape) | Kind::SchemaOrList(shape) | Kind::SchemaOrNames(shape),
                Value::Object(fields),
            ) => self.silently(|decoder| decoder.fields(shape, fields)),
            (Kind::SchemaOrList(shape), Value::Array(elements)) => {
                self.silently(|decoder| decoder.list(Kind::Struct(shape), elements))
            }
            (Kind::SchemaOrNames(_), Value::Array(elements)) => {
                self.silently(|decoder| decoder.list(Kind::Text, elements))
            }
            (Kind::SchemaOrList(_) | Kind::SchemaOrNames(_), _) => Value::Object(Map::new()),
            (Kind::SchemaOrBool(_), _) => {
                self.fail(|| "boolean or JSON schema expected".to_owned());
                Value::Null
            }
            (_, other) => {
                let found = match other {
                    Value::Bool(_) => "bool",
                    Value::Number(_) => "number",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) | Value::Null => "object",
                };
                self.mismatch(found, &go_type(kind));
                Value::Null
            }
        }
    }

    fn list(&mut self, element: Kind, elements: &[Value]) -> Value {
        let length = self.path.len();
        let mut decoded = Vec::with_capacity(elements.len());
        for (index, value) in elements.iter().enumerate() {
            self.path.push_str(&format!("[{index}]"));
            decoded.push(self.value(element, value));
            self.path.truncate(length);
        }
        Value::Array(decoded)
    }

    fn map(&mut self, entry: Kind, entries: &Map<String, Value>) -> Value {
        let length = self.path.len();
        let mut decoded = Map::new();
        for (key, value) in entries {
            self.step(key);
            decoded.insert(key.clone(), self.value(entry, value));
            self.path.truncate(length);
        }
        Value::Object(decoded)
    }

    fn fields(&mut self, shape: &'static Shape, fields: &Map<String, Value>) -> Value {
        let (length, owner) = (self.path.len(), self.owner);
        let mut decoded = Map::new();
        for (name, value) in fields {
            let known = shape.fields.iter().find(|(field, _)| *field == name);
            self.step(name);
            if let Some((field, kind)) = known {
                if !self.is_silent {
                    self.names.push(field);
                    self.owner = Some(shape.name);
                }
                if !value.is_null() {
                    let value = self.value(*kind, value);
                    decoded.insert(name.clone(), value);
                }
                if !self.is_silent {
                    self.names.pop();
                    self.owner = owner;
                }
            } else if !self.is_silent && self.unknown.len() < MAX_UNKNOWN {
                self.unknown.push(self.path.clone());
            }
            self.path.truncate(length);
        }
        Value::Object(decoded)
    }

    fn step(&mut self, name: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
    }

    fn silently(&mut self, work: impl FnOnce(&mut Self) -> Value) -> Value {
        let before = std::mem::replace(&mut self.is_silent, true);
        let decoded = work(self);
        self.is_silent = before;
        decoded
    }

    fn mismatch(&mut self, found: &str, ty: &str) {
        let place = match self.owner {
            Some(owner) => format!("struct field {owner}.{}", self.names.join(".")),
            None => "value".to_owned(),
        };
        self.fail(|| format!("json: cannot unmarshal {found} into Go {place} of type {ty}"));
    }

    /// Only the first error is reported.
    fn fail(&mut self, message: impl FnOnce() -> String) {
        if self.error.is_none() {
            self.error = Some(message());
        }
    }
}

/// What `null` leaves in a list or a map.
fn zero(kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Name(_) => Value::from(""),
        Kind::Bool => Value::Bool(false),
        Kind::Integer(_) | Kind::Float => Value::from(0),
        Kind::Struct(_) => Value::Object(Map::new()),
        _ => Value::Null,
    }
}

fn go_type(kind: Kind) -> String {
    match kind {
        Kind::Text => "string".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Float => "float64".to_owned(),
        Kind::Name(ty) | Kind::Integer(ty) | Kind::List(_, ty) | Kind::Map(_, ty) => ty.to_owned(),
        Kind::Struct(shape) => format!("v1.{}", shape.name),
        Kind::Any | Kind::SchemaOrBool(_) | Kind::SchemaOrList(_) | Kind::SchemaOrNames(_) => {
            "interface {}".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::{CRD, OBJECT_META};
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_fields_are_named_and_dropped() {
        let crd = json!({"kind": "x", "spec": {"group": null, "foo": 1, "versions": [
            {"name": "v1", "shema": {}, "schema": {"openAPIV3Schema": {
                "properties": {"a": {"tipe": "string", "items": {"tipe": 1}}}}}},
        ]}});
        let decoded = decode(&CRD, &crd).unwrap();
        assert_eq!(
            decoded.complaints(),
            [
                "unknown field \"spec.foo\"",
                "unknown field \"spec.versions[0].schema.openAPIV3Schema.properties.a.tipe\"",
                "unknown field \"spec.versions[0].shema\"",
            ]
        );
        assert_eq!(
            decoded.value,
            json!({"kind": "x", "spec": {"versions": [
                {"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"a": {"items": {}}}}}},
            ]}})
        );
    }

    #[test]
    fn wrong_types_are_worded_as_go_words_them() {
        let message = |shape, value: &Value| decode(shape, value).unwrap_err().message;
        assert_eq!(
            message(&OBJECT_META, &json!({"labels": {"foo": 42}})),
            "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
        );
        assert_eq!(
            message(&OBJECT_META, &json!({"annotations": 42})),
            "json: cannot unmarshal number into Go struct field ObjectMeta.annotations of type map[string]string"
        );
        assert_eq!(
            message(&OBJECT_META, &json!(42)),
            "json: cannot unmarshal number into Go value of type v1.ObjectMeta"
        );
        assert_eq!(
            message(&CRD, &json!({"spec": {"versions": [{"served": "yes"}]}})),
            "json: cannot unmarshal string into Go struct field CustomResourceDefinitionVersion.spec.versions.served \
             of type bool"
        );
        let schema = |schema: Value| json!({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}});
        assert_eq!(
            message(&CRD, &schema(json!({"items": {"maxItems": 1.5}}))),
            "json: cannot unmarshal number 1.5 into Go struct field \
             JSONSchemaProps.spec.versions.schema.openAPIV3Schema.items of type int64"
        );
        assert_eq!(
            message(&CRD, &schema(json!({"additionalProperties": "x"}))),
            "boolean or JSON schema expected"
        );
    }
}
