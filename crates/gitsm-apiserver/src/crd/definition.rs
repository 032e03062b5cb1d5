//! The rules of the kind `CustomResourceDefinition` itself.

use super::{CLEANUP, status};
use crate::builtin;
use crate::kind::{Context, Kind, Part, Strategy};
use crate::object::metadata_mut;
use gitsm_schema::{ErrorKind, FieldError, Path, crd};
use serde_json::{Value, json};
use std::sync::Arc;

/// The kind of definitions.
pub fn kind() -> Arc<Kind> {
    builtin::crd_kind(Arc::new(Definitions))
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

    fn zero(&self) -> Option<Value> {
        let names = json!({"plural": "", "kind": ""});
        Some(json!({
            "metadata": {"creationTimestamp": null},
            "spec": {"group": "", "names": names, "scope": "", "versions": null},
            "status": {"conditions": null, "acceptedNames": names, "storedVersions": null},
        }))
    }

    fn prepare_create(&self, object: &mut Value, _: Context<'_>) {
        crd::prepare_create(object);
        // These are always written.
        object["status"]["conditions"] = Value::Null;
        object["status"]["acceptedNames"] = json!({"plural": "", "kind": ""});
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
        let finalizers = metadata_mut(object)
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
