//! JSON merge patches, RFC 7386, as `evanphx/json-patch` v4 applies them for Kubernetes.
//!
//! Where the library departs from the RFC so does this: nulls in a list that takes the place of an object stay.

use super::go_type;
use crate::error::ApiError;
use serde_json::{Map, Value};

/// Lays a patch over an object: fields that are null in the patch are removed, objects are merged, and everything
/// else is replaced.
///
/// # Errors
/// 400 for a patch that is no object.
pub fn apply(object: &mut Value, patch: Value) -> Result<(), ApiError> {
    match patch {
        Value::Object(patch) => {
            if let Value::Object(fields) = object {
                merge(fields, patch);
            } else {
                let mut patch = Value::Object(patch);
                drop_nulls(&mut patch);
                *object = patch;
            }
            Ok(())
        }
        Value::Null => Err(ApiError::bad_request("Invalid JSON Patch")),
        other => Err(ApiError::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            go_type(&other)
        ))),
    }
}

fn merge(fields: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        if change.is_null() {
            fields.remove(&name);
            continue;
        }
        match (fields.get_mut(&name), change) {
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            (Some(inner @ Value::Object(_)), change) => *inner = change,
            (_, mut change) => {
                drop_nulls(&mut change);
                fields.insert(name, change);
            }
        }
    }
}

/// Removes the null fields of objects, also of those in lists; nulls that are elements of lists stay.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    fn patched(mut object: Value, patch: Value) -> Value {
        apply(&mut object, patch).unwrap();
        object
    }

    /// The cases of RFC 7386 whose document and patch are objects.
    #[test]
    fn merges_as_the_rfc_does() {
        for (object, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            // Not the RFC, but the library.
            (
                json!({"a": {"b": 1}}),
                json!({"a": [{"b": null}]}),
                json!({"a": [{"b": null}]}),
            ),
            (json!({"a": [1]}), json!({"a": [{"b": null}]}), json!({"a": [{}]})),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
            (
                json!({"a": "x"}),
                json!({"a": {"b": 1, "c": null}}),
                json!({"a": {"b": 1}}),
            ),
        ] {
            assert_eq!(patched(object.clone(), patch.clone()), result, "{object} {patch}");
        }
    }

    #[test]
    fn keeps_nulls_in_lists_and_drops_those_of_objects_in_them() {
        let result = patched(json!({}), json!({"a": [null, {"b": null}]}));
        assert_eq!(result, json!({"a": [null, {}]}));
    }

    #[test]
    fn a_patch_must_be_an_object() {
        let error = apply(&mut json!({}), json!([1])).unwrap_err();
        assert_eq!(error.code, 400);
        assert_eq!(
            error.message,
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
        assert_eq!(
            apply(&mut json!({}), Value::Null).unwrap_err().message,
            "Invalid JSON Patch"
        );
    }
}
