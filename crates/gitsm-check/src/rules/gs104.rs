//! GS104: a key is given twice in one map.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS104",
    name: "duplicate-key",
    level: Level::Error,
    summary: "A key is given twice in one map",
    explanation: "Readers disagree about which of two values counts, so a reviewer may approve one and the \
                  cluster apply the other. Keys are compared as the cluster stores them: `1` and `\"1\"` are one \
                  key.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  displayName: Billing
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
