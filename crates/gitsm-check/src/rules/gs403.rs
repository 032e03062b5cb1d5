//! GS403: services that cannot live without each other.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Entry, HardDependency, Index, ServiceFacts};
use crate::engine::sink::about;
use std::collections::HashMap;

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

/// A service as a node: namespace and name.
type Node<'i> = (&'i str, &'i str);

/// Reports each strongly connected set of services once, at the edge that closes the cycle.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    let services: HashMap<Node<'_>, (&Entry, &ServiceFacts)> = index
        .services()
        .map(|(entry, facts)| ((&*entry.namespace, &*entry.name), (entry, facts)))
        .collect();
    let mut environments: Vec<Option<&str>> = services
        .values()
        .flat_map(|(_, facts)| &facts.hard_dependencies)
        .map(|edge| edge.environment.as_deref())
        .collect();
    environments.sort_unstable();
    environments.dedup();
    // Where edges name environments, an edge without one belongs to each of them.
    if environments.len() > 1 {
        environments.retain(Option::is_some);
    }
    let mut reported: Vec<(Box<str>, crate::diagnostic::Span)> = Vec::new();
    for environment in environments {
        for cycle in cycles(index, &services, environment) {
            let Some((entry, edge)) = cycle.last() else {
                continue;
            };
            let key = (Box::from(&*entry.file), edge.span);
            if !reported.contains(&key) {
                reported.push(key);
                findings.extend(finding(&cycle));
            }
        }
    }
}

/// One cycle through each back edge of a depth-first search that starts from every service in file order.
///
/// The search keeps its own stack: a chain of services may be longer than a thread's stack is deep.
fn cycles<'i>(
    index: &'i Index,
    services: &HashMap<Node<'i>, (&'i Entry, &'i ServiceFacts)>,
    environment: Option<&str>,
) -> Vec<Vec<(&'i Entry, &'i HardDependency)>> {
    let applies = |edge: &HardDependency| {
        edge.environment.is_none() || environment.is_none() || edge.environment.as_deref() == environment
    };
    let mut state: HashMap<Node<'i>, State> = HashMap::with_capacity(services.len());
    let mut found = Vec::new();
    for (start, _) in index.services() {
        let root = (&*start.namespace, &*start.name);
        if state.contains_key(&root) {
            continue;
        }
        state.insert(root, State::Open);
        // Each frame is a service and the position of the next edge to follow.
        let mut stack: Vec<(Node<'i>, usize)> = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            let node = *node;
            let edge = services
                .get(&node)
                .and_then(|(_, facts)| facts.hard_dependencies.get(*next));
            *next += 1;
            let Some(edge) = edge else {
                state.insert(node, State::Done);
                stack.pop();
                continue;
            };
            if !applies(edge) {
                continue;
            }
            let target = (&*edge.namespace, &*edge.name);
            match state.get(&target) {
                Some(State::Open) => found.push(path_back(services, &stack, target)),
                None if services.contains_key(&target) => {
                    state.insert(target, State::Open);
                    stack.push((target, 0));
                }
                Some(State::Done) | None => {}
            }
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

/// The edges from `target` along the stack back to `target`.
fn path_back<'i>(
    services: &HashMap<Node<'i>, (&'i Entry, &'i ServiceFacts)>,
    stack: &[(Node<'i>, usize)],
    target: Node<'i>,
) -> Vec<(&'i Entry, &'i HardDependency)> {
    stack
        .iter()
        .skip_while(|(node, _)| *node != target)
        .filter_map(|(node, next)| {
            let (entry, facts) = services.get(node)?;
            // `next` already points behind the edge that led on.
            Some((*entry, facts.hard_dependencies.get(next.checked_sub(1)?)?))
        })
        .collect()
}

fn finding(cycle: &[(&Entry, &HardDependency)]) -> Option<Finding> {
    let ((entry, edge), others) = cycle.split_last()?;
    let mut names: Vec<&str> = cycle.iter().map(|(entry, _)| &*entry.name).collect();
    names.extend(names.first().copied());
    let message = format!("hard dependencies form a cycle: {}", names.join(" -> "));
    let finding = Finding {
        field: edge.field.to_string(),
        ..about(&META, entry, edge.span, message)
    };
    let labelled = others.iter().fold(finding, |finding, (entry, edge)| {
        finding.with_label(
            entry.file.clone(),
            edge.span,
            format!("{} depends on {} here", entry.name, edge.name),
        )
    });
    Some(labelled.with_hint("make one of them soft, or split the service that both need"))
}
