//! GS107: a value has an explicit tag.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS107",
    name: "yaml-tag",
    level: Level::Error,
    summary: "A value has an explicit tag",
    explanation: "Tags such as `!!str` or `!Ref` change what a value is, and readers support different ones. \
                  Manifests never need them: quotes make a string.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: !!str 7
",
    good: r#"apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: "7"
"#,
};
