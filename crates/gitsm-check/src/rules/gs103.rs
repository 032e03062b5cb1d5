//! GS103: the file exceeds a limit of the reader.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS103",
    name: "yaml-limit",
    level: Level::Error,
    summary: "The file exceeds a limit of the reader",
    explanation: "A pull request can come from anyone, so a file may not make its reader use much time or memory. \
                  The default limits are 1 MiB a file, 100 documents a file, 200,000 values a file, and 64 levels of nesting.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members: []
",
};
