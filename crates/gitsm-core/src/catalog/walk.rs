//! One walk over the graph, from what fails to what it takes along.

use super::blast::{Cause, GroupState, Impact};
use super::graph::{Edge, Graph, GroupSize, NONE};
use super::{DependencyStrength, EdgeOrigin};
use crate::ident::ResourceName;

/// What happens to a node, the worse the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    Degraded,
    Down,
}

/// How a node was reached.
#[derive(Debug, Clone, Copy)]
struct Hit {
    distance: u32,
    via: u32,
    group: u32,
    strength: DependencyStrength,
    origin: EdgeOrigin,
}

/// One walk over the graph in one environment.
pub(super) struct Walk<'g> {
    graph: &'g Graph,
    environment: Option<u32>,
    /// By node: whether it failed or is down.
    down: Vec<bool>,
    /// What failed, then what is down, nearest first.
    queue: Vec<u32>,
    /// How each node of the queue was reached, beside `queue`; `None` for what was said to fail.
    hits: Vec<Option<Hit>>,
    /// What soft dependencies reach, nearest first. It may turn out to be down over another.
    suffering: Vec<(u32, Hit)>,
    /// By group: size, members lost, and the last member that was counted.
    groups: Vec<Option<GroupLoss>>,
    /// Groups that lost members, each once.
    touched: Vec<u32>,
}

/// What a redundancy group loses in a walk.
pub(crate) struct GroupLosses {
    /// The number of the group.
    pub(crate) group: u32,
    /// Members that are up as long as nothing fails.
    pub(crate) up: u32,
    /// Members that must be up.
    pub(crate) needed: u32,
    /// Members that failed or are down, sorted.
    pub(crate) lost: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct GroupLoss {
    size: GroupSize,
    lost: u32,
    last: u32,
}

impl GroupLoss {
    fn up(&self) -> u32 {
        self.size.up.saturating_sub(self.lost)
    }

    fn has_fallen(&self) -> bool {
        self.up() < self.size.needed
    }
}

impl<'g> Walk<'g> {
    /// A walk that has not begun.
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self {
            graph,
            environment: None,
            down: vec![false; graph.ids.len()],
            queue: Vec::new(),
            hits: Vec::new(),
            suffering: Vec::new(),
            groups: vec![None; graph.groups.len()],
            touched: Vec::new(),
        }
    }

    /// Walks from what fails, at most `limit` dependencies far. What an earlier walk left is forgotten, at the cost
    /// of what it reached.
    pub(super) fn run(&mut self, seeds: impl IntoIterator<Item = u32>, environment: Option<u32>, limit: u32) {
        for node in self.queue.drain(..) {
            if let Some(down) = self.down.get_mut(node as usize) {
                *down = false;
            }
        }
        for group in self.touched.drain(..) {
            if let Some(slot) = self.groups.get_mut(group as usize) {
                *slot = None;
            }
        }
        self.hits.clear();
        self.suffering.clear();
        self.environment = environment;

        for seed in seeds {
            self.take_down(seed, None);
        }
        let graph = self.graph;
        let mut next = 0;
        while let (Some(&node), Some(hit)) = (self.queue.get(next), self.hits.get(next)) {
            let distance = hit.map_or(0, |hit| hit.distance).saturating_add(1);
            next += 1;
            for edge in graph.dependants.of(node) {
                if !edge.is_in(environment) || !graph.can_fail_in(edge.other, environment) {
                    continue;
                }
                let strength = if edge.group == NONE {
                    edge.strength
                } else {
                    match self.lose(edge, node) {
                        None => continue,
                        Some(strength) => strength,
                    }
                };
                if distance > limit {
                    continue;
                }
                let hit = Hit {
                    distance,
                    via: node,
                    group: edge.group,
                    strength,
                    origin: edge.origin,
                };
                match strength {
                    DependencyStrength::Hard => self.take_down(edge.other, Some(hit)),
                    DependencyStrength::Soft => self.suffering.push((edge.other, hit)),
                }
            }
        }
    }

    /// What is degraded, nearest first, each node once: what a soft dependency reaches and nothing takes down.
    fn degraded(&self) -> Vec<(u32, Hit)> {
        let mut seen = self.down.clone();
        let mut first = |node: u32| {
            seen.get_mut(node as usize)
                .is_some_and(|seen| !std::mem::replace(seen, true))
        };
        self.suffering
            .iter()
            .copied()
            .filter(|(node, _)| first(*node))
            .collect()
    }

    /// Groups that lost members, whether they stand or not, each once.
    pub(super) fn losses(&self) -> impl Iterator<Item = GroupLosses> + '_ {
        self.touched.iter().filter_map(|group| {
            let loss = self.groups.get(*group as usize).copied().flatten()?;
            Some(GroupLosses {
                group: *group,
                up: loss.size.up,
                needed: loss.size.needed,
                lost: self.lost_members(*group),
            })
        })
    }

    fn lost_members(&self, group: u32) -> Vec<u32> {
        let members = self.graph.groups.get(group as usize).into_iter();
        members
            .flat_map(|group| Graph::members_in(group, self.environment))
            .filter(|member| {
                self.graph.is_up_at_rest(*member) && self.down.get(*member as usize).copied().unwrap_or(false)
            })
            .collect()
    }

    fn take_down(&mut self, node: u32, hit: Option<Hit>) {
        if let Some(down) = self.down.get_mut(node as usize)
            && !std::mem::replace(down, true)
        {
            self.queue.push(node);
            self.hits.push(hit);
        }
    }

    /// Counts the loss of a member. Gives what the failure of the group does, if it has fallen.
    fn lose(&mut self, edge: &Edge, member: u32) -> Option<DependencyStrength> {
        let graph = self.graph;
        if !graph.is_up_at_rest(member) {
            return None;
        }
        let group = graph.groups.get(edge.group as usize)?;
        let slot = self.groups.get_mut(edge.group as usize)?;
        let loss = slot.get_or_insert_with(|| {
            self.touched.push(edge.group);
            GroupLoss {
                size: graph.group_size(group, self.environment),
                lost: 0,
                last: NONE,
            }
        });
        // Edges of one member to one group stand side by side.
        if loss.last != member {
            loss.last = member;
            loss.lost = loss.lost.saturating_add(1);
        }
        loss.has_fallen().then_some(loss.size.strength)
    }

    pub(super) fn merge_into(&self, merged: &mut [Option<(Effect, Impact)>], name: Option<&ResourceName>) {
        let down = self.queue.iter().zip(&self.hits);
        let down = down.filter_map(|(node, hit)| hit.map(|hit| (*node, hit, Effect::Down)));
        let degraded = self.degraded().into_iter();
        let degraded = degraded.map(|(node, hit)| (node, hit, Effect::Degraded));
        for (node, hit, effect) in down.chain(degraded) {
            let Some(slot) = merged.get_mut(node as usize) else {
                continue;
            };
            match slot {
                Some((known, impact)) if *known == effect => impact.environments.extend(name.cloned()),
                Some((known, _)) if *known > effect => {}
                // The environments are walked in order and the first of the worst stays: so the causes of what is
                // down lead back to what failed.
                _ => *slot = self.impact(node, hit, name).map(|impact| (effect, impact)),
            }
        }
    }

    fn impact(&self, node: u32, hit: Hit, name: Option<&ResourceName>) -> Option<Impact> {
        let id = self.graph.id(node)?;
        let known = self.graph.node(id);
        Some(Impact {
            node: id.clone(),
            tier: known.and_then(|node| node.tier),
            user_facing: known.is_some_and(|node| node.user_facing),
            distance: hit.distance,
            environments: name.cloned().into_iter().collect(),
            cause: Cause {
                via: self.graph.id(hit.via)?.clone(),
                strength: hit.strength,
                origin: hit.origin,
                group: self.group_state(hit.group, name),
            },
        })
    }

    /// A group that lost members, as it is in the end.
    fn group_state(&self, position: u32, name: Option<&ResourceName>) -> Option<GroupState> {
        let loss = self.groups.get(position as usize).copied().flatten()?;
        let group = self.graph.groups.get(position as usize)?;
        let lost = self.lost_members(position).into_iter();
        Some(GroupState {
            node: self.graph.id(group.owner)?.clone(),
            group: group.name.clone(),
            environment: name.cloned(),
            members: loss.size.members,
            up: loss.up(),
            needed: loss.size.needed,
            lost: lost.filter_map(|member| self.graph.id(member)).cloned().collect(),
        })
    }

    /// Groups that lost members and stand, of services that are not down anyway.
    pub(super) fn standing_groups(&self, name: Option<&ResourceName>) -> Vec<GroupState> {
        let standing = self.touched.iter().filter(|group| {
            let owner = self.graph.groups.get(**group as usize).map(|group| group.owner);
            let is_down = owner.and_then(|owner| self.down.get(owner as usize).copied());
            let loss = self.groups.get(**group as usize).copied().flatten();
            is_down == Some(false) && loss.is_some_and(|loss| !loss.has_fallen())
        });
        standing
            .filter_map(|group| self.group_state(*group, name))
            .collect()
    }
}
