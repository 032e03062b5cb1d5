//! `AlertRoute`: what becomes of an alert.

use super::shared::{Level, ServiceReference};
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::ident::{GitRevision, SecretName, TeamName};
use gitsm_core::time::{Duration, Instant};
use gitsm_core::{Percent, Text};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choices! {
    /// Where alerts come from.
    pub enum AlertSource {
        /// The webhook of Prometheus Alertmanager.
        Alertmanager,
        /// A webhook with the documented JSON body.
        Webhook,
        /// CloudEvents over HTTP.
        CloudEvents,
    }
}

choices! {
    /// What becomes of an alert.
    pub enum AlertAction {
        /// It opens an incident, or joins an open one of the same group.
        Incident,
        /// It joins an open incident of the service, and opens none.
        Attach,
        /// It is counted.
        RecordOnly,
        /// It is dropped.
        Drop,
    }
}

choices! {
    /// How a label is compared.
    #[derive(Default)]
    pub enum MatchOperator {
        /// Equal to one of the values.
        #[default]
        In,
        /// Equal to none of the values.
        NotIn,
        /// Present, with any value.
        Exists,
        /// Not present.
        DoesNotExist,
        /// The whole value matches one of the values, read as regular expressions (RE2).
        Matches,
    }
}

/// What becomes of the alerts of a source: which open an incident, for which service, how they are grouped
/// and when they are held back.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "AlertRoute",
    plural = "alertroutes",
    shortname = "ar",
    category = "gitsm",
    namespaced,
    status = "AlertRouteStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `AlertRoute` custom resource: [`AlertRouteSpec`] and [`AlertRouteStatus`].",
    printcolumn(
        name = "SOURCE",
        type_ = "string",
        json_path = ".spec.source",
        description = "Where alerts come from"
    ),
    printcolumn(
        name = "ACTION",
        type_ = "string",
        json_path = ".spec.action",
        description = "What becomes of them"
    ),
    printcolumn(
        name = "RECEIVED",
        type_ = "integer",
        json_path = ".status.received",
        description = "Alerts so far"
    ),
    printcolumn(
        name = "INCIDENTS",
        type_ = "integer",
        json_path = ".status.incidentsOpened",
        description = "Incidents opened"
    ),
    printcolumn(
        name = "SUPPRESSED",
        type_ = "integer",
        json_path = ".status.suppressed",
        description = "Alerts held back"
    ),
    printcolumn(
        name = "NOISE",
        type_ = "integer",
        json_path = ".status.noisePercent",
        description = "Percent of incidents that were false alarms"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.source",
    selectable = ".spec.action"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!(self.action in ['Incident', 'Attach']) || has(self.service)", "an action of Incident or Attach needs service").at(".service"),
]))]
pub struct AlertRouteSpec {
    /// Where alerts come from.
    pub source: AlertSource,
    /// Order among the routes of a source, lowest first; the first that matches decides. Default: 100.
    #[serde(default = "hundred")]
    #[schemars(range(min = 0, max = 1000))]
    pub order: u32,
    /// What an alert's labels must be, all of it. Empty: every alert of the source. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["label"]))]
    pub r#match: Vec<LabelMatch>,
    /// What becomes of it.
    pub action: AlertAction,
    /// Labels by which alerts are one incident. Default: `alertname` and the service. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "set"))]
    pub group_by: Vec<Text<128>>,
    /// How often and how long it must fire first. Default: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<AlertThreshold>,
    /// Template of the key that makes alerts the same, with labels in `{{ }}`. Default: the source's
    /// fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<Text<300>>,
    /// How the service is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceMapping>,
    /// Urgency of the incident. Default: Medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Level>,
    /// Title of the incident, with labels and annotations in `{{ }}`. Default: the alert's summary or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<300>>,
    /// Team that works on it. Default: the service's support team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// When alerts are held back. It covers the first page, escalation and repeats alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppress_during: Option<SuppressDuring>,
    /// When an alert that comes and goes counts as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flap_damping: Option<FlapDamping>,
    /// Secret of this namespace whose key `token` the sender must present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_secret: Option<SecretName>,
}

/// What one label must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("(self.operator in ['Exists', 'DoesNotExist']) != has(self.values)", "write values, except with Exists and DoesNotExist").at(".values"),
]))]
pub struct LabelMatch {
    /// Name of the label. Example: `severity`.
    pub label: Text<128>,
    /// How it is compared. Default: In.
    #[serde(default)]
    pub operator: MatchOperator,
    /// Values. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub values: Vec<Text<256>>,
}

/// How often and how long an alert must fire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertThreshold {
    /// Number of alerts of the group. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub count: Option<u32>,
    /// How long it must have fired. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#for: Option<Duration>,
}

/// How the service of an alert is found: by the value of a label, or always the same. Exactly one of
/// `label` and `fixed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.label) != has(self.fixed)", "write exactly one of label and fixed"),
]))]
pub struct ServiceMapping {
    /// Label whose value is the name of a service of this namespace. Example: `service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text<128>>,
    /// The service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<ServiceReference>,
    /// The service when the label is missing or names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<ServiceReference>,
}

/// When alerts are held back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuppressDuring {
    /// While a maintenance window of the service is open. Default: false.
    #[serde(default)]
    pub windows: bool,
    /// While a change of the service is being implemented or watched. Default: false.
    #[serde(default)]
    pub changes: bool,
}

/// When an alert that comes and goes counts as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlapDamping {
    /// How often it may begin within `within` before it counts as flapping, 2 to 100.
    #[schemars(range(min = 2, max = 100))]
    pub starts: u32,
    /// The time looked at. Example: `30m`.
    pub within: Duration,
}

/// What the route did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertRouteStatus {
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
    /// Alerts received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub received: Option<i64>,
    /// Incidents opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub incidents_opened: Option<i64>,
    /// Alerts held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub suppressed: Option<i64>,
    /// Share of opened incidents that were cancelled as false alarms, over the last 90 days, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_percent: Option<Percent>,
    /// When an alert last arrived, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_received_at: Option<Instant>,
}

/// The default order: room on both sides.
fn hundred() -> u32 {
    100
}

custom_kind!(AlertRoute);
