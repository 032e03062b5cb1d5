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
    /// Why an incident took a step, or why it stands where it stands, in one word.
    pub enum IncidentReason {
        /// Somebody took notice.
        Acknowledged,
        /// It was declared a major incident.
        Declared,
        /// Its impact and urgency are being judged.
        Triaged,
        /// Somebody took it up.
        TakenUp,
        /// It waits for somebody or something else.
        PutOnHold,
        /// Somebody ended the hold.
        HoldLifted,
        /// The hold was for a time, and that is over.
        HoldExpired,
        /// What it waited for is no longer written.
        HoldWithdrawn,
        /// The problem it waited for is resolved.
        ProblemResolved,
        /// The change it waited for is closed.
        ChangeClosed,
        /// The change it waited for was given up.
        ChangeCancelled,
        /// The effect is gone.
        EffectGone,
        /// The effect came back.
        EffectReturned,
        /// Service is restored.
        ServiceRestored,
        /// It was resolved and is not.
        Reopened,
        /// The time after which it is closed is over.
        ClosingTimeReached,
        /// It was reported before.
        Duplicate,
        /// It is no incident.
        FalseAlarm,
        /// Nobody has taken notice yet.
        AwaitsAcknowledgement,
        /// Somebody works on it.
        BeingWorkedOn,
        /// The effect is gone; the cause is being looked for.
        AwaitsResolution,
        /// It will be closed at a known time.
        AwaitsClosing,
        /// It is not known when it is to be closed.
        ClosingTimeUnknown,
        /// It is a major incident whose review is not merged.
        AwaitsReview,
        /// It is over.
        Over,
        /// A command was refused.
        CommandRefused,
        /// An acknowledgement does not count.
        AcknowledgementRefused,
        /// A declaration does not count.
        DeclarationRefused,
        /// A time that a person entered cannot be right.
        EffectiveTimeRefused,
        /// The clock stands before the last step of the record.
        ClockBehind,
    }
}

choices! {
    /// What is to be done because of a step of an incident.
    pub enum IncidentActionKind {
        /// Tell those on call and the team.
        NotifyTeam,
        /// Tell whoever reported it.
        NotifyRequester,
        /// Open its review.
        OpenReview,
    }
}

choices! {
    /// Why an incident may be a major one.
    pub enum MajorRule {
        /// Its priority is P1.
        HighestPriority,
        /// A service of tier 1 is down.
        CriticalServiceDown,
        /// It has many child incidents.
        ManyChildren,
    }
}

choices! {
    /// Where an impact or an urgency was taken from.
    pub enum LevelSource {
        /// A person stated it.
        Stated,
        /// From blast radius and tier.
        BlastRadius,
        /// From the route of the alert.
        Alert,
        /// From the speed at which the error budget burns.
        BudgetBurn,
        /// From the incidents of the problem.
        Incidents,
        /// Nothing is known; the middle step is assumed.
        Assumed,
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

choices! {
    /// Why a problem took a step, or why it stands where it stands, in one word.
    pub enum ProblemReason {
        /// It was prioritised.
        Prioritised,
        /// Its cause is being looked for.
        AnalysisStarted,
        /// Cause or workaround is documented and reviewed.
        ErrorDocumented,
        /// A fix was put under way.
        FixStarted,
        /// No fix is left that could still succeed.
        FixFailed,
        /// A fix went in, and it happened again.
        HappenedAgain,
        /// It did not happen again for the whole watch period.
        WatchedClean,
        /// Somebody lives with the risk for a time.
        RiskAccepted,
        /// The acceptance of the risk is over.
        AcceptanceExpired,
        /// The acceptance of the risk was taken back.
        AcceptanceWithdrawn,
        /// Somebody took it up again.
        TakenUp,
        /// It was finished.
        Finished,
        /// It waits for its coordinator.
        AwaitsCoordinator,
        /// It waits for a second person to review the documented error.
        AwaitsPeerReview,
        /// It waits for a fixing change to end.
        AwaitsFix,
        /// A fix went in and is being watched.
        Watching,
        /// A fix is in, and another is still under way.
        AwaitsOtherFix,
        /// It is left as it is until the acceptance expires.
        Deferred,
        /// It happened after it was resolved.
        Recurred,
        /// It is over.
        Over,
        /// A command was refused.
        CommandRefused,
        /// The clock stands before the last step of the record.
        ClockBehind,
    }
}

choices! {
    /// What is to be done because of a step of a problem.
    pub enum ProblemActionKind {
        /// Take the incidents up again that wait for it.
        ResumeIncidents,
        /// Offer cause and workaround to whoever works on its incidents.
        PublishKnownError,
        /// Tell the coordinator and the team.
        NotifyOwner,
    }
}
