//! The rules of structural schemas (apiextensions-apiserver, `pkg/apiserver/schema`): every field has a type outside
//! of `allOf`, `anyOf`, `oneOf` and `not`, and inside of them nothing but checks of values may stand.

use super::complaints::Complaints;
use super::props::{Props, PropsOrBool};
use crate::error::FieldError;
use crate::path::Path;
use crate::values::re2;

/// Where a schema stands in its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Why a schema cannot be read as a structural one at all; the first reason found.
pub(super) fn unreadable(schema: &Props) -> Option<&'static str> {
    let own = if !schema.id.is_empty() {
        Some("OpenAPIV3Schema 'id' is not supported")
    } else if !schema.schema.is_empty() {
        Some("OpenAPIV3Schema 'schema' is not supported")
    } else if schema.reference.as_ref().is_some_and(|name| !name.is_empty()) {
        Some("OpenAPIV3Schema '$ref' is not supported")
    } else if !schema.pattern_properties.is_empty() {
        Some("OpenAPIV3Schema 'patternProperties' is not supported")
    } else if schema.dependencies.as_ref().is_some_and(|map| !map.is_empty()) {
        Some("OpenAPIV3Schema 'dependencies' is not supported")
    } else if schema.additional_items.is_some() {
        Some("OpenAPIV3Schema 'additionalItems' is not supported")
    } else if !schema.definitions.is_empty() {
        Some("OpenAPIV3Schema 'definitions' is not supported")
    } else if schema.preserve_unknown_fields == Some(false) {
        Some("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined")
    } else if schema
        .items
        .as_ref()
        .is_some_and(|items| !items.schemas.is_empty())
    {
        Some("OpenAPIV3Schema 'items' must be a schema, but is an array")
    } else {
        None
    };
    own.or_else(|| {
        let branches = [&schema.all_of, &schema.any_of, &schema.one_of];
        let values = schema
            .additional_properties
            .as_ref()
            .and_then(PropsOrBool::schema);
        let mut inside = schema
            .not
            .as_deref()
            .into_iter()
            .chain(branches.into_iter().flatten())
            .chain(schema.item())
            .chain(schema.properties.values())
            .chain(values);
        inside.find_map(unreadable)
    })
}

/// Everything that keeps a schema, which is at `path`, from being structural, sorted.
pub(super) fn validate(schema: &Props, path: &Path) -> Vec<FieldError> {
    let mut complaints = Complaints::default();
    invariants(schema, Level::Root, path, &mut complaints);
    completeness(schema, schema, path, path, &mut complaints);
    complaints.0.sort_by_cached_key(ToString::to_string);
    complaints.0
}

fn invariants(schema: &Props, level: Level, path: &Path, out: &mut Complaints) {
    match schema.item() {
        Some(item) => invariants(item, Level::Item, &path.field("items"), out),
        None if schema.ty == "array" => out.required(path.field("items"), "must be specified"),
        None => {}
    }
    for (name, property) in &schema.properties {
        let path = path.field("properties").key(name);
        invariants(property, Level::Field, &path, out);
    }
    if let Some(additional) = &schema.additional_properties {
        let path = path.field("additionalProperties");
        if let Some(values) = additional.schema() {
            invariants(values, Level::Field, &path, out);
        }
        if level == Level::Root {
            out.forbidden(path, "must not be used at the root");
        }
    }
    extensions(schema, path, out);
    value_validation(
        schema,
        is_int_or_string(&schema.any_of),
        schema
            .all_of
            .first()
            .is_some_and(|first| is_int_or_string(&first.any_of)),
        path,
        out,
    );
    types(schema, level, path, out);
    resource_fields(schema, level, path, out);
}

fn extensions(schema: &Props, path: &Path, out: &mut Complaints) {
    if !schema.int_or_string {
        return;
    }
    let detail = "must be false if x-kubernetes-int-or-string is true";
    if schema.preserves() {
        out.invalid(path.field("x-kubernetes-preserve-unknown-fields"), true, detail);
    }
    if schema.embedded_resource {
        out.invalid(path.field("x-kubernetes-embedded-resource"), true, detail);
    }
}

fn types(schema: &Props, level: Level, path: &Path, out: &mut Complaints) {
    let ty = path.field("type");
    if schema.embedded_resource && schema.ty != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        if schema.ty.is_empty() {
            out.required(ty.clone(), detail);
        } else {
            out.invalid(ty.clone(), schema.ty.as_str(), detail);
        }
    } else if schema.ty.is_empty() && !schema.int_or_string && !schema.preserves() {
        let detail = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        out.required(ty.clone(), detail);
    }
    if schema.embedded_resource && schema.additional_properties.is_some() {
        let detail = "must not be used if x-kubernetes-embedded-resource is set";
        out.forbidden(path.field("additionalProperties"), detail);
    }
    if level == Level::Root && !schema.ty.is_empty() && schema.ty != "object" {
        out.invalid(ty, schema.ty.as_str(), "must be object at the root");
    }
}

/// What may be said about `kind`, `apiVersion` and `metadata`.
fn resource_fields(schema: &Props, level: Level, path: &Path, out: &mut Complaints) {
    let is_resource = level == Level::Root || schema.embedded_resource;
    for name in ["kind", "apiVersion"] {
        if let Some(property) = schema.properties.get(name)
            && is_resource
            && property.ty != "string"
        {
            let path = path.field("properties").key(name).field("type");
            out.invalid(path, property.ty.as_str(), "must be string");
        }
    }
    if let Some(metadata) = schema.properties.get("metadata") {
        let path = path.field("properties").key("metadata");
        if is_resource && metadata.ty != "object" {
            out.invalid(path.field("type"), metadata.ty.as_str(), "must be object");
        }
        if level == Level::Root && !restricts_names_only(metadata) {
            let detail = "must not specify anything other than name and generateName, but metadata is implicitly \
                          specified";
            out.forbidden(path, detail);
        }
    }
    if schema.embedded_resource && !schema.preserves() && schema.properties.is_empty() {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without \
                      x-kubernetes-preserve-unknown-fields";
        out.required(path.field("properties"), detail);
    }
}

/// Whether the schema of the metadata of a resource says nothing but what `name` and `generateName` may be.
fn restricts_names_only(metadata: &Props) -> bool {
    let mut rest = metadata.clone();
    let only_names = rest
        .properties
        .keys()
        .all(|name| matches!(name.as_str(), "name" | "generateName"));
    if only_names {
        rest.properties.clear();
    }
    rest.ty.clear();
    // Checked elsewhere.
    rest.default = None;
    rest == Props::default()
}

/// Whether branches are exactly `type: integer` and `type: string`.
fn is_int_or_string(branches: &[Props]) -> bool {
    let [first, second] = branches else { return false };
    let is_only = |schema: &Props, ty: &str| {
        let only = Props {
            ty: ty.to_owned(),
            ..Props::default()
        };
        *schema == only
    };
    is_only(first, "integer") && is_only(second, "string")
}

fn value_validation(
    schema: &Props,
    skip_any_of: bool,
    skip_first_any_of: bool,
    path: &Path,
    out: &mut Complaints,
) {
    if !skip_any_of {
        for (index, branch) in schema.any_of.iter().enumerate() {
            nested(branch, false, &path.field("anyOf").index(index), out);
        }
    }
    for (index, branch) in schema.all_of.iter().enumerate() {
        let skip_any_of = skip_first_any_of && index == 0;
        nested(branch, skip_any_of, &path.field("allOf").index(index), out);
    }
    for (index, branch) in schema.one_of.iter().enumerate() {
        nested(branch, false, &path.field("oneOf").index(index), out);
    }
    if let Some(not) = &schema.not {
        nested(not, false, &path.field("not"), out);
    }
    if !schema.pattern.is_empty()
        && let Err(error) = re2(&schema.pattern)
    {
        let detail = format!("must be a valid regular expression, but isn't: {error}");
        out.invalid(path.field("pattern"), schema.pattern.as_str(), detail);
    }
}

/// What may not stand inside `allOf`, `anyOf`, `oneOf` and `not`.
fn nested(schema: &Props, skip_any_of: bool, path: &Path, out: &mut Complaints) {
    value_validation(schema, skip_any_of, false, path, out);
    if let Some(item) = schema.item() {
        nested(item, false, &path.field("items"), out);
    }
    for (name, property) in &schema.properties {
        nested(property, false, &path.field("properties").key(name), out);
    }
    // `additionalProperties: false` reads as undefined here.
    let has_additional = !matches!(
        schema.additional_properties,
        None | Some(PropsOrBool::Allowed(false))
    );
    let refused = [
        (!schema.ty.is_empty(), "type", "must be empty to be structural"),
        (
            has_additional,
            "additionalProperties",
            "must be undefined to be structural",
        ),
        (
            schema.default.is_some(),
            "default",
            "must be undefined to be structural",
        ),
        (
            !schema.title.is_empty(),
            "title",
            "must be empty to be structural",
        ),
        (
            !schema.description.is_empty(),
            "description",
            "must be empty to be structural",
        ),
        (schema.nullable, "nullable", "must be false to be structural"),
        (
            schema.preserves(),
            "x-kubernetes-preserve-unknown-fields",
            "must be false to be structural",
        ),
        (
            schema.embedded_resource,
            "x-kubernetes-embedded-resource",
            "must be false to be structural",
        ),
        (
            schema.int_or_string,
            "x-kubernetes-int-or-string",
            "must be false to be structural",
        ),
        (
            !schema.list_map_keys.is_empty(),
            "x-kubernetes-list-map-keys",
            "must be empty to be structural",
        ),
        (
            schema.list_type.is_some(),
            "x-kubernetes-list-type",
            "must be undefined to be structural",
        ),
        (
            schema.map_type.is_some(),
            "x-kubernetes-map-type",
            "must be undefined to be structural",
        ),
        (
            !schema.validations.is_empty(),
            "x-kubernetes-validations",
            "must be empty to be structural",
        ),
    ];
    for (_, keyword, detail) in refused.into_iter().filter(|(is_there, ..)| *is_there) {
        out.forbidden(path.field(keyword), detail);
    }
    if schema.properties.contains_key("metadata") {
        let path = path.field("properties").key("metadata");
        out.forbidden(path, "must not be specified in a nested context");
    }
}

/// That what is checked inside `allOf`, `anyOf`, `oneOf` and `not` of `checks` is also specified in `schema`, the
/// structure that they are about.
///
/// Upstream starts at the root only, so branches of deeper fields are not held against their structure.
fn completeness(checks: &Props, schema: &Props, schema_path: &Path, path: &Path, out: &mut Complaints) {
    let branches = [
        ("allOf", &checks.all_of),
        ("anyOf", &checks.any_of),
        ("oneOf", &checks.one_of),
    ];
    if let Some(not) = &checks.not {
        nested_completeness(not, Some(schema), schema_path, &path.field("not"), out);
    }
    for (keyword, branches) in branches {
        for (index, branch) in branches.iter().enumerate() {
            let path = path.field(keyword).index(index);
            nested_completeness(branch, Some(schema), schema_path, &path, out);
        }
    }
}

fn nested_completeness(
    checks: &Props,
    schema: Option<&Props>,
    schema_path: &Path,
    path: &Path,
    out: &mut Complaints,
) {
    let Some(schema) = schema else {
        out.required(schema_path.clone(), &format!("because it is defined in {path}"));
        return;
    };
    completeness(checks, schema, schema_path, path, out);
    if let Some(item) = checks.item() {
        let (schema_path, path) = (schema_path.field("items"), path.field("items"));
        nested_completeness(item, schema.item(), &schema_path, &path, out);
    }
    for (name, property) in &checks.properties {
        let schema_path = schema_path.field("properties").key(name);
        let path = path.field("properties").key(name);
        nested_completeness(property, schema.properties.get(name), &schema_path, &path, out);
    }
}
