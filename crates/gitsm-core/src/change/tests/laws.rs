//! Laws that hold for any facts.

use super::fixture::{base, command, instant, push};
use crate::approval;
use crate::approval::RequirementState;
use crate::change::{
    Action, Authority, BoundPart, Causation, Change, ChangeModelState, ChangeOutcome, ChangePhase,
    ChangePhaseRequest, CommandRole, Content, Decision, Dependency, ErrorBudget, Facts, IncidentFact, Mark,
    MergeBy, ModelFacts, Plan, PullRequest, PullRequestState, Record, ReviewFacts, ReviewRequirement,
    Rollout, RolloutState, decide, settle,
};
use crate::digest::canonical_json;
use crate::phase::can_move;
use crate::time::{Duration, Instant};
use crate::vocabulary::{BackoutKind, ChangeType, Priority};
use crate::window::{Interval, Override, Subject, SubjectChange, evaluate_change};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

/// An instant of two weeks around the windows, mostly where something happens.
fn moments() -> impl Strategy<Value = Instant> {
    prop_oneof![
        (0..14 * 24 * 4_i64)
            .prop_map(|quarters| { instant("01 00:00").plus(SignedDuration::from_mins(15 * quarters)) }),
        (0..14 * 86_400_i64).prop_map(|seconds| instant("01 00:00").plus(SignedDuration::from_secs(seconds))),
    ]
}

fn maybe<S: Strategy>(of: S) -> impl Strategy<Value = Option<S::Value>>
where
    S::Value: Clone,
{
    proptest::option::weighted(0.6, of)
}

fn contents() -> impl Strategy<Value = Content> {
    let sha = |digit: char| std::iter::repeat_n(digit, 40).collect::<String>();
    let usual = base().content.unwrap();
    prop_oneof![
        3 => Just(usual),
        1 => select(vec!['a', 'b']).prop_map(move |digit| Content {
            head_sha: sha(digit).parse().unwrap(),
            diff_digest: None,
        }),
    ]
}

fn plans() -> impl Strategy<Value = Plan> {
    let lengths = || (60..6 * 3_600_u64).prop_map(|seconds| Duration::from_seconds(seconds).unwrap());
    (
        proptest::option::of(moments()),
        proptest::option::of(moments()),
        lengths(),
        lengths(),
        proptest::option::weighted(0.2, lengths()),
    )
        .prop_map(
            |(start, not_after, duration, backout_duration, preparation)| Plan {
                start,
                not_after,
                duration,
                backout_duration,
                preparation,
            },
        )
}

prop_compose! {
    fn changes()(
        plan in maybe(plans()),
        backout in maybe(select(BackoutKind::ALL)),
        depends in any::<bool>(),
        unauthorized in proptest::bool::weighted(0.1),
        spec in select(vec!["1", "2"]),
        environment in select(vec!["prod", "staging"]),
        fixes in proptest::bool::weighted(0.2),
    ) -> Change {
        let mut change = base().change;
        change.plan = plan;
        change.backout = backout;
        if depends {
            change.depends_on.insert("payments/first".parse().unwrap());
        }
        change.unauthorized = unauthorized;
        change.spec_hash = crate::digest::sha256(spec.as_bytes());
        change.environment = environment.parse().unwrap();
        change.fixes_incident = fixes.then(|| "payments/inc-1".parse().unwrap());
        change
    }
}

prop_compose! {
    fn models()(
        change_type in select(ChangeType::ALL),
        state in prop_oneof![5 => Just(ChangeModelState::Active), 1 => select(ChangeModelState::ALL)],
        manual in proptest::bool::weighted(0.2),
        review in select(ReviewRequirement::ALL),
        valid_until in proptest::option::weighted(0.2, moments()),
        default in maybe(Just("30m")),
        blocked in proptest::bool::weighted(0.1),
    ) -> ModelFacts {
        let mut model = base().model.unwrap();
        let definition = &mut model.definition;
        definition.change_type = change_type;
        definition.state = state;
        definition.manual_start = manual;
        definition.review = review;
        definition.valid_until = valid_until;
        definition.default_duration = default.map(|text| text.parse().unwrap());
        model.blocked_by = blocked.then(|| "payments/emergency".parse().unwrap());
        model
    }
}

prop_compose! {
    fn approvals()(
        reviews in proptest::collection::vec(
            (1..=4_u64, select(vec!["Approved", "Approved", "ChangesRequested", "Commented"]), moments(), any::<bool>()),
            0..4,
        ),
        head in contents(),
    ) -> approval::Facts {
        let mut input = base().approvals.unwrap();
        push(&mut input.pull_request, head.head_sha.as_str());
        for (id, (account, verdict, at, fresh)) in reviews.into_iter().enumerate() {
            let commit = if fresh { input.pull_request.head.sha.to_string() } else { "c".repeat(40) };
            input.reviews.push(serde_json::from_value(json!({
                "id": id + 1, "account": account, "verdict": verdict, "commit": commit, "submittedAt": at,
            })).unwrap());
        }
        input
    }
}

prop_compose! {
    fn records()(
        phase_since in maybe(moments()),
        bound in proptest::option::weighted(0.8, any::<bool>()),
        void in proptest::option::weighted(0.2, moments()),
        authority in maybe(select(Authority::ALL)),
        start_ends in maybe(moments()),
        scheduled_start in maybe(moments()),
        started_at in maybe(moments()),
        soak_until in maybe(moments()),
        review_due in maybe(moments()),
        marks in proptest::collection::btree_set(select(Mark::ALL), 0..2),
        outcome in maybe(select(ChangeOutcome::ALL)),
        finished_at in maybe(moments()),
    ) -> (Record, Option<bool>) {
        let record = Record {
            phase_since, approvals_void_until: void, authority, start_ends, scheduled_start, started_at, soak_until,
            review_due, marks, outcome, finished_at, ..Record::default()
        };
        (record, bound)
    }
}

prop_compose! {
    fn worlds()(
        pull_request in maybe(select(PullRequestState::ALL)),
        content in proptest::option::weighted(0.9, contents()),
        conflicts in proptest::option::weighted(0.8, Just(Vec::new())),
        risk in proptest::bool::weighted(0.8),
        dependency in maybe((select(ChangePhase::ALL), proptest::option::of(select(ChangeOutcome::ALL)))),
        incident in proptest::option::weighted(0.3, (any::<bool>(), any::<bool>(), select(Causation::ALL), select(Priority::ALL))),
        overrides in proptest::collection::vec((moments(), 1..5_i64), 0..2),
        budget in prop_oneof![4 => Just(ErrorBudget::Left), 1 => select(ErrorBudget::ALL)],
        unreadable in proptest::bool::weighted(0.1),
        command in maybe((select(ChangePhaseRequest::ALL), proptest::collection::btree_set(select(CommandRole::ALL), 0..3))),
        merge in select(MergeBy::ALL),
        rollout in maybe((select(RolloutState::ALL), maybe(contents()), maybe(moments()), any::<bool>())),
        review in maybe((maybe(moments()), select(vec!["bo", "ravi"]))),
    ) -> Facts {
        let mut facts = base();
        facts.pull_request = pull_request.map(|state| PullRequest { state });
        facts.content = content;
        facts.conflicts = conflicts;
        facts.risk = risk.then(|| serde_json::from_value(json!({"facts": {}})).unwrap());
        if let Some((phase, outcome)) = dependency {
            facts.dependencies.insert("payments/first".parse().unwrap(), Dependency { phase, outcome });
        }
        facts.incidents = incident.into_iter().map(|(major, open, caused, priority)| IncidentFact {
            id: "payments/inc-1".parse().unwrap(), priority, major, open, caused,
        }).collect();
        facts.overrides = overrides.into_iter().map(|(from, hours)| Override {
            id: "payments/now".parse().unwrap(),
            window: "payments/saturday".parse().unwrap(),
            change: facts.change.id.clone(),
            during: Interval::new(from, from.plus(SignedDuration::from_hours(hours))).unwrap(),
        }).collect();
        facts.services[0].error_budget = budget;
        if unreadable {
            facts.unreadable.push("the forge does not answer".parse().unwrap());
        }
        facts.command = command.map(|(to, roles)| {
            super::fixture::command(to, "bo", &roles.into_iter().collect::<Vec<_>>(), "01 00:00")
        });
        facts.merge = merge;
        facts.rollout = rollout.map(|(state, implemented, finished_at, back)| Rollout {
            state, implemented, finished_at, previous_sha: None,
            backed_out_to: back.then(|| "e".repeat(40).parse().unwrap()),
        });
        facts.review = review.map(|(merged_at, by)| ReviewFacts {
            name: "review-1".parse().unwrap(), merged_at, reviewers: [by.parse().unwrap()].into(),
        });
        facts
    }
}

prop_compose! {
    /// Any facts: not only those that a change can come to.
    fn any_facts()(
        mut facts in worlds(),
        phase in proptest::option::weighted(0.95, select(ChangePhase::ALL)),
        (mut record, bound) in records(),
        change in changes(),
        model in proptest::option::weighted(0.95, models()),
        approvals in proptest::option::weighted(0.9, approvals()),
    ) -> Facts {
        facts.change = change;
        facts.model = model;
        facts.approvals = approvals;
        facts.phase = phase;
        record.bound = bound.map(|same| {
            let mut binding = facts.binding();
            if !same {
                binding.spec_hash = crate::digest::sha256(b"before");
            }
            binding
        });
        facts.record = record;
        facts
    }
}

fn approved_by_people(facts: &Facts, now: Instant) -> bool {
    let binding = facts.binding();
    super::super::approvals::view(facts, &binding, now).state == RequirementState::Approved
}

/// Whether the windows are open for the change now, judged without its plan.
fn is_open(facts: &Facts, now: Instant) -> bool {
    let subjects: Vec<_> = facts
        .services
        .iter()
        .map(|service| Subject {
            service: service.subject.clone(),
            policy: service.window_policy.clone(),
        })
        .collect();
    let change = SubjectChange {
        id: Some(facts.change.id.clone()),
        ..SubjectChange::default()
    };
    evaluate_change(&facts.windows, &facts.overrides, &subjects, &change, now).may_start()
}

fn change_type(facts: &Facts) -> Option<ChangeType> {
    facts.model.as_ref().map(|model| model.definition.change_type)
}

/// A decision without its instant and digest.
fn content(decision: &Decision) -> (ChangePhase, Record, Vec<Action>) {
    (decision.phase, decision.record.clone(), decision.actions.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_move_is_possible(facts in any_facts(), now in moments()) {
        let decision = decide(&facts, now);
        match facts.phase {
            Some(from) => {
                prop_assert!(can_move(ChangePhase::TRANSITIONS, &from, &decision.phase));
                prop_assert_eq!(decision.guard.is_some(), from != decision.phase);
            }
            None => prop_assert!(matches!(decision.phase, ChangePhase::Draft | ChangePhase::Review)),
        }
        prop_assert!(decision.reasons.iter().all(|one| !one.message.is_empty()), "{:?}", decision);
    }

    #[test]
    fn the_same_facts_give_the_same_bytes(facts in any_facts(), now in moments()) {
        let saved = serde_json::to_string(&facts).unwrap();
        let read: Facts = serde_json::from_str(&saved).unwrap();
        prop_assert_eq!(&read, &facts);
        let one = canonical_json(&decide(&facts, now)).unwrap();
        prop_assert_eq!(&one, &canonical_json(&decide(&read, now)).unwrap());
        let decision: Decision = serde_json::from_str(&one).unwrap();
        prop_assert_eq!(canonical_json(&decision).unwrap(), one);
    }

    #[test]
    fn nothing_goes_on_without_approval(facts in any_facts(), now in moments()) {
        let decision = decide(&facts, now);
        let further = matches!(
            decision.phase,
            ChangePhase::Approved | ChangePhase::Scheduled | ChangePhase::Implementing
        );
        if further && decision.moves() {
            match change_type(&facts) {
                Some(ChangeType::Standard) => {}
                Some(ChangeType::Emergency) => prop_assert!(
                    approved_by_people(&facts, now)
                        || facts.overrides.iter().any(|force| force.during.contains(now))
                ),
                Some(ChangeType::Normal) | None => prop_assert!(approved_by_people(&facts, now)),
            }
        }
    }

    #[test]
    fn nothing_begins_outside_an_open_window(facts in any_facts(), now in moments()) {
        let decision = decide(&facts, now);
        let begins = decision.moves() && decision.phase == ChangePhase::Implementing;
        let acts = decision.actions.iter().any(|action| matches!(action, Action::Merge { .. } | Action::Apply { .. }));
        if begins || acts {
            prop_assert!(is_open(&facts, now), "{:?}", decision);
            prop_assert!(facts.unreadable.is_empty());
            let model = facts.model.as_ref().unwrap();
            prop_assert_eq!(model.definition.state, ChangeModelState::Active);
        }
    }

    #[test]
    fn every_chain_ends_and_its_end_repeats_itself(mut facts in any_facts(), now in moments()) {
        let decisions = settle(&facts, now);
        let last = decisions.last().unwrap();
        prop_assert!(!last.moves(), "{:?}", decisions.iter().map(|one| one.phase).collect::<Vec<_>>());
        facts.phase = Some(last.phase);
        facts.record = last.record.clone();
        prop_assert_eq!(content(&decide(&facts, now)), content(last));
    }

    #[test]
    fn nothing_changes_before_the_instant_that_was_named(mut facts in any_facts(), now in moments(), part in 1..1000_i64) {
        let last = settle(&facts, now).pop().unwrap();
        facts.phase = Some(last.phase);
        facts.record = last.record.clone();
        let end = last.next_transition.unwrap_or(now.plus(SignedDuration::from_hours(24 * 30)));
        prop_assert!(now < end);
        // Some instant strictly between.
        let between = now.plus(SignedDuration::from_secs((end.since(now).as_secs() - 1).max(0) * part / 1000));
        let later = decide(&facts, between);
        prop_assert_eq!(content(&later), content(&last), "{} of {} to {}: {:?}", between, now, end, last);
    }

    #[test]
    fn what_is_recorded_stays(facts in any_facts(), now in moments()) {
        let before = &facts.record;
        let after = decide(&facts, now).record;
        prop_assert!(before.started_at.is_none() || after.started_at == before.started_at);
        if let (Some(start), Some(end)) = (after.started_at, after.finished_at.filter(|_| before.finished_at.is_none())) {
            prop_assert!(start <= end);
        }
        prop_assert!(before.marks.iter().all(|mark| *mark == Mark::Expired || after.has(*mark)));
    }
}

#[test]
fn a_voided_review_does_not_count_and_a_later_one_does() {
    let mut facts = base();
    let approvals = facts.approvals.as_mut().unwrap();
    let review = |at: &str, id: u64| {
        json!({"id": id, "account": 3, "verdict": "Approved",
            "commit": "9f1c2ab0d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8", "submittedAt": instant(at)})
    };
    approvals
        .reviews
        .push(serde_json::from_value(review("01 08:00", 1)).unwrap());
    let now = instant("01 10:00");
    assert!(approved_by_people(&facts, now));
    facts.record.approvals_void_until = Some(instant("01 08:00"));
    assert!(!approved_by_people(&facts, now));
    let approvals = facts.approvals.as_mut().unwrap();
    approvals
        .reviews
        .push(serde_json::from_value(review("01 08:01", 2)).unwrap());
    assert!(approved_by_people(&facts, now));
}

#[test]
fn each_part_of_a_binding_is_told_apart() {
    let binding = base().binding();
    assert_eq!(binding.differences(&binding), []);
    let mut other = binding.clone();
    other.spec_hash = crate::digest::sha256(b"other");
    assert_eq!(binding.differences(&other), [BoundPart::Spec]);
    assert_ne!(binding.digest(), other.digest());
    other.environment = "staging".parse().unwrap();
    other.plan = None;
    assert_eq!(
        binding.differences(&other),
        [BoundPart::Environment, BoundPart::Plan]
    );
    // What is not known now is no difference; what was not known then is one.
    other = binding.clone();
    other.content = None;
    assert_eq!(binding.differences(&other), []);
    assert_eq!(other.differences(&binding), [BoundPart::Payload]);
    // The commit is not part of the digest: reviews are bound to it by themselves.
    assert_eq!(binding.digest(), other.digest());
}

#[test]
fn the_same_words_at_another_time_are_another_command() {
    let one = command(ChangePhaseRequest::Cancel, "bo", &[], "01 00:00");
    assert!(one.is_same(&command(
        ChangePhaseRequest::Cancel,
        "bo",
        &[CommandRole::Requester],
        "01 00:00"
    )));
    assert!(!one.is_same(&command(ChangePhaseRequest::Cancel, "bo", &[], "01 00:01")));
}
