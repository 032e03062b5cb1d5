//! A clock computed from the whole log, with what it was computed from.

use super::SlaClockState;
use super::clock::{Clock, Timer};
use super::event::Event;
use super::line::Line;
use super::policy::{SlaPolicy, TargetMinutes};
use super::time::iso;
use crate::Text;
use crate::digest::digest_of;
use crate::ident::{BusinessCalendarName, Digest};
use crate::time::Instant;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A threshold and when it is or was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Crossing {
    /// Percent of the target.
    pub percent: u32,
    /// Whether the record is escalated then.
    #[serde(default)]
    pub escalate: bool,
    /// When this share of the target is or was used up, if nothing pauses the clock; `None` where that cannot be said or
    /// never happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// Whether that has happened.
    pub reached: bool,
}

/// A clock as it stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reading {
    /// The instant.
    pub at: Instant,
    /// The state.
    pub state: SlaClockState,
    /// The target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetMinutes>,
    /// Calendar time counted.
    #[serde(with = "iso")]
    pub elapsed: SignedDuration,
    /// What remains of the target; negative once it is passed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso::optional")]
    pub remaining: Option<SignedDuration>,
    /// When the target is or was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_at: Option<Instant>,
    /// The thresholds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Crossing>,
}

/// What a clock was computed from. With the same inputs anybody computes the same clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Digest of the policy, its conditions included.
    pub policy: Digest,
    /// The calendar; `None` for around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendarName>,
    /// Digest of the calendar, with all that it inherits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_digest: Option<Digest>,
    /// Version of the time zone database.
    pub tzdb_version: Text<20>,
    /// Digest of the events that were taken.
    pub events: Digest,
    /// Digest of all of these.
    pub digest: Digest,
}

#[derive(Serialize)]
struct Digested<'a> {
    policy: &'a Digest,
    calendar: Option<&'a Digest>,
    tzdb: &'a str,
    events: &'a Digest,
}

impl Inputs {
    /// The digests of what a clock is computed from; `calendar` is its name and everything it consists of.
    ///
    /// # Errors
    ///
    /// When one of them cannot be written as JSON.
    pub fn of<C: Serialize>(
        policy: &SlaPolicy,
        calendar: Option<(&BusinessCalendarName, &C)>,
        tzdb_version: &str,
        events: &[&Event],
    ) -> serde_json::Result<Self> {
        let policy = digest_of(policy)?;
        let (name, calendar_digest) = match calendar {
            None => (None, None),
            Some((name, rules)) => (Some(name.clone()), Some(digest_of(rules)?)),
        };
        let events = digest_of(&events)?;
        let tzdb_version = Text::clip(tzdb_version);
        let digest = digest_of(&Digested {
            policy: &policy,
            calendar: calendar_digest.as_ref(),
            tzdb: &tzdb_version,
            events: &events,
        })?;
        Ok(Self {
            policy,
            calendar: name,
            calendar_digest,
            tzdb_version,
            events,
            digest,
        })
    }
}

/// A clock computed from the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replay {
    /// The clock.
    pub clock: Clock,
    /// What happened to it, in the order in which it was recorded.
    pub lines: Vec<Line>,
    /// The clock at the instant asked for.
    pub reading: Reading,
}

/// The events that are known at an instant, in their order: by the instant of recording and, within one, by
/// sequence. What was recorded later is not known.
pub fn known_events(events: &[Event], now: Instant) -> Vec<&Event> {
    let mut known: Vec<&Event> = events.iter().filter(|event| event.recorded_at <= now).collect();
    known.sort_by_key(|event| event.key());
    known
}

impl Timer<'_> {
    /// Computes a clock from the events that are known at `now`, given in any order.
    ///
    /// It is [`Timer::fold`] over [`known_events`], then [`Timer::advance`].
    pub fn replay(&self, events: &[Event], now: Instant) -> Replay {
        let known = known_events(events, now);
        let mut clock = Clock::default();
        let mut lines = Vec::with_capacity(known.len().saturating_add(1));
        for event in known {
            // They are in order.
            if let Ok(more) = self.fold(&mut clock, event) {
                lines.extend(more);
            }
        }
        lines.extend(self.advance(&mut clock, now));
        let reading = self.read(&clock, now);
        Replay {
            clock,
            lines,
            reading,
        }
    }

    /// The clock as it stands at `now`, if nothing happens until then.
    pub fn read(&self, clock: &Clock, now: Instant) -> Reading {
        let mut clock = clock.clone();
        self.advance(&mut clock, now);
        let elapsed = clock.elapsed_at(now, self.time);
        let counts = !matches!(clock.state, SlaClockState::Pending | SlaClockState::Cancelled);
        let thresholds = self.policy.thresholds.iter().map(|threshold| {
            let at = clock.crossing(threshold.percent, self.time).filter(|_| counts);
            Crossing {
                percent: threshold.percent,
                escalate: threshold.escalate,
                at,
                reached: at.is_some_and(|at| at <= now),
            }
        });
        Reading {
            at: now,
            state: clock.state,
            target: clock.target,
            elapsed,
            remaining: clock.target.map(|target| target.length().saturating_sub(elapsed)),
            breach_at: clock.breach_at,
            thresholds: thresholds.collect(),
        }
    }
}
