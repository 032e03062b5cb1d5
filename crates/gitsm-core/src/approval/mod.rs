//! Approvals: who agreed, and whether that is enough.
//!
//! [`Facts`] is everything that an answer depends on, [`decide`] gives the answer with its reasons: a tree in which
//! each rule says who counted and who did not. The rules are those of "separation of duties" and the "four eyes"
//! principle: an approval is a review of exactly the content that goes in, by a person who had no part in it.

mod decide;
mod explain;
mod facts;
mod filling;
mod identity;
mod matching;
mod people;
mod policy;
mod pool;
mod requirement;
mod satisfiable;
mod sentences;
mod standing;
mod statement;
mod tally;
mod verdict;
mod vocabulary;

pub use decide::{decide, decide_override};
pub use facts::{
    Account, AccountId, AskedAt, Base, CatalogueRoles, ChangeFacts, Commit, CommitIdentity, ConditionResult,
    Context, Dismissal, Document, DocumentSide, Evidence, Facts, ForgeVerdict, Head, NamedPolicy,
    PullRequest, Review, RuleCondition,
};
pub use people::{Directory, Membership, Person, SigningKey, Team};
pub use policy::{ApprovalPolicy, ApprovalRule, Delegation, Separation};
pub use satisfiable::{Unmeetable, unmeetable};
pub use statement::Statement;
pub use verdict::{Approvals, Counted, Node, NodeKind, NotCounted, Reason, Who};
pub use vocabulary::{
    ApprovalMode, ApproverRole, Attestation, OnTimeout, RequirementState, ReviewVerdict, TeamRole,
    UnknownIdentity,
};

#[cfg(test)]
mod tests;
