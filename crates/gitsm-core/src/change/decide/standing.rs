//! What a phase asks for as long as it lasts.

use super::super::action::{Action, Audience};
use super::super::decision::Decision;
use super::super::facts::{MergeBy, PullRequestState, RolloutState};
use super::super::reason::{Explanation, Reason};
use super::super::record::Mark;
use super::super::vocabulary::ChangePhase;
use super::scene::Scene;
use super::{gate, guards, outcome};
use crate::approval::RequirementState;
use crate::time::Instant;

/// Completes a decision that does not move.
pub(super) fn stay(scene: &Scene<'_>, decision: &mut Decision) {
    match decision.phase {
        ChangePhase::Implementing => {
            if let Some(end) = overrun_at(scene)
                && scene.reached(end)
            {
                decision.record.mark(Mark::Overran, true);
                decision.reasons.push(Explanation::new(
                    Reason::Overrun,
                    format!("it was to be finished by {end}"),
                ));
            }
            decision
                .record
                .mark(Mark::UnauthorizedContent, guards::wrong_content(scene).is_some());
        }
        ChangePhase::Validating => {
            decision
                .record
                .mark(Mark::UnauthorizedContent, guards::wrong_content(scene).is_some());
        }
        ChangePhase::Review => {
            decision.record.outcome = Some(outcome::of(scene, &decision.record, false));
        }
        ChangePhase::Closed | ChangePhase::Cancelled => {
            decision
                .reasons
                .push(Explanation::new(Reason::Final, "it is finished"));
        }
        _ => {}
    }
    actions(scene, decision);
}

/// When a change that is being implemented was to be finished.
pub(super) fn overrun_at(scene: &Scene<'_>) -> Option<Instant> {
    let start = scene.facts.record.started_at?;
    Some(start.plus(scene.plan()?.duration.to_signed()))
}

/// The actions of the phase that the decision leads to.
pub(super) fn actions(scene: &Scene<'_>, decision: &mut Decision) {
    match decision.phase {
        ChangePhase::Assessing => decision.actions.push(Action::Assess),
        ChangePhase::AwaitingApproval => approval(scene, decision),
        ChangePhase::Implementing => implementing(scene, decision),
        ChangePhase::Validating => {
            decision.actions.push(Action::ObserveRollout);
            report_content(scene, decision);
        }
        ChangePhase::BackedOut => {
            if let Some(by) = guards::way_back(scene) {
                let previous = scene
                    .facts
                    .rollout
                    .as_ref()
                    .and_then(|all| all.previous_sha.clone());
                decision.actions.push(Action::BackOut { by, to: previous });
            }
        }
        ChangePhase::Review => review(scene, decision),
        _ => {}
    }
}

fn approval(scene: &Scene<'_>, decision: &mut Decision) {
    if scene.approvals().state == RequirementState::Pending {
        decision.actions.push(Action::RequestApproval);
    }
    if scene.approvals().overdue {
        decision.actions.push(Action::Escalate {
            to: Audience::ChangeAuthority,
            why: Reason::ApprovalPending,
        });
    }
}

/// Nothing is merged or applied because a phase says so: the gate is asked again each time until it is done.
fn implementing(scene: &Scene<'_>, decision: &mut Decision) {
    let rollout = scene.facts.rollout.as_ref();
    let untouched =
        rollout.is_none_or(|rollout| rollout.state == RolloutState::Pending && rollout.implemented.is_none());
    if untouched {
        let mut against = gate::opening(scene);
        // In an emergency people may still have to merge.
        let unmerged = scene.pull_request() == Some(PullRequestState::Open);
        if unmerged && scene.facts.merge == MergeBy::Manual && against.is_empty() {
            against.push(Explanation::new(
                Reason::MergeNeeded,
                "people merge in this repository",
            ));
        }
        let content = scene.facts.content.as_ref();
        match content.map(|content| content.head_sha.clone()) {
            Some(revision) if against.is_empty() && is_bound(scene, decision) => {
                decision.actions.push(if unmerged {
                    Action::Merge { expected: revision }
                } else {
                    Action::Apply { revision }
                });
            }
            _ => {
                for reason in against {
                    if !decision.reasons.contains(&reason) {
                        decision.reasons.push(reason);
                    }
                }
            }
        }
    } else if let Some(why) = gate::paused(scene) {
        decision.reasons.push(why);
        decision.actions.push(Action::Pause);
    }
    decision.actions.push(Action::ObserveRollout);
    report_content(scene, decision);
}

/// Whether the content of now is the content that was let in.
fn is_bound(scene: &Scene<'_>, decision: &Decision) -> bool {
    match (&decision.record.bound, &scene.facts.content) {
        (Some(bound), Some(content)) => bound.content.as_ref().is_some_and(|bound| bound.is_same(content)),
        _ => false,
    }
}

fn report_content(scene: &Scene<'_>, decision: &mut Decision) {
    if guards::wrong_content(scene).is_none() {
        return;
    }
    let bound = scene.facts.record.bound.as_ref();
    let approved = bound.and_then(|bound| bound.content.as_ref());
    let rollout = scene.facts.rollout.as_ref();
    let found = rollout.and_then(|rollout| rollout.implemented.as_ref());
    decision.actions.push(Action::ReportUnauthorizedContent {
        approved: approved.map(|content| content.head_sha.clone()),
        found: found.map(|content| content.head_sha.clone()),
    });
}

fn review(scene: &Scene<'_>, decision: &mut Decision) {
    let due = decision.record.review_due;
    let merged = scene
        .facts
        .review
        .as_ref()
        .is_some_and(|review| review.merged_at.is_some_and(|at| at <= scene.now));
    let review_missing = outcome::review_needed(scene) && !merged;
    let late = outcome::late_approval_missing(scene);
    if review_missing && scene.facts.review.is_none() {
        let outcome = outcome::of(scene, &decision.record, false);
        decision.actions.push(Action::CreateReview { due, outcome });
    }
    if late {
        decision.actions.push(Action::RequestLateApproval { due });
    }
    let overdue = due.is_some_and(|due| scene.reached(due));
    if overdue && (review_missing || late) {
        decision.actions.push(Action::Escalate {
            to: Audience::ChangeAuthority,
            why: Reason::ReviewOverdue,
        });
        if let Some(model) = scene.model() {
            decision.actions.push(Action::BlockStandardModels {
                team: model.definition.owner.clone(),
            });
        }
    }
}
