//! Service levels: clocks over the events of a record.
//!
//! A clock is a fold ([`Timer::fold`]) over the events of a record: the same log, policy, calendar and time zone
//! database give the same clock, line by line, whoever computes it and whenever. Its definitions:
//!
//! - What has elapsed is `B(start, now)` less the sum of `B` over the pauses, where `B` is the open time of the
//!   calendar ([`BusinessTime`]).
//! - A clock is **met** when no more than the target had elapsed at its end. The instant of breach is the first one at
//!   which the target is used up; the clock is **breached** as soon as more has elapsed, which is at the next opening
//!   where the target was used up when the calendar closed.
//! - A condition that cannot be evaluated counts as not holding, and one for resuming as holding: no error ends, pauses
//!   or withdraws a clock. The line of the event says so.
//! - A clock that has ended goes on when its start condition becomes true again while its stop condition does not
//!   hold: a reopened record. The time in between does not count, what was counted before does. A reset condition
//!   that becomes true makes it start from nothing.
//! - A change of priority matters where it changes the target, by [`OnPriorityChange`].

mod clock;
mod counting;
mod defaults;
mod event;
mod line;
mod lint;
mod log;
mod policy;
mod replay;
mod representatives;
#[cfg(test)]
mod tests;
mod time;
mod vocabulary;

pub use clock::{Clock, OutOfOrder, Timer};
pub use counting::{Counting, Pause, PauseCause};
pub use defaults::default_conditions;
pub use event::{ConditionFault, ConditionSet, Conditions, Event};
pub use line::{Line, Step};
pub use lint::{Trap, traps_of_conditions, traps_of_targets};
pub use log::{LogEntry, LogError, RecordLog, TimedRecord};
pub use policy::{ConditionTexts, SlaPolicy, TargetMinutes, Targets, ThresholdRule};
pub use replay::{Crossing, Inputs, Reading, Replay, known_events};
pub use representatives::{REQUEST_PHASES, Representative, representatives};
pub use time::{AroundTheClock, BusinessTime};
pub use vocabulary::{
    Agreement, ConditionName, OnPriorityChange, SlaClockState, SlaMetric, SlaTimeZone, TargetPriority,
};
