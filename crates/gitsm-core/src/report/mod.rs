//! Key figures over records.
//!
//! [`report`] computes every figure of a period from a list of records, whatever their order. Each [`Kpi`] carries its
//! formula in words, the number of records behind it, and what was left out and why: a record that lacks what a figure
//! needs is counted as such, never dropped in silence. Without any record there is no value; nothing is not zero.
//!
//! Values are whole numbers: seconds, thousandths or counts. Percentiles are by nearest rank: of `n` ordered values the
//! one at place `p n / 100`, rounded up.

mod changes;
mod incidents;
mod kpi;
mod others;
mod period;
mod record;
mod stats;
#[cfg(test)]
mod tests;

pub use kpi::{Exclusion, Kpi, Report, Unit};
pub use period::{Period, PeriodError};
pub use record::{
    ActionRecord, CatalogRecord, ChangeRecord, ClockRecord, ConflictRecord, IncidentRecord, Move,
    ProblemRecord, Record, RequestRecord, ReviewRecord,
};

use crate::digest::canonical_json;
use crate::ident::{IncidentId, ProblemId, ResourceName};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The period.
    pub period: Period,
    /// The environments that count as production. Without any, every environment does.
    pub production: BTreeSet<ResourceName>,
}

/// Computes every key figure.
///
/// `business` gives the business seconds between two instants; give elapsed seconds where no calendar applies. It is
/// asked with the earlier instant first.
pub fn report(records: &[Record], question: &Question, business: &dyn Fn(Instant, Instant) -> u64) -> Report {
    let view = View::new(records, question);
    let mut kpis = changes::kpis(&view, business);
    kpis.extend(incidents::kpis(&view));
    kpis.extend(others::kpis(&view));
    Report {
        period: question.period,
        production: question.production.clone(),
        records: records.len(),
        kpis,
    }
}

/// The records by kind, with what joins them.
struct View<'r> {
    question: &'r Question,
    changes: Vec<&'r ChangeRecord>,
    incidents: Vec<&'r IncidentRecord>,
    problems: BTreeMap<&'r ProblemId, &'r ProblemRecord>,
    requests: Vec<&'r RequestRecord>,
    reviews: Vec<&'r ReviewRecord>,
    catalog: Vec<&'r CatalogRecord>,
    clocks: Vec<&'r ClockRecord>,
    by_id: BTreeMap<&'r IncidentId, &'r IncidentRecord>,
    /// Incidents that some change is recorded to have caused.
    caused: BTreeSet<&'r IncidentId>,
}

impl<'r> View<'r> {
    fn new(records: &'r [Record], question: &'r Question) -> Self {
        let mut view = Self {
            question,
            changes: Vec::new(),
            incidents: Vec::new(),
            problems: BTreeMap::new(),
            requests: Vec::new(),
            reviews: Vec::new(),
            catalog: Vec::new(),
            clocks: Vec::new(),
            by_id: BTreeMap::new(),
            caused: BTreeSet::new(),
        };
        for record in records {
            match record {
                Record::Change(change) => {
                    view.caused.extend(&change.caused_incidents);
                    view.clocks.extend(&change.clocks);
                    view.changes.push(change);
                }
                Record::Incident(incident) => {
                    view.clocks.extend(&incident.clocks);
                    prefer(view.by_id.entry(&incident.id).or_insert(incident), incident);
                    view.incidents.push(incident);
                }
                Record::Problem(problem) => {
                    view.clocks.extend(&problem.clocks);
                    prefer(view.problems.entry(&problem.id).or_insert(problem), problem);
                }
                Record::Request(request) => {
                    view.clocks.extend(&request.clocks);
                    view.requests.push(request);
                }
                Record::Review(review) => view.reviews.push(review),
                Record::Catalog(object) => view.catalog.push(object),
            }
        }
        view
    }

    fn period(&self) -> Period {
        self.question.period
    }

    /// Whether a change is of production; `None` where its environment is not known.
    fn in_production(&self, change: &ChangeRecord) -> Option<bool> {
        if self.question.production.is_empty() {
            return Some(true);
        }
        Some(self.question.production.contains(change.environment.as_ref()?))
    }
}

/// Of two records of one identity, which should not be, the same one is joined whatever their order.
fn prefer<'r, R: serde::Serialize + PartialEq>(known: &mut &'r R, other: &'r R) {
    if *known != other && canonical_json(other).ok() > canonical_json(known).ok() {
        *known = other;
    }
}
