//! The decision about a problem.

use super::facts::{Acceptance, Decision, Facts, Fix};
use super::rules::{Guard, RULES, Role};
use crate::Text;
use crate::ident::MemberId;
use crate::incident::machine::{Rule, listed};
use crate::incident::record::{Action, Actor, Answer, Command, Event, Pending, Reason};
use crate::incident::{ProblemActionKind, ProblemPhase, ProblemPhaseRequest, ProblemReason as Why};
use crate::time::Instant;
use serde::Serialize;

/// What becomes of a problem now: the answer to what people ask, then what time and its changes make due.
///
/// The same facts at the same time give the same decision. Deciding again over [`Facts::after`] at the same time
/// gives no further step, and none before [`Decision::next_transition`].
pub fn decide(facts: &Facts, now: Instant) -> Decision {
    let mut run = Run::new(facts, now);
    let pending = run.obey();
    run.follow();
    run.finish(pending)
}

/// All that belongs to one command, see [`Pending`].
#[derive(Serialize)]
struct WholeCommand<'f> {
    command: &'f Option<Command<ProblemPhaseRequest>>,
    acceptance: &'f Option<Acceptance>,
    root_cause: bool,
    workaround: bool,
    reviewed_by: &'f Option<MemberId>,
    fixes: Vec<String>,
}

type ProblemRule = Rule<ProblemPhase, Role, Guard>;

struct Run<'f> {
    facts: &'f Facts,
    now: Instant,
    /// When steps are recorded: the clock, but never before the last step.
    at: Instant,
    phase: ProblemPhase,
    resolved_at: Option<Instant>,
    answer: Option<Answer>,
    events: Vec<Event<ProblemPhase, Why>>,
    reasons: Vec<Reason<Why>>,
    actions: Vec<Action<ProblemActionKind>>,
}

impl<'f> Run<'f> {
    fn new(facts: &'f Facts, now: Instant) -> Self {
        let last = facts.last_step_at.max(facts.resolved_at);
        let mut reasons = Vec::new();
        if let Some(last) = last.filter(|last| now < *last) {
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
            at: last.map_or(now, |last| last.max(now)),
            phase: facts.phase,
            resolved_at: facts.resolved_at,
            answer: None,
            events: Vec::new(),
            reasons,
            actions: Vec::new(),
        }
    }

    fn obey(&mut self) -> Pending {
        let facts = self.facts;
        let whole = WholeCommand {
            command: &facts.command,
            acceptance: &facts.acceptance,
            root_cause: facts.root_cause,
            workaround: facts.workaround,
            reviewed_by: &facts.reviewed_by,
            fixes: facts.fixes.keys().map(ToString::to_string).collect(),
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

    fn carry_out(&mut self, command: &Command<ProblemPhaseRequest>) -> Answer {
        let from = self.phase;
        let to = target(command.to);
        let by = &command.by;
        if from == to {
            return Answer::done(format!("Nothing to do: it is {to} already."));
        }
        let human = |rule: &&ProblemRule| rule.from == from && rule.actors.contains(&Role::Coordinator);
        let Some(rule) = RULES.iter().filter(human).find(|rule| rule.to == to) else {
            let possible: Vec<_> = RULES.iter().filter(human).map(|rule| rule.to.as_str()).collect();
            return Answer::refused(if possible.is_empty() {
                format!("Refused: it is {from}; nobody moves it from there by hand.")
            } else {
                format!(
                    "Refused: it is {from}; the coordinator can move it to {}, not to {to}.",
                    possible.join(" or ")
                )
            });
        };
        if self.facts.coordinator.as_ref() != Some(by) {
            return Answer::refused(format!(
                "Refused: moving it from {from} to {to} is for {}{}, not for {by}.",
                listed(rule.actors, ", ", " or "),
                self.facts.coordinator.as_ref().map_or_else(
                    || " (none is named in coordinator)".to_owned(),
                    |name| format!(" ({name})")
                )
            ));
        }
        let failing = self.failing(rule);
        if !failing.is_empty() {
            return Answer::refused(format!("Refused: {}", failing.join(" ")));
        }
        let (reason, words) = wording(from, to);
        let because = command
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(" {by}: {reason}"));
        self.move_to(to, Actor::Member(by.clone()), reason, format!("{words}{because}"));
        Answer::done(format!("Done: {words}"))
    }

    fn failing(&self, rule: &ProblemRule) -> Vec<String> {
        rule.guards
            .iter()
            .filter_map(|guard| self.failure(*guard))
            .collect()
    }

    /// Why a guard does not hold and what to do about it, if it does not.
    fn failure(&self, guard: Guard) -> Option<String> {
        let facts = self.facts;
        let fixes = || facts.fixes.values();
        let wrong = |holds: bool, words: &str| (!holds).then(|| words.to_owned());
        match guard {
            Guard::ErrorDocumented => wrong(
                facts.root_cause || facts.workaround,
                "Document rootCause or a workaround first.",
            ),
            Guard::ReviewedBySomebodyElse => match &facts.reviewed_by {
                None => {
                    Some("Somebody other than the coordinator must review the documented error.".to_owned())
                }
                Some(reviewer) if facts.coordinator.as_ref() == Some(reviewer) => Some(format!(
                    "{reviewer} coordinates the problem and cannot review it; somebody else must."
                )),
                Some(_) => None,
            },
            Guard::RiskAccepted => match &facts.acceptance {
                None => Some("Write in riskAcceptance who lives with the risk, and until when.".to_owned()),
                Some(acceptance) if acceptance.until <= self.now => Some(format!(
                    "The acceptance of the risk ended at {}; have it renewed.",
                    acceptance.until
                )),
                Some(_) => None,
            },
            Guard::AcceptanceOver => wrong(
                facts
                    .acceptance
                    .as_ref()
                    .is_none_or(|given| given.until <= self.now),
                "The risk is still accepted.",
            ),
            Guard::FixOpen => wrong(
                fixes().any(|fix| !fix.has_ended()),
                "Name in proposedFixes a change that has not ended.",
            ),
            Guard::FixGoingIn => wrong(fixes().any(Fix::is_going_in), "No fixing change is going in."),
            Guard::FixSuccessful => wrong(fixes().any(Fix::succeeded), "No fixing change was successful."),
            Guard::NoFixOpen => wrong(
                fixes().all(Fix::has_ended),
                "Another fixing change is still under way.",
            ),
            Guard::WatchedClean => wrong(
                self.while_watched() == 0 && self.watch_until().is_some_and(|until| until <= self.now),
                "The watch period is not over.",
            ),
            Guard::NoFixLeft => wrong(
                fixes().all(Fix::has_ended) && (!fixes().any(Fix::succeeded) || self.while_watched() > 0),
                "A fixing change can still succeed.",
            ),
        }
    }

    /// When the last successful fix was in.
    fn fixed_at(&self) -> Option<Instant> {
        self.facts
            .fixes
            .values()
            .filter(|fix| fix.succeeded())
            .filter_map(|fix| fix.finished_at)
            .max()
    }

    fn watch_until(&self) -> Option<Instant> {
        Some(self.fixed_at()?.plus(self.facts.watch_period.to_signed()))
    }

    /// Incidents that began after the last successful fix, up to the end of its watch period or at any time.
    fn since_fix(&self, only_while_watched: bool) -> u32 {
        let (Some(fixed), Some(until)) = (self.fixed_at(), self.watch_until()) else {
            return 0;
        };
        let counts = |began: &&Instant| **began >= fixed && (!only_while_watched || **began < until);
        u32::try_from(self.facts.incidents.values().filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// Incidents that show that the last successful fix was none. Those after the watch period do not count, so that
    /// a decision that is taken late is the one that was due.
    fn while_watched(&self) -> u32 {
        self.since_fix(true)
    }

    /// What time and the fixing changes make due, until nothing is.
    fn follow(&mut self) {
        // No two moves of the controller lead back to where they began, so there are few.
        for _ in ProblemPhase::ALL {
            let due = RULES
                .iter()
                .filter(|rule| rule.from == self.phase && rule.actors.contains(&Role::Controller))
                .find(|rule| self.failing(rule).is_empty());
            let Some(rule) = due else {
                return;
            };
            let (reason, words) = self.controller_wording(rule.to);
            self.move_to(rule.to, Actor::Controller, reason, words);
        }
    }

    fn controller_wording(&self, to: ProblemPhase) -> (Why, String) {
        use ProblemPhase as P;
        match (self.phase, to) {
            (P::KnownError, P::FixInProgress) => (Why::FixStarted, "A fixing change is going in.".to_owned()),
            (P::FixInProgress, P::KnownError) if self.while_watched() > 0 => (
                Why::HappenedAgain,
                format!(
                    "A fix went in, and {} matching incidents occurred since.",
                    self.while_watched()
                ),
            ),
            (P::FixInProgress, P::KnownError) => (
                Why::FixFailed,
                "No fixing change is left that could still succeed.".to_owned(),
            ),
            (P::FixInProgress, P::Resolved) => (
                Why::WatchedClean,
                "A fix went in, and no matching incident occurred for the whole watch period.".to_owned(),
            ),
            (P::Deferred, P::Assessed) => match &self.facts.acceptance {
                Some(acceptance) => (
                    Why::AcceptanceExpired,
                    format!(
                        "The acceptance of the risk by {} ended at {}.",
                        acceptance.by, acceptance.until
                    ),
                ),
                None => (
                    Why::AcceptanceWithdrawn,
                    "The acceptance of the risk was taken back.".to_owned(),
                ),
            },
            (from, to) => wording(from, to),
        }
    }

    fn move_to(&mut self, to: ProblemPhase, actor: Actor, reason: Why, message: String) {
        let by_time = actor == Actor::Controller;
        match to {
            ProblemPhase::Resolved => {
                self.resolved_at = Some(self.at);
                self.act(
                    ProblemActionKind::ResumeIncidents,
                    "Incidents that wait for the problem can go on: it is resolved.",
                );
            }
            ProblemPhase::KnownError if self.phase == ProblemPhase::RootCauseAnalysis => self.act(
                ProblemActionKind::PublishKnownError,
                "Cause or workaround is documented and reviewed.",
            ),
            ProblemPhase::KnownError | ProblemPhase::Assessed if by_time => {
                self.act(ProblemActionKind::NotifyOwner, &message);
            }
            _ => {}
        }
        self.events.push(Event {
            at: self.at,
            from: Some(self.phase),
            to: Some(to),
            actor,
            reason,
            message: Text::clip(message),
        });
        self.phase = to;
    }

    fn act(&mut self, kind: ProblemActionKind, why: &str) {
        self.actions.push(Action::new(kind, why));
    }

    fn standing(&self) -> Reason<Why> {
        use ProblemPhase as P;
        let waits = |words: &str| Reason::new(Why::AwaitsCoordinator, words);
        match self.phase {
            P::New => waits("The coordinator prioritises it."),
            P::Assessed => waits("The coordinator has its cause looked for, or defers it."),
            P::RootCauseAnalysis if self.failure(Guard::ErrorDocumented).is_some() => {
                waits("Its cause is being looked for.")
            }
            P::RootCauseAnalysis => match self.failure(Guard::ReviewedBySomebodyElse) {
                Some(words) => Reason::new(Why::AwaitsPeerReview, words),
                None => waits(
                    "Cause or workaround is documented and reviewed; the coordinator makes it a known error.",
                ),
            },
            P::KnownError => {
                waits("The error is known; a fixing change is to be proposed and put under way.")
            }
            P::FixInProgress => self.fix_standing(),
            P::Resolved if self.since_fix(false) > 0 => Reason::new(
                Why::Recurred,
                format!(
                    "It was resolved, and {} matching incidents occurred since the fix: register a new problem.",
                    self.since_fix(false)
                ),
            ),
            P::Resolved => waits("It is resolved; the coordinator closes it."),
            P::Closed => Reason::new(Why::Over, "It is closed."),
            P::Deferred => {
                let until = self
                    .facts
                    .acceptance
                    .as_ref()
                    .map_or_else(String::new, |given| format!(" until {}", given.until));
                Reason::new(Why::Deferred, format!("The risk is accepted{until}."))
            }
        }
    }

    fn fix_standing(&self) -> Reason<Why> {
        let succeeded = self.failure(Guard::FixSuccessful).is_none();
        match self.watch_until() {
            _ if !succeeded => Reason::new(Why::AwaitsFix, "No fixing change has ended successful yet."),
            _ if self.failure(Guard::NoFixOpen).is_some() => Reason::new(
                Why::AwaitsOtherFix,
                "A fix is in, and another is still under way; the problem is resolved after the last one.",
            ),
            Some(until) => Reason::new(
                Why::Watching,
                format!("A fix is in; it is resolved at {until} unless it happens again."),
            ),
            None => Reason::new(
                Why::AwaitsFix,
                "A fix was closed successful without a time when it was in; the watch period cannot begin.",
            ),
        }
    }

    fn next_transition(&self) -> Option<Instant> {
        let next = match self.phase {
            ProblemPhase::Deferred => self.facts.acceptance.as_ref().map(|given| given.until),
            ProblemPhase::FixInProgress
                if self.while_watched() == 0 && self.failure(Guard::NoFixOpen).is_none() =>
            {
                self.watch_until()
            }
            _ => None,
        };
        next.filter(|next| *next > self.now)
    }

    fn finish(mut self, pending: Pending) -> Decision {
        self.reasons.push(self.standing());
        let watching = self.phase == ProblemPhase::FixInProgress;
        Decision {
            phase: self.phase,
            last_step_at: self
                .events
                .last()
                .map(|event| event.at)
                .or(self.facts.last_step_at),
            resolved_at: self.resolved_at,
            watch_until: self.watch_until().filter(|_| watching),
            recurrences: self.since_fix(false),
            next_transition: self.next_transition(),
            answer: self.answer,
            answered: pending.into_digest(),
            events: self.events,
            reasons: self.reasons,
            actions: self.actions,
        }
    }
}

fn wording(from: ProblemPhase, to: ProblemPhase) -> (Why, String) {
    use ProblemPhase as P;
    let (reason, words) = match (from, to) {
        (P::Deferred, P::Assessed) => (Why::TakenUp, "It is taken up again."),
        (_, P::New | P::Assessed) => (Why::Prioritised, "It is prioritised."),
        (_, P::RootCauseAnalysis) => (Why::AnalysisStarted, "Its cause is being looked for."),
        (_, P::KnownError) => (
            Why::ErrorDocumented,
            "Cause or workaround is documented and reviewed.",
        ),
        (_, P::FixInProgress) => (Why::FixStarted, "A fix is under way."),
        (_, P::Resolved) => (Why::WatchedClean, "It is resolved."),
        (_, P::Closed) => (Why::Finished, "It is closed."),
        (_, P::Deferred) => (
            Why::RiskAccepted,
            "It is left as it is for a time, the risk being accepted.",
        ),
    };
    (reason, words.to_owned())
}

fn target(request: ProblemPhaseRequest) -> ProblemPhase {
    match request {
        ProblemPhaseRequest::Assessed => ProblemPhase::Assessed,
        ProblemPhaseRequest::RootCauseAnalysis => ProblemPhase::RootCauseAnalysis,
        ProblemPhaseRequest::KnownError => ProblemPhase::KnownError,
        ProblemPhaseRequest::FixInProgress => ProblemPhase::FixInProgress,
        ProblemPhaseRequest::Deferred => ProblemPhase::Deferred,
        ProblemPhaseRequest::Closed => ProblemPhase::Closed,
    }
}
