//! Links between records that only the other side holds.

use crate::estate::{Estate, Objects};
use crate::v1alpha1::shared::ChangeReference;
use crate::v1alpha1::{Incident, Problem};
use gitsm_core::ident::{ChangeId, IncidentId, MemberId, NamespaceName, ProblemId, TeamName};
use std::collections::{BTreeMap, BTreeSet};

/// What other records say of a change, an incident or a person, indexed once for all of them.
#[derive(Debug)]
pub(super) struct Links {
    /// Incidents that name a change as their cause.
    blaming: BTreeMap<ChangeId, BTreeSet<IncidentId>>,
    /// The problem that lists an incident as one of its own; of several the first by name.
    problems: BTreeMap<IncidentId, ProblemId>,
    /// The teams that a person is in.
    teams: BTreeMap<MemberId, BTreeSet<TeamName>>,
}

impl Links {
    /// The links of records; teams are also looked up in what surrounds them.
    pub(super) fn new(records: &Estate, context: &Estate) -> Self {
        let mut teams: BTreeMap<_, BTreeSet<TeamName>> = BTreeMap::new();
        for (_, name, team) in records.teams.iter().chain(context.teams.iter()) {
            if let Ok(name) = name.parse::<TeamName>() {
                for member in &team.spec.members {
                    teams
                        .entry(member.id.clone().into())
                        .or_default()
                        .insert(name.clone());
                }
            }
        }
        Self {
            blaming: blaming(&records.incidents),
            problems: problems(&records.problems),
            teams,
        }
    }

    /// Incidents that name a change as their cause.
    pub(super) fn incidents_blaming(&self, change: &ChangeId) -> impl Iterator<Item = &IncidentId> {
        self.blaming.get(change).into_iter().flatten()
    }

    /// The problem that lists an incident as one of its own.
    pub(super) fn problem_of(&self, incident: &IncidentId) -> Option<&ProblemId> {
        self.problems.get(incident)
    }

    /// The teams that a person is in, by name.
    pub(super) fn teams_of(&self, member: &MemberId) -> impl Iterator<Item = &TeamName> {
        self.teams.get(member).into_iter().flatten()
    }
}

fn blaming(incidents: &Objects<Incident>) -> BTreeMap<ChangeId, BTreeSet<IncidentId>> {
    let mut blaming: BTreeMap<_, BTreeSet<IncidentId>> = BTreeMap::new();
    let links = incidents.iter().filter_map(|(namespace, name, incident)| {
        let own: NamespaceName = namespace.parse().ok()?;
        let cause = incident.spec.links.as_ref()?.caused_by.as_ref()?;
        Some((change_id(cause, &own), IncidentId::new(own, name.parse().ok()?)))
    });
    for (change, incident) in links {
        blaming.entry(change).or_default().insert(incident);
    }
    blaming
}

fn problems(problems: &Objects<Problem>) -> BTreeMap<IncidentId, ProblemId> {
    let mut of_incident = BTreeMap::new();
    let named = problems.iter().filter_map(|(namespace, name, problem)| {
        let id = ProblemId::new(namespace.parse().ok()?, name.parse().ok()?);
        Some((id, problem.status.as_ref()?))
    });
    for (id, status) in named {
        for linked in &status.linked_incidents {
            let namespace = linked.namespace.as_ref().unwrap_or(&id.namespace);
            of_incident
                .entry(IncidentId::new(namespace.clone(), linked.name.clone()))
                .or_insert_with(|| id.clone());
        }
    }
    of_incident
}

/// The change that a reference names, seen from a namespace.
pub(super) fn change_id(reference: &ChangeReference, own: &NamespaceName) -> ChangeId {
    let namespace = reference.namespace.clone().unwrap_or_else(|| own.clone());
    ChangeId::new(namespace, reference.name.clone())
}
