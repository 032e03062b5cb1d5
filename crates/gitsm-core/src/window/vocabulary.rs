//! The words of change windows.

use crate::choice::choices;
use crate::phase::Transitions;

choices! {
    /// What a window does.
    pub enum ChangeWindowType {
        /// Changes may start while it is open. Several open windows are a union.
        Maintenance,
        /// Changes may not start while it is active, whatever other window is open.
        Freeze,
    }
}

choices! {
    /// What happens to work still running when the window closes.
    #[derive(Default)]
    pub enum Overrun {
        /// Running work is finished; only new work is held back.
        #[default]
        Finish,
        /// Running work is paused at its next safe point until the window opens again.
        Pause,
    }
}

choices! {
    /// Whether changes may start now.
    pub enum WindowState {
        /// A maintenance window: changes may start. A freeze: it is not active.
        Open,
        /// A maintenance window: changes may not start. A freeze: it is active.
        Closed,
    }
}

choices! {
    /// What holds for a change that no maintenance window matches.
    pub enum WindowDefault {
        /// It may start at any time.
        Open,
        /// It may not start.
        Closed,
    }
}

choices! {
    /// How the planned time of a change relates to the windows.
    pub enum WindowFit {
        /// Start, duration and backout fit.
        Fits,
        /// A freeze forbids it.
        InFreeze,
        /// No maintenance window is open then.
        OutsideWindow,
        /// It starts inside a window and would end after it.
        ExceedsWindow,
        /// It could not be evaluated and counts as closed.
        Unknown,
    }
}

choices! {
    /// Why a change may not start.
    pub enum WindowReason {
        /// A freeze is active, or would begin before the change is done.
        InFreeze,
        /// No maintenance window is open then.
        OutsideWindow,
        /// A window is open, but closes too soon.
        ExceedsWindow,
        /// A window or a policy that may apply cannot be understood.
        Misconfigured,
        /// What is known about windows is too old to rely on.
        Stale,
    }
}

impl WindowReason {
    /// The same as the fit of a plan.
    pub fn fit(self) -> WindowFit {
        match self {
            Self::InFreeze => WindowFit::InFreeze,
            Self::OutsideWindow => WindowFit::OutsideWindow,
            Self::ExceedsWindow => WindowFit::ExceedsWindow,
            Self::Misconfigured | Self::Stale => WindowFit::Unknown,
        }
    }
}

choices! {
    /// Where an override stands.
    pub enum WindowOverridePhase {
        /// Waiting for the second person.
        Requested,
        /// In force.
        Active,
        /// Its time is over.
        Expired,
        /// Ended or refused by a person.
        Revoked,
    }
}

impl WindowOverridePhase {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[
        (Self::Requested, &[Self::Active, Self::Expired, Self::Revoked]),
        (Self::Active, &[Self::Expired, Self::Revoked]),
    ];
}
