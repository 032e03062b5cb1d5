//! Figures about incidents.

use super::View;
use super::changes::between;
use super::kpi::{Counted, Definition, Kpi, Sample, Stands, Unit};
use super::record::IncidentRecord;
use crate::incident::IncidentPhase;
use crate::time::Instant;

const USUAL: &str = "usual; for the weakness of such means see sre.google, incident metrics in SRE";

const ACKNOWLEDGE: Definition = Definition {
    id: "timeToAcknowledge",
    title: "Time to acknowledge (MTTA)",
    formula: "mean of acknowledgedAt - declaredAt over incidents acknowledged in the period; declaredAt: when it was \
              written down",
    source: USUAL,
};
const MITIGATE: Definition = Definition {
    id: "timeToMitigate",
    title: "Time to mitigate",
    formula: "mean of mitigatedAt - detectedAt over incidents mitigated in the period; detectedAt: begin of the effect \
              where it is recorded, else when it was first known",
    source: USUAL,
};
const RESOLVE: Definition = Definition {
    id: "timeToResolve",
    title: "Time to resolve (MTTR)",
    formula: "mean of resolvedAt - detectedAt over incidents resolved in the period; detectedAt: begin of the effect \
              where it is recorded, else when it was first known",
    source: USUAL,
};
const FIRST_ASSIGNMENT: Definition = Definition {
    id: "firstAssignmentResolution",
    title: "First-assignment resolution",
    formula: "incidents that one team resolved alone / incidents resolved in the period",
    source: "ServiceNow, service quality indicators",
};
const REOPENED: Definition = Definition {
    id: "reopenRate",
    title: "Reopen rate",
    formula: "incidents reopened at least once / incidents resolved in the period",
    source: "ServiceNow, service quality indicators",
};
const CHANGE_CAUSED: Definition = Definition {
    id: "changeCausedIncidentShare",
    title: "Change-caused incident share",
    formula: "incidents with a confirmed causing change / incidents detected in the period; cancelled ones left out",
    source: "compare the SRE workbook, results of postmortem analysis",
};
const KNOWN_ERROR: Definition = Definition {
    id: "knownErrorCoverage",
    title: "Known-error coverage",
    formula: "incidents whose problem is a known error / incidents closed in the period; cancelled ones left out",
    source: "ITIL practice",
};
const RECURRENCE: Definition = Definition {
    id: "recurrence",
    title: "Recurrence",
    formula: "number of incidents detected in the period whose problem had been resolved before",
    source: "ITIL practice",
};
const ALERTS: Definition = Definition {
    id: "alertsPerIncident",
    title: "Alert noise",
    formula: "alerts / incidents detected in the period",
    source: "gitsm",
};
const FALSE_POSITIVE: Definition = Definition {
    id: "falsePositiveShare",
    title: "False-positive share",
    formula: "incidents cancelled / incidents detected in the period; duplicates left out",
    source: "gitsm",
};

const NO_DETECTION: &str = "when it was detected is not recorded";
const NO_RESOLUTION: &str = "it is resolved, but when is not recorded";

pub(super) fn kpis(view: &View<'_>) -> Vec<Kpi> {
    let over = |measure: &dyn Fn(&IncidentRecord) -> Counted<i64>| -> Sample<i64> {
        view.incidents.iter().map(|incident| measure(incident)).collect()
    };
    let shares = |holds: &dyn Fn(&IncidentRecord) -> Counted<bool>| -> Sample<bool> {
        view.incidents.iter().map(|incident| holds(incident)).collect()
    };
    vec![
        ACKNOWLEDGE.durations(
            Stands::Mean,
            over(&|incident| {
                duration(
                    view,
                    incident
                        .declared_at
                        .ok_or("when it was written down is not recorded"),
                    incident.acknowledged_at,
                )
            }),
        ),
        MITIGATE.durations(
            Stands::Mean,
            over(&|incident| {
                duration(
                    view,
                    incident.detected_at.ok_or(NO_DETECTION),
                    incident.mitigated_at,
                )
            }),
        ),
        RESOLVE.durations(
            Stands::Mean,
            over(&|incident| {
                resolved(view, incident)
                    .and_then(|at| duration(view, incident.detected_at.ok_or(NO_DETECTION), Some(at)))
            }),
        ),
        FIRST_ASSIGNMENT.share(shares(&|incident| {
            among_resolved(
                view,
                incident,
                incident
                    .teams
                    .map(|teams| teams <= 1)
                    .ok_or("how many teams it was assigned to is not recorded"),
            )
        })),
        REOPENED.share(shares(&|incident| {
            among_resolved(
                view,
                incident,
                incident
                    .reopened
                    .map(|times| times > 0)
                    .ok_or("how often it was reopened is not recorded"),
            )
        })),
        CHANGE_CAUSED.share(shares(&|incident| {
            among_detected(view, incident, !is_cancelled(incident), || {
                Counted::Yes(incident.caused_by.is_some() || view.caused.contains(&incident.id))
            })
        })),
        KNOWN_ERROR.share(shares(&|incident| known_error(view, incident))),
        RECURRENCE.count::<()>(
            view.incidents
                .iter()
                .map(|incident| {
                    among_detected(view, incident, !is_cancelled(incident), || recurs(view, incident))
                })
                .collect(),
        ),
        ALERTS.quotient(
            Unit::Thousandths,
            view.incidents
                .iter()
                .map(|incident| {
                    among_detected(view, incident, true, || match incident.alerts {
                        Some(alerts) => Counted::Yes((u64::from(alerts), 1)),
                        None => Counted::Lacks("how many alerts belong to it is not recorded"),
                    })
                })
                .collect(),
        ),
        FALSE_POSITIVE.share(shares(&|incident| {
            among_detected(view, incident, !incident.duplicate, || {
                Counted::Yes(is_cancelled(incident))
            })
        })),
    ]
}

fn is_cancelled(incident: &IncidentRecord) -> bool {
    incident.phase == Some(IncidentPhase::Cancelled)
}

/// The time up to an instant of the period.
fn duration(view: &View<'_>, from: Result<Instant, &'static str>, to: Option<Instant>) -> Counted<i64> {
    match to {
        Some(to) if view.period().contains(to) => match from {
            Ok(from) => between(from, to),
            Err(reason) => Counted::Lacks(reason),
        },
        _ => Counted::No,
    }
}

/// When an incident was resolved, in the period.
fn resolved(view: &View<'_>, incident: &IncidentRecord) -> Counted<Instant> {
    match incident.resolved_at {
        Some(at) if view.period().contains(at) => Counted::Yes(at),
        None if matches!(
            incident.phase,
            Some(IncidentPhase::Resolved | IncidentPhase::Closed)
        ) =>
        {
            Counted::Lacks(NO_RESOLUTION)
        }
        _ => Counted::No,
    }
}

fn among_resolved(
    view: &View<'_>,
    incident: &IncidentRecord,
    holds: Result<bool, &'static str>,
) -> Counted<bool> {
    resolved(view, incident).and_then(|_| holds.map_or_else(Counted::Lacks, Counted::Yes))
}

fn among_detected<T>(
    view: &View<'_>,
    incident: &IncidentRecord,
    concerned: bool,
    value: impl FnOnce() -> Counted<T>,
) -> Counted<T> {
    match incident.detected_at {
        _ if !concerned => Counted::No,
        None => Counted::Lacks(NO_DETECTION),
        Some(at) if view.period().contains(at) => value(),
        Some(_) => Counted::No,
    }
}

fn known_error(view: &View<'_>, incident: &IncidentRecord) -> Counted<bool> {
    match incident.closed_at {
        _ if is_cancelled(incident) => Counted::No,
        None if incident.phase == Some(IncidentPhase::Closed) => {
            Counted::Lacks("it is closed, but when is not recorded")
        }
        Some(at) if view.period().contains(at) => match &incident.problem {
            None => Counted::Yes(false),
            Some(problem) => match view.problems.get(problem) {
                Some(problem) => Counted::Yes(problem.known_error),
                None => Counted::Lacks("its problem is not among the records"),
            },
        },
        _ => Counted::No,
    }
}

fn recurs(view: &View<'_>, incident: &IncidentRecord) -> Counted<()> {
    let Some(problem) = &incident.problem else {
        return Counted::No;
    };
    match view.problems.get(problem) {
        None => Counted::Lacks("its problem is not among the records"),
        Some(problem) if problem.resolved_at.is_some() && problem.resolved_at <= incident.detected_at => {
            Counted::Yes(())
        }
        Some(_) => Counted::No,
    }
}
