//! Merging an applied object into a live one.

use super::{ItemKey, Shape, Shapes, items};
use crate::schema::{List, ListKind, MapOf, TypeId, TypeSchema};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The live object with everything the applied one mentions. Nothing is removed.
pub(crate) fn merge(schema: &TypeSchema, live: &Value, applied: &Value) -> Value {
    value(schema, Some(schema.root()), Some(live), Some(applied)).unwrap_or(Value::Null)
}

fn value(
    schema: &TypeSchema,
    ty: Option<TypeId>,
    live: Option<&Value>,
    applied: Option<&Value>,
) -> Option<Value> {
    // Where one side says nothing, the other is the result.
    let (Some(live), Some(applied)) = (live, applied) else {
        return applied.or(live).cloned();
    };
    let atom = ty.map(|ty| schema.atom(ty))?;
    match Shapes::of(atom, Some(applied)).pick(atom) {
        Shape::List(list) if list.kind != ListKind::Atomic => {
            let (live_items, applied_items) = (items(Some(live)), items(Some(applied)));
            if live_items.is_none_or(<[Value]>::is_empty) && applied_items.is_none_or(<[Value]>::is_empty) {
                Some(applied.clone())
            } else {
                merge_items(
                    schema,
                    list,
                    live_items.unwrap_or_default(),
                    applied_items.unwrap_or_default(),
                )
            }
        }
        Shape::Map(map) if !map.atomic => {
            let (live_fields, applied_fields) = (live.as_object(), applied.as_object());
            if live_fields.is_none_or(Map::is_empty) && applied_fields.is_none_or(Map::is_empty) {
                Some(applied.clone())
            } else {
                merge_fields(schema, map, live_fields, applied_fields)
            }
        }
        _ => Some(applied.clone()),
    }
}

fn merge_fields(
    schema: &TypeSchema,
    map: &MapOf,
    live: Option<&Map<String, Value>>,
    applied: Option<&Map<String, Value>>,
) -> Option<Value> {
    let mut merged = live.cloned_without(applied);
    for (name, applied) in applied.into_iter().flatten() {
        let live = live.and_then(|live| live.get(name));
        let ty = match live {
            // The type matters only where there is something to merge.
            None => None,
            Some(_) => match map.fields.get(name.as_str()) {
                Some(field) => Some(field.ty),
                None => map.element,
            },
        };
        if let Some(value) = value(schema, ty, live, Some(applied)) {
            merged.insert(name.clone(), value);
        }
    }
    (!merged.is_empty()).then_some(Value::Object(merged))
}

trait ClonedWithout {
    /// A copy of the fields that the other object does not mention.
    fn cloned_without(self, other: Option<&Map<String, Value>>) -> Map<String, Value>;
}

impl ClonedWithout for Option<&Map<String, Value>> {
    fn cloned_without(self, other: Option<&Map<String, Value>>) -> Map<String, Value> {
        self.into_iter()
            .flatten()
            .filter(|(name, _)| other.is_none_or(|other| !other.contains_key(*name)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// A list with its elements named by numbers: the same number, the same element.
struct Named<'v> {
    items: Vec<(usize, &'v Value)>,
    /// By number: the only element of that name, or none if it occurs twice.
    only: Vec<Occurrence<'v>>,
}

#[derive(Clone, Copy)]
enum Occurrence<'v> {
    Never,
    Once(&'v Value),
    Twice,
}

impl<'v> Named<'v> {
    fn holds(&self, name: usize) -> bool {
        !matches!(self.only.get(name), None | Some(Occurrence::Never))
    }

    fn get(&self, name: usize) -> Option<&'v Value> {
        match self.only.get(name) {
            Some(Occurrence::Once(value)) => Some(value),
            // What occurs twice is not merged but replaced.
            Some(Occurrence::Twice) => Some(&Value::Null),
            Some(Occurrence::Never) | None => None,
        }
    }
}

fn name_items<'v>(list: &'v List, live: &'v [Value], applied: &'v [Value]) -> (Named<'v>, Named<'v>) {
    let mut names: BTreeMap<ItemKey<'v>, usize> = BTreeMap::new();
    let mut name_all = |items: &'v [Value]| -> Vec<(usize, &'v Value)> {
        items
            .iter()
            .filter_map(|item| {
                let key = ItemKey::of(list, item).ok()?;
                let next = names.len();
                Some((*names.entry(key).or_insert(next), item))
            })
            .collect()
    };
    let (live, applied) = (name_all(live), name_all(applied));
    let count = names.len();
    let index = |items: Vec<(usize, &'v Value)>| {
        let mut only = vec![Occurrence::Never; count];
        for (name, item) in &items {
            if let Some(slot) = only.get_mut(*name) {
                *slot = match slot {
                    Occurrence::Never => Occurrence::Once(item),
                    Occurrence::Once(_) | Occurrence::Twice => Occurrence::Twice,
                };
            }
        }
        Named { items, only }
    };
    (index(live), index(applied))
}

/// Merges two lists whose elements have names. The order is that of the applied list for the elements it holds;
/// the others stay behind the shared element they were behind.
fn merge_items(schema: &TypeSchema, list: &List, live: &[Value], applied: &[Value]) -> Option<Value> {
    let (live, applied) = name_items(list, live, applied);
    let mut merged: Vec<Value> = Vec::with_capacity(live.items.len().max(applied.items.len()));
    let mut done = vec![false; live.only.len()];
    let mut shared = applied
        .items
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| live.holds(*name));
    let mut next_shared = shared.next();
    let mut from_live = live.items.iter().peekable();
    let mut from_applied = applied.items.iter().peekable();
    let element = Some(list.element);
    while from_live.peek().is_some() || from_applied.peek().is_some() {
        if let (Some(&&(left, _)), Some(&&(right, _))) = (from_live.peek(), from_applied.peek()) {
            if left == right {
                mark(&mut done, left);
                merged.extend(value(schema, element, live.get(left), applied.get(left)));
                from_live.next();
                from_applied.next();
                next_shared = shared.next();
                continue;
            }
            if applied.holds(left) && next_shared.is_some_and(|next| next != left) {
                // Shared, but its turn is later.
                from_live.next();
                continue;
            }
        }
        if let Some(&&(left, item)) = from_live.peek() {
            if !applied.holds(left) {
                merged.push(item.clone());
                from_live.next();
                continue;
            }
            if done.get(left).copied().unwrap_or_default() {
                from_live.next();
            }
        }
        if let Some(&(right, _)) = from_applied.next() {
            mark(&mut done, right);
            merged.extend(value(schema, element, live.get(right), applied.get(right)));
            if next_shared == Some(right) {
                next_shared = shared.next();
            }
        }
    }
    (!merged.is_empty()).then_some(Value::Array(merged))
}

fn mark(done: &mut [bool], name: usize) {
    if let Some(done) = done.get_mut(name) {
        *done = true;
    }
}
