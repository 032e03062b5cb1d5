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
misspelt field is found before the policy silently holds for everything. A policy with such a fault is not \
evaluated at all, so neither `gitsm.yaml` nor a comment can lower this finding.",
    bad: r#"apiVersion: gitsm.dev/v1alpha1
kind: RecordPolicy
metadata:
  name: team-names
spec:
  match:
    kinds: [Team]
  rules:
    - id: no-numbers
      expression: '!object.spec.displayNmae.matches("[0-9]")'
      message: name the team by what it does, not by a number
"#,
    good: r#"apiVersion: gitsm.dev/v1alpha1
kind: RecordPolicy
metadata:
  name: team-names
spec:
  match:
    kinds: [Team]
  rules:
    - id: no-numbers
      expression: '!object.spec.displayName.matches("[0-9]")'
      message: name the team by what it does, not by a number
"#,
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
