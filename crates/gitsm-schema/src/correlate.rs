//! Which value of the old object a value of the new one replaces, for ratcheting: what an update does not change
//! may stay invalid (KEP-4008).
//!
//! Fields correlate by name, elements of lists of type `map` by their keys; elements of all other lists do not,
//! so such a list is unchanged as a whole or not at all. Only what the schema knows correlates.

use crate::structural::{AdditionalProperties, ListType, SchemaType, Structural};
use crate::trail::MAX_DEPTH;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A value, the one it replaces, and their schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correlated<'v> {
    schema: &'v Structural,
    value: &'v Value,
    old: &'v Value,
}

impl<'v> Correlated<'v> {
    pub(crate) fn new(schema: &'v Structural, value: &'v Value, old: &'v Value) -> Self {
        Self { schema, value, old }
    }

    /// The field `name`, where it is in both and in the schema.
    pub(crate) fn field(&self, name: &str) -> Option<Self> {
        let (value, old) = (self.value.as_object()?, self.old.as_object()?);
        let (value, old) = (value.get(name)?, old.get(name)?);
        let schema = match (
            self.schema.properties.get(name),
            &self.schema.additional_properties,
        ) {
            (Some(property), _) => property,
            (None, Some(AdditionalProperties::Schema(values))) => values,
            _ => return None,
        };
        Some(Self { schema, value, old })
    }

    /// The elements of a list of type `map`, ready to be asked for; `None` for all other values.
    pub(crate) fn elements(&self) -> Option<Elements<'v>> {
        let (value, old) = (self.value.as_array()?, self.old.as_array()?);
        let extensions = &self.schema.extensions;
        let is_map = extensions.list_type == Some(ListType::Map) && self.schema.ty == Some(SchemaType::Array);
        if !is_map || extensions.list_map_keys.is_empty() || old.is_empty() {
            return None;
        }
        let keys = &extensions.list_map_keys;
        let mut by_key = HashMap::with_capacity(old.len());
        for element in old {
            if let Some(key) = key_of(keys, element) {
                by_key.entry(key).or_insert(element);
            }
        }
        Some(Elements {
            schema: self.schema.items.as_deref()?,
            keys,
            value,
            by_key,
        })
    }

    /// Whether the value is what it replaces. Lists of type `map` may have their elements in another order.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.is_unchanged_below(0)
    }

    fn is_unchanged_below(&self, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        match (self.value, self.old) {
            (Value::Array(value), Value::Array(old)) => {
                if value.len() != old.len() {
                    return false;
                }
                match self.elements() {
                    Some(elements) => (0..value.len()).all(|index| {
                        elements
                            .get(index)
                            .is_some_and(|element| element.is_unchanged_below(depth + 1))
                    }),
                    None => are_same(self.value, self.old),
                }
            }
            (Value::Object(value), Value::Object(old)) => {
                value.len() == old.len() && self.has_unchanged_fields(value, depth)
            }
            (value, old) => are_same(value, old),
        }
    }

    fn has_unchanged_fields(&self, value: &Map<String, Value>, depth: usize) -> bool {
        value.keys().all(|name| {
            self.field(name)
                .is_some_and(|field| field.is_unchanged_below(depth + 1))
        })
    }
}

/// Whether two values are equal. Works on its own stack, as values may nest deeper than ours.
fn are_same(left: &Value, right: &Value) -> bool {
    let mut pairs = vec![(left, right)];
    while let Some(pair) = pairs.pop() {
        match pair {
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                pairs.extend(left.iter().zip(right));
            }
            (Value::Object(left), Value::Object(right)) if left.len() == right.len() => {
                for (name, left) in left {
                    match right.get(name) {
                        Some(right) => pairs.push((left, right)),
                        None => return false,
                    }
                }
            }
            (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
                return false;
            }
            (left, right) if left != right => return false,
            _ => {}
        }
    }
    true
}

/// The elements of a list of type `map` and of the one it replaces.
#[derive(Debug)]
pub(crate) struct Elements<'v> {
    schema: &'v Structural,
    keys: &'v [String],
    value: &'v [Value],
    by_key: HashMap<Vec<Key<'v>>, &'v Value>,
}

impl<'v> Elements<'v> {
    /// The element at `index`, where the old list has one with its keys.
    pub(crate) fn get(&self, index: usize) -> Option<Correlated<'v>> {
        let value = self.value.get(index)?;
        let old = *self.by_key.get(&key_of(self.keys, value)?)?;
        Some(Correlated {
            schema: self.schema,
            value,
            old,
        })
    }
}

/// One part of what identifies an element; only scalars can.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key<'v> {
    Flag(bool),
    Integer(i64),
    Double(u64),
    Text(&'v str),
}

fn key_of<'v>(keys: &[String], element: &'v Value) -> Option<Vec<Key<'v>>> {
    let fields = element.as_object()?;
    keys.iter()
        .map(|key| {
            Some(match fields.get(key)? {
                Value::Bool(flag) => Key::Flag(*flag),
                Value::String(text) => Key::Text(text),
                Value::Number(number) => match number.as_i64() {
                    Some(integer) => Key::Integer(integer),
                    None => Key::Double((number.as_f64()? + 0.0).to_bits()),
                },
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            })
        })
        .collect()
}
