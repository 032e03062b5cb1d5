//! Reviews of records, and what they ask for.

use super::Recorded;
use crate::v1alpha1::Review;
use crate::v1alpha1::clock::SlaClock;
use crate::v1alpha1::review::ActionState;
use crate::v1alpha1::shared::RecordKind;
use gitsm_core::ident::NamespaceName;
use gitsm_core::report::{ActionRecord, Period, ReviewRecord};
use gitsm_core::sla::SlaMetric;
use gitsm_core::time::{Instant, LocalDate, ZoneName};
use std::collections::BTreeSet;

impl Recorded<'_> {
    /// Reviews that were written, and those that a clock asks for.
    pub(super) fn reviews(&self, zone: &ZoneName) -> Vec<ReviewRecord> {
        let estate = self.records;
        let mut subjects = BTreeSet::new();
        let mut reviews = Vec::new();
        for (namespace, name, review) in estate.reviews.iter() {
            let subject = &review.spec.subject;
            let subject_namespace = subject
                .namespace
                .as_ref()
                .map_or(namespace, NamespaceName::as_str);
            let clocks = self.clocks_of(subject.kind, subject_namespace, subject.name.as_str());
            subjects.insert((subject.kind.as_str(), subject_namespace, subject.name.as_str()));
            reviews.push(ReviewRecord {
                name: format!("{namespace}/{name}"),
                due_at: review_clock(clocks).and_then(|clock| clock.breach_at),
                merged_at: review.status.as_ref().and_then(|status| status.merged_at),
                actions: actions(review, zone),
            });
        }
        let changes = estate
            .changes
            .iter()
            .map(|(namespace, name, _)| (RecordKind::Change, namespace, name));
        let incidents = estate
            .incidents
            .iter()
            .map(|(namespace, name, _)| (RecordKind::Incident, namespace, name));
        for (kind, namespace, name) in changes.chain(incidents) {
            if subjects.contains(&(kind.as_str(), namespace, name)) {
                continue;
            }
            if let Some(clock) = review_clock(self.clocks_of(kind, namespace, name)) {
                reviews.push(ReviewRecord {
                    name: format!("{kind}/{namespace}/{name}"),
                    due_at: clock.breach_at,
                    // Without the review itself, the stopped clock is what says that it was merged.
                    merged_at: clock.stopped_at,
                    actions: Vec::new(),
                });
            }
        }
        reviews
    }

    fn clocks_of(&self, kind: RecordKind, namespace: &str, name: &str) -> &[SlaClock] {
        let estate = self.records;
        match kind {
            RecordKind::Change => {
                let status = estate
                    .changes
                    .get(namespace, name)
                    .and_then(|change| change.status.as_ref());
                status.map_or(&[], |status| &status.sla_clocks)
            }
            RecordKind::Incident => {
                let status = estate
                    .incidents
                    .get(namespace, name)
                    .and_then(|one| one.status.as_ref());
                status.map_or(&[], |status| &status.sla_clocks)
            }
            RecordKind::Problem
            | RecordKind::ServiceRequest
            | RecordKind::WindowOverride
            | RecordKind::Acceptance => &[],
        }
    }
}

fn review_clock(clocks: &[SlaClock]) -> Option<&SlaClock> {
    clocks.iter().find(|clock| clock.metric == SlaMetric::Review)
}

fn actions(review: &Review, zone: &ZoneName) -> Vec<ActionRecord> {
    review
        .spec
        .actions
        .iter()
        .map(|action| ActionRecord {
            due_at: end_of_day(action.due, zone),
            closed: action.state != ActionState::Open,
            closed_at: None,
        })
        .collect()
}

/// The last instant of a day.
fn end_of_day(date: LocalDate, zone: &ZoneName) -> Instant {
    // The last day of time ends with it.
    Period::day(date, zone).map_or(Instant::MAX, Period::last)
}
