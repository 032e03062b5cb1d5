//! The risk of a change: impact from what would be down, likelihood from weighted factors, a level from both.
//!
//! [`assess`] is the decision. It works in whole thousandths (permille), and always rounds towards the worse side: a
//! likelihood is never shown lower than it is. What is not known counts at its worst value and is marked as assumed
//! ([`FactorResult::assumed`]), together with what would make it known ([`FactorResult::remedy`]).
//!
//! [`history`] holds what earlier changes came to; [`score`] and [`standing`] are computed from it.

mod assess;
mod builtin;
mod factor;
mod facts;
pub mod history;
mod impact;
mod policy;
pub mod score;
pub mod standing;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use assess::{AppliedFloor, Assessment, Considered, assess};
pub use builtin::built_in_policy;
pub use factor::FactorResult;
pub use facts::{
    AnswerFact, AnswerOrigin, BackoutFact, DownService, IncidentCounts, RiskFacts, TestFact, TestResult,
    TimeNeeded, WindowLeft,
};
pub use history::{Caused, Run, RunCounts};
pub use impact::{ImpactResult, Raise, RaiseKind, ServiceImpact};
pub use policy::{
    Answer, Factor, Floor, ImpactRules, Matrix, Policy, PolicyFlaw, PolicySource, Question, TierImpacts,
    Weight,
};
pub use score::TeamScore;
pub use standing::{Promotion, ProvenSuccess, Standing, model_standing, promotion};
pub use vocabulary::RiskFactorKind;

/// The worst value of a factor, in thousandths.
pub const WORST: u32 = 1000;
