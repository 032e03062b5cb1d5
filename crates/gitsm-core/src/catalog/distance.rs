//! How far apart two nodes are, for the ranking of suspected changes.

use super::NodeId;
use super::graph::{Adjacency, Graph, NONE};
use crate::ident::ResourceName;
use serde::{Deserialize, Serialize};

/// Which way the other node lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// It is the node itself.
    Same,
    /// The node needs it: what happens to it is felt here.
    Dependency,
    /// It needs the node: what it does can be felt here as load.
    Dependant,
}

/// How far another node is, over dependencies of any strength, whether grouped or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Distance {
    /// The number of dependencies on the shortest way; 0 for the node itself.
    pub hops: u32,
    /// Which way it lies. Where both ways are as short, it counts as a dependency.
    pub direction: Direction,
}

/// The distances from one node to every other.
#[derive(Debug, Clone)]
pub struct Distances<'g> {
    graph: &'g Graph,
    origin: u32,
    /// Hops to what the origin needs, by node; [`NONE`] where there is no way.
    dependencies: Vec<u32>,
    /// Hops to what needs the origin, by node.
    dependants: Vec<u32>,
}

impl Distances<'_> {
    /// The distance to one node; `None` where no way leads there in one direction.
    pub fn to(&self, other: &NodeId) -> Option<Distance> {
        let other = self.graph.position(other)?;
        if other == self.origin {
            return Some(Distance {
                hops: 0,
                direction: Direction::Same,
            });
        }
        let hops = |side: &[u32]| side.get(other as usize).copied().filter(|hops| *hops != NONE);
        let dependency = hops(&self.dependencies).map(|hops| (hops, Direction::Dependency));
        let dependant = hops(&self.dependants).map(|hops| (hops, Direction::Dependant));
        let (hops, direction) = [dependency, dependant].into_iter().flatten().min()?;
        Some(Distance { hops, direction })
    }

    /// Everything that is reached, nearest first, then by direction and name.
    pub fn all(&self) -> Vec<(&NodeId, Distance)> {
        let mut all: Vec<_> = self
            .graph
            .ids
            .iter()
            .filter_map(|id| Some((id, self.to(id)?)))
            .collect();
        all.sort_by(|one, other| one.1.cmp(&other.1).then_with(|| one.0.cmp(other.0)));
        all
    }
}

impl Graph {
    /// The distances from a node in one environment, or over all of them. Where an incident is in one service and
    /// there are many changes to rank, this is walked once.
    pub fn distances(&self, from: &NodeId, environment: Option<&ResourceName>) -> Option<Distances<'_>> {
        let origin = self.position(from)?;
        Some(Distances {
            graph: self,
            origin,
            dependencies: self.walk(origin, &self.dependencies, environment),
            dependants: self.walk(origin, &self.dependants, environment),
        })
    }

    /// The distance between two nodes in one environment, or over all of them; `None` where neither needs the
    /// other.
    pub fn distance(
        &self,
        from: &NodeId,
        to: &NodeId,
        environment: Option<&ResourceName>,
    ) -> Option<Distance> {
        self.distances(from, environment)?.to(to)
    }

    fn walk(&self, origin: u32, edges: &Adjacency, environment: Option<&ResourceName>) -> Vec<u32> {
        let only = environment.map(|name| self.environment_index(name));
        let mut hops = vec![NONE; self.ids.len()];
        let mut queue = vec![origin];
        if let Some(first) = hops.get_mut(origin as usize) {
            *first = 0;
        }
        let mut next = 0;
        while let Some(&node) = queue.get(next) {
            next += 1;
            let here = hops.get(node as usize).copied().unwrap_or(NONE);
            for edge in edges.of(node) {
                if only.is_none_or(|only| edge.is_in(only))
                    && let Some(there) = hops.get_mut(edge.other as usize)
                    && *there == NONE
                {
                    *there = here.saturating_add(1);
                    queue.push(edge.other);
                }
            }
        }
        hops
    }
}
