//! GS101: the file is not YAML.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS101",
    name: "yaml-syntax",
    level: Level::Error,
    summary: "The file is not YAML",
    explanation: "What cannot be parsed cannot be judged, and the cluster refuses it. Reading goes on at the next \
                  `---`, so the other documents of the file are still judged. Lines are counted from the top of \
                  the file.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments: Europe
",
    good: r#"apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: "Payments: Europe"
"#,
};
