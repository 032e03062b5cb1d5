//! `WindowOverride`: lifting a freeze or a closed window for one change, by two people, for a short time.

use super::shared::{Acknowledgement, RecordEvent};
use crate::phase::transition_rule;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{
    ChangeName, ChangeWindowName, GitRevision, IncidentName, MemberId, NamespaceName, ReviewName,
};
use gitsm_core::time::{Duration, Instant};
pub use gitsm_core::window::WindowOverridePhase;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lifts one window for one change, for at most four hours, once two different people agree: who creates
/// the override and who is named as second person and confirms it. A freeze is lifted only where it says
/// `overridable: true`. Every override is journalled and leads to a review.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "WindowOverride",
    plural = "windowoverrides",
    shortname = "wo",
    category = "gitsm",
    category = "itsm-records",
    namespaced,
    status = "WindowOverrideStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `WindowOverride` custom resource: [`WindowOverrideSpec`] and [`WindowOverrideStatus`].",
    printcolumn(
        name = "WINDOW",
        type_ = "string",
        json_path = ".spec.window.name",
        description = "Window that is lifted"
    ),
    printcolumn(
        name = "CHANGE",
        type_ = "string",
        json_path = ".spec.change",
        description = "Change it is lifted for"
    ),
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the override stands"
    ),
    printcolumn(
        name = "BY",
        type_ = "string",
        json_path = ".status.requestedBy",
        description = "Who asked"
    ),
    printcolumn(
        name = "SECOND",
        type_ = "string",
        json_path = ".status.confirmedBy",
        description = "Who confirmed"
    ),
    printcolumn(
        name = "UNTIL",
        type_ = "string",
        json_path = ".status.until",
        description = "End of the override, UTC"
    ),
    printcolumn(
        name = "INCIDENT",
        type_ = "string",
        json_path = ".spec.incident",
        description = "Incident it serves",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".status.phase",
    selectable = ".spec.change",
    selectable = ".spec.window.name"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "self.window == oldSelf.window && self.change == oldSelf.change && self.reason == oldSelf.reason && \
         self.duration == oldSelf.duration && has(self.incident) == has(oldSelf.incident) && \
         (!has(self.incident) || self.incident == oldSelf.incident)",
        "an override is never edited, only confirmed or revoked; create another one",
    )
    .because(crate::rule::Reason::Forbidden),
    rule(
        "!has(oldSelf.confirmation) || (has(self.confirmation) && self.confirmation == oldSelf.confirmation)",
        "a confirmation is never changed or withdrawn; revoke the override",
    )
    .at(".confirmation"),
    rule(
        "!has(oldSelf.revocation) || (has(self.revocation) && self.revocation == oldSelf.revocation)",
        "a revocation is final",
    )
    .at(".revocation"),
    rule("self.duration <= duration('4h')", "an override lasts at most 4h").at(".duration"),
]))]
pub struct WindowOverrideSpec {
    /// The window that is lifted.
    pub window: WindowReference,
    /// The change it is lifted for. No other change profits from it.
    pub change: ChangeName,
    /// Why it cannot wait, 10 to 500 characters by convention. It is quoted in the journal and the review.
    pub reason: Text<500>,
    /// The incident that makes it necessary. Required by the controller when the window is a freeze.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentName>,
    /// How long the override lasts from the moment it is confirmed, at most `4h`. Example: `90m`.
    pub duration: Duration,
    /// The person who is asked to confirm. Must differ from the requester. Absent: any member of the
    /// emergency approvers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_person: Option<MemberId>,
    /// Command: the second person confirms. Admission checks that the writer is that person and not the
    /// creator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Acknowledgement>,
    /// Command: somebody ends the override early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Acknowledgement>,
}

/// A ChangeWindow, in this namespace or a named one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowReference {
    /// Name of the ChangeWindow.
    pub name: ChangeWindowName,
    /// Namespace of the ChangeWindow. Default: the namespace of the override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// What the controller recorded about the override.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowOverrideStatus {
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
    /// Where the override stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(WindowOverridePhase::TRANSITIONS)]))]
    pub phase: Option<WindowOverridePhase>,
    /// Member who created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<MemberId>,
    /// Member who confirmed it; never the one who created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<MemberId>,
    /// When it was confirmed, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_from: Option<Instant>,
    /// When it ends or ended, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Member who revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<MemberId>,
    /// The review that judges it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewName>,
    /// Steps so far, newest last. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub events: Vec<RecordEvent>,
}

custom_kind!(WindowOverride);
