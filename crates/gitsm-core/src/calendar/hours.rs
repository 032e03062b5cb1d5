//! Hours of a day and of a week, in local time.

use crate::time::{ClosingTime, LocalTime};
use crate::vocabulary::Weekday;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why hours are not hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// A segment ends at or before its start.
    #[error(
        "{from} to {to} is no segment of a day: it must end after it starts; hours past midnight are two segments, of two days"
    )]
    Backwards {
        /// Where it starts.
        from: LocalTime,
        /// Where it ends.
        to: ClosingTime,
    },
    /// Two segments of the same day overlap.
    #[error("{first} and {second} overlap on the same day; write them as one")]
    Overlap {
        /// The one that starts first.
        first: Segment,
        /// The other.
        second: Segment,
    },
}

/// A part of a day, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SegmentText")]
pub struct Segment {
    from: LocalTime,
    to: ClosingTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentText {
    from: LocalTime,
    to: ClosingTime,
}

impl TryFrom<SegmentText> for Segment {
    type Error = HoursError;

    fn try_from(text: SegmentText) -> Result<Self, Self::Error> {
        Self::new(text.from, text.to)
    }
}

impl Segment {
    /// The whole day.
    pub const WHOLE_DAY: Self = Self {
        from: LocalTime::MIDNIGHT,
        to: ClosingTime::END_OF_DAY,
    };

    /// The part of a day between two times.
    ///
    /// # Errors
    ///
    /// When it does not end after it starts.
    pub fn new(from: LocalTime, to: ClosingTime) -> Result<Self, HoursError> {
        if from.minute_of_day() < to.minute_of_day() {
            Ok(Self { from, to })
        } else {
            Err(HoursError::Backwards { from, to })
        }
    }

    /// The first local time.
    pub fn from(self) -> LocalTime {
        self.from
    }

    /// The local time at which it closes.
    pub fn to(self) -> ClosingTime {
        self.to
    }

    /// Both ends in seconds of an ordinary day, 0 to 86,400.
    pub(super) fn seconds(self) -> (i64, i64) {
        (
            i64::from(self.from.minute_of_day()) * 60,
            i64::from(self.to.minute_of_day()) * 60,
        )
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// The segments of one day, in order, apart from each other. None: closed all day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Segment>")]
pub struct DayHours(Vec<Segment>);

impl DayHours {
    /// The day with these segments, in any order. Segments that touch become one.
    ///
    /// # Errors
    ///
    /// When two overlap.
    pub fn new(mut segments: Vec<Segment>) -> Result<Self, HoursError> {
        segments.sort_unstable();
        let mut hours: Vec<Segment> = Vec::with_capacity(segments.len());
        for segment in segments {
            match hours.last_mut() {
                Some(last) if segment.from.minute_of_day() < last.to.minute_of_day() => {
                    return Err(HoursError::Overlap {
                        first: *last,
                        second: segment,
                    });
                }
                Some(last) if segment.from.minute_of_day() == last.to.minute_of_day() => last.to = segment.to,
                _ => hours.push(segment),
            }
        }
        Ok(Self(hours))
    }

    /// Open from midnight to midnight.
    pub fn whole_day() -> Self {
        Self(vec![Segment::WHOLE_DAY])
    }

    /// The segments, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether it is closed all day.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<Segment>> for DayHours {
    type Error = HoursError;

    fn try_from(segments: Vec<Segment>) -> Result<Self, Self::Error> {
        Self::new(segments)
    }
}

impl fmt::Display for DayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for segment in &self.0 {
            write!(f, "{separator}{segment}")?;
            separator = ", ";
        }
        if self.0.is_empty() {
            f.write_str("closed")
        } else {
            Ok(())
        }
    }
}

/// The hours of an ordinary week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeekHours {
    /// Those of Monday; the others likewise.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub monday: DayHours,
    /// Tuesday.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub tuesday: DayHours,
    /// Wednesday.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub wednesday: DayHours,
    /// Thursday.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub thursday: DayHours,
    /// Friday.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub friday: DayHours,
    /// Saturday.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub saturday: DayHours,
    /// Sunday.
    #[serde(default, skip_serializing_if = "DayHours::is_empty")]
    pub sunday: DayHours,
}

impl WeekHours {
    /// The week with these segments of these days, in any order.
    ///
    /// # Errors
    ///
    /// When two segments of a day overlap, with that day.
    pub fn new(
        segments: impl IntoIterator<Item = (Weekday, Segment)>,
    ) -> Result<Self, (Weekday, HoursError)> {
        let mut week = Self::default();
        for (day, segment) in segments {
            week.of_mut(day).0.push(segment);
        }
        for day in Weekday::ALL.iter().copied() {
            let hours = week.of_mut(day);
            *hours = DayHours::new(std::mem::take(&mut hours.0)).map_err(|error| (day, error))?;
        }
        Ok(week)
    }

    /// The same hours on every day.
    pub fn daily(hours: &DayHours) -> Self {
        let mut week = Self::default();
        for day in Weekday::ALL.iter().copied() {
            week.of_mut(day).clone_from(hours);
        }
        week
    }

    /// The hours of a day.
    pub fn of(&self, day: Weekday) -> &DayHours {
        match day {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }

    fn of_mut(&mut self, day: Weekday) -> &mut DayHours {
        match day {
            Weekday::Monday => &mut self.monday,
            Weekday::Tuesday => &mut self.tuesday,
            Weekday::Wednesday => &mut self.wednesday,
            Weekday::Thursday => &mut self.thursday,
            Weekday::Friday => &mut self.friday,
            Weekday::Saturday => &mut self.saturday,
            Weekday::Sunday => &mut self.sunday,
        }
    }

    /// Whether no day has hours.
    pub fn is_empty(&self) -> bool {
        Weekday::ALL.iter().all(|day| self.of(*day).is_empty())
    }
}
