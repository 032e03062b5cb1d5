//! `PriorityMatrix`: which priority an impact and an urgency give.

use super::shared::{Level, Priority};
use crate::root::custom_kind;
use gitsm_core::Text;
use gitsm_core::ident::{GitRevision, ServiceCatalogName};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which priority an impact and an urgency give. Without one, a matrix of three by three holds: impact and
/// urgency as numbers 1 (High) to 3, their sum less one.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "PriorityMatrix",
    plural = "prioritymatrices",
    shortname = "pm",
    category = "gitsm",
    status = "PriorityMatrixStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `PriorityMatrix` custom resource: [`PriorityMatrixSpec`] and [`PriorityMatrixStatus`].",
    printcolumn(
        name = "SIZE",
        type_ = "string",
        json_path = ".status.size",
        description = "Rows and columns"
    ),
    printcolumn(
        name = "USED-BY",
        type_ = "integer",
        json_path = ".status.useCount",
        description = "Catalogues that use it"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    )
)]
pub struct PriorityMatrixSpec {
    /// What it is for, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<500>>,
    /// One row for each impact. Exactly three.
    #[schemars(length(min = 3, max = 3), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["impact"]))]
    pub rows: Vec<PriorityRow>,
    /// Whether an incident without a stated impact takes it from blast radius and tier. Default: true.
    #[serde(default = "yes")]
    pub derive_impact: bool,
}

/// The priorities of one impact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriorityRow {
    /// The impact.
    pub impact: Level,
    /// Priority at high urgency.
    pub high_urgency: Priority,
    /// Priority at medium urgency.
    pub medium_urgency: Priority,
    /// Priority at low urgency.
    pub low_urgency: Priority,
}

/// Where the matrix is used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriorityMatrixStatus {
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
    /// Catalogues that use it. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub used_by: Vec<ServiceCatalogName>,
    /// How many catalogues use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_count: Option<u32>,
    /// Short text for the printed column. Example: `3x3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Text<10>>,
}

fn yes() -> bool {
    true
}

custom_kind!(PriorityMatrix);
