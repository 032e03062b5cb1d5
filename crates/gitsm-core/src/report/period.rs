//! The period of a report.

use crate::time::{Instant, LocalDate, ZoneName};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

/// A half-open interval of time: `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Period {
    from: Instant,
    to: Instant,
}

/// The ends of a period as they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    from: Instant,
    to: Instant,
}

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It has no form that is known.
    #[error(
        "not a period: write a month (2027-01), a quarter (2027-Q1), a year (2027), or FROM/TO, where both are days \
         (2027-01-01/2027-02-01) or instants with an offset; TO is the first that does not belong to it"
    )]
    Form,
    /// It ends before it begins.
    #[error("not a period: it ends at {to}, which is not after its begin at {from}")]
    Empty {
        /// Its begin.
        from: Instant,
        /// Its end.
        to: Instant,
    },
    /// Its days are outside the years 1 to 9999.
    #[error("not a period: its days are outside the years 1 to 9999")]
    Range,
}

impl Period {
    /// The period from an instant to another one, which does not belong to it.
    ///
    /// # Errors
    ///
    /// [`PeriodError::Empty`].
    pub fn new(from: Instant, to: Instant) -> Result<Self, PeriodError> {
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(PeriodError::Empty { from, to })
        }
    }

    /// Reads `2027-01`, `2027-Q1`, `2027`, or `FROM/TO` with days or instants. Days begin at midnight in `zone`, or at
    /// the first instant after it where a clock skips midnight.
    ///
    /// # Errors
    ///
    /// [`PeriodError`].
    pub fn parse(text: &str, zone: &ZoneName) -> Result<Self, PeriodError> {
        if let Some((from, to)) = text.split_once('/') {
            return Self::new(end(from, zone)?, end(to, zone)?);
        }
        let (year, months) = match text.split_once('-') {
            None => (text, Some((1, 12))),
            Some((year, part)) => (year, months(part)),
        };
        let (first, count) = months.ok_or(PeriodError::Form)?;
        if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PeriodError::Form);
        }
        let year: i16 = year.parse().map_err(|_| PeriodError::Form)?;
        // Months counted from 0, so that the end of December is January of the next year.
        let last = first - 1 + count;
        let from = midnight(Date::new(year, first, 1).map_err(|_| PeriodError::Range)?, zone)?;
        let to = Date::new(year.saturating_add(i16::from(last / 12)), last % 12 + 1, 1);
        let to = match to {
            Ok(date) => midnight(date, zone)?,
            // The year 9999 ends with time itself.
            Err(_) => Instant::MAX,
        };
        Self::new(from, to)
    }

    /// One day in a zone.
    ///
    /// # Errors
    ///
    /// [`PeriodError::Range`] for a day that is not wholly within the years 1 to 9999.
    pub fn day(date: LocalDate, zone: &ZoneName) -> Result<Self, PeriodError> {
        let next = date.date().tomorrow().map_err(|_| PeriodError::Range)?;
        Self::new(midnight(date.date(), zone)?, midnight(next, zone)?)
    }

    /// Its begin.
    pub fn from(self) -> Instant {
        self.from
    }

    /// Its end, the first instant that does not belong to it.
    pub fn to(self) -> Instant {
        self.to
    }

    /// The last instant that belongs to it, a nanosecond before its end.
    pub fn last(self) -> Instant {
        self.to.plus(SignedDuration::from_nanos(-1))
    }

    /// Whether an instant belongs to it.
    pub fn contains(self, instant: Instant) -> bool {
        self.from <= instant && instant < self.to
    }

    /// Its length in whole seconds, rounded up, at least one.
    pub fn seconds(self) -> u64 {
        let length = self.to.since(self.from);
        let seconds = length.as_secs() + i64::from(length.subsec_nanos() > 0);
        u64::try_from(seconds).unwrap_or(1).max(1)
    }
}

impl TryFrom<Ends> for Period {
    type Error = PeriodError;

    fn try_from(ends: Ends) -> Result<Self, Self::Error> {
        Self::new(ends.from, ends.to)
    }
}

impl From<Period> for Ends {
    fn from(period: Period) -> Self {
        Self {
            from: period.from,
            to: period.to,
        }
    }
}

/// First month and number of months.
fn months(part: &str) -> Option<(i8, i8)> {
    if let Some(quarter) = part.strip_prefix('Q') {
        let quarter: i8 = quarter.parse().ok().filter(|number| (1..=4).contains(number))?;
        return (part.len() == 2).then_some((quarter * 3 - 2, 3));
    }
    let month: i8 = part.parse().ok().filter(|number| (1..=12).contains(number))?;
    (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then_some((month, 1))
}

fn end(text: &str, zone: &ZoneName) -> Result<Instant, PeriodError> {
    if let Ok(instant) = text.parse::<Instant>() {
        return Ok(instant);
    }
    let date: LocalDate = text.parse().map_err(|_| PeriodError::Form)?;
    midnight(date.date(), zone)
}

/// The first instant of a day.
fn midnight(date: Date, zone: &ZoneName) -> Result<Instant, PeriodError> {
    // "Compatible" takes the later of a gap's ends and the earlier of two midnights, which is what is wanted.
    DateTime::from_parts(date, Time::midnight())
        .to_zoned(zone.time_zone().clone())
        .map_err(|_| PeriodError::Range)
        .and_then(|zoned| Instant::try_from(zoned.timestamp()).map_err(|_| PeriodError::Range))
}
