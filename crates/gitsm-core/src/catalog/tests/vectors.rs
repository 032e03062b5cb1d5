//! Small graphs with answers worked out by hand.

use super::super::{Direction, Distance, EdgeOrigin, GraphIssue, MinUp};
use super::{blast, environment, graph, names, node};
use crate::Percent;
use serde_json::{Value, json};

type Dependencies<'a> = Vec<(&'a str, &'a str, Value)>;

fn hard() -> Value {
    json!({})
}

fn soft() -> Value {
    json!({"strength": "Soft"})
}

fn of(group: &str) -> Value {
    json!({ "group": group })
}

/// Services without facts, one for every name that occurs.
fn plain<'a>(dependencies: &[(&'a str, &'a str, Value)]) -> Vec<(&'a str, Value)> {
    let mut names: Vec<_> = dependencies
        .iter()
        .flat_map(|(from, to, _)| [*from, *to])
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| (name, json!({}))).collect()
}

fn check(title: &str, dependencies: &Dependencies<'_>, failed: &[&str], down: &[&str], degraded: &[&str]) {
    let graph = graph(&plain(dependencies), dependencies);
    let (is_down, is_degraded) = names(&blast(&graph, failed, None));
    assert_eq!((is_down, is_degraded), (owned(down), owned(degraded)), "{title}");
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn hard_edges_take_down_and_soft_ones_stop() {
    check(
        "a chain",
        &vec![("a", "b", hard()), ("b", "c", hard())],
        &["c"],
        &["a", "b"],
        &[],
    );
    check(
        "soft stops",
        &vec![("a", "b", hard()), ("b", "c", soft())],
        &["c"],
        &[],
        &["b"],
    );
    check(
        "a cycle",
        &vec![("a", "b", hard()), ("b", "c", hard()), ("c", "a", hard())],
        &["b"],
        &["a", "c"],
        &[],
    );
    check("itself", &vec![("a", "a", hard())], &["a"], &[], &[]);
    check(
        "a diamond, hard wins over soft",
        &vec![
            ("top", "left", soft()),
            ("top", "right", hard()),
            ("left", "base", hard()),
            ("right", "base", hard()),
        ],
        &["base"],
        &["left", "right", "top"],
        &[],
    );
    check(
        "twice the same, once soft",
        &vec![("a", "b", soft()), ("a", "b", hard()), ("a", "b", hard())],
        &["b"],
        &["a"],
        &[],
    );
    check("nothing needs it", &vec![("a", "b", hard())], &["a"], &[], &[]);
}

#[test]
fn a_group_falls_below_what_it_needs_and_not_before() {
    for (min_up, failed, falls) in [
        (json!({"count": 1}), &["m1", "m2"][..], false),
        (json!({"count": 1}), &["m1", "m2", "m3"], true),
        (json!({"count": 2}), &["m1"], false),
        (json!({"count": 2}), &["m1", "m3"], true),
        // 60 % of three is 1.8: two must be up. 67 % is 2.01: three.
        (json!({"percent": 60}), &["m1"], false),
        (json!({"percent": 60}), &["m1", "m2"], true),
        (json!({"percent": 67}), &["m1"], true),
        (json!({"percent": 1}), &["m1", "m2"], false),
        (json!({"percent": 1}), &["m1", "m2", "m3"], true),
        (json!({"percent": 0}), &["m1", "m2", "m3"], false),
    ] {
        let nodes = [
            ("s", json!({"redundancyGroups": {"g": min_up}})),
            ("m1", json!({})),
            ("m2", json!({})),
            ("m3", json!({})),
        ];
        let graph = graph(
            &nodes,
            &[
                ("s", "m1", of("g")),
                ("s", "m2", of("g")),
                ("s", "m3", of("g")),
                // One member, however often it is named.
                ("s", "m3", json!({"group": "g", "strength": "Soft"})),
            ],
        );
        let radius = blast(&graph, failed, None);
        assert_eq!(!radius.down.is_empty(), falls, "{min_up} {failed:?}");
        assert_eq!(radius.redundancy_lost.is_empty(), falls, "{min_up} {failed:?}");
        let state = radius
            .down
            .first()
            .map_or_else(
                || radius.redundancy_lost.first().cloned(),
                |impact| impact.cause.group.clone(),
            )
            .unwrap();
        let lost: Vec<_> = state
            .lost
            .iter()
            .map(|member| member.short().replace("n/", ""))
            .collect();
        assert_eq!((state.members, lost), (3, owned(failed)), "{min_up} {failed:?}");
        assert_eq!(usize::try_from(state.up).unwrap(), 3 - failed.len());
    }
}

#[test]
fn percent_is_rounded_up() {
    let percent = |value: i64| MinUp::Percent(Percent::try_from(value).unwrap());
    for (min_up, members, needed) in [
        (percent(50), 2, 1),
        (percent(50), 3, 2),
        (percent(34), 3, 2),
        (percent(33), 3, 1),
        (percent(100), 7, 7),
        (percent(0), 7, 0),
        (percent(1), 0, 0),
        (MinUp::Count(3), 2, 3),
    ] {
        assert_eq!(min_up.of(members), needed, "{min_up} of {members}");
    }
}

#[test]
fn one_change_can_span_a_group() {
    let graph = graph(
        &[
            (
                "db",
                json!({"tier": 1, "redundancyGroups": {"nodes": {"count": 2}}}),
            ),
            ("shop", json!({"tier": 2, "userFacing": true})),
            ("ci/1", json!({"memberOf": ["n/db"]})),
            ("ci/2", json!({"memberOf": ["n/db"]})),
            ("ci/3", json!({"memberOf": ["n/db"]})),
        ],
        &[
            ("db", "ci/1", of("nodes")),
            ("db", "ci/2", of("nodes")),
            ("db", "ci/3", of("nodes")),
            ("shop", "db", hard()),
        ],
    );
    let one = blast(&graph, &["ci/1"], None);
    assert_eq!((one.count, one.max_tier, one.user_facing), (0, None, false));
    assert_eq!(one.redundancy_lost.len(), 1);

    let two = blast(&graph, &["ci/2", "ci/1"], None);
    assert_eq!(names(&two), (owned(&["db", "shop"]), vec![]));
    assert_eq!(two.count, 2);
    assert_eq!(two.max_tier.map(crate::vocabulary::Tier::get), Some(1));
    assert!(two.user_facing && !two.tier_unknown);
    assert_eq!(
        two.path(&node("shop")),
        [&node("ci/2"), &node("db"), &node("shop")]
    );
    let group = two.impact(&node("db")).unwrap().cause.group.clone().unwrap();
    assert_eq!((group.up, group.needed), (1, 2));
    assert_eq!(group.lost, [node("ci/1"), node("ci/2")]);
}

#[test]
fn a_group_of_soft_members_degrades() {
    let nodes = [
        ("s", json!({"redundancyGroups": {"g": {"count": 1}}})),
        ("t", json!({})),
        ("a", json!({})),
        ("b", json!({})),
    ];
    let member = json!({"group": "g", "strength": "Soft"});
    let graph = graph(
        &nodes,
        &[("s", "a", member.clone()), ("s", "b", member), ("t", "s", hard())],
    );
    assert_eq!(names(&blast(&graph, &["a"], None)), (vec![], vec![]));
    assert_eq!(names(&blast(&graph, &["a", "b"], None)), (vec![], owned(&["s"])));
}

#[test]
fn what_is_not_up_stands_in_for_nothing() {
    for absent in [
        Some(json!({"state": "Retired"})),
        Some(json!({"state": "Proposed"})),
        None,
    ] {
        let mut nodes = vec![
            ("s", json!({"redundancyGroups": {"g": {"count": 1}}})),
            ("a", json!({})),
        ];
        nodes.extend(absent.clone().map(|facts| ("b", facts)));
        let graph = graph(&nodes, &[("s", "a", of("g")), ("s", "b", of("g"))]);
        // It does not count as up, so the loss of the only other member is the loss of the group.
        assert_eq!(names(&blast(&graph, &["a"], None)).0, owned(&["s"]), "{absent:?}");
        assert_eq!(names(&blast(&graph, &["b"], None)).0, owned(&[]), "{absent:?}");
        assert_eq!(graph.issues().len(), 1, "{:?}", graph.issues());
    }
}

#[test]
fn what_does_not_run_is_not_taken_down() {
    let graph = graph(
        &[
            ("old", json!({"state": "Retired"})),
            ("a", json!({})),
            ("b", json!({})),
        ],
        &[("old", "a", hard()), ("b", "old", hard())],
    );
    assert_eq!(names(&blast(&graph, &["a"], None)).0, owned(&[]));
    assert_eq!(names(&blast(&graph, &["old"], None)).0, owned(&["b"]));
    assert!(matches!(graph.issues(), [GraphIssue::NotRunning { .. }]));
}

#[test]
fn a_dangling_reference_is_kept_and_told() {
    let graph = graph(
        &[("a", json!({})), ("b", json!({}))],
        &[("a", "gone", hard()), ("b", "gone", soft())],
    );
    let radius = blast(&graph, &["gone"], None);
    assert_eq!(names(&radius), (owned(&["a"]), owned(&["b"])));
    assert!(radius.unknown.is_empty(), "it is known by name");
    assert!(radius.tier_unknown);
    let issues: Vec<_> = graph.issues().iter().map(GraphIssue::message).collect();
    assert_eq!(
        issues[0],
        "n/a refers to n/gone (hard), which does not exist: it counts as not up; add it or correct the reference"
    );
    assert_eq!(issues.len(), 2);

    let radius = blast(&graph, &["nobody", "a"], None);
    assert_eq!(radius.unknown, [node("nobody")]);
    assert_eq!(radius.failed, [node("a"), node("nobody")]);
}

#[test]
fn an_undeclared_group_does_not_protect() {
    let graph = graph(
        &[("s", json!({})), ("a", json!({})), ("b", json!({}))],
        &[("s", "a", of("g")), ("s", "b", of("g"))],
    );
    assert_eq!(names(&blast(&graph, &["a"], None)).0, owned(&["s"]));
    assert!(matches!(graph.issues(), [GraphIssue::UndeclaredGroup { .. }]));
}

#[test]
fn a_service_does_not_stand_in_for_itself() {
    let graph = graph(
        &[
            ("s", json!({"redundancyGroups": {"g": {"count": 1}}})),
            ("a", json!({})),
        ],
        &[("s", "a", of("g")), ("s", "s", of("g"))],
    );
    assert_eq!(names(&blast(&graph, &["a"], None)).0, owned(&["s"]));
    assert!(matches!(graph.issues(), [GraphIssue::NeedsItself { .. }]));
}

#[test]
fn items_follow_what_contains_them_and_services_their_items() {
    let graph = graph(
        &[
            ("declares", json!({"redundancyGroups": {"g": {"count": 1}}})),
            ("silent", json!({})),
            ("ci/host", json!({})),
            (
                "ci/vm1",
                json!({"parent": "n/host", "memberOf": ["n/declares", "n/silent"]}),
            ),
            ("ci/vm2", json!({"memberOf": ["n/declares"]})),
        ],
        &[("declares", "ci/vm1", of("g")), ("declares", "ci/vm2", of("g"))],
    );
    let radius = blast(&graph, &["ci/host"], None);
    // `declares` says what the loss of one node means, `silent` does not.
    assert_eq!(names(&radius).0, owned(&["ci/vm1", "silent"]));
    assert_eq!(
        radius.impact(&node("ci/vm1")).unwrap().cause.origin,
        EdgeOrigin::Containment
    );
    assert_eq!(
        radius.impact(&node("silent")).unwrap().cause.origin,
        EdgeOrigin::Membership
    );
    assert_eq!(radius.count, 1, "items are not counted");
    assert_eq!(
        graph.containers(&node("ci/vm1"), 1),
        [(node("ci/host"), 1), (node("declares"), 1), (node("silent"), 1)]
    );
    assert_eq!(graph.services_of(&node("ci/host")).len(), 0);
    assert_eq!(graph.services_of(&node("ci/vm1")).len(), 2);
}

#[test]
fn an_environment_is_its_own_graph() {
    let both = json!({"environments": ["prod", "staging"]});
    let graph = graph(
        &[
            ("web", both.clone()),
            ("only-prod", json!({"environments": ["prod"]})),
            (
                "api",
                json!({"environments": ["prod", "staging"], "redundancyGroups": {"g": {"count": 1}}}),
            ),
            ("ci/a", json!({})),
            ("ci/b", json!({"environments": ["prod"], "memberOf": ["n/web"]})),
        ],
        &[
            ("web", "api", hard()),
            ("only-prod", "api", soft()),
            ("api", "ci/a", of("g")),
            ("api", "ci/b", json!({"group": "g", "environment": "prod"})),
        ],
    );
    // Two providers in prod, one in staging.
    assert_eq!(names(&blast(&graph, &["ci/a"], Some("prod"))), (vec![], vec![]));
    assert_eq!(
        names(&blast(&graph, &["ci/a"], Some("staging"))),
        (owned(&["api", "web"]), vec![])
    );
    let anywhere = blast(&graph, &["ci/a"], None);
    assert_eq!(names(&anywhere), (owned(&["api", "web"]), vec![]));
    assert_eq!(anywhere.down[0].environments, [environment("staging")]);
    assert_eq!(anywhere.redundancy_lost.len(), 1);
    // An item belongs to a service where the item is.
    assert_eq!(
        names(&blast(&graph, &["ci/b"], Some("staging"))),
        (vec![], vec![])
    );
    assert_eq!(names(&blast(&graph, &["ci/b"], Some("prod"))).0, owned(&["web"]));
    // Nobody is in an environment that nobody names.
    assert_eq!(names(&blast(&graph, &["api"], Some("lab"))), (vec![], vec![]));
}

#[test]
fn the_most_critical_come_first() {
    let dependencies: Dependencies<'_> = ["far", "near", "public", "untiered", "ci/item", "top"]
        .into_iter()
        .map(|name| (name, if name == "far" { "near" } else { "base" }, hard()))
        .collect();
    let graph = graph(
        &[
            ("base", json!({"tier": 3})),
            ("far", json!({"tier": 2})),
            ("near", json!({"tier": 2})),
            ("public", json!({"tier": 2, "userFacing": true})),
            ("untiered", json!({})),
            ("ci/item", json!({})),
            ("top", json!({"tier": 1})),
        ],
        &dependencies,
    );
    let radius = blast(&graph, &["base"], None);
    let order: Vec<_> = radius.down.iter().map(|impact| impact.node.clone()).collect();
    let expected = ["top", "public", "near", "far", "untiered", "ci/item"].map(node);
    assert_eq!(order, expected);
    assert_eq!(radius.count, 5);
    assert!(radius.tier_unknown);
}

#[test]
fn distances_have_a_direction() {
    let graph = graph(
        &plain(&[("a", "b", hard()), ("b", "c", soft()), ("x", "y", hard())]),
        &[
            ("a", "b", hard()),
            ("b", "c", soft()),
            ("c", "d", json!({"environment": "lab"})),
            ("x", "y", hard()),
            ("y", "x", hard()),
        ],
    );
    let distance = |from: &str, to: &str, place: Option<&str>| {
        graph
            .distance(&node(from), &node(to), place.map(environment).as_ref())
            .map(|Distance { hops, direction }| (hops, direction))
    };
    assert_eq!(distance("a", "c", None), Some((2, Direction::Dependency)));
    assert_eq!(distance("c", "a", None), Some((2, Direction::Dependant)));
    assert_eq!(distance("a", "a", None), Some((0, Direction::Same)));
    assert_eq!(distance("a", "x", None), None);
    assert_eq!(distance("x", "y", None), Some((1, Direction::Dependency)));
    assert_eq!(distance("c", "d", Some("prod")), None);
    assert_eq!(distance("c", "d", Some("lab")), Some((1, Direction::Dependency)));
    assert_eq!(distance("nobody", "a", None), None);
    let all = graph.distances(&node("b"), None).unwrap();
    let order: Vec<_> = all.all().into_iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(order, ["b", "c", "a", "d"].map(node));
}

#[test]
fn a_group_that_cannot_be_met_is_told_and_falls_with_the_first_loss() {
    let graph = graph(
        &[
            (
                "s",
                json!({"environments": ["prod", "lab"], "redundancyGroups": {"g": {"count": 2}}}),
            ),
            ("a", json!({})),
            ("b", json!({})),
        ],
        &[
            ("s", "a", of("g")),
            ("s", "b", json!({"group": "g", "environment": "prod"})),
        ],
    );
    assert_eq!(
        graph.issues()[0].message(),
        "the redundancy group g of n/s in lab needs 2 members up and has 1: every loss counts as its failure; lower \
         minUp or add members"
    );
    assert_eq!(names(&blast(&graph, &[], Some("lab"))).0, owned(&[]));
    assert_eq!(names(&blast(&graph, &["a"], Some("lab"))).0, owned(&["s"]));
    assert_eq!(names(&blast(&graph, &["b"], Some("lab"))).0, owned(&[]));
}

#[test]
fn nodes_are_written_with_their_kind() {
    for text in ["ITService/a/b", "ConfigurationItem/a/b"] {
        let id: super::NodeId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_value(&id).unwrap(), text);
    }
    for wrong in [
        "",
        "ITService",
        "ITService/a",
        "Team/a/b",
        "ITService/a/b/c",
        "ITService/A/b",
    ] {
        assert!(wrong.parse::<super::NodeId>().is_err(), "{wrong}");
    }
}
