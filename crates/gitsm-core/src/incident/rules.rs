//! The state machine of incidents: every move with who may make it and what must hold.

use super::machine::{InWords, Rule, rows};
use super::vocabulary::IncidentPhase;
use crate::phase::Move;

/// Who may move an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    OnCall,
    Assignee,
    Commander,
    Requester,
    Controller,
}

impl InWords for Role {
    fn words(self) -> &'static str {
        match self {
            Self::OnCall => "anybody on call",
            Self::Assignee => "the assignee",
            Self::Commander => "the commander",
            Self::Requester => "whoever reported it",
            Self::Controller => "the controller",
        }
    }
}

/// What must hold for a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    ReasonGiven,
    ReasonOrDuplicate,
    HoldGiven,
    HoldStillNeeded,
    ResolutionGiven,
    EffectiveTimeRight,
    WithinReopenPeriod,
    HoldOver,
    ClosingTimeReached,
    ReviewMergedIfMajor,
}

impl InWords for Guard {
    fn words(self) -> &'static str {
        match self {
            Self::ReasonGiven => "the command gives a reason",
            Self::ReasonOrDuplicate => {
                "the command gives a reason, or links.duplicateOf names the incident that was reported first"
            }
            Self::HoldGiven => {
                "hold says what it waits for, and a linked change or problem or hold.until says when the wait ends"
            }
            Self::HoldStillNeeded => "what it waits for is still to come",
            Self::ResolutionGiven => "resolution gives a code",
            Self::EffectiveTimeRight => {
                "the time when service was restored lies between the begin of the effect and now"
            }
            Self::WithinReopenPeriod => "the period for reopening it is not over",
            Self::HoldOver => {
                "the linked problem is resolved, the linked change is closed, or the time in hold.until has come"
            }
            Self::ClosingTimeReached => "the business days after its resolution have passed",
            Self::ReviewMergedIfMajor => "the review of a major incident is merged",
        }
    }
}

const RESPONDERS: &[Role] = &[Role::OnCall, Role::Assignee, Role::Commander];
const RESPONDERS_OR_REQUESTER: &[Role] = &[Role::OnCall, Role::Assignee, Role::Commander, Role::Requester];
const IN_CHARGE: &[Role] = &[Role::Assignee, Role::Commander];
const CONTROLLER: &[Role] = &[Role::Controller];

/// Those whose command shows that somebody took notice.
pub(super) const TAKES_NOTICE: &[Role] = RESPONDERS;

const RESOLVED: &[Guard] = &[Guard::ResolutionGiven, Guard::EffectiveTimeRight];

const fn rule(
    from: IncidentPhase,
    to: IncidentPhase,
    actors: &'static [Role],
    guards: &'static [Guard],
) -> Rule<IncidentPhase, Role, Guard> {
    Rule {
        from,
        to,
        actors,
        guards,
    }
}

pub(super) const RULES: &[Rule<IncidentPhase, Role, Guard>] = {
    use IncidentPhase::{Cancelled, Closed, InProgress, Mitigated, New, OnHold, Resolved, Triage};
    &[
        rule(New, Triage, RESPONDERS, &[]),
        rule(New, InProgress, RESPONDERS, &[]),
        rule(
            New,
            Cancelled,
            RESPONDERS_OR_REQUESTER,
            &[Guard::ReasonOrDuplicate],
        ),
        rule(Triage, InProgress, RESPONDERS, &[]),
        rule(
            Triage,
            Cancelled,
            RESPONDERS_OR_REQUESTER,
            &[Guard::ReasonOrDuplicate],
        ),
        rule(
            InProgress,
            OnHold,
            RESPONDERS,
            &[Guard::HoldGiven, Guard::HoldStillNeeded],
        ),
        rule(InProgress, Mitigated, RESPONDERS, &[]),
        rule(InProgress, Resolved, IN_CHARGE, RESOLVED),
        rule(OnHold, InProgress, RESPONDERS_OR_REQUESTER, &[]),
        rule(OnHold, InProgress, CONTROLLER, &[Guard::HoldOver]),
        rule(OnHold, Mitigated, RESPONDERS, &[]),
        rule(OnHold, Resolved, IN_CHARGE, RESOLVED),
        rule(Mitigated, InProgress, RESPONDERS_OR_REQUESTER, &[]),
        rule(Mitigated, Resolved, IN_CHARGE, RESOLVED),
        rule(
            Resolved,
            InProgress,
            RESPONDERS_OR_REQUESTER,
            &[Guard::ReasonGiven, Guard::WithinReopenPeriod],
        ),
        rule(
            Resolved,
            Closed,
            CONTROLLER,
            &[Guard::ClosingTimeReached, Guard::ReviewMergedIfMajor],
        ),
    ]
};

/// The state machine of incidents as a table for people: every move, who makes it, what must hold.
pub fn incident_moves() -> Vec<Move<IncidentPhase>> {
    rows(RULES)
}
