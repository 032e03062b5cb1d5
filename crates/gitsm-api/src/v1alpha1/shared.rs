//! Structures that several kinds share.

use crate::rule::rule;
use gitsm_core::Percent;
use gitsm_core::Text;
use gitsm_core::ident::{
    ApprovalPolicyName, BusinessCalendarName, ChangeModelName, ChangeName, ConfigurationItemName, Digest,
    GitRevision, IncidentName, LabelKey, LabelValue, MemberId, NamespaceName, ProblemName, ResourceName,
    RunbookName, SecretName, ServiceName, ServiceRequestName, SlaPolicyName,
};
use gitsm_core::time::{Duration, Instant};
pub use gitsm_core::vocabulary::{ChangeType, Level, Priority, RecordKind, RiskLevel, Tier, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An ITService, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceReference {
    /// Name of the ITService. Example: `payments-db`.
    pub name: ServiceName,
    /// Namespace of the ITService. Default: the namespace of the object that holds the reference. Required
    /// in cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// A ConfigurationItem, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationItemReference {
    /// Name of the ConfigurationItem. Example: `payments-db-1`.
    pub name: ConfigurationItemName,
    /// Namespace of the ConfigurationItem. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// A Change, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeReference {
    /// Name of the Change. Example: `payments-db-16`.
    pub name: ChangeName,
    /// Namespace of the Change. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// An Incident, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentReference {
    /// Name of the Incident. Example: `inc-0412`.
    pub name: IncidentName,
    /// Namespace of the Incident. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// A Problem, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemReference {
    /// Name of the Problem. Example: `pg14-eol`.
    pub name: ProblemName,
    /// Namespace of the Problem. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// A ServiceRequest, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRequestReference {
    /// Name of the ServiceRequest. Example: `req-0093`.
    pub name: ServiceRequestName,
    /// Namespace of the ServiceRequest. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// An SLAPolicy, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaPolicyReference {
    /// Name of the SLAPolicy. Example: `gold`.
    pub name: SlaPolicyName,
    /// Namespace of the SLAPolicy. Default: the namespace of the object that holds the reference. Required
    /// in cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// A Runbook, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunbookReference {
    /// Name of the Runbook. Example: `restore-database`.
    pub name: RunbookName,
    /// Namespace of the Runbook. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// One key of a Secret. The value itself never appears in a manifest, status or log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretReference {
    /// Name of the Secret.
    pub name: SecretName,
    /// Namespace of the Secret.
    pub namespace: NamespaceName,
    /// Key within the Secret's data. Default: the key that the documentation of the field names. Example:
    /// `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Text<253>>,
}

/// A record that another object is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordReference {
    /// Kind of the record.
    pub kind: RecordKind,
    /// Name of the record. Example: `inc-0412`.
    #[schemars(extend("x-gitsm-reference" = ["Change", "Incident", "Problem", "ServiceRequest", "WindowOverride", "Acceptance"]))]
    pub name: ResourceName,
    /// Namespace of the record. Default: the namespace of the object that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// Which services something applies to. Fields are combined by AND, the elements of one list by OR. Either
/// `all: true` or at least one other field must be written: an empty selector is refused, so that nothing
/// applies to everything by accident.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "self.all != (has(self.namespaces) || has(self.services) || has(self.tiers) || has(self.labels))",
        "write either all: true or at least one of namespaces, services, tiers, labels",
    ),
]))]
pub struct ServiceSelector {
    /// Selects every service in reach. Excludes every other field. Default: false.
    #[serde(default)]
    pub all: bool,
    /// Namespaces the services are in. Default: any namespace for a cluster-scoped object, the object's own
    /// namespace for others. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<NamespaceName>,
    /// Names of the services. At most 100. Example: `[payments, payments-db]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub services: Vec<ServiceName>,
    /// Tiers of the services, 1 (most critical) to 4. Example: `[1, 2]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub tiers: Vec<Tier>,
    /// Labels that a service must all carry. At most 20. Example: `{domain: payments}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// Which changes something applies to. Fields are combined by AND, the elements of one list by OR. Either
/// `all: true` or at least one other field must be written: an empty selector is refused, so that nothing
/// applies to everything by accident.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "self.all != (has(self.namespaces) || has(self.services) || has(self.tiers) || has(self.labels) || \
         has(self.environments) || has(self.changeTypes) || has(self.changeModels) || has(self.riskLevels) || \
         has(self.dataClasses))",
        "write either all: true or at least one other field of the selector",
    ),
]))]
pub struct ChangeSelector {
    /// Selects every change in reach. Excludes every other field. Default: false.
    #[serde(default)]
    pub all: bool,
    /// Namespaces of the affected services. Default: any namespace for a cluster-scoped object, the
    /// object's own namespace for others. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<NamespaceName>,
    /// Names of the affected services. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub services: Vec<ServiceName>,
    /// Tiers of the affected services, 1 (most critical) to 4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub tiers: Vec<Tier>,
    /// Labels that an affected service must all carry. At most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Environments of the change. At most 20. Example: `[prod]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub environments: Vec<ResourceName>,
    /// Types of change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 3), extend("x-kubernetes-list-type" = "set"))]
    pub change_types: Vec<ChangeType>,
    /// Models of the change. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub change_models: Vec<ChangeModelName>,
    /// Computed risk levels of the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub risk_levels: Vec<RiskLevel>,
    /// Data classes of the affected services. At most 20. Example: `[confidential]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub data_classes: Vec<ResourceName>,
}

/// One step in the life of a record, newest last. The complete history is in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordEvent {
    /// When it happened, UTC.
    pub at: Instant,
    /// Phase before. Absent for the first event and for events that are not a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text<40>>,
    /// Phase after. Absent for events that are not a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Text<40>>,
    /// Who caused it: a member id, or `system:` and the controller's name.
    pub actor: Text<100>,
    /// Reason as one word in PascalCase. Example: `QuorumReached`.
    pub reason: Text<80>,
    /// One sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<500>>,
}

/// What fails or suffers when the affected services fail, computed over the dependency graph of one
/// environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlastRadius {
    /// Revision of the catalogue the graph was read from. It is pinned: later catalogue changes do not
    /// alter it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_revision: Option<GitRevision>,
    /// Services that would be down: reached over hard dependencies. At most 100, the most critical first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub down: Vec<ServiceReference>,
    /// Services that would be degraded: reached over a soft dependency. At most 100, the most critical
    /// first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub degraded: Vec<ServiceReference>,
    /// The most critical tier among the services that would be down, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tier: Option<Tier>,
    /// How many services would be down or degraded, including any cut from the lists.
    pub count: u32,
    /// True when a list above was cut.
    #[serde(default)]
    pub truncated: bool,
}

/// The digest-bound content a decision was taken about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedPayload {
    /// Repository the content is in, as `owner/name` or URL.
    pub repository: Text<512>,
    /// Number of the pull request at the forge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub pull_request: Option<u32>,
    /// Commit the decision is bound to.
    #[serde(rename = "headSHA")]
    pub head_sha: GitRevision,
    /// Base commit at the time of the decision.
    #[serde(default, rename = "baseSHA", skip_serializing_if = "Option::is_none")]
    pub base_sha: Option<GitRevision>,
    /// Digest of the diff between base and head, the change's own manifest left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
}

/// Who did something by hand, with a remark. Admission checks that the writer is the person named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledgement {
    /// Member who does it.
    pub by: MemberId,
    /// A remark, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<500>>,
}

/// A share of a count, as a number of members or a percentage. Exactly one of the two is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.count) != has(self.percent)", "write exactly one of count and percent"),
]))]
pub struct Share {
    /// Number of members, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub count: Option<u32>,
    /// Percentage of all members, 0 to 100; the number it means is rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Percent>,
}

/// Defaults for services that do not say otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDefaults {
    /// Tier, 1 (most critical) to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Service level policies, each with its namespace. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"), extend("x-kubernetes-validations" = [rule("self.all(policy, has(policy.namespace))", "give each policy its namespace")]))]
    pub sla_policies: Vec<SlaPolicyReference>,
    /// Approval policy for changes to the services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<ApprovalPolicyName>,
    /// Calendar of business hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendarName>,
    /// Change model of a pull request that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_model: Option<ChangeModelName>,
}

impl ServiceDefaults {
    /// Whether nothing is given, so that an object without defaults is written back without them.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Five minutes, the default lead time before the end of a window.
pub(crate) fn five_minutes() -> Duration {
    Duration::constant::<300>()
}
