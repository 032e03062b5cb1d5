//! GS105: an anchor, alias or merge key is used.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS105",
    name: "yaml-alias",
    level: Level::Error,
    summary: "An anchor, alias or merge key is used",
    explanation: "With aliases the value of a field stands somewhere else, so a change in one place silently \
                  changes others, and a few lines can expand to gigabytes. Where an estate needs them, `gitsm \
                  validate --allow-anchors` expands them within a bound.",
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
  labels: &labels
    app: checkout
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  workloadSelectors:
    - namespace: shop
      labels: *labels
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
  labels:
    app: checkout
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  workloadSelectors:
    - namespace: shop
      labels:
        app: checkout
",
};
