//! `Runbook`: what to do, step by step.

use super::shared::ServiceReference;
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{GitRevision, HttpUrl, LabelKey, LabelValue, ResourceName, TeamName};
use gitsm_core::time::{Duration, Instant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

choices! {
    /// What a step of a runbook is.
    pub enum StepType {
        /// People read and do it.
        Text,
        /// People run a command.
        Command,
        /// gitsm starts a suspended Job.
        Job,
        /// gitsm shows the result of a query.
        Query,
    }
}

/// What to do, step by step, when something happens or is to be done.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Runbook",
    plural = "runbooks",
    shortname = "rb",
    category = "gitsm",
    namespaced,
    status = "RunbookStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Runbook` custom resource: [`RunbookSpec`] and [`RunbookStatus`].",
    printcolumn(
        name = "SERVICE",
        type_ = "string",
        json_path = ".status.serviceSummary",
        description = "Services it is for"
    ),
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Owning team"
    ),
    printcolumn(
        name = "LAST-TESTED",
        type_ = "string",
        json_path = ".spec.lastTested",
        description = "When it was last tried"
    ),
    printcolumn(
        name = "STALE",
        type_ = "boolean",
        json_path = ".status.stale",
        description = "Whether a test is overdue"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.owner",
    selectable = ".status.stale"
)]
pub struct RunbookSpec {
    /// Title, at most 120 characters. Example: `Restore the payments database`.
    pub title: Text<120>,
    /// Team that answers for it.
    pub owner: TeamName,
    /// Services it is for. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub services: Vec<ServiceReference>,
    /// When it is offered to whoever works on an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<RunbookTrigger>,
    /// What to do. 1 to 100.
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub steps: Vec<Step>,
    /// Whether somebody must agree before steps that act are run. Default: false.
    #[serde(default)]
    pub requires_approval: bool,
    /// When it was last tried, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_tested: Option<Instant>,
    /// How often it must be tried; without a test for longer it is stale. Example: `4320h` (180 days).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_every: Option<Duration>,
}

/// When a runbook is offered. All given fields must match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.alerts) || has(self.labels)", "write alerts, labels or both"),
]))]
pub struct RunbookTrigger {
    /// Names of alerts, one of them. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub alerts: Vec<Text<200>>,
    /// Labels of the incident, all of them. At most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("(self.type == 'Command') == has(self.command)", "command belongs to type Command").at(".command"),
    rule("(self.type == 'Job') == has(self.job)", "job belongs to type Job").at(".job"),
    rule("(self.type == 'Query') == has(self.query)", "query belongs to type Query").at(".query"),
    rule("self.type != 'Text' || has(self.text)", "a step of type Text needs text").at(".text"),
]))]
pub struct Step {
    /// Id within the runbook. Example: `stop-writers`.
    pub id: ResourceName,
    /// What the step is.
    pub r#type: StepType,
    /// What to do or why, at most 4000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<4000>>,
    /// Command line that people run, at most 1000 characters. gitsm never runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Text<1000>>,
    /// Name of a suspended Job in this namespace that gitsm starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<ResourceName>,
    /// A query to a monitoring system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// What one sees when the step has worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Text<500>>,
}

/// A query to a monitoring system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    /// Address of the system.
    pub url: HttpUrl,
    /// The query, at most 1000 characters.
    pub expression: Text<1000>,
}

/// Whether the runbook is still to be trusted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunbookStatus {
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
    /// Whether a test is overdue. Default: false.
    #[serde(default)]
    pub stale: bool,
    /// When the next test is due, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_due_at: Option<Instant>,
    /// How often it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub uses: Option<i64>,
    /// Short text for the printed column. Example: `payments +1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_summary: Option<Text<80>>,
}

custom_kind!(Runbook);
