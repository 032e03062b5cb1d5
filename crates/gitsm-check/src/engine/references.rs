//! Reads the references of an object by the table of its kind.

use super::index::{Namespaces, ReferenceUse};
use super::judge::Subject;
use gitsm_api::{KindInfo, Plane, Reference, ReferenceNamespace};
use gitsm_schema::{Path, Segment};
use serde_json::Value;

/// What references to people name: an `id` among the members of some team.
pub(crate) const MEMBER: &str = "Member";

/// The references of one kind, their patterns split into steps once.
#[derive(Debug, Default)]
pub(crate) struct ReferenceTable {
    rows: Vec<(&'static Reference, Vec<Step>)>,
}

/// One step of a pattern such as `spec.dependsOn[*].ref.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(&'static str),
    Each,
}

impl ReferenceTable {
    /// The references that people write and that lead to objects kept in git, or to members of teams.
    ///
    /// Records of the cluster and Kubernetes' own kinds cannot be looked up among manifests.
    pub(crate) fn new(info: &KindInfo) -> Self {
        let rows = info
            .references()
            .iter()
            .filter(|reference| reference.in_spec() && reference.kinds.iter().any(|kind| is_in_git(kind)))
            .map(|reference| (reference, steps(&reference.path)))
            .collect();
        Self { rows }
    }

    /// The references of an object, in the order of the table.
    pub(crate) fn uses(&self, subject: &Subject<'_>) -> Box<[ReferenceUse]> {
        let mut uses = Vec::new();
        for (reference, steps) in &self.rows {
            visit(subject.value, steps, &mut Path::root(), &mut |value, path| {
                uses.extend(reference_use(subject, reference, steps, value, path));
            });
        }
        uses.into_boxed_slice()
    }
}

fn is_in_git(kind: &str) -> bool {
    kind == MEMBER || gitsm_api::find(kind).is_some_and(|info| info.plane == Plane::Git)
}

/// Splits a pattern: `[*]` stands for every element of a list, `.*` for every value of a map.
fn steps(pattern: &'static str) -> Vec<Step> {
    pattern
        .split('.')
        .flat_map(|part| {
            let (field, lists) = match part.find("[*]") {
                Some(at) => (&part[..at], part[at..].len() / "[*]".len()),
                None => (part, 0),
            };
            let first = if field == "*" {
                Step::Each
            } else {
                Step::Field(field)
            };
            std::iter::once(first).chain(std::iter::repeat_n(Step::Each, lists))
        })
        .collect()
}

/// Calls `found` for every value at the pattern.
fn visit<'v>(value: &'v Value, steps: &[Step], path: &mut Path, found: &mut dyn FnMut(&'v Value, &Path)) {
    let Some((step, rest)) = steps.split_first() else {
        found(value, path);
        return;
    };
    let mut enter = |segment: Segment, inner: &'v Value| {
        path.push(segment);
        visit(inner, rest, path, found);
        path.pop();
    };
    match (step, value) {
        (Step::Field(name), Value::Object(map)) => {
            if let Some(inner) = map.get(*name) {
                enter(Segment::Field((*name).to_owned()), inner);
            }
        }
        (Step::Each, Value::Array(list)) => {
            for (index, inner) in list.iter().enumerate() {
                enter(Segment::Index(index), inner);
            }
        }
        (Step::Each, Value::Object(map)) => {
            for (key, inner) in map {
                enter(Segment::Key(key.clone()), inner);
            }
        }
        _ => {}
    }
}

fn reference_use(
    subject: &Subject<'_>,
    reference: &'static Reference,
    steps: &[Step],
    value: &Value,
    path: &Path,
) -> Option<ReferenceUse> {
    let name = value.as_str().filter(|name| !name.is_empty())?;
    let targets = match &reference.kind_field {
        None => Targets::Table(&reference.kinds),
        // The field has a default, so it is there unless the schema already complained.
        Some(field) => {
            let kind = sibling(subject.value, path, field)?.as_str()?;
            Targets::One(Box::from(Some(kind).filter(|kind| is_in_git(kind))?))
        }
    };
    let own = &subject.id.namespace;
    let namespaces = match &reference.namespace {
        ReferenceNamespace::None => Namespaces::Cluster,
        ReferenceNamespace::Same => within(own),
        ReferenceNamespace::Field(field) => match sibling(subject.value, path, field).and_then(Value::as_str)
        {
            Some(namespace) if namespace == own => Namespaces::Own,
            Some(namespace) => Namespaces::Named(Box::new([Box::from(namespace)])),
            None => within(own),
        },
        ReferenceNamespace::Selector(field) => {
            match sibling(subject.value, path, field).and_then(Value::as_array) {
                Some(list) => {
                    Namespaces::Named(list.iter().filter_map(Value::as_str).map(Box::from).collect())
                }
                None => within(own),
            }
        }
    };
    Some(ReferenceUse {
        // Most fields are what their row of the table says; only elements of lists and maps need text of their own.
        element: steps.contains(&Step::Each).then(|| path.to_string().into()),
        pattern: &reference.path,
        span: subject.place.span(path),
        targets,
        namespaces,
        name: name.into(),
    })
}

/// The namespace of the referring object; none, which means any, for a cluster-scoped one.
fn within(namespace: &str) -> Namespaces {
    if namespace.is_empty() {
        Namespaces::Any
    } else {
        Namespaces::Own
    }
}

/// The value of a field beside the reference. `field` is a pattern of the table; it shares all steps but its
/// last with the pattern of the reference, or with that of the list that holds the reference.
fn sibling<'v>(object: &'v Value, path: &Path, field: &str) -> Option<&'v Value> {
    let name = field.rsplit('.').next()?;
    let mut parent = path.parent()?;
    // A list of names: the field is beside the list.
    if matches!(path.segments().last(), Some(Segment::Index(_))) {
        parent = parent.parent()?;
    }
    parent.field(name).lookup(object)
}

/// The kinds that a reference may name.
#[derive(Debug, Clone)]
pub enum Targets {
    /// Those of the table.
    Table(&'static [String]),
    /// The one that the object itself names.
    One(Box<str>),
}

impl Targets {
    /// The kinds.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (table, one): (&[String], Option<&str>) = match self {
            Self::Table(kinds) => (kinds, None),
            Self::One(kind) => (&[], Some(kind)),
        };
        table.iter().map(String::as_str).chain(one)
    }

    /// The kinds for a message: `ITService or ConfigurationItem`.
    pub fn describe(&self) -> String {
        self.iter().collect::<Vec<_>>().join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pattern_leads_to_every_value() {
        let object =
            json!({"spec": {"list": [{"ref": {"name": "a"}}, {"ref": {"name": "b"}}], "map": {"k": ["c"]}}});
        let mut found = Vec::new();
        for pattern in ["spec.list[*].ref.name", "spec.map.*[*]", "spec.absent[*].x"] {
            visit(&object, &steps(pattern), &mut Path::root(), &mut |value, path| {
                found.push((value.as_str().unwrap_or_default().to_owned(), path.to_string()));
            });
        }
        let expected = [
            ("a", "spec.list[0].ref.name"),
            ("b", "spec.list[1].ref.name"),
            ("c", "spec.map[k][0]"),
        ];
        assert_eq!(
            found,
            expected.map(|(value, path)| (value.to_owned(), path.to_owned()))
        );
    }

    #[test]
    fn a_field_beside_the_reference_is_found_from_lists_too() {
        let object = json!({"spec": {"sel": {"namespaces": ["n"], "services": ["s"]}}});
        let path = Path::root().field("spec").field("sel").field("services").index(0);
        assert_eq!(
            sibling(&object, &path, "spec.sel.namespaces"),
            Some(&json!(["n"]))
        );
    }
}
