//! How large the data of a schema can be in one request.
//!
//! Where a schema declares no limit the API server asks how much data of the kind fits into the largest request
//! that it accepts. The rules follow `SchemaDeclType` of apiserver, `pkg/cel/common`.

use crate::cel::decl::with_resource_fields;
use crate::cel::escape::escape;
use crate::structural::{AdditionalProperties, SchemaType, Structural};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The largest request that the API server accepts, in bytes.
const MAX_REQUEST: u64 = 3 * 1024 * 1024;
/// The longest text in a request: all of it but the quotes.
const MAX_TEXT: u64 = MAX_REQUEST - 2;
/// A timestamp or duration as JSON, at most.
const MAX_TIME: u64 = 32;
/// A date as JSON.
const DATE: u64 = 12;

/// How large the data of a node can be.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// The most elements, entries, characters or bytes; zero for what is no container and no text.
    pub(super) max_elements: u64,
    /// The shortest JSON of a value, in bytes.
    min_bytes: u64,
    inside: Inside,
}

#[derive(Debug)]
enum Inside {
    Nothing,
    List(Box<Bounds>),
    Map(Box<Bounds>),
    Object(BTreeMap<String, Bounds>),
}

/// The keys of a map; the API server sets no limit for them and reads that as zero.
static KEYS: Bounds = Bounds::scalar(0, 2);

impl Bounds {
    const fn scalar(max_elements: u64, min_bytes: u64) -> Self {
        Self {
            max_elements,
            min_bytes,
            inside: Inside::Nothing,
        }
    }

    /// The bounds of data with this schema; `None` where expressions cannot see the data.
    pub(crate) fn of(schema: &Structural, is_resource_root: bool) -> Option<Self> {
        let limits = &schema.value;
        if schema.extensions.int_or_string {
            return Some(Self::scalar(max_text(limits.max_length), 1));
        }
        Some(match schema.ty? {
            SchemaType::Array => {
                let item = Self::below(schema.items.as_deref()?)?;
                let fitting = MAX_TEXT / (item.min_bytes + 1);
                Self {
                    max_elements: limits.max_items.unwrap_or(fitting),
                    min_bytes: 2,
                    inside: Inside::List(Box::new(item)),
                }
            }
            SchemaType::Object if is_resource_root => Self::object(&with_resource_fields(schema))?,
            SchemaType::Object => Self::object(schema)?,
            SchemaType::String => match limits.format.as_deref() {
                Some("byte") => Self::scalar(limits.max_length.unwrap_or(MAX_TEXT), 2),
                Some("duration") => Self::scalar(MAX_TIME, 3),
                Some("date") => Self::scalar(DATE, DATE),
                Some("date-time") => Self::scalar(MAX_TIME, 21),
                _ if limits.max_length.is_none() && !limits.enumeration.is_empty() => {
                    let lengths = limits.enumeration.iter().filter_map(Json::as_str).map(str::len);
                    Self::scalar(lengths.max().unwrap_or(0) as u64, 2)
                }
                _ => Self::scalar(max_text(limits.max_length), 2),
            },
            SchemaType::Boolean => Self::scalar(0, 4),
            SchemaType::Number | SchemaType::Integer => Self::scalar(0, 1),
        })
    }

    fn below(schema: &Structural) -> Option<Self> {
        Self::of(schema, schema.extensions.embedded_resource)
    }

    fn object(schema: &Structural) -> Option<Self> {
        if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
            let value = Self::below(values)?;
            let fitting = MAX_TEXT / (value.min_bytes + 6);
            return Some(Self {
                max_elements: schema.value.max_properties.unwrap_or(fitting),
                min_bytes: 2,
                inside: Inside::Map(Box::new(value)),
            });
        }
        let mut min_bytes = 2;
        let mut fields = BTreeMap::new();
        for (name, property) in &schema.properties {
            let Some(bounds) = Self::below(property) else {
                continue;
            };
            // Fields with a default can be left out of the request.
            let must_be_sent = schema.value.required.contains(name) && property.default.is_none();
            if must_be_sent {
                min_bytes += name.len() as u64 + bounds.min_bytes + 4;
            }
            if let Some(identifier) = escape(name) {
                fields.insert(identifier, bounds);
            }
        }
        Some(Self {
            max_elements: 0,
            min_bytes,
            inside: Inside::Object(fields),
        })
    }

    /// What is one step further: a field by its (escaped) name, or what is inside a list or map.
    pub(super) fn step(&self, name: &str) -> Option<&Self> {
        match (name, &self.inside) {
            (ITEMS | VALUES, Inside::List(inner) | Inside::Map(inner)) => Some(inner),
            (KEYS_STEP, Inside::Map(_)) => Some(&KEYS),
            (ITEMS | VALUES | KEYS_STEP, _) => None,
            (name, Inside::Object(fields)) => fields.get(name),
            _ => None,
        }
    }

    /// How often data like this fits into one request.
    pub(super) fn max_cardinality(&self) -> u64 {
        MAX_REQUEST / (self.min_bytes + 1)
    }
}

/// The step to the elements of a list.
pub(super) const ITEMS: &str = "@items";
/// The step to the values of a map.
pub(super) const VALUES: &str = "@values";
/// The step to the keys of a map.
pub(super) const KEYS_STEP: &str = "@keys";

/// Lengths are declared in characters, of which each can take four bytes.
fn max_text(max_length: Option<u64>) -> u64 {
    max_length.map_or(MAX_TEXT, |characters| characters.saturating_mul(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bounds(schema: &Json) -> Bounds {
        Bounds::of(&Structural::from_json(schema).unwrap(), false).unwrap()
    }

    #[test]
    fn what_is_not_limited_is_bounded_by_the_largest_request() {
        let list = bounds(
            &json!({"type": "array", "items": {"type": "object", "required": ["name", "size"],
            "properties": {"name": {"type": "string"}, "size": {"type": "integer", "default": 1}}}}),
        );
        // {"name":""} and a comma; the field with a default need not be sent.
        assert_eq!(list.max_elements, MAX_TEXT / 13);
        let name = list.step(ITEMS).and_then(|item| item.step("name")).unwrap();
        assert_eq!(name.max_elements, MAX_TEXT);
        let map = bounds(&json!({"type": "object", "additionalProperties": {"type": "boolean"}}));
        assert_eq!(map.max_elements, MAX_TEXT / 10);
        assert_eq!(map.step(KEYS_STEP).unwrap().max_elements, 0);
        assert!(map.step("name").is_none());
    }

    #[test]
    fn declared_limits_formats_and_enums_bound_text() {
        let max = |schema: Json| bounds(&schema).max_elements;
        assert_eq!(max(json!({"type": "string", "maxLength": 10})), 40);
        assert_eq!(max(json!({"type": "string", "enum": ["a", "abc"]})), 3);
        assert_eq!(max(json!({"type": "string", "format": "date"})), 12);
        assert_eq!(
            max(json!({"type": "string", "format": "byte", "maxLength": 10})),
            10
        );
        assert_eq!(
            max(json!({"x-kubernetes-int-or-string": true, "maxLength": 5})),
            20
        );
    }
}
