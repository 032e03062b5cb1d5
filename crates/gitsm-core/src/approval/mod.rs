//! Approvals: who agreed, and whether that is enough.

mod vocabulary;

pub use vocabulary::{
    ApprovalMode, ApproverRole, Attestation, OnTimeout, RequirementState, ReviewVerdict, TeamRole,
    UnknownIdentity,
};
