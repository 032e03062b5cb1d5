//! From what was read to the graph.

use super::graph::{Adjacency, Edge, Graph, GraphSource, Group, NONE, index};
use super::issue::{self, GraphIssue};
use super::{Dependency, DependencyStrength, EdgeOrigin, Node, NodeId};
use crate::ident::ResourceName;
use std::collections::{BTreeMap, BTreeSet};

/// The edges of a source while they are collected.
pub(super) struct Builder<'s> {
    source: &'s GraphSource,
    ids: Vec<NodeId>,
    environments: Vec<ResourceName>,
    issues: BTreeSet<GraphIssue>,
    groups: Vec<Group>,
    /// By owner and name.
    group_index: BTreeMap<(u32, &'s ResourceName), u32>,
    /// From the dependant.
    edges: Vec<(u32, Edge)>,
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s GraphSource) -> Self {
        let ends = source
            .dependencies
            .iter()
            .flat_map(|dependency| [dependency.from.clone(), dependency.to.clone()]);
        let contained = source.nodes.values().flat_map(|node| {
            let services = node.member_of.iter().cloned().map(NodeId::from);
            services.chain(node.parent.iter().cloned().map(NodeId::from))
        });
        let mut ids: Vec<_> = source
            .nodes
            .keys()
            .cloned()
            .chain(ends)
            .chain(contained)
            .collect();
        ids.sort_unstable();
        ids.dedup();

        let named = source.nodes.values().flat_map(|node| node.environments.iter());
        let mut environments: Vec<_> = named
            .chain(
                source
                    .dependencies
                    .iter()
                    .filter_map(|dependency| dependency.environment.as_ref()),
            )
            .collect();
        environments.sort_unstable();
        environments.dedup();
        let environments = environments.into_iter().cloned().collect();

        Self {
            source,
            ids,
            environments,
            issues: BTreeSet::new(),
            groups: Vec::new(),
            group_index: BTreeMap::new(),
            edges: Vec::with_capacity(source.dependencies.len()),
        }
    }

    fn position(&self, id: &NodeId) -> u32 {
        self.ids.binary_search(id).map_or(NONE, index)
    }

    pub(super) fn build(mut self, owned: GraphSource) -> Graph {
        self.declare_groups();
        self.add_declared();
        self.add_contained();

        self.edges.sort_unstable();
        self.edges.dedup();
        let dependencies = Adjacency::new(self.ids.len(), &self.edges);
        for (from, edge) in &self.edges {
            if let Some(group) = self.groups.get_mut(edge.group as usize)
                && group.owner == *from
            {
                group.members.push(*edge);
            }
        }
        let mut reversed: Vec<_> = self
            .edges
            .iter()
            .map(|(from, edge)| {
                (
                    edge.other,
                    Edge {
                        other: *from,
                        ..*edge
                    },
                )
            })
            .collect();
        reversed.sort_unstable();
        let dependants = Adjacency::new(self.ids.len(), &reversed);

        let known: Vec<_> = self.ids.iter().map(|id| self.source.nodes.get(id)).collect();
        let up_at_rest = known
            .iter()
            .map(|node| node.is_some_and(Node::is_running))
            .collect();
        let can_fail = known
            .iter()
            .map(|node| node.is_none_or(Node::is_running))
            .collect();
        let node_environments = known
            .iter()
            .map(|node| {
                let names = node.iter().flat_map(|node| &node.environments);
                names
                    .filter_map(|name| self.environments.binary_search(name).ok())
                    .map(index)
                    .collect()
            })
            .collect();
        let mut graph = Graph {
            ids: self.ids,
            up_at_rest,
            can_fail,
            node_environments,
            environments: self.environments,
            dependants,
            dependencies,
            groups: self.groups,
            source: owned,
            issues: Vec::new(),
        };
        self.issues.extend(issue::of_groups(&graph));
        graph.issues = self.issues.into_iter().collect();
        graph
    }

    fn declare_groups(&mut self) {
        let source = self.source;
        for (id, node) in &source.nodes {
            let owner = self.position(id);
            for (name, min_up) in &node.redundancy_groups {
                self.group_index.insert((owner, name), index(self.groups.len()));
                self.groups.push(Group {
                    owner,
                    name: name.clone(),
                    min_up: *min_up,
                    members: Vec::new(),
                });
            }
        }
    }

    fn add_declared(&mut self) {
        let source = self.source;
        for dependency in &source.dependencies {
            let Dependency {
                from, to, strength, ..
            } = dependency;
            let (dependant, needed) = (self.position(from), self.position(to));
            let group = match &dependency.group {
                None => NONE,
                Some(name) => self
                    .group_index
                    .get(&(dependant, name))
                    .copied()
                    .unwrap_or_else(|| {
                        self.issues.insert(GraphIssue::UndeclaredGroup {
                            node: from.clone(),
                            group: name.clone(),
                        });
                        NONE
                    }),
            };
            let environment = dependency
                .environment
                .as_ref()
                .and_then(|name| self.environments.binary_search(name).ok())
                .map(index);
            let edge = Edge {
                other: needed,
                group,
                strength: *strength,
                environment,
                origin: EdgeOrigin::Declared,
            };
            self.add(from, to, dependant, edge);
        }
    }

    /// The edges that follow from what contains what.
    fn add_contained(&mut self) {
        let source = self.source;
        let declared: BTreeSet<_> = source
            .dependencies
            .iter()
            .map(|dependency| (&dependency.from, &dependency.to))
            .collect();
        for (item, node) in &source.nodes {
            let item_position = self.position(item);
            if let Some(parent) = &node.parent {
                let parent = NodeId::from(parent.clone());
                let edge = Edge {
                    other: self.position(&parent),
                    group: NONE,
                    strength: DependencyStrength::Hard,
                    environment: None,
                    origin: EdgeOrigin::Containment,
                };
                self.add(item, &parent, item_position, edge);
            }
            for service in &node.member_of {
                let service = NodeId::from(service.clone());
                if declared.contains(&(&service, item)) {
                    continue;
                }
                if !source.nodes.contains_key(&service) {
                    self.dangling(item, &service, DependencyStrength::Hard, EdgeOrigin::Membership);
                }
                let only: Vec<Option<u32>> = match self.environments_of(node) {
                    none if none.is_empty() => vec![None],
                    some => some.into_iter().map(Some).collect(),
                };
                let dependant = self.position(&service);
                for environment in only {
                    let edge = Edge {
                        other: item_position,
                        group: NONE,
                        strength: DependencyStrength::Hard,
                        environment,
                        origin: EdgeOrigin::Membership,
                    };
                    self.add(&service, item, dependant, edge);
                }
            }
        }
    }

    fn environments_of(&self, node: &Node) -> Vec<u32> {
        let names = node.environments.iter();
        names
            .filter_map(|name| self.environments.binary_search(name).ok())
            .map(index)
            .collect()
    }

    fn dangling(&mut self, from: &NodeId, to: &NodeId, strength: DependencyStrength, origin: EdgeOrigin) {
        self.issues.insert(GraphIssue::Dangling {
            from: from.clone(),
            to: to.clone(),
            strength,
            origin,
        });
    }

    fn add(&mut self, from: &NodeId, to: &NodeId, dependant: u32, edge: Edge) {
        if from == to {
            // What stands in for itself would keep its own group alive.
            self.issues.insert(GraphIssue::NeedsItself { node: from.clone() });
            return;
        }
        match self.source.nodes.get(to) {
            None => self.dangling(from, to, edge.strength, edge.origin),
            Some(node) if !node.is_running() && self.source.nodes.get(from).is_some_and(Node::is_running) => {
                self.issues.insert(GraphIssue::NotRunning {
                    from: from.clone(),
                    to: to.clone(),
                    strength: edge.strength,
                });
            }
            Some(_) => {}
        }
        self.edges.push((dependant, edge));
    }
}
