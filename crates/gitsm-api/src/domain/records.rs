//! From records with their status to what reports count.
//!
//! Only what is written down is taken over: what a wire type does not hold (when a commit was made, how many teams an
//! incident went through) stays "not recorded", and the report says so.

use crate::estate::{Estate, Objects};
use crate::v1alpha1::change_status::ChangeStatus;
use crate::v1alpha1::clock::SlaClock;
use crate::v1alpha1::incident::IncidentStatus;
use crate::v1alpha1::review::ActionState;
use crate::v1alpha1::service_request::ServiceRequestStatus;
use crate::v1alpha1::shared::{ChangeReference, RecordEvent, RecordKind};
use crate::v1alpha1::{Change, ConfigurationItem, ITService, Incident, Problem, Review, ServiceRequest};
use gitsm_core::ValueError;
use gitsm_core::change::{ChangeOutcome, ChangePhase};
use gitsm_core::ident::{
    ChangeId, IncidentId, NamespaceName, ProblemId, ServiceId, ServiceName, ServiceRequestId, TeamName,
};
use gitsm_core::report::{
    ActionRecord, CatalogRecord, ChangeRecord, ClockRecord, ConflictRecord, IncidentRecord, Move, Period,
    ProblemRecord, Record, RequestRecord, ReviewRecord,
};
use gitsm_core::sla::SlaMetric;
use gitsm_core::time::{Instant, LocalDate, ZoneName};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Events that a status keeps; older ones are in the journal only.
const KEPT_EVENTS: usize = 50;

/// A record that reports cannot count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {namespace}/{name}: {error}")]
pub struct RecordError {
    kind: &'static str,
    namespace: String,
    name: String,
    error: ValueError,
}

/// Records and what they refer to.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'e> {
    /// The records.
    pub records: &'e Estate,
    /// Where models, services and teams are looked up that are not among the records.
    pub context: &'e Estate,
}

impl Recorded<'_> {
    /// All records as reports count them. `zone` is that of days by which something is due.
    ///
    /// # Errors
    ///
    /// [`RecordError`] for an object whose name is none of ours.
    pub fn to_report(&self, zone: &ZoneName) -> Result<Vec<Record>, RecordError> {
        let estate = self.records;
        let mut records = Vec::new();
        for (namespace, name, change) in estate.changes.iter() {
            records.push(Record::Change(Box::new(self.change(namespace, name, change)?)));
        }
        for (namespace, name, incident) in estate.incidents.iter() {
            records.push(Record::Incident(Box::new(
                self.incident(namespace, name, incident)?,
            )));
        }
        for (namespace, name, problem) in estate.problems.iter() {
            records.push(Record::Problem(Box::new(self::problem(
                namespace, name, problem,
            )?)));
        }
        for (namespace, name, request) in estate.service_requests.iter() {
            records.push(Record::Request(Box::new(self::request(
                namespace, name, request,
            )?)));
        }
        records.extend(
            self.reviews(zone)
                .into_iter()
                .map(|review| Record::Review(Box::new(review))),
        );
        for (namespace, name, service) in estate.services.iter() {
            records.push(Record::Catalog(Box::new(catalog_service(
                namespace, name, service,
            ))));
        }
        for (namespace, name, item) in estate.configuration_items.iter() {
            records.push(Record::Catalog(Box::new(catalog_item(namespace, name, item))));
        }
        Ok(records)
    }

    /// A change.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn change(&self, namespace: &str, name: &str, change: &Change) -> Result<ChangeRecord, RecordError> {
        let own: NamespaceName = part("Change", namespace, name, namespace)?;
        let id = ChangeId::new(own.clone(), part("Change", namespace, name, name)?);
        let spec = &change.spec;
        let nothing = ChangeStatus::default();
        let status = change.status.as_ref().unwrap_or(&nothing);
        let in_namespace = |service: &ServiceName| ServiceId::new(own.clone(), service.clone());
        let mut services: BTreeSet<_> = spec.services.iter().map(in_namespace).collect();
        services.extend(status.affected_services.iter().map(|service| {
            let namespace = service.namespace.clone().unwrap_or_else(|| own.clone());
            ServiceId::new(namespace, service.name.clone())
        }));
        let moves = moves(&status.events);
        let last = |phase| moves.iter().filter(|one| one.to == phase).map(|one| one.at).max();
        let in_place = matches!(
            status.phase,
            Some(ChangePhase::Validating | ChangePhase::Review | ChangePhase::Closed)
        ) && !matches!(
            status.outcome,
            Some(ChangeOutcome::BackedOut | ChangeOutcome::Cancelled)
        );
        let model = self.look_up(|estate| &estate.change_models, "", spec.model.as_str());
        let mut caused: BTreeSet<_> = status
            .caused_incidents
            .iter()
            .map(|incident| {
                let namespace = incident.namespace.clone().unwrap_or_else(|| own.clone());
                IncidentId::new(namespace, incident.name.clone())
            })
            .collect();
        caused.extend(self.incidents_blaming(&id));
        Ok(ChangeRecord {
            team: self.team(&services, change),
            model: Some(spec.model.clone()),
            change_type: status.r#type.or_else(|| model.map(|model| model.spec.r#type)),
            environment: Some(spec.environment.clone()),
            services,
            created_at: first(&change.metadata, &status.events),
            committed_at: Vec::new(),
            deployed_at: last(ChangePhase::Validating).or_else(|| status.finished_at.filter(|_| in_place)),
            backed_out_at: last(ChangePhase::BackedOut),
            moves_complete: is_complete(&status.events),
            moves,
            started_at: status.started_at,
            finished_at: status.finished_at,
            soak_until: status.soak_until,
            outcome: status.outcome,
            unauthorized: status.unauthorized,
            serves_incident: spec
                .relates
                .as_ref()
                .is_some_and(|relates| relates.incident.is_some()),
            caused_incidents: caused,
            conflicts: status
                .conflicts
                .iter()
                .map(|_| ConflictRecord {
                    first_seen_at_gate: None,
                })
                .collect(),
            clocks: clocks(&status.sla_clocks),
            id,
        })
    }

    /// The team that carries a change out: the one that is named, else the one of the person who is, else the owner of
    /// the first service.
    pub fn team(&self, services: &BTreeSet<ServiceId>, change: &Change) -> Option<TeamName> {
        let implementer = change.spec.implementer.as_ref();
        if let Some(team) = implementer.and_then(|implementer| implementer.team.clone()) {
            return Some(team);
        }
        let owners = services.iter().filter_map(|id| {
            let service = self.look_up(|estate| &estate.services, id.namespace.as_str(), id.name.as_str())?;
            Some(service.spec.owner.clone())
        });
        let owners: Vec<_> = owners.collect();
        let Some(member) = implementer.and_then(|implementer| implementer.member.as_ref()) else {
            return owners.into_iter().next();
        };
        let mut teams: Vec<TeamName> = [self.records, self.context]
            .into_iter()
            .flat_map(|estate| estate.teams.iter())
            .filter(|(_, _, team)| {
                team.spec
                    .members
                    .iter()
                    .any(|one| one.id.as_str() == member.as_str())
            })
            .filter_map(|(_, name, _)| name.parse().ok())
            .collect();
        teams.sort();
        // Of several teams of a person, the one that owns a service of the change.
        let owning = teams.iter().find(|team| owners.contains(team)).cloned();
        owning
            .or_else(|| teams.into_iter().next())
            .or_else(|| owners.into_iter().next())
    }

    fn incident(
        &self,
        namespace: &str,
        name: &str,
        incident: &Incident,
    ) -> Result<IncidentRecord, RecordError> {
        let own: NamespaceName = part("Incident", namespace, name, namespace)?;
        let id = IncidentId::new(own.clone(), part("Incident", namespace, name, name)?);
        let spec = &incident.spec;
        let nothing = IncidentStatus::default();
        let status = incident.status.as_ref().unwrap_or(&nothing);
        let links = spec.links.as_ref();
        let effective = spec
            .resolution
            .as_ref()
            .and_then(|resolution| resolution.effective_at);
        let alerts = status
            .alert_count
            .or_else(|| u32::try_from(status.alerts.len()).ok());
        Ok(IncidentRecord {
            phase: status.phase,
            priority: status.priority,
            services: spec
                .services
                .iter()
                .map(|service| ServiceId::new(own.clone(), service.clone()))
                .collect(),
            detected_at: earliest(spec.effective_from, status.detected_at),
            declared_at: first(&incident.metadata, &status.events),
            acknowledged_at: status.acknowledged_at,
            mitigated_at: status.mitigated_at,
            // A time that people enter counts only once the incident is resolved.
            resolved_at: status
                .resolved_at
                .map(|at| effective.map_or(at, |earlier| earlier.min(at))),
            closed_at: status.closed_at,
            reopened: status.reopen_count.or_else(|| reopened(&status.events)),
            teams: None,
            caused_by: links
                .and_then(|links| links.caused_by.as_ref())
                .map(|change| change_id(change, &own)),
            problem: links
                .and_then(|links| links.problem.as_ref())
                .map(|problem| {
                    let namespace = problem.namespace.clone().unwrap_or_else(|| own.clone());
                    ProblemId::new(namespace, problem.name.clone())
                })
                .or_else(|| self.problem_of(&id)),
            alerts: alerts.filter(|count| *count > 0 || status.opened_by.is_none()),
            duplicate: links.is_some_and(|links| links.duplicate_of.is_some()),
            clocks: clocks(&status.sla_clocks),
            id,
        })
    }

    /// The problem that lists an incident as one of its own.
    fn problem_of(&self, incident: &IncidentId) -> Option<ProblemId> {
        self.records
            .problems
            .iter()
            .find_map(|(namespace, name, problem)| {
                let own: NamespaceName = namespace.parse().ok()?;
                problem
                    .status
                    .as_ref()?
                    .linked_incidents
                    .iter()
                    .any(|linked| {
                        linked.name == incident.name
                            && *linked.namespace.as_ref().unwrap_or(&own) == incident.namespace
                    })
                    .then_some(ProblemId::new(own.clone(), name.parse().ok()?))
            })
    }

    /// Incidents that name a change as their cause.
    fn incidents_blaming(&self, change: &ChangeId) -> Vec<IncidentId> {
        let incidents = self.records.incidents.iter();
        incidents
            .filter_map(|(namespace, name, incident)| {
                let own: NamespaceName = namespace.parse().ok()?;
                let cause = incident.spec.links.as_ref()?.caused_by.as_ref()?;
                (change_id(cause, &own) == *change).then_some(IncidentId::new(own, name.parse().ok()?))
            })
            .collect()
    }

    /// Reviews that were written, and those that a clock asks for.
    fn reviews(&self, zone: &ZoneName) -> Vec<ReviewRecord> {
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

    fn look_up<K>(&self, kind: impl Fn(&Estate) -> &Objects<K>, namespace: &str, name: &str) -> Option<&K> {
        kind(self.records)
            .get(namespace, name)
            .or_else(|| kind(self.context).get(namespace, name))
    }
}

fn problem(namespace: &str, name: &str, problem: &Problem) -> Result<ProblemRecord, RecordError> {
    let status = problem.status.as_ref();
    Ok(ProblemRecord {
        id: ProblemId::new(
            part("Problem", namespace, name, namespace)?,
            part("Problem", namespace, name, name)?,
        ),
        known_error: problem.spec.known_error,
        resolved_at: status.and_then(|status| status.resolved_at),
        clocks: Vec::new(),
    })
}

fn request(namespace: &str, name: &str, request: &ServiceRequest) -> Result<RequestRecord, RecordError> {
    let nothing = ServiceRequestStatus::default();
    let status = request.status.as_ref().unwrap_or(&nothing);
    Ok(RequestRecord {
        id: ServiceRequestId::new(
            part("ServiceRequest", namespace, name, namespace)?,
            part("ServiceRequest", namespace, name, name)?,
        ),
        submitted_at: first(&request.metadata, &status.events),
        fulfilled_at: status.fulfilled_at,
        edited_by_people: edited_by_people(request, &status.events),
        clocks: clocks(&status.sla_clocks),
    })
}

/// Whether people did more than to submit, approve or refuse a request.
fn edited_by_people(request: &ServiceRequest, events: &[RecordEvent]) -> Option<bool> {
    const DECISIONS: [&str; 5] = [
        "Submitted",
        "AwaitingApproval",
        "Approved",
        "Rejected",
        "Cancelled",
    ];
    if request.spec.retry.is_some() {
        return Some(true);
    }
    let by_hand = |event: &RecordEvent| {
        !event.actor.starts_with("system:")
            && !event
                .to
                .as_ref()
                .is_some_and(|to| DECISIONS.contains(&to.as_str()))
    };
    is_complete(events).then(|| events.iter().skip(1).any(by_hand))
}

fn catalog_service(namespace: &str, name: &str, service: &ITService) -> CatalogRecord {
    let status = service.status.as_ref();
    CatalogRecord {
        class: "ITService".to_owned(),
        name: format!("{namespace}/{name}"),
        complete: status
            .and_then(|status| status.catalog_score)
            .map(|score| score.get() == gitsm_core::Percent::MAX),
        stale: status.map(|status| status.stale_since.is_some()),
        orphan: None,
        duplicate: None,
    }
}

fn catalog_item(namespace: &str, name: &str, item: &ConfigurationItem) -> CatalogRecord {
    use crate::v1alpha1::configuration_item::ConfigurationItemState as State;
    let state = item.status.as_ref().and_then(|status| status.state);
    let is = |wanted| state.map(|state| state == wanted);
    CatalogRecord {
        class: item.spec.class.to_string(),
        name: format!("{namespace}/{name}"),
        complete: None,
        stale: is(State::Stale),
        orphan: is(State::Orphan),
        duplicate: is(State::Duplicate),
    }
}

fn part<T: FromStr<Err = ValueError>>(
    kind: &'static str,
    namespace: &str,
    name: &str,
    text: &str,
) -> Result<T, RecordError> {
    text.parse().map_err(|error| RecordError {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        error,
    })
}

fn change_id(reference: &ChangeReference, own: &NamespaceName) -> ChangeId {
    let namespace = reference.namespace.clone().unwrap_or_else(|| own.clone());
    ChangeId::new(namespace, reference.name.clone())
}

/// When an object was written down: its creation or its first event, whichever is recorded and earlier.
fn first(metadata: &ObjectMeta, events: &[RecordEvent]) -> Option<Instant> {
    let created = metadata
        .creation_timestamp
        .as_ref()
        .and_then(|time| Instant::try_from(time.0).ok());
    earliest(created, events.iter().map(|event| event.at).min())
}

fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// Whether events go back to the beginning, as far as one can see.
fn is_complete(events: &[RecordEvent]) -> bool {
    !events.is_empty() && events.len() < KEPT_EVENTS
}

fn moves(events: &[RecordEvent]) -> Vec<Move> {
    events
        .iter()
        .filter_map(|event| {
            Some(Move {
                at: event.at,
                to: event.to.as_ref()?.parse().ok()?,
            })
        })
        .collect()
}

fn reopened(events: &[RecordEvent]) -> Option<u32> {
    let is = |phase: &Option<gitsm_core::Text<40>>, wanted: &str| {
        phase.as_ref().is_some_and(|phase| phase.as_str() == wanted)
    };
    let count = events
        .iter()
        .filter(|event| is(&event.from, "Resolved") && is(&event.to, "InProgress"))
        .count();
    is_complete(events).then(|| u32::try_from(count).unwrap_or(u32::MAX))
}

fn clocks(clocks: &[SlaClock]) -> Vec<ClockRecord> {
    clocks
        .iter()
        .map(|clock| ClockRecord {
            metric: clock.metric,
            state: clock.state,
            stopped_at: clock.stopped_at,
        })
        .collect()
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
