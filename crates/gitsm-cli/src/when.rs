//! Instants and lengths as people read them.

use gitsm_core::time::Instant;
use jiff::SignedDuration;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;

/// What a clock in UTC shows.
pub(crate) fn utc(at: Instant) -> DateTime {
    Offset::UTC.to_datetime(at.timestamp())
}

/// An instant with its day of the week, `Sat 2027-02-06T21:00:00Z`.
pub(crate) fn with_day(at: Instant) -> String {
    format!("{} {at}", day(utc(at).weekday()))
}

/// A day of the week in three letters.
pub(crate) fn day(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

/// A length in its two largest units, `6h 30m`, `12d 4h`; days are of 24 hours. The rest is cut off.
pub(crate) fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().unsigned_abs();
    let parts = [
        (seconds / 86_400, 'd'),
        (seconds / 3_600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let first = parts
        .iter()
        .position(|(count, _)| *count > 0)
        .unwrap_or(parts.len() - 1);
    let shown: Vec<_> = parts
        .iter()
        .skip(first)
        .take(2)
        .enumerate()
        .filter(|(index, (count, _))| *index == 0 || *count > 0)
        .map(|(_, (count, unit))| format!("{count}{unit}"))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (21_600, "6h"),
            (23_400, "6h 30m"),
            (86_400 * 12 + 3_600 * 4 + 59, "12d 4h"),
            (86_400 + 60, "1d"),
            (61, "1m 1s"),
        ] {
            assert_eq!(length(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
