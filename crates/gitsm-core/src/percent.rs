//! A whole percentage.

use crate::text::ValueError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A whole percentage from 0 to 100, written as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Percent(u8);

impl Percent {
    /// Smallest value.
    pub const MIN: u8 = 0;
    /// Largest value.
    pub const MAX: u8 = 100;

    /// The value itself, or 100 if it is more.
    pub fn clamped(value: u8) -> Self {
        Self(value.min(Self::MAX))
    }

    /// The value, 0 to 100.
    pub fn get(self) -> u8 {
        self.0
    }

    /// This share of `total`, rounded up: the number of members that "at least this share" means.
    pub fn of_rounded_up(self, total: u32) -> u32 {
        let scaled = u64::from(total) * u64::from(self.0);
        u32::try_from(scaled.div_ceil(100)).unwrap_or(u32::MAX)
    }
}

impl TryFrom<i64> for Percent {
    type Error = ValueError;

    fn try_from(value: i64) -> Result<Self, Self::Error> {
        match u8::try_from(value) {
            Ok(percent) if percent <= Self::MAX => Ok(Self(percent)),
            _ => Err(ValueError::new("a percentage", "it is outside 0 to 100", "75")),
        }
    }
}

impl From<Percent> for i64 {
    fn from(value: Percent) -> Self {
        Self::from(value.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer",
            "format": "int32",
            "minimum": Self::MIN,
            "maximum": Self::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up() {
        let half = Percent::try_from(50).unwrap();
        assert_eq!(half.of_rounded_up(3), 2);
        assert_eq!(Percent::try_from(0).unwrap().of_rounded_up(7), 0);
        assert_eq!(Percent::try_from(100).unwrap().of_rounded_up(u32::MAX), u32::MAX);
    }

    #[test]
    fn values_outside_0_to_100_are_refused() {
        for wrong in [-1, 101, 356, i64::MIN, i64::MAX] {
            assert!(Percent::try_from(wrong).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<Percent>("101").is_err());
        assert_eq!(
            serde_json::to_string(&Percent::try_from(7).unwrap()).unwrap(),
            "7"
        );
    }
}
