//! What a policy asks for.

use super::vocabulary::{ApprovalMode, ApproverRole, Attestation, OnTimeout, UnknownIdentity};
use crate::Text;
use crate::ident::{MemberId, ResourceName, TeamName};
use crate::selector::ChangeSelector;
use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// Who must agree to a change. Every rule must be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalPolicy {
    /// The changes it is for; `None`: those whose model or service names it. [`decide`](super::decide) does not look
    /// at it: the caller has chosen the policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<ChangeSelector>,
    /// Its rules. In mode [`ApprovalMode::Ordered`] they are met in this order.
    pub rules: Vec<ApprovalRule>,
    /// In which order they are met.
    #[serde(default)]
    pub mode: ApprovalMode,
    /// Who may not approve.
    #[serde(default)]
    pub separation: Separation,
    /// Whether one person fills one rule only.
    #[serde(default = "yes")]
    pub distinct: bool,
    /// How an approval must be given, or stronger.
    #[serde(default)]
    pub attestation: Attestation,
    /// Longest age of an approval.
    #[serde(default = "two_weeks")]
    pub max_age: Duration,
    /// Whether an approval outlives a push that leaves tree, base and policies the same.
    #[serde(default)]
    pub same_tree: bool,
    /// What becomes of content to which somebody contributed who belongs to no member.
    #[serde(default)]
    pub unknown_identity: UnknownIdentity,
    /// Team whose members may dismiss a rejection; `None`: only who rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissers: Option<TeamName>,
    /// Who approves for somebody else for a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
}

impl ApprovalPolicy {
    /// A policy of these rules, everything else as by default.
    pub fn new(rules: Vec<ApprovalRule>) -> Self {
        Self {
            selector: None,
            rules,
            mode: ApprovalMode::default(),
            separation: Separation::default(),
            distinct: true,
            attestation: Attestation::default(),
            max_age: two_weeks(),
            same_tree: false,
            unknown_identity: UnknownIdentity::default(),
            dismissers: None,
            delegations: Vec::new(),
        }
    }
}

/// So many people out of these: the union of teams, members and roles.
///
/// A role that several teams hold (the owners of several services) makes several groups of the rule, each of which
/// needs `count` people; `teams`, `members` and further roles belong to every group. Of several roles the groups are
/// those of [`ApproverRole::ServiceOwner`], else those of the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalRule {
    /// Name of the rule, unique in its policy.
    pub name: ResourceName,
    /// How many different people.
    pub count: NonZeroU32,
    /// Members of these teams who are approvers there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<TeamName>,
    /// These members, whatever they are in their teams.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub members: BTreeSet<MemberId>,
    /// People by their relation to the change.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<ApproverRole>,
    /// When the rule applies, a CEL expression that the caller evaluates; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Text<500>>,
    /// Hours in which people answer; `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u32>,
    /// What happens when they do not.
    #[serde(default)]
    pub on_timeout: OnTimeout,
}

/// Who may not approve. The author of the pull request, bots, and everybody when unknown are always excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the manifest"
)]
pub struct Separation {
    /// Authors, committers, co-authors and earlier pushers of any commit may not approve.
    pub author_cannot_approve: bool,
    /// Who pushed the head commit may not approve.
    pub last_pusher_cannot_approve: bool,
    /// Who implements the change may not approve.
    pub implementer_cannot_approve: bool,
    /// Who requested the change may not approve.
    pub requester_cannot_approve: bool,
    /// At least one approver must be outside the author's teams: those that list the author as a member, not those
    /// above them, which would often hold everybody.
    pub distinct_teams: bool,
}

impl Default for Separation {
    fn default() -> Self {
        Self {
            author_cannot_approve: true,
            last_pusher_cannot_approve: true,
            implementer_cannot_approve: true,
            requester_cannot_approve: true,
            distinct_teams: false,
        }
    }
}

/// Somebody approves for somebody else for a time. Delegations of delegations are not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delegation {
    /// Member who is represented.
    pub from: MemberId,
    /// Member who represents.
    pub to: MemberId,
    /// First instant at which it no longer holds.
    pub until: Instant,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<300>>,
}

fn yes() -> bool {
    true
}

fn two_weeks() -> Duration {
    Duration::constant::<{ 14 * 24 * 3_600 }>()
}
