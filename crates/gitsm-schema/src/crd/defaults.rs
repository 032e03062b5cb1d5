//! Whether the defaults in a schema are values that it accepts (apiextensions-apiserver,
//! `pkg/apiserver/schema/defaulting`).

use super::props::Props;
use crate::cel::{CompiledRules, SchemaRuleError};
use crate::error::{ErrorKind, FieldError};
use crate::object_meta;
use crate::path::{Path, Segment};
use crate::prune::{self, PruneOptions};
use crate::structural::{AdditionalProperties, SchemaType, Structural};
use crate::validate::Validator;
use serde_json::{Map, Value, json};

/// Whether a default stands anywhere in the schema.
pub(super) fn has_defaults(schema: &Props) -> bool {
    schema.any(&mut |schema| schema.default.is_some())
}

/// Everything that is wrong with the defaults in a structural schema, which is at `path`.
pub(super) fn validate(schema: &Props, require_pruned: bool, path: &Path) -> Vec<FieldError> {
    if !has_defaults(schema) {
        return Vec::new();
    }
    let mut root = schema.to_structural();
    root.extensions.embedded_resource = true;
    let mut walk = Walk {
        require_pruned,
        errors: Vec::new(),
    };
    walk.schema(&root, path, Place::root(&root));
    walk.errors
}

/// Whether a default has fields that would be pruned from an object that it was filled into.
pub(super) fn has_unpruned_defaults(schema: &Props) -> bool {
    let root = schema.to_structural();
    has_defaults(schema) && is_unpruned_below(&root, &root, &mut Vec::new())
}

fn is_unpruned_below<'s>(schema: &'s Structural, root: &Structural, steps: &mut Vec<Step<'s>>) -> bool {
    if let Some(default) = &schema.default {
        let object = surround(steps, default);
        if object.is_object() && !prune::unknown_fields(root, &object, PruneOptions::RESOURCE).is_empty() {
            return true;
        }
    }
    let values = match &schema.additional_properties {
        Some(AdditionalProperties::Schema(values)) => Some((Step::Field("*"), &**values)),
        _ => None,
    };
    let items = schema.items.as_deref().map(|items| (Step::Element, items));
    let properties = schema.properties.iter();
    let properties = properties.map(|(name, property)| (Step::Field(name.as_str()), property));
    values
        .into_iter()
        .chain(items)
        .chain(properties)
        .any(|(step, inside)| {
            steps.push(step);
            let is_unpruned = is_unpruned_below(inside, root, steps);
            steps.pop();
            is_unpruned
        })
}

#[derive(Debug, Clone, Copy)]
enum Step<'s> {
    Field(&'s str),
    Element,
}

/// The smallest object that has `value` at the end of `steps`.
fn surround(steps: &[Step<'_>], value: &Value) -> Value {
    steps.iter().rev().fold(value.clone(), |value, step| match step {
        Step::Field(name) => Value::Object(Map::from_iter([((*name).to_owned(), value)])),
        Step::Element => Value::Array(vec![value]),
    })
}

/// Where a schema stands in the innermost resource around it.
#[derive(Debug, Clone)]
struct Place<'s> {
    resource: &'s Structural,
    steps: Vec<Step<'s>>,
    /// In its `metadata`, `kind` or `apiVersion`.
    is_inside_meta: bool,
}

impl<'s> Place<'s> {
    fn root(resource: &'s Structural) -> Self {
        Self {
            resource,
            steps: Vec::new(),
            is_inside_meta: false,
        }
    }

    fn step(&self, step: Step<'s>, is_meta: bool) -> Self {
        let mut place = self.clone();
        place.steps.push(step);
        place.is_inside_meta |= is_meta;
        place
    }
}

struct Walk {
    require_pruned: bool,
    errors: Vec<FieldError>,
}

impl Walk {
    fn schema<'s>(&mut self, schema: &'s Structural, path: &Path, place: Place<'s>) {
        let is_resource = schema.extensions.embedded_resource;
        let place = if is_resource { Place::root(schema) } else { place };
        if let Some(default) = &schema.default {
            let path = path.field("default");
            if place.is_inside_meta {
                self.meta_default(schema, default, &path, &place);
            } else {
                self.default(schema, default, &path, std::ptr::eq(schema, place.resource));
            }
        }
        // Defaults in `additionalProperties` are not looked at.
        if let Some(items) = &schema.items {
            self.schema(items, &path.field("items"), place.step(Step::Element, false));
        }
        for (name, property) in &schema.properties {
            let is_meta = is_resource && matches!(name.as_str(), "metadata" | "apiVersion" | "kind");
            let path = path.field("properties").key(name);
            self.schema(property, &path, place.step(Step::Field(name), is_meta));
        }
    }

    /// A default inside the metadata of a resource: the resource around it must be a valid one.
    fn meta_default(&mut self, schema: &Structural, default: &Value, path: &Path, place: &Place<'_>) {
        let mut object = surround(&place.steps, default);
        if let Value::Object(fields) = &mut object {
            for (name, value) in [("kind", "Validation"), ("apiVersion", "validation/v1")] {
                fields.entry(name).or_insert_with(|| json!(value));
            }
        }
        let malformed = object_meta::malformed(place.resource, &object);
        let errors = match malformed {
            Some(error) => vec![error],
            None => object_meta::validate_embedded(place.resource, &object),
        };
        if errors.is_empty() {
            self.value(schema, default, path, false);
        } else {
            let detail = format!("must result in valid metadata: {}", aggregate(&errors));
            let error = FieldError::new(ErrorKind::Invalid, path.clone(), detail);
            self.errors.push(error.with_value(default.clone()));
        }
    }

    fn default(&mut self, schema: &Structural, default: &Value, path: &Path, is_resource_root: bool) {
        if self.require_pruned {
            let options = PruneOptions {
                resource_root: schema.extensions.embedded_resource,
                object_meta: false,
            };
            let unknown = prune::unknown_fields(schema, default, options);
            let mut pruned = default.clone();
            prune::prune(schema, &mut pruned, options);
            if pruned != *default {
                // What is unknown inside of metadata goes without a word, and so it is not shown either.
                let everywhere = PruneOptions {
                    object_meta: true,
                    ..options
                };
                let mut shown = default.clone();
                for path in prune::unknown_fields(schema, default, everywhere) {
                    if !unknown.contains(&path) {
                        prune::remove(&mut shown, &path);
                    }
                }
                let error = FieldError::new(ErrorKind::Invalid, path.clone(), "must not have unknown fields");
                self.errors.push(error.with_value(shown));
            }
        }
        let errors = match object_meta::malformed(schema, default) {
            Some(error) => vec![error],
            None => object_meta::validate_embedded(schema, default),
        };
        if errors.is_empty() {
            self.value(schema, default, path, is_resource_root);
        } else {
            self.errors
                .extend(errors.into_iter().map(|error| below(path, error)));
        }
    }

    /// The value against the schema, and then against its rules.
    fn value(&mut self, schema: &Structural, default: &Value, path: &Path, is_resource_root: bool) {
        if let Ok(validator) = Validator::compile_for_defaults(schema) {
            let errors = validator.validate(default);
            if !errors.is_empty() {
                self.errors
                    .extend(errors.into_iter().map(|error| below(path, by_name(error))));
                return;
            }
        }
        let (rules, refused) = CompiledRules::compile_usable(schema, is_resource_root);
        let mut errors = Vec::new();
        refusals(schema, default, &Path::root(), "", &refused, &mut errors);
        errors.extend(rules.validate(default, Some(default)));
        if errors.is_empty() {
            // Rules with an optional `oldSelf` judge a value that is new.
            errors = rules.validate(default, None);
        }
        self.errors
            .extend(errors.into_iter().map(|error| below(path, error)));
    }
}

/// Complains about each value whose schema has a rule that cannot be used. `at` is the way to the schema, as `refused`
/// writes it: empty, or with a full stop at its end.
fn refusals(
    schema: &Structural,
    value: &Value,
    path: &Path,
    at: &str,
    refused: &[SchemaRuleError],
    errors: &mut Vec<FieldError>,
) {
    // No rule sees a null.
    if value.is_null() {
        return;
    }
    let here = format!("{at}x-kubernetes-validations[");
    // What is wrong with the schema as a whole is wrong with the whole value.
    let is_here =
        |error: &&SchemaRuleError| error.path.starts_with(&here) || (at.is_empty() && error.path.is_empty());
    for error in refused.iter().filter(is_here) {
        let refusal = super::rules::refusal("", &error.source, &error.expression);
        let detail = format!("rule compile error: {refusal}");
        let ty = schema.ty.map_or("", SchemaType::as_str);
        errors.push(FieldError::new(ErrorKind::Invalid, path.clone(), detail).with_value(Value::from(ty)));
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(property) = schema.properties.get(name) {
                    let at = format!("{at}properties.{name}.");
                    refusals(property, value, &path.field(name), &at, refused, errors);
                } else if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
                    let at = format!("{at}additionalProperties.");
                    refusals(values, value, &path.key(name), &at, refused, errors);
                }
            }
        }
        Value::Array(elements) => {
            let Some(items) = &schema.items else { return };
            let at = format!("{at}items.");
            for (index, element) in elements.iter().enumerate() {
                refusals(items, element, &path.index(index), &at, refused, errors);
            }
        }
        _ => {}
    }
}

/// The validator's complaints about elements of the default itself name them as if they were fields.
fn by_name(mut error: FieldError) -> FieldError {
    for path in [Some(&mut error.path), error.subject.as_mut()]
        .into_iter()
        .flatten()
    {
        if let Some((Segment::Index(index), rest)) = path.segments().split_first() {
            let first = Path::root().field(format!("[{index}]"));
            *path = rest.iter().fold(first, |path, segment| match segment {
                Segment::Field(name) => path.field(name),
                Segment::Key(name) => path.key(name),
                Segment::Index(index) => path.index(*index),
            });
        }
    }
    error
}

/// An error about a part of the value at `path`.
fn below(path: &Path, mut error: FieldError) -> FieldError {
    error.path = path.join(&error.path);
    error.subject = error.subject.map(|subject| path.join(&subject));
    error
}

/// Several errors as one text.
fn aggregate(errors: &[FieldError]) -> String {
    match errors {
        [error] => error.to_string(),
        errors => {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("[{}]", texts.join(", "))
        }
    }
}
