//! The whole judgement of a custom resource: create, update, and update of the status, step by step as the API
//! server takes them (apiextensions-apiserver, `pkg/registry/customresource`).

use crate::cel::CompiledRules;
use crate::error::{ErrorKind, FieldError};
use crate::judge::ObjectSchema;
use crate::object_meta::{self, NamespaceRule};
use crate::path::Path;
use crate::scale::ScalePaths;
use crate::structural::{SchemaError, Structural};
use crate::validate::Validator;
use serde_json::Value;
use std::sync::Arc;

/// What an object must call itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKind {
    /// Group and version: `example.dev/v1`.
    pub api_version: String,
    /// The kind: `Thing`.
    pub kind: String,
    /// Whether objects are in namespaces.
    pub is_namespaced: bool,
}

/// The judge of the objects of one version of a kind, whose CRD was accepted.
#[derive(Debug)]
pub struct ObjectJudge {
    kind: ObjectKind,
    schema: Arc<ObjectSchema>,
    rules: CompiledRules,
    /// The schema of `status` as if it were a root, where there is one.
    status: Option<(Structural, Validator)>,
    scale: Option<ScalePaths>,
}

impl ObjectJudge {
    /// Makes a judge of a schema and the rules compiled from it; `scale` are the paths of that subresource.
    ///
    /// # Errors
    ///
    /// As [`Validator::compile`], for the schema of the status.
    pub fn new(
        kind: ObjectKind,
        schema: impl Into<Arc<ObjectSchema>>,
        rules: CompiledRules,
        scale: Option<ScalePaths>,
    ) -> Result<Self, SchemaError> {
        let schema = schema.into();
        let status = match schema.structural().properties.get("status") {
            Some(status) => Some((status.clone(), Validator::compile(status)?)),
            None => None,
        };
        Ok(Self {
            kind,
            schema,
            rules,
            status,
            scale,
        })
    }

    /// The schema, for the steps before this judgement.
    pub fn schema(&self) -> &ObjectSchema {
        &self.schema
    }

    /// What the object must call itself.
    pub fn kind(&self) -> &ObjectKind {
        &self.kind
    }

    /// The paths of the `scale` subresource, where there is one.
    pub fn scale(&self) -> Option<&ScalePaths> {
        self.scale.as_ref()
    }

    /// Everything that is wrong with a new object, which is pruned and completed and has its name.
    pub fn create(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = self.check_kind(object);
        if !errors.is_empty() {
            return errors;
        }
        let namespace = if self.kind.is_namespaced {
            NamespaceRule::Required
        } else {
            NamespaceRule::Forbidden
        };
        errors.extend(object_meta::validate_root(object, namespace));
        errors.extend(self.schema.validate_values(object));
        errors.extend(self.check_scale(object));
        errors.extend(object_meta::validate_embedded(self.schema.structural(), object));
        errors.extend(self.schema.validate_lists(object));
        self.check_rules(&mut errors, |rules| rules.validate(object, None));
        errors
    }

    /// Everything that is wrong with an object that replaces `old`, which is pruned and completed too.
    ///
    /// What has not changed may break rules that it broke before (ratcheting), but for metadata of embedded
    /// resources.
    pub fn update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        let mut errors = self.check_kind(object);
        if !errors.is_empty() {
            return errors;
        }
        errors.extend(object_meta::validate_update(object, old));
        errors.extend(self.schema.validate_values_update(object, old));
        errors.extend(self.check_scale(object));
        errors.extend(object_meta::validate_embedded(self.schema.structural(), object));
        errors.extend(self.schema.validate_lists_update(object, old));
        self.check_rules(&mut errors, |rules| {
            rules.validate_update(self.schema.structural(), object, old)
        });
        errors
    }

    /// Everything that is wrong with an object that replaces `old` through the `status` subresource, so that all but
    /// `status` and some metadata is that of `old`. Only the values of `status` are judged, but all rules.
    pub fn update_status(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        let mut errors = self.check_kind(object);
        if !errors.is_empty() {
            return errors;
        }
        errors.extend(object_meta::validate_update(object, old));
        if let (Some((schema, validator)), Some(status)) = (&self.status, object.get("status")) {
            let found = match old.get("status") {
                Some(old) => validator.validate_update(schema, status, old),
                None => validator.validate(status),
            };
            let path = Path::root().field("status");
            errors.extend(found.into_iter().map(|mut error| {
                error.path = path.join(&error.path);
                error.subject = error.subject.map(|subject| path.join(&subject));
                error
            }));
        }
        if let Some(scale) = &self.scale {
            errors.extend(scale.validate_status(object));
        }
        errors.extend(self.schema.validate_lists_update(object, old));
        self.check_rules(&mut errors, |rules| {
            rules.validate_update(self.schema.structural(), object, old)
        });
        errors
    }

    fn check_kind(&self, object: &Value) -> Vec<FieldError> {
        let wanted = [("kind", &self.kind.kind), ("apiVersion", &self.kind.api_version)];
        let check = |(field, wanted): (&str, &String)| {
            let found = object.get(field).and_then(Value::as_str).unwrap_or_default();
            (found != wanted).then(|| {
                let path = Path::root().field(field);
                let error = FieldError::new(ErrorKind::Invalid, path, format!("must be {wanted}"));
                error.with_value(Value::from(found))
            })
        };
        wanted.into_iter().filter_map(check).collect()
    }

    fn check_scale(&self, object: &Value) -> Vec<FieldError> {
        let Some(scale) = &self.scale else {
            return Vec::new();
        };
        let mut errors = scale.validate_spec(object);
        errors.extend(scale.validate_status(object));
        errors
    }

    /// Evaluates the rules, unless the object is so wrong that they could not be relied on; then says so.
    fn check_rules(
        &self,
        errors: &mut Vec<FieldError>,
        evaluate: impl FnOnce(&CompiledRules) -> Vec<FieldError>,
    ) {
        if self.rules.is_empty() {
            return;
        }
        if errors.iter().any(|error| blocks_rules(error.kind)) {
            let detail = "some validation rules were not checked because the object was invalid; correct the existing \
                          errors to complete validation";
            let error = FieldError::new(ErrorKind::Invalid, Path::root(), detail);
            errors.push(error.with_value(Value::Null));
        } else {
            errors.extend(evaluate(&self.rules));
        }
    }
}

/// Whether rules are not evaluated on an object with such an error.
pub fn blocks_rules(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotSupported
            | ErrorKind::Required
            | ErrorKind::TooLong
            | ErrorKind::TooMany
            | ErrorKind::TypeInvalid
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judge() -> ObjectJudge {
        let schema = json!({"type": "object", "properties": {
            "spec": {"type": "object", "required": ["size"], "properties": {
                "size": {"type": "integer", "maximum": 5},
                "name": {"type": "string", "maxLength": 3},
                "list": {"type": "array", "items": {"type": "string", "maxLength": 3}},
                "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "map": {
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                    "items": {"type": "object", "required": ["k"], "properties": {
                        "k": {"type": "string"}, "v": {"type": "integer", "maximum": 5},
                    }},
                },
            }, "x-kubernetes-validations": [
                {"rule": "self.size != 3"}, {"rule": "!has(oldSelf.name) || has(self.name)", "message": "name stays"},
            ]},
            "status": {"type": "object", "properties": {"phase": {"type": "string", "enum": ["A", "B"]}}},
        }});
        let structural = Structural::from_json(&schema).unwrap();
        let rules = CompiledRules::compile(&structural).unwrap();
        let kind = ObjectKind {
            api_version: "example.dev/v1".to_owned(),
            kind: "Thing".to_owned(),
            is_namespaced: false,
        };
        ObjectJudge::new(kind, ObjectSchema::new(structural).unwrap(), rules, None).unwrap()
    }

    fn object(spec: &Value) -> Value {
        json!({
            "apiVersion": "example.dev/v1", "kind": "Thing", "metadata": {"name": "x", "resourceVersion": "1"},
            "spec": spec,
        })
    }

    fn texts(errors: &[FieldError]) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_are_not_checked_on_an_object_that_is_too_wrong() {
        let errors = judge().create(&object(&json!({"size": 3, "name": "long"})));
        assert_eq!(
            texts(&errors),
            [
                "spec.name: Too long: may not be more than 3 bytes",
                "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; \
                 correct the existing errors to complete validation",
            ]
        );
        let errors = judge().create(&object(&json!({"size": 3})));
        assert_eq!(
            texts(&errors),
            ["spec: Invalid value: failed rule: self.size != 3"]
        );
        let errors = judge().create(&object(&json!({"size": 9})));
        assert_eq!(errors.len(), 1, "a bound does not keep rules from being checked");
    }

    #[test]
    fn an_object_of_another_kind_is_not_looked_at() {
        let mut other = object(&json!({}));
        other["kind"] = json!("Other");
        assert_eq!(
            texts(&judge().create(&other)),
            ["kind: Invalid value: \"Other\": must be Thing"]
        );
    }

    #[test]
    fn what_has_not_changed_may_stay_wrong() {
        let old = object(&json!({
            "size": 9, "name": "long", "list": ["long"], "set": ["a", "a"], "map": [{"k": "a", "v": 9}, {"k": "b", "v": 1}],
        }));
        let update = |change: &dyn Fn(&mut Value)| {
            let mut new = old.clone();
            change(&mut new["spec"]);
            texts(&judge().update(&new, &old))
        };
        let none = Vec::<String>::new();
        assert_eq!(update(&|_| {}), none);
        assert_eq!(
            update(&|spec| spec["size"] = json!(4)),
            none,
            "others stay as they are"
        );
        let reordered = json!([{"k": "b", "v": 2}, {"k": "a", "v": 9}]);
        assert_eq!(update(&|spec| spec["map"] = reordered.clone()), none);
        assert_eq!(
            update(&|spec| spec["set"] = json!(["b", "b"])),
            none,
            "there was one already"
        );
        assert_eq!(
            update(&|spec| spec["size"] = json!(8)),
            ["spec.size: Invalid value: 8: spec.size in body should be less than or equal to 5"]
        );
        assert_eq!(
            update(&|spec| spec["map"][1]["v"] = json!(7)),
            ["spec.map[1].v: Invalid value: 7: spec.map[1].v in body should be less than or equal to 5"]
        );
        assert_eq!(
            update(&|spec| spec["list"] = json!(["long", "x"])).len(),
            2,
            "a plain list is unchanged as a whole or not at all; and no rules then"
        );
    }

    #[test]
    fn rules_may_stay_broken_but_not_those_about_the_change() {
        let old = object(&json!({"size": 3, "name": "a"}));
        assert_eq!(judge().update(&old, &old), []);
        let mut new = old.clone();
        new["spec"]["name"] = json!("b");
        assert_eq!(
            texts(&judge().update(&new, &old)),
            ["spec: Invalid value: failed rule: self.size != 3"]
        );
        let gone = object(&json!({"size": 1}));
        assert_eq!(
            texts(&judge().update(&gone, &old)),
            ["spec: Invalid value: name stays"]
        );
    }

    #[test]
    fn a_status_is_judged_alone() {
        let old = object(&json!({"size": 9}));
        let mut new = old.clone();
        new["status"] = json!({"phase": "C"});
        let errors = texts(&judge().update_status(&new, &old));
        assert_eq!(
            errors[0],
            "status.phase: Unsupported value: \"C\": supported values: \"A\", \"B\""
        );
        assert_eq!(errors.len(), 2);
        assert_eq!(judge().update_status(&new, &new), [], "it was so before");
        new["status"]["phase"] = json!("A");
        assert_eq!(judge().update_status(&new, &old), []);
    }

    #[test]
    fn metadata_keeps_its_identity() {
        let old = object(&json!({"size": 1}));
        let mut new = old.clone();
        new["metadata"] = json!({"name": "y", "uid": "1"});
        assert_eq!(
            texts(&judge().update(&new, &old)),
            [
                "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
                "metadata.name: Invalid value: \"y\": field is immutable",
                "metadata.uid: Invalid value: \"1\": field is immutable",
            ]
        );
    }
}
