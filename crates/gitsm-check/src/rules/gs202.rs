//! GS202: a field that the kind does not have.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level, RuleId};
use crate::engine::judge::Subject;
use crate::engine::wording;
use crate::nearest::nearest;
use gitsm_schema::structural::Structural;
use gitsm_schema::{Path, Segment};
use std::sync::Arc;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS202",
    name: "unknown-field",
    level: Level::Error,
    summary: "A field that the kind does not have",
    explanation: "The API server would drop the field, or refuse the object under strict validation: whatever it was meant \
to say would be lost without a word. Most often it is misspelt or stands one level too high or too low.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  desciption: Takes the money
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  description: Takes the money
",
};

/// The finding, at the key, with the field that was probably meant.
pub(crate) fn finding(subject: &Subject<'_>, schema: &Structural, path: &Path) -> Finding {
    let name = match path.segments().last() {
        Some(Segment::Field(name) | Segment::Key(name)) => name.as_str(),
        _ => "",
    };
    let parent = path.parent().unwrap_or_default();
    let known = fields_at(schema, &parent);
    let place = if parent.is_root() {
        "the object".to_owned()
    } else {
        parent.to_string()
    };
    let mut finding = Finding::new(
        RuleId::builtin(META.id),
        META.level,
        Arc::clone(subject.place.file),
        Some(subject.place.key_span(path)),
        format!("{place} has no field {name:?}"),
    )
    .with_field(path);
    finding.document = subject.place.document;
    finding.hint = hint(name, &known);
    finding
}

fn hint(name: &str, known: &[&str]) -> Option<String> {
    match nearest(name, known.iter().copied()) {
        Some(field) => Some(format!("did you mean `{field}`?")),
        None if known.is_empty() => None,
        None => Some(format!("its fields are {}", known.join(", "))),
    }
}

/// The fields that an object at this path may have.
fn fields_at<'s>(schema: &'s Structural, path: &Path) -> Vec<&'s str> {
    let mut fields: Vec<&str> = wording::schema_at(schema, path)
        .into_iter()
        .flat_map(|schema| schema.properties.keys().map(String::as_str))
        .collect();
    if path.is_root() {
        fields.extend(["apiVersion", "kind", "metadata"]);
        fields.sort_unstable();
        fields.dedup();
    }
    fields
}
