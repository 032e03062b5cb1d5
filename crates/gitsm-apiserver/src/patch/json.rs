//! JSON patches, RFC 6902, as `evanphx/json-patch` v4 applies them for Kubernetes.
//!
//! Where the library departs from the RFC so does this: a `test` for null holds where there is nothing, indices may
//! count from the end, and what stands before the first `/` of a pointer is not looked at.

use super::{go_type, rejected};
use crate::error::ApiError;
use serde_json::{Map, Value};

/// Most operations of one patch.
const MAX_OPERATIONS: usize = 10_000;
/// Most bytes, as JSON, that the `copy` operations of one patch may make: the limit of a request body.
const MAX_COPIED: usize = 3 * 1024 * 1024;

/// A patch that was read.
#[derive(Debug, Clone)]
pub struct Patch {
    operations: Vec<Map<String, Value>>,
    /// What strict reading complains about, ready for a warning: `json patch unknown field "[0].foo"`.
    pub strict: Vec<String>,
}

/// Why an operation cannot be done. The cause is not told to clients.
struct Failed;

impl Patch {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// 400 where it is no list of operations, 413 where it has too many.
    pub fn parse(body: Value) -> Result<Self, ApiError> {
        let malformed = |what: &str, into: &str| {
            ApiError::bad_request(format!(
                "error decoding patch: json: cannot unmarshal {what} into Go {into}"
            ))
        };
        let elements = match body {
            Value::Array(elements) => elements,
            Value::Null => Vec::new(),
            other => return Err(malformed(go_type(&other), "value of type []handlers.jsonPatchOp")),
        };
        let mut operations = Vec::with_capacity(elements.len().min(MAX_OPERATIONS));
        let mut strict = Vec::new();
        for (index, element) in elements.into_iter().enumerate() {
            let operation = match element {
                Value::Object(operation) => operation,
                Value::Null => Map::new(),
                other => return Err(malformed(go_type(&other), "value of type handlers.jsonPatchOp")),
            };
            for (name, value) in &operation {
                match (name.as_str(), value) {
                    ("op" | "path" | "from", Value::String(_) | Value::Null) | ("value", _) => {}
                    ("op" | "path" | "from", other) => {
                        let field = format!("struct field jsonPatchOp.{name} of type string");
                        return Err(malformed(go_type(other), &field));
                    }
                    _ => strict.push(format!(
                        "json patch unknown field {:?}",
                        format!("[{index}].{name}")
                    )),
                }
            }
            let known = ["add", "remove", "replace", "move", "copy", "test"];
            if !operation
                .get("op")
                .and_then(Value::as_str)
                .is_some_and(|op| known.contains(&op))
            {
                let operation = Value::Object(operation);
                return Err(ApiError::bad_request(format!(
                    "invalid operation {operation}: unsupported operation"
                )));
            }
            operations.push(operation);
        }
        if operations.len() > MAX_OPERATIONS {
            return Err(ApiError::new(
                413,
                "RequestEntityTooLarge",
                format!(
                    "Request entity is too large: The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
                    operations.len()
                ),
            ));
        }
        Ok(Self { operations, strict })
    }

    /// Does all operations, or none.
    ///
    /// # Errors
    /// 422 where one cannot be done, for example a `test` that fails.
    pub fn apply(&self, object: &mut Value) -> Result<(), ApiError> {
        let mut changed = object.clone();
        let mut copied = 0;
        for operation in &self.operations {
            perform(&mut changed, operation, &mut copied).map_err(|Failed| rejected())?;
        }
        *object = changed;
        Ok(())
    }
}

fn perform(object: &mut Value, operation: &Map<String, Value>, copied: &mut usize) -> Result<(), Failed> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let path = text("path").ok_or(Failed);
    let value = operation.get("value");
    match text("op").unwrap_or_default() {
        "add" => add(object, path?, value.cloned().unwrap_or(Value::Null)),
        "remove" => remove(object, path?),
        "replace" => replace(object, path?, value.cloned()),
        "test" => test(object, path?, value),
        "move" => {
            let from = text("from").ok_or(Failed)?;
            let moved = get(object, from)?.cloned().unwrap_or(Value::Null);
            remove(object, from)?;
            add(object, path?, moved)
        }
        "copy" => {
            let from = text("from").ok_or(Failed)?;
            let copy = get(object, from)?.cloned().unwrap_or(Value::Null);
            if !copy.is_null() {
                *copied = copied.saturating_add(copy.to_string().len());
            }
            if *copied > MAX_COPIED {
                return Err(Failed);
            }
            add(object, path?, copy)
        }
        _ => Err(Failed),
    }
}

/// A step of a pointer without its escapes.
fn unescape(step: &str) -> String {
    // `~01` is `~1`: once over the text from the left gives the same as `~1` first and `~0` second.
    step.replace("~1", "/").replace("~0", "~")
}

/// The steps of a pointer but the last, and the last.
fn split(pointer: &str) -> Result<(impl Iterator<Item = String> + '_, String), Failed> {
    // What stands before the first slash is skipped, as upstream does.
    let (_, steps) = pointer.split_once('/').ok_or(Failed)?;
    let (parents, last) = match steps.rsplit_once('/') {
        Some((parents, last)) => (Some(parents), last),
        None => (None, steps),
    };
    let parents = parents
        .into_iter()
        .flat_map(|parents| parents.split('/'))
        .map(unescape);
    Ok((parents, unescape(last)))
}

/// An index into a list of `len` elements; negative ones count from the end.
fn index(step: &str, len: usize) -> Result<usize, Failed> {
    let index: i64 = step.parse().map_err(|_| Failed)?;
    let len = i64::try_from(len).map_err(|_| Failed)?;
    let index = if index < 0 {
        index.saturating_add(len)
    } else {
        index
    };
    usize::try_from(index).map_err(|_| Failed)
}

/// Where in a container a step leads: `Ok(None)` for an absent or null field.
fn child<'v>(container: &'v Value, step: &str) -> Result<Option<&'v Value>, Failed> {
    let found = match container {
        Value::Object(fields) => fields.get(step),
        Value::Array(elements) => Some(elements.get(index(step, elements.len())?).ok_or(Failed)?),
        _ => return Err(Failed),
    };
    Ok(found.filter(|value| !value.is_null()))
}

fn get<'v>(object: &'v Value, pointer: &str) -> Result<Option<&'v Value>, Failed> {
    let (parents, last) = split(pointer)?;
    let mut at = object;
    for step in parents {
        at = child(at, &step)?.ok_or(Failed)?;
    }
    child(at, &last)
}

/// The container of a pointer's target, and the last step.
fn container<'v>(object: &'v mut Value, pointer: &str) -> Result<(&'v mut Value, String), Failed> {
    let (parents, last) = split(pointer)?;
    let mut at = object;
    for step in parents {
        at = match at {
            Value::Object(fields) => fields.get_mut(&step).ok_or(Failed)?,
            Value::Array(elements) => {
                let index = index(&step, elements.len())?;
                elements.get_mut(index).ok_or(Failed)?
            }
            _ => return Err(Failed),
        };
    }
    Ok((at, last))
}

fn add(object: &mut Value, pointer: &str, value: Value) -> Result<(), Failed> {
    match container(object, pointer)? {
        (Value::Object(fields), name) => {
            fields.insert(name, value);
        }
        (Value::Array(elements), step) if step == "-" => elements.push(value),
        (Value::Array(elements), step) => {
            // Counted in the list as it will be: -1 appends.
            let index = index(&step, elements.len() + 1)?;
            if index > elements.len() {
                return Err(Failed);
            }
            elements.insert(index, value);
        }
        _ => return Err(Failed),
    }
    Ok(())
}

fn remove(object: &mut Value, pointer: &str) -> Result<(), Failed> {
    match container(object, pointer)? {
        (Value::Object(fields), name) => fields.remove(&name).map(drop).ok_or(Failed),
        (Value::Array(elements), step) => {
            let index = index(&step, elements.len())?;
            if index >= elements.len() {
                return Err(Failed);
            }
            elements.remove(index);
            Ok(())
        }
        _ => Err(Failed),
    }
}

fn replace(object: &mut Value, pointer: &str, value: Option<Value>) -> Result<(), Failed> {
    if pointer.is_empty() {
        let value = value.filter(|value| value.is_object() || value.is_array());
        *object = value.ok_or(Failed)?;
        return Ok(());
    }
    let value = value.unwrap_or(Value::Null);
    match container(object, pointer)? {
        (Value::Object(fields), name) => *fields.get_mut(&name).ok_or(Failed)? = value,
        (Value::Array(elements), step) => {
            let index = index(&step, elements.len())?;
            *elements.get_mut(index).ok_or(Failed)? = value;
        }
        _ => return Err(Failed),
    }
    Ok(())
}

fn test(object: &Value, pointer: &str, expected: Option<&Value>) -> Result<(), Failed> {
    let expected = expected.filter(|expected| !expected.is_null());
    let found = if pointer.is_empty() {
        Some(object)
    } else {
        get(object, pointer)?
    };
    if found == expected { Ok(()) } else { Err(Failed) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn patched(object: Value, patch: Value) -> Result<Value, ApiError> {
        let mut object = object;
        Patch::parse(patch)?.apply(&mut object)?;
        Ok(object)
    }

    #[test]
    fn does_what_the_rfc_shows() {
        let object = json!({"foo": {"bar": [1, 2], "x": {"y": true}}, "a/b": 1, "m~n": 2});
        for (operation, pointer, result) in [
            (
                json!({"op": "add", "path": "/foo/bar/-", "value": 3}),
                "/foo/bar",
                json!([1, 2, 3]),
            ),
            (
                json!({"op": "add", "path": "/foo/bar/0", "value": 0}),
                "/foo/bar",
                json!([0, 1, 2]),
            ),
            (
                json!({"op": "add", "path": "/foo/bar/2", "value": 0}),
                "/foo/bar",
                json!([1, 2, 0]),
            ),
            (
                json!({"op": "remove", "path": "/foo/bar/0"}),
                "/foo/bar",
                json!([2]),
            ),
            (
                json!({"op": "replace", "path": "/a~1b", "value": "n"}),
                "/a~1b",
                json!("n"),
            ),
            (
                json!({"op": "replace", "path": "/m~0n", "value": "n"}),
                "/m~0n",
                json!("n"),
            ),
            (
                json!({"op": "move", "from": "/foo/x", "path": "/z"}),
                "/z",
                json!({"y": true}),
            ),
            (
                json!({"op": "copy", "from": "/foo/x", "path": "/foo/bar/1"}),
                "/foo/bar",
                json!([1, {"y": true}, 2]),
            ),
        ] {
            let result_object = patched(object.clone(), json!([operation])).unwrap();
            assert_eq!(result_object.pointer(pointer), Some(&result), "{operation}");
        }
    }

    #[test]
    fn a_test_for_null_holds_where_there_is_nothing() {
        let object = json!({"metadata": {"a": null}});
        for path in ["/metadata/finalizers", "/metadata/a"] {
            let test = json!([{"op": "test", "path": path, "value": null}]);
            assert!(patched(object.clone(), test).is_ok(), "{path}");
        }
        let below_nothing = json!([{"op": "test", "path": "/spec/x", "value": null}]);
        assert!(patched(object, below_nothing).is_err());
    }

    #[test]
    fn a_failing_operation_leaves_the_object_and_is_told_in_general_words() {
        let mut object = json!({"a": 1});
        let patch =
            json!([{"op": "replace", "path": "/a", "value": 2}, {"op": "test", "path": "/a", "value": 1}]);
        let error = Patch::parse(patch).unwrap().apply(&mut object).unwrap_err();
        assert_eq!(object, json!({"a": 1}));
        assert_eq!(
            error.to_status(),
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 422,
                "reason": "Invalid", "details": {},
                "message": "the server rejected our request due to an error in our request",
            })
        );
    }

    #[test]
    fn what_does_not_apply_is_refused() {
        let object = json!({"a": [1], "s": "text", "n": null});
        for operation in [
            json!({"op": "remove", "path": "/b"}),
            json!({"op": "remove", "path": "/a/1"}),
            json!({"op": "remove", "path": ""}),
            json!({"op": "add", "path": "/b/c", "value": 1}),
            json!({"op": "add", "path": "/n/c", "value": 1}),
            json!({"op": "add", "path": "/s/c", "value": 1}),
            json!({"op": "add", "path": "/a/2", "value": 1}),
            json!({"op": "add", "path": "/a/-3", "value": 1}),
            json!({"op": "add", "path": "/a/x", "value": 1}),
            json!({"op": "add", "path": "a", "value": 1}),
            json!({"op": "add", "value": 1}),
            json!({"op": "replace", "path": "/a/1", "value": 1}),
            json!({"op": "replace", "path": "/a/9223372036854775807", "value": 1}),
            json!({"op": "replace", "path": "", "value": 1}),
            json!({"op": "move", "from": "/b", "path": "/c"}),
            json!({"op": "copy", "path": "/c"}),
            json!({"op": "test", "path": "/a", "value": [2]}),
            json!({"op": "test", "path": "/a"}),
            json!({"op": "frob", "path": "/a"}),
            json!({"path": "/a"}),
        ] {
            assert!(
                patched(object.clone(), json!([operation.clone()])).is_err(),
                "{operation}"
            );
        }
    }

    #[test]
    fn indices_may_count_from_the_end() {
        let object = json!({"a": [1, 2]});
        let add = json!([{"op": "add", "path": "/a/-1", "value": 3}]);
        assert_eq!(patched(object.clone(), add).unwrap(), json!({"a": [1, 2, 3]}));
        let remove = json!([{"op": "remove", "path": "/a/-1"}]);
        assert_eq!(patched(object, remove).unwrap(), json!({"a": [1]}));
    }

    #[test]
    fn a_patch_has_bounds() {
        let many = Value::Array(vec![json!({"op": "test", "path": "/a", "value": null}); 10_001]);
        let error = Patch::parse(many).unwrap_err();
        assert_eq!((error.code, error.reason), (413, "RequestEntityTooLarge"));
        // Each copy doubles the object.
        let copies = Value::Array(vec![json!({"op": "copy", "from": "/a", "path": "/a/x"}); 2]);
        assert!(patched(json!({"a": {"b": "x".repeat(2 << 20)}}), copies).is_err());
    }

    #[test]
    fn malformed_patches_are_bad_requests_and_unknown_fields_are_noted() {
        for (body, message) in [
            (
                json!({}),
                "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
            ),
            (
                json!([1]),
                "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
            ),
            (
                json!([{"op": 1}]),
                "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
            ),
        ] {
            let error = Patch::parse(body).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (400, message));
        }
        let patch = Patch::parse(json!([{"op": "test", "path": "/x", "value": null, "foo": 1}])).unwrap();
        assert_eq!(patch.strict, ["json patch unknown field \"[0].foo\""]);
    }

    proptest! {
        #[test]
        fn no_pointer_makes_it_panic(op in "(add|remove|replace|test|move|copy)", path in "[/a~01-]{0,8}", from in "[/a0-]{0,6}") {
            let object = json!({"a": [1, {"a": [null, {}]}], "": {"a": 1}, "0": "x", "~": {"/": []}});
            let _ = patched(object, json!([{"op": op, "path": path, "from": from, "value": {"a": []}}]));
        }
    }
}
