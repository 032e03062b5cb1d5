//! The state machine, move by move.

use super::{at, facts, step, with};
use crate::incident::*;
use crate::phase::differences;
use serde_json::{Value, json};

#[test]
fn the_table_for_people_has_every_move_and_no_other() {
    assert_eq!(
        differences(&incident_moves(), IncidentPhase::TRANSITIONS),
        Vec::<String>::new()
    );
    let closing = incident_moves()
        .into_iter()
        .find(|row| row.to == IncidentPhase::Closed)
        .unwrap();
    assert_eq!(closing.actor, "the controller");
    assert_eq!(
        closing.guard,
        "The business days after its resolution have passed and the review of a major incident is merged."
    );
}

/// Each line: facts, the command, and what comes of it: the phase and a part of the answer.
#[test]
fn commands_are_obeyed_or_refused_in_words() {
    let open = json!({"phase": "InProgress", "timestamps": {"detected": "2027-02-04T14:00:00Z", "acknowledged": "2027-02-04T14:01:00Z"}});
    let resolved = json!({"phase": "Resolved", "timestamps": {
        "detected": "2027-02-04T14:00:00Z", "acknowledged": "2027-02-04T14:01:00Z",
        "mitigated": "2027-02-04T14:30:00Z", "resolved": "2027-02-04T14:30:00Z",
    }});
    let resolution = json!({"resolution": {"code": "Fixed", "summary": "Rolled back."}});
    let restored_at =
        |time: &str| json!({"resolution": {"code": "Fixed", "summary": "Rolled back.", "effectiveAt": time}});
    for (given, to, by, reason, phase, answer) in [
        (json!({}), "Triage", "ana", None, "Triage", "Done"),
        (
            json!({}),
            "Triage",
            "rita",
            None,
            "New",
            "is for anybody on call, the assignee or the commander, and rita",
        ),
        (json!({}), "InProgress", "cleo", None, "InProgress", "Done"),
        (
            json!({}),
            "Resolved",
            "cleo",
            None,
            "New",
            "it is New; people can move it to Triage or InProgress or Cancelled",
        ),
        (
            json!({}),
            "Cancelled",
            "rita",
            Some("my mistake"),
            "Cancelled",
            "no incident",
        ),
        (json!({}), "Cancelled", "rita", None, "New", "reason"),
        (
            json!({"duplicateOf": "shop/inc-0411"}),
            "Cancelled",
            "ana",
            None,
            "Cancelled",
            "duplicate of shop/inc-0411",
        ),
        (
            json!({"duplicateOf": "shop/inc-0412"}),
            "Cancelled",
            "ana",
            None,
            "New",
            "another incident",
        ),
        (
            open.clone(),
            "Cancelled",
            "ana",
            Some("x"),
            "InProgress",
            "people can move it to OnHold or Mitigated or Resolved",
        ),
        (open.clone(), "InProgress", "zoe", None, "InProgress", "already"),
        (open.clone(), "OnHold", "ana", None, "InProgress", "Say in hold"),
        (
            with(&open, &json!({"hold": {"reason": "AwaitingRequester"}})),
            "OnHold",
            "ana",
            None,
            "OnHold",
            "AwaitingRequester",
        ),
        (
            with(&open, &json!({"hold": {"reason": "AwaitingChange"}})),
            "OnHold",
            "ana",
            None,
            "InProgress",
            "links.fixedBy",
        ),
        (
            with(
                &open,
                &json!({"hold": {"reason": "AwaitingChange", "until": "2027-02-05T00:00:00Z"}}),
            ),
            "OnHold",
            "ana",
            None,
            "OnHold",
            "Done",
        ),
        (
            with(
                &open,
                &json!({"hold": {"reason": "AwaitingSupplier", "until": "2027-02-04T15:00:00Z"}}),
            ),
            "OnHold",
            "ana",
            None,
            "InProgress",
            "nothing to wait for",
        ),
        (
            with(
                &open,
                &json!({"hold": {"reason": "AwaitingProblem"}, "problem": {"id": "shop/p", "phase": "Resolved"}}),
            ),
            "OnHold",
            "ana",
            None,
            "InProgress",
            "nothing to wait for",
        ),
        (
            open.clone(),
            "Mitigated",
            "ana",
            None,
            "Mitigated",
            "effect is gone",
        ),
        (
            open.clone(),
            "Resolved",
            "cleo",
            None,
            "InProgress",
            "Say in resolution",
        ),
        (
            with(&open, &resolution),
            "Resolved",
            "ana",
            None,
            "InProgress",
            "the assignee or the commander",
        ),
        (
            with(&open, &resolution),
            "Resolved",
            "cleo",
            None,
            "Resolved",
            "Fixed",
        ),
        (
            with(&open, &resolution),
            "Resolved",
            "dora",
            None,
            "Resolved",
            "Fixed",
        ),
        (
            with(&open, &restored_at("2027-02-04T13:59:59Z")),
            "Resolved",
            "cleo",
            None,
            "InProgress",
            "before the effect began",
        ),
        (
            with(&open, &restored_at("2027-02-04T15:00:01Z")),
            "Resolved",
            "cleo",
            None,
            "InProgress",
            "still to come",
        ),
        (
            with(&open, &restored_at("2027-02-04T14:20:00Z")),
            "Resolved",
            "cleo",
            None,
            "Resolved",
            "Done",
        ),
        (
            resolved.clone(),
            "InProgress",
            "rita",
            Some("it is back"),
            "InProgress",
            "open again",
        ),
        (
            resolved.clone(),
            "InProgress",
            "rita",
            None,
            "Resolved",
            "Give the reason",
        ),
        (
            with(&resolved, &json!({"reopenWithin": "30m"})),
            "InProgress",
            "rita",
            Some("back"),
            "Resolved",
            "until 2027-02-04T15:00:00Z",
        ),
        (
            resolved.clone(),
            "Cancelled",
            "ana",
            Some("x"),
            "Resolved",
            "people can move it to InProgress",
        ),
        (
            with(&resolved, &json!({"phase": "Closed"})),
            "InProgress",
            "ana",
            Some("x"),
            "Closed",
            "final",
        ),
    ] {
        let mut given = given;
        given["command"] = json!({"to": to, "by": by, "reason": reason});
        let (_, decision) = step(&facts(&given), "2027-02-04T15:00:00Z");
        let said = decision.answer.unwrap();
        assert_eq!(decision.phase.as_str(), phase, "{given}: {}", said.text);
        assert!(said.text.contains(answer), "{given}: {}", said.text);
        assert_eq!(
            said.obeyed,
            said.text.starts_with("Done") || said.text.starts_with("Nothing"),
            "{}",
            said.text
        );
    }
}

#[test]
fn a_command_is_carried_out_once() {
    let on_hold = facts(&json!({
        "phase": "InProgress",
        "hold": {"reason": "AwaitingSupplier", "until": "2027-02-04T16:00:00Z"},
        "command": {"to": "OnHold", "by": "ana"},
    }));
    let (next, decision) = step(&on_hold, "2027-02-04T15:00:00Z");
    assert_eq!(decision.phase, IncidentPhase::OnHold);
    assert_eq!(decision.next_transition, Some(at("2027-02-04T16:00:00Z")));
    let (mut next, decision) = step(&next, "2027-02-04T16:00:00Z");
    assert_eq!(decision.phase, IncidentPhase::InProgress, "the hold is over");
    assert_eq!(
        decision.answer, None,
        "the command of before is not answered again"
    );
    assert_eq!(decision.events[0].reason, IncidentReason::HoldExpired);

    // Asking again takes a changed command, or one that was taken away in between.
    next.hold.as_mut().unwrap().until = Some(at("2027-02-04T18:00:00Z"));
    assert_eq!(step(&next, "2027-02-04T16:01:00Z").1.phase, IncidentPhase::OnHold);
    let mut next = facts(
        &json!({"answered": decision.answered, "phase": "InProgress", "hold": {"reason": "AwaitingSupplier"}}),
    );
    next = step(&next, "2027-02-04T16:02:00Z").0;
    assert_eq!(next.answered, None);
}

#[test]
fn a_refused_command_is_not_obeyed_days_later() {
    let mut facts = facts(&json!({"command": {"to": "Triage", "by": "zoe"}}));
    let (next, decision) = step(&facts, "2027-02-04T15:00:00Z");
    assert!(!decision.answer.unwrap().obeyed);
    facts = next;
    facts.people.on_call.insert("zoe".parse().unwrap());
    assert_eq!(step(&facts, "2027-02-06T15:00:00Z").1.phase, IncidentPhase::New);
}

#[test]
fn who_acts_has_taken_notice() {
    let (_, acknowledged) = step(
        &facts(&json!({"acknowledgement": {"by": "ana"}})),
        "2027-02-04T14:05:00Z",
    );
    assert_eq!(acknowledged.phase, IncidentPhase::Triage, "somebody looked at it");
    assert_eq!(acknowledged.acknowledged_by.unwrap().as_str(), "ana");

    let command = json!({"command": {"to": "InProgress", "by": "cleo"}});
    let (_, taken_up) = step(&facts(&command), "2027-02-04T14:06:00Z");
    assert_eq!(taken_up.acknowledged_by.unwrap().as_str(), "cleo");
    assert_eq!(
        taken_up.timestamps.acknowledged(),
        Some(at("2027-02-04T14:06:00Z"))
    );

    let (_, stranger) = step(
        &facts(&json!({"acknowledgement": {"by": "zoe"}})),
        "2027-02-04T14:05:00Z",
    );
    assert_eq!(stranger.phase, IncidentPhase::New);
    assert_eq!(stranger.timestamps.acknowledged(), None);
    assert_eq!(stranger.reasons[0].code, IncidentReason::AcknowledgementRefused);
    assert!(stranger.reasons[0].message.contains("on call"));
}

#[test]
fn a_hold_ends_with_what_it_waits_for() {
    let on_hold = |more: &Value| {
        let given = with(&json!({"phase": "OnHold"}), more);
        step(&facts(&given), "2027-02-04T15:00:00Z").1
    };
    let problem = |phase: Value| json!({"hold": {"reason": "AwaitingProblem"}, "problem": {"id": "shop/p", "phase": phase}});
    let change = |phase: Value| json!({"hold": {"reason": "AwaitingChange"}, "fixingChange": {"id": "shop/c", "phase": phase}});
    for (given, expected) in [
        (problem(json!("FixInProgress")), None),
        (problem(Value::Null), None),
        (problem(json!("Resolved")), Some(IncidentReason::ProblemResolved)),
        (problem(json!("Closed")), Some(IncidentReason::ProblemResolved)),
        (change(json!("Review")), None),
        (change(json!("Closed")), Some(IncidentReason::ChangeClosed)),
        (change(json!("Cancelled")), Some(IncidentReason::ChangeCancelled)),
        // A resolved problem does not end a wait for a change.
        (
            json!({"hold": {"reason": "AwaitingChange"}, "problem": {"id": "shop/p", "phase": "Resolved"}}),
            None,
        ),
        (
            json!({"hold": {"reason": "AwaitingRequester", "until": "2027-02-04T15:00:01Z"}}),
            None,
        ),
        (
            json!({"hold": {"reason": "AwaitingRequester", "until": "2027-02-04T15:00:00Z"}}),
            Some(IncidentReason::HoldExpired),
        ),
        (json!({}), Some(IncidentReason::HoldWithdrawn)),
    ] {
        let decision = on_hold(&given);
        assert_eq!(
            decision.events.first().map(|event| event.reason),
            expected,
            "{given}"
        );
        assert_eq!(
            decision.phase == IncidentPhase::OnHold,
            expected.is_none(),
            "{given}"
        );
    }
}

#[test]
fn an_incident_closes_when_its_time_has_come_and_a_major_one_with_its_review() {
    let resolved = |more: &Value| {
        let given = json!({"phase": "Resolved", "closesAt": "2027-02-09T14:30:00Z", "timestamps": {
            "detected": "2027-02-04T14:00:00Z", "mitigated": "2027-02-04T14:30:00Z", "resolved": "2027-02-04T14:30:00Z",
        }});
        facts(&with(&given, more))
    };
    let before = step(&resolved(&json!({})), "2027-02-09T14:29:59.999999999Z").1;
    assert_eq!(before.phase, IncidentPhase::Resolved);
    assert_eq!(before.next_transition, Some(at("2027-02-09T14:30:00Z")));
    let then = step(&resolved(&json!({})), "2027-02-09T14:30:00Z").1;
    assert_eq!(then.phase, IncidentPhase::Closed);
    assert_eq!(then.timestamps.closed(), Some(at("2027-02-09T14:30:00Z")));

    let unknown = step(&resolved(&json!({"closesAt": null})), "2028-01-01T00:00:00Z").1;
    assert_eq!(unknown.reasons[0].code, IncidentReason::ClosingTimeUnknown);
    assert_eq!(unknown.phase, IncidentPhase::Resolved);

    let major = json!({"declaration": {"by": "dora", "authorised": true}});
    let (mut waiting, decision) = step(&resolved(&major), "2027-02-09T14:30:00Z");
    assert_eq!(decision.phase, IncidentPhase::Resolved);
    assert_eq!(decision.reasons[0].code, IncidentReason::AwaitsReview);
    assert!(
        decision
            .actions
            .iter()
            .any(|action| action.kind == IncidentActionKind::OpenReview)
    );
    assert_eq!(decision.next_transition, None, "time alone does not close it");
    waiting.review_merged = true;
    assert_eq!(
        step(&waiting, "2027-03-01T00:00:00Z").1.phase,
        IncidentPhase::Closed
    );
}

#[test]
fn a_reopened_incident_has_no_resolution_and_is_counted() {
    let resolved = facts(&json!({
        "phase": "Resolved", "closesAt": "2027-02-09T14:30:00Z", "reopenCount": 1,
        "timestamps": {
            "detected": "2027-02-04T14:00:00Z", "acknowledged": "2027-02-04T14:01:00Z",
            "mitigated": "2027-02-04T14:20:00Z", "resolved": "2027-02-04T14:30:00Z",
        },
        "command": {"to": "InProgress", "by": "rita", "reason": "carts are empty again"},
    }));
    let (next, decision) = step(&resolved, "2027-02-05T09:00:00Z");
    assert_eq!(decision.reopen_count, 2);
    assert_eq!(decision.timestamps.resolved(), None);
    assert_eq!(decision.timestamps.mitigated(), None);
    assert_eq!(
        decision.timestamps.acknowledged(),
        Some(at("2027-02-04T14:01:00Z"))
    );
    assert_eq!(decision.effective.restored, None);
    assert_eq!(decision.events[0].reason, IncidentReason::Reopened);
    assert!(decision.events[0].message.contains("carts are empty again"));
    assert_eq!(
        next.closes_at, None,
        "the closing time belonged to the earlier resolution"
    );
}

#[test]
fn people_come_before_time() {
    let due = facts(&json!({
        "phase": "Resolved", "closesAt": "2027-02-09T14:30:00Z",
        "timestamps": {"detected": "2027-02-04T14:00:00Z", "resolved": "2027-02-04T14:30:00Z"},
        "command": {"to": "InProgress", "by": "ana", "reason": "it is back"},
    }));
    assert_eq!(
        step(&due, "2027-02-10T00:00:00Z").1.phase,
        IncidentPhase::InProgress
    );
}

#[test]
fn effective_times_stand_beside_the_record() {
    let late = facts(&json!({
        "phase": "InProgress", "effectiveFrom": "2027-02-04T13:40:00Z",
        "resolution": {"code": "SelfRecovered", "summary": "It ended.", "effectiveAt": "2027-02-04T13:55:00Z"},
        "command": {"to": "Resolved", "by": "cleo"},
    }));
    let (_, decision) = step(&late, "2027-02-04T15:00:00Z");
    assert_eq!(decision.timestamps.detected(), at("2027-02-04T14:00:00Z"));
    assert_eq!(decision.timestamps.resolved(), Some(at("2027-02-04T15:00:00Z")));
    assert_eq!(decision.timestamps.mitigated(), Some(at("2027-02-04T15:00:00Z")));
    assert_eq!(decision.effective.began, at("2027-02-04T13:40:00Z"));
    assert_eq!(decision.effective.restored, Some(at("2027-02-04T13:55:00Z")));

    let (_, future) = step(
        &facts(&json!({"effectiveFrom": "2027-02-04T14:00:01Z"})),
        "2027-02-04T15:00:00Z",
    );
    assert_eq!(future.effective.began, at("2027-02-04T14:00:00Z"));
    assert_eq!(future.reasons[0].code, IncidentReason::EffectiveTimeRefused);
}

#[test]
fn a_major_incident_needs_the_verb_and_is_proposed_by_rules() {
    let signals = json!({"majorSignals": {"priority": "P1", "mostCriticalDown": 1, "children": 6}});
    let (_, decision) = step(&facts(&signals), "2027-02-04T14:05:00Z");
    let rules: Vec<_> = decision.major_proposal.iter().map(|reason| reason.rule).collect();
    assert_eq!(rules, MajorRule::ALL);
    assert!(!decision.major);

    let refused = json!({"declaration": {"by": "zoe", "authorised": false}});
    let (_, decision) = step(&facts(&refused), "2027-02-04T14:05:00Z");
    assert!(!decision.major);
    assert_eq!(decision.reasons[0].code, IncidentReason::DeclarationRefused);

    let declared = json!({
        "declaration": {"by": "dora", "authorised": true},
        "majorSignals": {"priority": "P1"},
    });
    let (mut next, decision) = step(&facts(&declared), "2027-02-04T14:05:00Z");
    assert_eq!(decision.timestamps.declared(), Some(at("2027-02-04T14:05:00Z")));
    assert!(decision.major && decision.major_proposal.is_empty());
    next.declaration = None;
    assert!(step(&next, "2027-02-04T14:06:00Z").1.major, "it stays one");

    let quiet = MajorSignals {
        children: 5,
        ..MajorSignals::default()
    };
    assert!(propose_major(&quiet, &MajorRules::default()).is_empty());
}

#[test]
fn a_clock_that_goes_back_does_not_turn_the_record_back() {
    let facts = facts(&json!({
        "phase": "Triage", "lastStepAt": "2027-02-04T14:10:00Z",
        "command": {"to": "InProgress", "by": "ana"},
    }));
    let (_, decision) = step(&facts, "2027-02-04T13:00:00Z");
    assert_eq!(decision.phase, IncidentPhase::InProgress);
    assert_eq!(decision.events[0].at, at("2027-02-04T14:10:00Z"));
    assert_eq!(decision.reasons[0].code, IncidentReason::ClockBehind);
}

#[test]
fn timestamps_out_of_order_are_no_timestamps() {
    for wrong in [
        json!({"detected": "2027-02-04T14:00:00Z", "acknowledged": "2027-02-04T13:59:59Z"}),
        json!({"detected": "2027-02-04T14:00:00Z", "mitigated": "2027-02-04T15:00:00Z", "acknowledged": "2027-02-04T15:00:01Z"}),
        json!({"detected": "2027-02-04T14:00:00Z", "resolved": "2027-02-04T15:00:00Z", "closed": "2027-02-04T14:59:59Z"}),
        json!({"detected": "2027-02-04T14:00:00Z", "declared": "2027-02-04T13:00:00Z"}),
    ] {
        let error = serde_json::from_value::<Timestamps>(wrong.clone()).unwrap_err();
        assert!(error.to_string().contains("not in the order"), "{wrong}: {error}");
    }
}
