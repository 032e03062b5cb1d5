//! GS408: a policy whose expressions do not compile.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::KindSet;
use crate::engine::judge::Subject;
use crate::policy;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS408",
    name: "invalid-policy",
    level: Level::Error,
    summary: "An expression of a RecordPolicy does not compile",
    explanation: "The expression is not CEL, names a field that the kind does not have, or compares what cannot \
be compared. A policy that is about one kind only is checked against the schema of that kind, so that a \
misspelt field is found before the policy silently holds for everything.",
    bad: "apiVersion: gitsm.dev/v1alpha1\nkind: RecordPolicy\nmetadata:\n  name: named\nspec:\n  match:\n    kinds: [Team]\n  rules:\n    - id: has-name\n      expression: object.spec.displayNmae != ''\n      message: give the team a name\n",
    good: "apiVersion: gitsm.dev/v1alpha1\nkind: RecordPolicy\nmetadata:\n  name: named\nspec:\n  match:\n    kinds: [Team]\n  rules:\n    - id: has-name\n      expression: object.spec.displayName != ''\n      message: give the team a name\n",
};

/// Compiles the policy and reports what does not compile, at the expression.
pub(crate) fn check(subject: &Subject<'_>, kinds: &KindSet, findings: &mut Vec<Finding>) {
    if let Err(faults) = policy::compile(kinds, subject.value) {
        findings.extend(faults.into_iter().map(|fault| {
            let message = format!("{}: {}", fault.path, fault.message);
            subject.place.finding(&META, &fault.path, message)
        }));
    }
}
