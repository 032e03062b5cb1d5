//! GS205: a validation rule of the kind does not hold.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS205",
    name: "failed-rule",
    level: Level::Error,
    summary: "A validation rule of the kind does not hold",
    explanation: "Kinds carry rules about several of their fields together, such as that a window ends after it starts. \
They are part of the custom resource definition (`x-kubernetes-validations`), so the API server evaluates \
the same rule and refuses the object with the same message.",
    bad: r#"apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  timeZone: Europe/Berlin
  selector: {all: true}
  interval:
    start: "2027-12-20T00:00:00+01:00"
    end: "2028-01-02T00:00:00+01:00"
"#,
    good: r#"apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  reason: The accounts of the year are closed
  timeZone: Europe/Berlin
  selector: {all: true}
  interval:
    start: "2027-12-20T00:00:00+01:00"
    end: "2028-01-02T00:00:00+01:00"
"#,
};
