//! The rules of custom resources. The judge is `gitsm-schema`.

use crate::kind::{Context, Part, Strategy};
use gitsm_apply::ResourceTypes;
use gitsm_schema::{FieldError, ObjectJudge};
use serde_json::Value;
use std::sync::Arc;

/// The rules of one version of a custom resource.
#[derive(Debug)]
pub struct CustomResource {
    /// Schema, list types, CEL rules.
    pub judge: ObjectJudge,
    /// Whether the version has a status subresource.
    pub has_status: bool,
    /// The paths of `selectableFields`, without the leading dot.
    pub selectable: Vec<String>,
    /// The types of all served versions.
    pub types: Arc<ResourceTypes>,
}

impl Strategy for CustomResource {
    fn decode(&self, object: &mut Value) -> Option<Result<Vec<String>, String>> {
        let schema = self.judge.schema();
        if let Some(why) = schema.undecodable(object) {
            return Some(Err(why));
        }
        let unknown = schema.prune(object);
        gitsm_schema::object_meta::drop_empty(object);
        schema.complete(object);
        Some(Ok(unknown.iter().map(ToString::to_string).collect()))
    }

    fn prepare_create(&self, _: &mut Value, _: Context<'_>) {}

    fn prepare_update(&self, _: &mut Value, _: &Value, _: Context<'_>) {}

    fn validate_create(&self, object: &Value, _: Context<'_>) -> Vec<FieldError> {
        self.judge.create(object)
    }

    fn validate_update(&self, object: &Value, old: &Value, cx: Context<'_>) -> Vec<FieldError> {
        match cx.part {
            Part::Status => self.judge.update_status(object, old),
            _ => self.judge.update(object, old),
        }
    }

    fn warnings(&self, object: &Value, old: Option<&Value>) -> Vec<String> {
        gitsm_schema::object_meta::finalizer_warnings(object, old)
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
