//! From the wire types of `Incident` to the domain types of decisions.

use crate::estate::{DEFAULT_NAMESPACE, Estate};
use crate::v1alpha1::{Change, Incident};
use gitsm_core::ValueError;
use gitsm_core::catalog::NodeId;
use gitsm_core::ident::{
    ChangeId, ConfigurationItemId, Digest, IncidentId, LabelKey, LabelValue, MemberId, NamespaceName,
    ProblemId, ServiceId,
};
use gitsm_core::incident::problem::{Manifestation, Occurrence, Outage};
use gitsm_core::incident::suspect::{Candidate, Symptom};
use gitsm_core::incident::{
    Acknowledgement, Closing, Command, Declaration, Facts, Hold, IncidentPhase, LinkedChange, LinkedProblem,
    MajorRules, MajorSignals, People, PriorityFacts, PriorityOverride, Reach, Resolution, Timestamps,
    UncheckedTimestamps,
};
use gitsm_core::time::Instant;
use gitsm_core::vocabulary::{Level, RiskLevel};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::{BTreeMap, BTreeSet};

/// What the decision about an incident needs and neither the object nor its estate holds.
#[derive(Debug, Clone)]
pub struct IncidentContext {
    /// When it is first seen: the time of detection of an incident that has none.
    pub seen_at: Instant,
    /// Who is on call for its services or team.
    pub on_call: BTreeSet<MemberId>,
    /// Whether the writer of `spec.major` had the verb `declare`.
    pub declaration_authorised: bool,
    /// Digest of the command that was answered last.
    pub answered: Option<Digest>,
    /// Whether its review is merged.
    pub review_merged: bool,
    /// When it is closed after its resolution.
    pub closing: Option<Closing>,
    /// What may make it a major incident.
    pub major_signals: MajorSignals,
}

/// The namespace of an object.
///
/// # Errors
///
/// When it is not a name that a manifest of ours can have.
pub(super) fn namespace_of(metadata: &ObjectMeta) -> Result<NamespaceName, ValueError> {
    metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE).parse()
}

/// The labels of an object; those that Kubernetes would refuse cannot be selected either.
pub(super) fn labels_of(metadata: &ObjectMeta) -> BTreeMap<LabelKey, LabelValue> {
    let labels = metadata.labels.iter().flatten();
    labels
        .filter_map(|(key, value)| Some((key.parse().ok()?, value.parse().ok()?)))
        .collect()
}

/// The identity of an incident.
///
/// # Errors
///
/// When its name is not one that a manifest of ours can have.
pub fn incident_id(incident: &Incident) -> Result<IncidentId, ValueError> {
    let name = incident.metadata.name.as_deref().unwrap_or_default().parse()?;
    Ok(IncidentId::new(namespace_of(&incident.metadata)?, name))
}

impl Estate {
    /// The facts of the decision about an incident.
    ///
    /// # Errors
    ///
    /// When its name is none, or the times in its status are not in order.
    pub fn incident_facts(&self, incident: &Incident, context: IncidentContext) -> Result<Facts, ValueError> {
        let id = incident_id(incident)?;
        let spec = &incident.spec;
        let status = incident.status.clone().unwrap_or_default();
        let links = spec.links.as_ref();
        let here = |namespace: Option<&NamespaceName>| namespace.unwrap_or(&id.namespace).clone();
        let problem = links.and_then(|links| links.problem.as_ref()).map(|reference| {
            let id = ProblemId::new(here(reference.namespace.as_ref()), reference.name.clone());
            let found = self.problems.get(id.namespace.as_str(), id.name.as_str());
            let phase = found.and_then(|problem| problem.status.as_ref()?.phase);
            LinkedProblem { id, phase }
        });
        let fixing_change = links.and_then(|links| links.fixed_by.as_ref()).map(|reference| {
            let id = ChangeId::new(here(reference.namespace.as_ref()), reference.name.clone());
            let found = self.changes.get(id.namespace.as_str(), id.name.as_str());
            let phase = found.and_then(|change| change.status.as_ref()?.phase);
            LinkedChange { id, phase }
        });
        let duplicate_of = links
            .and_then(|links| links.duplicate_of.as_ref())
            .map(|reference| IncidentId::new(here(reference.namespace.as_ref()), reference.name.clone()));
        let timestamps = Timestamps::try_from(UncheckedTimestamps {
            detected: status.detected_at.unwrap_or(context.seen_at),
            declared: status.declared_at,
            acknowledged: status.acknowledged_at,
            mitigated: status.mitigated_at,
            resolved: status.resolved_at,
            closed: status.closed_at,
        })?;
        let roles = spec.roles.as_ref();
        Ok(Facts {
            phase: status.phase.unwrap_or(IncidentPhase::New),
            timestamps,
            acknowledged_by: status.acknowledged_by,
            last_step_at: status.events.last().map(|event| event.at),
            reopen_count: status.reopen_count.unwrap_or_default(),
            answered: context.answered,
            people: People {
                on_call: context.on_call,
                assignee: spec.assignee.clone(),
                commander: roles.and_then(|roles| roles.commander.clone()),
                requester: spec.reporter.clone(),
            },
            effective_from: spec.effective_from,
            acknowledgement: spec
                .ack
                .as_ref()
                .map(|ack| Acknowledgement { by: ack.by.clone() }),
            declaration: spec.major.then_some(Declaration {
                by: None,
                authorised: context.declaration_authorised,
            }),
            command: spec.phase_request.as_ref().map(|command| Command {
                to: command.to,
                by: command.by.clone(),
                at: None,
                reason: command.reason.clone(),
            }),
            hold: spec.hold.as_ref().map(|hold| Hold {
                reason: hold.reason,
                until: hold.until,
            }),
            resolution: spec.resolution.as_ref().map(|resolution| Resolution {
                code: resolution.code,
                summary: resolution.summary.clone(),
                effective_at: resolution.effective_at,
            }),
            duplicate_of,
            problem,
            fixing_change,
            review_merged: context.review_merged,
            major_signals: context.major_signals,
            major_rules: MajorRules::default(),
            reopen_within: Facts::DEFAULT_REOPEN_WITHIN,
            closing: context.closing,
            incident: id,
        })
    }
}

/// What the priority of an incident is taken from. `alert_urgency` and `burn_permille` come from whoever opened it.
pub fn priority_facts(
    incident: &Incident,
    reach: Option<Reach>,
    alert_urgency: Option<Level>,
    burn_permille: Option<u32>,
) -> PriorityFacts {
    let spec = &incident.spec;
    PriorityFacts {
        stated_impact: spec.impact,
        stated_urgency: spec.urgency,
        reach,
        alert_urgency,
        burn_permille,
        override_by: spec.priority_override.as_ref().map(|given| PriorityOverride {
            priority: given.priority,
            by: given.by.clone(),
            reason: given.reason.clone(),
        }),
    }
}

/// When the effect began: what a person entered if it can be right, else the detection; `None` before that.
fn began(incident: &Incident) -> Option<Instant> {
    let detected = incident.status.as_ref()?.detected_at?;
    Some(
        incident
            .spec
            .effective_from
            .map_or(detected, |entered| entered.min(detected)),
    )
}

fn services(incident: &Incident) -> Result<BTreeSet<ServiceId>, ValueError> {
    let namespace = namespace_of(&incident.metadata)?;
    let names = incident.spec.services.iter().cloned();
    Ok(names
        .map(|name| ServiceId::new(namespace.clone(), name))
        .collect())
}

/// How an incident shows, for recognising known errors.
///
/// # Errors
///
/// When its namespace is not a name.
pub fn manifestation(incident: &Incident) -> Result<Manifestation, ValueError> {
    let alerts = incident.status.iter().flat_map(|status| &status.alerts);
    Ok(Manifestation {
        title: incident.spec.title.clone(),
        services: services(incident)?,
        alerts: alerts.map(|alert| alert.name.clone()).collect(),
        labels: labels_of(&incident.metadata),
    })
}

/// What finding problems needs of an incident; `None` for one that was not detected yet or was cancelled.
///
/// # Errors
///
/// When its name or namespace is not a name.
pub fn occurrence(incident: &Incident) -> Result<Option<(IncidentId, Occurrence)>, ValueError> {
    let id = incident_id(incident)?;
    let (Some(status), Some(began)) = (&incident.status, began(incident)) else {
        return Ok(None);
    };
    if status.phase == Some(IncidentPhase::Cancelled) {
        return Ok(None);
    }
    let problem = incident
        .spec
        .links
        .as_ref()
        .and_then(|links| links.problem.as_ref());
    let occurrence = Occurrence {
        services: services(incident)?,
        title: incident.spec.title.clone(),
        fingerprints: status
            .alerts
            .iter()
            .map(|alert| alert.fingerprint.clone())
            .collect(),
        alerts: status.alerts.iter().map(|alert| alert.name.clone()).collect(),
        began,
        priority: status.priority,
        problem: problem.map(|problem| {
            let namespace = problem.namespace.as_ref().unwrap_or(&id.namespace);
            ProblemId::new(namespace.clone(), problem.name.clone())
        }),
    };
    Ok(Some((id, occurrence)))
}

/// How long an incident was felt; `None` for one that was not detected yet or was cancelled.
pub fn outage(incident: &Incident) -> Option<Outage> {
    let status = incident.status.as_ref()?;
    if status.phase == Some(IncidentPhase::Cancelled) {
        return None;
    }
    let entered = incident
        .spec
        .resolution
        .as_ref()
        .and_then(|resolution| resolution.effective_at);
    let recorded = status.mitigated_at.or(status.resolved_at);
    Some(Outage {
        began: began(incident)?,
        ended: recorded.map(|recorded| entered.map_or(recorded, |entered| entered.min(recorded))),
    })
}

/// What the search for the cause of an incident starts from; `None` for one that was not detected yet.
///
/// # Errors
///
/// When its namespace is not a name.
pub fn symptom(incident: &Incident) -> Result<Option<Symptom>, ValueError> {
    let Some(began) = began(incident) else {
        return Ok(None);
    };
    let namespace = namespace_of(&incident.metadata)?;
    let items = incident.spec.configuration_items.iter().cloned();
    let items = items.map(|name| NodeId::from(ConfigurationItemId::new(namespace.clone(), name)));
    let affected = services(incident)?
        .into_iter()
        .map(NodeId::from)
        .chain(items)
        .collect();
    Ok(Some(Symptom { affected, began }))
}

/// A change as a suspect. Its risk is the caller's to say: the status shows it as text.
///
/// # Errors
///
/// When its name or namespace is not a name.
pub fn candidate(change: &Change, risk: Option<RiskLevel>) -> Result<Candidate, ValueError> {
    let namespace = namespace_of(&change.metadata)?;
    let name = change.metadata.name.as_deref().unwrap_or_default().parse()?;
    let services = change.spec.services.iter().cloned();
    let services = services.map(|name| NodeId::from(ServiceId::new(namespace.clone(), name)));
    let items = change.spec.configuration_items.iter().cloned();
    let items = items.map(|name| NodeId::from(ConfigurationItemId::new(namespace.clone(), name)));
    Ok(Candidate {
        changed: services.chain(items).collect(),
        started: change.status.as_ref().and_then(|status| status.started_at),
        finished: change.status.as_ref().and_then(|status| status.finished_at),
        change: ChangeId::new(namespace.clone(), name),
        risk,
    })
}
