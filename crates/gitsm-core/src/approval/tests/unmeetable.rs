//! Policies that nobody can satisfy.

use super::scene::*;
use crate::approval::*;
use serde_json::{Value, json};

fn judged(rules: Value, change: fn(&mut Facts)) -> Vec<(String, String)> {
    let mut facts = with_rules(rules);
    change(&mut facts);
    let found = unmeetable(&facts.policies[0].policy, &facts.people, &facts.roles, facts.at);
    let names = |all: &std::collections::BTreeSet<crate::ident::ResourceName>| {
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
    };
    let who = |all: &std::collections::BTreeSet<crate::ident::MemberId>| {
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
    };
    found
        .iter()
        .map(|one| (names(&one.rules), who(&one.when_involved)))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(rules, who)| ((*rules).to_owned(), (*who).to_owned()))
        .collect()
}

#[test]
fn rules_that_nobody_or_too_few_people_can_meet_are_found() {
    let keep: fn(&mut Facts) = |_| {};
    for (rules, change, expected) in [
        (
            json!([{"name": "fine", "count": 2, "teams": ["platform"]}]),
            keep,
            vec![],
        ),
        (
            json!([{"name": "too-many", "count": 4, "teams": ["platform"]}]),
            keep,
            vec![("too-many", "")],
        ),
        (
            json!([{"name": "unknown", "count": 1, "teams": ["nowhere"]}]),
            keep,
            vec![("unknown", "")],
        ),
        (
            json!([{"name": "unknown", "count": 1, "roles": ["ServiceOwner"], "teams": ["nowhere"]}]),
            keep,
            vec![("unknown", "")],
        ),
        (
            json!([{"name": "owner", "count": 9, "roles": ["ServiceOwner"]}]),
            keep,
            vec![],
        ),
        (
            json!([{"name": "nobody-holds-it", "count": 1, "roles": ["SecurityOwner"]}]),
            keep,
            vec![("nobody-holds-it", "")],
        ),
        (
            json!([{"name": "stranger", "count": 1, "members": ["zoe"]}]),
            keep,
            vec![("stranger", "")],
        ),
        (
            json!([{"name": "all", "count": 3, "teams": ["platform"]}]),
            keep,
            vec![("all", "dora+emil+quinn")],
        ),
        (
            json!([{"name": "one", "count": 1, "members": ["dora"]}, {"name": "two", "count": 1, "members": ["dora"]},
                {"name": "apart", "count": 1, "teams": ["authority"]}]),
            keep,
            vec![("one+two", "")],
        ),
        (
            json!([{"name": "one", "count": 1, "members": ["dora", "emil"]}, {"name": "two", "count": 1, "members": ["dora", "emil"]},
                {"name": "wide", "count": 1, "teams": ["engineering"]}]),
            keep,
            vec![("one+two", "dora+emil")],
        ),
        (
            json!([{"name": "one", "count": 1, "members": ["dora"]}, {"name": "two", "count": 1, "members": ["dora"]}]),
            |facts| policy(facts).distinct = false,
            vec![("one", "dora"), ("two", "dora")],
        ),
        (
            json!([{"name": "signed", "count": 2, "teams": ["platform"]}]),
            |facts| {
                policy(facts).attestation = Attestation::Hardware;
                for name in ["dora", "emil"] {
                    facts.people.people.get_mut(name).unwrap().keys.truncate(1);
                }
            },
            vec![("signed", "")],
        ),
        (
            json!([{"name": "no-accounts", "count": 1, "teams": ["platform"]}]),
            |facts| {
                for person in facts.people.people.values_mut() {
                    person.accounts.clear();
                }
            },
            vec![("no-accounts", "")],
        ),
    ] {
        assert_eq!(judged(rules.clone(), change), pairs(&expected), "{rules}");
    }
}

#[test]
fn it_is_said_who_there_is_and_what_to_do() {
    let facts = with_rules(json!([{"name": "many", "count": 4, "teams": ["platform"]}]));
    let found = unmeetable(&facts.policies[0].policy, &facts.people, &facts.roles, facts.at);
    assert!(
        found[0]
            .why
            .contains("dora, emil and quinn; add approvers or lower the count"),
        "{}",
        found[0].why
    );
}
