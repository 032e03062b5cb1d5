//! GS403: services that cannot live without each other.

use super::{RuleMeta, gs304};
use crate::diagnostic::{Finding, Level, Span};
use crate::engine::cycles;
use crate::engine::index::{Entry, HardDependency, Index, ServiceFacts};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS403",
    name: "dependency-cycle",
    level: Level::Error,
    summary: "Hard dependencies form a cycle",
    explanation: "A hard dependency says: without that service this one is down. In a cycle every member takes \
all others down, none can be started first, and the blast radius of each is the whole cycle. One of the edges \
is usually soft: the service degrades without the other, but lives. Edges that are for different environments \
do not form a cycle.",
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
  dependsOn:
    - ref:
        name: stock
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: stock
  namespace: shop
spec:
  displayName: Stock
  owner: payments
  state: Experimental
  dependsOn:
    - ref:
        name: checkout
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
  dependsOn:
    - ref:
        name: stock
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: stock
  namespace: shop
spec:
  displayName: Stock
  owner: payments
  state: Experimental
  dependsOn:
    - ref:
        name: checkout
      strength: Soft
",
};

/// Reports each cycle once, at the edge that closes it.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    let services: Vec<(&Entry, &ServiceFacts)> = index.services().collect();
    let positions: HashMap<(&str, &str), usize> = services
        .iter()
        .enumerate()
        .map(|(position, (entry, _))| ((&*entry.namespace, &*entry.name), position))
        .collect();
    let mut reported: HashSet<(Arc<str>, Span)> = HashSet::new();
    for environment in environments(&services) {
        let edges: Vec<Vec<(usize, &HardDependency)>> = services
            .iter()
            .map(|(_, facts)| {
                let edges = facts
                    .hard_dependencies
                    .iter()
                    .filter(|edge| applies(edge, environment));
                edges
                    .filter_map(|edge| Some((*positions.get(&(&*edge.namespace, &*edge.name))?, edge)))
                    .collect()
            })
            .collect();
        for cycle in cycles::find(&edges) {
            let cycle: Vec<(&Entry, &str, Span)> = cycle
                .iter()
                .map(|(node, edge)| (services[*node].0, &*edge.field, edge.span))
                .collect();
            let Some(finding) = gs304::finding(
                &META,
                &cycle,
                "hard dependencies form a cycle",
                "needs the next one",
            ) else {
                continue;
            };
            // The same cycle may exist in several environments.
            if finding
                .span
                .is_some_and(|span| reported.insert((finding.file.clone(), span)))
            {
                findings
                    .push(finding.with_hint("make one of them soft, or split the service that both need"));
            }
        }
    }
}

/// The environments that edges name; where some do, an edge without one belongs to each of them.
fn environments<'i>(services: &[(&'i Entry, &'i ServiceFacts)]) -> BTreeSet<Option<&'i str>> {
    let edges = services.iter().flat_map(|(_, facts)| &facts.hard_dependencies);
    let mut environments: BTreeSet<Option<&str>> = edges.map(|edge| edge.environment.as_deref()).collect();
    if environments.len() > 1 {
        environments.remove(&None);
    }
    environments
}

fn applies(edge: &HardDependency, environment: Option<&str>) -> bool {
    edge.environment.is_none() || environment.is_none() || edge.environment.as_deref() == environment
}
