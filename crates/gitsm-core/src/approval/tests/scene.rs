//! A small company to test with.

use crate::approval::*;
use crate::ident::{Digest, GitRevision};
use crate::time::Instant;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::num::NonZeroU64;

/// The instant of every decision here.
pub(super) const NOW: &str = "2027-02-06T20:00:00Z";

/// People and their accounts. `quinn` has two accounts, `bob` and `robot` are no members; `robot` is a program.
pub(super) const PEOPLE: [(&str, u64); 9] = [
    ("ana", 1),
    ("ben", 2),
    ("cleo", 3),
    ("dora", 4),
    ("emil", 5),
    ("fay", 6),
    ("gus", 7),
    ("quinn", 8),
    ("olga", 9),
];
pub(super) const QUINNS_OTHER: u64 = 18;
pub(super) const BOB: u64 = 50;
pub(super) const ROBOT: u64 = 60;

pub(super) fn account(name: &str) -> AccountId {
    let number = match name {
        "bob" => BOB,
        "robot" => ROBOT,
        "quinn2" => QUINNS_OTHER,
        name => PEOPLE.iter().find(|(known, _)| *known == name).unwrap().1,
    };
    AccountId(NonZeroU64::new(number).unwrap())
}

pub(super) fn revision(letter: char) -> GitRevision {
    letter.to_string().repeat(40).parse().unwrap()
}

pub(super) fn digest(text: &str) -> Digest {
    crate::digest::sha256(text.as_bytes())
}

pub(super) fn now() -> Instant {
    NOW.parse().unwrap()
}

pub(super) fn hours_ago(hours: i64) -> Instant {
    now().plus(SignedDuration::from_hours(-hours))
}

/// A pull request of ana to a service of team payments, with one policy: an owner and somebody of the platform.
///
/// Teams: payments (ana, ben, cleo), platform (dora, emil, quinn), authority (fay, gus, olga), all in engineering.
pub(super) fn facts() -> Facts {
    static FACTS: std::sync::LazyLock<Facts> = std::sync::LazyLock::new(make_facts);
    FACTS.clone()
}

fn make_facts() -> Facts {
    let people: serde_json::Map<String, Value> = PEOPLE
        .iter()
        .map(|(name, id)| {
            let mut accounts = vec![*id];
            if *name == "quinn" {
                accounts.push(QUINNS_OTHER);
            }
            let keys = json!([
                {"name": "laptop", "fingerprint": digest(&format!("{name} laptop"))},
                {"name": "token", "fingerprint": digest(&format!("{name} token")), "hardware": true},
            ]);
            let person =
                json!({"accounts": accounts, "emails": [format!("{name}@example.com")], "keys": keys});
            ((*name).to_owned(), person)
        })
        .collect();
    let team = |members: &[&str]| {
        let members: serde_json::Map<String, Value> = members
            .iter()
            .map(|name| {
                (
                    (*name).to_owned(),
                    json!({"roles": ["Approver", "EmergencyApprover"]}),
                )
            })
            .collect();
        json!({"parent": "engineering", "members": members})
    };
    let accounts: Vec<_> = PEOPLE
        .iter()
        .map(|(name, id)| json!({"id": id, "login": name}))
        .chain([
            json!({"id": QUINNS_OTHER, "login": "quinn-at-home"}),
            json!({"id": BOB, "login": "bob"}),
            json!({"id": ROBOT, "login": "robot[bot]", "bot": true}),
        ])
        .collect();
    serde_json::from_value(json!({
        "at": NOW,
        "pullRequest": {
            "repository": "estate", "number": 7, "author": 1, "pusher": 1,
            "head": {"sha": revision('a'), "tree": revision('b')},
            "base": {"branch": "main", "tip": revision('c')},
            "commits": [commit('a', "ana")],
        },
        "accounts": accounts,
        "people": {
            "people": people,
            "teams": {
                "engineering": {"members": {}},
                "payments": team(&["ana", "ben", "cleo"]),
                "platform": team(&["dora", "emil", "quinn"]),
                "authority": team(&["fay", "gus", "olga"]),
            },
        },
        "policies": [{"name": "two-teams", "policy": {"rules": [
            {"name": "owner", "count": 1, "roles": ["ServiceOwner"]},
            {"name": "platform", "count": 1, "teams": ["platform"]},
        ]}}],
        "documents": [{
            "base": {"path": "services/db.yaml", "services": {"payments/db": "payments"}},
            "head": {"path": "services/db.yaml", "services": {"payments/db": "payments"}},
        }],
        "roles": {
            "changeAuthority": ["authority"], "emergencyApprovers": ["authority"],
            "policyOwners": ["authority"], "catalogOwners": ["authority"],
        },
    }))
    .unwrap()
}

pub(super) fn commit(letter: char, name: &str) -> Value {
    let identity = json!({"email": format!("{name}@example.com"), "account": account(name)});
    json!({"sha": revision(letter), "author": identity, "committer": identity})
}

/// Ana puts another commit on top.
pub(super) fn push(facts: &mut Facts) {
    facts.pull_request.head.sha = revision('d');
    let commit = serde_json::from_value(commit('d', "ana")).unwrap();
    facts.pull_request.commits.push(commit);
}

/// A review of the head, an hour old.
pub(super) fn review(name: &str, verdict: ForgeVerdict) -> Review {
    Review {
        id: account(name).0.get() * 10,
        account: account(name),
        verdict,
        commit: Some(revision('a')),
        submitted_at: hours_ago(1),
        edited_at: None,
        dismissal: None,
        evidence: Evidence::None,
        context: None,
    }
}

pub(super) fn approval(name: &str) -> Review {
    review(name, ForgeVerdict::Approved)
}

pub(super) fn rejection(name: &str) -> Review {
    review(name, ForgeVerdict::ChangesRequested)
}

/// The facts with approvals of an owner and of the platform, which is enough.
pub(super) fn approved() -> Facts {
    let mut facts = facts();
    facts.reviews = vec![approval("ben"), approval("dora")];
    assert_state(&facts, RequirementState::Approved);
    facts
}

/// The facts with another list of rules, as JSON.
pub(super) fn with_rules(rules: Value) -> Facts {
    let mut facts = facts();
    policy(&mut facts).rules = serde_json::from_value(rules).unwrap();
    facts
}

pub(super) fn policy(facts: &mut Facts) -> &mut ApprovalPolicy {
    &mut facts.policies[0].policy
}

#[track_caller]
pub(super) fn assert_state(facts: &Facts, state: RequirementState) -> Approvals {
    let answer = decide(facts);
    assert_eq!(
        answer.state,
        state,
        "{}",
        serde_json::to_string_pretty(&answer).unwrap()
    );
    answer
}

/// The reason why somebody does not count for a rule.
#[track_caller]
pub(super) fn why_not(answer: &Approvals, node: &str, who: &str) -> Reason {
    let node = find(answer, node);
    let mut all = node.not_counted.iter().filter(|one| one.who.to_string() == who);
    all.next()
        .unwrap_or_else(|| panic!("{who} is not named in {node:#?}"))
        .reason
        .clone()
}

#[track_caller]
pub(super) fn find<'a>(answer: &'a Approvals, name: &str) -> &'a Node {
    let mut nodes = answer.tree.walk().filter(|node| node.name == name);
    nodes
        .next()
        .unwrap_or_else(|| panic!("no node {name} in {answer:#?}"))
}

/// Who counts for a rule.
#[track_caller]
pub(super) fn counted(answer: &Approvals, node: &str) -> Vec<String> {
    find(answer, node)
        .counted
        .iter()
        .map(|one| one.by.to_string())
        .collect()
}
