//! What fails or suffers when something fails.
//!
//! Reverse reachability over hard edges in one environment. A redundancy group fails when fewer of its members are
//! up than it needs; a soft edge makes the dependant degraded and stops there. The rule of groups is the one of
//! iTop's impact analysis (`min_up` as a count or a percentage of the related items).

use super::graph::{Graph, index};
use super::walk::{Effect, Walk};
use super::{DependencyStrength, EdgeOrigin, NodeId};
use crate::ident::{ResourceName, ServiceId};
use crate::vocabulary::Tier;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What fails or suffers when some nodes fail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlastRadius {
    /// The environment it was computed in; `None` is all of them, the worst of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// What was said to fail, sorted.
    pub failed: Vec<NodeId>,
    /// What was said to fail and is not in the graph. What depends on it is not known: the rest of the answer is
    /// too small.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<NodeId>,
    /// What would be down as well, the most critical first. What was said to fail is not in it.
    pub down: Vec<Impact>,
    /// What would work with losses, the most critical first.
    pub degraded: Vec<Impact>,
    /// Redundancy groups that lose members and still stand: the next loss may take their service down. By service,
    /// group and environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redundancy_lost: Vec<GroupState>,
    /// The most critical tier among the services that fail or would be down, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tier: Option<Tier>,
    /// Whether a service that fails or would be down has no tier, so that `maxTier` may be too low.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tier_unknown: bool,
    /// Whether a service that fails or would be down is used from outside the organisation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user_facing: bool,
    /// How many services would be down or degraded; configuration items are not counted.
    pub count: u32,
}

/// One node that fails or suffers because another fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Impact {
    /// The node.
    pub node: NodeId,
    /// How critical it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Whether people outside the organisation use it directly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user_facing: bool,
    /// The number of dependencies between it and what failed.
    pub distance: u32,
    /// The environments in which it is hit like this, sorted; empty in a graph that names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<ResourceName>,
    /// What takes it down or degrades it, in the first of the environments.
    pub cause: Cause,
}

/// What takes a node down or degrades it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cause {
    /// The node just before it: one that failed or is down. Of a group, the member whose loss was one too many.
    pub via: NodeId,
    /// What the dependency is.
    pub strength: DependencyStrength,
    /// Why there is a dependency.
    pub origin: EdgeOrigin,
    /// The redundancy group that fell below what it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupState>,
}

/// A redundancy group that lost members.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupState {
    /// The service whose group it is.
    pub node: NodeId,
    /// Its name.
    pub group: ResourceName,
    /// The environment; absent in a graph that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// Members that it has there.
    pub members: u32,
    /// Members that are still up.
    pub up: u32,
    /// Members that must be up.
    pub needed: u32,
    /// Members that failed or are down, sorted. Members that were not up before are neither up nor here.
    pub lost: Vec<NodeId>,
}

impl BlastRadius {
    /// What happens to a node; `None` if nothing does.
    pub fn impact(&self, node: &NodeId) -> Option<&Impact> {
        self.down
            .iter()
            .chain(&self.degraded)
            .find(|impact| impact.node == *node)
    }

    /// The way from what failed to a node, both ends included; empty if the node is not hit.
    pub fn path(&self, node: &NodeId) -> Vec<&NodeId> {
        let by_node: BTreeMap<_, _> = self
            .down
            .iter()
            .chain(&self.degraded)
            .map(|impact| (&impact.node, impact))
            .collect();
        let mut path = Vec::new();
        let mut at = by_node.get(node).copied();
        while let Some(impact) = at {
            path.push(&impact.node);
            at = by_node.get(&impact.cause.via).copied();
            if at.is_none() {
                path.push(&impact.cause.via);
            } else if path.len() > by_node.len() {
                // Only a saved answer that was edited by hand goes in circles.
                break;
            }
        }
        path.reverse();
        path
    }

    /// The services that would be down, the most critical first.
    pub fn down_services(&self) -> impl Iterator<Item = &ServiceId> {
        self.down.iter().filter_map(|impact| impact.node.as_service())
    }

    /// The services that would be degraded, the most critical first.
    pub fn degraded_services(&self) -> impl Iterator<Item = &ServiceId> {
        self.degraded.iter().filter_map(|impact| impact.node.as_service())
    }
}

impl Graph {
    /// What fails or suffers when nodes fail, in one environment or in any.
    ///
    /// A dependency counts in an environment when its dependant is there and the dependency does not name another.
    /// Where a failed node is said to be does not matter: what is said to fail, fails. Without an environment the
    /// graph is walked once for each that it names, and each node counts with the worst that happens to it.
    pub fn blast_radius<'n>(
        &self,
        failed: impl IntoIterator<Item = &'n NodeId>,
        environment: Option<&ResourceName>,
    ) -> BlastRadius {
        let failed: BTreeSet<_> = failed.into_iter().collect();
        let seeds: Vec<u32> = failed.iter().filter_map(|id| self.position(id)).collect();
        let walked: Vec<_> = match environment {
            Some(name) => vec![(self.environment_index(name), Some(name))],
            None => self.every_environment().collect(),
        };
        let mut merged: Vec<Option<(Effect, Impact)>> = vec![None; self.ids.len()];
        let mut redundancy_lost = Vec::new();
        let mut walk = Walk::new(self);
        for (environment, name) in walked {
            walk.run(seeds.iter().copied(), environment, u32::MAX);
            walk.merge_into(&mut merged, name);
            redundancy_lost.extend(walk.standing_groups(name));
        }
        redundancy_lost.sort_unstable();

        let (mut down, mut degraded) = (Vec::new(), Vec::new());
        for (effect, impact) in merged.into_iter().flatten() {
            match effect {
                Effect::Degraded => degraded.push(impact),
                Effect::Down => down.push(impact),
            }
        }
        down.sort_unstable_by(most_critical_first);
        degraded.sort_unstable_by(most_critical_first);

        let mut result = BlastRadius {
            environment: environment.cloned(),
            unknown: failed
                .iter()
                .filter(|id| self.position(id).is_none())
                .map(|id| (*id).clone())
                .collect(),
            redundancy_lost,
            ..BlastRadius::default()
        };
        for id in failed
            .iter()
            .copied()
            .chain(down.iter().map(|impact| &impact.node))
        {
            if id.as_service().is_some() {
                let node = self.node(id);
                let tier = node.and_then(|node| node.tier);
                result.max_tier = result.max_tier.into_iter().chain(tier).min();
                result.tier_unknown |= tier.is_none();
                result.user_facing |= node.is_some_and(|node| node.user_facing);
            }
        }
        result.failed = failed.into_iter().cloned().collect();
        result.down = down;
        result.degraded = degraded;
        result.count = index(result.down_services().chain(result.degraded_services()).count());
        result
    }

    /// Each environment with its name; a graph that names none has one without a name.
    pub(super) fn every_environment(&self) -> impl Iterator<Item = (Option<u32>, Option<&ResourceName>)> {
        let unnamed = self.environments.is_empty().then_some((None, None));
        let named = self.environments.iter().enumerate();
        unnamed
            .into_iter()
            .chain(named.map(|(at, name)| (Some(index(at)), Some(name))))
    }
}

fn most_critical_first(one: &Impact, other: &Impact) -> Ordering {
    let key = |impact: &Impact| {
        (
            impact.tier.map_or(u8::MAX, Tier::get),
            impact.node.as_service().is_none(),
            !impact.user_facing,
            impact.distance,
        )
    };
    key(one).cmp(&key(other)).then_with(|| one.node.cmp(&other.node))
}
