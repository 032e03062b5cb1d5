//! What every CRD must be, checked on every node of every schema.

use crate::publish::crd_value;
use crate::{KindInfo, Plane, ReferenceNamespace, Scope, find, kinds};
use gitsm_core::text::REFERENCE_MARKER;
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

/// Calls `visit` with path and schema of every node below `schema`, and of `schema` itself.
fn walk(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    if let Some(Value::Object(properties)) = schema.get("properties") {
        for (name, property) in properties {
            walk(property, &format!("{path}.{name}"), visit);
        }
    }
    if let Some(items) = schema.get("items") {
        walk(items, &format!("{path}[*]"), visit);
    }
    if let Some(values) = schema.get("additionalProperties") {
        walk(values, &format!("{path}.*"), visit);
    }
}

fn version(info: &KindInfo) -> Value {
    crd_value(info).unwrap()["spec"]["versions"][0].clone()
}

fn root(info: &KindInfo) -> Value {
    version(info)["schema"]["openAPIV3Schema"].clone()
}

/// Collects what `check` objects to, over every node of every kind, and fails with all of it.
fn every_node(check: impl Fn(&Value) -> Option<String>) {
    let mut problems = Vec::new();
    for info in kinds() {
        walk(&root(info), info.kind, &mut |path, schema| {
            if let Some(problem) = check(schema) {
                problems.push(format!("{path}: {problem}"));
            }
        });
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_node_has_one_type_and_only_keywords_of_structural_schemas() {
    let known: BTreeSet<&str> = [
        "additionalProperties",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maximum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minimum",
        "minItems",
        "minLength",
        "minProperties",
        "pattern",
        "properties",
        "required",
        "type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-validations",
    ]
    .into();
    every_node(|schema| {
        let map = schema.as_object()?;
        if let Some(unknown) = map.keys().find(|keyword| !known.contains(keyword.as_str())) {
            return Some(format!("keyword {unknown}"));
        }
        match map.get("type").and_then(Value::as_str) {
            Some("object" | "array" | "string" | "integer" | "boolean") => None,
            other => Some(format!("type {other:?}")),
        }
    });
}

#[test]
fn everything_that_can_grow_has_a_limit() {
    every_node(|schema| match schema["type"].as_str()? {
        "string" if schema.get("enum").is_none() && schema.get("maxLength").is_none() => {
            Some("a string without maxLength".to_owned())
        }
        "array" if schema.get("maxItems").is_none() => Some("a list without maxItems".to_owned()),
        "object" if schema.get("additionalProperties").is_some() && schema.get("maxProperties").is_none() => {
            Some("a map without maxProperties".to_owned())
        }
        "object" if schema.get("additionalProperties").is_none() && schema.get("properties").is_none() => {
            Some("an object without properties".to_owned())
        }
        _ => None,
    });
}

#[test]
fn every_list_says_how_it_is_merged() {
    every_node(|schema| {
        if schema["type"] != "array" {
            return None;
        }
        let items = &schema["items"];
        match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
            Some("atomic") => None,
            Some("set") => (items["type"] == "object").then(|| "a set of objects".to_owned()),
            Some("map") => {
                let keys = schema["x-kubernetes-list-map-keys"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let required = items["required"].as_array().cloned().unwrap_or_default();
                let wrong = keys.iter().find(|key| {
                    let property = &items["properties"][key.as_str().unwrap_or_default()];
                    let scalar = matches!(property["type"].as_str(), Some("string" | "integer" | "boolean"));
                    !scalar || !(required.contains(key) || property.get("default").is_some())
                });
                match (keys.is_empty(), wrong) {
                    (true, _) => Some("a map list without keys".to_owned()),
                    (_, Some(key)) => Some(format!(
                        "key {key} is neither required nor defaulted, or no scalar"
                    )),
                    _ => None,
                }
            }
            _ => Some("a list without x-kubernetes-list-type".to_owned()),
        }
    });
}

#[test]
fn every_field_is_described_for_users() {
    let rust = Regex::new(r"\[`|`\]|::|Option<|Vec<|BTreeMap|serde|TODO|FIXME").unwrap();
    every_node(|schema| {
        let mut problem = None;
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            match property.get("description").and_then(Value::as_str) {
                None => problem = Some(format!("{name} has no description")),
                Some(text) if rust.is_match(text) => {
                    problem = Some(format!("{name} has a description for developers: {text}"));
                }
                Some(text) if !text.ends_with(['.', '`', '?']) => {
                    problem = Some(format!(
                        "the description of {name} does not end as a sentence: {text}"
                    ));
                }
                Some(_) => {}
            }
        }
        problem
    });
}

#[test]
fn names_are_camel_case() {
    let camel = Regex::new("^[a-z][a-zA-Z0-9]*$").unwrap();
    let pascal = Regex::new("^[A-Z][A-Za-z0-9]*$").unwrap();
    every_node(|schema| {
        let properties = schema.get("properties").and_then(Value::as_object);
        if let Some(name) = properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .find(|n| !camel.is_match(n))
        {
            return Some(format!("field {name} is not in lower camel case"));
        }
        let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        values
            .filter_map(Value::as_str)
            .find(|value| !pascal.is_match(value))
            .map(|value| format!("value {value} is not in PascalCase"))
    });
}

#[test]
fn formats_are_those_that_kubernetes_knows() {
    every_node(|schema| match schema.get("format").and_then(Value::as_str) {
        None | Some("date-time" | "date" | "duration") if schema["type"] != "integer" => None,
        Some("int32" | "int64") if schema["type"] == "integer" => None,
        other => Some(format!("format {other:?}")),
    });
}

#[test]
fn patterns_compile_and_are_anchored() {
    every_node(|schema| {
        let pattern = schema.get("pattern")?.as_str()?;
        let anchored = pattern.starts_with('^') && pattern.ends_with('$');
        match Regex::new(pattern) {
            Ok(_) if anchored => None,
            Ok(_) => Some(format!("pattern {pattern} is not anchored")),
            Err(error) => Some(error.to_string()),
        }
    });
}

#[test]
fn defaults_and_examples_are_right_values() {
    let example = Regex::new("Example: `([^`]+)`").unwrap();
    every_node(|schema| {
        if let Some(default) = schema.get("default")
            && let Err(problem) = accepts(schema, default)
        {
            return Some(format!("default {default}: {problem}"));
        }
        let text = schema.get("description")?.as_str()?;
        let shown = &example.captures(text)?[1];
        let value = match schema["type"].as_str()? {
            // Quoting does not matter in the text of a field that takes text.
            "string" => Value::from(shown),
            _ => serde_yaml::from_str(shown).ok()?,
        };
        accepts(schema, &value)
            .err()
            .map(|problem| format!("example {shown}: {problem}"))
    });
}

/// The keywords that examples and defaults can break.
fn accepts(schema: &Value, value: &Value) -> Result<(), String> {
    let kind = match value {
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    if schema["type"] != kind {
        return Err(format!("is of type {kind}"));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        return Err("is not one of the values".to_owned());
    }
    let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_i64);
    let within = |least: &str, most: &str, found: i64| {
        limit(least).is_none_or(|least| found >= least) && limit(most).is_none_or(|most| found <= most)
    };
    match value {
        Value::String(text) => {
            let pattern = schema.get("pattern").and_then(Value::as_str);
            if pattern.is_some_and(|pattern| Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text)))
            {
                return Err("does not match the pattern".to_owned());
            }
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            within("minLength", "maxLength", length)
                .then_some(())
                .ok_or("is too short or long".to_owned())
        }
        Value::Number(number) => within("minimum", "maximum", number.as_i64().unwrap_or_default())
            .then_some(())
            .ok_or("is too small or large".to_owned()),
        Value::Array(items) => items.iter().try_for_each(|item| accepts(&schema["items"], item)),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            let property = schema["properties"]
                .get(key)
                .or_else(|| schema.get("additionalProperties"));
            property.map_or_else(
                || Err(format!("has an unknown field {key}")),
                |known| accepts(known, value),
            )
        }),
        _ => Ok(()),
    }
}

#[test]
fn rules_have_messages_and_point_at_fields_that_exist() {
    every_node(|schema| {
        for rule in schema
            .get("x-kubernetes-validations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let message = rule["message"].as_str().unwrap_or_default();
            if message.is_empty() || message.contains('\n') || message.len() > 2048 {
                return Some(format!("rule {} has no message of one line", rule["rule"]));
            }
            let Some(path) = rule.get("fieldPath").and_then(Value::as_str) else {
                continue;
            };
            let target = path.split('.').skip(1).try_fold(schema, |node, name| {
                node.get("properties").and_then(|properties| properties.get(name))
            });
            if !path.starts_with('.') || target.is_none() {
                return Some(format!(
                    "rule {} points at {path}, which does not exist",
                    rule["rule"]
                ));
            }
        }
        None
    });
}

/// The schema node at a path such as `.spec.plan.start`.
fn node<'v>(root: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .skip(1)
        .try_fold(root, |node, name| node["properties"].get(name))
}

#[test]
fn selectable_fields_are_few_and_scalar() {
    for info in kinds() {
        let version = version(info);
        let root = root(info);
        let fields = version
            .get("selectableFields")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        assert!(
            fields.len() <= 8,
            "{} has {} selectable fields",
            info.kind,
            fields.len()
        );
        for field in fields {
            let path = field["jsonPath"].as_str().unwrap();
            let kind =
                node(&root, path).unwrap_or_else(|| panic!("{}: no field {path}", info.kind))["type"].clone();
            assert!(
                ["string", "integer", "boolean"]
                    .iter()
                    .any(|scalar| kind == *scalar),
                "{}: {path}",
                info.kind
            );
        }
    }
}

#[test]
fn columns_show_fields_that_exist_and_no_future_time_as_age() {
    for info in kinds() {
        let version = version(info);
        let root = root(info);
        let columns = version["additionalPrinterColumns"].as_array().unwrap();
        let mut names = BTreeSet::new();
        for column in columns {
            let (name, path) = (
                column["name"].as_str().unwrap(),
                column["jsonPath"].as_str().unwrap(),
            );
            assert!(names.insert(name), "{}: column {name} twice", info.kind);
            assert!(column["description"].is_string(), "{}: {name}", info.kind);
            if column["type"] == "date" {
                // A future time in a date column is shown as `<invalid>`.
                assert_eq!(path, ".metadata.creationTimestamp", "{}: {name}", info.kind);
                continue;
            }
            if path.contains("conditions[?") {
                continue;
            }
            let field = node(&root, path).unwrap_or_else(|| panic!("{}: {name}: no field {path}", info.kind));
            assert_eq!(field["type"], column["type"], "{}: {name}", info.kind);
        }
        let last = columns.last().unwrap();
        assert_eq!(last["name"], "AGE", "{}", info.kind);
    }
}

#[test]
fn the_registry_agrees_with_the_derived_definitions() {
    let mut short_names = BTreeSet::new();
    for info in kinds() {
        let crd = (info.crd)();
        let names = &crd.spec.names;
        assert_eq!(names.kind, info.kind);
        assert_eq!(names.plural, info.plural);
        assert_eq!(crd.metadata.name.as_deref(), Some(info.crd_name().as_str()));
        assert_eq!(crd.spec.scope, format!("{:?}", info.scope));
        assert_eq!(names.short_names.clone().unwrap_or_default(), info.short_names);
        let categories = names.categories.clone().unwrap();
        assert_eq!(
            categories.contains(&"itsm-records".to_owned()),
            info.records,
            "{}",
            info.kind
        );
        assert_eq!(categories[0], "gitsm");
        assert!(
            info.short_names.iter().all(|name| short_names.insert(*name)),
            "{}",
            info.kind
        );
        assert!(
            crd.spec.versions[0]
                .subresources
                .as_ref()
                .unwrap()
                .status
                .is_some()
        );
        assert_eq!(find(info.kind).unwrap().plural, info.plural);
    }
    assert_eq!(kinds().len(), 24);
    assert!(find("itservice").is_none(), "kinds are written exactly");
}

#[test]
fn generated_definitions_carry_no_noise() {
    for info in kinds() {
        let mut empty = Vec::new();
        let value = crd_value(info).unwrap();
        find_empty(&value, "", &mut empty);
        assert_eq!(empty, ["/spec/versions/0/subresources/status"], "{}", info.kind);
        assert!(
            !value.to_string().contains("x-gitsm"),
            "{}: an internal marker was published",
            info.kind
        );
    }
}

fn find_empty(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) if items.is_empty() => found.push(path.to_owned()),
        Value::Object(map) if map.is_empty() => found.push(path.to_owned()),
        Value::Null => found.push(path.to_owned()),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| find_empty(item, &format!("{path}/{index}"), found));
        }
        Value::Object(map) => {
            map.iter()
                .for_each(|(key, item)| find_empty(item, &format!("{path}/{key}"), found));
        }
        _ => {}
    }
}

#[test]
fn no_plain_scalar_reads_differently_in_yaml_1_1() {
    // The resolver of YAML 1.1, which kubectl's and PyYAML's parsers follow.
    let ambiguous = Regex::new(
        r"(?x)^(
            y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
            |~|null|Null|NULL
            |[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+
            |[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
            |[-+]?([0-9][0-9_]*)?\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*([eE][-+]?[0-9]+)
            |[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)
            |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\x20].*)?
        )$",
    )
    .unwrap();
    let mut seen = 0;
    for info in kinds() {
        let mut texts = Vec::new();
        collect_texts(&crd_value(info).unwrap(), &mut texts);
        for text in texts.iter().filter(|text| ambiguous.is_match(text)) {
            let written = serde_yaml::to_string(text).unwrap();
            assert!(written.starts_with(['\'', '"']), "{}: {written}", info.kind);
            seen += 1;
        }
    }
    assert!(
        seen >= 2 * kinds().len(),
        "the statuses True and False of each kind must be met"
    );
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(map) => map.iter().for_each(|(key, item)| {
            texts.push(key.clone());
            collect_texts(item, texts);
        }),
        _ => {}
    }
}

#[test]
fn published_definitions_are_read_back_as_they_are() {
    for info in kinds() {
        let value = crd_value(info).unwrap();
        let yaml = serde_yaml::to_string(&value).unwrap();
        assert_eq!(
            serde_yaml::from_str::<Value>(&yaml).unwrap(),
            value,
            "{}",
            info.kind
        );
    }
}

#[test]
fn every_reference_field_is_in_the_registry() {
    for info in kinds() {
        let mut marked = BTreeSet::new();
        walk(&info.marked_schema(), "", &mut |path, schema| {
            if schema.get(REFERENCE_MARKER).is_some() {
                marked.insert(path.trim_start_matches('.').to_owned());
            }
        });
        let listed: BTreeSet<_> = info
            .references()
            .iter()
            .map(|reference| reference.path.clone())
            .collect();
        assert_eq!(listed, marked, "{}", info.kind);
        for reference in info.references() {
            let own = ["Member", "Namespace", "Secret", "ServiceAccount"];
            for kind in &reference.kinds {
                assert!(
                    find(kind).is_some() || own.contains(&kind.as_str()),
                    "{}: {kind}",
                    reference.path
                );
            }
            assert_eq!(
                reference.kinds.len() > 1,
                reference.kind_field.is_some(),
                "{}",
                reference.path
            );
            if info.scope == Scope::Cluster && reference.in_spec() {
                assert_ne!(
                    reference.namespace,
                    ReferenceNamespace::Same,
                    "{}: {} cannot be resolved without a namespace",
                    info.kind,
                    reference.path
                );
            }
        }
    }
}

#[test]
fn references_say_where_to_look() {
    let service = find("ITService").unwrap().references();
    let dependency = service
        .iter()
        .find(|reference| reference.path == "spec.dependsOn[*].ref.name")
        .unwrap();
    assert_eq!(dependency.kinds, ["ITService", "ConfigurationItem"]);
    assert_eq!(
        dependency.kind_field.as_deref(),
        Some("spec.dependsOn[*].ref.kind")
    );
    assert_eq!(
        dependency.namespace,
        ReferenceNamespace::Field("spec.dependsOn[*].ref.namespace".to_owned())
    );
    let window = find("ChangeWindow").unwrap().references();
    let selected = window
        .iter()
        .find(|reference| reference.path == "spec.selector.services[*]")
        .unwrap();
    assert_eq!(
        selected.namespace,
        ReferenceNamespace::Selector("spec.selector.namespaces".to_owned())
    );
    let change = find("Change").unwrap().references();
    let model = change
        .iter()
        .find(|reference| reference.path == "spec.model")
        .unwrap();
    assert_eq!(
        (model.kinds.as_slice(), &model.namespace),
        (["ChangeModel".to_owned()].as_slice(), &ReferenceNamespace::None)
    );
}

#[test]
fn only_the_root_of_trust_is_outside_git_and_cluster() {
    let outside: Vec<_> = kinds()
        .iter()
        .filter(|info| info.plane == Plane::Outside)
        .map(|info| info.kind)
        .collect();
    assert_eq!(outside, ["Repository"]);
}

#[test]
fn the_schema_from_the_types_is_the_published_one_but_for_the_markers() {
    let mut differences = Vec::new();
    for info in kinds() {
        compare(
            &info.structural_schema(),
            &root(info),
            info.kind,
            &mut differences,
        );
    }
    assert_eq!(differences, Vec::<String>::new());
}

fn compare(marked: &Value, published: &Value, path: &str, differences: &mut Vec<String>) {
    match (marked, published) {
        (Value::Object(marked), Value::Object(published)) => {
            let keys: BTreeSet<&String> = marked.keys().chain(published.keys()).collect();
            for key in keys.into_iter().filter(|key| !key.starts_with("x-gitsm-")) {
                let none = &Value::Null;
                let (marked, published) = (
                    marked.get(key).unwrap_or(none),
                    published.get(key).unwrap_or(none),
                );
                compare(marked, published, &format!("{path}.{key}"), differences);
            }
        }
        _ if marked == published => {}
        _ => differences.push(format!("{path}: {marked} became {published}")),
    }
}
