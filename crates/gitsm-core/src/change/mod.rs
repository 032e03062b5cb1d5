//! Change enablement: the state machine of a change and what moves it.

mod vocabulary;

pub use vocabulary::{
    ChangeModelState, ChangeOutcome, ChangePhase, ChangePhaseRequest, ConflictEffect, ConflictType,
    GuardedPhase, LockedField, RequirementType, ReviewRequirement,
};
