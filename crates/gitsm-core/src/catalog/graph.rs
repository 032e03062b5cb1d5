//! The graph of services and configuration items, in the form that decisions walk over.

use super::build::Builder;
use super::issue::GraphIssue;
use super::{Dependency, DependencyStrength, EdgeOrigin, MinUp, Node, NodeId};
use crate::ident::{ResourceName, ServiceId};
use crate::selector::ServiceSubject;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a [`Graph`] is built from and written as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GraphSource {
    /// Services and configuration items.
    #[serde(default)]
    pub nodes: BTreeMap<NodeId, Node>,
    /// What they say they need. Order and repetition do not matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
}

/// The graph of an estate: what needs what, in which environment, and what stands in for what.
///
/// Any source gives a graph. What is wrong with it is kept and told ([`Graph::issues`]): a reference to something
/// that does not exist becomes a node that is not up, so that it never stands in for anything. Everything is
/// indexed and sorted, so that two sources with the same content give the same answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "GraphSource", into = "GraphSource")]
pub struct Graph {
    pub(super) source: GraphSource,
    /// Every node, known or only referred to, sorted.
    pub(super) ids: Vec<NodeId>,
    /// Whether the node is known and runs, beside `ids`.
    pub(super) up_at_rest: Vec<bool>,
    /// Whether anything can take the node down: everything but what is known not to run.
    pub(super) can_fail: Vec<bool>,
    /// The environments of the node, empty for all, beside `ids`.
    pub(super) node_environments: Vec<Vec<u32>>,
    /// Every environment that is named anywhere, sorted.
    pub(super) environments: Vec<ResourceName>,
    /// For each node what needs it.
    pub(super) dependants: Adjacency,
    /// For each node what it needs.
    pub(super) dependencies: Adjacency,
    pub(super) groups: Vec<Group>,
    pub(super) issues: Vec<GraphIssue>,
}

/// No group, or no node.
pub(super) const NONE: u32 = u32::MAX;

/// One edge as seen from one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// The node at the other end.
    pub(super) other: u32,
    /// Index of the group it belongs to, or [`NONE`].
    pub(super) group: u32,
    pub(super) strength: DependencyStrength,
    /// The only environment it exists in.
    pub(super) environment: Option<u32>,
    pub(super) origin: EdgeOrigin,
}

impl Edge {
    /// Whether the edge is in an environment; `None` stands for one that the graph does not name.
    pub(super) fn is_in(&self, environment: Option<u32>) -> bool {
        self.environment.is_none() || self.environment == environment
    }
}

/// Edges by node, without a list per node.
#[derive(Debug, Clone, Default)]
pub(super) struct Adjacency {
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

impl Adjacency {
    /// From edges that are sorted by their first part.
    pub(super) fn new(nodes: usize, edges: &[(u32, Edge)]) -> Self {
        let mut starts = Vec::with_capacity(nodes.saturating_add(1));
        let mut at = 0;
        for node in 0..=nodes {
            while edges
                .get(at)
                .is_some_and(|(from, _)| usize::try_from(*from).is_ok_and(|from| from < node))
            {
                at += 1;
            }
            starts.push(index(at));
        }
        Self {
            starts,
            edges: edges.iter().map(|(_, edge)| *edge).collect(),
        }
    }

    /// The edges of one node, sorted.
    pub(super) fn of(&self, node: u32) -> &[Edge] {
        let position = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        let node = node as usize;
        self.edges
            .get(position(node)..position(node.saturating_add(1)))
            .unwrap_or_default()
    }
}

/// A redundancy group of one service, over all environments.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) owner: u32,
    pub(super) name: ResourceName,
    pub(super) min_up: MinUp,
    /// Sorted by node; a node can occur once per environment.
    pub(super) members: Vec<Edge>,
}

/// A group in one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupSize {
    /// Members that it has there.
    pub(super) members: u32,
    /// Those that are up as long as nothing fails.
    pub(super) up: u32,
    /// How many must be up; never more than are up as long as nothing fails.
    pub(super) needed: u32,
    /// What its failure does to the owner.
    pub(super) strength: DependencyStrength,
}

/// A position as the index type of the graph. An estate is limited to fewer entries than that; what lies beyond
/// would be the same node.
pub(super) fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NONE)
}

impl From<GraphSource> for Graph {
    fn from(source: GraphSource) -> Self {
        Self::new(source)
    }
}

impl From<Graph> for GraphSource {
    fn from(graph: Graph) -> Self {
        graph.source
    }
}

impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Graph {}

impl Default for Graph {
    fn default() -> Self {
        Self::new(GraphSource::default())
    }
}

impl Graph {
    /// The graph of what was read.
    pub fn new(mut source: GraphSource) -> Self {
        source.dependencies.sort_unstable();
        source.dependencies.dedup();
        Builder::new(&source).build(source.clone())
    }

    /// What it was built from.
    pub fn source(&self) -> &GraphSource {
        &self.source
    }

    /// What is wrong with it, sorted. A hard dependency on something that does not exist is among it.
    pub fn issues(&self) -> &[GraphIssue] {
        &self.issues
    }

    /// What is known of a node; `None` where it is only referred to or not at all.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.source.nodes.get(id)
    }

    /// Every known node, sorted.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, &Node)> {
        self.source.nodes.iter()
    }

    /// Every environment that a node or a dependency names, sorted.
    pub fn environments(&self) -> &[ResourceName] {
        &self.environments
    }

    /// A service as selectors see it.
    pub fn service_subject(&self, id: &ServiceId) -> Option<ServiceSubject> {
        self.node(&id.clone().into()).map(|node| ServiceSubject {
            id: id.clone(),
            tier: node.tier,
            labels: node.labels.clone(),
            data_class: node.data_class.clone(),
        })
    }

    /// The services that a node is about: itself, or those that a configuration item or what contains it belongs
    /// to.
    pub fn services_of(&self, id: &NodeId) -> BTreeSet<ServiceId> {
        let containers = self.containers(id, u32::MAX);
        let nodes = std::iter::once(id).chain(containers.iter().map(|(container, _)| container));
        nodes.filter_map(NodeId::as_service).cloned().collect()
    }

    /// What contains a node, nearest first, at most `depth` steps away: the parents of a configuration item, and
    /// the services that it or one of its parents belongs to. Each is given once, with its number of steps.
    pub fn containers(&self, id: &NodeId, depth: u32) -> Vec<(NodeId, u32)> {
        let mut found: Vec<(NodeId, u32)> = Vec::new();
        let mut seen = BTreeSet::from([id.clone()]);
        let mut level = vec![id.clone()];
        for steps in 1..=depth {
            let mut next = Vec::new();
            for node in level.iter().filter_map(|id| self.node(id)) {
                let parents = node.parent.iter().cloned().map(NodeId::from);
                let services = node.member_of.iter().cloned().map(NodeId::from);
                for container in parents.chain(services) {
                    if seen.insert(container.clone()) {
                        found.push((container.clone(), steps));
                        next.push(container);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        found
    }

    pub(super) fn position(&self, id: &NodeId) -> Option<u32> {
        self.ids.binary_search(id).ok().map(index)
    }

    pub(super) fn id(&self, node: u32) -> Option<&NodeId> {
        self.ids.get(node as usize)
    }

    pub(super) fn environment_index(&self, environment: &ResourceName) -> Option<u32> {
        self.environments.binary_search(environment).ok().map(index)
    }

    /// Whether a node can be taken down in an environment: it is not known to be somewhere else or not to run.
    pub(super) fn can_fail_in(&self, node: u32, environment: Option<u32>) -> bool {
        let at = node as usize;
        self.can_fail.get(at).copied().unwrap_or(false)
            && self.node_environments.get(at).is_none_or(|environments| {
                environments.is_empty() || environment.is_some_and(|one| environments.contains(&one))
            })
    }

    pub(super) fn is_up_at_rest(&self, node: u32) -> bool {
        self.up_at_rest.get(node as usize).copied().unwrap_or(false)
    }

    /// The members of a group in an environment, each once, sorted.
    pub(super) fn members_in(group: &Group, environment: Option<u32>) -> impl Iterator<Item = u32> + use<'_> {
        let mut last = NONE;
        group
            .members
            .iter()
            .filter(move |edge| edge.is_in(environment))
            .map(|edge| edge.other)
            .filter(move |member| std::mem::replace(&mut last, *member) != *member)
    }

    /// How large a group is in an environment.
    pub(super) fn group_size(&self, group: &Group, environment: Option<u32>) -> GroupSize {
        let (mut members, mut up) = (0_u32, 0_u32);
        for member in Self::members_in(group, environment) {
            members = members.saturating_add(1);
            up = up.saturating_add(u32::from(self.is_up_at_rest(member)));
        }
        let hard = group
            .members
            .iter()
            .any(|edge| edge.is_in(environment) && edge.strength == DependencyStrength::Hard);
        GroupSize {
            members,
            up,
            needed: group.min_up.of(members).min(up),
            strength: if hard {
                DependencyStrength::Hard
            } else {
                DependencyStrength::Soft
            },
        }
    }
}
