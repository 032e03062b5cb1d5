//! What a CRD may say around its schemas (apiextensions-apiserver, `pkg/apis/apiextensions/validation`).

use super::complaints::Complaints;
use super::defaults::has_defaults;
use super::model::{Column, Names, Scale, Spec, Subresources, Validation, Version};
use super::props::Props;
use super::schema::{self, SchemaPolicy};
use super::{conversion, shown, structural};
use crate::cel::field_path;
use crate::error::{ErrorKind, FieldError};
use crate::path::{Path, Segment};
use crate::structural::SchemaType;
use crate::values::names::{dns1035_label, dns1123_subdomain};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most selectable fields of a version.
pub(super) const MAX_SELECTABLE: usize = 8;

const COLUMN_TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];

const COLUMN_FORMATS: [&str; 8] = [
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
];

/// What an update may leave as it was.
#[derive(Debug)]
pub(super) struct SpecOptions {
    pub(super) schema: SchemaPolicy,
    pub(super) require_known_review_version: bool,
    pub(super) allow_invalid_ca_bundle: bool,
    /// The versions that keep the too many selectable fields that they have; the empty name is what all have in
    /// common.
    pub(super) many_selectable: BTreeSet<String>,
    /// The versions whose schema stays as it is.
    pub(super) unchanged: BTreeSet<String>,
}

impl SpecOptions {
    /// The rules of a create.
    pub(super) fn strict() -> Self {
        Self {
            schema: SchemaPolicy::STRICT,
            require_known_review_version: true,
            // The CRD is not established yet.
            allow_invalid_ca_bundle: true,
            many_selectable: BTreeSet::new(),
            unchanged: BTreeSet::new(),
        }
    }

    /// The rules for the schema of a version.
    fn schema_of(&self, version: &str) -> SchemaPolicy {
        SchemaPolicy {
            limit_expressions: !self.unchanged.contains(version),
            ..self.schema
        }
    }
}

/// Everything that is wrong with a spec.
pub(super) fn validate(spec: &Spec, mut options: SpecOptions) -> Vec<FieldError> {
    let path = Path::root().field("spec");
    let mut out = Complaints::default();
    check_group(&spec.group, &path.field("group"), &mut out);
    check_choice(
        &spec.scope,
        &["Cluster", "Namespaced"],
        &path.field("scope"),
        &mut out,
    );
    // Pruning, defaults and the extensions need to know the structure.
    if !spec.preserve_unknown_fields || spec.schemas().any(needs_structure) {
        options.schema.require_structural = true;
    }
    check_schemas_are_there(spec, options.schema.require_schema, &path, &mut out);
    if options.schema.allow_defaults && spec.schemas().any(has_defaults) {
        options.schema.require_structural = true;
        if spec.preserve_unknown_fields {
            let detail = "must be false in order to use defaults in the schema";
            out.invalid(path.field("preserveUnknownFields"), true, detail);
        }
    }
    for (index, version) in spec.versions.iter().enumerate() {
        let path = path.field("versions").index(index);
        check_version(spec, version, &options, &path, &mut out);
    }
    check_versions(spec, &path, &mut out);
    let required = [
        ("plural", &spec.names.plural),
        ("singular", &spec.names.singular),
        ("kind", &spec.names.kind),
        ("listKind", &spec.names.list_kind),
    ];
    for (name, _) in required.into_iter().filter(|(_, value)| value.is_empty()) {
        out.required(path.field("names").field(name), "");
    }
    check_names(&spec.names, &path.field("names"), &mut out);
    let has_status = std::iter::once(&spec.common)
        .chain(spec.versions.iter().map(|version| &version.own))
        .any(|serving| serving.subresources.as_ref().is_some_and(|sub| sub.status));
    let validation = spec.common.validation.as_ref();
    // The first version stands for all.
    let first = spec.versions.first();
    let policy = options.schema_of(first.map_or("", |version| &version.name));
    check_validation(
        validation,
        has_status,
        policy,
        &path.field("validation"),
        &mut out,
    );
    check_subresources(
        spec.common.subresources.as_ref(),
        &path.field("subresources"),
        &mut out,
    );
    check_columns(&spec.common.columns, &path, &mut out);
    if !spec.common.selectable.is_empty() {
        let selectable = path.field("selectableFields");
        match &spec.common.validation {
            None => out.invalid(
                selectable,
                "",
                "may only be set when validations.schema is included",
            ),
            Some(validation) => {
                let schema = validation.schema.as_ref();
                let may_be_many = options.many_selectable.contains("");
                check_selectable(&spec.common.selectable, schema, may_be_many, &path, &mut out);
            }
        }
    }
    conversion::validate(spec, &options, &path.field("conversion"), &mut out);
    out.0
}

/// Whether a schema uses what only works with structural schemas.
fn needs_structure(schema: &Props) -> bool {
    schema.any(&mut |schema| {
        schema.embedded_resource
            || schema.preserve_unknown_fields.is_some()
            || schema.int_or_string
            || !schema.list_map_keys.is_empty()
            || schema.list_type.is_some()
            || !schema.validations.is_empty()
    })
}

fn check_group(group: &str, path: &Path, out: &mut Complaints) {
    let wrong = dns1123_subdomain(group);
    if group.is_empty() {
        out.required(path.clone(), "");
    } else if !wrong.is_empty() {
        out.invalid(path.clone(), group, wrong.join(","));
    } else if !group.contains('.') {
        out.invalid(path.clone(), group, "should be a domain with at least one dot");
    }
}

/// A text that must be one of a few.
pub(super) fn check_choice(value: &str, accepted: &[&str], path: &Path, out: &mut Complaints) {
    if value.is_empty() {
        out.required(path.clone(), "");
    } else if !accepted.contains(&value) {
        out.not_supported(path.clone(), value, accepted);
    }
}

fn check_schemas_are_there(spec: &Spec, is_required: bool, path: &Path, out: &mut Complaints) {
    let has_schema = |validation: &Option<Validation>| {
        validation
            .as_ref()
            .is_some_and(|validation| validation.schema.is_some())
    };
    if has_schema(&spec.common.validation) {
        return;
    }
    for (index, version) in spec.versions.iter().enumerate() {
        let path = path
            .field("versions")
            .index(index)
            .field("schema")
            .field("openAPIV3Schema");
        if has_schema(&version.own.validation) {
            continue;
        }
        if is_required {
            out.required(path, "");
        } else if !spec.preserve_unknown_fields && version.served {
            out.required(path, "because otherwise all fields are pruned");
        }
    }
}

fn check_version(spec: &Spec, version: &Version, options: &SpecOptions, path: &Path, out: &mut Complaints) {
    let wrong = dns1035_label(&version.name);
    if !wrong.is_empty() {
        out.invalid(path.field("name"), version.name.as_str(), wrong.join(","));
    }
    check_deprecation(version, path, out);
    let has_status = spec
        .subresources_of(&version.name)
        .is_some_and(|subresources| subresources.status);
    let validation = version.own.validation.as_ref();
    let policy = options.schema_of(&version.name);
    check_validation(validation, has_status, policy, &path.field("schema"), out);
    check_subresources(
        version.own.subresources.as_ref(),
        &path.field("subresources"),
        out,
    );
    check_columns(&version.own.columns, path, out);
    if !version.own.selectable.is_empty() {
        match validation.and_then(|validation| validation.schema.as_ref()) {
            None => {
                let detail = "may only be set when `version.schema.openAPIV3Schema` is not included";
                out.invalid(path.field("selectableFields"), "", detail);
            }
            schema => {
                let may_be_many = options.many_selectable.contains(&version.name);
                check_selectable(&version.own.selectable, schema, may_be_many, path, out);
            }
        }
    }
}

fn check_deprecation(version: &Version, path: &Path, out: &mut Complaints) {
    let Some(warning) = &version.deprecation_warning else {
        return;
    };
    let mut wrong = Vec::new();
    if version.deprecated {
        if warning.len() > 256 {
            wrong.push("must be <= 256 characters long".to_owned());
        }
        if warning.is_empty() {
            wrong.push("must not be an empty string".to_owned());
        }
        // Go prints a space, but no other space characters.
        let is_printable = |c: char| c == ' ' || !(c.is_control() || c.is_whitespace());
        if let Some((index, _)) = warning.char_indices().find(|(_, c)| !is_printable(*c)) {
            wrong.push(format!(
                "must only contain printable UTF-8 characters; non-printable character found at index {index}"
            ));
        }
    } else {
        wrong.push("can only be set for deprecated versions".to_owned());
    }
    for detail in wrong {
        out.invalid(path.field("deprecationWarning"), warning.as_str(), detail);
    }
}

/// What holds for all versions together.
fn check_versions(spec: &Spec, path: &Path, out: &mut Complaints) {
    let versions = path.field("versions");
    let mut wrong = Vec::new();
    let names: BTreeSet<&str> = spec
        .versions
        .iter()
        .map(|version| version.name.as_str())
        .collect();
    if names.len() != spec.versions.len() {
        wrong.push("must contain unique version names");
    }
    if spec.versions.iter().filter(|version| version.storage).count() != 1 {
        wrong.push("must have exactly one version marked as storage version");
    }
    for detail in wrong {
        let shown = if spec.versions.is_empty() {
            "[]".to_owned()
        } else {
            shown::versions(&spec.versions)
        };
        out.invalid_shown(versions.clone(), shown, detail);
    }
    // The first version is the one that older clients see as `spec.version`.
    if let Some(first) = spec.versions.first().filter(|first| !first.name.is_empty()) {
        let wrong = dns1035_label(&first.name);
        if !wrong.is_empty() {
            out.invalid(path.field("version"), first.name.as_str(), wrong.join(","));
        }
    }
}

/// The syntax of names; absent ones pass.
pub(super) fn check_names(names: &Names, path: &Path, out: &mut Complaints) {
    for (field, name) in [("plural", &names.plural), ("singular", &names.singular)] {
        let wrong = dns1035_label(name);
        if !name.is_empty() && !wrong.is_empty() {
            out.invalid(path.field(field), name.as_str(), wrong.join(","));
        }
    }
    for (field, name) in [("kind", &names.kind), ("listKind", &names.list_kind)] {
        let wrong = dns1035_label(&name.to_lowercase());
        if !name.is_empty() && !wrong.is_empty() {
            let detail = format!(
                "may have mixed case, but should otherwise match: {}",
                wrong.join(",")
            );
            out.invalid(path.field(field), name.as_str(), detail);
        }
    }
    let labels = |field: &str, labels: &[String], out: &mut Complaints| {
        for (index, label) in labels.iter().enumerate() {
            let wrong = dns1035_label(label);
            if !wrong.is_empty() {
                out.invalid(path.field(field).index(index), label.as_str(), wrong.join(","));
            }
        }
    };
    labels("shortNames", &names.shorts, out);
    if !names.kind.is_empty() && names.kind == names.list_kind {
        let detail = "kind and listKind may not be the same";
        out.invalid(path.field("listKind"), names.list_kind.as_str(), detail);
    }
    labels("categories", &names.categories, out);
}

fn check_validation(
    validation: Option<&Validation>,
    has_status: bool,
    policy: SchemaPolicy,
    path: &Path,
    out: &mut Complaints,
) {
    if let Some(schema) = validation.and_then(|validation| validation.schema.as_ref()) {
        out.0.extend(schema::validate(schema, has_status, policy, path));
    }
}

fn check_subresources(subresources: Option<&Subresources>, path: &Path, out: &mut Complaints) {
    let Some(scale) = subresources.and_then(|subresources| subresources.scale.as_ref()) else {
        return;
    };
    let Scale {
        spec_replicas,
        status_replicas,
        label_selector,
    } = scale;
    let required = [
        ("specReplicasPath", spec_replicas, ".spec"),
        ("statusReplicasPath", status_replicas, ".status"),
    ];
    let path = path.field("scale");
    for (field, value, parent) in required {
        let path = path.field(field);
        if value.is_empty() {
            out.required(path, "");
        } else if !value.starts_with('.') {
            out.invalid(path, value.as_str(), "must be a simple json path starting with .");
        } else if !value.starts_with(&format!("{parent}.")) {
            out.invalid(
                path,
                value.as_str(),
                format!("should be a json path under {parent}"),
            );
        }
    }
    if let Some(value) = label_selector.as_ref().filter(|value| !value.is_empty()) {
        let path = path.field("labelSelectorPath");
        if !value.starts_with('.') {
            out.invalid(path, value.as_str(), "must be a simple json path starting with .");
        } else if !value.starts_with(".spec.") && !value.starts_with(".status.") {
            let detail = "should be a json path under either .spec or .status";
            out.invalid(path, value.as_str(), detail);
        }
    }
}

fn check_columns(columns: &[Column], path: &Path, out: &mut Complaints) {
    for (index, column) in columns.iter().enumerate() {
        let path = path.field("additionalPrinterColumns").index(index);
        if column.name.is_empty() {
            out.required(path.field("name"), "");
        }
        let types = format!("must be one of {}", COLUMN_TYPES.join(","));
        if column.ty.is_empty() {
            out.required(path.field("type"), &types);
        } else if !COLUMN_TYPES.contains(&column.ty.as_str()) {
            out.invalid(path.field("type"), column.ty.as_str(), types);
        }
        if !column.format.is_empty() && !COLUMN_FORMATS.contains(&column.format.as_str()) {
            let detail = format!("must be one of {}", COLUMN_FORMATS.join(","));
            out.invalid(path.field("format"), column.format.as_str(), detail);
        }
        let json_path = path.field("JSONPath");
        if column.json_path.is_empty() {
            out.required(json_path, "");
        } else if !column.json_path.starts_with('.') {
            let detail = "must be a simple json path starting with .";
            out.invalid(json_path, column.json_path.as_str(), detail);
        }
    }
}

fn check_selectable(
    fields: &[String],
    schema: Option<&Props>,
    may_be_many: bool,
    path: &Path,
    out: &mut Complaints,
) {
    let Some(schema) = schema else { return };
    if let Some(reason) = structural::unreadable(schema) {
        out.invalid(path.field("schema.openAPIV3Schema"), "", reason);
        return;
    }
    let structural = schema.to_structural();
    let path = path.field("selectableFields");
    let mut unique = BTreeSet::new();
    for (index, field) in fields.iter().enumerate() {
        let path = path.index(index).field("jsonPath");
        if field.is_empty() {
            out.required(path, "");
            continue;
        }
        let (found, ty) = match field_path::resolve_dotted(field, &structural) {
            Ok(found) => found,
            Err(reason) => {
                out.invalid(path, field.as_str(), format!("is an invalid path: {reason}"));
                continue;
            }
        };
        if found.segments().first() == Some(&Segment::Field("metadata".to_owned())) {
            out.invalid(
                path.clone(),
                field.as_str(),
                "must not point to fields in metadata",
            );
        }
        let is_plain = matches!(
            ty.ty,
            Some(SchemaType::String | SchemaType::Boolean | SchemaType::Integer)
        );
        if !is_plain {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings \
                          with formats are allowed.";
            out.invalid(path.clone(), field.as_str(), detail);
        }
        if !unique.insert(found.to_string()) {
            let error = FieldError::new(ErrorKind::Duplicate, path, "");
            out.0.push(error.with_value(Value::from(field.as_str())));
        }
    }
    if unique.len() > MAX_SELECTABLE && !may_be_many {
        let detail = format!("must have at most {MAX_SELECTABLE} items");
        let error = FieldError::new(ErrorKind::TooMany, path, detail);
        out.0.push(error.with_value(Value::from(unique.len())));
    }
}
