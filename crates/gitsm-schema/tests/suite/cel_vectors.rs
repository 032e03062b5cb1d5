//! Rules and expressions, judged as the API server judged them.

use crate::known::{Tally, Vector, Verdict, read_lines};
use gitsm_schema::cel::{Activation, Binding, CompiledRules, DeclType, Environment, EvalError, Map, Value};
use gitsm_schema::structural::Structural;
use gitsm_schema::{FieldError, Path};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Vectors of behaviour that is out of scope: the cost budget of the API server.
fn is_out_of_scope(data: &Json) -> bool {
    let details = data["errors"].as_array().into_iter().flatten();
    matches!(
        data["test"].as_str(),
        Some("TestCELValidationLimit" | "TestCELValidationContextCancellation")
    ) || details.into_iter().any(|error| {
        error["detail"]
            .as_str()
            .is_some_and(|text| text.contains("cost budget"))
    })
}

/// Reads a recorded schema; the recording has empty list types where there are none.
pub(crate) fn structural(schema: &Json) -> Structural {
    fn without_empty_list_types(schema: &mut Json) {
        match schema {
            Json::Object(map) => {
                map.retain(|keyword, value| keyword != "x-kubernetes-list-type" || value != "");
                map.values_mut().for_each(without_empty_list_types);
            }
            Json::Array(elements) => elements.iter_mut().for_each(without_empty_list_types),
            _ => {}
        }
    }
    let mut schema = schema.clone();
    without_empty_list_types(&mut schema);
    Structural::from_json(&schema).expect("a recorded schema can be read")
}

fn optional(json: &Json) -> Option<&Json> {
    Some(json).filter(|json| !json.is_null())
}

#[test]
fn rules_are_judged_as_the_api_server_judges_them() {
    let Some(vectors) = read_lines("cel.jsonl") else {
        return;
    };
    let mut tally = Tally::new("cel", include_str!("known/cel.txt"));
    for Vector { key, data } in vectors {
        if !is_out_of_scope(&data) {
            tally.count(&key, &first_rule(&data["schema"]), judge_object(&data));
        }
    }
    tally.finish(655);
}

/// The first rule in a schema, for messages.
fn first_rule(schema: &Json) -> String {
    let text = schema.to_string();
    let start = text.find("\"rule\":").map_or(0, |start| start + 7);
    text.chars().skip(start).take(160).collect()
}

fn judge_object(data: &Json) -> Verdict {
    let schema = structural(&data["schema"]);
    let expected: BTreeSet<(String, String)> = data["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| (text(&error["type"]), text(&error["field"])))
        .collect();
    let refused_upstream = data["errors"].as_array().into_iter().flatten().any(|error| {
        error["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("rule compile error"))
    });
    let rules = match CompiledRules::compile_node(&schema, data["isResourceRoot"] == true) {
        Ok(rules) => rules,
        Err(_) if refused_upstream => return Verdict::Agrees,
        Err(errors) => return Verdict::Refused(errors[0].to_string()),
    };
    if refused_upstream {
        return Verdict::Differs("the API server refuses the rule".to_owned());
    }
    let root = data["fldPath"].as_str().unwrap_or("<nil>");
    let errors = match optional(&data["oldObject"]) {
        Some(old) if data["ratcheting"] == true => rules.validate_update(&schema, &data["object"], old),
        old => rules.validate(&data["object"], old),
    };
    let found: BTreeSet<(String, String)> = errors
        .iter()
        .map(|error| (error.kind.wire_name().to_owned(), below(root, &error.path)))
        .collect();
    if found == expected {
        return compare_details(data, &errors);
    }
    let details: Vec<String> = errors.iter().map(|error| error.detail.clone()).collect();
    Verdict::Differs(format!(
        "expected {:?}, found {found:?} {details:?}",
        data["errors"]
    ))
}

/// The details must be the same too, but for parts that come from Go.
fn compare_details(data: &Json, errors: &[FieldError]) -> Verdict {
    let from_go =
        |detail: &str| detail.contains("Invalid ") || detail.contains("parse") || detail.contains("%!");
    let expected: BTreeSet<String> = data["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| text(&e["detail"]))
        .collect();
    let found: BTreeSet<String> = errors.iter().map(|error| error.detail.clone()).collect();
    if expected == found || expected.iter().any(|detail| from_go(detail)) {
        Verdict::Agrees
    } else {
        Verdict::Differs(format!("expected the details {expected:?}, found {found:?}"))
    }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

/// The path as recorded: below the path that the validator was called with.
fn below(root: &str, path: &Path) -> String {
    let path = path.to_string();
    match (root, path.as_str()) {
        ("<nil>" | "", "") => "<nil>".to_owned(),
        ("<nil>" | "", _) => path,
        (_, "") => root.to_owned(),
        _ if path.starts_with('[') => format!("{root}{path}"),
        _ => format!("{root}.{path}"),
    }
}

#[test]
fn rules_compile_where_the_api_server_compiles_them() {
    let Some(vectors) = read_lines("cel-compile.jsonl") else {
        return;
    };
    let mut tally = Tally::new("cel-compile", include_str!("known/cel-compile.txt"));
    let (mut texts, mut refused) = (0, 0);
    for Vector { key, data } in vectors {
        // Each line is about the rules of the node itself.
        let mut schema = structural(&data["schema"]);
        let rules = std::mem::take(&mut schema.extensions.validations);
        let results = data["results"].as_array().cloned().unwrap_or_default();
        for (position, (rule, result)) in rules.into_iter().zip(results).enumerate() {
            if rule.rule.contains("test()")
                || rule
                    .message_expression
                    .as_deref()
                    .unwrap_or("")
                    .contains("test()")
            {
                continue;
            }
            let recorded = result["error"].as_str().or(result["messageError"].as_str());
            schema.extensions.validations = vec![rule.clone()];
            let own = CompiledRules::compile_node(&schema, true)
                .err()
                .into_iter()
                .flatten()
                .find(|error| error.path.starts_with("x-kubernetes-validations"));
            let verdict = match (recorded, own) {
                (None, None) => Verdict::Agrees,
                (Some(recorded), Some(error)) => {
                    texts += usize::from(complaints(recorded) == complaints(&error.source.to_string()));
                    refused += 1;
                    Verdict::Agrees
                }
                (Some(recorded), None) => Verdict::Differs(format!("accepted; recorded: {recorded}")),
                (None, Some(error)) => Verdict::Refused(error.to_string()),
            };
            tally.count(&format!("{key}-{position}"), &rule.rule, verdict);
        }
    }
    tally.finish(926);
    eprintln!("cel-compile: {texts} of {refused} texts agree");
    // The others are errors of the parser, which words them another way.
    assert!(texts >= 40, "{texts} texts of refusals agree, at least 40 must");
}

/// Places and messages of a refusal; the API server adds a number to the name of the type.
fn complaints(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter_map(|line| Some(&line[line.find("ERROR: ")?..]));
    let without_number = |line: &str| match line.split_once("selfType") {
        Some((before, after)) => {
            format!(
                "{before}selfType{}",
                after.trim_start_matches(|c: char| c.is_ascii_digit())
            )
        }
        None => line.to_owned(),
    };
    lines.map(without_number).collect()
}

fn refused(file: &str, mut tally: Tally, floor: usize) {
    let Some(vectors) = read_lines(file) else { return };
    let mut environment = Environment::kubernetes();
    // The recording had this variable, an object without the field that the expression names.
    let object = structural(&serde_json::json!({"type": "object"}));
    if let Some(decl) = DeclType::from_structural(&object, false, "gadget") {
        environment = environment.with_variable("gadget", decl);
    }
    for Vector { key, data } in vectors {
        let expression = text(&data["expr"]);
        // The schema of `self` was not recorded here; `cel-compile` has these rules with their schema.
        if expression.contains("elf") {
            continue;
        }
        let recorded = text(&data["error"]);
        let verdict = match environment.compile(&expression, None) {
            Ok(_) => Verdict::Differs(format!("accepted; recorded: {recorded}")),
            Err(error) if complaints(&error.to_string()) == complaints(&recorded) => Verdict::Agrees,
            Err(error) => Verdict::Differs(format!("refused with {error}; recorded: {recorded}")),
        };
        tally.count(&key, &expression, verdict);
    }
    tally.finish(floor);
}

#[test]
fn what_the_api_server_refuses_is_refused_in_its_words() {
    let tally = Tally::new("cel-compile-error", include_str!("known/cel-compile-error.txt"));
    refused("cel-compile-error.jsonl", tally, 15);
    let tally = Tally::new(
        "lib-cel-compile-error",
        include_str!("known/lib-cel-compile-error.txt"),
    );
    refused("lib-cel-compile-error.jsonl", tally, 5);
}

#[test]
fn expressions_have_the_recorded_values() {
    let Some(vectors) = read_lines("lib-cel-eval.jsonl") else {
        return;
    };
    let mut tally = Tally::new("lib-cel-eval", include_str!("known/lib-cel-eval.txt"));
    // `test()` exists only in the tests of Kubernetes; the libraries were recorded without the check of literals.
    let comparable = vectors
        .iter()
        .filter(|vector| !text(&vector.data["expr"]).contains("test()"));
    for Vector { key, data } in comparable {
        tally.count(
            key,
            &text(&data["expr"]),
            judge_expression(Environment::kubernetes().with_mixed_literals(), data),
        );
    }
    tally.finish(285);
}

#[test]
fn expressions_of_rules_have_the_recorded_values() {
    let Some(vectors) = read_lines("cel-eval.jsonl") else {
        return;
    };
    let mut tally = Tally::new("cel-eval", include_str!("known/cel-eval.txt"));
    for Vector { key, data } in vectors {
        let expression = text(&data["expr"]);
        // The values of `self` and `oldSelf` were not recorded; `cel` has these rules with their objects.
        if !expression.contains("elf")
            && !data["error"]
                .as_str()
                .is_some_and(|error| error.contains("operation"))
        {
            tally.count(
                &key,
                &expression,
                judge_expression(Environment::kubernetes(), &data),
            );
        }
    }
    tally.finish(124);
}

fn judge_expression(environment: Environment, data: &Json) -> Verdict {
    let expression = text(&data["expr"]);
    let empty = serde_json::Map::new();
    let variables = data["vars"].as_object().unwrap_or(&empty);
    let mut environment = environment;
    for name in variables.keys().filter(|name| *name != "authorizer") {
        environment = environment.with_variable(name, DeclType::json());
    }
    let program = match environment.compile(&expression, None) {
        Ok(program) => program,
        Err(error) => return Verdict::Refused(error.to_string()),
    };
    let mut activation = Activation::new();
    for (name, value) in variables {
        activation.bind(name, Binding::Json(value));
    }
    match (program.evaluate(&activation), data["error"].as_str()) {
        (Err(error), Some(recorded)) if same_error(&error, recorded) => Verdict::Agrees,
        (Err(error), recorded) => Verdict::Differs(format!("failed with {error}; recorded: {recorded:?}")),
        (Ok(value), Some(recorded)) => Verdict::Differs(format!("gave {value:?}; recorded: {recorded}")),
        (Ok(value), None) => {
            let ty = value.type_name();
            let (printed, recorded) = match optional(&data["value"]) {
                Some(recorded) => (to_json(&value), recorded.clone()),
                None => (Json::from(as_text(&value)), data["text"].clone()),
            };
            let same = printed == recorded
                || printed
                    .as_f64()
                    .is_some_and(|number| recorded.as_f64() == Some(number));
            if same && data["type"] == ty {
                Verdict::Agrees
            } else {
                Verdict::Differs(format!(
                    "gave {ty} {printed}; recorded: {} {recorded}",
                    data["type"]
                ))
            }
        }
    }
}

fn same_error(error: &EvalError, recorded: &str) -> bool {
    error.to_string() == recorded
}

fn as_text(value: &Value<'_>) -> String {
    match value {
        Value::Optional(None) => "<nil>".to_owned(),
        Value::Opaque(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn to_json(value: &Value<'_>) -> Json {
    match value {
        Value::Bool(flag) => Json::from(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Uint(number) => Json::from(*number),
        Value::Double(number) => Json::from(*number),
        Value::String(text) => Json::from(text.to_string()),
        Value::Duration(nanoseconds) => Json::from(format!("{}s", nanoseconds / 1_000_000_000)),
        Value::List(list) => list.iter().map(|element| to_json(&element.unwrap())).collect(),
        Value::Map(map) => entries(map),
        Value::Optional(Some(inner)) => to_json(inner),
        Value::Optional(None) | Value::Null => Json::Null,
        other => Json::from(as_text(other)),
    }
}

fn entries<'a>(map: &Map<'a>) -> Json {
    let entry = |key: Value<'a>| match (&key, map.get(&key)) {
        (Value::String(name), Ok(Some(value))) => (name.to_string(), to_json(&value)),
        other => panic!("a recorded map has text keys: {other:?}"),
    };
    Json::Object(map.keys().into_iter().map(entry).collect())
}
