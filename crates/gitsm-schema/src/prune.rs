//! Fields that the schema does not know: found for strict decoding, removed when an object is stored.

use crate::object_meta;
use crate::path::{Path, Segment};
use crate::structural::{AdditionalProperties, Structural};
use crate::trail::Trail;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Which parts of an object are judged by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneOptions {
    /// The object is a whole resource: `apiVersion`, `kind` and `metadata` at its root are known.
    pub resource_root: bool,
    /// Fields inside `metadata`, of the resource and of embedded ones, are judged as `ObjectMeta`. Upstream does
    /// this in a step of its own.
    pub object_meta: bool,
}

impl PruneOptions {
    /// A whole resource, judged as strict decoding does.
    pub const RESOURCE: Self = Self {
        resource_root: true,
        object_meta: true,
    };
}

/// The paths of all fields of `object` that [`prune`] would drop, sorted.
///
/// An object is followed at most 200 levels deep.
pub fn unknown_fields(schema: &Structural, object: &Value, options: PruneOptions) -> Vec<Path> {
    reported(find(schema, object, options))
}

/// Drops all fields of `object` that the schema does not know, and returns their paths, sorted.
///
/// Without `resource_root`, `apiVersion`, `kind` and `metadata` at the root are dropped silently, as upstream.
pub fn prune(schema: &Structural, object: &mut Value, options: PruneOptions) -> Vec<Path> {
    let found = find(schema, object, options);
    for unknown in &found {
        remove(object, &unknown.path);
    }
    reported(found)
}

struct Unknown {
    path: Path,
    reported: bool,
}

fn reported(found: Vec<Unknown>) -> Vec<Path> {
    let mut paths: Vec<Path> = found
        .into_iter()
        .filter(|unknown| unknown.reported)
        .map(|unknown| unknown.path)
        .collect();
    paths.sort_by_cached_key(ToString::to_string);
    paths
}

fn find(schema: &Structural, object: &Value, options: PruneOptions) -> Vec<Unknown> {
    let mut walk = Walk {
        options,
        found: Vec::new(),
    };
    walk.value(schema, object, &Trail::root());
    walk.found
}

/// Drops the field at `path`.
pub(crate) fn remove(object: &mut Value, path: &Path) {
    let Some((Segment::Field(name) | Segment::Key(name), parents)) = path.segments().split_last() else {
        return;
    };
    let parent = parents.iter().try_fold(object, |value, segment| match segment {
        Segment::Field(name) | Segment::Key(name) => value.get_mut(name),
        Segment::Index(index) => value.get_mut(index),
    });
    if let Some(Value::Object(fields)) = parent {
        fields.remove(name);
    }
}

/// A schema that knows no field, for where upstream has none.
static NOTHING: LazyLock<Structural> = LazyLock::new(Structural::default);

struct Walk {
    options: PruneOptions,
    found: Vec<Unknown>,
}

impl Walk {
    fn value(&mut self, schema: &Structural, value: &Value, at: &Trail<'_>) {
        let preserve = schema.extensions.preserve_unknown_fields;
        match value {
            _ if at.is_too_deep() => {}
            Value::Object(fields) => self.object(schema, fields, preserve, at),
            Value::Array(elements) if preserve => self.preserved_list(schema, elements, at),
            Value::Array(elements) => {
                let items = schema.items.as_deref().unwrap_or(&NOTHING);
                for (index, element) in elements.iter().enumerate() {
                    self.value(items, element, &at.index(index));
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, schema: &Structural, fields: &Map<String, Value>, preserve: bool, at: &Trail<'_>) {
        let resource = schema.extensions.embedded_resource || at.is_root() && self.options.resource_root;
        for (name, value) in fields {
            let meta = matches!(name.as_str(), "apiVersion" | "kind" | "metadata");
            // Pruned names print with dots, also map keys.
            let inside = at.field(name);
            if resource && meta {
                if name == "metadata" && self.options.object_meta {
                    self.value(object_meta::schema(), value, &inside);
                }
            } else if let Some(property) = schema.properties.get(name) {
                self.value(property, value, &inside);
            } else if let Some(additional) = &schema.additional_properties {
                let values = match additional {
                    AdditionalProperties::Schema(values) => values,
                    AdditionalProperties::Allowed(_) => &*NOTHING,
                };
                self.value(values, value, &inside);
            } else if !preserve {
                let reported = !meta || !at.is_root();
                self.found.push(Unknown {
                    path: inside.to_path(),
                    reported,
                });
            }
        }
    }

    /// Below a list that preserves unknown fields its elements preserve theirs too.
    fn preserved_list(&mut self, schema: &Structural, elements: &[Value], at: &Trail<'_>) {
        let Some(items) = schema.items.as_deref() else {
            return;
        };
        for (index, element) in elements.iter().enumerate() {
            let at = at.index(index);
            match element {
                _ if at.is_too_deep() => {}
                Value::Object(fields) => self.object(items, fields, true, &at),
                Value::Array(elements) => self.preserved_list(items, elements, &at),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(schema: &Value, object: &Value, options: PruneOptions) -> Vec<String> {
        let schema = Structural::from_json(schema).unwrap();
        let found = unknown_fields(&schema, object, options);
        let mut pruned = object.clone();
        assert_eq!(prune(&schema, &mut pruned, options), found);
        assert_eq!(unknown_fields(&schema, &pruned, options), []);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn finds_unknown_fields_everywhere() {
        let schema = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }});
        let object = json!({
            "apiVersion": "example.dev/v1", "kind": "Test", "metadata": {"name": "x", "label": {}, "labels": {"a": "b"}},
            "list": [{"a": "1"}, {"b": 1}], "map": {"k": {"c": 1}}, "open": {"anything": {"goes": 1}}, "more": 1,
        });
        assert_eq!(
            paths(&schema, &object, PruneOptions::RESOURCE),
            ["list[1].b", "map.k.c", "metadata.label", "more"]
        );
    }

    #[test]
    fn embedded_resources_know_their_metadata() {
        let schema = json!({"type": "object", "properties": {"template": {
            "type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": {"type": "object"}},
        }}});
        let object = json!({"template": {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "nmae": "y", "ownerReferences": [{"uid": "", "u": 1}]},
            "spec": {}, "status": {},
        }});
        assert_eq!(
            paths(&schema, &object, PruneOptions::RESOURCE),
            [
                "template.metadata.nmae",
                "template.metadata.ownerReferences[0].u",
                "template.status"
            ]
        );
        let plain = PruneOptions {
            resource_root: false,
            object_meta: false,
        };
        assert_eq!(paths(&schema, &object, plain), ["template.status"]);
    }

    #[test]
    fn root_metadata_of_a_plain_value_goes_silently() {
        let mut object = json!({"kind": "x", "metadata": {}});
        let options = PruneOptions {
            resource_root: false,
            object_meta: false,
        };
        assert_eq!(prune(&Structural::default(), &mut object, options), []);
        assert_eq!(object, json!({}));
    }
}
