//! Time as a clock counts it.

use crate::calendar::Calendar;
use crate::time::Instant;
use jiff::SignedDuration;

/// The open time of a calendar.
pub trait BusinessTime {
    /// The open time in `[from, until)`; negative where `until` is before `from`.
    fn business_between(&self, from: Instant, until: Instant) -> SignedDuration;

    /// The earliest instant at which so much open time has passed since `at`; `None` when it never will.
    fn add_business(&self, at: Instant, length: SignedDuration) -> Option<Instant>;
}

/// Every second counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct AroundTheClock;

impl BusinessTime for AroundTheClock {
    fn business_between(&self, from: Instant, until: Instant) -> SignedDuration {
        until.since(from)
    }

    fn add_business(&self, at: Instant, length: SignedDuration) -> Option<Instant> {
        let end = at.plus(length);
        // Stopped by the end of time.
        (end.since(at) == length).then_some(end)
    }
}

impl BusinessTime for Calendar {
    fn business_between(&self, from: Instant, until: Instant) -> SignedDuration {
        Self::business_between(self, from, until)
    }

    fn add_business(&self, at: Instant, length: SignedDuration) -> Option<Instant> {
        Self::add_business(self, at, length)
    }
}

/// Lengths in files: ISO 8601 (`PT2H30M`), exact.
pub(super) mod iso {
    use jiff::SignedDuration;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    pub(in crate::sla) fn serialize<S: Serializer>(
        length: &SignedDuration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(length)
    }

    pub(in crate::sla) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedDuration, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }

    /// The same for a length that may be absent.
    pub(in crate::sla) mod optional {
        use super::SignedDuration;
        use serde::{Deserializer, Serializer};

        #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
        pub(in crate::sla) fn serialize<S: Serializer>(
            length: &Option<SignedDuration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match length {
                Some(length) => super::serialize(length, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub(in crate::sla) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<SignedDuration>, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }
}
