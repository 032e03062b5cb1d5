//! From Rust types to schemas that a Kubernetes API server accepts.
//!
//! schemars describes Rust types in JSON Schema 2020-12; Kubernetes takes structural schemas in the dialect of
//! OpenAPI 3.0. The differences are few and settled here, in one pass over the generated schema.

use crate::rule::{Rule, rule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::object::{HasSpec, HasStatus};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// What all kinds have in common, for code that works on any of them.
pub trait ResourceKind: kube::Resource<DynamicType = ()> + HasSpec + HasStatus + JsonSchema {
    /// The conditions of the status; none while there is no status.
    fn conditions(&self) -> &[Condition];

    /// The conditions of the status, which is created when there is none.
    fn conditions_mut(&mut self) -> &mut Vec<Condition>;
}

/// The schema of a whole object, reference markers included.
pub(crate) fn root_schema<K>(mut rules: Vec<Rule>) -> Schema
where
    K: HasSpec + HasStatus,
    K::Spec: JsonSchema,
    K::Status: JsonSchema,
{
    let mut spec = clean_schema::<K::Spec>();
    let mut status = clean_schema::<K::Status>();
    // What the kind is stands on the spec's type in Rust; users look for it on the kind.
    let about = spec.insert("description".to_owned(), "What people intend.".into());
    status.insert(
        "description".to_owned(),
        "What gitsm observed and computed. Nobody else writes it.".into(),
    );
    // Our names are also label values and parts of derived names.
    rules.push(rule(
        "size(self.metadata.name) <= 63 && !self.metadata.name.contains('.')",
        "the name must have at most 63 characters and no dot",
    ));
    let mut root = Map::new();
    if let Some(about) = about {
        root.insert("description".to_owned(), about);
    }
    root.insert("type".to_owned(), "object".into());
    root.insert("properties".to_owned(), json!({ "spec": spec, "status": status }));
    root.insert("required".to_owned(), json!(["spec"]));
    root.insert("x-kubernetes-validations".to_owned(), json!(rules));
    Schema::from(root)
}

/// The structural schema of one type.
pub(crate) fn clean_schema<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        settings.transforms.clear();
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut value = schema.to_value();
    make_structural(&mut value);
    append_choices(&mut value);
    match value {
        Value::Object(map) => map,
        // Only a type whose schema is `true` or `false` comes here; the structural test would refuse it.
        _ => Map::new(),
    }
}

/// Applies every rewriting, innermost schema first.
fn make_structural(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    for keyword in ["properties", "definitions"] {
        if let Some(Value::Object(children)) = map.get_mut(keyword) {
            children.values_mut().for_each(make_structural);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(child) = map.get_mut(keyword) {
            make_structural(child);
        }
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(children)) = map.get_mut(keyword) {
            children.iter_mut().for_each(make_structural);
        }
    }
    unwrap_option(map);
    fold_choices(map);
    name_known_formats(map);
    map.remove("title");
    // schemars describes the keys of a map by patternProperties, which Kubernetes has no word for; the keys
    // are still checked by whoever reads the typed object.
    if let Some(Value::Object(patterns)) = map.remove("patternProperties")
        && let Some(values) = patterns.into_iter().next().map(|(_, values)| values)
    {
        let mut values = values;
        make_structural(&mut values);
        map.insert("additionalProperties".to_owned(), values);
    }
    map.remove("propertyNames");
    if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.remove("additionalProperties");
    }
    // An empty default only repeats that the field may be absent.
    if map.get("default").is_some_and(is_empty) {
        map.remove("default");
    }
    if let Some(Value::String(text)) = map.get_mut("description") {
        *text = one_line_per_paragraph(text);
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// `Option<T>` is written as T: Kubernetes prunes `null` from fields that are not nullable.
fn unwrap_option(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let inner = match map.get_mut("anyOf") {
        Some(Value::Array(branches)) => {
            branches.retain(|branch| branch.get("type") != Some(&json!("null")));
            match branches.as_slice() {
                [Value::Object(inner)] => inner.clone(),
                _ => return,
            }
        }
        _ => return,
    };
    map.remove("anyOf");
    for (keyword, value) in inner {
        // What stands at the field wins over what stands at its type.
        map.entry(keyword).or_insert(value);
    }
}

/// Holds what each value of an enumeration means until it is known which description stays.
const CHOICE_NOTES: &str = "x-gitsm-choices";

/// An enumeration with a description for each value becomes `enum`; the descriptions are set aside.
fn fold_choices(map: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = map.get("oneOf") else {
        return;
    };
    let mut values = Vec::new();
    let mut notes = Vec::new();
    for branch in branches {
        let (found, about) = match (branch.get("const"), branch.get("enum").and_then(Value::as_array)) {
            (Some(value), _) => (vec![value.clone()], branch.get("description")),
            (None, Some(several)) => (several.clone(), None),
            (None, None) => return,
        };
        if let (Some(Value::String(about)), [Value::String(value)]) = (about, found.as_slice()) {
            let about = one_line_per_paragraph(about);
            // `Monday: Monday.` would only repeat the value.
            if about.trim_end_matches('.') != value {
                notes.push(format!("{value}: {about}"));
            }
        }
        values.extend(found);
    }
    map.remove("oneOf");
    map.insert("type".to_owned(), "string".into());
    map.insert("enum".to_owned(), Value::Array(values));
    if !notes.is_empty() {
        map.insert(CHOICE_NOTES.to_owned(), notes.join("\n\n").into());
    }
}

/// Puts what each value means after the description of the field or, without one, of the type.
fn append_choices(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(append_choices),
        Value::Object(map) => {
            map.values_mut().for_each(append_choices);
            if let Some(Value::String(notes)) = map.remove(CHOICE_NOTES)
                && let Some(Value::String(text)) = map.get_mut("description")
            {
                *text = format!("{text}\n\n{notes}");
            }
        }
        _ => {}
    }
}

/// Integers get the two formats that Kubernetes knows, with bounds where the Rust type is narrower.
fn name_known_formats(map: &mut Map<String, Value>) {
    let (format, maximum) = match map.get("format").and_then(Value::as_str) {
        Some("int8" | "uint8" | "int16" | "uint16") => ("int32", None),
        Some("uint32") => ("int64", Some(u32::MAX)),
        Some("uint64" | "uint" | "int") => ("int64", None),
        _ => return,
    };
    map.insert("format".to_owned(), format.into());
    if let Some(maximum) = maximum {
        map.entry("maximum").or_insert(maximum.into());
    }
}

/// Doc comments are wrapped for the source file; users read them at any width.
fn one_line_per_paragraph(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    paragraphs.join("\n\n")
}
