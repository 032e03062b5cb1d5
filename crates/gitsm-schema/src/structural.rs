//! The structural schema of a custom resource, read from the `openAPIV3Schema` of its CRD.
//!
//! Kubernetes calls a schema structural when every field's type is given outside `allOf`, `anyOf`, `oneOf`
//! and `not` (see "Specifying a structural schema" in the Kubernetes documentation). Only such schemas are
//! accepted for CRDs; [`Structural::from_json`] reads the keywords a CRD may use and refuses others by name.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A structural schema: one node of the tree that describes an object.
///
/// Fields carry the OpenAPI names in snake case; absent keywords are `None`, empty or `false`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Structural {
    /// `type`; `None` only under `x-kubernetes-int-or-string` or `x-kubernetes-preserve-unknown-fields`.
    pub ty: Option<SchemaType>,
    /// `title`.
    pub title: Option<String>,
    /// `description`, shown by `kubectl explain`.
    pub description: Option<String>,
    /// `default`, filled in where the field is absent.
    pub default: Option<Value>,
    /// `nullable`: `null` is accepted and kept.
    pub nullable: bool,
    /// `properties` of an object.
    pub properties: BTreeMap<String, Structural>,
    /// `additionalProperties`: the schema of a map's values, or whether any key is allowed.
    pub additional_properties: Option<AdditionalProperties>,
    /// `items` of a list.
    pub items: Option<Box<Structural>>,
    /// Value checks at this node and in its `allOf`, `anyOf`, `oneOf`, `not`.
    pub value: ValueValidation,
    /// The `x-kubernetes-*` keywords.
    pub extensions: Extensions,
}

/// The JSON type that a schema node names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaType {
    /// A map or an object with properties.
    Object,
    /// A list.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl SchemaType {
    /// The word used in schemas and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// `additionalProperties`: a schema for every value, or a plain yes or no.
#[derive(Debug, Clone, PartialEq)]
pub enum AdditionalProperties {
    /// `true` or `false`.
    Allowed(bool),
    /// Every value of the map has this schema.
    Schema(Box<Structural>),
}

/// The keywords that check a value without giving structure.
///
/// Inside `allOf`, `anyOf`, `oneOf` and `not` the same keywords occur again, with `properties`, `items` and
/// `additionalProperties` that only check: [`NestedValidation`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValueValidation {
    /// `format`; unknown formats are ignored, as the API server does.
    pub format: Option<String>,
    /// `minimum`.
    pub minimum: Option<serde_json::Number>,
    /// `maximum`.
    pub maximum: Option<serde_json::Number>,
    /// `exclusiveMinimum` (draft 4: a flag on `minimum`).
    pub exclusive_minimum: bool,
    /// `exclusiveMaximum` (draft 4: a flag on `maximum`).
    pub exclusive_maximum: bool,
    /// `minLength`, in Unicode code points.
    pub min_length: Option<u64>,
    /// `maxLength`, in Unicode code points.
    pub max_length: Option<u64>,
    /// `pattern`, in RE2 syntax, unanchored.
    pub pattern: Option<String>,
    /// `minItems`.
    pub min_items: Option<u64>,
    /// `maxItems`.
    pub max_items: Option<u64>,
    /// `uniqueItems` (`true` is forbidden in CRDs; list type `set` is the replacement).
    pub unique_items: bool,
    /// `multipleOf`.
    pub multiple_of: Option<serde_json::Number>,
    /// `minProperties`.
    pub min_properties: Option<u64>,
    /// `maxProperties`.
    pub max_properties: Option<u64>,
    /// `required`.
    pub required: Vec<String>,
    /// `enum`.
    pub enumeration: Vec<Value>,
    /// `allOf`.
    pub all_of: Vec<NestedValidation>,
    /// `anyOf`.
    pub any_of: Vec<NestedValidation>,
    /// `oneOf`.
    pub one_of: Vec<NestedValidation>,
    /// `not`.
    pub not: Option<Box<NestedValidation>>,
}

/// A schema inside `allOf`, `anyOf`, `oneOf` or `not`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NestedValidation {
    /// `type`, which only `x-kubernetes-int-or-string` schemas may repeat here.
    pub ty: Option<SchemaType>,
    /// The checks.
    pub value: ValueValidation,
    /// Checks on properties.
    pub properties: BTreeMap<String, NestedValidation>,
    /// Checks on every map value.
    pub additional_properties: Option<Box<NestedValidation>>,
    /// Checks on every element.
    pub items: Option<Box<NestedValidation>>,
    /// `x-kubernetes-validations` on a nested schema, which the API server evaluates too.
    pub validations: Vec<ValidationRule>,
}

/// The `x-kubernetes-*` keywords of a schema node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extensions {
    /// `x-kubernetes-preserve-unknown-fields`.
    pub preserve_unknown_fields: bool,
    /// `x-kubernetes-embedded-resource`.
    pub embedded_resource: bool,
    /// `x-kubernetes-int-or-string`.
    pub int_or_string: bool,
    /// `x-kubernetes-list-type`.
    pub list_type: Option<ListType>,
    /// `x-kubernetes-list-map-keys`.
    pub list_map_keys: Vec<String>,
    /// `x-kubernetes-map-type`.
    pub map_type: Option<MapType>,
    /// `x-kubernetes-validations`.
    pub validations: Vec<ValidationRule>,
}

/// `x-kubernetes-list-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListType {
    /// Replaced as a whole.
    Atomic,
    /// Unordered scalars, each at most once.
    Set,
    /// Unordered objects, each combination of the key fields at most once.
    Map,
}

/// `x-kubernetes-map-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapType {
    /// Merged field by field.
    Granular,
    /// Replaced as a whole.
    Atomic,
}

/// One entry of `x-kubernetes-validations`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValidationRule {
    /// The CEL expression that must be true.
    pub rule: String,
    /// The message when it is not.
    pub message: Option<String>,
    /// A CEL expression that builds the message; wins over `message` when it yields a usable string.
    pub message_expression: Option<String>,
    /// `FieldValueInvalid` (default), `FieldValueForbidden`, `FieldValueRequired` or `FieldValueDuplicate`.
    pub reason: Option<String>,
    /// A JSON path, relative to the node, of the field the message is about.
    pub field_path: Option<String>,
    /// Whether `oldSelf` is optional, so that a transition rule also runs on create.
    pub optional_old_self: Option<bool>,
}

/// Why an `openAPIV3Schema` could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct SchemaError {
    /// Where in the schema, for example `properties.spec.items`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Structural {
    /// Reads a schema as it stands in a CRD.
    ///
    /// # Errors
    ///
    /// A keyword with a value of the wrong type, an unknown `type` or an unknown `x-kubernetes-list-type`.
    /// Keywords that CRDs may not use (`$ref`, `definitions`, ...) and the full structural rules are judged
    /// when a CRD is accepted, not here.
    pub fn from_json(schema: &Value) -> Result<Self, SchemaError> {
        Reader::new().structural(schema)
    }
}

/// Reads schema JSON while keeping the path for messages.
struct Reader {
    path: Vec<String>,
}

impl Reader {
    fn new() -> Self {
        Self { path: Vec::new() }
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, SchemaError> {
        Err(SchemaError {
            path: self.path.join("."),
            message: message.into(),
        })
    }

    fn inside<T>(
        &mut self,
        step: impl Into<String>,
        read: impl FnOnce(&mut Self) -> Result<T, SchemaError>,
    ) -> Result<T, SchemaError> {
        self.path.push(step.into());
        let result = read(self)?;
        self.path.pop();
        Ok(result)
    }

    fn object<'v>(&self, schema: &'v Value) -> Result<&'v Map<String, Value>, SchemaError> {
        match schema.as_object() {
            Some(map) => Ok(map),
            None => self.error("a schema must be an object"),
        }
    }

    fn structural(&mut self, schema: &Value) -> Result<Structural, SchemaError> {
        let map = self.object(schema)?;
        let items = match map.get("items") {
            None | Some(Value::Null) => None,
            Some(items) => Some(Box::new(self.inside("items", |r| r.structural(items))?)),
        };
        let additional_properties = match map.get("additionalProperties") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(allowed)) => Some(AdditionalProperties::Allowed(*allowed)),
            Some(values) => Some(AdditionalProperties::Schema(Box::new(
                self.inside("additionalProperties", |r| r.structural(values))?,
            ))),
        };
        let mut properties = BTreeMap::new();
        for (name, property) in self.map_of(map, "properties")? {
            let read = self.inside(format!("properties.{name}"), |r| r.structural(property))?;
            properties.insert(name.clone(), read);
        }
        Ok(Structural {
            ty: self.schema_type(map)?,
            title: self.string(map, "title")?,
            description: self.string(map, "description")?,
            default: map.get("default").cloned(),
            nullable: self.flag(map, "nullable")?,
            properties,
            additional_properties,
            items,
            value: self.value_validation(map)?,
            extensions: self.extensions(map)?,
        })
    }

    fn nested(&mut self, schema: &Value) -> Result<NestedValidation, SchemaError> {
        let map = self.object(schema)?;
        let mut properties = BTreeMap::new();
        for (name, property) in self.map_of(map, "properties")? {
            let read = self.inside(format!("properties.{name}"), |r| r.nested(property))?;
            properties.insert(name.clone(), read);
        }
        let items = match map.get("items") {
            None | Some(Value::Null) => None,
            Some(items) => Some(Box::new(self.inside("items", |r| r.nested(items))?)),
        };
        let additional_properties = match map.get("additionalProperties") {
            Some(values @ Value::Object(_)) => Some(Box::new(
                self.inside("additionalProperties", |r| r.nested(values))?,
            )),
            _ => None,
        };
        Ok(NestedValidation {
            ty: self.schema_type(map)?,
            value: self.value_validation(map)?,
            properties,
            additional_properties,
            items,
            validations: self.validations(map)?,
        })
    }

    fn value_validation(&mut self, map: &Map<String, Value>) -> Result<ValueValidation, SchemaError> {
        let not = match map.get("not") {
            None | Some(Value::Null) => None,
            Some(schema) => Some(Box::new(self.inside("not", |r| r.nested(schema))?)),
        };
        Ok(ValueValidation {
            format: self.string(map, "format")?,
            minimum: self.number(map, "minimum")?,
            maximum: self.number(map, "maximum")?,
            exclusive_minimum: self.flag(map, "exclusiveMinimum")?,
            exclusive_maximum: self.flag(map, "exclusiveMaximum")?,
            min_length: self.count(map, "minLength")?,
            max_length: self.count(map, "maxLength")?,
            pattern: self.string(map, "pattern")?.filter(|pattern| !pattern.is_empty()),
            min_items: self.count(map, "minItems")?,
            max_items: self.count(map, "maxItems")?,
            unique_items: self.flag(map, "uniqueItems")?,
            multiple_of: self.number(map, "multipleOf")?,
            min_properties: self.count(map, "minProperties")?,
            max_properties: self.count(map, "maxProperties")?,
            required: self.strings(map, "required")?,
            enumeration: self.list(map, "enum")?.to_vec(),
            all_of: self.nested_list(map, "allOf")?,
            any_of: self.nested_list(map, "anyOf")?,
            one_of: self.nested_list(map, "oneOf")?,
            not,
        })
    }

    fn extensions(&mut self, map: &Map<String, Value>) -> Result<Extensions, SchemaError> {
        let list_type = match self.string(map, "x-kubernetes-list-type")?.as_deref() {
            None => None,
            Some("atomic") => Some(ListType::Atomic),
            Some("set") => Some(ListType::Set),
            Some("map") => Some(ListType::Map),
            Some(other) => {
                return self.error(format!(
                    "x-kubernetes-list-type: unknown list type {other:?}; use atomic, set or map"
                ));
            }
        };
        let map_type = match self.string(map, "x-kubernetes-map-type")?.as_deref() {
            None => None,
            Some("granular") => Some(MapType::Granular),
            Some("atomic") => Some(MapType::Atomic),
            Some(other) => {
                return self.error(format!(
                    "x-kubernetes-map-type: unknown map type {other:?}; use granular or atomic"
                ));
            }
        };
        Ok(Extensions {
            preserve_unknown_fields: self.flag(map, "x-kubernetes-preserve-unknown-fields")?,
            embedded_resource: self.flag(map, "x-kubernetes-embedded-resource")?,
            int_or_string: self.flag(map, "x-kubernetes-int-or-string")?,
            list_type,
            list_map_keys: self.strings(map, "x-kubernetes-list-map-keys")?,
            map_type,
            validations: self.validations(map)?,
        })
    }

    fn validations(&mut self, map: &Map<String, Value>) -> Result<Vec<ValidationRule>, SchemaError> {
        let rules = self.list(map, "x-kubernetes-validations")?;
        let mut read = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            read.push(self.inside(format!("x-kubernetes-validations[{index}]"), |r| {
                let map = r.object(rule)?;
                Ok(ValidationRule {
                    rule: r.string(map, "rule")?.unwrap_or_default(),
                    message: r.string(map, "message")?,
                    message_expression: r.string(map, "messageExpression")?,
                    reason: r.string(map, "reason")?,
                    field_path: r.string(map, "fieldPath")?,
                    optional_old_self: match map.get("optionalOldSelf") {
                        None | Some(Value::Null) => None,
                        Some(_) => Some(r.flag(map, "optionalOldSelf")?),
                    },
                })
            })?);
        }
        Ok(read)
    }

    fn schema_type(&self, map: &Map<String, Value>) -> Result<Option<SchemaType>, SchemaError> {
        Ok(Some(match self.string(map, "type")?.as_deref() {
            None | Some("") => return Ok(None),
            Some("object") => SchemaType::Object,
            Some("array") => SchemaType::Array,
            Some("string") => SchemaType::String,
            Some("integer") => SchemaType::Integer,
            Some("number") => SchemaType::Number,
            Some("boolean") => SchemaType::Boolean,
            Some(other) => return self.error(format!("type: unknown type {other:?}")),
        }))
    }

    fn nested_list(
        &mut self,
        map: &Map<String, Value>,
        keyword: &str,
    ) -> Result<Vec<NestedValidation>, SchemaError> {
        let schemas = self.list(map, keyword)?;
        let mut read = Vec::with_capacity(schemas.len());
        for (index, schema) in schemas.iter().enumerate() {
            read.push(self.inside(format!("{keyword}[{index}]"), |r| r.nested(schema))?);
        }
        Ok(read)
    }

    fn map_of<'v>(
        &self,
        map: &'v Map<String, Value>,
        keyword: &str,
    ) -> Result<impl Iterator<Item = (&'v String, &'v Value)> + use<'v>, SchemaError> {
        let entries = match map.get(keyword) {
            None | Some(Value::Null) => None,
            Some(Value::Object(entries)) => Some(entries),
            Some(_) => return self.error(format!("{keyword}: must be an object")),
        };
        Ok(entries.into_iter().flatten())
    }

    fn list<'v>(&self, map: &'v Map<String, Value>, keyword: &str) -> Result<&'v [Value], SchemaError> {
        match map.get(keyword) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => self.error(format!("{keyword}: must be a list")),
        }
    }

    fn strings(&self, map: &Map<String, Value>, keyword: &str) -> Result<Vec<String>, SchemaError> {
        self.list(map, keyword)?
            .iter()
            .map(|item| match item.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => self.error(format!("{keyword}: must be a list of strings")),
            })
            .collect()
    }

    fn string(&self, map: &Map<String, Value>, keyword: &str) -> Result<Option<String>, SchemaError> {
        match map.get(keyword) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => self.error(format!("{keyword}: must be a string")),
        }
    }

    fn flag(&self, map: &Map<String, Value>, keyword: &str) -> Result<bool, SchemaError> {
        match map.get(keyword) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => self.error(format!("{keyword}: must be true or false")),
        }
    }

    fn count(&self, map: &Map<String, Value>, keyword: &str) -> Result<Option<u64>, SchemaError> {
        match map.get(keyword) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(count) => Ok(Some(count)),
                None => self.error(format!("{keyword}: must be a whole number of zero or more")),
            },
        }
    }

    fn number(
        &self,
        map: &Map<String, Value>,
        keyword: &str,
    ) -> Result<Option<serde_json::Number>, SchemaError> {
        match map.get(keyword) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number.clone())),
            Some(_) => self.error(format!("{keyword}: must be a number")),
        }
    }
}
