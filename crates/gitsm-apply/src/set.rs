//! Sets of paths and their algebra.

use crate::path::PathElement;
use crate::schema::{TypeId, TypeSchema};
use std::cmp::Ordering;
use std::sync::Arc;

/// A set of paths, as a tree.
///
/// A path may be a member without the paths below it, and the paths below without it: an object that owns
/// `.spec.a` does not own `.spec`. Subtrees are shared between sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// The elements that are members themselves, sorted.
    members: Vec<PathElement>,
    /// The elements below which there are members, sorted.
    children: Vec<(PathElement, Arc<FieldSet>)>,
}

/// What becomes of an element that two sorted lists hold.
enum Side<'s, T> {
    Left(&'s T),
    Right(&'s T),
    Both(&'s T, &'s T),
}

/// Walks two sorted lists at once.
fn zip<'s, T>(
    left: &'s [T],
    right: &'s [T],
    key: impl Fn(&T) -> &PathElement,
    mut visit: impl FnMut(Side<'s, T>),
) {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(l), Some(r)) => key(l).cmp(key(r)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        let side = match order {
            Ordering::Less => left.next().map(Side::Left),
            Ordering::Greater => right.next().map(Side::Right),
            Ordering::Equal => left.next().zip(right.next()).map(|(l, r)| Side::Both(l, r)),
        };
        if let Some(side) = side {
            visit(side);
        }
    }
}

type Child = (PathElement, Arc<FieldSet>);

fn child_key(child: &Child) -> &PathElement {
    &child.0
}

fn itself(element: &PathElement) -> &PathElement {
    element
}

impl FieldSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of these paths.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p [PathElement]>) -> Self {
        let mut set = Self::new();
        for path in paths {
            set.insert(path);
        }
        set
    }

    /// The set of these fields, each a path of field names.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::new();
        for names in paths {
            let path: Vec<PathElement> = names.iter().map(|name| PathElement::field(name)).collect();
            set.insert(&path);
        }
        set
    }

    /// A set from its parts in any order, each element at most once per part.
    pub(crate) fn from_parts(mut members: Vec<PathElement>, mut children: Vec<Child>) -> Self {
        if !members.is_sorted() {
            members.sort_unstable();
        }
        members.dedup();
        if !children.is_sorted_by(|left, right| left.0 <= right.0) {
            children.sort_by(|left, right| left.0.cmp(&right.0));
        }
        // A value that changed its shape is looked at twice.
        children.dedup_by(|second, first| {
            let is_same = second.0 == first.0;
            if is_same && second.1 != first.1 {
                first.1 = Arc::new(first.1.union(&second.1));
            }
            is_same
        });
        Self { members, children }
    }

    /// Adds a path, without the paths above it. The empty path is never a member.
    pub fn insert(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [element] => {
                if let Err(at) = self.members.binary_search(element) {
                    self.members.insert(at, element.clone());
                }
            }
            [element, rest @ ..] => {
                let at = match self.children.binary_search_by(|child| child.0.cmp(element)) {
                    Ok(at) => at,
                    Err(at) => {
                        self.children.insert(at, (element.clone(), Arc::default()));
                        at
                    }
                };
                if let Some((_, child)) = self.children.get_mut(at) {
                    Arc::make_mut(child).insert(rest);
                }
            }
        }
    }

    /// Whether the path is a member.
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [element] => self.has_member(element),
            [element, rest @ ..] => self.below(element).is_some_and(|child| child.has(rest)),
        }
    }

    pub(crate) fn has_member(&self, element: &PathElement) -> bool {
        self.members.binary_search(element).is_ok()
    }

    /// The paths below an element, if there are any.
    pub(crate) fn below(&self, element: &PathElement) -> Option<&FieldSet> {
        self.child(element).map(|child| &*child.1)
    }

    fn child(&self, element: &PathElement) -> Option<&Child> {
        let at = self
            .children
            .binary_search_by(|child| child.0.cmp(element))
            .ok()?;
        self.children.get(at)
    }

    pub(crate) fn members(&self) -> &[PathElement] {
        &self.members
    }

    pub(crate) fn children(&self) -> &[Child] {
        &self.children
    }

    /// Whether no path is a member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.iter().all(|child| child.1.is_empty())
    }

    /// How many paths are members.
    pub fn len(&self) -> usize {
        self.members.len() + self.children.iter().map(|child| child.1.len()).sum::<usize>()
    }

    /// Calls `visit` with every path, a set's own members before those of its children.
    pub fn for_each(&self, visit: &mut impl FnMut(&[PathElement])) {
        self.walk(&mut Vec::new(), visit);
    }

    fn walk(&self, path: &mut Vec<PathElement>, visit: &mut impl FnMut(&[PathElement])) {
        for member in &self.members {
            path.push(member.clone());
            visit(path);
            path.pop();
        }
        for (element, child) in &self.children {
            path.push(element.clone());
            child.walk(path, visit);
            path.pop();
        }
    }

    /// All paths, in the order of [`FieldSet::for_each`].
    pub fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut paths = Vec::new();
        self.for_each(&mut |path| paths.push(path.to_vec()));
        paths
    }

    /// The paths of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut members = Vec::with_capacity(self.members.len().max(other.members.len()));
        zip(&self.members, &other.members, itself, |side| {
            let (Side::Left(element) | Side::Both(element, _) | Side::Right(element)) = side;
            members.push(element.clone());
        });
        let mut children = Vec::with_capacity(self.children.len().max(other.children.len()));
        zip(&self.children, &other.children, child_key, |side| {
            children.push(match side {
                Side::Left(child) | Side::Right(child) => child.clone(),
                Side::Both(left, right) if Arc::ptr_eq(&left.1, &right.1) => left.clone(),
                Side::Both(left, right) => (left.0.clone(), Arc::new(left.1.union(&right.1))),
            });
        });
        Self { members, children }
    }

    /// The paths of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        // The smaller side is walked: a request may bring many small sets to hold against one large one.
        let members = if self.members.len() <= other.members.len() {
            self.members
                .iter()
                .filter(|member| other.has_member(member))
                .cloned()
                .collect()
        } else {
            other
                .members
                .iter()
                .filter_map(|member| self.members.get(self.members.binary_search(member).ok()?))
                .cloned()
                .collect()
        };
        let mut children = Vec::new();
        let mut keep = |step: &PathElement, child: Self| {
            if !child.is_empty() {
                children.push((step.clone(), Arc::new(child)));
            }
        };
        if self.children.len() <= other.children.len() {
            for (step, child) in &self.children {
                if let Some(below) = other.below(step) {
                    keep(step, child.intersection(below));
                }
            }
        } else {
            for (step, below) in &other.children {
                if let Some((step, child)) = self.child(step) {
                    keep(step, child.intersection(below));
                }
            }
        }
        Self { members, children }
    }

    /// The paths of this set that are not in the other. A path stays when only a path above or below it is in the
    /// other set.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.without(other, false)
    }

    /// The paths of this set that are neither in the other nor below a path of the other.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.without(other, true)
    }

    fn without(&self, other: &Self, with_all_below: bool) -> Self {
        let members = self
            .members
            .iter()
            .filter(|member| !other.has_member(member))
            .cloned()
            .collect();
        let mut children = Vec::with_capacity(self.children.len());
        for (step, child) in &self.children {
            if with_all_below && other.has_member(step) {
                continue;
            }
            match other.below(step) {
                None => children.push((step.clone(), Arc::clone(child))),
                Some(below) => {
                    let child = child.without(below, with_all_below);
                    if !child.is_empty() {
                        children.push((step.clone(), Arc::new(child)));
                    }
                }
            }
        }
        Self { members, children }
    }

    /// The paths below which there is no other path of this set.
    #[must_use]
    pub fn leaves(&self) -> Self {
        Self {
            members: self
                .members
                .iter()
                .filter(|member| self.below(member).is_none())
                .cloned()
                .collect(),
            children: self
                .children
                .iter()
                .map(|(element, child)| (element.clone(), Arc::new(child.leaves())))
                .collect(),
        }
    }

    /// Whether every path of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.members.iter().all(|member| other.has_member(member))
            && self.children.iter().all(|(element, child)| {
                child.is_empty() || other.below(element).is_some_and(|other| child.is_subset(other))
            })
    }

    /// This set with every declared field that leads to a member.
    ///
    /// Sets of leaves do not hold the fields on the way to them; what takes values out of an object needs those,
    /// but not the keys of maps and the elements of lists on the way.
    pub(crate) fn with_named_fields(&self, schema: &TypeSchema, ty: Option<TypeId>) -> Self {
        let atom = ty.map(|ty| schema.atom(ty));
        let map = atom.and_then(|atom| atom.map.as_ref());
        let mut named = Vec::new();
        let mut children = Vec::with_capacity(self.children.len());
        for (element, child) in &self.children {
            let below = match element {
                PathElement::Field(name) => map.and_then(|map| match map.fields.get(name) {
                    Some(field) => {
                        named.push(element.clone());
                        Some(field.ty)
                    }
                    None => map.element,
                }),
                PathElement::Key(_) => atom.and_then(|atom| atom.list.as_ref()).map(|list| list.element),
                PathElement::Value(_) | PathElement::Index(_) => None,
            };
            children.push((element.clone(), Arc::new(child.with_named_fields(schema, below))));
        }
        let members = if named.is_empty() {
            self.members.clone()
        } else {
            let named = Self::from_parts(named, Vec::new());
            let own = Self::from_parts(self.members.clone(), Vec::new());
            own.union(&named).members
        };
        Self { members, children }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::path_to_string;
    use serde_json::json;

    fn path(names: &[&str]) -> Vec<PathElement> {
        names.iter().map(|name| PathElement::field(name)).collect()
    }

    #[test]
    fn what_is_found_twice_below_one_element_is_one() {
        let below = |name: &str| Arc::new(FieldSet::from_parts(vec![PathElement::field(name)], Vec::new()));
        let step = PathElement::field("a");
        let parts = ["b", "c", "b"].map(|name| (step.clone(), below(name)));
        let set = FieldSet::from_parts(Vec::new(), parts.to_vec());
        assert_eq!(shown(&set), [".a.b", ".a.c"]);
    }

    fn shown(set: &FieldSet) -> Vec<String> {
        set.paths().iter().map(|path| path_to_string(path)).collect()
    }

    #[test]
    fn a_parent_and_its_child_are_independent_members() {
        let set = FieldSet::of_fields(&[&["a", "b"]]);
        assert!(set.has(&path(&["a", "b"])));
        assert!(!set.has(&path(&["a"])));
        assert!(!set.has(&[]));
        let parent = FieldSet::of_fields(&[&["a"]]);
        assert_eq!(shown(&parent.difference(&set)), [".a"]);
        assert_eq!(shown(&set.difference(&parent)), [".a.b"]);
        assert!(set.recursive_difference(&parent).is_empty());
        assert_eq!(shown(&set.union(&parent)), [".a", ".a.b"]);
        assert!(set.intersection(&parent).is_empty());
        assert_eq!(shown(&set.union(&parent).leaves()), [".a.b"]);
    }

    #[test]
    fn elements_are_kept_in_the_order_field_key_value_index() {
        let mut set = FieldSet::new();
        set.insert(&[PathElement::Index(1)]);
        set.insert(&[PathElement::value(json!("x"))]);
        set.insert(&[PathElement::value(json!(9))]);
        set.insert(&[PathElement::value(json!(10))]);
        set.insert(&[PathElement::key([("b", json!(1)), ("a", json!("z"))])]);
        set.insert(&[PathElement::field("z")]);
        assert_eq!(
            shown(&set),
            [".z", "[a=\"z\",b=1]", "[=9]", "[=10]", "[=\"x\"]", "[1]"]
        );
        assert_eq!(set.len(), 6);
    }
}
