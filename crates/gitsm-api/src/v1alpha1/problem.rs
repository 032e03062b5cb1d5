//! `Problem`: a cause, or potential cause, of one or more incidents.

use super::shared::{ChangeReference, IncidentReference, Level, Priority, RecordEvent};
use crate::phase::transition_rule;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{
    GitRevision, LabelKey, LabelValue, MemberId, ReviewName, RunbookName, ServiceName, TeamName,
};
pub use gitsm_core::incident::{ProblemPhase, ProblemPhaseRequest};
use gitsm_core::time::{Duration, Instant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A cause, or potential cause, of one or more incidents: identified, controlled until its error is known,
/// and removed by a change.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Problem",
    plural = "problems",
    shortname = "prb",
    category = "gitsm",
    category = "itsm-records",
    namespaced,
    status = "ProblemStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Problem` custom resource: [`ProblemSpec`] and [`ProblemStatus`].",
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the problem stands"
    ),
    printcolumn(
        name = "KNOWN-ERROR",
        type_ = "boolean",
        json_path = ".spec.knownError",
        description = "Whether cause or workaround is documented"
    ),
    printcolumn(
        name = "INCIDENTS",
        type_ = "integer",
        json_path = ".status.incidentCount",
        description = "Incidents so far"
    ),
    printcolumn(
        name = "RECUR",
        type_ = "integer",
        json_path = ".status.recurrences",
        description = "Incidents since the last fix"
    ),
    printcolumn(
        name = "FIX",
        type_ = "string",
        json_path = ".status.summary",
        description = "Fixing change"
    ),
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Who coordinates"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.owner",
    selectable = ".spec.knownError",
    selectable = ".status.phase",
    selectable = ".status.priority"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!self.knownError || has(self.rootCause) || has(self.workaround)", "a known error documents its rootCause or a workaround").at(".knownError"),
    rule("!has(self.phaseRequest) || self.phaseRequest.to != 'Deferred' || has(self.riskAcceptance)", "to defer a problem, write riskAcceptance").at(".riskAcceptance"),
]))]
pub struct ProblemSpec {
    /// What goes wrong, in one sentence of at most 300 characters.
    pub statement: Text<300>,
    /// Services concerned, in this namespace. At most 50.
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub services: Vec<ServiceName>,
    /// How incidents of this problem are recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symptoms: Option<Symptoms>,
    /// How far the business is affected. Default: the highest of its incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Level>,
    /// How fast it must be removed. Default: the highest of its incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Level>,
    /// Team that coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
    /// Member who coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<MemberId>,
    /// The cause, at most 4000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<Text<4000>>,
    /// How the effect is avoided until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround: Option<Workaround>,
    /// Whether cause or workaround is documented and may be offered to whoever works on incidents. Default:
    /// false.
    #[serde(default)]
    pub known_error: bool,
    /// Changes that remove the cause. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub proposed_fixes: Vec<ChangeReference>,
    /// Who lives with the risk and until when. Needed to defer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_acceptance: Option<RiskAcceptance>,
    /// How long no matching incident may occur after the fix before it counts as resolved. Default: `168h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_period: Option<Duration>,
    /// Command: asks for a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_request: Option<ProblemCommand>,
}

/// How incidents of a problem are recognised. All given fields must match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Symptoms {
    /// Words that the title contains, one of them, in any case. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub title_contains: Vec<Text<100>>,
    /// Names of alerts, one of them. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub alerts: Vec<Text<200>>,
    /// Labels that the incident carries, all of them. At most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// How the effect of a problem is avoided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workaround {
    /// In words, at most 2000 characters.
    pub text: Text<2000>,
    /// The runbook to follow, of this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<RunbookName>,
}

/// Who lives with a risk, and until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskAcceptance {
    /// Member who accepts it.
    pub by: MemberId,
    /// End of the acceptance, with offset. The problem returns to Assessed then.
    pub until: Instant,
    /// Why it is acceptable.
    pub reason: Text<500>,
}

/// A move that a person asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemCommand {
    /// The move.
    pub to: ProblemPhaseRequest,
    /// Member who asks.
    pub by: MemberId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<500>>,
}

/// What is known and computed about the problem.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemStatus {
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
    /// Where the problem stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(ProblemPhase::TRANSITIONS)]))]
    pub phase: Option<ProblemPhase>,
    /// Priority from impact and urgency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Incidents that are linked. At most 100; more are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub linked_incidents: Vec<IncidentReference>,
    /// How many incidents are linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_count: Option<u32>,
    /// Matching incidents since the last fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrences: Option<u32>,
    /// Time lost to its incidents, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub minutes_lost: Option<i64>,
    /// How often the workaround was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workaround_uses: Option<u32>,
    /// Until when no matching incident may occur, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_until: Option<Instant>,
    /// When it was resolved, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// Member who reviewed the documented error; never the coordinator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<MemberId>,
    /// The review of the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewName>,
    /// Short text for the printed column: the fixing change and its phase. Example: `pg16 Scheduled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<80>>,
    /// The answer to the last command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_request_result: Option<Text<500>>,
    /// Steps so far, newest last. At most 50; older ones are in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub events: Vec<RecordEvent>,
}

custom_kind!(Problem);
