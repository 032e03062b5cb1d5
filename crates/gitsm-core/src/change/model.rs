//! A change model as decisions see it.

use super::vocabulary::{ChangeModelState, GuardedPhase, LockedField, RequirementType, ReviewRequirement};
use crate::Text;
use crate::ident::{ApprovalPolicyName, ChangeModelName, ResourceName, RiskPolicyName, TeamName};
use crate::risk::ProvenSuccess;
use crate::selector::{Matched, ServiceSelector, ServiceSubject};
use crate::time::{Duration, Instant};
use crate::vocabulary::{ChangeType, RiskLevel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a kind of change is handled, as data: what is asked of it before each move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeModel {
    /// Its name.
    pub name: ChangeModelName,
    /// Type of its changes. A standard change is approved by its model alone.
    #[serde(rename = "type")]
    pub change_type: ChangeType,
    /// Where the model is in its life.
    pub state: ChangeModelState,
    /// The team that answers for it.
    pub owner: TeamName,
    /// Changes that may use it; absent, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<Eligibility>,
    /// Who approves; a standard model may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<ApprovalPolicyName>,
    /// How risk is computed; absent, by the built-in policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_policy: Option<RiskPolicyName>,
    /// Requirements of single moves, in addition to the built-in ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<ModelTransition>,
    /// Fields that authors may not set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locked_fields: Vec<LockedField>,
    /// How long a change takes whose author does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Duration>,
    /// How long taking it back takes where its author does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_backout_duration: Option<Duration>,
    /// How long a change is watched after it went in.
    pub soak: Duration,
    /// When a review is needed.
    #[serde(default)]
    pub review: ReviewRequirement,
    /// Minutes of calendar time until the review of an emergency change is due.
    pub review_due_minutes: u32,
    /// Whether somebody must start it by hand in its window.
    #[serde(default)]
    pub manual_start: bool,
    /// The results that a standard model must show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_success: Option<ProvenSuccess>,
    /// First instant at which the model can no longer be used; absent, no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
}

/// Changes that may use a model. Given fields are combined by AND.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Eligibility {
    /// What every affected service must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServiceSelector>,
    /// Environments; empty is all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub environments: BTreeSet<ResourceName>,
    /// The highest risk level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_risk: Option<RiskLevel>,
}

/// Requirements of entering one phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelTransition {
    /// The phase that is entered.
    pub to: GuardedPhase,
    /// What must hold, all of it.
    pub requires: Vec<Requirement>,
}

/// One requirement of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirement {
    /// Name within the list.
    pub name: ResourceName,
    /// What must hold.
    #[serde(rename = "type")]
    pub requirement_type: RequirementType,
    /// Field path, CEL expression or name of a check, by type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text<500>>,
    /// What to do when it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<300>>,
}

impl ChangeModel {
    /// The requirements of entering a phase, in the order of the model.
    pub fn requirements(&self, to: GuardedPhase) -> impl Iterator<Item = &Requirement> {
        self.transitions
            .iter()
            .filter(move |transition| transition.to == to)
            .flat_map(|transition| &transition.requires)
    }
}

impl Eligibility {
    /// Why a change may not use the model, one sentence each; empty when it may. What is not known counts as not
    /// allowed.
    pub fn objections<'s>(
        &self,
        environment: &ResourceName,
        services: impl IntoIterator<Item = &'s ServiceSubject>,
        risk: Option<RiskLevel>,
    ) -> Vec<String> {
        let mut objections = Vec::new();
        if !self.environments.is_empty() && !self.environments.contains(environment) {
            objections.push(format!("it is not for the environment {environment}"));
        }
        if let Some(selector) = &self.services {
            for service in services {
                let (field, why) = match selector.matches(service) {
                    Matched::Yes => continue,
                    Matched::No(field) => (field, "does not select"),
                    Matched::Unknown(field) => (field, "cannot judge"),
                };
                objections.push(format!("its eligible.services {why} {} by {field}", service.id));
            }
        }
        if let Some(limit) = self.max_risk {
            match risk {
                Some(level) if level <= limit => {}
                Some(level) => objections.push(format!("the risk is {level} and it is for at most {limit}")),
                None => objections.push(format!("the risk is not known and it is for at most {limit}")),
            }
        }
        objections
    }
}
