//! Service level clocks, and who is told about them.

use super::shared::SlaPolicyReference;
use crate::choice::choices;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{BusinessCalendarName, MemberId, TeamName};
pub use gitsm_core::sla::{SlaClockState, SlaMetric};
use gitsm_core::time::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One service level clock of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaClock {
    /// Key of the clock: policy and metric. Example: `gold.resolve`.
    pub name: Text<130>,
    /// The SLAPolicy that set the target.
    pub policy: SlaPolicyReference,
    /// What is measured.
    pub metric: SlaMetric,
    /// State of the clock.
    pub state: SlaClockState,
    /// Target in minutes of calendar time.
    #[schemars(range(min = 1))]
    pub target_minutes: u32,
    /// Start of counting, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When the target is or was passed if nothing pauses the clock, UTC. Absent while paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_at: Option<Instant>,
    /// When counting ended, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Instant>,
    /// Calendar seconds counted when the state last changed.
    #[schemars(range(min = 0))]
    pub elapsed_seconds_at_last_event: i64,
    /// When the state last changed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_at: Option<Instant>,
    /// Pauses so far, newest last. At most 50; older ones are in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub pauses: Vec<SlaPause>,
    /// Highest threshold that was already notified, percent of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub notified_percent: Option<u32>,
    /// Calendar the minutes are counted in. Absent: around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendarName>,
    /// Revision of the time zone database the clock was computed with. Example: `2026a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tzdb_version: Option<Text<20>>,
}

/// A time during which a service level clock did not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaPause {
    /// Start of the pause, UTC.
    pub from: Instant,
    /// End of the pause, UTC. Absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Instant>,
    /// Why the clock was paused. Example: `awaiting supplier`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
}

/// A threshold of a service level at which somebody is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Threshold {
    /// Percent of the target, 1 to 1000. Example: `75`.
    #[schemars(range(min = 1, max = 1000))]
    pub percent: u32,
    /// Teams and people told. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub notify: Vec<Recipient>,
    /// Whether the record is escalated to its next level of support. Default: false.
    #[serde(default)]
    pub escalate: bool,
}

choices! {
    /// Who is meant, relative to a record.
    pub enum RecipientRole {
        /// The person the record is assigned to.
        Assignee,
        /// The team that owns the affected service.
        ServiceOwner,
        /// The team that supports the affected service.
        SupportTeam,
        /// Who reported or requested.
        Requester,
    }
}

/// Somebody who is told: a team, a member, or a role relative to the record. Exactly one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "[has(self.team), has(self.member), has(self.role)].filter(given, given).size() == 1",
        "write exactly one of team, member, role",
    ),
]))]
pub struct Recipient {
    /// A team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// A member of any team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// A role relative to the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RecipientRole>,
}
