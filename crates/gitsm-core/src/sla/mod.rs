//! Service levels.

mod vocabulary;

pub use vocabulary::{Agreement, OnPriorityChange, SlaClockState, SlaMetric, SlaTimeZone, TargetPriority};
