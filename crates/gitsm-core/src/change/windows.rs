//! When a change may start, as the state machine asks it.

use super::facts::Facts;
use super::record::Plan;
use crate::selector::{ChangeSubject, ServiceSubject};
use crate::time::{Duration, Instant};
use crate::vocabulary::RiskLevel;
use crate::window::{
    Overrun, PlannedTime, Reason, Subject, SubjectChange, WindowFit, evaluate_change, first_fit, fits,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The windows as one change sees them.
pub(super) struct Windows<'f> {
    facts: &'f Facts,
    subjects: Vec<Subject>,
    change: SubjectChange,
}

/// What the windows say about a start at one instant.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Whether it may start, with the time that it needs.
    pub(super) fit: WindowFit,
    /// Why not, in words.
    pub(super) message: String,
    /// When the windows close; absent while they are closed, or open for longer than is looked ahead.
    pub(super) closes: Option<Instant>,
    /// Instants at which a start would be seen in another way. Some may be past.
    pub(super) changes: Vec<Instant>,
}

impl<'f> Windows<'f> {
    pub(super) fn new(facts: &'f Facts, risk: Option<RiskLevel>) -> Self {
        let change = &facts.change;
        let model = facts.model.as_ref();
        let known: BTreeMap<_, _> = facts
            .services
            .iter()
            .map(|service| (&service.subject.id, service))
            .collect();
        // A service that the catalogue does not know has no policy, which closes the change.
        let subjects = change.services.iter().map(|id| match known.get(id) {
            Some(service) => Subject {
                service: service.subject.clone(),
                policy: service.window_policy.clone(),
            },
            None => Subject {
                service: ServiceSubject {
                    id: id.clone(),
                    tier: None,
                    labels: BTreeMap::new(),
                    data_class: None,
                },
                policy: None,
            },
        });
        Self {
            facts,
            subjects: subjects.collect(),
            change: SubjectChange {
                id: Some(change.id.clone()),
                subject: ChangeSubject {
                    environment: Some(change.environment.clone()),
                    change_type: model.map(|model| model.definition.change_type),
                    model: Some(change.model.clone()),
                    risk,
                },
            },
        }
    }

    /// What they say about a start at an instant; without a plan, about the instant alone.
    pub(super) fn view(&self, start: Instant, plan: Option<Plan>) -> View {
        let (windows, overrides) = (&self.facts.windows, &self.facts.overrides);
        let preparation = plan
            .and_then(|plan| plan.preparation)
            .map_or(SignedDuration::ZERO, Duration::to_signed);
        // What is seen of a start is seen at the begin of its preparation: all instants are later by that much.
        let begin = start.plus(-preparation);
        let verdict = evaluate_change(windows, overrides, &self.subjects, &self.change, begin);
        let services = verdict.services.values();
        let foreseen = services
            .flat_map(|service| {
                [
                    service.until,
                    service.next,
                    service.start_before,
                    service.valid_until,
                ]
            })
            .chain([verdict.until, verdict.next, verdict.start_before]);
        let mut changes: Vec<_> = foreseen
            .flatten()
            .map(|instant| instant.plus(preparation))
            .collect();
        let Some(plan) = plan else {
            let reasons: Vec<_> = verdict.all_reasons().map(|(_, reason)| reason).collect();
            let open = verdict.may_start();
            return View {
                fit: worst(reasons.iter().copied(), open),
                message: words(reasons.iter().copied()),
                closes: verdict.until.filter(|_| open),
                changes,
            };
        };
        let planned = planned(plan, start);
        let fit = fits(windows, overrides, &self.subjects, &self.change, planned);
        if let Some(closes) = fit.closes {
            // The last start that fits is allowed itself.
            let length = planned.end().since(start);
            changes.push(closes.plus(-length).plus(SignedDuration::from_nanos(1)));
        }
        if fit.fit != WindowFit::Fits {
            changes.extend(self.first(begin, plan));
        }
        View {
            fit: fit.fit,
            message: words(fit.reasons.iter().map(|reason| &reason.reason)),
            closes: fit.closes,
            changes,
        }
    }

    /// The first start that fits whose preparation begins at `from` or later.
    pub(super) fn first(&self, from: Instant, plan: Plan) -> Option<Instant> {
        let planned = planned(plan, from);
        first_fit(
            &self.facts.windows,
            &self.facts.overrides,
            &self.subjects,
            &self.change,
            planned,
            from,
        )
    }

    /// The first instant, from `from` on, at which they are open; for what has no plan.
    pub(super) fn first_open(&self, from: Instant) -> Option<Instant> {
        let verdict = evaluate_change(
            &self.facts.windows,
            &self.facts.overrides,
            &self.subjects,
            &self.change,
            from,
        );
        if verdict.may_start() {
            Some(from)
        } else {
            verdict.next
        }
    }

    /// Whether work that began at `started` pauses while they are closed.
    pub(super) fn pauses(&self, started: Instant) -> bool {
        let verdict = evaluate_change(
            &self.facts.windows,
            &self.facts.overrides,
            &self.subjects,
            &self.change,
            started,
        );
        let mut services = verdict.services.values();
        services.any(|service| service.overrun == Overrun::Pause)
    }
}

fn planned(plan: Plan, start: Instant) -> PlannedTime {
    PlannedTime {
        start,
        duration: plan.duration,
        backout: plan.backout_duration,
        preparation: plan.preparation,
    }
}

/// The reason that weighs most: what cannot be known, then a freeze, then a closed window.
fn worst<'r>(reasons: impl Iterator<Item = &'r Reason>, open: bool) -> WindowFit {
    let weight = |fit: &WindowFit| match fit {
        WindowFit::Fits => 0,
        WindowFit::ExceedsWindow => 1,
        WindowFit::OutsideWindow => 2,
        WindowFit::InFreeze => 3,
        WindowFit::Unknown => 4,
    };
    let otherwise = if open {
        WindowFit::Fits
    } else {
        WindowFit::OutsideWindow
    };
    reasons
        .map(|reason| reason.reason.fit())
        .max_by_key(weight)
        .unwrap_or(otherwise)
}

fn words<'r>(reasons: impl Iterator<Item = &'r Reason>) -> String {
    let mut sentences: Vec<&str> = Vec::new();
    for reason in reasons {
        let sentence = reason.message.trim_end_matches('.');
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join("; ")
}
