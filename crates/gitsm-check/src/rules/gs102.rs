//! GS102: the file is not clean UTF-8 text.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS102",
    name: "text-encoding",
    level: Level::Error,
    summary: "The file is not clean UTF-8 text",
    explanation: "Manifests are UTF-8, with or without a byte order mark. NUL and other control characters are \
                  refused, by the cluster's reader too. Indentation is made of spaces: a tab has no agreed width, \
                  so readers disagree about what is inside what.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
\tdisplayName: Payments
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
