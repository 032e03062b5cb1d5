//! The decision about an incident.

use super::facts::{Decision, Facts};
use super::guards::{effective_begin, effective_restoration, failing_guards, hold_end};
use super::machine::listed;
use super::major::propose_major;
use super::record::{Action, Actor, Answer, Command, Event, Pending, Reason};
use super::rules::{RULES, Role, TAKES_NOTICE};
use super::timeline::{EffectiveTimes, Timestamps};
use super::vocabulary::{IncidentActionKind, IncidentPhase, IncidentPhaseRequest, IncidentReason as Why};
use crate::Text;
use crate::ident::{IncidentId, MemberId};
use crate::time::Instant;
use serde::Serialize;

/// What becomes of an incident now: the answer to what people ask, then what time and other records make due.
///
/// The same facts at the same time give the same decision. Deciding again over [`Facts::after`] at the same time
/// gives no further step, and none before [`Decision::next_transition`].
pub fn decide(facts: &Facts, now: Instant) -> Decision {
    let mut run = Run::new(facts, now);
    run.check_effective_begin();
    run.declare();
    run.acknowledge();
    let pending = run.obey();
    // A reopened incident may be acknowledged that could not be before.
    run.acknowledge();
    run.follow_time();
    run.finish(pending)
}

/// All that a person writes for one command, see [`Pending`].
#[derive(Serialize)]
struct WholeCommand<'f> {
    command: &'f Option<Command<IncidentPhaseRequest>>,
    hold: &'f Option<super::facts::Hold>,
    resolution: &'f Option<super::facts::Resolution>,
    duplicate_of: &'f Option<IncidentId>,
}

pub(super) struct Run<'f> {
    pub(super) facts: &'f Facts,
    /// The clock.
    pub(super) now: Instant,
    /// When steps are recorded: the clock, but never before the last step.
    pub(super) at: Instant,
    pub(super) phase: IncidentPhase,
    pub(super) times: Timestamps,
    acknowledged_by: Option<MemberId>,
    reopen_count: u32,
    answer: Option<Answer>,
    events: Vec<Event<IncidentPhase, Why>>,
    reasons: Vec<Reason<Why>>,
    actions: Vec<Action<IncidentActionKind>>,
}

impl<'f> Run<'f> {
    fn new(facts: &'f Facts, now: Instant) -> Self {
        let last = facts.last_step_at.map_or(facts.timestamps.latest(), |step| {
            step.max(facts.timestamps.latest())
        });
        let mut reasons = Vec::new();
        if now < last {
            reasons.push(Reason::new(
                Why::ClockBehind,
                format!(
                    "The clock says {now}, before the last step at {last}; steps are recorded at that time."
                ),
            ));
        }
        Self {
            facts,
            now,
            at: now.max(last),
            phase: facts.phase,
            times: facts.timestamps.clone(),
            acknowledged_by: facts.acknowledged_by.clone(),
            reopen_count: facts.reopen_count,
            answer: None,
            events: Vec::new(),
            reasons,
            actions: Vec::new(),
        }
    }

    fn is_final(&self) -> bool {
        matches!(self.phase, IncidentPhase::Closed | IncidentPhase::Cancelled)
    }

    fn is_major(&self) -> bool {
        self.times.declared().is_some()
    }

    fn check_effective_begin(&mut self) {
        let detected = self.times.detected();
        if let Some(entered) = self.facts.effective_from.filter(|entered| *entered > detected) {
            self.reasons.push(Reason::new(
                Why::EffectiveTimeRefused,
                format!(
                    "effectiveFrom says {entered}, after the detection at {detected}; the time of detection counts. \
                     Enter an earlier time or take it away."
                ),
            ));
        }
    }

    fn declare(&mut self) {
        let Some(declaration) = &self.facts.declaration else {
            return;
        };
        if self.is_major() || self.is_final() {
            return;
        }
        if !declaration.authorised {
            self.reasons.push(Reason::new(
                Why::DeclarationRefused,
                "Declaring a major incident needs the verb `declare`; ask somebody who has it.",
            ));
            return;
        }
        self.times.declare(self.at);
        let actor = declaration.by.clone().map_or(Actor::Controller, Actor::Member);
        self.event(
            None,
            actor,
            Why::Declared,
            "It is handled as a major incident.".to_owned(),
        );
        self.act(
            IncidentActionKind::NotifyTeam,
            "It was declared a major incident.",
        );
        if self.phase == IncidentPhase::Resolved {
            self.ask_for_review();
        }
    }

    fn acknowledge(&mut self) {
        let Some(acknowledgement) = &self.facts.acknowledgement else {
            return;
        };
        if self.is_final() || !self.times.awaits_acknowledgement() {
            return;
        }
        let by = &acknowledgement.by;
        if !self.may(by, TAKES_NOTICE) {
            self.reasons.push(Reason::new(
                Why::AcknowledgementRefused,
                format!(
                    "{by} is neither on call nor assignee nor commander; the acknowledgement of somebody who is counts."
                ),
            ));
            return;
        }
        self.take_notice(by);
        let message = format!("{by} took notice.");
        let to = (self.phase == IncidentPhase::New).then_some(IncidentPhase::Triage);
        self.event(to, Actor::Member(by.clone()), Why::Acknowledged, message);
    }

    fn take_notice(&mut self, by: &MemberId) {
        if self.times.awaits_acknowledgement() {
            self.times.acknowledge(self.at);
            self.acknowledged_by = Some(by.clone());
        }
    }

    /// Answers the command, if it was not answered before.
    fn obey(&mut self) -> Pending {
        let facts = self.facts;
        let whole = WholeCommand {
            command: &facts.command,
            hold: &facts.hold,
            resolution: &facts.resolution,
            duplicate_of: &facts.duplicate_of,
        };
        let pending = Pending::of(facts.command.as_ref(), &whole, facts.answered.as_ref());
        if let (Pending::New(_), Some(command)) = (&pending, &facts.command) {
            let answer = self.carry_out(command);
            if !answer.obeyed {
                self.reasons.push(Reason::new(Why::CommandRefused, &answer.text));
            }
            self.answer = Some(answer);
        }
        pending
    }

    fn carry_out(&mut self, command: &Command<IncidentPhaseRequest>) -> Answer {
        let from = self.phase;
        let to = target(command.to);
        let by = &command.by;
        if from == to {
            return Answer::done(format!("Nothing to do: it is {to} already."));
        }
        let human = |rule: &&super::machine::Rule<_, Role, _>| {
            rule.from == from && !rule.actors.contains(&Role::Controller)
        };
        let Some(rule) = RULES.iter().filter(human).find(|rule| rule.to == to) else {
            let possible: Vec<_> = RULES.iter().filter(human).map(|rule| rule.to.as_str()).collect();
            return Answer::refused(if possible.is_empty() {
                format!(
                    "Refused: it is {from}, and that is final. Open a new incident if the effect is back."
                )
            } else {
                format!(
                    "Refused: it is {from}; people can move it to {}, not to {to}.",
                    possible.join(" or ")
                )
            });
        };
        if !self.may(by, rule.actors) {
            return Answer::refused(format!(
                "Refused: moving it from {from} to {to} is for {}, and {by} is none of them.",
                listed(rule.actors, ", ", " or ")
            ));
        }
        let failing = failing_guards(rule.guards, self, Some(command));
        if !failing.is_empty() {
            return Answer::refused(format!("Refused: {}", failing.join(" ")));
        }
        if self.may(by, TAKES_NOTICE) {
            self.take_notice(by);
        }
        let (reason, words) = self.wording(to);
        let because = command
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(" {by}: {reason}"));
        self.move_to(to, Actor::Member(by.clone()), reason, format!("{words}{because}"));
        Answer::done(format!("Done: {words}"))
    }

    fn wording(&self, to: IncidentPhase) -> (Why, String) {
        use IncidentPhase as P;
        match (self.phase, to) {
            (P::Resolved, P::InProgress) => (Why::Reopened, "It is open again.".to_owned()),
            (P::Mitigated, P::InProgress) => (Why::EffectReturned, "The effect is back.".to_owned()),
            (P::OnHold, P::InProgress) => (Why::HoldLifted, "It is worked on again.".to_owned()),
            (_, P::InProgress) => (Why::TakenUp, "It is worked on.".to_owned()),
            (_, P::OnHold) => {
                let what = self.facts.hold.as_ref().map_or("", |hold| hold.reason.as_str());
                (Why::PutOnHold, format!("It is on hold: {what}."))
            }
            (_, P::Mitigated) => (Why::EffectGone, "The effect is gone.".to_owned()),
            (_, P::Resolved) => {
                let code = self
                    .facts
                    .resolution
                    .as_ref()
                    .map_or("", |given| given.code.as_str());
                (Why::ServiceRestored, format!("Service is restored: {code}."))
            }
            (_, P::Cancelled) => match self.other_incident() {
                Some(first) => (Why::Duplicate, format!("It is a duplicate of {first}.")),
                None => (Why::FalseAlarm, "It is no incident.".to_owned()),
            },
            (_, P::Closed) => (Why::ClosingTimeReached, "It is closed.".to_owned()),
            (_, P::Triage | P::New) => (Why::Triaged, "Impact and urgency are being judged.".to_owned()),
        }
    }

    /// The incident it repeats, which is never itself.
    pub(super) fn other_incident(&self) -> Option<&'f IncidentId> {
        self.facts
            .duplicate_of
            .as_ref()
            .filter(|first| **first != self.facts.incident)
    }

    /// What time and other records make due.
    fn follow_time(&mut self) {
        if self.phase == IncidentPhase::OnHold
            && let Some((reason, words)) = hold_end(self.facts, self.now)
        {
            self.act(IncidentActionKind::NotifyTeam, &words);
            self.move_to(IncidentPhase::InProgress, Actor::Controller, reason, words);
        }
        let closing = RULES
            .iter()
            .find(|rule| (rule.from, rule.to) == (IncidentPhase::Resolved, IncidentPhase::Closed));
        if self.phase == IncidentPhase::Resolved
            && let Some(rule) = closing
            && failing_guards(rule.guards, self, None).is_empty()
        {
            let (reason, words) = self.wording(IncidentPhase::Closed);
            self.move_to(IncidentPhase::Closed, Actor::Controller, reason, words);
        }
    }

    fn move_to(&mut self, to: IncidentPhase, actor: Actor, reason: Why, message: String) {
        use IncidentPhase as P;
        let from = self.phase;
        self.event(Some(to), actor, reason, message);
        match (from, to) {
            (P::Resolved, P::InProgress) => {
                self.times.take_back();
                self.reopen_count = self.reopen_count.saturating_add(1);
                self.act(IncidentActionKind::NotifyTeam, "It was reopened.");
            }
            (P::Mitigated, P::InProgress) => self.times.take_back(),
            (_, P::Mitigated) => self.times.mitigate(self.at),
            (_, P::Resolved) => {
                self.times.resolve(self.at);
                self.act(
                    IncidentActionKind::NotifyRequester,
                    &format!(
                        "Service is restored; the incident can be reopened until {}.",
                        self.reopen_end()
                    ),
                );
                if self.is_major() {
                    self.ask_for_review();
                }
            }
            (_, P::Closed) => self.times.close(self.at),
            _ => {}
        }
    }

    fn ask_for_review(&mut self) {
        if !self.facts.review_merged {
            self.act(
                IncidentActionKind::OpenReview,
                "A major incident is closed after its review is merged.",
            );
        }
    }

    /// Records a step; with `to` it is a move.
    fn event(&mut self, to: Option<IncidentPhase>, actor: Actor, reason: Why, message: String) {
        self.events.push(Event {
            at: self.at,
            from: to.map(|_| self.phase),
            to,
            actor,
            reason,
            message: Text::clip(message),
        });
        self.phase = to.unwrap_or(self.phase);
    }

    fn act(&mut self, kind: IncidentActionKind, why: &str) {
        self.actions.push(Action::new(kind, why));
    }

    fn may(&self, member: &MemberId, roles: &[Role]) -> bool {
        let people = &self.facts.people;
        roles.iter().any(|role| match role {
            Role::OnCall => people.on_call.contains(member),
            Role::Assignee => people.assignee.as_ref() == Some(member),
            Role::Commander => people.commander.as_ref() == Some(member),
            Role::Requester => people.requester.as_ref() == Some(member),
            Role::Controller => false,
        })
    }

    /// The end of the period in which it may be reopened.
    pub(super) fn reopen_end(&self) -> Instant {
        let resolved = self.times.resolved().unwrap_or_else(|| self.times.latest());
        resolved.plus(self.facts.reopen_within.to_signed())
    }

    /// When it is closed, if that is known.
    pub(super) fn closes_at(&self) -> Option<Instant> {
        let resolved = self
            .times
            .resolved()
            .filter(|_| self.phase == IncidentPhase::Resolved)?;
        self.facts.closing.as_ref()?.after(resolved)
    }

    fn standing(&self) -> Reason<Why> {
        use IncidentPhase as P;
        match self.phase {
            P::New => Reason::new(Why::AwaitsAcknowledgement, "Nobody has taken notice yet."),
            P::Triage => Reason::new(Why::Triaged, "Impact and urgency are being judged."),
            P::InProgress => Reason::new(Why::BeingWorkedOn, "It is being worked on."),
            P::OnHold => {
                let hold = self.facts.hold.as_ref();
                let what = hold.map_or("", |hold| hold.reason.as_str());
                let until = hold
                    .and_then(|hold| hold.until)
                    .map_or_else(String::new, |until| format!(", until {until} at the latest"));
                Reason::new(Why::PutOnHold, format!("It is on hold: {what}{until}."))
            }
            P::Mitigated => Reason::new(
                Why::AwaitsResolution,
                "The effect is gone; the assignee or the commander resolves it with a resolution code.",
            ),
            P::Resolved => match self.closes_at() {
                Some(at) if at > self.now => {
                    Reason::new(Why::AwaitsClosing, format!("It is closed at {at}."))
                }
                Some(_) => Reason::new(
                    Why::AwaitsReview,
                    "It is a major incident: it is closed when its review is merged.",
                ),
                None => Reason::new(
                    Why::ClosingTimeUnknown,
                    "It stays resolved until its closing time is known from the calendar of its service.",
                ),
            },
            P::Closed => Reason::new(Why::Over, "It is closed."),
            P::Cancelled => Reason::new(Why::Over, "It is cancelled."),
        }
    }

    fn next_transition(&self) -> Option<Instant> {
        let next = match self.phase {
            IncidentPhase::OnHold => self.facts.hold.as_ref().and_then(|hold| hold.until),
            IncidentPhase::Resolved => self.closes_at(),
            _ => None,
        };
        next.filter(|next| *next > self.now)
    }

    fn finish(mut self, pending: Pending) -> Decision {
        self.reasons.push(self.standing());
        let next_transition = self.next_transition();
        let major_proposal = if self.is_major() || self.is_final() || self.phase == IncidentPhase::Resolved {
            Vec::new()
        } else {
            propose_major(&self.facts.major_signals, &self.facts.major_rules)
        };
        Decision {
            phase: self.phase,
            effective: EffectiveTimes {
                began: effective_begin(self.facts),
                restored: effective_restoration(self.facts, &self.times),
            },
            last_step_at: self
                .events
                .last()
                .map(|event| event.at)
                .or(self.facts.last_step_at),
            major: self.is_major(),
            major_proposal,
            timestamps: self.times,
            acknowledged_by: self.acknowledged_by,
            reopen_count: self.reopen_count,
            answer: self.answer,
            answered: pending.into_digest(),
            events: self.events,
            reasons: self.reasons,
            actions: self.actions,
            next_transition,
        }
    }
}

fn target(request: IncidentPhaseRequest) -> IncidentPhase {
    match request {
        IncidentPhaseRequest::Triage => IncidentPhase::Triage,
        IncidentPhaseRequest::InProgress => IncidentPhase::InProgress,
        IncidentPhaseRequest::OnHold => IncidentPhase::OnHold,
        IncidentPhaseRequest::Mitigated => IncidentPhase::Mitigated,
        IncidentPhaseRequest::Resolved => IncidentPhase::Resolved,
        IncidentPhaseRequest::Cancelled => IncidentPhase::Cancelled,
    }
}
