//! Change enablement: the state machine of a change and what moves it.
//!
//! [`Facts`] is everything that a decision is taken from, [`decide`] the decision, [`Decision`] what comes out:
//! the phase, why, what is to be done, when to look again, and what to record. The moves themselves are a table,
//! [`MACHINE`], that documentation prints and `decide` walks.

mod action;
mod approvals;
pub mod conflict;
mod decide;
mod decision;
mod facts;
mod machine;
mod model;
mod reason;
mod record;
#[cfg(test)]
mod tests;
mod vocabulary;
mod windows;

pub use action::{Action, Audience};
pub use decide::{decide, settle};
pub use decision::Decision;
pub use facts::{
    Causation, CheckState, Command, CommandRole, ConflictFact, Dependency, ErrorBudget, EvaluatedRequirement,
    Facts, FactsFormat, IncidentFact, MergeBy, ModelFacts, PullRequest, PullRequestState, RequirementResult,
    ReviewFacts, RiskAssessment, RiskInput, Rollout, RolloutState, ServiceFacts,
};
pub use machine::{Actor, ENTRIES, Guard, MACHINE, Row, moves_from};
pub use model::{ChangeModel, Eligibility, ModelTransition, Requirement};
pub use reason::{Explanation, Reason};
pub use record::{Authority, Binding, BoundPart, Change, CommandAnswer, Content, Implementer, Plan, Record};
pub use vocabulary::{
    ChangeModelState, ChangeOutcome, ChangePhase, ChangePhaseRequest, ConflictEffect, ConflictType,
    GuardedPhase, LockedField, RequirementType, ReviewRequirement,
};
