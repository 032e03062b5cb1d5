//! Suspected changes.

use super::at;
use crate::ident::ServiceId;
use crate::incident::suspect::*;
use crate::time::Instant;
use crate::vocabulary::RiskLevel;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

const BEGAN: &str = "2027-02-04T14:00:00Z";

fn symptom() -> Symptom {
    serde_json::from_value(json!({"services": ["shop/checkout"], "began": BEGAN})).unwrap()
}

fn change(name: &str, service: &str, times: [Option<&str>; 2], risk: Option<RiskLevel>) -> Candidate {
    Candidate {
        change: format!("shop/{name}").parse().unwrap(),
        services: [service.parse().unwrap()].into(),
        started: times[0].map(at),
        finished: times[1].map(at),
        risk,
    }
}

/// checkout depends on payments-db, that on disks; nothing else is connected.
fn distance(from: &ServiceId, to: &ServiceId) -> Option<u32> {
    match (from.name.as_str(), to.name.as_str()) {
        (one, other) if one == other => Some(0),
        ("checkout", "payments-db") => Some(1),
        ("checkout", "disks") => Some(2),
        _ => None,
    }
}

#[test]
fn suspects_are_ranked_and_explained() {
    let high = Some(RiskLevel::High);
    let early = Some("2027-01-01T00:00:00Z");
    let before = Some("2027-02-04T13:48:00Z");
    let changes = [
        change("far", "shop/blog", [early, before], high),
        change(
            "later",
            "shop/checkout",
            [Some("2027-02-04T14:00:01Z"), None],
            high,
        ),
        change("planned", "shop/checkout", [None, None], high),
        change(
            "old",
            "shop/checkout",
            [early, Some("2027-01-28T13:59:59Z")],
            high,
        ),
        change("db", "pay/payments-db", [early, before], high),
        change("disk", "shop/disks", [early, None], None),
        change(
            "cart",
            "shop/checkout",
            [early, Some("2027-02-03T11:00:00Z")],
            Some(RiskLevel::Low),
        ),
    ];
    let found = suspects(&symptom(), &changes, distance, at("2027-02-04T14:10:00Z"));
    let shown: Vec<_> = found
        .iter()
        .map(|one| format!("{}({}) {}", one.change.name, one.score.get(), one.why))
        .collect();
    assert_eq!(
        shown,
        [
            "db(79) dependency pay/payments-db, ended 12 minutes before, risk High",
            "disk(78) dependency disks, 2 steps away, going in when it began, risk not known",
            "cart(60) same service checkout, ended 27 hours before, risk Low",
        ]
    );
    for one in &found {
        let parts = &one.parts;
        assert_eq!(
            u32::from(one.score.get()),
            u32::from(parts.distance.points) + u32::from(parts.time.points) + u32::from(parts.risk.points)
        );
    }
}

#[test]
fn ten_are_kept_and_ties_are_broken_by_name() {
    let changes: Vec<_> = (0..30)
        .rev()
        .map(|number| {
            change(
                &format!("c{number:02}"),
                "shop/checkout",
                [Some(BEGAN), None],
                Some(RiskLevel::Low),
            )
        })
        .collect();
    let found = suspects(&symptom(), &changes, distance, at(BEGAN));
    let names: Vec<_> = found.iter().map(|one| one.change.name.to_string()).collect();
    assert_eq!(
        names,
        (0..10).map(|number| format!("c{number:02}")).collect::<Vec<_>>()
    );
}

#[test]
fn the_weights_fall_with_distance_and_age_and_fit_into_a_hundred() {
    assert!(WEIGHTS.hops.is_sorted_by(|near, far| near > far));
    assert!(
        WEIGHTS
            .ended
            .is_sorted_by(|one, other| one.0 < other.0 && one.1 > other.1)
    );
    assert!(WEIGHTS.in_progress > WEIGHTS.ended[0].1);
    assert!(WEIGHTS.risk.is_sorted());
    let most = [WEIGHTS.hops[0], WEIGHTS.in_progress, WEIGHTS.risk[3]];
    assert_eq!(most.iter().map(|points| u32::from(*points)).sum::<u32>(), 100);
}

fn score_of(hops: Option<u32>, gap: i64, risk: RiskLevel) -> u8 {
    let began = at(BEGAN);
    let finished = (gap > 0).then(|| began.plus(SignedDuration::from_secs(-gap)));
    let candidate = Candidate {
        change: "shop/c".parse().unwrap(),
        services: ["shop/other".parse().unwrap()].into(),
        started: Some(Instant::MIN),
        finished,
        risk: Some(risk),
    };
    let found = suspects(&symptom(), [&candidate], |_, _| hops, began);
    found.first().map_or(0, |one| one.score.get())
}

fn risk() -> impl Strategy<Value = RiskLevel> {
    prop::sample::select(RiskLevel::ALL)
}

prop_compose! {
    fn candidate()(
        name in 0_u8..40, service in 0_u8..4, started in prop::option::of(-900_000_i64..600),
        length in prop::option::of(-10_i64..800_000), risk in prop::option::of(risk()),
    ) -> Candidate {
        let began = at(BEGAN);
        let started = started.map(|offset| began.plus(SignedDuration::from_secs(offset)));
        Candidate {
            change: format!("shop/c{name}").parse().unwrap(),
            services: [format!("shop/s{service}").parse().unwrap()].into(),
            finished: started.zip(length).map(|(from, length)| from.plus(SignedDuration::from_secs(length))),
            started,
            risk,
        }
    }
}

proptest! {
    #[test]
    fn nearer_later_riskier_is_never_less_suspected(
        hops in prop::option::of(0_u32..10), further in prop::option::of(0_u32..5),
        gap in 0_i64..1_000_000, older in 0_i64..1_000_000, one in risk(), other in risk(),
    ) {
        let far = hops.zip(further).map(|(hops, further)| hops + further);
        let (less, more) = (one.min(other), one.max(other));
        prop_assert!(score_of(hops, gap, one) >= score_of(far, gap, one), "distance");
        prop_assert!(score_of(hops, gap, one) >= score_of(hops, gap + older, one), "time");
        prop_assert!(score_of(hops, gap, more) >= score_of(hops, gap, less), "risk");
    }

    #[test]
    fn the_order_of_the_changes_does_not_matter(
        (changes, shuffled) in prop::collection::vec(candidate(), 0..40)
            .prop_flat_map(|changes| (Just(changes.clone()), Just(changes).prop_shuffle())),
    ) {
        let distance = |_: &ServiceId, to: &ServiceId| to.name.as_str()[1..].parse().ok();
        let found = suspects(&symptom(), &changes, distance, at(BEGAN));
        prop_assert_eq!(&found, &suspects(&symptom(), &shuffled, distance, at(BEGAN)));
        prop_assert!(found.len() <= MOST_SUSPECTS);
        prop_assert!(found.is_sorted_by(|one, other| one.score >= other.score));
        for one in &found {
            let started = |candidate: &&Candidate| {
                candidate.change == one.change && candidate.started.is_some_and(|at_| at_ <= at(BEGAN))
            };
            prop_assert!(changes.iter().any(|candidate| started(&candidate)));
        }
    }
}
