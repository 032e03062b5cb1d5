//! Verdicts recorded from the API server's own tests. They are read from the folder that `GITSM_VECTORS` names.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may panic, and say how much they compared"
)]

use gitsm_schema::prune::{self, PruneOptions};
use gitsm_schema::structural::Structural;
use gitsm_schema::validate::Validator;
use gitsm_schema::values::named_format;
use gitsm_schema::{FieldError, crd, defaulting, listtype};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A vector on which we differ: the line in its file, counted from one, and why.
#[derive(Clone, Copy)]
enum Known {
    /// We differ on purpose.
    Difference(usize, &'static str),
    /// The vector does not hold what was judged, so it is not counted.
    Unusable(usize, &'static str),
}

impl Known {
    fn parts(self) -> (usize, &'static str) {
        match self {
            Self::Difference(line, reason) | Self::Unusable(line, reason) => (line, reason),
        }
    }
}

/// The lines of a vector file; `None`, and a word about it, when the folder is not set.
fn vectors(file: &str) -> Option<Vec<Value>> {
    let Some(folder) = std::env::var_os("GITSM_VECTORS") else {
        println!("GITSM_VECTORS is not set: skipped");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(file)).unwrap();
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The schema of a vector. Recorded schemas repeat what `x-kubernetes-int-or-string` implies as a list of types.
fn schema(vector: &Value) -> Structural {
    fn without_type_lists(schema: &Value) -> Value {
        match schema {
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, value)| !(*name == "type" && value.is_array()))
                .map(|(name, value)| (name.clone(), without_type_lists(value)))
                .collect(),
            Value::Array(elements) => elements.iter().map(without_type_lists).collect(),
            other => other.clone(),
        }
    }
    match &vector["schema"] {
        Value::Null => Structural::default(),
        schema => Structural::from_json(&without_type_lists(schema)).unwrap(),
    }
}

type Complaints = BTreeSet<(String, String)>;

fn recorded(vector: &Value) -> Complaints {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = vector["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| (text(error, "type"), text(error, "field")))
        .collect()
}

fn found(errors: &[FieldError], field: impl Fn(&FieldError) -> String) -> Complaints {
    errors
        .iter()
        .map(|error| (error.kind.wire_name().to_owned(), field(error)))
        .collect()
}

/// Runs `judge` on each vector; it answers what differs, or nothing. Fails below `floor` per cent agreement, on
/// differences that are not known, and on known ones that have gone away.
fn compare(file: &str, floor: usize, known: &[Known], judge: impl Fn(&Value) -> Option<String>) {
    let Some(vectors) = vectors(file) else { return };
    let mut agree = 0;
    let mut complaints = Vec::new();
    for (line, vector) in (1..).zip(&vectors) {
        let difference = judge(vector);
        let known = known
            .iter()
            .map(|known| known.parts())
            .find(|(known, _)| *known == line);
        agree += usize::from(difference.is_none());
        match (difference, known) {
            (Some(difference), None) => complaints.push(format!("{file}:{line}: {difference}")),
            (None, Some((_, reason))) => {
                complaints.push(format!(
                    "{file}:{line}: agrees now; no longer a known difference ({reason})"
                ));
            }
            _ => {}
        }
    }
    let unusable = known
        .iter()
        .filter(|known| matches!(known, Known::Unusable(..)))
        .count();
    let usable = vectors.len() - unusable;
    println!("{file}: {agree} of {usable} agree ({unusable} more cannot be used)");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(
        agree * 100 >= floor * usable,
        "{file}: fewer than {floor} % agree"
    );
}

fn differ<T: PartialEq + std::fmt::Debug>(ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("we say {ours:?}, upstream {theirs:?}"))
}

#[test]
fn values() {
    let known = [
        Known::Difference(
            29,
            "a pattern that is not RE2 is refused when the schema is compiled, not when an object is judged",
        ),
        Known::Unusable(
            43,
            "recorded with the root schema of the definition in place of the schema that was judged",
        ),
    ];
    compare("schema.jsonl", 97, &known, |vector| {
        let validator = match Validator::compile(&schema(vector)) {
            Ok(validator) => validator,
            Err(error) => return Some(error.to_string()),
        };
        differ(
            &found(&validator.validate(&vector["object"]), FieldError::field),
            &recorded(vector),
        )
    });
}

#[test]
fn value_messages() {
    let Some(vectors) = vectors("schema.jsonl") else {
        return;
    };
    let mut compared = 0;
    for vector in &vectors {
        let Ok(validator) = Validator::compile(&schema(vector)) else {
            continue;
        };
        let errors = validator.validate(&vector["object"]);
        let theirs = recorded(vector);
        if theirs.is_empty() || found(&errors, FieldError::field) != theirs {
            continue;
        }
        let ours: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
        let recorded = vector["errors"].as_array().unwrap();
        let theirs: BTreeSet<String> = recorded
            .iter()
            .map(|error| error["text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ours, theirs);
        compared += 1;
    }
    println!("schema.jsonl: {compared} messages agree in every word");
    assert!(compared > 10);
}

#[test]
fn lists() {
    compare("listtype.jsonl", 97, &[], |vector| {
        // Upstream's tests put every object at a path `root`.
        let field = |error: &FieldError| match error.field() {
            key if key.starts_with('[') => format!("root{key}"),
            field => format!("root.{field}"),
        };
        let errors = listtype::validate(&schema(vector), &vector["object"]);
        differ(&found(&errors, field), &recorded(vector))
    });
}

#[test]
fn defaults() {
    compare("defaulting.jsonl", 97, &[], |vector| {
        let mut object = vector["object"].clone();
        defaulting::apply(&schema(vector), &mut object);
        differ(&object, &vector["defaulted"])
    });
}

#[test]
fn pruning() {
    compare("pruning.jsonl", 97, &[], |vector| {
        let schema = schema(vector);
        let mut object = vector["object"].clone();
        let options = PruneOptions {
            resource_root: vector["isResourceRoot"].as_bool().unwrap(),
            object_meta: false,
        };
        let pruned = prune::prune(&schema, &mut object, options);
        let ours: Vec<String> = pruned.iter().map(ToString::to_string).collect();
        let theirs: Vec<String> = match &vector["paths"] {
            Value::Array(paths) => paths
                .iter()
                .map(|path| path.as_str().unwrap().to_owned())
                .collect(),
            // Paths were only recorded where the caller asked for them.
            _ if vector["tracked"] == Value::Bool(false) => ours.clone(),
            _ => Vec::new(),
        };
        differ(&(object, ours), &(vector["pruned"].clone(), theirs))
    });
}

/// Counts how many of the complaints that both sides have are worded the same.
fn count_texts(vector: &Value, errors: &[FieldError], texts: &mut (usize, usize)) {
    let recorded = vector["errors"].as_array().unwrap();
    let ours: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
    for error in recorded {
        let text = in_common(&without_go(error["text"].as_str().unwrap()));
        let agrees = ours.iter().any(|ours| in_common(&without_go(ours)) == text);
        texts.0 += usize::from(agrees);
        if !agrees {
            println!("worded differently upstream: {text}");
        }
        texts.1 += 1;
    }
}

/// Leaves out the number that the API server adds to the name of the type of `self`.
fn without_go(text: &str) -> String {
    match text.split_once("selfType") {
        Some((before, after)) => format!(
            "{before}selfType{}",
            after.trim_start_matches(|c: char| c.is_ascii_digit())
        ),
        None => text.to_owned(),
    }
}

/// The schema of a version as if it were that of all.
fn in_common(text: &str) -> String {
    match text
        .strip_prefix("spec.versions[")
        .and_then(|rest| rest.split_once("].schema."))
    {
        Some((_, rest)) => format!("spec.validation.{rest}"),
        None => text.to_owned(),
    }
}

#[test]
fn definitions() {
    let known = [
        Known::Unusable(
            9,
            "recorded without the preserveUnknownFields that was judged: v1 cannot leave it out",
        ),
        Known::Unusable(
            31,
            "judged with selectable fields in each version, where v1 raises those that all versions share",
        ),
    ];
    let texts = std::cell::Cell::new((0, 0));
    compare("crd.jsonl", 97, &known, |vector| {
        let errors = crd::validate_create(&vector["crd"]).unwrap();
        let mut counted = texts.get();
        count_texts(vector, &errors, &mut counted);
        texts.set(counted);
        differ(&found(&errors, FieldError::field), &recorded(vector))
    });
    let (agreeing, all) = texts.get();
    println!("crd.jsonl: {agreeing} of {all} texts agree");
    assert!(agreeing * 100 >= all * 97);
}

#[test]
fn definition_schemas() {
    let texts = std::cell::Cell::new((0, 0));
    compare("crd-schema.jsonl", 97, &[], |vector| {
        let options = vector["options"].as_object().unwrap();
        let flag = |name: &str| options[name].as_bool().unwrap();
        let policy = crd::SchemaPolicy {
            allow_defaults: flag("allowDefaults"),
            require_valid_type: flag("requireValidPropertyType"),
            require_structural: flag("requireStructuralSchema"),
            require_pruned_defaults: flag("requirePrunedDefaults"),
            require_atomic_sets: flag("requireAtomicSetType"),
            require_map_keys: flag("requireMapListKeysMapSetValidation"),
            limit_expressions: !flag("suppressPerExpressionCost"),
            ..crd::SchemaPolicy::STRICT
        };
        let has_status = vector["statusSubresource"].as_bool().unwrap();
        let errors = crd::validate_schema(&vector["openAPIV3Schema"], has_status, policy).unwrap();
        let mut counted = texts.get();
        count_texts(vector, &errors, &mut counted);
        texts.set(counted);
        let common = |(ty, field): (String, String)| (ty, in_common(&field));
        let theirs: Complaints = recorded(vector).into_iter().map(common).collect();
        differ(&found(&errors, FieldError::field), &theirs)
    });
    let (agreeing, all) = texts.get();
    println!("crd-schema.jsonl: {agreeing} of {all} texts agree");
    assert!(agreeing * 100 >= all * 97);
}

#[test]
fn named_formats() {
    let Some(vectors) = vectors("lib-cel-eval.jsonl") else {
        return;
    };
    let mut compared = 0;
    for vector in &vectors {
        let expression = vector["expr"].as_str().unwrap();
        let call = expression
            .strip_prefix("format.")
            .and_then(|call| call.split_once("().validate("));
        let Some((format, text)) = call.and_then(|(name, text)| Some((named_format(name)?, text))) else {
            continue;
        };
        // The argument is a CEL string literal that is also a JSON one.
        let text: String = serde_json::from_str(text.strip_suffix(')').unwrap()).unwrap();
        let theirs: Vec<String> = vector
            .get("value")
            .map(|value| serde_json::from_value(value.clone()).unwrap())
            .unwrap_or_default();
        assert_eq!(format.validate(&text), theirs, "{expression}");
        compared += 1;
    }
    println!("lib-cel-eval.jsonl: {compared} format checks agree in every word");
    assert!(compared > 10);
}
