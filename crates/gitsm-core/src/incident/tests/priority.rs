//! Priorities.

use crate::incident::*;
use crate::vocabulary::{Level, Priority};
use proptest::prelude::*;
use serde_json::{Value, json};

fn judged(facts: &Value) -> PriorityDecision {
    PriorityMatrix::default().judge(&serde_json::from_value(facts.clone()).unwrap())
}

#[test]
fn the_default_matrix_is_the_sum_less_one() {
    let number = |level: Level| Level::ALL.iter().position(|one| *one == level).unwrap() + 1;
    let matrix = PriorityMatrix::default();
    for impact in Level::ALL {
        for urgency in Level::ALL {
            let expected = Priority::ALL[number(*impact) + number(*urgency) - 2];
            assert_eq!(matrix.priority(*impact, *urgency), expected);
        }
    }
    assert_eq!(matrix.inversions(), []);
}

#[test]
fn a_matrix_that_punishes_gravity_is_found() {
    let mut matrix = PriorityMatrix::default();
    matrix.priorities.high.high = Priority::P4;
    let found = matrix.inversions();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|one| one.graver == (Level::High, Level::High)));
}

#[test]
fn impact_comes_from_what_suffers() {
    use LevelSource as From;
    for (facts, level, source, words) in [
        (
            json!({"statedImpact": "Low", "reach": {"mostCriticalDown": 1}}),
            Level::Low,
            From::Stated,
            "stated",
        ),
        (
            json!({"reach": {"mostCriticalDown": 1, "count": 1}}),
            Level::High,
            From::BlastRadius,
            "tier 1 is down",
        ),
        (
            json!({"reach": {"mostCriticalDown": 2, "count": 1}}),
            Level::Medium,
            From::BlastRadius,
            "tier 2 is down",
        ),
        (
            json!({"reach": {"mostCriticalDown": 3, "count": 1}}),
            Level::Low,
            From::BlastRadius,
            "tier 3 is down",
        ),
        (
            json!({"reach": {"mostCriticalDown": 4, "count": 9}}),
            Level::Low,
            From::BlastRadius,
            "tier 4 is down",
        ),
        (
            json!({"reach": {"mostCriticalDown": 4, "count": 10}}),
            Level::Medium,
            From::BlastRadius,
            "10 services suffer",
        ),
        (
            json!({"reach": {"mostCriticalDegraded": 1, "count": 1}}),
            Level::Medium,
            From::BlastRadius,
            "degraded",
        ),
        (
            json!({"reach": {"mostCriticalDown": 3, "mostCriticalDegraded": 1, "count": 2}}),
            Level::Medium,
            From::BlastRadius,
            "tier 1 is degraded",
        ),
        (
            json!({"reach": {"mostCriticalDown": 2, "mostCriticalDegraded": 1, "count": 2}}),
            Level::Medium,
            From::BlastRadius,
            "tier 2 is down",
        ),
        (
            json!({"reach": {"count": 3}}),
            Level::Medium,
            From::Assumed,
            "has a tier",
        ),
        (
            json!({"reach": {"count": 30}}),
            Level::High,
            From::Assumed,
            "30 services",
        ),
        (json!({}), Level::Medium, From::Assumed, "not known"),
    ] {
        let impact = judged(&facts).impact;
        assert_eq!((impact.level, impact.source), (level, source), "{facts}");
        assert!(impact.why.contains(words), "{facts}: {}", impact.why);
    }
    let matrix = PriorityMatrix {
        derive_impact: false,
        ..PriorityMatrix::default()
    };
    let facts = serde_json::from_value(json!({"reach": {"mostCriticalDown": 1, "count": 1}})).unwrap();
    assert_eq!(matrix.judge(&facts).impact.source, From::Assumed);
}

#[test]
fn urgency_is_the_higher_of_alert_and_burn() {
    use LevelSource as From;
    for (facts, level, source) in [
        (
            json!({"statedUrgency": "Low", "alertUrgency": "High", "burnPermille": 14400}),
            Level::Low,
            From::Stated,
        ),
        (
            json!({"alertUrgency": "High", "burnPermille": 999}),
            Level::High,
            From::Alert,
        ),
        (
            json!({"alertUrgency": "Low", "burnPermille": 6000}),
            Level::High,
            From::BudgetBurn,
        ),
        (json!({"burnPermille": 5999}), Level::Medium, From::BudgetBurn),
        (json!({"burnPermille": 999}), Level::Low, From::BudgetBurn),
        (json!({}), Level::Medium, From::Assumed),
    ] {
        let urgency = judged(&facts).urgency;
        assert_eq!((urgency.level, urgency.source), (level, source), "{facts}");
    }
}

#[test]
fn an_override_keeps_what_the_matrix_said() {
    let decision = judged(&json!({
        "statedImpact": "Low", "statedUrgency": "Low",
        "overrideBy": {"priority": "P1", "by": "ana", "reason": "the board is watching"},
    }));
    assert_eq!(
        (decision.priority, decision.computed),
        (Priority::P1, Priority::P5)
    );
    assert_eq!(decision.override_by.unwrap().by.as_str(), "ana");
}

#[test]
fn a_problem_is_as_grave_as_its_gravest_incident() {
    let facts = serde_json::from_value(json!({
        "impactsOfIncidents": ["Low", "High"], "urgenciesOfIncidents": ["Low", "Medium"],
    }));
    let decision = PriorityMatrix::default().judge_problem(&facts.unwrap());
    assert_eq!(decision.priority, Priority::P2);
    assert_eq!(decision.impact.source, LevelSource::Incidents);
    let alone = PriorityMatrix::default().judge_problem(&ProblemPriorityFacts::default());
    assert_eq!(
        (alone.priority, alone.urgency.source),
        (Priority::P3, LevelSource::Assumed)
    );
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL)
}

fn priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(Priority::ALL)
}

fn row() -> impl Strategy<Value = ByLevel<Priority>> {
    (priority(), priority(), priority()).prop_map(|(high, medium, low)| ByLevel::new(high, medium, low))
}

prop_compose! {
    fn any_facts()(
        stated_impact in prop::option::of(level()),
        stated_urgency in prop::option::of(level()),
        reach in prop::option::of((prop::option::of(1_i64..=4), prop::option::of(1_i64..=4), any::<u32>())),
        alert_urgency in prop::option::of(level()),
        burn_permille in prop::option::of(any::<u32>()),
        given in prop::option::of(priority()),
    ) -> PriorityFacts {
        let tier = |number: Option<i64>| number.map(|number| number.try_into().unwrap());
        PriorityFacts {
            stated_impact,
            stated_urgency,
            reach: reach.map(|(down, degraded, count)| Reach {
                most_critical_down: tier(down),
                most_critical_degraded: tier(degraded),
                count,
            }),
            alert_urgency,
            burn_permille,
            override_by: given.map(|priority| PriorityOverride {
                priority,
                by: "ana".parse().unwrap(),
                reason: "a reason".parse().unwrap(),
            }),
        }
    }
}

proptest! {
    #[test]
    fn every_incident_has_a_priority_that_its_explanation_gives(
        facts in any_facts(), rows in (row(), row(), row()), derive_impact: bool,
    ) {
        let matrix = PriorityMatrix { priorities: ByLevel::new(rows.0, rows.1, rows.2), derive_impact };
        let decision = matrix.judge(&facts);
        prop_assert_eq!(decision.computed, matrix.priority(decision.impact.level, decision.urgency.level));
        prop_assert_eq!(decision.priority, facts.override_by.map_or(decision.computed, |given| given.priority));
    }

    #[test]
    fn the_default_matrix_grows_with_what_suffers(facts in any_facts(), tier in 1_i64..=4, more in 0_u32..50) {
        let matrix = PriorityMatrix::default();
        let Some(reach) = facts.reach else { return Ok(()); };
        // Only known tiers: an unknown one is assumed to be in the middle.
        prop_assume!(reach.most_critical_down.is_some());
        let worse = Reach {
            most_critical_down: reach.most_critical_down.min(Some(tier.try_into().unwrap())),
            count: reach.count.saturating_add(more),
            ..reach
        };
        let before = matrix.judge(&facts);
        let after = matrix.judge(&PriorityFacts { reach: Some(worse), ..facts });
        prop_assert!(after.computed <= before.computed);
    }
}
