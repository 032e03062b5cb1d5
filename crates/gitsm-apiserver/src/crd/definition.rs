//! The rules of the kind `CustomResourceDefinition` itself.

use super::{CLEANUP, GROUP, RESOURCE, compile, status};
use crate::kind::{Context, Kind, KindSchema, LazySchema, Names, Origin, Part, Strategy};
use crate::object::metadata_mut;
use gitsm_schema::structural::Structural;
use gitsm_schema::{ErrorKind, FieldError, ObjectSchema, Path, crd};
use serde_json::{Value, json};
use std::sync::Arc;

/// The kind of definitions.
pub fn kind() -> Arc<Kind> {
    Arc::new(Kind {
        resource: super::resource(),
        version: "v1".to_owned(),
        names: Names {
            kind: "CustomResourceDefinition".to_owned(),
            list_kind: "CustomResourceDefinitionList".to_owned(),
            plural: RESOURCE.to_owned(),
            singular: "customresourcedefinition".to_owned(),
            short_names: vec!["crd".to_owned(), "crds".to_owned()],
            categories: vec!["api-extensions".to_owned()],
        },
        namespaced: false,
        verbs: compile::VERBS.to_vec(),
        has_status: true,
        scale: None,
        deprecation_warning: None,
        storage_version: "v1".to_owned(),
        strategy: Arc::new(Definitions),
        schema: LazySchema::later(schema, GROUP),
        schema_since: 0,
        origin: Origin::BuiltIn,
    })
}

/// What server-side apply must know: lists are atomic but for the conditions. Fields are judged by `gitsm-schema`.
fn schema(_: &str) -> KindSchema {
    let schema = json!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": {"status": {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"conditions": {
                "type": "array",
                "nullable": true,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"type": "string"}},
                    "x-kubernetes-preserve-unknown-fields": true,
                },
            }},
        }},
    });
    let compiled = Structural::from_json(&schema).ok().and_then(|schema| ObjectSchema::new(schema).ok());
    match compiled {
        Some(object) => KindSchema {
            object,
            published: Value::Null,
            columns: Vec::new(),
        },
        None => KindSchema::opaque(),
    }
}

/// The rules; the judge is `gitsm-schema`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Definitions;

impl Strategy for Definitions {
    fn decode(&self, object: &mut Value) -> Option<Result<Vec<String>, String>> {
        Some(match crd::decode(object) {
            Ok(decoded) => {
                *object = decoded.value;
                crd::complete(object);
                Ok(decoded.unknown.iter().map(ToString::to_string).collect())
            }
            Err(error) => Err(error.message),
        })
    }

    fn prepare_create(&self, object: &mut Value, _: Context<'_>) {
        crd::prepare_create(object);
    }

    fn prepare_update(&self, object: &mut Value, old: &Value, cx: Context<'_>) {
        if cx.part == Part::Whole {
            crd::prepare_update(object, old);
        }
    }

    fn validate_create(&self, object: &Value, _: Context<'_>) -> Vec<FieldError> {
        let mut errors = refused_conversion(object);
        errors.extend(judged(crd::validate_create(object)));
        errors
    }

    fn validate_update(&self, object: &Value, old: &Value, cx: Context<'_>) -> Vec<FieldError> {
        if cx.part == Part::Status {
            return judged(crd::validate_status_update(object, old));
        }
        let mut errors = refused_conversion(object);
        errors.extend(judged(crd::validate_update(object, old)));
        errors
    }

    fn warnings(&self, object: &Value, old: Option<&Value>) -> Vec<String> {
        crd::warnings(object, old)
    }

    /// `crd::prepare_create` and `crd::prepare_update` count generations.
    fn changes_generation(&self, _: &Value, _: &Value) -> bool {
        false
    }

    fn selectable_field(&self, _: &Value, _: &str) -> Option<String> {
        None
    }

    fn selectable_fields(&self) -> Vec<String> {
        Vec::new()
    }

    fn allows_unconditional_update(&self) -> bool {
        false
    }

    fn mark_deleting(&self, object: &mut Value, now: &str) {
        let finalizers = &mut metadata_mut(object)
            .entry("finalizers")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(finalizers) = finalizers.as_array_mut()
            && !finalizers.iter().any(|known| known == CLEANUP)
        {
            finalizers.push(CLEANUP.into());
        }
        status::mark_terminating(object, now);
    }
}

fn judged(result: Result<Vec<FieldError>, crd::DecodeError>) -> Vec<FieldError> {
    result.unwrap_or_else(|error| vec![FieldError::new(ErrorKind::Invalid, Path::root(), error.message)])
}

/// Webhooks that convert between versions are not called here, so a definition that needs one is refused: its
/// objects could not be served.
fn refused_conversion(object: &Value) -> Vec<FieldError> {
    if object["spec"]["conversion"]["strategy"] != "Webhook" {
        return Vec::new();
    }
    let path = Path::root().field("spec").field("conversion").field("strategy");
    let supported = "this server converts between versions by apiVersion only and calls no conversion webhooks; \
                     supported values: \"None\"";
    vec![FieldError::new(ErrorKind::NotSupported, path, supported).with_value("Webhook".into())]
}
