//! Version `v1alpha1`: one module per kind, shared structures in [`shared`].
//!
//! Each kind's own types are re-exported here; the smaller structures of a spec or status are found in the
//! module of its kind.

// kube reads each `printcolumn(...)` on its own; clippy takes them for one list.
#![allow(clippy::duplicated_attributes)]

pub mod acceptance;
pub mod alert_route;
pub mod approval_policy;
pub mod asset;
pub mod business_calendar;
pub mod change;
pub mod change_model;
pub mod change_status;
pub mod change_window;
pub mod clock;
pub mod configuration_item;
pub mod incident;
pub mod it_service;
pub mod priority_matrix;
pub mod problem;
pub mod record_policy;
pub mod repository;
pub mod request_template;
pub mod review;
pub mod risk_policy;
pub mod runbook;
pub mod service_catalog;
pub mod service_request;
pub mod shared;
pub mod sla_policy;
pub mod team;
pub mod window_override;

pub use acceptance::{Acceptance, AcceptancePhase, AcceptanceSpec, AcceptanceStatus};
pub use alert_route::{AlertRoute, AlertRouteSpec, AlertRouteStatus};
pub use approval_policy::{ApprovalPolicy, ApprovalPolicySpec, ApprovalPolicyStatus};
pub use asset::{Asset, AssetSpec, AssetState, AssetStatus};
pub use business_calendar::{BusinessCalendar, BusinessCalendarSpec, BusinessCalendarStatus};
pub use change::{Change, ChangeCommand, ChangePhase, ChangePhaseRequest, ChangeRelations, ChangeSpec};
pub use change_model::{ChangeModel, ChangeModelSpec, ChangeModelState, ChangeModelStatus};
pub use change_status::{
    Approval, ApprovalRequirement, ChangeOutcome, ChangeStatus, ChangeSummary, ChangeWindowReference,
    Conflict, ConflictEffect, ConflictType, RequirementState, ReviewVerdict, Risk, RiskFactor, WindowFit,
};
pub use change_window::{ChangeWindow, ChangeWindowSpec, ChangeWindowStatus, ChangeWindowType};
pub use clock::{Recipient, RecipientRole, SlaClock, SlaClockState, SlaMetric, SlaPause, Threshold};
pub use configuration_item::{
    ConfigurationItem, ConfigurationItemSource, ConfigurationItemSpec, ConfigurationItemState,
    ConfigurationItemStatus,
};
pub use incident::{
    Incident, IncidentAlert, IncidentCommand, IncidentHold, IncidentLinks, IncidentPhase,
    IncidentPhaseRequest, IncidentRoles, IncidentSpec, IncidentStatus, IncidentSummary, IncidentUpdate,
};
pub use it_service::{ITService, ITServiceSpec, ITServiceStatus, ServiceHealth, ServiceState};
pub use priority_matrix::{PriorityMatrix, PriorityMatrixSpec, PriorityMatrixStatus};
pub use problem::{Problem, ProblemCommand, ProblemPhase, ProblemPhaseRequest, ProblemSpec, ProblemStatus};
pub use record_policy::{RecordPolicy, RecordPolicySpec, RecordPolicyStatus};
pub use repository::{Repository, RepositorySpec, RepositoryStatus};
pub use request_template::{RequestTemplate, RequestTemplateSpec, RequestTemplateStatus};
pub use review::{Review, ReviewPhase, ReviewSpec, ReviewStatus, ReviewType};
pub use risk_policy::{RiskPolicy, RiskPolicySpec, RiskPolicyStatus};
pub use runbook::{Runbook, RunbookSpec, RunbookStatus, RunbookTrigger};
pub use service_catalog::{ServiceCatalog, ServiceCatalogSpec, ServiceCatalogStatus};
pub use service_request::{ServiceRequest, ServiceRequestPhase, ServiceRequestSpec, ServiceRequestStatus};
pub use shared::{
    Acknowledgement, BlastRadius, ChangeReference, ChangeSelector, ChangeType, ConfigurationItemReference,
    IncidentReference, Level, Priority, ProblemReference, RecordEvent, RecordKind, RecordReference,
    ResolvedPayload, RiskLevel, RunbookReference, SecretReference, ServiceDefaults, ServiceReference,
    ServiceRequestReference, ServiceSelector, Share, SlaPolicyReference, Tier, Weekday,
};
pub use sla_policy::{SLAPolicy, SLAPolicySpec, SLAPolicyStatus};
pub use team::{Team, TeamRole, TeamSpec, TeamStatus};
pub use window_override::{WindowOverride, WindowOverridePhase, WindowOverrideSpec, WindowOverrideStatus};
