//! How much time a clock has counted, and when it had counted so much.

use super::time::{BusinessTime, iso};
use crate::Text;
use crate::time::Instant;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The least difference between two instants.
const TICK: SignedDuration = SignedDuration::from_nanos(1);

/// Why a clock did not count for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PauseCause {
    /// Its pause condition held.
    Condition,
    /// It had ended, and went on later: the record was reopened.
    Ended,
}

/// A time during which a clock did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pause {
    /// Its start.
    pub from: Instant,
    /// Its end; `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Instant>,
    /// What had been counted when it began.
    #[serde(with = "iso")]
    pub elapsed: SignedDuration,
    /// Why.
    pub cause: PauseCause,
    /// What the event that began it gave as its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
}

/// What one run of a clock has counted: everything between its start and its end but the pauses.
///
/// `elapsed = carried + B(since, t) - sum of B(pause)`, where `B` is the open time of the calendar. Each pause keeps
/// what had been counted before it, so that any question takes a search and one look into the calendar, however
/// many pauses there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counting {
    /// Since when it counts; the last change of the target, where that carried over what had elapsed.
    since: Instant,
    /// What had elapsed then.
    #[serde(with = "iso")]
    carried: SignedDuration,
    /// Pauses since then, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<Pause>,
    /// Pauses before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Pause>,
    /// When it ended; `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Instant>,
}

impl Counting {
    /// It starts to count.
    pub(super) fn from(since: Instant) -> Self {
        Self {
            since,
            carried: SignedDuration::ZERO,
            pauses: Vec::new(),
            earlier: Vec::new(),
            ended: None,
        }
    }

    /// Whether a pause lasts.
    pub fn is_paused(&self) -> bool {
        self.ended.is_none() && self.pauses.last().is_some_and(|pause| pause.to.is_none())
    }

    /// All pauses, oldest first.
    pub fn pauses(&self) -> impl Iterator<Item = &Pause> {
        self.earlier.iter().chain(&self.pauses)
    }

    /// What has been counted until `at`.
    pub fn elapsed(&self, at: Instant, time: &dyn BusinessTime) -> SignedDuration {
        let at = self.ended.map_or(at, |ended| at.min(ended));
        let begun = self.pauses.partition_point(|pause| pause.from <= at);
        let (from, counted) = match begun.checked_sub(1).and_then(|last| self.pauses.get(last)) {
            None => (self.since, self.carried),
            Some(pause) => match pause.to {
                Some(to) if to < at => (to, pause.elapsed),
                _ => return pause.elapsed,
            },
        };
        if at <= from {
            return counted;
        }
        counted.saturating_add(time.business_between(from, at))
    }

    /// Where the span of counting starts in which so much has been counted: its start and what had been counted then.
    /// `None` where a pause that lasts, or the end, comes before.
    fn span_of(&self, elapsed: SignedDuration, time: &dyn BusinessTime) -> Option<(Instant, SignedDuration)> {
        let before = self.pauses.partition_point(|pause| pause.elapsed < elapsed);
        if before == self.pauses.len()
            && let Some(ended) = self.ended
            && self.elapsed(ended, time) < elapsed
        {
            return None;
        }
        match before.checked_sub(1).and_then(|last| self.pauses.get(last)) {
            None => Some((self.since, self.carried)),
            Some(pause) => Some((pause.to?, pause.elapsed)),
        }
    }

    /// The first instant at which so much has been counted, if nothing pauses the clock any more. `None` where it
    /// never will be: the clock is paused or has ended, or its calendar has no such hour.
    pub fn reached(&self, elapsed: SignedDuration, time: &dyn BusinessTime) -> Option<Instant> {
        let (from, counted) = self.span_of(elapsed, time)?;
        if elapsed <= counted {
            return Some(from);
        }
        time.add_business(from, elapsed.saturating_sub(counted))
    }

    /// The last instant at which no more than this has been counted: where so much is reached when the calendar
    /// closes, its next opening.
    pub(super) fn passed(&self, elapsed: SignedDuration, time: &dyn BusinessTime) -> Option<Instant> {
        let next = self.reached(elapsed.saturating_add(TICK), time)?;
        Some(next.plus(-TICK))
    }

    /// Forgets what is known from `at` on, for an event that says what happened then. Gives the instant itself, or
    /// the earliest that can be returned to.
    pub(super) fn rewind(&mut self, at: Instant) -> Instant {
        let at = at.max(self.since);
        while self.pauses.last().is_some_and(|pause| pause.from >= at) {
            self.pauses.pop();
        }
        if let Some(pause) = self.pauses.last_mut()
            && pause.to.is_some_and(|to| to > at)
        {
            pause.to = None;
        }
        if self.ended.is_some_and(|ended| ended >= at) {
            self.ended = None;
        }
        at
    }

    /// It pauses at `at`, which is not before anything known.
    pub(super) fn pause(&mut self, at: Instant, reason: Option<Text<200>>, time: &dyn BusinessTime) {
        if !self.is_paused() {
            let elapsed = self.elapsed(at, time);
            self.pauses.push(Pause {
                from: at,
                to: None,
                elapsed,
                cause: PauseCause::Condition,
                reason,
            });
        }
    }

    /// The pause that lasts ends at `at`.
    pub(super) fn resume(&mut self, at: Instant) {
        if let Some(pause) = self.pauses.last_mut()
            && pause.to.is_none()
        {
            pause.to = Some(at.max(pause.from));
        }
    }

    /// It ends at `at`.
    pub(super) fn end(&mut self, at: Instant) {
        self.resume(at);
        self.ended = Some(at);
    }

    /// It goes on at `at`; the time since its end does not count.
    pub(super) fn reopen(&mut self, at: Instant, time: &dyn BusinessTime) {
        if let Some(ended) = self.ended {
            let elapsed = self.elapsed(ended, time);
            self.ended = None;
            self.pauses.push(Pause {
                from: ended,
                to: Some(at.max(ended)),
                elapsed,
                cause: PauseCause::Ended,
                reason: None,
            });
        }
    }

    /// It goes on as if it had not ended.
    pub(super) fn undo_end(&mut self) {
        self.ended = None;
    }

    /// The pauses until `at` are no longer deducted; one that lasts goes on from there.
    pub(super) fn drop_pauses(&mut self, at: Instant, time: &dyn BusinessTime) {
        let lasting = self.pauses.last().filter(|pause| pause.to.is_none()).cloned();
        let ends: Vec<Pause> = self
            .pauses
            .drain(..)
            .filter(|pause| pause.cause == PauseCause::Ended)
            .collect();
        for mut pause in ends {
            pause.elapsed = self.elapsed(pause.from, time);
            self.pauses.push(pause);
        }
        if let Some(pause) = lasting {
            self.pause(at.max(pause.from), pause.reason, time);
        }
    }

    /// From `at` on it counts onto `carried`. What was counted before is only remembered.
    pub(super) fn carry(&mut self, at: Instant, carried: SignedDuration) {
        let lasting = self.pauses.last().filter(|pause| pause.to.is_none()).cloned();
        self.resume(at);
        self.earlier.append(&mut self.pauses);
        self.since = at;
        self.carried = carried;
        if let Some(pause) = lasting {
            self.pauses.push(Pause {
                from: at,
                elapsed: carried,
                ..pause
            });
        }
    }
}

/// What has elapsed of an old target, as the same share of a new one. Rounded up, so that carrying over never makes
/// a target that was passed one that was not.
pub(super) fn scale(elapsed: SignedDuration, new: u32, old: u32) -> SignedDuration {
    let old = i128::from(old.max(1));
    let nanoseconds = elapsed.as_nanos().saturating_mul(i128::from(new));
    let rounded = nanoseconds.div_euclid(old) + i128::from(nanoseconds.rem_euclid(old) > 0);
    let (seconds, rest) = (
        rounded.div_euclid(1_000_000_000),
        rounded.rem_euclid(1_000_000_000),
    );
    match (i64::try_from(seconds), i32::try_from(rest)) {
        (Ok(seconds), Ok(rest)) => SignedDuration::new(seconds, rest),
        _ => SignedDuration::MAX,
    }
}
