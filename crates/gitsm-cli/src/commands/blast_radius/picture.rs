//! What a blast radius looks like, before it is drawn: columns of nodes and what leads from one to the other.

use super::Answer;
use gitsm_core::catalog::{Cause, DependencyStrength, EdgeOrigin, Graph, Impact, NodeId};
use gitsm_core::vocabulary::Tier;
use std::collections::{BTreeMap, BTreeSet};

/// What happens to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Failed,
    Down,
    Degraded,
}

impl Fate {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Failed => "fails",
            Self::Down => "down",
            Self::Degraded => "degraded",
        }
    }
}

/// One node of the picture.
pub(super) struct Spot<'a> {
    pub(super) id: &'a NodeId,
    pub(super) fate: Fate,
    /// Steps from what failed: its column.
    pub(super) column: usize,
    pub(super) impact: Option<&'a Impact>,
}

/// What leads from one node to another.
pub(super) struct Line<'a> {
    pub(super) from: &'a NodeId,
    pub(super) to: &'a NodeId,
    pub(super) cause: &'a Cause,
}

/// All of it, in the order of drawing: by column, and within one by what it hangs on.
pub(super) struct Picture<'a> {
    pub(super) spots: Vec<Spot<'a>>,
    pub(super) lines: Vec<Line<'a>>,
}

/// What each node takes along, the most critical first, down before degraded.
pub(super) fn branches<'a>(answer: &'a Answer<'_>) -> BTreeMap<&'a NodeId, Vec<(Fate, &'a Impact)>> {
    let mut branches: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let down = answer.radius.down.iter().map(|impact| (Fate::Down, impact));
    let degraded = answer
        .radius
        .degraded
        .iter()
        .map(|impact| (Fate::Degraded, impact));
    for (fate, impact) in down.chain(degraded) {
        branches
            .entry(&impact.cause.via)
            .or_default()
            .push((fate, impact));
    }
    branches
}

impl<'a> Picture<'a> {
    pub(super) fn of(answer: &'a Answer<'_>) -> Self {
        let branches = branches(answer);
        let mut spots: Vec<Spot<'a>> = answer
            .radius
            .failed
            .iter()
            .map(|id| Spot {
                id,
                fate: Fate::Failed,
                column: 0,
                impact: None,
            })
            .collect();
        let mut lines = Vec::new();
        let mut next = 0;
        while let Some(spot) = spots.get(next) {
            let (id, column) = (spot.id, spot.column + 1);
            next += 1;
            for (fate, impact) in branches.get(id).into_iter().flatten() {
                spots.push(Spot {
                    id: &impact.node,
                    fate: *fate,
                    column,
                    impact: Some(impact),
                });
                // Of a group every loss counts, not only the last.
                let lost = impact.cause.group.iter().flat_map(|group| &group.lost);
                let sources: BTreeSet<&NodeId> = lost.chain([&impact.cause.via]).collect();
                lines.extend(sources.into_iter().map(|from| Line {
                    from,
                    to: &impact.node,
                    cause: &impact.cause,
                }));
            }
        }
        let drawn: BTreeSet<_> = spots.iter().map(|spot| spot.id).collect();
        lines.retain(|line| drawn.contains(line.from));
        Self { spots, lines }
    }
}

/// Why a node is hit, in a few words.
pub(super) fn reason(cause: &Cause) -> String {
    if let Some(group) = &cause.group {
        let lost: Vec<_> = group.lost.iter().map(NodeId::short).collect();
        return format!(
            "{} has {} of {} up and needs {}; lost {}",
            group.group,
            group.up,
            group.members,
            group.needed,
            lost.join(", ")
        );
    }
    match (cause.origin, cause.strength) {
        (EdgeOrigin::Declared, DependencyStrength::Hard) => "needs it".to_owned(),
        (EdgeOrigin::Declared, DependencyStrength::Soft) => "works with losses without it".to_owned(),
        (EdgeOrigin::Membership, _) => "the item belongs to it".to_owned(),
        (EdgeOrigin::Containment, _) => "is part of it".to_owned(),
    }
}

/// What is worth knowing of a node: `tier 1, user-facing`.
pub(super) fn facts(graph: &Graph, id: &NodeId) -> String {
    let node = graph.node(id);
    let mut facts = Vec::new();
    match (id.as_service(), node.and_then(|node| node.tier)) {
        (_, Some(tier)) => facts.push(format!("tier {}", Tier::get(tier))),
        (Some(_), None) => facts.push("no tier".to_owned()),
        (None, None) => facts.extend(node.and_then(|node| node.class.as_ref()).map(ToString::to_string)),
    }
    if node.is_some_and(|node| node.user_facing) {
        facts.push("user-facing".to_owned());
    }
    if node.is_none() {
        facts.push("does not exist".to_owned());
    }
    facts.join(", ")
}

/// Where a node is hit, if the answer is about several environments: ` in prod, staging`.
pub(super) fn places(answer: &Answer<'_>, impact: &Impact) -> String {
    if answer.radius.environment.is_some() || impact.environments.is_empty() {
        return String::new();
    }
    let names: Vec<_> = impact.environments.iter().map(ToString::to_string).collect();
    format!(" in {}", names.join(", "))
}

/// The answer in one sentence.
pub(super) fn summary(answer: &Answer<'_>) -> String {
    let radius = &answer.radius;
    let failed: Vec<_> = radius.failed.iter().map(NodeId::short).collect();
    let verb = if failed.len() == 1 { "fails" } else { "fail" };
    let place = radius
        .environment
        .as_ref()
        .map_or_else(|| "in any environment".to_owned(), |name| format!("in {name}"));
    let (down, degraded) = (radius.down_services().count(), radius.degraded_services().count());
    let services = |count| if count == 1 { "service is" } else { "services are" };
    let mut text = format!("If {} {verb} {place}, ", failed.join(" and "));
    if radius.count == 0 {
        text.push_str("no other service is hit");
    } else {
        text.push_str(&format!(
            "{down} other {} down and {degraded} degraded",
            services(down)
        ));
    }
    if let Some(tier) = radius.max_tier {
        text.push_str(&format!("; most critical tier {}", Tier::get(tier)));
    }
    if radius.user_facing {
        text.push_str(", felt by users outside");
    }
    text.push('.');
    text
}
