//! What is known and decided about a `Change`: risk, approvals, conflicts, window, outcome.

use super::change::ChangePhase;
use super::clock::SlaClock;
use super::shared::{
    BlastRadius, ChangeType, IncidentReference, RecordEvent, ResolvedPayload, RiskLevel, ServiceReference,
};
use crate::phase::transition_rule;
use crate::rule::rule;
use gitsm_core::Text;
pub use gitsm_core::approval::{RequirementState, ReviewVerdict};
pub use gitsm_core::change::{ChangeOutcome, ConflictEffect, ConflictType};
use gitsm_core::ident::{
    ChangeWindowName, Digest, FieldName, GitRevision, HttpUrl, MemberId, NamespaceName, ResourceName,
    ReviewName, WindowOverrideName,
};
use gitsm_core::time::Instant;
pub use gitsm_core::window::WindowFit;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known and decided about the change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "!has(self.phase) || self.phase != 'Scheduled' || has(self.scheduledStart)",
        "a change is scheduled for an instant, scheduledStart",
    )
    .at(".scheduledStart"),
    rule(
        "!has(self.startedAt) || !has(self.finishedAt) || self.startedAt <= self.finishedAt",
        "finishedAt must not be before startedAt",
    )
    .at(".finishedAt"),
    rule("!has(oldSelf.startedAt) || has(self.startedAt)", "startedAt is never removed").at(".startedAt"),
]))]
pub struct ChangeStatus {
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
    /// Where the change stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(ChangePhase::TRANSITIONS)]))]
    pub phase: Option<ChangePhase>,
    /// Type, from the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ChangeType>,
    /// Short texts for printed columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ChangeSummary>,
    /// The computed risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// The content that decisions are bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_payload: Option<ResolvedPayload>,
    /// Link to the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request_url: Option<HttpUrl>,
    /// All affected services, stated and found. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub affected_services: Vec<ServiceReference>,
    /// Approvals that were given, valid or not. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub approvals: Vec<Approval>,
    /// Rules that must be met, and who counted. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub requirements: Vec<ApprovalRequirement>,
    /// Conflicts. At most 50, blocking ones first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub conflicts: Vec<Conflict>,
    /// How the plan relates to the windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_fit: Option<WindowFit>,
    /// The window that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<ChangeWindowReference>,
    /// When the change may start next, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_open: Option<Instant>,
    /// Until when the last decision holds, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// Overrides in force for this change. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "set"))]
    pub overrides: Vec<WindowOverrideName>,
    /// What would fail or suffer, pinned when the change was assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<BlastRadius>,
    /// The commit that was applied.
    #[serde(default, rename = "implementedSHA", skip_serializing_if = "Option::is_none")]
    pub implemented_sha: Option<GitRevision>,
    /// The commit that was applied before, to which a backout returns.
    #[serde(default, rename = "previousSHA", skip_serializing_if = "Option::is_none")]
    pub previous_sha: Option<GitRevision>,
    /// When it is to start, UTC: the planned start, or the next opening where none is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_start: Option<Instant>,
    /// When implementing began, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self == oldSelf", "a start that was recorded does not change")]))]
    pub started_at: Option<Instant>,
    /// When implementing ended, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
    /// When the change was closed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
    /// Until when it is watched, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak_until: Option<Instant>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
    /// True when the change was found in the cluster or branch without approval. Default: false.
    #[serde(default)]
    pub unauthorized: bool,
    /// Incidents that it caused, as confirmed by people. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub caused_incidents: Vec<IncidentReference>,
    /// The review of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewName>,
    /// Service level clocks for approval and review. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub sla_clocks: Vec<SlaClock>,
    /// Digest of the facts of the last decision; the facts are in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_digest: Option<Digest>,
    /// The answer to the last phaseRequest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_request_result: Option<Text<500>>,
    /// Steps so far, newest last. At most 50; older ones are in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub events: Vec<RecordEvent>,
}

/// Short texts for printed columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSummary {
    /// Level and score. Example: `High(71)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Text<30>>,
    /// Affected services. Example: `payments-db +2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Text<80>>,
    /// Approvals given and needed. Example: `1/2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Text<20>>,
    /// Worst conflict and number. Example: `SamePerson(1)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Text<40>>,
    /// Who implements it. Example: `team/dba`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementer: Option<Text<80>>,
}

/// The computed risk of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Risk {
    /// The level, from the matrix.
    pub level: RiskLevel,
    /// The likelihood score, 0 to 100, for comparison within one level.
    #[schemars(range(min = 0, max = 100))]
    pub score: u32,
    /// The impact level that went into the matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<RiskLevel>,
    /// Factors with their values. At most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub factors: Vec<RiskFactor>,
    /// Revision of the risk policy that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_revision: Option<GitRevision>,
}

/// One factor of a risk score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskFactor {
    /// Name of the factor. Example: `missingTests`.
    pub name: FieldName,
    /// Value in thousandths, 0 (good) to 1000 (worst).
    #[schemars(range(min = 0, max = 1000))]
    pub value_permille: u32,
    /// Weight of the factor, in points.
    #[schemars(range(min = 0, max = 1000))]
    pub weight: u32,
    /// Where the value comes from. Example: `3 of 20 runs failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text<200>>,
    /// True when the value was not known and the worst was assumed. Default: false.
    #[serde(default)]
    pub assumed: bool,
}

/// One review of the change's commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Member who reviewed, or the login where the account belongs to no member.
    pub by: Text<100>,
    /// The verdict.
    pub verdict: ReviewVerdict,
    /// When it was given, UTC.
    pub at: Instant,
    /// The commit it was given for.
    pub revision: GitRevision,
    /// The rules it counts for. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub counts_for: Vec<ResourceName>,
    /// When it lapses, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Whether it counts now.
    pub valid: bool,
    /// Why it does not count. Example: `the reviewer is the author`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_reason: Option<Text<200>>,
}

/// One rule that must be met before the change is approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequirement {
    /// Name of the rule, unique in this list. Example: `payments-owners`.
    pub name: ResourceName,
    /// Where it stands.
    pub state: RequirementState,
    /// How many people are needed.
    pub needed: u32,
    /// How many counted.
    pub given: u32,
    /// Who could still meet it, in words. Example: `2 more of team payments`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Text<300>>,
}

/// One conflict with another change, a window or an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// Kind of conflict.
    pub r#type: ConflictType,
    /// What it does.
    pub effect: ConflictEffect,
    /// The other side, as `Kind/namespace/name` or a pull request link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Text<300>>,
    /// One sentence: what collides, when, and what to do.
    pub message: Text<500>,
    /// Member of the change authority who waived it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_by: Option<MemberId>,
}

/// A ChangeWindow and its namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeWindowReference {
    /// Name of the ChangeWindow.
    pub name: ChangeWindowName,
    /// Namespace of the ChangeWindow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}
