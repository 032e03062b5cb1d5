//! GS208: the identity of an object is missing or cannot be used.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_schema::Path;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS208",
    name: "invalid-metadata",
    level: Level::Error,
    summary: "The identity of an object is missing or cannot be used",
    explanation: "An object needs `metadata.name`. Cluster-scoped kinds have no namespace: one that is given would be \
ignored by some tools and refused by others. Fields that the API server fills in (`uid`, \
`resourceVersion`, `managedFields`, ...) do not belong into git: they are out of date as soon as they are committed.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
  namespace: shop
spec:
  displayName: Payments
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
",
};

/// Fields of metadata that only the API server writes.
const SERVER_FIELDS: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Reports what is valid metadata for the API server and yet unusable in git.
pub(crate) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let Some(metadata) = subject.value.get("metadata") else {
        return;
    };
    let path = Path::root().field("metadata");
    let given = |field: &str| metadata.get(field).is_some_and(|value| !value.is_null());
    if given("generateName") && !given("name") {
        let path = path.field("generateName");
        let finding = subject.place.finding(
            &META,
            &path,
            "metadata.generateName makes another object at every apply",
        );
        findings.push(finding.with_hint("give the object a name of its own in metadata.name"));
    }
    for field in SERVER_FIELDS.into_iter().filter(|field| given(field)) {
        let path = path.field(field);
        let message = format!("metadata.{field} is written by the API server");
        let span = subject.place.key_span(&path);
        findings.push(
            subject
                .place
                .finding_at(&META, &path, span, message)
                .with_hint("remove it from the manifest"),
        );
    }
}
