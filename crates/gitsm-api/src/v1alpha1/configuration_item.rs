//! `ConfigurationItem`: a component that must be managed to deliver a service.

use super::shared::ServiceReference;
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::ident::{
    AssetName, ConfigurationItemName, FieldName, GitRevision, NamespaceName, ResourceName, TeamName,
};
use gitsm_core::time::{Duration, Instant};
use gitsm_core::{Percent, Text};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

choices! {
    /// Where the description of a configuration item comes from.
    #[derive(Default)]
    pub enum ConfigurationItemSource {
        /// People wrote it.
        #[default]
        Authored,
        /// A discovery tool proposed it and people merged the proposal.
        Discovered,
    }
}

choices! {
    /// Whether a configuration item is still what it is said to be.
    pub enum ConfigurationItemState {
        /// Seen recently enough.
        Active,
        /// Not seen for longer than expected.
        Stale,
        /// No service refers to it.
        Orphan,
        /// Another item describes the same thing.
        Duplicate,
    }
}

/// A component that must be managed to deliver a service: a database, a host, a certificate, a queue.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ConfigurationItem",
    plural = "configurationitems",
    shortname = "ci",
    category = "gitsm",
    namespaced,
    status = "ConfigurationItemStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ConfigurationItem` custom resource: [`ConfigurationItemSpec`] and [`ConfigurationItemStatus`].",
    printcolumn(
        name = "CLASS",
        type_ = "string",
        json_path = ".spec.class",
        description = "What it is"
    ),
    printcolumn(
        name = "SERVICE",
        type_ = "string",
        json_path = ".status.serviceSummary",
        description = "Services it belongs to"
    ),
    printcolumn(
        name = "STATE",
        type_ = "string",
        json_path = ".status.state",
        description = "Active, Stale, Orphan or Duplicate"
    ),
    printcolumn(
        name = "LAST-SEEN",
        type_ = "string",
        json_path = ".status.lastSeen",
        description = "When it was last observed, UTC"
    ),
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Owning team"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.class",
    selectable = ".spec.owner",
    selectable = ".spec.source",
    selectable = ".status.state"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "self.source != 'Discovered' || has(self.discovery)",
        "a discovered item says by whom and how surely, in discovery",
    )
    .at(".discovery"),
]))]
pub struct ConfigurationItemSpec {
    /// What it is, in lower case. Example: `postgresql-cluster`.
    pub class: ResourceName,
    /// Name shown to people. Example: `Payments database, node 1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text<120>>,
    /// Team that answers for it.
    pub owner: TeamName,
    /// Services it belongs to. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub services: Vec<ServiceReference>,
    /// The item that contains it, for conflicts between parent and child. Same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ConfigurationItemName>,
    /// Items it needs to work. Same namespace. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub depends_on: Vec<ConfigurationItemName>,
    /// Environment it is in. Example: `prod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// The asset that realises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetReference>,
    /// Facts about it, by name. At most 50 of at most 500 characters. Example: `{version: "16.3"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub attributes: BTreeMap<FieldName, Text<500>>,
    /// Where this description comes from. Default: Authored.
    #[serde(default)]
    pub source: ConfigurationItemSource,
    /// For a discovered item: by whom and how surely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// How often it is expected to be observed; older observations make it Stale. Default: `1440h` (60
    /// days).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_refresh: Option<Duration>,
}

/// An Asset, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReference {
    /// Name of the Asset.
    pub name: AssetName,
    /// Namespace of the Asset. Default: the namespace of the configuration item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// How an item was discovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// The tool. Example: `kube-discovery`.
    pub tool: Text<100>,
    /// The tool's own id of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Text<253>>,
    /// How sure the tool is, 0 to 100 percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Percent>,
}

/// What was observed of the item.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationItemStatus {
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
    /// Whether it is still what it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ConfigurationItemState>,
    /// When it was last observed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Instant>,
    /// Attributes that were observed to differ from the spec. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["attribute"]))]
    pub drift: Vec<Drift>,
    /// Items that depend on this one, as `namespace/name`. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub dependants: Vec<Text<127>>,
    /// Short text for the printed column. Example: `payments +1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_summary: Option<Text<80>>,
}

/// One attribute that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Name of the attribute.
    pub attribute: FieldName,
    /// The value observed.
    pub observed: Text<500>,
    /// When it was first observed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
}

custom_kind!(ConfigurationItem);
