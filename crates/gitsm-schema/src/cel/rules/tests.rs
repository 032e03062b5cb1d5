//! How rules see objects, and what their errors say.

use super::{CompiledRules, SchemaRuleError};
use crate::error::ErrorKind;
use crate::structural::Structural;
use serde_json::{Value as Json, json};

fn compile(schema: &Json) -> Result<CompiledRules, Vec<SchemaRuleError>> {
    let schema = Structural::from_json(schema).map_err(|_| Vec::new())?;
    CompiledRules::compile(&schema)
}

/// The errors as `field: detail`.
fn judge(schema: &Json, object: &Json, old: Option<&Json>) -> Vec<String> {
    let errors = compile(schema).unwrap().validate(object, old);
    errors
        .iter()
        .map(|error| format!("{}: {}", error.field(), error.detail))
        .collect()
}

fn spec_with(property: &Json) -> Json {
    json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"x": property}}}})
}

#[test]
fn a_transition_rule_runs_when_there_is_an_old_value() {
    let schema = spec_with(&json!({
        "type": "string",
        "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": " is immutable "}]
    }));
    let (a, b) = (json!({"spec": {"x": "a"}}), json!({"spec": {"x": "b"}}));
    assert_eq!(judge(&schema, &a, None), Vec::<String>::new());
    assert_eq!(judge(&schema, &a, Some(&a)), Vec::<String>::new());
    assert_eq!(judge(&schema, &b, Some(&a)), ["spec.x: is immutable"]);
    assert_eq!(
        judge(&schema, &b, Some(&json!({"spec": {"x": null}}))),
        Vec::<String>::new()
    );
}

#[test]
fn an_optional_old_self_makes_it_run_on_create() {
    let schema = spec_with(&json!({"type": "integer", "x-kubernetes-validations": [
        {"rule": "self >= oldSelf.orValue(10)", "optionalOldSelf": true}
    ]}));
    let object = json!({"spec": {"x": 5}});
    assert_eq!(
        judge(&schema, &object, None),
        ["spec.x: failed rule: self >= oldSelf.orValue(10)"]
    );
    assert_eq!(
        judge(&schema, &object, Some(&json!({"spec": {"x": 4}}))),
        Vec::<String>::new()
    );
}

#[test]
fn elements_are_matched_by_the_keys_of_map_lists_only() {
    let list = |list_type: &str| {
        spec_with(&json!({
            "type": "array", "x-kubernetes-list-type": list_type, "x-kubernetes-list-map-keys": ["id"],
            "items": {"type": "object", "properties": {"id": {"type": "string"}, "n": {"type": "integer"}},
                "x-kubernetes-validations": [{"rule": "self.n >= oldSelf.n"}]}
        }))
    };
    let old = json!({"spec": {"x": [{"id": "a", "n": 1}, {"id": "b", "n": 5}]}});
    let new = json!({"spec": {"x": [{"id": "b", "n": 2}, {"id": "a", "n": 1}]}});
    assert_eq!(
        judge(&list("map"), &new, Some(&old)),
        ["spec.x[0]: failed rule: self.n >= oldSelf.n"]
    );
    assert_eq!(judge(&list("atomic"), &new, Some(&old)), Vec::<String>::new());
}

#[test]
fn messages_reasons_and_field_paths_shape_the_error() {
    let rule = |extra: Json| {
        let mut rule = json!({"rule": "self.x > 1"});
        rule.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!({"type": "object", "properties": {"x": {"type": "integer"}}, "x-kubernetes-validations": [rule]})
    };
    let object = json!({"x": 1});
    for (extra, expected) in [
        (
            json!({"messageExpression": "'x is ' + string(self.x)"}),
            "<nil>: x is 1",
        ),
        (
            json!({"messageExpression": "'two\\nlines'", "message": "plain"}),
            "<nil>: plain",
        ),
        (
            json!({"messageExpression": "string(1 / 0)"}),
            "<nil>: failed rule: self.x > 1",
        ),
        (json!({"fieldPath": ".x", "message": "too small"}), "x: too small"),
    ] {
        assert_eq!(judge(&rule(extra), &object, None), [expected]);
    }
    let errors = compile(&rule(json!({"reason": "FieldValueForbidden"})))
        .unwrap()
        .validate(&object, None);
    assert_eq!(errors[0].kind, ErrorKind::Forbidden);
    assert_eq!(errors[0].rule.as_deref(), Some("self.x > 1"));
}

#[test]
fn a_failed_evaluation_is_an_error_of_its_own() {
    let schema = spec_with(
        &json!({"type": "object", "additionalProperties": {"type": "integer"},
        "x-kubernetes-validations": [{"rule": "self['b'] == 1"}]}),
    );
    let errors = compile(&schema)
        .unwrap()
        .validate(&json!({"spec": {"x": {"a": 1}}}), None);
    assert_eq!(
        errors[0].to_string(),
        "spec.x: Invalid value: \"object\": no such key: b evaluating rule: self['b'] == 1"
    );
}

#[test]
fn the_budget_of_an_object_ends_its_validation() {
    let many: Vec<i64> = (0..400).collect();
    let schema = spec_with(
        &json!({"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": [
            {"rule": "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))", "message": "slow"},
            {"rule": "false"}
        ]}),
    );
    let errors = judge(&schema, &json!({"spec": {"x": many}}), None);
    assert_eq!(
        errors.len(),
        1,
        "no rule runs after the budget is spent: {errors:?}"
    );
    assert!(
        errors[0].contains("cost exceeds limit for rule: slow"),
        "{errors:?}"
    );
}

#[test]
fn every_rule_that_does_not_compile_is_named() {
    let schema = json!({"type": "object", "properties": {"x": {"type": "string", "x-kubernetes-validations": [
        {"rule": "self == 1"}, {"rule": "  "}, {"rule": "true", "messageExpression": "1"}
    ]}}});
    let errors = compile(&schema).unwrap_err();
    let named: Vec<_> = errors
        .iter()
        .map(|error| (error.path.as_str(), error.keyword))
        .collect();
    let expected = [
        ("properties.x.x-kubernetes-validations[0]", "rule"),
        ("properties.x.x-kubernetes-validations[2]", "messageExpression"),
    ];
    assert_eq!(named, expected);
}
