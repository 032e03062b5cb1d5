//! `Change`: one alteration that could affect services, from request to closure.

use super::change_status::ChangeStatus;
use super::shared::{IncidentReference, ProblemReference, ServiceRequestReference};
use crate::root::custom_kind;
use crate::rule::{Reason, rule};
use gitsm_core::Text;
pub use gitsm_core::change::{ChangePhase, ChangePhaseRequest};
use gitsm_core::ident::{
    ChangeModelName, ChangeName, ConfigurationItemName, Digest, FieldName, GitRevision, HttpUrl, MemberId,
    RepositoryName, RepositoryPath, ResourceName, RunbookName, ServiceName, TeamName,
};
use gitsm_core::time::{Duration, Instant};
pub use gitsm_core::vocabulary::BackoutKind;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One alteration that could affect services. Its content is bound to a commit; approvals are reviews of
/// exactly that commit; it goes in when a window is open.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Change",
    plural = "changes",
    shortname = "chg",
    category = "gitsm",
    category = "itsm-records",
    namespaced,
    status = "ChangeStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Change` custom resource: [`ChangeSpec`] and [`ChangeStatus`].",
    printcolumn(
        name = "TYPE",
        type_ = "string",
        json_path = ".status.type",
        description = "Standard, Normal or Emergency"
    ),
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the change stands"
    ),
    printcolumn(
        name = "RISK",
        type_ = "string",
        json_path = ".status.summary.risk",
        description = "Level and score"
    ),
    printcolumn(
        name = "SERVICE",
        type_ = "string",
        json_path = ".status.summary.service",
        description = "Affected services"
    ),
    printcolumn(
        name = "WINDOW",
        type_ = "string",
        json_path = ".status.windowFit",
        description = "How the plan relates to the windows"
    ),
    printcolumn(
        name = "APPROVALS",
        type_ = "string",
        json_path = ".status.summary.approvals",
        description = "Approvals given and needed"
    ),
    printcolumn(
        name = "CONFLICT",
        type_ = "string",
        json_path = ".status.summary.conflict",
        description = "Worst conflict and number"
    ),
    printcolumn(
        name = "START",
        type_ = "string",
        json_path = ".status.scheduledStart",
        description = "When it is to start, UTC"
    ),
    printcolumn(
        name = "IMPLEMENTER",
        type_ = "string",
        json_path = ".status.summary.implementer",
        description = "Who implements it",
        priority = 1
    ),
    printcolumn(
        name = "OUTCOME",
        type_ = "string",
        json_path = ".status.outcome",
        description = "How it ended",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.model",
    selectable = ".spec.environment",
    selectable = ".status.phase",
    selectable = ".status.type",
    selectable = ".status.risk.level",
    selectable = ".status.windowFit",
    selectable = ".status.unauthorized",
    selectable = ".status.outcome"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "has(self.services) || has(self.configurationItems) || has(self.payload)",
        "a change names services, configurationItems or a payload from which they are found",
    ),
]))]
pub struct ChangeSpec {
    /// The model that says how the change is assessed, approved and carried out. Example:
    /// `normal-database-upgrade`.
    pub model: ChangeModelName,
    /// Title, at most 200 characters. Default: the title of the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<200>>,
    /// Why the change is wanted, at most 2000 characters.
    pub reason: Text<2000>,
    /// Who wants it. Default: the author of the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<MemberId>,
    /// Who carries it out. Default: gitsm, by merging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementer: Option<Implementer>,
    /// Affected services, in this namespace. Services found from the payload are added. At most 50.
    /// Example: `[payments-db]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub services: Vec<ServiceName>,
    /// Affected configuration items, in this namespace. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub configuration_items: Vec<ConfigurationItemName>,
    /// The environment that is changed. Example: `prod`.
    pub environment: ResourceName,
    /// The content that goes in. Default: the other files of the commit that adds this manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// When it is to go in and how long it takes. Required by most models before approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// How it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backout: Option<Backout>,
    /// Proof that it was tested. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub test_evidence: Vec<TestEvidence>,
    /// Changes of this namespace that must be finished first. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub depends_on: Vec<ChangeName>,
    /// Records that this change serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relates: Option<ChangeRelations>,
    /// Answers to the questions of the risk policy, by the question's name. At most 30.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 30))]
    pub risk_answers: BTreeMap<FieldName, Text<200>>,
    /// Command: asks for a move. The controller obeys or refuses it in status. Not for approving: an
    /// approval is a review at the forge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_request: Option<ChangeCommand>,
}

/// Who carries a change out. Exactly one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("[has(self.member), has(self.team), has(self.bot)].filter(given, given).size() == 1", "write exactly one of member, team, bot"),
]))]
pub struct Implementer {
    /// A person. The person may not approve the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// A team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// A program, by its account at the forge. Example: `renovate[bot]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<gitsm_core::ident::ForgeLogin>,
}

/// The content of a change: paths of this repository, a pull request, or a manifest by digest. Exactly one
/// of `paths`, `pullRequest` and `manifestDigest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("[has(self.paths), has(self.pullRequest), has(self.manifestDigest)].filter(given, given).size() == 1", "write exactly one of paths, pullRequest, manifestDigest"),
    rule("!has(self.pullRequest) || (has(self.repository) && has(self.headSHA))", "a pullRequest of another repository needs repository and headSHA"),
]))]
pub struct Payload {
    /// Paths in the repository of this manifest. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub paths: Vec<RepositoryPath>,
    /// Repository of the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// Number of a pull request in `repository`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub pull_request: Option<u32>,
    /// The commit of the pull request that is meant, in full.
    #[serde(default, rename = "headSHA", skip_serializing_if = "Option::is_none")]
    pub head_sha: Option<GitRevision>,
    /// Digest of the pull request's diff, checked before anything goes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
    /// Digest of a manifest that is applied from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<Digest>,
}

/// When a change goes in and how long it takes. The whole of it, backout included, must fit into the
/// window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.notAfter) || !has(self.start) || self.start <= self.notAfter", "notAfter must not be before start").at(".notAfter"),
]))]
pub struct Plan {
    /// Planned start, with offset. Absent: at the next opening. Example: `2027-02-06T21:00:00+01:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Latest start, with offset. Default: the end of the window that contains `start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Instant>,
    /// How long it takes, at most `168h`. Example: `45m`.
    #[schemars(extend("x-kubernetes-validations" = [rule("self <= duration('168h')", "a change takes at most 168h")]))]
    pub duration: Duration,
    /// How long taking it back would take, at most `168h`. Example: `30m`.
    #[schemars(extend("x-kubernetes-validations" = [rule("self <= duration('168h')", "a backout takes at most 168h")]))]
    pub backout_duration: Duration,
    /// Time needed before the start, during which the services are already disturbed. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Duration>,
    /// Whether service is interrupted, as stated by the author. Default: false.
    #[serde(default)]
    pub interrupts_service: bool,
}

/// How a change is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.kind != 'Manual' || has(self.runbook)", "a manual backout needs a runbook").at(".runbook"),
    rule("self.kind != 'Job' || has(self.job)", "a backout by Job needs job").at(".job"),
]))]
pub struct Backout {
    /// The way it is taken back.
    pub kind: BackoutKind,
    /// The runbook that people follow, of this namespace. Required with `Manual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<RunbookName>,
    /// Name of the suspended Job that is started, in this namespace. Required with `Job`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<ResourceName>,
    /// Whether the way back was tried. Default: false.
    #[serde(default)]
    pub tested: bool,
}

/// Proof of one test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestEvidence {
    /// What was tested. Example: `upgrade on staging`.
    pub name: Text<120>,
    /// Where the result is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<HttpUrl>,
    /// Name of the check run at the forge that must have passed on the head commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Text<120>>,
}

/// Records that a change serves. They are often in the namespace of another service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRelations {
    /// The incident that it fixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentReference>,
    /// The problem whose fix it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemReference>,
    /// The request that it fulfils.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ServiceRequestReference>,
}

/// A move that a person asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeCommand {
    /// The move.
    pub to: ChangePhaseRequest,
    /// Member who asks.
    pub by: MemberId,
    /// Why, at most 500 characters.
    pub reason: Text<500>,
}

custom_kind!(Change, [
    rule(
        "!has(oldSelf.status) || !has(oldSelf.status.phase) || \
         !(oldSelf.status.phase in ['Implementing', 'Validating', 'Review', 'BackedOut', 'Closed', 'Cancelled']) || \
         (self.spec.model == oldSelf.spec.model && self.spec.environment == oldSelf.spec.environment && \
         has(self.spec.services) == has(oldSelf.spec.services) && \
         (!has(self.spec.services) || self.spec.services == oldSelf.spec.services) && \
         has(self.spec.payload) == has(oldSelf.spec.payload) && \
         (!has(self.spec.payload) || self.spec.payload == oldSelf.spec.payload))",
        "model, environment, services and payload do not change once the change is being implemented",
    )
    .at(".spec")
    .because(Reason::Forbidden),
]);
