//! A resource and a server of one object to test with.

use gitsm_apply::{
    ApplyError, ApplyOptions, ResetFields, ResourceTypes, TypeSchema, UpdateOptions, apply, update,
};
use gitsm_schema::ObjectSchema;
use gitsm_schema::structural::Structural;
use serde_json::{Value, json};

pub(crate) const V1: &str = "example.com/v1";
pub(crate) const KIND: &str = "Widget";

/// A schema with every kind of list and map.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"},
                    "replicas": {"type": "integer"},
                    "flag": {"type": "boolean", "nullable": true},
                    "port": {"x-kubernetes-int-or-string": true},
                    "when": {"type": "string", "format": "date-time"},
                    "plain": {"type": "array", "items": {"type": "string"}},
                    "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                    "numbers": {"type": "array", "items": {"type": "number"}, "x-kubernetes-list-type": "set"},
                    "ports": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["port", "protocol"],
                        "items": {
                            "type": "object",
                            "required": ["port"],
                            "properties": {
                                "port": {"type": "integer"},
                                "protocol": {"type": "string", "default": "TCP"},
                                "name": {"type": "string"},
                                "hosts": {
                                    "type": "array",
                                    "x-kubernetes-list-type": "map",
                                    "x-kubernetes-list-map-keys": ["name"],
                                    "items": {
                                        "type": "object",
                                        "required": ["name"],
                                        "properties": {
                                            "name": {"type": "string"},
                                            "weight": {"type": "integer"},
                                        },
                                    },
                                },
                            },
                        },
                    },
                    "map": {"type": "object", "additionalProperties": {"type": "string"}},
                    "nested": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                        },
                    },
                    "whole": {
                        "type": "object",
                        "x-kubernetes-map-type": "atomic",
                        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                    },
                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                    "any": {"x-kubernetes-preserve-unknown-fields": true},
                    "template": {
                        "type": "object",
                        "x-kubernetes-embedded-resource": true,
                        "x-kubernetes-preserve-unknown-fields": true,
                    },
                },
            },
            "status": {
                "type": "object",
                "properties": {
                    "phase": {"type": "string"},
                    "conditions": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["type"],
                        "items": {
                            "type": "object",
                            "required": ["type"],
                            "properties": {"type": {"type": "string"}, "status": {"type": "string"}},
                        },
                    },
                },
            },
        },
    })
}

pub(crate) fn type_schema(schema: &Value) -> TypeSchema {
    TypeSchema::for_resource(&Structural::from_json(schema).unwrap())
}

/// An object and who owns what of it, under one clock that moves with every write.
pub(crate) struct Server {
    pub(crate) types: ResourceTypes,
    pub(crate) object: Option<Value>,
    judge: ObjectSchema,
    seconds: i64,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(&schema())
    }

    pub(crate) fn with(schema: &Value) -> Self {
        Self {
            types: ResourceTypes::single(V1, type_schema(schema)),
            object: None,
            judge: ObjectSchema::new(Structural::from_json(schema).unwrap()).unwrap(),
            seconds: 0,
        }
    }

    fn now(&mut self) -> jiff::Timestamp {
        self.seconds += 1;
        jiff::Timestamp::from_second(1_800_000_000 + self.seconds).unwrap()
    }

    /// A Widget of version v1 with this `spec`.
    pub(crate) fn widget(spec: &Value) -> Value {
        json!({"apiVersion": V1, "kind": KIND, "metadata": {"name": "w", "namespace": "n"}, "spec": spec})
    }

    fn store(&mut self, mut object: Value) {
        object["metadata"]["uid"] = json!("u1");
        self.object = Some(object);
    }

    pub(crate) fn apply_object(
        &mut self,
        manager: &str,
        applied: &Value,
        force: bool,
    ) -> Result<(), ApplyError> {
        let now = self.now();
        let object = apply(
            &self.types,
            self.object.as_ref(),
            applied,
            &ApplyOptions {
                manager,
                force,
                subresource: None,
                api_version: applied["apiVersion"].as_str().unwrap_or(V1),
                kind: KIND,
                now,
                reset: &ResetFields::none().with_status(V1),
            },
        )?;
        let problems = self.judge.validate_values(&object);
        if !problems.is_empty() {
            return Err(ApplyError::Failed(format!("{problems:?}")));
        }
        self.store(object);
        Ok(())
    }

    /// Applies a `spec` against all conflicts, unless the result does not fit the schema: a `map: {}` applied
    /// after `map: {a: b}` leaves a `null`, which validation refuses.
    pub(crate) fn try_force(&mut self, manager: &str, spec: &Value) -> Result<(), ApplyError> {
        self.apply_object(manager, &Self::widget(spec), true)
    }

    /// Applies a `spec`; conflicts are an error.
    pub(crate) fn try_apply(&mut self, manager: &str, spec: &Value) -> Result<(), ApplyError> {
        self.apply_object(manager, &Self::widget(spec), false)
    }

    /// Applies a `spec` that meets no conflict.
    pub(crate) fn apply(&mut self, manager: &str, spec: &Value) {
        self.try_apply(manager, spec).unwrap();
    }

    /// Applies a `spec` against all conflicts.
    pub(crate) fn force(&mut self, manager: &str, spec: &Value) {
        self.try_force(manager, spec).unwrap();
    }

    pub(crate) fn apply_status(&mut self, manager: &str, status: &Value) -> Result<(), ApplyError> {
        let now = self.now();
        let mut applied = Self::widget(&Value::Null);
        applied.as_object_mut().unwrap().remove("spec");
        applied["status"] = status.clone();
        let object = apply(
            &self.types,
            self.object.as_ref(),
            &applied,
            &ApplyOptions {
                manager,
                force: false,
                subresource: Some("status"),
                api_version: V1,
                kind: KIND,
                now,
                reset: &ResetFields::none().with_metadata_and_spec(V1),
            },
        )?;
        self.store(object);
        Ok(())
    }

    /// Writes the whole object.
    pub(crate) fn put(&mut self, manager: &str, object: Value) {
        let now = self.now();
        let object = update(
            &self.types,
            self.object.as_ref(),
            object,
            &UpdateOptions {
                manager,
                subresource: None,
                api_version: V1,
                kind: KIND,
                now,
                reset: &ResetFields::none().with_status(V1),
            },
        );
        self.store(object);
    }

    /// Writes the object with another `spec`.
    pub(crate) fn put_spec(&mut self, manager: &str, spec: &Value) {
        let mut object = self.object.clone().unwrap_or_else(|| Self::widget(spec));
        object["spec"] = spec.clone();
        self.put(manager, object);
    }

    /// Writes the status.
    pub(crate) fn put_status(&mut self, manager: &str, status: &Value) {
        let now = self.now();
        let mut object = self.object.clone().unwrap();
        object["status"] = status.clone();
        let object = update(
            &self.types,
            self.object.as_ref(),
            object,
            &UpdateOptions {
                manager,
                subresource: Some("status"),
                api_version: V1,
                kind: KIND,
                now,
                reset: &ResetFields::none().with_metadata_and_spec(V1),
            },
        );
        self.store(object);
    }

    pub(crate) fn spec(&self) -> Value {
        self.object.as_ref().unwrap()["spec"].clone()
    }

    /// The entries, each as `manager operation[/subresource]` and what it owns.
    pub(crate) fn owners(&self) -> Vec<(String, Value)> {
        let entries = &self.object.as_ref().unwrap()["metadata"]["managedFields"];
        entries
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| {
                let mut name = format!(
                    "{} {}",
                    entry["manager"].as_str().unwrap_or_default(),
                    entry["operation"].as_str().unwrap_or_default()
                );
                if let Some(subresource) = entry["subresource"].as_str() {
                    name = format!("{name}/{subresource}");
                }
                (name, entry["fieldsV1"].clone())
            })
            .collect()
    }

    /// What one entry owns of the `spec`.
    pub(crate) fn owned(&self, name: &str) -> Value {
        self.owners()
            .into_iter()
            .find(|(owner, _)| owner == name)
            .map_or(Value::Null, |(_, fields)| fields["f:spec"].clone())
    }
}

/// The conflicts of an apply, each as message and field.
pub(crate) fn conflicts(result: Result<(), ApplyError>) -> Vec<String> {
    match result {
        Err(ApplyError::Conflicts(conflicts)) => conflicts
            .iter()
            .map(|conflict| format!("{}: {}", conflict.message(), conflict.field()))
            .collect(),
        other => vec![format!("{other:?}")],
    }
}
