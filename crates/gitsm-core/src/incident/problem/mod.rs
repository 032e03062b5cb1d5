//! Problems: their state machine, how they are found among incidents, and how incidents are recognised as theirs.

mod decide;
mod facts;
mod lost;
mod recurrence;
mod rules;
mod symptoms;
#[cfg(test)]
mod tests;

pub use decide::decide;
pub use facts::{Acceptance, Decision, Facts, Fix};
pub use lost::{Outage, minutes_lost};
pub use recurrence::{Occurrence, Proposal, ProposalScore, RecurrenceRule, Signature, propose};
pub use rules::problem_moves;
pub use symptoms::{Candidate, KnownErrorMatch, Manifestation, Standing, Symptoms, recognise};
