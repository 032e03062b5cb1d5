//! GS108: a value or key cannot be expressed in JSON.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS108",
    name: "not-json",
    level: Level::Error,
    summary: "A value or key cannot be expressed in JSON",
    explanation: "The cluster turns YAML into JSON, which has no infinite numbers and whose keys are strings. \
                  `.inf`, `.nan`, a null key, or a list as a key make the cluster refuse the document.",
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
  tier: .inf
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
  tier: 4
",
};
