//! Every status that comes of a decision is one that the API server takes.

use super::approvals::{ApprovalsView, approvals_view};
use super::blast_radius::blast_radius;
use super::business_calendar::business_calendar_status;
use super::change_model::change_model_status;
use super::change_window::{WindowView, deciding_window};
use super::columns::names_column;
use super::conflict::{conflict_column, conflicts};
use super::risk::{risk, risk_column};
use super::suspect::{suspect_column, suspected_changes};
use crate::publish::crd_value;
use crate::v1alpha1::change_status::{ChangeStatus, ChangeSummary};
use crate::v1alpha1::incident::{IncidentStatus, IncidentSummary};
use gitsm_core::calendar::Calendar;
use gitsm_core::change::conflict::Conflict;
use gitsm_core::risk::Assessment;
use gitsm_core::window::{Override, PlanFit, Window};
use gitsm_core::{Text, approval, catalog};
use gitsm_schema::ObjectSchema;
use gitsm_schema::structural::Structural;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Fails unless the schema of the kind takes a status.
fn is_valid(kind: &str, status: &impl Serialize) {
    let info = crate::find(kind).unwrap();
    let crd = crd_value(info).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
    let schema = ObjectSchema::new(Structural::from_json(schema).unwrap()).unwrap();
    let status = serde_json::to_value(status).unwrap();
    let mut wrong = schema.validate_values(&status);
    wrong.extend(schema.validate_lists(&status));
    assert!(wrong.is_empty(), "{wrong:?} in {status:#}");
}

fn from<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

fn impact(index: usize) -> Value {
    json!({"node": format!("ITService/shop/s{index:03}"), "distance": 1,
        "cause": {"via": "ITService/shop/db", "strength": "Hard", "origin": "declared"}})
}

fn radius(down: usize, degraded: usize) -> catalog::BlastRadius {
    let mut radius = catalog::BlastRadius::default();
    let template: catalog::Impact = catalog_impact();
    let list = |from: usize, count: usize| {
        (from..from + count)
            .map(|index| catalog::Impact {
                node: catalog::NodeId::Service(format!("shop/s{index}").parse().unwrap()),
                ..template.clone()
            })
            .collect()
    };
    radius.down = list(0, down);
    radius.degraded = list(1000, degraded);
    radius.count = u32::try_from(down + degraded).unwrap();
    radius
}

fn catalog_impact() -> catalog::Impact {
    from(impact(0))
}

fn conflict(kind: &str, effect: &str, message: &str) -> Conflict {
    from(json!({"type": kind, "effect": effect, "with": {"change": "shop/other"}, "message": message}))
}

#[test]
fn a_blast_radius_is_cut_and_says_so() {
    for (down, degraded, truncated) in [(0, 0, false), (100, 100, false), (101, 0, true), (3, 250, true)] {
        let cut = blast_radius(&radius(down, degraded), None);
        assert_eq!(cut.truncated, truncated, "{down} {degraded}");
        assert_eq!(
            (cut.down.len(), cut.degraded.len()),
            (down.min(100), degraded.min(100))
        );
        assert_eq!(usize::try_from(cut.count).unwrap(), down + degraded);
        let status = ChangeStatus {
            blast_radius: Some(cut),
            ..ChangeStatus::default()
        };
        is_valid("Change", &status);
    }
}

#[test]
fn what_blocks_comes_first_and_is_the_column() {
    let found = [
        conflict("SameItem", "Advisory", "a"),
        conflict("InFreeze", "Blocking", "b"),
        conflict("SamePerson", "Blocking", "c"),
    ];
    let ana = "ana".parse().unwrap();
    let waiving = |index: usize| (index == 1).then_some(&ana);
    let listed = conflicts(found.iter().enumerate().map(|(index, one)| (one, waiving(index))));
    let kinds: Vec<_> = listed.iter().map(|one| one.r#type.as_str()).collect();
    assert_eq!(kinds, ["SamePerson", "InFreeze", "SameItem"]);
    assert_eq!(conflict_column(&listed).unwrap().as_str(), "SamePerson(1)");
    assert_eq!(conflict_column(&listed[2..]).unwrap().as_str(), "SameItem(1)");
    assert_eq!(conflict_column(&listed[1..2]), None);
}

#[test]
fn columns_keep_their_numbers() {
    let column = |names: &[&str]| names_column::<12>(names.iter().copied(), 1).map(|text| text.to_string());
    assert_eq!(column(&[]), None);
    assert_eq!(column(&["db"]).as_deref(), Some("db"));
    assert_eq!(column(&["db", "web", "cart"]).as_deref(), Some("db +2"));
    assert_eq!(
        column(&["payments-database", "web"]).as_deref(),
        Some("payments… +1")
    );
}

fn assessment(factors: usize, source: &str, value: u32) -> Assessment {
    let factors: Vec<_> = (0..factors)
        .map(|index| {
            json!({"name": format!("f{index}"), "kind": "MissingTests", "valuePermille": value, "weight": value,
                "contributionPermille": 1, "source": source, "assumed": index % 2 == 0})
        })
        .collect();
    from(
        json!({"level": "High", "score": value, "likelihoodPermille": 710, "matrixLevel": "High", "policy": null,
        "impact": {"level": "High", "base": "High", "assumed": false, "source": "s", "services": [], "serviceCount": 0, "raises": []},
        "factors": factors, "considered": [], "digest": format!("sha256:{}", "a".repeat(64))}),
    )
}

#[test]
fn a_suspect_is_shown_with_its_score() {
    let suspects = [from(
        json!({"change": "chg/cart-2-9", "score": 87, "why": "near", "parts": {
        "distance": {"points": 50, "distance": {"hops": 0, "direction": "same"},
            "affected": "ITService/shop/a", "changed": "ITService/shop/a"},
        "time": {"points": 30}, "risk": {"points": 7, "level": "Moderate"}}}),
    )];
    assert_eq!(suspect_column(&suspects).unwrap().as_str(), "chg/cart-2-9(87)");
    let status = IncidentStatus {
        suspected_changes: suspected_changes(&suspects),
        summary: Some(IncidentSummary {
            suspect: suspect_column(&suspects),
            ..IncidentSummary::default()
        }),
        ..IncidentStatus::default()
    };
    is_valid("Incident", &status);
}

fn weekend(kind: &str) -> Window {
    from(
        json!({"id": "org/w", "kind": kind, "selector": {}, "schedule": {"interval":
        {"start": "2027-01-02T00:00:00Z", "end": "2027-01-02T06:00:00Z"}}}),
    )
}

#[test]
fn a_window_stands_by_its_own_schedule() {
    let cases = [
        (
            "Maintenance",
            "2027-01-01T00:00:00Z",
            "Closed",
            "OutsideOccurrence",
            None,
        ),
        (
            "Maintenance",
            "2027-01-02T00:00:00Z",
            "Open",
            "InOccurrence",
            Some("2027-01-02T00:00:00Z"),
        ),
        (
            "Maintenance",
            "2027-01-02T06:00:00Z",
            "Closed",
            "NoFurtherOccurrence",
            Some("2027-01-02T06:00:00Z"),
        ),
        (
            "Freeze",
            "2027-01-02T01:00:00Z",
            "Closed",
            "InFreeze",
            Some("2027-01-02T00:00:00Z"),
        ),
        (
            "Freeze",
            "2027-01-03T00:00:00Z",
            "Open",
            "NoFurtherOccurrence",
            Some("2027-01-02T06:00:00Z"),
        ),
    ];
    let matched: Vec<_> = (0..101)
        .map(|index| format!("shop/s{index:03}").parse().unwrap())
        .collect();
    let lift: Override = from(
        json!({"id": "org/o", "window": "org/w", "change": "shop/c", "during":
        {"start": "2027-01-01T00:00:00Z", "end": "2027-01-04T00:00:00Z"}}),
    );
    let overrides = [lift];
    for (kind, now, state, reason, since) in cases {
        let view = WindowView {
            now: now.parse().unwrap(),
            matched: &matched,
            overrides: &overrides,
            previous: None,
        };
        let status = view.status_of(&weekend(kind));
        assert_eq!(status.state.unwrap().as_str(), state, "{kind} {now}");
        assert_eq!(status.reason.as_ref().unwrap().as_str(), reason);
        assert_eq!(
            status.last_transition,
            since.map(|at| at.parse().unwrap()),
            "{kind} {now}"
        );
        assert_eq!((status.matched.len(), status.matched_count), (100, Some(101)));
        assert_eq!(status.summary.as_ref().unwrap().as_str(), "s000, s001 +99");
        assert_eq!(status.active_override_count, Some(1));
        is_valid("ChangeWindow", &status);
        let later = WindowView {
            now: view.now.plus(jiff::SignedDuration::from_secs(1)),
            previous: Some(&status),
            ..view
        };
        assert_eq!(
            later.status_of(&weekend(kind)).last_transition,
            status.last_transition
        );
        let broken = later.status_of_broken();
        assert_eq!(broken.reason.as_ref().unwrap().as_str(), "Misconfigured");
        is_valid("ChangeWindow", &broken);
    }
}

#[test]
fn the_window_of_the_reason_that_decides_is_shown() {
    let reason =
        |reason: &str, window: &str| json!({"reason": {"reason": reason, "window": window, "message": "m"}});
    let fit: PlanFit = from(
        json!({"fit": "InFreeze", "begin": "2027-01-02T00:00:00Z", "end": "2027-01-02T01:00:00Z",
        "reasons": [reason("OutsideWindow", "org/a"), reason("InFreeze", "org/b")]}),
    );
    assert_eq!(deciding_window(&fit).unwrap().name.as_str(), "b");
}

#[test]
fn calendars_and_models_give_valid_statuses() {
    let calendar = business_calendar_status(&Calendar::always(), "2027-01-02T00:00:00Z".parse().unwrap());
    assert_eq!((calendar.open, calendar.next_close), (Some(true), None));
    is_valid("BusinessCalendar", &calendar);
    let model = change_model_status(&gitsm_core::risk::model_standing(
        &[],
        None,
        "2027-01-02T00:00:00Z".parse().unwrap(),
    ));
    assert_eq!((model.runs, model.suspended), (Some(0), false));
    is_valid("ChangeModel", &model);
}

const NOW: &str = "2027-02-06T20:00:00Z";

fn reviewed(reviews: &Value, rules: &Value) -> ApprovalsView {
    let head = "a".repeat(40);
    let facts: approval::Facts = from(json!({
        "at": NOW,
        "pullRequest": {"repository": "estate", "number": 7, "author": 1,
            "head": {"sha": head, "tree": head},
            "base": {"branch": "main", "tip": head}},
        "reviews": reviews,
        "accounts": [{"id": 1, "login": "ana"}, {"id": 2, "login": "ben"}, {"id": 3, "login": "stranger"}],
        "people": {"people": {"ana": {"accounts": [1]}, "ben": {"accounts": [2]}},
            "teams": {"dba": {"members": {"ben": {"roles": ["Approver"]}}}}},
        "policies": [{"name": "standard", "policy": {"rules": rules}}],
    }));
    approvals_view(&facts, &approval::decide(&facts))
}

fn check_approvals(view: ApprovalsView) {
    let status = ChangeStatus {
        approvals: view.approvals,
        requirements: view.requirements,
        summary: Some(ChangeSummary {
            approvals: view.column,
            ..ChangeSummary::default()
        }),
        ..ChangeStatus::default()
    };
    is_valid("Change", &status);
}

fn review(id: usize, account: usize, verdict: &str) -> Value {
    json!({"id": id, "account": account, "verdict": verdict, "commit": "a".repeat(40),
        "submittedAt": "2027-02-06T19:00:00Z"})
}

fn rule(name: &str) -> Value {
    json!({"name": name, "teams": ["dba"], "count": 1})
}

#[test]
fn reviews_and_rules_are_listed_with_what_they_count_for() {
    let view = reviewed(
        &json!([
            review(1, 1, "Approved"),
            review(2, 2, "Approved"),
            review(3, 3, "ChangesRequested")
        ]),
        &json!([rule("owners"), rule("others")]),
    );
    let names: Vec<_> = view.requirements.iter().map(|one| one.name.as_str()).collect();
    assert!(
        names.contains(&"owners") && names.contains(&"others"),
        "{names:?}"
    );
    let column = view.column.as_ref().unwrap().to_string();
    assert_eq!(column, "1/2");
    let of = |by: &str| view.approvals.iter().find(|one| one.by.as_str() == by).unwrap();
    assert!(of("ben").valid && of("ben").counts_for.len() == 1);
    assert!(!of("ana").valid && of("ana").invalid_reason.is_some());
    assert!(!of("stranger").valid);
    check_approvals(view);
    let many: Vec<_> = (0..80).map(|id| review(id, 2, "Approved")).collect();
    let view = reviewed(&json!(many), &json!([rule("owners")]));
    assert_eq!(view.approvals.len(), 50);
    check_approvals(view);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn risks_and_conflicts_fit(factors in 0_usize..40, source in ".{0,400}", value in 0_u32..2000) {
        let risk = risk(&assessment(factors, &source, value), None);
        let found = vec![conflict("ParentItem", "Blocking", &source); factors * 2];
        let listed = conflicts(found.iter().map(|one| (one, None)));
        let summary = ChangeSummary {
            risk: Some(risk_column(&risk)),
            conflict: conflict_column(&listed),
            ..ChangeSummary::default()
        };
        prop_assert_eq!(risk_column(&risk).to_string(), format!("High({})", value.min(100)));
        is_valid("Change", &ChangeStatus {
            risk: Some(risk), conflicts: listed, summary: Some(summary), ..ChangeStatus::default()
        });
    }

    #[test]
    fn a_text_with_a_tail_fits(head in ".{0,60}", tail in ".{0,60}") {
        let text: Text<30> = super::columns::with_tail(&head, &tail);
        prop_assert!((1..=30).contains(&text.chars().count()));
    }
}
