//! What an approval is about, in one digest; and the digests of what a decision is taken from.

use super::facts::{Context, Facts};
use crate::digest::{digest_of, sha256};
use crate::ident::{BranchName, Digest, GitRevision, RepositoryName};
use serde::{Deserialize, Serialize};

/// What somebody signs to approve: exactly this content, at this place, under these policies. A signature over its
/// digest is good for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// The repository.
    pub repository: RepositoryName,
    /// The pull request.
    pub pull_request: u64,
    /// The branch it goes to.
    pub base: BranchName,
    /// The commit.
    pub head: GitRevision,
    /// The git tree of the commit.
    pub tree: GitRevision,
    /// Digest of the policies in force.
    pub policies: Digest,
    /// Digest of what the change plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Digest>,
}

impl Statement {
    /// What a signature is given over.
    pub fn digest(&self) -> Digest {
        digest(self)
    }
}

impl Facts {
    /// What an approval of this pull request is about now.
    pub fn statement(&self) -> Statement {
        Statement {
            repository: self.pull_request.repository.clone(),
            pull_request: self.pull_request.number,
            base: self.pull_request.base.branch.clone(),
            head: self.pull_request.head.sha.clone(),
            tree: self.pull_request.head.tree.clone(),
            policies: self.policies_digest(),
            change: self.change.digest.clone(),
        }
    }

    /// What is recorded with a review when it is first seen.
    pub fn context(&self) -> Context {
        Context {
            tree: self.pull_request.head.tree.clone(),
            base_branch: self.pull_request.base.branch.clone(),
            base_tip: self.pull_request.base.tip.clone(),
            policies: self.policies_digest(),
            change: self.change.digest.clone(),
        }
    }

    /// The digest of the policies in force, in whatever order they are listed.
    pub fn policies_digest(&self) -> Digest {
        let mut policies: Vec<_> = self.policies.iter().collect();
        policies.sort_by(|one, other| one.name.cmp(&other.name));
        digest(&policies)
    }

    /// The same facts with their lists in one order: forges give no order that could be relied on.
    #[must_use]
    pub fn in_order(&self) -> Self {
        let mut facts = self.clone();
        facts.reviews.sort();
        facts.accounts.sort();
        facts.policies.sort_by(|one, other| one.name.cmp(&other.name));
        facts.conditions.sort();
        facts.documents.sort();
        facts.change.asked.sort();
        facts.pull_request.commits.sort();
        for commit in &mut facts.pull_request.commits {
            commit.co_authors.sort();
        }
        facts
    }

    /// The digest of the facts, in whatever order their lists are.
    pub fn digest(&self) -> Digest {
        digest(&self.in_order())
    }
}

/// The digest of a value. One that cannot be written as JSON gets a digest that equals none recorded before; the
/// types here have text keys only, so there is none.
fn digest<T: Serialize>(value: &T) -> Digest {
    digest_of(value).unwrap_or_else(|error| sha256(error.to_string().as_bytes()))
}
