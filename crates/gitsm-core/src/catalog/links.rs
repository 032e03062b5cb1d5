//! Nodes by number, for decisions that look at very many of them.

use super::NodeId;
use super::graph::{Graph, index};
use super::walk::{GroupLosses, Walk};
use crate::ident::ResourceName;
use std::collections::BTreeMap;

/// The graph by number, with what was asked before kept. Nodes that are not in the graph get numbers too.
pub(crate) struct Links<'g> {
    graph: &'g Graph,
    walk: Walk<'g>,
    /// Numbers of nodes that the graph does not know.
    strangers: BTreeMap<&'g NodeId, u32>,
    stranger_names: Vec<&'g NodeId>,
    containers: BTreeMap<u32, Vec<(u32, u32)>>,
    depth: u32,
}

impl<'g> Links<'g> {
    /// Looks at most `depth` steps far.
    pub(crate) fn new(graph: &'g Graph, depth: u32) -> Self {
        Self {
            graph,
            walk: Walk::new(graph),
            strangers: BTreeMap::new(),
            stranger_names: Vec::new(),
            containers: BTreeMap::new(),
            depth,
        }
    }

    /// The number of a node.
    pub(crate) fn number(&mut self, id: &'g NodeId) -> u32 {
        if let Some(known) = self.graph.position(id) {
            return known;
        }
        let next = index(self.graph.ids.len().saturating_add(self.stranger_names.len()));
        *self.strangers.entry(id).or_insert_with(|| {
            self.stranger_names.push(id);
            next
        })
    }

    /// The node of a number.
    pub(crate) fn node(&self, number: u32) -> Option<&'g NodeId> {
        let stranger = (number as usize).checked_sub(self.graph.ids.len());
        match stranger {
            None => self.graph.id(number),
            Some(at) => self.stranger_names.get(at).copied(),
        }
    }

    /// What contains a node, with the number of steps; see [`Graph::containers`].
    pub(crate) fn containers(&mut self, number: u32) -> &[(u32, u32)] {
        let (graph, depth) = (self.graph, self.depth);
        self.containers.entry(number).or_insert_with(|| {
            let id = graph.id(number);
            let found = id.map(|id| graph.containers(id, depth)).unwrap_or_default();
            found
                .iter()
                .filter_map(|(container, steps)| Some((graph.position(container)?, *steps)))
                .collect()
        })
    }

    /// The redundancy groups that lose members when nodes are down in an environment, and which members.
    pub(crate) fn losses(
        &mut self,
        numbers: impl IntoIterator<Item = u32>,
        environment: &ResourceName,
    ) -> Vec<GroupLosses> {
        let environment = self.graph.environment_index(environment);
        let known = index(self.graph.ids.len());
        let seeds = numbers.into_iter().filter(|number| *number < known);
        self.walk.run(seeds, environment, self.depth);
        self.walk.losses().collect()
    }

    /// The service of a group, and the group's name.
    pub(crate) fn group(&self, group: u32) -> Option<(&'g NodeId, &'g ResourceName)> {
        let group = self.graph.groups.get(group as usize)?;
        Some((self.graph.id(group.owner)?, &group.name))
    }
}
