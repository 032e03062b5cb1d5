//! What a move records and asks for.

use super::super::action::{Action, Audience};
use super::super::decision::Decision;
use super::super::facts::RolloutState;
use super::super::machine::{Guard, Row};
use super::super::reason::Reason;
use super::super::record::{Authority, BoundPart, CommandAnswer, Mark};
use super::super::vocabulary::{ChangeOutcome, ChangePhase};
use super::scene::Scene;
use super::{commands, gate, guards, outcome, standing};
use crate::Text;
use crate::calendar::Calendar;
use crate::time::Instant;
use crate::vocabulary::ChangeType;
use jiff::SignedDuration;

/// Completes a decision that moves along `row`.
pub(super) fn enter(scene: &Scene<'_>, row: &Row, decision: &mut Decision) {
    decision.record.phase_since = Some(scene.now);
    record(scene, row, decision);
    void(scene, row, decision);
    if let Some(command) = scene.open_command().filter(|command| {
        commands::guard_of(command.to) == row.guard
            && !decision
                .reasons
                .iter()
                .any(|one| one.reason == Reason::PullRequestClosed)
    }) {
        let answer = CommandAnswer {
            command: command.clone(),
            obeyed: true,
            message: Text::clip(format!("{}: the change is {} now", command.to, row.to)),
        };
        decision.record.answer = Some(answer.clone());
        decision.answer = Some(answer);
    }
    standing::actions(scene, decision);
    let about = decision
        .reasons
        .first()
        .map_or(Reason::Requested, |one| one.reason);
    let told = audience(row.to).iter();
    decision
        .actions
        .extend(told.map(|to| Action::Notify { to: *to, about }));
}

const fn audience(phase: ChangePhase) -> &'static [Audience] {
    match phase {
        ChangePhase::AwaitingApproval => &[Audience::Approvers],
        ChangePhase::Rejected | ChangePhase::Expired | ChangePhase::Approved | ChangePhase::Closed => {
            &[Audience::Requester]
        }
        ChangePhase::Scheduled | ChangePhase::Review => &[Audience::Requester, Audience::Implementer],
        ChangePhase::Implementing | ChangePhase::Cancelled | ChangePhase::OnHold => {
            &[Audience::Requester, Audience::ServiceOwners]
        }
        ChangePhase::BackedOut => &[
            Audience::Requester,
            Audience::Implementer,
            Audience::ServiceOwners,
            Audience::ChangeAuthority,
        ],
        ChangePhase::Draft | ChangePhase::Assessing | ChangePhase::Validating => &[],
    }
}

fn record(scene: &Scene<'_>, row: &Row, decision: &mut Decision) {
    let now = scene.now;
    let record = &mut decision.record;
    match row.to {
        ChangePhase::Draft | ChangePhase::Rejected | ChangePhase::OnHold | ChangePhase::Expired => {
            record.authority = None;
            record.scheduled_start = None;
            record.start_ends = None;
            record.mark(Mark::Expired, row.to == ChangePhase::Expired);
            if row.to == ChangePhase::Rejected {
                record.rejected = Some(scene.binding.clone());
            }
        }
        ChangePhase::Assessing => {
            record.authority = None;
            record.scheduled_start = None;
            record.start_ends = None;
        }
        ChangePhase::AwaitingApproval => {
            record.authority = None;
            record.scheduled_start = None;
            record.start_ends = None;
            if matches!(row.guard, Guard::Assessed | Guard::EmergencyReady) {
                record.bound = Some(scene.binding.clone());
            }
        }
        ChangePhase::Approved => {
            if row.guard == Guard::AssessedStandard {
                record.bound = Some(scene.binding.clone());
                record.marks.remove(&Mark::Expired);
                record.authority = Some(Authority::Model);
            } else {
                record.authority = scene.authority().ok();
                record.marks.remove(&Mark::Expired);
            }
        }
        ChangePhase::Scheduled => {
            if let Ok(slot) = gate::slot(scene) {
                record.scheduled_start = Some(slot.start);
                record.start_ends = slot.ends;
            }
        }
        ChangePhase::Implementing => {
            if row.guard == Guard::EmergencyWithOverride {
                record.bound = Some(scene.binding.clone());
                record.authority = scene.authority().ok();
            }
            record.started_at = record.started_at.or(Some(now));
            record.mark(Mark::UsedOverride, scene.has_override());
            if scene.is_type(ChangeType::Emergency) || record.has(Mark::UsedOverride) {
                record.review_due = record.review_due.or_else(|| review_due(scene));
            }
        }
        ChangePhase::Validating => {
            finish(scene, decision);
            let soak = scene.model().map(|model| model.definition.soak.to_signed());
            let end = decision.record.finished_at.unwrap_or(now);
            decision.record.soak_until = Some(end.plus(soak.unwrap_or(SignedDuration::ZERO)));
        }
        ChangePhase::BackedOut => finish(scene, decision),
        ChangePhase::Review => {
            if scene.facts.change.unauthorized {
                record.review_due = record.review_due.or_else(|| review_due(scene));
            }
            record.finished_at = record
                .finished_at
                .or(record.started_at.map(|start| start.max(now)));
            record.mark(Mark::RolloutFailed, rollout_failed(scene));
            let ended = if row.guard == Guard::BackoutVerified {
                ChangeOutcome::BackedOut
            } else {
                outcome::of(scene, &decision.record, row.guard == Guard::SoakOver)
            };
            decision.record.outcome = Some(ended);
        }
        ChangePhase::Closed => {
            record.closed_at = Some(now);
            let ended = outcome::of(scene, &decision.record, false);
            decision.record.outcome = Some(ended);
        }
        ChangePhase::Cancelled => {
            record.closed_at = Some(now);
            record.outcome = Some(ChangeOutcome::Cancelled);
        }
    }
}

fn rollout_failed(scene: &Scene<'_>) -> bool {
    let rollout = scene.facts.rollout.as_ref();
    rollout.is_some_and(|rollout| rollout.state == RolloutState::Failed)
}

/// Records the end of implementing: not before its start, and not in the future.
fn finish(scene: &Scene<'_>, decision: &mut Decision) {
    let rollout = scene.facts.rollout.as_ref();
    let record = &mut decision.record;
    let observed = rollout
        .and_then(|rollout| rollout.finished_at)
        .unwrap_or(scene.now);
    let start = record.started_at.unwrap_or(Instant::MIN);
    let finished = observed.min(scene.now).max(start);
    record.finished_at = record.finished_at.or(Some(finished));
    let implemented = rollout.and_then(|rollout| rollout.implemented.as_ref());
    record.implemented_sha = implemented.map(|content| content.head_sha.clone());
    record.mark(Mark::RolloutFailed, rollout_failed(scene));
    record.mark(Mark::UnauthorizedContent, guards::wrong_content(scene).is_some());
    record.mark(
        Mark::Overran,
        standing::overrun_at(scene).is_some_and(|end| finished > end),
    );
}

/// When the review of an emergency is due. A calendar that never opens again gives no instant, and the review stays
/// due at none.
fn review_due(scene: &Scene<'_>) -> Option<Instant> {
    let model = scene.model()?;
    let length = SignedDuration::from_mins(i64::from(model.definition.review_due_minutes));
    match &model.review_calendar {
        Some(rules) => Calendar::new(rules.clone()).add_business(scene.now, length),
        None => Some(scene.now.plus(length)),
    }
}

/// Voids reviews where the commit that they are bound to does not do so: what is set aside, refused or missed is judged
/// anew, and so is a plan, a risk or a service that changed under the same commit.
fn void(scene: &Scene<'_>, row: &Row, decision: &mut Decision) {
    let why = match row.to {
        ChangePhase::OnHold | ChangePhase::Expired => decision.reasons.first().map(|one| one.reason),
        ChangePhase::Rejected => Some(Reason::RejectedByApprover),
        ChangePhase::Assessing | ChangePhase::AwaitingApproval => {
            let changed = decision
                .reasons
                .iter()
                .any(|one| one.reason == Reason::ContentChanged);
            let payload = guards::differences(scene).contains(&BoundPart::Payload);
            (changed && !payload).then_some(Reason::ContentChanged)
        }
        _ => None,
    };
    if let Some(why) = why {
        decision.record.approvals_void_until = Some(scene.now);
        decision.actions.push(Action::VoidApprovals {
            until: scene.now,
            why,
        });
    }
}
