//! `semver()`: semantic versions as the Go library behind the Kubernetes CEL function reads them.

use super::quote::go_quote;
use std::cmp::Ordering;
use std::fmt;

/// A semantic version. Build metadata is kept for printing but does not take part in comparisons.
#[derive(Debug, Clone)]
pub struct Semver {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: Vec<Identifier>,
    build: Vec<String>,
}

/// One dot-separated part of a prerelease. Numbers sort before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

/// Why a text is not a semantic version, in the words of the API server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SemverError(String);

impl Semver {
    /// Reads `major.minor.patch[-prerelease][+build]`.
    ///
    /// # Errors
    ///
    /// Anything else: a `v` before it, a missing part, leading zeros, other characters.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return refuse("Version string empty");
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return refuse("No Major.Minor.Patch elements found");
        };
        let major = number(major, "major", "Major")?;
        let minor = number(minor, "minor", "Minor")?;
        let (rest, build) = split_list(rest, '+');
        let (patch, prerelease) = split_list(rest, '-');
        let patch = number(patch, "patch", "Patch")?;
        let prerelease = prerelease.map(identifier).collect::<Result<_, _>>()?;
        let build = build.map(build_part).collect::<Result<_, _>>()?;
        Ok(Self {
            major,
            minor,
            patch,
            prerelease,
            build,
        })
    }

    /// Reads a version after normalizing it: a leading `v` is dropped, missing minor and patch become `0`,
    /// leading zeros are removed.
    ///
    /// # Errors
    ///
    /// As [`Semver::parse`], and a shortened version with prerelease or build.
    pub fn parse_normalized(text: &str) -> Result<Self, SemverError> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text.splitn(3, '.').map(without_leading_zeros).collect();
        if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return refuse("short version cannot contain PreRelease/Build meta data");
        }
        parts.resize(3, "0".to_owned());
        Self::parse(&parts.join("."))
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }
}

fn refuse<T>(message: impl Into<String>) -> Result<T, SemverError> {
    Err(SemverError(message.into()))
}

fn without_leading_zeros(part: &str) -> String {
    let trimmed = part.trim_start_matches('0');
    if part.len() < 2 {
        part.to_owned()
    } else if trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        trimmed.to_owned()
    } else {
        // At least one digit stays: `00-rc` is `0-rc`. (`a` becomes `0a`, which is then refused.)
        format!("0{trimmed}")
    }
}

/// `text` up to `separator`, and the dot-separated list after it, which is empty when there is none.
fn split_list(text: &str, separator: char) -> (&str, impl Iterator<Item = &str>) {
    let (before, list) = match text.split_once(separator) {
        Some((before, list)) => (before, Some(list)),
        None => (text, None),
    };
    (before, list.into_iter().flat_map(|list| list.split('.')))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn number(text: &str, name: &str, title: &str) -> Result<u64, SemverError> {
    if !is_digits(text) {
        return refuse(format!(
            "Invalid character(s) found in {name} number {}",
            go_quote(text)
        ));
    }
    if has_leading_zero(text) {
        return refuse(format!(
            "{title} number must not contain leading zeroes {}",
            go_quote(text)
        ));
    }
    parse_u64(text)
}

/// `text` holds only digits.
fn parse_u64(text: &str) -> Result<u64, SemverError> {
    text.parse().or_else(|_| {
        let reason = if text.is_empty() {
            "invalid syntax"
        } else {
            "value out of range"
        };
        refuse(format!("strconv.ParseUint: parsing {}: {reason}", go_quote(text)))
    })
}

fn identifier(text: &str) -> Result<Identifier, SemverError> {
    if text.is_empty() {
        return refuse("Prerelease is empty");
    }
    if is_digits(text) {
        if has_leading_zero(text) {
            return refuse(format!(
                "Numeric PreRelease version must not contain leading zeroes {}",
                go_quote(text)
            ));
        }
        return parse_u64(text).map(Identifier::Number);
    }
    if !is_word(text) {
        return refuse(format!(
            "Invalid character(s) found in prerelease {}",
            go_quote(text)
        ));
    }
    Ok(Identifier::Word(text.to_owned()))
}

fn build_part(text: &str) -> Result<String, SemverError> {
    if text.is_empty() {
        return refuse("Build meta data is empty");
    }
    if !is_word(text) {
        return refuse(format!(
            "Invalid character(s) found in build meta data {}",
            go_quote(text)
        ));
    }
    Ok(text.to_owned())
}

impl Ord for Semver {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        // A release comes after its prereleases.
        let released = |version: &Self| version.prerelease.is_empty();
        (numbers(self).cmp(&numbers(other)))
            .then_with(|| released(self).cmp(&released(other)))
            .then_with(|| self.prerelease.cmp(&other.prerelease))
    }
}

impl PartialOrd for Semver {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Semver {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Semver {}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        for (position, part) in self.prerelease.iter().enumerate() {
            write!(f, "{}{part}", if position == 0 { '-' } else { '.' })?;
        }
        for (position, part) in self.build.iter().enumerate() {
            write!(f, "{}{part}", if position == 0 { '+' } else { '.' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Semver {
        Semver::parse(text).unwrap()
    }

    #[test]
    fn prints_what_it_read() {
        for text in [
            "0.0.0",
            "1.20.3-alpha.1+build.7-x",
            "1.0.0-0",
            "18446744073709551615.0.0",
        ] {
            assert_eq!(version(text).to_string(), text);
        }
        let read = version("4.5.6");
        assert_eq!((read.major(), read.minor(), read.patch()), (4, 5, 6));
    }

    #[test]
    fn says_why_it_refuses() {
        for (text, message) in [
            ("", "Version string empty"),
            ("1.2", "No Major.Minor.Patch elements found"),
            ("v1.2.3", "Invalid character(s) found in major number \"v1\""),
            ("1.02.3", "Minor number must not contain leading zeroes \"02\""),
            ("1.2.", "strconv.ParseUint: parsing \"\": invalid syntax"),
            ("1.2.3-", "Prerelease is empty"),
            (
                "1.2.3-01",
                "Numeric PreRelease version must not contain leading zeroes \"01\"",
            ),
            ("1.2.3-ä", "Invalid character(s) found in prerelease \"ä\""),
            ("1.2.3+a..b", "Build meta data is empty"),
            (
                "99999999999999999999.0.0",
                "strconv.ParseUint: parsing \"99999999999999999999\": value out of range",
            ),
        ] {
            assert_eq!(Semver::parse(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn orders_by_precedence() {
        let ordered = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1-a",
            "1.1.0",
            "10.0.0",
        ];
        for pair in ordered.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("1.0.0+a"), version("1.0.0+b"));
    }

    #[test]
    fn normalizes_on_request() {
        for (text, normalized) in [
            ("v1", "1.0.0"),
            ("01.002", "1.2.0"),
            ("1.2.003-rc", "1.2.3-rc"),
            ("00.0.0", "0.0.0"),
            ("v1.2.00", "1.2.0"),
        ] {
            assert_eq!(
                Semver::parse_normalized(text).unwrap().to_string(),
                normalized,
                "{text}"
            );
        }
        for text in ["vv1", "1-rc", " 1.0.0", "1.a", ""] {
            assert!(Semver::parse_normalized(text).is_err(), "{text}");
        }
    }
}
