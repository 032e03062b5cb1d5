//! `ApprovalPolicy`: who must agree to a change.

use super::shared::ChangeSelector;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
pub use gitsm_core::approval::{ApprovalMode, ApproverRole, Attestation, OnTimeout, UnknownIdentity};
use gitsm_core::ident::{GitRevision, MemberId, ResourceName, TeamName};
use gitsm_core::time::{Duration, Instant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who must agree to a change. Of several policies that match, every rule of each must be met. An approval
/// is a review bound to the head commit; a push, a retarget or a new plan voids it.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ApprovalPolicy",
    plural = "approvalpolicies",
    shortname = "ap",
    category = "gitsm",
    status = "ApprovalPolicyStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ApprovalPolicy` custom resource: [`ApprovalPolicySpec`] and [`ApprovalPolicyStatus`].",
    printcolumn(
        name = "QUORUM",
        type_ = "string",
        json_path = ".status.quorum",
        description = "People needed"
    ),
    printcolumn(
        name = "SOD",
        type_ = "string",
        json_path = ".status.separation",
        description = "Who may not approve"
    ),
    printcolumn(
        name = "ATTEST",
        type_ = "string",
        json_path = ".spec.attestation",
        description = "How an approval is given"
    ),
    printcolumn(
        name = "MAX-AGE",
        type_ = "string",
        json_path = ".spec.maxAge",
        description = "Longest age of an approval"
    ),
    printcolumn(
        name = "MATCHES",
        type_ = "string",
        json_path = ".status.summary",
        description = "Changes it is for",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.attestation"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.mode == 'Parallel' || size(self.rules) > 1", "mode Ordered needs more than one rule").at(".mode"),
]))]
pub struct ApprovalPolicySpec {
    /// Changes it is for. Default: those whose model or service names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<ChangeSelector>,
    /// Rules that must all be met. 1 to 20. Ordered mode follows this order.
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub rules: Vec<ApprovalRule>,
    /// In which order they are met. Default: Parallel.
    #[serde(default)]
    pub mode: ApprovalMode,
    /// Who may not approve.
    #[serde(default)]
    pub separation: Separation,
    /// Whether one person fills one rule only. Default: true.
    #[serde(default = "yes")]
    pub distinct: bool,
    /// How an approval must be given. Default: Forge.
    #[serde(default)]
    pub attestation: Attestation,
    /// Longest age of an approval, at most `2160h` (90 days). Default: `336h` (14 days).
    #[serde(default = "two_weeks")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self <= duration('2160h')", "maxAge is at most 2160h")]))]
    pub max_age: Duration,
    /// Whether an approval outlives a push that leaves tree, base and policies the same. Default: false.
    #[serde(default)]
    pub same_tree: bool,
    /// What becomes of content to which somebody contributed who belongs to no member. Default: Deny.
    #[serde(default)]
    pub unknown_identity: UnknownIdentity,
    /// Team whose members may dismiss a rejection. Default: only who rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissers: Option<TeamName>,
    /// Who approves for somebody else for a time. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["from"]))]
    pub delegations: Vec<Delegation>,
}

/// One rule: so many people out of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.teams) || has(self.members) || has(self.roles)", "write at least one of teams, members, roles"),
]))]
pub struct ApprovalRule {
    /// Name of the rule, shown where it is not met. Example: `payments-owners`.
    pub name: ResourceName,
    /// How many different people, 1 to 20.
    #[schemars(range(min = 1, max = 20))]
    pub count: u32,
    /// Members of these teams. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub teams: Vec<TeamName>,
    /// These members. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub members: Vec<MemberId>,
    /// People by their relation to the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 5), extend("x-kubernetes-list-type" = "set"))]
    pub roles: Vec<ApproverRole>,
    /// When the rule applies, as a CEL expression over the change, at most 500 characters. Default: always.
    /// Example: `change.status.risk.level == 'High'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Text<500>>,
    /// Hours in which people answer, 1 to 2160. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2160))]
    pub within_hours: Option<u32>,
    /// What happens when they do not. Default: Escalate.
    #[serde(default)]
    pub on_timeout: OnTimeout,
}

/// Who may not approve. The author of the pull request, bots, and everybody when unknown are always
/// excluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the manifest"
)]
pub struct Separation {
    /// Authors, committers and co-authors of any commit may not approve. Default: true.
    #[serde(default = "yes")]
    pub author_cannot_approve: bool,
    /// Who pushed the head commit may not approve. Default: true.
    #[serde(default = "yes")]
    pub last_pusher_cannot_approve: bool,
    /// Who implements the change may not approve. Default: true.
    #[serde(default = "yes")]
    pub implementer_cannot_approve: bool,
    /// Who requested the change may not approve. Default: true.
    #[serde(default = "yes")]
    pub requester_cannot_approve: bool,
    /// At least one approver must be outside the author's teams. Default: false.
    #[serde(default)]
    pub distinct_teams: bool,
}

impl Default for Separation {
    fn default() -> Self {
        Self {
            author_cannot_approve: true,
            last_pusher_cannot_approve: true,
            implementer_cannot_approve: true,
            requester_cannot_approve: true,
            distinct_teams: false,
        }
    }
}

/// Somebody approves for somebody else for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.from != self.to", "nobody stands in for themselves").at(".to"),
]))]
pub struct Delegation {
    /// Member who is represented.
    pub from: MemberId,
    /// Member who represents.
    pub to: MemberId,
    /// First instant at which it no longer holds, with offset.
    pub until: Instant,
    /// Why, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<300>>,
}

/// Whether the policy can be met.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalPolicyStatus {
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
    /// Rules that nobody, or too few people, can meet. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub unmeetable_rules: Vec<ResourceName>,
    /// Short text for the printed column. Example: `2+1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Text<40>>,
    /// Short text for the printed column. Example: `author,pusher,implementer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separation: Option<Text<80>>,
    /// Short text for the printed column. Example: `prod, tier 1-2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<80>>,
}

fn yes() -> bool {
    true
}

fn two_weeks() -> Duration {
    Duration::constant::<{ 14 * 24 * 3_600 }>()
}

custom_kind!(ApprovalPolicy);
