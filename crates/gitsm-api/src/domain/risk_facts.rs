//! What an estate, records and the caller know about a change when its risk is assessed.

use super::records::{RecordError, Recorded};
use crate::estate::Estate;
use crate::v1alpha1::Change;
use crate::v1alpha1::change::TestEvidence;
use gitsm_core::catalog::{Direction, Graph, NodeId};
use gitsm_core::change::ChangePhase;
use gitsm_core::ident::{ChangeId, ConfigurationItemId, IncidentId, ServiceId};
use gitsm_core::report::{ChangeRecord, IncidentRecord, Record};
use gitsm_core::risk::{
    AnswerFact, AnswerOrigin, BackoutFact, DownService, IncidentCounts, RiskFacts, Run, RunCounts, TeamScore,
    TestFact, TestResult, TimeNeeded, WindowLeft,
};
use gitsm_core::selector::{ChangeSubject, ServiceSubject};
use gitsm_core::time::{Instant, ZoneName};
use gitsm_core::vocabulary::Priority;
use gitsm_core::window::{SubjectChange, WindowState, evaluate_change};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// How far back incidents count as instability.
const INSTABILITY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is known beside the estate.
#[derive(Debug, Clone, Default)]
pub struct Known<'k> {
    /// Records of earlier changes and of incidents, if they are at hand.
    pub records: Option<&'k Estate>,
    /// The graph of the catalogue, if it could be read.
    pub graph: Option<&'k Graph>,
    /// Lines added and removed by the payload.
    pub diff_lines: Option<u64>,
    /// Results of check runs on the head commit, by name.
    pub checks: BTreeMap<String, bool>,
    /// How long the window stays open from the start, where that is not to be computed from the estate's windows.
    pub window_left: Option<WindowLeft>,
    /// Share of the error budget that is used up, in thousandths.
    pub error_budget_used_permille: Option<u32>,
}

/// A change whose risk is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The estate that it is in.
    pub estate: &'a Estate,
    /// Which one it is.
    pub id: &'a ChangeId,
    /// What it says.
    pub change: &'a Change,
    /// The instant of the question.
    pub at: Instant,
}

/// What the risk of a change is computed from.
///
/// # Errors
///
/// [`RecordError`] for a record whose name is none of ours.
pub fn risk_facts(asked: Asked<'_>, known: &Known<'_>) -> Result<RiskFacts, RecordError> {
    let Asked {
        estate,
        id,
        change,
        at,
    } = asked;
    let spec = &change.spec;
    let model = estate
        .change_models
        .named(spec.model.as_str())
        .map(|model| &model.spec);
    let services = asked.services();
    let subject = ChangeSubject {
        environment: Some(spec.environment.clone()),
        change_type: model.map(|model| model.r#type),
        model: Some(spec.model.clone()),
        risk: None,
    };
    let mut facts = RiskFacts {
        named_policy: model.and_then(|model| model.risk_policy.clone()),
        services: services.iter().map(|service| asked.subject(service)).collect(),
        diff_lines: known.diff_lines,
        tests: Some(
            spec.test_evidence
                .iter()
                .map(|evidence| test(evidence, &known.checks))
                .collect(),
        ),
        backout: spec.backout.as_ref().map(|backout| BackoutFact {
            kind: backout.kind,
            tested: backout.tested,
        }),
        time_needed: asked.time_needed(),
        window_left: known
            .window_left
            .or_else(|| asked.window_left(&services, &subject)),
        error_budget_used_permille: known.error_budget_used_permille,
        answers: asked.answers(),
        change: subject,
        ..RiskFacts::default()
    };
    if let Some(graph) = known.graph {
        asked.add_blast_radius(graph, &services, &mut facts);
        facts.concurrent_changes = asked.concurrent_changes(graph, &services, known.records);
    }
    if let Some(records) = known.records {
        let recorded = Recorded::new(records, estate);
        let History { runs, incidents } = History::read(&recorded, id)?;
        let same_model: Vec<_> = runs.iter().filter(|run| run.model == spec.model).collect();
        facts.model_runs = Some(RunCounts::of(same_model.iter().copied(), at));
        facts.similar_changes = similar(&same_model, &services, at);
        facts.incidents = Some(unstable(&incidents, &services, at));
        if let Some(team) = recorded.team(&services, change) {
            let own = runs.iter().filter(|run| run.team.as_ref() == Some(&team));
            facts.team_score = Some(TeamScore::of(own, at));
        }
    }
    Ok(facts)
}

/// What earlier changes came to, as the records say.
///
/// # Errors
///
/// [`RecordError`] for a record whose name is none of ours.
pub fn runs(recorded: &Recorded<'_>, except: &ChangeId) -> Result<Vec<Run>, RecordError> {
    Ok(History::read(recorded, except)?.runs)
}

/// The records that tell about the past.
struct History {
    runs: Vec<Run>,
    incidents: Vec<IncidentRecord>,
}

impl History {
    fn read(recorded: &Recorded<'_>, except: &ChangeId) -> Result<Self, RecordError> {
        let mut changes: Vec<ChangeRecord> = Vec::new();
        let mut incidents: Vec<IncidentRecord> = Vec::new();
        // Days by which something is due play no part here, so neither does their zone.
        for record in recorded.to_report(&ZoneName::utc())? {
            match record {
                Record::Change(change) if change.id != *except => changes.push(*change),
                Record::Incident(incident) => incidents.push(*incident),
                _ => {}
            }
        }
        let priorities: BTreeMap<&IncidentId, Option<Priority>> = incidents
            .iter()
            .map(|incident| (&incident.id, incident.priority))
            .collect();
        let priority = |id: &IncidentId| priorities.get(id).copied().flatten();
        let runs = changes
            .iter()
            .filter_map(|change| change.to_run(&priority))
            .collect();
        Ok(Self { runs, incidents })
    }
}

impl Asked<'_> {
    /// The affected services: those it names, those that its configuration items belong to, and those whose
    /// configuration its payload touches.
    fn services(&self) -> BTreeSet<ServiceId> {
        let spec = &self.change.spec;
        let own = &self.id.namespace;
        let mut services: BTreeSet<_> = spec
            .services
            .iter()
            .map(|name| ServiceId::new(own.clone(), name.clone()))
            .collect();
        for item in self.items() {
            let object = self
                .estate
                .configuration_items
                .get(item.namespace.as_str(), item.name.as_str());
            services.extend(
                object
                    .into_iter()
                    .flat_map(|object| &object.spec.services)
                    .map(|service| {
                        let namespace = service
                            .namespace
                            .clone()
                            .unwrap_or_else(|| item.namespace.clone());
                        ServiceId::new(namespace, service.name.clone())
                    }),
            );
        }
        let paths = spec.payload.iter().flat_map(|payload| &payload.paths);
        let paths: Vec<_> = paths.map(gitsm_core::ident::RepositoryPath::as_str).collect();
        for service in self.estate.services.values() {
            let touched = service.spec.sources.iter().any(|source| {
                source.repository.is_none()
                    && source
                        .environment
                        .as_ref()
                        .is_none_or(|environment| *environment == spec.environment)
                    && paths.iter().any(|path| {
                        contains(source.path.as_str(), path) || contains(path, source.path.as_str())
                    })
            });
            if touched && let Some(id) = super::service_catalog::service_id(service) {
                services.insert(id);
            }
        }
        services
    }

    fn items(&self) -> impl Iterator<Item = ConfigurationItemId> {
        let own = &self.id.namespace;
        let items = self.change.spec.configuration_items.iter();
        items.map(|name| ConfigurationItemId::new(own.clone(), name.clone()))
    }

    /// A service as selectors see it; one that is not in the estate has only its name.
    fn subject(&self, id: &ServiceId) -> ServiceSubject {
        self.estate.subject(id).unwrap_or_else(|| ServiceSubject {
            id: id.clone(),
            tier: None,
            labels: BTreeMap::new(),
            data_class: None,
        })
    }

    fn time_needed(&self) -> Option<TimeNeeded> {
        let plan = self.change.spec.plan.as_ref();
        let model = self.estate.change_models.named(self.change.spec.model.as_str());
        let defaults = model.and_then(|model| model.spec.defaults.as_ref());
        Some(TimeNeeded {
            duration: plan
                .map(|plan| plan.duration)
                .or_else(|| defaults.and_then(|defaults| defaults.duration))?,
            backout: plan
                .map(|plan| plan.backout_duration)
                .or_else(|| defaults.and_then(|defaults| defaults.backout_duration))?,
        })
    }

    /// When it is to start: as scheduled or planned.
    fn start(&self) -> Option<Instant> {
        start(self.change)
    }

    /// How long the windows of its services stay open from its start; from the next opening where none is planned.
    fn window_left(&self, services: &BTreeSet<ServiceId>, subject: &ChangeSubject) -> Option<WindowLeft> {
        let subjects: Vec<_> = services
            .iter()
            .map(|service| self.estate.window_subject(service))
            .collect::<Option<_>>()?;
        if subjects.is_empty() {
            return None;
        }
        let windows = self.estate.window_set(None);
        let change = SubjectChange {
            id: Some(self.id.clone()),
            subject: subject.clone(),
        };
        let verdict = |at| evaluate_change(&windows, &[], &subjects, &change, at);
        let first = verdict(self.start().unwrap_or(self.at));
        let verdict = match (first.state, self.start(), first.next) {
            (WindowState::Open, ..) | (_, Some(_), _) | (_, None, None) => first,
            (_, None, Some(next)) => verdict(next),
        };
        Some(match (verdict.state, verdict.until) {
            (WindowState::Open, None) => WindowLeft::Unlimited,
            (WindowState::Open, Some(until)) => {
                WindowLeft::Seconds(u64::try_from(until.since(verdict.at).as_secs()).unwrap_or(0))
            }
            (WindowState::Closed, _) => WindowLeft::Seconds(0),
        })
    }

    fn answers(&self) -> BTreeMap<gitsm_core::ident::FieldName, AnswerFact> {
        let model = self.estate.change_models.named(self.change.spec.model.as_str());
        let defaults = model.and_then(|model| model.spec.defaults.as_ref());
        let answers = |given: &BTreeMap<_, gitsm_core::Text<200>>, from| -> Vec<_> {
            let facts = given
                .iter()
                .map(|(name, answer): (&gitsm_core::ident::FieldName, _)| {
                    let answer = answer.clone();
                    (name.clone(), AnswerFact { answer, from })
                });
            facts.collect()
        };
        let mut all: BTreeMap<_, _> = defaults
            .map(|defaults| answers(&defaults.risk_answers, AnswerOrigin::Model))
            .unwrap_or_default()
            .into_iter()
            .collect();
        all.extend(answers(&self.change.spec.risk_answers, AnswerOrigin::Author));
        all
    }

    /// What would be down. Not known where nothing is named, or something that the graph does not have.
    fn add_blast_radius(&self, graph: &Graph, services: &BTreeSet<ServiceId>, facts: &mut RiskFacts) {
        let nodes: Vec<_> = services
            .iter()
            .cloned()
            .map(NodeId::Service)
            .chain(self.items().map(NodeId::ConfigurationItem))
            .collect();
        let blast = graph.blast_radius(&nodes, Some(&self.change.spec.environment));
        if nodes.is_empty() || !blast.unknown.is_empty() {
            return;
        }
        let down = blast
            .failed
            .iter()
            .chain(blast.down.iter().map(|impact| &impact.node))
            .filter_map(|node| {
                let known = graph.node(node);
                Some(DownService {
                    id: node.as_service()?.clone(),
                    tier: known.and_then(|node| node.tier),
                    user_facing: known.map(|node| node.user_facing),
                })
            });
        facts.down = Some(down.collect());
        facts.redundancy_lost = Some(!blast.redundancy_lost.is_empty());
    }

    /// Changes at the same time to the services or to what they need. Not known where it is not known when it starts
    /// or how long it takes.
    fn concurrent_changes(
        &self,
        graph: &Graph,
        services: &BTreeSet<ServiceId>,
        records: Option<&Estate>,
    ) -> Option<u32> {
        let (from, to) = occupied(self.change)?;
        let environment = &self.change.spec.environment;
        let mut needed: BTreeSet<NodeId> = BTreeSet::new();
        for service in services {
            let node = NodeId::Service(service.clone());
            let distances = graph.distances(&node, Some(environment))?;
            let reached = distances.all().into_iter();
            needed.extend(
                reached
                    .filter(|(_, distance)| distance.direction != Direction::Dependant)
                    .map(|(node, _)| node.clone()),
            );
        }
        let mut others = BTreeSet::new();
        for estate in [Some(self.estate), records].into_iter().flatten() {
            for (namespace, name, change) in estate.changes.iter() {
                let Ok(id) = format!("{namespace}/{name}").parse::<ChangeId>() else {
                    continue;
                };
                let at_once = occupied(change).is_some_and(|(begin, end)| begin < to && from < end);
                if id == *self.id || !at_once || is_over(change) || change.spec.environment != *environment {
                    continue;
                }
                let other = Asked {
                    estate: self.estate,
                    id: &id,
                    change,
                    at: self.at,
                };
                let touched = other.services().into_iter().map(NodeId::Service);
                if touched
                    .chain(other.items().map(NodeId::ConfigurationItem))
                    .any(|node| needed.contains(&node))
                {
                    others.insert(id);
                }
            }
        }
        u32::try_from(others.len()).ok()
    }
}

/// Whether a path is another one or lies below it.
fn contains(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn start(change: &Change) -> Option<Instant> {
    let scheduled = change.status.as_ref().and_then(|status| status.scheduled_start);
    scheduled.or_else(|| change.spec.plan.as_ref().and_then(|plan| plan.start))
}

/// From the beginning of its preparation to the end of its backout.
fn occupied(change: &Change) -> Option<(Instant, Instant)> {
    let start = start(change)?;
    let plan = change.spec.plan.as_ref()?;
    let preparation = plan
        .preparation
        .map_or(SignedDuration::ZERO, |length| -length.to_signed());
    let end = start
        .plus(plan.duration.to_signed())
        .plus(plan.backout_duration.to_signed());
    Some((start.plus(preparation), end))
}

/// Whether it will not be carried out any more.
fn is_over(change: &Change) -> bool {
    change.status.as_ref().is_some_and(|status| {
        status.outcome.is_some()
            || matches!(
                status.phase,
                Some(
                    ChangePhase::Review
                        | ChangePhase::Closed
                        | ChangePhase::Rejected
                        | ChangePhase::Expired
                        | ChangePhase::BackedOut
                        | ChangePhase::Cancelled
                )
            )
    })
}

fn test(evidence: &TestEvidence, checks: &BTreeMap<String, bool>) -> TestFact {
    let result = match &evidence.check {
        None => TestResult::Stated,
        Some(check) => match checks.get(check.as_str()) {
            None => TestResult::Unknown,
            Some(true) => TestResult::Passed,
            Some(false) => TestResult::Failed,
        },
    };
    TestFact {
        name: evidence.name.clone(),
        result,
    }
}

/// Successful changes of the model, for the service that has the fewest.
fn similar(same_model: &[&Run], services: &BTreeSet<ServiceId>, at: Instant) -> Option<u32> {
    services
        .iter()
        .map(|service| {
            let on_service = same_model
                .iter()
                .copied()
                .filter(|run| run.services.contains(service));
            RunCounts::of(on_service, at).successful
        })
        .min()
}

/// Incidents of priority 1 and 2 of the services; one of unknown priority counts as priority 1.
fn unstable(incidents: &[IncidentRecord], services: &BTreeSet<ServiceId>, at: Instant) -> IncidentCounts {
    let mut counts = IncidentCounts::default();
    for incident in incidents {
        let recent = incident
            .detected_at
            .is_none_or(|detected| detected <= at && at < detected.plus(INSTABILITY));
        if !recent || incident.services.is_disjoint(services) {
            continue;
        }
        let count = match incident.priority {
            None | Some(Priority::P1) => &mut counts.p1,
            Some(Priority::P2) => &mut counts.p2,
            Some(Priority::P3 | Priority::P4 | Priority::P5) => continue,
        };
        *count = count.saturating_add(1);
    }
    counts
}
