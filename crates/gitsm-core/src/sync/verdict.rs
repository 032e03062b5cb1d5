//! What is decided about a repository when nothing is left to do.

use crate::ident::GitRevision;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

crate::choice::choices! {
    /// Why a repository is as it is: reason of its condition `Ready` and of its events.
    pub enum Reason {
        /// The last commit is applied.
        Applied,
        /// People let it rest.
        Suspended,
        /// The branch could not be fetched.
        RepositoryUnreachable,
        /// The server has no such branch.
        BranchMissing,
        /// The server refuses the credentials.
        AccessDenied,
        /// The server's certificate or host key is not the trusted one.
        ServerNotTrusted,
        /// The branch holds more than the limits let in.
        TooLarge,
        /// The address, or a setting of the repository, is not acceptable.
        NotAllowed,
        /// Enforcement needs the commit from which on everything must be approved.
        BaselineMissing,
        /// The branch does not descend from what was applied last.
        HistoryRewritten,
        /// A commit is not signed by a trusted key.
        SignatureRefused,
        /// The tree cannot be read.
        TreeUnreadable,
        /// Validation finds errors.
        ValidationFailed,
        /// An approved commit waits for its window.
        OutsideWindow,
        /// No approval covers a commit.
        Unauthorized,
        /// Nobody could say whether approvals cover a commit.
        AuthorizationUnknown,
        /// The server refused objects.
        ApplyFailed,
        /// The server could not be reached while objects were applied.
        Interrupted,
        /// More would be deleted than may be without people.
        PruneBlocked,
        /// Somebody else changes what comes from git each time it is repaired, so that repairs come rarely.
        DriftFlapping,
    }
}

impl Reason {
    /// Whether nothing will change until a person acts: on the repository, in git, or at the server.
    pub fn is_stalled(self) -> bool {
        match self {
            Self::BranchMissing
            | Self::AccessDenied
            | Self::ServerNotTrusted
            | Self::TooLarge
            | Self::NotAllowed
            | Self::BaselineMissing
            | Self::HistoryRewritten
            | Self::SignatureRefused
            | Self::TreeUnreadable
            | Self::ValidationFailed
            | Self::Unauthorized
            | Self::PruneBlocked
            | Self::DriftFlapping => true,
            Self::Applied
            | Self::Suspended
            | Self::RepositoryUnreachable
            | Self::OutsideWindow
            | Self::AuthorizationUnknown
            | Self::ApplyFailed
            | Self::Interrupted => false,
        }
    }
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Retry {
    /// At the interval of the repository. Also where people must act: what they do in git is not seen otherwise.
    Interval,
    /// Sooner, and later each time that it fails again.
    Backoff,
    /// At an instant, or at the interval where that comes first.
    At(Instant),
    /// When the object changes.
    OnChange,
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// Why it is as it is.
    pub reason: Reason,
    /// The same in a sentence for people.
    pub message: String,
    /// When to look again.
    pub retry: Retry,
    /// The last commit seen on the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<GitRevision>,
    /// The last commit that is applied as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<GitRevision>,
    /// A commit that is approved and waits for its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<GitRevision>,
    /// When it may be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Instant>,
    /// A commit that no approval covers: kept out, or applied and reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unauthorized: Option<GitRevision>,
    /// How many objects the applied commit has, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<u32>,
}

impl Verdict {
    /// Whether the last commit of the branch is applied and nothing is left open.
    pub fn is_ready(&self) -> bool {
        self.reason == Reason::Applied
    }
}
