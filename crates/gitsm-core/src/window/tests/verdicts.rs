//! What holds, and why.

use super::*;

const OPEN: &str = "2027-01-02T01:00:00Z";

fn ask(set: &WindowSet, subject: &Subject, when: &str) -> Verdict {
    evaluate(set, &[], subject, &SubjectChange::default(), at(when))
}

fn words(verdict: &Verdict) -> Vec<&'static str> {
    verdict
        .reasons
        .iter()
        .map(|reason| reason.reason.as_str())
        .collect()
}

#[test]
fn who_is_selected_and_reached_decides() {
    let maintenance = |more: Value| window("shop/m", "Maintenance", &more);
    let freeze = |name: &str, more: Value| window(name, "Freeze", &more);
    let unknown = json!({"selector": {"riskLevels": ["High"]}});
    let other = json!({"selector": {"service": {"tiers": [2]}}});
    for (what, windows, default, state, reasons) in [
        (
            "a window",
            vec![maintenance(json!({}))],
            Some("Closed"),
            WindowState::Open,
            vec![],
        ),
        ("no window, open", vec![], Some("Open"), WindowState::Open, vec![]),
        (
            "no window, closed",
            vec![],
            Some("Closed"),
            WindowState::Closed,
            vec!["OutsideWindow"],
        ),
        (
            "no catalogue",
            vec![maintenance(json!({}))],
            None,
            WindowState::Closed,
            vec!["Misconfigured"],
        ),
        (
            "a freeze wins",
            vec![maintenance(json!({})), freeze("org/f", json!({}))],
            Some("Open"),
            WindowState::Closed,
            vec!["InFreeze"],
        ),
        (
            "a freeze that might select",
            vec![freeze("org/f", unknown.clone())],
            Some("Open"),
            WindowState::Closed,
            vec!["InFreeze"],
        ),
        (
            "a freeze of others",
            vec![freeze("org/f", other.clone())],
            Some("Open"),
            WindowState::Open,
            vec![],
        ),
        (
            "a freeze of a namespace that may not",
            vec![freeze("team/f", json!({}))],
            Some("Open"),
            WindowState::Open,
            vec![],
        ),
        (
            "a window that might select",
            vec![maintenance(unknown)],
            Some("Open"),
            WindowState::Closed,
            vec!["OutsideWindow"],
        ),
        (
            "a window of others",
            vec![maintenance(other)],
            Some("Open"),
            WindowState::Open,
            vec![],
        ),
        (
            "a window that is closed",
            vec![maintenance(json!({"schedule": during("03T00", "04T00")}))],
            Some("Open"),
            WindowState::Closed,
            vec!["OutsideWindow"],
        ),
        (
            "one of two windows",
            vec![
                maintenance(json!({"schedule": during("03T00", "04T00")})),
                window("org/n", "Maintenance", &json!({})),
            ],
            Some("Closed"),
            WindowState::Open,
            vec![],
        ),
    ] {
        let count = windows.len();
        let verdict = ask(&set(windows), &subject("shop/basket", default), OPEN);
        assert_eq!(
            (verdict.state, words(&verdict)),
            (state, reasons.clone()),
            "{what}"
        );
        assert_eq!(verdict.may_start(), reasons.is_empty(), "{what}");
        assert_eq!(verdict.windows.len(), count, "{what}");
    }
}

#[test]
fn what_cannot_be_understood_is_closed() {
    let broken = |kind: Value, selector: Value| -> BrokenWindow {
        serde_json::from_value(
            json!({"id": "org/b", "kind": kind, "selector": selector, "problem": "spec.x: wrong."}),
        )
        .unwrap()
    };
    let others = json!({"service": {"tiers": [3]}});
    let open = || vec![window("shop/m", "Maintenance", &json!({}))];
    for (kind, selector, windows, state) in [
        (json!("Freeze"), json!({}), open(), WindowState::Closed),
        (json!(null), json!({}), open(), WindowState::Closed),
        (json!("Freeze"), json!(null), open(), WindowState::Closed),
        (json!("Freeze"), others, open(), WindowState::Open),
        (json!("Maintenance"), json!({}), open(), WindowState::Open),
        (json!("Maintenance"), json!(null), vec![], WindowState::Closed),
    ] {
        let mut set = set(windows);
        set.broken.push(broken(kind.clone(), selector.clone()));
        let verdict = ask(&set, &subject("shop/basket", Some("Open")), OPEN);
        assert_eq!(verdict.state, state, "{kind} {selector}");
        let closed = state == WindowState::Closed;
        assert_eq!(
            words(&verdict),
            vec!["Misconfigured"; usize::from(closed)],
            "{kind} {selector}"
        );
        if closed {
            assert_eq!((verdict.until, verdict.next), (None, None));
            assert!(
                verdict.reasons[0].message.ends_with("spec.x: wrong."),
                "{verdict:?}"
            );
        }
    }
}

#[test]
fn old_facts_and_facts_from_the_future_are_closed() {
    let mut set = set(vec![window("shop/m", "Maintenance", &json!({}))]);
    let subject = subject("shop/basket", Some("Open"));
    for (observed, stale) in [
        ("2027-01-02T00:55:00Z", false),
        ("2027-01-02T00:54:59Z", true),
        ("2027-01-02T01:05:00Z", false),
        ("2027-01-02T01:05:01Z", true),
    ] {
        set.freshness = Some(Freshness {
            observed_at: at(observed),
            max_age: "5m".parse().unwrap(),
        });
        let verdict = ask(&set, &subject, OPEN);
        assert_eq!(words(&verdict), vec!["Stale"; usize::from(stale)], "{observed}");
        assert_eq!(verdict.may_start(), !stale);
        assert_eq!(
            verdict.valid_until,
            Some(at(observed).plus(jiff::SignedDuration::from_mins(5)))
        );
    }
}

#[test]
fn new_work_starts_early_enough() {
    let quick = window("shop/q", "Maintenance", &json!({"leadTime": "5m"}));
    let slow = window("shop/s", "Maintenance", &json!({"leadTime": "1h"}));
    let freeze = window("shop/f", "Freeze", &json!({"schedule": during("02T04", "02T05")}));
    let subject = subject("shop/basket", Some("Open"));
    for (windows, until, before) in [
        (vec![quick.clone()], "06:00", "05:55"),
        (vec![slow.clone()], "06:00", "05:00"),
        (vec![slow, quick.clone()], "06:00", "05:55"),
        (vec![quick, freeze.clone()], "04:00", "03:55"),
        (vec![freeze], "04:00", "03:55"),
    ] {
        let set = set(windows);
        let before = at(&format!("2027-01-02T{before}:00Z"));
        let early = before.plus(jiff::SignedDuration::from_nanos(-1));
        let verdict = evaluate(&set, &[], &subject, &SubjectChange::default(), early);
        assert!(verdict.may_start(), "{verdict:?}");
        assert_eq!(verdict.until, Some(at(&format!("2027-01-02T{until}:00Z"))));
        assert_eq!(verdict.start_before, Some(before));
        let verdict = evaluate(&set, &[], &subject, &SubjectChange::default(), before);
        assert_eq!(
            (verdict.state, words(&verdict)),
            (WindowState::Open, vec!["ExceedsWindow"])
        );
        assert!(!verdict.may_start());
    }
}

#[test]
fn an_override_opens_no_window_that_only_might_be_for_the_change() {
    let set = set(vec![window(
        "shop/m",
        "Maintenance",
        &json!({"selector": {"riskLevels": ["Low"]}, "schedule": during("03T00", "03T06")}),
    )]);
    let lift: Override =
        serde_json::from_value(json!({"id": "shop/o", "window": "shop/m", "change": "shop/fix",
        "during": {"start": "2027-01-02T00:00:00Z", "end": "2027-01-02T04:00:00Z"}}))
        .unwrap();
    for (risk, open) in [(None, false), (Some("High"), false), (Some("Low"), true)] {
        let change: SubjectChange =
            serde_json::from_value(json!({"id": "shop/fix", "subject": {"risk": risk}})).unwrap();
        let subject = subject("shop/basket", Some("Closed"));
        let verdict = evaluate(&set, std::slice::from_ref(&lift), &subject, &change, at(OPEN));
        assert_eq!(verdict.may_start(), open, "{risk:?}: {verdict:?}");
    }
}

#[test]
fn an_override_serves_its_change_alone() {
    let set = set(vec![
        window("shop/m", "Maintenance", &json!({"overrun": "Pause"})),
        window("org/f", "Freeze", &json!({})),
        window(
            "org/g",
            "Freeze",
            &json!({"overridable": false, "schedule": during("02T02", "02T03")}),
        ),
    ]);
    let lift = |window: &str| -> Override {
        serde_json::from_value(json!({"id": "shop/o", "window": window, "change": "shop/fix",
            "during": {"start": "2027-01-02T01:00:00Z", "end": "2027-01-02T05:00:00Z"}}))
        .unwrap()
    };
    let subject = subject("shop/basket", Some("Closed"));
    let ask = |lift: Override, change: Option<&str>, when: &str| {
        let change = SubjectChange {
            id: change.map(|id| id.parse().unwrap()),
            ..SubjectChange::default()
        };
        evaluate(&set, &[lift], &subject, &change, at(when))
    };
    let open = ask(lift("org/f"), Some("shop/fix"), OPEN);
    assert!(open.may_start() && open.overrun == Overrun::Pause, "{open:?}");
    assert_eq!(open.until, Some(at("2027-01-02T02:00:00Z")));
    assert_eq!(open.next, Some(at("2027-01-02T03:00:00Z")));
    let lifted = open
        .windows
        .iter()
        .find(|trace| trace.window.to_string() == "org/f")
        .unwrap();
    assert!(matches!(
        &lifted.outcome,
        WindowOutcome::Selects {
            active: true,
            lifted_by: Some(_),
            ..
        }
    ));
    for (lift, change, when) in [
        (lift("org/f"), Some("shop/other"), OPEN),
        (lift("org/f"), None, OPEN),
        (lift("org/g"), Some("shop/fix"), OPEN),
        (lift("org/f"), Some("shop/fix"), "2027-01-02T00:59:59Z"),
        (lift("org/f"), Some("shop/fix"), "2027-01-02T02:00:00Z"),
        (lift("org/f"), Some("shop/fix"), "2027-01-02T05:00:00Z"),
    ] {
        let verdict = ask(lift, change, when);
        assert_eq!(verdict.state, WindowState::Closed, "{when}");
        assert!(words(&verdict).contains(&"InFreeze"));
    }
}

#[test]
fn a_change_is_open_where_all_its_services_are() {
    let of = |service: &str, from: &str, to: &str| {
        let selector = json!({"service": {"services": [service]}});
        let schedule = during(from, to);
        window(
            &format!("shop/{service}"),
            "Maintenance",
            &json!({"selector": selector, "schedule": schedule}),
        )
    };
    let set = set(vec![
        of("a", "02T00", "02T04"),
        of("b", "02T02", "02T06"),
        of("a", "03T00", "03T01"),
        of("b", "03T00", "03T02"),
    ]);
    let subjects = [
        subject("shop/a", Some("Closed")),
        subject("shop/b", Some("Closed")),
    ];
    let ask = |when: &str| evaluate_change(&set, &[], &subjects, &SubjectChange::default(), at(when));
    let verdict = ask("2027-01-02T01:00:00Z");
    assert_eq!(
        (verdict.state, verdict.until, verdict.next),
        (
            WindowState::Closed,
            Some(at("2027-01-02T02:00:00Z")),
            Some(at("2027-01-02T02:00:00Z")),
        )
    );
    assert!(!verdict.may_start());
    let verdict = ask("2027-01-02T02:00:00Z");
    assert_eq!(
        (verdict.state, verdict.until, verdict.next),
        (
            WindowState::Open,
            Some(at("2027-01-02T04:00:00Z")),
            Some(at("2027-01-03T00:00:00Z")),
        )
    );
    assert!(verdict.may_start());
    assert_eq!(verdict.start_before, Some(at("2027-01-02T03:55:00Z")));
    let nobody = evaluate_change(&set, &[], &[], &SubjectChange::default(), at(OPEN));
    assert!(!nobody.may_start() && nobody.state == WindowState::Closed);
}

#[test]
fn a_plan_fits_with_its_backout() {
    let set = set(vec![
        window("shop/m", "Maintenance", &json!({})),
        window(
            "shop/n",
            "Maintenance",
            &json!({"schedule": during("04T00", "04T08")}),
        ),
        window("shop/f", "Freeze", &json!({"schedule": during("04T04", "04T05")})),
    ]);
    let plan = |start: &str, duration: &str, backout: &str, preparation: Option<&str>| -> PlannedTime {
        serde_json::from_value(
            json!({"start": format!("2027-01-{start}:00Z"), "duration": duration, "backout": backout,
            "preparation": preparation}),
        )
        .unwrap()
    };
    let subjects = [subject("shop/a", Some("Closed"))];
    let no_change = SubjectChange::default();
    for (plan, fit) in [
        (plan("02T01:00", "3h", "2h", None), WindowFit::Fits),
        (plan("02T01:00", "3h", "2h1s", None), WindowFit::ExceedsWindow),
        (plan("02T00:00", "5m", "5m", None), WindowFit::Fits),
        (plan("02T00:00", "5m", "5m", Some("1m")), WindowFit::OutsideWindow),
        (plan("02T05:55", "1m", "1m", None), WindowFit::ExceedsWindow),
        (plan("02T06:00", "1m", "1m", None), WindowFit::OutsideWindow),
        (plan("04T04:30", "1m", "1m", None), WindowFit::InFreeze),
        (plan("04T03:00", "45m", "45m", None), WindowFit::InFreeze),
        (plan("04T05:00", "1h", "2h", None), WindowFit::Fits),
    ] {
        let found = fits(&set, &[], &subjects, &no_change, plan);
        assert_eq!(found.fit, fit, "{plan:?} {found:?}");
        assert_eq!(found.reasons.is_empty(), fit == WindowFit::Fits, "{found:?}");
    }
    let none = fits(
        &WindowSet::default(),
        &[],
        &[subject("shop/a", None)],
        &no_change,
        plan("02T01:00", "1h", "1h", None),
    );
    assert_eq!(none.fit, WindowFit::Unknown);
    let first = |length: &str, from: &str| {
        first_fit(
            &set,
            &[],
            &subjects,
            &no_change,
            plan("02T01:00", length, "1h", Some("30m")),
            at(from),
        )
        .map(|at| at.to_string())
    };
    assert_eq!(
        first("1h", "2027-01-01T00:00:00Z").as_deref(),
        Some("2027-01-02T00:30:00Z")
    );
    assert_eq!(
        first("1h", "2027-01-02T03:30:00Z").as_deref(),
        Some("2027-01-02T04:00:00Z")
    );
    assert_eq!(
        first("1h", "2027-01-02T03:30:01Z").as_deref(),
        Some("2027-01-04T00:30:00Z")
    );
    assert_eq!(first("5h", "2027-01-01T00:00:00Z"), None);
}

#[test]
fn facts_and_verdicts_survive_being_saved() {
    let recurrence = json!({"recurrence": {"timeZone": "Europe/Berlin", "pattern": {"monthDaysOrWeekdays": {"monthDays": [13, -1],
        "days": ["Friday"]}}, "months": [2], "starts": ["22:00"], "length": {"endLocal": "02:00"}, "except": ["2027-02-13"]}});
    let mut facts = set(vec![window(
        "shop/m",
        "Maintenance",
        &json!({"schedule": recurrence}),
    )]);
    facts.freshness = Some(Freshness {
        observed_at: at(OPEN),
        max_age: "1h".parse().unwrap(),
    });
    let json = serde_json::to_value(&facts).unwrap();
    assert_eq!(json["windows"][0]["schedule"], recurrence);
    assert_eq!(serde_json::from_value::<WindowSet>(json).unwrap(), facts);
    let verdict = evaluate_change(
        &facts,
        &[],
        &[subject("shop/a", Some("Open"))],
        &SubjectChange::default(),
        at(OPEN),
    );
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(serde_json::from_value::<ChangeVerdict>(json).unwrap(), verdict);
}

#[test]
fn lint_finds_what_is_hardly_meant() {
    use super::super::lint::findings;
    let weekly = |length: &Value, days: &[&str]| {
        json!({"schedule": {"recurrence": {"timeZone": "Europe/Berlin", "pattern": {"weekdays": {"days": days}},
            "starts": ["02:30"], "length": length}}})
    };
    let lengthy = |duration: &str| json!({"duration": duration});
    let with = |mut window: Value, key: &str, value: Value| {
        window[key] = value;
        window
    };
    for (kind, more, says) in [
        ("Maintenance", weekly(&lengthy("10m"), &["Sunday"]), vec![]),
        (
            "Maintenance",
            weekly(&lengthy("599s"), &["Sunday"]),
            vec!["shorter than twice"],
        ),
        // Ten minutes by the clock, but for one night, in which a clock change takes most of them.
        (
            "Maintenance",
            weekly(&json!({"endLocal": "03:35"}), &["Sunday"]),
            vec!["2027-03-28T01:30:00Z to 2027-03-28T01:35:00Z"],
        ),
        ("Freeze", weekly(&lengthy("1s"), &["Sunday"]), vec![]),
        (
            "Freeze",
            with(weekly(&lengthy("1h"), &["Sunday"]), "leadTime", json!("6m")),
            vec!["leadTime has no effect"],
        ),
        (
            "Freeze",
            with(weekly(&lengthy("1h"), &["Sunday"]), "overrun", json!("Pause")),
            vec!["overrun has no effect"],
        ),
        (
            "Maintenance",
            weekly(&lengthy("26h"), &["Sunday", "Monday"]),
            vec!["they merge into one"],
        ),
        ("Maintenance", weekly(&lengthy("168h"), &["Sunday"]), vec![]),
        (
            "Maintenance",
            json!({"schedule": {"recurrence": {"timeZone": "UTC", "pattern": {"monthDays": [30]}, "months": [2],
            "starts": ["02:30"], "length": {"duration": "1h"}}}}),
            vec!["within five years"],
        ),
        (
            "Maintenance",
            json!({"schedule": during("01T00", "01T01")}),
            vec!["within five years"],
        ),
        (
            "Maintenance",
            json!({"schedule": {"recurrence": {"timeZone": "UTC", "pattern": {"monthDaysOrWeekdays":
            {"monthDays": [13], "days": ["Friday"]}}, "starts": ["02:30"], "length": {"duration": "1h"}}}}),
            vec!["by OR"],
        ),
    ] {
        let window = window("shop/m", kind, &more);
        let found: Vec<String> = findings(&window, at(OPEN))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), says.len(), "{more}: {found:?}");
        for (found, says) in found.iter().zip(says) {
            assert!(found.contains(says), "{more}: {found}");
        }
    }
}
