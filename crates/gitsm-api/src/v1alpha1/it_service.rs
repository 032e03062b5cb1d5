//! `ITService`: what is offered to users, what it depends on, who answers for it.

use super::shared::{BlastRadius, Priority, RunbookReference, Share, SlaPolicyReference, Tier};
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
pub use gitsm_core::catalog::{DependencyKind, DependencyStrength, ServiceHealth, ServiceState};
use gitsm_core::ident::{
    ApprovalPolicyName, BusinessCalendarName, ChangeModelName, ChangeName, Email, GitRevision, HttpUrl,
    LabelKey, LabelValue, NamespaceName, RepositoryName, RepositoryPath, ResourceName, TeamName,
};
use gitsm_core::time::{Duration, Instant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

choices! {
    /// The systems whose applications can realise a service.
    pub enum GitOpsEngine {
        /// An Argo CD `Application`.
        ArgoCD,
        /// A Flux `Kustomization`.
        FluxKustomization,
        /// A Flux `HelmRelease`.
        FluxHelmRelease,
    }
}

/// A service: what it is, who owns and supports it, what it depends on and what it promises. Its
/// dependencies span the estate's graph, over which blast radius, conflicts and suspected changes are
/// computed.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ITService",
    plural = "itservices",
    shortname = "its",
    category = "gitsm",
    namespaced,
    status = "ITServiceStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ITService` custom resource: [`ITServiceSpec`] and [`ITServiceStatus`].",
    printcolumn(
        name = "TIER",
        type_ = "integer",
        json_path = ".spec.tier",
        description = "1 is most critical"
    ),
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Owning team"
    ),
    printcolumn(
        name = "STATE",
        type_ = "string",
        json_path = ".spec.state",
        description = "Where the service is in its life"
    ),
    printcolumn(
        name = "HEALTH",
        type_ = "string",
        json_path = ".status.health",
        description = "Healthy, Degraded, Down or Unknown"
    ),
    printcolumn(
        name = "INCIDENTS",
        type_ = "string",
        json_path = ".status.incidentSummary",
        description = "Open incidents by priority"
    ),
    printcolumn(
        name = "CHANGE",
        type_ = "string",
        json_path = ".status.activeChange",
        description = "Change being implemented"
    ),
    printcolumn(
        name = "FROZEN",
        type_ = "string",
        json_path = ".status.frozenUntil",
        description = "End of the active freeze, UTC"
    ),
    printcolumn(
        name = "BLAST",
        type_ = "integer",
        json_path = ".status.blastRadius.count",
        description = "Services that depend on it",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.owner",
    selectable = ".spec.state",
    selectable = ".spec.tier",
    selectable = ".status.health"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "!has(self.dependsOn) || self.dependsOn.all(d, !has(d.redundancyGroup) || (has(self.redundancyGroups) && \
         self.redundancyGroups.exists(g, g.name == d.redundancyGroup)))",
        "a redundancyGroup used in dependsOn must be declared in redundancyGroups",
    )
    .at(".dependsOn"),
    rule(
        "self.state != 'Production' || (has(self.tier) && has(self.support))",
        "a service in Production needs a tier and a support team",
    )
    .at(".state"),
]))]
pub struct ITServiceSpec {
    /// Name shown to people, at most 120 characters. Example: `Payments database`.
    pub display_name: Text<120>,
    /// What the service does for its users, at most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<2000>>,
    /// Team that owns the service and approves changes to it.
    pub owner: TeamName,
    /// Team that is called when the service fails. Required in state Production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<TeamName>,
    /// How critical the service is: 1 (most critical) to 4. Required in state Production. Default: the
    /// catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Where the service is in its life.
    pub state: ServiceState,
    /// What a failure means for the business, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_criticality: Option<Text<500>>,
    /// Environments the service runs in. At most 20. Example: `[staging, prod]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub environments: Vec<ResourceName>,
    /// What the service needs to work. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub depends_on: Vec<Dependency>,
    /// Groups of dependencies that stand in for each other. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub redundancy_groups: Vec<RedundancyGroup>,
    /// The workloads that realise the service. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub workload_selectors: Vec<WorkloadSelector>,
    /// Where the service's configuration lives: a pull request that touches one of these paths concerns
    /// this service. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub sources: Vec<Source>,
    /// Service level policies. Default: the catalogue's. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub sla_policies: Vec<SlaPolicyReference>,
    /// Links to service level objectives kept elsewhere. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub slo_refs: Vec<HttpUrl>,
    /// Runbooks for incidents of this service. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub runbooks: Vec<RunbookReference>,
    /// Calendar of business hours. Default: the catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendarName>,
    /// Change model of a pull request that names none. Default: the catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_model: Option<ChangeModelName>,
    /// Approval policy for changes to this service, in addition to those that match it. Default: the
    /// catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<ApprovalPolicyName>,
    /// Class of the data the service handles, for policies. Example: `confidential`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_class: Option<ResourceName>,
    /// Whether people outside the organisation use the service directly. Raises the impact in risk.
    /// Default: false.
    #[serde(default)]
    pub user_facing: bool,
    /// Confirmation by the owner that this description is still right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Attestation>,
    /// Where people ask about the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// One thing a service needs to work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// What is needed.
    pub r#ref: DependencyReference,
    /// What a failure of it does. Default: Hard.
    #[serde(default)]
    pub strength: DependencyStrength,
    /// The only environment the dependency exists in. Default: every environment of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// The redundancy group the dependency belongs to, declared in `redundancyGroups`. Example:
    /// `database-nodes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundancy_group: Option<ResourceName>,
}

/// A service or configuration item, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyReference {
    /// Kind of the object. Default: ITService.
    #[serde(default)]
    pub kind: DependencyKind,
    /// Name of the object. Example: `payments-db`.
    #[schemars(extend("x-gitsm-reference" = ["ITService", "ConfigurationItem"]))]
    pub name: ResourceName,
    /// Namespace of the object. Default: the namespace of this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// Dependencies that stand in for each other: the service is down only when fewer than `minUp` of them are
/// up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RedundancyGroup {
    /// Name within the service. Example: `database-nodes`.
    pub name: ResourceName,
    /// How many members must be up.
    pub min_up: Share,
}

/// Workloads that realise a service. At least one of `labels` and `application` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.labels) || has(self.application)", "write labels, application or both"),
]))]
pub struct WorkloadSelector {
    /// Namespace the workloads are in. Default: the namespace of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// Environment the workloads belong to. Default: every environment of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// Labels that a workload must all carry. At most 20. Example: `{app.kubernetes.io/name: payments}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// The application of a GitOps engine that deploys the workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
}

/// An application of a GitOps engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// The engine and its kind.
    pub engine: GitOpsEngine,
    /// Name of the application.
    pub name: Text<253>,
    /// Namespace of the application. Example: `argocd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// Paths of a repository that belong to a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The repository. Default: the one this manifest is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// The path and everything below it. Example: `deploy/payments`.
    pub path: RepositoryPath,
    /// The only environment that the path configures. Default: every environment of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
}

/// How often the owner confirms the description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// Longest time between two confirmations. Example: `4320h` (180 days).
    pub every: Duration,
    /// When the owner last confirmed, by merging this line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Instant>,
}

/// Where people ask about a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Chat channel. Example: `#payments`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Text<100>>,
    /// Web page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<HttpUrl>,
}

/// What the controllers know about the service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ITServiceStatus {
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
    /// Health, from open incidents and observed workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<ServiceHealth>,
    /// Open incidents by priority; priorities without any are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 5))]
    pub open_incidents: BTreeMap<Priority, u32>,
    /// Short text for the printed column. Example: `P1:1 P3:2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_summary: Option<Text<60>>,
    /// The change being implemented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_change: Option<ChangeName>,
    /// The next scheduled change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_change: Option<ChangeName>,
    /// When the next scheduled change starts, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_change_at: Option<Instant>,
    /// End of the active freeze, UTC. Absent: not frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_until: Option<Instant>,
    /// What depends on this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<BlastRadius>,
    /// How complete the description is, 0 to 100 percent of the readiness checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_score: Option<gitsm_core::Percent>,
    /// When the owner last confirmed the description, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attested_at: Option<Instant>,
    /// Since when a confirmation is overdue, UTC. Absent: not overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Instant>,
}

custom_kind!(ITService);
