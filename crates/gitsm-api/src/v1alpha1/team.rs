//! `Team`: people, and how they are known to forge, cluster and chat.

use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
pub use gitsm_core::approval::TeamRole;
use gitsm_core::ident::{Email, ForgeLogin, GitRevision, MemberId, ResourceName, TeamName};
use gitsm_core::time::{Instant, ZoneName};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// People, and the only place where their accounts at the forge, in the cluster and in chat are joined.
/// Every check of who did or may do something goes through it.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Team",
    plural = "teams",
    category = "gitsm",
    status = "TeamStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Team` custom resource: [`TeamSpec`] and [`TeamStatus`].",
    printcolumn(
        name = "ONCALL",
        type_ = "string",
        json_path = ".status.summary",
        description = "Who is on call"
    ),
    printcolumn(
        name = "MEMBERS",
        type_ = "integer",
        json_path = ".status.memberCount",
        description = "Members"
    ),
    printcolumn(
        name = "PARENT",
        type_ = "string",
        json_path = ".spec.parent",
        description = "Team that it is part of"
    ),
    printcolumn(
        name = "UNRESOLVED",
        type_ = "integer",
        json_path = ".status.unresolvedCount",
        description = "Members with an unknown account"
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.parent"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.onCall) || !has(self.onCall.members) || (has(self.members) && \
         self.onCall.members.all(id, self.members.exists(m, m.id == id)))", "onCall.members lists members of this team").at(".onCall.members"),
]))]
pub struct TeamSpec {
    /// Name shown to people, at most 120 characters.
    pub display_name: Text<120>,
    /// What the team answers for, at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<1000>>,
    /// Team that this one is part of. Members of this team count as members of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TeamName>,
    /// Members. At most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub members: Vec<Member>,
    /// Team at the forge whose members must be the same, as `organisation/team`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge_team: Option<Text<200>>,
    /// Who is called, in order, when a service of the team fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_call: Option<OnCall>,
    /// Chat channel. Example: `#dba`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Text<100>>,
    /// E-mail address of the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Id of the person, the same in every team; records name people by it. Example: `ana`.
    // Here the id is declared, so it is not a reference.
    pub id: ResourceName,
    /// Name shown to people. Leave it out where records shall not hold personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text<120>>,
    /// Account at the forge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge_login: Option<ForgeLogin>,
    /// Numeric id of the account at the forge. It outlives a rename, so it wins over `forgeLogin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub forge_id: Option<i64>,
    /// User name in the cluster, as the API server authenticates it. Example: `ana@example.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_user: Option<Text<253>>,
    /// Id in chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<Text<100>>,
    /// E-mail addresses that appear in commits. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "set"))]
    pub emails: Vec<Email>,
    /// Public keys that sign commits and statements. At most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub signing_keys: Vec<SigningKey>,
    /// What the member may do for the team. Default: Approver and Responder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub roles: Vec<TeamRole>,
    /// The member's time zone, for service levels in the requester's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<ZoneName>,
    /// First instant at which the membership counts, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// First instant at which the membership no longer counts, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// A public key that signs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    /// Name of the key, unique for the member. Example: `laptop`.
    pub name: ResourceName,
    /// The public key: one line of SSH, or an armoured OpenPGP key. At most 8000 characters.
    pub public_key: Text<8000>,
    /// First instant at which the key no longer counts, with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// Who is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnCall {
    /// Members of this team in the order in which they are called. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub members: Vec<MemberId>,
    /// Minutes until the next is called, 1 to 240. Default: 15.
    #[serde(default = "quarter_hour")]
    #[schemars(range(min = 1, max = 240))]
    pub escalate_after_minutes: u32,
    /// Team that is called when nobody of this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<TeamName>,
}

/// Whether the members are known everywhere.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamStatus {
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
    /// Members whose account at the forge is unknown or suspended. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub unresolved_members: Vec<MemberId>,
    /// How many of them there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved_count: Option<u32>,
    /// How many members there are, sub-teams included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u32>,
    /// Who is on call. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub on_call: Vec<MemberId>,
    /// Short text for the printed column. Example: `ana, ben`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<80>>,
}

fn quarter_hour() -> u32 {
    15
}

custom_kind!(Team);
