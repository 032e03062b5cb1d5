//! A schema as it stands in a CRD: every keyword that JSON Schema has there, also those that are refused.
//!
//! [`Structural`](crate::structural::Structural) keeps what judging an object needs; acceptance of a CRD also has
//! to see what may not be there.

use crate::structural::{
    AdditionalProperties, Extensions, ListType, MapType, NestedValidation, SchemaType, Structural,
    ValidationRule, ValueValidation,
};
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// `JSONSchemaProps`; absent keywords are `None`, empty or `false`.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the keywords are what they are")]
pub(super) struct Props {
    pub(super) id: String,
    pub(super) schema: String,
    pub(super) reference: Option<String>,
    pub(super) description: String,
    pub(super) ty: String,
    pub(super) nullable: bool,
    pub(super) format: String,
    pub(super) title: String,
    pub(super) default: Option<Value>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_maximum: bool,
    pub(super) minimum: Option<Number>,
    pub(super) exclusive_minimum: bool,
    pub(super) max_length: Option<i64>,
    pub(super) min_length: Option<i64>,
    pub(super) pattern: String,
    pub(super) max_items: Option<i64>,
    pub(super) min_items: Option<i64>,
    pub(super) unique_items: bool,
    pub(super) multiple_of: Option<Number>,
    pub(super) enumeration: Vec<Value>,
    pub(super) max_properties: Option<i64>,
    pub(super) min_properties: Option<i64>,
    pub(super) required: Vec<String>,
    pub(super) items: Option<Items>,
    pub(super) all_of: Vec<Props>,
    pub(super) one_of: Vec<Props>,
    pub(super) any_of: Vec<Props>,
    pub(super) not: Option<Box<Props>>,
    pub(super) properties: BTreeMap<String, Props>,
    pub(super) additional_properties: Option<PropsOrBool>,
    pub(super) pattern_properties: BTreeMap<String, Props>,
    pub(super) dependencies: Option<BTreeMap<String, Option<Props>>>,
    pub(super) additional_items: Option<PropsOrBool>,
    pub(super) definitions: BTreeMap<String, Props>,
    pub(super) external_docs: Option<ExternalDocs>,
    pub(super) example: Option<Value>,
    pub(super) preserve_unknown_fields: Option<bool>,
    pub(super) embedded_resource: bool,
    pub(super) int_or_string: bool,
    pub(super) list_map_keys: Vec<String>,
    pub(super) list_type: Option<String>,
    pub(super) map_type: Option<String>,
    pub(super) validations: Vec<ValidationRule>,
}

/// `items`: one schema, or, which is refused, a list of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Items {
    pub(super) schema: Option<Box<Props>>,
    pub(super) schemas: Vec<Props>,
}

/// `additionalProperties` and `additionalItems`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PropsOrBool {
    Allowed(bool),
    Schema(Box<Props>),
}

impl PropsOrBool {
    pub(super) fn schema(&self) -> Option<&Props> {
        match self {
            Self::Schema(schema) => Some(schema),
            Self::Allowed(_) => None,
        }
    }
}

/// `externalDocs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ExternalDocs {
    pub(super) description: String,
    pub(super) url: String,
}

/// Reads fields of decoded JSON, whose types are known to fit; what does not fit reads as absent.
pub(super) struct Fields<'v>(pub(super) &'v Map<String, Value>);

impl<'v> Fields<'v> {
    /// The fields of an object; of anything else none.
    pub(super) fn of(value: &'v Value) -> Self {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        Self(value.as_object().unwrap_or(&EMPTY))
    }

    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The fields of the object in a field.
    pub(super) fn inside(&self, name: &str) -> Option<Self> {
        self.get(name).and_then(Value::as_object).map(Self)
    }

    pub(super) fn some_text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.some_text(name).unwrap_or_default()
    }

    pub(super) fn some_flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.some_flag(name).unwrap_or_default()
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    fn number(&self, name: &str) -> Option<Number> {
        self.get(name).and_then(Value::as_number).cloned()
    }

    pub(super) fn list(&self, name: &str) -> &'v [Value] {
        self.get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.list(name).iter();
        texts
            .map(|text| text.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    fn schemas(&self, name: &str) -> Vec<Props> {
        self.list(name).iter().map(Props::read).collect()
    }

    fn schema_map(&self, name: &str) -> BTreeMap<String, Props> {
        let entries = self.inside(name).into_iter().flat_map(|fields| fields.0);
        entries
            .map(|(name, schema)| (name.clone(), Props::read(schema)))
            .collect()
    }

    fn schema_or_bool(&self, name: &str) -> Option<PropsOrBool> {
        Some(match self.get(name)? {
            Value::Bool(allowed) => PropsOrBool::Allowed(*allowed),
            schema => PropsOrBool::Schema(Box::new(Props::read(schema))),
        })
    }

    fn items(&self) -> Option<Items> {
        Some(match self.get("items")? {
            Value::Array(schemas) => Items {
                schema: None,
                schemas: schemas.iter().map(Props::read).collect(),
            },
            schema => Items {
                schema: Some(Box::new(Props::read(schema))),
                schemas: Vec::new(),
            },
        })
    }
}

impl Props {
    /// Reads a decoded schema.
    pub(super) fn read(schema: &Value) -> Self {
        let fields = Fields::of(schema);
        Self {
            id: fields.text("id"),
            schema: fields.text("$schema"),
            reference: fields.some_text("$ref"),
            description: fields.text("description"),
            ty: fields.text("type"),
            nullable: fields.flag("nullable"),
            format: fields.text("format"),
            title: fields.text("title"),
            default: fields.get("default").cloned(),
            maximum: fields.number("maximum"),
            exclusive_maximum: fields.flag("exclusiveMaximum"),
            minimum: fields.number("minimum"),
            exclusive_minimum: fields.flag("exclusiveMinimum"),
            max_length: fields.integer("maxLength"),
            min_length: fields.integer("minLength"),
            pattern: fields.text("pattern"),
            max_items: fields.integer("maxItems"),
            min_items: fields.integer("minItems"),
            unique_items: fields.flag("uniqueItems"),
            multiple_of: fields.number("multipleOf"),
            enumeration: fields.list("enum").to_vec(),
            max_properties: fields.integer("maxProperties"),
            min_properties: fields.integer("minProperties"),
            required: fields.texts("required"),
            items: fields.items(),
            all_of: fields.schemas("allOf"),
            one_of: fields.schemas("oneOf"),
            any_of: fields.schemas("anyOf"),
            not: fields.get("not").map(|not| Box::new(Props::read(not))),
            properties: fields.schema_map("properties"),
            additional_properties: fields.schema_or_bool("additionalProperties"),
            pattern_properties: fields.schema_map("patternProperties"),
            dependencies: fields.inside("dependencies").map(|entries| {
                let dependency = |value: &Value| value.is_object().then(|| Props::read(value));
                let entries = entries.0.iter();
                entries
                    .map(|(name, value)| (name.clone(), dependency(value)))
                    .collect()
            }),
            additional_items: fields.schema_or_bool("additionalItems"),
            definitions: fields.schema_map("definitions"),
            external_docs: fields.inside("externalDocs").map(|docs| ExternalDocs {
                description: docs.text("description"),
                url: docs.text("url"),
            }),
            example: fields.get("example").cloned(),
            preserve_unknown_fields: fields.some_flag("x-kubernetes-preserve-unknown-fields"),
            embedded_resource: fields.flag("x-kubernetes-embedded-resource"),
            int_or_string: fields.flag("x-kubernetes-int-or-string"),
            list_map_keys: fields.texts("x-kubernetes-list-map-keys"),
            list_type: fields.some_text("x-kubernetes-list-type"),
            map_type: fields.some_text("x-kubernetes-map-type"),
            validations: fields
                .list("x-kubernetes-validations")
                .iter()
                .map(read_rule)
                .collect(),
        }
    }

    /// The schema of the elements, where there is one.
    pub(super) fn item(&self) -> Option<&Props> {
        self.items.as_ref()?.schema.as_deref()
    }

    /// Whether `x-kubernetes-preserve-unknown-fields` is `true`.
    pub(super) fn preserves(&self) -> bool {
        self.preserve_unknown_fields == Some(true)
    }

    /// Whether this schema or one inside it, wherever it stands, satisfies `is_wanted`.
    pub(super) fn any(&self, is_wanted: &mut dyn FnMut(&Props) -> bool) -> bool {
        if is_wanted(self) {
            return true;
        }
        let items = self.items.iter();
        let additional = [&self.additional_properties, &self.additional_items];
        let maps = [&self.properties, &self.pattern_properties, &self.definitions];
        let dependencies = self.dependencies.iter().flat_map(BTreeMap::values).flatten();
        items
            .clone()
            .filter_map(|items| items.schema.as_deref())
            .chain(items.flat_map(|items| &items.schemas))
            .chain(self.all_of.iter().chain(&self.any_of).chain(&self.one_of))
            .chain(self.not.as_deref())
            .chain(additional.into_iter().flatten().filter_map(PropsOrBool::schema))
            .chain(maps.into_iter().flat_map(BTreeMap::values))
            .chain(dependencies)
            .any(|schema| schema.any(is_wanted))
    }

    /// The keywords that judging an object needs. What an accepted schema cannot have is left out.
    pub(super) fn to_structural(&self) -> Structural {
        let map = |(name, schema): (&String, &Props)| (name.clone(), schema.to_structural());
        Structural {
            ty: self.schema_type(),
            title: some(&self.title),
            description: some(&self.description),
            default: self.default.clone(),
            nullable: self.nullable,
            properties: self.properties.iter().map(map).collect(),
            additional_properties: self.additional_properties.as_ref().map(|values| match values {
                PropsOrBool::Allowed(allowed) => AdditionalProperties::Allowed(*allowed),
                PropsOrBool::Schema(schema) => AdditionalProperties::Schema(Box::new(schema.to_structural())),
            }),
            items: self.item().map(|schema| Box::new(schema.to_structural())),
            value: self.value_validation(),
            extensions: Extensions {
                preserve_unknown_fields: self.preserves(),
                embedded_resource: self.embedded_resource,
                int_or_string: self.int_or_string,
                list_type: match self.list_type.as_deref() {
                    Some("atomic") => Some(ListType::Atomic),
                    Some("set") => Some(ListType::Set),
                    Some("map") => Some(ListType::Map),
                    _ => None,
                },
                list_map_keys: self.list_map_keys.clone(),
                map_type: match self.map_type.as_deref() {
                    Some("granular") => Some(MapType::Granular),
                    Some("atomic") => Some(MapType::Atomic),
                    _ => None,
                },
                validations: self.validations.clone(),
            },
        }
    }

    fn to_nested(&self) -> NestedValidation {
        let map = |(name, schema): (&String, &Props)| (name.clone(), schema.to_nested());
        let values = self.additional_properties.as_ref().and_then(PropsOrBool::schema);
        NestedValidation {
            ty: self.schema_type(),
            value: self.value_validation(),
            properties: self.properties.iter().map(map).collect(),
            additional_properties: values.map(|schema| Box::new(schema.to_nested())),
            items: self.item().map(|schema| Box::new(schema.to_nested())),
            validations: self.validations.clone(),
        }
    }

    fn value_validation(&self) -> ValueValidation {
        let nested = |schemas: &[Props]| schemas.iter().map(Props::to_nested).collect();
        // A negative bound is one that no list or text can be below.
        let count = |bound: Option<i64>| bound.map(|bound| u64::try_from(bound).unwrap_or_default());
        ValueValidation {
            format: some(&self.format),
            minimum: self.minimum.clone(),
            maximum: self.maximum.clone(),
            exclusive_minimum: self.exclusive_minimum,
            exclusive_maximum: self.exclusive_maximum,
            min_length: count(self.min_length),
            max_length: count(self.max_length),
            pattern: some(&self.pattern),
            min_items: count(self.min_items),
            max_items: count(self.max_items),
            unique_items: self.unique_items,
            multiple_of: self.multiple_of.clone(),
            min_properties: count(self.min_properties),
            max_properties: count(self.max_properties),
            required: self.required.clone(),
            enumeration: self.enumeration.clone(),
            all_of: nested(&self.all_of),
            any_of: nested(&self.any_of),
            one_of: nested(&self.one_of),
            not: self.not.as_ref().map(|not| Box::new(not.to_nested())),
        }
    }

    fn schema_type(&self) -> Option<SchemaType> {
        Some(match self.ty.as_str() {
            "object" => SchemaType::Object,
            "array" => SchemaType::Array,
            "string" => SchemaType::String,
            "integer" => SchemaType::Integer,
            "number" => SchemaType::Number,
            "boolean" => SchemaType::Boolean,
            _ => return None,
        })
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_rule(rule: &Value) -> ValidationRule {
    let fields = Fields::of(rule);
    ValidationRule {
        rule: fields.text("rule"),
        message: fields.some_text("message"),
        message_expression: fields.some_text("messageExpression"),
        reason: fields.some_text("reason"),
        field_path: fields.some_text("fieldPath"),
        optional_old_self: fields.some_flag("optionalOldSelf"),
    }
}
