//! GS204: a list holds the same entry twice.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS204",
    name: "duplicate-list-entry",
    level: Level::Error,
    summary: "A list holds the same entry twice",
    explanation: "Lists of this kind are sets, or maps by key fields: each entry occurs once, so that two people can edit \
different entries without a conflict. The API server refuses the second.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members:
    - id: ines
      roles: [Approver]
    - id: ines
      roles: [Responder]
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members:
    - id: ines
      roles: [Approver, Responder]
",
};
