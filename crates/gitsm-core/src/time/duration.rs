//! A length of physical time.

use crate::text::{TextForm, ValueError, check_length, text_wire};
use jiff::SignedDuration;
use std::{borrow::Cow, fmt, str::FromStr};

/// A positive length of elapsed time in whole seconds, at most ten years, written as hours, minutes and
/// seconds: `1h30m`, `45m`, `90s`.
///
/// There is no unit for days: a day has 23, 24 or 25 hours, and a length must mean the same on every date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    seconds: u32,
}

impl TextForm for Duration {
    const WHAT: &'static str = "a duration";
    const PATTERN: &'static str =
        "^([0-9]{1,5}h([0-9]{1,4}m)?([0-9]{1,5}s)?|[0-9]{1,6}m([0-9]{1,5}s)?|[0-9]{1,8}s)$";
    const MIN_LENGTH: usize = 2;
    const MAX_LENGTH: usize = 20;
    const EXAMPLE: &'static str = "1h30m";
    const FORMAT: Option<&'static str> = Some("duration");
}

const HOUR: u64 = 3_600;
const MINUTE: u64 = 60;

/// Units in the only order they may be written in, with the digits allowed before each when it comes first
/// and when it follows another.
const UNITS: [(char, u64, usize, usize); 3] = [('h', HOUR, 5, 5), ('m', MINUTE, 6, 4), ('s', 1, 8, 5)];

impl Duration {
    /// The longest duration: ten years of 365 days.
    pub const MAX_SECONDS: u32 = 10 * 365 * 24 * 3_600;

    /// A duration of whole seconds.
    ///
    /// # Errors
    ///
    /// When `seconds` is zero or more than [`Duration::MAX_SECONDS`].
    pub fn from_seconds(seconds: u64) -> Result<Self, ValueError> {
        match u32::try_from(seconds) {
            Ok(0) => Err(ValueError::of::<Self>("it is zero")),
            Ok(seconds) if seconds <= Self::MAX_SECONDS => Ok(Self { seconds }),
            _ => Err(ValueError::of::<Self>("it is longer than ten years (87600h)")),
        }
    }

    /// A duration known when the program is compiled; zero or too long does not compile.
    pub const fn constant<const SECONDS: u32>() -> Self {
        const { assert!(SECONDS > 0 && SECONDS <= Self::MAX_SECONDS) };
        Self { seconds: SECONDS }
    }

    /// Whole seconds, one or more.
    pub fn seconds(self) -> u32 {
        self.seconds
    }

    /// The same length for arithmetic with instants.
    pub fn to_signed(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.seconds))
    }
}

impl FromStr for Duration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        let seconds = parse_seconds(text).map_err(ValueError::of::<Self>)?;
        Self::from_seconds(seconds)
    }
}

/// Reads `1h30m15s`; each unit at most once, largest first.
fn parse_seconds(text: &str) -> Result<u64, Cow<'static, str>> {
    let mut rest = text;
    let mut seconds = 0_u64;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let Some(unit) = tail.chars().next() else {
            return Err("its last number has no unit; units are h, m and s".into());
        };
        if digits == 0 {
            return Err("a number must stand before each unit; signs and fractions are not allowed".into());
        }
        let Some((_, length, digits_first, digits_later)) = units.find(|(letter, ..)| *letter == unit) else {
            return Err(if unit == 'd' || unit == 'w' {
                "there is no unit for days or weeks; write hours, for example 168h".into()
            } else {
                "units are h, m and s, in this order, each at most once".into()
            });
        };
        let first = rest.len() == text.len();
        let digits_allowed = if first { *digits_first } else { *digits_later };
        if digits > digits_allowed {
            return Err(format!("more than {digits_allowed} digits stand before `{unit}`").into());
        }
        let count: u64 = number.parse().map_err(|_| "a number is too large")?;
        seconds += count * length;
        rest = &tail[unit.len_utf8()..];
    }
    Ok(seconds)
}

impl fmt::Display for Duration {
    /// The shortest writing: `1h30m`, never `90m` or `1h30m0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::from(self.seconds);
        for (letter, length, ..) in UNITS {
            if rest >= length {
                write!(f, "{}{letter}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl From<Duration> for SignedDuration {
    fn from(duration: Duration) -> Self {
        duration.to_signed()
    }
}

text_wire!(Duration);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_and_written_in_one_way() {
        for (text, seconds, canonical) in [
            ("1h30m", 5_400, "1h30m"),
            ("90m", 5_400, "1h30m"),
            ("5400s", 5_400, "1h30m"),
            ("4h", 14_400, "4h"),
            ("1h1s", 3_601, "1h1s"),
            ("00h10m", 600, "10m"),
            ("87600h", Duration::MAX_SECONDS, "87600h"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!(duration.seconds(), seconds, "{text}");
            assert_eq!(duration.to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn wrong_durations_say_why() {
        for (text, reason) in [
            ("", "empty"),
            ("5", "fewer than 2"),
            ("15", "no unit"),
            ("0s", "zero"),
            ("0h0m", "zero"),
            ("-5m", "number must stand"),
            ("1.5h", "units are h, m and s"),
            ("7d", "fewer hours"),
            ("30m1h", "in this order"),
            ("1h1h", "in this order"),
            ("5ms", "number must stand"),
            ("99999h", "ten years"),
            ("1h 5m", "number must stand"),
            ("1ä", "units are"),
        ] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            let reason = if reason == "fewer hours" {
                "write hours"
            } else {
                reason
            };
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn every_duration_survives_a_round_trip(seconds in 1..=Duration::MAX_SECONDS) {
            let duration = Duration::from_seconds(u64::from(seconds)).unwrap();
            prop_assert_eq!(duration.to_string().parse::<Duration>().unwrap(), duration);
        }
    }
}
