//! What a decision about a repository is taken from.

use super::prune;
use crate::ident::GitRevision;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Everything that is known about a repository at one instant. What was not looked at yet is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts {
    /// Whether people let it rest.
    #[serde(default)]
    pub is_suspended: bool,
    /// Whether a commit that no approval covers is kept out (`spec.gate.enforcement: Enforce`).
    #[serde(default)]
    pub is_enforced: bool,
    /// Whether signatures are demanded.
    #[serde(default)]
    pub demands_signatures: bool,
    /// The commit from which on every one must be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<GitRevision>,
    /// The last commit that was applied as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<GitRevision>,
    /// A commit that people name as the one that may take the place of a history that it does not descend from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_history: Option<GitRevision>,
    /// What fetching the branch gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Fetched>,
    /// How the fetched commit descends from the last applied one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ancestry: Option<Ancestry>,
    /// What the signatures are worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
    /// What the commit holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// Whether approvals cover the commit, and since when it may be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// That somebody else writes the same objects each time they are repaired; absent where repairs may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fight: Option<Fight>,
    /// What applying gave: the commit, or the last applied one where the commit may not be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// That repairs rest for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fight {
    /// When the applied commit is repaired again.
    pub until: Instant,
    /// What was repaired last, for people.
    pub objects: String,
}

/// What applying a commit gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The commit.
    pub revision: GitRevision,
    /// What came of it.
    pub applied: Applied,
}

/// What fetching the branch gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Fetched {
    /// The commit that the branch is on.
    Head(GitRevision),
    /// It could not be fetched; everything stays as it is.
    Failed {
        /// Of what kind the failure is.
        problem: FetchProblem,
        /// What happened, for people; no credentials.
        message: String,
    },
}

crate::choice::choices! {
    /// Why a branch could not be fetched.
    pub enum FetchProblem {
        /// The server or the network; it may pass by itself.
        Unreachable,
        /// The server does not know the branch (any more).
        BranchMissing,
        /// The server refuses the credentials, or they are missing.
        AccessDenied,
        /// The server is not the one that is trusted: certificate or host key.
        ServerNotTrusted,
        /// There is more than the limits let in.
        TooLarge,
        /// The address or a setting is not acceptable.
        NotAllowed,
    }
}

impl FetchProblem {
    /// Whether trying again can help with nobody doing anything.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::BranchMissing
            | Self::AccessDenied
            | Self::ServerNotTrusted
            | Self::TooLarge
            | Self::NotAllowed => false,
        }
    }
}

crate::choice::choices! {
    /// How the fetched commit descends from the last applied one, or from the baseline where none was applied.
    pub enum Ancestry {
        /// It is that commit.
        Same,
        /// It is a descendant.
        Descendant,
        /// It is not: the branch was rewound or rewritten.
        Unrelated,
        /// There is nothing that it would have to descend from.
        First,
    }
}

/// What the signatures of the commits to be applied are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Signatures {
    /// Every commit that must be signed is, by a trusted key.
    Trusted {
        /// Name or fingerprint of the key that signed the last one.
        key: String,
        /// How many commits were looked at.
        commits: u32,
    },
    /// At least one is not.
    Refused(RefusedCommit),
}

/// A commit that stops all of its range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusedCommit {
    /// The commit.
    pub commit: GitRevision,
    /// What is wrong, for people.
    pub message: String,
}

/// What validation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Judged {
    /// All of it holds.
    Valid {
        /// How many objects there are.
        objects: u32,
    },
    /// It has errors; nothing of it is applied.
    Invalid {
        /// How many.
        errors: u32,
        /// The first, with its place.
        first: String,
    },
    /// The tree could not be read: damaged, too large, or not to be trusted.
    Unreadable {
        /// Why, for people.
        message: String,
    },
}

/// What approvals and windows say about the commits to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Authorization {
    /// Everything is approved, and may be applied now.
    Granted,
    /// Everything is approved, but its window is closed.
    OutsideWindow {
        /// The commit that waits.
        commit: GitRevision,
        /// When the window opens next; absent where none does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens: Option<Instant>,
    },
    /// A commit that no approval covers.
    Missing(RefusedCommit),
    /// Nobody could be asked: counts as missing, and is tried again.
    Unknown {
        /// Why, for people.
        message: String,
    },
}

/// What applying gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Applied {
    /// All objects are as the commit has them, and what it does not have any more is gone.
    Done {
        /// How many objects there are.
        objects: u32,
        /// How many of them had to be written.
        written: u32,
        /// How many were pruned.
        pruned: u32,
    },
    /// All objects are as the commit has them; what it does not have any more stays until people agree.
    PruneBlocked {
        /// How many objects there are.
        objects: u32,
        /// Why.
        why: prune::Blocked,
    },
    /// The server refused objects.
    Refused {
        /// How many.
        failed: u32,
        /// The first, with its place and what the server said.
        first: String,
        /// Whether nothing was written, because a dry run found it.
        in_dry_run: bool,
    },
    /// The server could not be reached in the middle.
    Interrupted {
        /// What happened, for people.
        message: String,
    },
}
