//! Every decision over made-up estates.

use super::estates::World;
use super::*;
use crate::domain::agenda::{change_id, planned_time};
use crate::domain::change::{change, command};
use crate::domain::change_model::change_model;
use crate::domain::incident::{self as incidents, IncidentContext};
use crate::domain::problem as problems;
use crate::domain::records::Recorded;
use crate::domain::risk_facts::{Asked, Known, risk_facts, runs};
use crate::domain::risk_policy::proven_success;
use crate::domain::service_catalog::{CatalogOf, service_id};
use crate::domain::sla_policy::sla_clock;
use crate::v1alpha1::Change;
use gitsm_core::agenda::{Layout, agenda, icalendar::icalendar};
use gitsm_core::approval::{self, Account, AccountId, ForgeVerdict};
use gitsm_core::change::conflict::{ConflictFacts, ConflictPolicy, detect, detect_one};
use gitsm_core::change::{self as changes, ConflictFact, MergeBy, ModelFacts, RiskInput, ServiceFacts};
use gitsm_core::ident::{ChangeId, ServiceId};
use gitsm_core::incident::{self, Closing, MajorSignals, PriorityMatrix, problem, suspect};
use gitsm_core::report::{Period, Question, Record, report};
use gitsm_core::risk::{self, TeamScore, model_standing, promotion};
use gitsm_core::sla::{
    AroundTheClock, BusinessTime, ConditionName, Conditions, Event, Inputs, SlaPolicy, TimedRecord, Timer,
    representatives, traps_of_conditions, traps_of_targets,
};
use gitsm_core::time::{Instant, ZoneName};
use gitsm_core::vocabulary::TimedKind;
use gitsm_core::window::{
    Freshness, Interval, PlannedTime, Subject, WindowFit, evaluate, evaluate_change, first_fit, fits, lint,
};
use gitsm_core::{Text, window};
use jiff::SignedDuration;
use serde_json::json;
use std::collections::BTreeSet;
use std::num::NonZeroU64;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The changes of an estate, with their identities and services.
fn all_changes(world: &World) -> Vec<(ChangeId, &Change, Vec<Subject>)> {
    let estate = &world.estate;
    let all = estate.changes.values().filter_map(|change| {
        let services = estate.services_of_change(change);
        let subjects = services.iter().filter_map(|id| estate.window_subject(id));
        Some((change_id(change)?, change, subjects.collect()))
    });
    all.collect()
}

#[test]
fn windows() {
    let expected = [
        "Open",
        "Closed",
        "broken",
        "understood",
        "Fits",
        "OutsideWindow",
        "found a first fit",
        "finding",
    ];
    for_all(24, &expected, |world, seen| {
        let estate = &world.estate;
        let overrides = estate.overrides();
        survives(&overrides);
        for at in &world.instants {
            let fresh = Freshness {
                observed_at: *at,
                max_age: "1h".parse().unwrap(),
            };
            let set = sound(|| estate.window_set(Some(fresh.clone())));
            set.broken.iter().for_each(|_| saw(seen, "broken"));
            for one in &set.windows {
                saw(seen, "understood");
                one.schedule.state_at(*at);
                assert!(one.schedule.between(*at, at.plus(DAY * 60)).count() < 100);
                if !lint::findings(one, *at).is_empty() {
                    saw(seen, "finding");
                }
            }
            for (_, change, subjects) in all_changes(world) {
                let asked = estate.window_change(change);
                for subject in &subjects {
                    let verdict = sound(|| evaluate(&set, &overrides, subject, &asked, *at));
                    saw(seen, verdict.state);
                }
                let verdict = sound(|| evaluate_change(&set, &overrides, &subjects, &asked, *at));
                assert_eq!(
                    verdict.may_start(),
                    verdict.all_reasons().next().is_none(),
                    "{verdict:#?}"
                );
                verdict
                    .all_reasons()
                    .for_each(|(_, reason)| saw(seen, reason.reason));
                let hour = "1h".parse().unwrap();
                let whenever = PlannedTime {
                    start: *at,
                    duration: hour,
                    backout: hour,
                    preparation: None,
                };
                let plan = planned_time(change).unwrap_or(whenever);
                let fit = sound(|| fits(&set, &overrides, &subjects, &asked, plan));
                saw(seen, fit.fit);
                if fit.fit == WindowFit::Fits {
                    let begin = evaluate_change(&set, &overrides, &subjects, &asked, plan.begin());
                    assert_eq!(begin.state, window::WindowState::Open, "{fit:#?} {begin:#?}");
                }
                if let Some(start) = first_fit(&set, &overrides, &subjects, &asked, plan, *at) {
                    let plan = PlannedTime { start, ..plan };
                    assert_eq!(
                        fits(&set, &overrides, &subjects, &asked, plan).fit,
                        WindowFit::Fits
                    );
                    saw(seen, "found a first fit");
                }
            }
        }
    });
}

#[test]
fn calendars_and_agenda() {
    for_all(20, &["calendar", "problem", "open", "entry"], |world, seen| {
        let estate = &world.estate;
        let calendars = estate.business_calendars();
        survives(&calendars);
        for (_, name, _) in estate.calendars.iter() {
            let Ok(calendar) = calendars.resolve(&name.parse().unwrap()) else {
                saw(seen, "problem");
                continue;
            };
            saw(seen, "calendar");
            for at in &world.instants {
                calendar.next_open(*at);
                calendar.next_close(*at);
                let later = at.plus(DAY * 365);
                let open = calendar.business_between(*at, later);
                assert!(!open.is_negative());
                if let Some(end) = calendar.add_business(*at, SignedDuration::from_hours(1)) {
                    assert_eq!(calendar.business_between(*at, end), SignedDuration::from_hours(1));
                    saw(seen, "open");
                }
            }
        }
        let set = estate.window_set(None);
        let planned = estate.planned_changes();
        survives(&planned);
        for at in &world.instants {
            let Ok(stretch) = Interval::new(*at, at.plus(DAY * 30)) else {
                continue;
            };
            for layout in [Layout::Joined, Layout::Single] {
                let entries = sound(|| agenda(&set.windows, &planned, stretch, layout));
                for _ in &entries {
                    saw(seen, "entry");
                }
                let text = icalendar("changes", &entries, *at);
                assert!(
                    text.split("\r\n")
                        .all(|line| line.len() <= 75 && !line.contains(char::is_control)),
                    "{text}"
                );
            }
        }
    });
}

/// Facts of a pull request that everybody in the directory approved.
fn approval_facts(world: &World, at: Instant) -> approval::Facts {
    let estate = &world.estate;
    let author = AccountId(NonZeroU64::MAX);
    // Whom rules can ask, whatever the estate says, and who wrote it.
    let mut people = estate.directory();
    for (name, account) in [("approver", AccountId(NonZeroU64::MIN)), ("author", author)] {
        let person = approval::Person {
            accounts: [account].into(),
            ..approval::Person::default()
        };
        people.people.insert(name.parse().unwrap(), person);
    }
    for name in ["a", "b", "c"] {
        let membership = approval::Membership {
            roles: [approval::TeamRole::Approver].into(),
            ..approval::Membership::default()
        };
        let team = people.teams.entry(name.parse().unwrap()).or_default();
        team.members.insert("approver".parse().unwrap(), membership);
    }
    let accounts: BTreeSet<AccountId> = people
        .people
        .values()
        .flat_map(|person| &person.accounts)
        .copied()
        .collect();
    let sha = "a".repeat(40);
    let policies = estate.approval_policies.iter();
    let mut facts: approval::Facts = serde_json::from_value(json!({
        "at": at, "people": people,
        "pullRequest": {"repository": "a", "number": 1, "author": u64::MAX, "head": {"sha": sha, "tree": sha},
            "base": {"branch": "main", "tip": sha}},
    }))
    .unwrap();
    facts.pull_request.pusher = Some(author);
    let by_author = approval::CommitIdentity {
        account: Some(author),
        ..approval::CommitIdentity::default()
    };
    facts.pull_request.commits = vec![approval::Commit {
        sha: facts.pull_request.head.sha.clone(),
        author: by_author.clone(),
        committer: by_author,
        co_authors: Vec::new(),
    }];
    let everybody = accounts.iter().copied().chain([author]);
    facts.accounts = everybody
        .map(|id| Account {
            id,
            login: Text::clip(format!("login-{id}")),
            bot: false,
            suspended: false,
        })
        .collect();
    facts.reviews = (1..)
        .zip(&accounts)
        .map(|(id, account)| approval::Review {
            id,
            account: *account,
            verdict: ForgeVerdict::Approved,
            commit: Some(facts.pull_request.head.sha.clone()),
            submitted_at: at,
            edited_at: None,
            dismissal: None,
            evidence: approval::Evidence::None,
            context: None,
        })
        .collect();
    facts.roles = estate.catalogue_roles(estate.catalogs.values());
    facts.policies = policies
        .filter_map(|(_, name, _)| estate.approval_policy(&name.parse().ok()?))
        .collect();
    let rules = facts
        .policies
        .iter()
        .flat_map(|policy| policy.policy.rules.iter().map(move |rule| (policy, rule)));
    let conditions = rules.map(|(policy, rule)| approval::RuleCondition {
        policy: policy.name.clone(),
        rule: rule.name.clone(),
        result: approval::ConditionResult::Applies,
    });
    facts.conditions = conditions.collect();
    facts
}

#[test]
fn approvals() {
    for_all(30, &["Approved", "Pending", "unmeetable"], |world, seen| {
        for at in &world.instants {
            sound(|| world.estate.directory());
            let unmeetable = world.estate.unmeetable_policies(*at);
            if !unmeetable.is_empty() {
                saw(seen, "unmeetable");
            }
            for (_, found) in &unmeetable {
                survives(found);
            }
            let facts = approval_facts(world, *at);
            survives(&facts);
            for policy in &facts.policies {
                let mut one = facts.clone();
                one.policies = vec![policy.clone()];
                let approvals = sound(|| approval::decide(&one));
                saw(seen, approvals.state);
                assert_eq!(
                    approvals.is_approved(),
                    approvals.state == approval::RequirementState::Approved
                );
            }
            sound(|| approval::decide(&facts));
            sound(|| approval::decide_override(&facts));
        }
    });
}

fn risk_of(world: &World, id: &ChangeId, change: &Change, at: Instant) -> RiskInput {
    let estate = &world.estate;
    let graph = estate.graph();
    let known = Known {
        records: Some(estate),
        graph: Some(&graph),
        diff_lines: Some(u64::MAX),
        ..Known::default()
    };
    let policies = estate
        .risk_policies
        .values()
        .filter_map(|policy| crate::domain::risk_policy::risk_policy(policy).ok());
    RiskInput {
        policies: policies.collect(),
        facts: risk_facts(
            Asked {
                estate,
                id,
                change,
                at,
            },
            &known,
        )
        .unwrap(),
    }
}

#[test]
fn risks() {
    for_all(40, &["Moderate", "High", "VeryHigh", "policy"], |world, seen| {
        let estate = &world.estate;
        let _ = estate.risk_policies();
        let recorded = Recorded::new(estate, estate);
        for (id, change, _) in all_changes(world) {
            let runs = runs(&recorded, &id).unwrap();
            survives(&runs);
            for at in &world.instants {
                let input = risk_of(world, &id, change, *at);
                survives(&input);
                let assessment = sound(|| risk::assess(&input.policies, &input.facts));
                saw(seen, assessment.level);
                assert!(assessment.score <= 100);
                for policy in &input.policies {
                    policy.flaws();
                    saw(seen, "policy");
                }
                sound(|| model_standing(&runs, None, *at));
                assert!(TeamScore::of(&runs, *at).value_permille() <= 1_000);
                for model in estate.change_models.values() {
                    if let Some(proven) = &model.spec.proven_success {
                        sound(|| promotion(&runs, proven_success(proven), *at));
                    }
                }
            }
        }
    });
}

/// What conflicts are found from.
fn conflict_facts(world: &World, now: Instant) -> ConflictFacts {
    let mut facts: ConflictFacts = serde_json::from_value(json!({"now": now})).unwrap();
    for (id, change, subjects) in all_changes(world) {
        let time = planned_time(change);
        let plan = time.map(|time| {
            json!({"start": time.start, "duration": time.duration,
            "backoutDuration": time.backout, "preparation": time.preparation})
        });
        let items: Vec<_> = subjects
            .iter()
            .map(|subject| format!("ITService/{}", subject.service.id))
            .collect();
        let phase = change.status.as_ref().and_then(|status| status.phase);
        let planned = json!({"phase": phase.unwrap_or(changes::ChangePhase::Scheduled),
            "environment": change.spec.environment, "items": items, "people": change.spec.requester.iter().collect::<Vec<_>>()});
        let mut planned: changes::conflict::PlannedChange = serde_json::from_value(planned).unwrap();
        planned.plan = plan.map(|plan| serde_json::from_value(plan).unwrap());
        facts.changes.insert(id, planned);
    }
    facts
}

#[test]
fn graphs_and_conflicts() {
    for_all(40, &["issue", "down", "conflict"], |world, seen| {
        let graph = world.estate.graph();
        survives(graph.source());
        for issue in graph.issues() {
            readable(&json!(issue.message()));
            saw(seen, "issue");
        }
        for (node, _) in graph.nodes() {
            for environment in graph.environments().iter().map(Some).chain([None]) {
                let blast = sound(|| graph.blast_radius([node], environment));
                blast.down.iter().for_each(|_| saw(seen, "down"));
                if let Some(distances) = graph.distances(node, environment) {
                    distances.all();
                }
            }
        }
        for now in &world.instants {
            let facts = conflict_facts(world, *now);
            let policy = ConflictPolicy::default();
            let found = sound(|| detect(&facts, &graph, &policy));
            for (id, conflicts) in &found {
                assert_eq!(detect_one(id, &facts, &graph, &policy), *conflicts);
                for _ in conflicts {
                    saw(seen, "conflict");
                }
            }
        }
    });
}

#[test]
fn changes_in_their_phases() {
    for_all(12, &["model", "command", "moves", "stays"], |world, seen| {
        let estate = &world.estate;
        let conflicts = detect(
            &conflict_facts(world, world.instants[2]),
            &estate.graph(),
            &ConflictPolicy::default(),
        );
        for (id, object, subjects) in all_changes(world) {
            for now in &world.instants {
                let Some(subject) = change(object, subjects.iter().map(|subject| subject.service.id.clone()))
                else {
                    continue;
                };
                let model = estate
                    .change_models
                    .named(object.spec.model.as_str())
                    .and_then(change_model);
                if model.is_some() {
                    saw(seen, "model");
                }
                let given = command(&object.spec, *now, [changes::CommandRole::Requester].into());
                if given.is_some() {
                    saw(seen, "command");
                }
                let facts = changes::Facts {
                    facts: changes::FactsFormat::ChangeV1,
                    now: *now,
                    change: subject,
                    phase: object.status.as_ref().and_then(|status| status.phase),
                    record: changes::Record::default(),
                    model: model.map(|definition| ModelFacts {
                        definition,
                        runs: Vec::new(),
                        review_calendar: None,
                        blocked_by: None,
                    }),
                    services: subjects
                        .iter()
                        .map(|subject| ServiceFacts {
                            subject: subject.service.clone(),
                            window_policy: subject.policy.clone(),
                            health: gitsm_core::catalog::ServiceHealth::ALL[0],
                            error_budget: changes::ErrorBudget::Left,
                        })
                        .collect(),
                    findings: Vec::new(),
                    unreadable: Vec::new(),
                    pull_request: None,
                    content: None,
                    risk: Some(risk_of(world, &id, object, *now)),
                    conflicts: Some(
                        conflicts
                            .get(&id)
                            .into_iter()
                            .flatten()
                            .map(|conflict| ConflictFact {
                                conflict: conflict.clone(),
                                waived_by: None,
                            })
                            .collect(),
                    ),
                    dependencies: BTreeMap::new(),
                    incidents: Vec::new(),
                    windows: estate.window_set(None),
                    overrides: estate.overrides(),
                    approvals: Some(approval_facts(world, *now)),
                    requirements: Vec::new(),
                    checks: BTreeMap::new(),
                    command: given,
                    merge: MergeBy::Auto,
                    rollout: None,
                    implementers: BTreeSet::new(),
                    review: None,
                };
                survives(&facts);
                let decision = sound(|| changes::decide(&facts, *now));
                saw(seen, if decision.moves() { "moves" } else { "stays" });
                changes::settle(&facts, *now).iter().for_each(survives);
            }
        }
    });
}

#[test]
fn incidents_and_problems() {
    let expected = ["incident", "problem", "recognised", "suspected", "matrix"];
    for_all(60, &expected, |world, seen| {
        let estate = &world.estate;
        let graph = estate.graph();
        for catalog in estate.catalogs.values() {
            if estate.priority_matrix_of(Some(catalog)) != PriorityMatrix::default() {
                saw(seen, "matrix");
            }
        }
        let matrix = estate.priority_matrix_of(estate.catalogs.values().next());
        let closing = estate.calendars.iter().find_map(|(_, name, _)| {
            let calendar = estate.business_calendar(&name.parse().ok()?).ok()?;
            Some(Closing {
                business_days: u16::MAX,
                calendar,
            })
        });
        let candidates: Vec<_> = estate
            .changes
            .values()
            .filter_map(|change| incidents::candidate(change, None).ok())
            .collect();
        let known: Vec<_> = estate
            .problems
            .values()
            .filter_map(|problem| problems::candidate(problem).ok())
            .collect();
        let mut occurrences = BTreeMap::new();
        for object in estate.incidents.values() {
            occurrences.extend(incidents::occurrence(object).unwrap());
            sound(|| matrix.judge(&incidents::priority_facts(object, None, None, Some(u32::MAX))));
            let manifestation = incidents::manifestation(object).unwrap();
            if !sound(|| problem::recognise(&manifestation, &known)).is_empty() {
                saw(seen, "recognised");
            }
            for now in &world.instants {
                if let Some(symptom) = incidents::symptom(object).unwrap()
                    && !sound(|| suspect::suspects_in(&graph, &symptom, &candidates, None, *now)).is_empty()
                {
                    saw(seen, "suspected");
                }
                let context = IncidentContext {
                    seen_at: *now,
                    on_call: object.spec.assignee.clone().into_iter().collect(),
                    declaration_authorised: true,
                    answered: None,
                    review_merged: true,
                    closing: closing.clone().filter(|_| *now == world.instants[2]),
                    major_signals: MajorSignals {
                        children: u32::MAX,
                        ..MajorSignals::default()
                    },
                };
                if let Ok(facts) = estate.incident_facts(object, context) {
                    survives(&facts);
                    let decision = sound(|| incident::decide(&facts, *now));
                    saw(seen, "incident");
                    sound(|| incident::decide(&facts.after(&decision), *now));
                }
            }
        }
        let outages: Vec<_> = estate.incidents.values().filter_map(incidents::outage).collect();
        for now in &world.instants {
            assert!(problem::minutes_lost(&outages, *now) >= 0);
            sound(|| problem::propose(&occurrences, &problem::RecurrenceRule::default(), *now));
            for object in estate.problems.values() {
                let facts = estate.problem_facts(object, None).unwrap();
                survives(&facts);
                sound(|| problem::decide(&facts, *now));
                saw(seen, "problem");
            }
        }
    });
}

/// A condition holds where its text has the letter of the record's phase.
struct Letters;

impl Conditions for Letters {
    fn holds(&self, condition: ConditionName, snapshot: &Value, _: Instant) -> Result<bool, String> {
        match snapshot.get(condition.field()) {
            Some(Value::String(error)) => Err(error.clone()),
            said => Ok(said == Some(&Value::Bool(true))),
        }
    }
}

#[test]
fn clocks() {
    let expected = [
        "policy", "Running", "Paused", "Breached", "timed", "status", "trap",
    ];
    for_all(24, &expected, |world, seen| {
        let estate = &world.estate;
        let base = world.instants[2];
        let steps = [
            ("start", 1),
            ("pause", 2),
            ("resume", 3),
            ("stop", 400),
            ("reset", 401),
            ("start", 402),
        ];
        let events: Vec<Event> = (1..)
            .zip(steps)
            .map(|(sequence, (condition, hours))| {
                let at = base.plus(SignedDuration::from_hours(hours));
                serde_json::from_value(
                    json!({"sequence": sequence, "recordedAt": at, "snapshot": {condition: true}}),
                )
                .unwrap()
            })
            .collect();
        for object in estate.sla_policies.values() {
            let Ok(policy) = SlaPolicy::try_from(object) else {
                continue;
            };
            survives(&policy);
            saw(seen, "policy");
            let calendar = policy
                .calendar
                .as_ref()
                .and_then(|name| estate.business_calendar(name).ok());
            let time: &dyn BusinessTime = match &calendar {
                Some(calendar) => calendar,
                None => &AroundTheClock,
            };
            let timer = Timer {
                policy: &policy,
                conditions: &Letters,
                time,
            };
            let asked = [2, 5, 30_000].map(|hours| base.plus(SignedDuration::from_hours(hours)));
            for now in world.instants.iter().copied().chain(asked) {
                let replay = sound(|| timer.replay(&events, now));
                saw(seen, replay.clock.state);
                if let Some(status) = sla_clock(&policy, &replay.clock, Some(100), "2026a") {
                    survives(&status);
                    saw(seen, "status");
                }
                if !traps_of_targets(&policy, time, now).is_empty() {
                    saw(seen, "trap");
                }
            }
            let known: Vec<_> = events.iter().collect();
            survives(&Inputs::of::<Value>(&policy, None, "2026a", &known).unwrap());
            for trap in traps_of_conditions(&policy, &Letters, &representatives(policy.kind)[..3], base) {
                readable(&json!(trap.to_string()));
            }
        }
        for (namespace, name, incident) in estate.incidents.iter() {
            let record = TimedRecord {
                kind: TimedKind::Incident,
                namespace: namespace.parse().unwrap(),
                name: name.parse().unwrap(),
            };
            let snapshot = serde_json::to_value(incident).unwrap();
            estate.services_of_record(&record, &snapshot);
            for policy in estate.policies_of_record(&record, &snapshot) {
                saw(seen, "timed");
                let _ = estate.calendar_of_clock(policy, &record, &snapshot);
            }
        }
    });
}

#[test]
fn reports() {
    for_all(
        30,
        &[
            "value", "Change", "Incident", "Problem", "Request", "Review", "Catalog",
        ],
        |world, seen| {
            let estate = &world.estate;
            let recorded = Recorded::new(estate, estate);
            let records = recorded.to_report(&ZoneName::utc()).unwrap();
            survives(&records);
            for record in &records {
                saw(
                    seen,
                    match record {
                        Record::Change(_) => "Change",
                        Record::Incident(_) => "Incident",
                        Record::Problem(_) => "Problem",
                        Record::Request(_) => "Request",
                        Record::Review(_) => "Review",
                        Record::Catalog(_) => "Catalog",
                    },
                );
            }
            let periods = [
                (Instant::MIN, Instant::MAX),
                (world.instants[2], world.instants[2].plus(DAY * 365)),
            ];
            for (from, to) in periods {
                let Ok(period) = Period::new(from, to) else {
                    continue;
                };
                let question = Question {
                    period,
                    production: BTreeSet::new(),
                };
                let business =
                    |from: Instant, to: Instant| u64::try_from(to.since(from).as_secs()).unwrap_or(0);
                let answer = sound(|| report(&records, &question, &business));
                answer
                    .kpis
                    .iter()
                    .filter(|kpi| kpi.value.is_some())
                    .for_each(|_| saw(seen, "value"));
            }
        },
    );
}

#[test]
fn catalogues() {
    for_all(30, &["one", "subject", "tier"], |world, seen| {
        let estate = &world.estate;
        for service in estate.services.values() {
            if let CatalogOf::One(_) = estate.catalog_of(service) {
                saw(seen, "one");
            }
            let id: ServiceId = service_id(service).unwrap();
            let subject = sound(|| estate.subject(&id)).unwrap();
            saw(seen, if subject.tier.is_some() { "tier" } else { "subject" });
        }
    });
}
