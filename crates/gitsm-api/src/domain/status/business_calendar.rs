//! A business calendar at one instant, as its status shows it.

use crate::v1alpha1::BusinessCalendarStatus;
use gitsm_core::Text;
use gitsm_core::calendar::Calendar;
use gitsm_core::time::{Instant, tzdb_version};

/// Where a calendar stands. It changes at `nextOpen` and `nextClose`.
pub fn business_calendar_status(calendar: &Calendar, now: Instant) -> BusinessCalendarStatus {
    BusinessCalendarStatus {
        open: Some(calendar.is_open(now)),
        next_open: calendar.next_open(now),
        next_close: calendar.next_close(now),
        holidays_until: calendar.holidays_until(),
        tzdb_version: Some(Text::clip(tzdb_version())),
        ..BusinessCalendarStatus::default()
    }
}
