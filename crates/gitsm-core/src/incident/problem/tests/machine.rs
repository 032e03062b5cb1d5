//! The state machine of problems.

use super::{at, reread, with};
use crate::ident::{ChangeId, IncidentId, MemberId};
use crate::incident::problem::*;
use crate::incident::{Command, ProblemPhase, ProblemPhaseRequest, ProblemReason};
use crate::phase::{can_move, differences};
use crate::time::Instant;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

fn facts(changed: &Value) -> Facts {
    let facts = json!({"problem": "shop/pg14", "phase": "New", "coordinator": "cora"});
    serde_json::from_value(with(&facts, changed)).unwrap()
}

#[test]
fn the_table_for_people_has_every_move_and_no_other() {
    assert_eq!(
        differences(&problem_moves(), ProblemPhase::TRANSITIONS),
        Vec::<String>::new()
    );
}

#[test]
fn commands_are_obeyed_or_refused_in_words() {
    let accepted = |until: &str| json!({"by": "dan", "until": until, "reason": "replaced in May"});
    for (given, to, by, phase, answer) in [
        (json!({}), "Assessed", "cora", "Assessed", "prioritised"),
        (
            json!({}),
            "Assessed",
            "dan",
            "New",
            "the coordinator (cora), not for dan",
        ),
        (
            json!({"coordinator": null}),
            "Assessed",
            "dan",
            "New",
            "none is named",
        ),
        (
            json!({}),
            "Closed",
            "cora",
            "New",
            "can move it to Assessed, not to Closed",
        ),
        (
            json!({"phase": "Assessed"}),
            "RootCauseAnalysis",
            "cora",
            "RootCauseAnalysis",
            "Done",
        ),
        (
            json!({"phase": "Assessed"}),
            "Deferred",
            "cora",
            "Assessed",
            "riskAcceptance",
        ),
        (
            json!({"phase": "Assessed", "acceptance": accepted("2027-02-04T15:00:00Z")}),
            "Deferred",
            "cora",
            "Assessed",
            "ended at",
        ),
        (
            json!({"phase": "Assessed", "acceptance": accepted("2027-02-04T15:00:01Z")}),
            "Deferred",
            "cora",
            "Deferred",
            "Done",
        ),
        (
            json!({"phase": "RootCauseAnalysis", "reviewedBy": "dan"}),
            "KnownError",
            "cora",
            "RootCauseAnalysis",
            "Document",
        ),
        (
            json!({"phase": "RootCauseAnalysis", "workaround": true}),
            "KnownError",
            "cora",
            "RootCauseAnalysis",
            "must review",
        ),
        (
            json!({"phase": "RootCauseAnalysis", "rootCause": true, "reviewedBy": "cora"}),
            "KnownError",
            "cora",
            "RootCauseAnalysis",
            "somebody else must",
        ),
        (
            json!({"phase": "RootCauseAnalysis", "workaround": true, "reviewedBy": "dan"}),
            "KnownError",
            "cora",
            "KnownError",
            "Done",
        ),
        (
            json!({"phase": "KnownError"}),
            "FixInProgress",
            "cora",
            "KnownError",
            "proposedFixes",
        ),
        (
            json!({"phase": "KnownError", "fixes": {"shop/c": {"phase": "Closed", "outcome": "Unsuccessful"}}}),
            "FixInProgress",
            "cora",
            "KnownError",
            "proposedFixes",
        ),
        (
            json!({"phase": "KnownError", "fixes": {"shop/c": {"phase": "Scheduled"}}}),
            "FixInProgress",
            "cora",
            "FixInProgress",
            "Done",
        ),
        (
            json!({"phase": "FixInProgress", "fixes": {"shop/c": {"phase": "Scheduled"}}}),
            "Closed",
            "cora",
            "FixInProgress",
            "nobody moves it from there by hand",
        ),
        (json!({"phase": "Resolved"}), "Closed", "cora", "Closed", "Done"),
        (
            json!({"phase": "Deferred", "acceptance": accepted("2027-03-01T00:00:00Z")}),
            "Assessed",
            "cora",
            "Assessed",
            "taken up again",
        ),
    ] {
        let mut given = given;
        given["command"] = json!({"to": to, "by": by});
        let decision = decide(&facts(&given), at("2027-02-04T15:00:00Z"));
        let said = decision.answer.unwrap();
        assert_eq!(decision.phase.as_str(), phase, "{given}: {}", said.text);
        assert!(said.text.contains(answer), "{given}: {}", said.text);
    }
}

#[test]
fn a_problem_is_resolved_by_a_fix_and_silence() {
    let fixed = |incidents: &Value, others: &Value| {
        let fixes = with(
            &json!({"shop/fix": {"phase": "Closed", "outcome": "SuccessfulWithIssues", "finishedAt": "2027-02-01T00:00:00Z"}}),
            others,
        );
        facts(
            &json!({"phase": "FixInProgress", "watchPeriod": "48h", "fixes": fixes, "incidents": incidents}),
        )
    };
    let end = at("2027-02-03T00:00:00Z");
    let before = at("2027-02-02T23:59:59Z");

    let watching = decide(
        &fixed(&json!({"shop/i": "2027-01-31T23:59:59Z"}), &json!({})),
        before,
    );
    assert_eq!(watching.reasons[0].code, ProblemReason::Watching);
    assert_eq!(
        (watching.watch_until, watching.next_transition),
        (Some(end), Some(end))
    );
    let resolved = decide(
        &fixed(&json!({"shop/i": "2027-01-31T23:59:59Z"}), &json!({})),
        end,
    );
    assert_eq!(
        (resolved.phase, resolved.resolved_at),
        (ProblemPhase::Resolved, Some(end))
    );
    assert_eq!(resolved.actions.len(), 1, "incidents on hold go on");

    for (incidents, now) in [
        (json!({"shop/i": "2027-02-01T00:00:00Z"}), before),
        (
            json!({"shop/i": "2027-02-02T23:59:59Z"}),
            at("2027-02-10T00:00:00Z"),
        ),
    ] {
        let again = decide(&fixed(&incidents, &json!({})), now);
        assert_eq!(again.phase, ProblemPhase::KnownError);
        assert_eq!(again.events[0].reason, ProblemReason::HappenedAgain);
        assert_eq!(again.recurrences, 1);
    }
    // After the watch period it is a recurrence, even if the decision comes late.
    let late = decide(
        &fixed(&json!({"shop/i": "2027-02-03T00:00:00Z"}), &json!({})),
        at("2027-02-10T00:00:00Z"),
    );
    assert_eq!((late.phase, late.recurrences), (ProblemPhase::Resolved, 1));
    assert_eq!(late.reasons[0].code, ProblemReason::Recurred);

    let other = decide(
        &fixed(&json!({}), &json!({"shop/next": {"phase": "Draft"}})),
        at("2027-02-10T00:00:00Z"),
    );
    assert_eq!(other.phase, ProblemPhase::FixInProgress);
    assert_eq!(other.reasons[0].code, ProblemReason::AwaitsOtherFix);
    assert_eq!(other.next_transition, None);
}

#[test]
fn a_failed_fix_leads_back_and_one_that_goes_in_leads_on() {
    for (fixes, from, to) in [
        (json!({}), "FixInProgress", "KnownError"),
        (
            json!({"shop/a": {"phase": "Closed", "outcome": "BackedOut"}}),
            "FixInProgress",
            "KnownError",
        ),
        (
            json!({"shop/a": {"phase": "Cancelled"}}),
            "FixInProgress",
            "KnownError",
        ),
        (
            json!({"shop/a": {"phase": "Cancelled"}, "shop/b": {"phase": "OnHold"}}),
            "FixInProgress",
            "FixInProgress",
        ),
        (json!({"shop/a": {}}), "FixInProgress", "FixInProgress"),
        // Closed without the time when it was in: it cannot be watched, so nothing is decided.
        (
            json!({"shop/a": {"phase": "Closed", "outcome": "Successful"}}),
            "FixInProgress",
            "FixInProgress",
        ),
        (
            json!({"shop/a": {"phase": "Implementing"}}),
            "KnownError",
            "FixInProgress",
        ),
        (
            json!({"shop/a": {"phase": "Scheduled"}}),
            "KnownError",
            "KnownError",
        ),
    ] {
        let given = facts(&json!({"phase": from, "fixes": fixes}));
        let decision = decide(&given, at("2027-02-04T15:00:00Z"));
        assert_eq!(decision.phase.as_str(), to, "{fixes} {from}");
    }
}

#[test]
fn a_deferred_problem_comes_back_when_the_acceptance_ends() {
    let deferred = |acceptance: Value| facts(&json!({"phase": "Deferred", "acceptance": acceptance}));
    let until = json!({"by": "dan", "until": "2027-03-01T00:00:00Z", "reason": "old"});
    let before = decide(&deferred(until.clone()), at("2027-02-28T23:59:59Z"));
    assert_eq!(before.next_transition, Some(at("2027-03-01T00:00:00Z")));
    assert_eq!(before.phase, ProblemPhase::Deferred);
    for (acceptance, now, reason) in [
        (until, "2027-03-01T00:00:00Z", ProblemReason::AcceptanceExpired),
        (
            Value::Null,
            "2027-02-01T00:00:00Z",
            ProblemReason::AcceptanceWithdrawn,
        ),
    ] {
        let then = decide(&deferred(acceptance), at(now));
        assert_eq!(
            (then.phase, then.events[0].reason),
            (ProblemPhase::Assessed, reason)
        );
    }
}

#[test]
fn time_that_two_incidents_share_is_lost_once() {
    let outage = |began: &str, ended: Option<&str>| Outage {
        began: at(began),
        ended: ended.map(at),
    };
    let outages = [
        outage("2027-02-04T10:00:00Z", Some("2027-02-04T11:00:00Z")),
        outage("2027-02-04T10:30:00Z", Some("2027-02-04T11:30:00Z")),
        outage("2027-02-04T10:40:00Z", Some("2027-02-04T10:50:00Z")),
        outage("2027-02-04T14:00:30Z", None),
        outage("2027-02-04T15:00:00Z", Some("2027-02-04T14:00:00Z")),
        outage("2027-02-05T00:00:00Z", None),
    ];
    assert_eq!(minutes_lost(&outages, at("2027-02-04T14:10:00Z")), 90 + 9);
    assert_eq!(minutes_lost(&[], at("2027-02-04T14:10:00Z")), 0);
    let ever = [
        Outage {
            began: Instant::MIN,
            ended: None,
        },
        Outage {
            began: Instant::MIN,
            ended: None,
        },
    ];
    assert!(minutes_lost(&ever, Instant::MAX) > 0);
}

fn instant() -> impl Strategy<Value = Instant> {
    (0_i64..4_000_000).prop_map(|seconds| at("2027-02-01T00:00:00Z").plus(SignedDuration::from_secs(seconds)))
}

fn member() -> impl Strategy<Value = MemberId> {
    prop::sample::select(vec!["cora", "dan"]).prop_map(|name| name.parse().unwrap())
}

prop_compose! {
    fn fix()(
        phase in prop::option::of(prop::sample::select(crate::change::ChangePhase::ALL)),
        outcome in prop::option::of(prop::sample::select(crate::change::ChangeOutcome::ALL)),
        finished_at in prop::option::of(instant()),
    ) -> Fix {
        Fix { phase, outcome, finished_at }
    }
}

prop_compose! {
    fn any_facts()(
        phase in prop::sample::select(ProblemPhase::ALL),
        coordinator in prop::option::of(member()),
        (root_cause, workaround) in any::<(bool, bool)>(),
        reviewed_by in prop::option::of(member()),
        until in prop::option::of(instant()),
        command in prop::option::of((prop::sample::select(ProblemPhaseRequest::ALL), member())),
        fixes in prop::collection::btree_map(0_u8..5, fix(), 0..4),
        incidents in prop::collection::btree_map(0_u8..9, instant(), 0..5),
        last_step_at in prop::option::of(instant()),
    ) -> Facts {
        Facts {
            problem: "shop/p".parse().unwrap(),
            phase, coordinator, root_cause, workaround, reviewed_by, last_step_at,
            resolved_at: None,
            answered: None,
            acceptance: until.map(|until| Acceptance {
                by: "dan".parse().unwrap(), until, reason: "old".parse().unwrap(),
            }),
            command: command.map(|(to, by)| Command { to, by, reason: None }),
            fixes: fixes
                .into_iter()
                .map(|(number, fix)| (format!("shop/c{number}").parse::<ChangeId>().unwrap(), fix))
                .collect(),
            watch_period: Facts::DEFAULT_WATCH_PERIOD,
            incidents: incidents
                .into_iter()
                .map(|(number, began)| (format!("shop/i{number}").parse::<IncidentId>().unwrap(), began))
                .collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn every_decision_keeps_the_laws(given in any_facts(), now in instant()) {
        let decision = decide(&given, now);
        let mut phase = given.phase;
        for event in &decision.events {
            let (from, to) = event.from.zip(event.to).unwrap();
            prop_assert_eq!(from, phase);
            prop_assert!(from != to && can_move(ProblemPhase::TRANSITIONS, &from, &to), "{from} -> {to}");
            prop_assert!(event.at >= now && Some(event.at) >= given.last_step_at);
            phase = to;
        }
        prop_assert_eq!(phase, decision.phase);
        prop_assert!(!decision.reasons.is_empty());
        prop_assert!(decision.next_transition.is_none_or(|next| next > now));
        if decision.phase == ProblemPhase::Resolved && given.phase != ProblemPhase::Resolved {
            prop_assert!(given.fixes.values().any(Fix::succeeded));
            prop_assert!(given.fixes.values().all(Fix::has_ended));
        }
        if decision.phase == ProblemPhase::KnownError && given.phase == ProblemPhase::RootCauseAnalysis {
            prop_assert!(given.reviewed_by.is_some() && given.reviewed_by != given.coordinator);
        }
        // Nothing is left to do at the same time, nor before the next transition.
        let after = given.after(&decision);
        prop_assert_eq!(&decide(&after, now).events, &[]);
        let before = decision.next_transition.map_or(Instant::MAX, |next| next.plus(SignedDuration::from_nanos(-1)));
        prop_assert_eq!(&decide(&after, before).events, &[]);
        // The same facts from a file give the same decision.
        prop_assert_eq!(&reread(&decide(&reread(&given), now)), &decision);
        decide(&given, Instant::MIN);
        decide(&given, Instant::MAX);
    }
}
