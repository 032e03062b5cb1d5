//! The string formats that CRDs may name (`format: email`), as kube-openapi's `strfmt` checks them.

mod email;
mod hostname;

use crate::values::{Url, names};
use email::is_email;
use hostname::is_hostname;
use regex::Regex;
use std::net::IpAddr;
use std::sync::LazyLock;

/// A string format that CRD schemas may name as of Kubernetes 1.36. Other formats are ignored.
#[derive(Debug, Clone, Copy)]
pub struct StringFormat {
    /// The name without dashes, by which the API server looks formats up.
    key: &'static str,
    check: fn(&str) -> bool,
}

impl StringFormat {
    /// The format called `name`; dashes do not count (`date-time` is `datetime`).
    pub fn find(name: &str) -> Option<Self> {
        let key = name.replace('-', "");
        FORMATS
            .iter()
            .find(|(known, _)| *known == key)
            .map(|&(key, check)| Self { key, check })
    }

    /// The name under which the API server registers the format.
    pub fn key(self) -> &'static str {
        self.key
    }

    /// Whether `text` has the format.
    pub fn accepts(self, text: &str) -> bool {
        (self.check)(text)
    }
}

type Check = fn(&str) -> bool;

static FORMATS: [(&str, Check); 26] = [
    ("bsonobjectid", |text| {
        text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }),
    ("uri", |text| Url::check_request_uri(text).is_ok()),
    ("email", is_email),
    ("hostname", is_hostname),
    ("ipv4", |text| text.contains('.') && sloppy_ip(text).is_some()),
    ("ipv6", |text| {
        text.contains(':') && text.parse::<IpAddr>().is_ok()
    }),
    ("cidr", is_cidr),
    ("mac", is_mac),
    ("uuid", is_uuid),
    ("uuid3", |text| {
        uuid_digits(text).is_some_and(|digits| digits[12] == b'3')
    }),
    ("uuid4", |text| is_uuid_variant(text, b'4')),
    ("uuid5", |text| is_uuid_variant(text, b'5')),
    ("isbn", |text| is_isbn10(text) || is_isbn13(text)),
    ("isbn10", is_isbn10),
    ("isbn13", is_isbn13),
    ("creditcard", is_credit_card),
    ("ssn", is_ssn),
    ("hexcolor", is_hex_color),
    ("rgbcolor", is_rgb_color),
    ("byte", is_base64),
    ("password", |_| true),
    ("date", is_date),
    ("duration", is_duration),
    ("datetime", is_date_time),
    ("k8sshortname", |text| {
        text.len() <= 63 && names::is_dns1123_label(text)
    }),
    ("k8slongname", |text| {
        text.len() <= 253 && names::is_dns1123_subdomain(text)
    }),
];

/// What RE2 means by `\s`.
const SPACE: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];

/// Whether `text` is a date, `2006-01-02`.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u16>().ok());
    let Some(((year, month), day)) = number(0, 4)
        .zip(number(5, 7))
        .zip(number(8, 10))
        .filter(|_| shape)
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether `text` is a date and time, `2014-12-15T19:30:20.000Z`. Like upstream, any one character may stand
/// before the fraction, and the hours of the offset are not bounded.
pub fn is_date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else {
        return false;
    };
    is_date(date) && is_time(time)
}

/// `hh:mm:ss[.fraction](z|±hh:mm)`.
fn is_time(text: &str) -> bool {
    let two_digits = |text: &str, most: &str| {
        text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) && text <= most
    };
    let field = |from: usize, most: &str| {
        text.get(from..from + 2)
            .is_some_and(|digits| two_digits(digits, most))
    };
    let colon = |at: usize| text.as_bytes().get(at) == Some(&b':');
    if !(field(0, "23") && colon(2) && field(3, "59") && colon(5) && field(6, "59")) {
        return false;
    }
    let rest = text.get(8..).unwrap_or_default();
    let fraction = rest.char_indices().nth(1).map(|(at, _)| &rest[at..]);
    is_zone(rest) || fraction.and_then(after_digits).is_some_and(is_zone)
}

/// The rest of `text` after one or more digits.
fn after_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    text == "z"
        || bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].into_iter().all(|at| bytes[at].is_ascii_digit())
}

/// Whether `text` is a Go duration (`1h30m`) or has a number with a unit in it (`22 ns`, `2 weeks`).
pub fn is_duration(text: &str) -> bool {
    static NUMBER_WITH_UNIT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("([0-9]+)[\t\n\u{c}\r ]*([A-Za-zµ]+)").ok());
    if is_go_duration(text) {
        return true;
    }
    let mut known = false;
    let matches = NUMBER_WITH_UNIT
        .iter()
        .flat_map(|pattern| pattern.captures_iter(text));
    for (_, [number, unit]) in matches.map(|found| found.extract()) {
        if number.parse::<i64>().is_err() {
            return false;
        }
        let unit = unit.to_lowercase();
        known |= matches!(
            unit.as_str(),
            "ns" | "us" | "µs" | "ms" | "s" | "m" | "h" | "hr" | "d" | "w" | "wk"
        ) || ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"]
            .into_iter()
            .any(|word| unit.starts_with(word));
    }
    known
}

/// What Go's `time.ParseDuration` reads.
fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits_end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, after) = rest.split_at(digits_end(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits_end(after)),
            None => ("", after),
        };
        let unit_end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let nanoseconds: Option<u64> = match unit {
            "ns" => Some(1),
            "us" | "µs" | "μs" => Some(1_000),
            "ms" => Some(1_000_000),
            "s" => Some(1_000_000_000),
            "m" => Some(60_000_000_000),
            "h" => Some(3_600_000_000_000),
            _ => None,
        };
        let number = if whole.is_empty() {
            Some(0)
        } else {
            whole.parse::<u64>().ok()
        };
        let term = number
            .zip(nanoseconds)
            .and_then(|(number, unit)| number.checked_mul(unit));
        let sum = term
            .and_then(|term| total.checked_add(term))
            .filter(|sum| *sum <= 1 << 63);
        match sum {
            Some(sum) if !whole.is_empty() || !fraction.is_empty() => total = sum,
            _ => return false,
        }
        rest = after;
    }
    true
}

/// Whether `text` is a UUID in any case, each dash optional.
pub fn is_uuid(text: &str) -> bool {
    uuid_digits(text).is_some()
}

fn is_uuid_variant(text: &str, version: u8) -> bool {
    uuid_digits(text).is_some_and(|digits| digits[12] == version && b"89ab".contains(&digits[16]))
}

/// The 32 digits of a UUID in lower case.
fn uuid_digits(text: &str) -> Option<[u8; 32]> {
    let mut digits = [0; 32];
    let mut rest = text.as_bytes();
    for (position, digit) in digits.iter_mut().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            rest = rest.strip_prefix(b"-").unwrap_or(rest);
        }
        let (first, after) = rest.split_first()?;
        *digit = Some(first.to_ascii_lowercase()).filter(u8::is_ascii_hexdigit)?;
        rest = after;
    }
    rest.is_empty().then_some(digits)
}

/// Whether `text` is padded standard base64 of at least one byte.
pub fn is_base64(text: &str) -> bool {
    let unpadded = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    !text.is_empty() && text.len().is_multiple_of(4) && unpadded.bytes().all(alphabet)
}

/// An address whose IPv4 octets may have leading zeros.
fn sloppy_ip(text: &str) -> Option<IpAddr> {
    let (head, v4) = text.split_at(text.rfind(':').map_or(0, |colon| colon + 1));
    if !v4.contains('.') {
        return text.parse().ok();
    }
    let octets: Vec<&str> = v4
        .split('.')
        .map(|octet| match octet.trim_start_matches('0') {
            "" if !octet.is_empty() => "0",
            trimmed => trimmed,
        })
        .collect();
    format!("{head}{}", octets.join(".")).parse().ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let width = match sloppy_ip(address) {
        Some(IpAddr::V4(_)) => 32,
        Some(IpAddr::V6(_)) => 128,
        None => return false,
    };
    length.bytes().all(|byte| byte.is_ascii_digit())
        && length.parse::<u64>().is_ok_and(|length| length <= width)
}

fn is_mac(text: &str) -> bool {
    let (separator, digits) = match text.as_bytes() {
        [_, _, separator @ (b':' | b'-'), ..] => (*separator, 2),
        [_, _, _, _, b'.', ..] => (b'.', 4),
        _ => return false,
    };
    let mut groups = 0;
    for group in text.as_bytes().split(|byte| *byte == separator) {
        if group.len() != digits || !group.iter().all(u8::is_ascii_hexdigit) {
            return false;
        }
        groups += 1;
    }
    matches!(groups * digits / 2, 6 | 8 | 20)
}

/// The characters of an ISBN without spaces and dashes.
fn isbn_characters(text: &str) -> Vec<u8> {
    text.replace(SPACE, "").replace('-', "").into_bytes()
}

fn is_isbn10(text: &str) -> bool {
    let characters = isbn_characters(text);
    let mut sum = 0;
    for (position, character) in (1_u32..).zip(&characters) {
        let value = match character {
            b'0'..=b'9' => u32::from(character - b'0'),
            b'X' if position == 10 => 10,
            _ => return false,
        };
        sum += position.min(10) * value;
    }
    characters.len() == 10 && sum % 11 == 0
}

fn is_isbn13(text: &str) -> bool {
    let characters = isbn_characters(text);
    if characters.len() != 13 || !characters.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weighted = characters.iter().zip([1, 3].into_iter().cycle());
    weighted
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum::<u32>()
        % 10
        == 0
}

fn is_credit_card(text: &str) -> bool {
    static ISSUERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let issuers = "^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|\
                       3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$";
        Regex::new(issuers).ok()
    });
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let luhn: u32 = (digits.bytes().rev().enumerate())
        .map(|(position, digit)| {
            let value = u32::from(digit - b'0') << (position % 2);
            value / 10 + value % 10
        })
        .sum();
    luhn.is_multiple_of(10) && ISSUERS.as_ref().is_some_and(|issuers| issuers.is_match(&digits))
}

fn is_ssn(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            3 | 6 => matches!(byte, b'-' | b' '),
            _ => byte.is_ascii_digit(),
        })
}

fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_rgb_color(text: &str) -> bool {
    let component = |text: &str| {
        let digits = text.trim_matches(SPACE);
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u8>().is_ok();
        number && (digits == "0" || !digits.starts_with('0'))
    };
    let components = text.strip_prefix("rgb(").and_then(|text| text.strip_suffix(')'));
    components.is_some_and(|list| list.split(',').count() == 3 && list.split(',').all(component))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(name: &str, text: &str) -> bool {
        StringFormat::find(name).unwrap().accepts(text)
    }

    #[test]
    fn accepts_and_refuses() {
        for (name, good, bad) in [
            (
                "bsonobjectid",
                "507f1f77bcf86cd799439011",
                "507f1f77bcf86cd79943901g",
            ),
            ("uri", "https://example.org", "example.org"),
            ("email", "Ann <ann@example.org>", "ann@"),
            ("hostname", "web-1.example.org", "-web.example.org"),
            ("ipv4", "010.0.0.1", "10.0.0.256"),
            ("ipv6", "fd00::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/08", "10.0.0.0/33"),
            ("mac", "0123.4567.89ab", "01:23:45:67:89"),
            (
                "uuid",
                "123E4567e89b12d3a456426614174000",
                "123e4567-e89b-12d3-a456-42661417400",
            ),
            (
                "uuid3",
                "123e4567-e89b-32d3-0456-426614174000",
                "123e4567-e89b-12d3-a456-426614174000",
            ),
            (
                "uuid4",
                "123e4567-e89b-42d3-a456-426614174000",
                "123e4567-e89b-42d3-c456-426614174000",
            ),
            (
                "uuid5",
                "123e4567-e89b-52d3-b456-426614174000",
                "123e4567-e89b-42d3-b456-426614174000",
            ),
            ("isbn", "978-0-306-40615-7", "978-0-306-40615-8"),
            ("isbn10", "0-8044-2957-X", "0-8044-2957-1"),
            ("isbn13", "9780306406157", "0306406152"),
            ("creditcard", "4111 1111 1111 1111", "4111 1111 1111 1112"),
            ("ssn", "123-45 6789", "123456789"),
            ("hexcolor", "#fA0", "#ffff"),
            ("rgbcolor", "rgb( 1, 20 ,255)", "rgb(01,2,3)"),
            ("byte", "QQ==", "QQ="),
            ("date", "2000-02-29", "1900-02-29"),
            ("duration", "3 weeks", "3 foos"),
            ("date-time", "2024-01-31t00:00:00z", "2024-01-31 00:00:00Z"),
            ("k8s-short-name", "web-1", "web."),
            ("k8s-long-name", "web.example", "web..example"),
        ] {
            assert!(accepts(name, good), "{name} {good}");
            assert!(!accepts(name, bad), "{name} {bad}");
        }
        assert!(accepts("password", "anything"));
        assert!(StringFormat::find("unheard-of").is_none());
    }

    #[test]
    fn durations_are_lenient_as_upstream() {
        for good in [
            "0",
            "-1h",
            "1.5h",
            "1.s",
            ".5ms",
            "1h2m3s",
            "22 ns",
            "about 5minutes",
            "1µs",
            "10000000h",
        ] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "-", "5", "s", "1x", ".s", "99999999999999999999s"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn times_follow_the_lenient_pattern() {
        for good in [
            "00:00:00z",
            "23:59:59+99:99",
            "01:02:03.5-01:00",
            "01:02:03x5z",
            "01:02:03+5z",
        ] {
            assert!(is_time(good), "{good}");
        }
        for bad in [
            "24:00:00z",
            "00:00:60z",
            "00:00:00",
            "00:00:00.z",
            "0:0:0z",
            "00:00:00.5",
            "00:00:00zz",
        ] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_check_panics(text in "\\PC{0,40}") {
            for (_, check) in FORMATS {
                let _ = check(&text);
            }
        }
    }
}
