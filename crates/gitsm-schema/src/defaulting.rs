//! Filling in defaults, and dropping nulls that nothing allows.

use crate::structural::{AdditionalProperties, Structural};
use crate::trail::MAX_DEPTH;
use serde_json::Value;

/// Drops map entries that are `null` where the schema neither allows `null` nor has a default for it.
///
/// The API server does this when it decodes an object; elements of lists stay.
pub fn drop_nulls(schema: &Structural, object: &mut Value) {
    drop_nulls_below(schema, object, 0);
}

/// Fills in the defaults of absent fields, and of `null`s where the schema does not allow `null`.
///
/// Objects that a default brings are completed by the defaults inside them. A default for the object itself is
/// not looked at.
pub fn apply(schema: &Structural, object: &mut Value) {
    apply_below(schema, object, 0);
}

/// The default, where there is one; `default: null` is none.
fn default_of(schema: &Structural) -> Option<&Value> {
    schema.default.as_ref().filter(|default| !default.is_null())
}

/// The schema of a map entry, where it has one.
fn schema_of<'s>(schema: &'s Structural, name: &str) -> Option<&'s Structural> {
    schema
        .properties
        .get(name)
        .or(match &schema.additional_properties {
            Some(AdditionalProperties::Schema(values)) => Some(values),
            _ => None,
        })
}

fn drop_nulls_below(schema: &Structural, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => fields.retain(|name, value| {
            let Some(schema) = schema_of(schema, name) else {
                return true;
            };
            if value.is_null() {
                return schema.nullable || default_of(schema).is_some();
            }
            drop_nulls_below(schema, value, depth + 1);
            true
        }),
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for element in elements {
                    drop_nulls_below(items, element, depth + 1);
                }
            }
        }
        _ => {}
    }
}

fn apply_below(schema: &Structural, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, property) in &schema.properties {
                if let Some(default) = default_of(property)
                    && !fields.contains_key(name)
                {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in fields.iter_mut() {
                if let Some(schema) = schema_of(schema, name) {
                    complete(schema, value, depth);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for element in elements {
                    complete(items, element, depth);
                }
            }
        }
        _ => {}
    }
}

/// Replaces a `null` that is not allowed by the default, and goes on inside the value.
fn complete(schema: &Structural, value: &mut Value, depth: usize) {
    if value.is_null() && !schema.nullable {
        *value = default_of(schema).cloned().unwrap_or_default();
    }
    apply_below(schema, value, depth + 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Structural {
        let schema = json!({"type": "object", "properties": {
            "size": {"type": "integer", "default": 3},
            "none": {"type": "string", "default": null},
            "maybe": {"type": "string", "nullable": true, "default": "x"},
            "plain": {"type": "string"},
            "spec": {"type": "object", "default": {}, "properties": {"deep": {"type": "string", "default": "d"}}},
            "list": {"type": "array", "items": {"type": "string", "default": "e"}},
            "map": {"type": "object", "additionalProperties": {"type": "integer", "default": 1}},
        }});
        Structural::from_json(&schema).unwrap()
    }

    #[test]
    fn fills_in_absent_fields_and_what_defaults_bring() {
        let mut object = json!({});
        apply(&schema(), &mut object);
        assert_eq!(object, json!({"size": 3, "maybe": "x", "spec": {"deep": "d"}}));
    }

    #[test]
    fn nulls_are_replaced_kept_or_dropped() {
        let mut object = json!({
            "size": null, "maybe": null, "plain": null, "list": [null, "a"], "map": {"k": null}, "unknown": null,
        });
        drop_nulls(&schema(), &mut object);
        assert_eq!(object.get("plain"), None);
        assert_eq!(object.get("unknown"), Some(&Value::Null));
        apply(&schema(), &mut object);
        let expected = json!({
            "size": 3, "maybe": null, "list": ["e", "a"], "map": {"k": 1}, "spec": {"deep": "d"}, "unknown": null,
        });
        assert_eq!(object, expected);
    }
}
