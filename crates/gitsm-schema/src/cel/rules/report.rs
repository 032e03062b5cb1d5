//! What compiling finds at each rule of a schema, for those who accept the schema.

use super::{Compiler, Rule, SchemaRuleError};
use crate::cel::error::CompileError;
use crate::cel::limits;
use crate::structural::Structural;
use std::collections::BTreeMap;

/// The reports of the rules of each schema, by the way to it: `properties.spec`, `items`, `additionalProperties`.
pub(crate) type RuleReports = BTreeMap<Vec<String>, Vec<RuleReport>>;

/// What compiling has found at one rule.
#[derive(Debug, Clone)]
pub(crate) struct RuleReport {
    /// Where the rule stands in its `x-kubernetes-validations`.
    pub(crate) position: usize,
    /// The schema has no type that rules could see.
    pub(crate) is_untyped: bool,
    /// Why the rule cannot be used.
    pub(crate) rule_error: Option<CompileError>,
    /// Why its `messageExpression` cannot be used.
    pub(crate) message_error: Option<CompileError>,
    /// Whether the rule names `oldSelf`.
    pub(crate) uses_old_self: bool,
}

impl RuleReport {
    pub(super) fn new(
        position: usize,
        is_untyped: bool,
        rule: Option<&Rule>,
        errors: &[SchemaRuleError],
    ) -> Self {
        let error = |keyword: &str| {
            let error = errors.iter().find(|error| error.keyword == keyword);
            error.map(|error| error.source.clone())
        };
        Self {
            position,
            is_untyped,
            rule_error: error("rule"),
            message_error: error("messageExpression"),
            uses_old_self: rule.is_some_and(|rule| rule.uses_old_self),
        }
    }
}

/// Compiles every rule of the schema of a custom resource and reports on each.
///
/// Nothing is reported where no thread could be started to compile on.
pub(crate) fn report_rules(schema: &Structural) -> RuleReports {
    let compile = || {
        let mut compiler = Compiler {
            reports: Some(RuleReports::new()),
            ..Compiler::default()
        };
        compiler.root(schema, true);
        compiler.reports.unwrap_or_default()
    };
    limits::on_large_stack(compile).unwrap_or_default()
}
