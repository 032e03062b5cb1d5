//! How a change ended, and what its end asks for.

use super::super::facts::Causation;
use super::super::record::{Authority, Mark, Record};
use super::super::vocabulary::{ChangeOutcome, ReviewRequirement};
use super::scene::Scene;
use crate::approval::RequirementState;
use crate::catalog::ServiceHealth;
use crate::vocabulary::{ChangeType, Priority};

/// How the change ended, as far as is known. It gets worse as more becomes known, never better: taken back stays taken
/// back, an incident that people confirm counts from then on.
///
/// Unsuccessful: the rollout failed, a P1 or P2 incident was caused, or a service was down when the watching ended.
/// With issues: it caused a lesser incident, left a service degraded, took longer than planned, first brought in
/// something else, or was never asked for. `ending` is true at the end of the watching, when health counts.
pub(super) fn of(scene: &Scene<'_>, record: &Record, ending: bool) -> ChangeOutcome {
    let known = record.outcome;
    if let Some(outcome @ (ChangeOutcome::BackedOut | ChangeOutcome::Cancelled)) = known {
        return outcome;
    }
    let facts = scene.facts;
    let caused = || {
        facts
            .incidents
            .iter()
            .filter(|incident| incident.caused == Causation::Confirmed)
    };
    let health = |wanted| ending && facts.services.iter().any(|service| service.health == wanted);
    let failed = known == Some(ChangeOutcome::Unsuccessful)
        || record.has(Mark::RolloutFailed)
        || caused().any(|incident| incident.priority <= Priority::P2)
        || health(ServiceHealth::Down);
    if failed {
        return ChangeOutcome::Unsuccessful;
    }
    let issues = known == Some(ChangeOutcome::SuccessfulWithIssues)
        || caused().next().is_some()
        || health(ServiceHealth::Degraded)
        || record.has(Mark::Overran)
        || record.has(Mark::UnauthorizedContent)
        || facts.change.unauthorized;
    if issues {
        ChangeOutcome::SuccessfulWithIssues
    } else {
        ChangeOutcome::Successful
    }
}

/// Whether the change must be looked back on: an emergency, an override and what nobody asked for always, else as the
/// model says.
pub(super) fn review_needed(scene: &Scene<'_>) -> bool {
    let record = &scene.facts.record;
    if scene.is_type(ChangeType::Emergency)
        || record.has(Mark::UsedOverride)
        || scene.facts.change.unauthorized
    {
        return true;
    }
    // Without a model nobody can say that no review is needed.
    match scene.model().map(|model| model.definition.review) {
        Some(ReviewRequirement::Never) => false,
        Some(ReviewRequirement::OnFailure) => of(scene, record, false) != ChangeOutcome::Successful,
        Some(ReviewRequirement::Required) | None => true,
    }
}

/// Whether people must still approve what an override let in.
pub(super) fn late_approval_missing(scene: &Scene<'_>) -> bool {
    scene.facts.record.authority == Some(Authority::Override)
        && scene.approvals().state != RequirementState::Approved
}
