//! Figures about service levels, reviews, requests and the catalogue.

use super::View;
use super::changes::between;
use super::kpi::{Counted, Definition, Kpi, Stands};
use super::record::{CatalogRecord, ClockRecord};
use crate::sla::SlaClockState;

const BREACHED: Definition = Definition {
    id: "breachedServiceLevels",
    title: "Breached service levels",
    formula: "clocks stopped after their target / clocks stopped in the period, by metric; withdrawn clocks left out",
    source: "ServiceNow, service quality indicators",
};
const REVIEW_ON_TIME: Definition = Definition {
    id: "reviewOnTime",
    title: "Reviews on time",
    formula: "reviews merged before they were due / reviews due in the period",
    source: "BMC Helix, post-implementation review policy",
};
const ACTIONS: Definition = Definition {
    id: "actionClosure",
    title: "Action closure",
    formula: "review actions closed by their date / review actions due in the period; where the day of closing is not \
              recorded, one that is closed now counts as closed by its date",
    source: "incident.io, follow-ups of postmortems",
};
const REQUEST_LEAD_TIME: Definition = Definition {
    id: "requestLeadTime",
    title: "Request lead time",
    formula: "median of fulfilledAt - submittedAt over requests fulfilled in the period",
    source: "ITIL practice",
};
const TOUCHLESS: Definition = Definition {
    id: "touchlessRate",
    title: "Touchless rate",
    formula: "requests fulfilled without an edit by people / requests fulfilled in the period",
    source: "ITIL practice",
};

const HEALTH: &str = "ServiceNow, CMDB health";
/// A measure of the catalogue's health: whether an object fails it, and what to say where that is not known.
type Measure = (Definition, fn(&CatalogRecord) -> Option<bool>, &'static str);

const CATALOG: [Measure; 4] = [
    (
        Definition {
            id: "catalogIncomplete",
            title: "Catalogue: incomplete",
            formula: "objects with an incomplete description / objects, by class, when the records were read",
            source: HEALTH,
        },
        |object| object.complete.map(|complete| !complete),
        "whether it is complete is not recorded",
    ),
    (
        Definition {
            id: "catalogStale",
            title: "Catalogue: stale",
            formula: "objects not confirmed or seen for too long / objects, by class, when the records were read",
            source: HEALTH,
        },
        |object| object.stale,
        "whether it is stale is not recorded",
    ),
    (
        Definition {
            id: "catalogOrphan",
            title: "Catalogue: orphans",
            formula: "objects that nothing refers to / objects, by class, when the records were read",
            source: HEALTH,
        },
        |object| object.orphan,
        "whether it is an orphan is not recorded",
    ),
    (
        Definition {
            id: "catalogDuplicate",
            title: "Catalogue: duplicates",
            formula: "objects that describe what another one does / objects, by class, when the records were read",
            source: HEALTH,
        },
        |object| object.duplicate,
        "whether it is a duplicate is not recorded",
    ),
];

pub(super) fn kpis(view: &View<'_>) -> Vec<Kpi> {
    let mut kpis = breached(view);
    kpis.extend([
        REVIEW_ON_TIME.share(
            view.reviews
                .iter()
                .map(|review| match review.due_at {
                    Some(due) if view.period().contains(due) => {
                        Counted::Yes(review.merged_at.is_some_and(|merged| merged <= due))
                    }
                    Some(_) => Counted::No,
                    None => Counted::Lacks("when it is due is not recorded"),
                })
                .collect(),
        ),
        ACTIONS.share(
            view.reviews
                .iter()
                .flat_map(|review| &review.actions)
                .map(|action| {
                    if view.period().contains(action.due_at) {
                        Counted::Yes(action.closed && action.closed_at.is_none_or(|at| at <= action.due_at))
                    } else {
                        Counted::No
                    }
                })
                .collect(),
        ),
        REQUEST_LEAD_TIME.durations(
            Stands::Median,
            view.requests
                .iter()
                .map(|request| match request.fulfilled_at {
                    Some(at) if view.period().contains(at) => match request.submitted_at {
                        Some(submitted) => between(submitted, at),
                        None => Counted::Lacks("when it was submitted is not recorded"),
                    },
                    _ => Counted::No,
                })
                .collect(),
        ),
        TOUCHLESS.share(
            view.requests
                .iter()
                .map(|request| match request.fulfilled_at {
                    Some(at) if view.period().contains(at) => match request.edited_by_people {
                        Some(edited) => Counted::Yes(!edited),
                        None => Counted::Lacks("whether people edited anything is not recorded"),
                    },
                    _ => Counted::No,
                })
                .collect(),
        ),
    ]);
    for (definition, fails, reason) in CATALOG {
        let counted = view.catalog.iter().map(|object| {
            let fails = fails(object).map_or(Counted::Lacks(reason), Counted::Yes);
            (Some(object.class.clone()), fails)
        });
        kpis.extend(definition.grouped(counted, Definition::share));
    }
    kpis
}

fn breached(view: &View<'_>) -> Vec<Kpi> {
    let counted = view.clocks.iter().map(|clock| {
        let late = stopped(clock).and_then(|late| match clock.stopped_at {
            Some(at) if view.period().contains(at) => Counted::Yes(late),
            Some(_) => Counted::No,
            None => Counted::Lacks("when the clock stopped is not recorded"),
        });
        (Some(clock.metric.to_string()), late)
    });
    BREACHED.grouped(counted, Definition::share)
}

/// Whether a clock that has stopped did so after its target.
fn stopped(clock: &ClockRecord) -> Counted<bool> {
    match clock.state {
        SlaClockState::Met => Counted::Yes(false),
        SlaClockState::Stopped => Counted::Yes(true),
        SlaClockState::Pending
        | SlaClockState::Running
        | SlaClockState::Paused
        | SlaClockState::Breached
        | SlaClockState::Cancelled => Counted::No,
    }
}
