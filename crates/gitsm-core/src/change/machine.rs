//! The state machine as data: which moves there are, who makes them, and what must hold.
//!
//! [`decide`](super::decide) walks this table and nothing else: for the phase of a change it asks the guards in the
//! order of the rows, and the first that holds gives the move.

use super::vocabulary::ChangePhase;
use crate::choice::choices;
use serde::Serialize;

choices! {
    /// Who makes a move.
    pub enum Actor {
        /// gitsm, from what it observes.
        Controller,
        /// Who wants the change.
        Requester,
        /// Who carries it out.
        Implementer,
        /// The people whom the approval policy names.
        Approver,
        /// The two people of an override.
        EmergencyApprover,
        /// An owner of an affected service.
        ServiceOwner,
        /// A member of the change authority.
        ChangeAuthority,
        /// Who looks back on the change.
        Reviewer,
    }
}

choices! {
    /// What must hold for a move.
    pub enum Guard {
        /// The change has not been seen before.
        Unseen,
        /// It is in, and nobody asked for it.
        FoundUnauthorized,
        /// Cancel is asked for, or the pull request is closed without a merge.
        CancelAsked,
        /// OnHold is asked for.
        HoldAsked,
        /// Resume is asked for.
        ResumeAsked,
        /// BackOut is asked for.
        BackOutAsked,
        /// An emergency, ready, with an override in force that opens its windows.
        EmergencyWithOverride,
        /// An emergency, ready for its approvers.
        EmergencyReady,
        /// Ready for assessment.
        Ready,
        /// The pull request is a draft again.
        DraftAgain,
        /// Assessed, and of a standard model.
        AssessedStandard,
        /// Assessed.
        Assessed,
        /// What was assessed has changed.
        AssessmentOutdated,
        /// An approver asked for changes.
        ApproverRejected,
        /// Approved by people, by a standard model, or by the people of an override.
        Approved,
        /// The approval does not cover the change as it is now.
        ApprovalLost,
        /// The start is known.
        StartKnown,
        /// The time to start has passed.
        StartPassed,
        /// Everything holds at the moment of opening, and the model starts by itself.
        GateOpen,
        /// Everything holds at the moment of opening, and Implement is asked for.
        StartedByHand,
        /// The rollout failed and can be taken back.
        RolloutFailed,
        /// The rollout finished with the approved content.
        RolloutFinished,
        /// It was watched long enough.
        SoakOver,
        /// The backout is verified.
        BackoutVerified,
        /// Its author changed it after it was refused, or who refused took that back.
        RejectionAnswered,
        /// Its time passed unused.
        Expired,
        /// Nothing is left to do.
        ReviewDone,
    }
}

impl Guard {
    /// What must hold, in words for the documentation.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unseen => "the change has not been seen before",
            Self::FoundUnauthorized => {
                "the change was found to have gone in without anybody having asked for it"
            }
            Self::CancelAsked => "Cancel is asked for, or the pull request is closed without a merge",
            Self::HoldAsked => "OnHold is asked for, with a reason; approvals given so far are void",
            Self::ResumeAsked => "Resume is asked for",
            Self::BackOutAsked => "BackOut is asked for",
            Self::EmergencyWithOverride => {
                "the model is an emergency model in use, the pull request is ready, the content resolves, \
                 and an override in force opens the windows"
            }
            Self::EmergencyReady => {
                "the model is an emergency model in use, the pull request is ready and the content resolves"
            }
            Self::Ready => "the pull request is ready, the manifest is valid and the content resolves",
            Self::DraftAgain => "the pull request is a draft again",
            Self::AssessedStandard => {
                "the model is a standard model in use and for such changes, sets no locked field, risk is \
                 computed, no conflict blocks, and the model's requirements hold"
            }
            Self::Assessed => {
                "the model is in use and for such changes, risk is computed, no conflict blocks or it is \
                 waived by the change authority, and the model's requirements hold"
            }
            Self::AssessmentOutdated => {
                "model or environment changed, or anything that was assessed before it was approved"
            }
            Self::ApproverRejected => {
                "an approver asked for changes, and the author has not answered yet; earlier approvals are void"
            }
            Self::Approved => {
                "the approval policy is met for the current commit, spec, plan and risk, or the standard \
                 model approves, or an override stands in for the approvers of an emergency"
            }
            Self::ApprovalLost => {
                "payload, services, plan, spec or risk level changed, or an approval lapsed or was withdrawn"
            }
            Self::StartKnown => "a start is known at which the plan fits, backout included",
            Self::StartPassed => "the latest start or the window has passed",
            Self::GateOpen => {
                "window, freeze, conflicts, dependencies, major incidents, error budget, model and its \
                 requirements are checked again and hold, and the planned start has come"
            }
            Self::StartedByHand => "the same as GateOpen, and Implement is asked for",
            Self::RolloutFailed => "the rollout failed and there is a way back",
            Self::RolloutFinished => "the rollout finished and the content that is in is the approved one",
            Self::SoakOver => "the soak time is over and the model's requirements hold",
            Self::BackoutVerified => "what is in is what was in before the change",
            Self::RejectionAnswered => {
                "payload, plan or spec changed since it was refused, or who refused took that back"
            }
            Self::Expired => "always; it never starts later by itself",
            Self::ReviewDone => {
                "the outcome is set, the review, where one is needed, is merged by somebody who did not \
                 implement, late approval is given, and no incident is undecided"
            }
        }
    }
}

/// One move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The phase that is left; `None` before the first decision.
    pub from: Option<ChangePhase>,
    /// The phase that is entered.
    pub to: ChangePhase,
    /// Who makes it.
    pub actors: &'static [Actor],
    /// What must hold.
    pub guard: Guard,
}

const CANCELLERS: &[Actor] = &[Actor::Requester, Actor::ServiceOwner];
const HOLDERS: &[Actor] = &[Actor::Requester, Actor::ServiceOwner, Actor::ChangeAuthority];
const STARTERS: &[Actor] = &[Actor::Implementer, Actor::ServiceOwner, Actor::ChangeAuthority];
const GITSM: &[Actor] = &[Actor::Controller];

const fn row(from: ChangePhase, to: ChangePhase, actors: &'static [Actor], guard: Guard) -> Row {
    Row {
        from: Some(from),
        to,
        actors,
        guard,
    }
}

const fn cancel(from: ChangePhase) -> Row {
    row(from, ChangePhase::Cancelled, CANCELLERS, Guard::CancelAsked)
}

const fn hold(from: ChangePhase) -> Row {
    row(from, ChangePhase::OnHold, HOLDERS, Guard::HoldAsked)
}

/// How a change enters the machine.
pub const ENTRIES: &[Row] = &[
    Row {
        from: None,
        to: ChangePhase::Review,
        actors: GITSM,
        guard: Guard::FoundUnauthorized,
    },
    Row {
        from: None,
        to: ChangePhase::Draft,
        actors: GITSM,
        guard: Guard::Unseen,
    },
];

/// Every move, in the order in which its guard is asked among those from the same phase.
pub const MACHINE: &[Row] = {
    use ChangePhase::{
        Approved, Assessing, AwaitingApproval, BackedOut, Closed, Draft, Expired, Implementing, OnHold,
        Rejected, Review, Scheduled, Validating,
    };
    &[
        cancel(Draft),
        hold(Draft),
        row(
            Draft,
            Implementing,
            &[Actor::EmergencyApprover],
            Guard::EmergencyWithOverride,
        ),
        row(
            Draft,
            AwaitingApproval,
            &[Actor::Requester],
            Guard::EmergencyReady,
        ),
        row(Draft, Assessing, &[Actor::Requester], Guard::Ready),
        cancel(Assessing),
        hold(Assessing),
        row(Assessing, Draft, &[Actor::Requester], Guard::DraftAgain),
        row(Assessing, Approved, GITSM, Guard::AssessedStandard),
        row(Assessing, AwaitingApproval, GITSM, Guard::Assessed),
        cancel(AwaitingApproval),
        hold(AwaitingApproval),
        row(AwaitingApproval, Draft, &[Actor::Requester], Guard::DraftAgain),
        row(AwaitingApproval, Assessing, GITSM, Guard::AssessmentOutdated),
        row(
            AwaitingApproval,
            Rejected,
            &[Actor::Approver],
            Guard::ApproverRejected,
        ),
        row(AwaitingApproval, Approved, &[Actor::Approver], Guard::Approved),
        cancel(Approved),
        hold(Approved),
        row(Approved, Assessing, GITSM, Guard::AssessmentOutdated),
        row(Approved, AwaitingApproval, GITSM, Guard::ApprovalLost),
        row(Approved, Scheduled, GITSM, Guard::StartKnown),
        cancel(Scheduled),
        hold(Scheduled),
        row(Scheduled, Assessing, GITSM, Guard::AssessmentOutdated),
        row(Scheduled, AwaitingApproval, GITSM, Guard::ApprovalLost),
        row(Scheduled, Expired, GITSM, Guard::StartPassed),
        row(Scheduled, Implementing, GITSM, Guard::GateOpen),
        row(Scheduled, Implementing, STARTERS, Guard::StartedByHand),
        row(Implementing, BackedOut, STARTERS, Guard::BackOutAsked),
        row(Implementing, BackedOut, GITSM, Guard::RolloutFailed),
        row(Implementing, Validating, GITSM, Guard::RolloutFinished),
        row(Validating, BackedOut, STARTERS, Guard::BackOutAsked),
        row(Validating, BackedOut, GITSM, Guard::RolloutFailed),
        row(Validating, Review, GITSM, Guard::SoakOver),
        row(Review, Closed, &[Actor::Reviewer], Guard::ReviewDone),
        cancel(Rejected),
        row(Rejected, Draft, &[Actor::Requester], Guard::RejectionAnswered),
        cancel(OnHold),
        row(OnHold, Assessing, HOLDERS, Guard::ResumeAsked),
        cancel(Expired),
        row(Expired, AwaitingApproval, GITSM, Guard::Expired),
        row(BackedOut, Review, GITSM, Guard::BackoutVerified),
    ]
};

/// The moves from a phase, in the order in which their guards are asked; the entries for `None`.
pub fn moves_from(phase: Option<ChangePhase>) -> impl Iterator<Item = &'static Row> {
    ENTRIES.iter().chain(MACHINE).filter(move |row| row.from == phase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_and_the_possible_moves_are_the_same() {
        let table: BTreeSet<_> = MACHINE
            .iter()
            .filter_map(|row| Some((row.from?.as_str(), row.to.as_str())))
            .collect();
        let possible: BTreeSet<_> = ChangePhase::TRANSITIONS
            .iter()
            .flat_map(|(from, targets)| targets.iter().map(|to| (from.as_str(), to.as_str())))
            .collect();
        assert_eq!(table, possible);
        assert_eq!(MACHINE.iter().filter(|row| row.from.is_none()).count(), 0);
    }

    #[test]
    fn every_guard_guards_a_move_and_every_move_has_an_actor() {
        let used: BTreeSet<_> = ENTRIES
            .iter()
            .chain(MACHINE)
            .map(|row| row.guard.as_str())
            .collect();
        assert_eq!(used, Guard::ALL.iter().map(|guard| guard.as_str()).collect());
        assert!(MACHINE.iter().all(|row| !row.actors.is_empty()));
        assert!(Guard::ALL.iter().all(|guard| !guard.sentence().is_empty()));
    }
}
