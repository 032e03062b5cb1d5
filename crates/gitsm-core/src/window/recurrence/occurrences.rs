//! From dates to instants, and the search among occurrences.

use super::{OccurrenceLength, Recurrence};
use crate::time::{Instant, LocalTime};
use crate::window::Interval;
use jiff::civil::{Date, DateTime};
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, Span};

/// The longest stretch of local time that a zone ever skipped is a day (Pacific/Apia, 2011-12-30). A start in a
/// skipped stretch may come that much later than starts which follow it on the clock.
const LONGEST_SKIP: SignedDuration = SignedDuration::from_hours(25);

/// How long an occurrence with a local end can last: to the same time of the next date, and a clock change.
const LONGEST_LOCAL: SignedDuration = SignedDuration::from_hours(24 + 25);

/// One occurrence as the search sees it.
#[derive(Clone, Copy)]
struct Found {
    /// Absent where a clock change leaves nothing of it.
    interval: Option<Interval>,
    /// No occurrence that follows on the clock starts before this.
    floor: Instant,
}

impl Recurrence {
    /// The occurrence that starts on `date` at `start` by the clock.
    fn occurrence(&self, date: Date, start: LocalTime) -> Option<Found> {
        let (from, skipped) = self.resolve(date.to_datetime(start.time()))?;
        let end = match self.length {
            OccurrenceLength::Duration(duration) => Some(from.plus(duration.to_signed())),
            OccurrenceLength::EndLocal(end) => {
                let same_day = end.minute_of_day() > start.minute_of_day();
                let date = if same_day {
                    Some(date)
                } else {
                    date.tomorrow().ok()
                };
                date.and_then(|date| self.resolve(date.to_datetime(end.time())))
                    .map(|(end, _)| end)
            }
        };
        Some(Found {
            interval: end.and_then(|end| Interval::new(from, end).ok()),
            floor: if skipped { from.plus(-LONGEST_SKIP) } else { from },
        })
    }

    /// A local time as an instant, and whether the clock skips it: before a skip the earlier offset counts, of a
    /// repeated time the first (RFC 5545, section 3.3.5). `None` outside the years 1 to 9999.
    fn resolve(&self, local: DateTime) -> Option<(Instant, bool)> {
        let ambiguous = self.time_zone.time_zone().to_ambiguous_timestamp(local);
        let (offset, skipped) = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset, false),
            AmbiguousOffset::Gap { before, .. } => (before, true),
            AmbiguousOffset::Fold { before, .. } => (before, false),
        };
        let timestamp = offset.to_timestamp(local).ok()?;
        Some((Instant::try_from(timestamp).ok()?, skipped))
    }

    fn local_date(&self, at: Instant) -> Date {
        self.time_zone.time_zone().to_datetime(at.timestamp()).date()
    }

    fn longest(&self) -> SignedDuration {
        match self.length {
            OccurrenceLength::Duration(duration) => duration.to_signed(),
            OccurrenceLength::EndLocal(_) => LONGEST_LOCAL,
        }
    }

    /// The occurrences whose start on the clock lies on a date from `from` to `last`, in order of the clock.
    fn forward(&self, from: Date, last: Date) -> impl Iterator<Item = Found> {
        let mut next = self.next_date(from, last);
        let dates = std::iter::from_fn(move || {
            let date = next?;
            next = date.tomorrow().ok().and_then(|day| self.next_date(day, last));
            Some(date)
        });
        dates.flat_map(move |date| {
            self.starts
                .iter()
                .filter_map(move |start| self.occurrence(date, *start))
        })
    }

    /// The same, latest first.
    fn backward(&self, to: Date, first: Date) -> impl Iterator<Item = Found> {
        let mut next = self.previous_date(to, first);
        let dates = std::iter::from_fn(move || {
            let date = next?;
            next = date
                .yesterday()
                .ok()
                .and_then(|day| self.previous_date(day, first));
            Some(date)
        });
        dates.flat_map(move |date| {
            self.starts
                .iter()
                .rev()
                .filter_map(move |start| self.occurrence(date, *start))
        })
    }

    /// The occurrence under way at `at` that ends last, else the next one that starts before `horizon` (of several
    /// that start together the one that ends last).
    pub(in crate::window) fn occurrence_at(&self, at: Instant, horizon: Instant) -> Option<Interval> {
        let (active, next) = self.around(at, horizon, true);
        active.or(next)
    }

    /// The first occurrence that starts after `at` and before `horizon`; of several that start together the one that
    /// ends last.
    pub(in crate::window) fn occurrence_after(&self, at: Instant, horizon: Instant) -> Option<Interval> {
        self.around(at, horizon, false).1
    }

    /// The occurrence under way that ends last, if `want_active` asks for it, and the next one if there is none under way.
    fn around(
        &self,
        at: Instant,
        horizon: Instant,
        want_active: bool,
    ) -> (Option<Interval>, Option<Interval>) {
        // A day earlier, for a start that was skipped and so came up to a day later than its date says.
        let back = if want_active {
            self.longest()
        } else {
            SignedDuration::ZERO
        };
        let from = days_from(self.local_date(at.plus(-back)), -1);
        let last = days_from(self.local_date(horizon), 1);
        let mut active: Option<Interval> = None;
        let mut next: Option<Interval> = None;
        for Found { interval, floor } in self.forward(from, last) {
            let settled = next.map_or(horizon, Interval::start).min(horizon);
            if floor > settled || (active.is_some() && floor > at) {
                break;
            }
            let Some(found) = interval else { continue };
            if found.contains(at) && want_active {
                active = active.filter(|best| best.end() >= found.end()).or(Some(found));
            } else if found.start() > at && found.start() < horizon {
                let better = |best: &Interval| {
                    (best.start(), std::cmp::Reverse(best.end()))
                        <= (found.start(), std::cmp::Reverse(found.end()))
                };
                next = next.filter(better).or(Some(found));
            }
        }
        (active, next)
    }

    /// The occurrence that started last at or before `at` and not before `horizon`; of several that started together
    /// the one that ends last.
    pub(in crate::window) fn occurrence_before(&self, at: Instant, horizon: Instant) -> Option<Interval> {
        // Starts of later dates come no earlier than their date says, those of skipped times up to a day later.
        let to = days_from(self.local_date(at), 1);
        let first = days_from(self.local_date(horizon), -2);
        let mut best: Option<Interval> = None;
        for Found { interval, .. } in self.backward(to, first) {
            let Some(found) = interval.filter(|found| found.start() <= at) else {
                continue;
            };
            if best.is_some_and(|best| found.start().plus(LONGEST_SKIP) < best.start()) {
                break;
            }
            if found.start() < horizon {
                if found.start().plus(LONGEST_SKIP) < horizon {
                    break;
                }
                continue;
            }
            best = best
                .filter(|best| (best.start(), best.end()) >= (found.start(), found.end()))
                .or(Some(found));
        }
        best
    }
}

/// The date so many days later, the first or last date there is beyond them.
fn days_from(date: Date, days: i32) -> Date {
    let end = if days < 0 { Date::MIN } else { Date::MAX };
    date.checked_add(Span::new().days(days)).unwrap_or(end)
}
