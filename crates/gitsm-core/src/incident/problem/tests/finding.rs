//! Finding problems among incidents, and incidents of problems.

use super::{at, with};
use crate::ident::IncidentId;
use crate::incident::problem::*;
use crate::time::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: &str = "2027-02-28T00:00:00Z";

type Named = (IncidentId, Occurrence);

fn occurrence(name: &str, title: &str, began: &str, more: &Value) -> Named {
    let incident = json!({"services": ["shop/checkout"], "title": title, "began": began});
    let occurrence = serde_json::from_value(with(&incident, more)).unwrap();
    (format!("shop/{name}").parse().unwrap(), occurrence)
}

fn proposals(incidents: &[Named]) -> Vec<Proposal> {
    let incidents = incidents.iter().cloned().collect();
    propose(&incidents, &RecurrenceRule::default(), at(NOW))
}

#[test]
fn what_happens_three_times_is_proposed_as_a_problem() {
    let incidents = [
        occurrence(
            "a",
            "5xx above 8 percent",
            "2027-02-03T00:00:00Z",
            &json!({"alerts": ["HighErrorRate"], "priority": "P2"}),
        ),
        occurrence(
            "b",
            "5xx above 11 percent!",
            "2027-02-02T00:00:00Z",
            &json!({"alerts": ["HighErrorRate"]}),
        ),
        occurrence(
            "c",
            "Percent 5XX above",
            "2027-02-27T00:00:00Z",
            &json!({"alerts": ["HighErrorRate", "Slow"]}),
        ),
        // The same elsewhere, and something else here.
        occurrence(
            "d",
            "5xx above 9 percent",
            "2027-02-26T00:00:00Z",
            &json!({"services": ["shop/cart"], "alerts": ["HighErrorRate"]}),
        ),
        occurrence(
            "e",
            "Cart is empty",
            "2027-02-26T00:00:00Z",
            &json!({"alerts": ["Slow"]}),
        ),
        // Too long ago, and not yet.
        occurrence(
            "f",
            "5xx above 8 percent",
            "2027-01-29T00:00:00Z",
            &json!({"alerts": ["HighErrorRate"]}),
        ),
        occurrence(
            "g",
            "5xx above 8 percent",
            "2027-02-28T00:00:01Z",
            &json!({"alerts": ["HighErrorRate"]}),
        ),
    ];
    let found = proposals(&incidents);
    assert_eq!(found.len(), 1, "the same incidents are proposed once: {found:?}");
    let proposal = &found[0];
    let names: Vec<_> = proposal.incidents.iter().map(|id| id.name.as_str()).collect();
    assert_eq!(names, ["b", "a", "c"], "in order of time");
    assert_eq!(
        proposal.signature,
        Signature::Alert("HighErrorRate".parse().unwrap())
    );
    assert_eq!(
        proposal.parts,
        ProposalScore {
            signature: 30,
            count: 10,
            gravity: 10
        }
    );
    assert_eq!(proposal.score.get(), 50);
    assert_eq!(
        proposal.why.as_str(),
        "3 incidents of checkout have the alert HighErrorRate in common (at least 3 make a problem)."
    );
    assert!(proposals(&incidents[..2]).is_empty());
}

#[test]
fn titles_alone_are_enough_and_a_fingerprint_is_more() {
    let titled =
        |name: &str, more: &Value| occurrence(name, "disk 3 of db-7 is full", "2027-02-20T00:00:00Z", more);
    let plain: Vec<_> = ["a", "b", "c"].map(|name| titled(name, &json!({}))).into();
    let found = proposals(&plain);
    assert_eq!(found[0].parts.signature, 20);
    assert!(
        found[0].why.contains("the words disk, full in the title"),
        "{}",
        found[0].why
    );
    let same: Vec<_> = ["a", "b", "c"]
        .map(|name| titled(name, &json!({"fingerprints": ["f1"]})))
        .into();
    assert_eq!(proposals(&same)[0].parts.signature, 40);
    let wordless: Vec<_> = ["a", "b", "c"]
        .map(|name| occurrence(name, "!! 12 ??", "2027-02-20T00:00:00Z", &json!({})))
        .into();
    assert!(proposals(&wordless).is_empty(), "no words are nothing in common");
}

#[test]
fn incidents_of_a_known_problem_are_not_a_new_one() {
    let linked = |name: &str, problem: &Value| {
        occurrence(
            name,
            "disk full",
            "2027-02-20T00:00:00Z",
            &json!({"problem": problem}),
        )
    };
    let known = json!("shop/disks");
    let all = [linked("a", &known), linked("b", &known), linked("c", &known)];
    assert!(proposals(&all).is_empty());
    let two = [
        linked("a", &known),
        linked("b", &known),
        linked("c", &Value::Null),
    ];
    let found = proposals(&two);
    assert_eq!(
        found[0].linked_problems.first().unwrap().to_string(),
        "shop/disks"
    );
}

fn candidate(name: &str, symptoms: &Value, more: &Value) -> Candidate {
    let problem = json!({
        "problem": format!("shop/{name}"), "phase": "KnownError", "knownError": true, "symptoms": symptoms,
    });
    serde_json::from_value(with(&problem, more)).unwrap()
}

fn incident() -> Manifestation {
    serde_json::from_value(json!({
        "title": "5xx above 8 Percent, Straße", "services": ["shop/checkout"],
        "alerts": ["HighErrorRate"], "labels": {"region": "eu", "cell": "c1"},
    }))
    .unwrap()
}

#[test]
fn all_given_symptoms_must_match() {
    for (symptoms, score) in [
        (json!({}), None),
        (json!({"titleContains": ["ABOVE 8"]}), Some(20)),
        (json!({"titleContains": ["nothing", "STRASSE"]}), None),
        (json!({"titleContains": ["nothing", "STRAßE"]}), Some(20)),
        (json!({"titleContains": ["  "]}), None),
        (json!({"alerts": ["HighErrorRate", "Other"]}), Some(40)),
        (json!({"alerts": ["higherrorrate"]}), None),
        (json!({"labels": {"region": "eu"}}), Some(5)),
        (json!({"labels": {"region": "eu", "cell": "c2"}}), None),
        (json!({"labels": {"region": "eu", "zone": "a"}}), None),
        (json!({"titleContains": ["percent"], "alerts": ["Other"]}), None),
        (
            json!({"titleContains": ["percent"], "alerts": ["HighErrorRate"], "labels": {"region": "eu", "cell": "c1"}}),
            Some(70),
        ),
    ] {
        let found = recognise(&incident(), [&candidate("p", &symptoms, &json!({}))]);
        assert_eq!(found.first().map(|one| one.score.get()), score, "{symptoms}");
    }
}

#[test]
fn known_errors_come_first_and_say_why() {
    let title = json!({"titleContains": ["5xx"]});
    let problems = [
        candidate(
            "resolved",
            &json!({"alerts": ["HighErrorRate"]}),
            &json!({"phase": "Resolved"}),
        ),
        candidate(
            "analysed",
            &json!({"alerts": ["HighErrorRate"]}),
            &json!({"phase": "RootCauseAnalysis", "knownError": false}),
        ),
        candidate("elsewhere", &title, &json!({"services": ["shop/cart"]})),
        candidate("here", &title, &json!({"services": ["shop/checkout"]})),
        candidate(
            "deferred",
            &title,
            &json!({"phase": "Deferred", "services": ["shop/checkout"]}),
        ),
    ];
    let found = recognise(&incident(), &problems);
    let shown: Vec<_> = found
        .iter()
        .map(|one| format!("{} {:?} {}", one.problem.name, one.standing, one.score.get()))
        .collect();
    assert_eq!(
        shown,
        [
            "deferred KnownError 40",
            "here KnownError 40",
            "elsewhere KnownError 20",
            "analysed Open 40",
            "resolved Recurrence 40",
        ]
    );
    assert_eq!(
        found[1].why.as_str(),
        "title contains `5xx`; same service checkout"
    );
}

fn words() -> impl Strategy<Value = String> {
    "[a-cA-C0-9ßİ ]{1,8}"
}

prop_compose! {
    fn any_candidate()(
        name in 0_u8..6, phase in prop::sample::select(crate::incident::ProblemPhase::ALL), known_error: bool,
        titles in prop::collection::btree_set(words(), 0..3), alerts in prop::collection::btree_set("[ab]", 0..2),
        labels in prop::collection::btree_map("[ab]", "[xy]", 0..3),
    ) -> Candidate {
        serde_json::from_value(json!({
            "problem": format!("shop/p{name}"), "phase": phase, "knownError": known_error,
            "symptoms": {"titleContains": titles, "alerts": alerts, "labels": labels},
        })).unwrap()
    }
}

prop_compose! {
    fn any_occurrence()(
        name in 0_u8..20, services in prop::collection::btree_set("[ab]", 1..3), title in words(),
        alerts in prop::collection::btree_set("[ab]", 0..2), seconds in 0_i64..5_000_000, linked: bool,
    ) -> Named {
        let services: Vec<_> = services.iter().map(|service| format!("shop/{service}")).collect();
        let began: Instant = at(NOW).plus(jiff::SignedDuration::from_secs(-seconds));
        occurrence(&format!("i{name}"), &title, &began.to_string(), &json!({
            "services": services, "alerts": alerts, "problem": linked.then_some("shop/p"),
        }))
    }
}

/// A list and the same list in another order.
fn shuffled<T: Clone + std::fmt::Debug + 'static>(
    one: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    prop::collection::vec(one, 0..20).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
}

proptest! {
    #[test]
    fn recognition_does_not_depend_on_order((problems, others) in shuffled(any_candidate()), title in words()) {
        let incident = Manifestation { title: title.parse().unwrap(), ..incident() };
        let found = recognise(&incident, &problems);
        prop_assert_eq!(&found, &recognise(&incident, &others));
        for one in &found {
            let given = |candidate: &&Candidate| candidate.problem == one.problem && candidate.symptoms != Symptoms::default();
            prop_assert!(problems.iter().any(|candidate| given(&candidate)), "no symptoms match nothing");
            prop_assert!(one.score.get() > 0);
        }
    }

    #[test]
    fn a_further_symptom_never_makes_more_incidents_match(
        problem in any_candidate(), alert in "[ab]", title in words(),
    ) {
        prop_assume!(problem.symptoms.alerts.is_empty() && problem.symptoms != Symptoms::default());
        let incident = Manifestation { title: title.parse().unwrap(), ..incident() };
        let mut stricter = problem.clone();
        stricter.symptoms.alerts.insert(alert.parse().unwrap());
        if recognise(&incident, [&problem]).is_empty() {
            prop_assert!(recognise(&incident, [&stricter]).is_empty());
        }
    }

    #[test]
    fn proposals_hold_what_the_rule_asks(
        incidents in prop::collection::vec(any_occurrence(), 0..20), at_least in 0_u32..5,
    ) {
        let incidents: BTreeMap<_, _> = incidents.into_iter().collect();
        let rule = RecurrenceRule { at_least, ..RecurrenceRule::default() };
        let found = propose(&incidents, &rule, at(NOW));
        for proposal in &found {
            prop_assert!(proposal.incidents.len() >= usize::try_from(at_least.max(2)).unwrap());
            prop_assert!(proposal.incidents.iter().all(|id| incidents[id].services.contains(&proposal.service)));
            prop_assert!(proposal.incidents.is_sorted_by_key(|id| incidents[id].began));
            let sum = proposal.parts.signature + proposal.parts.count + proposal.parts.gravity;
            prop_assert_eq!(proposal.score.get(), sum);
        }
        // A stricter rule proposes nothing that a milder one does not see.
        let stricter = RecurrenceRule { at_least: at_least.saturating_add(1), ..rule };
        for proposal in propose(&incidents, &stricter, at(NOW)) {
            let covered = |other: &Proposal| proposal.incidents.iter().all(|id| other.incidents.contains(id));
            prop_assert!(found.iter().any(covered));
        }
    }
}
