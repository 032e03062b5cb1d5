//! Dates and times of day without a zone; the zone stands beside them in the manifest.

use super::instant::follows;
use crate::text::{TextForm, ValueError, check_length, text_wire};
use jiff::civil;
use std::{fmt, str::FromStr};

/// A calendar date, `2027-02-06`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(civil::Date);

impl TextForm for LocalDate {
    const WHAT: &'static str = "a date";
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
    const MIN_LENGTH: usize = 10;
    const MAX_LENGTH: usize = 10;
    const EXAMPLE: &'static str = "2027-02-06";
    const FORMAT: Option<&'static str> = Some("date");
}

impl LocalDate {
    /// The date, where a manifest could write it: the years 0000 to 9999.
    pub fn from_date(date: civil::Date) -> Option<Self> {
        (date.year() >= 0).then_some(Self(date))
    }

    /// The date for arithmetic.
    pub fn date(self) -> civil::Date {
        self.0
    }
}

impl FromStr for LocalDate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        if !follows(text.as_bytes(), b"0000-00-00") {
            return Err(ValueError::of::<Self>(
                "it is not year-month-day, with four, two and two digits",
            ));
        }
        text.parse()
            .map(Self)
            .map_err(|_| ValueError::of::<Self>("there is no such day in the calendar"))
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_wire!(LocalDate);

/// A time of day to the minute, `22:30`, from `00:00` to `23:59`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    minute_of_day: u16,
}

/// Minutes of an ordinary day.
const DAY_MINUTES: u16 = 24 * 60;

impl TextForm for LocalTime {
    const WHAT: &'static str = "a time of day";
    const PATTERN: &'static str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
    const MIN_LENGTH: usize = 5;
    const MAX_LENGTH: usize = 5;
    const EXAMPLE: &'static str = "22:30";
}

impl LocalTime {
    /// The time so many minutes after midnight.
    ///
    /// # Errors
    ///
    /// When `minute_of_day` is above 1439.
    pub fn from_minute_of_day(minute_of_day: u16) -> Result<Self, ValueError> {
        if minute_of_day < DAY_MINUTES {
            Ok(Self { minute_of_day })
        } else {
            Err(ValueError::of::<Self>("it is after the end of the day"))
        }
    }

    /// The start of the day, `00:00`.
    pub const MIDNIGHT: Self = Self { minute_of_day: 0 };

    /// Minutes since midnight, 0 to 1439.
    pub fn minute_of_day(self) -> u16 {
        self.minute_of_day
    }

    /// The time for arithmetic.
    pub fn time(self) -> civil::Time {
        // Both numbers are in range by construction, so the fallback is never taken.
        let hour = i8::try_from(self.minute_of_day / 60).unwrap_or(0);
        let minute = i8::try_from(self.minute_of_day % 60).unwrap_or(0);
        civil::Time::new(hour, minute, 0, 0).unwrap_or(civil::Time::midnight())
    }
}

impl FromStr for LocalTime {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        match minute_of_day(text) {
            Some(minute_of_day) if minute_of_day < DAY_MINUTES => Ok(Self { minute_of_day }),
            _ => Err(ValueError::of::<Self>(
                "it is not a time from 00:00 to 23:59, with two digits each",
            )),
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_minutes(self.minute_of_day, f)
    }
}

text_wire!(LocalTime);

/// The time at which opening hours end, `18:00`, from `00:01` to `24:00` (the end of the day).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClosingTime {
    minute_of_day: u16,
}

impl TextForm for ClosingTime {
    const WHAT: &'static str = "a closing time";
    const PATTERN: &'static str =
        "^(0[1-9]:[0-5][0-9]|00:0[1-9]|00:[1-5][0-9]|1[0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9]|24:00)$";
    const MIN_LENGTH: usize = 5;
    const MAX_LENGTH: usize = 5;
    const EXAMPLE: &'static str = "18:00";
}

impl ClosingTime {
    /// The end of the day, `24:00`.
    pub const END_OF_DAY: Self = Self {
        minute_of_day: DAY_MINUTES,
    };

    /// Minutes since midnight, 1 to 1440.
    pub fn minute_of_day(self) -> u16 {
        self.minute_of_day
    }
}

impl FromStr for ClosingTime {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        match minute_of_day(text) {
            Some(0) => Err(ValueError::of::<Self>(
                "nothing can close at 00:00; the end of the day is 24:00",
            )),
            Some(minute_of_day) => Ok(Self { minute_of_day }),
            None => Err(ValueError::of::<Self>(
                "it is not a time from 00:01 to 24:00, with two digits each",
            )),
        }
    }
}

impl fmt::Display for ClosingTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_minutes(self.minute_of_day, f)
    }
}

text_wire!(ClosingTime);

/// Reads `HH:MM` from 00:00 to 24:00.
fn minute_of_day(text: &str) -> Option<u16> {
    if !follows(text.as_bytes(), b"00:00") {
        return None;
    }
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MINUTES).then_some(total)
}

fn write_minutes(minutes: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_must_exist() {
        assert_eq!(
            "2028-02-29".parse::<LocalDate>().unwrap().to_string(),
            "2028-02-29"
        );
        for wrong in [
            "2027-02-29",
            "2027-13-01",
            "27-02-06xx",
            "2027/02/06",
            "-027-02-06",
        ] {
            assert!(wrong.parse::<LocalDate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_minute_of_the_day_survives_a_round_trip() {
        for minute in 0..DAY_MINUTES {
            let text = format!("{:02}:{:02}", minute / 60, minute % 60);
            let time: LocalTime = text.parse().unwrap();
            assert_eq!(time.minute_of_day(), minute);
            assert_eq!(time.to_string(), text);
            assert_eq!(time.time().hour(), i8::try_from(minute / 60).unwrap());
            assert_eq!(text.parse::<ClosingTime>().is_ok(), minute > 0);
        }
        assert_eq!(
            "24:00".parse::<ClosingTime>().unwrap().minute_of_day(),
            DAY_MINUTES
        );
        for wrong in ["24:00", "24:01", "12:60", "7:30x", "+1:00", "99:99"] {
            assert!(wrong.parse::<LocalTime>().is_err(), "{wrong}");
        }
        for wrong in ["24:01", "12:60", "25:00"] {
            assert!(wrong.parse::<ClosingTime>().is_err(), "{wrong}");
        }
    }
}
