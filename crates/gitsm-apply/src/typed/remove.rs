//! Taking fields out of an object.

use super::{ItemKey, Shape, shape_of, step_to_field};
use crate::schema::{ListKind, TypeId, TypeSchema};
use crate::set::FieldSet;
use serde_json::{Map, Value};

/// The object without the fields, keys and elements of the set. What is left empty becomes `null`, as upstream.
pub(crate) fn remove(schema: &TypeSchema, object: &Value, fields: &FieldSet) -> Value {
    value(schema, Some(schema.root()), object, fields)
}

fn value(schema: &TypeSchema, ty: Option<TypeId>, value: &Value, fields: &FieldSet) -> Value {
    match (shape_of(schema, ty, value), value) {
        (Shape::Scalar, _) => value.clone(),
        (Shape::Map(map), Value::Object(content)) if !map.atomic => {
            let mut kept = Map::new();
            for (name, content) in content {
                let (step, ty, _) = step_to_field(map, name);
                if !fields.has_member(&step) {
                    kept.insert(name.clone(), inside(schema, ty, content, fields.below(&step)));
                }
            }
            if kept.is_empty() {
                Value::Null
            } else {
                Value::Object(kept)
            }
        }
        (Shape::List(list), Value::Array(items)) if list.kind != ListKind::Atomic => {
            let kept: Vec<Value> = items
                .iter()
                .filter_map(|item| match ItemKey::of(list, item).map(ItemKey::to_step) {
                    Ok(step) if fields.has_member(&step) => None,
                    Ok(step) => Some(inside(schema, Some(list.element), item, fields.below(&step))),
                    Err(_) => Some(item.clone()),
                })
                .collect();
            if kept.is_empty() {
                Value::Null
            } else {
                Value::Array(kept)
            }
        }
        // Something inside an atomic value is to go: all of it does.
        (Shape::Map(_) | Shape::List(_) | Shape::Unknown, _) => Value::Null,
    }
}

fn inside(schema: &TypeSchema, ty: Option<TypeId>, content: &Value, fields: Option<&FieldSet>) -> Value {
    match fields {
        Some(fields) if !fields.is_empty() => value(schema, ty, content, fields),
        _ => content.clone(),
    }
}
