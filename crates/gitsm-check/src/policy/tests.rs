//! `change` and `window` over small estates in memory.

use super::compile;
use crate::config::Config;
use crate::diagnostic::Finding;
use crate::engine::{self, KindSet, Options};
use crate::input::MemoryInput;
use crate::yaml::Limits;
use serde_json::{Value, json};

/// A Monday; the window of the estate is open on Saturdays from 21:00 to 01:00 UTC.
const NOW: &str = "2027-02-01T00:00:00Z";
const IN_WINDOW: &str = "2027-02-06T21:00:00Z";
const OUTSIDE: &str = "2027-02-05T21:00:00Z";

/// An object of ours in the namespace `shop`, if its kind is in one.
fn object(kind: &str, name: &str, spec: &Value) -> Value {
    let info = gitsm_api::find(kind).unwrap();
    let mut metadata = json!({"name": name});
    if info.scope == gitsm_api::Scope::Namespaced {
        metadata["namespace"] = json!("shop");
    }
    json!({"apiVersion": gitsm_api::API_VERSION, "kind": kind, "metadata": metadata, "spec": spec})
}

fn service(name: &str, tier: Option<u8>) -> Value {
    let mut spec = json!({"displayName": name, "owner": "payments", "state": "Experimental"});
    if let Some(tier) = tier {
        spec["tier"] = json!(tier);
    }
    object("ITService", name, &spec)
}

fn maintenance(name: &str, selector: &Value) -> Value {
    let recurrence = json!({"days": ["Saturday"], "start": "22:00", "duration": "4h"});
    let spec = json!({"type": "Maintenance", "timeZone": "Europe/Berlin", "selector": selector, "recurrence": recurrence});
    object("ChangeWindow", name, &spec)
}

/// A catalogue, three services, a window for two of them, two models.
fn estate() -> Vec<Value> {
    let catalogue = json!({"title": "Products", "owner": "payments", "services": {"namespaces": ["shop"]},
        "defaults": {"tier": 3}, "changePolicy": {"defaultWhenNoWindow": "Closed"}});
    let model = |name: &str, kind: &str| {
        let spec = json!({"type": kind, "state": "Active", "title": name, "owner": "payments", "approvalPolicy": "two"});
        object("ChangeModel", name, &spec)
    };
    vec![
        object("ServiceCatalog", "products", &catalogue),
        service("checkout", Some(1)),
        service("search", None),
        service("apart", Some(2)),
        maintenance("weekend", &json!({"services": ["checkout", "search"]})),
        model("upgrade", "Normal"),
        model("hotfix", "Emergency"),
    ]
}

fn change(more: &Value) -> Value {
    let mut spec = json!({"model": "upgrade", "reason": "r", "environment": "prod", "services": ["checkout"],
        "plan": {"start": IN_WINDOW, "duration": "1h", "backoutDuration": "30m"}});
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
        if value.is_null() {
            spec.as_object_mut().unwrap().remove(field);
        }
    }
    object("Change", "database-16", &spec)
}

fn policy(kind: &str, expression: &str, says: Option<&str>) -> Value {
    let mut rule = json!({"id": "rule", "expression": expression, "message": "it does not hold"});
    if let Some(says) = says {
        rule["messageExpression"] = json!(says);
    }
    object(
        "RecordPolicy",
        "policy",
        &json!({"match": {"kinds": [kind]}, "rules": [rule]}),
    )
}

/// What the policy finds, as messages.
fn found(policy: &Value, objects: &[Value], at: &str) -> Vec<String> {
    let input = objects
        .iter()
        .chain([policy])
        .enumerate()
        .fold(MemoryInput::new(), |input, (number, object)| {
            input.with(&format!("{number}.yaml"), object.to_string())
        });
    let options = Options {
        at: at.parse().unwrap(),
        limits: Limits::default(),
        jobs: 1,
        list_judged: false,
        only: Vec::new(),
        policies: Vec::new(),
    };
    let report = engine::run(&input, &Config::default(), &KindSet::new(), &options).unwrap();
    let by =
        |finding: &Finding, codes: &[&str]| codes.iter().any(|code| finding.rule.as_str().starts_with(code));
    // An object that is not valid in itself is not judged by policies: a mistake of the test.
    let invalid = report
        .findings
        .iter()
        .find(|finding| by(finding, &["GS1", "GS20"]));
    assert_eq!(
        invalid.filter(|finding| !finding.message.contains("spec.type is not one")),
        None
    );
    let findings = report.findings.iter();
    findings
        .filter(|finding| by(finding, &["GS408", "GS501", "GS502"]))
        .map(|finding| finding.message.clone())
        .collect()
}

/// The value of an expression over the only object of a kind; it must give a text.
fn value_at(expression: &str, kind: &str, objects: &[Value], at: &str) -> String {
    let mut all = estate();
    all.extend_from_slice(objects);
    found(&policy(kind, "false", Some(expression)), &all, at).join("|")
}

fn value(expression: &str, change: Value) -> String {
    value_at(expression, "Change", &[change], NOW)
}

#[test]
fn misspelt_fields_and_wrong_types_do_not_compile() {
    let kinds = KindSet::new();
    for (expression, compiles) in [
        ("change.type == 'Normal'", true),
        ("has(change.model) && has(change.model.spec.eligible)", true),
        (
            "change.services.all(s, has(s.object.spec.tier) && s.tier < 3)",
            true,
        ),
        (
            "has(change.object.spec.plan) && change.object.spec.plan.start > now",
            true,
        ),
        (
            "window.open || window.at + duration('1h') < now || 'shop/a' in window.windows",
            true,
        ),
        (
            "window.reasons.all(r, r.contains('x')) && window.next > window.until",
            true,
        ),
        ("change.typ == 'Normal'", false),
        ("change.type == 1", false),
        ("change.model.spec.tpye == 'Normal'", false),
        ("change.services.all(s, s.teir < 3)", false),
        ("change.services.all(s, s.object.spec.teir < 3)", false),
        ("window.fits == 'Fits'", false),
        ("window.open == 'Open'", false),
        ("window.until > 'tomorrow'", false),
    ] {
        for kind in ["Change", "Team"] {
            let compiled = compile(&kinds, &policy(kind, expression, None));
            assert_eq!(compiled.is_ok(), compiles, "{expression}: {:?}", compiled.err());
        }
    }
}

#[test]
fn a_change_shows_its_model_and_services() {
    let all = "change.namespace + '/' + change.name + ' ' + change.type + ' ' + change.model.spec.title + ' ' + \
               string(change.tier) + ' ' + change.object.spec.environment";
    let both = json!({"services": ["search", "checkout"]});
    assert_eq!(
        value(all, change(&both)),
        "shop/database-16 Normal upgrade 1 prod"
    );
    let emergency = change(&json!({"model": "hotfix", "services": ["search"]}));
    assert_eq!(value(all, emergency), "shop/database-16 Emergency hotfix 3 prod");
    let services =
        "change.services.map(s, s.name + ' ' + string(has(s.tier)) + ' ' + string(has(s.object))).join(', ')";
    let with_lost = change(&json!({"services": ["lost", "checkout"]}));
    assert_eq!(value(services, with_lost), "checkout true true, lost false false");
}

#[test]
fn services_come_from_configuration_items_too() {
    let spec = json!({"class": "database", "owner": "payments", "services": [{"name": "search"}], "source": "Authored"});
    let item = object("ConfigurationItem", "db-1", &spec);
    let of_items = change(&json!({"services": null, "configurationItems": ["db-1"]}));
    let names = "change.services.map(s, s.name).join(' ') + ' ' + window.fit";
    let found = value_at(names, "Change", &[item, of_items.clone()], NOW);
    assert_eq!(found, "search Fits");
    let lost = value("window.fit + ' ' + window.reasons.join(' ')", of_items);
    assert!(
        lost.starts_with("Unknown ") && lost.contains("shop/db-1"),
        "{lost}"
    );
}

#[test]
fn what_is_not_known_is_absent() {
    let known = "[has(change.name), has(change.type), has(change.model), has(change.tier), \
                 change.services.size() == 0].map(b, string(b)).join(' ')";
    let lost = change(&json!({"model": "lost", "services": ["lost"]}));
    assert_eq!(value(known, lost), "true false false false false");
    let team = object("Team", "payments", &json!({"displayName": "Payments"}));
    let nothing = "false false false false true";
    assert_eq!(value_at(known, "Team", std::slice::from_ref(&team), NOW), nothing);
    let window =
        "window.fit + ' ' + string(window.open) + ' ' + string(has(window.until)) + ' ' + string(window.at)";
    assert_eq!(
        value_at(window, "Team", &[team], NOW),
        format!("Unknown false false {NOW}")
    );
}

#[test]
fn overrides_and_reviews_are_about_a_change() {
    let lift = json!({"window": {"name": "weekend"}, "change": "database-16", "reason": "It cannot wait", "duration": "90m"});
    let review = |kind: &str| {
        let spec = json!({"type": "PostImplementation", "subject": {"kind": kind, "name": "database-16"}, "owner": "jonas", "summary": "Done"});
        object("Review", "after", &spec)
    };
    let seen = "(has(change.type) ? change.type : 'none') + ' ' + window.fit";
    for (kind, about, expected) in [
        (
            "WindowOverride",
            object("WindowOverride", "lift", &lift),
            "Normal Fits",
        ),
        ("Review", review("Change"), "Normal Fits"),
        ("Review", review("Incident"), "none Unknown"),
    ] {
        let objects = [change(&json!({})), about.clone()];
        assert_eq!(value_at(seen, kind, &objects, NOW), expected, "{kind}");
        let alone = value_at(seen, kind, &[about], NOW);
        assert_eq!(alone, "none Unknown", "{kind} of a change that is not there");
    }
}

#[test]
fn the_plan_is_taken_against_the_windows_of_all_services() {
    let plan =
        |start: &str, duration: &str| json!({"start": start, "duration": duration, "backoutDuration": "30m"});
    for (more, expected) in [
        (json!({}), "Fits"),
        (json!({"services": ["checkout", "search"]}), "Fits"),
        (json!({"plan": plan(OUTSIDE, "1h")}), "OutsideWindow"),
        (json!({"plan": plan(IN_WINDOW, "3h30m")}), "Fits"),
        (json!({"plan": plan(IN_WINDOW, "3h31m")}), "ExceedsWindow"),
        (json!({"services": ["checkout", "apart"]}), "OutsideWindow"),
        (json!({"services": ["checkout", "lost"]}), "Unknown"),
        (json!({"services": null, "payload": {"paths": ["a"]}}), "Unknown"),
    ] {
        let fit = "window.fit + (window.reasons.size() == 0 ? '' : '!')";
        let mark = if expected == "Fits" { "" } else { "!" };
        assert_eq!(value(fit, change(&more)), format!("{expected}{mark}"), "{more}");
    }
    let all = "window.windows.join(' ') + ' ' + string(window.at) + ' ' + string(window.until) + ' ' + \
               string(window.next) + ' ' + string(window.open)";
    assert_eq!(
        value(all, change(&json!({}))),
        format!("shop/weekend {IN_WINDOW} 2027-02-07T01:00:00Z 2027-02-13T21:00:00Z false")
    );
    let prepared = json!({"plan": {"start": IN_WINDOW, "duration": "1h", "backoutDuration": "30m", "preparation": "15m"}});
    let at = "string(window.at) + ' ' + window.fit";
    assert_eq!(value(at, change(&prepared)), "2027-02-06T20:45:00Z OutsideWindow");
}

#[test]
fn without_a_start_the_instant_of_the_run_counts() {
    let no_start =
        change(&json!({"plan": {"duration": "1h", "backoutDuration": "30m", "preparation": "15m"}}));
    let no_plan = change(&json!({"plan": null}));
    let all = "string(window.at) + ' ' + window.fit + ' ' + string(window.open)";
    for (change, at, expected) in [
        (&no_start, NOW, "OutsideWindow false"),
        (&no_start, IN_WINDOW, "Fits true"),
        (&no_start, "2027-02-07T00:30:00Z", "ExceedsWindow true"),
        (&no_plan, NOW, "OutsideWindow false"),
        (&no_plan, IN_WINDOW, "Unknown true"),
        // Five minutes before it closes nothing new starts.
        (&no_plan, "2027-02-07T00:55:00Z", "ExceedsWindow false"),
    ] {
        let found = value_at(all, "Change", std::slice::from_ref(change), at);
        assert_eq!(found, format!("{at} {expected}"));
    }
    let planned = change(&json!({}));
    assert_eq!(
        value_at(all, "Change", &[planned], IN_WINDOW),
        format!("{IN_WINDOW} Fits true")
    );
}

#[test]
fn a_risk_that_is_not_known_counts_only_where_windows_ask_for_it() {
    let freeze = |selector: &Value| {
        let spec = json!({"type": "Freeze", "timeZone": "UTC", "selector": selector, "reason": "Audit",
            "interval": {"start": "2027-02-06T00:00:00Z", "end": "2027-02-08T00:00:00Z"}});
        object("ChangeWindow", "audit", &spec)
    };
    let seen = |window: Value, status: &Value| {
        let mut change = change(&json!({}));
        if !status.is_null() {
            change["status"] = status.clone();
        }
        value_at(
            "window.fit + ' ' + window.reasons.join(' ')",
            "Change",
            &[window, change],
            NOW,
        )
    };
    let risk = |level: &str| json!({"risk": {"level": level, "score": 1}});
    let for_some = json!({"services": ["checkout"], "riskLevels": ["High", "VeryHigh"]});
    let unknown = seen(freeze(&for_some), &Value::Null);
    assert!(
        unknown.starts_with("Unknown ") && unknown.contains("risk"),
        "{unknown}"
    );
    assert_eq!(seen(freeze(&for_some), &risk("Low")), "Fits ");
    assert!(seen(freeze(&for_some), &risk("High")).starts_with("InFreeze "));
    let every: Vec<_> = gitsm_core::vocabulary::RiskLevel::ALL
        .iter()
        .map(|level| level.as_str())
        .collect();
    let frozen = seen(
        freeze(&json!({"services": ["checkout"], "riskLevels": every})),
        &Value::Null,
    );
    assert!(frozen.starts_with("InFreeze "), "{frozen}");
    let elsewhere = json!({"services": ["search"], "riskLevels": ["High"]});
    assert_eq!(seen(freeze(&elsewhere), &Value::Null), "Fits ");
}

#[test]
fn a_window_that_cannot_be_understood_is_not_open() {
    let mut broken = maintenance("audit", &json!({"services": ["checkout"]}));
    broken["spec"]["type"] = json!("Freez");
    let found = value_at(
        "window.fit + ' ' + window.windows.join(' ')",
        "Change",
        &[broken, change(&json!({}))],
        NOW,
    );
    assert_eq!(found, "Unknown shop/audit shop/weekend");
}

#[test]
fn one_evaluation_sees_all_services_and_one_service_at_a_time() {
    let both = change(&json!({"services": ["checkout", "search"]}));
    assert_eq!(
        value("change.services.map(s, s.name).join('+')", both.clone()),
        "checkout+search"
    );
    let each = value(
        "service.metadata.name + ' of ' + change.services.map(s, s.name).join('+')",
        both,
    );
    assert_eq!(each, "checkout of checkout+search|search of checkout+search");
}
