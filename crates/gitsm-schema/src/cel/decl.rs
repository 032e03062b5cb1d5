//! Declared types: how the JSON of a variable is read, and which CEL type it has.
//!
//! A [`DeclType`] is made from a structural schema with the rules of the Kubernetes API server: int-or-string
//! and everything without a type is dynamic or invisible, `format` makes timestamps, durations and bytes, and
//! the root of a resource always has `apiVersion`, `kind`, `metadata.name` and `metadata.generateName`.

use super::escape::{escape, is_reserved};
use super::types::Type;
use crate::structural::{AdditionalProperties, ListType, SchemaType, Structural};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The declared type of a variable or field.
#[derive(Debug, Clone)]
pub struct DeclType {
    /// What it is.
    pub kind: DeclKind,
    /// Whether JSON `null` is a value of it.
    pub nullable: bool,
}

/// What a [`DeclType`] is.
#[derive(Debug, Clone)]
pub enum DeclKind {
    /// JSON without a schema: whole numbers are `int`, others `double`.
    Json,
    /// A string or a whole number; dynamic in expressions.
    IntOrString,
    /// A value of this CEL type, given as such or as the JSON scalar of a schema.
    Scalar(Type),
    /// A string that is a calendar date, a timestamp in expressions.
    Date,
    /// A list.
    List(Arc<ListDecl>),
    /// A map from strings to values of one type.
    Map(Arc<DeclType>),
    /// An object with declared fields.
    Object(Arc<ObjectDecl>),
    /// A value that may be absent as a whole (`oldSelf` with `optionalOldSelf`).
    Optional(Arc<DeclType>),
}

/// A declared list.
#[derive(Debug)]
pub struct ListDecl {
    /// The type of every element.
    pub item: DeclType,
    /// How lists of this type are compared and joined.
    pub semantics: ListSemantics,
}

/// How lists are compared and joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListSemantics {
    /// In order.
    Ordered,
    /// `x-kubernetes-list-type: set`: without order, each element once.
    Set,
    /// `x-kubernetes-list-type: map`: without order, each combination of these keys once.
    Map(Vec<String>),
}

/// A declared object.
#[derive(Debug)]
pub struct ObjectDecl {
    /// The name of the type; two objects have the same type when the name is the same.
    pub name: Arc<str>,
    /// The fields that expressions can name, sorted by [`FieldDecl::identifier`].
    pub fields: Vec<FieldDecl>,
}

/// A field that expressions can name.
#[derive(Debug)]
pub struct FieldDecl {
    /// The (escaped) name in expressions.
    pub identifier: String,
    /// The name in JSON.
    pub property: String,
    /// Its type.
    pub decl: DeclType,
}

impl ObjectDecl {
    /// The field with this (escaped) name; reserved words need no escaping after a dot.
    pub fn field(&self, identifier: &str) -> Option<&FieldDecl> {
        let find = |name: &str| {
            let found = self
                .fields
                .binary_search_by(|field| field.identifier.as_str().cmp(name));
            found.ok().map(|position| &self.fields[position])
        };
        find(identifier).or_else(|| is_reserved(identifier).then(|| find(&escape(identifier)?))?)
    }

    /// The field with this JSON name.
    pub fn property(&self, property: &str) -> Option<&FieldDecl> {
        match self.field(property) {
            Some(field) if field.property == property => Some(field),
            _ => self.fields.iter().find(|field| field.property == property),
        }
    }
}

impl DeclType {
    /// JSON without a schema, dynamic in expressions.
    pub fn json() -> Self {
        Self::of(DeclKind::Json, true)
    }

    /// A value of a CEL type, bound with `Binding::Value`.
    pub fn value(ty: Type) -> Self {
        Self::of(DeclKind::Scalar(ty), false)
    }

    fn of(kind: DeclKind, nullable: bool) -> Self {
        Self { kind, nullable }
    }

    /// The same, optional as a whole.
    #[must_use]
    pub fn optional(self) -> Self {
        Self::of(DeclKind::Optional(Arc::new(self)), false)
    }

    /// The type of data with this schema; `None` where expressions cannot see the data.
    ///
    /// `is_resource_root` makes the fields that every resource has visible. `name` is the type name of the root;
    /// nested types are named after their place below it.
    pub fn from_structural(schema: &Structural, is_resource_root: bool, name: &str) -> Option<Self> {
        let kind = if schema.extensions.int_or_string {
            DeclKind::IntOrString
        } else {
            match schema.ty? {
                SchemaType::Array => {
                    let items = schema.items.as_deref()?;
                    let item = Self::from_structural(
                        items,
                        items.extensions.embedded_resource,
                        &format!("{name}.@idx"),
                    )?;
                    let semantics = match schema.extensions.list_type {
                        Some(ListType::Set) => ListSemantics::Set,
                        Some(ListType::Map) => ListSemantics::Map(schema.extensions.list_map_keys.clone()),
                        Some(ListType::Atomic) | None => ListSemantics::Ordered,
                    };
                    DeclKind::List(Arc::new(ListDecl { item, semantics }))
                }
                SchemaType::Object if is_resource_root => object_kind(&with_resource_fields(schema), name)?,
                SchemaType::Object => object_kind(schema, name)?,
                SchemaType::String => match schema.value.format.as_deref() {
                    Some("byte") => DeclKind::Scalar(Type::Bytes),
                    Some("duration") => DeclKind::Scalar(Type::Duration),
                    Some("date") => DeclKind::Date,
                    Some("date-time") => DeclKind::Scalar(Type::Timestamp),
                    _ => DeclKind::Scalar(Type::String),
                },
                SchemaType::Boolean => DeclKind::Scalar(Type::Bool),
                SchemaType::Number => DeclKind::Scalar(Type::Double),
                SchemaType::Integer => DeclKind::Scalar(Type::Int),
            }
        };
        Some(Self::of(kind, schema.nullable))
    }

    /// The type in expressions.
    pub fn cel_type(&self) -> Type {
        match &self.kind {
            DeclKind::Json | DeclKind::IntOrString => Type::Dyn,
            DeclKind::Scalar(ty) => ty.clone(),
            DeclKind::Date => Type::Timestamp,
            DeclKind::List(list) => Type::list(list.item.cel_type()),
            DeclKind::Map(value) => Type::map(Type::String, value.cel_type()),
            DeclKind::Object(object) => Type::Object(Arc::clone(object)),
            DeclKind::Optional(inner) => Type::optional(inner.cel_type()),
        }
    }
}

fn object_kind(schema: &Structural, name: &str) -> Option<DeclKind> {
    if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
        let value = DeclType::from_structural(
            values,
            values.extensions.embedded_resource,
            &format!("{name}.@elem"),
        )?;
        return Some(DeclKind::Map(Arc::new(value)));
    }
    let mut fields: Vec<FieldDecl> = schema
        .properties
        .iter()
        .filter_map(|(property, schema)| {
            let identifier = escape(property)?;
            let name = format!("{name}.{identifier}");
            let decl = DeclType::from_structural(schema, schema.extensions.embedded_resource, &name)?;
            Some(FieldDecl {
                identifier,
                property: property.clone(),
                decl,
            })
        })
        .collect();
    fields.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    Some(DeclKind::Object(Arc::new(ObjectDecl {
        name: name.into(),
        fields,
    })))
}

/// The schema of a resource root, with the fields that every resource has.
///
/// Of `metadata` only `name` and `generateName` can be seen by rules, unless the schema declares all of them.
pub(super) fn with_resource_fields(schema: &Structural) -> Cow<'_, Structural> {
    let is = |schema: Option<&Structural>, ty| schema.is_some_and(|schema| schema.ty == Some(ty));
    let metadata = schema.properties.get("metadata");
    let names = metadata.map(|metadata| &metadata.properties);
    let is_complete = is(schema.properties.get("kind"), SchemaType::String)
        && is(schema.properties.get("apiVersion"), SchemaType::String)
        && is(metadata, SchemaType::Object)
        && ["name", "generateName"]
            .iter()
            .all(|name| is(names.and_then(|names| names.get(*name)), SchemaType::String));
    if is_complete {
        return Cow::Borrowed(schema);
    }
    let string = Structural {
        ty: Some(SchemaType::String),
        ..Structural::default()
    };
    let metadata = Structural {
        ty: Some(SchemaType::Object),
        properties: BTreeMap::from([
            ("name".to_owned(), string.clone()),
            ("generateName".to_owned(), string.clone()),
        ]),
        ..Structural::default()
    };
    let mut properties = schema.properties.clone();
    properties.insert("kind".to_owned(), string.clone());
    properties.insert("apiVersion".to_owned(), string);
    properties.insert("metadata".to_owned(), metadata);
    Cow::Owned(Structural {
        ty: schema.ty,
        nullable: schema.nullable,
        properties,
        additional_properties: schema.additional_properties.clone(),
        value: schema.value.clone(),
        ..Structural::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declare(schema: &serde_json::Value) -> Option<DeclType> {
        DeclType::from_structural(&Structural::from_json(schema).unwrap(), false, "t")
    }

    #[test]
    fn formats_and_int_or_string_decide_the_type() {
        let object = declare(&json!({"type": "object", "properties": {
            "at": {"type": "string", "format": "date-time"},
            "day": {"type": "string", "format": "date"},
            "for": {"type": "string", "format": "duration"},
            "raw": {"type": "string", "format": "byte"},
            "port": {"x-kubernetes-int-or-string": true},
            "hidden": {"x-kubernetes-preserve-unknown-fields": true},
            "no name": {"type": "string"}
        }}))
        .unwrap();
        let DeclKind::Object(object) = object.kind else {
            panic!("an object schema must declare an object")
        };
        let types: Vec<(String, String)> = object
            .fields
            .iter()
            .map(|field| (field.identifier.clone(), field.decl.cel_type().to_string()))
            .collect();
        let expected = [
            ("__for__", "duration"),
            ("at", "timestamp"),
            ("day", "timestamp"),
            ("port", "dyn"),
            ("raw", "bytes"),
        ];
        assert_eq!(types, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(object.property("for").unwrap().identifier, "__for__");
    }

    #[test]
    fn a_list_without_items_cannot_be_seen() {
        assert!(declare(&json!({"type": "array"})).is_none());
        let list = declare(&json!({"type": "array", "items": {"type": "object"}})).unwrap();
        assert_eq!(list.cel_type().to_string(), "list(t.@idx)");
    }
}
