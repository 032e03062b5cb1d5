//! The structural schemas of the built-in kinds, for pruning and server-side apply.

use super::types::{self, Field, Shape, Type};
use crate::kind::KindSchema;
use gitsm_schema::ObjectSchema;
use gitsm_schema::structural::{AdditionalProperties, ListType, MapType, SchemaType, Structural};
use serde_json::Value;

/// Nesting beyond which nothing is described; the deepest kind has less than half.
const MAX_DEPTH: usize = 40;

/// The schema of the kind with this type, for [`crate::kind::LazySchema`].
pub fn build(ty: &str) -> KindSchema {
    let mut root = types::find(ty).map_or_else(anything, |ty| of_type(ty, 0));
    for field in ["apiVersion", "kind", "metadata"] {
        // As in a CRD: these are known without being declared.
        root.properties.remove(field);
    }
    // Values are judged by reading them: the schema has no checks, so compiling it cannot fail.
    let object = ObjectSchema::new(root)
        .unwrap_or_else(|error| unreachable!("the table of types makes a schema without checks: {error}"));
    KindSchema {
        object: std::sync::Arc::new(object),
        published: Value::Null,
        columns: Vec::new(),
    }
}

/// The schema of any type of the table, with all its fields.
pub fn of(ty: &'static Type) -> Structural {
    of_type(ty, 0)
}

fn anything() -> Structural {
    let mut schema = Structural::default();
    schema.extensions.preserve_unknown_fields = true;
    schema
}

fn of_type(ty: &'static Type, depth: usize) -> Structural {
    if depth > MAX_DEPTH {
        return anything();
    }
    let mut schema = Structural {
        ty: Some(SchemaType::Object),
        ..Structural::default()
    };
    schema.properties = ty
        .fields
        .iter()
        .map(|(name, field)| ((*name).to_owned(), of_field(field, depth + 1)))
        .collect();
    if ty.atomic {
        schema.extensions.map_type = Some(MapType::Atomic);
    }
    schema
}

fn of_field(field: &Field, depth: usize) -> Structural {
    let mut schema = of_shape(&field.shape, depth);
    if let Some(default) = field.default {
        schema.default = Some(default.into());
    }
    if field.atomic_map {
        schema.extensions.map_type = Some(MapType::Atomic);
    }
    match &field.list {
        Some((ty, keys)) => {
            schema.extensions.list_type = match *ty {
                "map" => Some(ListType::Map),
                "set" => Some(ListType::Set),
                _ => Some(ListType::Atomic),
            };
            schema.extensions.list_map_keys = keys.iter().map(|key| (*key).to_owned()).collect();
        }
        // What strategic patches merge, apply merges too where nothing else is said.
        None if field.patch.merge && matches!(field.shape, Shape::List(_)) => match field.patch.key {
            Some(key) => {
                schema.extensions.list_type = Some(ListType::Map);
                schema.extensions.list_map_keys = vec![key.to_owned()];
            }
            None => schema.extensions.list_type = Some(ListType::Set),
        },
        None => {}
    }
    schema
}

fn of_shape(shape: &Shape, depth: usize) -> Structural {
    let scalar = |ty| Structural {
        ty: Some(ty),
        ..Structural::default()
    };
    match shape {
        Shape::Text | Shape::Bytes | Shape::Quantity => scalar(SchemaType::String),
        // Null is written for instants that are not set.
        Shape::Time | Shape::MicroTime => Structural {
            nullable: true,
            ..scalar(SchemaType::String)
        },
        Shape::Bool => scalar(SchemaType::Boolean),
        Shape::Int32 | Shape::Int64 => scalar(SchemaType::Integer),
        Shape::IntOrString => {
            let mut schema = Structural::default();
            schema.extensions.int_or_string = true;
            schema
        }
        Shape::Raw => anything(),
        Shape::Fields => Structural {
            ty: Some(SchemaType::Object),
            ..anything()
        },
        Shape::Struct(_) => match shape.as_type() {
            Some(ty) => of_type(ty, depth),
            None => anything(),
        },
        Shape::List(element) => Structural {
            items: Some(Box::new(of_shape(element, depth + 1))),
            // `rules: null` is how a role without rules is written.
            nullable: true,
            ..scalar(SchemaType::Array)
        },
        Shape::Map(element) => Structural {
            additional_properties: Some(AdditionalProperties::Schema(Box::new(of_shape(
                element,
                depth + 1,
            )))),
            nullable: true,
            ..scalar(SchemaType::Object)
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_merged_by_the_keys_that_upstream_declares() {
        let pod = of(types::find("core.v1.Pod").unwrap());
        let containers = &pod.properties["spec"].properties["containers"];
        assert_eq!(containers.extensions.list_map_keys, ["name"]);
        let container = containers.items.as_ref().unwrap();
        let ports = &container.properties["ports"];
        assert_eq!(ports.extensions.list_map_keys, ["containerPort", "protocol"]);
        assert_eq!(
            ports.items.as_ref().unwrap().properties["protocol"].default,
            Some(json!("TCP"))
        );
        assert_eq!(
            container.properties["args"].extensions.list_type,
            Some(ListType::Atomic)
        );
        let finalizers = &pod.properties["metadata"].properties["finalizers"];
        assert_eq!(finalizers.extensions.list_type, Some(ListType::Set));
    }

    #[test]
    fn unknown_fields_are_found() {
        let schema = build("apps.v1.Deployment");
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {
            "replica": 1, "template": {"spec": {"containers": [{"name": "c", "imagePolicy": "x"}]}},
        }});
        let unknown: Vec<String> = schema
            .object
            .unknown_fields(&object)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            unknown,
            ["spec.replica", "spec.template.spec.containers[0].imagePolicy"]
        );
    }
}
