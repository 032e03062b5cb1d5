//! The words of approval.

use crate::choice::choices;

choices! {
    /// People who are meant by their relation to a change.
    #[derive(PartialOrd, Ord)]
    pub enum ApproverRole {
        /// The owners of the affected services.
        ServiceOwner,
        /// Those who answer for security: the team named `security`.
        SecurityOwner,
        /// Those who decide about high risks.
        ChangeAuthority,
        /// Those who decide in an emergency.
        EmergencyApprovers,
        /// The owners of policies, windows, teams and catalogues.
        PolicyOwners,
    }
}

choices! {
    /// In which order rules are met.
    #[derive(Default)]
    pub enum ApprovalMode {
        /// All at once.
        #[default]
        Parallel,
        /// People of a rule are asked when the rules before it are met.
        Ordered,
    }
}

choices! {
    /// What happens when nobody answers in time. Never is silence an approval.
    #[derive(Default)]
    pub enum OnTimeout {
        /// The change authority is asked.
        #[default]
        Escalate,
        /// The change is rejected.
        Reject,
    }
}

choices! {
    /// How an approval must be given.
    #[derive(PartialOrd, Ord, Default)]
    pub enum Attestation {
        /// A review at the forge.
        #[default]
        Forge,
        /// A statement signed with a key of the member.
        Signed,
        /// A statement signed with a hardware key of the member.
        Hardware,
    }
}

choices! {
    /// What becomes of content to which somebody contributed who belongs to no member. Approvals of unknown
    /// accounts never count.
    #[derive(Default)]
    pub enum UnknownIdentity {
        /// Nothing is approved until the account or address belongs to a member.
        #[default]
        Deny,
        /// One more approval is needed.
        ExtraApproval,
    }
}

choices! {
    /// The verdict of a review at the forge.
    #[derive(PartialOrd, Ord)]
    pub enum ReviewVerdict {
        /// The person agrees.
        Approved,
        /// The person asks for changes.
        ChangesRequested,
        /// Withdrawn.
        Dismissed,
    }
}

choices! {
    /// Where one rule of approval stands.
    #[derive(PartialOrd, Ord)]
    pub enum RequirementState {
        /// Met.
        Approved,
        /// Not yet met.
        Pending,
        /// Somebody eligible asked for changes.
        Rejected,
        /// Does not apply.
        Skipped,
        /// Cannot be evaluated; counts as not met.
        Error,
    }
}

choices! {
    /// What a member may do for the team.
    #[derive(PartialOrd, Ord)]
    pub enum TeamRole {
        /// Approves changes to what the team owns.
        Approver,
        /// Is called when a service of the team fails.
        Responder,
        /// Second person for overrides and emergency changes.
        EmergencyApprover,
        /// Changes the team itself.
        Manager,
    }
}
