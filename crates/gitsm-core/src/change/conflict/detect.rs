//! How conflicts are found.

use super::alone::of_one;
use super::facts::{ConflictFacts, OpenPullRequest, PlannedChange, Span};
use super::found::{Collision, Conflict, Counterpart, GroupCollision};
use super::message;
use super::policy::ConflictPolicy;
use super::sweep::{Entry, GroupEntry, sweep, sweep_group};
use crate::catalog::{Graph, GroupLosses, Links, NodeId};
use crate::change::{ConflictEffect, ConflictType};
use crate::ident::{ChangeId, MemberId, RepositoryName, RepositoryPath, ResourceName};
use crate::time::Instant;
use std::collections::BTreeMap;

/// The conflicts of every change that is on its way in. A change without conflicts is left out.
///
/// The cost grows with the changes, with what they touch, and with the pairs that collide; changes that do not
/// overlap in time are not compared.
pub fn detect(
    facts: &ConflictFacts,
    graph: &Graph,
    policy: &ConflictPolicy,
) -> BTreeMap<ChangeId, Vec<Conflict>> {
    let live = facts.changes.iter().filter(|(_, change)| change.is_live());
    detect_among(live, facts, graph, policy)
}

/// The conflicts of one change, the same as [`detect`] finds for it; empty where it is not known or not on its way
/// in.
pub fn detect_one(
    id: &ChangeId,
    facts: &ConflictFacts,
    graph: &Graph,
    policy: &ConflictPolicy,
) -> Vec<Conflict> {
    let Some(change) = facts.changes.get(id).filter(|change| change.is_live()) else {
        return Vec::new();
    };
    let span = change.occupied(facts.now);
    let near = facts.changes.iter().filter(|(other_id, other)| {
        let overlaps = span
            .zip(other.occupied(facts.now))
            .is_some_and(|(one, other)| one.overlap(&other).is_some());
        let both_open = change.pull_request.is_some() && other.pull_request.is_some();
        other.is_live() && (*other_id == id || overlaps || both_open)
    });
    detect_among(near, facts, graph, policy)
        .remove(id)
        .unwrap_or_default()
}

fn detect_among<'f>(
    changes: impl Iterator<Item = (&'f ChangeId, &'f PlannedChange)>,
    facts: &'f ConflictFacts,
    graph: &'f Graph,
    policy: &ConflictPolicy,
) -> BTreeMap<ChangeId, Vec<Conflict>> {
    let changes: Vec<_> = changes
        .map(|(id, change)| Subject {
            id,
            change,
            span: change.occupied(facts.now),
            opening: change.is_opening(facts.now),
        })
        .collect();
    let mut detector = Detector {
        links: Links::new(graph, policy.depth),
        changes: &changes,
        pairs: Vec::new(),
        lost: BTreeMap::new(),
    };
    detector.items_and_groups();
    detector.people();
    detector.files();

    let mut found: BTreeMap<ChangeId, Vec<Conflict>> = BTreeMap::new();
    for (id, conflict) in detector.into_conflicts(policy) {
        found.entry(id.clone()).or_default().push(conflict);
    }
    for subject in &changes {
        let alone = of_one(subject, facts, graph, policy);
        if !alone.is_empty() {
            found.entry(subject.id.clone()).or_default().extend(alone);
        }
    }
    for conflicts in found.values_mut() {
        conflicts.sort_by(|one, other| {
            let key = |conflict: &Conflict| (conflict.effect, conflict.r#type, conflict.when);
            key(one).cmp(&key(other)).then_with(|| one.with.cmp(&other.with))
        });
    }
    found
}

/// A change with what follows from the instant.
pub(super) struct Subject<'f> {
    pub(super) id: &'f ChangeId,
    pub(super) change: &'f PlannedChange,
    pub(super) span: Option<Span>,
    pub(super) opening: bool,
}

impl Subject<'_> {
    /// Whether it goes after the other: by its place, then by the planned time, then by name.
    fn gives_way_to(&self, other: &Self) -> bool {
        let line = |subject: &Self| {
            let from = subject.span.map_or(Instant::MAX, |span| span.from);
            (subject.change.place(), from)
        };
        (line(self), self.id) > (line(other), other.id)
    }
}

/// One thing in which two changes collide, as the first of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shared<'f> {
    Item {
        kind: ConflictType,
        item: u32,
        other: u32,
    },
    Group {
        group: u32,
        up: u32,
        needed: u32,
        when: Span,
    },
    Person(&'f MemberId),
    Path(&'f RepositoryPath),
}

impl Shared<'_> {
    fn kind(&self) -> ConflictType {
        match self {
            Self::Item { kind, .. } => *kind,
            Self::Group { .. } => ConflictType::SameRedundancyGroup,
            Self::Person(_) => ConflictType::SamePerson,
            Self::Path(_) => ConflictType::SameFiles,
        }
    }

    /// The same as the second change sees it.
    fn turned(self) -> Self {
        match self {
            Self::Item { kind, item, other } => Self::Item {
                kind: match kind {
                    ConflictType::ParentItem => ConflictType::ChildItem,
                    ConflictType::ChildItem => ConflictType::ParentItem,
                    same => same,
                },
                item: other,
                other: item,
            },
            same => same,
        }
    }
}

/// A redundancy group in an environment, with its size there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct GroupPlace {
    group: u32,
    environment: u32,
    up: u32,
    needed: u32,
}

struct Detector<'f, 'c> {
    links: Links<'f>,
    changes: &'c [Subject<'f>],
    /// What collides, by the two changes.
    pairs: Vec<(u32, u32, Shared<'f>)>,
    /// Members that a change takes from a group, by change and group, for those that collide there.
    lost: BTreeMap<(u32, u32), Vec<u32>>,
}

/// No environment: a configuration item is in one place only.
const ANYWHERE: u32 = u32::MAX;

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

impl<'f> Detector<'f, '_> {
    fn items_and_groups(&mut self) {
        let mut environments: BTreeMap<&ResourceName, u32> = BTreeMap::new();
        let mut buckets: Vec<((u32, u32), Entry)> = Vec::new();
        let mut groups: Vec<(GroupPlace, GroupEntry)> = Vec::new();
        for (at, subject) in self.changes.iter().enumerate() {
            let Some(span) = subject.span else { continue };
            let change = number(at);
            let next = number(environments.len());
            let environment = *environments.entry(&subject.change.environment).or_insert(next);
            let items: Vec<u32> = subject
                .change
                .items
                .iter()
                .map(|item| self.links.number(item))
                .collect();
            for item in &items {
                let itself = std::iter::once((*item, 0));
                let touched: Vec<_> = itself
                    .chain(self.links.containers(*item).iter().copied())
                    .collect();
                for (node, steps) in touched {
                    let is_service = self.links.node(node).is_some_and(|id| id.as_service().is_some());
                    let place = if is_service { environment } else { ANYWHERE };
                    let entry = Entry {
                        span,
                        change,
                        item: *item,
                        steps,
                    };
                    buckets.push(((node, place), entry));
                }
            }
            for losses in self.links.losses(items, &subject.change.environment) {
                let GroupLosses {
                    group,
                    up,
                    needed,
                    lost,
                } = losses;
                let place = GroupPlace {
                    group,
                    environment,
                    up,
                    needed,
                };
                groups.push((place, GroupEntry { span, change, lost }));
            }
        }

        buckets.sort_unstable();
        for bucket in buckets.chunk_by(|one, other| one.0 == other.0) {
            let mut entries: Vec<_> = bucket.iter().map(|(_, entry)| *entry).collect();
            sweep(&mut entries, |one, other| {
                let kind = match (one.steps, other.steps) {
                    (0, 0) => ConflictType::SameItem,
                    // The first lies within what the other touches.
                    (_, 0) => ConflictType::ParentItem,
                    _ => ConflictType::ChildItem,
                };
                let shared = Shared::Item {
                    kind,
                    item: one.item,
                    other: other.item,
                };
                self.pairs.push(ordered(one.change, other.change, shared));
            });
        }
        // Most groups are touched by one change at a time: nothing is kept of those that collide in none.
        groups.sort_unstable_by_key(|(place, _)| *place);
        while let Some((place, _)) = groups.last() {
            let place = *place;
            let first = groups.partition_point(|(other, _)| *other < place);
            let mut entries: Vec<_> = groups.drain(first..).map(|(_, entry)| entry).collect();
            let GroupPlace {
                group, up, needed, ..
            } = place;
            sweep_group(&mut entries, up, needed, |one, other, when| {
                for entry in [one, other] {
                    let lost = || entry.lost.clone();
                    self.lost.entry((entry.change, group)).or_insert_with(lost);
                }
                let shared = Shared::Group {
                    group,
                    up,
                    needed,
                    when,
                };
                self.pairs.push(ordered(one.change, other.change, shared));
            });
        }
    }

    fn people(&mut self) {
        let mut people: BTreeMap<&MemberId, Vec<Entry>> = BTreeMap::new();
        for (at, subject) in self.changes.iter().enumerate() {
            let Some(span) = subject.span else { continue };
            for person in &subject.change.people {
                people.entry(person).or_default().push(Entry {
                    span,
                    change: number(at),
                    item: 0,
                    steps: 0,
                });
            }
        }
        for (person, mut entries) in people {
            sweep(&mut entries, |one, other| {
                self.pairs
                    .push(ordered(one.change, other.change, Shared::Person(person)));
            });
        }
    }

    /// A file touched by two open pull requests, or a folder by one and something in it by the other. Time does not
    /// matter: whichever is merged second meets the other's content.
    fn files(&mut self) {
        type Place<'f> = (Option<&'f RepositoryName>, &'f str);
        let mut places: BTreeMap<Place<'_>, Vec<(u32, &RepositoryPath)>> = BTreeMap::new();
        for (at, subject) in self.changes.iter().enumerate() {
            let Some(OpenPullRequest { repository, paths }) = &subject.change.pull_request else {
                continue;
            };
            for path in paths {
                let place = (repository.as_ref(), path.as_str().trim_end_matches('/'));
                places.entry(place).or_default().push((number(at), path));
            }
        }
        for ((repository, path), touching) in &places {
            for (at, (one, file)) in touching.iter().enumerate() {
                for (other, _) in touching.iter().take(at) {
                    self.pairs.push(ordered(*one, *other, Shared::Path(file)));
                }
            }
            for (end, _) in path.match_indices('/') {
                let folder = path.get(..end).unwrap_or_default();
                for (outer, _) in places.get(&(*repository, folder)).into_iter().flatten() {
                    for (inner, file) in touching {
                        self.pairs.push(ordered(*inner, *outer, Shared::Path(file)));
                    }
                }
            }
        }
    }

    /// Both sides of every pair.
    fn into_conflicts(mut self, policy: &ConflictPolicy) -> Vec<(&'f ChangeId, Conflict)> {
        let pairs = std::mem::take(&mut self.pairs);
        let mut sides: Vec<(u32, u32, ConflictType, Shared<'f>)> = pairs
            .into_iter()
            .filter(|(one, other, _)| one != other)
            .flat_map(|(one, other, shared)| {
                let turned = shared.turned();
                [
                    (one, other, shared.kind(), shared),
                    (other, one, turned.kind(), turned),
                ]
            })
            .collect();
        sides.sort_unstable();
        sides.dedup();
        sides
            .chunk_by(|one, other| (one.0, one.1, one.2) == (other.0, other.1, other.2))
            .filter_map(|side| self.conflict(side, policy))
            .collect()
    }

    /// One conflict from everything that two changes share in one way.
    fn conflict(
        &self,
        side: &[(u32, u32, ConflictType, Shared<'f>)],
        policy: &ConflictPolicy,
    ) -> Option<(&'f ChangeId, Conflict)> {
        let (one, other, kind, _) = side.first()?;
        let subject = self.changes.get(*one as usize)?;
        let counterpart = self.changes.get(*other as usize)?;
        let gives_way = subject.gives_way_to(counterpart);
        let mut conflict = Conflict {
            r#type: *kind,
            effect: if gives_way {
                policy.effect(*kind, subject.opening)
            } else {
                ConflictEffect::Advisory
            },
            with: Some(Counterpart::Change(counterpart.id.clone())),
            gives_way,
            when: match kind {
                ConflictType::SameFiles => None,
                _ => subject
                    .span
                    .zip(counterpart.span)
                    .and_then(|(a, b)| a.overlap(&b)),
            },
            ..Conflict::blank(*kind)
        };
        for (.., shared) in side {
            match *shared {
                Shared::Item { item, other, .. } => {
                    conflict.items.push(Collision {
                        item: self.links.node(item)?.clone(),
                        other: self.links.node(other)?.clone(),
                    });
                }
                Shared::Group {
                    group,
                    up,
                    needed,
                    when,
                } => {
                    let (node, name) = self.links.group(group)?;
                    conflict.groups.push(GroupCollision {
                        node: node.clone(),
                        group: name.clone(),
                        lost: self.members(*one, group),
                        lost_to_other: self.members(*other, group),
                        up,
                        needed,
                    });
                    // The earliest instant at which one of the groups falls.
                    let earlier = conflict.groups.len() > 1;
                    conflict.when = conflict
                        .when
                        .filter(|known| earlier && known.from <= when.from)
                        .or(Some(when));
                }
                Shared::Person(person) => conflict.people.push(person.clone()),
                Shared::Path(path) => conflict.paths.push(path.clone()),
            }
        }
        conflict.items.sort_unstable();
        conflict.groups.sort_unstable();
        conflict.message = message::of_pair(&conflict, subject, counterpart);
        Some((subject.id, conflict))
    }

    fn members(&self, change: u32, group: u32) -> Vec<NodeId> {
        let lost = self.lost.get(&(change, group)).into_iter().flatten();
        lost.filter_map(|member| self.links.node(*member))
            .cloned()
            .collect()
    }
}

fn ordered(one: u32, other: u32, shared: Shared<'_>) -> (u32, u32, Shared<'_>) {
    if one <= other {
        (one, other, shared)
    } else {
        (other, one, shared.turned())
    }
}
