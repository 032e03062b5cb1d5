//! Uniqueness in lists of type `set` and `map`.

use crate::error::{ErrorKind, FieldError};
use crate::structural::{AdditionalProperties, ListType, Structural};
use crate::trail::Trail;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Every second occurrence of an element of a `set` list, or of a key of a `map` list.
///
/// A value that occurs three times is reported once, as upstream. Objects are followed at most 200 levels deep.
pub fn validate(schema: &Structural, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(schema, object, &Trail::root(), &mut errors);
    errors
}

fn check(schema: &Structural, value: &Value, at: &Trail<'_>, errors: &mut Vec<FieldError>) {
    match value {
        _ if at.is_too_deep() => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                // Where both apply, upstream checks both.
                if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
                    check(values, value, &at.key(name), errors);
                }
                if let Some(property) = schema.properties.get(name) {
                    check(property, value, &at.field(name), errors);
                }
            }
        }
        Value::Array(elements) => {
            match schema.extensions.list_type {
                Some(ListType::Set) => check_set(elements, at, errors),
                Some(ListType::Map) => check_map(&schema.extensions.list_map_keys, elements, at, errors),
                Some(ListType::Atomic) | None => {}
            }
            if let Some(items) = &schema.items {
                for (index, element) in elements.iter().enumerate() {
                    check(items, element, &at.index(index), errors);
                }
            }
        }
        _ => {}
    }
}

fn check_set(elements: &[Value], at: &Trail<'_>, errors: &mut Vec<FieldError>) {
    for index in second_occurrences(elements.iter().map(|element| Identity::of(Some(element)))) {
        errors.push(duplicate(at, index, elements[index].clone()));
    }
}

fn check_map(keys: &[String], elements: &[Value], at: &Trail<'_>, errors: &mut Vec<FieldError>) {
    if let Some(index) = elements
        .iter()
        .position(|element| !element.is_object() && !element.is_null())
    {
        let detail = "must be an object for an array of list-type map";
        let error = FieldError::new(ErrorKind::Invalid, at.index(index).to_path(), detail);
        errors.push(error.with_value(elements[index].clone()));
        return;
    }
    let repeated = match keys {
        [key] => second_occurrences(elements.iter().map(|element| Identity::of(element.get(key)))),
        _ => second_occurrences(elements.iter().map(|element| {
            let mut text = String::new();
            for key in keys {
                write_identity(element.get(key), &mut text);
            }
            Identity::Compound(text)
        })),
    };
    for index in repeated {
        let present = |key: &String| elements[index].get(key).map(|value| (key.clone(), value.clone()));
        let key: Map<String, Value> = keys.iter().filter_map(present).collect();
        errors.push(duplicate(at, index, Value::Object(key)));
    }
}

fn duplicate(at: &Trail<'_>, index: usize, value: Value) -> FieldError {
    FieldError::new(ErrorKind::Duplicate, at.index(index).to_path(), "").with_value(value)
}

/// The index of the second occurrence of each identity that occurs more than once.
fn second_occurrences<'v>(identities: impl ExactSizeIterator<Item = Identity<'v>>) -> Vec<usize> {
    if identities.len() < 2 {
        return Vec::new();
    }
    let mut times: HashMap<Identity<'v>, u32> = HashMap::with_capacity(identities.len());
    let mut second = Vec::new();
    for (index, identity) in identities.enumerate() {
        let times = times.entry(identity).or_insert(0);
        *times = times.saturating_add(1);
        if *times == 2 {
            second.push(index);
        }
    }
    second
}

/// What makes two values the same element. Scalars compare as Go compares them (`1` is not `1.0`), lists and
/// objects by their JSON, in which whole doubles print as integers.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity<'v> {
    Absent,
    Null,
    Bool(bool),
    Integer(i64),
    Double(u64),
    Text(&'v str),
    Compound(String),
}

impl<'v> Identity<'v> {
    fn of(value: Option<&'v Value>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(Value::Bool(value)) => Self::Bool(*value),
            Some(Value::String(text)) => Self::Text(text),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                // Adding zero turns -0.0 into 0.0, which are equal.
                None => Self::Double((number.as_f64().unwrap_or(f64::NAN) + 0.0).to_bits()),
            },
            compound => {
                let mut text = String::new();
                write_identity(compound, &mut text);
                Self::Compound(text)
            }
        }
    }
}

/// Writes a value so that equal values, and no others, write the same. Works on its own stack, as values may
/// nest deeper than ours.
fn write_identity(value: Option<&Value>, text: &mut String) {
    enum Task<'v> {
        Value(Option<&'v Value>),
        Text(&'static str),
        Name(&'v str),
    }
    let mut tasks = vec![Task::Value(value)];
    while let Some(task) = tasks.pop() {
        // Writing to a `String` cannot fail.
        let _ = match task {
            Task::Text(literal) => text.write_str(literal),
            Task::Name(name) => write!(text, "{name:?}:"),
            Task::Value(Some(Value::Array(elements))) => {
                tasks.push(Task::Text("]"));
                tasks.extend(
                    elements
                        .iter()
                        .rev()
                        .flat_map(|element| [Task::Text(","), Task::Value(Some(element))]),
                );
                text.write_str("[")
            }
            Task::Value(Some(Value::Object(fields))) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                tasks.push(Task::Text("}"));
                for (name, value) in fields.into_iter().rev() {
                    tasks.extend([Task::Text(","), Task::Value(Some(value)), Task::Name(name)]);
                }
                text.write_str("{")
            }
            Task::Value(Some(Value::Number(number))) => match number.as_i64() {
                Some(integer) => write!(text, "{integer}"),
                None => write!(text, "{}", number.as_f64().unwrap_or(f64::NAN) + 0.0),
            },
            Task::Value(Some(Value::String(string))) => write!(text, "{string:?}"),
            Task::Value(Some(scalar)) => write!(text, "{scalar}"),
            // Between keys of a list map: told apart from null.
            Task::Value(None) => text.write_str("-;"),
        };
    }
    text.push(';');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(schema: &Value, object: &Value) -> Vec<String> {
        let schema = Structural::from_json(schema).unwrap();
        validate(&schema, object)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn set() -> Value {
        json!({"type": "object", "properties": {"l": {"type": "array", "x-kubernetes-list-type": "set"}}})
    }

    fn map(keys: &[&str]) -> Value {
        json!({"type": "object", "additionalProperties": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, "items": {"type": "object"},
        }})
    }

    #[test]
    fn sets_hold_each_value_once() {
        assert_eq!(
            fields(&set(), &json!({"l": ["a", 1, "a", "a", 1.0, null, null]})),
            ["l[2]: Duplicate value: \"a\"", "l[6]: Duplicate value: null"]
        );
        assert_eq!(
            fields(
                &set(),
                &json!({"l": [{"a": 1, "b": [2]}, {"b": [2], "a": 1.0}, {"a": 1}, [], ["x"], ["x"]]})
            ),
            [
                "l[1]: Duplicate value: {\"a\":1,\"b\":[2]}",
                "l[5]: Duplicate value: [\"x\"]"
            ]
        );
        assert_eq!(fields(&set(), &json!({"l": [0.0, -0.0]})).len(), 1);
    }

    #[test]
    fn maps_hold_each_key_once() {
        assert_eq!(
            fields(
                &map(&["k"]),
                &json!({"m": [{"k": 1}, {"k": "1"}, {"k": 1}, {}, {"x": 1}]})
            ),
            ["m[2]: Duplicate value: {\"k\":1}", "m[4]: Duplicate value: {}"]
                .map(|text| text.replace("m[", "[m]["))
        );
        assert_eq!(
            fields(
                &map(&["a", "b"]),
                &json!({"m": [{"a": 1}, {"b": 1}, {"a": 1, "b": null}, {"a": 1, "c": 2}]})
            ),
            ["[m][3]: Duplicate value: {\"a\":1}"]
        );
        assert_eq!(
            fields(&map(&["k"]), &json!({"m": [{"k": 1}, 2, {"k": 1}]})),
            ["[m][1]: Invalid value: 2: must be an object for an array of list-type map"]
        );
    }

    #[test]
    fn a_large_set_takes_linear_time() {
        let elements: Vec<u32> = (0..200_000).collect();
        assert_eq!(fields(&set(), &json!({"l": elements})), Vec::<String>::new());
    }
}
