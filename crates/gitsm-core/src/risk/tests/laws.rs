//! Laws of the assessment.

use super::super::*;
use super::{ANSWERS, policy};
use crate::selector::ChangeSubject;
use crate::vocabulary::{BackoutKind, ChangeType, Tier};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

fn tier() -> impl Strategy<Value = Tier> {
    (1_i64..=4).prop_map(|tier| Tier::try_from(tier).unwrap())
}

fn down_services() -> impl Strategy<Value = Vec<DownService>> {
    let service = ("[a-c]{1,2}", option::of(tier()), option::of(any::<bool>()));
    vec(service, 0..4).prop_map(|services| {
        services
            .into_iter()
            .map(|(name, tier, user_facing)| DownService {
                id: format!("ns/{name}").parse().unwrap(),
                tier,
                user_facing,
            })
            .collect()
    })
}

fn any_facts() -> impl Strategy<Value = RiskFacts> {
    let tests = vec(
        prop::sample::select(vec![
            TestResult::Passed,
            TestResult::Failed,
            TestResult::Unknown,
            TestResult::Stated,
        ]),
        0..3,
    )
    .prop_map(|results| {
        results
            .into_iter()
            .map(|result| TestFact {
                name: "ci".parse().unwrap(),
                result,
            })
            .collect::<Vec<_>>()
    });
    let backout = (prop::sample::select(BackoutKind::ALL), any::<bool>())
        .prop_map(|(kind, tested)| BackoutFact { kind, tested });
    let window = prop_oneof![
        Just(WindowLeft::Unlimited),
        any::<u64>().prop_map(WindowLeft::Seconds)
    ];
    let needed = (1_u64..=315_360_000, 1_u64..=315_360_000).prop_map(|(duration, backout)| TimeNeeded {
        duration: crate::time::Duration::from_seconds(duration).unwrap(),
        backout: crate::time::Duration::from_seconds(backout).unwrap(),
    });
    let history = (
        option::of(
            (any::<u32>(), any::<u32>()).prop_map(|(runs, successful)| RunCounts { runs, successful }),
        ),
        option::of((any::<u32>(), any::<i64>()).prop_map(|(runs, points)| TeamScore { runs, points })),
        option::of(any::<u64>()),
        option::of(any::<u32>()),
        option::of(tests),
        option::of(backout),
    );
    let plan = (
        option::of(needed),
        option::of(window),
        option::of((any::<u32>(), any::<u32>()).prop_map(|(p1, p2)| IncidentCounts { p1, p2 })),
        option::of(any::<u32>()),
        option::of(any::<u32>()),
    );
    let answers = btree_map(
        prop::sample::select(vec!["question", "other"]).prop_map(|name| name.parse().unwrap()),
        prop::sample::select(vec![ANSWERS[0], ANSWERS[1], ANSWERS[2], "else"]).prop_map(|answer| {
            AnswerFact {
                answer: answer.parse().unwrap(),
                from: AnswerOrigin::Author,
            }
        }),
        0..2,
    );
    let impact = (
        option::of(down_services()),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        option::of(prop::sample::select(ChangeType::ALL)),
    );
    (history, plan, answers, impact).prop_map(|(history, plan, answers, impact)| RiskFacts {
        change: ChangeSubject {
            change_type: impact.3,
            ..ChangeSubject::default()
        },
        named_policy: Some("acme".parse().unwrap()),
        services: Vec::new(),
        down: impact.0,
        data_destructive: impact.1,
        redundancy_lost: impact.2,
        model_runs: history.0,
        team_score: history.1,
        diff_lines: history.2,
        similar_changes: history.3,
        tests: history.4,
        backout: history.5,
        time_needed: plan.0,
        window_left: plan.1,
        incidents: plan.2,
        error_budget_used_permille: plan.3,
        concurrent_changes: plan.4,
        answers,
    })
}

fn weights(most: u32) -> impl Strategy<Value = Vec<u32>> {
    vec(1..=most, RiskFactorKind::ALL.len())
}

/// The facts with one thing worse than before.
fn worsened(facts: &RiskFacts, which: usize) -> RiskFacts {
    let mut worse = facts.clone();
    match which {
        0 => worse
            .model_runs
            .iter_mut()
            .for_each(|counts| counts.successful = counts.successful.min(counts.runs) / 2),
        1 => worse
            .team_score
            .iter_mut()
            .for_each(|score| score.points = score.points.saturating_sub(7)),
        2 => worse
            .diff_lines
            .iter_mut()
            .for_each(|lines| *lines = lines.saturating_mul(2)),
        3 => worse.similar_changes.iter_mut().for_each(|count| *count /= 2),
        4 => worse.tests.iter_mut().for_each(Vec::clear),
        5 => worse
            .backout
            .iter_mut()
            .for_each(|backout| backout.tested = false),
        6 => worse.window_left.iter_mut().for_each(|left| {
            *left = match left {
                WindowLeft::Unlimited => WindowLeft::Seconds(86_400),
                WindowLeft::Seconds(seconds) => WindowLeft::Seconds(*seconds / 2),
            };
        }),
        7 => worse
            .incidents
            .iter_mut()
            .for_each(|counts| counts.p2 = counts.p2.saturating_add(1)),
        8 => worse
            .error_budget_used_permille
            .iter_mut()
            .for_each(|used| *used = used.saturating_add(100)),
        9 => worse
            .concurrent_changes
            .iter_mut()
            .for_each(|count| *count = count.saturating_add(1)),
        _ => worse
            .answers
            .values_mut()
            .for_each(|given| given.answer = ANSWERS[2].parse().unwrap()),
    }
    worse
}

/// The facts with one thing not known.
fn forgotten(facts: &RiskFacts, which: usize) -> RiskFacts {
    let mut less = facts.clone();
    match which {
        0 => less.model_runs = None,
        1 => less.team_score = None,
        2 => less.diff_lines = None,
        3 => less.similar_changes = None,
        4 => less.tests = None,
        5 => less.backout = None,
        6 => less.window_left = None,
        7 => less.incidents = None,
        8 => less.error_budget_used_permille = None,
        9 => less.concurrent_changes = None,
        10 => less.answers.clear(),
        11 => less.time_needed = None,
        12 => less.down = None,
        13 => less.redundancy_lost = None,
        14 => less
            .down
            .iter_mut()
            .flatten()
            .for_each(|service| service.tier = None),
        _ => less
            .down
            .iter_mut()
            .flatten()
            .for_each(|service| service.user_facing = None),
    }
    less
}

proptest! {
    #[test]
    fn a_worse_factor_never_lowers_score_or_level(facts in any_facts(), which in 0..11_usize, weights in weights(1000)) {
        let policies = [policy(&weights)];
        let (before, after) = (assess(&policies, &facts), assess(&policies, &worsened(&facts, which)));
        prop_assert!(after.likelihood_permille >= before.likelihood_permille);
        prop_assert!(after.score >= before.score);
        prop_assert!(after.level >= before.level);
    }

    #[test]
    fn a_higher_tier_never_lowers_the_level(facts in any_facts(), weights in weights(1000)) {
        let policies = [policy(&weights)];
        let mut critical = facts.clone();
        for service in critical.down.iter_mut().flatten() {
            service.tier = service.tier.map(|tier| Tier::try_from(i64::from(tier.get()).max(2) - 1).unwrap());
        }
        let (before, after) = (assess(&policies, &facts), assess(&policies, &critical));
        prop_assert!(after.impact.level >= before.impact.level);
        prop_assert!(after.level >= before.level);
    }

    #[test]
    fn one_more_service_down_never_lowers_the_level(facts in any_facts(), more in down_services()) {
        let policies = [policy(&[10; 11])];
        let mut larger = facts.clone();
        larger.down.iter_mut().for_each(|down| down.extend(more.clone()));
        prop_assert!(assess(&policies, &larger).level >= assess(&policies, &facts).level);
    }

    #[test]
    fn weights_count_only_by_their_proportions(facts in any_facts(), weights in weights(100), factor in 1..=10_u32) {
        let scaled: Vec<u32> = weights.iter().map(|weight| weight * factor).collect();
        let (one, other) = (assess(&[policy(&weights)], &facts), assess(&[policy(&scaled)], &facts));
        prop_assert_eq!((one.score, one.likelihood_permille, one.level), (other.score, other.likelihood_permille, other.level));
    }

    #[test]
    fn not_knowing_is_never_better(facts in any_facts(), which in 0..16_usize, weights in weights(1000)) {
        let policies = [policy(&weights), built_in_policy()];
        let (known, unknown) = (assess(&policies, &facts), assess(&policies, &forgotten(&facts, which)));
        prop_assert!(unknown.level >= known.level, "{known:?} {unknown:?}");
        prop_assert!(unknown.likelihood_permille >= known.likelihood_permille || unknown.policy != known.policy);
    }

    #[test]
    fn values_are_in_range_and_facts_survive_being_saved(facts in any_facts(), weights in weights(1000)) {
        let policies = [policy(&weights)];
        let assessment = assess(&policies, &facts);
        prop_assert!(assessment.score <= 100 && assessment.likelihood_permille <= 1000);
        prop_assert!(assessment.factors.iter().all(|factor| factor.value_permille <= 1000));
        let saved: RiskFacts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        let policy: Policy = serde_json::from_str(&serde_json::to_string(&policies[0]).unwrap()).unwrap();
        prop_assert_eq!(assess(&[policy], &saved), assessment);
    }
}
