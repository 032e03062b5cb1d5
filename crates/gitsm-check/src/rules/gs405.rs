//! GS405: a change that uses a model which may not be used.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Facts, Index};
use crate::engine::sink::about;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS405",
    name: "unusable-change-model",
    level: Level::Error,
    summary: "A change uses a model that is not active",
    explanation: "A change model is the approval given in advance. A model that is still proposed has not been \
agreed; one that is suspended failed too often; one that is retired has been replaced. A new change needs an \
active model, or a normal change with its approvals. Retire a model when no manifest names it any more: move \
closed changes out of the estate first (the journal keeps them).",
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
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeModel
metadata:
  name: kernel-patch
spec:
  title: Kernel patch
  type: Standard
  state: Suspended
  owner: payments
---
apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata:
  name: kernel-patch-may
  namespace: shop
spec:
  model: kernel-patch
  reason: The vendor rates two of the fixes as important
  services: [checkout]
  environment: prod
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
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeModel
metadata:
  name: kernel-patch
spec:
  title: Kernel patch
  type: Standard
  state: Active
  owner: payments
---
apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata:
  name: kernel-patch-may
  namespace: shop
spec:
  model: kernel-patch
  reason: The vendor rates two of the fixes as important
  services: [checkout]
  environment: prod
",
};

/// Reports open changes whose model is not active.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    for entry in index.of_kind("Change") {
        let Facts::Change {
            model: Some((model, span)),
            ..
        } = &entry.facts
        else {
            continue;
        };
        let Some(declared) = index.get("ChangeModel", "", model) else {
            continue;
        };
        let Facts::Model {
            unusable: Some(state),
        } = &declared.facts
        else {
            continue;
        };
        let finding = about(
            &META,
            entry,
            *span,
            format!("the change model {model:?} is {state}"),
        );
        findings.push(
            Finding {
                field: "spec.model".to_owned(),
                ..finding
            }
            .with_label(declared.file.clone(), declared.span, "the model is declared here")
            .with_hint("use an active model, or a normal change with approvals"),
        );
    }
}
