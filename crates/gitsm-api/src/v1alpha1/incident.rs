//! `Incident`: an unplanned interruption or loss of quality of a service.

use super::clock::SlaClock;
use super::shared::{
    Acknowledgement, BlastRadius, ChangeReference, IncidentReference, Level, Priority, ProblemReference,
    RecordEvent, ServiceReference,
};
use crate::choice::choices;
use crate::phase::transition_rule;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::ident::{
    AlertRouteName, ChangeName, ConfigurationItemName, GitRevision, HttpUrl, MemberId, NamespaceName,
    ResourceName, ReviewName, ServiceName, TeamName,
};
pub use gitsm_core::incident::{HoldReason, IncidentPhase, IncidentPhaseRequest, ResolutionCode};
use gitsm_core::time::Instant;
use gitsm_core::{Percent, Text};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choices! {
    /// Who may see an incident outside its team.
    #[derive(Default)]
    pub enum Visibility {
        /// Everybody with access to the namespace and the dashboard.
        #[default]
        Internal,
        /// Only those with access to the namespace; left out of dashboard and feeds.
        Restricted,
    }
}

/// An unplanned interruption of a service or loss of its quality. Its priority comes from impact and
/// urgency; its clocks from the service level policies.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Incident",
    plural = "incidents",
    shortname = "inc",
    category = "gitsm",
    category = "itsm-records",
    namespaced,
    status = "IncidentStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Incident` custom resource: [`IncidentSpec`] and [`IncidentStatus`].",
    printcolumn(
        name = "PRI",
        type_ = "string",
        json_path = ".status.priority",
        description = "P1 is most urgent"
    ),
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the incident stands"
    ),
    printcolumn(
        name = "SERVICE",
        type_ = "string",
        json_path = ".status.summary.service",
        description = "Affected services"
    ),
    printcolumn(
        name = "TITLE",
        type_ = "string",
        json_path = ".spec.title",
        description = "What is wrong"
    ),
    printcolumn(
        name = "ASSIGNEE",
        type_ = "string",
        json_path = ".spec.assignee",
        description = "Who works on it"
    ),
    printcolumn(
        name = "BREACH-AT",
        type_ = "string",
        json_path = ".status.nextBreachAt",
        description = "When the next service level is broken, UTC"
    ),
    printcolumn(
        name = "SUSPECT",
        type_ = "string",
        json_path = ".status.summary.suspect",
        description = "Most suspected change and its score"
    ),
    printcolumn(
        name = "COMMANDER",
        type_ = "string",
        json_path = ".spec.roles.commander",
        description = "Who leads a major incident",
        priority = 1
    ),
    printcolumn(
        name = "UPDATED",
        type_ = "string",
        json_path = ".status.lastUpdateAt",
        description = "Last step, UTC",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.assignee",
    selectable = ".spec.team",
    selectable = ".status.phase",
    selectable = ".status.priority",
    selectable = ".status.major"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.phaseRequest) || self.phaseRequest.to != 'OnHold' || has(self.hold)", "to put an incident on hold, say in hold what it waits for").at(".hold"),
    rule("!has(self.phaseRequest) || self.phaseRequest.to != 'Resolved' || has(self.resolution)", "to resolve an incident, give the resolution").at(".resolution"),
]))]
pub struct IncidentSpec {
    /// What is wrong, at most 200 characters. Example: `5xx above 8 percent`.
    pub title: Text<200>,
    /// What is known so far, at most 4000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<4000>>,
    /// Affected services, in this namespace. At most 50. Example: `[checkout]`.
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub services: Vec<ServiceName>,
    /// Affected configuration items, in this namespace. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub configuration_items: Vec<ConfigurationItemName>,
    /// Environment that is affected. Example: `prod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// How far the business is affected. Default: derived from blast radius and tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Level>,
    /// How fast it must be resolved. Default: derived from the alert or, without one, Medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Level>,
    /// A priority set by a person against the matrix. The computed one is kept beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_override: Option<PriorityOverride>,
    /// Whether it is handled as a major incident. Writing true needs the verb `declare`. Default: false.
    #[serde(default)]
    pub major: bool,
    /// Member who reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<MemberId>,
    /// Team that works on it. Default: the service's support team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// Member who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<MemberId>,
    /// Roles in a major incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<IncidentRoles>,
    /// When the effect began, if that was earlier than its report, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Instant>,
    /// Command: somebody on call takes notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<Acknowledgement>,
    /// Command: asks for a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_request: Option<IncidentCommand>,
    /// What it waits for. Needed to put it on hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<IncidentHold>,
    /// How it was resolved. Needed to resolve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Related records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<IncidentLinks>,
    /// Who may see it. Default: Internal.
    #[serde(default)]
    pub visibility: Visibility,
    /// Latest updates for those affected, newest last. At most 20; older ones are in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub updates: Vec<IncidentUpdate>,
}

/// A priority set by a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriorityOverride {
    /// The priority.
    pub priority: Priority,
    /// Member who sets it.
    pub by: MemberId,
    /// Why the matrix is not right here.
    pub reason: Text<300>,
}

/// Roles in a major incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentRoles {
    /// Leads the work and decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commander: Option<MemberId>,
    /// Speaks to those affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communications: Option<MemberId>,
    /// Writes down what happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scribe: Option<MemberId>,
}

/// A move that a person asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentCommand {
    /// The move.
    pub to: IncidentPhaseRequest,
    /// Member who asks.
    pub by: MemberId,
    /// Why. Required by the controller for reopening and cancelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<500>>,
}

/// What an incident waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentHold {
    /// What it waits for.
    pub reason: HoldReason,
    /// Details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<500>>,
    /// When to look again at the latest, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// How an incident was resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// In one word.
    pub code: ResolutionCode,
    /// In some sentences, at most 2000 characters.
    pub summary: Text<2000>,
    /// When service was restored, if that was earlier than this entry, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Instant>,
}

/// Records related to an incident. They are often in the namespace of another service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentLinks {
    /// The change that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<ChangeReference>,
    /// The change that fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_by: Option<ChangeReference>,
    /// The problem it is a symptom of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemReference>,
    /// The incident it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<IncidentReference>,
    /// The incident that was reported first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<IncidentReference>,
}

/// A message for those affected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentUpdate {
    /// When it was written, with offset.
    pub at: Instant,
    /// Member who wrote it.
    pub by: MemberId,
    /// The message, at most 1000 characters.
    pub text: Text<1000>,
}

/// What is known and computed about the incident.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.acknowledgedAt) || !has(self.detectedAt) || self.detectedAt <= self.acknowledgedAt", "acknowledgedAt must not be before detectedAt").at(".acknowledgedAt"),
    rule("!has(self.resolvedAt) || !has(self.detectedAt) || self.detectedAt <= self.resolvedAt", "resolvedAt must not be before detectedAt").at(".resolvedAt"),
    rule("!has(self.closedAt) || !has(self.resolvedAt) || self.resolvedAt <= self.closedAt", "closedAt must not be before resolvedAt").at(".closedAt"),
    rule("!has(oldSelf.detectedAt) || has(self.detectedAt)", "detectedAt is never removed").at(".detectedAt"),
]))]
pub struct IncidentStatus {
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
    /// Where the incident stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(IncidentPhase::TRANSITIONS)]))]
    pub phase: Option<IncidentPhase>,
    /// The priority that counts: the override if there is one, else the computed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The priority from impact and urgency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed_priority: Option<Priority>,
    /// The impact that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Level>,
    /// The urgency that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Level>,
    /// Whether it is handled as a major incident. Default: false.
    #[serde(default)]
    pub major: bool,
    /// Short texts for printed columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<IncidentSummary>,
    /// When it was first known, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self == oldSelf", "the time of detection is never changed; use spec.effectiveFrom for an earlier begin")]))]
    pub detected_at: Option<Instant>,
    /// When it was declared a major incident, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_at: Option<Instant>,
    /// When somebody took notice, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Instant>,
    /// Member who took notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<MemberId>,
    /// When the effect was gone, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_at: Option<Instant>,
    /// When service was restored, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// When it was closed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
    /// How often it was reopened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopen_count: Option<u32>,
    /// Service level clocks. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub sla_clocks: Vec<SlaClock>,
    /// When the next service level is broken, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_breach_at: Option<Instant>,
    /// Changes that may have caused it, the most suspected first. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub suspected_changes: Vec<SuspectedChange>,
    /// What fails or suffers with the affected services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<BlastRadius>,
    /// All affected services. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub affected_services: Vec<ServiceReference>,
    /// Where escalation stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// Alerts that belong to it. At most 50; more are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["fingerprint"]))]
    pub alerts: Vec<IncidentAlert>,
    /// How many alerts belong to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_count: Option<u32>,
    /// The route that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<AlertRouteName>,
    /// The review of the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewName>,
    /// The last step, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_at: Option<Instant>,
    /// The answer to the last command.
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
pub struct IncidentSummary {
    /// Affected services. Example: `checkout +2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Text<80>>,
    /// Most suspected change and its score. Example: `chg/cart-2-9(87)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Text<100>>,
}

/// A change that may have caused an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuspectedChange {
    /// Name of the change.
    pub name: ChangeName,
    /// Namespace of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// How suspected, 0 to 100.
    pub score: Percent,
    /// Why. Example: `dependency payments-db, ended 12 minutes before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text<300>>,
}

/// Where escalation stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// The step that was last taken, from 0.
    pub step: u32,
    /// When the next step is taken unless somebody takes notice, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Instant>,
    /// Who was told last. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub notified: Vec<Text<100>>,
}

choices! {
    /// Whether an alert still fires.
    pub enum AlertState {
        /// It fires.
        Firing,
        /// It is over.
        Resolved,
    }
}

/// One alert that belongs to an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentAlert {
    /// Fingerprint given by the source.
    pub fingerprint: Text<128>,
    /// Name of the alert. Example: `HighErrorRate`.
    pub name: Text<200>,
    /// Whether it still fires.
    pub state: AlertState,
    /// When it began, UTC.
    pub started_at: Instant,
    /// When it ended, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    /// Link to its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<HttpUrl>,
}

custom_kind!(Incident);
