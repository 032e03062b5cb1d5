//! The risk of a change.

mod vocabulary;

pub use vocabulary::RiskFactorKind;
