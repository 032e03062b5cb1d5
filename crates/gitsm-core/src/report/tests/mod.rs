//! Worked examples; the laws are beside them.

mod laws;

use super::*;
use crate::time::ZoneName;
use serde_json::json;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn elapsed(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.since(from).as_secs()).unwrap_or(0)
}

fn january() -> Question {
    Question {
        period: Period::parse("2027-01", &ZoneName::utc()).unwrap(),
        production: BTreeSet::from(["prod".parse().unwrap()]),
    }
}

fn records(value: serde_json::Value) -> Vec<Record> {
    serde_json::from_value(value).unwrap()
}

fn find(report: &Report, id: &str) -> Kpi {
    report
        .kpis
        .iter()
        .find(|kpi| kpi.id == id)
        .unwrap_or_else(|| panic!("no {id}"))
        .clone()
}

#[test]
fn periods_are_months_quarters_years_and_intervals() {
    let berlin: ZoneName = "Europe/Berlin".parse().unwrap();
    for (text, from, to) in [
        ("2027-01", "2026-12-31T23:00:00Z", "2027-01-31T23:00:00Z"),
        ("2027-12", "2027-11-30T23:00:00Z", "2027-12-31T23:00:00Z"),
        ("2027-Q2", "2027-03-31T22:00:00Z", "2027-06-30T22:00:00Z"),
        ("2027-Q4", "2027-09-30T22:00:00Z", "2027-12-31T23:00:00Z"),
        ("2027", "2026-12-31T23:00:00Z", "2027-12-31T23:00:00Z"),
        (
            "2027-03-28/2027-03-29",
            "2027-03-27T23:00:00Z",
            "2027-03-28T22:00:00Z",
        ),
        (
            "2027-01-01T00:00:00Z/2027-01-02",
            "2027-01-01T00:00:00Z",
            "2027-01-01T23:00:00Z",
        ),
    ] {
        let period = Period::parse(text, &berlin).unwrap();
        assert_eq!((period.from(), period.to()), (at(from), at(to)), "{text}");
    }
    assert_eq!(Period::parse("9999", &berlin).unwrap().to(), Instant::MAX);
    for wrong in [
        "",
        "27",
        "2027-1",
        "2027-13",
        "2027-00",
        "2027-Q5",
        "2027-q1",
        "2027-Q",
        "20270",
        "2027-01-01",
        "2027-+1",
        "2027-02-30/2027-03-01",
        "2027-01-02/2027-01-01",
        "2027-01-01/2027-01-01",
        "0000",
        "/",
        "2027-01/2027-02",
    ] {
        assert!(Period::parse(wrong, &berlin).is_err(), "{wrong}");
    }
}

#[test]
fn a_day_without_midnight_begins_when_its_clock_does() {
    // Beirut skipped the midnight of 2021-03-28.
    let zone: ZoneName = "Asia/Beirut".parse().unwrap();
    let period = Period::parse("2021-03-28/2021-03-29", &zone).unwrap();
    assert_eq!(period.from(), at("2021-03-27T22:00:00Z"));
    assert_eq!(period.seconds(), 23 * 3600);
}

#[test]
fn figures_of_changes_are_those_of_their_formulas() {
    let records = records(json!([
        {"change": {"id": "a/one", "changeType": "Normal", "environment": "prod", "team": "dba",
            "createdAt": "2027-01-04T08:00:00Z",
            "moves": [
                {"at": "2027-01-04T10:00:00Z", "to": "AwaitingApproval"},
                {"at": "2027-01-04T14:00:00Z", "to": "Rejected"},
                {"at": "2027-01-05T00:00:00Z", "to": "AwaitingApproval"},
                {"at": "2027-01-05T02:00:00Z", "to": "Approved"},
            ],
            "movesComplete": true,
            "committedAt": ["2027-01-04T07:00:00Z", "2027-01-05T07:00:00Z"],
            "startedAt": "2027-01-05T08:00:00Z", "finishedAt": "2027-01-05T08:30:00Z",
            "deployedAt": "2027-01-05T08:30:00Z", "soakUntil": "2027-01-05T09:00:00Z", "outcome": "Successful",
            "conflicts": [{"firstSeenAtGate": true}, {"firstSeenAtGate": false}, {}],
            "causedIncidents": ["a/late"]}},
        {"change": {"id": "a/two", "changeType": "Emergency", "environment": "prod", "team": "dba",
            "startedAt": "2027-01-06T08:00:00Z", "finishedAt": "2027-01-06T08:30:00Z",
            "deployedAt": "2027-01-06T08:30:00Z", "soakUntil": "2027-01-06T09:00:00Z", "outcome": "Successful",
            "servesIncident": true, "causedIncidents": ["a/soon"]}},
        {"change": {"id": "a/three", "environment": "prod", "team": "web", "unauthorized": true,
            "startedAt": "2027-01-07T08:00:00Z", "finishedAt": "2027-01-07T08:30:00Z",
            "backedOutAt": "2027-01-07T08:50:00Z", "outcome": "BackedOut"}},
        {"change": {"id": "a/elsewhere", "changeType": "Normal", "environment": "dev", "team": "web",
            "startedAt": "2027-01-07T08:00:00Z", "finishedAt": "2027-01-07T08:30:00Z",
            "deployedAt": "2027-01-07T08:30:00Z", "outcome": "SuccessfulWithIssues"}},
        {"change": {"id": "a/timeless", "changeType": "Normal", "environment": "prod", "outcome": "Successful"}},
        // Detected more than a day after the soak of one, and an hour after two.
        {"incident": {"id": "a/late", "priority": "P3", "detectedAt": "2027-01-06T09:00:01Z"}},
        {"incident": {"id": "a/soon", "priority": "P2", "detectedAt": "2027-01-06T09:30:00Z",
            "resolvedAt": "2027-01-06T10:30:00Z"}},
    ]));
    let report = report(&records, &january(), &elapsed);
    let lead = find(&report, "changeLeadTime");
    // 25.5 h and 1.5 h; nearest rank takes the first of two as the median.
    assert_eq!((lead.n, lead.value, lead.p90), (2, Some(5_400), Some(91_800)));
    assert_eq!(lead.exclusions.iter().map(|one| one.count).sum::<u64>(), 2);
    // 2 deployments over 31 days: 64.5 thousandths a day.
    assert_eq!(find(&report, "deploymentFrequency").value, Some(65));
    let failed = find(&report, "changeFailRate");
    assert_eq!(
        (failed.numerator, failed.denominator, failed.value),
        (Some(2), Some(3), Some(667))
    );
    assert_eq!(failed.exclusions[0].count, 1);
    let recovery = find(&report, "failedDeploymentRecoveryTime");
    assert_eq!(
        (recovery.n, recovery.p50, recovery.p90),
        (2, Some(20 * 60), Some(2 * 3600))
    );
    assert_eq!(find(&report, "deploymentReworkRate").value, Some(333));
    let scores: Vec<_> = report
        .kpis
        .iter()
        .filter(|kpi| kpi.id == "changeSuccessScore")
        .map(|kpi| (kpi.group.as_deref(), kpi.n, kpi.value))
        .collect();
    // dba: 2 * 3 - 5 - 2; web: -5 - 2. The change without time belongs to no team.
    assert_eq!(
        scores,
        [
            (None, 0, None),
            (Some("dba"), 2, Some(-1)),
            (Some("web"), 2, Some(-7))
        ]
    );
    let wait = find(&report, "approvalWaitShare");
    // 4 h + 2 h of 24 h.
    assert_eq!((wait.n, wait.value), (1, Some(250)));
    let emergency = find(&report, "emergencyRatio");
    assert_eq!((emergency.n, emergency.value), (3, Some(333)));
    assert_eq!(find(&report, "unauthorizedRatio").value, Some(250));
    let escaped = find(&report, "conflictEscapeRate");
    assert_eq!((escaped.n, escaped.value), (2, Some(500)));
}

#[test]
fn figures_of_incidents_are_those_of_their_formulas() {
    let records = records(json!([
        {"incident": {"id": "a/one", "phase": "Closed", "detectedAt": "2027-01-04T08:00:00Z",
            "declaredAt": "2027-01-04T08:10:00Z", "acknowledgedAt": "2027-01-04T08:15:00Z",
            "mitigatedAt": "2027-01-04T08:30:00Z", "resolvedAt": "2027-01-04T09:00:00Z",
            "closedAt": "2027-01-08T09:00:00Z", "reopened": 1, "teams": 2, "causedBy": "a/change",
            "problem": "a/leak", "alerts": 7,
            "clocks": [{"metric": "Resolve", "state": "Stopped", "stoppedAt": "2027-01-04T09:00:00Z"},
                {"metric": "Acknowledge", "state": "Met", "stoppedAt": "2027-01-04T08:15:00Z"}]}},
        {"incident": {"id": "a/two", "phase": "Resolved", "detectedAt": "2027-01-05T08:00:00Z",
            "acknowledgedAt": "2027-01-05T08:01:00Z", "resolvedAt": "2027-01-05T11:00:00Z", "reopened": 0,
            "problem": "a/gone", "alerts": 2,
            "clocks": [{"metric": "Resolve", "state": "Met", "stoppedAt": "2027-01-05T11:00:00Z"},
                {"metric": "Resolve", "state": "Cancelled", "stoppedAt": "2027-01-05T11:00:00Z"},
                {"metric": "Resolve", "state": "Stopped"}]}},
        {"incident": {"id": "a/false", "phase": "Cancelled", "detectedAt": "2027-01-06T08:00:00Z", "alerts": 1}},
        {"incident": {"id": "a/again", "phase": "Cancelled", "detectedAt": "2027-01-06T08:00:00Z",
            "duplicate": true, "alerts": 1}},
        {"incident": {"id": "a/broken", "phase": "Closed"}},
        {"problem": {"id": "a/leak", "knownError": true}},
        {"problem": {"id": "a/gone", "knownError": true, "resolvedAt": "2027-01-01T00:00:00Z"}},
    ]));
    let report = report(&records, &january(), &elapsed);
    let value = |id: &str| {
        let kpi = find(&report, id);
        let lacking = kpi.exclusions.iter().map(|one| one.count).sum::<u64>();
        (kpi.n, kpi.value, lacking)
    };
    assert_eq!(value("timeToAcknowledge"), (1, Some(300), 1));
    assert_eq!(value("timeToMitigate"), (1, Some(1_800), 0));
    assert_eq!(value("timeToResolve"), (2, Some(7_200), 1));
    assert_eq!(value("firstAssignmentResolution"), (1, Some(0), 2));
    assert_eq!(value("reopenRate"), (2, Some(500), 1));
    assert_eq!(value("changeCausedIncidentShare"), (2, Some(500), 1));
    assert_eq!(value("knownErrorCoverage"), (1, Some(1000), 1));
    assert_eq!(value("recurrence"), (1, Some(1), 1));
    assert_eq!(value("alertsPerIncident"), (4, Some(2_750), 1));
    assert_eq!(value("falsePositiveShare"), (3, Some(333), 1));
    let clocks: Vec<_> = report
        .kpis
        .iter()
        .filter(|kpi| kpi.id == "breachedServiceLevels")
        .map(|kpi| (kpi.group.as_deref(), kpi.n, kpi.value, kpi.exclusions.len()))
        .collect();
    assert_eq!(
        clocks,
        [
            (Some("Acknowledge"), 1, Some(0), 0),
            (Some("Resolve"), 2, Some(500), 1)
        ]
    );
}

#[test]
fn figures_of_reviews_requests_and_the_catalogue() {
    let records = records(json!([
        {"review": {"name": "a", "dueAt": "2027-01-10T00:00:00Z", "mergedAt": "2027-01-09T00:00:00Z", "actions": [
            {"dueAt": "2027-01-20T00:00:00Z", "closed": true},
            {"dueAt": "2027-01-20T00:00:00Z", "closed": true, "closedAt": "2027-01-21T00:00:00Z"},
            {"dueAt": "2027-01-20T00:00:00Z", "closed": false},
            {"dueAt": "2027-02-20T00:00:00Z", "closed": false},
        ]}},
        {"review": {"name": "b", "dueAt": "2027-01-10T00:00:00Z"}},
        {"review": {"name": "c"}},
        {"request": {"id": "a/r1", "submittedAt": "2027-01-01T00:00:00Z", "fulfilledAt": "2027-01-01T01:00:00Z",
            "editedByPeople": false}},
        {"request": {"id": "a/r2", "fulfilledAt": "2027-01-01T01:00:00Z"}},
        {"request": {"id": "a/r3", "submittedAt": "2027-01-01T00:00:00Z"}},
        {"catalog": {"class": "database", "name": "a/db", "complete": true, "stale": true}},
        {"catalog": {"class": "database", "name": "a/db2", "complete": false}},
        {"catalog": {"class": "ITService", "name": "a/shop", "complete": true}},
    ]));
    let report = report(&records, &january(), &elapsed);
    assert_eq!(find(&report, "reviewOnTime").value, Some(500));
    assert_eq!(find(&report, "reviewOnTime").exclusions[0].count, 1);
    assert_eq!(find(&report, "actionClosure").value, Some(333));
    assert_eq!(find(&report, "requestLeadTime").value, Some(3600));
    assert_eq!(
        (
            find(&report, "touchlessRate").n,
            find(&report, "touchlessRate").value
        ),
        (1, Some(1000))
    );
    let by_class = |id: &str| -> Vec<_> {
        let of = report.kpis.iter().filter(|kpi| kpi.id == id);
        of.map(|kpi| (kpi.group.clone().unwrap(), kpi.n, kpi.value))
            .collect()
    };
    assert_eq!(
        by_class("catalogIncomplete"),
        [
            ("ITService".to_owned(), 1, Some(0)),
            ("database".to_owned(), 2, Some(500))
        ]
    );
    assert_eq!(
        by_class("catalogStale"),
        [
            ("ITService".to_owned(), 0, None),
            ("database".to_owned(), 1, Some(1000))
        ]
    );
}

#[test]
fn nothing_is_not_zero() {
    let report = report(&[], &january(), &elapsed);
    assert!(report.kpis.len() > 25);
    for kpi in &report.kpis {
        assert_eq!(
            (kpi.n, kpi.value, kpi.p50, kpi.p90),
            (0, None, None, None),
            "{}",
            kpi.id
        );
        assert!(
            !kpi.formula.is_empty() && !kpi.source.is_empty() && kpi.exclusions.is_empty(),
            "{}",
            kpi.id
        );
    }
}
