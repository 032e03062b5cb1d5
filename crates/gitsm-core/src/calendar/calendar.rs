//! A calendar that can be asked.

use super::definition::SpecialDay;
use super::hours::{DayHours, WeekHours};
use super::periods::OpenPeriods;
use super::timeline::Timeline;
use crate::Text;
use crate::ident::BusinessCalendarName;
use crate::time::{Instant, LocalDate, ZoneName};
use crate::vocabulary::Weekday;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far [`Calendar::next_open`] and [`Calendar::next_close`] look: five years, as windows do.
pub const SEARCH_LIMIT: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// What a calendar is made of, with all that it inherits filled in. It is what is saved with a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalendarRules {
    /// Its name; `None` for the calendar that is always open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<BusinessCalendarName>,
    /// The zone in which its hours and dates are read.
    pub time_zone: ZoneName,
    /// Hours of an ordinary week.
    pub weekly: WeekHours,
    /// Days without hours, with their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holidays: BTreeMap<LocalDate, Text<120>>,
    /// Days with hours of their own, which replace the weekly ones and any holiday.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub special_days: BTreeMap<LocalDate, SpecialDay>,
}

/// What holds on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// It has the hours of its day of the week.
    Ordinary(&'a DayHours),
    /// It is a holiday of this name and has no hours.
    Holiday(&'a Text<120>),
    /// It has hours of its own.
    Special(&'a SpecialDay),
}

/// The hours that count, in a time zone. Cheap to clone; clones share what they have computed.
///
/// What it computes it keeps: the open periods of about a year at a time, for the years 1970 to 2106. Instants outside
/// them are as exact and take longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "CalendarRules", into = "CalendarRules")]
pub struct Calendar {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    rules: CalendarRules,
    timeline: Timeline,
}

impl From<CalendarRules> for Calendar {
    fn from(rules: CalendarRules) -> Self {
        Self::new(rules)
    }
}

impl From<Calendar> for CalendarRules {
    fn from(calendar: Calendar) -> Self {
        calendar.inner.rules.clone()
    }
}

// What was computed follows from the rules.
impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.inner.rules == other.inner.rules
    }
}

impl Eq for Calendar {}

impl Calendar {
    /// The calendar of these rules.
    pub fn new(rules: CalendarRules) -> Self {
        let timeline = Timeline::new(&rules);
        Self {
            inner: Arc::new(Inner { rules, timeline }),
        }
    }

    /// Open at every instant: business time is physical time.
    pub fn always() -> Self {
        Self::new(CalendarRules {
            name: None,
            time_zone: ZoneName::utc(),
            weekly: WeekHours::daily(&DayHours::whole_day()),
            holidays: BTreeMap::new(),
            special_days: BTreeMap::new(),
        })
    }

    /// What it is made of.
    pub fn rules(&self) -> &CalendarRules {
        &self.inner.rules
    }

    /// Its name; `None` for the calendar that is always open.
    pub fn name(&self) -> Option<&BusinessCalendarName> {
        self.inner.rules.name.as_ref()
    }

    /// What holds on a date.
    pub fn day(&self, date: LocalDate) -> Day<'_> {
        let rules = &self.inner.rules;
        if let Some(special) = rules.special_days.get(&date) {
            return Day::Special(special);
        }
        match rules.holidays.get(&date) {
            Some(name) => Day::Holiday(name),
            None => Day::Ordinary(rules.weekly.of(Weekday::from(date.date().weekday()))),
        }
    }

    /// The last holiday that is written down. A calendar without future holidays deserves a look.
    pub fn holidays_until(&self) -> Option<LocalDate> {
        self.inner.rules.holidays.keys().next_back().copied()
    }

    /// Whether it is open.
    pub fn is_open(&self, at: Instant) -> bool {
        self.inner.timeline.is_open(at)
    }

    /// The first instant after `at` at which it opens; `None` where that is more than [`SEARCH_LIMIT`] away. An open
    /// calendar opens next after it has closed.
    pub fn next_open(&self, at: Instant) -> Option<Instant> {
        self.open_periods(at, at.plus(SEARCH_LIMIT))
            .map(|period| period.from)
            .find(|from| *from > at)
    }

    /// The first instant after `at` at which it closes: the end of the current period, or of the next one where it is
    /// closed. `None` where that is more than [`SEARCH_LIMIT`] away.
    pub fn next_close(&self, at: Instant) -> Option<Instant> {
        let limit = at.plus(SEARCH_LIMIT);
        self.open_periods(at, limit)
            .map(|period| period.until)
            .next()
            .filter(|until| *until < limit)
    }

    /// The first instant from `at` on at which it is open, `at` itself included; `None` where that is more than
    /// [`SEARCH_LIMIT`] away.
    pub fn first_open(&self, at: Instant) -> Option<Instant> {
        self.open_periods(at, at.plus(SEARCH_LIMIT))
            .next()
            .map(|period| period.from)
    }

    /// The open periods in `[from, until)`, in order, cut off at both ends. Neighbours are apart.
    pub fn open_periods(&self, from: Instant, until: Instant) -> OpenPeriods<'_> {
        OpenPeriods::new(&self.inner.timeline, from, until)
    }

    /// The open time in `[from, until)`; negative where `until` is before `from`, so that
    /// `between(a, b) + between(b, c) = between(a, c)` for all instants.
    pub fn business_between(&self, from: Instant, until: Instant) -> SignedDuration {
        if until < from {
            -self.inner.timeline.open_between(until, from)
        } else {
            self.inner.timeline.open_between(from, until)
        }
    }

    /// The earliest instant at which so much open time has passed since `at`; `None` when it never will (until the
    /// year 9999). A negative length gives the latest instant from which so much open time has passed until `at`, and
    /// none gives `at`. Always `business_between(at, add_business(at, length)) = length`.
    pub fn add_business(&self, at: Instant, length: SignedDuration) -> Option<Instant> {
        if length.is_zero() {
            Some(at)
        } else if length.is_positive() {
            self.inner.timeline.after(at, length)
        } else {
            self.inner.timeline.before(at, length)
        }
    }
}
