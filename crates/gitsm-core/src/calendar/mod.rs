//! Business calendars: the hours that service levels count.
//!
//! A [`Calendar`] answers when it is open, how much open time lies between two instants and when so much of it will
//! have passed. Its rules:
//!
//! - Segments are half-open, `[from, to)`, and read in the calendar's own zone, also where they are inherited.
//! - A boundary that a clock change skips is the next valid instant. For a local time that occurs twice a segment opens
//!   at the first and closes at the last. What two segments cover together counts once.
//! - A special day replaces the weekly hours and any holiday of its date.
//! - Holidays add up along `inherits`. Where a calendar has no weekly hours, it has those of the nearest calendar it
//!   inherits from that has some, with the special days met on the way there. Of two calendars that speak
//!   of the same date the nearer is right.
//! - Segments of one day must not overlap: two that do are more often a slip than a wish, and which of the two was
//!   meant would be a guess. Segments that touch are one.
//! - A calendar that inherits from one that does not exist, or from itself, is a [`CalendarProblem`]: whoever asks for
//!   it takes that for closed and says why.

#[expect(clippy::module_inception)] // The type that the module is about.
mod calendar;
mod definition;
mod hours;
mod periods;
mod timeline;

#[cfg(test)]
mod tests;

pub use calendar::{Calendar, CalendarRules, Day, SEARCH_LIMIT};
pub use definition::{CalendarDefinition, CalendarProblem, Calendars, SpecialDay};
pub use hours::{DayHours, HoursError, Segment, WeekHours};
pub use periods::{OpenPeriod, OpenPeriods};
