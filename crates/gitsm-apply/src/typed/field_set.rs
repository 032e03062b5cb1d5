//! Which fields an object mentions.

use super::{ItemKey, Shape, keys_found_twice, shape_of, step_to_field};
use crate::schema::{List, ListKind, MapOf, TypeId, TypeSchema};
use crate::set::FieldSet;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The set of everything `object` mentions: leaves, keys of maps, elements of lists, and empty objects.
pub(crate) fn field_set(schema: &TypeSchema, object: &Value) -> FieldSet {
    value(schema, Some(schema.root()), object).0
}

/// What is below a value, and whether the value is a member itself.
fn value(schema: &TypeSchema, ty: Option<TypeId>, value: &Value) -> (FieldSet, bool) {
    match (shape_of(schema, ty, value), value) {
        (Shape::Scalar | Shape::Unknown, _) => (FieldSet::new(), true),
        (Shape::Map(map), _) if map.atomic => (FieldSet::new(), true),
        (Shape::List(list), _) if list.kind == ListKind::Atomic => (FieldSet::new(), true),
        (Shape::Map(map), Value::Object(fields)) => (below_map(schema, map, fields), false),
        (Shape::List(list), Value::Array(items)) => (below_list(schema, list, items), false),
        (Shape::Map(_) | Shape::List(_), _) => (FieldSet::new(), false),
    }
}

fn below_map(schema: &TypeSchema, map: &MapOf, fields: &Map<String, Value>) -> FieldSet {
    let mut members = Vec::with_capacity(fields.len());
    let mut children = Vec::new();
    for (name, content) in fields {
        let (step, ty, is_declared) = step_to_field(map, name);
        let (below, is_member) = value(schema, ty, content);
        let is_empty = content.is_null() || content.as_object().is_some_and(Map::is_empty);
        if is_member || is_empty || !is_declared {
            members.push(step.clone());
        }
        if !below.is_empty() {
            children.push((step, Arc::new(below)));
        }
    }
    FieldSet::from_parts(members, children)
}

fn below_list(schema: &TypeSchema, list: &List, items: &[Value]) -> FieldSet {
    let keys = || {
        items
            .iter()
            .filter_map(|item| ItemKey::of(list, item).ok().zip(Some(item)))
    };
    // Elements that occur twice are members, but nothing can be said about what is in them.
    let twice = keys_found_twice(keys().map(|(key, _)| key));
    let mut members = Vec::with_capacity(items.len());
    let mut children = Vec::new();
    for (key, item) in keys() {
        let step = key.to_step();
        if twice.binary_search(&key).is_err() {
            let (below, _) = value(schema, Some(list.element), item);
            if !below.is_empty() {
                children.push((step.clone(), Arc::new(below)));
            }
        }
        members.push(step);
    }
    FieldSet::from_parts(members, children)
}
