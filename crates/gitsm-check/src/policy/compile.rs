//! From a `RecordPolicy` object to programs.

use super::change;
use super::needs::Needs;
use crate::diagnostic::{Level, RuleId};
use crate::engine::KindSet;
use gitsm_schema::Path;
use gitsm_schema::cel::{CompileError, DeclType, Environment, Program, Type, on_large_stack};
use serde_json::Value;

/// A policy ready to be evaluated.
#[derive(Debug)]
pub(crate) struct CompiledPolicy {
    pub(crate) kinds: Vec<String>,
    pub(crate) namespaces: Vec<String>,
    pub(crate) labels: Vec<(String, String)>,
    /// `match.services`.
    pub(crate) services: Option<Value>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) rules: Vec<CompiledRule>,
    /// Whether any expression, or the match, looks at the service.
    pub(crate) uses_service: bool,
    /// Which of the variables that take work to find out its expressions name.
    costly: Vec<&'static str>,
    allows_suppression: bool,
}

/// A named expression.
#[derive(Debug)]
pub(crate) struct Variable {
    /// `variables.<name>`.
    pub(crate) name: String,
    pub(crate) program: Program,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub(crate) id: RuleId,
    pub(crate) level: Level,
    pub(crate) expression: String,
    pub(crate) program: Program,
    pub(crate) message: Option<String>,
    pub(crate) message_program: Option<Program>,
    /// The field that findings point at.
    pub(crate) field: Option<Path>,
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PolicyFault {
    /// The expression's field.
    pub(crate) path: Path,
    /// Why it cannot be used.
    pub(crate) message: String,
}

impl std::fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl CompiledPolicy {
    /// Whether any expression names this variable: `diff`, `change` or `window`.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        self.costly.contains(&variable)
    }

    /// The rules whose findings may not be lowered: those that deny, unless the policy allows it.
    pub(crate) fn locked_rules(&self) -> impl Iterator<Item = RuleId> {
        let locked = !self.allows_suppression;
        self.rules
            .iter()
            .filter(move |rule| locked && rule.level == Level::Error)
            .map(|rule| rule.id.clone())
    }
}

/// Compiles a policy that its schema accepts.
///
/// # Errors
///
/// Every expression that does not compile, and every field path that does not parse.
pub(crate) fn compile(kinds: &KindSet, policy: &Value) -> Result<CompiledPolicy, Vec<PolicyFault>> {
    on_large_stack(|| compile_here(kinds, policy)).unwrap_or_else(|error| {
        Err(vec![PolicyFault {
            path: Path::root().field("spec"),
            message: describe(&error, ""),
        }])
    })
}

fn compile_here(kinds: &KindSet, policy: &Value) -> Result<CompiledPolicy, Vec<PolicyFault>> {
    let name = policy
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    let matching = spec.get("match").unwrap_or(&Value::Null);
    let mut compiler = Compiler {
        environment: environment(kinds, &texts(matching.get("kinds")), Needs::of(policy)),
        faults: Vec::new(),
    };
    let variables = compiler.variables(spec);
    let rules = compiler.rules(spec, name);
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    let uses = |variable: &str| {
        variables
            .iter()
            .any(|known: &Variable| known.program.uses(variable))
            || rules.iter().any(|rule: &CompiledRule| {
                rule.program.uses(variable)
                    || rule
                        .message_program
                        .as_ref()
                        .is_some_and(|program| program.uses(variable))
            })
    };
    let services = matching
        .get("services")
        .filter(|services| !services.is_null())
        .cloned();
    Ok(CompiledPolicy {
        kinds: texts(matching.get("kinds")),
        namespaces: texts(matching.get("namespaces")),
        labels: matching
            .get("labels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        uses_service: services.is_some() || uses("service"),
        costly: ["diff", "change", "window"]
            .into_iter()
            .filter(|variable| uses(variable))
            .collect(),
        services,
        variables,
        rules,
        allows_suppression: spec
            .get("allowSuppression")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    })
}

/// What expressions may name. A policy about one kind is checked against that kind's schema; `oldObject` and
/// `service` may be null, so they stay dynamic. `change` and `window` never are.
fn environment(kinds: &KindSet, names: &[String], needs: Needs) -> Environment {
    let object = match names {
        [only] => kinds.declared(only),
        _ => None,
    };
    let environment = Environment::kubernetes()
        .with_variable("object", object.unwrap_or_else(DeclType::json))
        .with_variable("oldObject", DeclType::json())
        .with_variable("service", DeclType::json())
        .with_variable("diff", DeclType::json())
        .with_variable("now", DeclType::value(Type::Timestamp));
    if !needs.change() {
        return environment;
    }
    // Their types are made of three schemas, which is too much work for a policy that does not look.
    environment
        .with_variable("change", change::change_type(kinds))
        .with_variable("window", change::window_type())
}

/// What the conditions of other kinds may name: the record that they look at, which is checked against the schema of its
/// kind, and `now`. Gives the type of the record, too.
pub(crate) fn record_environment(kinds: &KindSet, variable: &str, kind: &str) -> (Environment, DeclType) {
    let record = kinds.declared(kind).unwrap_or_else(DeclType::json);
    let environment = Environment::kubernetes()
        .with_variable(variable, record.clone())
        .with_variable("now", DeclType::value(Type::Timestamp));
    (environment, record)
}

struct Compiler {
    environment: Environment,
    faults: Vec<PolicyFault>,
}

impl Compiler {
    fn variables(&mut self, spec: &Value) -> Vec<Variable> {
        let mut variables = Vec::new();
        for (index, variable) in list(spec.get("variables")).enumerate() {
            let path = Path::root()
                .field("spec")
                .field("variables")
                .index(index)
                .field("expression");
            let Some(program) = self.program(variable.get("expression"), None, &path) else {
                continue;
            };
            let name = format!("variables.{}", text(variable, "name"));
            let declared = DeclType::value(program.result_type().clone());
            self.environment = self.environment.clone().with_variable(&name, declared);
            variables.push(Variable { name, program });
        }
        variables
    }

    fn rules(&mut self, spec: &Value, policy: &str) -> Vec<CompiledRule> {
        let mut rules = Vec::new();
        for (index, rule) in list(spec.get("rules")).enumerate() {
            let path = Path::root().field("spec").field("rules").index(index);
            let field = match rule.get("fieldPath").and_then(Value::as_str) {
                None => None,
                Some(field) => self.field(field, &path.field("fieldPath")),
            };
            let message_program = match rule.get("messageExpression") {
                None | Some(Value::Null) => None,
                expression => self.program(expression, Some(&Type::String), &path.field("messageExpression")),
            };
            let program = self.program(
                rule.get("expression"),
                Some(&Type::Bool),
                &path.field("expression"),
            );
            let Some(program) = program else { continue };
            rules.push(CompiledRule {
                id: RuleId::policy(policy, text(rule, "id")),
                level: match text(rule, "action") {
                    "Warn" => Level::Warning,
                    "Audit" => Level::Note,
                    _ => Level::Error,
                },
                expression: text(rule, "expression").to_owned(),
                program,
                message: rule.get("message").and_then(Value::as_str).map(str::to_owned),
                message_program,
                field,
            });
        }
        rules
    }

    fn program(&mut self, source: Option<&Value>, expected: Option<&Type>, path: &Path) -> Option<Program> {
        let source = source.and_then(Value::as_str).unwrap_or_default();
        match self.environment.compile(source, expected) {
            Ok(program) => Some(program),
            Err(error) => {
                self.faults.push(PolicyFault {
                    path: path.clone(),
                    message: describe(&error, source),
                });
                None
            }
        }
    }

    fn field(&mut self, field: &str, path: &Path) -> Option<Path> {
        let parsed = parse_field(field);
        if parsed.is_none() {
            let message = format!("{field:?} is not a path of fields, such as spec.plan.start");
            self.faults.push(PolicyFault {
                path: path.clone(),
                message,
            });
        }
        parsed
    }
}

/// The complaint with the place inside the expression, which spans several lines at most in block scalars.
pub(crate) fn describe(error: &CompileError, source: &str) -> String {
    let issues = error.issues.iter().map(|issue| {
        let near: String = source
            .lines()
            .nth(issue.line.saturating_sub(1))
            .map(|line| {
                line.chars()
                    .skip(issue.column.saturating_sub(1))
                    .take(24)
                    .collect()
            })
            .unwrap_or_default();
        if near.is_empty() {
            issue.message.clone()
        } else {
            format!("{} (at `{near}`)", issue.message)
        }
    });
    issues.collect::<Vec<_>>().join("; ")
}

/// A dotted path of field names.
fn parse_field(text: &str) -> Option<Path> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let names: Vec<&str> = text.split('.').collect();
    let is_name = |name: &&str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    names
        .iter()
        .all(is_name)
        .then(|| names.iter().fold(Path::root(), |path, name| path.field(*name)))
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    list(value).filter_map(Value::as_str).map(str::to_owned).collect()
}
