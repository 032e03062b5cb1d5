//! The sweep against every pair.

use super::super::facts::{ConflictFacts, OpenPullRequest, PlannedChange, PlannedTime};
use super::super::{Conflict, ConflictPolicy, Counterpart, detect, detect_one};
use super::{graph, node};
use crate::catalog::{Graph, Links, NodeId};
use crate::change::{ChangePhase, ConflictEffect, ConflictType};
use crate::ident::ChangeId;
use crate::time::{Duration, Instant};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ITEMS: [&str; 10] = [
    "db",
    "web",
    "ci/cluster",
    "ci/host1",
    "ci/db1",
    "ci/db2",
    "ci/unknown",
    "ci/disk1",
    "ci/disk2",
    "ci/disk3",
];
const PATHS: [&str; 5] = ["a", "a/b", "a/b/c", "ab", "d"];

fn any_time() -> impl Strategy<Value = PlannedTime> {
    let minutes = |range: std::ops::Range<u64>| range.prop_map(|n| Duration::from_seconds(n * 60).unwrap());
    (
        0_i64..120,
        minutes(1..30),
        prop::option::of(minutes(1..20)),
        prop::option::of(minutes(1..20)),
    )
        .prop_map(|(start, duration, backout_duration, preparation)| PlannedTime {
            start: base().plus(SignedDuration::from_mins(start)),
            duration,
            backout_duration,
            preparation,
        })
}

fn base() -> Instant {
    "2027-01-10T00:00:00Z".parse().unwrap()
}

fn any_change() -> impl Strategy<Value = PlannedChange> {
    let some = |all: &[&str], most: usize| {
        let all: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        prop::collection::btree_set(prop::sample::select(all), 0..most)
    };
    (
        prop::sample::select(ChangePhase::ALL.to_vec()),
        prop::sample::select(vec!["prod", "lab"]),
        some(&ITEMS, 3),
        prop::option::weighted(0.9, any_time()),
        some(&["ana", "bo"], 2),
        prop::option::of(some(&PATHS, 3)),
    )
        .prop_map(|(phase, environment, items, plan, people, paths)| PlannedChange {
            phase,
            change_type: None,
            environment: environment.parse().unwrap(),
            items: items.iter().map(|name| node(name).parse().unwrap()).collect(),
            plan,
            people: people.iter().map(|name| name.parse().unwrap()).collect(),
            pull_request: paths.map(|paths| OpenPullRequest {
                repository: None,
                paths: paths.iter().map(|path| path.parse().unwrap()).collect(),
            }),
            depends_on: BTreeSet::new(),
            mends: BTreeSet::new(),
            window_fit: None,
            window: None,
            next_open: None,
        })
}

fn any_facts() -> impl Strategy<Value = ConflictFacts> {
    let changes = prop::collection::vec(any_change(), 0..8);
    (changes, -10_i64..130).prop_map(|(changes, minute)| ConflictFacts {
        now: base().plus(SignedDuration::from_mins(minute)),
        changes: changes
            .into_iter()
            .enumerate()
            .map(|(number, change)| (format!("n/c{number}").parse().unwrap(), change))
            .collect(),
        finished: BTreeMap::new(),
        major_incidents: BTreeMap::new(),
        exhausted_budgets: BTreeSet::new(),
    })
}

/// Kind, both changes, and everything they share, as texts.
type Found = BTreeSet<(ChangeId, ChangeId, ConflictType, String)>;

fn flat(found: &BTreeMap<ChangeId, Vec<Conflict>>) -> Found {
    let mut all = BTreeSet::new();
    for (id, conflicts) in found {
        for conflict in conflicts {
            let Some(Counterpart::Change(other)) = &conflict.with else {
                panic!("{conflict:?}")
            };
            let shared = conflict
                .items
                .iter()
                .map(|pair| format!("{} {}", pair.item, pair.other))
                .chain(
                    conflict
                        .groups
                        .iter()
                        .map(|group| format!("{} {}", group.node, group.group)),
                )
                .chain(conflict.people.iter().map(ToString::to_string))
                .chain(conflict.paths.iter().map(ToString::to_string));
            all.extend(shared.map(|what| (id.clone(), other.clone(), conflict.r#type, what)));
        }
    }
    all
}

/// What a change takes from each group, by the walk that blast radius is computed with.
fn losses(graph: &Graph, change: &PlannedChange) -> BTreeMap<u32, (u32, u32, Vec<u32>)> {
    let mut links = Links::new(graph, ConflictPolicy::default().depth);
    let items: Vec<u32> = change
        .items
        .iter()
        .filter(|item| graph.node(item).is_some())
        .map(|item| {
            let all: Vec<_> = graph.nodes().map(|(id, _)| id).collect();
            let at = all.iter().position(|id| *id == item).unwrap();
            u32::try_from(at).unwrap()
        })
        .collect();
    links
        .losses(items, &change.environment)
        .into_iter()
        .map(|losses| (losses.group, (losses.up, losses.needed, losses.lost)))
        .collect()
}

fn every_pair(facts: &ConflictFacts, graph: &Graph) -> Found {
    let live: Vec<_> = facts
        .changes
        .iter()
        .filter(|(_, change)| change.is_live())
        .collect();
    let mut all = BTreeSet::new();
    for (id, change) in &live {
        for (other_id, other) in live.iter().filter(|(other_id, _)| other_id != id) {
            let mut tell = |kind, what: String| {
                all.insert(((*id).clone(), (*other_id).clone(), kind, what));
            };
            let paths = |change: &PlannedChange| {
                let request = change.pull_request.iter();
                request
                    .flat_map(|request| request.paths.clone())
                    .collect::<Vec<_>>()
            };
            for mine in paths(change) {
                for theirs in paths(other) {
                    let within = |inner: &str, outer: &str| inner.starts_with(&format!("{outer}/"));
                    if mine == theirs || within(mine.as_str(), theirs.as_str()) {
                        tell(ConflictType::SameFiles, mine.to_string());
                    } else if within(theirs.as_str(), mine.as_str()) {
                        tell(ConflictType::SameFiles, theirs.to_string());
                    }
                }
            }
            let spans = change.occupied(facts.now).zip(other.occupied(facts.now));
            let Some(overlap) = spans.and_then(|(one, other)| one.overlap(&other)) else {
                continue;
            };
            for person in change.people.intersection(&other.people) {
                tell(ConflictType::SamePerson, person.to_string());
            }
            let same_place =
                |id: &NodeId| id.as_service().is_none() || change.environment == other.environment;
            let contains = |outer: &NodeId, inner: &NodeId| {
                same_place(outer) && graph.containers(inner, 3).iter().any(|(one, _)| one == outer)
            };
            for mine in &change.items {
                for theirs in &other.items {
                    let what = format!("{mine} {theirs}");
                    if mine == theirs && same_place(mine) {
                        tell(ConflictType::SameItem, what.clone());
                    }
                    if contains(theirs, mine) {
                        tell(ConflictType::ParentItem, what.clone());
                    }
                    if contains(mine, theirs) {
                        tell(ConflictType::ChildItem, what);
                    }
                }
            }
            if change.environment != other.environment {
                continue;
            }
            for (group, (up, needed, mine)) in losses(graph, change) {
                let Some((.., theirs)) = losses(graph, other).remove(&group) else {
                    continue;
                };
                let holds = |whole: &[u32], part: &[u32]| part.iter().all(|one| whole.contains(one));
                if holds(&mine, &theirs) || holds(&theirs, &mine) {
                    continue;
                }
                let falls_at = |instant: Instant| {
                    let lost: BTreeSet<u32> = live
                        .iter()
                        .filter(|(_, third)| third.environment == change.environment)
                        .filter(|(_, third)| {
                            third
                                .occupied(facts.now)
                                .is_some_and(|span| span.from <= instant && instant < span.until)
                        })
                        .filter_map(|(_, third)| losses(graph, third).remove(&group))
                        .flat_map(|(.., lost)| lost)
                        .collect();
                    up.saturating_sub(u32::try_from(lost.len()).unwrap()) < needed
                };
                let starts = live.iter().filter_map(|(_, third)| third.occupied(facts.now));
                let starts: Vec<_> = starts.map(|span| span.from).collect();
                let within = |instant: &Instant| overlap.from <= *instant && *instant < overlap.until;
                if starts.into_iter().filter(within).any(falls_at) {
                    tell(
                        ConflictType::SameRedundancyGroup,
                        "ITService/n/db nodes".to_owned(),
                    );
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_sweep_finds_what_every_pair_finds(facts in any_facts()) {
        let graph = graph();
        let found = detect(&facts, &graph, &ConflictPolicy::default());
        prop_assert_eq!(flat(&found), every_pair(&facts, &graph));
    }

    #[test]
    fn one_change_alone_has_the_same_conflicts(facts in any_facts()) {
        let (graph, policy) = (graph(), ConflictPolicy::default());
        let found = detect(&facts, &graph, &policy);
        for id in facts.changes.keys() {
            let alone = detect_one(id, &facts, &graph, &policy);
            prop_assert_eq!(found.get(id).cloned().unwrap_or_default(), alone);
        }
    }

    #[test]
    fn exactly_one_of_two_gives_way(facts in any_facts()) {
        let found = detect(&facts, &graph(), &ConflictPolicy::default());
        for (id, conflicts) in &found {
            for conflict in conflicts {
                let Some(Counterpart::Change(other)) = &conflict.with else { continue };
                let mirrored = match conflict.r#type {
                    ConflictType::ParentItem => ConflictType::ChildItem,
                    ConflictType::ChildItem => ConflictType::ParentItem,
                    same => same,
                };
                let back = found[other]
                    .iter()
                    .find(|back| back.r#type == mirrored && back.with == Some(Counterpart::Change(id.clone())));
                prop_assert!(back.is_some_and(|back| back.gives_way != conflict.gives_way && back.when == conflict.when));
                prop_assert!(conflict.gives_way || conflict.effect == ConflictEffect::Advisory);
            }
        }
    }

    #[test]
    fn facts_survive_being_written(facts in any_facts()) {
        let written = serde_json::to_string(&facts).unwrap();
        prop_assert_eq!(serde_json::from_str::<ConflictFacts>(&written).unwrap(), facts);
    }
}
