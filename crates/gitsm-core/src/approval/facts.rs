//! Everything that the answer depends on, as data.

use super::people::Directory;
use super::policy::ApprovalPolicy;
use crate::Text;
use crate::ident::{
    ApprovalPolicyName, BranchName, Digest, GitRevision, MemberId, RepositoryName, ResourceName, ServiceId,
    TeamName,
};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU64;

/// What the forge, the estate and the change say at one instant. The same facts give the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts {
    /// The instant of the decision.
    pub at: Instant,
    /// The pull request.
    pub pull_request: PullRequest,
    /// Reviews, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Review>,
    /// Accounts at the forge: at least those of everybody who reviewed or contributed. An account that is not listed
    /// could not be read, and does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Account>,
    /// People and teams at the base revision.
    pub people: Directory,
    /// The policies at the base revision that apply to the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<NamedPolicy>,
    /// What the conditions of rules gave. A rule with a condition that is not here is an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<RuleCondition>,
    /// The change.
    #[serde(default)]
    pub change: ChangeFacts,
    /// The documents that the pull request touches, renamed ones once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// Who holds the roles of the catalogues concerned.
    #[serde(default)]
    pub roles: CatalogueRoles,
}

/// The number by which the forge knows an account. Unlike a login it is never given to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub NonZeroU64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A pull request as the forge describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullRequest {
    /// The repository it belongs to.
    pub repository: RepositoryName,
    /// Its number.
    pub number: u64,
    /// Who opened it.
    pub author: AccountId,
    /// The person on whose behalf a program opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_by: Option<AccountId>,
    /// What is to go in.
    pub head: Head,
    /// Where it is to go.
    pub base: Base,
    /// Who pushed the head commit. `None`: not known, which counts as an unknown contributor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pusher: Option<AccountId>,
    /// Who else is known to have pushed to the head branch.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub other_pushers: BTreeSet<AccountId>,
    /// The commits that are in the head and not in the base.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<Commit>,
    /// Whether the forge cut a list off (commits, files, reviews): then nothing can be approved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// The tip of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    /// The commit.
    pub sha: GitRevision,
    /// The git tree of the commit.
    pub tree: GitRevision,
}

/// The branch a pull request goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Base {
    /// The branch.
    pub branch: BranchName,
    /// The commit at its tip.
    pub tip: GitRevision,
    /// When the pull request was last pointed at another branch, by the clock of the forge. Reviews up to then are
    /// void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retargeted_at: Option<Instant>,
}

/// A commit and the people it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Commit {
    /// The commit.
    pub sha: GitRevision,
    /// Who wrote it.
    pub author: CommitIdentity,
    /// Who committed it.
    pub committer: CommitIdentity,
    /// Who is named by `Co-authored-by`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub co_authors: Vec<CommitIdentity>,
}

/// Somebody as a commit names them: anybody can write any address there, so it can exclude and never entitle.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitIdentity {
    /// The address in the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Text<320>>,
    /// The account that the forge links to the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

/// A review at the forge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Review {
    /// The forge's number of the review.
    pub id: u64,
    /// Who reviewed.
    pub account: AccountId,
    /// The verdict. Where the forge replaces the verdict of a dismissed review and tells what it was before, this is
    /// what it was before and `dismissal` is given.
    pub verdict: ForgeVerdict,
    /// The commit that was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<GitRevision>,
    /// When it was submitted, by the clock of the forge.
    pub submitted_at: Instant,
    /// When its text was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Instant>,
    /// That it was dismissed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissal: Option<Dismissal>,
    /// What proves that the person gave it.
    #[serde(default, skip_serializing_if = "Evidence::is_none")]
    pub evidence: Evidence,
    /// What the pull request was when gitsm first saw the review. `None`: not recorded; then the commit alone binds
    /// the review to its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

crate::choice::choices! {
    /// The verdict of a review as the forge gives it.
    #[derive(PartialOrd, Ord)]
    pub enum ForgeVerdict {
        /// Text without a verdict; it decides nothing.
        Commented,
        /// The person agrees.
        Approved,
        /// The person asks for changes.
        ChangesRequested,
        /// Withdrawn, and what it was before is not known. It counts as the worse of both: no approval, and a
        /// rejection unless it was lifted by somebody who may.
        Dismissed,
    }
}

/// That a review was dismissed, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dismissal {
    /// Who dismissed it; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AccountId>,
    /// Why. A rejection of somebody else is dismissed with a reason only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<1000>>,
}

/// What proves that a person gave an approval. The signature itself was verified by the caller; whether key and
/// content are the right ones is decided here.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, tag = "kind")]
pub enum Evidence {
    /// The word of the forge.
    #[default]
    None,
    /// A valid signature of a key over the digest of the [`Statement`](super::Statement).
    Signed {
        /// SHA-256 of the public key.
        key: Digest,
        /// What was signed.
        digest: Digest,
    },
    /// The same with a key that cannot leave a device, and proof that somebody touched it.
    Hardware {
        /// SHA-256 of the public key.
        key: Digest,
        /// What was signed.
        digest: Digest,
    },
}

impl Evidence {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// What a pull request was when a review of it was first seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Context {
    /// The git tree of the reviewed commit.
    pub tree: GitRevision,
    /// The branch it was to go to.
    pub base_branch: BranchName,
    /// The tip of that branch.
    pub base_tip: GitRevision,
    /// The digest of the policies in force, from [`Facts::policies_digest`].
    pub policies: Digest,
    /// The digest of what the change planned, from [`ChangeFacts::digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Digest>,
}

/// An account at the forge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its login now.
    pub login: Text<100>,
    /// Whether a program uses it (an app, an action, the forge itself).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
    /// Whether it is suspended or deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
}

/// A policy and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedPolicy {
    /// The name of the `ApprovalPolicy`.
    pub name: ApprovalPolicyName,
    /// What it asks for.
    pub policy: ApprovalPolicy,
}

/// What the condition of one rule gave.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleCondition {
    /// The policy.
    pub policy: ApprovalPolicyName,
    /// The rule.
    pub rule: ResourceName,
    /// The result.
    pub result: ConditionResult,
}

/// Whether a rule applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConditionResult {
    /// It does.
    Applies,
    /// It does not.
    DoesNotApply,
    /// The condition could not be evaluated, with the reason.
    Error(Text<300>),
}

/// What the change says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeFacts {
    /// Who wants it; `None`: the author of the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<MemberId>,
    /// The person who carries it out, if it is a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementer: Option<MemberId>,
    /// Digest of specification, plan, window and risk level. Another digest voids approvals that were given before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Whether it is an emergency or rests on an override.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
    /// Owners of the services that it affects beside those in `documents`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceId, TeamName>,
    /// When people were first asked about this content. `None`: not yet, and no time limit runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Instant>,
    /// When people of single rules were asked, where that differs (the later rules of an ordered policy). The time
    /// limit of an ordered policy's later rule runs only when it is here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<AskedAt>,
}

/// When the people of one rule were asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskedAt {
    /// The policy.
    pub policy: ApprovalPolicyName,
    /// The rule.
    pub rule: ResourceName,
    /// When.
    pub at: Instant,
}

/// A document that the pull request adds, changes, moves or removes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// What it is in the base; `None`: not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<DocumentSide>,
    /// What it is in the head; `None`: not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<DocumentSide>,
}

/// One version of a document, and who owns it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentSide {
    /// Its path in this version.
    pub path: Text<512>,
    /// The services that its content is about, with their owners.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceId, TeamName>,
    /// Teams that own the path.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub path_owners: BTreeSet<TeamName>,
    /// Whether it governs others: a policy, a window, a team, a catalogue, or whatever else decides about ownership.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub governs: bool,
}

/// Who holds the roles of the catalogues that the change touches. One team for each catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogueRoles {
    /// Those who answer for security.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub security_owners: BTreeSet<TeamName>,
    /// Those who decide about high risks.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub change_authority: BTreeSet<TeamName>,
    /// Teams whose members with the role `EmergencyApprover` decide in an emergency.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub emergency_approvers: BTreeSet<TeamName>,
    /// Those who approve changes to policies, windows, teams and catalogues.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub policy_owners: BTreeSet<TeamName>,
    /// The owners of the catalogues, who approve content that nobody else owns.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub catalog_owners: BTreeSet<TeamName>,
}
