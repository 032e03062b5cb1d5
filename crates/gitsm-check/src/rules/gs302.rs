//! GS302: a reference that names an object of another kind.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Entry, Index, ReferenceUse};
use crate::engine::sink::about;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS302",
    name: "wrong-kind-reference",
    level: Level::Error,
    summary: "A reference names an object that exists, but of another kind",
    explanation: "The name is in the estate, but what carries it is not what this field may name: a team where \
a service is due, a configuration item where a service is due. Usually the name was put into the wrong field.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  parent: commerce
---
apiVersion: gitsm.dev/v1alpha1
kind: PriorityMatrix
metadata:
  name: commerce
spec:
  rows:
    - {impact: High, highUrgency: P1, mediumUrgency: P2, lowUrgency: P3}
    - {impact: Medium, highUrgency: P2, mediumUrgency: P3, lowUrgency: P4}
    - {impact: Low, highUrgency: P3, mediumUrgency: P4, lowUrgency: P5}
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  parent: commerce
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: commerce
spec:
  displayName: Commerce
",
};

/// Reports references that lead to an object of a kind they may not name.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    for entry in index.entries() {
        for reference in &entry.references {
            if super::gs301::resolves(index, entry, reference) {
                continue;
            }
            if let Some(other) = other_kind(index, entry, reference) {
                findings.push(wrong_kind(entry, reference, other));
            }
        }
    }
}

/// The object of another kind that carries the name, where the reference would look for it.
pub(crate) fn other_kind<'i>(
    index: &'i Index,
    entry: &'i Entry,
    reference: &'i ReferenceUse,
) -> Option<&'i Entry> {
    let others = gitsm_api::kinds().iter().map(|info| info.kind);
    index.resolve(
        others.filter(|kind| reference.targets.iter().all(|target| target != *kind)),
        entry,
        reference,
    )
}

fn wrong_kind(entry: &Entry, reference: &ReferenceUse, other: &Entry) -> Finding {
    let wanted = reference.targets.describe();
    let finding = about(
        &META,
        entry,
        reference.span,
        format!(
            "{} must name {} {wanted}, but {:?} is {} {}",
            reference.field(),
            article(&wanted),
            reference.name,
            article(other.kind),
            other.kind
        ),
    );
    Finding {
        field: reference.field().to_owned(),
        ..finding
    }
    .with_label(
        other.file.clone(),
        other.span,
        format!("the {} is declared here", other.kind),
    )
    .with_hint(format!(
        "name {} {wanted}, or move the name to the field that takes {} {}",
        article(&wanted),
        article(other.kind),
        other.kind
    ))
}

/// `an` before the kinds that are spoken with a vowel first (`ITService`, `SLAPolicy`), else `a`.
fn article(kind: &str) -> &'static str {
    let vowel = kind.starts_with(['A', 'E', 'I', 'O', 'U']) || kind.starts_with("SLA");
    if vowel { "an" } else { "a" }
}
