//! JSON patches, RFC 6902, as `evanphx/json-patch` v4 applies them for Kubernetes.
//!
//! Where the library departs from the RFC so does this: a `test` for null holds where there is nothing, indices may
//! count from the end, what stands before the first `/` of a pointer is not looked at, and replacing the whole object
//! by what is neither object nor list changes nothing.

use super::{go_type, rejected};
use crate::error::ApiError;
use serde_json::{Map, Value};

/// Most operations of one patch.
const MAX_OPERATIONS: usize = 10_000;
/// Most bytes, as JSON, that the `copy` operations of one patch may make: the limit of a request body.
const MAX_COPIED: usize = 3 * 1024 * 1024;

/// Most elements of lists that one patch may shift about: a fraction of a second.
const MAX_SHIFTED: usize = 50_000_000;

/// How deep values may be nested while a patch is applied: as deep as in the body of a request.
const DEEPEST: usize = 128;

/// What a patch has used of its bounds.
#[derive(Default)]
struct Spent {
    copied: usize,
    shifted: usize,
}

impl Spent {
    /// Refuses to put a value where it would be nested too deep.
    fn nest(&mut self, pointer: &str, value: &Value) -> Result<(), Failed> {
        let steps = pointer.bytes().filter(|byte| *byte == b'/').count();
        let left = DEEPEST.checked_sub(steps).ok_or(Failed)?;
        let mut values = 0;
        if !is_within(value, left, &mut values) {
            return Err(Failed);
        }
        self.shift(values)
    }

    /// Notes that an insertion or removal moves the elements behind it.
    fn shift(&mut self, elements: usize) -> Result<(), Failed> {
        self.shifted = self.shifted.saturating_add(elements);
        if self.shifted > MAX_SHIFTED {
            Err(Failed)
        } else {
            Ok(())
        }
    }
}

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
                Value::Null => return Err(invalid("null", "unsupported operation")),
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
            operations.push(operation);
        }
        for operation in &operations {
            if let Some(why) = incomplete(operation) {
                return Err(invalid(&Value::Object(operation.clone()).to_string(), why));
            }
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
        let mut spent = Spent::default();
        for operation in &self.operations {
            perform(&mut changed, operation, &mut spent).map_err(|Failed| rejected())?;
        }
        *object = changed;
        Ok(())
    }
}

fn invalid(operation: &str, why: &str) -> ApiError {
    ApiError::bad_request(format!("invalid operation {operation}: {why}"))
}

/// What an operation lacks.
fn incomplete(operation: &Map<String, Value>) -> Option<&'static str> {
    let is_text = |name: &str| operation.get(name).is_some_and(Value::is_string);
    match operation.get("op").and_then(Value::as_str).unwrap_or_default() {
        "add" | "replace" if !operation.contains_key("value") => {
            Some("failed to decode 'value': operation, missing value field: missing value")
        }
        "move" | "copy" if !is_text("from") => {
            Some("failed to decode 'from': operation, missing from field: missing value")
        }
        "add" | "replace" | "move" | "copy" | "remove" | "test" => {
            let why = "failed to decode 'path': operation missing path field: missing value";
            (!is_text("path")).then_some(why)
        }
        _ => Some("unsupported operation"),
    }
}

/// Whether a value is nested at most so deep; counts the values in it.
fn is_within(value: &Value, depth: usize, values: &mut usize) -> bool {
    *values += 1;
    match (value, depth.checked_sub(1)) {
        (Value::Array(elements), Some(left)) => {
            elements.iter().all(|element| is_within(element, left, values))
        }
        (Value::Object(fields), Some(left)) => fields.values().all(|value| is_within(value, left, values)),
        (Value::Array(_) | Value::Object(_), None) => false,
        _ => true,
    }
}

fn perform(object: &mut Value, operation: &Map<String, Value>, spent: &mut Spent) -> Result<(), Failed> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let path = text("path").ok_or(Failed);
    let value = operation.get("value");
    match text("op").unwrap_or_default() {
        "add" => add(object, path?, value.cloned().unwrap_or(Value::Null), spent),
        "remove" => take(object, path?, spent).map(drop),
        "replace" => {
            let path = path?;
            spent.nest(path, value.unwrap_or(&Value::Null))?;
            replace(object, path, value.cloned())
        }
        "test" => test(object, path?, value),
        "move" => {
            let from = text("from").ok_or(Failed)?;
            let moved = take(object, from, spent)?;
            add(object, path?, moved, spent)
        }
        "copy" => {
            let from = text("from").ok_or(Failed)?;
            let copy = get(object, from)?.cloned().unwrap_or(Value::Null);
            if !copy.is_null() {
                spent.copied = spent.copied.saturating_add(copy.to_string().len());
            }
            if spent.copied > MAX_COPIED {
                return Err(Failed);
            }
            add(object, path?, copy, spent)
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

/// Where in a container a step leads: `Ok(None)` for null.
fn child<'v>(container: &'v Value, step: &str) -> Result<Option<&'v Value>, Failed> {
    let found = match container {
        Value::Object(fields) => fields.get(step),
        Value::Array(elements) => elements.get(index(step, elements.len())?),
        _ => None,
    };
    let found = found.ok_or(Failed)?;
    Ok(Some(found).filter(|value| !value.is_null()))
}

/// The container of a pointer's target, and the last step.
fn parent<'v>(object: &'v Value, pointer: &str) -> Result<(&'v Value, String), Failed> {
    let (parents, last) = split(pointer)?;
    let mut at = object;
    for step in parents {
        at = child(at, &step)?.ok_or(Failed)?;
    }
    Ok((at, last))
}

fn get<'v>(object: &'v Value, pointer: &str) -> Result<Option<&'v Value>, Failed> {
    let (at, last) = parent(object, pointer)?;
    child(at, &last)
}

/// As [`parent`], to change what is there.
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

fn add(object: &mut Value, pointer: &str, value: Value, spent: &mut Spent) -> Result<(), Failed> {
    spent.nest(pointer, &value)?;
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
            spent.shift(elements.len() - index)?;
            elements.insert(index, value);
        }
        _ => return Err(Failed),
    }
    Ok(())
}

/// Removes what is there.
fn take(object: &mut Value, pointer: &str, spent: &mut Spent) -> Result<Value, Failed> {
    match container(object, pointer)? {
        (Value::Object(fields), name) => fields.remove(&name).ok_or(Failed),
        (Value::Array(elements), step) => {
            let index = index(&step, elements.len())?;
            if index >= elements.len() {
                return Err(Failed);
            }
            spent.shift(elements.len() - index)?;
            Ok(elements.remove(index))
        }
        _ => Err(Failed),
    }
}

fn replace(object: &mut Value, pointer: &str, value: Option<Value>) -> Result<(), Failed> {
    if pointer.is_empty() {
        if let Some(value) = value.filter(|value| value.is_object() || value.is_array()) {
            *object = value;
        }
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
        match parent(object, pointer)? {
            // What is not there is as good as null.
            (Value::Object(fields), name) => fields.get(&name).filter(|value| !value.is_null()),
            (at, last) => child(at, &last)?,
        }
    };
    if found == expected { Ok(()) } else { Err(Failed) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn values_are_not_nested_deeper_and_deeper() {
        let nested = |depth| (0..depth).fold(json!({}), |value, _| json!({"x": value}));
        let steps = "/x".repeat(90);
        let mut operations = vec![json!({"op": "add", "path": "/a", "value": {}})];
        for _ in 0..3_000 {
            operations.push(json!({"op": "add", "path": "/b", "value": nested(90)}));
            operations.push(json!({"op": "move", "from": "/a", "path": format!("/b{steps}")}));
            operations.push(json!({"op": "move", "from": "/b", "path": "/a"}));
        }
        assert!(patched(json!({}), operations[..4].to_vec().into()).is_ok());
        assert_eq!(patched(json!({}), operations.into()).unwrap_err().code, 422);
        let replaced = json!([{"op": "replace", "path": "/a/a", "value": nested(128)}]);
        assert_eq!(patched(json!({"a": {"a": 1}}), replaced).unwrap_err().code, 422);
    }

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
            json!({"op": "replace", "path": "/a/1", "value": 1}),
            json!({"op": "replace", "path": "/a/9223372036854775807", "value": 1}),
            json!({"op": "replace", "path": "/b", "value": 1}),
            json!({"op": "move", "from": "/b", "path": "/c"}),
            json!({"op": "copy", "from": "/b", "path": "/c"}),
            json!({"op": "copy", "from": "", "path": "/c"}),
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
        let shifts = Value::Array(vec![json!({"op": "add", "path": "/a/0", "value": 1}); 10_000]);
        assert!(patched(json!({"a": vec![0; 10_000]}), shifts).is_err());
        // Each copy doubles the object.
        let copies = Value::Array(vec![json!({"op": "copy", "from": "/a", "path": "/a/x"}); 2]);
        assert!(patched(json!({"a": {"b": "x".repeat(2 << 20)}}), copies).is_err());
    }

    /// Asked of a real server (apiextensions-apiserver 1.36).
    #[test]
    fn incomplete_operations_are_told_apart() {
        let value = "failed to decode 'value': operation, missing value field: missing value";
        let from = "failed to decode 'from': operation, missing from field: missing value";
        let path = "failed to decode 'path': operation missing path field: missing value";
        for (operation, why) in [
            (json!({"op": "add", "path": "/a"}), value),
            (json!({"op": "move", "path": "/a"}), from),
            (json!({"from": null, "op": "copy", "path": "/a"}), from),
            (json!({"op": "add", "value": 1}), path),
            (json!({"op": "test", "path": null}), path),
            (json!({"op": "frob", "path": "/a"}), "unsupported operation"),
            (json!({"path": "/a"}), "unsupported operation"),
            (Value::Null, "unsupported operation"),
        ] {
            let error = Patch::parse(json!([operation.clone()])).unwrap_err();
            assert_eq!(error.code, 400);
            assert_eq!(error.message, format!("invalid operation {operation}: {why}"));
        }
    }

    #[test]
    fn nulls_are_values_and_nothing_replaces_the_whole_by_a_number() {
        let object = json!({"a": 1, "n": null});
        for (operation, result) in [
            (
                json!({"op": "add", "path": "/c", "value": null}),
                json!({"a": 1, "c": null, "n": null}),
            ),
            (
                json!({"op": "replace", "path": "/n", "value": 2}),
                json!({"a": 1, "n": 2}),
            ),
            (
                json!({"op": "move", "from": "/n", "path": "/c"}),
                json!({"a": 1, "c": null}),
            ),
            (
                json!({"op": "copy", "from": "/n", "path": "/a"}),
                json!({"a": null, "n": null}),
            ),
            (json!({"op": "replace", "path": "", "value": 1}), object.clone()),
            (
                json!({"op": "add", "path": "x/c", "value": 1}),
                json!({"a": 1, "c": 1, "n": null}),
            ),
        ] {
            assert_eq!(patched(object.clone(), json!([operation])).unwrap(), result);
        }
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
