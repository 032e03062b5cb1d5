//! What must hold before a change goes further: content, model, requirements, and the gate at the moment of opening.

use super::super::facts::{CheckState, ErrorBudget, MergeBy, PullRequestState, RequirementResult};
use super::super::model::Requirement;
use super::super::reason::{Explanation, Reason};
use super::super::record::Plan;
use super::super::vocabulary::{ChangeModelState, ChangeOutcome, ChangePhase, GuardedPhase, RequirementType};
use super::scene::Scene;
use crate::Text;
use crate::catalog::ServiceHealth;
use crate::risk::history::HISTORY;
use crate::risk::model_standing;
use crate::time::Instant;
use crate::vocabulary::ChangeType;
use crate::window::WindowFit;
use jiff::SignedDuration;

/// What could not be read.
pub(super) fn unreadable(scene: &Scene<'_>) -> Vec<Explanation> {
    let texts = scene.facts.unreadable.iter();
    texts
        .map(|text| Explanation::new(Reason::FactsIncomplete, text.as_str()))
        .collect()
}

/// What is against taking the pull request as it is: unreadable facts, errors, no content, a draft.
pub(super) fn readiness(scene: &Scene<'_>) -> Vec<Explanation> {
    let facts = scene.facts;
    let mut against = unreadable(scene);
    if scene.pull_request() == Some(PullRequestState::Draft) {
        against.push(Explanation::new(
            Reason::PullRequestIsDraft,
            "the pull request is a draft",
        ));
    }
    let findings = facts.findings.iter();
    against.extend(findings.map(|text| Explanation::new(Reason::ManifestInvalid, text.as_str())));
    if facts.content.is_none() {
        against.push(Explanation::new(
            Reason::ContentUnknown,
            "the payload leads to no commit",
        ));
    }
    against
}

/// What is against using the model for this change now.
pub(super) fn model(scene: &Scene<'_>) -> Vec<Explanation> {
    let name = &scene.facts.change.model;
    let Some(model) = scene.model() else {
        return vec![Explanation::new(
            Reason::ModelMissing,
            format!("there is no change model {name}"),
        )];
    };
    let mut against = Vec::new();
    let mut object = |reason, message| against.push(Explanation::new(reason, message));
    let definition = &model.definition;
    match definition.state {
        ChangeModelState::Active => {}
        ChangeModelState::Proposed => object(
            Reason::ModelProposed,
            format!("the model {name} is only proposed"),
        ),
        ChangeModelState::Suspended => {
            object(Reason::ModelSuspended, format!("the model {name} is suspended"));
        }
        ChangeModelState::Retired => object(Reason::ModelRetired, format!("the model {name} is retired")),
    }
    if let Some(proven) = definition.proven_success {
        let standing = model_standing(&model.runs, Some(proven), scene.now);
        for run in &model.runs {
            scene.note(Some(run.finished_at));
            scene.note(Some(run.finished_at.plus(HISTORY)));
        }
        if standing.suspended {
            object(
                Reason::ModelSuspended,
                format!(
                    "its results suspend the model {name}: {}",
                    standing.why.join("; ")
                ),
            );
        }
    }
    if let Some(end) = definition.valid_until
        && scene.reached(end)
    {
        object(
            Reason::ModelExpired,
            format!("the model {name} was for use until {end}"),
        );
    }
    if let Some(change) = model
        .blocked_by
        .as_ref()
        .filter(|_| definition.change_type == ChangeType::Standard)
    {
        object(
            Reason::ModelBlocked,
            format!(
                "the review of the emergency change {change} of team {} is overdue",
                definition.owner
            ),
        );
    }
    if let Some(eligible) = &definition.eligible {
        let services = scene.facts.services.iter().map(|service| &service.subject);
        let risk = scene.binding.risk.map(|risk| risk.level);
        let missing = scene.facts.change.services.iter();
        let missing = missing.filter(|id| !scene.facts.services.iter().any(|known| known.subject.id == **id));
        if eligible.services.is_some() {
            for id in missing {
                object(
                    Reason::ModelIneligible,
                    format!("the model {name} cannot judge {id}, which is not in the catalogue"),
                );
            }
        }
        for objection in eligible.objections(&scene.facts.change.environment, services, risk) {
            object(
                Reason::ModelIneligible,
                format!("the model {name} cannot be used: {objection}"),
            );
        }
    }
    against
}

/// What the model asks for before a phase and does not hold.
pub(super) fn requirements(scene: &Scene<'_>, to: GuardedPhase) -> Vec<Explanation> {
    let Some(model) = scene.model() else {
        return Vec::new();
    };
    let required = model.definition.requirements(to);
    required
        .filter_map(|requirement| unmet(scene, to, requirement))
        .collect()
}

fn unmet(scene: &Scene<'_>, to: GuardedPhase, requirement: &Requirement) -> Option<Explanation> {
    let name = &requirement.name;
    let value = requirement.value.as_ref();
    let (reason, why) = match requirement.requirement_type {
        RequirementType::Field | RequirementType::Expression => {
            let mut results = scene.facts.requirements.iter();
            let result = results.find(|result| result.to == to && result.name == *name);
            match result.map(|result| result.result) {
                Some(RequirementResult::Met) => return None,
                Some(RequirementResult::NotMet) => (Reason::RequirementNotMet, "does not hold".to_owned()),
                Some(RequirementResult::Error) => {
                    (Reason::RequirementUnknown, "cannot be evaluated".to_owned())
                }
                None => (Reason::RequirementUnknown, "was not evaluated".to_owned()),
            }
        }
        RequirementType::Approval => match scene.authority() {
            Ok(_) => return None,
            Err(_) => (Reason::RequirementNotMet, scene.approvals.message.clone()),
        },
        RequirementType::Check => {
            let check = value.map_or("", |value| value.as_str());
            match value.and_then(|value| scene.facts.checks.get(value)) {
                Some(CheckState::Passed) => return None,
                Some(CheckState::Failed) => (Reason::RequirementNotMet, format!("the check {check} failed")),
                Some(CheckState::Pending) => {
                    (Reason::RequirementNotMet, format!("the check {check} is running"))
                }
                None => (
                    Reason::RequirementNotMet,
                    format!("the check {check} has not reported"),
                ),
            }
        }
        RequirementType::Window => {
            let view = scene.window_now();
            match Reason::of_fit(view.fit) {
                None => return None,
                Some(reason) => (reason, view.message),
            }
        }
        RequirementType::Health => {
            let mut services = scene.facts.services.iter();
            match services.find(|service| service.health != ServiceHealth::Healthy) {
                None => return None,
                Some(service) => (
                    Reason::RequirementNotMet,
                    format!("{} is {}", service.subject.id, service.health),
                ),
            }
        }
    };
    let advice = requirement.message.as_ref().map(Text::as_str);
    Some(Explanation::new(reason, format!("the requirement {name} of {to}: {why}")).with_advice(advice))
}

/// Conflicts that hold the change back, or that nobody has looked for them.
pub(super) fn conflicts(scene: &Scene<'_>) -> Vec<Explanation> {
    let Some(conflicts) = &scene.facts.conflicts else {
        return vec![Explanation::new(
            Reason::ConflictsUnknown,
            "conflicts have not been looked for",
        )];
    };
    let blocking = conflicts.iter().filter(|conflict| conflict.blocks());
    blocking
        .map(|conflict| {
            Explanation::new(
                Reason::BlockingConflict,
                format!("{}: {}", conflict.conflict.r#type, conflict.conflict.message),
            )
        })
        .collect()
}

/// When a change starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// When it is to start.
    pub(super) start: Instant,
    /// First instant at which it is too late; absent, never.
    pub(super) ends: Option<Instant>,
}

/// The next slot that the plan fits into, or why there is none.
pub(super) fn slot(scene: &Scene<'_>) -> Result<Slot, Explanation> {
    let emergency = scene.is_type(ChangeType::Emergency);
    let plan = scene.plan();
    if plan.is_none() && !emergency {
        return Err(Explanation::new(
            Reason::PlanMissing,
            "it is not said how long it takes, and the model has no default",
        ));
    }
    if let Some(last) = last_start(plan)
        && scene.reached(last)
    {
        return Err(past(last));
    }
    let fitted = scene.plan_to_fit();
    let (start, view) = if let Some(planned) = plan.and_then(|plan| plan.start) {
        // Without a latest start the plan is for the window that contains its start, and for no later one.
        if scene.reached(planned) && last_start(plan).is_none() {
            let at_plan = scene.windows.view(planned, fitted);
            if at_plan.closes.is_some_and(|end| scene.reached(end)) {
                return Err(past(planned));
            }
        }
        let start = planned.max(scene.now);
        let view = if start == scene.now {
            scene.window_now()
        } else {
            scene.windows.view(start, fitted)
        };
        if let Some(reason) = Reason::of_fit(view.fit) {
            let next = first_start(scene, start);
            let next = next.map_or("no later start fits".to_owned(), |at| {
                format!("the next start that fits is {at}")
            });
            return Err(Explanation::new(reason, format!("{}; {next}", view.message)));
        }
        (start, view)
    } else {
        let Some(start) = first_start(scene, scene.now) else {
            return Err(Explanation::new(
                Reason::NoWindowAhead,
                "it fits into no window of the next five years",
            ));
        };
        scene.note(Some(start));
        (start, scene.windows.view(start, fitted))
    };
    let ends = last_start(plan).or(view.closes);
    Ok(Slot { start, ends })
}

/// The first start that fits from an instant on.
fn first_start(scene: &Scene<'_>, from: Instant) -> Option<Instant> {
    let first = match scene.plan_to_fit() {
        Some(plan) => scene.windows.first(from, plan),
        None => scene.windows.first_open(from),
    };
    scene.note(first);
    first
}

/// The first instant after the latest start, which is allowed itself.
fn last_start(plan: Option<Plan>) -> Option<Instant> {
    Some(plan?.not_after?.plus(SignedDuration::from_nanos(1)))
}

fn past(when: Instant) -> Explanation {
    Explanation::new(
        Reason::PlanInPast,
        format!("the plan is for {when}, which has passed"),
    )
}

/// Whether the plan is for a time that has passed, as far as that can be said without a slot.
pub(super) fn plan_in_past(scene: &Scene<'_>) -> Option<Explanation> {
    slot(scene).err().filter(|why| why.reason == Reason::PlanInPast)
}

/// What is against starting now. All of it is judged again at the moment of opening, whatever was judged before.
pub(super) fn opening(scene: &Scene<'_>) -> Vec<Explanation> {
    let facts = scene.facts;
    let mut against = readiness(scene);
    against.extend(model(scene));
    if let Err(missing) = scene.authority() {
        against.extend(missing);
    }
    let view = scene.window_now();
    if let Some(reason) = Reason::of_fit(view.fit) {
        against.push(Explanation::new(reason, view.message));
    }
    // The people of an override have judged the rest.
    if scene.by_override() {
        return against;
    }
    let plan = scene.plan();
    // Where nothing is planned, the preparation is what there is to wait for.
    let prepared = || plan?.preparation.and(facts.record.scheduled_start);
    if let Some(start) = plan.and_then(|plan| plan.start).or_else(prepared)
        && !scene.reached(start)
    {
        against.push(Explanation::new(
            Reason::WaitingForStart,
            format!("it is planned for {start}"),
        ));
    }
    against.extend(conflicts(scene));
    against.extend(dependencies(scene));
    against.extend(incidents(scene));
    against.extend(budgets(scene));
    against.extend(requirements(scene, GuardedPhase::Implementing));
    if facts.merge == MergeBy::Manual && scene.pull_request() == Some(PullRequestState::Open) {
        let until = view
            .closes
            .map_or_else(String::new, |end| format!(" before {end}"));
        against.push(Explanation::new(
            Reason::MergeNeeded,
            format!("people merge in this repository, and must do so{until}"),
        ));
    }
    against
}

fn dependencies(scene: &Scene<'_>) -> Vec<Explanation> {
    let known = &scene.facts.dependencies;
    let named = scene.facts.change.depends_on.iter();
    named
        .filter_map(|id| {
            let Some(other) = known.get(id) else {
                return Some(Explanation::new(
                    Reason::DependsOnUnfinished,
                    format!("nothing is known of the change {id}"),
                ));
            };
            match (other.phase, other.outcome) {
                (
                    ChangePhase::Review | ChangePhase::Closed,
                    Some(ChangeOutcome::Successful | ChangeOutcome::SuccessfulWithIssues),
                ) => None,
                (_, Some(outcome)) => Some(Explanation::new(
                    Reason::DependencyFailed,
                    format!("the change {id} ended as {outcome}"),
                )),
                (ChangePhase::BackedOut | ChangePhase::Cancelled, None) => Some(Explanation::new(
                    Reason::DependencyFailed,
                    format!("the change {id} is {}", other.phase),
                )),
                (phase, None) => Some(Explanation::new(
                    Reason::DependsOnUnfinished,
                    format!("the change {id} is {phase}"),
                )),
            }
        })
        .collect()
}

fn incidents(scene: &Scene<'_>) -> Vec<Explanation> {
    let fixes = scene.facts.change.fixes_incident.as_ref();
    let open = scene.facts.incidents.iter();
    open.filter(|incident| incident.major && incident.open && fixes != Some(&incident.id))
        .map(|incident| {
            Explanation::new(
                Reason::OpenMajorIncident,
                format!(
                    "the major incident {} is open on an affected service",
                    incident.id
                ),
            )
        })
        .collect()
}

/// An emergency, and what serves an incident, must not wait for the budget that the incident used up.
fn budgets(scene: &Scene<'_>) -> Vec<Explanation> {
    if scene.is_type(ChangeType::Emergency) || scene.facts.change.fixes_incident.is_some() {
        return Vec::new();
    }
    let services = scene.facts.services.iter();
    services
        .filter_map(|service| match service.error_budget {
            ErrorBudget::None | ErrorBudget::Left => None,
            ErrorBudget::Exhausted => Some(Explanation::new(
                Reason::ErrorBudgetExhausted,
                format!("{} has no error budget left", service.subject.id),
            )),
            ErrorBudget::Unknown => Some(Explanation::new(
                Reason::ErrorBudgetUnknown,
                format!("the error budget of {} cannot be read", service.subject.id),
            )),
        })
        .collect()
}

/// Why running work pauses, if it does: the windows are closed now, and were such when it began.
pub(super) fn paused(scene: &Scene<'_>) -> Option<Explanation> {
    let view = scene.windows.view(scene.now, None);
    for instant in &view.changes {
        scene.note(Some(*instant));
    }
    let started = scene.facts.record.started_at?;
    let closed = !matches!(view.fit, WindowFit::Fits | WindowFit::ExceedsWindow);
    (closed && scene.windows.pauses(started)).then(|| Explanation::new(Reason::PausedByWindow, view.message))
}
