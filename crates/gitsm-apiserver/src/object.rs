//! Reading and writing the metadata of objects held as JSON.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The parts of an object's metadata that the server itself decides by, read without building the whole object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta<'a> {
    /// `metadata.name`.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// `metadata.namespace`, empty for cluster-scoped objects.
    #[serde(borrow)]
    pub namespace: Cow<'a, str>,
    /// `metadata.uid`.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// `metadata.resourceVersion`.
    #[serde(borrow)]
    pub resource_version: Cow<'a, str>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// `metadata.deletionTimestamp`.
    #[serde(borrow)]
    pub deletion_timestamp: Option<Cow<'a, str>>,
    /// `metadata.labels`.
    #[serde(borrow)]
    pub labels: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
    /// `metadata.finalizers`.
    #[serde(borrow)]
    pub finalizers: Option<Vec<Cow<'a, str>>>,
    /// `metadata.ownerReferences`.
    #[serde(borrow)]
    pub owner_references: Option<Vec<OwnerReference<'a>>>,
}

/// One entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference<'a> {
    /// Group and version.
    #[serde(borrow)]
    pub api_version: Cow<'a, str>,
    /// Kind.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Uid: what really identifies the owner.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// Whether a foreground deletion of the owner waits for the dependant.
    pub block_owner_deletion: Option<bool>,
    /// Whether it is the managing controller.
    pub controller: Option<bool>,
}

impl<'a> Meta<'a> {
    /// Reads the metadata of a serialised object.
    ///
    /// # Errors
    /// When the bytes are no JSON object whose metadata has the right types; stored objects always are.
    pub fn of_bytes(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow, default)]
            metadata: Meta<'a>,
        }
        serde_json::from_slice::<Envelope<'a>>(json).map(|envelope| envelope.metadata)
    }
}

/// `metadata` of an object; null where there is none.
pub fn metadata(object: &Value) -> &Value {
    &object["metadata"]
}

/// A text of `metadata`, empty where it is absent.
pub fn meta_text<'v>(object: &'v Value, field: &str) -> &'v str {
    object["metadata"][field].as_str().unwrap_or_default()
}

/// `metadata` of an object for writing; made where it is absent or no object.
pub fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let metadata = &mut object["metadata"];
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    match metadata {
        Value::Object(fields) => fields,
        _ => unreachable!("it was made an object above"),
    }
}

/// Sets or, with `None`, removes a field of `metadata`.
pub fn set_meta(object: &mut Value, field: &str, value: Option<Value>) {
    let fields = metadata_mut(object);
    match value {
        Some(value) => {
            fields.insert(field.to_owned(), value);
        }
        None => {
            fields.remove(field);
        }
    }
}

/// How deep an object may be nested, its managed fields included. What is stored has to be read again, alone and in
/// lists, by JSON readers that stop at 128.
pub const MAX_DEPTH: usize = 120;
/// Most bytes that the paths of all values of an object may have together. Every report about an object names paths:
/// without a bound many fields below one long key make gigabytes of them.
pub const MAX_PATHS: usize = 64 << 20;

/// Refuses objects that are nested too deep, or whose fields have too long names for their number.
///
/// # Errors
/// Why, for people.
pub fn check_shape(object: &Value) -> Result<(), String> {
    let mut left = MAX_PATHS;
    check_below(object, 0, 0, &mut left)
}

fn check_below(value: &Value, depth: usize, path: usize, left: &mut usize) -> Result<(), String> {
    *left = left.checked_sub(path).ok_or_else(too_long_paths)?;
    let is_container = matches!(value, Value::Array(_) | Value::Object(_));
    if is_container && depth >= MAX_DEPTH {
        return Err(format!("it is nested more than {MAX_DEPTH} levels deep"));
    }
    match value {
        Value::Array(elements) => {
            let mut each = elements.iter();
            each.try_for_each(|element| check_below(element, depth + 1, path + 3, left))
        }
        Value::Object(fields) => {
            let mut each = fields.iter();
            each.try_for_each(|(name, value)| check_below(value, depth + 1, path + 1 + name.len(), left))
        }
        _ => Ok(()),
    }
}

/// What is wrong with an object that has too many fields for the length of their names.
pub fn too_long_paths() -> String {
    format!(
        "the paths of all its fields have more than {MAX_PATHS} bytes together: use shorter names, or fewer fields below long ones"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_is_read_without_the_rest() {
        let text = json!({"apiVersion": "v1", "kind": "X", "spec": {"a": [1, 2, {"b": null}]}, "metadata": {
            "name": "x\u{e9}\"", "uid": "u", "labels": {"a": "b"}, "finalizers": ["f"],
            "ownerReferences": [{"uid": "o", "blockOwnerDeletion": true}],
        }})
        .to_string();
        let meta = Meta::of_bytes(text.as_bytes()).unwrap();
        assert_eq!(meta.name, "x\u{e9}\"");
        assert_eq!(meta.labels.unwrap()["a"], "b");
        assert_eq!(meta.owner_references.unwrap()[0].uid, "o");
        assert_eq!(meta.deletion_timestamp, None);
    }

    #[test]
    fn what_could_not_be_read_again_is_refused() {
        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
        assert_eq!(check_shape(&nested(MAX_DEPTH)), Ok(()));
        assert!(check_shape(&nested(MAX_DEPTH + 1)).is_err());
        assert!(check_shape(&nested(1_000)).is_err());
    }

    #[test]
    fn many_fields_below_a_long_name_are_refused() {
        let below = |name: &str, count: usize| json!({name: vec![0; count]});
        assert_eq!(check_shape(&below("spec", 100_000)), Ok(()));
        assert_eq!(check_shape(&below(&"x".repeat(1_000_000), 10)), Ok(()));
        assert!(check_shape(&below(&"x".repeat(1_000_000), 100)).is_err());
    }

    #[test]
    fn metadata_is_made_where_it_is_absent() {
        let mut object = json!({"metadata": null});
        set_meta(&mut object, "name", Some("x".into()));
        assert_eq!(meta_text(&object, "name"), "x");
        set_meta(&mut object, "name", None);
        assert_eq!(object, json!({"metadata": {}}));
    }
}
