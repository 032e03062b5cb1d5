//! Laws of every decision over made-up facts.

use super::*;
use crate::agenda::{Layout, PlannedChange, agenda, icalendar::icalendar};
use crate::calendar::{Calendar, Calendars};
use crate::catalog::Graph;
use crate::change::conflict::{ConflictFacts, ConflictPolicy, detect, detect_one};
use crate::ident::{IncidentId, ResourceName};
use crate::incident::suspect::{self, Symptom};
use crate::incident::{PriorityFacts, PriorityMatrix, ProblemPriorityFacts, problem};
use crate::report::{Question, Record, report};
use crate::risk::{ProvenSuccess, Run, TeamScore, model_standing, promotion};
use crate::sla::{
    BusinessTime, Clock, ConditionName, Conditions, Event, Inputs, RecordLog, SlaPolicy, Timer,
    representatives, traps_of_conditions, traps_of_targets,
};
use crate::time::Instant;
use crate::vocabulary::TimedKind;
use crate::window::{
    Override, PlannedTime, Subject, SubjectChange, Window, WindowFit, WindowSet, WindowState, evaluate,
    evaluate_change, first_fit, fits, lint,
};
use crate::{approval, change, incident, risk, sla};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A few instants, the ends of time among them.
fn instants(dice: &mut Dice) -> [Instant; 4] {
    [Instant::MIN, instant(dice), instant(dice), Instant::MAX]
}

type WindowFacts = (WindowSet, Vec<Override>, Vec<Subject>, SubjectChange, PlannedTime);

#[test]
fn windows() {
    let seen = for_all::<WindowFacts>(400, |(windows, overrides, subjects, change, plan), dice, seen| {
        survives(windows);
        for at in instants(dice) {
            let verdict = sound(|| evaluate_change(windows, overrides, subjects, change, at));
            assert_eq!(
                verdict.may_start(),
                verdict.all_reasons().next().is_none(),
                "{verdict:#?}"
            );
            assert!(verdict.until.is_none_or(|until| until > at));
            assert!(verdict.next.is_none_or(|next| next > at));
            for subject in subjects {
                let one = sound(|| evaluate(windows, overrides, subject, change, at));
                saw(seen, one.state);
                one.reasons.iter().for_each(|reason| saw(seen, reason.reason));
            }
            let plan = PlannedTime { start: at, ..*plan };
            let fit = sound(|| fits(windows, overrides, subjects, change, plan));
            saw(seen, fit.fit);
            if fit.fit == WindowFit::Fits {
                let begin = evaluate_change(windows, overrides, subjects, change, plan.begin());
                assert_eq!(begin.state, WindowState::Open, "{fit:#?} {begin:#?}");
            }
        }
        let at = instant(dice);
        if let Some(first) = first_fit(windows, overrides, subjects, change, *plan, at) {
            assert!(first >= at);
            let plan = PlannedTime {
                start: first,
                ..*plan
            };
            assert_eq!(
                fits(windows, overrides, subjects, change, plan).fit,
                WindowFit::Fits
            );
            saw(seen, "found a first fit");
        }
    });
    expect(
        &seen,
        &[
            "Open",
            "Closed",
            "Fits",
            "found a first fit",
            "InFreeze",
            "OutsideWindow",
            "Misconfigured",
            "Stale",
        ],
    );
}

#[test]
fn schedules() {
    let seen = for_all::<(Window, Vec<PlannedChange>)>(300, |(window, changes), dice, seen| {
        for at in instants(dice) {
            let state = window.schedule.state_at(at);
            saw(
                seen,
                if format!("{state:?}").starts_with("Active") {
                    "active"
                } else {
                    "inactive"
                },
            );
            let horizon = at.plus(SignedDuration::from_hours(24 * 400));
            assert!(
                window
                    .schedule
                    .occurrence_at(at, horizon)
                    .is_none_or(|found| found.end() > at)
            );
            assert!(
                window
                    .schedule
                    .occurrence_after(at, horizon)
                    .is_none_or(|found| found.start() > at)
            );
            assert!(
                window
                    .schedule
                    .occurrence_before(at)
                    .is_none_or(|found| found.start() <= at)
            );
            let between: Vec<_> = window.schedule.between(at, horizon).collect();
            assert!(
                between.is_sorted_by(|one, other| one.end() < other.start()),
                "{between:?}"
            );
            for finding in lint::findings(window, at) {
                saw(
                    seen,
                    format!("{finding:?}").split([' ', '(', '{']).next().unwrap(),
                );
            }
            let Ok(stretch) = crate::window::Interval::new(at, at.plus(SignedDuration::from_hours(24 * 30)))
            else {
                continue;
            };
            for layout in [Layout::Joined, Layout::Single] {
                let entries = agenda([window], changes, stretch, layout);
                entries.iter().for_each(survives);
                let text = icalendar("changes", &entries, at);
                assert!(
                    text.split("\r\n")
                        .all(|line| line.len() <= 75 && !line.chars().any(char::is_control)),
                    "{text}"
                );
                assert_eq!(text.matches("BEGIN:VEVENT").count(), entries.len());
            }
        }
    });
    expect(&seen, &["active", "inactive"]);
}

#[test]
fn calendars() {
    let seen =
        for_all::<(Calendars, Calendar, SignedSeconds)>(12, |(calendars, calendar, length), dice, seen| {
            for name in calendars.definitions.keys() {
                match calendars.resolve(name) {
                    Ok(calendar) => survives(&calendar),
                    Err(problem) => {
                        survives(&problem);
                        saw(seen, "problem");
                    }
                }
            }
            survives(calendar);
            let [first, at, other, last] = instants(dice);
            for (from, until) in [(at, other), (other, at), (first, at), (at, last)] {
                let open = calendar.business_between(from, until);
                assert!(open.abs() <= until.since(from).abs());
            }
            for at in [first, at, last] {
                assert!(calendar.next_open(at).is_none_or(|next| next > at));
                assert!(calendar.next_close(at).is_none_or(|next| next > at));
                assert!(
                    calendar
                        .first_open(at)
                        .is_none_or(|next| next >= at && calendar.is_open(next))
                );
                saw(seen, if calendar.is_open(at) { "open" } else { "closed" });
                let length = SignedDuration::from_secs(length.0);
                if let Some(reached) = calendar.add_business(at, length) {
                    assert_eq!(calendar.business_between(at, reached), length);
                    saw(seen, "added");
                }
            }
        });
    expect(&seen, &["open", "closed", "problem", "added"]);
}

/// Seconds, as many as there can be.
#[derive(Debug, serde::Deserialize)]
struct SignedSeconds(i64);

#[test]
fn approvals() {
    let seen = for_all::<approval::Facts>(600, |facts, dice, seen| {
        survives(facts);
        for facts in [facts, &plausible(facts)] {
            for decide in [approval::decide, approval::decide_override] {
                let approvals = sound(|| decide(facts));
                for node in approvals.tree.walk() {
                    saw(seen, node.state);
                }
                assert_eq!(
                    approvals.is_approved(),
                    approvals.tree.state == approval::RequirementState::Approved
                );
            }
        }
        let at = instant(dice);
        for policy in &facts.policies {
            let found = sound(|| approval::unmeetable(&policy.policy, &facts.people, &facts.roles, at));
            if !found.is_empty() {
                saw(seen, "unmeetable");
            }
        }
        let mut later = facts.clone();
        for at in [Instant::MIN, Instant::MAX] {
            later.at = at;
            approval::decide(&later);
        }
    });
    expect(&seen, &["Approved", "Pending", "Rejected", "Error", "unmeetable"]);
}

/// The same where nothing is wrong but what the policies ask for: everybody is known, and approves.
fn plausible(facts: &approval::Facts) -> approval::Facts {
    let mut facts = facts.clone();
    facts.pull_request.truncated = false;
    facts.pull_request.commits.clear();
    facts.pull_request.other_pushers.clear();
    facts.pull_request.base.retargeted_at = None;
    facts.conditions.clear();
    facts.documents.truncate(1);
    facts.people.unreadable.clear();
    facts.policies.truncate(1);
    for policy in &mut facts.policies {
        policy.policy.delegations.clear();
        policy.policy.selector = None;
        policy.policy.attestation = approval::Attestation::Forge;
        for rule in &mut policy.policy.rules {
            rule.when = None;
            rule.count = std::num::NonZeroU32::MIN;
            rule.teams = facts.people.teams.keys().cloned().collect();
        }
    }
    let people: Vec<_> = facts.people.people.keys().cloned().collect();
    for team in facts.people.teams.values_mut() {
        for member in &people {
            let roles = [approval::TeamRole::Approver].into();
            let membership = approval::Membership {
                roles,
                from: None,
                until: None,
            };
            team.members.insert(member.clone(), membership);
        }
    }
    facts.accounts.clear();
    facts.reviews.clear();
    for (number, person) in (10_u64..).zip(facts.people.people.values_mut()) {
        let id = approval::AccountId(std::num::NonZeroU64::new(number).unwrap());
        person.accounts = [id].into();
        person.logins.clear();
        facts.accounts.push(approval::Account {
            id,
            login: crate::Text::clip("somebody"),
            bot: false,
            suspended: false,
        });
        facts.reviews.push(approval::Review {
            id: number,
            account: id,
            verdict: approval::ForgeVerdict::Approved,
            commit: Some(facts.pull_request.head.sha.clone()),
            submitted_at: facts.at,
            edited_at: None,
            dismissal: None,
            evidence: approval::Evidence::None,
            context: None,
        });
    }
    facts
}

#[test]
fn changes() {
    let seen = for_all::<change::Facts>(250, |facts, dice, seen| {
        survives(facts);
        for now in [facts.now, instant(dice), Instant::MIN, Instant::MAX] {
            let decision = sound(|| change::decide(facts, now));
            saw(seen, decision.phase);
            // After a move the next decision is due at once.
            let due = decision.next_transition.is_none_or(|next| next > now);
            assert!(
                due || decision.moves() && decision.next_transition == Some(now),
                "{decision:#?}"
            );
        }
        let settled = change::settle(facts, facts.now);
        assert!(settled.len() < 20);
        if let Some(assessment) = facts.assess() {
            saw(seen, assessment.level);
        }
    });
    assert!(seen.len() > 12, "{seen:?}");
}

#[test]
fn risks() {
    type Facts = (
        Vec<risk::Policy>,
        risk::RiskFacts,
        Vec<Run>,
        Option<ProvenSuccess>,
    );
    let seen = for_all::<Facts>(500, |(policies, facts, runs, proven), dice, seen| {
        let assessment = sound(|| risk::assess(policies, facts));
        saw(seen, assessment.level);
        assert!(assessment.score <= 100 && assessment.likelihood_permille <= 1_000);
        for policy in policies {
            policy.flaws();
        }
        for now in instants(dice) {
            sound(|| model_standing(runs, *proven, now));
            if let Some(bar) = proven {
                let promotion = sound(|| promotion(runs, *bar, now));
                saw(
                    seen,
                    if promotion.candidate {
                        "candidate"
                    } else {
                        "no candidate"
                    },
                );
            }
            let score = TeamScore::of(runs, now);
            assert!(score.value_permille() <= 1_000);
        }
    });
    expect(&seen, &["Low", "High", "VeryHigh", "no candidate"]);
}

#[test]
fn graphs_and_conflicts() {
    type Facts = (Graph, ConflictFacts, ConflictPolicy, Option<ResourceName>);
    let seen = for_all::<Facts>(400, |(graph, facts, policy, environment), _, seen| {
        survives(graph.source());
        for issue in graph.issues() {
            assert!(!issue.message().is_empty());
            saw(seen, "issue");
        }
        for (node, _) in graph.nodes() {
            let blast = sound(|| graph.blast_radius([node], environment.as_ref()));
            for impact in &blast.down {
                assert_eq!(blast.path(&impact.node).last(), Some(&&impact.node), "{blast:#?}");
                saw(seen, "down");
            }
            graph.containers(node, u32::MAX);
            graph.services_of(node);
            if let Some(distances) = graph.distances(node, environment.as_ref()) {
                for (other, distance) in distances.all() {
                    assert_eq!(graph.distance(node, other, environment.as_ref()), Some(distance));
                }
            }
        }
        let found = sound(|| detect(facts, graph, policy));
        for (id, conflicts) in &found {
            assert_eq!(detect_one(id, facts, graph, policy), *conflicts);
            for conflict in conflicts {
                saw(seen, conflict.r#type);
            }
        }
    });
    expect(
        &seen,
        &["issue", "down", "SameItem", "InFreeze", "DependsOnUnfinished"],
    );
}

#[test]
fn incidents() {
    let seen = for_all::<incident::Facts>(800, |facts, dice, seen| {
        survives(facts);
        for now in instants(dice) {
            let decision = sound(|| incident::decide(facts, now));
            saw(seen, decision.phase);
            sound(|| incident::decide(&facts.after(&decision), now));
            assert!(
                decision.next_transition.is_none_or(|next| next > now),
                "{now} {decision:#?}"
            );
        }
    });
    expect(
        &seen,
        &[
            "New",
            "Triage",
            "InProgress",
            "OnHold",
            "Mitigated",
            "Resolved",
            "Closed",
            "Cancelled",
        ],
    );
}

#[test]
fn problems() {
    let seen = for_all::<problem::Facts>(800, |facts, dice, seen| {
        survives(facts);
        for now in instants(dice) {
            let decision = sound(|| problem::decide(facts, now));
            saw(seen, decision.phase);
            sound(|| problem::decide(&facts.after(&decision), now));
            assert!(
                decision.next_transition.is_none_or(|next| next > now),
                "{now} {decision:#?}"
            );
        }
    });
    assert!(seen.len() > 4, "{seen:?}");
}

#[test]
fn likenesses() {
    type Facts = (
        BTreeMap<IncidentId, problem::Occurrence>,
        problem::RecurrenceRule,
        (problem::Manifestation, Vec<problem::Candidate>),
        (Symptom, Vec<suspect::Candidate>, Graph),
        (PriorityMatrix, PriorityFacts, ProblemPriorityFacts),
        Vec<problem::Outage>,
    );
    let seen = for_all::<Facts>(
        800,
        |(incidents, rule, (one, problems), (symptom, changes, graph), priorities, outages), dice, seen| {
            let (matrix, facts, of_problem) = priorities;
            sound(|| matrix.judge(facts));
            sound(|| matrix.judge_problem(of_problem));
            sound(|| matrix.inversions());
            if !sound(|| problem::recognise(one, problems)).is_empty() {
                saw(seen, "recognised");
            }
            let began = incidents.values().map(|incident| incident.began).max();
            let usual = problem::RecurrenceRule {
                at_least: 2,
                ..problem::RecurrenceRule::default()
            };
            for now in instants(dice).into_iter().chain(began) {
                sound(|| problem::propose(incidents, rule, now));
                if !sound(|| problem::propose(incidents, &usual, now)).is_empty() {
                    saw(seen, "proposed");
                }
                if !sound(|| suspect::suspects_in(graph, symptom, changes, None, now)).is_empty() {
                    saw(seen, "suspected");
                }
                assert!(problem::minutes_lost(outages, now) >= 0);
            }
        },
    );
    expect(&seen, &["recognised", "proposed", "suspected"]);
}

/// Reads a condition off the record: `true`, a text that is its error, or anything else for no.
struct Said;

impl Conditions for Said {
    fn holds(&self, condition: ConditionName, snapshot: &Value, _: Instant) -> Result<bool, String> {
        match snapshot.get(condition.field()) {
            Some(Value::String(error)) => Err(error.clone()),
            said => Ok(said == Some(&Value::Bool(true))),
        }
    }
}

#[test]
fn clocks() {
    type Facts = (SlaPolicy, Vec<Event>, Vec<Event>, Clock, Calendar, RecordLog);
    let seen = for_all::<Facts>(60, |(policy, events, more, clock, calendar, log), dice, seen| {
        survives(policy);
        let mut events: Vec<_> = events.iter().chain(more).cloned().collect();
        for event in &mut events {
            let names = ["start", "pause", "resume", "stop", "reset", "cancel"];
            let kept = ["start", "start", *dice.pick(&names[..]), *dice.pick(&names[..])];
            let told = |name: &&str| ((*name).to_owned(), Value::Bool(true));
            event.snapshot = Value::Object(kept[dice.below(3)..].iter().map(told).collect());
        }
        let policy = &SlaPolicy {
            conditions: serde_json::from_value(
                json!({"start": "a", "pause": "b", "resume": "c", "stop": "d", "reset": "e", "cancel": "f"}),
            )
            .unwrap(),
            ..policy.clone()
        };
        let times: [&dyn BusinessTime; 2] = [&sla::AroundTheClock, calendar];
        for time in times {
            let timer = Timer {
                policy,
                conditions: &Said,
                time,
            };
            for now in instants(dice) {
                let replay = sound(|| timer.replay(&events, now));
                saw(seen, replay.clock.state);
                for line in &replay.lines {
                    assert!(!line.why().is_empty());
                }
                // A clock that was saved and edited.
                let mut clock = clock.clone();
                timer.advance(&mut clock, now);
                let _ = timer.read(&clock, now);
                for event in &events {
                    let _ = timer.fold(&mut clock, event);
                }
                survives(&clock);
                survives(&timer.read(&clock, now));
            }
            for trap in traps_of_targets(policy, time, instant(dice)) {
                assert!(!trap.to_string().is_empty());
                saw(seen, "trap");
            }
        }
        let known: Vec<_> = events.iter().collect();
        survives(&Inputs::of::<Calendar>(policy, None, "2026a", &known).unwrap());
        if let Ok(events) = log.to_events() {
            survives(&events);
        }
    });
    expect(
        &seen,
        &["Pending", "Running", "Paused", "Met", "Cancelled", "Breached"],
    );
}

#[test]
fn traps() {
    for_all::<SlaPolicy>(30, |policy, dice, _| {
        for kind in TimedKind::ALL {
            let records = representatives(*kind);
            traps_of_conditions(policy, &Said, &records, instant(dice));
        }
    });
}

#[test]
fn reports() {
    type Facts = (
        Vec<Record>,
        Vec<Record>,
        Vec<Record>,
        crate::report::Period,
        BTreeSet<ResourceName>,
    );
    let seen = for_all::<Facts>(600, |(one, two, three, period, production), dice, seen| {
        let records: Vec<_> = [one, two, three].into_iter().flatten().cloned().collect();
        survives(&records);
        let question = Question {
            period: *period,
            production: production.clone(),
        };
        let most = dice.one_in(2);
        let business = |from: Instant, until: Instant| {
            if most {
                u64::MAX
            } else {
                u64::try_from(until.since(from).as_secs()).unwrap_or(0)
            }
        };
        let answer = sound(|| report(&records, &question, &business));
        for kpi in &answer.kpis {
            if kpi.value.is_some() {
                saw(seen, format!("{:?}", kpi.unit));
            }
        }
        for record in &records {
            if let Record::Change(change) = record
                && change.to_run(&|_| None).is_some()
            {
                saw(seen, "run");
            }
        }
    });
    assert!(seen.len() >= 3 && seen.contains_key("run"), "{seen:?}");
}
