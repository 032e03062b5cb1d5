//! Why a change is where it is: one word for programs, one sentence for people.

use crate::choice::choices;
use crate::window::WindowFit;
use serde::{Deserialize, Serialize};

choices! {
    /// Why a change moved or stays.
    pub enum Reason {
        /// It was seen for the first time.
        NewChange,
        /// It was found to have gone in without anybody having asked for it.
        UnauthorizedChange,
        /// The pull request is ready for review.
        ReadyForAssessment,
        /// Risk, conflicts and requirements are judged.
        Assessed,
        /// The model approves it.
        ApprovedByModel,
        /// The people whom the policy names approve it.
        ApprovedByPeople,
        /// The two people of an override let it go in; the others are asked afterwards.
        AuthorizedByOverride,
        /// Its start is known.
        StartKnown,
        /// Everything holds that must hold at the moment of opening.
        GateOpen,
        /// The rollout finished with the approved content.
        RolloutFinished,
        /// The rollout failed.
        RolloutFailed,
        /// It was watched for as long as its model asks.
        SoakOver,
        /// It is taken back, and that was verified.
        BackoutVerified,
        /// Nothing is left to do.
        ReviewDone,
        /// Somebody asked for it.
        Requested,
        /// The pull request was closed without a merge.
        PullRequestClosed,
        /// The pull request is a draft again.
        BackToDraft,
        /// Something that was assessed or approved has changed.
        ContentChanged,
        /// An approval that counted does not count any more.
        ApprovalLapsed,
        /// An approver asked for changes.
        RejectedByApprover,
        /// Who refused it took that back.
        RejectionWithdrawn,
        /// Its time passed unused.
        StartMissed,
        /// It needs approval again.
        ApprovalNeededAgain,

        /// The clock stands before the last decision.
        ClockBehind,
        /// The pull request is a draft.
        PullRequestIsDraft,
        /// Validation finds errors.
        ManifestInvalid,
        /// The payload leads to no content.
        ContentUnknown,
        /// Something could not be read.
        FactsIncomplete,
        /// The risk is not computed yet.
        RiskUnknown,
        /// Conflicts have not been looked for yet.
        ConflictsUnknown,
        /// A conflict blocks it.
        BlockingConflict,
        /// A requirement of the model does not hold.
        RequirementNotMet,
        /// A requirement of the model could not be evaluated.
        RequirementUnknown,
        /// A field is set that the model locks.
        LockedFieldSet,
        /// There is no model of the name.
        ModelMissing,
        /// The model is not in use yet.
        ModelProposed,
        /// The model is suspended, by people or by its results.
        ModelSuspended,
        /// The model is no longer used.
        ModelRetired,
        /// The time of the model is over.
        ModelExpired,
        /// The model is not for such a change.
        ModelIneligible,
        /// Standard models of the team are blocked by an overdue review.
        ModelBlocked,
        /// People have not approved yet.
        ApprovalPending,
        /// The approvals cannot be evaluated.
        ApprovalError,
        /// It was set for a time that passed; its author must renew the plan.
        PlanMustBeRenewed,
        /// There is neither a plan nor a model that gives one.
        PlanMissing,
        /// The planned time has passed.
        PlanInPast,
        /// No window that it fits into opens within five years.
        NoWindowAhead,
        /// Its planned start has not come.
        WaitingForStart,
        /// A freeze forbids it.
        InFreeze,
        /// No window is open.
        OutsideWindow,
        /// It would not end, backout included, while the window is open.
        ExceedsWindow,
        /// The windows could not be evaluated.
        WindowUnknown,
        /// A change that it depends on is not finished.
        DependsOnUnfinished,
        /// A change that it depends on did not succeed.
        DependencyFailed,
        /// A major incident is open on an affected service.
        OpenMajorIncident,
        /// An affected service has no error budget left.
        ErrorBudgetExhausted,
        /// The error budget of an affected service cannot be read.
        ErrorBudgetUnknown,
        /// Somebody must start it.
        ManualStartNeeded,
        /// Somebody must merge it.
        MergeNeeded,
        /// The rollout is going on.
        RolloutRunning,
        /// Something else than the approved content is in.
        UnauthorizedContent,
        /// It takes longer than planned.
        Overrun,
        /// Its window closed, and says that running work pauses.
        PausedByWindow,
        /// It failed and cannot be taken back.
        NoWayBack,
        /// It is being watched.
        Soaking,
        /// It is being taken back.
        BackoutRunning,
        /// Its review is not merged.
        ReviewPending,
        /// Its review is late.
        ReviewOverdue,
        /// Only people who implemented it have reviewed it.
        ReviewerIsImplementer,
        /// The approval that comes afterwards is missing.
        LateApprovalPending,
        /// It is not decided whether it caused an incident.
        IncidentUndecided,
        /// Its author has not changed it since it was refused.
        WaitingForAuthor,
        /// It is on hold until somebody takes it up again.
        OnHold,
        /// Nothing more will happen.
        Final,
    }
}

impl Reason {
    /// What to do next; empty where there is nothing for people to do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NewChange
            | Self::ReadyForAssessment
            | Self::Assessed
            | Self::ApprovedByModel
            | Self::ApprovedByPeople
            | Self::StartKnown
            | Self::GateOpen
            | Self::RolloutFinished
            | Self::SoakOver
            | Self::BackoutVerified
            | Self::ReviewDone
            | Self::Requested
            | Self::RejectionWithdrawn
            | Self::PullRequestClosed
            | Self::Final
            | Self::WaitingForStart
            | Self::RolloutRunning
            | Self::Soaking
            | Self::BackoutRunning => "",
            Self::UnauthorizedChange => {
                "Find out who did it and why, take it back or have it accepted, and write the review"
            }
            Self::AuthorizedByOverride => "Have the people of the approval policy approve it afterwards",
            Self::RolloutFailed => "Follow the backout and find the cause",
            Self::BackToDraft | Self::PullRequestIsDraft => "Mark the pull request as ready for review",
            Self::ContentChanged => "Ask the approvers again; they see what changed in the pull request",
            Self::ApprovalLapsed | Self::ApprovalNeededAgain => "Ask the approvers again",
            Self::RejectedByApprover => "Read the review, change the pull request and push",
            Self::StartMissed => "Give the plan another time and ask for approval again",
            Self::ClockBehind => "Set the clock of the machine right; nothing moves until then",
            Self::ManifestInvalid => "Correct what `gitsm validate` finds",
            Self::ContentUnknown => {
                "See that the commit of the payload exists and that its digest is that of the manifest"
            }
            Self::FactsIncomplete => "See that what is named can be read; nothing moves until then",
            Self::RiskUnknown | Self::ConflictsUnknown => "Wait for the assessment",
            Self::BlockingConflict => "Move the plan, or ask the change authority to waive the conflict",
            Self::RequirementNotMet => "Do what the requirement of the model asks for",
            Self::RequirementUnknown => "Correct the expression of the model, or see why it is not evaluated",
            Self::LockedFieldSet => "Remove the field: the model decides it",
            Self::ModelMissing => "Name a ChangeModel that exists in spec.model",
            Self::ModelProposed => "Use another model until this one is active",
            Self::ModelSuspended | Self::ModelRetired | Self::ModelExpired | Self::ModelIneligible => {
                "Use another model; a normal one where no standard model fits"
            }
            Self::ModelBlocked => "Finish the overdue review, or use a normal model",
            Self::ApprovalPending => "Ask the people who are named for a review of the head commit",
            Self::ApprovalError => "Correct the approval policy or the team that it names",
            Self::PlanMustBeRenewed => "Give the plan another time",
            Self::PlanMissing => "Write spec.plan with duration and backoutDuration",
            Self::PlanInPast => "Move spec.plan to a time that is still to come",
            Self::NoWindowAhead => "Shorten the plan, or ask the owner of the windows for one",
            Self::InFreeze | Self::OutsideWindow => {
                "Wait for the next opening; an emergency can ask for a WindowOverride"
            }
            Self::ExceedsWindow => "Start earlier in the window, shorten the plan or ask for a longer window",
            Self::WindowUnknown => "Correct the window that is named; it counts as closed until then",
            Self::DependsOnUnfinished => "Finish the other change first",
            Self::DependencyFailed => "Repair what failed, or remove it from spec.dependsOn",
            Self::OpenMajorIncident => {
                "Wait until the incident is resolved; the change that fixes it names it in spec.relates.incident"
            }
            Self::ErrorBudgetExhausted => {
                "Wait until the budget recovers; what restores the service names its incident in spec.relates.incident"
            }
            Self::ErrorBudgetUnknown => "See that the measurement can be read",
            Self::ManualStartNeeded => "Start it with `gitsm change implement` while the window is open",
            Self::MergeNeeded => "Merge the pull request while the window is open",
            Self::UnauthorizedContent => {
                "Take it back, or bring in the approved content; find out where the other came from"
            }
            Self::Overrun => "Finish it, or take it back",
            Self::PausedByWindow => "Leave it at a safe point until the window opens again",
            Self::NoWayBack => "Repair it forward, as an emergency change where it must be",
            Self::ReviewPending | Self::ReviewOverdue => "Write the review and merge it",
            Self::ReviewerIsImplementer => "Have somebody review it who did not implement it",
            Self::LateApprovalPending => {
                "Have the people of the approval policy approve the implemented commit"
            }
            Self::IncidentUndecided => "Confirm or rule out that the change caused the incident",
            Self::WaitingForAuthor => "Change the pull request and push",
            Self::OnHold => "Ask for Resume by spec.phaseRequest when it goes on",
        }
    }

    /// The reason that a plan or a start does not fit the windows; none if it does.
    pub const fn of_fit(fit: WindowFit) -> Option<Self> {
        match fit {
            WindowFit::Fits => None,
            WindowFit::InFreeze => Some(Self::InFreeze),
            WindowFit::OutsideWindow => Some(Self::OutsideWindow),
            WindowFit::ExceedsWindow => Some(Self::ExceedsWindow),
            WindowFit::Unknown => Some(Self::WindowUnknown),
        }
    }
}

/// One reason with what people need to know about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Explanation {
    /// The reason.
    pub reason: Reason,
    /// What holds and why, in one sentence.
    pub message: String,
    /// What to do next; empty where there is nothing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

impl Explanation {
    /// A reason with its sentence and the advice that always goes with it.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            advice: reason.advice().to_owned(),
        }
    }

    /// The same with more precise advice, where there is some.
    #[must_use]
    pub fn with_advice(mut self, advice: Option<&str>) -> Self {
        if let Some(advice) = advice {
            advice.clone_into(&mut self.advice);
        }
        self
    }
}

impl std::fmt::Display for Explanation {
    /// `Reason: message. Advice.`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}.", self.reason, self.message.trim_end_matches('.'))?;
        if self.advice.is_empty() {
            return Ok(());
        }
        write!(f, " {}.", self.advice.trim_end_matches('.'))
    }
}
