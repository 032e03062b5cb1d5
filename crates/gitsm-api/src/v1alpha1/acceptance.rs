//! `Acceptance`: the only way past an unauthorised commit.

use super::shared::RecordEvent;
use crate::choice::choices;
use crate::phase::{Transitions, transition_rule};
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{GitRevision, IncidentName, MemberId, RepositoryName, ReviewName};
use gitsm_core::time::Instant;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choices! {
    /// Where an acceptance stands.
    pub enum AcceptancePhase {
        /// Not yet checked.
        Pending,
        /// In force: the commits count as authorised.
        Accepted,
        /// Its author may not accept, or the commits are not waiting.
        Refused,
    }
}

impl AcceptancePhase {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[(Self::Pending, &[Self::Accepted, Self::Refused])];
}

/// The statement of an authorised person that named commits, which no approval covers, shall be applied all
/// the same. It never lifts a signature check. It is journalled with its author and leads to a review.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Acceptance",
    plural = "acceptances",
    shortname = "acc",
    category = "gitsm",
    category = "itsm-records",
    namespaced,
    status = "AcceptanceStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Acceptance` custom resource: [`AcceptanceSpec`] and [`AcceptanceStatus`].",
    printcolumn(
        name = "REPOSITORY",
        type_ = "string",
        json_path = ".spec.repository",
        description = "Repository the commits are in"
    ),
    printcolumn(
        name = "REVISION",
        type_ = "string",
        json_path = ".spec.revision",
        description = "Last commit accepted"
    ),
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the acceptance stands"
    ),
    printcolumn(
        name = "BY",
        type_ = "string",
        json_path = ".status.acceptedBy",
        description = "Who accepted"
    ),
    printcolumn(
        name = "REASON",
        type_ = "string",
        json_path = ".spec.reason",
        description = "Why",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.repository",
    selectable = ".spec.revision",
    selectable = ".status.phase"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self == oldSelf", "an acceptance is never edited; create another").because(crate::rule::Reason::Forbidden),
]))]
pub struct AcceptanceSpec {
    /// Repository the commits are in.
    pub repository: RepositoryName,
    /// The last commit accepted, in full. Commits after it are not accepted.
    pub revision: GitRevision,
    /// The last applied commit before the accepted ones, in full: everything after it up to `revision` is
    /// accepted. Default: only `revision` itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<GitRevision>,
    /// Why the commits are right although nobody approved them. It is quoted in the journal.
    pub reason: Text<500>,
    /// The incident during which the commits were made, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentName>,
}

/// What the controller recorded about the acceptance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcceptanceStatus {
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
    /// Where the acceptance stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(AcceptancePhase::TRANSITIONS)]))]
    pub phase: Option<AcceptancePhase>,
    /// Member who created the acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<MemberId>,
    /// When it took effect, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Instant>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Text<500>>,
    /// How many commits it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_count: Option<u32>,
    /// The review that judges it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewName>,
    /// Steps so far, newest last. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub events: Vec<RecordEvent>,
}

custom_kind!(Acceptance);
