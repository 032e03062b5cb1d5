//! `x-kubernetes-validations`: compiled once per schema, evaluated per object.
//!
//! The order of errors, which rules run and what their messages say follow the API server
//! (apiextensions-apiserver, `pkg/apiserver/schema/cel`): a rule sees its node as `self` and, where the node can
//! be matched to one of the old object, as `oldSelf`.

use super::decl::{DeclKind, DeclType};
use super::environment::Environment;
use super::error::{CompileError, EvalError};
use super::escape::escape;
use super::field_path;
use super::limits;
use super::program::{Activation, Binding, Program};
use super::types::Type;
use super::value::Value;
use crate::error::{ErrorKind, FieldError};
use crate::path::{Path, Segment};
use crate::structural::{
    AdditionalProperties, ListType, NestedValidation, SchemaType, Structural, ValidationRule,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The name of the type of the root in rules; Kubernetes adds digits to keep anyone from relying on it.
const SELF_TYPE: &str = "selfType";
/// How many steps one rule may take.
const STEPS_PER_RULE: u64 = 1_000_000;
/// How many steps the rules of one object may take.
const STEPS_PER_OBJECT: u64 = 10_000_000;
/// The longest message that a `messageExpression` may give, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;

/// All rules of a schema, ready to be evaluated.
#[derive(Debug)]
pub struct CompiledRules {
    root: Option<Node>,
}

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {keyword}: {source}")]
pub struct SchemaRuleError {
    /// Where in the schema the rule is, for example `properties.spec.x-kubernetes-validations[0]`.
    pub path: String,
    /// `rule` or `messageExpression`.
    pub keyword: &'static str,
    /// The expression.
    pub expression: String,
    /// Why it cannot be used.
    pub source: CompileError,
}

/// The rules at a node of the schema and below it.
#[derive(Debug)]
struct Node {
    rules: Vec<Rule>,
    /// The type that the schema gives the node.
    ty: Option<SchemaType>,
    list_map_keys: Option<Vec<String>>,
    items: Option<Box<Node>>,
    additional_properties: Option<Box<Node>>,
    properties: BTreeMap<String, Node>,
    all_of: Vec<Node>,
}

#[derive(Debug)]
struct Rule {
    definition: ValidationRule,
    program: Program,
    message: Option<Program>,
    /// The field that the error is about, below the node.
    field: Option<Path>,
    uses_old_self: bool,
}

/// The parts of a schema node that carry rules: of the structure, or of an `allOf` on the structure.
#[derive(Clone, Copy)]
enum Source<'s> {
    Structure(&'s Structural),
    AllOf(&'s NestedValidation),
}

impl<'s> Source<'s> {
    fn rules(self) -> &'s [ValidationRule] {
        match self {
            Self::Structure(schema) => &schema.extensions.validations,
            Self::AllOf(nested) => &nested.validations,
        }
    }

    fn items(self) -> Option<Source<'s>> {
        match self {
            Self::Structure(schema) => schema.items.as_deref().map(Source::Structure),
            Self::AllOf(nested) => nested.items.as_deref().map(Source::AllOf),
        }
    }

    fn additional_properties(self) -> Option<Source<'s>> {
        match self {
            Self::Structure(schema) => values_of(schema).map(Source::Structure),
            Self::AllOf(nested) => nested.additional_properties.as_deref().map(Source::AllOf),
        }
    }

    fn properties(self) -> Vec<(&'s String, Source<'s>)> {
        match self {
            Self::Structure(schema) => schema
                .properties
                .iter()
                .map(|(name, schema)| (name, Source::Structure(schema)))
                .collect(),
            Self::AllOf(nested) => nested
                .properties
                .iter()
                .map(|(name, nested)| (name, Source::AllOf(nested)))
                .collect(),
        }
    }

    fn all_of(self) -> &'s [NestedValidation] {
        match self {
            Self::Structure(schema) => &schema.value.all_of,
            Self::AllOf(nested) => &nested.value.all_of,
        }
    }
}

fn values_of(schema: &Structural) -> Option<&Structural> {
    match &schema.additional_properties {
        Some(AdditionalProperties::Schema(values)) => Some(values),
        _ => None,
    }
}

/// Whether a rule stands on the structure itself: the API server does not look for rules that are in `allOf` only.
fn has_rules(schema: &Structural) -> bool {
    !schema.extensions.validations.is_empty()
        || schema.items.as_deref().is_some_and(has_rules)
        || values_of(schema).is_some_and(has_rules)
        || schema.properties.values().any(has_rules)
}

impl CompiledRules {
    /// Compiles every rule of the schema of a custom resource.
    ///
    /// # Errors
    ///
    /// Every rule and message expression that cannot be compiled.
    pub fn compile(schema: &Structural) -> Result<Self, Vec<SchemaRuleError>> {
        if has_rules(schema) {
            Self::compile_node(schema, true)
        } else {
            Ok(Self { root: None })
        }
    }

    /// Compiles every rule of a schema that may be a part of one, so that `is_resource_root` says whether its
    /// data has the fields of a resource.
    ///
    /// # Errors
    ///
    /// As [`Self::compile`].
    pub fn compile_node(schema: &Structural, is_resource_root: bool) -> Result<Self, Vec<SchemaRuleError>> {
        limits::on_large_stack(|| Self::compile_here(schema, is_resource_root)).unwrap_or_else(|source| {
            Err(vec![SchemaRuleError {
                path: String::new(),
                keyword: "rule",
                expression: String::new(),
                source,
            }])
        })
    }

    fn compile_here(schema: &Structural, is_resource_root: bool) -> Result<Self, Vec<SchemaRuleError>> {
        let mut compiler = Compiler {
            errors: Vec::new(),
            path: Vec::new(),
        };
        let decl = DeclType::from_structural(schema, is_resource_root, SELF_TYPE);
        let root = compiler.node(Source::Structure(schema), schema, decl.as_ref());
        if compiler.errors.is_empty() {
            Ok(Self { root })
        } else {
            Err(compiler.errors)
        }
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Evaluates every rule that applies to `object`; `old` is the object that it replaces.
    ///
    /// An object that is unchanged in a node is judged there all the same (no ratcheting).
    pub fn validate(&self, object: &Json, old: Option<&Json>) -> Vec<FieldError> {
        let mut validation = Validation {
            errors: Vec::new(),
            path: Path::root(),
            steps: STEPS_PER_OBJECT,
        };
        if let Some(root) = &self.root {
            validation.node(root, object, old);
        }
        validation.errors
    }
}

struct Compiler {
    errors: Vec<SchemaRuleError>,
    path: Vec<String>,
}

impl Compiler {
    /// The rules at and below a node: `source` has the rules, `schema` the structure, `decl` its type.
    fn node(&mut self, source: Source<'_>, schema: &Structural, decl: Option<&DeclType>) -> Option<Node> {
        let rules = self.rules(source.rules(), schema, decl);
        let element = decl.and_then(|decl| match &decl.kind {
            DeclKind::List(list) => Some(&list.item),
            DeclKind::Map(value) => Some(&**value),
            _ => None,
        });
        let items = match (source.items(), schema.items.as_deref()) {
            (Some(source), Some(schema)) => self.inside("items", |c| c.node(source, schema, element)),
            _ => None,
        };
        let additional_properties = match (source.additional_properties(), values_of(schema)) {
            (Some(source), Some(schema)) => {
                self.inside("additionalProperties", |c| c.node(source, schema, element))
            }
            _ => None,
        };
        let mut properties = BTreeMap::new();
        for (name, property) in source.properties() {
            let Some(schema) = schema.properties.get(name) else {
                continue;
            };
            if let Some(node) = self.property(name, property, schema, decl) {
                properties.insert(name.clone(), node);
            }
        }
        let mut all_of = Vec::new();
        for (position, nested) in source.all_of().iter().enumerate() {
            let step = format!("allOf[{position}]");
            all_of.extend(self.inside(step, |c| c.node(Source::AllOf(nested), schema, decl)));
        }
        let is_empty = rules.is_empty()
            && items.is_none()
            && additional_properties.is_none()
            && properties.is_empty()
            && all_of.is_empty();
        (!is_empty).then(|| Node {
            rules,
            ty: schema.ty,
            list_map_keys: (schema.extensions.list_type == Some(ListType::Map))
                .then(|| schema.extensions.list_map_keys.clone()),
            items: items.map(Box::new),
            additional_properties: additional_properties.map(Box::new),
            properties,
            all_of,
        })
    }

    fn property(
        &mut self,
        name: &str,
        source: Source<'_>,
        schema: &Structural,
        parent: Option<&DeclType>,
    ) -> Option<Node> {
        let step = format!("properties.{name}");
        match escape(name) {
            Some(identifier) => {
                // Fields whose type expressions cannot see are not validated.
                let DeclKind::Object(object) = &parent?.kind else {
                    return None;
                };
                let decl = &object.field(&identifier)?.decl;
                self.inside(step, |c| c.node(source, schema, Some(decl)))
            }
            None => {
                let decl = DeclType::from_structural(schema, schema.extensions.embedded_resource, SELF_TYPE)?;
                self.inside(step, |c| c.node(source, schema, Some(&decl)))
            }
        }
    }

    fn inside<T>(&mut self, step: impl Into<String>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.into());
        let result = work(self);
        self.path.pop();
        result
    }

    fn rules(&mut self, rules: &[ValidationRule], schema: &Structural, decl: Option<&DeclType>) -> Vec<Rule> {
        let used = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| !rule.rule.trim().is_empty());
        let mut compiled = Vec::with_capacity(rules.len());
        for (position, rule) in used {
            let step = format!("x-kubernetes-validations[{position}]");
            compiled.extend(self.inside(step, |compiler| compiler.rule(rule, schema, decl)));
        }
        compiled
    }

    fn rule(&mut self, rule: &ValidationRule, schema: &Structural, decl: Option<&DeclType>) -> Option<Rule> {
        let Some(decl) = decl else {
            let error = CompileError::whole(
                super::error::Phase::Check,
                "failed to convert to declType for CEL validation rules",
            );
            self.error("rule", &rule.rule, error);
            return None;
        };
        let old_self = if rule.optional_old_self == Some(true) {
            decl.clone().optional()
        } else {
            decl.clone()
        };
        let environment = Environment::kubernetes()
            .with_variable("self", decl.clone())
            .with_variable("oldSelf", old_self);
        let message_expression = rule.message_expression.as_deref().filter(|text| !text.is_empty());
        let sources = std::iter::once((rule.rule.as_str(), Some(&Type::Bool)))
            .chain(message_expression.map(|text| (text, Some(&Type::String))));
        let mut programs = match environment.compile_all(&sources.collect::<Vec<_>>()) {
            Ok(programs) => programs.into_iter(),
            Err(error) => {
                self.error("rule", &rule.rule, error);
                return None;
            }
        };
        let program = match programs.next()? {
            Ok(program) => program,
            Err(error) => {
                self.error("rule", &rule.rule, error);
                return None;
            }
        };
        let message = match programs.next() {
            None => None,
            Some(Ok(program)) => Some(program),
            Some(Err(error)) => {
                self.error("messageExpression", message_expression.unwrap_or_default(), error);
                None
            }
        };
        let field = rule.field_path.as_deref().filter(|path| !path.is_empty());
        Some(Rule {
            uses_old_self: program.uses("oldSelf"),
            program,
            message,
            field: field.and_then(|path| field_path::resolve(path, schema).ok()),
            definition: rule.clone(),
        })
    }

    fn error(&mut self, keyword: &'static str, expression: &str, source: CompileError) {
        self.errors.push(SchemaRuleError {
            path: self.path.join("."),
            keyword,
            expression: expression.to_owned(),
            source,
        });
    }
}

/// One walk over an object.
struct Validation {
    errors: Vec<FieldError>,
    path: Path,
    steps: u64,
}

impl Validation {
    fn node(&mut self, node: &Node, value: &Json, old: Option<&Json>) {
        // A rule sees values that are there; whether a value may be null is a rule of the surrounding node.
        if value.is_null() || self.steps == 0 {
            return;
        }
        let old = old.filter(|old| !old.is_null());
        for rule in &node.rules {
            self.rule(node, rule, value, old);
            if self.steps == 0 {
                return;
            }
        }
        for nested in &node.all_of {
            self.node(nested, value, old);
        }
        match value {
            Json::Array(elements) => self.elements(node, elements, old.and_then(Json::as_array)),
            Json::Object(fields) => self.fields(node, fields, old.and_then(Json::as_object)),
            _ => {}
        }
    }

    fn elements(&mut self, node: &Node, elements: &[Json], old: Option<&Vec<Json>>) {
        let Some(items) = &node.items else { return };
        for (position, element) in elements.iter().enumerate() {
            // Only elements of map lists have an identity by which the old one is found.
            let old = node.list_map_keys.as_deref().zip(old).and_then(|(keys, old)| {
                old.iter()
                    .find(|old| keys.iter().all(|key| old.get(key) == element.get(key)))
            });
            self.inside(Segment::Index(position), |v| v.node(items, element, old));
        }
    }

    fn fields(
        &mut self,
        node: &Node,
        fields: &serde_json::Map<String, Json>,
        old: Option<&serde_json::Map<String, Json>>,
    ) {
        for (name, value) in fields {
            let old = old.and_then(|old| old.get(name));
            if let Some(values) = &node.additional_properties {
                self.inside(Segment::Key(name.clone()), |v| v.node(values, value, old));
            }
            if let Some(property) = node.properties.get(name) {
                self.inside(Segment::Field(name.clone()), |v| v.node(property, value, old));
            }
        }
    }

    fn inside(&mut self, segment: Segment, work: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        work(self);
        self.path.pop();
    }

    fn rule(&mut self, node: &Node, rule: &Rule, value: &Json, old: Option<&Json>) {
        let is_optional = rule.definition.optional_old_self == Some(true);
        if rule.uses_old_self && old.is_none() && !is_optional {
            return;
        }
        let old_self = old.map_or(Binding::Absent, Binding::Json);
        let activation = Activation::new()
            .with("self", Binding::Json(value))
            .with("oldSelf", old_self);
        let problem = match self.evaluate(&rule.program, &activation) {
            Ok(Value::Bool(true)) => return,
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let text = &rule.definition;
        if let Some(problem) = problem {
            let name = text
                .message
                .as_deref()
                .filter(|message| !message.is_empty())
                .unwrap_or(&text.rule)
                .trim();
            let detail = match &problem {
                EvalError::NoSuchOverload => format!(
                    "'{problem}': call arguments did not match a supported operator, function or macro signature for \
                     rule: {name}"
                ),
                EvalError::BudgetExceeded => {
                    self.steps = 0;
                    format!(
                        "'{problem}': no further validation rules will be run due to call cost exceeds limit for \
                         rule: {name}"
                    )
                }
                _ => format!("{problem} evaluating rule: {name}"),
            };
            // The API server shows the type instead of the value here.
            let shown = Json::from(node.ty.map_or("", SchemaType::as_str));
            self.report(ErrorKind::Invalid, self.path.clone(), detail, rule, Some(shown));
            return;
        }
        let detail = match rule
            .message
            .as_ref()
            .map(|message| self.message(message, &activation))
        {
            Some(Some(message)) => message,
            _ => match text.message.as_deref().filter(|message| !message.is_empty()) {
                Some(message) => message.trim().to_owned(),
                None => format!("failed rule: {}", text.rule.trim()),
            },
        };
        let path = rule
            .field
            .as_ref()
            .map_or_else(|| self.path.clone(), |field| self.path.join(field));
        let is_container = matches!(node.ty, Some(SchemaType::Object | SchemaType::Array));
        let shown = (!is_container).then(|| value.clone());
        match text.reason.as_deref() {
            Some("FieldValueForbidden") => self.report(ErrorKind::Forbidden, path, detail, rule, None),
            Some("FieldValueRequired") => self.report(ErrorKind::Required, path, detail, rule, None),
            Some("FieldValueDuplicate") => {
                self.report(ErrorKind::Duplicate, path, String::new(), rule, shown)
            }
            _ => self.report(ErrorKind::Invalid, path, detail, rule, shown),
        }
    }

    fn evaluate<'a>(
        &mut self,
        program: &'a Program,
        activation: &'a Activation<'a>,
    ) -> Result<Value<'a>, EvalError> {
        let granted = STEPS_PER_RULE.min(self.steps);
        let mut left = granted;
        let result = program.evaluate_within(activation, &mut left);
        self.steps -= granted - left;
        result
    }

    /// The message that an expression gives, if it is one line of usable text.
    fn message(&mut self, program: &Program, activation: &Activation<'_>) -> Option<String> {
        let Ok(Value::String(text)) = self.evaluate(program, activation) else {
            return None;
        };
        let text = text.trim();
        let is_usable = !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains('\n');
        is_usable.then(|| text.to_owned())
    }

    fn report(&mut self, kind: ErrorKind, path: Path, detail: String, rule: &Rule, value: Option<Json>) {
        self.errors.push(FieldError {
            kind,
            path,
            value,
            detail,
            rule: Some(rule.definition.rule.clone()),
            subject: None,
        });
    }
}
