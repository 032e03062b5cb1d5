//! What guards see: the facts at one instant, and the instants at which they would see something else.

use super::super::approvals;
use super::super::facts::{Command, CommandRole, Facts, ModelFacts, PullRequestState};
use super::super::machine::Actor;
use super::super::reason::{Explanation, Reason};
use super::super::record::{Authority, Binding, Mark, Plan};
use super::super::vocabulary::ChangePhaseRequest;
use super::super::windows;
use crate::approval::RequirementState;
use crate::time::Instant;
use crate::vocabulary::ChangeType;
use jiff::SignedDuration;
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
    /// What the approvals come to.
    pub(super) approvals: approvals::View,
    next: Cell<Option<Instant>>,
}

impl<'f> Scene<'f> {
    pub(super) fn new(facts: &'f Facts, now: Instant) -> Self {
        let change = &facts.change;
        let plan = match &facts.model {
            Some(model) => change.effective_plan(&model.definition),
            None => change.plan,
        };
        let scene = Self {
            facts,
            now,
            binding: Binding {
                content: facts.content.clone(),
                spec_hash: change.spec_hash.clone(),
                model: change.model.clone(),
                environment: change.environment.clone(),
                services: change.services.clone(),
                plan,
                risk: facts.risk,
            },
            approvals: approvals::view(facts, now),
            next: Cell::new(None),
        };
        scene.note(scene.approvals.changes);
        for force in &facts.overrides {
            scene.note(Some(force.from));
            scene.note(Some(force.until));
        }
        scene
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
        let now = self.now;
        let mut overrides = self.facts.overrides.iter();
        overrides.any(|force| force.from <= now && now < force.until)
    }

    /// Whether it is an emergency that the people of an override let go in.
    pub(super) fn by_override(&self) -> bool {
        self.is_type(ChangeType::Emergency) && self.has_override()
    }

    pub(super) fn pull_request(&self) -> Option<PullRequestState> {
        self.facts.pull_request.as_ref().map(|request| request.state)
    }

    /// The time that the change needs from its start until a backout is finished. An emergency may have no plan,
    /// and its override says itself how long it lasts.
    pub(super) fn needs(&self) -> SignedDuration {
        match self.plan() {
            Some(plan) if !self.by_override() => plan
                .duration
                .to_signed()
                .saturating_add(plan.backout_duration.to_signed()),
            _ => SignedDuration::ZERO,
        }
    }

    /// What the windows say about a start now.
    pub(super) fn window_now(&self) -> windows::View {
        let view = windows::view(self.facts, self.now, self.needs());
        self.note(view.changes);
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
        let message = || self.approvals.message.clone();
        match self.approvals.state {
            RequirementState::Rejected => Err(vec![Explanation::new(Reason::RejectedByApprover, message())]),
            RequirementState::Approved => Ok(Authority::People),
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
