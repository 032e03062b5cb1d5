//! GS203: a required field is absent.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS203",
    name: "missing-field",
    level: Level::Error,
    summary: "A required field is absent",
    explanation: "The kind cannot do its work without the field. A field is also absent when it is written without a value.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  description: Takes the money
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
