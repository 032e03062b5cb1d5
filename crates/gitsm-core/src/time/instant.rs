//! A point in time.

use crate::text::{TextForm, ValueError, check_length, text_wire};
use jiff::{SignedDuration, Timestamp};
use std::{fmt, str::FromStr};

/// A point in time, written by RFC 3339 with an offset: `2027-02-06T21:00:00+01:00`.
///
/// It is kept as the instant alone and written in UTC (`2027-02-06T20:00:00Z`): two texts for the same
/// instant are the same value. Years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);

impl TextForm for Instant {
    const WHAT: &'static str = "an instant";
    const PATTERN: &'static str =
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$";
    const MIN_LENGTH: usize = 20;
    const MAX_LENGTH: usize = 35;
    const EXAMPLE: &'static str = "2027-02-06T21:00:00+01:00";
    const FORMAT: Option<&'static str> = Some("date-time");
}

impl Instant {
    /// The first instant there is, 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(Timestamp::constant(-62_135_596_800, 0));
    /// The last instant there is, near the end of the year 9999.
    pub const MAX: Self = Self(Timestamp::MAX);

    /// The instant for arithmetic.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// The instant that much later (earlier, if negative); [`Instant::MIN`] or [`Instant::MAX`] where there is
    /// none.
    #[must_use]
    pub fn plus(self, length: SignedDuration) -> Self {
        match self.0.checked_add(length) {
            Ok(timestamp) => Self(timestamp).max(Self::MIN),
            Err(_) if length.is_negative() => Self::MIN,
            Err(_) => Self::MAX,
        }
    }

    /// How long after `earlier` it is; negative if it is before.
    pub fn since(self, earlier: Self) -> SignedDuration {
        self.0.duration_since(earlier.0)
    }
}

impl TryFrom<Timestamp> for Instant {
    type Error = ValueError;

    /// # Errors
    ///
    /// Instants before the year 1 cannot be written by RFC 3339.
    fn try_from(timestamp: Timestamp) -> Result<Self, Self::Error> {
        if timestamp >= Self::MIN.0 {
            Ok(Self(timestamp))
        } else {
            Err(ValueError::of::<Self>("it lies before the year 0001"))
        }
    }
}

impl From<Instant> for Timestamp {
    fn from(instant: Instant) -> Self {
        instant.0
    }
}

impl FromStr for Instant {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        if !has_rfc3339_shape(text.as_bytes()) {
            return Err(ValueError::of::<Self>(
                "it is not a date, `T`, a time with seconds, and `Z` or an offset such as `+01:00`",
            ));
        }
        if text.get(17..19).is_none_or(|seconds| seconds > "59") {
            return Err(ValueError::of::<Self>("its seconds are above 59"));
        }
        let timestamp: Timestamp = text
            .parse()
            .map_err(|_| ValueError::of::<Self>("there is no such date, time or offset"))?;
        Self::try_from(timestamp)
    }
}

/// Whether the bytes have the shape of [`Instant::PATTERN`](TextForm::PATTERN). The parser of jiff takes more
/// (a space for the `T`, a zone in brackets), which other readers of the same file would refuse.
fn has_rfc3339_shape(bytes: &[u8]) -> bool {
    let Some((date_time, rest)) = bytes.split_at_checked(19) else {
        return false;
    };
    let fraction = match rest.split_first() {
        Some((b'.', tail)) => 1 + tail.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    if fraction == 1 || fraction > 10 {
        return false;
    }
    let offset = &rest[fraction..];
    follows(date_time, b"0000-00-00T00:00:00")
        && (offset == b"Z" || follows(offset, b"+00:00") || follows(offset, b"-00:00"))
}

/// Whether `bytes` equals `template`, where `0` in the template stands for any digit.
pub(super) fn follows(bytes: &[u8], template: &[u8]) -> bool {
    bytes.len() == template.len()
        && bytes.iter().zip(template).all(|(byte, want)| match want {
            b'0' => byte.is_ascii_digit(),
            _ => byte == want,
        })
}

impl fmt::Display for Instant {
    /// UTC, whole seconds unless the instant has a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_wire!(Instant);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_offset_is_kept_as_the_instant_only() {
        let with_offset: Instant = "2027-02-06T21:00:00+01:00".parse().unwrap();
        let in_utc: Instant = "2027-02-06T20:00:00Z".parse().unwrap();
        assert_eq!(with_offset, in_utc);
        assert_eq!(with_offset.to_string(), "2027-02-06T20:00:00Z");
    }

    #[test]
    fn anything_but_rfc_3339_is_refused() {
        for wrong in [
            "2027-02-06",
            "2027-02-06T21:00:00",
            "2027-02-06 21:00:00Z",
            "2027-02-06T21:00Z        ",
            "2027-02-30T21:00:00Z",
            "2027-02-06T24:00:00Z",
            "2027-02-06T23:59:60Z",
            "2027-02-06T21:00:00.Z",
            "2027-02-06T21:00:00+01:00[Europe/Berlin]",
            "2027-02-06T21:00:00+99:00",
            "0000-01-01T00:00:00Z",
            "2027-02-06t21:00:00z",
        ] {
            assert!(wrong.parse::<Instant>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let second = SignedDuration::from_secs(1);
        assert_eq!(Instant::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Instant::MIN.plus(-second), Instant::MIN);
        assert_eq!(Instant::MAX.plus(second), Instant::MAX);
        assert_eq!(Instant::MIN.plus(SignedDuration::MAX), Instant::MAX);
        assert_eq!(Instant::MIN.plus(second).since(Instant::MIN), second);
        assert_eq!(Instant::MAX.to_string().parse::<Instant>().unwrap(), Instant::MAX);
    }

    proptest! {
        #[test]
        fn every_instant_survives_a_round_trip(seconds in -62_135_596_800_i64..253_402_207_200, nanos in 0..1_000_000_000_i32) {
            let instant = Instant::try_from(Timestamp::new(seconds, nanos).unwrap()).unwrap();
            prop_assert_eq!(instant.to_string().parse::<Instant>().unwrap(), instant);
        }
    }
}
