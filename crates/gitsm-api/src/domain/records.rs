//! From records with their status to what reports count.
//!
//! Only what is written down is taken over: what a wire type does not hold (when a commit was made, how many teams an
//! incident went through) stays "not recorded", and the report says so.

mod events;
mod links;
mod reviews;

use crate::estate::{Estate, Objects};
use crate::v1alpha1::change_status::ChangeStatus;
use crate::v1alpha1::clock::SlaClock;
use crate::v1alpha1::incident::IncidentStatus;
use crate::v1alpha1::service_request::ServiceRequestStatus;
use crate::v1alpha1::{Change, ConfigurationItem, ITService, Incident, Problem, ServiceRequest};
use gitsm_core::ValueError;
use gitsm_core::change::{ChangeOutcome, ChangePhase};
use gitsm_core::ident::{
    ChangeId, IncidentId, NamespaceName, ProblemId, ServiceId, ServiceName, ServiceRequestId, TeamName,
};
use gitsm_core::report::{
    CatalogRecord, ChangeRecord, ClockRecord, ConflictRecord, IncidentRecord, ProblemRecord, Record,
    RequestRecord,
};
use gitsm_core::time::ZoneName;
use std::collections::BTreeSet;
use std::str::FromStr;

use self::events::{earliest, edited_by_people, first, is_complete, moves, reopened};
use self::links::{Links, change_id};

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
#[derive(Debug)]
pub struct Recorded<'e> {
    records: &'e Estate,
    context: &'e Estate,
    links: Links,
}

impl<'e> Recorded<'e> {
    /// Records with `context`, where models, services and teams are looked up that are not among the records.
    pub fn new(records: &'e Estate, context: &'e Estate) -> Self {
        Self {
            records,
            context,
            links: Links::new(records, context),
        }
    }

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
        caused.extend(self.links.incidents_blaming(&id).cloned());
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
        // Of several teams of a person, the one that owns a service of the change.
        let owning = self.links.teams_of(member).find(|team| owners.contains(team));
        owning
            .or_else(|| self.links.teams_of(member).next())
            .cloned()
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
                .or_else(|| self.links.problem_of(&id).cloned()),
            alerts: alerts.filter(|count| *count > 0 || status.opened_by.is_none()),
            duplicate: links.is_some_and(|links| links.duplicate_of.is_some()),
            clocks: clocks(&status.sla_clocks),
            id,
        })
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
