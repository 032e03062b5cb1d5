//! The state machine of problems: every move with who may make it and what must hold.

use crate::incident::ProblemPhase;
use crate::incident::machine::{InWords, Rule, rows};
use crate::phase::Move;

/// Who may move a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Coordinator,
    Controller,
}

impl InWords for Role {
    fn words(self) -> &'static str {
        match self {
            Self::Coordinator => "the coordinator",
            Self::Controller => "the controller",
        }
    }
}

/// What must hold for a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    ErrorDocumented,
    ReviewedBySomebodyElse,
    RiskAccepted,
    AcceptanceOver,
    FixOpen,
    FixGoingIn,
    FixSuccessful,
    NoFixOpen,
    WatchedClean,
    NoFixLeft,
}

impl InWords for Guard {
    fn words(self) -> &'static str {
        match self {
            Self::ErrorDocumented => "rootCause or workaround is documented",
            Self::ReviewedBySomebodyElse => "somebody other than the coordinator reviewed it",
            Self::RiskAccepted => {
                "riskAcceptance names who lives with the risk, and until when, which is still to come"
            }
            Self::AcceptanceOver => "the acceptance of the risk has expired or was taken back",
            Self::FixOpen => "proposedFixes names a change that has not ended",
            Self::FixGoingIn => "a fixing change is going in",
            Self::FixSuccessful => "a fixing change was closed successful",
            Self::NoFixOpen => "no other fixing change is still under way",
            Self::WatchedClean => "no matching incident occurred for the whole watch period after it",
            Self::NoFixLeft => {
                "every fixing change ended without success, or a matching incident occurred after the last successful one"
            }
        }
    }
}

const COORDINATOR: &[Role] = &[Role::Coordinator];
const CONTROLLER: &[Role] = &[Role::Controller];

const fn rule(
    from: ProblemPhase,
    to: ProblemPhase,
    actors: &'static [Role],
    guards: &'static [Guard],
) -> Rule<ProblemPhase, Role, Guard> {
    Rule {
        from,
        to,
        actors,
        guards,
    }
}

pub(super) const RULES: &[Rule<ProblemPhase, Role, Guard>] = {
    use ProblemPhase::{
        Assessed, Closed, Deferred, FixInProgress, KnownError, New, Resolved, RootCauseAnalysis,
    };
    &[
        rule(New, Assessed, COORDINATOR, &[]),
        rule(Assessed, RootCauseAnalysis, COORDINATOR, &[]),
        rule(Assessed, Deferred, COORDINATOR, &[Guard::RiskAccepted]),
        rule(
            RootCauseAnalysis,
            KnownError,
            COORDINATOR,
            &[Guard::ErrorDocumented, Guard::ReviewedBySomebodyElse],
        ),
        rule(KnownError, FixInProgress, COORDINATOR, &[Guard::FixOpen]),
        rule(KnownError, FixInProgress, CONTROLLER, &[Guard::FixGoingIn]),
        rule(
            FixInProgress,
            Resolved,
            CONTROLLER,
            &[Guard::FixSuccessful, Guard::NoFixOpen, Guard::WatchedClean],
        ),
        rule(FixInProgress, KnownError, CONTROLLER, &[Guard::NoFixLeft]),
        rule(Resolved, Closed, COORDINATOR, &[]),
        rule(Deferred, Assessed, COORDINATOR, &[]),
        rule(Deferred, Assessed, CONTROLLER, &[Guard::AcceptanceOver]),
    ]
};

/// The state machine of problems as a table for people: every move, who makes it, what must hold.
pub fn problem_moves() -> Vec<Move<ProblemPhase>> {
    rows(RULES)
}
