//! `ChangeModel`: how a kind of change is handled, the same way each time.

use super::shared::{ChangeType, RiskLevel, ServiceSelector, SlaPolicyReference};
use crate::root::custom_kind;
use crate::rule::rule;
pub use gitsm_core::change::{
    ChangeModelState, GuardedPhase, LockedField, RequirementType, ReviewRequirement,
};
use gitsm_core::ident::{ApprovalPolicyName, FieldName, GitRevision, ResourceName, RiskPolicyName, TeamName};
use gitsm_core::time::{Duration, Instant};
use gitsm_core::{Percent, Text};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a kind of change is handled, the same way each time: what is asked of it, who approves it, how long
/// it is watched, whether it is looked back on.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ChangeModel",
    plural = "changemodels",
    shortname = "chm",
    category = "gitsm",
    status = "ChangeModelStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ChangeModel` custom resource: [`ChangeModelSpec`] and [`ChangeModelStatus`].",
    printcolumn(
        name = "TYPE",
        type_ = "string",
        json_path = ".spec.type",
        description = "Standard, Normal or Emergency"
    ),
    printcolumn(
        name = "STATE",
        type_ = "string",
        json_path = ".spec.state",
        description = "Where the model is in its life"
    ),
    printcolumn(
        name = "RUNS",
        type_ = "integer",
        json_path = ".status.runs",
        description = "Changes of the last 365 days"
    ),
    printcolumn(
        name = "SUCCESS%",
        type_ = "integer",
        json_path = ".status.successPercent",
        description = "Share that was successful"
    ),
    printcolumn(
        name = "LAST-USED",
        type_ = "string",
        json_path = ".status.lastUsedAt",
        description = "When it was last used, UTC"
    ),
    printcolumn(
        name = "SUSPENDED",
        type_ = "boolean",
        json_path = ".status.suspended",
        description = "Whether results suspend it",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.type",
    selectable = ".spec.state",
    selectable = ".spec.owner",
    selectable = ".status.suspended"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.type == 'Standard' || !has(self.provenSuccess)", "provenSuccess belongs to a standard model").at(".provenSuccess"),
    rule("self.type == 'Standard' || has(self.approvalPolicy)", "a model that is not standard needs an approvalPolicy").at(".approvalPolicy"),
    rule("self.type == 'Standard' || !has(self.lockedFields)", "lockedFields belongs to a standard model").at(".lockedFields"),
]))]
pub struct ChangeModelSpec {
    /// Type of the changes. A standard change is approved by its model alone.
    pub r#type: ChangeType,
    /// Where the model is in its life.
    pub state: ChangeModelState,
    /// Title, at most 120 characters. Example: `Minor upgrade of a database`.
    pub title: Text<120>,
    /// When to use it, at most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<2000>>,
    /// Team that answers for it.
    pub owner: TeamName,
    /// Changes that may use it. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<Eligibility>,
    /// Who approves. Required except for a standard model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<ApprovalPolicyName>,
    /// How risk is computed. Default: the built-in policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_policy: Option<RiskPolicyName>,
    /// Requirements of single moves, in addition to the built-in ones. At most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "atomic"))]
    pub transitions: Vec<ModelTransition>,
    /// Fields that authors may not set. Standard models only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 5), extend("x-kubernetes-list-type" = "set"))]
    pub locked_fields: Vec<LockedField>,
    /// What a change has when its author does not say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<ModelDefaults>,
    /// How long a change is watched after it went in, at most `336h`. Default: `15m`.
    #[serde(default = "quarter_hour")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self <= duration('336h')", "soak is at most 336h")]))]
    pub soak: Duration,
    /// When a review is needed. Default: OnFailure.
    #[serde(default)]
    pub review: ReviewRequirement,
    /// Minutes of calendar time until the review of an emergency change is due. Default: 2400 (five days of
    /// eight hours).
    #[serde(default = "five_days")]
    #[schemars(range(min = 1, max = 525_600))]
    pub review_due_minutes: u32,
    /// Service levels for approval and review, each with its namespace. At most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"), extend("x-kubernetes-validations" = [rule("self.all(policy, has(policy.namespace))", "give each policy its namespace")]))]
    pub sla_policies: Vec<SlaPolicyReference>,
    /// Whether somebody must start it by hand in its window. Default: false.
    #[serde(default)]
    pub manual_start: bool,
    /// For a standard model: the results that it must show. Below them it counts as suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_success: Option<ProvenSuccess>,
    /// First instant at which the model can no longer be used, with offset. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
}

/// Changes that may use a model. Given fields are combined by AND.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Eligibility {
    /// The affected services. Every one must be selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServiceSelector>,
    /// Environments. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub environments: Vec<ResourceName>,
    /// The highest risk level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_risk: Option<RiskLevel>,
}

/// Requirements of entering one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelTransition {
    /// The phase that is entered.
    pub to: GuardedPhase,
    /// What must hold, all of it. 1 to 20.
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub requires: Vec<Requirement>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("(self.type in ['Field', 'Expression', 'Check']) == has(self.value)", "value belongs to types Field, Expression and Check").at(".value"),
]))]
pub struct Requirement {
    /// Name within the list. Example: `backout-tested`.
    pub name: ResourceName,
    /// What must hold.
    pub r#type: RequirementType,
    /// Field path, CEL expression or name of a check, by type. At most 500 characters. Example:
    /// `spec.backout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text<500>>,
    /// What to do when it does not hold, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<300>>,
}

/// What a change has when its author does not say otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelDefaults {
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// How long taking it back takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backout_duration: Option<Duration>,
    /// Answers to the risk policy's questions. At most 30.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 30))]
    pub risk_answers: BTreeMap<FieldName, Text<200>>,
}

/// Results that a standard model must show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProvenSuccess {
    /// Changes that must have gone in before the share counts, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub min_runs: u32,
    /// Share that must have been successful, percent.
    pub min_percent: Percent,
}

/// How the model does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeModelStatus {
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
    /// Changes that ended over the last 365 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<u32>,
    /// Share that was successful, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_percent: Option<Percent>,
    /// When it was last used, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Instant>,
    /// Whether its results suspend it, whatever `spec.state` says. Default: false.
    #[serde(default)]
    pub suspended: bool,
}

fn quarter_hour() -> Duration {
    Duration::constant::<900>()
}

fn five_days() -> u32 {
    5 * 8 * 60
}

custom_kind!(ChangeModel);
