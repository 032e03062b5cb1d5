//! Change windows: when changes may start.
//!
//! A [`Window`] has a [`Schedule`]: one interval, or a [`Recurrence`] of occurrences in a named zone. [`evaluate`]
//! says of one service at one instant whether changes may start, until when that holds, when they may next, and what
//! each window had to do with it; [`evaluate_change`] does so for all services of a change together, and [`fits`]
//! for a planned time. Rules, in the order in which they win:
//!
//! 1. What cannot be known is closed: stale facts, no readable catalogue, a freeze that cannot be understood.
//! 2. An active freeze that selects the change, or might, closes. An override lifts it for one change, where the
//!    freeze says that it may be lifted.
//! 3. Maintenance windows that select the change for certain are a union: one open window is enough.
//! 4. Where no maintenance window could select the change, the catalogue's `defaultWhenNoWindow` decides.
//!
//! Intervals are half-open: at its end instant a window is closed. Transitions are exact to the nanosecond, and
//! looked for in the five years ([`SEARCH_DAYS`]) after the instant of the question.

mod evaluate;
mod explain;
mod fit;
mod interval;
pub mod lint;
mod model;
pub mod recurrence;
mod timeline;
mod verdict;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use evaluate::{evaluate, evaluate_change};
pub use fit::{PlanFit, PlannedTime, ServiceReason, first_fit, fits};
pub use interval::{Interval, IntervalError};
pub use model::{
    BrokenWindow, Freshness, Override, Schedule, Subject, SubjectChange, Window, WindowPolicy, WindowSet,
};
pub use recurrence::Recurrence;
pub use timeline::SEARCH_DAYS;
pub use verdict::{ChangeVerdict, Reason, ScheduleState, Verdict, WindowOutcome, WindowTrace};
pub use vocabulary::{
    ChangeWindowType, Overrun, WindowDefault, WindowFit, WindowOverridePhase, WindowReason, WindowState,
};
