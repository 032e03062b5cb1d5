//! `RequestTemplate`: an offer in the catalogue, and the files that fulfil it.

use super::shared::SlaPolicyReference;
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{
    ApprovalPolicyName, BranchName, ChangeModelName, FieldName, GitRevision, MemberId, RepositoryName,
    ServiceName, TeamName,
};
use gitsm_core::time::Duration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choices! {
    /// The type of a parameter.
    pub enum ParameterType {
        /// Text.
        String,
        /// A whole number.
        Integer,
        /// `true` or `false`.
        Boolean,
        /// One of `choices`.
        Choice,
        /// A date, `2027-02-06`.
        Date,
    }
}

choices! {
    /// What rendering does with a file.
    #[derive(Default)]
    pub enum RenderMode {
        /// Creates it; an existing file is an error.
        #[default]
        Create,
        /// Creates or replaces it.
        Replace,
        /// Merges the rendered YAML into an existing file.
        Patch,
        /// Deletes it.
        Delete,
    }
}

/// An offer in the catalogue: what users may ask for, with which parameters, and the files that fulfil it.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "RequestTemplate",
    plural = "requesttemplates",
    shortname = "rt",
    category = "gitsm",
    namespaced,
    status = "RequestTemplateStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `RequestTemplate` custom resource: [`RequestTemplateSpec`] and [`RequestTemplateStatus`].",
    printcolumn(
        name = "TITLE",
        type_ = "string",
        json_path = ".spec.title",
        description = "What is offered"
    ),
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Owning team"
    ),
    printcolumn(
        name = "SERVICE",
        type_ = "string",
        json_path = ".spec.service",
        description = "Service it belongs to"
    ),
    printcolumn(
        name = "OPEN",
        type_ = "integer",
        json_path = ".status.openRequests",
        description = "Requests not yet fulfilled"
    ),
    printcolumn(
        name = "P50-MINUTES",
        type_ = "integer",
        json_path = ".status.medianMinutes",
        description = "Half of the requests are fulfilled within"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.owner",
    selectable = ".spec.service"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.revoke) || has(self.expiresAfter) || self.revocable", "revoke needs expiresAfter or revocable").at(".revoke"),
]))]
pub struct RequestTemplateSpec {
    /// Title in the catalogue, at most 120 characters. Example: `New PostgreSQL database`.
    pub title: Text<120>,
    /// What the user gets, at most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<2000>>,
    /// Team that answers for the offer.
    pub owner: TeamName,
    /// Service that it belongs to, of this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// What the user is asked. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub parameters: Vec<Parameter>,
    /// Who may ask. Default: every member of every team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Entitlement>,
    /// Files that fulfil a request. 1 to 50.
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub render: Vec<RenderedFile>,
    /// Where the files go.
    pub target: RenderTarget,
    /// Files that take it away again. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub revoke: Vec<RenderedFile>,
    /// How approval works. Default: that of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<ApprovalPolicyName>,
    /// The change model of the pull request, if a request is also a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_model: Option<ChangeModelName>,
    /// Service level for fulfilling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla_policy: Option<SlaPolicyReference>,
    /// Longest and default time for which it is given. Absent: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Duration>,
    /// Whether owners may take it away at any time. Default: false.
    #[serde(default)]
    pub revocable: bool,
    /// Resources that must be ready for a request to be fulfilled, as `Kind/name` with parameters in `{{
    /// }}`. Default: all rendered ones. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub ready_when: Vec<Text<300>>,
}

/// One parameter of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("(self.type == 'Choice') == has(self.choices)", "choices belongs to type Choice").at(".choices"),
    rule("self.type == 'Integer' || (!has(self.minimum) && !has(self.maximum))", "minimum and maximum belong to type Integer"),
    rule("self.type == 'String' || (!has(self.pattern) && !has(self.maxLength))", "pattern and maxLength belong to type String"),
    rule("!has(self.minimum) || !has(self.maximum) || self.minimum <= self.maximum", "maximum must not be below minimum").at(".maximum"),
    rule("!self.required || !has(self.default)", "a required parameter has no default").at(".default"),
]))]
pub struct Parameter {
    /// Name used in the files. Example: `diskSize`.
    pub name: FieldName,
    /// Label shown to the user, at most 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<120>>,
    /// Help for the user, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<500>>,
    /// Type of the value.
    pub r#type: ParameterType,
    /// Whether the user must give a value. Default: false.
    #[serde(default)]
    pub required: bool,
    /// Value when the user gives none, written as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Text<500>>,
    /// Allowed values of type Choice. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub choices: Vec<Text<200>>,
    /// Smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// Most characters, 1 to 2000. Default: 253.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2000))]
    pub max_length: Option<u32>,
    /// Regular expression (RE2) that the whole text must match. Example: `[a-z][a-z0-9-]*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Text<300>>,
}

/// Who may ask. A person who matches one of the fields may.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.teams) || has(self.members)", "write teams, members or both"),
]))]
pub struct Entitlement {
    /// Members of these teams. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub teams: Vec<TeamName>,
    /// These members. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub members: Vec<MemberId>,
}

/// One file that is rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("(self.mode == 'Delete') != has(self.content)", "write content, except with mode Delete").at(".content"),
]))]
pub struct RenderedFile {
    /// Path in the target repository, with parameters in `{{ }}`. Example: `databases/{{ name }}.yaml`.
    pub path: Text<300>,
    /// What is done. Default: Create.
    #[serde(default)]
    pub mode: RenderMode,
    /// Content as a template with parameters in `{{ }}`, at most 20000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Text<20000>>,
}

/// Where rendered files go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderTarget {
    /// The repository.
    pub repository: RepositoryName,
    /// Branch that the pull request is opened against. Default: the repository's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
}

/// How the offer is used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestTemplateStatus {
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
    /// Requests not yet fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_requests: Option<u32>,
    /// Requests fulfilled so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub fulfilled_requests: Option<i64>,
    /// Median time from submission to fulfilment over the last 90 days, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub median_minutes: Option<i64>,
}

custom_kind!(RequestTemplate);
