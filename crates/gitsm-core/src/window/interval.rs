//! A stretch of physical time.

use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// The instants from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Interval {
    start: Instant,
    end: Instant,
}

/// An interval that would hold no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its end is not after its start; write the end as the first instant at which it is over")]
pub struct IntervalError;

impl Interval {
    /// The interval between two instants.
    ///
    /// # Errors
    ///
    /// When `end` is not after `start`.
    pub fn new(start: Instant, end: Instant) -> Result<Self, IntervalError> {
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(IntervalError)
        }
    }

    /// Its first instant.
    pub fn start(self) -> Instant {
        self.start
    }

    /// The first instant after it.
    pub fn end(self) -> Instant {
        self.end
    }

    /// Whether an instant lies in it.
    pub fn contains(self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ends {
    start: Instant,
    end: Instant,
}

impl TryFrom<Ends> for Interval {
    type Error = IntervalError;

    fn try_from(ends: Ends) -> Result<Self, Self::Error> {
        Self::new(ends.start, ends.end)
    }
}

impl From<Interval> for Ends {
    fn from(interval: Interval) -> Self {
        Self {
            start: interval.start,
            end: interval.end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_its_start_and_not_its_end() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let (start, end) = (at("2027-01-01T00:00:00Z"), at("2027-01-01T01:00:00Z"));
        let interval = Interval::new(start, end).unwrap();
        assert!(interval.contains(start) && !interval.contains(end));
        assert!(interval.contains(at("2027-01-01T00:59:59.999999999Z")));
        assert!(Interval::new(start, start).is_err() && Interval::new(end, start).is_err());
        let json = serde_json::json!({"start": end, "end": start});
        assert!(serde_json::from_value::<Interval>(json).is_err());
    }
}
