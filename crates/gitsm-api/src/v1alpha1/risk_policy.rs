//! `RiskPolicy`: how the risk of a change is computed.

use super::shared::{ChangeSelector, ChangeType, RiskLevel, Tier};
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{FieldName, GitRevision};
pub use gitsm_core::risk::RiskFactorKind;
use gitsm_core::time::Instant;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the risk of a change is computed: the impact from what would fail, the likelihood from weighted
/// factors, the level from a matrix of both. Of several policies that match, the highest level counts.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "RiskPolicy",
    plural = "riskpolicies",
    shortname = "rp",
    category = "gitsm",
    status = "RiskPolicyStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `RiskPolicy` custom resource: [`RiskPolicySpec`] and [`RiskPolicyStatus`].",
    printcolumn(
        name = "FACTORS",
        type_ = "string",
        json_path = ".status.summary",
        description = "Factors and their weights"
    ),
    printcolumn(
        name = "MATRIX",
        type_ = "string",
        json_path = ".status.matrixSize",
        description = "Rows and columns of the matrix"
    ),
    printcolumn(
        name = "LAST-SIM",
        type_ = "string",
        json_path = ".status.lastSimulatedAt",
        description = "When it was last tried on past changes, UTC"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    )
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.questions) || self.questions.all(q, self.factors.exists(f, f.name == q.name && f.kind == 'Question'))", "each question is a factor of the same name and of kind Question").at(".questions"),
]))]
pub struct RiskPolicySpec {
    /// Changes it is for. Default: those whose model names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<ChangeSelector>,
    /// What the impact is computed from.
    pub impact: ImpactRules,
    /// What the likelihood is computed from. 1 to 30.
    #[schemars(length(min = 1, max = 30), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub factors: Vec<WeightedFactor>,
    /// Questions to the author. At most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub questions: Vec<RiskQuestion>,
    /// The level for each impact and likelihood. Exactly one row for each impact.
    #[schemars(length(min = 4, max = 4), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["impact"]))]
    pub matrix: Vec<MatrixRow>,
    /// Levels that some changes have at least. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub floors: Vec<RiskFloor>,
}

/// What the impact is computed from: the highest level among the services that would be down, raised by
/// circumstances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImpactRules {
    /// The level of each tier. Exactly four.
    #[schemars(length(min = 4, max = 4), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tier"]))]
    pub tiers: Vec<TierImpact>,
    /// Raise by one level when a service is used from outside the organisation. Default: true.
    #[serde(default = "yes")]
    pub raise_if_user_facing: bool,
    /// Raise by one level when data may be lost. Default: true.
    #[serde(default = "yes")]
    pub raise_if_data_destructive: bool,
    /// Raise by one level when redundancy is lost meanwhile. Default: true.
    #[serde(default = "yes")]
    pub raise_if_redundancy_lost: bool,
}

/// The impact of a tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TierImpact {
    /// The tier.
    pub tier: Tier,
    /// Its impact.
    pub impact: RiskLevel,
}

/// One factor of the likelihood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeightedFactor {
    /// Name of the factor, shown with the result. Example: `missingTests`.
    pub name: FieldName,
    /// What it is computed from.
    pub kind: RiskFactorKind,
    /// Weight in points, 1 to 1000. The likelihood is the weighted mean of all factors.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: u32,
}

/// A question to the author of a change. An answer that is missing counts as the worst one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskQuestion {
    /// Name of the question and of its factor. Example: `restartNeeded`.
    pub name: FieldName,
    /// The question, at most 300 characters.
    pub question: Text<300>,
    /// Answers to choose from. 2 to 10.
    #[schemars(length(min = 2, max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["answer"]))]
    pub answers: Vec<RiskAnswer>,
}

/// An answer to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskAnswer {
    /// The answer. Example: `rolling restart`.
    pub answer: Text<120>,
    /// Its value in thousandths, 0 (good) to 1000 (worst).
    #[schemars(range(min = 0, max = 1000))]
    pub value_permille: u32,
}

/// The levels for one impact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatrixRow {
    /// The impact.
    pub impact: RiskLevel,
    /// Levels by likelihood. Exactly four: for up to 25, 50, 75 and 100 percent.
    #[schemars(length(min = 4, max = 4), extend("x-kubernetes-list-type" = "atomic"))]
    pub levels: Vec<RiskLevel>,
}

/// A level that some changes have at least.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskFloor {
    /// The changes.
    pub selector: ChangeSelector,
    /// The level.
    pub level: RiskLevel,
    /// Why, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<300>>,
}

/// How the policy is used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskPolicyStatus {
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
    /// When it was last tried on past changes, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_simulated_at: Option<Instant>,
    /// Types of change that it was used for. At most 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), extend("x-kubernetes-list-type" = "set"))]
    pub used_for: Vec<ChangeType>,
    /// Short text for the printed column. Example: `7 factors, 320 points`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<60>>,
    /// Short text for the printed column. Example: `4x4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix_size: Option<Text<10>>,
}

fn yes() -> bool {
    true
}

custom_kind!(RiskPolicy);
