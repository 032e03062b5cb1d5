//! The schemas of custom kinds.

use super::{REFERENCE, schema_name};
use crate::kind::Kind;
use serde_json::{Map, Value, json};

pub(super) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
pub(super) const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const LIST_METADATA: &str = "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";

/// The deepest schema that is followed; `serde_json` reads none that is deeper.
const MAX_DEPTH: usize = 128;

/// Adds the schemas of a kind and of its list.
pub(super) fn add(kind: &Kind, schemas: &mut Map<String, Value>) {
    let mut schema = match &kind.schema.published {
        schema @ Value::Object(_) => schema.clone(),
        _ => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    };
    complete_embedded(&mut schema, 0);
    add_type_meta(&mut schema, METADATA, OBJECT_META);
    schema["x-kubernetes-group-version-kind"] = json!([kind_of(kind, &kind.names.kind)]);
    let (group, version) = (kind.resource.group.as_ref(), kind.version.as_str());
    let name = schema_name(group, version, &kind.names.kind);
    schemas.insert(
        schema_name(group, version, &kind.names.list_kind),
        list(kind, &name),
    );
    schemas.insert(name, schema);
}

/// The schema of the list of a kind whose schema has this name.
pub(super) fn list(kind: &Kind, name: &str) -> Value {
    let items = format!(
        "List of {}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        kind.resource.resource
    );
    let mut list = json!({
        "description": format!("{} is a list of {}", kind.names.list_kind, kind.names.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"description": items, "type": "array", "items": {"$ref": format!("{REFERENCE}{name}")}},
        },
    });
    add_type_meta(&mut list, LIST_METADATA, LIST_META);
    list["x-kubernetes-group-version-kind"] = json!([kind_of(kind, &kind.names.list_kind)]);
    list
}

/// Group, version and kind as extensions name them.
pub(super) fn kind_of(kind: &Kind, name: &str) -> Value {
    json!({"group": kind.resource.group.as_ref(), "version": kind.version, "kind": name})
}

/// Adds `apiVersion`, `kind` and `metadata`.
pub(super) fn add_type_meta(schema: &mut Value, description: &str, metadata: &str) {
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let properties = &mut schema["properties"];
    properties["apiVersion"] = json!({"description": API_VERSION, "type": "string"});
    properties["kind"] = json!({"description": KIND, "type": "string"});
    properties["metadata"] = json!({
        "description": description,
        "allOf": [{"$ref": format!("{REFERENCE}{metadata}")}],
    });
}

/// Adds the same to whole objects inside of others.
fn complete_embedded(schema: &mut Value, depth: usize) {
    let Value::Object(fields) = schema else { return };
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        for property in properties.values_mut() {
            complete_embedded(property, depth + 1);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(inner) {
            complete_embedded(inner, depth + 1);
        }
    }
    if depth > 0 && schema["x-kubernetes-embedded-resource"] == true {
        add_type_meta(schema, METADATA, OBJECT_META);
    }
}
