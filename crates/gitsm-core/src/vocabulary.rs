//! Words that several decisions share: risk levels, priorities, types of change, days.

use crate::choice::choices;

choices! {
    /// How much a change may disturb, from the risk matrix.
    #[derive(PartialOrd, Ord)]
    pub enum RiskLevel {
        /// Little can go wrong, or little depends on it.
        Low,
        /// Ordinary care is enough.
        Moderate,
        /// A failure would be felt by many.
        High,
        /// A failure would stop the business.
        VeryHigh,
    }
}

choices! {
    /// The ITIL type of a change.
    pub enum ChangeType {
        /// Low risk, well understood, authorised in advance by its model.
        Standard,
        /// Assessed and approved one by one.
        Normal,
        /// Must go in as soon as possible, usually to end or prevent an incident.
        Emergency,
    }
}

choices! {
    /// A day of the week.
    pub enum Weekday {
        /// Monday.
        Monday,
        /// Tuesday.
        Tuesday,
        /// Wednesday.
        Wednesday,
        /// Thursday.
        Thursday,
        /// Friday.
        Friday,
        /// Saturday.
        Saturday,
        /// Sunday.
        Sunday,
    }
}

impl From<jiff::civil::Weekday> for Weekday {
    fn from(day: jiff::civil::Weekday) -> Self {
        match day {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

choices! {
    /// A level on a three-step scale, for impact and urgency.
    #[derive(PartialOrd, Ord)]
    pub enum Level {
        /// The highest step.
        High,
        /// The middle step.
        Medium,
        /// The lowest step.
        Low,
    }
}

choices! {
    /// The priority of an incident or problem, P1 first.
    #[derive(PartialOrd, Ord)]
    pub enum Priority {
        /// Critical: all hands, at any hour.
        P1,
        /// High.
        P2,
        /// Medium.
        P3,
        /// Low.
        P4,
        /// Planning: when there is time.
        P5,
    }
}

choices! {
    /// The kinds that are records: something that happened or was asked for, with a life of its own.
    pub enum RecordKind {
        /// A change.
        Change,
        /// An incident.
        Incident,
        /// A problem.
        Problem,
        /// A service request.
        ServiceRequest,
        /// An override of a change window.
        WindowOverride,
        /// An acceptance of an unauthorised commit.
        Acceptance,
    }
}

choices! {
    /// The kinds of record that a service level can time.
    pub enum TimedKind {
        /// Incidents.
        Incident,
        /// Problems.
        Problem,
        /// Service requests.
        ServiceRequest,
        /// Changes.
        Change,
    }
}

choices! {
    /// How a change is taken back.
    pub enum BackoutKind {
        /// The merge is reverted in git.
        GitRevert,
        /// The workload is rolled back.
        Rollout,
        /// A Kubernetes Job does it.
        Job,
        /// People do it by a runbook.
        Manual,
        /// It cannot be taken back.
        None,
    }
}

/// How critical a service is: 1 (most critical) to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Tier(u8);

impl Tier {
    /// The number, 1 to 4.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i64> for Tier {
    type Error = crate::ValueError;

    fn try_from(value: i64) -> Result<Self, Self::Error> {
        match u8::try_from(value) {
            Ok(tier) if (1..=4).contains(&tier) => Ok(Self(tier)),
            _ => Err(crate::ValueError::new("a tier", "it is outside 1 to 4", "2")),
        }
    }
}

impl From<Tier> for i64 {
    fn from(tier: Tier) -> Self {
        Self::from(tier.0)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Tier {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tier".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 4 })
    }
}
