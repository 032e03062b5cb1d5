//! GS404: a selector that selects nothing.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Entry, Facts, Index, ServiceFacts};
use crate::engine::sink::about;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS404",
    name: "selector-matches-nothing",
    level: Level::Warning,
    summary: "A selector matches no service of the estate",
    explanation: "A window, policy or catalogue whose selector matches no service has no effect: a freeze that \
freezes nothing looks like protection and is none. A selector of a namespaced object \
that names no namespaces is about its own. The selector's fields must all hold for one service; within \
a list one value is enough.",
    bad: r#"apiVersion: gitsm.dev/v1alpha1
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
  tier: 2
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  reason: The accounts of the year are closed
  timeZone: Europe/Berlin
  selector: {tiers: [1]}
  interval:
    start: "2027-12-20T00:00:00+01:00"
    end: "2028-01-02T00:00:00+01:00"
"#,
    good: r#"apiVersion: gitsm.dev/v1alpha1
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
  tier: 2
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  reason: The accounts of the year are closed
  timeZone: Europe/Berlin
  selector: {tiers: [1, 2]}
  interval:
    start: "2027-12-20T00:00:00+01:00"
    end: "2028-01-02T00:00:00+01:00"
"#,
};

/// Reports selectors that match no service. An estate without services is not judged: the services live elsewhere.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    if index.services().next().is_none() {
        return;
    }
    for entry in index.entries() {
        let (Facts::Selects(selector) | Facts::Catalogue { selector, .. }) = &entry.facts else {
            continue;
        };
        // A service named by reference that does not exist is GS301's business.
        let names_missing = selector
            .services
            .iter()
            .any(|name| index.named("ITService", name).next().is_none());
        let matches = |(service, facts): (&Entry, &ServiceFacts)| {
            selector.matches(&service.namespace, &service.name, facts)
        };
        if names_missing || index.services().any(matches) {
            continue;
        }
        let message = format!("{} matches no service", selector.field);
        let finding = about(&META, entry, selector.span, message);
        findings.push(Finding { field: selector.field.to_string(), ..finding }.with_hint(
            "compare it with the namespaces, tiers, environments and labels of the services; all its fields must hold for one service",
        ));
    }
}
