//! `docs/reference/resources.md`: every kind and every field, from the published definitions.

use super::markdown::{NOTICE, cell};
use gitsm_api::publish::{GeneratedFile, PublishError, crd_value};
use gitsm_api::{API_VERSION, KindInfo, Plane, Scope, kinds};
use serde_json::Value;
// Writing to a string does not fail.
use std::fmt::Write as _;

/// The reference of all kinds.
///
/// # Errors
///
/// A definition cannot be written as JSON.
pub(super) fn file() -> Result<GeneratedFile, PublishError> {
    let mut text = format!(
        "{NOTICE}\n# Resources of `{API_VERSION}`\n\n\
         `gitsm new KIND NAME` writes a manifest to start from, `kubectl explain KIND.spec` prints the fields of a \
         kind. In paths `[]` stands for each element of a list and `.*` for each value of a map.\n\n\
         | kind | short name | scope | written | printed columns |\n|---|---|---|---|---|\n"
    );
    let mut sections = String::new();
    for info in kinds() {
        let crd = crd_value(info)?;
        text += &row(info, &crd);
        sections += &section(info, &crd);
    }
    Ok(GeneratedFile {
        path: "docs/reference/resources.md".to_owned(),
        content: text + &sections,
    })
}

fn row(info: &KindInfo, crd: &Value) -> String {
    let columns: Vec<&str> = list(crd, "/spec/versions/0/additionalPrinterColumns")
        .filter_map(|column| column.get("name").and_then(Value::as_str))
        .collect();
    format!(
        "| [{kind}](#{anchor}) | {short} | {scope} | {written} | {columns} |\n",
        kind = info.kind,
        anchor = info.kind.to_ascii_lowercase(),
        short = info.short_names.join(", "),
        scope = match info.scope {
            Scope::Cluster => "cluster",
            Scope::Namespaced => "namespace",
        },
        written = match info.plane {
            Plane::Git => "in git",
            Plane::Cluster => "in the cluster",
            Plane::Outside => "in the cluster, by administrators",
        },
        columns = columns.join(", "),
    )
}

fn section(info: &KindInfo, crd: &Value) -> String {
    let null = Value::Null;
    let schema = crd
        .pointer("/spec/versions/0/schema/openAPIV3Schema")
        .unwrap_or(&null);
    let mut text = format!("\n## {}\n\n{}\n", info.kind, description(schema));
    let mut rules = Vec::new();
    collect_rules(schema, "", &mut rules);
    for (field, title) in [("spec", "Spec"), ("status", "Status, written by controllers")] {
        let Some(part) = schema.pointer(&format!("/properties/{field}")) else {
            continue;
        };
        let mut rows = String::new();
        add_fields(part, field, &mut rows, &mut rules);
        if !rows.is_empty() {
            let _ = write!(
                text,
                "\n### {title}\n\n| field | type | required | default | description |\n|---|---|---|---|---|\n{rows}"
            );
        }
        if !rules.is_empty() {
            text += "\nRules:\n\n";
            text.extend(rules.drain(..).map(|rule| format!("- {rule}\n")));
        }
    }
    text
}

/// Adds a row for each field of an object, and for the fields below it.
fn add_fields(schema: &Value, path: &str, rows: &mut String, rules: &mut Vec<String>) {
    collect_rules(schema, path, rules);
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let required = list(schema, "/required").any(|required| required == name.as_str());
        let default = field
            .get("default")
            .map_or_else(String::new, |value| format!("`{}`", cell(&value.to_string())));
        let path = format!("{path}.{name}");
        let _ = writeln!(
            rows,
            "| `{path}` | {kind} | {required} | {default} | {about} |",
            kind = type_name(field),
            required = if required { "yes" } else { "" },
            about = cell(&description(field)),
        );
        add_inner(field, &path, rows, rules);
    }
}

/// Adds the fields below a field: those of an object, of the elements of a list, of the values of a map.
fn add_inner(field: &Value, path: &str, rows: &mut String, rules: &mut Vec<String>) {
    if let Some(elements) = field.get("items") {
        collect_rules(field, path, rules);
        add_inner(elements, &format!("{path}[]"), rows, rules);
    } else if let Some(values) = field
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        collect_rules(field, path, rules);
        add_inner(values, &format!("{path}.*"), rows, rules);
    } else {
        add_fields(field, path, rows, rules);
    }
}

/// What must hold beyond types: the messages of the CEL rules at a schema.
fn collect_rules(schema: &Value, path: &str, rules: &mut Vec<String>) {
    let place = if path.is_empty() {
        String::new()
    } else {
        format!("`{path}`: ")
    };
    for rule in list(schema, "/x-kubernetes-validations") {
        let text = |field: &str| rule.get(field).and_then(Value::as_str);
        if let Some(message) = text("message").or_else(|| text("rule")) {
            rules.push(format!("{place}{message}"));
        }
    }
}

/// The type of a field in words, with its allowed values or bounds.
fn type_name(schema: &Value) -> String {
    if let Some(elements) = schema.get("items") {
        return format!("list of {}", type_name(elements));
    }
    if let Some(values) = schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        return format!("map of {}", type_name(values));
    }
    let words: Vec<String> = list(schema, "/enum")
        .filter_map(Value::as_str)
        .map(|word| format!("`{word}`"))
        .collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    let text = |field: &str| schema.get(field).and_then(Value::as_str);
    let bound = |field: &str| schema.get(field).map(Value::to_string);
    match (text("type").unwrap_or("any"), text("format")) {
        (name @ ("integer" | "number"), _) => match (bound("minimum"), bound("maximum")) {
            (Some(low), Some(high)) => format!("{name}, {low} to {high}"),
            (Some(low), None) => format!("{name}, at least {low}"),
            (None, Some(high)) => format!("{name}, at most {high}"),
            (None, None) => name.to_owned(),
        },
        (_, Some(format)) => format.to_owned(),
        (name, None) => name.to_owned(),
    }
}

fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str);
    text.unwrap_or_default().trim().to_owned()
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_of_lists_and_maps_have_rows() {
        let schema = json!({"required": ["a"], "properties": {
            "a": {"type": "array", "items": {"type": "object", "properties": {
                "tier": {"type": "integer", "minimum": 1, "maximum": 4, "default": 2}}}},
            "m": {"type": "object", "additionalProperties": {"type": "string", "enum": ["x", "y"]},
                "description": "M | n."},
        }});
        let (mut rows, mut rules) = (String::new(), Vec::new());
        add_fields(&schema, "spec", &mut rows, &mut rules);
        assert_eq!(
            rows,
            "| `spec.a` | list of object | yes |  |  |\n\
             | `spec.a[].tier` | integer, 1 to 4 |  | `2` |  |\n\
             | `spec.m` | map of `x`, `y` |  |  | M \\| n. |\n"
        );
    }

    #[test]
    fn every_kind_has_a_row_and_a_section() {
        let content = file().unwrap().content;
        for info in kinds() {
            assert!(
                content.contains(&format!("\n| [{}](#", info.kind)),
                "{}",
                info.kind
            );
            assert!(
                content.contains(&format!("\n## {}\n", info.kind)),
                "{}",
                info.kind
            );
        }
    }
}
