//! Change enablement: the state machine of a change and what moves it.

pub mod conflict;
mod vocabulary;

pub use vocabulary::{
    ChangeModelState, ChangeOutcome, ChangePhase, ChangePhaseRequest, ConflictEffect, ConflictType,
    GuardedPhase, LockedField, RequirementType, ReviewRequirement,
};
