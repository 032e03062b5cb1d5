//! `ChangeWindow`: when changes may start, and when they may not.

use super::shared::{ChangeSelector, ServiceReference, Weekday, five_minutes};
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{BusinessCalendarName, GitRevision, TeamName, WindowOverrideName};
use gitsm_core::time::{Duration, Instant, LocalDate, LocalTime, ZoneName};
pub use gitsm_core::window::{ChangeWindowType, Overrun, WindowState};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When changes may start (`Maintenance`) or may not (`Freeze`), as occurrences of local time in a named
/// zone. An occurrence is half-open, `[start, end)`: at its end instant the window is closed. A window that
/// cannot be evaluated counts as closed. Where no maintenance window matches a change, the catalogue's
/// `changePolicy.defaultWhenNoWindow` decides.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ChangeWindow",
    plural = "changewindows",
    shortname = "cw",
    category = "gitsm",
    namespaced,
    status = "ChangeWindowStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ChangeWindow` custom resource: [`ChangeWindowSpec`] and [`ChangeWindowStatus`].",
    printcolumn(
        name = "TYPE",
        type_ = "string",
        json_path = ".spec.type",
        description = "Maintenance or Freeze"
    ),
    printcolumn(
        name = "STATE",
        type_ = "string",
        json_path = ".status.state",
        description = "Open or Closed at the last transition"
    ),
    printcolumn(
        name = "NEXT-OPEN",
        type_ = "string",
        json_path = ".status.nextOpen",
        description = "Start of the next occurrence, UTC"
    ),
    printcolumn(
        name = "NEXT-CLOSE",
        type_ = "string",
        json_path = ".status.nextClose",
        description = "End of the current or next occurrence, UTC"
    ),
    printcolumn(
        name = "SERVICES",
        type_ = "string",
        json_path = ".status.summary",
        description = "Services the window applies to"
    ),
    printcolumn(
        name = "OVERRIDES",
        type_ = "integer",
        json_path = ".status.activeOverrideCount",
        description = "Overrides in force",
        priority = 1
    ),
    printcolumn(
        name = "REASON",
        type_ = "string",
        json_path = ".spec.reason",
        description = "Why the window exists",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.type",
    selectable = ".status.state"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.recurrence) != has(self.interval)", "write exactly one of recurrence and interval"),
    rule("self.type != 'Freeze' || has(self.reason)", "a freeze needs a reason").at(".reason"),
    rule("self.type == 'Freeze' || !self.overridable", "only a freeze can be overridable").at(".overridable"),
]))]
pub struct ChangeWindowSpec {
    /// Whether the window allows changes or forbids them.
    pub r#type: ChangeWindowType,
    /// The changes that the window is about. `namespaces` other than the window's own are honoured only
    /// where the catalogue lists the window's namespace in `changePolicy.windowNamespaces`.
    pub selector: ChangeSelector,
    /// IANA time zone in which every local date and time of this window is read. Mandatory, so that a
    /// window never depends on where it is evaluated. Example: `Europe/Berlin`.
    pub time_zone: ZoneName,
    /// Repeating occurrences. Exactly one of `recurrence` and `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// One occurrence between two instants. Exactly one of `recurrence` and `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// For a freeze: whether a WindowOverride may lift it. Default: false, nobody can.
    #[serde(default)]
    pub overridable: bool,
    /// What happens to work still running when the window closes. Default: Finish.
    #[serde(default)]
    pub overrun: Overrun,
    /// New work must start at least this long before the window closes. Default: `5m`. A window should be
    /// at least twice as long.
    #[serde(default = "five_minutes")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self <= duration('24h')", "leadTime is at most 24h")]))]
    pub lead_time: Duration,
    /// Why the window exists, shown to whoever is held back. Required for a freeze. Example: `Quarter-end
    /// closing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<500>>,
    /// Team that answers for the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
}

/// One occurrence between two instants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.start < self.end", "end must be after start").at(".end"),
]))]
pub struct Interval {
    /// First instant of the occurrence, with offset. Example: `2027-12-20T18:00:00+01:00`.
    pub start: Instant,
    /// First instant after the occurrence, with offset.
    pub end: Instant,
}

/// Repeating occurrences: a date pattern, a local start time, and a length. Exactly one date pattern of
/// `days`, `nthWeekday`, `monthDays`, `dates`, `rrule` and `cron` is given. The weekday and date belong to
/// the start; an occurrence may cross midnight. A start in the hour that a clock change skips uses the
/// offset before the change; in a repeated hour it is the first one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "[has(self.days), has(self.nthWeekday), has(self.monthDays), has(self.dates), has(self.rrule), \
         has(self.cron)].filter(given, given).size() == 1",
        "write exactly one of days, nthWeekday, monthDays, dates, rrule, cron",
    ),
    rule("has(self.cron) != has(self.start)", "write start, except with cron, which contains it").at(".start"),
    rule("has(self.duration) != has(self.endLocal)", "write exactly one of duration and endLocal"),
    rule("!has(self.duration) || self.duration <= duration('168h')", "an occurrence lasts at most 168h").at(".duration"),
    rule("!has(self.weeksEvery) || has(self.days)", "weeksEvery needs days").at(".weeksEvery"),
    rule("has(self.weeksEvery) == has(self.anchor)", "weeksEvery and anchor go together").at(".anchor"),
    rule("!has(self.from) || !has(self.until) || self.from <= self.until", "until must not be before from").at(".until"),
]))]
pub struct Recurrence {
    /// Weekdays on which an occurrence starts. Example: `[Saturday, Sunday]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// Only every so many weeks, counted in Monday-to-Sunday weeks from the week of `anchor`: 2 is every
    /// other week. 1 to 52. Needs `days` and `anchor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 52))]
    pub weeks_every: Option<u32>,
    /// A date in a week that counts, for `weeksEvery`. Example: `2027-01-04`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<LocalDate>,
    /// One weekday of each month, such as the second Tuesday or the last Sunday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth_weekday: Option<NthWeekday>,
    /// Days of the month on which an occurrence starts, 1 to 31, or counted from the end, -1 (last day) to
    /// -31. Months without such a day have no occurrence. Example: `[1, -1]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 31), extend("x-kubernetes-list-type" = "set"), extend("x-kubernetes-validations" = [rule("self.all(day, day != 0 && day >= -31 && day <= 31)", "month days are 1 to 31, or -1 to -31 from the end")]))]
    pub month_days: Vec<i32>,
    /// Dates on which an occurrence starts. At most 100. Example: `[2027-11-26]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub dates: Vec<LocalDate>,
    /// Months in which an occurrence may start, 1 to 12, with any date pattern. Default: all. With
    /// `nthWeekday` it says what happens once a year. Example: `[11]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 12), extend("x-kubernetes-list-type" = "set"), extend("x-kubernetes-validations" = [rule("self.all(month, month >= 1 && month <= 12)", "months are 1 to 12")]))]
    pub months: Vec<i32>,
    /// The date pattern as an RRULE of RFC 5545, for import; translated to the fields above. FREQ,
    /// INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, UNTIL (a date) and WKST only; COUNT and BYSETPOS are refused.
    /// `from` stands for DTSTART: INTERVAL counts from it. Example: `FREQ=WEEKLY;BYDAY=SA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<Text<200>>,
    /// Date pattern and starts as a cron expression of five fields, for import. As in POSIX, day of month
    /// and day of week are combined by OR. At most 96 starts a day. Example: `0 22 * * 6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<Text<100>>,
    /// Local time at which an occurrence starts. Required, except with `cron`. Example: `22:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<LocalTime>,
    /// Length of an occurrence in elapsed time, at most `168h`: `4h` is four hours on every date. Exactly
    /// one of `duration` and `endLocal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// Local time at which an occurrence ends: on the date of the start, or on the next date where the
    /// clock is not later than at the start. An occurrence of which a clock change leaves nothing does not
    /// take place. Exactly one of `duration` and `endLocal`. Example: `02:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_local: Option<LocalTime>,
    /// First date on which an occurrence may start. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<LocalDate>,
    /// Last date on which an occurrence may start. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<LocalDate>,
    /// Dates on which no occurrence starts. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub except_dates: Vec<LocalDate>,
    /// Calendars on whose holidays no occurrence starts. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "set"))]
    pub except_holidays_of: Vec<BusinessCalendarName>,
}

/// One weekday of each month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.nth != 0", "nth is 1 to 5, or -1 to -5 from the end").at(".nth"),
]))]
pub struct NthWeekday {
    /// Which one: 1 (first) to 5, or -1 (last) to -5. Months without a fifth have no occurrence.
    #[schemars(range(min = -5, max = 5))]
    pub nth: i32,
    /// The weekday.
    pub weekday: Weekday,
}

/// What the controller found about the window. It is written at transitions only and advisory: each
/// decision evaluates the window itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeWindowStatus {
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
    /// Whether changes may start, as of the last transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<WindowState>,
    /// Why, as one word in PascalCase. Example: `OutsideOccurrence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<80>>,
    /// When the state last changed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition: Option<Instant>,
    /// When the state changes next, UTC. Absent: not within five years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Instant>,
    /// Start of the current occurrence, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Instant>,
    /// End of the current occurrence, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Instant>,
    /// Start of the next occurrence, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_open: Option<Instant>,
    /// End of the current occurrence, or of the next one while none is current, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_close: Option<Instant>,
    /// Services that the selector matches. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub matched: Vec<ServiceReference>,
    /// How many services the selector matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_count: Option<u32>,
    /// Short text for the printed column. Example: `payments, payments-db +3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<80>>,
    /// Overrides in force. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub active_overrides: Vec<WindowOverrideName>,
    /// How many overrides are in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_override_count: Option<u32>,
}

custom_kind!(ChangeWindow);
