//! When a resolved incident is closed.

use crate::calendar::{Calendar, Day, SEARCH_LIMIT};
use crate::time::{Instant, LocalDate};
use serde::{Deserialize, Serialize};

/// When a resolved incident is closed: at the end of a business day, so that whoever reported it has whole days to look
/// at the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Closing {
    /// Whole business days after the day of the resolution; with none it is closed at once.
    #[serde(default = "Closing::default_business_days")]
    pub business_days: u16,
    /// The calendar that says which days are business days: those with any hours.
    pub calendar: Calendar,
}

impl Closing {
    /// A week of work.
    pub const DEFAULT_BUSINESS_DAYS: u16 = 5;

    fn default_business_days() -> u16 {
        Self::DEFAULT_BUSINESS_DAYS
    }

    /// When an incident is closed that was resolved then: at midnight, in the zone of the calendar, that ends the last
    /// of its business days. `None` where the calendar has not so many days within [`SEARCH_LIMIT`].
    pub fn after(&self, resolved: Instant) -> Option<Instant> {
        if self.business_days == 0 {
            return Some(resolved);
        }
        let zone = self.calendar.rules().time_zone.time_zone();
        let last = self.business_day_after(resolved.timestamp().to_zoned(zone.clone()).date())?;
        let midnight = last.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
        Instant::try_from(midnight.timestamp()).ok()
    }

    fn business_day_after(&self, day: jiff::civil::Date) -> Option<jiff::civil::Date> {
        let most = usize::try_from(SEARCH_LIMIT.as_hours() / 24).ok()?;
        day.series(jiff::Span::new().days(1))
            .skip(1)
            .take(most)
            .filter(|date| self.is_business_day(*date))
            .nth(usize::from(self.business_days.saturating_sub(1)))
    }

    fn is_business_day(&self, date: jiff::civil::Date) -> bool {
        match LocalDate::from_date(date).map(|date| self.calendar.day(date)) {
            Some(Day::Ordinary(hours)) => !hours.is_empty(),
            Some(Day::Special(special)) => !special.hours.is_empty(),
            Some(Day::Holiday(_)) | None => false,
        }
    }
}
