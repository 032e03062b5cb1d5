//! The rules of custom resources: their schema, their list types, their CEL rules.

use crate::kind::{Context, LazySchema, ScalePaths, Strategy};
use gitsm_apply::ResourceTypes;
use gitsm_schema::cel::CompiledRules;
use gitsm_schema::object_meta::NamespaceRule;
use gitsm_schema::{ErrorKind, FieldError, Path};
use serde_json::Value;
use std::sync::Arc;

/// The rules of one version of a custom resource.
#[derive(Debug)]
pub struct CustomResource {
    /// `Change`.
    pub kind: String,
    /// `gitsm.dev/v1alpha1`.
    pub api_version: String,
    /// Whether objects are in a namespace.
    pub namespaced: bool,
    /// Whether the version has a status subresource.
    pub has_status: bool,
    /// The scale subresource.
    pub scale: Option<ScalePaths>,
    /// The schema; the kind holds the same.
    pub schema: LazySchema,
    /// The compiled `x-kubernetes-validations`.
    pub rules: CompiledRules,
    /// The paths of `selectableFields`, without the leading dot.
    pub selectable: Vec<String>,
    /// The types of all served versions.
    pub types: Arc<ResourceTypes>,
}

impl CustomResource {
    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let errors = self.type_errors(object);
        if !errors.is_empty() {
            return errors;
        }
        let namespace = if self.namespaced {
            NamespaceRule::Required
        } else {
            NamespaceRule::Forbidden
        };
        let mut errors = match old {
            None => self.schema.object.validate_metadata(object, namespace),
            Some(old) => gitsm_schema::object_meta::validate_update(object, old),
        };
        errors.extend(self.schema.object.validate_values(object));
        errors.extend(self.scale_errors(object));
        errors.extend(self.schema.object.validate_lists(object));
        if errors.iter().any(is_blocking) {
            errors.push(unchecked());
        } else {
            errors.extend(self.rules.validate(object, old));
        }
        errors
    }

    /// What an object claims to be must be what it is sent as.
    fn type_errors(&self, object: &Value) -> Vec<FieldError> {
        let check = |field: &str, wanted: &str| {
            let found = object[field].as_str().unwrap_or_default();
            (found != wanted).then(|| {
                FieldError::new(
                    ErrorKind::Invalid,
                    Path::root().field(field),
                    format!("must be {wanted}"),
                )
                .with_value(found.into())
            })
        };
        let errors = [check("kind", &self.kind), check("apiVersion", &self.api_version)];
        errors.into_iter().flatten().collect()
    }

    /// Replicas must be a number that is not negative.
    fn scale_errors(&self, object: &Value) -> Vec<FieldError> {
        let Some(scale) = &self.scale else {
            return Vec::new();
        };
        let mut path = Path::root();
        let mut value = object;
        for step in scale.spec_replicas.split('.').filter(|step| !step.is_empty()) {
            path = path.field(step);
            match value.get(step) {
                Some(below) => value = below,
                None => return Vec::new(),
            }
        }
        match value.as_i64() {
            Some(number) if number < 0 => {
                let detail = "should be a non-negative integer";
                vec![FieldError::new(ErrorKind::Invalid, path, detail).with_value(value.clone())]
            }
            Some(number) if i32::try_from(number).is_err() => {
                let detail = "should be less than or equal to 2147483647";
                vec![FieldError::new(ErrorKind::Invalid, path, detail).with_value(value.clone())]
            }
            _ => Vec::new(),
        }
    }
}

/// Errors that keep rules from being evaluated, as their types may not hold.
fn is_blocking(error: &FieldError) -> bool {
    matches!(
        error.kind,
        ErrorKind::NotSupported
            | ErrorKind::Required
            | ErrorKind::TooLong
            | ErrorKind::TooMany
            | ErrorKind::TypeInvalid
    )
}

fn unchecked() -> FieldError {
    let detail = "some validation rules were not checked because the object was invalid; correct the existing errors \
                  to complete validation";
    FieldError::new(ErrorKind::Invalid, Path::root(), detail).with_value(Value::Null)
}

impl Strategy for CustomResource {
    fn prepare_create(&self, _: &mut Value, _: Context<'_>) {}

    fn prepare_update(&self, _: &mut Value, _: &Value, _: Context<'_>) {}

    fn validate_create(&self, object: &Value, _: Context<'_>) -> Vec<FieldError> {
        self.validate(object, None)
    }

    fn validate_update(&self, object: &Value, old: &Value, _: Context<'_>) -> Vec<FieldError> {
        self.validate(object, Some(old))
    }

    fn warnings(&self, _: &Value, _: Option<&Value>) -> Vec<String> {
        Vec::new()
    }

    /// Everything but metadata counts, and the status where it is not part of what is wanted.
    fn changes_generation(&self, object: &Value, old: &Value) -> bool {
        let (Some(new), Some(old)) = (object.as_object(), old.as_object()) else {
            return true;
        };
        let counts = |field: &String| field != "metadata" && !(self.has_status && field == "status");
        let differs = |field: &String| counts(field) && new.get(field) != old.get(field);
        new.keys().chain(old.keys()).any(differs)
    }

    fn selectable_field(&self, object: &Value, field: &str) -> Option<String> {
        self.selectable.iter().find(|known| *known == field)?;
        let value = field.split('.').try_fold(object, |value, step| value.get(step));
        Some(match value {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => String::new(),
        })
    }

    fn selectable_fields(&self) -> Vec<String> {
        self.selectable.clone()
    }

    fn allows_unconditional_update(&self) -> bool {
        false
    }

    fn apply_types(&self) -> Option<&ResourceTypes> {
        Some(&self.types)
    }
}
