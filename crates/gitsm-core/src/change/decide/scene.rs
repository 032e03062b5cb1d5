//! What guards see: the facts at one instant, and the instants at which they would see something else.

use super::super::approvals;
use super::super::facts::{Command, CommandRole, Facts, ModelFacts, PullRequestState};
use super::super::machine::Actor;
use super::super::reason::{Explanation, Reason};
use super::super::record::{Authority, Binding, Mark, Plan};
use super::super::vocabulary::ChangePhaseRequest;
use super::super::windows::{self, Windows};
use crate::approval::RequirementState;
use crate::time::Instant;
use crate::vocabulary::ChangeType;
use std::cell::Cell;

/// What a guard says.
pub(super) enum Verdict {
    /// Nobody asked for the move, or it is not for such a change.
    Silent,
    /// It waits for these.
    Held(Vec<Explanation>),
    /// The move is made, for these reasons.
    Moves(Vec<Explanation>),
}

impl Verdict {
    /// The move, for one reason.
    pub(super) fn moves(reason: Reason, message: impl Into<String>) -> Self {
        Self::Moves(vec![Explanation::new(reason, message)])
    }

    /// The move for one reason where there is nothing against it.
    pub(super) fn unless(objections: Vec<Explanation>, reason: Reason, message: impl Into<String>) -> Self {
        if objections.is_empty() {
            Self::moves(reason, message)
        } else {
            Self::Held(objections)
        }
    }
}

/// Facts at one instant.
pub(super) struct Scene<'f> {
    pub(super) facts: &'f Facts,
    pub(super) now: Instant,
    /// What a decision of now is bound to.
    pub(super) binding: Binding,
    approvals: approvals::View,
    /// The windows as the change sees them.
    pub(super) windows: Windows<'f>,
    next: Cell<Option<Instant>>,
}

impl<'f> Scene<'f> {
    pub(super) fn new(facts: &'f Facts, now: Instant) -> Self {
        let binding = facts.binding();
        Self {
            facts,
            now,
            approvals: approvals::view(facts, &binding, now),
            windows: Windows::new(facts, binding.risk.map(|risk| risk.level)),
            binding,
            next: Cell::new(None),
        }
    }

    /// The next instant that anything asked for.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next.get()
    }

    /// Remembers an instant at which another decision can come out.
    pub(super) fn note(&self, instant: Option<Instant>) {
        if let Some(instant) = instant.filter(|instant| *instant > self.now) {
            let earliest = self.next.get().map_or(instant, |next| next.min(instant));
            self.next.set(Some(earliest));
        }
    }

    /// What the approvals come to.
    pub(super) fn approvals(&self) -> &approvals::View {
        self.note(self.approvals.changes);
        &self.approvals
    }

    /// Whether an instant has come. Every comparison with the clock goes through here or a view, so that none is
    /// forgotten when the next decision is planned.
    pub(super) fn reached(&self, instant: Instant) -> bool {
        self.note(Some(instant));
        self.now >= instant
    }

    pub(super) fn model(&self) -> Option<&'f ModelFacts> {
        self.facts.model.as_ref()
    }

    pub(super) fn is_type(&self, wanted: ChangeType) -> bool {
        self.model()
            .is_some_and(|model| model.definition.change_type == wanted)
    }

    pub(super) fn plan(&self) -> Option<Plan> {
        self.binding.plan
    }

    /// Whether an override for the change is in force.
    pub(super) fn has_override(&self) -> bool {
        let change = &self.facts.change.id;
        let overrides = self.facts.overrides.iter();
        let mut mine = overrides
            .filter(|force| force.change == *change)
            .map(|force| force.during);
        for during in mine.clone() {
            self.note(Some(during.start()));
            self.note(Some(during.end()));
        }
        mine.any(|during| during.contains(self.now))
    }

    /// Whether it is an emergency that the people of an override let go in.
    pub(super) fn by_override(&self) -> bool {
        self.is_type(ChangeType::Emergency) && self.has_override()
    }

    pub(super) fn pull_request(&self) -> Option<PullRequestState> {
        self.facts.pull_request.as_ref().map(|request| request.state)
    }

    /// The plan that must fit into the windows; absent where an override, or an emergency without a plan, only needs
    /// them open.
    pub(super) fn plan_to_fit(&self) -> Option<Plan> {
        self.plan().filter(|_| !self.by_override())
    }

    /// What the windows say about a start now.
    pub(super) fn window_now(&self) -> windows::View {
        let view = self.windows.view(self.now, self.plan_to_fit());
        for instant in &view.changes {
            self.note(Some(*instant));
        }
        view
    }

    /// The command that was not answered yet.
    pub(super) fn open_command(&self) -> Option<&'f Command> {
        let command = self.facts.command.as_ref()?;
        let answer = &self.facts.record.answer;
        let answered = answer
            .as_ref()
            .is_some_and(|answer| answer.command.is_same(command));
        (!answered).then_some(command)
    }

    /// The open command, if it asks for this and comes from somebody who may.
    pub(super) fn command(&self, to: ChangePhaseRequest, actors: &[Actor]) -> Option<&'f Command> {
        self.open_command()
            .filter(|command| command.to == to && may_ask(command, actors))
    }

    /// By whose authority the change may go in as it is now, or what is missing.
    pub(super) fn authority(&self) -> Result<Authority, Vec<Explanation>> {
        let expired = self.facts.record.has(Mark::Expired);
        let standard = self.is_type(ChangeType::Standard);
        let approvals = self.approvals();
        let message = || approvals.message.clone();
        match approvals.state {
            RequirementState::Rejected => Err(vec![Explanation::new(Reason::RejectedByApprover, message())]),
            RequirementState::Approved => Ok(Authority::People),
            state if approvals.lacks_policy_owners => {
                let reason = match state {
                    RequirementState::Error => Reason::ApprovalError,
                    _ => Reason::ApprovalPending,
                };
                Err(vec![Explanation::new(reason, message())])
            }
            _ if standard && !expired => Ok(Authority::Model),
            _ if self.by_override() => Ok(Authority::Override),
            _ if standard => Err(vec![Explanation::new(
                Reason::PlanMustBeRenewed,
                "its time passed unused, and a standard change does not start later by itself",
            )]),
            RequirementState::Error => Err(vec![Explanation::new(Reason::ApprovalError, message())]),
            RequirementState::Pending | RequirementState::Skipped => {
                Err(vec![Explanation::new(Reason::ApprovalPending, message())])
            }
        }
    }
}

/// Whether somebody who asks for a move may do so.
pub(super) fn may_ask(command: &Command, actors: &[Actor]) -> bool {
    command.roles.iter().any(|role| {
        actors.contains(match role {
            CommandRole::Requester => &Actor::Requester,
            CommandRole::ServiceOwner => &Actor::ServiceOwner,
            CommandRole::ChangeAuthority => &Actor::ChangeAuthority,
            CommandRole::Implementer => &Actor::Implementer,
        })
    })
}
