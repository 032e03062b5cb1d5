//! The rules of counting, one by one.

use super::scene::*;
use crate::approval::*;
use RequirementState::{Approved, Error, Pending, Rejected, Skipped};
use serde_json::json;

#[test]
fn people_are_assigned_so_that_as_many_rules_as_possible_are_met() {
    // A greedy count would take dora for the first rule and find nobody for the second.
    let mut facts = with_rules(json!([
        {"name": "either", "count": 1, "members": ["dora", "emil"]},
        {"name": "dora-only", "count": 1, "members": ["dora"]},
    ]));
    facts.reviews = vec![approval("ben"), approval("dora"), approval("emil")];
    let answer = assert_state(&facts, Approved);
    assert_eq!(counted(&answer, "either"), ["emil"]);
    assert_eq!(counted(&answer, "dora-only"), ["dora"]);
    let elsewhere = Reason::CountsElsewhere {
        rule: "dora-only".to_owned(),
    };
    assert_eq!(why_not(&answer, "either", "dora"), elsewhere);
}

#[test]
fn one_person_fills_one_rule_unless_the_policy_allows_more() {
    let mut facts = with_rules(json!([
        {"name": "first", "count": 1, "members": ["dora"]},
        {"name": "second", "count": 1, "members": ["dora", "emil"]},
    ]));
    facts.reviews = vec![approval("ben"), approval("dora")];
    let answer = assert_state(&facts, Pending);
    assert_eq!(
        find(&answer, "second").missing.as_deref(),
        Some("1 more of dora or emil: emil")
    );
    policy(&mut facts).distinct = false;
    assert_state(&facts, Approved);
}

#[test]
fn members_of_teams_below_count_for_the_team_above() {
    let mut facts = with_rules(json!([{"name": "engineers", "count": 3, "teams": ["engineering"]}]));
    facts.reviews = vec![approval("ben"), approval("dora"), approval("fay")];
    assert_state(&facts, Approved);
    // Teams that are each other's parents do not hang the count.
    let payments = "payments".parse().unwrap();
    facts.people.teams.get_mut("engineering").unwrap().parent = Some(payments);
    assert_state(&facts, Approved);
}

#[test]
fn rules_apply_where_their_condition_holds() {
    for (result, second, whole) in [
        (json!("Applies"), Pending, Pending),
        (json!("DoesNotApply"), Skipped, Approved),
        (json!({"Error": "no such field"}), Error, Error),
    ] {
        let mut facts = approved();
        let rule = json!({"name": "high-risk", "count": 1, "roles": ["ChangeAuthority"], "when": "risk"});
        policy(&mut facts)
            .rules
            .push(serde_json::from_value(rule).unwrap());
        assert_state(&facts, Error);
        facts.conditions = serde_json::from_value(json!([
            {"policy": "two-teams", "rule": "high-risk", "result": result},
        ]))
        .unwrap();
        let answer = assert_state(&facts, whole);
        assert_eq!(find(&answer, "high-risk").state, second);
        // Two results that differ are no result.
        let other = json!({"policy": "two-teams", "rule": "high-risk", "result": {"Error": "other"}});
        facts.conditions.push(serde_json::from_value(other).unwrap());
        assert_state(&facts, Error);
    }
}

#[test]
fn where_nothing_is_asked_of_anybody_the_answer_is_an_error() {
    let mut facts =
        with_rules(json!([{"name": "never", "count": 1, "teams": ["platform"], "when": "false"}]));
    facts.conditions = serde_json::from_value(json!([
        {"policy": "two-teams", "rule": "never", "result": "DoesNotApply"},
    ]))
    .unwrap();
    facts.reviews = vec![approval("ben"), approval("dora")];
    let answer = assert_state(&facts, Error);
    // The owners alone are not enough where policies exist and ask nobody.
    assert_eq!(find(&answer, "owners").state, Approved);
    assert_eq!(find(&answer, "two-teams").state, Skipped);
    facts.policies.clear();
    assert_state(&facts, Approved);
    facts.documents.clear();
    assert_state(&facts, Error);
}

#[test]
fn in_ordered_mode_people_count_when_the_rules_before_are_met() {
    let mut facts = facts();
    policy(&mut facts).mode = ApprovalMode::Ordered;
    facts.reviews = vec![approval("dora")];
    let answer = assert_state(&facts, Pending);
    assert!(counted(&answer, "platform").is_empty());
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::NotYetAsked);
    // What was given early counts then: the content is the same.
    facts.reviews.push(approval("ben"));
    assert_state(&facts, Approved);
    // An objection is heard at any time.
    facts.reviews = vec![rejection("dora")];
    assert_state(&facts, Rejected);
}

#[test]
fn a_rejection_of_somebody_who_is_not_asked_does_not_reject() {
    let mut facts = approved();
    facts.reviews.push(rejection("fay"));
    facts.reviews.push(rejection("bob"));
    let answer = assert_state(&facts, Approved);
    assert_eq!(why_not(&answer, "platform", "fay"), Reason::NotAsked);
    assert_eq!(why_not(&answer, "platform", "@bob"), Reason::UnknownIdentity);
}

#[test]
fn of_an_approval_and_a_rejection_at_one_instant_the_rejection_holds() {
    let mut facts = approved();
    let mut both = rejection("dora");
    both.id = 1;
    facts.reviews.push(both);
    assert_state(&facts, Rejected);
}

#[test]
fn approvals_lapse() {
    let mut facts = approved();
    policy(&mut facts).max_age = "1h".parse().unwrap();
    let answer = assert_state(&facts, Pending);
    assert_eq!(
        why_not(&answer, "platform", "dora"),
        Reason::TooOld { expired_at: now() }
    );
    policy(&mut facts).max_age = "1h1s".parse().unwrap();
    assert_state(&facts, Approved);
}

#[test]
fn another_plan_voids_approvals() {
    let mut facts = approved();
    facts.change.digest = Some(digest("plan"));
    let context = facts.context();
    for review in &mut facts.reviews {
        review.context = Some(context.clone());
    }
    assert_state(&facts, Approved);
    facts.change.digest = Some(digest("other plan"));
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "dora"),
        Reason::ChangeAltered
    );
}

fn delegating(delegations: serde_json::Value) -> Facts {
    let mut facts = facts();
    policy(&mut facts).delegations = serde_json::from_value(delegations).unwrap();
    facts.reviews = vec![approval("ben"), approval("fay")];
    facts
}

#[test]
fn a_delegate_counts_as_the_represented_person() {
    let facts = delegating(json!([{"from": "dora", "to": "fay", "until": hours_ago(-3)}]));
    let answer = assert_state(&facts, Approved);
    let place = &find(&answer, "platform").counted[0];
    assert_eq!(
        (place.by.as_str(), place.on_behalf_of.as_ref().unwrap().as_str()),
        ("fay", "dora")
    );
    assert_eq!(answer.valid_until, Some(hours_ago(-3)));

    let over = delegating(json!([{"from": "dora", "to": "fay", "until": NOW}]));
    assert_eq!(
        why_not(&assert_state(&over, Pending), "platform", "fay"),
        Reason::NotAsked
    );
}

#[test]
fn a_delegate_and_the_represented_person_are_one() {
    let mut facts = delegating(json!([{"from": "dora", "to": "fay", "until": hours_ago(-3)}]));
    policy(&mut facts).rules =
        serde_json::from_value(json!([{"name": "platform", "count": 2, "teams": ["platform"]}])).unwrap();
    facts.reviews.push(approval("dora"));
    let answer = assert_state(&facts, Pending);
    assert_eq!(counted(&answer, "platform"), ["dora"]);
    let counts = Reason::RepresentedCounts {
        member: "dora".parse().unwrap(),
    };
    assert_eq!(why_not(&answer, "platform", "fay"), counts);
}

#[test]
fn who_may_not_approve_cannot_be_represented_and_does_not_represent() {
    let mut facts = delegating(json!([{"from": "dora", "to": "fay", "until": hours_ago(-3)}]));
    facts.change.requester = Some("dora".parse().unwrap());
    let excluded = Reason::RepresentedExcluded {
        member: "dora".parse().unwrap(),
    };
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "fay"),
        excluded
    );
    facts.change.requester = Some("fay".parse().unwrap());
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "fay"),
        Reason::Requester
    );
}

#[test]
fn delegations_of_delegations_are_not_followed() {
    let facts = delegating(json!([
        {"from": "dora", "to": "gus", "until": hours_ago(-3)},
        {"from": "gus", "to": "fay", "until": hours_ago(-3)},
    ]));
    assert_state(&facts, Pending);
}

#[test]
fn one_approval_of_a_delegate_fills_one_place() {
    let mut facts = delegating(json!([
        {"from": "dora", "to": "fay", "until": hours_ago(-3)},
        {"from": "emil", "to": "fay", "until": hours_ago(-3)},
    ]));
    policy(&mut facts).rules = serde_json::from_value(json!([
        {"name": "first", "count": 1, "members": ["dora"]}, {"name": "second", "count": 1, "members": ["emil"]},
    ])).unwrap();
    assert_state(&facts, Pending);
    facts.reviews.push(approval("emil"));
    let answer = assert_state(&facts, Approved);
    assert_eq!(
        (counted(&answer, "first"), counted(&answer, "second")),
        (vec!["fay".into()], vec!["emil".into()])
    );
}

#[test]
fn an_approver_outside_the_authors_teams() {
    let mut facts = with_rules(json!([{"name": "two", "count": 2, "teams": ["engineering"]}]));
    policy(&mut facts).separation.distinct_teams = true;
    facts.reviews = vec![approval("ben"), approval("cleo")];
    let answer = assert_state(&facts, Pending);
    let missing = find(&answer, "distinct-teams").missing.clone().unwrap();
    assert_eq!(
        missing,
        "an approval of somebody outside the author's teams (payments)"
    );
    facts.reviews.push(approval("dora"));
    assert_state(&facts, Approved);
}

#[test]
fn silence_never_approves() {
    let rules = |on_timeout: &str| {
        let rule = json!({"name": "platform", "count": 1, "teams": ["platform"], "withinHours": 2, "onTimeout": on_timeout});
        let mut facts = with_rules(json!([rule]));
        facts.reviews = vec![approval("ben"), approval("fay")];
        facts.change.asked_at = Some(hours_ago(2));
        facts
    };
    // The authority may answer in place of the platform then.
    let escalated = rules("Escalate");
    assert_eq!(counted(&assert_state(&escalated, Approved), "platform"), ["fay"]);
    let mut silent = escalated.clone();
    silent.reviews.pop();
    let answer = assert_state(&silent, Pending);
    assert!(
        find(&answer, "platform")
            .missing
            .as_ref()
            .unwrap()
            .contains("team authority (escalated)")
    );
    let mut in_time = escalated.clone();
    in_time.change.asked_at = Some(hours_ago(1));
    let answer = assert_state(&in_time, Pending);
    assert_eq!(answer.next_transition, Some(hours_ago(-1)));
    let mut not_asked = escalated;
    not_asked.change.asked_at = None;
    assert_state(&not_asked, Pending);

    let mut rejecting = rules("Reject");
    assert_state(&rejecting, Rejected);
    // An answer in time holds; one that comes later is no answer.
    rejecting.reviews.push(approval("dora"));
    assert_state(&rejecting, Approved);
    rejecting.reviews[2].submitted_at = rejecting.at;
    assert_state(&rejecting, Rejected);
}

#[test]
fn the_time_limit_of_a_later_rule_runs_from_when_its_people_were_asked() {
    let mut facts = facts();
    policy(&mut facts).mode = ApprovalMode::Ordered;
    policy(&mut facts).rules[1].within_hours = Some(1);
    policy(&mut facts).rules[1].on_timeout = OnTimeout::Reject;
    facts.reviews = vec![approval("ben")];
    facts.change.asked_at = Some(hours_ago(100));
    assert_state(&facts, Pending);
    let asked = json!([{"policy": "two-teams", "rule": "platform", "at": hours_ago(1)}]);
    facts.change.asked = serde_json::from_value(asked).unwrap();
    assert_state(&facts, Rejected);
}

#[test]
fn attestations_are_ordered() {
    let mut facts = approved();
    let digest_now = |facts: &Facts| facts.statement().digest();
    let key = |name: &str, which: &str| digest(&format!("{name} {which}"));
    for (asked, which, touched, state) in [
        (Attestation::Signed, "laptop", false, Approved),
        (Attestation::Signed, "token", true, Approved),
        (Attestation::Hardware, "laptop", false, Pending),
        (Attestation::Hardware, "token", false, Pending),
        // A program that claims a touch on a key that needs none.
        (Attestation::Hardware, "laptop", true, Pending),
        (Attestation::Hardware, "token", true, Approved),
    ] {
        policy(&mut facts).attestation = asked;
        let digest = digest_now(&facts);
        for (review, name) in facts.reviews.iter_mut().zip(["ben", "dora"]) {
            let (key, digest) = (key(name, which), digest.clone());
            review.evidence = if touched {
                Evidence::Hardware { key, digest }
            } else {
                Evidence::Signed { key, digest }
            };
        }
        assert_state(&facts, state);
    }
}

#[test]
fn what_no_policy_waives_follows_the_strictest() {
    let mut facts = approved();
    // Another policy, which dora meets alone with her signature.
    facts.policies.push(serde_json::from_value(json!({
        "name": "signed", "policy": {"attestation": "Signed", "rules": [{"name": "sign", "count": 1, "members": ["dora"]}]},
    })).unwrap());
    let statement = facts.statement().digest();
    facts.reviews[1].evidence = Evidence::Signed {
        key: digest("dora laptop"),
        digest: statement,
    };
    let answer = assert_state(&facts, Pending);
    assert_eq!(find(&answer, "signed").state, Approved);
    assert_eq!(find(&answer, "owners").state, Pending);
}

#[test]
fn logins_identify_people_without_account_numbers_only() {
    let mut facts = approved();
    let dora = facts.people.people.get_mut("dora").unwrap();
    dora.accounts.clear();
    dora.logins = ["DORA".parse().unwrap()].into();
    assert_state(&facts, Approved);
    // Somebody else now has the login; dora is known by number.
    let dora = facts.people.people.get_mut("dora").unwrap();
    dora.accounts = [AccountId(std::num::NonZeroU64::new(99).unwrap())].into();
    assert_state(&facts, Pending);
}

#[test]
fn reasons_and_lacks_are_sentences() {
    let mut facts = facts();
    facts.reviews = vec![approval("ana"), approval("dora")];
    let answer = assert_state(&facts, Pending);
    assert_eq!(
        find(&answer, "owner").missing.as_deref(),
        Some("1 more of team payments: ben or cleo")
    );
    assert_eq!(
        why_not(&answer, "owner", "ana").to_string(),
        "is the author of the pull request"
    );
    facts.change.requester = Some("ben".parse().unwrap());
    facts.change.implementer = Some("cleo".parse().unwrap());
    let answer = assert_state(&facts, Pending);
    let nobody = "1 more of team payments, but nobody of them may still approve";
    assert_eq!(find(&answer, "owner").missing.as_deref(), Some(nobody));
}
