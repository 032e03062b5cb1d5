//! `ServiceRequest`: something a user asks for, made from a template.

use super::clock::SlaClock;
use super::shared::{Acknowledgement, RecordEvent};
use crate::choice::choices;
use crate::phase::{Transitions, transition_rule};
use crate::root::custom_kind;
use crate::rule::{Reason, rule};
use gitsm_core::Text;
use gitsm_core::ident::{
    ChangeName, FieldName, GitRevision, HttpUrl, MemberId, RequestTemplateName, TeamName,
};
use gitsm_core::time::{Duration, Instant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

choices! {
    /// Where a request stands.
    pub enum ServiceRequestPhase {
        /// Asked for.
        Submitted,
        /// Its files are proposed in a pull request.
        Rendered,
        /// Waiting for people.
        AwaitingApproval,
        /// Approved, not yet merged.
        Approved,
        /// Refused.
        Rejected,
        /// Merged; being reconciled.
        Fulfilling,
        /// What was asked for is ready.
        Fulfilled,
        /// About to be taken away.
        Expiring,
        /// Taken away.
        Revoked,
        /// A step failed; it is tried again.
        Failed,
        /// Withdrawn before it was merged.
        Cancelled,
        /// Finished.
        Closed,
    }
}

impl ServiceRequestPhase {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[
        (Self::Submitted, &[Self::Rendered, Self::Failed, Self::Cancelled]),
        (
            Self::Rendered,
            &[
                Self::AwaitingApproval,
                Self::Approved,
                Self::Failed,
                Self::Cancelled,
            ],
        ),
        (
            Self::AwaitingApproval,
            &[Self::Approved, Self::Rejected, Self::Failed, Self::Cancelled],
        ),
        // Back when an approval lapses.
        (
            Self::Approved,
            &[
                Self::AwaitingApproval,
                Self::Fulfilling,
                Self::Failed,
                Self::Cancelled,
            ],
        ),
        (Self::Fulfilling, &[Self::Fulfilled, Self::Failed]),
        (Self::Fulfilled, &[Self::Expiring, Self::Closed]),
        // Back when the request is extended.
        (Self::Expiring, &[Self::Fulfilled, Self::Revoked, Self::Failed]),
        (Self::Revoked, &[Self::Closed]),
        (Self::Rejected, &[Self::Closed]),
        (
            Self::Failed,
            &[
                Self::Submitted,
                Self::Rendered,
                Self::Fulfilling,
                Self::Expiring,
                Self::Cancelled,
            ],
        ),
    ];
}

/// Something a user asks for. gitsm renders the template's files into a pull request; approving is
/// reviewing it; it is fulfilled when what was asked for is ready.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "ServiceRequest",
    plural = "servicerequests",
    shortname = "req",
    category = "gitsm",
    category = "itsm-records",
    namespaced,
    status = "ServiceRequestStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `ServiceRequest` custom resource: [`ServiceRequestSpec`] and [`ServiceRequestStatus`].",
    printcolumn(
        name = "TEMPLATE",
        type_ = "string",
        json_path = ".spec.template",
        description = "What is asked for"
    ),
    printcolumn(
        name = "PHASE",
        type_ = "string",
        json_path = ".status.phase",
        description = "Where the request stands"
    ),
    printcolumn(
        name = "REQUESTER",
        type_ = "string",
        json_path = ".spec.requester",
        description = "Who asks"
    ),
    printcolumn(
        name = "PR",
        type_ = "string",
        json_path = ".status.pullRequest",
        description = "Pull request"
    ),
    printcolumn(
        name = "APPROVALS",
        type_ = "string",
        json_path = ".status.summary",
        description = "Approvals given and needed"
    ),
    printcolumn(
        name = "SLA",
        type_ = "string",
        json_path = ".status.nextBreachAt",
        description = "When the next service level is broken, UTC"
    ),
    printcolumn(
        name = "EXPIRES",
        type_ = "string",
        json_path = ".status.expiresAt",
        description = "When it is taken away, UTC"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.template",
    selectable = ".spec.requester",
    selectable = ".status.phase"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "self.template == oldSelf.template && self.requester == oldSelf.requester && \
         has(self.parameters) == has(oldSelf.parameters) && \
         (!has(self.parameters) || self.parameters == oldSelf.parameters)",
        "template, requester and parameters do not change; submit another request",
    )
    .because(Reason::Forbidden),
]))]
pub struct ServiceRequestSpec {
    /// The template, of this namespace.
    pub template: RequestTemplateName,
    /// Member who asks. Admission checks that the writer is this member or may ask for others.
    pub requester: MemberId,
    /// Member or team that it is for. Default: the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Beneficiary>,
    /// Values of the template's parameters, by name, each written as text. At most 50. Example: `{diskSize:
    /// "20"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 50))]
    pub parameters: BTreeMap<FieldName, Text<2000>>,
    /// Why it is needed, at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<Text<1000>>,
    /// How long it is needed. At most what the template allows. Default: the template's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Duration>,
    /// Command: withdraws the request before it is merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Acknowledgement>,
    /// Command: asks for another period before it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend: Option<Acknowledgement>,
    /// Command: tries a failed step again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Acknowledgement>,
}

/// Who a request is for. Exactly one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.member) != has(self.team)", "write exactly one of member and team"),
]))]
pub struct Beneficiary {
    /// A person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// A team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
}

/// What is known about the request.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRequestStatus {
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
    /// Where the request stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(ServiceRequestPhase::TRANSITIONS)]))]
    pub phase: Option<ServiceRequestPhase>,
    /// Pull request, as `#` and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<Text<20>>,
    /// Link to the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request_url: Option<HttpUrl>,
    /// The commit that the pull request proposes.
    #[serde(default, rename = "headSHA", skip_serializing_if = "Option::is_none")]
    pub head_sha: Option<GitRevision>,
    /// The change that carries the request, if its template names a change model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeName>,
    /// Short text for the printed column: approvals given and needed. Example: `1/2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<20>>,
    /// What was made, as `Kind/namespace/name`. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub created: Vec<Text<300>>,
    /// Service level clocks. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub sla_clocks: Vec<SlaClock>,
    /// When the next service level is broken, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_breach_at: Option<Instant>,
    /// When it was fulfilled, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilled_at: Option<Instant>,
    /// When it is taken away, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Why the last step failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Text<500>>,
    /// How often the failed step was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Steps so far, newest last. At most 50; older ones are in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub events: Vec<RecordEvent>,
}

custom_kind!(ServiceRequest);
