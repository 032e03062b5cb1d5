//! The words of incidents and problems.

use crate::choice::choices;
use crate::phase::Transitions;

choices! {
    /// Where an incident stands.
    pub enum IncidentPhase {
        /// Reported; nobody has looked at it.
        New,
        /// Impact and urgency are being judged.
        Triage,
        /// Being worked on.
        InProgress,
        /// Waiting for somebody or something else.
        OnHold,
        /// The effect is gone, the cause may not be.
        Mitigated,
        /// Service is restored.
        Resolved,
        /// Finished.
        Closed,
        /// Not an incident: a duplicate or a false alarm.
        Cancelled,
    }
}

impl IncidentPhase {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[
        (Self::New, &[Self::Triage, Self::InProgress, Self::Cancelled]),
        (Self::Triage, &[Self::InProgress, Self::Cancelled]),
        // An effect that ends by itself, or with its cause, is resolved without a step in between.
        (Self::InProgress, &[Self::OnHold, Self::Mitigated, Self::Resolved]),
        (Self::OnHold, &[Self::InProgress, Self::Mitigated, Self::Resolved]),
        (Self::Mitigated, &[Self::InProgress, Self::Resolved]),
        (Self::Resolved, &[Self::InProgress, Self::Closed]),
    ];
}

choices! {
    /// What an incident on hold waits for.
    pub enum HoldReason {
        /// An answer of the requester.
        AwaitingRequester,
        /// A change.
        AwaitingChange,
        /// The fix of a problem.
        AwaitingProblem,
        /// A supplier.
        AwaitingSupplier,
    }
}

choices! {
    /// Moves that people may ask for.
    pub enum IncidentPhaseRequest {
        /// Judge impact and urgency.
        Triage,
        /// Take it up, take it up again, or reopen it.
        InProgress,
        /// Wait; needs `hold`.
        OnHold,
        /// The effect is gone.
        Mitigated,
        /// Service is restored; needs `resolution`.
        Resolved,
        /// It is not an incident.
        Cancelled,
    }
}

choices! {
    /// How an incident was resolved.
    pub enum ResolutionCode {
        /// The cause was removed.
        Fixed,
        /// The effect was removed, the cause was not.
        WorkedAround,
        /// A change was taken back.
        ChangeBackedOut,
        /// It ended without anybody's doing.
        SelfRecovered,
        /// A supplier removed the cause.
        FixedBySupplier,
        /// It could not be found again.
        NotReproducible,
    }
}

choices! {
    /// Where a problem stands.
    pub enum ProblemPhase {
        /// Registered.
        New,
        /// Prioritised.
        Assessed,
        /// The cause is being looked for.
        RootCauseAnalysis,
        /// Analysed: the cause or a workaround is documented; not resolved.
        KnownError,
        /// A change that removes the cause is under way.
        FixInProgress,
        /// The cause is removed.
        Resolved,
        /// Finished.
        Closed,
        /// Left as it is for a time, the risk being accepted.
        Deferred,
    }
}

impl ProblemPhase {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[
        (Self::New, &[Self::Assessed]),
        (Self::Assessed, &[Self::RootCauseAnalysis, Self::Deferred]),
        (Self::RootCauseAnalysis, &[Self::KnownError]),
        // Back when the fix failed.
        (Self::KnownError, &[Self::FixInProgress]),
        (Self::FixInProgress, &[Self::Resolved, Self::KnownError]),
        (Self::Resolved, &[Self::Closed]),
        // When the acceptance of the risk expires.
        (Self::Deferred, &[Self::Assessed]),
    ];
}

choices! {
    /// Moves that people may ask for.
    pub enum ProblemPhaseRequest {
        /// It is prioritised.
        Assessed,
        /// Look for the cause.
        RootCauseAnalysis,
        /// Cause or workaround is documented; needs review by a second person.
        KnownError,
        /// A fixing change is under way.
        FixInProgress,
        /// Leave it as it is; needs `riskAcceptance`.
        Deferred,
        /// Finish it.
        Closed,
    }
}
