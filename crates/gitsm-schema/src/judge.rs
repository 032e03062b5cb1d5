//! A schema made ready for judging objects, with the API server's steps to be called one by one.

use crate::defaulting;
use crate::error::FieldError;
use crate::listtype;
use crate::object_meta::{self, NamespaceRule};
use crate::path::Path;
use crate::prune::{self, PruneOptions};
use crate::structural::{SchemaError, Structural};
use crate::validate::Validator;
use serde_json::Value;

/// The schema of one version of a kind, compiled once and used for every object.
///
/// The API server's order is: [`unknown_fields`](Self::unknown_fields) or [`prune`](Self::prune),
/// [`complete`](Self::complete), then [`judge`](Self::judge) (or its steps), then the rules in
/// `x-kubernetes-validations`, which are not part of this type.
#[derive(Debug)]
pub struct ObjectSchema {
    structural: Structural,
    validator: Validator,
}

impl ObjectSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    ///
    /// As [`Validator::compile`].
    pub fn new(structural: Structural) -> Result<Self, SchemaError> {
        let validator = Validator::compile(&structural)?;
        Ok(Self {
            structural,
            validator,
        })
    }

    /// The schema as it was read.
    pub fn structural(&self) -> &Structural {
        &self.structural
    }

    /// The fields of a resource that neither the schema nor `ObjectMeta` knows; strict decoding refuses them.
    pub fn unknown_fields(&self, object: &Value) -> Vec<Path> {
        prune::unknown_fields(&self.structural, object, PruneOptions::RESOURCE)
    }

    /// Drops the unknown fields and returns their paths.
    pub fn prune(&self, object: &mut Value) -> Vec<Path> {
        prune::prune(&self.structural, object, PruneOptions::RESOURCE)
    }

    /// Fills in defaults, and leaves everything else.
    pub fn fill_defaults(&self, object: &mut Value) {
        defaulting::apply(&self.structural, object);
    }

    /// Why the metadata of `object`, or of a resource embedded in it, cannot be read; in the API server's words.
    pub fn undecodable(&self, object: &Value) -> Option<String> {
        if let Some(why) = object.get("metadata").and_then(crate::crd::decode_error) {
            return Some(why);
        }
        object_meta::malformed(&self.structural, object).map(|error| error.to_string())
    }

    /// Drops nulls that nothing allows, and fills in defaults.
    pub fn complete(&self, object: &mut Value) {
        defaulting::drop_nulls(&self.structural, object);
        defaulting::apply(&self.structural, object);
    }

    /// What is wrong with the metadata of the resource and of resources embedded in it.
    pub fn validate_metadata(&self, object: &Value, namespace: NamespaceRule) -> Vec<FieldError> {
        let mut errors = object_meta::validate_root(object, namespace);
        errors.extend(object_meta::validate_embedded(&self.structural, object));
        errors
    }

    /// What is wrong with the values.
    pub fn validate_values(&self, object: &Value) -> Vec<FieldError> {
        self.validator.validate(object)
    }

    /// Whether [`validate_values`](Self::validate_values) would find nothing; cheaper where the complaints are not
    /// needed.
    pub fn is_valid(&self, object: &Value) -> bool {
        self.validator.is_valid(object)
    }

    /// What occurs twice in lists of type `set` and `map`.
    pub fn validate_lists(&self, object: &Value) -> Vec<FieldError> {
        listtype::validate(&self.structural, object)
    }

    /// What is wrong with the values of an object that replaces `old` and was not wrong there already; see
    /// [`Validator::validate_update`].
    pub fn validate_values_update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        self.validator.validate_update(&self.structural, object, old)
    }

    /// What occurs twice in lists of type `set` and `map` of an object that replaces `old`: nothing, where anything
    /// did in `old` already.
    pub fn validate_lists_update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        let errors = self.validate_lists(object);
        if errors.is_empty() || self.validate_lists(old).is_empty() {
            errors
        } else {
            Vec::new()
        }
    }

    /// Everything that is wrong with a completed object: metadata, values, lists.
    pub fn judge(&self, object: &Value, namespace: NamespaceRule) -> Vec<FieldError> {
        let mut errors = self.validate_metadata(object, namespace);
        errors.extend(self.validate_values(object));
        errors.extend(self.validate_lists(object));
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn takes_an_object_through_all_steps() {
        let schema = json!({"type": "object", "required": ["spec"], "properties": {"spec": {
            "type": "object", "properties": {
                "size": {"type": "integer", "default": 1, "maximum": 5},
                "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            },
        }}});
        let schema = ObjectSchema::new(Structural::from_json(&schema).unwrap()).unwrap();
        let mut object = json!({
            "apiVersion": "example.dev/v1", "kind": "Test", "metadata": {"name": "x"},
            "spec": {"size": null, "tags": ["a", "a"], "color": "red"},
        });
        assert_eq!(schema.prune(&mut object).len(), 1);
        assert_eq!(schema.unknown_fields(&object), []);
        schema.complete(&mut object);
        assert_eq!(object["spec"]["size"], json!(1));
        object["spec"]["size"] = json!(9);
        let errors = schema.judge(&object, NamespaceRule::Required);
        let fields: Vec<String> = errors.iter().map(FieldError::field).collect();
        assert_eq!(fields, ["metadata.namespace", "spec.size", "spec.tags[1]"]);
    }
}
