//! Worked examples; the laws are beside them.

mod laws;
mod standing;

use super::RiskFactorKind as Kind;
use super::*;
use crate::vocabulary::RiskLevel::{self, High, Low, Moderate, VeryHigh};
use serde_json::json;

const ANSWERS: [&str; 3] = ["no restart", "rolling restart", "full restart"];

/// A policy with every kind of factor and one question.
fn policy(weights: &[u32]) -> Policy {
    let factors = RiskFactorKind::ALL.iter().zip(weights).map(|(kind, weight)| {
        let question = (*kind == RiskFactorKind::Question).then(|| {
            json!({"text": "Does anything restart?", "answers": [
                {"answer": ANSWERS[0], "valuePermille": 0},
                {"answer": ANSWERS[1], "valuePermille": 300},
                {"answer": ANSWERS[2], "valuePermille": 900},
            ]})
        });
        let mut name = kind.to_string();
        name[..1].make_ascii_lowercase();
        json!({"name": name, "kind": kind, "weight": weight, "question": question})
    });
    let mut policy = built_in_policy();
    policy.source = PolicySource::Named("acme".parse().unwrap());
    policy.selector = Some(crate::selector::ChangeSelector::default());
    policy.factors = serde_json::from_value(factors.collect()).unwrap();
    policy
}

fn facts() -> RiskFacts {
    serde_json::from_value(json!({
        "change": {"environment": "prod", "changeType": "Normal", "model": "normal-upgrade"},
        "services": [{"id": "payments/db", "tier": 1}],
        "down": [
            {"id": "payments/db", "tier": 2, "userFacing": false},
            {"id": "payments/api", "tier": 1, "userFacing": true},
        ],
        "redundancyLost": false,
        "modelRuns": {"runs": 18, "successful": 15},
        "teamScore": {"runs": 10, "points": 30},
        "diffLines": 250,
        "similarChanges": 3,
        "tests": [{"name": "ci", "result": "passed"}],
        "backout": {"kind": "Manual", "tested": true},
        "timeNeeded": {"duration": "45m", "backout": "30m"},
        "windowLeft": {"seconds": 18000},
        "incidents": {"p1": 0, "p2": 1},
        "errorBudgetUsedPermille": 425,
        "concurrentChanges": 1,
        "answers": {"question": {"answer": "rolling restart", "from": "author"}},
    }))
    .unwrap()
}

fn factor(assessment: &Assessment, kind: RiskFactorKind) -> &FactorResult {
    assessment
        .factors
        .iter()
        .find(|factor| factor.kind == kind)
        .unwrap()
}

#[test]
fn every_factor_has_the_value_of_its_formula() {
    let assessment = assess(&[policy(&[10; 11])], &facts());
    for (kind, expected) in [
        (Kind::ModelFailure, 200), // (3 + 1) / (18 + 2)
        (Kind::TeamScore, 250),    // (30 + 40 - 30) / (8 * 20)
        (Kind::DiffSize, 500),
        (Kind::Novelty, 250), // 1 / 4
        (Kind::MissingTests, 0),
        (Kind::Backout, 600),
        (Kind::TimePressure, 250), // 75 min of 300 min
        (Kind::Instability, 250),
        (Kind::ErrorBudget, 425),
        (Kind::ConcurrentChanges, 500), // 1 / 2
        (Kind::Question, 300),
    ] {
        let result = factor(&assessment, kind);
        assert_eq!(result.value_permille, expected, "{kind}: {}", result.source);
        assert!(!result.assumed, "{kind}");
    }
    // 3525 / 11 = 320.45, rounded up.
    assert_eq!((assessment.likelihood_permille, assessment.score), (321, 33));
    // Tier 1 is High, raised once because the API is used from outside.
    assert_eq!(assessment.impact.base, RiskLevel::High);
    assert_eq!(assessment.impact.level, RiskLevel::VeryHigh);
    assert_eq!(assessment.level, RiskLevel::High);
    assert!(!assessment.assumes());
    assert_eq!(assessment.policy, PolicySource::Named("acme".parse().unwrap()));
}

#[test]
fn what_is_not_known_is_the_worst_and_says_how_to_be_known() {
    let nothing = RiskFacts {
        named_policy: Some("acme".parse().unwrap()),
        ..RiskFacts::default()
    };
    let assessment = assess(&[policy(&[10; 11])], &nothing);
    for factor in &assessment.factors {
        let worst = if factor.kind == RiskFactorKind::Question {
            900
        } else {
            1000
        };
        assert_eq!(factor.value_permille, worst, "{}", factor.kind);
        assert!(factor.assumed && factor.remedy.is_some(), "{}", factor.kind);
    }
    assert_eq!(assessment.level, RiskLevel::VeryHigh);
    assert_eq!(assessment.impact.raises.len(), 3);
    assert!(assessment.impact.assumed);
    let question = factor(&assessment, RiskFactorKind::Question);
    let remedy = question.remedy.as_deref().unwrap();
    assert!(
        remedy.contains("rolling restart") && remedy.contains("spec.riskAnswers.question"),
        "{remedy}"
    );
}

#[test]
fn single_factors_at_their_edges() {
    let value = |kind: RiskFactorKind, change: serde_json::Value| {
        let mut all = serde_json::to_value(facts()).unwrap();
        all.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let facts = serde_json::from_value(all).unwrap();
        factor(&assess(&[policy(&[1; 11])], &facts), kind).value_permille
    };
    for (kind, change, expected) in [
        (
            Kind::ModelFailure,
            json!({"modelRuns": {"runs": 0, "successful": 0}}),
            500,
        ),
        // More successes than runs cannot be; nothing is below nothing.
        (
            Kind::ModelFailure,
            json!({"modelRuns": {"runs": 1, "successful": 9}}),
            334,
        ),
        (
            Kind::TeamScore,
            json!({"teamScore": {"runs": 0, "points": 0}}),
            500,
        ),
        (
            Kind::TeamScore,
            json!({"teamScore": {"runs": 1, "points": -500}}),
            1000,
        ),
        (
            Kind::TeamScore,
            json!({"teamScore": {"runs": 90, "points": 270}}),
            50,
        ),
        (Kind::DiffSize, json!({"diffLines": 10}), 0),
        (Kind::DiffSize, json!({"diffLines": 11}), 150),
        (Kind::DiffSize, json!({"diffLines": 3000}), 850),
        (Kind::DiffSize, json!({"diffLines": 3001}), 1000),
        (Kind::Novelty, json!({"similarChanges": 0}), 1000),
        (Kind::Novelty, json!({"similarChanges": 2}), 334),
        (Kind::MissingTests, json!({"tests": []}), 1000),
        (
            Kind::MissingTests,
            json!({"tests": [{"name": "a", "result": "stated"}]}),
            300,
        ),
        (
            Kind::MissingTests,
            json!({"tests": [{"name": "a", "result": "stated"}, {"name": "b", "result": "passed"}]}),
            0,
        ),
        (
            Kind::MissingTests,
            json!({"tests": [{"name": "a", "result": "failed"}, {"name": "b", "result": "passed"}]}),
            1000,
        ),
        (
            Kind::Backout,
            json!({"backout": {"kind": "GitRevert", "tested": true}}),
            0,
        ),
        (
            Kind::Backout,
            json!({"backout": {"kind": "GitRevert", "tested": false}}),
            100,
        ),
        (
            Kind::Backout,
            json!({"backout": {"kind": "Job", "tested": true}}),
            300,
        ),
        (
            Kind::Backout,
            json!({"backout": {"kind": "Manual", "tested": false}}),
            700,
        ),
        (
            Kind::Backout,
            json!({"backout": {"kind": "None", "tested": true}}),
            1000,
        ),
        (Kind::TimePressure, json!({"windowLeft": "unlimited"}), 0),
        (Kind::TimePressure, json!({"windowLeft": {"seconds": 0}}), 1000),
        (Kind::TimePressure, json!({"windowLeft": {"seconds": 4500}}), 1000),
        (Kind::TimePressure, json!({"windowLeft": {"seconds": 4501}}), 1000),
        (Kind::TimePressure, json!({"windowLeft": {"seconds": 9000}}), 500),
        (Kind::Instability, json!({"incidents": {"p1": 1, "p2": 1}}), 750),
        (
            Kind::Instability,
            json!({"incidents": {"p1": 4_000_000_000_u32, "p2": 4_000_000_000_u32}}),
            1000,
        ),
        (Kind::ErrorBudget, json!({"errorBudgetUsedPermille": 1800}), 1000),
        (Kind::ConcurrentChanges, json!({"concurrentChanges": 0}), 0),
        (Kind::ConcurrentChanges, json!({"concurrentChanges": 2}), 667),
        (
            Kind::Question,
            json!({"answers": {"question": {"answer": "perhaps", "from": "author"}}}),
            900,
        ),
    ] {
        assert_eq!(value(kind, change.clone()), expected, "{kind} with {change}");
    }
}

#[test]
fn data_is_at_stake_by_fact_answer_or_missing_way_back() {
    let raised = |policy: &Policy, change: serde_json::Value| {
        let mut all = serde_json::to_value(facts()).unwrap();
        all.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let assessment = assess(
            std::slice::from_ref(policy),
            &serde_json::from_value(all).unwrap(),
        );
        let raise = assessment
            .impact
            .raises
            .into_iter()
            .find(|raise| raise.kind == RaiseKind::DataDestructive);
        raise.map(|raise| raise.assumed)
    };
    let silent = policy(&[1; 11]);
    assert_eq!(raised(&silent, json!({})), None);
    assert_eq!(raised(&silent, json!({"dataDestructive": true})), Some(false));
    assert_eq!(
        raised(&silent, json!({"backout": {"kind": "None", "tested": false}})),
        Some(false)
    );
    assert_eq!(raised(&silent, json!({"backout": null})), Some(true));
    let mut asking = silent.clone();
    let mut question = asking.factors.last().unwrap().clone();
    question.name = "dataDestructive".parse().unwrap();
    asking.factors.push(question);
    let answer = |text: &str| json!({"answers": {"dataDestructive": {"answer": text, "from": "model"}}});
    assert_eq!(raised(&asking, json!({})), Some(true));
    assert_eq!(raised(&asking, answer("no restart")), None);
    assert_eq!(raised(&asking, answer("full restart")), Some(false));
    assert_eq!(raised(&asking, answer("who knows")), Some(true));
}

#[test]
fn of_several_policies_the_highest_wins_and_floors_hold() {
    let mild = policy(&[10; 11]);
    let mut strict = mild.clone();
    strict.source = PolicySource::Named("strict".parse().unwrap());
    strict.floors = serde_json::from_value(json!([
        {"selector": {"environments": ["prod"]}, "level": "VeryHigh", "reason": "audit"},
        {"selector": {"environments": ["dev"]}, "level": "VeryHigh"},
    ]))
    .unwrap();
    let assessment = assess(&[mild.clone(), strict.clone()], &facts());
    assert_eq!(assessment.policy, strict.source);
    assert_eq!(
        (assessment.matrix_level, assessment.level),
        (RiskLevel::High, RiskLevel::VeryHigh)
    );
    assert_eq!(assessment.floors.len(), 1);
    let considered: Vec<_> = assessment
        .considered
        .iter()
        .map(|one| one.policy.to_string())
        .collect();
    assert_eq!(considered, ["strict", "acme"]);
    let other_order = assess(&[strict, mild], &facts());
    assert_eq!(other_order.level, assessment.level);
    assert_eq!(other_order.policy, assessment.policy);
}

#[test]
fn the_built_in_policy_is_used_where_none_applies_for_certain() {
    let mut elsewhere = policy(&[10; 11]);
    elsewhere.selector = serde_json::from_value(json!({"environments": ["dev"]})).unwrap();
    assert_eq!(
        assess(&[elsewhere.clone()], &facts()).policy,
        PolicySource::BuiltIn
    );
    let mut unknown = facts();
    unknown.change.environment = None;
    let both: Vec<_> = assess(&[elsewhere.clone()], &unknown)
        .considered
        .into_iter()
        .map(|one| one.policy)
        .collect();
    assert_eq!(both.len(), 2);
    let mut named = facts();
    named.named_policy = Some("acme".parse().unwrap());
    assert_eq!(assess(&[elsewhere], &named).policy.to_string(), "acme");
    let missing = assess(&[], &named);
    assert_eq!(missing.level, RiskLevel::VeryHigh);
    assert!(missing.floors[0].reason.contains("acme"), "{missing:?}");
}

#[test]
fn flaws_of_a_policy_are_found() {
    let mut policy = built_in_policy();
    policy.impact.tiers = TierImpacts::new([Low, High, Low, Low]);
    policy.matrix = Matrix::new([
        [High, Low, High, High],
        [Low, High, High, High],
        [Moderate, High, High, VeryHigh],
        [Moderate, High, VeryHigh, VeryHigh],
    ]);
    policy.factors.clear();
    assert_eq!(
        policy.flaws(),
        [
            PolicyFlaw::TiersNotOrdered,
            PolicyFlaw::RowNotOrdered(Low),
            PolicyFlaw::RowsNotOrdered(Moderate),
            PolicyFlaw::NoFactors
        ]
    );
}
