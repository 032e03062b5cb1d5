//! What differs between two versions of an object.

use super::{ItemKey, Shape, Shapes, items, step_to_field};
use crate::json;
use crate::path::PathElement;
use crate::schema::{List, ListKind, MapOf, TypeId, TypeSchema};
use crate::set::FieldSet;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The fields that differ between two objects, each in one of the sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Comparison {
    /// Only in the first.
    pub(crate) removed: FieldSet,
    /// In both, with different values.
    pub(crate) modified: FieldSet,
    /// Only in the second.
    pub(crate) added: FieldSet,
}

impl Comparison {
    /// Whether nothing differs. The order of lists that tell their elements apart does not count.
    pub(crate) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    /// The comparison without some fields and what is below them.
    pub(crate) fn without(&self, ignored: Option<&FieldSet>) -> Self {
        match ignored {
            None => self.clone(),
            Some(ignored) => Self {
                removed: self.removed.recursive_difference(ignored),
                modified: self.modified.recursive_difference(ignored),
                added: self.added.recursive_difference(ignored),
            },
        }
    }
}

/// On how many levels values are first compared as a whole: most of an object stays the same, and what is equal
/// needs no paths. Limited, because what differs deep down is compared again on every level.
const TRIES: u8 = 6;

/// Compares two objects of the same types.
pub(crate) fn compare(schema: &TypeSchema, left: &Value, right: &Value) -> Comparison {
    let mut root = Level::default();
    let walk = Walk { schema };
    // The mark of the object itself is dropped: nobody owns "everything".
    let mut marks = Marks::default();
    walk.value(
        Some(schema.root()),
        Some(left),
        Some(right),
        &mut root,
        &mut marks,
        TRIES,
    );
    Comparison {
        removed: root.removed.build(),
        modified: root.modified.build(),
        added: root.added.build(),
    }
}

/// A set under construction.
#[derive(Default)]
struct Parts {
    members: Vec<PathElement>,
    children: Vec<(PathElement, Arc<FieldSet>)>,
}

impl Parts {
    fn build(self) -> FieldSet {
        FieldSet::from_parts(self.members, self.children)
    }

    /// Takes over what was found for one element.
    fn take(&mut self, step: &PathElement, is_member: bool, below: Parts) {
        if is_member {
            self.members.push(step.clone());
        }
        if !below.members.is_empty() || !below.children.is_empty() {
            self.children.push((step.clone(), Arc::new(below.build())));
        }
    }
}

/// What was found below one value.
#[derive(Default)]
struct Level {
    removed: Parts,
    modified: Parts,
    added: Parts,
}

/// What was found about one value itself.
#[derive(Default)]
struct Marks {
    removed: bool,
    modified: bool,
    added: bool,
}

struct Walk<'s> {
    schema: &'s TypeSchema,
}

impl Walk<'_> {
    fn value(
        &self,
        ty: Option<TypeId>,
        left: Option<&Value>,
        right: Option<&Value>,
        level: &mut Level,
        marks: &mut Marks,
        tries: u8,
    ) {
        let Some(ty) = ty else {
            Self::leaf(left, right, marks);
            return;
        };
        let atom = self.schema.atom(ty);
        let (left_shapes, right_shapes) = (Shapes::of(atom, left), Shapes::of(atom, right));
        let is_leaf = if right.is_none() {
            self.shape(&left_shapes.pick(atom), left, right, level, marks, tries)
        } else if left.is_none() || left_shapes == right_shapes {
            self.shape(&right_shapes.pick(atom), left, right, level, marks, tries)
        } else {
            // The value changed its shape: both are looked at.
            self.shape(&left_shapes.pick(atom), left, right, level, marks, tries);
            self.shape(&right_shapes.pick(atom), left, right, level, marks, tries)
        };
        if !is_leaf {
            marks.added |= left.is_none();
            marks.removed |= left.is_some() && right.is_none();
        }
    }

    /// Compares by one shape; `true` if the value is a leaf there.
    fn shape(
        &self,
        shape: &Shape<'_>,
        left: Option<&Value>,
        right: Option<&Value>,
        level: &mut Level,
        marks: &mut Marks,
        tries: u8,
    ) -> bool {
        match shape {
            Shape::Scalar | Shape::Unknown => {}
            Shape::List(list) => {
                let (left_items, right_items) =
                    (items(left).unwrap_or_default(), items(right).unwrap_or_default());
                if list.kind != ListKind::Atomic && !(left_items.is_empty() && right_items.is_empty()) {
                    self.items(list, left_items, right_items, level, tries);
                    return false;
                }
            }
            Shape::Map(map) => {
                let is_empty = |value: Option<&Value>| {
                    value
                        .and_then(Value::as_object)
                        .is_none_or(serde_json::Map::is_empty)
                };
                if !(map.atomic || (is_empty(left) && is_empty(right))) {
                    self.fields(map, left, right, level, tries);
                    return false;
                }
            }
        }
        Self::leaf(left, right, marks);
        true
    }

    fn leaf(left: Option<&Value>, right: Option<&Value>, marks: &mut Marks) {
        match (left, right) {
            (None, _) => marks.added = true,
            (_, None) => marks.removed = true,
            (Some(left), Some(right)) => marks.modified |= !json::equals(left, right),
        }
    }

    fn child(
        &self,
        ty: Option<TypeId>,
        step: impl FnOnce() -> PathElement,
        left: Option<&Value>,
        right: Option<&Value>,
        level: &mut Level,
        tries: u8,
    ) {
        if let (Some(left), Some(right)) = (left, right)
            && tries > 0
            && json::equals(left, right)
        {
            return;
        }
        let (mut below, mut marks) = (Level::default(), Marks::default());
        self.value(ty, left, right, &mut below, &mut marks, tries.saturating_sub(1));
        let step = step();
        level.removed.take(&step, marks.removed, below.removed);
        level.modified.take(&step, marks.modified, below.modified);
        level.added.take(&step, marks.added, below.added);
    }

    fn fields(&self, map: &MapOf, left: Option<&Value>, right: Option<&Value>, level: &mut Level, tries: u8) {
        let left = left.and_then(Value::as_object);
        let right = right.and_then(Value::as_object);
        let type_of = |name: &str| match map.fields.get(name) {
            Some(field) => Some(field.ty),
            None => map.element,
        };
        for (name, left) in left.into_iter().flatten() {
            let right = right.and_then(|right| right.get(name));
            let step = || step_to_field(map, name).0;
            self.child(type_of(name), step, Some(left), right, level, tries);
        }
        for (name, right) in right.into_iter().flatten() {
            if left.is_none_or(|left| !left.contains_key(name)) {
                let step = || step_to_field(map, name).0;
                self.child(type_of(name), step, None, Some(right), level, tries);
            }
        }
    }

    fn items(&self, list: &List, left: &[Value], right: &[Value], level: &mut Level, tries: u8) {
        let mut found: BTreeMap<ItemKey<'_>, (Occurrences<'_>, Occurrences<'_>)> = BTreeMap::new();
        for item in left {
            if let Ok(key) = ItemKey::of(list, item) {
                found.entry(key).or_default().0.push(item);
            }
        }
        for item in right {
            if let Ok(key) = ItemKey::of(list, item) {
                found.entry(key).or_default().1.push(item);
            }
        }
        let ty = Some(list.element);
        for (key, (left, right)) in found {
            match (left.more.is_empty(), right.more.is_empty()) {
                (true, true) => self.child(ty, || key.to_step(), left.first, right.first, level, tries),
                (true, false) => {
                    // It occurs twice now: whoever owned what is in it owns that no more.
                    if left.first.is_some() {
                        self.child(ty, || key.to_step(), left.first, None, level, tries);
                    }
                    level.added.members.push(key.to_step());
                }
                (false, true) => {
                    if right.first.is_some() {
                        self.child(ty, || key.to_step(), None, right.first, level, tries);
                    }
                    level.removed.members.push(key.to_step());
                }
                (false, false) => {
                    // Elements that occur twice are compared as one value.
                    let same = left.more.len() == right.more.len()
                        && left
                            .all()
                            .zip(right.all())
                            .all(|(left, right)| json::equals(left, right));
                    if !same {
                        level.modified.members.push(key.to_step());
                    }
                }
            }
        }
    }
}

/// The occurrences of one element in a list: hardly ever more than one.
#[derive(Default)]
struct Occurrences<'v> {
    first: Option<&'v Value>,
    more: Vec<&'v Value>,
}

impl<'v> Occurrences<'v> {
    fn push(&mut self, item: &'v Value) {
        if self.first.is_none() {
            self.first = Some(item);
        } else {
            self.more.push(item);
        }
    }

    fn all(&self) -> impl Iterator<Item = &'v Value> {
        self.first.into_iter().chain(self.more.iter().copied())
    }
}
