//! What holds a change back at the moment of opening, one reason at a time.

use super::fixture::{Story, instant};
use crate::catalog::ServiceHealth;
use crate::change::{Causation, PullRequestState};
use crate::change::{
    ChangeModelState, ChangeOutcome, ChangePhase, CheckState, ConflictEffect, ConflictFact, ConflictType,
    Dependency, ErrorBudget, EvaluatedRequirement, GuardedPhase, IncidentFact, Reason, RequirementResult,
    conflict::Conflict, decide,
};
use crate::vocabulary::{ChangeType, Priority};
use serde_json::json;

type Case = (Reason, fn(&mut Story));

fn conflict(waived: bool) -> ConflictFact {
    ConflictFact {
        conflict: Conflict {
            r#type: ConflictType::SameItem,
            effect: ConflictEffect::Blocking,
            with: None,
            gives_way: true,
            items: Vec::new(),
            groups: Vec::new(),
            people: Vec::new(),
            paths: Vec::new(),
            services: Vec::new(),
            when: None,
            message: "both touch payments-db".to_owned(),
        },
        waived_by: waived.then(|| "cy".parse().unwrap()),
    }
}

fn depends(story: &mut Story, phase: ChangePhase, outcome: Option<ChangeOutcome>) {
    let other: crate::ident::ChangeId = "payments/first".parse().unwrap();
    story.facts.change.depends_on.insert(other.clone());
    story
        .facts
        .dependencies
        .insert(other, Dependency { phase, outcome });
}

fn incident(story: &mut Story) {
    story.facts.incidents.push(IncidentFact {
        id: "payments/inc-1".parse().unwrap(),
        priority: Priority::P1,
        major: true,
        open: true,
        caused: Causation::None,
    });
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a literal reads better without a reference"
)]
fn requires(story: &mut Story, to: GuardedPhase, requirement: serde_json::Value) {
    let transition = json!({"to": to, "requires": [requirement]});
    let model = story.facts.model.as_mut().unwrap();
    model
        .definition
        .transitions
        .push(serde_json::from_value(transition).unwrap());
}

fn freeze(story: &mut Story) {
    story.facts.windows.windows.push(
        serde_json::from_value(json!({
            "id": "payments/year-end", "kind": "Freeze", "selector": {},
            "schedule": {"interval": {"start": "2027-02-06T12:00:00Z", "end": "2027-02-08T00:00:00Z"}},
        }))
        .unwrap(),
    );
}

const CASES: &[Case] = &[
    (Reason::FactsIncomplete, |story| {
        story
            .facts
            .unreadable
            .push("the forge does not answer".parse().unwrap());
    }),
    (Reason::PullRequestIsDraft, |story| {
        story.pull_request(PullRequestState::Draft);
    }),
    (Reason::ManifestInvalid, |story| {
        story
            .facts
            .findings
            .push("GS201: spec.plan is no plan".parse().unwrap());
    }),
    (Reason::ContentUnknown, |story| story.facts.content = None),
    (Reason::ModelMissing, |story| story.facts.model = None),
    (Reason::ModelSuspended, |story| {
        story.facts.model.as_mut().unwrap().definition.state = ChangeModelState::Suspended;
    }),
    (Reason::ModelSuspended, |story| {
        let model = story.facts.model.as_mut().unwrap();
        model.definition.proven_success =
            serde_json::from_value(json!({"minRuns": 1, "minPercent": 90})).unwrap();
        let run = json!({"change": "payments/a", "model": "m", "finishedAt": "2027-01-01T00:00:00Z", "outcome": "Unsuccessful"});
        model.runs.push(serde_json::from_value(run).unwrap());
    }),
    (Reason::ModelRetired, |story| {
        story.facts.model.as_mut().unwrap().definition.state = ChangeModelState::Retired;
    }),
    (Reason::ModelProposed, |story| {
        story.facts.model.as_mut().unwrap().definition.state = ChangeModelState::Proposed;
    }),
    (Reason::ModelExpired, |story| {
        story.facts.model.as_mut().unwrap().definition.valid_until = Some(instant("06 20:00"));
    }),
    (Reason::ModelIneligible, |story| {
        let eligible = json!({"environments": ["staging"]});
        story.facts.model.as_mut().unwrap().definition.eligible = serde_json::from_value(eligible).unwrap();
    }),
    (Reason::ModelIneligible, |story| {
        let eligible = json!({"services": {"tiers": [2]}});
        story.facts.model.as_mut().unwrap().definition.eligible = serde_json::from_value(eligible).unwrap();
    }),
    (Reason::ModelIneligible, |story| {
        let eligible = json!({"maxRisk": "Low"});
        story.facts.model.as_mut().unwrap().definition.eligible = serde_json::from_value(eligible).unwrap();
    }),
    (Reason::ModelBlocked, |story| {
        story.facts.model.as_mut().unwrap().blocked_by = Some("payments/emergency".parse().unwrap());
    }),
    (Reason::InFreeze, freeze),
    (Reason::OutsideWindow, |story| story.facts.windows.windows.clear()),
    (Reason::ExceedsWindow, |story| {
        story.facts.change.backout = None;
        story.facts.windows.windows[0].schedule = serde_json::from_value(
            json!({"interval": {"start": "2027-02-06T20:00:00Z", "end": "2027-02-06T21:00:00Z"}}),
        )
        .unwrap();
    }),
    (Reason::WindowUnknown, |story| {
        story.facts.services[0].window_policy = None;
    }),
    (Reason::ConflictsUnknown, |story| story.facts.conflicts = None),
    (Reason::BlockingConflict, |story| {
        story.facts.conflicts = Some(vec![conflict(false)]);
    }),
    (Reason::DependsOnUnfinished, |story| {
        depends(story, ChangePhase::Validating, None);
    }),
    (Reason::DependsOnUnfinished, |story| {
        story
            .facts
            .change
            .depends_on
            .insert("payments/lost".parse().unwrap());
    }),
    (Reason::DependencyFailed, |story| {
        depends(story, ChangePhase::Cancelled, None);
    }),
    (Reason::DependencyFailed, |story| {
        depends(story, ChangePhase::Closed, Some(ChangeOutcome::BackedOut));
    }),
    (Reason::OpenMajorIncident, incident),
    (Reason::ErrorBudgetExhausted, |story| {
        story.facts.services[0].error_budget = ErrorBudget::Exhausted;
    }),
    (Reason::ErrorBudgetUnknown, |story| {
        story.facts.services[0].error_budget = ErrorBudget::Unknown;
    }),
    (Reason::RequirementNotMet, |story| {
        requires(
            story,
            GuardedPhase::Implementing,
            json!({"name": "healthy", "type": "Health"}),
        );
        story.facts.services[0].health = ServiceHealth::Unknown;
    }),
    (Reason::RequirementNotMet, |story| {
        requires(
            story,
            GuardedPhase::Implementing,
            json!({"name": "scan", "type": "Check", "value": "scan"}),
        );
    }),
    (Reason::RequirementUnknown, |story| {
        let backout = json!({"name": "backout", "type": "Field", "value": "spec.backout"});
        requires(story, GuardedPhase::Implementing, backout);
    }),
];

#[test]
fn everything_is_judged_again_at_the_moment_of_opening() {
    for (number, (reason, spoil)) in CASES.iter().enumerate() {
        let mut story = Story::scheduled(ChangeType::Standard);
        spoil(&mut story);
        // A standard change keeps its approval, so that the gate alone is asked.
        let decision = decide(&story.facts, instant("06 20:00"));
        assert_ne!(decision.phase, ChangePhase::Implementing, "{number}: {reason}");
        assert!(
            decision.reasons.iter().any(|one| one.reason == *reason),
            "{number}: {reason}: {decision:?}"
        );
        assert!(decision.reasons.iter().all(|one| !one.message.is_empty()));
        assert!(!decision.actions.iter().any(|action| matches!(
            action,
            crate::change::Action::Merge { .. } | crate::change::Action::Apply { .. }
        )));
    }
}

#[test]
fn what_does_not_matter_does_not_hold_it_back() {
    let harmless: &[fn(&mut Story)] = &[
        |_| (),
        |story| story.facts.conflicts = Some(vec![conflict(true)]),
        |story| {
            depends(
                story,
                ChangePhase::Review,
                Some(ChangeOutcome::SuccessfulWithIssues),
            );
        },
        |story| {
            incident(story);
            story.facts.change.fixes_incident = Some("payments/inc-1".parse().unwrap());
            story.facts.services[0].error_budget = ErrorBudget::Exhausted;
        },
        |story| story.facts.services[0].error_budget = ErrorBudget::None,
        |story| {
            let scan = json!({"name": "scan", "type": "Check", "value": "scan"});
            requires(story, GuardedPhase::Implementing, scan);
            story
                .facts
                .checks
                .insert("scan".parse().unwrap(), CheckState::Passed);
        },
        |story| {
            let backout = json!({"name": "backout", "type": "Field", "value": "spec.backout"});
            requires(story, GuardedPhase::Implementing, backout);
            story.facts.requirements.push(EvaluatedRequirement {
                to: GuardedPhase::Implementing,
                name: "backout".parse().unwrap(),
                result: RequirementResult::Met,
            });
        },
        |story| {
            requires(
                story,
                GuardedPhase::Implementing,
                json!({"name": "window", "type": "Window"}),
            );
            requires(
                story,
                GuardedPhase::Implementing,
                json!({"name": "approval", "type": "Approval"}),
            );
        },
        |story| {
            story.facts.model.as_mut().unwrap().definition.valid_until = Some(instant("06 20:01"));
        },
    ];
    for (number, change) in harmless.iter().enumerate() {
        let mut story = Story::scheduled(ChangeType::Standard);
        change(&mut story);
        let decision = decide(&story.facts, instant("06 20:00"));
        assert_eq!(
            decision.phase,
            ChangePhase::Implementing,
            "{number}: {decision:?}"
        );
    }
}

#[test]
fn lead_time_and_backout_must_fit() {
    // 45 minutes and 30 for the way back, in a window until midnight: 22:45 is the last start.
    let story = Story::scheduled(ChangeType::Standard);
    for (at, phase) in [
        ("06 22:45", ChangePhase::Implementing),
        ("06 22:46", ChangePhase::Scheduled),
        ("06 23:59", ChangePhase::Scheduled),
        ("07 00:00", ChangePhase::Expired),
    ] {
        assert_eq!(decide(&story.facts, instant(at)).phase, phase, "{at}");
    }
    let mut short = Story::scheduled(ChangeType::Standard);
    short.facts.windows.windows[0].lead_time = "2h".parse().unwrap();
    assert_eq!(
        decide(&short.facts, instant("06 21:59")).phase,
        ChangePhase::Implementing
    );
    let late = decide(&short.facts, instant("06 22:00"));
    assert_eq!(late.phase, ChangePhase::Scheduled);
    assert_eq!(late.reasons[0].reason, Reason::ExceedsWindow, "{late:?}");
}

#[test]
fn a_model_says_what_to_do_in_its_own_words() {
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    let plan =
        json!({"name": "plan", "type": "Field", "value": "spec.plan", "message": "Say how long it takes"});
    requires(&mut story, GuardedPhase::AwaitingApproval, plan);
    story.facts.requirements.push(EvaluatedRequirement {
        to: GuardedPhase::AwaitingApproval,
        name: "plan".parse().unwrap(),
        result: RequirementResult::NotMet,
    });
    story.at("01 09:00");
    assert_eq!(story.phase(), Some(ChangePhase::Assessing));
    let reasons = story.last.unwrap().reasons;
    assert_eq!(
        reasons[0].to_string(),
        "RequirementNotMet: the requirement plan of AwaitingApproval: does not hold. Say how long it takes."
    );
}

#[test]
fn locked_fields_are_not_set() {
    let mut story = Story::of(ChangeType::Standard);
    story.assess();
    let locked = serde_json::from_value(json!(["Plan", "Implementer"])).unwrap();
    story.facts.model.as_mut().unwrap().definition.locked_fields = locked;
    story.facts.change.stated = serde_json::from_value(json!(["Implementer", "Backout"])).unwrap();
    story.at("01 09:00");
    assert_eq!(story.reasons(), [Reason::LockedFieldSet]);
    story.facts.change.stated.clear();
    assert_eq!(story.at("01 09:01"), ["Approved", "Scheduled"]);
}

#[test]
fn the_durations_of_the_model_stand_in_for_a_plan() {
    let mut story = Story::of(ChangeType::Standard);
    story.assess();
    story.facts.change.plan = None;
    story.at("01 09:00");
    assert_eq!(story.phase(), Some(ChangePhase::Approved));
    assert_eq!(story.reasons(), [Reason::PlanMissing]);
    let model = &mut story.facts.model.as_mut().unwrap().definition;
    model.default_duration = Some("45m".parse().unwrap());
    assert_eq!(story.at("01 09:01").last(), Some(&"Scheduled"));
}
