//! How long ago something was, for people: `12s`, `2m3s`, `3h25m`, `5d2h`, `2y3d`.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What is shown where there is no time.
pub const UNKNOWN: &str = "<unknown>";
/// What is shown for what is no time, or lies ahead by more than clocks may differ.
pub const INVALID: &str = "<invalid>";

/// The beginning of the year 1.
const ZERO: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// A duration in two or three significant figures, as `k8s.io/apimachinery/pkg/util/duration` rounds them.
pub fn human(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    // Up to two seconds ahead is taken for now: clocks differ.
    if seconds < -1 {
        return INVALID.to_owned();
    }
    if seconds < 0 {
        return "0s".to_owned();
    }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{small_unit}"),
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if days < 8 {
        two(days, "d", hours % 24, "h")
    } else if days < 365 * 2 {
        format!("{days}d")
    } else if days < 365 * 8 {
        two(days / 365, "y", days % 365, "d")
    } else {
        format!("{}y", days / 365)
    }
}

/// How long ago an RFC 3339 time was. Nothing, as an empty text or the word `null`, is [`UNKNOWN`].
pub fn since(time: &str, now: Timestamp) -> String {
    if matches!(time, "" | "null") {
        return UNKNOWN.to_owned();
    }
    match parse(time) {
        // Go's zero time is no time.
        Some(then) if then == ZERO => UNKNOWN.to_owned(),
        Some(then) => human(now.duration_since(then)),
        None => INVALID.to_owned(),
    }
}

/// Reads a time as Go's `time.Parse(time.RFC3339, ..)` does: capital `T` and `Z` and offsets with a colon, but an hour
/// of one digit, a comma before the fraction and offsets of up to a day are let through.
pub fn parse(text: &str) -> Option<Timestamp> {
    let mut rest = text.as_bytes();
    let year = i16::try_from(digits(&mut rest, 4, 4)?).ok()?;
    let month = literal(&mut rest, b'-').and_then(|()| digits(&mut rest, 2, 2))?;
    let day = literal(&mut rest, b'-').and_then(|()| digits(&mut rest, 2, 2))?;
    let hour = literal(&mut rest, b'T').and_then(|()| digits(&mut rest, 1, 2))?;
    let minute = literal(&mut rest, b':').and_then(|()| digits(&mut rest, 2, 2))?;
    let second = literal(&mut rest, b':').and_then(|()| digits(&mut rest, 2, 2))?;
    let mut nanoseconds = 0;
    if let [b'.' | b',', fraction @ ..] = rest {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (kept, after) = fraction.split_at_checked(length).filter(|_| length > 0)?;
        // Digits beyond the ninth say nothing.
        for place in 0..9 {
            let digit = kept.get(place).map_or(0, |byte| i32::from(byte - b'0'));
            nanoseconds = nanoseconds * 10 + digit;
        }
        rest = after;
    }
    let offset = match rest {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let mut zone = zone;
            let hours = digits(&mut zone, 2, 2).filter(|hours| *hours <= 24)?;
            let minutes = literal(&mut zone, b':').and_then(|()| digits(&mut zone, 2, 2))?;
            if !zone.is_empty() || minutes > 60 {
                return None;
            }
            let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let small = |number: u32| i8::try_from(number).ok();
    let civil = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        nanoseconds,
    );
    let local = civil.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    local.checked_sub(SignedDuration::from_secs(offset)).ok()
}

fn literal(rest: &mut &[u8], expected: u8) -> Option<()> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    (*first == expected).then_some(())
}

/// A number of so many digits.
fn digits(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let count = rest
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count < least {
        return None;
    }
    let (number, after) = rest.split_at_checked(count)?;
    *rest = after;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_or_three_figures() {
        let now: Timestamp = "2026-06-01T12:00:00.5Z".parse().unwrap();
        for (time, age) in [
            ("2026-06-01T12:00:00Z", "0s"),
            ("2026-06-01T12:00:01Z", "0s"),
            ("2026-06-01T12:00:03Z", "<invalid>"),
            ("2026-06-01T11:58:01Z", "119s"),
            ("2026-06-01T11:58:00.6Z", "119s"),
            ("2026-06-01T11:58:00Z", "2m"),
            ("2026-06-01T11:51:30Z", "8m30s"),
            ("2026-06-01T11:00:00Z", "60m"),
            ("2026-06-01T09:00:00Z", "3h"),
            ("2026-06-01T08:30:00Z", "3h30m"),
            ("2026-05-31T14:00:00+02:00", "24h"),
            ("2026-05-29T11:00:00Z", "3d1h"),
            ("2026-05-01T12:00:00Z", "31d"),
            ("2024-05-01T12:00:00Z", "2y31d"),
            ("2000-06-01T12:00:00Z", "26y"),
            ("0001-01-01T00:00:00Z", "<unknown>"),
            ("", "<unknown>"),
            ("yesterday", "<invalid>"),
            ("2026-06-01 11:00:00Z", "<invalid>"),
            ("2026-06-01T11:00:00", "<invalid>"),
        ] {
            assert_eq!(since(time, now), age, "{time}");
        }
    }
}
