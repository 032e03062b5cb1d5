//! Incidents and problems.

mod vocabulary;

pub use vocabulary::{
    HoldReason, IncidentPhase, IncidentPhaseRequest, ProblemPhase, ProblemPhaseRequest, ResolutionCode,
};
