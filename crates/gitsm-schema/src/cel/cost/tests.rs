//! Costs of rules and the complaints about them.

use super::*;
use crate::error::ErrorKind;
use crate::path::Path;
use crate::structural::Structural;
use serde_json::{Value as Json, json};

fn schema(schema: &Json) -> Structural {
    Structural::from_json(schema).unwrap()
}

/// What a rule over these properties costs.
fn cost(properties: &Json, rule: &str) -> u64 {
    let schema = schema(&json!({"type": "object", "properties": properties,
        "x-kubernetes-validations": [{"rule": rule}]}));
    let costs = of_node(&schema, false).unwrap();
    assert_ne!(costs.rules[0].rule, 0, "{rule} must compile");
    costs.rules[0].rule
}

#[test]
fn limits_of_the_schema_make_rules_cheap() {
    let with = |limits: Json| {
        let mut list = json!({"type": "array", "items": {"type": "string", "maxLength": 10}});
        list.as_object_mut()
            .unwrap()
            .extend(limits.as_object().cloned().unwrap());
        cost(&json!({"list": list}), "self.list.all(x, x.startsWith('a'))")
    };
    // Each round: 2 for going on, 1 for the accumulator, 1 for x and 1 for the first character.
    assert_eq!(with(json!({"maxItems": 7})), 2 + 7 * 5 + 1);
    assert_eq!(with(json!({})), 2 + 1_048_575 * 5 + 1);
}

#[test]
fn text_functions_cost_by_length() {
    let properties = json!({"s": {"type": "string", "maxLength": 100}});
    assert_eq!(cost(&properties, "self.s.matches('^[a-z]+$')"), 2 + 41 * 2);
    assert_eq!(cost(&properties, "self.s + self.s == 'a'"), 2 + 2 + 80 + 1);
    assert_eq!(cost(&properties, "has(self.s)"), 1);
    assert_eq!(cost(&properties, "self.?s.optMap(t, t == 'a').orValue(true)"), 20);
}

#[test]
fn a_chain_of_macros_that_doubles_is_refused_instead_of_computed() {
    let chain = "self.?s".to_owned() + &".optMap(t, t)".repeat(40) + ".hasValue()";
    assert_eq!(cost(&json!({"s": {"type": "string"}}), &chain), u64::MAX);
}

#[test]
fn what_is_too_expensive_is_named_where_it_stands() {
    let rule = json!([{"rule": "self.all(x, self.all(y, x == y))", "messageExpression": "'a'.replace('', string(self))"}]);
    let schema = schema(&json!({"type": "object", "properties": {
        "small": {"type": "string", "maxLength": 3, "x-kubernetes-validations": [{"rule": "self == 'a'"}]},
        "list": {"type": "array", "items": {"type": "string"}, "x-kubernetes-validations": rule},
    }}));
    let path = Path::root()
        .field("spec")
        .field("validation")
        .field("openAPIV3Schema");
    let errors = check(&schema, true, &path);
    let printed: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let advice = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, \
                  and strings are declared)";
    let schema_path = "spec.validation.openAPIV3Schema";
    let rule_path = format!("{schema_path}.properties[list].x-kubernetes-validations[0].rule");
    assert_eq!(
        printed,
        [
            format!(
                "{rule_path}: Forbidden: estimated rule cost exceeds budget by factor of more than 100x {advice}"
            ),
            format!(
                "{rule_path}: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire \
                 OpenAPIv3 schema"
            ),
            format!(
                "{schema_path}: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 \
                 schema exceeds budget by factor of more than 100x {advice}"
            ),
        ]
    );
    assert!(errors.iter().all(|error| error.kind == ErrorKind::Forbidden));
    assert_eq!(check_total(&schema, true, &path).len(), 2);
}
