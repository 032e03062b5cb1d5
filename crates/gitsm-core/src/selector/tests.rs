//! Tests of selectors.

mod laws;

use super::*;

fn service() -> ServiceSubject {
    serde_json::from_value(serde_json::json!({
        "id": "payments/payments-db", "tier": 1, "labels": {"domain": "payments"}, "dataClass": "secret",
    }))
    .unwrap()
}

fn matched(selector: serde_json::Value, change: serde_json::Value) -> Matched {
    let selector: ChangeSelector = serde_json::from_value(selector).unwrap();
    selector.matches(&service(), &serde_json::from_value(change).unwrap())
}

#[test]
fn fields_are_combined_by_and_and_lists_by_or() {
    use SelectorField as Field;
    use serde_json::json;
    for (selector, change, expected) in [
        (json!({}), json!({}), Matched::Yes),
        (
            json!({"service": {"namespaces": ["payments", "x"], "tiers": [1, 2]}}),
            json!({}),
            Matched::Yes,
        ),
        (
            json!({"service": {"namespaces": []}}),
            json!({}),
            Matched::No(Field::Namespaces),
        ),
        (
            json!({"service": {"services": ["other"]}}),
            json!({}),
            Matched::No(Field::Services),
        ),
        (
            json!({"service": {"tiers": [2, 3]}}),
            json!({}),
            Matched::No(Field::Tiers),
        ),
        (
            json!({"service": {"labels": {"domain": "payments", "team": "x"}}}),
            json!({}),
            Matched::No(Field::Labels),
        ),
        (
            json!({"service": {"dataClasses": ["public"]}}),
            json!({}),
            Matched::No(Field::DataClasses),
        ),
        (
            json!({"environments": ["prod"]}),
            json!({}),
            Matched::Unknown(Field::Environments),
        ),
        (
            json!({"environments": ["prod"]}),
            json!({"environment": "prod"}),
            Matched::Yes,
        ),
        (
            json!({"riskLevels": ["High"], "changeTypes": ["Normal"]}),
            json!({"changeType": "Standard"}),
            Matched::No(Field::ChangeTypes),
        ),
        (
            json!({"riskLevels": ["High"], "changeTypes": ["Normal"]}),
            json!({"changeType": "Normal"}),
            Matched::Unknown(Field::RiskLevels),
        ),
    ] {
        assert_eq!(matched(selector.clone(), change), expected, "{selector}");
    }
}

#[test]
fn what_a_service_does_not_say_is_not_known() {
    let silent: ServiceSubject = serde_json::from_value(serde_json::json!({"id": "shop/basket"})).unwrap();
    for (selector, expected) in [
        (
            serde_json::json!({"tiers": [1]}),
            Matched::Unknown(SelectorField::Tiers),
        ),
        (
            serde_json::json!({"dataClasses": ["secret"]}),
            Matched::Unknown(SelectorField::DataClasses),
        ),
        // Labels are a whole: one that is not there is not there.
        (
            serde_json::json!({"labels": {"domain": "payments"}}),
            Matched::No(SelectorField::Labels),
        ),
    ] {
        let selector: ServiceSelector = serde_json::from_value(selector).unwrap();
        assert_eq!(selector.matches(&silent), expected);
    }
}

#[test]
fn what_is_not_known_never_hides_a_no() {
    let no = Matched::No(SelectorField::Tiers);
    let unknown = Matched::Unknown(SelectorField::RiskLevels);
    assert_eq!(unknown.and(|| no), no);
    assert_eq!(no.and(|| unknown), no);
    assert_eq!(unknown.and(|| Matched::Yes), unknown);
    assert_eq!(unknown.or(|| Matched::Yes), Matched::Yes);
    assert_eq!(no.or(|| unknown), unknown);
}
