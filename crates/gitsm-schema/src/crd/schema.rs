//! What a CRD may say in an `openAPIV3Schema` (apiextensions-apiserver, `pkg/apis/apiextensions/validation`).

use super::complaints::{Complaints, names};
use super::props::{Props, PropsOrBool};
use super::{defaults, rules, shown, structural};
use crate::cel::{RuleReports, cost, report_rules};
use crate::error::FieldError;
use crate::path::Path;
use crate::validate::Validator;

/// Which rules a schema is held to.
///
/// A create is held to all of them ([`Self::STRICT`]); an update leaves out those that the definition it replaces
/// broke already, because the server accepted it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct SchemaPolicy {
    /// `default` may be used.
    pub allow_defaults: bool,
    /// Every version has a schema.
    pub require_schema: bool,
    /// Every `type` is one of the six that exist.
    pub require_valid_type: bool,
    /// The schema is structural.
    pub require_structural: bool,
    /// Defaults have no fields that the schema does not know.
    pub require_pruned_defaults: bool,
    /// The elements of sets are atomic.
    pub require_atomic_sets: bool,
    /// The keys of list maps are there and not `null`.
    pub require_map_keys: bool,
    /// No rule alone may cost more than the API server allows; all together never may.
    pub limit_expressions: bool,
}

impl SchemaPolicy {
    /// The rules of a create.
    pub const STRICT: Self = Self {
        allow_defaults: true,
        require_schema: true,
        require_valid_type: true,
        require_structural: true,
        require_pruned_defaults: true,
        require_atomic_sets: true,
        require_map_keys: true,
        limit_expressions: true,
    };
}

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Everything that is wrong with the schema in the `CustomResourceValidation` at `path`.
pub(super) fn validate(
    schema: &Props,
    has_status: bool,
    policy: SchemaPolicy,
    path: &Path,
) -> Vec<FieldError> {
    let at = path.field("openAPIV3Schema");
    let mut out = Complaints::default();
    if has_status {
        check_root_for_status(schema, &at, &mut out);
    }
    if schema.nullable {
        out.forbidden(at.field("nullable"), "nullable cannot be true at the root");
    }
    let mut unreadable = None;
    let mut reports = None;
    if policy.require_structural {
        unreadable = structural::unreadable(schema);
        if unreadable.is_none() {
            let mut errors = structural::validate(schema, &at);
            if errors.is_empty() {
                errors = defaults::validate(schema, policy.require_pruned_defaults, &at);
            }
            if errors.is_empty() {
                reports = Some(report_rules(&schema.to_structural()));
            }
            out.0.extend(errors);
        }
    }
    let mut checker = Checker {
        policy,
        reports: reports.as_ref(),
        steps: Vec::new(),
        schema: Complaints::default(),
        cel: Complaints::default(),
    };
    checker.check(schema, &at, &Context::root(policy), true, reports.is_some());
    let Checker {
        schema: wrong, cel, ..
    } = checker;
    if reports.is_some() {
        out.0.extend(costs(schema, policy, &at, &wrong.0));
    }
    out.0.extend(wrong.0);
    out.0.extend(cel.0);
    if let Some(reason) = unreadable.filter(|_| out.0.is_empty()) {
        out.invalid(at, "", reason);
    }
    if out.0.is_empty()
        && let Err(error) = Validator::compile(&schema.to_structural())
    {
        out.invalid(path.clone(), "", format!("error building validator: {error}"));
    }
    out.0
}

/// What is too expensive in the rules; `wrong` is what is wrong with the schema, and with it with the types that costs
/// are derived from.
fn costs(schema: &Props, policy: SchemaPolicy, at: &Path, wrong: &[FieldError]) -> Vec<FieldError> {
    let schema = schema.to_structural();
    let mut errors = if policy.limit_expressions {
        cost::check(&schema, true, at)
    } else {
        cost::check_total(&schema, true, at)
    };
    errors.retain(|error| {
        // The schema of a rule: without keyword, position and `rule` or `messageExpression`.
        let node = (0..3).try_fold(error.path.clone(), |path, _| path.parent());
        let node = node.filter(|_| error.path != *at);
        let is_inside = |other: &FieldError| {
            let node = node.as_ref().map(Path::segments);
            node.is_some_and(|node| other.path.segments().starts_with(node))
        };
        !wrong.iter().any(is_inside)
    });
    errors
}

/// With a status subresource the root may only say what still holds when `status` is checked on its own.
fn check_root_for_status(schema: &Props, at: &Path, out: &mut Complaints) {
    if !schema.ty.is_empty() && schema.ty != "object" {
        let detail = "only \"object\" is allowed as the type at the root of the schema if the status subresource is \
                      enabled";
        out.invalid(at.field("type"), schema.ty.as_str(), detail);
        return;
    }
    let mut allowed = schema.clone();
    let nothing = Props::default();
    for (own, default) in [
        (&mut allowed.description, nothing.description),
        (&mut allowed.ty, nothing.ty),
        (&mut allowed.format, nothing.format),
        (&mut allowed.title, nothing.title),
        (&mut allowed.pattern, nothing.pattern),
    ] {
        *own = default;
    }
    allowed.maximum = None;
    allowed.minimum = None;
    allowed.multiple_of = None;
    (allowed.exclusive_maximum, allowed.exclusive_minimum) = (false, false);
    (allowed.max_length, allowed.min_length) = (None, None);
    (allowed.max_items, allowed.min_items) = (None, None);
    allowed.unique_items = false;
    allowed.required.clear();
    allowed.items = None;
    allowed.properties.clear();
    allowed.external_docs = None;
    allowed.example = None;
    allowed.preserve_unknown_fields = None;
    allowed.validations.clear();
    if allowed != Props::default() {
        let fields = "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength \
                      MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties \
                      ExternalDocs Example XPreserveUnknownFields XValidations";
        let detail = format!(
            "only [{fields}] fields are allowed at the root of the schema if the status subresource is enabled"
        );
        out.invalid_shown(at.clone(), shown::props(schema), detail);
    }
}

/// What is known of a schema from those around it.
#[derive(Debug, Clone)]
struct Context {
    /// Why `default` may not stand here, if it may not.
    no_defaults: Option<String>,
    /// Inside `metadata`, `kind` or `apiVersion` of a resource.
    is_inside_meta: bool,
    /// The outermost schema whose parts cannot be matched between an object and the one it replaces.
    uncorrelatable: Option<Path>,
}

impl Context {
    fn root(policy: SchemaPolicy) -> Self {
        Self {
            no_defaults: (!policy.allow_defaults).then(String::new),
            is_inside_meta: false,
            uncorrelatable: None,
        }
    }

    fn without_defaults(mut self, reason: String) -> Self {
        self.no_defaults = Some(reason);
        self
    }

    fn uncorrelatable(mut self, path: &Path) -> Self {
        self.uncorrelatable.get_or_insert_with(|| path.clone());
        self
    }
}

struct Checker<'s> {
    policy: SchemaPolicy,
    reports: Option<&'s RuleReports>,
    /// Where the schema is, as [`RuleReports`] names it.
    steps: Vec<String>,
    schema: Complaints,
    cel: Complaints,
}

impl Checker<'_> {
    /// Checks a schema and those inside it; `has_rules` says whether its rules are checked.
    fn check(&mut self, schema: &Props, path: &Path, context: &Context, is_root: bool, has_rules: bool) {
        let before = self.schema.0.len();
        self.check_keywords(schema, path, context);
        self.check_inside(schema, path, context, is_root, has_rules);
        let out = &mut self.schema;
        if schema.preserve_unknown_fields == Some(false) {
            let path = path.field("x-kubernetes-preserve-unknown-fields");
            out.invalid(path, false, "must be true or undefined");
        }
        check_map_type(schema, path, out);
        check_list_type(schema, self.policy.require_atomic_sets, path, out);
        if schema.list_type.as_deref() == Some("map") {
            check_map_list(schema, path, out);
        }
        if self.policy.require_map_keys {
            check_map_keys(schema, path, out);
        }
        rules::check_texts(schema, path, out);
        // Types are derived from schemas, so rules are only looked at where the schema is right from here down.
        let is_right = self.schema.0.len() == before;
        if is_right && has_rules && !schema.validations.is_empty() {
            let report = self.reports.and_then(|reports| reports.get(&self.steps));
            if let Some(report) = report {
                let uncorrelatable = context.uncorrelatable.as_ref();
                rules::check_expressions(schema, report, uncorrelatable, path, &mut self.cel);
            }
        }
    }

    fn check_keywords(&mut self, schema: &Props, path: &Path, context: &Context) {
        let out = &mut self.schema;
        if self.policy.require_valid_type && !schema.ty.is_empty() && !TYPES.contains(&schema.ty.as_str()) {
            out.not_supported(path.field("type"), &schema.ty, &TYPES);
        }
        if let (Some(_), Some(reason)) = (&schema.default, &context.no_defaults) {
            let detail = match reason.as_str() {
                "" => "must not be set".to_owned(),
                reason => format!("must not be set {reason}"),
            };
            out.forbidden(path.field("default"), detail);
        }
        let refused = [
            (!schema.id.is_empty(), "id"),
            (schema.additional_items.is_some(), "additionalItems"),
            (!schema.pattern_properties.is_empty(), "patternProperties"),
            (!schema.definitions.is_empty(), "definitions"),
            (schema.dependencies.is_some(), "dependencies"),
            (schema.reference.is_some(), "$ref"),
        ];
        for (_, keyword) in refused.into_iter().filter(|(is_there, _)| *is_there) {
            out.forbidden(path.field(keyword), format!("{keyword} is not supported"));
        }
        if schema.ty == "null" {
            let detail = "type cannot be set to null, use nullable as an alternative";
            out.forbidden(path.field("type"), detail);
        }
        if schema
            .items
            .as_ref()
            .is_some_and(|items| !items.schemas.is_empty())
        {
            let detail = "items must be a schema object and not an array";
            out.forbidden(path.field("items"), detail);
        }
        if context.is_inside_meta && schema.embedded_resource {
            let path = path.field("x-kubernetes-embedded-resource");
            out.forbidden(path, "must not be used inside of resource meta");
        }
        if schema.unique_items {
            let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            out.forbidden(path.field("uniqueItems"), detail);
        }
        let excludes_properties = !matches!(
            schema.additional_properties,
            None | Some(PropsOrBool::Allowed(true))
        );
        if excludes_properties && !schema.properties.is_empty() {
            let detail = "additionalProperties and properties are mutual exclusive";
            out.forbidden(path.field("additionalProperties"), detail);
        }
    }

    fn check_inside(
        &mut self,
        schema: &Props,
        path: &Path,
        context: &Context,
        is_root: bool,
        has_rules: bool,
    ) {
        if let Some(values) = schema
            .additional_properties
            .as_ref()
            .and_then(PropsOrBool::schema)
        {
            let mut context = context.clone();
            if context.is_inside_meta {
                // What would be pruned from a default depends on the keys of the map.
                let reason = "inside additionalProperties applying to object metadata";
                context = context.without_defaults(reason.to_owned());
            }
            let path = path.field("additionalProperties");
            self.step("additionalProperties", |c| {
                c.check(values, &path, &context, false, has_rules);
            });
        }
        let is_correlatable = matches!(schema.map_type.as_deref(), None | Some("granular" | "atomic"));
        for (name, property) in &schema.properties {
            let mut context = context.clone();
            if !is_correlatable {
                context = context.uncorrelatable(path);
            }
            let is_meta = matches!(name.as_str(), "metadata" | "kind" | "apiVersion");
            if is_meta && (is_root || schema.embedded_resource) {
                context.is_inside_meta = true;
                if is_root {
                    context = context.without_defaults(format!("in top-level {name}"));
                }
            }
            let path = path.field("properties").key(name);
            let step = format!("properties.{name}");
            self.step(step, |c| c.check(property, &path, &context, false, has_rules));
        }
        let branches = [
            ("allOf", &schema.all_of),
            ("oneOf", &schema.one_of),
            ("anyOf", &schema.any_of),
        ];
        if let Some(not) = &schema.not {
            self.check(not, &path.field("not"), context, false, false);
        }
        for (keyword, branches) in branches {
            for (index, branch) in branches.iter().enumerate() {
                self.check(branch, &path.field(keyword).index(index), context, false, false);
            }
        }
        for (name, definition) in &schema.definitions {
            let path = path.field("definitions").key(name);
            self.check(definition, &path, context, false, false);
        }
        if let Some(items) = &schema.items {
            let mut context = context.clone();
            if schema.list_type.as_deref() != Some("map") {
                context = context.uncorrelatable(path);
            }
            let path = path.field("items");
            if let Some(item) = &items.schema {
                self.step("items", |c| c.check(item, &path, &context, false, has_rules));
            }
            for (index, item) in items.schemas.iter().enumerate() {
                self.check(item, &path.index(index), &context, false, false);
            }
        }
        for (name, dependency) in schema.dependencies.iter().flatten() {
            if let Some(schema) = dependency {
                let path = path.field("dependencies").key(name);
                self.check(schema, &path, context, false, false);
            }
        }
    }

    fn step(&mut self, step: impl Into<String>, work: impl FnOnce(&mut Self)) {
        self.steps.push(step.into());
        work(self);
        self.steps.pop();
    }
}

/// A keyword that needs a type the schema does not have.
fn check_type(schema: &Props, expected: &str, keyword: &str, path: &Path, out: &mut Complaints) -> bool {
    if schema.ty == expected {
        return true;
    }
    let detail = format!("must be {expected} if {keyword} is specified");
    if schema.ty.is_empty() {
        out.required(path.field("type"), &detail);
    } else {
        out.invalid(path.field("type"), schema.ty.as_str(), detail);
    }
    false
}

fn check_map_type(schema: &Props, path: &Path, out: &mut Complaints) {
    let Some(map_type) = &schema.map_type else { return };
    check_type(schema, "object", "x-kubernetes-map-type", path, out);
    if !matches!(map_type.as_str(), "atomic" | "granular") {
        let path = path.field("x-kubernetes-map-type");
        out.not_supported(path, map_type, &["atomic", "granular"]);
    }
}

fn check_list_type(schema: &Props, require_atomic_sets: bool, path: &Path, out: &mut Complaints) {
    if let Some(list_type) = &schema.list_type {
        let has_type = check_type(schema, "array", "x-kubernetes-list-type", path, out);
        if has_type && require_atomic_sets && list_type == "set" {
            check_set_items(schema, path, out);
        }
        if !matches!(list_type.as_str(), "atomic" | "set" | "map") {
            let path = path.field("x-kubernetes-list-type");
            out.not_supported(path, list_type, &["atomic", "set", "map"]);
        }
    }
    if !schema.list_map_keys.is_empty() {
        let path = path.field("x-kubernetes-list-type");
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        match schema.list_type.as_deref() {
            None => out.required(path, detail),
            Some("map") => {}
            Some(other) => out.invalid(path, other, detail),
        }
    }
}

/// The elements of a set are atomic, whole values.
fn check_set_items(schema: &Props, path: &Path, out: &mut Complaints) {
    let Some(item) = schema.item() else { return };
    let keyword = match item.ty.as_str() {
        "array" if item.list_type.as_deref().is_some_and(|ty| ty != "atomic") => "x-kubernetes-list-type",
        "object" if item.map_type.as_deref() != Some("atomic") => "x-kubernetes-map-type",
        _ => return,
    };
    let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
    out.invalid(path.field("items").field(keyword), item.list_type.clone(), detail);
}

fn check_map_list(schema: &Props, path: &Path, out: &mut Complaints) {
    let keys = path.field("x-kubernetes-list-map-keys");
    if schema.list_map_keys.is_empty() {
        out.required(keys.clone(), "must not be empty if x-kubernetes-list-type is map");
    }
    let Some(items) = &schema.items else {
        let detail = "must have a schema if x-kubernetes-list-type is map";
        return out.required(path.field("items"), detail);
    };
    let Some(item) = &items.schema else {
        let detail = "must only have a single schema if x-kubernetes-list-type is map";
        return out.invalid_shown(path.field("items"), shown::items(items), detail);
    };
    if item.ty != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        return out.invalid(path.field("items").field("type"), item.ty.as_str(), detail);
    }
    for (position, key) in schema.list_map_keys.iter().enumerate() {
        match item.properties.get(key) {
            Some(property) if matches!(property.ty.as_str(), "array" | "object") => {
                let path = path.field("items").field("properties").key(key).field("type");
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                out.invalid(path, item.ty.as_str(), detail);
            }
            Some(_) => {}
            None => {
                let detail = "entries must all be names of item properties";
                out.invalid(keys.clone(), names(&schema.list_map_keys), detail);
            }
        }
        if schema.list_map_keys[..position].contains(key) {
            let detail = "must not contain duplicate entries";
            out.invalid(keys.clone(), names(&schema.list_map_keys), detail);
        }
    }
}

/// Elements of sets and maps are there, and so are the keys of those of maps.
pub(super) fn check_map_keys(schema: &Props, path: &Path, out: &mut Complaints) {
    let (Some(item), Some(list_type @ ("set" | "map"))) = (schema.item(), schema.list_type.as_deref()) else {
        return;
    };
    let items = path.field("items");
    if item.nullable {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        out.forbidden(items.field("nullable"), detail);
    }
    if list_type != "map" {
        return;
    }
    for key in &schema.list_map_keys {
        let Some(property) = item.properties.get(key) else {
            continue;
        };
        let path = items.field("properties").key(key);
        if !item.required.contains(key) && property.default.is_none() {
            let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required \
                          property";
            out.required(path.field("default"), detail);
        }
        if property.nullable {
            let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            out.forbidden(path.field("nullable"), detail);
        }
    }
}
