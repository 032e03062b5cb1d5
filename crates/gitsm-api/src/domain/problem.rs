//! From the wire types of `Problem` to the domain types of decisions.

use super::incident::{manifestation, namespace_of, occurrence};
use crate::estate::Estate;
use crate::v1alpha1::Problem;
use gitsm_core::ValueError;
use gitsm_core::ident::{ChangeId, Digest, IncidentId, ProblemId, ServiceId};
use gitsm_core::incident::problem::{Acceptance, Candidate, Facts, Fix, Symptoms, recognise};
use gitsm_core::incident::{Command, ProblemPhase};
use gitsm_core::time::Instant;
use std::collections::BTreeMap;

/// The identity of a problem.
///
/// # Errors
///
/// When its name is not one that a manifest of ours can have.
pub fn problem_id(problem: &Problem) -> Result<ProblemId, ValueError> {
    let name = problem.metadata.name.as_deref().unwrap_or_default().parse()?;
    Ok(ProblemId::new(namespace_of(&problem.metadata)?, name))
}

/// A problem, as far as recognising its incidents goes.
///
/// # Errors
///
/// When its name or namespace is not a name.
pub fn candidate(problem: &Problem) -> Result<Candidate, ValueError> {
    let id = problem_id(problem)?;
    let services = problem.spec.services.iter().cloned();
    Ok(Candidate {
        phase: phase(problem),
        known_error: problem.spec.known_error,
        services: services
            .map(|name| ServiceId::new(id.namespace.clone(), name))
            .collect(),
        symptoms: problem
            .spec
            .symptoms
            .as_ref()
            .map_or_else(Symptoms::default, |given| Symptoms {
                title_contains: given.title_contains.iter().cloned().collect(),
                alerts: given.alerts.iter().cloned().collect(),
                labels: given.labels.clone(),
            }),
        problem: id,
    })
}

fn phase(problem: &Problem) -> ProblemPhase {
    let status = problem.status.as_ref();
    status
        .and_then(|status| status.phase)
        .unwrap_or(ProblemPhase::New)
}

impl Estate {
    /// The incidents that are linked to a problem or recognised as its, cancelled ones left out, with the begin of their
    /// effect.
    ///
    /// # Errors
    ///
    /// When the name of the problem or of an incident is none.
    pub fn incidents_of(&self, problem: &Problem) -> Result<BTreeMap<IncidentId, Instant>, ValueError> {
        let candidate = candidate(problem)?;
        let mut found = BTreeMap::new();
        for incident in self.incidents.values() {
            let Some((id, occurrence)) = occurrence(incident)? else {
                continue;
            };
            let linked = occurrence.problem.as_ref() == Some(&candidate.problem);
            if linked || !recognise(&manifestation(incident)?, [&candidate]).is_empty() {
                found.insert(id, occurrence.began);
            }
        }
        Ok(found)
    }

    /// The facts of the decision about a problem; `answered` is the digest of the command that was answered last.
    ///
    /// # Errors
    ///
    /// When the name of the problem or of an incident is none.
    pub fn problem_facts(&self, problem: &Problem, answered: Option<Digest>) -> Result<Facts, ValueError> {
        let id = problem_id(problem)?;
        let spec = &problem.spec;
        let status = problem.status.clone().unwrap_or_default();
        let fixes = spec.proposed_fixes.iter().map(|reference| {
            let namespace = reference.namespace.as_ref().unwrap_or(&id.namespace).clone();
            let change = self.changes.get(namespace.as_str(), reference.name.as_str());
            let status = change.and_then(|change| change.status.as_ref());
            let fix = status.map_or_else(Fix::default, |status| Fix {
                phase: status.phase,
                outcome: status.outcome,
                finished_at: status.finished_at,
            });
            (ChangeId::new(namespace, reference.name.clone()), fix)
        });
        Ok(Facts {
            phase: phase(problem),
            last_step_at: status.events.last().map(|event| event.at),
            resolved_at: status.resolved_at,
            answered,
            coordinator: spec.coordinator.clone(),
            root_cause: spec.root_cause.is_some(),
            workaround: spec.workaround.is_some(),
            reviewed_by: status.reviewed_by,
            acceptance: spec.risk_acceptance.as_ref().map(|given| Acceptance {
                by: given.by.clone(),
                until: given.until,
                reason: given.reason.clone(),
            }),
            command: spec.phase_request.as_ref().map(|command| Command {
                to: command.to,
                by: command.by.clone(),
                at: None,
                reason: command.reason.clone(),
            }),
            fixes: fixes.collect(),
            watch_period: spec.watch_period.unwrap_or(Facts::DEFAULT_WATCH_PERIOD),
            incidents: self.incidents_of(problem)?,
            problem: id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::incident::{IncidentContext, incident_id, symptom};
    use super::*;
    use gitsm_core::incident::{self, IncidentPhase, MajorSignals};
    use serde_json::{Value, json};

    fn estate(objects: &[Value]) -> Estate {
        let mut estate = Estate::default();
        for object in objects {
            let mut object = object.clone();
            object["apiVersion"] = json!(crate::API_VERSION);
            estate.insert(&object).unwrap();
        }
        estate
    }

    fn sample() -> Estate {
        estate(&[
            json!({"kind": "Problem", "metadata": {"name": "pg14", "namespace": "pay"}, "spec": {
                "statement": "It leaks.", "services": ["db"], "symptoms": {"titleContains": ["5xx"]},
                "coordinator": "cora", "proposedFixes": [{"name": "fix", "namespace": "pay"}, {"name": "gone"}],
            }, "status": {"phase": "FixInProgress"}}),
            json!({"kind": "Incident", "metadata": {"name": "i1", "namespace": "shop"}, "spec": {
                "title": "5xx above 8 percent", "services": ["checkout"], "effectiveFrom": "2027-02-04T13:00:00Z",
                "hold": {"reason": "AwaitingProblem"}, "links": {"problem": {"name": "pg14", "namespace": "pay"}},
            }, "status": {"phase": "OnHold", "detectedAt": "2027-02-04T14:00:00Z"}}),
            json!({"kind": "Incident", "metadata": {"name": "i2", "namespace": "shop"}, "spec": {
                "title": "5xx again", "services": ["checkout"],
            }, "status": {"phase": "Cancelled", "detectedAt": "2027-02-04T14:00:00Z"}}),
        ])
    }

    #[test]
    fn a_problem_knows_its_incidents_and_fixes() {
        let estate = sample();
        let facts = estate
            .problem_facts(estate.problems.get("pay", "pg14").unwrap(), None)
            .unwrap();
        let began: Vec<_> = facts
            .incidents
            .iter()
            .map(|(id, at)| format!("{id} {at}"))
            .collect();
        assert_eq!(began, ["shop/i1 2027-02-04T13:00:00Z"]);
        let fixes: Vec<_> = facts.fixes.keys().map(ToString::to_string).collect();
        assert_eq!(fixes, ["pay/fix", "pay/gone"]);
        assert_eq!(facts.watch_period, Facts::DEFAULT_WATCH_PERIOD);
    }

    #[test]
    fn an_incident_knows_the_problem_that_it_waits_for() {
        let mut estate = sample();
        let context = |at: &str| IncidentContext {
            seen_at: at.parse().unwrap(),
            on_call: ["ana".parse().unwrap()].into(),
            declaration_authorised: false,
            answered: None,
            review_merged: false,
            closing: None,
            major_signals: MajorSignals::default(),
        };
        let now = "2027-02-05T00:00:00Z";
        let decided = |estate: &Estate| {
            let incident = estate.incidents.get("shop", "i1").unwrap();
            assert_eq!(incident_id(incident).unwrap().to_string(), "shop/i1");
            let facts = estate.incident_facts(incident, context(now)).unwrap();
            incident::decide(&facts, now.parse().unwrap()).phase
        };
        assert_eq!(decided(&estate), IncidentPhase::OnHold);
        let resolved = json!({"apiVersion": crate::API_VERSION, "kind": "Problem", "metadata": {"name": "pg14", "namespace": "pay"},
            "spec": {"statement": "It leaks.", "services": ["db"]}, "status": {"phase": "Resolved"}});
        estate.problems = crate::estate::Objects::default();
        estate.insert(&resolved).unwrap();
        assert_eq!(decided(&estate), IncidentPhase::InProgress);
        let symptom = symptom(estate.incidents.get("shop", "i1").unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(symptom.began, "2027-02-04T13:00:00Z".parse().unwrap());
    }
}
