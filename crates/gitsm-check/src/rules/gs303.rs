//! GS303: two manifests for one object.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::Index;
use crate::engine::sink::about;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS303",
    name: "duplicate-identity",
    level: Level::Error,
    summary: "Two manifests declare the same kind, namespace and name",
    explanation: "In the cluster the two are one object, and whichever is applied last wins. Which one that is \
depends on file names, so a harmless rename would change production. Merge them, or rename one.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments Europe
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments-europe
spec:
  displayName: Payments Europe
",
};

/// Reports every manifest that repeats the identity of an earlier one.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    // Objects without a name have no identity to repeat; GS208 says so.
    let duplicates = index.duplicates().filter(|(first, _)| !first.name.is_empty());
    findings.extend(duplicates.map(|(first, again)| {
        about(
            &META,
            again,
            again.span,
            format!("{} is declared twice", again.id()),
        )
        .with_label(first.file.clone(), first.span, "first declared here")
        .with_hint("keep one of the two, or give one another name")
    }));
}
