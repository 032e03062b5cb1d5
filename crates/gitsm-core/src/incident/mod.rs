//! Incidents and problems: priorities, state machines, suspected changes, recurrence.
//!
//! [`decide`] takes everything that is known about an incident and the time, and gives its phase, timestamps, the
//! answer to what people ask, and the next instant at which time alone changes something; [`problem::decide`] does
//! the same for problems. The state machines are data: what [`incident_moves`] and [`problem::problem_moves`] show
//! is what is enforced.

mod closing;
mod decide;
mod facts;
mod guards;
mod machine;
mod major;
mod priority;
pub mod problem;
mod record;
mod rules;
pub mod suspect;
#[cfg(test)]
mod tests;
mod timeline;
mod vocabulary;

pub use closing::Closing;
pub use decide::decide;
pub use facts::{Decision, Declaration, Facts, Hold, LinkedChange, LinkedProblem, People, Resolution};
pub use major::{MajorReason, MajorRules, MajorSignals, propose_major};
pub use priority::{
    ByLevel, Inversion, NOTABLE_BURN_PERMILLE, PriorityDecision, PriorityFacts, PriorityMatrix,
    PriorityOverride, ProblemPriorityFacts, Reach, SourcedLevel, URGENT_BURN_PERMILLE, WIDE_REACH,
};
pub use record::{Acknowledgement, Action, Actor, Answer, Command, Event, Reason};
pub use rules::incident_moves;
pub use timeline::{EffectiveTimes, Timestamps, UncheckedTimestamps};
pub use vocabulary::{
    HoldReason, IncidentActionKind, IncidentPhase, IncidentPhaseRequest, IncidentReason, LevelSource,
    MajorRule, ProblemActionKind, ProblemPhase, ProblemPhaseRequest, ProblemReason, ResolutionCode,
};
