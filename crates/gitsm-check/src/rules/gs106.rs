//! GS106: a value means different things to different readers.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS106",
    name: "ambiguous-scalar",
    level: Level::Warning,
    summary: "A value means different things to different readers",
    explanation: "The cluster reads YAML 1.1: `yes`, `on` and `y` are booleans, `0777` is 511, `1_000` is 1000. \
                  Editors and most libraries read YAML 1.2, where these are strings or other numbers. Quote what \
                  is meant as text, and write numbers and booleans so that both agree.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  userFacing: yes
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  userFacing: true
",
};
