//! The words of change enablement: phases, outcomes, conflicts.

use crate::choice::choices;
use crate::phase::Transitions;

choices! {
    /// Where a change stands.
    pub enum ChangePhase {
        /// Being written; the pull request is a draft.
        Draft,
        /// Risk, conflicts and blast radius are being computed.
        Assessing,
        /// Waiting for people.
        AwaitingApproval,
        /// Approved, not yet in line for a window.
        Approved,
        /// Waiting for its window.
        Scheduled,
        /// Going in.
        Implementing,
        /// In; being watched for its soak time.
        Validating,
        /// Done; being looked back on.
        Review,
        /// Finished.
        Closed,
        /// Refused; back to its author.
        Rejected,
        /// Set aside; approvals given so far are void.
        OnHold,
        /// Its window passed unused; it needs approval again.
        Expired,
        /// Taken back.
        BackedOut,
        /// Given up before it went in.
        Cancelled,
    }
}

impl ChangePhase {
    /// The moves that are possible at all; which of them is allowed now is decided by model, policy and
    /// window.
    pub const TRANSITIONS: Transitions<Self> = &[
        (
            Self::Draft,
            // An emergency skips assessment; with an override in force it starts at once.
            &[
                Self::Assessing,
                Self::AwaitingApproval,
                Self::Implementing,
                Self::OnHold,
                Self::Cancelled,
            ],
        ),
        (
            Self::Assessing,
            // A standard change is approved by its model.
            &[
                Self::AwaitingApproval,
                Self::Approved,
                Self::Draft,
                Self::OnHold,
                Self::Cancelled,
            ],
        ),
        (
            Self::AwaitingApproval,
            &[
                Self::Approved,
                Self::Rejected,
                Self::Assessing,
                Self::Draft,
                Self::OnHold,
                Self::Cancelled,
            ],
        ),
        (
            Self::Approved,
            &[
                Self::Scheduled,
                Self::AwaitingApproval,
                Self::Assessing,
                Self::OnHold,
                Self::Cancelled,
            ],
        ),
        (
            Self::Scheduled,
            &[
                Self::Implementing,
                Self::Expired,
                Self::AwaitingApproval,
                Self::Assessing,
                Self::OnHold,
                Self::Cancelled,
            ],
        ),
        (Self::Implementing, &[Self::Validating, Self::BackedOut]),
        (Self::Validating, &[Self::Review, Self::BackedOut]),
        (Self::Review, &[Self::Closed]),
        (Self::Rejected, &[Self::Draft, Self::Cancelled]),
        (Self::OnHold, &[Self::Assessing, Self::Cancelled]),
        (Self::Expired, &[Self::AwaitingApproval, Self::Cancelled]),
        (Self::BackedOut, &[Self::Review]),
    ];
}

choices! {
    /// Moves that people may ask for.
    pub enum ChangePhaseRequest {
        /// Set the change aside.
        OnHold,
        /// Take it up again.
        Resume,
        /// Start it now, where its model asks for a manual start.
        Implement,
        /// Take it back.
        BackOut,
        /// Give it up.
        Cancel,
        /// Finish its review.
        Close,
    }
}

choices! {
    /// Where a model is in its life. People decide it by pull request.
    pub enum ChangeModelState {
        /// Being discussed; cannot be used.
        Proposed,
        /// In use.
        Active,
        /// Not to be used for the time being.
        Suspended,
        /// No longer used.
        Retired,
    }
}

choices! {
    /// When a change of the model needs a review.
    #[derive(Default)]
    pub enum ReviewRequirement {
        /// Always.
        Required,
        /// When it was not simply successful.
        #[default]
        OnFailure,
        /// Never.
        Never,
    }
}

choices! {
    /// Fields of a change that a standard model sets and authors may not.
    pub enum LockedField {
        /// `spec.environment`.
        Environment,
        /// `spec.services`.
        Services,
        /// `spec.plan`.
        Plan,
        /// `spec.backout`.
        Backout,
        /// `spec.implementer`.
        Implementer,
    }
}

choices! {
    /// What must hold before a move.
    pub enum RequirementType {
        /// A field of the change is given; `value` is its path.
        Field,
        /// A CEL expression over the change is true; `value` is the expression.
        Expression,
        /// The approval policy is met.
        Approval,
        /// A check run at the forge passed on the head commit; `value` is its name.
        Check,
        /// A window is open.
        Window,
        /// The affected services are healthy.
        Health,
    }
}

choices! {
    /// The phases whose entry a model can make harder.
    pub enum GuardedPhase {
        /// Before people are asked.
        AwaitingApproval,
        /// Before it counts as approved.
        Approved,
        /// Before it is put in line.
        Scheduled,
        /// Before it goes in.
        Implementing,
        /// Before it counts as done.
        Review,
        /// Before it is finished.
        Closed,
    }
}

choices! {
    /// How a change ended.
    pub enum ChangeOutcome {
        /// As planned.
        Successful,
        /// In, with issues.
        SuccessfulWithIssues,
        /// Not in, or it did harm.
        Unsuccessful,
        /// Taken back.
        BackedOut,
        /// Given up before it went in.
        Cancelled,
    }
}

choices! {
    /// The kinds of conflict.
    #[derive(PartialOrd, Ord)]
    pub enum ConflictType {
        /// Both touch the same configuration item or service.
        SameItem,
        /// One touches an item that contains the other's.
        ParentItem,
        /// One touches an item contained in the other's.
        ChildItem,
        /// Together they would take down a redundancy group.
        SameRedundancyGroup,
        /// One person would implement both at once.
        SamePerson,
        /// A freeze forbids the time.
        InFreeze,
        /// No window is open at the time.
        OutsideWindow,
        /// It would not end within the window.
        ExceedsWindow,
        /// A change it depends on is not finished.
        DependsOnUnfinished,
        /// A major incident is open on an affected service.
        OpenMajorIncident,
        /// An affected service has no error budget left.
        ErrorBudgetExhausted,
        /// Two open pull requests touch the same files.
        SameFiles,
    }
}

choices! {
    /// What a conflict does to the change.
    #[derive(PartialOrd, Ord)]
    pub enum ConflictEffect {
        /// It holds the change back until it is resolved or waived.
        Blocking,
        /// It is shown.
        Advisory,
    }
}
