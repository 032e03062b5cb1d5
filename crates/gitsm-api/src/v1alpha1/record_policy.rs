//! `RecordPolicy`: rules of an organisation's own over its manifests and records.

use super::shared::ServiceSelector;
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{FieldName, GitRevision, LabelKey, LabelValue, NamespaceName, RuleId};
use gitsm_core::time::Instant;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

choices! {
    /// What a rule that is broken does.
    #[derive(Default)]
    pub enum RuleAction {
        /// The object is refused; a finding of level error.
        #[default]
        Deny,
        /// The object is accepted with a warning.
        Warn,
        /// The object is accepted; the breach is counted and reported.
        Audit,
    }
}

choices! {
    /// The kinds a policy can be about.
    pub enum PolicyKind {
        /// Teams.
        Team,
        /// Catalogues.
        ServiceCatalog,
        /// Calendars.
        BusinessCalendar,
        /// Change models.
        ChangeModel,
        /// Risk policies.
        RiskPolicy,
        /// Approval policies.
        ApprovalPolicy,
        /// Priority matrices.
        PriorityMatrix,
        /// Services.
        ITService,
        /// Configuration items.
        ConfigurationItem,
        /// Assets.
        Asset,
        /// Change windows.
        ChangeWindow,
        /// Service level policies.
        SLAPolicy,
        /// Alert routes.
        AlertRoute,
        /// Runbooks.
        Runbook,
        /// Request templates.
        RequestTemplate,
        /// Reviews.
        Review,
        /// Changes.
        Change,
        /// Incidents.
        Incident,
        /// Problems.
        Problem,
        /// Service requests.
        ServiceRequest,
        /// Overrides of windows.
        WindowOverride,
        /// Acceptances of unauthorised commits.
        Acceptance,
    }
}

/// Rules of an organisation's own, as CEL expressions over manifests and records. The same rules hold in
/// `gitsm validate`, in admission and in the controllers. In scope are `object` (typed by its schema when the
/// policy is about one kind), `oldObject` (null when there is none), `service` (the ITService that the object is
/// or is about; null when there is none; the rules are evaluated once for each), `diff` (`operation`: Create or
/// Update, and `paths`: the fields that differ), `change` (the change that a Change is, a WindowOverride is for, or a
/// Review is about: `namespace`, `name`, `object`, `type` and `model` of its model, `services`, `tier`; what is not
/// known is absent), `window` (how the plan of that change relates to the windows of its services: `fit`, `reasons`,
/// `windows`, `at`, `until`, `next`, `open`; `fit` is Unknown where it cannot be told), `now` (a timestamp) and
/// `variables`.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "RecordPolicy",
    plural = "recordpolicies",
    shortname = "rpol",
    category = "gitsm",
    status = "RecordPolicyStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `RecordPolicy` custom resource: [`RecordPolicySpec`] and [`RecordPolicyStatus`].",
    printcolumn(
        name = "RULES",
        type_ = "integer",
        json_path = ".status.ruleCount",
        description = "Rules"
    ),
    printcolumn(
        name = "KINDS",
        type_ = "string",
        json_path = ".status.summary",
        description = "Kinds it is about"
    ),
    printcolumn(
        name = "BREACHES",
        type_ = "integer",
        json_path = ".status.breachCount",
        description = "Objects that break a rule"
    ),
    printcolumn(
        name = "READY",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status",
        description = "Whether every expression compiles"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    )
)]
pub struct RecordPolicySpec {
    /// What the policy is for, at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<1000>>,
    /// Objects it is about.
    pub r#match: PolicyMatch,
    /// Named expressions that the rules may use as `variables.<name>`, in order. At most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub variables: Vec<PolicyVariable>,
    /// The rules. 1 to 50.
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub rules: Vec<PolicyRule>,
    /// Whether a finding of a rule with action Deny may be accepted by a `gitsm: allow` comment with a reason, or
    /// lowered in `gitsm.yaml`. Default: false.
    #[serde(default)]
    pub allow_suppression: bool,
}

/// Objects that a policy is about. Given fields are combined by AND, the elements of one list by OR.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyMatch {
    /// Kinds. 1 to 30.
    #[schemars(length(min = 1, max = 30), extend("x-kubernetes-list-type" = "set"))]
    pub kinds: Vec<PolicyKind>,
    /// Namespaces. Default: any. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<NamespaceName>,
    /// Labels that an object must all carry. At most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Services that an object is, or is about. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServiceSelector>,
}

/// A named expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVariable {
    /// Name. Example: `isProd`.
    pub name: FieldName,
    /// CEL expression over `object`, `oldObject`, `service`, `diff`, `change`, `window`, `now` and earlier variables, at
    /// most 2000 characters.
    pub expression: Text<2000>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.message) || has(self.messageExpression)", "write message, messageExpression or both"),
]))]
pub struct PolicyRule {
    /// Id of the rule, unique in the policy. Example: `require-backout`.
    pub id: RuleId,
    /// CEL expression that must be true, at most 2000 characters. Example: `has(object.spec.backout)`.
    pub expression: Text<2000>,
    /// What is wrong and what to do when it is not, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<500>>,
    /// CEL expression that gives the message; wins over `message` when it can be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_expression: Option<Text<1000>>,
    /// What a breach does. Default: Deny. An expression that cannot be evaluated counts as a breach.
    #[serde(default)]
    pub action: RuleAction,
    /// Path of the field that the finding points at. Example: `spec.backout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_path: Option<Text<200>>,
}

/// How the policy is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordPolicyStatus {
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
    /// Rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_count: Option<u32>,
    /// Objects that break a rule now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_count: Option<u32>,
    /// Expressions that do not compile. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["rule"]))]
    pub errors: Vec<PolicyError>,
    /// When the objects were last checked, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_checked_at: Option<Instant>,
    /// Short text for the printed column. Example: `Change, Incident`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<120>>,
}

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyError {
    /// Id of the rule, or `variables.` and the name.
    pub rule: Text<100>,
    /// Why.
    pub message: Text<500>,
}

custom_kind!(RecordPolicy);
