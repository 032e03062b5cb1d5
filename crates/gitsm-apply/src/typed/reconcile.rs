//! Field sets written under an earlier schema.

use super::{Shape, Shapes};
use crate::path::PathElement;
use crate::schema::{ListKind, TypeId, TypeSchema};
use crate::set::FieldSet;
use std::sync::Arc;

/// The set as it has to be under the present schema: where a list or map has become atomic, whoever owned
/// something in it owns it as a whole. `None` if nothing changes. (From atomic to granular there is nothing to do.)
pub(crate) fn reconcile(schema: &TypeSchema, set: &FieldSet) -> Option<FieldSet> {
    match node(schema, Some(schema.root()), set) {
        Verdict::Changed(set) => Some(set),
        Verdict::Same | Verdict::Whole => None,
    }
}

/// What becomes of the paths at and below an element.
enum Verdict {
    Same,
    Changed(FieldSet),
    /// Only the element itself stays.
    Whole,
}

fn node(schema: &TypeSchema, ty: Option<TypeId>, set: &FieldSet) -> Verdict {
    let Some(ty) = ty else {
        return Verdict::Same;
    };
    let atom = schema.atom(ty);
    match Shapes::of(atom, None).pick(atom) {
        Shape::Map(map) if map.free_form => Verdict::Same,
        Shape::Map(map) if map.atomic && set.is_empty() => Verdict::Same,
        Shape::Map(map) if map.atomic => Verdict::Whole,
        Shape::Map(map) => below(schema, set, |step| match step {
            PathElement::Field(name) => match map.fields.get(name) {
                Some(field) => Some(field.ty),
                None => map.element,
            },
            _ => map.element,
        }),
        Shape::List(list) if list.kind == ListKind::Atomic => Verdict::Whole,
        Shape::List(list) => below(schema, set, |_| Some(list.element)),
        Shape::Scalar | Shape::Unknown => Verdict::Same,
    }
}

fn below(schema: &TypeSchema, set: &FieldSet, type_of: impl Fn(&PathElement) -> Option<TypeId>) -> Verdict {
    let mut is_changed = false;
    let mut members = set.members().to_vec();
    let mut children = Vec::with_capacity(set.children().len());
    for (step, child) in set.children() {
        match node(schema, type_of(step), child) {
            Verdict::Same => children.push((step.clone(), Arc::clone(child))),
            Verdict::Changed(child) => {
                is_changed = true;
                children.push((step.clone(), Arc::new(child)));
            }
            Verdict::Whole => {
                is_changed = true;
                members.push(step.clone());
            }
        }
    }
    // Members without anything below are owned as a whole: nothing can change there.
    if is_changed {
        Verdict::Changed(FieldSet::from_parts(members, children))
    } else {
        Verdict::Same
    }
}
