//! Small sets of changes with conflicts worked out by hand.

use super::super::{Conflict, ConflictFacts, ConflictPolicy, detect, detect_one};
use super::{facts, graph};
use crate::change::ConflictEffect::{Advisory, Blocking};
use crate::change::{ConflictEffect, ConflictType};
use serde_json::{Value, json};

fn none() -> Value {
    json!({})
}

/// The conflicts of one change: kind, counterpart, effect.
fn of(facts: &ConflictFacts, change: &str) -> Vec<(ConflictType, String, ConflictEffect)> {
    conflicts(facts, change)
        .into_iter()
        .map(|conflict| {
            let with = conflict.with.map_or_else(String::new, |with| with.to_string());
            (conflict.r#type, with, conflict.effect)
        })
        .collect()
}

fn conflicts(facts: &ConflictFacts, change: &str) -> Vec<Conflict> {
    let id = format!("n/{change}").parse().unwrap();
    let all = detect(facts, &graph(), &ConflictPolicy::default());
    let one = detect_one(&id, facts, &graph(), &ConflictPolicy::default());
    assert_eq!(
        all.get(&id).cloned().unwrap_or_default(),
        one,
        "one change alone has the same conflicts"
    );
    one
}

fn with(change: &str) -> String {
    format!("Change/n/{change}")
}

#[test]
fn the_later_in_line_gives_way() {
    let facts = facts(&[
        ("early", &["web"], Some(8), none()),
        ("late", &["web"], Some(9), none()),
    ]);
    assert_eq!(
        of(&facts, "early"),
        [(ConflictType::SameItem, with("late"), Advisory)]
    );
    assert_eq!(
        of(&facts, "late"),
        [(ConflictType::SameItem, with("early"), Blocking)]
    );
    let conflict = &conflicts(&facts, "late")[0];
    let when = conflict.when.unwrap();
    assert_eq!(when.from.to_string(), "2027-01-10T09:00:00Z");
    assert_eq!(when.until.to_string(), "2027-01-10T09:30:00Z");
    assert_eq!(
        conflict.message,
        "n/early touches n/web too from 2027-01-10T09:00:00Z to 2027-01-10T09:30:00Z; plan this change to start after \
         2027-01-10T09:30:00Z, join the two, or ask the change authority for a waiver"
    );
}

#[test]
fn a_newcomer_holds_up_nobody() {
    for (mine, other, mine_goes_first) in [
        (json!({"phase": "Scheduled"}), json!({"phase": "Draft"}), true),
        (
            json!({"phase": "Scheduled"}),
            json!({"phase": "Draft", "changeType": "Emergency"}),
            true,
        ),
        (
            json!({"phase": "Scheduled"}),
            json!({"phase": "Approved", "changeType": "Emergency"}),
            false,
        ),
        (
            json!({"phase": "Scheduled"}),
            json!({"phase": "Implementing"}),
            false,
        ),
        (
            json!({"phase": "Implementing"}),
            json!({"phase": "Scheduled", "changeType": "Emergency"}),
            true,
        ),
        (
            json!({"phase": "AwaitingApproval"}),
            json!({"phase": "Approved"}),
            false,
        ),
    ] {
        // The other would start earlier: that does not matter beside how far it has come.
        let facts = facts(&[
            ("mine", &["web"], Some(9), mine.clone()),
            ("other", &["web"], Some(8), other.clone()),
        ]);
        let effect = if mine_goes_first { Advisory } else { Blocking };
        let [(ConflictType::SameItem, _, found)] = of(&facts, "mine")[..] else {
            panic!("{mine} {other}: {:?}", of(&facts, "mine"));
        };
        assert_eq!(found, effect, "{mine} {other}");
    }
}

#[test]
fn spans_are_half_open_and_hold_preparation_and_backout() {
    for (start, preparation, collides) in [
        ("2027-01-10T09:30:00Z", None, false),
        ("2027-01-10T09:29:59Z", None, true),
        ("2027-01-10T10:00:00Z", Some("30m"), false),
        ("2027-01-10T10:00:00Z", Some("30m1s"), true),
    ] {
        let mut plan = json!({"start": start, "duration": "1h"});
        if let Some(preparation) = preparation {
            plan["preparation"] = json!(preparation);
        }
        let facts = facts(&[
            ("a", &["web"], Some(8), none()),
            ("b", &["web"], None, json!({ "plan": plan })),
        ]);
        assert_eq!(!of(&facts, "b").is_empty(), collides, "{start} {preparation:?}");
    }
}

#[test]
fn what_contains_what_collides_both_ways() {
    let facts = facts(&[
        ("node", &["ci/db1"], Some(8), none()),
        ("host", &["ci/host1"], Some(8), none()),
        ("service", &["db"], Some(8), none()),
        ("elsewhere", &["db"], Some(8), json!({"environment": "staging"})),
    ]);
    assert_eq!(
        of(&facts, "node"),
        [
            (ConflictType::ParentItem, with("host"), Blocking),
            (ConflictType::ParentItem, with("service"), Advisory),
        ]
    );
    assert_eq!(
        of(&facts, "host"),
        [(ConflictType::ChildItem, with("node"), Advisory)]
    );
    assert_eq!(
        of(&facts, "service"),
        [(ConflictType::ChildItem, with("node"), Blocking)]
    );
    assert_eq!(of(&facts, "elsewhere"), []);
    let message = &conflicts(&facts, "node")[1].message;
    assert!(
        message.starts_with("n/service touches n/db, which contains ci/n/db1 from"),
        "{message}"
    );
}

#[test]
fn all_items_are_listed_in_one_conflict() {
    let facts = facts(&[
        ("a", &["web", "ci/db1", "ci/unknown"], Some(8), none()),
        ("b", &["web", "ci/db1", "ci/unknown", "db"], Some(8), none()),
    ]);
    let found = conflicts(&facts, "a");
    assert_eq!(found[0].items.len(), 3);
    assert_eq!(found[1].r#type, ConflictType::ParentItem);
}

#[test]
fn two_members_of_one_group() {
    let facts = facts(&[
        // The host takes its node with it.
        ("one", &["ci/host1"], Some(8), none()),
        ("two", &["ci/db2"], Some(9), none()),
        ("other-time", &["ci/db2"], Some(12), none()),
        ("staging", &["ci/db2"], Some(8), json!({"environment": "staging"})),
    ]);
    assert_eq!(
        of(&facts, "one"),
        [(ConflictType::SameRedundancyGroup, with("two"), Advisory)]
    );
    let conflict = conflicts(&facts, "two")
        .into_iter()
        .find(|conflict| conflict.r#type == ConflictType::SameRedundancyGroup)
        .unwrap();
    assert_eq!(conflict.groups.len(), 1);
    assert_eq!((conflict.groups[0].up, conflict.groups[0].needed), (2, 1));
    assert!(
        conflict
            .message
            .starts_with("together with n/one, the redundancy group nodes of n/db loses ci/n/db1 and ci/n/db2 of 2 members and needs 1 from 2027-01-10T09:00:00Z"),
        "{}",
        conflict.message
    );
}

#[test]
fn three_that_only_together_take_a_group_down() {
    let facts = facts(&[
        ("one", &["ci/disk1"], Some(8), none()),
        ("two", &["ci/disk2"], Some(8), none()),
        ("three", &["ci/disk3"], Some(9), none()),
        ("again", &["ci/disk1"], Some(12), none()),
        ("and-again", &["ci/disk2"], Some(12), none()),
    ]);
    let kind = ConflictType::SameRedundancyGroup;
    assert_eq!(
        of(&facts, "three"),
        [(kind, with("one"), Blocking), (kind, with("two"), Blocking)]
    );
    let first = &conflicts(&facts, "one")[0];
    // They overlap from eight, and the third is gone from nine.
    assert_eq!(first.when.unwrap().from.to_string(), "2027-01-10T09:00:00Z");
    assert_eq!(of(&facts, "again"), []);
}

#[test]
fn people_do_one_thing_at_a_time() {
    let ana = json!({"people": ["ana"]});
    let facts = facts(&[
        ("a", &["web"], Some(8), ana.clone()),
        ("b", &["db"], Some(8), ana.clone()),
        ("c", &["ci/db2"], Some(20), ana),
    ]);
    assert_eq!(of(&facts, "b"), [(ConflictType::SamePerson, with("a"), Advisory)]);
    assert_eq!(of(&facts, "c"), []);
    assert!(conflicts(&facts, "b")[0].message.contains("name somebody else"));
}

#[test]
fn files_collide_whenever_they_go_in() {
    let touches = |paths: &[&str]| json!({"pullRequest": {"paths": paths}});
    let facts = facts(&[
        (
            "a",
            &["web"],
            None,
            touches(&["deploy/web/values.yaml", "README.md"]),
        ),
        ("b", &["db"], Some(8), touches(&["deploy/web"])),
        ("c", &["db"], Some(20), touches(&["deploy/webs", "README.md"])),
        (
            "d",
            &["db"],
            Some(22),
            json!({"pullRequest": {"repository": "other", "paths": ["README.md"]}}),
        ),
    ]);
    assert_eq!(
        of(&facts, "a"),
        [
            (ConflictType::SameFiles, with("b"), Advisory),
            (ConflictType::SameFiles, with("c"), Advisory),
        ]
    );
    assert_eq!(of(&facts, "d"), []);
    assert_eq!(
        conflicts(&facts, "a")[0].paths[0].as_str(),
        "deploy/web/values.yaml"
    );
}

#[test]
fn windows_are_told_apart() {
    for (fit, expected) in [
        ("Fits", None),
        ("InFreeze", Some(ConflictType::InFreeze)),
        ("OutsideWindow", Some(ConflictType::OutsideWindow)),
        ("ExceedsWindow", Some(ConflictType::ExceedsWindow)),
        ("Unknown", Some(ConflictType::OutsideWindow)),
    ] {
        let facts = facts(&[(
            "a",
            &["web"],
            Some(8),
            json!({"windowFit": fit, "window": "n/year-end", "nextOpen": "2027-01-12T20:00:00Z"}),
        )]);
        let found = of(&facts, "a");
        let expected: Vec<_> = expected
            .map(|kind| (kind, "ChangeWindow/n/year-end".to_owned(), Blocking))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{fit}");
    }
}

#[test]
fn what_it_depends_on_must_be_in() {
    let needs = json!({"dependsOn": ["n/first"]});
    let first = |more: Value, hour| ("first", &["db"][..], hour, more);
    for (other, effect, says) in [
        (
            Some(first(none(), Some(6))),
            Some(Advisory),
            "planned to be over before",
        ),
        (
            Some(first(none(), Some(9))),
            Some(Blocking),
            "plan this change after it",
        ),
        (
            Some(first(none(), None)),
            Some(Blocking),
            "plan this change after it",
        ),
        (
            Some(first(json!({"phase": "OnHold"}), Some(6))),
            Some(Blocking),
            "which is OnHold",
        ),
        (None, Some(Blocking), "does not exist"),
    ] {
        let mut all = vec![("mine", &["web"][..], Some(9), needs.clone())];
        all.extend(other);
        let facts = facts(&all);
        let found = conflicts(&facts, "mine");
        assert_eq!(found.first().map(|conflict| conflict.effect), effect, "{found:?}");
        assert!(found[0].message.contains(says), "{found:?}");
    }
    for (outcome, conflict) in [
        (Some("Successful"), false),
        (Some("SuccessfulWithIssues"), false),
        (Some("BackedOut"), true),
        (Some("Cancelled"), true),
        (None, true),
    ] {
        let mut facts = facts(&[("mine", &["web"], Some(9), needs.clone())]);
        let mut finished = json!({});
        if let Some(outcome) = outcome {
            finished["outcome"] = json!(outcome);
        }
        facts.finished = serde_json::from_value(json!({"n/first": finished})).unwrap();
        assert_eq!(!of(&facts, "mine").is_empty(), conflict, "{outcome:?}");
    }
}

#[test]
fn what_may_be_over_by_then_is_shown_first_and_blocks_later() {
    for (now, effect) in [
        ("2027-01-01T00:00:00Z", Advisory),
        ("2027-01-10T07:59:59Z", Advisory),
        ("2027-01-10T08:00:00Z", Blocking),
    ] {
        let mut facts = facts(&[
            ("node", &["ci/db1"], Some(8), none()),
            ("mends", &["db"], Some(20), json!({"mends": ["n/inc-1"]})),
            ("web", &["web"], Some(8), none()),
        ]);
        facts.now = now.parse().unwrap();
        facts.major_incidents = serde_json::from_value(json!({"n/inc-1": {"services": ["n/db"]}})).unwrap();
        facts.exhausted_budgets = serde_json::from_value(json!(["n/db"])).unwrap();
        assert_eq!(
            of(&facts, "node"),
            [
                (
                    ConflictType::OpenMajorIncident,
                    "Incident/n/inc-1".to_owned(),
                    effect
                ),
                (ConflictType::ErrorBudgetExhausted, String::new(), effect),
            ],
            "{now}"
        );
        assert_eq!(of(&facts, "mends").len(), 1, "{now}");
        assert_eq!(of(&facts, "web"), [], "{now}");
    }
}

#[test]
fn what_runs_too_long_still_occupies_its_items() {
    let mut facts = facts(&[
        ("running", &["web"], Some(1), json!({"phase": "Implementing"})),
        ("next", &["web"], Some(8), json!({"phase": "Scheduled"})),
    ]);
    facts.now = "2027-01-10T08:00:00Z".parse().unwrap();
    assert_eq!(
        of(&facts, "next"),
        [(ConflictType::SameItem, with("running"), Blocking)]
    );
    let message = conflicts(&facts, "next")[0].message.clone();
    assert!(message.contains("wait until it is over"), "{message}");
}

#[test]
fn what_is_over_or_set_aside_collides_with_nothing() {
    for phase in [
        "Review",
        "Closed",
        "Rejected",
        "OnHold",
        "Expired",
        "BackedOut",
        "Cancelled",
    ] {
        let facts = facts(&[
            (
                "a",
                &["web"],
                Some(8),
                json!({ "phase": phase, "windowFit": "InFreeze" }),
            ),
            ("b", &["web"], Some(8), none()),
        ]);
        assert_eq!(
            detect(&facts, &graph(), &ConflictPolicy::default()).len(),
            0,
            "{phase}"
        );
    }
}
