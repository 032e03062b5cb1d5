//! From the schema as read to the checks as run.

use crate::formats::StringFormat;
use crate::structural::{
    AdditionalProperties, NestedValidation, SchemaError, SchemaType, Structural, ValueValidation,
};
use crate::trail::MAX_DEPTH;
use crate::values::re2;
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The checks on one value.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The allowed types; empty: any.
    pub(super) types: &'static [SchemaType],
    pub(super) nullable: bool,
    pub(super) format: Option<Format>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) minimum: Option<Bound>,
    pub(super) maximum: Option<Bound>,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) unique_items: bool,
    pub(super) items: Option<Box<Node>>,
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) required: Vec<String>,
    pub(super) properties: BTreeMap<String, Box<Node>>,
    pub(super) additional: Additional,
    pub(super) enumeration: Vec<Value>,
    pub(super) all_of: Vec<Node>,
    pub(super) any_of: Vec<Node>,
    pub(super) one_of: Vec<Node>,
    pub(super) not: Option<Box<Node>>,
}

/// A bound on numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) value: f64,
    /// The bound itself is out of bounds.
    pub(super) exclusive: bool,
}

/// What holds for properties that are not declared.
#[derive(Debug, Default)]
pub(super) enum Additional {
    #[default]
    Unchecked,
    Forbidden,
    Checked(Box<Node>),
}

/// A format that counts, with the name it was given.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) name: String,
    pub(super) kind: FormatKind,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum FormatKind {
    Text(StringFormat),
    /// Nobody knows it.
    Unknown,
    Int32,
    Int64,
    Float,
    Double,
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) source: String,
    pub(super) regex: Arc<Regex>,
}

/// What is judged by a schema. The API server prepares schemas for objects only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Objects.
    Object,
    /// The defaults in the schema: what is an integer or a string may be of any type, and a format counts that is not
    /// for the type of its schema, or that nobody knows: it decides which values pass and how the others are
    /// complained about.
    Default,
}

/// Compiles the schema of a whole object.
pub(super) fn structural(schema: &Structural, subject: Subject) -> Result<Box<Node>, SchemaError> {
    Compiler {
        subject,
        path: Vec::new(),
        patterns: HashMap::new(),
    }
    .structural(schema)
}

/// Compiles while keeping the path for messages.
struct Compiler {
    subject: Subject,
    path: Vec<String>,
    /// The patterns so far: a schema repeats a few of them in many fields.
    patterns: HashMap<String, Arc<Regex>>,
}

impl Compiler {
    fn inside<T>(
        &mut self,
        step: impl Into<String>,
        compile: impl FnOnce(&mut Self) -> Result<T, SchemaError>,
    ) -> Result<T, SchemaError> {
        if self.path.len() >= MAX_DEPTH {
            return Err(self.error(format!("schemas may not nest more than {MAX_DEPTH} levels deep")));
        }
        self.path.push(step.into());
        let compiled = compile(self)?;
        self.path.pop();
        Ok(compiled)
    }

    fn error(&self, message: String) -> SchemaError {
        SchemaError {
            path: self.path.join("."),
            message,
        }
    }

    fn structural(&mut self, schema: &Structural) -> Result<Box<Node>, SchemaError> {
        let types: &[SchemaType] = match (schema.extensions.int_or_string, self.subject) {
            (true, Subject::Object) => &[SchemaType::Integer, SchemaType::String],
            (true, Subject::Default) => &[],
            (false, _) => single(schema.ty),
        };
        let mut node = self.value(&schema.value, types)?;
        node.nullable = schema.nullable;
        for (name, property) in &schema.properties {
            let property = self.inside(format!("properties.{name}"), |c| c.structural(property))?;
            node.properties.insert(name.clone(), property);
        }
        node.additional = match &schema.additional_properties {
            None | Some(AdditionalProperties::Allowed(true)) => Additional::Unchecked,
            Some(AdditionalProperties::Allowed(false)) => Additional::Forbidden,
            Some(AdditionalProperties::Schema(values)) => {
                Additional::Checked(self.inside("additionalProperties", |c| c.structural(values))?)
            }
        };
        if let Some(items) = &schema.items {
            node.items = Some(self.inside("items", |c| c.structural(items))?);
        }
        Ok(node)
    }

    fn nested(&mut self, schema: &NestedValidation) -> Result<Box<Node>, SchemaError> {
        let mut node = self.value(&schema.value, single(schema.ty))?;
        for (name, property) in &schema.properties {
            let property = self.inside(format!("properties.{name}"), |c| c.nested(property))?;
            node.properties.insert(name.clone(), property);
        }
        if let Some(values) = &schema.additional_properties {
            node.additional = Additional::Checked(self.inside("additionalProperties", |c| c.nested(values))?);
        }
        if let Some(items) = &schema.items {
            node.items = Some(self.inside("items", |c| c.nested(items))?);
        }
        Ok(node)
    }

    fn value(
        &mut self,
        value: &ValueValidation,
        types: &'static [SchemaType],
    ) -> Result<Box<Node>, SchemaError> {
        let float =
            |number: &Option<serde_json::Number>| number.as_ref().and_then(serde_json::Number::as_f64);
        let not = match &value.not {
            Some(not) => Some(self.inside("not", |c| c.nested(not))?),
            None => None,
        };
        let mut node = Box::new(Node::default());
        node.types = types;
        node.format = value
            .format
            .as_deref()
            .and_then(|name| format(name, types, self.subject));
        node.min_length = value.min_length;
        node.max_length = value.max_length;
        node.pattern = value
            .pattern
            .as_deref()
            .map(|pattern| self.pattern(pattern))
            .transpose()?;
        let bound = |number: &Option<serde_json::Number>, exclusive| {
            float(number).map(|value| Bound { value, exclusive })
        };
        node.minimum = bound(&value.minimum, value.exclusive_minimum);
        node.maximum = bound(&value.maximum, value.exclusive_maximum);
        node.multiple_of = float(&value.multiple_of);
        node.min_items = value.min_items;
        node.max_items = value.max_items;
        node.unique_items = value.unique_items;
        node.min_properties = value.min_properties;
        node.max_properties = value.max_properties;
        node.required.clone_from(&value.required);
        node.enumeration.clone_from(&value.enumeration);
        node.all_of = self.branches("allOf", &value.all_of)?;
        node.any_of = self.branches("anyOf", &value.any_of)?;
        node.one_of = self.branches("oneOf", &value.one_of)?;
        node.not = not;
        Ok(node)
    }

    fn branches(&mut self, keyword: &str, schemas: &[NestedValidation]) -> Result<Vec<Node>, SchemaError> {
        let mut branches = Vec::with_capacity(schemas.len());
        for (index, schema) in schemas.iter().enumerate() {
            branches.push(*self.inside(format!("{keyword}[{index}]"), |c| c.nested(schema))?);
        }
        Ok(branches)
    }

    fn pattern(&mut self, source: &str) -> Result<Pattern, SchemaError> {
        let regex = match self.patterns.get(source) {
            Some(known) => Arc::clone(known),
            None => {
                let regex = re2(source).map_err(|error| self.error(format!("pattern: {error}")))?;
                let regex = Arc::new(regex);
                self.patterns.insert(source.to_owned(), Arc::clone(&regex));
                regex
            }
        };
        Ok(Pattern {
            source: source.to_owned(),
            regex,
        })
    }
}

fn single(ty: Option<SchemaType>) -> &'static [SchemaType] {
    match ty {
        None => &[],
        Some(SchemaType::Object) => &[SchemaType::Object],
        Some(SchemaType::Array) => &[SchemaType::Array],
        Some(SchemaType::String) => &[SchemaType::String],
        Some(SchemaType::Integer) => &[SchemaType::Integer],
        Some(SchemaType::Number) => &[SchemaType::Number],
        Some(SchemaType::Boolean) => &[SchemaType::Boolean],
    }
}

/// The format called `name`, where it counts for these types.
fn format(name: &str, types: &[SchemaType], subject: Subject) -> Option<Format> {
    let kind = match name {
        "int32" => FormatKind::Int32,
        "int64" => FormatKind::Int64,
        "float" => FormatKind::Float,
        "double" => FormatKind::Double,
        _ => StringFormat::find(name).map_or(FormatKind::Unknown, FormatKind::Text),
    };
    let counts = match (types, kind) {
        _ if subject == Subject::Default => true,
        ([SchemaType::Integer], FormatKind::Int32 | FormatKind::Int64)
        | ([SchemaType::Number], FormatKind::Float | FormatKind::Double)
        | ([] | [SchemaType::String] | [_, _, ..], FormatKind::Text(_)) => true,
        _ => false,
    };
    counts.then(|| Format {
        name: name.to_owned(),
        kind,
    })
}
