//! Counting: who fills which rule of one policy, and what is said about everybody else.

use super::filling::{Acting, Filling};
use super::policy::ApprovalPolicy;
use super::pool::{Pool, Seat};
use super::requirement::{Group, Requirement};
use super::sentences::any_of;
use super::standing::{Scene, Standing};
use super::verdict::{Counted, Node, NodeKind};
use super::vocabulary::{ApprovalMode, OnTimeout, RequirementState as State, UnknownIdentity};
use crate::ident::MemberId;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// A group of a requirement, and who fills it.
#[derive(Debug)]
pub(super) struct Place<'t, 'f> {
    pub(super) requirement: usize,
    pub(super) group: &'t Group<'f>,
    pub(super) needed: u32,
    /// Whether its people are asked yet.
    pub(super) asked: bool,
    pub(super) filled: Vec<Acting<'f>>,
}

impl Place<'_, '_> {
    fn is_full(&self) -> bool {
        // A need that exceeds the machine's sizes is not met.
        usize::try_from(self.needed).is_ok_and(|needed| self.filled.len() >= needed)
    }
}

/// The counting of one policy.
#[derive(Debug)]
pub(super) struct Tally<'t, 'f> {
    pub(super) scene: &'t Scene<'f>,
    pub(super) policy: &'f ApprovalPolicy,
    pub(super) requirements: &'t [Requirement<'f>],
    pub(super) standings: BTreeMap<&'f MemberId, Standing<'f>>,
    pub(super) acting: Vec<Acting<'f>>,
    pub(super) places: Vec<Place<'t, 'f>>,
}

impl<'t, 'f> Tally<'t, 'f> {
    pub(super) fn new(
        scene: &'t Scene<'f>,
        policy: &'f ApprovalPolicy,
        requirements: &'t [Requirement<'f>],
    ) -> Self {
        let standings = scene.standings(policy);
        let mut acting = Vec::new();
        for (person, standing) in &standings {
            let Some(approval) = standing.approval else {
                continue;
            };
            if scene.contributors.exclusion(person, &policy.separation).is_some() {
                continue;
            }
            let expires_at = approval.expires_at;
            acting.push(Acting {
                person,
                identity: person,
                until: expires_at,
            });
            for (identity, until) in scene.represented(person, policy) {
                if scene
                    .contributors
                    .exclusion(identity, &policy.separation)
                    .is_none()
                {
                    acting.push(Acting {
                        person,
                        identity,
                        until: until.min(expires_at),
                    });
                }
            }
        }
        let mut places = Vec::new();
        for (index, requirement) in requirements.iter().enumerate() {
            if let Some(Ok(groups)) = &requirement.groups {
                places.extend(groups.iter().map(|group| Place {
                    requirement: index,
                    group,
                    needed: requirement.needed,
                    asked: true,
                    filled: Vec::new(),
                }));
            }
        }
        let mut tally = Self {
            scene,
            policy,
            requirements,
            standings,
            acting,
            places,
        };
        tally.fill();
        tally
    }

    /// Fills the places, in order; in ordered mode up to the first rule that is not met.
    fn fill(&mut self) {
        let pools: Vec<_> = self.places.iter().map(|place| &place.group.pool).collect();
        let mut all = Filling::new(&self.acting, &pools);
        let mut open = true;
        for (index, requirement) in self.requirements.iter().enumerate() {
            let mut met = !matches!(requirement.groups, Some(Err(_)));
            for (number, place) in self.places.iter_mut().enumerate() {
                if place.requirement != index {
                    continue;
                }
                place.asked = open;
                if !open {
                    continue;
                }
                if self.policy.distinct {
                    met &= all.fill(number, place.needed);
                } else {
                    let mut alone = Filling::new(&self.acting, &[&place.group.pool]);
                    met &= alone.fill(0, place.needed);
                    place.filled = alone.filled(0);
                }
            }
            open &= met || self.policy.mode == ApprovalMode::Parallel;
        }
        // Only now: a later place may have moved people of an earlier one.
        if self.policy.distinct {
            for (number, place) in self.places.iter_mut().enumerate() {
                place.filled = all.filled(number);
            }
        }
    }

    /// The nodes of all requirements, and of what the policy asks beside them.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<_> = (0..self.requirements.len())
            .map(|index| self.requirement(index))
            .collect();
        if nodes.iter().all(|node| node.state == State::Skipped) {
            return nodes;
        }
        if self.policy.unknown_identity == UnknownIdentity::ExtraApproval {
            let unknown = self.scene.contributors.unknown_to(&self.policy.separation);
            if !unknown.is_empty() {
                nodes.push(self.extra_approval(&unknown));
            }
        }
        if self.policy.separation.distinct_teams {
            nodes.push(self.distinct_teams());
        }
        nodes
    }

    fn requirement(&self, index: usize) -> Node {
        let Some(requirement) = self.requirements.get(index) else {
            return Node::obstacle("rule", "the rule is missing");
        };
        let mut node = Node::new(requirement.kind, requirement.name.clone());
        match &requirement.groups {
            None => {
                node.state = State::Skipped;
                node.missing = None;
            }
            Some(Err(reason)) => {
                node.state = State::Error;
                node.missing = Some(reason.clone());
            }
            Some(Ok(_)) => {
                node.deadline = requirement.deadline.map(|(deadline, _)| deadline);
                let mut groups: Vec<_> = self
                    .places
                    .iter()
                    .filter(|place| place.requirement == index)
                    .map(|place| self.group(place))
                    .collect();
                if groups.len() == 1
                    && let Some(only) = groups.pop()
                {
                    node = Node {
                        kind: node.kind,
                        name: node.name,
                        deadline: node.deadline,
                        ..only
                    };
                } else {
                    node.adopt(groups);
                }
                self.time_out(&mut node, index, requirement);
            }
        }
        node
    }

    /// Rejects a rule that was not met in time, where it says so.
    fn time_out(&self, node: &mut Node, index: usize, requirement: &Requirement<'f>) {
        let Some((deadline, on_timeout)) = requirement.deadline else {
            return;
        };
        if self.scene.facts.at < deadline || node.state == State::Rejected {
            return;
        }
        if on_timeout == OnTimeout::Escalate {
            if let Some(missing) = &mut node.missing {
                missing.push_str(&format!(
                    " (not answered by {deadline}, so the change authority is asked too)"
                ));
            }
            return;
        }
        let in_time: Vec<_> = self
            .acting
            .iter()
            .filter(|acting| {
                let standing = self.standings.get(acting.person);
                let mut approvals = standing.into_iter().flat_map(|standing| &standing.approvals);
                approvals.any(|approval| approval.review.submitted_at < deadline)
            })
            .copied()
            .collect();
        let places: Vec<_> = self
            .places
            .iter()
            .filter(|place| place.requirement == index)
            .collect();
        let met = if self.policy.distinct {
            let pools: Vec<_> = places.iter().map(|place| &place.group.pool).collect();
            let mut filling = Filling::new(&in_time, &pools);
            places
                .iter()
                .enumerate()
                .all(|(number, place)| filling.fill(number, place.needed))
        } else {
            places
                .iter()
                .all(|place| Filling::new(&in_time, &[&place.group.pool]).fill(0, place.needed))
        };
        if !met {
            node.state = State::Rejected;
            node.missing = Some(format!(
                "it was not answered by {deadline}, and the rule rejects then; push again to ask again"
            ));
        }
    }

    fn group(&self, place: &Place<'t, 'f>) -> Node {
        let mut node = Node::new(NodeKind::Group, place.group.name.clone());
        node.needed = place.needed;
        node.counted = place
            .filled
            .iter()
            .filter_map(|acting| self.counted(acting, &place.group.pool))
            .collect();
        node.counted.sort();
        node.valid_until = node.counted.iter().map(|counted| counted.expires_at).min();
        node.not_counted = self.not_counted(place);
        let rejecters: Vec<_> = self
            .standings
            .iter()
            .filter(|(person, standing)| {
                standing.rejection.is_some() && self.may_speak(person, &place.group.pool)
            })
            .map(|(person, _)| person.as_str())
            .collect();
        if !rejecters.is_empty() {
            node.state = State::Rejected;
            node.missing = Some(self.rejected(&rejecters));
        } else if !place.asked {
            node.state = State::Pending;
            node.missing = Some("its people are asked when the rules before it are met".to_owned());
        } else if place.is_full() {
            node.state = State::Approved;
            node.missing = None;
        } else {
            node.state = State::Pending;
            node.missing = Some(self.missing(place));
        }
        node
    }

    fn counted(&self, acting: &Acting<'f>, pool: &Pool<'f>) -> Option<Counted> {
        let approval = self.standings.get(acting.person)?.approval?;
        let seat = match pool.get(acting.identity) {
            Some(Seat::Active(until)) => *until,
            _ => Instant::MAX,
        };
        Some(Counted {
            by: acting.person.clone(),
            on_behalf_of: (acting.person != acting.identity).then(|| acting.identity.clone()),
            review: approval.review.id,
            submitted_at: approval.review.submitted_at,
            attestation: approval.attestation,
            expires_at: acting.until.min(seat),
        })
    }

    /// Whether somebody is in a pool, or represents somebody who is. A part in the content does not take the right to
    /// object: a commit can name anybody as its author.
    pub(super) fn may_speak(&self, person: &MemberId, pool: &Pool<'f>) -> bool {
        let is_active = |member: &MemberId| pool.get(member).is_some_and(|seat| seat.is_active());
        is_active(person)
            || self
                .scene
                .represented(person, self.policy)
                .any(|(identity, _)| is_active(identity))
    }

    /// One person more than the rules ask, because somebody contributed who is not known: the rules must be met
    /// without that person.
    fn extra_approval(&self, unknown: &BTreeSet<&str>) -> Node {
        let mut node = Node::new(NodeKind::ExtraApproval, "unknown-contributor".to_owned());
        node.needed = 1;
        let unknown: Vec<_> = unknown.iter().copied().collect();
        let because = format!(
            "{} belongs to no member",
            any_of(&unknown).replace(" or ", " and ")
        );
        let errors = self
            .requirements
            .iter()
            .any(|one| matches!(one.groups, Some(Err(_))));
        let full = self.places.iter().all(|place| place.asked && place.is_full());
        let spare = if errors || !full { None } else { self.spare() };
        match spare {
            Some(counted) => {
                node.state = State::Approved;
                node.valid_until = Some(counted.expires_at);
                node.counted.push(counted);
                node.missing = None;
            }
            None => node.missing = Some(format!("one approval more than the rules ask, because {because}")),
        }
        node
    }

    fn spare(&self) -> Option<Counted> {
        let candidates = self.acting.iter().filter_map(|acting| {
            let place = self.places.iter().find(|place| {
                place
                    .group
                    .pool
                    .get(acting.identity)
                    .is_some_and(|seat| seat.is_active())
            })?;
            let others: Vec<_> = self
                .acting
                .iter()
                .filter(|other| other.person != acting.person && other.identity != acting.identity)
                .copied()
                .collect();
            let met = if self.policy.distinct {
                let pools: Vec<_> = self.places.iter().map(|place| &place.group.pool).collect();
                let mut filling = Filling::new(&others, &pools);
                let mut places = self.places.iter().enumerate();
                places.all(|(number, place)| filling.fill(number, place.needed))
            } else {
                let mut places = self.places.iter();
                places.all(|place| Filling::new(&others, &[&place.group.pool]).fill(0, place.needed))
            };
            met.then(|| self.counted(acting, &place.group.pool)).flatten()
        });
        // Rather somebody whom no rule counts.
        let used: BTreeSet<_> = self
            .places
            .iter()
            .flat_map(|place| &place.filled)
            .map(|acting| acting.person)
            .collect();
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_by_key(|counted| used.contains(&counted.by));
        candidates.into_iter().next()
    }

    fn distinct_teams(&self) -> Node {
        let mut node = Node::new(NodeKind::DistinctTeams, "distinct-teams".to_owned());
        node.needed = 1;
        let authors = self.scene.contributors.authors.iter();
        let teams: BTreeSet<_> = authors
            .flat_map(|author| self.scene.pools.direct_teams(author))
            .collect();
        let outside = |member: &MemberId| self.scene.pools.direct_teams(member).is_disjoint(&teams);
        let approvers = self
            .acting
            .iter()
            .filter(|acting| outside(acting.person) && outside(acting.identity));
        let counted = approvers.filter_map(|acting| {
            let active = |place: &&Place<'t, 'f>| {
                place
                    .group
                    .pool
                    .get(acting.identity)
                    .is_some_and(|seat| seat.is_active())
            };
            self.counted(acting, &self.places.iter().find(active)?.group.pool)
        });
        if let Some(counted) = counted.max_by_key(|counted| counted.expires_at) {
            node.state = State::Approved;
            node.valid_until = Some(counted.expires_at);
            node.counted.push(counted);
            node.missing = None;
        } else {
            let teams: Vec<_> = teams.iter().map(|team| team.as_str()).collect();
            node.missing = Some(format!(
                "an approval of somebody outside the author's teams ({})",
                any_of(&teams).replace(" or ", " and ")
            ));
        }
        node
    }
}
