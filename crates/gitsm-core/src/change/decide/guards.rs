//! The guards of the table, one by one.

use super::super::facts::{Causation, PullRequestState, RolloutState};
use super::super::machine::{Guard, Row};
use super::super::reason::{Explanation, Reason};
use super::super::record::{BoundPart, Mark};
use super::super::vocabulary::{ChangePhase, ChangePhaseRequest, GuardedPhase};
use super::gate;
use super::outcome;
use super::scene::{Scene, Verdict};
use crate::approval::RequirementState;
use crate::vocabulary::{BackoutKind, ChangeType};

/// What the guard of a row says.
pub(super) fn evaluate(scene: &Scene<'_>, row: &Row) -> Verdict {
    match row.guard {
        Guard::Unseen => Verdict::moves(Reason::NewChange, "it is seen for the first time"),
        Guard::FoundUnauthorized => found_unauthorized(scene),
        Guard::CancelAsked => cancel_asked(scene, row),
        Guard::HoldAsked => asked(scene, row, ChangePhaseRequest::OnHold),
        Guard::ResumeAsked => resume_asked(scene, row),
        Guard::BackOutAsked => asked(scene, row, ChangePhaseRequest::BackOut),
        Guard::EmergencyWithOverride => emergency_with_override(scene),
        Guard::EmergencyReady => emergency_ready(scene),
        Guard::Ready => ready(scene),
        Guard::DraftAgain => draft_again(scene),
        Guard::AssessedStandard => assessed_standard(scene),
        Guard::Assessed => assessed(scene),
        Guard::AssessmentOutdated => assessment_outdated(scene),
        Guard::ApproverRejected => approver_rejected(scene),
        Guard::Approved => approved(scene),
        Guard::ApprovalLost => approval_lost(scene),
        Guard::StartKnown => start_known(scene),
        Guard::StartPassed => start_passed(scene),
        Guard::GateOpen => gate_open(scene),
        Guard::StartedByHand => started_by_hand(scene, row),
        Guard::RolloutFailed => rollout_failed(scene),
        Guard::RolloutFinished => rollout_finished(scene),
        Guard::SoakOver => soak_over(scene),
        Guard::BackoutVerified => backout_verified(scene),
        Guard::ChangedSinceRejection => changed_since_rejection(scene),
        Guard::Expired => Verdict::moves(
            Reason::ApprovalNeededAgain,
            "its time passed unused, and it never starts later by itself",
        ),
        Guard::ReviewDone => review_done(scene),
    }
}

fn found_unauthorized(scene: &Scene<'_>) -> Verdict {
    if scene.facts.change.unauthorized {
        Verdict::moves(
            Reason::UnauthorizedChange,
            "it went in without anybody having asked for it",
        )
    } else {
        Verdict::Silent
    }
}

fn asked(scene: &Scene<'_>, row: &Row, request: ChangePhaseRequest) -> Verdict {
    match scene.command(request, row.actors) {
        None => Verdict::Silent,
        Some(command) => Verdict::moves(
            Reason::Requested,
            format!("{} asked for {request}: {}", command.by, command.reason.as_str()),
        ),
    }
}

fn cancel_asked(scene: &Scene<'_>, row: &Row) -> Verdict {
    if scene.pull_request() == Some(PullRequestState::Closed) {
        return Verdict::moves(
            Reason::PullRequestClosed,
            "the pull request was closed without a merge",
        );
    }
    asked(scene, row, ChangePhaseRequest::Cancel)
}

fn resume_asked(scene: &Scene<'_>, row: &Row) -> Verdict {
    match asked(scene, row, ChangePhaseRequest::Resume) {
        Verdict::Silent => Verdict::Held(vec![Explanation::new(Reason::OnHold, "it is set aside")]),
        other => other,
    }
}

fn emergency_with_override(scene: &Scene<'_>) -> Verdict {
    if !scene.by_override() {
        return Verdict::Silent;
    }
    Verdict::unless(
        gate::opening(scene),
        Reason::AuthorizedByOverride,
        "an override of two people is in force",
    )
}

fn emergency_ready(scene: &Scene<'_>) -> Verdict {
    if !scene.is_type(ChangeType::Emergency) {
        return Verdict::Silent;
    }
    let mut against = gate::readiness(scene);
    against.extend(gate::model(scene));
    Verdict::unless(
        against,
        Reason::ReadyForAssessment,
        "it is an emergency and goes to its approvers at once",
    )
}

fn ready(scene: &Scene<'_>) -> Verdict {
    if scene.is_type(ChangeType::Emergency) {
        return Verdict::Silent;
    }
    Verdict::unless(
        gate::readiness(scene),
        Reason::ReadyForAssessment,
        "the pull request is ready",
    )
}

fn draft_again(scene: &Scene<'_>) -> Verdict {
    if scene.pull_request() == Some(PullRequestState::Draft) {
        Verdict::moves(Reason::BackToDraft, "the pull request is a draft again")
    } else {
        Verdict::Silent
    }
}

/// What is against calling the change assessed. An emergency is judged by its approvers alone.
fn assessment(scene: &Scene<'_>, to: &[GuardedPhase]) -> Vec<Explanation> {
    let mut against = gate::readiness(scene);
    against.extend(gate::model(scene));
    if !scene.is_type(ChangeType::Emergency) {
        if scene.binding.risk.is_none() {
            against.push(Explanation::new(Reason::RiskUnknown, "its risk is not computed"));
        }
        against.extend(gate::conflicts(scene));
    }
    against.extend(to.iter().flat_map(|phase| gate::requirements(scene, *phase)));
    against
}

fn assessed_standard(scene: &Scene<'_>) -> Verdict {
    let Some(model) = scene.model().filter(|_| scene.is_type(ChangeType::Standard)) else {
        return Verdict::Silent;
    };
    let mut against = assessment(scene, &[GuardedPhase::AwaitingApproval, GuardedPhase::Approved]);
    let locked = model.definition.locked_fields.iter();
    against.extend(
        locked
            .filter(|field| scene.facts.change.stated.contains(field))
            .map(|field| {
                Explanation::new(
                    Reason::LockedFieldSet,
                    format!("the model sets {field}, and the change sets it too"),
                )
            }),
    );
    if scene.facts.record.has(Mark::Expired) && differences(scene).is_empty() {
        against.push(Explanation::new(
            Reason::PlanMustBeRenewed,
            "its time passed unused, and a standard change does not start later by itself",
        ));
    }
    Verdict::unless(
        against,
        Reason::ApprovedByModel,
        format!("the standard model {} approves it", model.definition.name),
    )
}

fn assessed(scene: &Scene<'_>) -> Verdict {
    if scene.is_type(ChangeType::Standard) {
        return Verdict::Silent;
    }
    let message = match scene.binding.risk {
        Some(risk) => format!(
            "its risk is {}({}), and no conflict blocks it",
            risk.level, risk.score
        ),
        None => "its approvers judge it".to_owned(),
    };
    Verdict::unless(
        assessment(scene, &[GuardedPhase::AwaitingApproval]),
        Reason::Assessed,
        message,
    )
}

/// What differs from what was assessed. Where nothing is recorded, the assessment is not worth anything.
pub(super) fn differences(scene: &Scene<'_>) -> Vec<BoundPart> {
    match &scene.facts.record.bound {
        Some(bound) => bound.differences(&scene.binding),
        None => vec![BoundPart::Spec],
    }
}

fn changed(parts: &[BoundPart]) -> Explanation {
    let parts: Vec<_> = parts.iter().map(|part| part.as_str()).collect();
    Explanation::new(
        Reason::ContentChanged,
        format!("changed since: {}", parts.join(", ")),
    )
}

fn assessment_outdated(scene: &Scene<'_>) -> Verdict {
    let mut parts = differences(scene);
    let approved = scene.facts.phase != Some(ChangePhase::AwaitingApproval);
    // What was approved by people goes back to them; what a model approved, or another model judges, is assessed anew.
    if approved && scene.facts.record.bound.is_some() && !scene.is_type(ChangeType::Standard) {
        parts.retain(|part| matches!(part, BoundPart::Model | BoundPart::Environment));
    }
    if parts.is_empty() {
        Verdict::Silent
    } else {
        Verdict::Moves(vec![changed(&parts)])
    }
}

fn approver_rejected(scene: &Scene<'_>) -> Verdict {
    if scene.approvals.state == RequirementState::Rejected {
        Verdict::moves(Reason::RejectedByApprover, scene.approvals.message.clone())
    } else {
        Verdict::Silent
    }
}

fn approved(scene: &Scene<'_>) -> Verdict {
    use super::super::record::Authority;
    let mut against = gate::readiness(scene);
    against.extend(gate::plan_in_past(scene));
    against.extend(gate::requirements(scene, GuardedPhase::Approved));
    let authority = match scene.authority() {
        Ok(authority) => authority,
        Err(missing) => {
            against.extend(missing);
            return Verdict::Held(against);
        }
    };
    let (reason, message) = match authority {
        Authority::Model => (Reason::ApprovedByModel, "its standard model approves it"),
        Authority::People => (Reason::ApprovedByPeople, "the approval policy is met"),
        Authority::Override => (
            Reason::AuthorizedByOverride,
            "an override of two people is in force",
        ),
    };
    Verdict::unless(against, reason, message)
}

fn approval_lost(scene: &Scene<'_>) -> Verdict {
    let parts = differences(scene);
    if !parts.is_empty() {
        return Verdict::Moves(vec![changed(&parts)]);
    }
    // What cannot be read is not withdrawn: the gate stays shut, and the approval is there when it can be read again.
    if scene.approvals.state == RequirementState::Error || !scene.facts.unreadable.is_empty() {
        return Verdict::Silent;
    }
    match scene.authority() {
        Ok(_) => Verdict::Silent,
        Err(missing) => {
            let why: Vec<_> = missing.into_iter().map(|one| one.message).collect();
            Verdict::moves(Reason::ApprovalLapsed, why.join("; "))
        }
    }
}

fn start_known(scene: &Scene<'_>) -> Verdict {
    let mut against = gate::readiness(scene);
    against.extend(gate::model(scene));
    if let Err(missing) = scene.authority() {
        against.extend(missing);
    }
    against.extend(gate::requirements(scene, GuardedPhase::Scheduled));
    match gate::slot(scene) {
        Err(why) => {
            against.push(why);
            Verdict::Held(against)
        }
        Ok(slot) => Verdict::unless(
            against,
            Reason::StartKnown,
            format!("it is to start at {}", slot.start),
        ),
    }
}

fn start_passed(scene: &Scene<'_>) -> Verdict {
    match scene.facts.record.start_ends {
        Some(end) if scene.reached(end) => Verdict::moves(
            Reason::StartMissed,
            format!("it was to start before {end} and did not"),
        ),
        _ => Verdict::Silent,
    }
}

fn manual_start(scene: &Scene<'_>) -> bool {
    scene.model().is_some_and(|model| model.definition.manual_start)
}

fn gate_open(scene: &Scene<'_>) -> Verdict {
    if manual_start(scene) {
        return Verdict::Silent;
    }
    Verdict::unless(gate::opening(scene), Reason::GateOpen, opening_message(scene))
}

fn opening_message(scene: &Scene<'_>) -> String {
    match scene.window_now().closes {
        Some(end) => format!("everything holds, and the windows are open until {end}"),
        None => "everything holds, and the windows are open".to_owned(),
    }
}

fn started_by_hand(scene: &Scene<'_>, row: &Row) -> Verdict {
    if !manual_start(scene) {
        return Verdict::Silent;
    }
    let mut against = gate::opening(scene);
    match scene.command(ChangePhaseRequest::Implement, row.actors) {
        Some(command) => Verdict::unless(
            against,
            Reason::Requested,
            format!("{} starts it: {}", command.by, command.reason.as_str()),
        ),
        None => {
            against.push(Explanation::new(
                Reason::ManualStartNeeded,
                "its model asks for a start by hand",
            ));
            Verdict::Held(against)
        }
    }
}

/// Whether the change can be taken back. Where its author does not say how, nobody has thought of it.
pub(super) fn way_back(scene: &Scene<'_>) -> Option<BackoutKind> {
    scene
        .facts
        .change
        .backout
        .filter(|kind| *kind != BackoutKind::None)
}

fn rollout_state(scene: &Scene<'_>) -> Option<RolloutState> {
    scene.facts.rollout.as_ref().map(|rollout| rollout.state)
}

fn rollout_failed(scene: &Scene<'_>) -> Verdict {
    match way_back(scene) {
        Some(kind) if rollout_state(scene) == Some(RolloutState::Failed) => Verdict::moves(
            Reason::RolloutFailed,
            format!("the rollout failed, and it is taken back by {kind}"),
        ),
        _ => Verdict::Silent,
    }
}

/// What is wrong with the content that was found; none if it is the approved one or nothing was found yet.
pub(super) fn wrong_content(scene: &Scene<'_>) -> Option<Explanation> {
    let found = scene.facts.rollout.as_ref()?.implemented.as_ref()?;
    let approved = scene
        .facts
        .record
        .bound
        .as_ref()
        .and_then(|bound| bound.content.as_ref());
    if approved.is_some_and(|approved| approved.is_same(found)) {
        return None;
    }
    let approved = approved.map_or("nothing", |content| content.head_sha.as_str());
    Some(Explanation::new(
        Reason::UnauthorizedContent,
        format!("{} is in, and {approved} is approved", found.head_sha),
    ))
}

fn rollout_finished(scene: &Scene<'_>) -> Verdict {
    let Some(rollout) = &scene.facts.rollout else {
        return Verdict::Held(vec![Explanation::new(
            Reason::RolloutRunning,
            "nothing is known of its rollout",
        )]);
    };
    let running = |message: &str| Verdict::Held(vec![Explanation::new(Reason::RolloutRunning, message)]);
    match rollout.state {
        RolloutState::Failed if way_back(scene).is_none() => {
            Verdict::moves(Reason::NoWayBack, "the rollout failed, and there is no way back")
        }
        // The row before this one takes it back.
        RolloutState::Failed => Verdict::Silent,
        RolloutState::Pending => running("its rollout has not begun"),
        RolloutState::Progressing => running("its rollout is going on"),
        RolloutState::Healthy => match (wrong_content(scene), &rollout.implemented) {
            (Some(wrong), _) => Verdict::Held(vec![wrong]),
            (None, None) => running("its rollout is healthy, and the content that is in is not known"),
            (None, Some(content)) => Verdict::moves(
                Reason::RolloutFinished,
                format!("{} is in and healthy", content.head_sha),
            ),
        },
    }
}

fn soak_over(scene: &Scene<'_>) -> Verdict {
    if rollout_state(scene) == Some(RolloutState::Failed) || scene.facts.record.has(Mark::RolloutFailed) {
        return Verdict::moves(Reason::NoWayBack, "it failed, and there is no way back");
    }
    let mut against: Vec<_> = wrong_content(scene).into_iter().collect();
    match scene.facts.record.soak_until {
        Some(end) if !scene.reached(end) => {
            against.push(Explanation::new(
                Reason::Soaking,
                format!("it is watched until {end}"),
            ));
        }
        _ => {}
    }
    against.extend(gate::requirements(scene, GuardedPhase::Review));
    Verdict::unless(
        against,
        Reason::SoakOver,
        "it was watched for the time of its model",
    )
}

fn backout_verified(scene: &Scene<'_>) -> Verdict {
    let rollout = scene.facts.rollout.as_ref();
    let touched = rollout
        .is_some_and(|rollout| rollout.state != RolloutState::Pending || rollout.implemented.is_some());
    if !touched && scene.pull_request() != Some(PullRequestState::Merged) {
        return Verdict::moves(Reason::BackoutVerified, "nothing of it had gone in");
    }
    let Some((rollout, returned)) =
        rollout.and_then(|rollout| Some((rollout, rollout.backed_out_to.as_ref()?)))
    else {
        return Verdict::Held(vec![Explanation::new(
            Reason::BackoutRunning,
            "it is not verified that what was there before is back",
        )]);
    };
    match &rollout.previous_sha {
        Some(previous) if previous != returned => Verdict::Held(vec![Explanation::new(
            Reason::BackoutRunning,
            format!("{returned} is in, and {previous} was there before"),
        )]),
        _ => Verdict::moves(Reason::BackoutVerified, format!("{returned} is back")),
    }
}

fn changed_since_rejection(scene: &Scene<'_>) -> Verdict {
    let parts = match &scene.facts.record.rejected {
        Some(rejected) => rejected.differences(&scene.binding),
        None => vec![BoundPart::Spec],
    };
    // A risk that is computed anew is not an answer to a review.
    if parts.iter().any(|part| *part != BoundPart::RiskLevel) {
        Verdict::Moves(vec![changed(&parts)])
    } else {
        Verdict::Held(vec![Explanation::new(
            Reason::WaitingForAuthor,
            "it was refused and has not changed since",
        )])
    }
}

fn review_done(scene: &Scene<'_>) -> Verdict {
    let facts = scene.facts;
    let mut against = gate::unreadable(scene);
    if outcome::review_needed(scene) {
        match &facts.review {
            None => against.push(Explanation::new(Reason::ReviewPending, "it has no review yet")),
            Some(review) if review.merged_at.is_none_or(|at| !scene.reached(at)) => {
                against.push(Explanation::new(
                    Reason::ReviewPending,
                    format!("the review {} is not merged", review.name),
                ));
            }
            Some(review) => {
                if review.reviewers.is_subset(&facts.implementers) {
                    against.push(Explanation::new(
                        Reason::ReviewerIsImplementer,
                        format!("the review {} has no reviewer who did not implement", review.name),
                    ));
                }
            }
        }
    }
    if outcome::late_approval_missing(scene) {
        against.push(Explanation::new(
            Reason::LateApprovalPending,
            format!("it went in by an override: {}", scene.approvals.message),
        ));
    }
    let undecided = facts
        .incidents
        .iter()
        .filter(|incident| incident.caused == Causation::Suspected);
    against.extend(undecided.map(|incident| {
        Explanation::new(
            Reason::IncidentUndecided,
            format!("it is suspected to have caused {}", incident.id),
        )
    }));
    against.extend(gate::requirements(scene, GuardedPhase::Closed));
    if !against.is_empty()
        && let Some(due) = facts.record.review_due
        && scene.reached(due)
    {
        against.push(Explanation::new(
            Reason::ReviewOverdue,
            format!("review and approval were due at {due}"),
        ));
    }
    let outcome = outcome::of(scene, &facts.record, false);
    Verdict::unless(against, Reason::ReviewDone, format!("it ended as {outcome}"))
}
