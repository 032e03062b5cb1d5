//! GS207: a manifest that is nearly, but not quite, one of gitsm's kinds.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS207",
    name: "unknown-kind",
    level: Level::Error,
    summary: "A manifest that is nearly, but not quite, one of gitsm's kinds",
    explanation: "A misspelt `kind` or `apiVersion` makes a manifest somebody else's: it would be skipped, and its checks \
with it. Names that are close to ours are therefore errors, with the name that was probably meant.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Taem
metadata:
  name: payments
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
