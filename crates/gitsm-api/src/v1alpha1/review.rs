//! `Review`: what is learnt from a change, an incident or a problem.

use super::shared::RecordReference;
use crate::choice::choices;
use crate::phase::{Transitions, transition_rule};
use crate::root::custom_kind;
use gitsm_core::Text;
use gitsm_core::ident::{GitRevision, HttpUrl, MemberId, ResourceName, TeamName};
use gitsm_core::time::{Instant, LocalDate};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choices! {
    /// What a review looks back on.
    pub enum ReviewType {
        /// A change, after it went in.
        PostImplementation,
        /// An incident, after service was restored.
        PostIncident,
    }
}

choices! {
    /// Where a review stands.
    pub enum ReviewPhase {
        /// Being written.
        Open,
        /// In a pull request, being discussed.
        InReview,
        /// Agreed.
        Merged,
        /// Agreed, and every action is done.
        ActionsDone,
    }
}

impl ReviewPhase {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[
        (Self::Open, &[Self::InReview, Self::Merged]),
        (Self::InReview, &[Self::Open, Self::Merged]),
        // Back when an action is added.
        (Self::Merged, &[Self::ActionsDone]),
        (Self::ActionsDone, &[Self::Merged]),
    ];
}

choices! {
    /// Where an action stands.
    #[derive(Default)]
    pub enum ActionState {
        /// Not done.
        #[default]
        Open,
        /// Done.
        Done,
        /// Decided against.
        Dropped,
    }
}

/// What is learnt from a change, an incident or a problem: what happened, why, and what will be done. It is
/// written and agreed in a pull request.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Review",
    plural = "reviews",
    shortname = "rev",
    category = "gitsm",
    namespaced,
    status = "ReviewStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Review` custom resource: [`ReviewSpec`] and [`ReviewStatus`].",
    printcolumn(
        name = "SUBJECT",
        type_ = "string",
        json_path = ".status.subjectSummary",
        description = "Record it is about"
    ),
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the review stands"
    ),
    printcolumn(
        name = "ACTIONS",
        type_ = "string",
        json_path = ".status.actionSummary",
        description = "Actions done and all"
    ),
    printcolumn(
        name = "OVERDUE",
        type_ = "integer",
        json_path = ".status.overdueActions",
        description = "Actions past their date"
    ),
    printcolumn(
        name = "OWNER",
        type_ = "string",
        json_path = ".spec.owner",
        description = "Who writes it",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.type",
    selectable = ".spec.subject.kind",
    selectable = ".spec.subject.name",
    selectable = ".status.phase"
)]
pub struct ReviewSpec {
    /// What the review looks back on.
    pub r#type: ReviewType,
    /// The record it is about.
    pub subject: RecordReference,
    /// Member who writes it.
    pub owner: MemberId,
    /// Members who took part. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub participants: Vec<MemberId>,
    /// What happened, in a few sentences, at most 4000 characters.
    pub summary: Text<4000>,
    /// What happened when. At most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub timeline: Vec<TimelineEntry>,
    /// What contributed. At most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "atomic"))]
    pub contributing_factors: Vec<Text<500>>,
    /// What went well. At most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "atomic"))]
    pub went_well: Vec<Text<500>>,
    /// What will be done. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub actions: Vec<Action>,
}

/// One point of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When, with offset.
    pub at: Instant,
    /// What happened.
    pub text: Text<500>,
}

/// Something that will be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Id within the review. Example: `alert-on-lag`.
    pub id: ResourceName,
    /// What will be done, so that one can see whether it is.
    pub outcome: Text<500>,
    /// Member who does it.
    pub owner: MemberId,
    /// Team that it is done in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// Day by which it is done.
    pub due: LocalDate,
    /// Where it stands. Default: Open.
    #[serde(default)]
    pub state: ActionState,
    /// Issue or pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<HttpUrl>,
}

/// What follows from the review.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewStatus {
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
    /// Where the review stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(ReviewPhase::TRANSITIONS)]))]
    pub phase: Option<ReviewPhase>,
    /// Short text for the printed column. Example: `Incident/inc-0412`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_summary: Option<Text<100>>,
    /// Short text for the printed column: actions done and all. Example: `2/5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_summary: Option<Text<20>>,
    /// Actions past their date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_actions: Option<u32>,
    /// The next day on which an action is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due: Option<LocalDate>,
    /// When the review was merged, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<Instant>,
}

custom_kind!(Review);
