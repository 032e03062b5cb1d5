//! GS502: a policy could not be evaluated over an object.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS502",
    name: "policy-not-evaluated",
    level: Level::Error,
    summary: "A rule of a RecordPolicy cannot be evaluated over an object",
    explanation: "The expression failed for this object: most often it reads an optional field without `has()`. \
A policy never fails open, so the object counts as in breach until the expression is mended. \
Neither `gitsm.yaml` nor a comment can lower this finding.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: RecordPolicy
metadata:
  name: parents
spec:
  match:
    kinds: [Team]
  rules:
    - id: not-own-parent
      expression: object.spec.parent != object.metadata.name
      message: a team is not its own parent
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: RecordPolicy
metadata:
  name: parents
spec:
  match:
    kinds: [Team]
  rules:
    - id: not-own-parent
      expression: '!has(object.spec.parent) || object.spec.parent != object.metadata.name'
      message: a team is not its own parent
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
",
};
