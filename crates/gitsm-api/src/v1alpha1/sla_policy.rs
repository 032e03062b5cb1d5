//! `SLAPolicy`: how fast something is promised to happen.

use super::clock::{SlaMetric, Threshold};
use super::shared::ServiceSelector;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::ident::{BusinessCalendarName, GitRevision, RequestTemplateName, TeamName};
pub use gitsm_core::sla::{Agreement, OnPriorityChange, SlaTimeZone, TargetPriority};
pub use gitsm_core::vocabulary::TimedKind;
use gitsm_core::{Percent, Text};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How fast something is promised to happen: a metric, targets by priority in minutes of calendar time, and
/// when the clock counts.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "SLAPolicy",
    plural = "slapolicies",
    shortname = "sla",
    category = "gitsm",
    namespaced,
    status = "SLAPolicyStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `SLAPolicy` custom resource: [`SLAPolicySpec`] and [`SLAPolicyStatus`].",
    printcolumn(
        name = "METRIC",
        type_ = "string",
        json_path = ".spec.metric",
        description = "What is measured"
    ),
    printcolumn(
        name = "TYPE",
        type_ = "string",
        json_path = ".spec.agreement",
        description = "SLA, OLA or UC"
    ),
    printcolumn(
        name = "APPLIES-TO",
        type_ = "string",
        json_path = ".spec.appliesTo.kind",
        description = "Kind of record"
    ),
    printcolumn(
        name = "ACTIVE",
        type_ = "integer",
        json_path = ".status.activeClocks",
        description = "Clocks that count now"
    ),
    printcolumn(
        name = "BREACHED%",
        type_ = "integer",
        json_path = ".status.breachedPercent",
        description = "Share broken over the last 90 days"
    ),
    printcolumn(
        name = "CALENDAR",
        type_ = "string",
        json_path = ".spec.calendar",
        description = "Calendar the minutes are counted in",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.metric",
    selectable = ".spec.agreement",
    selectable = ".spec.appliesTo.kind"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.conditions) || self.metric in ['Acknowledge', 'Respond', 'Resolve', 'Fulfil', 'Approve', 'Review']", "metric Update has no conditions of its own; write conditions").at(".conditions"),
]))]
pub struct SLAPolicySpec {
    /// Between whom it is agreed. Default: SLA.
    #[serde(default = "agreement")]
    pub agreement: Agreement,
    /// The records it times.
    pub applies_to: SlaScope,
    /// What is measured.
    pub metric: SlaMetric,
    /// Targets. 1 to 6: one for each priority, and one without priority for all others.
    #[schemars(length(min = 1, max = 6), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["priority"]))]
    pub targets: Vec<SlaTarget>,
    /// When the clock starts, pauses, stops. Default: those of the metric, see the documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<SlaConditions>,
    /// What a change of priority does to a running clock. Default: Retroactive.
    #[serde(default)]
    pub on_change: OnPriorityChange,
    /// Whether a target that changes keeps the pauses so far. Default: true.
    #[serde(default = "yes")]
    pub retro_pause: bool,
    /// When somebody is told. At most 10. Example: at 75 and 100 percent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["percent"]))]
    pub thresholds: Vec<Threshold>,
    /// Calendar the minutes are counted in. Default: around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendarName>,
    /// Whose time zone the calendar is read in. Default: Calendar.
    #[serde(default)]
    pub time_zone: SlaTimeZone,
    /// Share of records that must meet their target, percent. For reports. Example: `95`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective_percent: Option<Percent>,
    /// Team that answers for keeping it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
    /// What is promised, in words, at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<1000>>,
}

/// The records that a service level times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.requestTemplates) || self.kind == 'ServiceRequest'", "requestTemplates belongs to kind ServiceRequest").at(".requestTemplates"),
]))]
pub struct SlaScope {
    /// Kind of record.
    pub kind: TimedKind,
    /// The services. Default: every service that names this policy in `slaPolicies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServiceSelector>,
    /// Only requests from these templates of this namespace. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub request_templates: Vec<RequestTemplateName>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaTarget {
    /// The priority it is for. Default: Any.
    #[serde(default)]
    pub priority: TargetPriority,
    /// Minutes of calendar time, 1 to 525600. There is no unit for days: with a calendar of eight hours,
    /// `480` is a working day.
    #[schemars(range(min = 1, max = 525_600))]
    pub minutes: u32,
}

/// When a clock starts, pauses, stops, as CEL expressions over the record at the moment of an event
/// (`record.status.phase == 'New'`). A clock whose start condition implies its stop condition never runs;
/// lint says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaConditions {
    /// The clock starts when this becomes true.
    pub start: Text<500>,
    /// The clock does not count while this is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Text<500>>,
    /// A paused clock counts again when this becomes true. Default: when `pause` is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Text<500>>,
    /// The clock ends when this becomes true.
    pub stop: Text<500>,
    /// The clock starts anew when this becomes true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Text<500>>,
    /// The clock is withdrawn when this becomes true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Text<500>>,
}

/// How the service level is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SLAPolicyStatus {
    /// The `metadata.generation` this status was computed from. Lower than `metadata.generation` means that
    /// the status is not up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// The git revision of the estate that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_revision: Option<GitRevision>,
    /// What holds and what does not, by type; see the documentation of conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::conditions_schema")]
    pub conditions: Vec<Condition>,
    /// Clocks that count now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_clocks: Option<u32>,
    /// Clocks that ended over the last 90 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub ended_clocks: Option<i64>,
    /// Share of those that were broken, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_percent: Option<Percent>,
}

/// The usual agreement.
fn agreement() -> Agreement {
    Agreement::SLA
}

/// Pauses are kept unless somebody decides otherwise.
fn yes() -> bool {
    true
}

custom_kind!(SLAPolicy);
