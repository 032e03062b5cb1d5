//! `PartialObjectMetadata`: objects without anything but their metadata, for clients that only watch owners and
//! labels.

use crate::negotiate::MetaVersion;
use serde_json::{Map, Value, json};

/// The metadata of one object.
pub fn object_metadata(object: &Value, version: MetaVersion) -> Value {
    let metadata = match object.get("metadata") {
        Some(metadata @ Value::Object(_)) => metadata.clone(),
        _ => Value::Object(Map::new()),
    };
    // Without `json!`, which copies the values that it is given.
    let mut partial = Map::new();
    partial.insert("kind".to_owned(), "PartialObjectMetadata".into());
    partial.insert("apiVersion".to_owned(), version.api_version().into());
    partial.insert("metadata".to_owned(), metadata);
    Value::Object(partial)
}

/// The metadata of each object of a list; `list_metadata` is that of the list: resource version, continue token and
/// number of remaining items.
pub fn list<'a>(
    items: impl IntoIterator<Item = &'a Value>,
    list_metadata: &Value,
    version: MetaVersion,
) -> Value {
    let items: Vec<Value> = items
        .into_iter()
        .map(|item| object_metadata(item, version))
        .collect();
    let mut list = json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": version.api_version(),
        "metadata": list_metadata,
    });
    list["items"] = Value::Array(items);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_metadata_stays() {
        let object = json!({"apiVersion": "x.dev/v1", "kind": "Widget", "metadata": {"name": "a", "labels": {"a": "b"}}, "spec": {}});
        let expected = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "a", "labels": {"a": "b"}}});
        assert_eq!(object_metadata(&object, MetaVersion::V1), expected);
        let nothing = object_metadata(&json!({"metadata": null}), MetaVersion::V1beta1);
        assert_eq!(nothing["metadata"], json!({}));
        assert_eq!(nothing["apiVersion"], "meta.k8s.io/v1beta1");

        let list = list([&object], &json!({"resourceVersion": "6"}), MetaVersion::V1);
        assert_eq!(list["kind"], "PartialObjectMetadataList");
        assert_eq!(list["metadata"]["resourceVersion"], "6");
        assert_eq!(list["items"], json!([expected]));
    }
}
