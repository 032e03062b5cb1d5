//! A service level clock: a fold over the events of a record.

use super::counting::{Counting, scale};
use super::event::{ConditionSet, Conditions, Event, Truth};
use super::line::{Line, Step};
use super::policy::{SlaPolicy, TargetMinutes};
use super::time::{BusinessTime, iso};
use super::{ConditionName, OnPriorityChange, SlaClockState};
use crate::time::Instant;
use crate::vocabulary::Priority;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The percentage of the target at which it is used up.
const WHOLE: u32 = 100;

/// One clock of one record: what all events so far have made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Clock {
    /// Its state.
    pub state: SlaClockState,
    /// The priority of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The target that it counts against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetMinutes>,
    /// How often it has started from nothing.
    pub runs: u32,
    /// When the present run started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Instant>,
    /// When the target is or was used up if nothing pauses the clock. `None` for a clock that has not started, was met or
    /// withdrawn, and for a paused one that still has time left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_at: Option<Instant>,
    /// When the state, or what it counts, last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Instant>,
    /// What had been counted then.
    #[serde(with = "iso")]
    pub elapsed: SignedDuration,
    /// What the present run has counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
    /// Percentages that were reached against a target before the present one, whose share was carried over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    crossed: BTreeMap<u32, Instant>,
    /// Whether it is withdrawn for want of a target, and comes back with one.
    #[serde(default)]
    withdrawn: bool,
    /// The conditions that held after the last event.
    #[serde(default, skip_serializing_if = "ConditionSet::is_empty")]
    held: ConditionSet,
    /// The last event, by instant and sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<(Instant, u64)>,
}

impl Default for Clock {
    /// A clock that has seen no event.
    fn default() -> Self {
        Self {
            state: SlaClockState::Pending,
            priority: None,
            target: None,
            runs: 0,
            started_at: None,
            stopped_at: None,
            breach_at: None,
            changed_at: None,
            elapsed: SignedDuration::ZERO,
            counting: None,
            crossed: BTreeMap::new(),
            withdrawn: false,
            held: ConditionSet::default(),
            last: None,
        }
    }
}

impl Clock {
    /// What it has counted until `at`.
    pub fn elapsed_at(&self, at: Instant, time: &dyn BusinessTime) -> SignedDuration {
        self.counting
            .as_ref()
            .map_or(SignedDuration::ZERO, |counting| counting.elapsed(at, time))
    }

    /// When a share of the target is or was reached if nothing pauses the clock any more.
    pub(super) fn crossing(&self, percent: u32, time: &dyn BusinessTime) -> Option<Instant> {
        if let Some(at) = self.crossed.get(&percent) {
            return Some(*at);
        }
        self.counting.as_ref()?.reached(self.target?.share(percent), time)
    }

    /// Whether the target is passed at `at`.
    fn is_past(&self, at: Instant, time: &dyn BusinessTime) -> bool {
        // The calendar is asked only where the answer is not plain.
        self.breach_at.is_some_and(|breach| at > breach)
            && self
                .target
                .is_some_and(|target| self.elapsed_at(at, time) > target.length())
    }
}

/// An event that lies before one that the clock has seen. The clock must be replayed from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event {sequence} of {recorded_at} lies before one that the clock has seen; replay the clock")]
pub struct OutOfOrder {
    /// When the event was recorded.
    pub recorded_at: Instant,
    /// Its sequence.
    pub sequence: u64,
}

/// What clocks of one policy are computed with.
#[derive(Clone, Copy)]
pub struct Timer<'a> {
    /// The policy.
    pub policy: &'a SlaPolicy,
    /// Its conditions.
    pub conditions: &'a dyn Conditions,
    /// The calendar that its minutes are counted in.
    pub time: &'a dyn BusinessTime,
}

/// What one event found and did.
struct Turn<'e> {
    event: &'e Event,
    truth: Truth,
    /// The conditions that held after the event before.
    held: ConditionSet,
    steps: Vec<Step>,
}

impl Turn<'_> {
    fn holds(&self, name: ConditionName) -> bool {
        self.truth.holds.contains(name)
    }

    fn became(&self, name: ConditionName) -> bool {
        self.holds(name) && !self.held.contains(name)
    }

    fn is_unknown(&self, name: ConditionName) -> bool {
        self.truth.faults.iter().any(|fault| fault.condition == name)
    }
}

impl Timer<'_> {
    /// Takes one more event, and says what it did: a line for it, and one before it where the target was passed in the
    /// meantime.
    ///
    /// At one event the conditions are looked at in this order: `cancel`, `stop`, `reset`, `pause` and `resume`;
    /// `start` for a clock that does not count. A change of the target comes before them.
    ///
    /// # Errors
    ///
    /// [`OutOfOrder`], and the clock is as it was.
    pub fn fold(&self, clock: &mut Clock, event: &Event) -> Result<Vec<Line>, OutOfOrder> {
        if clock.last.is_some_and(|last| event.key() < last) {
            return Err(OutOfOrder {
                recorded_at: event.recorded_at,
                sequence: event.sequence,
            });
        }
        let mut lines: Vec<Line> = self.advance(clock, event.recorded_at).into_iter().collect();
        let given = self.policy.conditions.iter().map(|(name, _)| name);
        let mut turn = Turn {
            event,
            truth: Truth::of(given, self.conditions, event),
            held: clock.held,
            steps: Vec::new(),
        };
        let before = clock.state;
        self.take_priority(clock, &mut turn);
        self.take_conditions(clock, &mut turn);
        clock.held = turn.truth.remembered(clock.held);
        clock.last = Some(event.key());
        if !turn.steps.is_empty() {
            self.settle(clock, event.recorded_at);
        }
        let at = event.takes_effect_at();
        if !turn.steps.is_empty() && clock.state != SlaClockState::Pending {
            clock.changed_at = Some(at);
            clock.elapsed = clock.elapsed_at(at, self.time);
        }
        let elapsed = clock.elapsed_at(event.recorded_at, self.time);
        lines.push(Line {
            at,
            recorded_at: (event.recorded_at != at).then_some(event.recorded_at),
            sequence: Some(event.sequence),
            actor: event.actor.clone(),
            reason: event.reason.clone(),
            holds: turn.truth.holds,
            faults: turn.truth.faults,
            before,
            after: clock.state,
            steps: turn.steps,
            target: clock.target,
            elapsed,
            remaining: clock.target.map(|target| target.length().saturating_sub(elapsed)),
            breach_at: clock.breach_at,
        });
        Ok(lines)
    }

    /// Lets time pass until `now`: a line, if the target is passed meanwhile, at the very instant.
    pub fn advance(&self, clock: &mut Clock, now: Instant) -> Option<Line> {
        if !matches!(clock.state, SlaClockState::Running | SlaClockState::Breached) {
            return None;
        }
        let before = clock.state;
        let past = clock.is_past(now, self.time);
        clock.state = if past {
            SlaClockState::Breached
        } else {
            SlaClockState::Running
        };
        if !past || before == SlaClockState::Breached {
            return None;
        }
        let target = clock.target?;
        let passed = clock.counting.as_ref()?.passed(target.length(), self.time);
        let at = passed.or(clock.breach_at)?.min(now);
        let elapsed = clock.elapsed_at(at, self.time);
        clock.changed_at = Some(at);
        clock.elapsed = elapsed;
        Some(Line {
            at,
            recorded_at: None,
            sequence: None,
            actor: None,
            reason: None,
            holds: ConditionSet::default(),
            faults: Vec::new(),
            before,
            after: clock.state,
            steps: vec![Step::TargetPassed],
            target: Some(target),
            elapsed,
            remaining: Some(target.length().saturating_sub(elapsed)),
            breach_at: clock.breach_at,
        })
    }

    /// The state and the instant of breach as they follow from what was counted.
    fn settle(&self, clock: &mut Clock, at: Instant) {
        let counts = matches!(
            clock.state,
            SlaClockState::Running | SlaClockState::Paused | SlaClockState::Breached
        );
        clock.breach_at = if counts || clock.state == SlaClockState::Stopped {
            clock.crossing(WHOLE, self.time)
        } else {
            None
        };
        if counts {
            let paused = clock.counting.as_ref().is_some_and(Counting::is_paused);
            clock.state = if paused {
                SlaClockState::Paused
            } else if clock.is_past(at, self.time) {
                SlaClockState::Breached
            } else {
                SlaClockState::Running
            };
        }
    }

    fn take_priority(&self, clock: &mut Clock, turn: &mut Turn<'_>) {
        clock.priority = turn.event.priority;
        let target = self.policy.targets.of(clock.priority);
        match clock.state {
            SlaClockState::Pending => clock.target = target,
            SlaClockState::Running | SlaClockState::Paused | SlaClockState::Breached => {
                self.take_target(clock, target, turn);
            }
            // What has ended was judged by the target of its time.
            SlaClockState::Met | SlaClockState::Stopped | SlaClockState::Cancelled => {}
        }
    }

    /// A running clock gets another target, or none.
    fn take_target(&self, clock: &mut Clock, target: Option<TargetMinutes>, turn: &mut Turn<'_>) {
        let at = turn.event.recorded_at;
        match target {
            None => {
                if let Some(counting) = &mut clock.counting {
                    counting.end(at);
                }
                clock.state = SlaClockState::Cancelled;
                clock.withdrawn = true;
                turn.steps.push(Step::Withdrawn);
            }
            Some(target) if Some(target) != clock.target => self.change_target(clock, target, turn),
            Some(_) => {}
        }
    }

    fn change_target(&self, clock: &mut Clock, to: TargetMinutes, turn: &mut Turn<'_>) {
        let at = turn.event.recorded_at;
        let (Some(from), Some(mut counting)) = (clock.target, clock.counting.take()) else {
            return;
        };
        let how = self.policy.on_change;
        if how == OnPriorityChange::Restart {
            let paused = counting.is_paused();
            counting = Counting::from(at);
            if paused {
                counting.pause(at, turn.event.reason.clone(), self.time);
            }
            clock.crossed.clear();
            clock.started_at = Some(at);
            clock.runs = clock.runs.saturating_add(1);
        } else if !self.policy.retro_pause && counting.pauses().next().is_some() {
            counting.drop_pauses(at, self.time);
            turn.steps.push(Step::PausesDropped);
        }
        if how == OnPriorityChange::CarryElapsed {
            let elapsed = counting.elapsed(at, self.time);
            let percents = self.policy.thresholds.iter().map(|threshold| threshold.percent);
            for percent in percents.chain([WHOLE]) {
                let share = from.share(percent);
                if elapsed >= share
                    && let Some(reached) = counting.reached(share, self.time)
                {
                    clock.crossed.entry(percent).or_insert(reached);
                }
            }
            counting.carry(at, scale(elapsed, to.get(), from.get()));
        }
        clock.counting = Some(counting);
        clock.target = Some(to);
        turn.steps.push(Step::TargetChanged { from, to, how });
    }

    fn take_conditions(&self, clock: &mut Clock, turn: &mut Turn<'_>) {
        use ConditionName::{Cancel, Reset, Start, Stop};
        match clock.state {
            SlaClockState::Pending => {
                if !turn.holds(Start) {
                    return;
                }
                if turn.holds(Cancel) {
                    turn.steps.push(Step::AlreadyCancelled);
                } else if turn.holds(Stop) {
                    turn.steps.push(Step::AlreadyOver);
                } else if clock.target.is_none() {
                    turn.steps.push(Step::NoTarget);
                } else {
                    self.start(clock, turn, Step::Started);
                }
            }
            SlaClockState::Running | SlaClockState::Paused | SlaClockState::Breached => {
                if turn.holds(Cancel) {
                    self.end(clock, turn, true);
                } else if turn.holds(Stop) {
                    self.end(clock, turn, false);
                } else if turn.became(Reset) {
                    self.start(clock, turn, Step::StartedAnew);
                } else {
                    self.pause_or_resume(clock, turn);
                }
            }
            SlaClockState::Met | SlaClockState::Stopped => {
                if turn.holds(Cancel) || turn.holds(Stop) {
                    return;
                }
                if turn.became(Reset) {
                    self.start(clock, turn, Step::StartedAnew);
                } else if turn.became(Start) {
                    self.reopen(clock, turn);
                }
            }
            SlaClockState::Cancelled => self.take_conditions_withdrawn(clock, turn),
        }
    }

    fn take_conditions_withdrawn(&self, clock: &mut Clock, turn: &mut Turn<'_>) {
        use ConditionName::{Cancel, Reset, Start, Stop};
        if turn.holds(Cancel) || turn.holds(Stop) {
            clock.withdrawn = false;
            return;
        }
        let Some(target) = self.policy.targets.of(clock.priority) else {
            return;
        };
        if turn.became(Reset) || (turn.became(Start) && !clock.withdrawn) {
            self.start(clock, turn, Step::StartedAnew);
        } else if clock.withdrawn {
            self.come_back(clock, target, turn);
        }
    }

    /// It starts from nothing.
    fn start(&self, clock: &mut Clock, turn: &mut Turn<'_>, step: Step) {
        let effective = turn.event.takes_effect_at();
        let earliest = clock.stopped_at.or(clock.started_at).unwrap_or(effective);
        let at = effective.max(earliest);
        clock.counting = Some(Counting::from(at));
        clock.crossed.clear();
        clock.target = self.policy.targets.of(clock.priority).or(clock.target);
        clock.started_at = Some(at);
        clock.stopped_at = None;
        clock.withdrawn = false;
        clock.runs = clock.runs.saturating_add(1);
        clock.state = SlaClockState::Running;
        turn.steps.push(step);
        self.pause_or_resume(clock, turn);
    }

    /// It ends, or is withdrawn.
    fn end(&self, clock: &mut Clock, turn: &mut Turn<'_>, withdrawn: bool) {
        let Some(counting) = &mut clock.counting else {
            return;
        };
        let at = counting.rewind(turn.event.takes_effect_at());
        counting.end(at);
        let elapsed = counting.elapsed(at, self.time);
        clock.stopped_at = Some(at);
        let is_met = clock.target.is_none_or(|target| elapsed <= target.length());
        let (state, step) = match (withdrawn, is_met) {
            (true, _) => (SlaClockState::Cancelled, Step::Cancelled),
            (false, true) => (SlaClockState::Met, Step::Met),
            (false, false) => (SlaClockState::Stopped, Step::EndedLate),
        };
        clock.state = state;
        turn.steps.push(step);
    }

    /// It goes on after its end; the time in between does not count.
    fn reopen(&self, clock: &mut Clock, turn: &mut Turn<'_>) {
        if let Some(counting) = &mut clock.counting {
            let at = counting.rewind(turn.event.takes_effect_at());
            counting.reopen(at, self.time);
        }
        clock.stopped_at = None;
        clock.state = SlaClockState::Running;
        turn.steps.push(Step::Reopened);
        self.take_target(clock, self.policy.targets.of(clock.priority), turn);
        self.pause_or_resume(clock, turn);
    }

    /// There is a target again for a clock that was withdrawn for want of one.
    fn come_back(&self, clock: &mut Clock, target: TargetMinutes, turn: &mut Turn<'_>) {
        if let Some(counting) = &mut clock.counting {
            match self.policy.on_change {
                // As if there had always been this target: the time without one counts.
                OnPriorityChange::Retroactive => counting.undo_end(),
                OnPriorityChange::Restart | OnPriorityChange::CarryElapsed => {
                    counting.reopen(turn.event.recorded_at, self.time);
                }
            }
        }
        clock.withdrawn = false;
        clock.stopped_at = None;
        clock.state = SlaClockState::Running;
        turn.steps.push(Step::Returned);
        self.take_target(clock, Some(target), turn);
        self.pause_or_resume(clock, turn);
    }

    fn pause_or_resume(&self, clock: &mut Clock, turn: &mut Turn<'_>) {
        use ConditionName::{Pause, Resume};
        let Some(counting) = &mut clock.counting else {
            return;
        };
        let has_resume = self.policy.conditions.resume.is_some();
        // What cannot be evaluated must not keep a clock from counting.
        let resumes = if has_resume {
            turn.holds(Resume) || turn.is_unknown(Resume)
        } else {
            !turn.holds(Pause)
        };
        let at = turn.event.takes_effect_at();
        if counting.is_paused() {
            if resumes {
                let at = counting.rewind(at);
                counting.resume(at);
                turn.steps.push(Step::Resumed);
            }
        } else if turn.holds(Pause) && !(has_resume && resumes) && clock.state != SlaClockState::Cancelled {
            let at = counting.rewind(at);
            counting.pause(at, turn.event.reason.clone(), self.time);
            turn.steps.push(Step::Paused);
        }
    }
}
