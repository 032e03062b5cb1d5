//! Laws of reports.

use super::super::*;
use super::{at, elapsed, january};
use crate::change::{ChangeOutcome, ChangePhase};
use crate::incident::IncidentPhase;
use crate::sla::{SlaClockState, SlaMetric};
use crate::time::ZoneName;
use crate::vocabulary::{ChangeType, Priority};
use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn instant() -> impl Strategy<Value = Instant> {
    // Around January 2027, so that some are in the period and some are not.
    (-30_000..60_000_i64)
        .prop_map(|minutes| at("2027-01-01T00:00:00Z").plus(SignedDuration::from_mins(minutes)))
}

fn any_clock() -> impl Strategy<Value = ClockRecord> {
    (
        prop::sample::select(SlaMetric::ALL),
        prop::sample::select(SlaClockState::ALL),
        option::of(instant()),
    )
        .prop_map(|(metric, state, stopped_at)| ClockRecord {
            metric,
            state,
            stopped_at,
        })
}

fn any_change() -> impl Strategy<Value = ChangeRecord> {
    let times = (
        option::of(instant()),
        vec(instant(), 0..3),
        vec(
            (instant(), prop::sample::select(ChangePhase::ALL)).prop_map(|(at, to)| Move { at, to }),
            0..6,
        ),
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
    );
    let rest = (
        "[a-e]",
        option::of(prop::sample::select(ChangeType::ALL)),
        option::of(prop::sample::select(vec!["prod", "dev"])),
        option::of(prop::sample::select(vec!["dba", "web"])),
        option::of(prop::sample::select(ChangeOutcome::ALL)),
        vec("[a-e]", 0..2),
        vec(any_clock(), 0..2),
        any::<(bool, bool, bool)>(),
        vec(option::of(any::<bool>()), 0..2),
    );
    (times, rest).prop_map(|(times, rest)| ChangeRecord {
        id: format!("ns/{}", rest.0).parse().unwrap(),
        model: Some("standard-patch".parse().unwrap()),
        change_type: rest.1,
        environment: rest.2.map(|name| name.parse().unwrap()),
        services: BTreeSet::new(),
        team: rest.3.map(|name| name.parse().unwrap()),
        created_at: times.0,
        committed_at: times.1,
        moves: times.2,
        moves_complete: rest.7.0,
        started_at: times.3,
        finished_at: times.4,
        deployed_at: times.5,
        backed_out_at: times.6,
        soak_until: times.7,
        outcome: rest.4,
        unauthorized: rest.7.1,
        serves_incident: rest.7.2,
        caused_incidents: rest
            .5
            .iter()
            .map(|name| format!("ns/{name}").parse().unwrap())
            .collect(),
        conflicts: rest
            .8
            .into_iter()
            .map(|first_seen_at_gate| ConflictRecord { first_seen_at_gate })
            .collect(),
        clocks: rest.6,
    })
}

fn any_incident() -> impl Strategy<Value = IncidentRecord> {
    let times = (
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
    );
    let rest = (
        "[a-e]",
        option::of(prop::sample::select(IncidentPhase::ALL)),
        option::of(prop::sample::select(Priority::ALL)),
        option::of(any::<u32>()),
        option::of(any::<u32>()),
        option::of("[a-c]"),
        option::of(any::<u32>()),
        any::<bool>(),
        vec(any_clock(), 0..2),
    );
    (times, rest).prop_map(|(times, rest)| IncidentRecord {
        id: format!("ns/{}", rest.0).parse().unwrap(),
        phase: rest.1,
        priority: rest.2,
        services: BTreeSet::new(),
        detected_at: times.0,
        declared_at: times.1,
        acknowledged_at: times.2,
        mitigated_at: times.3,
        resolved_at: times.4,
        closed_at: times.5,
        reopened: rest.3,
        teams: rest.4,
        caused_by: None,
        problem: rest.5.map(|name| format!("ns/{name}").parse().unwrap()),
        alerts: rest.6,
        duplicate: rest.7,
        clocks: rest.8,
    })
}

fn any_record() -> impl Strategy<Value = Record> {
    let problem =
        ("[a-c]", any::<bool>(), option::of(instant())).prop_map(|(name, known_error, resolved_at)| {
            Record::Problem(Box::new(ProblemRecord {
                id: format!("ns/{name}").parse().unwrap(),
                known_error,
                resolved_at,
                clocks: Vec::new(),
            }))
        });
    let request = (
        option::of(instant()),
        option::of(instant()),
        option::of(any::<bool>()),
    )
        .prop_map(|(submitted_at, fulfilled_at, edited_by_people)| {
            Record::Request(Box::new(RequestRecord {
                id: "ns/request".parse().unwrap(),
                submitted_at,
                fulfilled_at,
                edited_by_people,
                clocks: Vec::new(),
            }))
        });
    let review = (
        option::of(instant()),
        option::of(instant()),
        vec((instant(), any::<bool>()), 0..3),
    )
        .prop_map(|(due_at, merged_at, actions)| {
            let actions = actions
                .into_iter()
                .map(|(due_at, closed)| ActionRecord {
                    due_at,
                    closed,
                    closed_at: None,
                })
                .collect();
            Record::Review(Box::new(ReviewRecord {
                name: "review".to_owned(),
                due_at,
                merged_at,
                actions,
            }))
        });
    prop_oneof![
        4 => any_change().prop_map(|change| Record::Change(Box::new(change))),
        4 => any_incident().prop_map(|incident| Record::Incident(Box::new(incident))),
        1 => problem,
        1 => request,
        1 => review,
    ]
}

proptest! {
    #[test]
    fn the_order_of_records_does_not_show(records in vec(any_record(), 0..12).prop_flat_map(|records| {
        (Just(records.clone()), Just(records).prop_shuffle())
    })) {
        let (one, other) = records;
        prop_assert_eq!(report(&one, &january(), &elapsed), report(&other, &january(), &elapsed));
    }

    #[test]
    fn figures_are_in_their_ranges(records in vec(any_record(), 0..12), all in any::<bool>()) {
        let mut question = january();
        if all {
            question.production.clear();
        }
        let report = report(&records, &question, &elapsed);
        for kpi in &report.kpis {
            prop_assert!(kpi.p50 <= kpi.p90, "{kpi:?}");
            prop_assert_eq!(kpi.p50.is_some(), kpi.unit == Unit::Seconds && kpi.n > 0, "{:?}", kpi);
            prop_assert!(kpi.n > 0 || kpi.value.is_none(), "{kpi:?}");
            match (kpi.unit, kpi.value) {
                (Unit::Permille, Some(value)) => prop_assert!((0..=1000).contains(&value), "{kpi:?}"),
                (Unit::Points, _) | (_, None) => {}
                (_, Some(value)) => prop_assert!(value >= 0, "{kpi:?}"),
            }
        }
        let text = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn records_survive_being_saved(record in any_record()) {
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }

    #[test]
    fn no_text_makes_the_period_panic(text in "\\PC{0,24}|[0-9]{4}(-(Q[0-9]|[0-9]{2}))?(/[0-9]{4}-[0-9]{2}-[0-9]{2})?") {
        let zone: ZoneName = "Pacific/Apia".parse().unwrap();
        if let Ok(period) = Period::parse(&text, &zone) {
            prop_assert!(period.from() < period.to() && period.seconds() > 0);
        }
    }
}
