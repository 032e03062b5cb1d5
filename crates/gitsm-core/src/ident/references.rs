//! Names of objects of one kind.
//!
//! Each kind has its own type, so that a team's name cannot be handed over where a service's is meant, and
//! so that the table of references in gitsm-api can be checked for completeness.

use super::names::check_dns_label;
use crate::text::string_type;

macro_rules! reference_types {
    ($($(#[$meta:meta])* $name:ident => $kind:literal, $what:literal;)*) => {
        $(string_type! {
            $(#[$meta])*
            pub struct $name {
                what: $what,
                pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                length: 1..=63,
                example: "payments-db",
                check: check_dns_label,
                reference: $kind,
            }
        }

        impl From<super::ResourceName> for $name {
            fn from(name: super::ResourceName) -> Self {
                Self(String::from(name))
            }
        })*

        /// Every reference type with the kind it names, for tests over all of them.
        #[cfg(test)]
        pub(crate) const REFERENCE_TYPES: &[(&str, &str)] = &[$((stringify!($name), $kind)),*];
    };
}

reference_types! {
    /// The name of a `Repository`.
    RepositoryName => "Repository", "the name of a Repository";
    /// The name of a `Team`.
    TeamName => "Team", "the name of a Team";
    /// The name of a `ServiceCatalog`.
    ServiceCatalogName => "ServiceCatalog", "the name of a ServiceCatalog";
    /// The name of a `BusinessCalendar`.
    BusinessCalendarName => "BusinessCalendar", "the name of a BusinessCalendar";
    /// The name of a `ChangeModel`.
    ChangeModelName => "ChangeModel", "the name of a ChangeModel";
    /// The name of a `RiskPolicy`.
    RiskPolicyName => "RiskPolicy", "the name of a RiskPolicy";
    /// The name of an `ApprovalPolicy`.
    ApprovalPolicyName => "ApprovalPolicy", "the name of an ApprovalPolicy";
    /// The name of a `RecordPolicy`.
    RecordPolicyName => "RecordPolicy", "the name of a RecordPolicy";
    /// The name of a `PriorityMatrix`.
    PriorityMatrixName => "PriorityMatrix", "the name of a PriorityMatrix";
    /// The name of an `ITService`.
    ServiceName => "ITService", "the name of an ITService";
    /// The name of a `ConfigurationItem`.
    ConfigurationItemName => "ConfigurationItem", "the name of a ConfigurationItem";
    /// The name of an `Asset`.
    AssetName => "Asset", "the name of an Asset";
    /// The name of a `ChangeWindow`.
    ChangeWindowName => "ChangeWindow", "the name of a ChangeWindow";
    /// The name of an `SLAPolicy`.
    SlaPolicyName => "SLAPolicy", "the name of an SLAPolicy";
    /// The name of an `AlertRoute`.
    AlertRouteName => "AlertRoute", "the name of an AlertRoute";
    /// The name of a `Runbook`.
    RunbookName => "Runbook", "the name of a Runbook";
    /// The name of a `RequestTemplate`.
    RequestTemplateName => "RequestTemplate", "the name of a RequestTemplate";
    /// The name of a `Review`.
    ReviewName => "Review", "the name of a Review";
    /// The name of a `Change`.
    ChangeName => "Change", "the name of a Change";
    /// The name of an `Incident`.
    IncidentName => "Incident", "the name of an Incident";
    /// The name of a `Problem`.
    ProblemName => "Problem", "the name of a Problem";
    /// The name of a `ServiceRequest`.
    ServiceRequestName => "ServiceRequest", "the name of a ServiceRequest";
    /// The name of a `WindowOverride`.
    WindowOverrideName => "WindowOverride", "the name of a WindowOverride";
    /// The name of an `Acceptance`.
    AcceptanceName => "Acceptance", "the name of an Acceptance";
    /// The id of a member of some `Team` (`spec.members[*].id`): how gitsm names a person.
    MemberId => "Member", "the id of a team member";
    /// The name of a Kubernetes `Namespace`.
    NamespaceName => "Namespace", "the name of a Namespace";
    /// The name of a Kubernetes `Secret`.
    SecretName => "Secret", "the name of a Secret";
    /// The name of a Kubernetes `ServiceAccount`.
    ServiceAccountName => "ServiceAccount", "the name of a ServiceAccount";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextForm;
    use std::collections::BTreeSet;

    #[test]
    fn every_reference_type_names_its_own_kind() {
        let kinds: BTreeSet<_> = REFERENCE_TYPES.iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds.len(), REFERENCE_TYPES.len());
        assert_eq!(ServiceName::REFERENCE, Some("ITService"));
    }
}
