//! Objects with types: what the walks over them share.
//!
//! All walks take objects that [`validate`] accepted, so they meet no surprises: where a value still does not fit
//! its type it is taken as one opaque value.

mod compare;
mod field_set;
mod known;
mod merge;
mod reconcile;
mod remove;
mod validate;

pub(crate) use compare::{Comparison, compare};
pub(crate) use field_set::field_set;
pub(crate) use known::known;
pub(crate) use merge::merge;
pub(crate) use reconcile::reconcile;
pub(crate) use remove::remove;
pub(crate) use validate::{Duplicates, validate};

use crate::json;
use crate::path::{KeyField, PathElement};
use crate::schema::{Atom, Key, List, ListKind, MapOf, TypeId, TypeSchema};
use gitsm_schema::values::go_quote;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// How deep objects and field sets are followed. Real ones stay below 50; the limit keeps every walk within a
/// 2 MiB stack.
pub(crate) const MAX_DEPTH: usize = 200;

/// The shapes that are left for a value of a type. A walk takes the first of map, scalar, list.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shapes {
    map: bool,
    scalar: bool,
    list: bool,
}

impl Shapes {
    /// The one shape of the value, if its type admits it, else all shapes of the type. Absent values and `null`
    /// fit any shape.
    fn of(atom: &Atom, value: Option<&Value>) -> Self {
        let none = Self {
            map: false,
            scalar: false,
            list: false,
        };
        match value {
            Some(Value::Object(_)) if atom.map.is_some() => Self { map: true, ..none },
            Some(Value::Array(_)) if atom.list.is_some() => Self { list: true, ..none },
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) if atom.scalar.is_some() => {
                Self { scalar: true, ..none }
            }
            _ => Self {
                map: atom.map.is_some(),
                scalar: atom.scalar.is_some(),
                list: atom.list.is_some(),
            },
        }
    }

    fn pick(self, atom: &Atom) -> Shape<'_> {
        match atom {
            Atom { map: Some(map), .. } if self.map => Shape::Map(map),
            Atom { scalar: Some(_), .. } if self.scalar => Shape::Scalar,
            Atom { list: Some(list), .. } if self.list => Shape::List(list),
            _ => Shape::Unknown,
        }
    }
}

/// The shape by which a value is walked.
enum Shape<'s> {
    Map(&'s MapOf),
    Scalar,
    List(&'s List),
    /// The type says nothing: a field that is not declared.
    Unknown,
}

/// The shape of one value.
fn shape_of<'s>(schema: &'s TypeSchema, ty: Option<TypeId>, value: &Value) -> Shape<'s> {
    match ty {
        None => Shape::Unknown,
        Some(ty) => {
            let atom = schema.atom(ty);
            Shapes::of(atom, Some(value)).pick(atom)
        }
    }
}

/// The step to a field, its type and whether it is declared.
fn step_to_field(map: &MapOf, name: &str) -> (PathElement, Option<TypeId>, bool) {
    match map.fields.get_key_value(name) {
        Some((name, field)) => (PathElement::Field(Arc::clone(name)), Some(field.ty), true),
        None => (PathElement::field(name), map.element, false),
    }
}

/// What tells a list element from others, without a copy of it. The order is that of the path elements.
#[derive(Clone, Copy)]
enum ItemKey<'v> {
    Value(&'v Value),
    Fields(&'v [Key], &'v Map<String, Value>),
}

impl<'v> ItemKey<'v> {
    /// The key of an element, or why the list cannot tell it from others.
    fn of(list: &'v List, item: &'v Value) -> Result<Self, String> {
        match &list.kind {
            ListKind::Atomic => Err("invalid indexing of non-associative list".to_owned()),
            ListKind::Set => match item {
                Value::Object(_) => {
                    Err("associative list without keys has an element that's a map type".to_owned())
                }
                Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
                Value::Null => {
                    Err("associative list without keys has an element that's an explicit null".to_owned())
                }
                Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Self::Value(item)),
            },
            ListKind::Map(keys) => match item {
                Value::Object(fields) => {
                    let key = Self::Fields(keys, fields);
                    if key.fields().next().is_some() || keys.is_empty() {
                        return Ok(key);
                    }
                    let names: Vec<String> = keys.iter().map(|key| go_quote(&key.name)).collect();
                    Err(format!(
                        "associative list with keys has an element that omits all key fields [{}] (and doesn't have \
                         default values for any key fields)",
                        names.join(" ")
                    ))
                }
                Value::Null => Err("associative list with keys may not have a null element".to_owned()),
                _ => Err("associative list with keys may not have non-map elements".to_owned()),
            },
        }
    }

    /// The key fields that the element has, or has by default.
    fn fields(self) -> impl Iterator<Item = (&'v Arc<str>, &'v Value)> {
        let (keys, fields) = match self {
            Self::Value(_) => (&[] as &[Key], None),
            Self::Fields(keys, fields) => (keys, Some(fields)),
        };
        keys.iter().filter_map(move |key| {
            let value = fields.and_then(|fields| fields.get(&*key.name));
            Some((&key.name, value.or(key.default.as_ref())?))
        })
    }

    fn to_step(self) -> PathElement {
        match self {
            Self::Value(value) => PathElement::value(value.clone()),
            Self::Fields(..) => PathElement::Key(
                self.fields()
                    .map(|(name, value)| KeyField {
                        name: Arc::clone(name),
                        value: value.clone(),
                    })
                    .collect(),
            ),
        }
    }
}

impl Ord for ItemKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Value(left), Self::Value(right)) => json::compare(left, right),
            (Self::Fields(..), Self::Fields(..)) => {
                let (mut left, mut right) = (self.fields(), other.fields());
                loop {
                    let order = match (left.next(), right.next()) {
                        (Some((left_name, left)), Some((right_name, right))) => {
                            left_name.cmp(right_name).then_with(|| json::compare(left, right))
                        }
                        (Some(_), None) => Ordering::Greater,
                        (None, Some(_)) => Ordering::Less,
                        (None, None) => return Ordering::Equal,
                    };
                    if order.is_ne() {
                        return order;
                    }
                }
            }
            (Self::Fields(..), Self::Value(_)) => Ordering::Less,
            (Self::Value(_), Self::Fields(..)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for ItemKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ItemKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ItemKey<'_> {}

/// The keys that more than one of the elements has, sorted.
fn keys_found_twice<'v>(keys: impl Iterator<Item = ItemKey<'v>>) -> Vec<ItemKey<'v>> {
    let mut sorted: Vec<ItemKey<'_>> = keys.collect();
    sorted.sort();
    let mut twice: Vec<ItemKey<'_>> = sorted
        .windows(2)
        .filter_map(|pair| match pair {
            [left, right] if left == right => Some(*left),
            _ => None,
        })
        .collect();
    twice.dedup();
    twice
}

/// The elements of the list that `value` is, if it is one.
fn items(value: Option<&Value>) -> Option<&[Value]> {
    value.and_then(Value::as_array).map(Vec::as_slice)
}
