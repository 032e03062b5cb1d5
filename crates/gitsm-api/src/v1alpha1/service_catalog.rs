//! `ServiceCatalog`: what is offered, and the defaults of everything in it.

use super::shared::{ServiceDefaults, ServiceSelector};
use crate::root::custom_kind;
use gitsm_core::Text;
use gitsm_core::ident::{
    GitRevision, LabelKey, LabelValue, MemberId, NamespaceName, PriorityMatrixName, TeamName,
};
use gitsm_core::time::Instant;
pub use gitsm_core::window::WindowDefault;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is offered: services and request templates by selector, and the defaults of everything that does
/// not say otherwise.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ServiceCatalog",
    plural = "servicecatalogs",
    shortname = "scat",
    category = "gitsm",
    status = "ServiceCatalogStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ServiceCatalog` custom resource: [`ServiceCatalogSpec`] and [`ServiceCatalogStatus`].",
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Owning team"
    ),
    printcolumn(
        name = "SERVICES",
        type_ = "integer",
        json_path = ".status.serviceCount",
        description = "Services in it"
    ),
    printcolumn(
        name = "TEMPLATES",
        type_ = "integer",
        json_path = ".status.templateCount",
        description = "Request templates in it"
    ),
    printcolumn(
        name = "NO-WINDOW",
        type_ = "string",
        json_path = ".spec.changePolicy.defaultWhenNoWindow",
        description = "Where no window matches"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.owner"
)]
pub struct ServiceCatalogSpec {
    /// Title, at most 120 characters.
    pub title: Text<120>,
    /// Team that answers for the catalogue and approves content that nobody else owns.
    pub owner: TeamName,
    /// Services that belong to it. A service that several catalogues select is an error.
    pub services: ServiceSelector,
    /// Request templates that belong to it. Default: those in the namespaces of its services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_templates: Option<TemplateSelector>,
    /// Defaults for services that do not say otherwise.
    #[serde(default, skip_serializing_if = "ServiceDefaults::is_empty")]
    pub defaults: ServiceDefaults,
    /// How impact and urgency give a priority. Default: the built-in three by three matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_matrix: Option<PriorityMatrixName>,
    /// Rules for changes.
    pub change_policy: ChangePolicy,
}

/// Which request templates belong to a catalogue. Given fields are combined by AND.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateSelector {
    /// Namespaces of the templates. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<NamespaceName>,
    /// Labels that a template must all carry. At most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// Rules for changes to the services of a catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangePolicy {
    /// What holds for a change that no maintenance window matches. Required: an estate decides this
    /// knowingly. A catalogue that cannot be read counts as Closed.
    pub default_when_no_window: WindowDefault,
    /// Namespaces in which workloads of a frozen service may not be edited by anybody, unless a running
    /// change or an override covers it. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub protected_namespaces: Vec<NamespaceName>,
    /// Namespaces whose windows may select services of other namespaces. Default: none. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub window_namespaces: Vec<NamespaceName>,
    /// Team of whom two must agree to an override or an emergency change. Default: the emergency approvers
    /// of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_approvers: Option<TeamName>,
    /// Team that decides about high risks and waives conflicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_authority: Option<TeamName>,
    /// Team that must approve changes to policies, windows, teams and catalogues. Default: the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_owners: Option<TeamName>,
}

/// What the catalogue holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceCatalogStatus {
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
    /// Services in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_count: Option<u32>,
    /// Request templates in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_count: Option<u32>,
    /// When the dependency graph was last built, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph_built_at: Option<Instant>,
    /// Members who were asked to confirm a service and have not. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub awaiting_attestation: Vec<MemberId>,
}

custom_kind!(ServiceCatalog);
