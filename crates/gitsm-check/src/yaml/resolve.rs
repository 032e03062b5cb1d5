//! What a plain scalar means to the cluster.
//!
//! kubectl and the API machinery read YAML through `sigs.k8s.io/yaml`, a fork of go-yaml v2: YAML 1.1 with
//! exceptions (no base 60, dates stay strings), then turned into JSON. The rules here are that reader's,
//! taken from its behaviour; the table in the tests is what it answers. Where YAML 1.2 means something
//! else, [`ambiguity`] says so.

use serde_json::{Number, Value};
use std::borrow::Cow;

/// The meaning of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// `null`, `~`, or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer above `i64::MAX` that still has 64 bits.
    Uint(u64),
    /// Any other number, also the ones that JSON cannot express.
    Float(f64),
    /// A string.
    Str(&'a str),
}

impl Scalar<'_> {
    /// The value as JSON, as the API server has it after its own JSON reader; `None` for infinities and
    /// not-a-number.
    ///
    /// `1.0` and `1e3` are integers there: Go prints them without a point, and its reader takes what has no
    /// point and no exponent for an integer. Integers that 63 bits cannot hold become floats and lose digits.
    pub fn to_json(&self) -> Option<Value> {
        Some(match *self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::from(value),
            #[expect(clippy::cast_precision_loss, reason = "the API server loses the same digits")]
            Self::Uint(value) => Value::from(value as f64),
            Self::Float(value) => float_to_json(value)?,
            Self::Str(value) => Value::from(value),
        })
    }

    /// The scalar as the key of a JSON object; `None` where `sigs.k8s.io/yaml` refuses it as a key.
    pub fn to_key(&self) -> Option<Cow<'_, str>> {
        Some(match *self {
            Self::Str(text) => Cow::Borrowed(text),
            Self::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Float(value) => Cow::Owned(go_shortest_f32(value)),
            Self::Null | Self::Uint(_) => return None,
        })
    }

    /// A description for messages: `the boolean true`, `the number 511`, `a string`.
    pub fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => format!("the boolean {value}"),
            Self::Int(value) => format!("the number {value}"),
            Self::Uint(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Str(_) => "a string".to_owned(),
        }
    }
}

/// A float as Go's JSON writer prints it and the API machinery reads it back.
fn float_to_json(value: f64) -> Option<Value> {
    // Rust prints the same shortest digits as Go, and below 1e21 Go prints no exponent either.
    let integral = value.fract() == 0.0 && value.abs() < 1e21;
    if integral && let Ok(integer) = format!("{}", value + 0.0).parse::<i64>() {
        return Some(Value::from(integer));
    }
    Number::from_f64(value).map(Value::Number)
}

/// A float as Go's `strconv.FormatFloat(value, 'g', -1, 32)` prints it, with YAML's names for the rest.
fn go_shortest_f32(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "keys go through 32 bits in sigs.k8s.io/yaml"
    )]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go switches to the exponent form below 1e-4 and, for shortest digits, from 1e6 on.
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

/// What the cluster makes of a plain scalar.
pub fn cluster(raw: &str) -> Scalar<'_> {
    let Some(&first) = raw.as_bytes().first() else {
        return Scalar::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(raw, true),
        b'.' | b'+' | b'-' | b'0'..=b'9' => non_finite(raw)
            .or_else(|| cluster_number(raw))
            .unwrap_or(Scalar::Str(raw)),
        _ => Scalar::Str(raw),
    }
}

/// What the core schema of YAML 1.2 makes of a plain scalar.
pub fn core(raw: &str) -> Scalar<'_> {
    let Some(&first) = raw.as_bytes().first() else {
        return Scalar::Null;
    };
    match first {
        b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'~' => word(raw, false),
        b'.' | b'+' | b'-' | b'0'..=b'9' => non_finite(raw)
            .or_else(|| core_number(raw))
            .unwrap_or(Scalar::Str(raw)),
        _ => Scalar::Str(raw),
    }
}

/// Both meanings of a plain scalar, the cluster's first, where they differ.
pub fn ambiguity(raw: &str) -> Option<(Scalar<'_>, Scalar<'_>)> {
    let (here, there) = (cluster(raw), core(raw));
    let same = match (&here, &there) {
        (Scalar::Str(_), Scalar::Str(_)) => true,
        // Also both infinite, or both not a number.
        (Scalar::Float(a), Scalar::Float(b)) => a.to_bits() == b.to_bits(),
        _ => here.to_json() == there.to_json(),
    };
    (!same).then_some((here, there))
}

/// Whether some reader of YAML 1.1 or 1.2 takes the plain scalar for something other than a string: the
/// cluster, the core schema of 1.2, or the letter of 1.1 with its dates, base 60 numbers and `=`.
///
/// A writer quotes these. It errs on the safe side: anything that begins like a number or a date counts.
pub fn needs_quotes(raw: &str) -> bool {
    !matches!(cluster(raw), Scalar::Str(_))
        || !matches!(core(raw), Scalar::Str(_))
        || matches!(raw, "=" | "<<")
        || is_special_word(raw)
        || is_number_like(raw)
}

/// Words with a meaning in some implementation, in any case: `Yes`, `oN`, `NULL`, `nan`.
fn is_special_word(raw: &str) -> bool {
    const WORDS: [&str; 12] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "~",
    ];
    raw.len() <= 5 && WORDS.iter().any(|word| raw.eq_ignore_ascii_case(word))
}

/// Starts like a number and holds only what numbers, dates and times are made of.
fn is_number_like(raw: &str) -> bool {
    let unsigned = raw.trim_start_matches(['+', '-', '.']);
    unsigned.starts_with(|c: char| c.is_ascii_digit())
        && raw
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b"+-._:xXoObBtTzZ ".contains(&byte))
}

/// `null` and the booleans; `wide` adds the words of YAML 1.1.
fn word(raw: &str, wide: bool) -> Scalar<'_> {
    match raw {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if wide => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if wide => Scalar::Bool(false),
        _ => Scalar::Str(raw),
    }
}

/// `.inf`, `-.inf`, `.nan` and their kin.
fn non_finite(raw: &str) -> Option<Scalar<'_>> {
    Some(Scalar::Float(match raw {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        _ => return None,
    }))
}

/// Integers in Go's notation with `_` anywhere behind the first character, else floats.
fn cluster_number(raw: &str) -> Option<Scalar<'_>> {
    if raw.starts_with('.') {
        // go-yaml hands these to Go's float parser as they are, without taking `_` out.
        return decimal(raw);
    }
    let plain: Cow<'_, str> = if raw.contains('_') {
        Cow::Owned(raw.replace('_', ""))
    } else {
        Cow::Borrowed(raw)
    };
    go_integer(&plain).or_else(|| decimal(&plain))
}

/// Go's `ParseInt` and then `ParseUint` with base 0: `0x`, `0b`, `0o`, a leading `0` for octal, and a sign.
fn go_integer<'a>(plain: &str) -> Option<Scalar<'a>> {
    let (negative, signed, digits) = match plain.as_bytes().first()? {
        b'-' => (true, true, &plain[1..]),
        b'+' => (false, true, &plain[1..]),
        _ => (false, false, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // Rust's parser would accept another sign here.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match i64::try_from(magnitude) {
        Ok(value) => Some(Scalar::Int(if negative { -value } else { value })),
        Err(_) if negative && magnitude == i64::MIN.unsigned_abs() => Some(Scalar::Int(i64::MIN)),
        // `ParseUint` takes no sign.
        Err(_) if !signed => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

/// Integers and floats of the core schema; Go knows no number that overflows, 1.2 has no limit.
fn core_number(raw: &str) -> Option<Scalar<'_>> {
    let radix = |digits: &str, radix| {
        let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
        u128::from_str_radix(digits, radix)
            .ok()
            .filter(|_| plain)
            .map(integer)
    };
    if let Some(digits) = raw.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = raw.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let digits = raw.strip_prefix(['+', '-']).unwrap_or(raw);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let unsigned = raw.strip_prefix('+').unwrap_or(raw);
        if let Ok(value) = unsigned.parse::<i64>() {
            return Some(Scalar::Int(value));
        }
        if let Ok(value) = unsigned.parse::<u64>() {
            return Some(Scalar::Uint(value));
        }
    }
    is_decimal(raw).then(|| Scalar::Float(raw.parse().unwrap_or(f64::INFINITY)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "compared with the cluster's reading, which is a float too"
)]
fn integer<'a>(value: u128) -> Scalar<'a> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => Scalar::Int(value),
        (_, Ok(value)) => Scalar::Uint(value),
        _ => Scalar::Float(value as f64),
    }
}

/// A decimal float that does not overflow (Go's parser calls that an error, so it stays a string).
fn decimal<'a>(plain: &str) -> Option<Scalar<'a>> {
    if !is_decimal(plain) {
        return None;
    }
    plain
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .map(Scalar::Float)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, in both versions of YAML.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    mantissa_ok && exponent.is_none_or(|part| digits(part.strip_prefix(['+', '-']).unwrap_or(part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Scalars, and what `kubectl` sends to the API server for them; `None` where it refuses.
    fn table() -> Vec<(&'static str, Option<Value>)> {
        let mut table = vec![
            ("", Some(Value::Null)),
            ("~", Some(Value::Null)),
            ("null", Some(Value::Null)),
            ("Null", Some(Value::Null)),
            ("NULL", Some(Value::Null)),
            ("nULL", Some(json!("nULL"))),
            ("0", Some(json!(0))),
            ("-0", Some(json!(0))),
            ("+0", Some(json!(0))),
            ("12", Some(json!(12))),
            ("+12", Some(json!(12))),
            ("-12", Some(json!(-12))),
            ("0777", Some(json!(511))),
            ("-0777", Some(json!(-511))),
            ("08", Some(json!(8))),
            ("0o17", Some(json!(15))),
            ("0O17", Some(json!(15))),
            ("0b101", Some(json!(5))),
            ("-0b101", Some(json!(-5))),
            ("0B11", Some(json!(3))),
            ("0b102", Some(json!("0b102"))),
            ("0x1F", Some(json!(31))),
            ("0X1f", Some(json!(31))),
            ("-0x1F", Some(json!(-31))),
            ("0x", Some(json!("0x"))),
            ("0xg", Some(json!("0xg"))),
            ("1_000", Some(json!(1000))),
            ("1__0_", Some(json!(10))),
            ("_1", Some(json!("_1"))),
            ("0x_1F", Some(json!(31))),
            ("1_000.5", Some(json!(1000.5))),
            ("9223372036854775807", Some(json!(i64::MAX))),
            ("-9223372036854775808", Some(json!(i64::MIN))),
            ("9223372036854775808", Some(json!(9.223_372_036_854_776e18))),
            ("18446744073709551615", Some(json!(1.844_674_407_370_955_2e19))),
            ("99999999999999999999", Some(json!(1e20))),
            ("-9223372036854775809", Some(json!(-9.223_372_036_854_776e18))),
            ("1.0", Some(json!(1))),
            ("1.", Some(json!(1))),
            ("1.5", Some(json!(1.5))),
            (".5", Some(json!(0.5))),
            ("-.5", Some(json!(-0.5))),
            ("+.5", Some(json!(0.5))),
            ("1e3", Some(json!(1000))),
            ("1E3", Some(json!(1000))),
            ("1e+3", Some(json!(1000))),
            ("1e-3", Some(json!(0.001))),
            ("1.5e300", Some(json!(1.5e300))),
            ("1e400", Some(json!("1e400"))),
            ("1e-400", Some(json!(0))),
            ("-0.0", Some(json!(0))),
            (".", Some(json!("."))),
            ("-", Some(json!("-"))),
            ("+", Some(json!("+"))),
            ("1e", Some(json!("1e"))),
            (".e3", Some(json!(".e3"))),
            ("1.2.3", Some(json!("1.2.3"))),
            ("._5", Some(json!("._5"))),
            ("1e20", Some(json!(1e20))),
            ("1e18", Some(json!(1_000_000_000_000_000_000_i64))),
            (".inf", None),
            (".Inf", None),
            ("-.inf", None),
            ("+.INF", None),
            (".nan", None),
            (".NaN", None),
            (".nAn", Some(json!(".nAn"))),
            ("inf", Some(json!("inf"))),
            ("nan", Some(json!("nan"))),
            ("12:30:45", Some(json!("12:30:45"))),
            ("190:20:30.15", Some(json!("190:20:30.15"))),
            ("2026-01-01", Some(json!("2026-01-01"))),
            ("2026-01-01T10:00:00Z", Some(json!("2026-01-01T10:00:00Z"))),
            ("yep", Some(json!("yep"))),
            ("yES", Some(json!("yES"))),
            ("tRue", Some(json!("tRue"))),
            ("text", Some(json!("text"))),
            ("=", Some(json!("="))),
            ("1 2", Some(json!("1 2"))),
            ("0.1.0", Some(json!("0.1.0"))),
            ("--1", Some(json!("--1"))),
            ("+-1", Some(json!("+-1"))),
            ("0x-1", Some(json!("0x-1"))),
            ("0o8", Some(json!("0o8"))),
            ("09.5", Some(json!(9.5))),
        ];
        for word in [
            "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE",
        ] {
            table.push((word, Some(json!(true))));
        }
        for word in [
            "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE",
        ] {
            table.push((word, Some(json!(false))));
        }
        table
    }

    #[test]
    fn scalars_mean_what_they_mean_to_the_cluster() {
        for (raw, expected) in table() {
            let found = cluster(raw).to_json();
            assert_eq!(found, expected, "{raw:?}");
            if let (Some(Value::Number(found)), Some(Value::Number(expected))) = (&found, &expected) {
                assert_eq!(
                    found.is_i64(),
                    expected.is_i64(),
                    "{raw:?} is an integer in one of the two"
                );
            }
        }
    }

    #[test]
    fn only_what_differs_is_ambiguous() {
        for raw in [
            "yes", "y", "on", "Off", "0777", "010", "1_000", "0b11", "-0x1F", "0X1f", "+0o17", "1e400",
            "1_0.5", "0O7",
        ] {
            assert!(ambiguity(raw).is_some(), "{raw}");
        }
        for raw in [
            "",
            "~",
            "null",
            "true",
            "False",
            "0",
            "00",
            "08",
            "12",
            "-12",
            "0o17",
            "0x1F",
            "1.0",
            "1e3",
            ".5",
            "12:30:45",
            "2026-01-01",
            "text",
            "yep",
            "-",
            "1.2.3",
            ".inf",
            ".nan",
            "18446744073709551615",
            "99999999999999999999",
            "-0.0",
            "1e-400",
            "_1",
            "=",
        ] {
            assert_eq!(ambiguity(raw), None, "{raw}");
        }
    }

    #[test]
    fn whatever_is_ambiguous_or_special_is_quoted() {
        for (raw, _) in table() {
            let string = matches!(cluster(raw), Scalar::Str(_));
            assert!(string || needs_quotes(raw), "{raw}");
            assert!(ambiguity(raw).is_none() || needs_quotes(raw), "{raw}");
        }
        for raw in [
            "12:30:45",
            "2026-01-01",
            "2026-01-01T10:00:00Z",
            "1.2.3",
            "=",
            "<<",
            "nULL",
            "NaN",
            "1 2",
        ] {
            assert!(needs_quotes(raw), "{raw}");
        }
        for raw in [
            "payments",
            "v1alpha1",
            "gitsm.dev/v1alpha1",
            "a-1",
            "team",
            "12 months",
            "only",
        ] {
            assert!(!needs_quotes(raw), "{raw}");
        }
    }
}
