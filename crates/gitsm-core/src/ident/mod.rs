//! Names, references, people, git objects: the identifiers that manifests are made of.

mod git;
mod names;
mod objects;
mod people;
mod references;

pub use git::{BranchName, Digest, GitRevision, GitUrl, HttpUrl, RepositoryPath};
pub use names::{FieldName, LabelKey, LabelValue, ResourceName, RuleId};
pub use objects::{
    ChangeId, ConfigurationItemId, IncidentId, ProblemId, ServiceId, ServiceRequestId, SlaPolicyId, WindowId,
    WindowOverrideId,
};
pub use people::{Email, ForgeLogin};
pub use references::{
    AcceptanceName, AlertRouteName, ApprovalPolicyName, AssetName, BusinessCalendarName, ChangeModelName,
    ChangeName, ChangeWindowName, ConfigurationItemName, IncidentName, MemberId, NamespaceName,
    PriorityMatrixName, ProblemName, RecordPolicyName, RepositoryName, RequestTemplateName, ReviewName,
    RiskPolicyName, RunbookName, SecretName, ServiceAccountName, ServiceCatalogName, ServiceName,
    ServiceRequestName, SlaPolicyName, TeamName, WindowOverrideName,
};
