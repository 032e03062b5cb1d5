//! Reasons and lacks in words.

use super::verdict::Reason;
use crate::ident::GitRevision;
use std::fmt;

/// How many names a sentence lists before it says how many more there are.
const NAMES: usize = 5;

/// A commit as people write it.
pub(super) fn short(commit: &GitRevision) -> &str {
    commit.as_str().get(..8).unwrap_or_default()
}

/// Names in a sentence: `ana, ben or eva`.
pub(super) fn any_of(names: &[&str]) -> String {
    if let Some(more) = names.len().checked_sub(NAMES).filter(|more| *more > 0) {
        let shown: Vec<_> = names.iter().take(NAMES).copied().collect();
        return format!("{} or {more} others", shown.join(", "));
    }
    match names.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

impl fmt::Display for Reason {
    /// One clause about a person, as in "ana: the review is for commit 9f1c2ab0, which is not the head".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::NoCommit => "the review names no commit",
            Self::StaleCommit { reviewed } => {
                return write!(
                    f,
                    "the review is for commit {}, which is not the head",
                    short(reviewed)
                );
            }
            Self::Retargeted => "the review was given when the pull request went to another branch",
            Self::PoliciesChanged => "the review was given under other policies",
            Self::ChangeAltered => "the review was given for another plan, window or risk",
            Self::TooOld { expired_at } => {
                return write!(f, "the review lapsed at {expired_at}");
            }
            Self::InTheFuture => "the review is dated after this decision; compare the clocks",
            Self::Edited => "the review was edited after it was given",
            Self::Dismissed => "the review was dismissed",
            Self::Superseded { by } => {
                return write!(
                    f,
                    "a later review (number {by}) of the same person took its place"
                );
            }
            Self::Comment => "the review is a comment without a verdict",
            Self::ChangesRequested => "asked for changes",
            Self::Bot => "the account belongs to a program",
            Self::Suspended => "the account is suspended",
            Self::UnreadableAccount => "the forge did not say what kind of account this is",
            Self::UnknownIdentity => "the account does not belong to exactly one member of a team",
            Self::Author => "is the author of the pull request",
            Self::CommitAuthor => "is the author of one of its commits",
            Self::Committer => "committed one of its commits",
            Self::CoAuthor => "is a co-author of one of its commits",
            Self::Pusher => "pushed to it",
            Self::Requester => "requested the change",
            Self::Implementer => "implements the change",
            Self::NotAsked => "is not among the people whom this rule asks",
            Self::NotAnApprover => "is in the team without the role that approves",
            Self::MembershipInactive => "is not a member of the team now",
            Self::NotInForgeTeam => "is not in the team at the forge",
            Self::AttestationTooWeak { needed, given } => {
                return write!(
                    f,
                    "the review is attested as {given}, the policy asks for {needed}"
                );
            }
            Self::CountsElsewhere { rule } => {
                return write!(f, "already counts for {rule}; one person fills one rule");
            }
            Self::RepresentedCounts { member } => {
                return write!(f, "represents {member}, who counts already");
            }
            Self::RepresentedExcluded { member } => {
                return write!(f, "represents {member}, who may not approve");
            }
            Self::NotNeeded => "the rule has enough people without",
            Self::NotYetAsked => "the rules before this one come first",
        };
        f.write_str(words)
    }
}
