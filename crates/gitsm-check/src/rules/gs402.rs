//! GS402: a production service that is not ready for production.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Facts, Index};
use crate::engine::sink::about;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS402",
    name: "production-readiness",
    level: Level::Warning,
    summary: "A production service has no service level",
    explanation: "Before a service goes into production its users must know what they can expect of it: at \
least one SLA policy, its own (`spec.slaPolicies`) or its catalogue's (`spec.defaults.slaPolicies`). The schema \
already asks a service in state `Production` for an owner, a support team and a tier. Raise the rule to an \
error in `gitsm.yaml` once the estate is clean.",
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
  state: Production
  support: payments
  tier: 2
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
kind: SLAPolicy
metadata:
  name: resolve
  namespace: shop
spec:
  metric: Resolve
  appliesTo:
    kind: Incident
  targets:
    - priority: P1
      minutes: 240
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Production
  support: payments
  tier: 2
  slaPolicies:
    - name: resolve
",
};

/// Reports services in production for which nothing is promised.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    let catalogues: Vec<_> = index
        .entries()
        .iter()
        .filter_map(|entry| match &entry.facts {
            Facts::Catalogue {
                promises: true,
                selector,
            } => Some(selector),
            _ => None,
        })
        .collect();
    for (entry, service) in index.services() {
        if !service.in_production || service.promises {
            continue;
        }
        if catalogues
            .iter()
            .any(|selector| selector.matches(&entry.namespace, &entry.name, service))
        {
            continue;
        }
        let message = format!("{} is in production without a service level", entry.name);
        findings.push(about(&META, entry, entry.span, message).with_hint(
            "name an SLAPolicy in spec.slaPolicies, or let its ServiceCatalog give one as a default",
        ));
    }
}
