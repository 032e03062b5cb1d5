//! Which fields an object mentions.

use super::{Shape, shape_of, step_to_field, step_to_item};
use crate::path::PathElement;
use crate::schema::{List, ListKind, MapOf, TypeId, TypeSchema};
use crate::set::FieldSet;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The set of everything `object` mentions: leaves, keys of maps, elements of lists, and empty objects.
pub(crate) fn field_set(schema: &TypeSchema, object: &Value) -> FieldSet {
    value(schema, Some(schema.root()), object).0
}

/// What is below a value, and whether the value is a member itself.
fn value(schema: &TypeSchema, ty: Option<TypeId>, value: &Value) -> (FieldSet, bool) {
    match (shape_of(schema, ty, value), value) {
        (Shape::Map(MapOf { atomic: true, .. }) | Shape::Scalar | Shape::Unknown, _)
        | (
            Shape::List(List {
                kind: ListKind::Atomic,
                ..
            }),
            _,
        ) => (FieldSet::new(), true),
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
    let steps: Vec<Option<PathElement>> = items.iter().map(|item| step_to_item(list, item).ok()).collect();
    let mut seen = BTreeSet::new();
    // Elements that occur twice are members, but nothing can be said about what is in them.
    let twice: BTreeSet<&PathElement> = steps
        .iter()
        .flatten()
        .filter(|step| !seen.insert(*step))
        .collect();
    let mut members = Vec::with_capacity(items.len());
    let mut children = Vec::new();
    for (step, item) in steps.iter().zip(items) {
        let Some(step) = step else { continue };
        members.push(step.clone());
        if !twice.contains(step) {
            let (below, _) = value(schema, Some(list.element), item);
            if !below.is_empty() {
                children.push((step.clone(), Arc::new(below)));
            }
        }
    }
    FieldSet::from_parts(members, children)
}
