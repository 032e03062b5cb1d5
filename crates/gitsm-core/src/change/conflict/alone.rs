//! What a change collides with beside the plans of others: windows, incidents, budgets, what it depends on.

use super::detect::Subject;
use super::facts::ConflictFacts;
use super::found::{Conflict, Counterpart};
use super::message;
use super::policy::ConflictPolicy;
use crate::catalog::Graph;
use crate::change::{ConflictEffect, ConflictType};
use crate::ident::{ChangeId, ServiceId};
use crate::window::WindowFit;
use std::collections::BTreeSet;

/// The conflicts of a change with anything but another change's plan.
pub(super) fn of_one(
    subject: &Subject<'_>,
    facts: &ConflictFacts,
    graph: &Graph,
    policy: &ConflictPolicy,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    found.extend(with_window(subject, policy));
    for needed in &subject.change.depends_on {
        found.extend(with_needed(subject, needed, facts, policy));
    }
    if facts.major_incidents.is_empty() && facts.exhausted_budgets.is_empty() {
        return found;
    }
    let items = subject.change.items.iter();
    let affected: BTreeSet<ServiceId> = items.flat_map(|item| graph.services_of(item)).collect();
    for (id, incident) in &facts.major_incidents {
        let services: Vec<_> = affected.intersection(&incident.services).cloned().collect();
        if services.is_empty() || subject.change.mends.contains(id) {
            continue;
        }
        let kind = ConflictType::OpenMajorIncident;
        let mut conflict = Conflict {
            effect: policy.effect(kind, subject.opening),
            with: Some(Counterpart::Incident(id.clone())),
            services,
            ..Conflict::blank(kind)
        };
        conflict.message = message::of_incident(&conflict);
        found.push(conflict);
    }
    let services: Vec<_> = affected.intersection(&facts.exhausted_budgets).cloned().collect();
    if !services.is_empty() {
        let kind = ConflictType::ErrorBudgetExhausted;
        let mut conflict = Conflict {
            effect: policy.effect(kind, subject.opening),
            services,
            ..Conflict::blank(kind)
        };
        conflict.message = message::of_budget(&conflict);
        found.push(conflict);
    }
    found
}

fn with_window(subject: &Subject<'_>, policy: &ConflictPolicy) -> Option<Conflict> {
    let fit = subject.change.window_fit?;
    let kind = match fit {
        WindowFit::Fits => return None,
        WindowFit::InFreeze => ConflictType::InFreeze,
        // What could not be evaluated is closed.
        WindowFit::OutsideWindow | WindowFit::Unknown => ConflictType::OutsideWindow,
        WindowFit::ExceedsWindow => ConflictType::ExceedsWindow,
    };
    Some(Conflict {
        effect: policy.effect(kind, subject.opening),
        with: subject.change.window.clone().map(Counterpart::Window),
        when: subject.span,
        message: message::of_window(subject, fit),
        ..Conflict::blank(kind)
    })
}

fn with_needed(
    subject: &Subject<'_>,
    needed: &ChangeId,
    facts: &ConflictFacts,
    policy: &ConflictPolicy,
) -> Option<Conflict> {
    let kind = ConflictType::DependsOnUnfinished;
    let finished = facts.finished.get(needed);
    if finished.is_some_and(|finished| finished.is_in()) {
        return None;
    }
    let planned = facts.changes.get(needed).filter(|_| finished.is_none());
    // While both are only planned, the right order is all that can be asked for.
    let in_order = planned.is_some_and(|other| {
        let end = other.occupied(facts.now).map(|span| span.until);
        other.is_live() && end.zip(subject.span).is_some_and(|(end, mine)| end <= mine.from)
    });
    Some(Conflict {
        effect: if in_order && !subject.opening {
            ConflictEffect::Advisory
        } else {
            policy.effect(kind, subject.opening)
        },
        with: Some(Counterpart::Change(needed.clone())),
        message: message::of_needed(needed, planned, finished, in_order),
        ..Conflict::blank(kind)
    })
}
