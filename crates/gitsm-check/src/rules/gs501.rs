//! GS501: a rule of the estate's own policies does not hold.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS501",
    name: "policy-breach",
    level: Level::Error,
    summary: "A rule of a RecordPolicy does not hold",
    explanation: "An estate declares its own rules as `RecordPolicy` objects: separation of duties, a tested \
back-out, two approvers for what matters most. The finding carries the policy and the rule in its id, \
`GS501/<policy>/<rule>`, and the message that the policy's authors wrote. Its level follows from the rule's \
action: `Deny` is an error, `Warn` a warning, `Audit` a note. A rule that denies cannot be lowered or allowed \
by a comment unless the policy sets `allowSuppression`.",
    bad: r#"apiVersion: gitsm.dev/v1alpha1
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
      fieldPath: spec.displayName
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Team 7
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
      fieldPath: spec.displayName
---
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
"#,
};
