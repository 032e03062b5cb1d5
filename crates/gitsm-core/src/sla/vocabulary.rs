//! The words of service levels.

use crate::choice::choices;
use crate::vocabulary::Priority;

choices! {
    /// Between whom a service level is agreed.
    pub enum Agreement {
        /// Service level agreement: with the customer.
        SLA,
        /// Operational level agreement: between teams.
        OLA,
        /// Underpinning contract: with a supplier.
        UC,
    }
}

choices! {
    /// What a change of priority does to a running clock.
    #[derive(Default)]
    pub enum OnPriorityChange {
        /// The new target counts from the moment of the change.
        Restart,
        /// The new target counts from the start, as if it had always been so.
        #[default]
        Retroactive,
        /// The share of the old target that has passed is carried over.
        CarryElapsed,
    }
}

choices! {
    /// Whose time zone the calendar is read in.
    #[derive(Default)]
    pub enum SlaTimeZone {
        /// The calendar's own.
        #[default]
        Calendar,
        /// That of the service's calendar.
        Service,
        /// That of the requester.
        Requester,
    }
}

choices! {
    /// The priority a target is for.
    #[derive(Default, PartialOrd, Ord)]
    pub enum TargetPriority {
        /// Priority P1.
        P1,
        /// Priority P2.
        P2,
        /// Priority P3.
        P3,
        /// Priority P4.
        P4,
        /// Priority P5.
        P5,
        /// Every priority without a target of its own.
        #[default]
        Any,
    }
}

impl From<Priority> for TargetPriority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::P1 => Self::P1,
            Priority::P2 => Self::P2,
            Priority::P3 => Self::P3,
            Priority::P4 => Self::P4,
            Priority::P5 => Self::P5,
        }
    }
}

choices! {
    /// The conditions of a clock, in the order in which they are evaluated.
    #[derive(PartialOrd, Ord)]
    pub enum ConditionName {
        /// The clock starts.
        Start,
        /// The clock does not count.
        Pause,
        /// A paused clock counts again.
        Resume,
        /// The clock ends.
        Stop,
        /// The clock starts anew.
        Reset,
        /// The clock is withdrawn.
        Cancel,
    }
}

impl ConditionName {
    /// The field of `spec.conditions` that it is written in.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Reset => "reset",
            Self::Cancel => "cancel",
        }
    }
}

choices! {
    /// What a service level clock measures.
    pub enum SlaMetric {
        /// Until somebody on call takes notice.
        Acknowledge,
        /// Until work starts.
        Respond,
        /// Until the next update for those affected.
        Update,
        /// Until service is restored.
        Resolve,
        /// Until a request is fulfilled.
        Fulfil,
        /// Until a change is approved or rejected.
        Approve,
        /// Until a review is merged.
        Review,
    }
}

choices! {
    /// The state of a service level clock.
    pub enum SlaClockState {
        /// Its start condition has not been met.
        Pending,
        /// Counting.
        Running,
        /// Stopped by its pause condition; it may resume.
        Paused,
        /// Stopped within the target.
        Met,
        /// Past the target and still counting.
        Breached,
        /// Stopped after the target.
        Stopped,
        /// Withdrawn: the target no longer applies.
        Cancelled,
    }
}
