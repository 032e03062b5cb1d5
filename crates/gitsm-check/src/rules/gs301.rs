//! GS301: a reference that names nothing.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Entry, Index, ReferenceUse};
use crate::engine::references::MEMBER;
use crate::engine::sink::about;
use crate::nearest::nearest;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS301",
    name: "dangling-reference",
    level: Level::Error,
    summary: "A reference names an object that is not in the estate",
    explanation: "Every reference must lead to an object of the right kind among the manifests that are judged \
together. A reference that leads nowhere makes an approval rule that nobody fulfils or a service that nobody \
owns, and the operator refuses the whole revision. Deleting or renaming an object leaves such references in \
other files; with `--base` they are reported where they stand.\n\nReferences to records that live only in the \
cluster (incidents, service requests) are not checked offline.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  parent: comerce
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

/// Findings that get a suggestion. Each is compared with all names of the estate; when this many references lead
/// nowhere, they have one cause and not so many misspelt names.
const MOST_SUGGESTIONS: usize = 100;

/// Reports references that lead nowhere.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    let mut dangling_so_far = 0;
    for entry in index.entries() {
        for reference in &entry.references {
            if resolves(index, entry, reference)
                || super::gs302::other_kind(index, entry, reference).is_some()
            {
                continue;
            }
            let suggestion = (dangling_so_far < MOST_SUGGESTIONS)
                .then(|| suggestion(index, entry, reference))
                .flatten();
            dangling_so_far += 1;
            findings.push(dangling(entry, reference, suggestion));
        }
    }
}

/// Whether one of the kinds the reference may name has such an object.
pub(crate) fn resolves(index: &Index, entry: &Entry, reference: &ReferenceUse) -> bool {
    index
        .resolve(reference.targets.iter(), entry, reference)
        .is_some()
}

fn dangling(entry: &Entry, reference: &ReferenceUse, suggestion: Option<String>) -> Finding {
    let kinds = reference.targets.describe();
    let place = match &*reference.namespaces(entry) {
        [""] => String::new(),
        [] => " in any namespace".to_owned(),
        namespaces => format!(" in namespace {}", namespaces.join(" or ")),
    };
    let message = format!(
        "{} names {kinds} {:?}, which does not exist{place}",
        reference.field(),
        reference.name
    );
    let finding = about(&META, entry, reference.span, message);
    let hint = suggestion.unwrap_or_else(|| match reference.targets.iter().next() {
        Some(MEMBER) => "name somebody who is in the members of a Team".to_owned(),
        _ => format!("add the {kinds}, or name one that exists"),
    });
    Finding {
        field: reference.field().to_owned(),
        ..finding
    }
    .with_hint(hint)
}

fn suggestion(index: &Index, from: &Entry, reference: &ReferenceUse) -> Option<String> {
    let elsewhere = reference
        .targets
        .iter()
        .find_map(|kind| index.named(kind, &reference.name).next());
    if let Some(entry) = elsewhere {
        return Some(format!(
            "there is one of that name in namespace {:?}; name the namespace too",
            entry.namespace
        ));
    }
    let namespaces = reference.namespaces(from);
    let objects = index
        .entries()
        .iter()
        .filter(|entry| reference.targets.iter().any(|kind| kind == entry.kind))
        .filter(|entry| namespaces.is_empty() || namespaces.contains(&&*entry.namespace))
        .map(|entry| &*entry.name);
    let members = index
        .members()
        .filter(|_| reference.targets.iter().any(|kind| kind == MEMBER));
    nearest(&reference.name, objects.chain(members)).map(|name| format!("did you mean {name:?}?"))
}
