//! Open periods one after the other.

use super::timeline::{CHUNK, Point, Timeline, second_of};
use crate::time::Instant;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A time without a break in which a calendar is open, `[from, until)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenPeriod {
    /// The first instant.
    pub from: Instant,
    /// The first instant at which it is closed again.
    pub until: Instant,
}

impl OpenPeriod {
    /// How long it is.
    pub fn length(self) -> SignedDuration {
        self.until.since(self.from)
    }
}

/// The open periods of a calendar in a stretch of time; see
/// [`Calendar::open_periods`](super::Calendar::open_periods).
#[derive(Debug, Clone)]
pub struct OpenPeriods<'a> {
    timeline: &'a Timeline,
    from: Instant,
    until: Instant,
    /// Where to look next: a chunk, and a second of it.
    next: (i64, u32),
}

impl<'a> OpenPeriods<'a> {
    pub(super) fn new(timeline: &'a Timeline, from: Instant, until: Instant) -> Self {
        let point = Point::of(from);
        Self {
            timeline,
            from,
            until,
            next: (point.chunk, point.second),
        }
    }
}

impl Iterator for OpenPeriods<'_> {
    type Item = OpenPeriod;

    fn next(&mut self) -> Option<OpenPeriod> {
        let limit = Point::of(self.until);
        let mut found: Option<OpenPeriod> = None;
        for chunk in self.timeline.active_in(self.next.0..limit.chunk + 1) {
            let second = if chunk == self.next.0 { self.next.1 } else { 0 };
            let span = self.timeline.with(chunk, |spans| spans.span_ending_after(second));
            match (&mut found, span) {
                // A period that goes on from the chunk before.
                (Some(period), Some(span)) if span.start == 0 => period.until = second_of(chunk, span.end),
                (Some(_), _) => break,
                (None, None) => continue,
                (None, Some(span)) => {
                    found = Some(OpenPeriod {
                        from: second_of(chunk, span.start),
                        until: second_of(chunk, span.end),
                    });
                }
            }
            let end = span.map_or(0, |span| span.end);
            self.next = (chunk, end);
            if i64::from(end) < CHUNK {
                break;
            }
        }
        let period = found?;
        let cut = OpenPeriod {
            from: period.from.max(self.from),
            until: period.until.min(self.until),
        };
        (cut.from < cut.until).then_some(cut)
    }
}
