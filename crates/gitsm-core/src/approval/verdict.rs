//! The answer: a tree that says who counted and who did not.

use super::facts::AccountId;
use super::vocabulary::{Attestation, RequirementState};
use crate::Text;
use crate::ident::{BranchName, Digest, GitRevision, MemberId, RepositoryName};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a change is approved, why, and until when. It names what it is about, so that it cannot be used for
/// anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approvals {
    /// The instant of the decision.
    pub at: Instant,
    /// The repository.
    pub repository: RepositoryName,
    /// The pull request.
    pub pull_request: u64,
    /// The branch it goes to.
    pub base: BranchName,
    /// The commit that is approved or not.
    pub head: GitRevision,
    /// The answer: only [`RequirementState::Approved`] is a yes.
    pub state: RequirementState,
    /// First instant at which something that counts lapses. `None`: nothing counts, or nothing lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// The earliest instant at which time alone may change the answer: something lapses, or a time limit ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Instant>,
    /// Digest of the policies in force.
    pub policies: Digest,
    /// Digest of the facts, however their lists were ordered.
    pub inputs: Digest,
    /// The tree, at most five levels deep: this one, policies, rules, groups of a rule.
    pub tree: Node,
}

impl Approvals {
    /// Whether the answer is yes.
    pub fn is_approved(&self) -> bool {
        self.state == RequirementState::Approved
    }
}

crate::choice::choices! {
    /// What a part of the tree stands for.
    pub enum NodeKind {
        /// Everything.
        All,
        /// The policies.
        Policies,
        /// One policy.
        Policy,
        /// One rule of a policy.
        Rule,
        /// One group of a rule or of the owners.
        Group,
        /// The owners of the content.
        Ownership,
        /// The owners of policies, where those change.
        PolicyOwners,
        /// One more approval, because somebody contributed who is not known.
        ExtraApproval,
        /// Whether an approver is outside the author's teams.
        DistinctTeams,
        /// What keeps anything from being approved.
        Obstacle,
    }
}

/// A part of the tree. With children it stands where its children stand; without, it counts people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its name: of the policy, the rule, the team.
    pub name: String,
    /// Where it stands.
    pub state: RequirementState,
    /// How many people are needed; 0 where people are not counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub needed: u32,
    /// Who counted, at most `needed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Counted>,
    /// Whose verdict did not count, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_counted: Vec<NotCounted>,
    /// What is missing, in words; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// First instant at which something that counts lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// Until when people are to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Instant>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
}

impl Node {
    /// A part that waits.
    pub(super) fn new(kind: NodeKind, name: String) -> Self {
        Self {
            kind,
            name,
            state: RequirementState::Pending,
            needed: 0,
            counted: Vec::new(),
            not_counted: Vec::new(),
            missing: None,
            valid_until: None,
            deadline: None,
            children: Vec::new(),
        }
    }

    /// Something that keeps anything from being approved.
    pub(super) fn obstacle(name: &str, why: impl Into<String>) -> Self {
        Self {
            state: RequirementState::Error,
            missing: Some(why.into()),
            ..Self::new(NodeKind::Obstacle, name.to_owned())
        }
    }

    /// Takes parts: it stands where the worst of them stands, Skipped if all are, and lapses when the first does.
    pub(super) fn adopt(&mut self, children: Vec<Self>) {
        use RequirementState as State;
        let has = |state| children.iter().any(|child| child.state == state);
        self.state = [State::Rejected, State::Error, State::Pending, State::Approved]
            .into_iter()
            .find(|state| has(*state))
            .unwrap_or(State::Skipped);
        self.valid_until = children.iter().filter_map(|child| child.valid_until).min();
        self.children = children;
    }

    /// It and everything below it.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            let node = waiting.pop()?;
            waiting.extend(node.children.iter().rev());
            Some(node)
        })
    }
}

/// Somebody whose approval counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counted {
    /// Who gave the approval.
    pub by: MemberId,
    /// Who is represented by it, if somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<MemberId>,
    /// The review.
    pub review: u64,
    /// When it was submitted.
    pub submitted_at: Instant,
    /// How strong it is.
    pub attestation: Attestation,
    /// First instant at which it no longer counts.
    pub expires_at: Instant,
}

/// Somebody whose verdict did not count as an approval.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotCounted {
    /// Who.
    pub who: Who,
    /// The review.
    pub review: u64,
    /// Why not.
    pub reason: Reason,
}

/// Somebody, as far as known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Who {
    /// A member.
    Member(MemberId),
    /// An account that belongs to no member, by its login.
    Login(Text<100>),
    /// An account that could not be read.
    Account(AccountId),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => write!(f, "{id}"),
            Self::Login(login) => write!(f, "@{login}"),
            Self::Account(id) => write!(f, "account {id}"),
        }
    }
}

/// Why somebody did not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all_fields = "camelCase")]
pub enum Reason {
    /// The review names no commit.
    NoCommit,
    /// It was given for another commit.
    StaleCommit {
        /// The commit that was reviewed.
        reviewed: GitRevision,
    },
    /// It was given when the pull request went to another branch.
    Retargeted,
    /// It was given under other policies.
    PoliciesChanged,
    /// It was given for another plan, window or risk.
    ChangeAltered,
    /// It is older than the policy allows.
    TooOld {
        /// When it lapsed.
        expired_at: Instant,
    },
    /// It is dated after the decision.
    InTheFuture,
    /// Its text was edited.
    Edited,
    /// It was dismissed.
    Dismissed,
    /// A later verdict of the same person took its place.
    Superseded {
        /// The later review.
        by: u64,
    },
    /// It is a comment, not a verdict.
    Comment,
    /// The person asked for changes: the change is rejected.
    ChangesRequested,
    /// The account belongs to a program.
    Bot,
    /// The account is suspended.
    Suspended,
    /// The account could not be read.
    UnreadableAccount,
    /// The account belongs to no member, or to several.
    UnknownIdentity,
    /// The person opened the pull request, or had it opened.
    Author,
    /// The person wrote a commit of it.
    CommitAuthor,
    /// The person committed a commit of it.
    Committer,
    /// The person is named as co-author of a commit of it.
    CoAuthor,
    /// The person pushed to it.
    Pusher,
    /// The person requested the change.
    Requester,
    /// The person implements the change.
    Implementer,
    /// The person is in none of the teams that the rule asks.
    NotAsked,
    /// The person is in such a team without the role that approves.
    NotAnApprover,
    /// The membership is over or has not begun.
    MembershipInactive,
    /// The person is no longer in the team at the forge.
    NotInForgeTeam,
    /// The approval is not attested as strongly as the policy asks.
    AttestationTooWeak {
        /// What the policy asks for.
        needed: Attestation,
        /// What the approval has.
        given: Attestation,
    },
    /// The person already counts for another rule.
    CountsElsewhere {
        /// The other rule, and its group where it has several.
        rule: String,
    },
    /// The represented person counts already.
    RepresentedCounts {
        /// The represented person.
        member: MemberId,
    },
    /// The represented person may not approve.
    RepresentedExcluded {
        /// The represented person.
        member: MemberId,
    },
    /// The rule has enough people without.
    NotNeeded,
    /// The people of the rule are not asked yet.
    NotYetAsked,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
