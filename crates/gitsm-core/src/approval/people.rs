//! People and teams, and how they are known at the forge.

use super::facts::AccountId;
use super::vocabulary::TeamRole;
use crate::Text;
use crate::ident::{Digest, Email, ForgeLogin, MemberId, ResourceName, TeamName};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The people and teams of an estate at one revision, which is the base: a change cannot bring its own approvers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Directory {
    /// People by the id that every team uses for them.
    #[serde(default)]
    pub people: BTreeMap<MemberId, Person>,
    /// Teams.
    #[serde(default)]
    pub teams: BTreeMap<TeamName, Team>,
    /// Teams that exist and could not be read, with the reason. A rule that needs one is an error.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unreadable: BTreeMap<TeamName, Text<300>>,
}

/// One person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// Accounts at the forge. Several accounts are one person: they never count twice.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<AccountId>,
    /// Logins at the forge. They identify somebody only where no account id is known, because a login can be given
    /// to somebody else after a rename.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub logins: BTreeSet<ForgeLogin>,
    /// E-mail addresses that appear in commits.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub emails: BTreeSet<Email>,
    /// Public keys that sign approvals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<SigningKey>,
}

/// A public key of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SigningKey {
    /// Its name.
    pub name: ResourceName,
    /// The SHA-256 of the key's bytes, as OpenSSH computes it.
    pub fingerprint: Digest,
    /// Whether the secret part cannot leave a device (an OpenSSH `sk-` key).
    #[serde(default)]
    pub hardware: bool,
    /// First instant at which it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// One team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Team {
    /// The team that this one is part of: members of this team count as members of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TeamName>,
    /// Members.
    #[serde(default)]
    pub members: BTreeMap<MemberId, Membership>,
    /// The accounts in the team's counterpart at the forge, where it has one and that was read. A member who is not
    /// among them does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge_members: Option<BTreeSet<AccountId>>,
}

/// What a member is in one team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    /// What the member may do for the team.
    pub roles: BTreeSet<TeamRole>,
    /// First instant at which the membership counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// First instant at which it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl Membership {
    /// Whether it counts at an instant.
    pub fn is_active(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}
