//! Laws over graphs of any shape, and the walk against a fixpoint over sets.

use super::super::{
    BlastRadius, Dependency, DependencyStrength, Graph, GraphSource, MinUp, Node, NodeId, ServiceState,
};
use super::{environment, node};
use crate::ident::ResourceName;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PLACES: [&str; 2] = ["prod", "lab"];
const GROUPS: [&str; 2] = ["g", "h"];

fn services() -> Vec<NodeId> {
    (0..6).map(|number| node(&format!("s{number}"))).collect()
}

fn items() -> Vec<NodeId> {
    (0..4).map(|number| node(&format!("ci/c{number}"))).collect()
}

/// A node of the graph, or one that may be missing.
fn any_node() -> impl Strategy<Value = NodeId> {
    prop::sample::select([services(), items()].concat())
}

fn any_place() -> impl Strategy<Value = Option<ResourceName>> {
    prop::option::of(prop::sample::select(PLACES.map(environment).to_vec()))
}

fn any_min_up() -> impl Strategy<Value = MinUp> {
    prop_oneof![
        (0_u32..4).prop_map(MinUp::Count),
        prop::sample::select(vec![0_i64, 1, 34, 50, 67, 100])
            .prop_map(|percent| MinUp::Percent(percent.try_into().unwrap())),
    ]
}

fn any_facts() -> impl Strategy<Value = Node> {
    let state = prop::option::weighted(0.2, prop::sample::select(ServiceState::ALL.to_vec()));
    let places = prop::collection::btree_set(prop::sample::select(PLACES.map(environment).to_vec()), 0..2);
    let groups = prop::collection::btree_map(
        prop::sample::select(GROUPS.map(environment).to_vec()),
        any_min_up(),
        0..3,
    );
    let parent = prop::option::weighted(0.3, prop::sample::select(items()));
    let member_of = prop::collection::btree_set(prop::sample::select(services()), 0..2);
    (state, places, groups, parent, member_of).prop_map(|(state, environments, groups, parent, member_of)| {
        Node {
            state,
            environments,
            redundancy_groups: groups,
            parent: parent.and_then(|parent| match parent {
                NodeId::ConfigurationItem(id) => Some(id),
                NodeId::Service(_) => None,
            }),
            member_of: member_of.iter().filter_map(NodeId::as_service).cloned().collect(),
            ..Node::default()
        }
    })
}

fn any_dependency() -> impl Strategy<Value = Dependency> {
    let strength = prop::sample::select(DependencyStrength::ALL.to_vec());
    let group = prop::option::of(prop::sample::select(GROUPS.map(environment).to_vec()));
    (any_node(), any_node(), strength, any_place(), group).prop_map(
        |(from, to, strength, environment, group)| Dependency {
            from,
            to,
            strength,
            environment,
            group,
        },
    )
}

/// Every admitted shape: cycles, itself, twice, missing ends, groups that are not declared.
fn any_source() -> impl Strategy<Value = GraphSource> {
    let nodes = prop::collection::btree_map(any_node(), any_facts(), 0..10);
    (nodes, prop::collection::vec(any_dependency(), 0..16)).prop_map(|(nodes, mut dependencies)| {
        // Most groups are declared, so that they are more than single edges.
        let mut nodes: BTreeMap<NodeId, Node> = nodes;
        for dependency in &mut dependencies {
            if let (Some(group), Some(node)) = (&dependency.group, nodes.get_mut(&dependency.from)) {
                node.redundancy_groups
                    .entry(group.clone())
                    .or_insert(MinUp::Count(1));
            }
        }
        GraphSource { nodes, dependencies }
    })
}

fn any_failures() -> impl Strategy<Value = BTreeSet<NodeId>> {
    prop::collection::btree_set(any_node(), 0..4)
}

/// 2 failed or down, 1 degraded, 0 neither.
fn rank(radius: &BlastRadius, id: &NodeId) -> u8 {
    if radius.failed.contains(id) || radius.down.iter().any(|impact| impact.node == *id) {
        2
    } else {
        u8::from(radius.degraded.iter().any(|impact| impact.node == *id))
    }
}

fn ranks(radius: &BlastRadius) -> BTreeMap<NodeId, u8> {
    let ids = [services(), items()].concat();
    ids.into_iter()
        .map(|id| {
            let rank = rank(radius, &id);
            (id, rank)
        })
        .collect()
}

/// The definition, written down over sets and repeated until nothing changes.
fn fixpoint(
    source: &GraphSource,
    failed: &BTreeSet<NodeId>,
    place: Option<&ResourceName>,
) -> BTreeMap<NodeId, u8> {
    let mut edges: BTreeSet<Dependency> = source.dependencies.iter().cloned().collect();
    let edge = |from: &NodeId, to: NodeId, environment: Option<ResourceName>| Dependency {
        from: from.clone(),
        to,
        strength: DependencyStrength::Hard,
        environment,
        group: None,
    };
    for (item, facts) in &source.nodes {
        edges.extend(
            facts
                .parent
                .iter()
                .map(|parent| edge(item, parent.clone().into(), None)),
        );
        for service in &facts.member_of {
            let service = NodeId::from(service.clone());
            let mentioned = |known: &Dependency| known.from == service && known.to == *item;
            if source.dependencies.iter().any(mentioned) {
                continue;
            }
            if facts.environments.is_empty() {
                edges.insert(edge(&service, item.clone(), None));
            }
            let places = facts.environments.iter();
            edges.extend(places.map(|place| edge(&service, item.clone(), Some(place.clone()))));
        }
    }
    let facts = |id: &NodeId| source.nodes.get(id);
    edges.retain(|edge| {
        let there = facts(&edge.from).is_none_or(|node| {
            node.is_running()
                && (node.environments.is_empty()
                    || place.is_some_and(|place| node.environments.contains(place)))
        });
        edge.from != edge.to && there && (edge.environment.is_none() || edge.environment.as_ref() == place)
    });
    let declared = |edge: &Dependency| {
        let group = edge.group.as_ref()?;
        facts(&edge.from)?.redundancy_groups.get(group).copied()
    };
    let up_at_rest = |id: &NodeId| facts(id).is_some_and(Node::is_running);

    // What a set of down nodes does to one that is not in it.
    let effect = |id: &NodeId, down: &BTreeSet<NodeId>| {
        let mut worst = 0;
        for edge in edges.iter().filter(|edge| edge.from == *id) {
            let (hits, hard) = match declared(edge) {
                None => (down.contains(&edge.to), edge.strength == DependencyStrength::Hard),
                Some(min_up) => {
                    let group: Vec<_> = edges
                        .iter()
                        .filter(|other| other.from == *id && other.group == edge.group)
                        .collect();
                    let members: BTreeSet<_> = group.iter().map(|other| &other.to).collect();
                    let rest: Vec<_> = members.iter().filter(|member| up_at_rest(member)).collect();
                    let up = rest.iter().filter(|member| !down.contains(**member)).count();
                    let needed = min_up.of(members.len().try_into().unwrap());
                    let needed = usize::try_from(needed).unwrap().min(rest.len());
                    let hard = group
                        .iter()
                        .any(|other| other.strength == DependencyStrength::Hard);
                    (up < needed, hard)
                }
            };
            if hits {
                worst = worst.max(if hard { 2 } else { 1 });
            }
        }
        worst
    };
    let ids: BTreeSet<NodeId> = [services(), items()].concat().into_iter().collect();
    let mut down = failed.clone();
    loop {
        let more: Vec<_> = ids
            .iter()
            .filter(|id| !down.contains(*id) && effect(id, &down) == 2)
            .cloned()
            .collect();
        if more.is_empty() {
            break;
        }
        down.extend(more);
    }
    ids.into_iter()
        .map(|id| {
            let rank = if down.contains(&id) { 2 } else { effect(&id, &down) };
            (id, rank)
        })
        .collect()
}

/// In the named environment, or the worst of all.
fn expected(graph: &Graph, failed: &BTreeSet<NodeId>, place: Option<&ResourceName>) -> BTreeMap<NodeId, u8> {
    let source = graph.source();
    if place.is_some() || graph.environments().is_empty() {
        return fixpoint(source, failed, place);
    }
    let mut worst = BTreeMap::new();
    for place in graph.environments() {
        for (id, rank) in fixpoint(source, failed, Some(place)) {
            let known = worst.entry(id).or_insert(0);
            *known = rank.max(*known);
        }
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_is_the_fixpoint(source in any_source(), failed in any_failures(), place in any_place()) {
        let graph = Graph::new(source);
        let radius = graph.blast_radius(&failed, place.as_ref());
        prop_assert_eq!(ranks(&radius), expected(&graph, &failed, place.as_ref()));
    }

    #[test]
    fn more_failures_never_do_less(
        source in any_source(), failed in any_failures(), more in any_failures(), place in any_place(),
    ) {
        let graph = Graph::new(source);
        let few = graph.blast_radius(&failed, place.as_ref());
        let many = graph.blast_radius(failed.union(&more), place.as_ref());
        for (id, rank) in ranks(&few) {
            prop_assert!(ranks(&many)[&id] >= rank, "{} falls from {}", id, rank);
        }
        prop_assert!(many.max_tier <= few.max_tier || few.max_tier.is_none());
    }

    #[test]
    fn what_is_down_takes_nothing_more_down(source in any_source(), failed in any_failures(), place in any_place()) {
        let graph = Graph::new(source);
        let place = place.or_else(|| graph.environments().first().cloned());
        let once = graph.blast_radius(&failed, place.as_ref());
        let down = once.down.iter().map(|impact| &impact.node);
        let twice = graph.blast_radius(failed.iter().chain(down), place.as_ref());
        prop_assert!(twice.down.is_empty());
        prop_assert_eq!(ranks(&once), ranks(&twice));
    }

    #[test]
    fn order_and_repetition_do_not_matter(source in any_source(), failed in any_failures(), place in any_place()) {
        let graph = Graph::new(source.clone());
        let mut turned = source;
        turned.dependencies.reverse();
        turned.dependencies.extend(turned.dependencies.clone());
        let other = Graph::new(turned);
        prop_assert_eq!(graph.issues(), other.issues());
        let reversed: Vec<_> = failed.iter().rev().chain(&failed).collect();
        prop_assert_eq!(
            graph.blast_radius(&failed, place.as_ref()),
            other.blast_radius(reversed, place.as_ref())
        );
    }

    #[test]
    fn every_cause_leads_back_to_a_failure(source in any_source(), failed in any_failures(), place in any_place()) {
        let graph = Graph::new(source);
        let radius = graph.blast_radius(&failed, place.as_ref());
        for impact in radius.down.iter().chain(&radius.degraded) {
            let path = radius.path(&impact.node);
            prop_assert!(failed.contains(path[0]), "{:?}", path);
            prop_assert_eq!(path.last(), Some(&&impact.node));
            let between = path.iter().rev().skip(1);
            prop_assert!(between.into_iter().all(|id| rank(&radius, id) == 2));
            if place.is_some() {
                prop_assert_eq!(path.len(), impact.distance as usize + 1);
            }
            if let Some(group) = &impact.cause.group {
                prop_assert!(group.up < group.needed && group.lost.contains(&impact.cause.via));
            }
        }
        for group in &radius.redundancy_lost {
            prop_assert!(group.up >= group.needed && !group.lost.is_empty());
        }
        let written = serde_json::to_string(&radius).unwrap();
        prop_assert_eq!(serde_json::from_str::<BlastRadius>(&written).unwrap(), radius);
    }

    #[test]
    fn a_graph_survives_being_written(source in any_source()) {
        let graph = Graph::new(source);
        let written = serde_json::to_string(&graph).unwrap();
        let read: Graph = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), written);
        prop_assert_eq!(read.issues(), graph.issues());
    }

    #[test]
    fn distances_are_symmetric(source in any_source(), from in any_node(), to in any_node(), place in any_place()) {
        use super::super::Direction;
        let graph = Graph::new(source);
        let there = graph.distance(&from, &to, place.as_ref());
        let back = graph.distance(&to, &from, place.as_ref());
        prop_assert_eq!(there.map(|way| way.hops), back.map(|way| way.hops));
        if let (Some(there), Some(back)) = (there, back) {
            prop_assert_eq!(there.direction == Direction::Same, from == to);
            prop_assert!(there.direction != Direction::Dependant || back.direction == Direction::Dependency);
        }
    }
}
