//! Strategic merge patches: merge patches that know the lists of built-in kinds.
//!
//! A list that the type merges is matched by its key, element by element; others are replaced. Directives in the
//! patch delete or replace (`$patch`), keep only some fields (`$retainKeys`), take elements out of lists of scalars
//! (`$deleteFromPrimitiveList/x`) and order lists (`$setElementOrder/x`).

use crate::builtin::types::{Field, Shape, Type};
use crate::error::ApiError;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const ORDER: &str = "$setElementOrder";

type Fields = Map<String, Value>;

/// Lays a patch over an object of a type.
///
/// # Errors
/// 400 for a patch that is no object or has malformed directives, 422 for lists of lists, and 500 without a reason,
/// as upstream, where an element lacks the key of its list or a directive is unknown.
pub fn apply(object: &mut Value, patch: Value, ty: &'static Type) -> Result<(), ApiError> {
    let patch = match patch {
        Value::Object(patch) => patch,
        Value::Null => return Ok(()),
        other => {
            return Err(ApiError::bad_request(format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                super::go_type(&other)
            )));
        }
    };
    let original = match object {
        Value::Object(fields) => fields.clone(),
        _ => Fields::new(),
    };
    *object = Value::Object(merge_map(original, patch, Some(ty))?);
    Ok(())
}

/// What is answered to a strategic merge patch of a kind without types, which is every custom resource: 415.
pub fn unsupported() -> ApiError {
    ApiError::unsupported_media_type(&[
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/apply-patch+yaml",
    ])
}

/// An error that upstream does not translate.
fn internal(message: String) -> ApiError {
    ApiError::new(500, "", message)
}

fn bad(what: &str) -> ApiError {
    ApiError::bad_request(what)
}

fn bad_order() -> ApiError {
    bad("invalid patch format of setElementOrder list")
}

fn no_merge_key(element: &Fields, key: &str) -> ApiError {
    internal(format!(
        "map: {} does not contain declared merge key: {key}",
        go_map(element)
    ))
}

/// A map as Go prints it: `map[a:1 b:[x y]]`.
fn go_map(fields: &Fields) -> String {
    let entries: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}:{}", go_value(value)))
        .collect();
    format!("map[{}]", entries.join(" "))
}

fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(go_value).collect();
            format!("[{}]", elements.join(" "))
        }
        Value::Object(fields) => go_map(fields),
        other => other.to_string(),
    }
}

/// The field that a patch is about.
///
/// Only asked where both sides have an object or a list: unknown fields go their way and are dropped later.
fn field(ty: Option<&'static Type>, name: &str) -> Result<Option<&'static Field>, ApiError> {
    let Some(ty) = ty else { return Ok(None) };
    match ty.fields.get(name) {
        Some(field) => Ok(Some(field)),
        None => {
            let short = ty.name.rsplit('.').next().unwrap_or_default();
            Err(internal(format!(
                "unable to find api field in struct {short} for the json field {name:?}"
            )))
        }
    }
}

fn merge_map(mut original: Fields, mut patch: Fields, ty: Option<&'static Type>) -> Result<Fields, ApiError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Fields::new()),
            _ => Err(unknown_directive(&directive, patch)),
        };
    }
    if let Some(keys) = patch.remove(RETAIN_KEYS) {
        retain_keys(&mut original, &patch, &keys)?;
    }
    order_lists(&mut original, &mut patch, ty)?;
    for (name, change) in patch {
        let (name, deletes) = match name.strip_prefix(DELETE_FROM_LIST) {
            Some(rest) => match rest.strip_prefix('/') {
                Some(name) => (name.to_owned(), true),
                None => return Err(bad("invalid patch format of primitive list")),
            },
            None => (name, false),
        };
        if change.is_null() {
            original.remove(&name);
            continue;
        }
        let merged = match (original.remove(&name), change) {
            (Some(Value::Object(old)), Value::Object(change)) => {
                let field = field(ty, &name)?;
                if field.is_some_and(|field| field.patch.replace) {
                    Value::Object(change)
                } else {
                    Value::Object(merge_map(
                        old,
                        change,
                        field.and_then(|field| field.shape.as_type()),
                    )?)
                }
            }
            (Some(Value::Array(old)), Value::Array(change)) => {
                let field = field(ty, &name)?;
                Value::Array(merge_list(old, change, field, deletes)?)
            }
            (_, change) => change,
        };
        original.insert(name, merged);
    }
    Ok(original)
}

fn unknown_directive(directive: &Value, mut patch: Fields) -> ApiError {
    patch.insert(DIRECTIVE.to_owned(), directive.clone());
    internal(format!(
        "unknown patch type: {} in map: {}",
        go_value(directive),
        go_map(&patch)
    ))
}

/// Drops the fields that the list does not name. The patch may set no others.
fn retain_keys(original: &mut Fields, patch: &Fields, keys: &Value) -> Result<(), ApiError> {
    let malformed = || bad("invalid patch format of retainKeys");
    let keys = keys.as_array().ok_or_else(malformed)?;
    let is_kept = |name: &str| keys.iter().any(|key| key == name);
    let is_set = |(name, value): (&String, &Value)| {
        !value.is_null() && !name.starts_with(DELETE_FROM_LIST) && !name.starts_with(ORDER)
    };
    if patch.iter().any(|entry| is_set(entry) && !is_kept(entry.0)) {
        return Err(malformed());
    }
    original.retain(|name, _| is_kept(name));
    Ok(())
}

/// Carries out `$setElementOrder/x` together with the patch of `x`.
fn order_lists(original: &mut Fields, patch: &mut Fields, ty: Option<&'static Type>) -> Result<(), ApiError> {
    let directives: Vec<String> = patch
        .keys()
        .filter(|name| name.starts_with(ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let order = match patch.remove(&directive) {
            Some(Value::Array(order)) => order,
            other => {
                let kind = go_kind(other.as_ref().unwrap_or(&Value::Null));
                return Err(internal(format!(
                    "expected a []interface {{}}, but received a {kind}"
                )));
            }
        };
        let name = directive
            .strip_prefix(ORDER)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(bad_order)?;
        let list = |value: Option<&Value>| match value {
            None => Ok(None),
            Some(Value::Array(elements)) => Ok(Some(elements.clone())),
            Some(other) => Err(internal(format!(
                "expected a []interface {{}}, but received a {}",
                go_kind(other)
            ))),
        };
        let old = list(original.get(name))?;
        let change = list(patch.get(name))?;
        let field = field(ty, name)?;
        let key = field.and_then(|field| field.patch.key);
        check_order(change.as_deref().unwrap_or_default(), &order, key)?;
        let merged = match (old.clone(), change) {
            (None, None) => continue,
            (Some(old), None) => old,
            (None, Some(change)) => change,
            (Some(old), Some(change)) => merge_list(old, change, field, false)?,
        };
        let old = old.unwrap_or_default();
        element_kind(merged.iter())?;
        original.insert(
            name.to_owned(),
            Value::Array(in_order(merged, &order, &old, key)?),
        );
        patch.remove(name);
    }
    Ok(())
}

/// The elements of the patch must come in the order that the directive gives.
fn check_order(change: &[Value], order: &[Value], key: Option<&str>) -> Result<(), ApiError> {
    if change.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for element in change.iter().filter(|element| element.get(DIRECTIVE).is_none()) {
        let identity = identity(element, key)?;
        let mut found = false;
        for place in wanted.by_ref() {
            if self::identity(place, key)? == identity {
                found = true;
                break;
            }
        }
        if !found {
            return Err(internal(format!(
                "The order in patch list:\n{}\n doesn't match {ORDER} list:\n{}\n",
                go_value(&Value::from(change)),
                go_value(&Value::from(order))
            )));
        }
    }
    Ok(())
}

/// By what an element of a list is known: the value of its key, or itself.
fn identity<'v>(element: &'v Value, key: Option<&str>) -> Result<&'v Value, ApiError> {
    let Some(key) = key else { return Ok(element) };
    match element {
        Value::Object(fields) => fields.get(key).ok_or_else(|| no_merge_key(fields, key)),
        other => Err(internal(format!(
            "expected a map[string]interface {{}}, but received a {}",
            go_kind(other)
        ))),
    }
}

/// A value as the key of a map: lists can be long, and are not searched for every element.
fn token(value: &Value) -> String {
    value.to_string()
}

/// Where each element stands first.
fn places(list: &[Value], key: Option<&str>) -> Result<HashMap<String, usize>, ApiError> {
    let mut places = HashMap::with_capacity(list.len());
    for (index, element) in list.iter().enumerate() {
        places.entry(token(identity(element, key)?)).or_insert(index);
    }
    Ok(places)
}

/// The Go type of a decoded value.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Whether the elements are objects; they must all be of one kind, and no lists.
fn element_kind<'v>(elements: impl Iterator<Item = &'v Value>) -> Result<bool, ApiError> {
    let mut kind: Option<&str> = None;
    for element in elements {
        let this = go_kind(element);
        match kind {
            Some(kind) if kind != this => {
                return Err(internal("list element types are not identical".to_owned()));
            }
            // Lists of lists.
            None if element.is_array() => return Err(super::rejected()),
            _ => kind = Some(this),
        }
    }
    Ok(kind == Some("map[string]interface {}"))
}

fn merge_list(
    old: Vec<Value>,
    change: Vec<Value>,
    field: Option<&'static Field>,
    deletes: bool,
) -> Result<Vec<Value>, ApiError> {
    let tag = field.map(|field| field.patch).unwrap_or_default();
    if !tag.merge {
        return Ok(change);
    }
    if old.is_empty() && change.is_empty() {
        return Ok(old);
    }
    let objects = element_kind(old.iter().chain(&change))?;
    if !objects {
        if deletes {
            let gone: HashSet<String> = change.iter().map(token).collect();
            return Ok(old
                .into_iter()
                .filter(|element| !gone.contains(&token(element)))
                .collect());
        }
        let mut known = HashSet::new();
        let both = old.iter().chain(&change);
        let merged = both
            .filter(|element| known.insert(token(element)))
            .cloned()
            .collect();
        return in_order(merged, &change, &old, None);
    }
    let Some(key) = tag.key else {
        return Err(internal(
            "cannot merge lists without merge key for slice".to_owned(),
        ));
    };
    let (mut merged, change) = directives(old, change, key)?;
    let before = merged.clone();
    let element = field
        .and_then(|field| field.shape.element())
        .and_then(Shape::as_type);
    let mut places = HashMap::with_capacity(merged.len());
    for (index, old) in merged.iter().enumerate() {
        if let Some(value) = old.get(key) {
            places.entry(token(value)).or_insert(index);
        }
    }
    for item in &change {
        let Value::Object(item) = item else { continue };
        let value = item.get(key).ok_or_else(|| no_merge_key(item, key))?;
        let place = *places.entry(token(value)).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(Value::Object(old)) => {
                let fields = merge_map(std::mem::take(old), item.clone(), element)?;
                *old = fields;
            }
            _ => merged.push(Value::Object(item.clone())),
        }
    }
    in_order(merged, &change, &before, Some(key))
}

/// Carries out the `$patch` directives among the elements; what is left of both lists.
fn directives(
    mut old: Vec<Value>,
    change: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), ApiError> {
    let mut rest = Vec::with_capacity(change.len());
    let mut replaces = false;
    let mut gone = HashSet::new();
    for element in change {
        let Some(directive) = element.get(DIRECTIVE) else {
            rest.push(element);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                gone.insert(token(identity(&element, Some(key))?));
            }
            Some("replace") => replaces = true,
            Some("merge") => {
                return Err(internal(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => {
                let fields = element.as_object().cloned().unwrap_or_default();
                return Err(unknown_directive(directive, fields));
            }
        }
    }
    if !gone.is_empty() {
        old.retain(|old| old.get(key).is_none_or(|value| !gone.contains(&token(value))));
    }
    // The elements that replace the list are the result; nothing is merged into them.
    Ok(if replaces { (rest, Vec::new()) } else { (old, rest) })
}

/// Puts a merged list in order: what the patch names in the patch's order, what only the server has in the server's,
/// the two woven together by where both stood before.
fn in_order(
    merged: Vec<Value>,
    order: &[Value],
    before: &[Value],
    key: Option<&str>,
) -> Result<Vec<Value>, ApiError> {
    let order = places(order, key)?;
    let before = places(before, key)?;
    let mut named = Vec::new();
    let mut others = Vec::new();
    for element in merged {
        let identity = token(identity(&element, key)?);
        let place = before.get(&identity).copied();
        match order.get(&identity) {
            Some(index) => named.push((*index, place, element)),
            None => others.push((place, element)),
        }
    }
    named.sort_by_key(|(index, _, _)| *index);
    others.sort_by(|(one, _), (two, _)| match (one, two) {
        (Some(one), Some(two)) => one.cmp(two),
        _ => Ordering::Equal,
    });
    let mut named = named
        .into_iter()
        .map(|(_, before, element)| (before, element))
        .peekable();
    let mut others = others.into_iter().peekable();
    let mut result = Vec::new();
    loop {
        let take_other = match (others.peek(), named.peek()) {
            (None, None) => return Ok(result),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some((other, _)), Some((named, _))) => {
                matches!((other, named), (Some(other), Some(named)) if other < named)
            }
        };
        let next = if take_other { others.next() } else { named.next() };
        result.extend(next.map(|(_, element)| element));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::builtin::types::find;
    use serde_json::json;

    fn patched(ty: &str, mut object: Value, patch: Value) -> Result<Value, ApiError> {
        apply(&mut object, patch, find(ty).unwrap())?;
        Ok(object)
    }

    #[allow(clippy::needless_pass_by_value, reason = "reads better where it is called")]
    fn pod(containers: Value) -> Value {
        json!({"spec": {"containers": containers}})
    }

    #[test]
    fn lists_are_merged_by_their_key() {
        let old =
            pod(json!([{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]));
        let patch = pod(json!([{"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}]}]));
        let result = patched("core.v1.Pod", old, patch).unwrap();
        assert_eq!(
            result,
            pod(json!([
                {"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]},
                {"name": "b"},
            ]))
        );
    }

    #[test]
    fn lists_without_a_key_are_replaced() {
        let old = json!({"spec": {"tolerations": [{"key": "a"}], "containers": [{"name": "c", "args": ["1", "2"]}]}});
        let patch =
            json!({"spec": {"tolerations": [{"key": "b"}], "containers": [{"name": "c", "args": ["3"]}]}});
        assert_eq!(patched("core.v1.Pod", old, patch.clone()).unwrap(), patch);
    }

    #[test]
    fn elements_can_be_deleted_and_lists_replaced() {
        let old = pod(json!([{"name": "a"}, {"name": "b"}]));
        let delete = pod(json!([{"$patch": "delete", "name": "a"}]));
        assert_eq!(
            patched("core.v1.Pod", old.clone(), delete).unwrap(),
            pod(json!([{"name": "b"}]))
        );
        let replace = pod(json!([{"name": "c"}, {"$patch": "replace"}]));
        assert_eq!(
            patched("core.v1.Pod", old.clone(), replace).unwrap(),
            pod(json!([{"name": "c"}]))
        );
        let whole = json!({"spec": {"$patch": "replace", "nodeName": "n"}});
        assert_eq!(
            patched("core.v1.Pod", old.clone(), whole).unwrap(),
            json!({"spec": {"nodeName": "n"}})
        );
        let nothing = json!({"spec": {"$patch": "delete"}});
        assert_eq!(patched("core.v1.Pod", old, nothing).unwrap(), json!({"spec": {}}));
    }

    #[test]
    fn lists_of_scalars_are_merged_and_reduced() {
        let old = json!({"metadata": {"finalizers": ["a", "b"]}});
        let add = json!({"metadata": {"finalizers": ["c"]}});
        let both = patched("core.v1.Pod", old.clone(), add).unwrap();
        let mut all: Vec<&str> = both["metadata"]["finalizers"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        all.sort_unstable();
        assert_eq!(all, ["a", "b", "c"]);
        let delete = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}});
        assert_eq!(
            patched("core.v1.Pod", old, delete).unwrap(),
            json!({"metadata": {"finalizers": ["b"]}})
        );
    }

    #[test]
    fn the_order_of_a_list_can_be_set() {
        let old = pod(json!([{"name": "a"}, {"name": "server"}, {"name": "b"}]));
        let patch = json!({"spec": {
            "$setElementOrder/containers": [{"name": "b"}, {"name": "new"}, {"name": "a"}],
            "containers": [{"name": "new"}],
        }});
        let result = patched("core.v1.Pod", old, patch).unwrap();
        let names: Vec<&str> = result["spec"]["containers"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|c| c["name"].as_str())
            .collect();
        assert_eq!(names, ["server", "b", "new", "a"]);
    }

    #[test]
    fn an_order_that_the_patch_breaks_is_refused() {
        let patch = json!({"spec": {
            "$setElementOrder/containers": [{"name": "a"}, {"name": "b"}],
            "containers": [{"name": "b"}, {"name": "a"}],
        }});
        let error = patched("core.v1.Pod", pod(json!([])), patch).unwrap_err();
        assert!(error.message.starts_with("The order in patch list:"), "{error}");
    }

    #[test]
    fn only_retained_keys_stay() {
        let old = json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
        let patch = json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
        let result = patched("apps.v1.Deployment", old.clone(), patch).unwrap();
        assert_eq!(result, json!({"spec": {"strategy": {"type": "Recreate"}}}));
        let wrong = json!({"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}});
        let error = patched("apps.v1.Deployment", old, wrong).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (400, "invalid patch format of retainKeys")
        );
    }

    #[test]
    fn nulls_delete_and_maps_merge() {
        let old = json!({"data": {"a": "1", "b": "2"}, "immutable": true});
        let patch = json!({"data": {"a": null, "c": "3"}, "immutable": null});
        assert_eq!(
            patched("core.v1.ConfigMap", old, patch).unwrap(),
            json!({"data": {"b": "2", "c": "3"}})
        );
    }

    #[test]
    fn an_element_without_its_key_is_refused() {
        let old = pod(json!([{"name": "a"}]));
        let error = patched("core.v1.Pod", old.clone(), pod(json!([{"image": "x"}]))).unwrap_err();
        assert_eq!(error.code, 500);
        assert_eq!(
            error.message,
            "map: map[image:x] does not contain declared merge key: name"
        );
        let error = patched("core.v1.Pod", old, pod(json!([{"name": "a", "$patch": "frob"}]))).unwrap_err();
        assert_eq!(
            error.message,
            "unknown patch type: frob in map: map[$patch:frob name:a]"
        );
    }

    /// Asked of a real server (kube-apiserver 1.20).
    #[test]
    fn malformed_lists_are_told_apart() {
        let old = || pod(json!([{"name": "a"}]));
        for (patch, code, message) in [
            (pod(json!([["x"]])), 500, "list element types are not identical"),
            (pod(json!(["x"])), 500, "list element types are not identical"),
            (
                json!({"spec": {"$setElementOrder/containers": "x"}}),
                500,
                "expected a []interface {}, but received a string",
            ),
            (
                json!({"$setElementOrder/": []}),
                500,
                "unable to find api field in struct Pod for the json field \"\"",
            ),
            (
                json!({"spec": {"$deleteFromPrimitiveListcontainers": []}}),
                400,
                "invalid patch format of primitive list",
            ),
            (
                json!([1]),
                400,
                "json: cannot unmarshal array into Go value of type map[string]interface {}",
            ),
        ] {
            let error = patched("core.v1.Pod", old(), patch).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (code, message));
        }
        let lists = patched("core.v1.Pod", pod(json!([["y"]])), pod(json!([["x"]]))).unwrap_err();
        assert_eq!(lists.code, 422);
    }

    #[test]
    fn long_lists_take_no_long_time() {
        let list =
            |from: usize| -> Vec<String> { (from..from + 50_000).map(|n| format!("a.dev/{n}")).collect() };
        let old = json!({"metadata": {"finalizers": list(0)}});
        let patch =
            json!({"metadata": {"finalizers": list(25_000), "$setElementOrder/finalizers": list(25_000)}});
        let both = patched("core.v1.Pod", old, patch).unwrap();
        assert_eq!(both["metadata"]["finalizers"].as_array().unwrap().len(), 75_000);
    }

    #[test]
    fn custom_resources_have_none() {
        assert_eq!(unsupported().code, 415);
    }
}
