//! Every rule and every bound of every CRD, shown at work on samples.
//!
//! `tests/data/kinds/<kind>.yaml` holds for each kind
//! - `base`: the least that is valid, and `full`: a valid object that uses as many fields as can stand together,
//!   both without apiVersion, kind and metadata;
//! - `cases`: objects that differ from `base` (or from `full`, with `of: full`) by `patch`, a JSON merge patch.
//!   `old` is a merge patch from that object to the one it replaces, for rules about changes. `fails` lists
//!   exactly the complaints that the case must give, each with its field and a part of its message; a case
//!   without it is valid.
//!
//! What follows from a schema alone (required fields, choices, bounds, defaults) is tried out on every field of
//! every valid sample by [`bounds`], moves between phases are compared with their tables by [`moves`], and the
//! tests here fail when a rule or a field has no sample.

// As in the root: helpers of tests may fail loudly.
#![allow(clippy::expect_used, clippy::panic)]

mod bounds;
mod moves;
mod sample;

use gitsm_api::values::wrong_values;
use gitsm_core::time::Instant;
use gitsm_schema::FieldError;
use sample::{Judged, generic};
pub(crate) use sample::{Kind, kinds};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Fails with everything that was found, if anything was.
fn assert_none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn list(errors: &[FieldError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

#[test]
fn cases_give_exactly_their_complaints() {
    let mut problems = Vec::new();
    for kind in kinds() {
        for sample in &kind.samples {
            let errors = kind.judge(&sample.object, sample.old.as_ref());
            let expected = &sample.complaints;
            let as_expected = errors.len() == expected.len()
                && expected.iter().all(|(at, says)| {
                    errors
                        .iter()
                        .any(|error| error.field() == *at && error.detail.contains(says.as_str()))
                });
            if !as_expected {
                problems.push(format!(
                    "{}, {}: expected {expected:?}, got [{}]",
                    kind.info.kind,
                    sample.name,
                    list(&errors)
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn valid_samples_pass_through_their_types_unchanged() {
    let mut problems = Vec::new();
    for kind in kinds() {
        for sample in kind.valid() {
            let name = format!("{}, {}", kind.info.kind, sample.name);
            if let Err(error) = kind.info.decode(&sample.object) {
                problems.push(format!("{name}: {:?}: {error}", error.path));
                continue;
            }
            let wrong = wrong_values(kind.info, &sample.object);
            problems.extend(
                wrong
                    .iter()
                    .map(|wrong| format!("{name}: {}: {}", wrong.pointer, wrong.error)),
            );
            let written = kind.info.in_declared_order(&sample.object);
            let mut written = serde_json::to_value(written).expect("YAML of an object is JSON");
            kind.schema.complete(&mut written);
            differences("", &sample.object, &written, &mut |difference| {
                problems.push(format!("{name}: {difference}"));
            });
        }
    }
    assert_none(&problems);
}

/// Reports where two values differ.
fn differences(at: &str, left: &Value, right: &Value, report: &mut dyn FnMut(String)) {
    if let (Value::Object(left), Value::Object(right)) = (left, right) {
        let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        for key in keys {
            let side = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or_default();
            differences(&format!("{at}.{key}"), &side(left), &side(right), report);
        }
    } else if left != right && !is_same_instant(left, right) {
        report(format!("{at} was {left} and is written as {right}"));
    }
}

/// Instants are written in UTC, whatever the offset they were read with.
fn is_same_instant(read: &Value, written: &Value) -> bool {
    let instant = |value: &Value| value.as_str()?.parse::<Instant>().ok();
    instant(read).is_some_and(|read| instant(written) == Some(read))
}

#[test]
fn names_are_short_and_without_dots() {
    let mut problems = Vec::new();
    for judged in renamed() {
        let errors = judged.kind.judge(&judged.object, None);
        if !matches!(errors.as_slice(), [error] if error.detail.contains("63 characters and no dot")) {
            problems.push(format!(
                "{}: {}: [{}]",
                judged.kind.info.kind,
                judged.object,
                list(&errors)
            ));
        }
    }
    assert_none(&problems);
}

/// The least object of every kind with names that are not allowed.
fn renamed() -> Vec<Judged> {
    let mut all = Vec::new();
    for kind in kinds() {
        for name in ["a.b".to_owned(), "a".repeat(64)] {
            let mut object = kind.samples[0].object.clone();
            object["metadata"]["name"] = json!(name);
            all.push(Judged {
                kind,
                object,
                old: None,
            });
        }
    }
    all
}

/// One rule of one CRD.
#[derive(Debug)]
struct Rule {
    /// Where it stands, in the notation of [`generic`].
    node: String,
    expression: String,
    message: String,
    /// Where its complaint points.
    field: String,
}

impl Rule {
    fn is_broken_by(&self, error: &FieldError) -> bool {
        error.rule.as_deref() == Some(self.expression.as_str()) && generic(&error.path) == self.field
    }

    /// Whether the rule had something to judge.
    fn applies_to(&self, object: &Value, old: Option<&Value>) -> bool {
        let is_there = |object: &Value| has_node(object, &self.node);
        is_there(object) && (!self.expression.contains("oldSelf") || old.is_some_and(is_there))
    }
}

/// Whether an object has a value at a path such as `spec.match[*].values`.
fn has_node(value: &Value, node: &str) -> bool {
    let node = node.strip_prefix('.').unwrap_or(node);
    if node.is_empty() {
        return !value.is_null();
    }
    if let Some(rest) = node.strip_prefix("[*]") {
        return value
            .as_array()
            .is_some_and(|items| items.iter().any(|item| has_node(item, rest)));
    }
    let end = node.find(['.', '[']).unwrap_or(node.len());
    match &node[..end] {
        "*" => value
            .as_object()
            .is_some_and(|map| map.values().any(|value| has_node(value, &node[end..]))),
        name => value.get(name).is_some_and(|value| has_node(value, &node[end..])),
    }
}

fn rules(kind: &Kind) -> Vec<Rule> {
    let mut found = Vec::new();
    sample::walk_schema(&kind.root, "", &mut |node, schema| {
        for rule in schema["x-kubernetes-validations"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
            let field = format!("{node}{}", text("fieldPath"));
            found.push(Rule {
                node: node.to_owned(),
                expression: text("rule"),
                message: text("message"),
                field: field.trim_start_matches('.').to_owned(),
            });
        }
    });
    found
}

#[test]
fn every_rule_is_broken_and_kept_by_a_sample() {
    let mut judged: Vec<Judged> = renamed();
    judged.extend(moves::all_moves());
    for kind in kinds() {
        judged.extend(kind.samples.iter().map(|sample| Judged {
            kind,
            object: sample.object.clone(),
            old: sample.old.clone(),
        }));
    }
    let mut problems = Vec::new();
    let mut count = 0;
    for kind in kinds() {
        let results: Vec<_> = judged
            .iter()
            .filter(|judged| judged.kind.info.kind == kind.info.kind)
            .map(|judged| (judged, kind.judge(&judged.object, judged.old.as_ref())))
            .collect();
        for rule in rules(kind) {
            count += 1;
            let name = format!("{} {:?}: {}", kind.info.kind, rule.node, rule.message);
            if !results
                .iter()
                .any(|(_, errors)| errors.iter().any(|error| rule.is_broken_by(error)))
            {
                problems.push(format!("no sample breaks {name}"));
            }
            let keeps = |(judged, errors): &(&Judged, Vec<FieldError>)| {
                errors.is_empty() && rule.applies_to(&judged.object, judged.old.as_ref())
            };
            if !results.iter().any(keeps) {
                problems.push(format!("no valid sample is judged by {name}"));
            }
        }
    }
    assert!(count > 90, "only {count} rules were found");
    assert_none(&problems);
}

#[test]
fn messages_are_written_for_people() {
    let mut problems = Vec::new();
    for kind in kinds() {
        for rule in rules(kind) {
            let message = &rule.message;
            let is_code = ["self", "has(", "&&", "||", "==", "size("]
                .iter()
                .any(|code| message.contains(code));
            if message.len() < 15 || is_code || message.ends_with('.') {
                problems.push(format!("{} {}: {message:?}", kind.info.kind, rule.node));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn every_field_is_used_by_a_valid_sample() {
    let mut problems = Vec::new();
    for kind in kinds() {
        sample::walk_schema(&kind.root, "", &mut |node, _| {
            let is_ours = node.starts_with(".spec") || node.starts_with(".status");
            if is_ours && !kind.valid().any(|sample| has_node(&sample.object, node)) {
                problems.push(format!("{}{node}", kind.info.kind));
            }
        });
    }
    assert_none(&problems);
}
