//! From the wire types of `ChangeModel` to the domain types of decisions.

use super::selectors::{Reach, service_selector};
use crate::v1alpha1 as wire;
use gitsm_core::change as domain;
use gitsm_core::ident::ChangeModelName;
use gitsm_core::risk::ProvenSuccess;

/// A model as decisions see it; `None` for names that no manifest of ours can have.
pub fn change_model(model: &wire::ChangeModel) -> Option<domain::ChangeModel> {
    let name: ChangeModelName = model.metadata.name.as_deref()?.parse().ok()?;
    let spec = &model.spec;
    let transitions = spec.transitions.iter().map(|transition| domain::ModelTransition {
        to: transition.to,
        requires: transition.requires.iter().map(requirement).collect(),
    });
    Some(domain::ChangeModel {
        name,
        change_type: spec.r#type,
        state: spec.state,
        owner: spec.owner.clone(),
        eligible: spec.eligible.as_ref().map(|eligible| domain::Eligibility {
            // A model is cluster-scoped: its selector names namespaces itself, or reaches all.
            services: eligible
                .services
                .as_ref()
                .map(|selector| service_selector(selector, Reach::Everywhere)),
            environments: eligible.environments.iter().cloned().collect(),
            max_risk: eligible.max_risk,
        }),
        approval_policy: spec.approval_policy.clone(),
        risk_policy: spec.risk_policy.clone(),
        transitions: transitions.collect(),
        locked_fields: spec.locked_fields.clone(),
        default_duration: spec.defaults.as_ref().and_then(|defaults| defaults.duration),
        default_backout_duration: spec
            .defaults
            .as_ref()
            .and_then(|defaults| defaults.backout_duration),
        soak: spec.soak,
        review: spec.review,
        review_due_minutes: spec.review_due_minutes,
        manual_start: spec.manual_start,
        proven_success: spec.proven_success.as_ref().map(|proven| ProvenSuccess {
            min_runs: proven.min_runs,
            min_percent: proven.min_percent,
        }),
        valid_until: spec.valid_until,
    })
}

fn requirement(requirement: &wire::change_model::Requirement) -> domain::Requirement {
    domain::Requirement {
        name: requirement.name.clone(),
        requirement_type: requirement.r#type,
        value: requirement.value.clone(),
        message: requirement.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_core::change::{GuardedPhase, LockedField};
    use serde_json::json;

    #[test]
    fn a_model_keeps_everything_that_decides() {
        let model: wire::ChangeModel = serde_json::from_value(json!({
            "apiVersion": crate::API_VERSION, "kind": "ChangeModel", "metadata": {"name": "standard-patch"},
            "spec": {
                "type": "Standard", "state": "Active", "title": "Patch", "owner": "platform",
                "eligible": {"services": {"namespaces": ["shop"], "tiers": [2]}, "environments": ["prod"], "maxRisk": "Low"},
                "transitions": [{"to": "Implementing", "requires": [
                    {"name": "scan", "type": "Check", "value": "scan", "message": "Wait for the scan"}]}],
                "lockedFields": ["Plan"],
                "defaults": {"duration": "30m", "backoutDuration": "15m"},
                "provenSuccess": {"minRuns": 10, "minPercent": 95},
                "validUntil": "2028-01-01T00:00:00Z",
            },
        }))
        .unwrap();
        let model = change_model(&model).unwrap();
        assert_eq!(model.name.as_str(), "standard-patch");
        let eligible = model.eligible.as_ref().unwrap();
        assert_eq!(
            eligible
                .services
                .as_ref()
                .unwrap()
                .namespaces
                .as_ref()
                .unwrap()
                .len(),
            1
        );
        let required: Vec<_> = model.requirements(GuardedPhase::Implementing).collect();
        assert_eq!(
            required[0].message.as_ref().unwrap().as_str(),
            "Wait for the scan"
        );
        assert_eq!(model.requirements(GuardedPhase::Closed).count(), 0);
        assert_eq!(model.locked_fields, [LockedField::Plan]);
        assert_eq!(model.default_backout_duration.unwrap().to_string(), "15m");
        assert_eq!(model.soak.to_string(), "15m");
        assert_eq!(model.proven_success.unwrap().min_runs, 10);
        assert!(model.valid_until.is_some());
    }
}
