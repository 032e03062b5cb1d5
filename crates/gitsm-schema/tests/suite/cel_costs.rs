//! What rules cost at most, as the API server estimates it.

use crate::cel_vectors::structural;
use crate::known::{Tally, Vector, Verdict, read_lines};
use gitsm_schema::Path;
use gitsm_schema::cel::cost::{self, RuleCosts};
use gitsm_schema::cel::{Activation, Binding, DeclType, Environment, Type, Value};
use gitsm_schema::structural::{AdditionalProperties, Structural};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What was recorded about one rule.
struct Recorded {
    max_cost: u64,
    max_cardinality: u64,
    message: u64,
    uses_old_self: bool,
}

impl Recorded {
    fn read(result: &Json) -> Self {
        let number = |name: &str| result[name].as_u64().unwrap_or(0);
        Self {
            max_cost: number("maxCost"),
            max_cardinality: number("maxCardinality"),
            message: number("messageMaxCost"),
            uses_old_self: result["usesOldSelf"] == true,
        }
    }
}

/// Whether two costs differ by at most a tenth of the recorded one.
fn within_a_tenth(own: u64, recorded: u64) -> bool {
    own.abs_diff(recorded) <= recorded / 10
}

fn judge(own: RuleCosts, own_cardinality: u64, recorded: &Recorded) -> Verdict {
    if recorded.max_cost == 0 && own.rule != 0 {
        return Verdict::Differs(format!("costs {}; recorded as free or refused", own.rule));
    }
    let costs_agree =
        within_a_tenth(own.rule, recorded.max_cost) && within_a_tenth(own.message, recorded.message);
    let repeats_agree = within_a_tenth(own_cardinality, recorded.max_cardinality);
    if costs_agree && repeats_agree && own.uses_old_self == recorded.uses_old_self {
        return Verdict::Agrees;
    }
    Verdict::Differs(format!(
        "{own:?}, {own_cardinality} times; recorded: {}, message {}, {} times, old {}",
        recorded.max_cost, recorded.message, recorded.max_cardinality, recorded.uses_old_self
    ))
}

#[test]
fn rules_cost_what_the_api_server_estimates() {
    let Some(vectors) = read_lines("cel-compile.jsonl") else {
        return;
    };
    let mut tally = Tally::new("cel-cost", include_str!("known/cel-cost.txt"));
    let (mut equal, mut total) = (0, 0);
    for Vector { key, data } in vectors {
        let schema = structural(&data["schema"]);
        let results = data["results"].as_array().cloned().unwrap_or_default();
        let costs = cost::of_node(&schema, true);
        for (position, result) in results.iter().enumerate() {
            let rule = &schema.extensions.validations[position];
            let message = rule.message_expression.as_deref().unwrap_or_default();
            // A rule that is empty or was refused has no cost; `test()` exists only in the tests of Kubernetes.
            let is_empty = rule.rule.trim().is_empty();
            if is_empty
                || result["error"].is_string()
                || rule.rule.contains("test()")
                || message.contains("test()")
            {
                continue;
            }
            let recorded = Recorded::read(result);
            let verdict = match &costs {
                Some(node) => {
                    let own = node.rules[position];
                    total += 1;
                    equal += usize::from(
                        (own.rule, own.message, node.max_cardinality)
                            == (recorded.max_cost, recorded.message, recorded.max_cardinality),
                    );
                    judge(own, node.max_cardinality, &recorded)
                }
                None => Verdict::Refused("expressions cannot see the data".to_owned()),
            };
            tally.count(&format!("{key}-{position}"), &rule.rule, verdict);
        }
    }
    eprintln!("cel-cost: {equal} of {total} are exactly equal");
    tally.finish(878);
}

/// The part of a place in a CRD that is below its schema.
fn below_schema(field: &str) -> &str {
    field
        .split_once("openAPIV3Schema")
        .map_or(field, |(_, below)| below)
}

#[test]
fn schemas_are_too_expensive_where_the_api_server_says_so() {
    let Some(vectors) = read_lines("crd-schema.jsonl") else {
        return;
    };
    let mut tally = Tally::new("crd-schema-cost", "");
    for Vector { key, data } in vectors {
        let errors = data["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Json, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let is_about_cost = |error: &&Json| {
            let detail = text(error, "detail");
            detail.contains("exceeds budget") || detail.contains("contributed to estimated")
        };
        let expected: BTreeSet<(String, String)> = errors
            .iter()
            .filter(is_about_cost)
            .map(|error| {
                (
                    below_schema(&text(error, "field")).to_owned(),
                    text(error, "detail"),
                )
            })
            .collect();
        // The API server looks at no rule of a schema that is wrong otherwise, or that needs not be structural.
        let is_judged =
            !expected.is_empty() || (errors.is_empty() && data["options"]["requireStructuralSchema"] == true);
        let Ok(schema) = Structural::from_json(&data["openAPIV3Schema"]) else {
            continue;
        };
        if !is_judged || data["options"]["suppressPerExpressionCost"] == true {
            continue;
        }
        let found: BTreeSet<(String, String)> =
            cost::check(&schema, true, &Path::root().field("openAPIV3Schema"))
                .iter()
                .map(|error| (below_schema(&error.field()).to_owned(), error.detail.clone()))
                .collect();
        let verdict = if found == expected {
            Verdict::Agrees
        } else {
            Verdict::Differs(format!("found {found:?}, recorded {expected:?}"))
        };
        tally.count(&key, &text(&data, "test"), verdict);
    }
    tally.finish(40);
}

#[test]
fn our_own_crds_stay_within_the_budget() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crds");
    let mut judged = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of CRDs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a CRD");
        let crd: Json = serde_yaml::from_str(&text).expect("a CRD is YAML");
        for version in crd["spec"]["versions"].as_array().into_iter().flatten() {
            let schema =
                Structural::from_json(&version["schema"]["openAPIV3Schema"]).expect("a structural schema");
            let errors = cost::check(&schema, true, &Path::root().field("openAPIV3Schema"));
            assert_eq!(errors, [], "{}", path.display());
            judged += 1;
        }
    }
    assert!(judged >= 20, "{judged} schemas were found");
}

/// Whether a schema has rules at its root only.
fn has_rules_at_the_root_only(schema: &Structural) -> bool {
    fn has_rules(schema: &Structural) -> bool {
        !schema.extensions.validations.is_empty()
            || !schema.value.all_of.is_empty()
            || below(schema).into_iter().any(has_rules)
    }
    fn below(schema: &Structural) -> Vec<&Structural> {
        let values = match &schema.additional_properties {
            Some(AdditionalProperties::Schema(values)) => Some(&**values),
            _ => None,
        };
        schema
            .properties
            .values()
            .chain(schema.items.as_deref())
            .chain(values)
            .collect()
    }
    schema.value.all_of.is_empty() && !below(schema).into_iter().any(has_rules)
}

/// What the rules at the root cost with an object; `None` where we cannot judge them.
fn evaluation_cost(schema: &Structural, data: &Json) -> Option<u64> {
    let decl = DeclType::from_structural(schema, data["isResourceRoot"] == true, "self")?;
    let old = Some(&data["oldObject"]).filter(|old| !old.is_null());
    let mut total = 0;
    for rule in &schema.extensions.validations {
        let is_optional = rule.optional_old_self == Some(true);
        let old_decl = if is_optional {
            decl.clone().optional()
        } else {
            decl.clone()
        };
        let environment = Environment::kubernetes()
            .with_variable("self", decl.clone())
            .with_variable("oldSelf", old_decl);
        let program = environment.compile(&rule.rule, Some(&Type::Bool)).ok()?;
        if program.uses("oldSelf") && old.is_none() && !is_optional {
            continue;
        }
        let activation = Activation::new()
            .with("self", Binding::Json(&data["object"]))
            .with("oldSelf", old.map_or(Binding::Absent, Binding::Json));
        let mut left = 1_000_000;
        let holds = program.evaluate_within(&activation, &mut left);
        total += 1_000_000 - left;
        let message = rule.message_expression.as_deref().filter(|text| !text.is_empty());
        if let (Ok(Value::Bool(false)), Some(message)) = (holds, message) {
            let program = environment.compile(message, Some(&Type::String)).ok()?;
            let mut left = 1_000_000;
            let _ = program.evaluate_within(&activation, &mut left);
            total += 1_000_000 - left;
        }
    }
    Some(total)
}

#[test]
fn evaluations_cost_what_the_api_server_counts() {
    let Some(vectors) = read_lines("cel.jsonl") else {
        return;
    };
    let mut tally = Tally::new("cel-budget", include_str!("known/cel-budget.txt"));
    let mut equal = 0;
    for Vector { key, data } in vectors {
        let schema = structural(&data["schema"]);
        let (Some(budget), Some(left)) = (data["costBudget"].as_i64(), data["remainingBudget"].as_i64())
        else {
            continue;
        };
        let is_comparable = left >= 0 && data["ratcheting"] != true && has_rules_at_the_root_only(&schema);
        if !is_comparable || data["test"] == "TestCELValidationContextCancellation" {
            continue;
        }
        let recorded = u64::try_from(budget - left).unwrap_or(u64::MAX);
        let Some(own) = evaluation_cost(&schema, &data) else {
            continue;
        };
        equal += usize::from(own == recorded);
        let verdict = if within_a_tenth(own, recorded) {
            Verdict::Agrees
        } else {
            Verdict::Differs(format!("costs {own}; recorded: {recorded}"))
        };
        let rules: Vec<&str> = schema
            .extensions
            .validations
            .iter()
            .map(|rule| rule.rule.as_str())
            .collect();
        tally.count(&key, &rules.join(" | "), verdict);
    }
    eprintln!("cel-budget: {equal} are exactly equal");
    tally.finish(593);
}
