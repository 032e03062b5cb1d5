//! `BusinessCalendar`: hours and days that count.

use super::shared::Weekday;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{BusinessCalendarName, GitRevision};
use gitsm_core::time::{ClosingTime, Instant, LocalDate, LocalTime, ZoneName};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Hours and days that count for service levels, in a named time zone. Segments are half-open, `[from,
/// to)`. Holidays are written here, in git: never read from a feed that may change.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "BusinessCalendar",
    plural = "businesscalendars",
    shortname = "cal",
    category = "gitsm",
    status = "BusinessCalendarStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `BusinessCalendar` custom resource: [`BusinessCalendarSpec`] and [`BusinessCalendarStatus`].",
    printcolumn(
        name = "TIMEZONE",
        type_ = "string",
        json_path = ".spec.timeZone",
        description = "Zone the hours are read in"
    ),
    printcolumn(
        name = "OPEN",
        type_ = "boolean",
        json_path = ".status.open",
        description = "Whether it is open"
    ),
    printcolumn(
        name = "NEXT-OPEN",
        type_ = "string",
        json_path = ".status.nextOpen",
        description = "Start of the next segment, UTC"
    ),
    printcolumn(
        name = "NEXT-CLOSE",
        type_ = "string",
        json_path = ".status.nextClose",
        description = "End of the current or next segment, UTC"
    ),
    printcolumn(
        name = "HOLIDAYS-UNTIL",
        type_ = "string",
        json_path = ".status.holidaysUntil",
        description = "Last holiday written down",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.timeZone"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.weekly) || has(self.inherits)", "write weekly, inherits or both"),
]))]
pub struct BusinessCalendarSpec {
    /// IANA time zone in which the hours are read. Example: `Europe/Berlin`.
    pub time_zone: ZoneName,
    /// Hours of an ordinary week. At most 50 segments; they must not overlap. Default: those inherited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub weekly: Vec<WeeklyHours>,
    /// Days without hours. At most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["date"]))]
    pub holidays: Vec<Holiday>,
    /// Days with hours of their own, which replace the weekly ones and any holiday. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["date"]))]
    pub special_days: Vec<SpecialDay>,
    /// Calendar whose holidays count here too, and whose hours count if `weekly` is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherits: Option<BusinessCalendarName>,
}

/// Hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.from < self.to", "to must be after from; hours past midnight are two segments").at(".to"),
]))]
pub struct WeeklyHours {
    /// The days. Example: `[Monday, Tuesday]`.
    #[schemars(length(min = 1, max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// First local time. Example: `09:00`.
    pub from: LocalTime,
    /// Local time at which it closes. Example: `17:30`; `24:00` is the end of the day.
    pub to: ClosingTime,
}

/// A day without hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holiday {
    /// The date.
    pub date: LocalDate,
    /// Its name. Example: `Christmas Day`.
    pub name: Text<120>,
    /// Region in which it is one, for reference. Example: `DE-BE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<20>>,
}

/// A day with hours of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpecialDay {
    /// The date.
    pub date: LocalDate,
    /// Why. Example: `stocktaking`.
    pub name: Text<120>,
    /// The hours. At most 10.
    #[schemars(length(min = 1, max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub hours: Vec<Hours>,
}

/// A segment of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.from < self.to", "to must be after from").at(".to"),
]))]
pub struct Hours {
    /// First local time.
    pub from: LocalTime,
    /// Local time at which it closes.
    pub to: ClosingTime,
}

/// Where the calendar stands. Written at transitions only.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusinessCalendarStatus {
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
    /// Whether it is open, as of the last transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Start of the next segment, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_open: Option<Instant>,
    /// End of the current or next segment, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_close: Option<Instant>,
    /// The last holiday written down, inherited ones included. A calendar without future holidays deserves
    /// a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays_until: Option<LocalDate>,
    /// Revision of the time zone database in use. Example: `2026a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tzdb_version: Option<Text<20>>,
}

custom_kind!(BusinessCalendar);
