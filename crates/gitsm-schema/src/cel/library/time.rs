//! Timestamps and durations.

use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, member};
use crate::cel::value::Value;
use jiff::SignedDuration;
use jiff::civil::{self, DateTime};
use jiff::tz::{Offset, TimeZone};
use std::cmp::Ordering;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

/// A point in time between the years 1 and 9999, by nanoseconds since 1970.
///
/// The range is that of CEL; it ends a day after the last instant that `jiff` can name. A timestamp that was read
/// from text prints with the offset that the text had; it is the same timestamp without.
#[derive(Debug, Clone, Copy)]
pub struct Timestamp {
    nanoseconds: i128,
    /// Seconds east of UTC, for printing.
    offset: i32,
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.nanoseconds == other.nanoseconds
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanoseconds.cmp(&other.nanoseconds)
    }
}

const NANOSECONDS: i128 = 1_000_000_000;

impl Timestamp {
    /// The first instant of the year 1, which is the zero of Go's clock.
    pub const MIN: Self = Self {
        nanoseconds: -62_135_596_800 * NANOSECONDS,
        offset: 0,
    };
    /// The last instant of the year 9999.
    pub const MAX: Self = Self {
        nanoseconds: 253_402_300_800 * NANOSECONDS - 1,
        offset: 0,
    };

    /// The time by nanoseconds since 1970, if it is in range.
    pub fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        let range = Self::MIN.nanoseconds..=Self::MAX.nanoseconds;
        range.contains(&nanoseconds).then_some(Self {
            nanoseconds,
            offset: 0,
        })
    }

    /// Nanoseconds since 1970.
    pub fn as_nanoseconds(self) -> i128 {
        self.nanoseconds
    }

    /// Whole seconds since 1970, rounded down.
    pub(crate) fn as_seconds(self) -> i64 {
        i64::try_from(self.nanoseconds.div_euclid(NANOSECONDS)).unwrap_or(0)
    }

    /// The clock and calendar in UTC.
    fn civil(self) -> Option<DateTime> {
        let nanoseconds = i32::try_from(self.nanoseconds.rem_euclid(NANOSECONDS)).ok()?;
        let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
        epoch
            .checked_add(SignedDuration::new(self.as_seconds(), nanoseconds))
            .ok()
    }

    /// The clock and calendar in a time zone; `None` beyond the year 9999.
    fn civil_in(self, zone: &TimeZone) -> Option<DateTime> {
        let nearest = jiff::Timestamp::from_nanosecond(self.nanoseconds).unwrap_or(jiff::Timestamp::MAX);
        self.civil_at(zone.to_offset(nearest).seconds())
    }

    /// The clock and calendar some seconds east of UTC.
    fn civil_at(self, offset: i32) -> Option<DateTime> {
        self.civil()?
            .checked_add(SignedDuration::from_secs(offset.into()))
            .ok()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    /// The same instant; times before the year 1 become its first.
    fn from(at: jiff::Timestamp) -> Self {
        Self::from_nanoseconds(at.as_nanosecond()).unwrap_or(Self::MIN)
    }
}

pub(super) const FUNCTIONS: &[Definition] = &[
    member("timestamp", "getFullYear", &[], "int", full_year),
    member("timestamp", "getFullYear", &["string"], "int", full_year),
    member("timestamp", "getMonth", &[], "int", month),
    member("timestamp", "getMonth", &["string"], "int", month),
    member("timestamp", "getDayOfYear", &[], "int", day_of_year),
    member("timestamp", "getDayOfYear", &["string"], "int", day_of_year),
    member("timestamp", "getDayOfMonth", &[], "int", day_of_month),
    member("timestamp", "getDayOfMonth", &["string"], "int", day_of_month),
    member("timestamp", "getDate", &[], "int", date),
    member("timestamp", "getDate", &["string"], "int", date),
    member("timestamp", "getDayOfWeek", &[], "int", day_of_week),
    member("timestamp", "getDayOfWeek", &["string"], "int", day_of_week),
    member("timestamp", "getHours", &[], "int", hours),
    member("timestamp", "getHours", &["string"], "int", hours),
    member("timestamp", "getMinutes", &[], "int", minutes),
    member("timestamp", "getMinutes", &["string"], "int", minutes),
    member("timestamp", "getSeconds", &[], "int", seconds),
    member("timestamp", "getSeconds", &["string"], "int", seconds),
    member("timestamp", "getMilliseconds", &[], "int", milliseconds),
    member("timestamp", "getMilliseconds", &["string"], "int", milliseconds),
    member("duration", "getHours", &[], "int", hours),
    member("duration", "getMinutes", &[], "int", minutes),
    member("duration", "getSeconds", &[], "int", seconds),
    member("duration", "getMilliseconds", &[], "int", milliseconds),
];

/// A point in time by seconds since 1970; `None` outside of the years 1 to 9999.
pub(crate) fn from_seconds(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_nanoseconds(i128::from(seconds) * NANOSECONDS)
}

/// Reads RFC 3339, as CEL and the API server accept it: upper-case `T` and `Z`, an offset in hours and minutes.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shape = bytes.get(..19)?;
    let is_shaped = shape.iter().enumerate().all(|(position, byte)| match position {
        4 | 7 => *byte == b'-',
        10 => *byte == b'T',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    if !is_shaped {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().ok();
    let small = |start: usize| number(start..start + 2).and_then(|number| i8::try_from(number).ok());
    let year = i16::try_from(number(0..4)?).ok()?;
    // Second 60 of RFC 3339 is no second of Go's clock, nor of this one.
    let civil = DateTime::new(year, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, 0).ok()?;
    let (fraction, zone) = fraction(&text[19..])?;
    let offset: i32 = match zone.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2]
            if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) =>
        {
            let hours: i32 = zone[1..3].parse().ok()?;
            let minutes: i32 = zone[4..6].parse().ok()?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let seconds = civil.duration_since(epoch).as_secs() - i64::from(offset);
    let at = Timestamp::from_nanoseconds(i128::from(seconds) * NANOSECONDS + fraction)?;
    Some(Timestamp { offset, ..at })
}

/// The nanoseconds of a fraction of a second at the start of a text, and what follows it.
fn fraction(text: &str) -> Option<(i128, &str)> {
    let Some(after) = text.strip_prefix(['.', ',']) else {
        return Some((0, text));
    };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (digits, rest) = after.split_at(end);
    let mut place = NANOSECONDS;
    let mut nanoseconds = 0;
    for digit in digits.bytes() {
        place /= 10;
        nanoseconds += i128::from(digit - b'0') * place;
    }
    (!digits.is_empty()).then_some((nanoseconds, rest))
}

/// Reads the `date-time` format of schemas, which is a little wider than RFC 3339.
pub(crate) fn parse_format_timestamp(text: &str) -> Option<Timestamp> {
    parse_timestamp(text).or_else(|| parse_timestamp(&text.to_ascii_uppercase().replacen(' ', "T", 1)))
}

/// Reads a calendar date as its first instant in UTC.
pub(crate) fn parse_date(text: &str) -> Option<Timestamp> {
    (text.len() == 10).then_some(())?;
    parse_timestamp(&format!("{text}T00:00:00Z"))
}

/// Reads a duration such as `1h30m` or `-1.5s` to nanoseconds, with the grammar of Go's `time.ParseDuration`.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let (is_negative, mut rest) = match text.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let number_end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        total = total.checked_add(scale(number, unit)?)?;
        rest = tail;
    }
    i64::try_from(if is_negative { -total } else { total }).ok()
}

/// `number` times `unit`, cut to whole nanoseconds.
fn scale(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 19 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanoseconds = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.bytes().take(18) {
        place /= 10;
        nanoseconds += i128::from(digit - b'0') * place;
    }
    Some(nanoseconds)
}

/// Reads the `duration` format of schemas: Go's grammar, or one number with a unit in words (`3 days`).
pub(crate) fn parse_format_duration(text: &str) -> Option<i64> {
    if let Some(nanoseconds) = parse_duration(text) {
        return Some(nanoseconds);
    }
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit: i64 = match unit.trim() {
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hr" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        "w" | "wk" | "week" | "weeks" => 604_800_000_000_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

/// The time `by` nanoseconds later; `None` stands for a duration that is out of range itself.
pub(crate) fn shift<'a>(at: Timestamp, by: Option<i64>) -> Result<'a> {
    by.and_then(|by| Timestamp::from_nanoseconds(at.nanoseconds + i128::from(by)))
        .map(|shifted| {
            Value::Timestamp(Timestamp {
                offset: at.offset,
                ..shifted
            })
        })
        .ok_or_else(|| EvalError::overflow("timestamp"))
}

/// The duration from `from` to `to`.
pub(crate) fn between<'a>(from: Timestamp, to: Timestamp) -> Result<'a> {
    i64::try_from(to.nanoseconds - from.nanoseconds)
        .map(Value::Duration)
        .map_err(|_| EvalError::overflow("timestamp"))
}

/// A time as CEL prints it: RFC 3339, without trailing zeros of the fraction.
pub(crate) fn print_timestamp(at: Timestamp) -> String {
    let (civil, offset) = match (at.civil_at(at.offset), at.civil()) {
        (Some(civil), _) => (civil, at.offset),
        (None, Some(civil)) => (civil, 0),
        (None, None) => return String::new(),
    };
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    let fraction = civil.subsec_nanosecond();
    if fraction != 0 {
        text.push('.');
        text.push_str(format!("{fraction:09}").trim_end_matches('0'));
    }
    if offset == 0 {
        return text + "Z";
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!("{text}{sign}{hours:02}:{minutes:02}")
}

/// A duration as CEL prints it: seconds, without trailing zeros of the fraction.
pub(crate) fn print_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    let (whole, fraction) = (magnitude / 1_000_000_000, magnitude % 1_000_000_000);
    if fraction == 0 {
        return format!("{sign}{whole}s");
    }
    let fraction = format!("{fraction:09}");
    format!("{sign}{whole}.{}s", fraction.trim_end_matches('0'))
}

/// A time zone by name, or by offset (`+02:00`, `-9:30`, `05:00`).
fn zone(name: &str) -> Option<TimeZone> {
    if name.is_empty() || name == "UTC" {
        return Some(TimeZone::UTC);
    }
    let Some((hours, minutes)) = name.split_once(':') else {
        return TimeZone::get(name).ok();
    };
    let (is_negative, hours) = match hours.split_at_checked(1) {
        Some(("-", hours)) => (true, hours),
        Some(("+", hours)) => (false, hours),
        _ => (false, hours),
    };
    let seconds =
        hours.parse::<u16>().ok().map(i32::from)? * 3600 + minutes.parse::<u16>().ok().map(i32::from)? * 60;
    let offset = Offset::from_seconds(if is_negative { -seconds } else { seconds }).ok()?;
    Some(TimeZone::fixed(offset))
}

/// A part of a time, in UTC or in the time zone that the call names.
fn part<'a>(arguments: &[Value<'a>], part: impl Fn(DateTime) -> i64) -> Result<'a> {
    let (at, zone) = match arguments {
        [Value::Timestamp(at)] => (at, TimeZone::UTC),
        [Value::Timestamp(at), Value::String(name)] => {
            let zone = zone(name).ok_or_else(|| EvalError::new(format!("unknown time zone {}", &**name)))?;
            (at, zone)
        }
        _ => return Err(EvalError::NoSuchOverload),
    };
    let civil = at
        .civil_in(&zone)
        .ok_or_else(|| EvalError::overflow("timestamp"))?;
    Ok(Value::Int(part(civil)))
}

fn full_year<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    part(arguments, |at| i64::from(at.year()))
}

fn month<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    part(arguments, |at| i64::from(at.month()) - 1)
}

fn day_of_year<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    part(arguments, |at| i64::from(at.day_of_year()) - 1)
}

fn day_of_month<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    part(arguments, |at| i64::from(at.day()) - 1)
}

fn date<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    part(arguments, |at| i64::from(at.day()))
}

fn day_of_week<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    part(arguments, |at| i64::from(at.weekday().to_sunday_zero_offset()))
}

fn hours<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Duration(nanoseconds)] => Ok(Value::Int(nanoseconds / 3_600_000_000_000)),
        _ => part(arguments, |at| i64::from(at.hour())),
    }
}

fn minutes<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Duration(nanoseconds)] => Ok(Value::Int(nanoseconds / 60_000_000_000)),
        _ => part(arguments, |at| i64::from(at.minute())),
    }
}

fn seconds<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Duration(nanoseconds)] => Ok(Value::Int(nanoseconds / 1_000_000_000)),
        _ => part(arguments, |at| i64::from(at.second())),
    }
}

fn milliseconds<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Duration(nanoseconds)] => Ok(Value::Int(nanoseconds / 1_000_000)),
        _ => part(arguments, |at| i64::from(at.millisecond())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339_between_year_1_and_9999() {
        for text in [
            "2011-08-18T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z",
        ] {
            assert_eq!(parse_timestamp(text).map(print_timestamp).as_deref(), Some(text));
        }
        let shifted = parse_timestamp("2011-08-18T01:30:00.5+01:30");
        assert_eq!(shifted, parse_timestamp("2011-08-18T00:00:00.5Z"));
        assert_eq!(
            shifted.map(print_timestamp).as_deref(),
            Some("2011-08-18T01:30:00.5+01:30")
        );
        for text in [
            "2011-08-18",
            "1000-00-00T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "2011-08-18T00:00:00ZZ",
            "2011-08-18t00:00:00Z",
            "2011-08-18T23:59:60Z",
            "0000-12-31T23:59:59Z",
            "2011-02-29T00:00:00Z",
            "2011-08-18T00:00:00.Z",
        ] {
            assert!(parse_timestamp(text).is_none(), "{text}");
        }
    }

    #[test]
    fn durations_follow_the_grammar_of_go() {
        assert_eq!(parse_duration("1h2m3.5s"), Some(3_723_500_000_000));
        assert_eq!(parse_duration("-1.5ms"), Some(-1_500_000));
        assert_eq!(parse_duration("0"), Some(0));
        for text in ["", "1", "1d", "1nns", "s", "1.2.3s", "320000000000s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(print_duration(-1_500_000_000), "-1.5s");
    }
}
