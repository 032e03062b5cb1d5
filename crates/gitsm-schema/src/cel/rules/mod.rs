//! `x-kubernetes-validations`: compiled once per schema, evaluated per object.
//!
//! The order of errors, which rules run and what their messages say follow the API server
//! (apiextensions-apiserver, `pkg/apiserver/schema/cel`): a rule sees its node as `self` and, where the node can
//! be matched to one of the old object, as `oldSelf`.

mod ratchet;
mod report;
#[cfg(test)]
mod tests;
mod validate;

use crate::cel::decl::{DeclKind, DeclType};
use crate::cel::environment::Environment;
use crate::cel::error::{CompileError, Phase};
use crate::cel::escape::escape;
use crate::cel::field_path;
use crate::cel::limits;
use crate::cel::program::Program;
use crate::cel::types::Type;
use crate::correlate::Correlated;
use crate::error::FieldError;
use crate::path::Path;
use crate::structural::{
    AdditionalProperties, ListType, NestedValidation, SchemaType, Structural, ValidationRule,
};
pub(crate) use report::{RuleReport, RuleReports, report_rules};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The name of the type of the root in rules; Kubernetes adds digits to keep anyone from relying on it.
const SELF_TYPE: &str = "selfType";

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
        Self::compile_part(schema, true)
    }

    /// As [`Self::compile`], of a schema that may be a part of that of a resource.
    pub(crate) fn compile_part(
        schema: &Structural,
        is_resource_root: bool,
    ) -> Result<Self, Vec<SchemaRuleError>> {
        let (rules, errors) = Self::compile_usable(schema, is_resource_root);
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    /// Compiles every rule of a schema that may be a part of one, so that `is_resource_root` says whether its
    /// data has the fields of a resource.
    ///
    /// # Errors
    ///
    /// As [`Self::compile`].
    pub fn compile_node(schema: &Structural, is_resource_root: bool) -> Result<Self, Vec<SchemaRuleError>> {
        let (rules, errors) = Self::compile_all(schema, is_resource_root);
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    /// As [`Self::compile_part`], without the rules that cannot be compiled, and what is wrong with these.
    pub(crate) fn compile_usable(
        schema: &Structural,
        is_resource_root: bool,
    ) -> (Self, Vec<SchemaRuleError>) {
        if has_rules(schema) {
            Self::compile_all(schema, is_resource_root)
        } else {
            (Self { root: None }, Vec::new())
        }
    }

    fn compile_all(schema: &Structural, is_resource_root: bool) -> (Self, Vec<SchemaRuleError>) {
        let compile = || {
            let mut compiler = Compiler::default();
            let root = compiler.root(schema, is_resource_root);
            (Self { root }, compiler.errors)
        };
        // One thread for all rules of the schema.
        limits::on_large_stack(compile).unwrap_or_else(|source| {
            let error = SchemaRuleError {
                path: String::new(),
                keyword: "rule",
                expression: String::new(),
                source,
            };
            (Self { root: None }, vec![error])
        })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Evaluates every rule that applies to `object`; `old` is the object that it replaces.
    ///
    /// An object that is unchanged in a node is judged there all the same; see [`Self::validate_update`].
    pub fn validate(&self, object: &Json, old: Option<&Json>) -> Vec<FieldError> {
        self.root
            .as_ref()
            .map_or_else(Vec::new, |root| validate::validate(root, object, old, None))
    }

    /// Evaluates every rule that applies to `object`, which replaces `old`; a rule without `oldSelf` may stay broken
    /// where nothing has changed (ratcheting). `schema` is the one that the rules were compiled from.
    ///
    /// A rule whose evaluation fails is reported all the same, as upstream.
    pub fn validate_update(&self, schema: &Structural, object: &Json, old: &Json) -> Vec<FieldError> {
        self.root.as_ref().map_or_else(Vec::new, |root| {
            let correlated = Correlated::new(schema, object, old);
            validate::validate(root, object, Some(old), Some(correlated))
        })
    }
}

#[derive(Debug, Default)]
struct Compiler {
    errors: Vec<SchemaRuleError>,
    path: Vec<String>,
    /// What was found at each schema, where someone asks for it.
    reports: Option<RuleReports>,
    /// Where the rules of reports stand.
    scope: Scope,
}

/// What the schemas above rules say about them. The API server derives the type of a schema from that of the one
/// around it wherever rules stand at that one or above it, so that a missing type is missing to all rules below.
#[derive(Debug, Default, Clone, Copy)]
struct Scope {
    has_rules: bool,
    is_untyped: bool,
}

impl Scope {
    fn inside(self, rules: &[ValidationRule], schema: &Structural, decl: Option<&DeclType>) -> Self {
        let has_rules = self.has_rules || !rules.is_empty();
        Self {
            has_rules,
            is_untyped: self.is_untyped || (has_rules && decl.is_none() && type_of(schema).is_none()),
        }
    }
}

/// The type of a schema by itself.
fn type_of(schema: &Structural) -> Option<DeclType> {
    DeclType::from_structural(schema, schema.extensions.embedded_resource, SELF_TYPE)
}

impl Compiler {
    /// The rules of a whole schema.
    fn root(&mut self, schema: &Structural, is_resource_root: bool) -> Option<Node> {
        let decl = DeclType::from_structural(schema, is_resource_root, SELF_TYPE);
        self.node(Source::Structure(schema), schema, decl.as_ref())
    }

    /// The rules at and below a node: `source` has the rules, `schema` the structure, `decl` its type.
    fn node(&mut self, source: Source<'_>, schema: &Structural, decl: Option<&DeclType>) -> Option<Node> {
        if self.reports.is_none() {
            return self.node_in_scope(source, schema, decl);
        }
        let outer = self.scope;
        self.scope = outer.inside(source.rules(), schema, decl);
        let node = self.node_in_scope(source, schema, decl);
        self.scope = outer;
        node
    }

    fn node_in_scope(
        &mut self,
        source: Source<'_>,
        schema: &Structural,
        decl: Option<&DeclType>,
    ) -> Option<Node> {
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
        let escaped = escape(name);
        let field = escaped.as_deref().and_then(|identifier| match &parent?.kind {
            DeclKind::Object(object) => object.field(identifier),
            _ => None,
        });
        if let Some(field) = field {
            return self.inside(step, |c| c.node(source, schema, Some(&field.decl)));
        }
        if escaped.is_some() && self.reports.is_none() {
            // Fields whose type expressions cannot see are not validated.
            return None;
        }
        let decl = type_of(schema);
        if decl.is_none() && self.reports.is_none() {
            return None;
        }
        self.inside(step, |c| c.node(source, schema, decl.as_ref()))
    }

    fn inside<T>(&mut self, step: impl Into<String>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.into());
        let result = work(self);
        self.path.pop();
        result
    }

    /// Whether the rules are those of the whole schema, which has the fields of a resource.
    fn is_at_root(&self) -> bool {
        self.path.iter().all(|step| step.starts_with("allOf["))
    }

    fn rules(&mut self, rules: &[ValidationRule], schema: &Structural, decl: Option<&DeclType>) -> Vec<Rule> {
        let own;
        let mut decl = decl;
        if self.scope.is_untyped {
            decl = None;
        } else if !rules.is_empty() && !self.is_at_root() && (decl.is_some() || self.reports.is_some()) {
            // The type by itself, so that its parts are named from the schema of the rules on, as the API server names
            // them. A definition is accepted by it wherever it stands.
            own = type_of(schema);
            decl = own.as_ref();
        }
        let used = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| !rule.rule.trim().is_empty());
        let mut compiled = Vec::with_capacity(rules.len());
        for (position, rule) in used {
            let step = format!("x-kubernetes-validations[{position}]");
            let known = self.errors.len();
            let rule = self.inside(step, |compiler| compiler.rule(rule, schema, decl));
            if let Some(reports) = &mut self.reports {
                let report = RuleReport::new(position, decl.is_none(), rule.as_ref(), &self.errors[known..]);
                reports.entry(self.path.clone()).or_default().push(report);
            }
            compiled.extend(rule);
        }
        compiled
    }

    fn rule(&mut self, rule: &ValidationRule, schema: &Structural, decl: Option<&DeclType>) -> Option<Rule> {
        let Some(decl) = decl else {
            let error = CompileError::whole(
                Phase::Check,
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
        let program = self.program(&environment, "rule", &rule.rule, &Type::Bool)?;
        let message = message_expression
            .and_then(|text| self.program(&environment, "messageExpression", text, &Type::String));
        let field = rule.field_path.as_deref().filter(|path| !path.is_empty());
        Some(Rule {
            uses_old_self: program.uses("oldSelf"),
            program,
            message,
            field: field.and_then(|path| field_path::resolve(path, schema).ok()),
            definition: rule.clone(),
        })
    }

    fn program(
        &mut self,
        environment: &Environment,
        keyword: &'static str,
        expression: &str,
        expected: &Type,
    ) -> Option<Program> {
        match environment.compile_here(expression, Some(expected)) {
            Ok(program) => Some(program),
            Err(error) => {
                self.error(keyword, expression, error);
                None
            }
        }
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
