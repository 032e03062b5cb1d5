//! Repeating occurrences: a date pattern, local times of start in a zone, and a length.
//!
//! The patterns are a closed set ([`DatePattern`]). Recurrence rules of RFC 5545 ([`rrule`]) and cron expressions
//! ([`cron`]) are read into it, so that there is one evaluation, bounded work for every pattern, and nothing that
//! only one of three notations could say.
//!
//! # From local time to instants
//!
//! A local time that a clock change skips is read with the offset before the change: 02:30 becomes 03:30. One
//! that a clock change repeats is its first occurrence (both RFC 5545, section 3.3.5). A length is physical: four
//! hours are four hours on every date. An end given as a local time ([`OccurrenceLength::EndLocal`]) is read by the
//! same rules, on the date of the start, or on the next date where it is not later than the start on the clock. An
//! occurrence whose end a clock change moves to its start or before does not take place on that date: from 02:30 to
//! 03:00 in a night that skips 02:00 to 03:00. To take the end of the next date instead would open a window of half
//! an hour for a day.

pub mod cron;
mod occurrences;
mod pattern;
pub mod rrule;
mod sets;

use crate::time::{Duration, LocalDate, LocalTime, ZoneName};
use serde::{Deserialize, Serialize};

pub use pattern::{DatePattern, Dates, WeekInterval};
pub use sets::{MonthDays, Months, NthWeekday, NthWeekdays, Weekdays};

/// How an occurrence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OccurrenceLength {
    /// After this much physical time.
    Duration(Duration),
    /// At this local time, on the date of the start or the next one.
    EndLocal(LocalTime),
}

/// The parts of a recurrence, before they were checked together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecurrenceParts {
    /// The zone of every date and time in it.
    pub time_zone: ZoneName,
    /// The dates on which occurrences start.
    pub pattern: DatePattern,
    /// Only in these months; absent: in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<Months>,
    /// The local times at which occurrences start, on each of those dates.
    pub starts: Vec<LocalTime>,
    /// How an occurrence ends.
    pub length: OccurrenceLength,
    /// First date on which one may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<LocalDate>,
    /// Last date on which one may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<LocalDate>,
    /// Dates on which none starts: exceptions and holidays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<LocalDate>,
}

/// A date pattern, local times of start, and a length, in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RecurrenceParts", into = "RecurrenceParts")]
pub struct Recurrence {
    time_zone: ZoneName,
    pattern: DatePattern,
    months: Option<Months>,
    // Sorted, each once, at least one.
    starts: Vec<LocalTime>,
    length: OccurrenceLength,
    from: Option<LocalDate>,
    until: Option<LocalDate>,
    // Sorted, each once.
    except: Vec<LocalDate>,
}

/// Why a recurrence cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// No time of start.
    #[error("it has no start; write the local time at which an occurrence starts, such as `22:00`")]
    NoStart,
    /// Too many starts.
    #[error(
        "it starts {0} times a day, more than {max}; write fewer and longer occurrences",
        max = Recurrence::MAX_STARTS
    )]
    ManyStarts(usize),
    /// An occurrence longer than a week.
    #[error("an occurrence lasts {0}, longer than 168h; write one occurrence a week, they join up")]
    Long(Duration),
    /// `until` before `from`.
    #[error("until ({until}) is before from ({from}); no occurrence could start")]
    Backwards {
        /// The first date.
        from: LocalDate,
        /// The last date.
        until: LocalDate,
    },
}

impl Recurrence {
    /// How many occurrences may start on one date: one each quarter of an hour.
    pub const MAX_STARTS: usize = 96;
    /// How long an occurrence may last, in seconds: a week of 168 hours.
    pub const MAX_SECONDS: u32 = 168 * 3_600;

    /// The parts it is made of, for explanations.
    pub fn parts(&self) -> RecurrenceParts {
        self.clone().into()
    }

    /// The zone of its dates and times.
    pub fn time_zone(&self) -> &ZoneName {
        &self.time_zone
    }

    /// The dates on which occurrences start.
    pub fn pattern(&self) -> &DatePattern {
        &self.pattern
    }

    /// The local times at which occurrences start, sorted.
    pub fn starts(&self) -> &[LocalTime] {
        &self.starts
    }

    /// How an occurrence ends.
    pub fn length(&self) -> OccurrenceLength {
        self.length
    }
}

impl TryFrom<RecurrenceParts> for Recurrence {
    type Error = RecurrenceError;

    fn try_from(parts: RecurrenceParts) -> Result<Self, Self::Error> {
        let RecurrenceParts {
            time_zone,
            pattern,
            months,
            mut starts,
            length,
            from,
            until,
            mut except,
        } = parts;
        starts.sort_unstable();
        starts.dedup();
        except.sort_unstable();
        except.dedup();
        if starts.is_empty() {
            return Err(RecurrenceError::NoStart);
        }
        if starts.len() > Self::MAX_STARTS {
            return Err(RecurrenceError::ManyStarts(starts.len()));
        }
        if let OccurrenceLength::Duration(duration) = length
            && duration.seconds() > Self::MAX_SECONDS
        {
            return Err(RecurrenceError::Long(duration));
        }
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            return Err(RecurrenceError::Backwards { from, until });
        }
        Ok(Self {
            time_zone,
            pattern,
            months,
            starts,
            length,
            from,
            until,
            except,
        })
    }
}

impl From<Recurrence> for RecurrenceParts {
    fn from(recurrence: Recurrence) -> Self {
        Self {
            time_zone: recurrence.time_zone,
            pattern: recurrence.pattern,
            months: recurrence.months,
            starts: recurrence.starts,
            length: recurrence.length,
            from: recurrence.from,
            until: recurrence.until,
            except: recurrence.except,
        }
    }
}
