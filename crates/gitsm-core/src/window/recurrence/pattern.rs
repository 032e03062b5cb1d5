//! The dates on which occurrences start.

use super::Recurrence;
use super::sets::{MonthDays, NthWeekdays, Weekdays, full};
use crate::text::ValueError;
use crate::time::LocalDate;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Every so many weeks, counted in weeks from Monday to Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WeekIntervalParts", into = "WeekIntervalParts")]
pub struct WeekInterval {
    every: u8,
    anchor: LocalDate,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WeekIntervalParts {
    every: i64,
    anchor: LocalDate,
}

impl WeekInterval {
    /// Every `every` weeks, the week of `anchor` being one that counts.
    ///
    /// # Errors
    ///
    /// When `every` is not 1 to 52.
    pub fn new(every: i64, anchor: LocalDate) -> Result<Self, ValueError> {
        match u8::try_from(every) {
            Ok(every @ 1..=52) => Ok(Self { every, anchor }),
            _ => Err(ValueError::new("a number of weeks", "it is not 1 to 52", "2")),
        }
    }

    /// Every how many weeks.
    pub fn every(self) -> u8 {
        self.every
    }

    /// A date in a week that counts.
    pub fn anchor(self) -> LocalDate {
        self.anchor
    }
}

impl TryFrom<WeekIntervalParts> for WeekInterval {
    type Error = ValueError;

    fn try_from(parts: WeekIntervalParts) -> Result<Self, Self::Error> {
        Self::new(parts.every, parts.anchor)
    }
}

impl From<WeekInterval> for WeekIntervalParts {
    fn from(weeks: WeekInterval) -> Self {
        Self {
            every: weeks.every.into(),
            anchor: weeks.anchor,
        }
    }
}

/// The dates on which occurrences start: the closed set of patterns that every notation is read into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DatePattern {
    /// On weekdays, of all weeks or of every so many.
    #[serde(rename_all = "camelCase")]
    Weekdays {
        /// The weekdays.
        days: Weekdays,
        /// Only every so many weeks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weeks: Option<WeekInterval>,
    },
    /// On weekdays by their number in the month.
    NthWeekdays(NthWeekdays),
    /// On days of the month.
    MonthDays(MonthDays),
    /// On days of the month and on weekdays, either of which is enough: cron with both fields given.
    #[serde(rename_all = "camelCase")]
    MonthDaysOrWeekdays {
        /// The days of the month.
        month_days: MonthDays,
        /// The weekdays.
        days: Weekdays,
    },
    /// On these dates.
    Dates(Dates),
}

/// Dates, sorted, each once; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<LocalDate>", into = "Vec<LocalDate>")]
pub struct Dates(Vec<LocalDate>);

impl TryFrom<Vec<LocalDate>> for Dates {
    type Error = ValueError;

    fn try_from(mut dates: Vec<LocalDate>) -> Result<Self, Self::Error> {
        dates.sort_unstable();
        dates.dedup();
        if dates.is_empty() {
            return Err(ValueError::new("a list of dates", "it is empty", "[2027-11-26]"));
        }
        Ok(Self(dates))
    }
}

impl From<Dates> for Vec<LocalDate> {
    fn from(dates: Dates) -> Self {
        dates.0
    }
}

/// The days since 1970-01-01.
fn day_number(date: Date) -> i64 {
    let zone = jiff::tz::Offset::UTC;
    zone.to_timestamp(date.at(0, 0, 0, 0))
        .map_or(0, |timestamp| timestamp.as_second().div_euclid(86_400))
}

/// Weeks from Monday to Sunday, by number.
fn week_number(date: Date) -> i64 {
    // 1970-01-01 was a Thursday.
    (day_number(date) + 3).div_euclid(7)
}

/// One month, as patterns see it.
#[derive(Debug, Clone, Copy)]
struct Month {
    first: Date,
    // 0 for Monday.
    first_weekday: u8,
    days: u8,
}

impl Month {
    fn of(date: Date) -> Self {
        let first = date.first_of_month();
        Self {
            first,
            first_weekday: first.weekday().to_monday_zero_offset().unsigned_abs(),
            days: first.days_in_month().unsigned_abs(),
        }
    }

    fn next(self) -> Option<Self> {
        Some(Self::of(self.first.last_of_month().tomorrow().ok()?))
    }

    fn previous(self) -> Option<Self> {
        Some(Self::of(self.first.yesterday().ok()?))
    }

    fn weekday_bits(self, days: Weekdays) -> u32 {
        let week = u64::from(days.bits());
        let repeated = week | week << 7 | week << 14 | week << 21 | week << 28 | week << 35;
        let shifted = repeated >> (self.first_weekday % 7);
        // Six weeks were written and less than one shifted out: 31 bits are left.
        u32::try_from(shifted & u64::from(u32::MAX)).unwrap_or(0) & full(self.days)
    }

    fn week_bits(self, weeks: WeekInterval) -> u32 {
        let distance = week_number(self.first) - week_number(weeks.anchor.date());
        let mut bits = 0_u64;
        for index in 0..6_u8 {
            if (distance + i64::from(index)).rem_euclid(i64::from(weeks.every)) == 0 {
                bits |= 0b111_1111 << (7 * index);
            }
        }
        u32::try_from((bits >> (self.first_weekday % 7)) & u64::from(u32::MAX)).unwrap_or(0)
    }

    fn day(self, bit: u32) -> Option<Date> {
        let day = i8::try_from(bit + 1).ok()?;
        Date::new(self.first.year(), self.first.month(), day).ok()
    }
}

impl DatePattern {
    /// The dates of a month, bit 0 for the first.
    fn bits_in(&self, month: Month) -> u32 {
        match self {
            Self::Weekdays { days, weeks } => {
                let bits = month.weekday_bits(*days);
                weeks.map_or(bits, |weeks| bits & month.week_bits(weeks))
            }
            Self::NthWeekdays(set) => set.bits_in(month.first_weekday, month.days),
            Self::MonthDays(days) => days.bits_in(month.days),
            Self::MonthDaysOrWeekdays { month_days, days } => {
                month_days.bits_in(month.days) | month.weekday_bits(*days)
            }
            Self::Dates(Dates(dates)) => {
                let from = dates.partition_point(|date| date.date() < month.first);
                let in_month = dates
                    .get(from..)
                    .unwrap_or_default()
                    .iter()
                    .map(|date| date.date());
                in_month
                    .take_while(|date| {
                        (date.year(), date.month()) == (month.first.year(), month.first.month())
                    })
                    .fold(0, |bits, date| bits | 1 << (date.day() - 1))
            }
        }
    }
}

impl Recurrence {
    /// The dates of a month that the whole recurrence admits, exceptions aside.
    fn bits_in(&self, month: Month) -> u32 {
        if self
            .months
            .is_some_and(|months| !months.contains(month.first.month()))
        {
            return 0;
        }
        self.pattern.bits_in(month)
    }

    fn is_excepted(&self, date: Date) -> bool {
        self.except
            .binary_search_by(|except| except.date().cmp(&date))
            .is_ok()
    }

    /// The first date from `from` to `last` on which an occurrence starts.
    pub(super) fn next_date(&self, from: Date, last: Date) -> Option<Date> {
        let from = self.from.map_or(from, |limit| limit.date().max(from));
        let last = self.until.map_or(last, |limit| limit.date().min(last));
        let mut month = Month::of(from);
        let mut bits = self.bits_in(month) & u32::MAX << (from.day() - 1);
        while month.first <= last {
            while bits != 0 {
                let date = month.day(bits.trailing_zeros())?;
                if date > last {
                    return None;
                }
                if !self.is_excepted(date) {
                    return Some(date);
                }
                bits &= bits - 1;
            }
            month = month.next()?;
            bits = self.bits_in(month);
        }
        None
    }

    /// The last date from `first` to `to` on which an occurrence starts.
    pub(super) fn previous_date(&self, to: Date, first: Date) -> Option<Date> {
        let to = self.until.map_or(to, |limit| limit.date().min(to));
        let first = self.from.map_or(first, |limit| limit.date().max(first));
        let mut month = Month::of(to);
        let mut bits = self.bits_in(month) & full(to.day().unsigned_abs());
        loop {
            while let Some(last) = bits.checked_ilog2() {
                let date = month.day(last)?;
                if date < first {
                    return None;
                }
                if !self.is_excepted(date) {
                    return Some(date);
                }
                bits &= !(1 << (date.day() - 1));
            }
            if month.first <= first {
                return None;
            }
            month = month.previous()?;
            bits = self.bits_in(month);
        }
    }
}
