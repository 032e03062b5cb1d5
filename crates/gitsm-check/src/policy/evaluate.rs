//! Evaluates policies over one object.

use super::change::AboutChange;
use super::compile::{CompiledPolicy, CompiledRule, Variable};
use super::{PolicySet, scope};
use crate::diagnostic::{Finding, RuleId};
use crate::engine::file::FileContext;
use crate::engine::judge::Subject;
use crate::rules;
use gitsm_core::time::Instant;
use gitsm_schema::cel::{Activation, Binding, EvalError, Timestamp, Value as CelValue};
use gitsm_schema::{Path, Segment};
use serde_json::Value;
use std::cell::OnceCell;

static NULL: Value = Value::Null;

/// One object and what expressions may see around it, worked out when the first policy asks for it.
struct Scene<'s> {
    context: &'s FileContext<'s>,
    subject: &'s Subject<'s>,
    old: Option<&'s Value>,
    services: OnceCell<Vec<scope::Service<'s>>>,
    diff: OnceCell<Value>,
    about: OnceCell<Option<AboutChange>>,
    change: OnceCell<Value>,
    window: OnceCell<Value>,
}

impl<'s> Scene<'s> {
    fn new(context: &'s FileContext<'s>, subject: &'s Subject<'s>, old: Option<&'s Value>) -> Self {
        Self {
            context,
            subject,
            old,
            services: OnceCell::new(),
            diff: OnceCell::new(),
            about: OnceCell::new(),
            change: OnceCell::new(),
            window: OnceCell::new(),
        }
    }

    fn services(&self) -> &[scope::Service<'s>] {
        self.services
            .get_or_init(|| scope::services(self.subject, self.context.beside))
    }

    fn diff(&self) -> &Value {
        self.diff
            .get_or_init(|| scope::diff(self.old, self.subject.value))
    }

    fn about(&self) -> Option<&AboutChange> {
        let (store, rulebook) = (self.context.beside, self.context.rulebook);
        self.about
            .get_or_init(|| AboutChange::of(self.subject, store, rulebook))
            .as_ref()
    }

    fn change(&self) -> &Value {
        self.change
            .get_or_init(|| AboutChange::seen(self.about(), self.context.rulebook))
    }

    fn window(&self) -> &Value {
        self.window.get_or_init(|| {
            let now = Instant::try_from(self.context.options.at).unwrap_or(Instant::MIN);
            AboutChange::window_seen(self.about(), self.context.rulebook, now)
        })
    }
}

impl PolicySet {
    /// Reports the rules that an object breaks.
    pub(crate) fn evaluate(
        &self,
        context: &FileContext<'_>,
        subject: &Subject<'_>,
        old: Option<&Value>,
        findings: &mut Vec<Finding>,
    ) {
        let scene = Scene::new(context, subject, old);
        let first = findings.len();
        for policy in self.policies.iter().filter(|policy| policy.is_about(subject)) {
            let mut broken = Vec::new();
            if policy.uses_service {
                policy.evaluate_for_services(&scene, &mut broken);
            } else {
                policy.evaluate(&scene, &NULL, &mut broken);
            }
            let before = findings.len();
            for finding in broken {
                merge(findings, first, before, finding);
            }
        }
    }
}

/// Adds a finding of a policy to those of the object, which start at `first`; those of the same policy start at
/// `before`.
///
/// One rule may fail for several services with the same words, and in several versions of its policy, at the base
/// and at the head: then the first finding stands, at the stricter level.
fn merge(findings: &mut Vec<Finding>, first: usize, before: usize, finding: Finding) {
    let same_rule = |known: &Finding| known.rule == finding.rule;
    let (earlier, same_policy) = findings[first..].split_at_mut(before - first);
    if let Some(known) = earlier.iter_mut().find(|known| same_rule(known)) {
        known.level = known.level.max(finding.level);
        return;
    }
    if same_policy
        .iter()
        .any(|known| same_rule(known) && known.message == finding.message)
    {
        return;
    }
    findings.push(finding);
}

impl CompiledPolicy {
    fn is_about(&self, subject: &Subject<'_>) -> bool {
        let labels = subject.value.pointer("/metadata/labels");
        self.kinds.contains(&subject.id.kind)
            && (self.namespaces.is_empty() || self.namespaces.contains(&subject.id.namespace))
            && self.labels.iter().all(|(key, value)| {
                labels.and_then(|labels| labels.get(key)).and_then(Value::as_str) == Some(value)
            })
    }

    fn evaluate_for_services(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let services = scene.services();
        match &self.services {
            None if services.is_empty() => self.evaluate(scene, &NULL, findings),
            selector => {
                for service in services {
                    let selected = selector
                        .as_ref()
                        .is_none_or(|selector| scope::selects(selector, service));
                    if selected {
                        let object = service.object.as_deref().unwrap_or(&NULL);
                        self.evaluate(scene, object, findings);
                    }
                }
            }
        }
    }

    fn evaluate(&self, scene: &Scene<'_>, service: &Value, findings: &mut Vec<Finding>) {
        let subject = scene.subject;
        // Every instant that jiff holds is within the years that CEL knows.
        let now = scene.context.options.at.as_nanosecond();
        let now = Timestamp::from_nanoseconds(now).unwrap_or(Timestamp::MAX);
        let mut activation = Activation::new()
            .with("object", Binding::Json(subject.value))
            .with("oldObject", Binding::Json(scene.old.unwrap_or(&NULL)))
            .with("service", Binding::Json(service))
            .with("now", Binding::Value(CelValue::Timestamp(now)));
        if self.uses_diff {
            activation.bind("diff", Binding::Json(scene.diff()));
        }
        if self.uses_change {
            activation.bind("change", Binding::Json(scene.change()));
        }
        if self.uses_window {
            activation.bind("window", Binding::Json(scene.window()));
        }
        with_variables(&self.variables, &activation, &mut |outcome| match outcome {
            Ok(activation) => {
                for rule in &self.rules {
                    evaluate_rule(rule, activation, subject, findings);
                }
            }
            Err((name, error)) => {
                // All rules fail with it; the strictest of them says what may become of the finding.
                let rule = self
                    .rules
                    .iter()
                    .max_by_key(|rule| rule.level)
                    .map_or(RuleId::builtin(rules::gs502::META.id), |rule| rule.id.clone());
                findings.push(not_evaluated(subject, &rule, Some(&name), &error));
            }
        });
    }
}

type Outcome<'o, 'a> = Result<&'o Activation<'a>, (String, EvalError)>;

/// Evaluates the variables in order, each with those before it in scope, then calls `then`.
///
/// A value may borrow from the activation it was computed with, so each level keeps its own alive; there are at
/// most thirty.
fn with_variables(
    variables: &[Variable],
    activation: &Activation<'_>,
    then: &mut dyn FnMut(Outcome<'_, '_>),
) {
    let Some((variable, rest)) = variables.split_first() else {
        then(Ok(activation));
        return;
    };
    match variable.program.evaluate(activation) {
        Ok(value) => {
            let extended = activation.clone().with(&variable.name, Binding::Value(value));
            with_variables(rest, &extended, then);
        }
        Err(error) => then(Err((variable.name.clone(), error))),
    }
}

fn evaluate_rule(
    rule: &CompiledRule,
    activation: &Activation<'_>,
    subject: &Subject<'_>,
    findings: &mut Vec<Finding>,
) {
    match rule.program.evaluate(activation) {
        Ok(CelValue::Bool(true)) => {}
        Ok(_) => findings.push(breach(rule, activation, subject)),
        Err(error) => findings.push(not_evaluated(subject, &rule.id, None, &error)),
    }
}

fn breach(rule: &CompiledRule, activation: &Activation<'_>, subject: &Subject<'_>) -> Finding {
    let computed = rule
        .message_program
        .as_ref()
        .and_then(|program| match program.evaluate(activation) {
            Ok(CelValue::String(text)) if !text.trim().is_empty() => Some(text.to_string()),
            _ => None,
        });
    let message = computed
        .or_else(|| rule.message.clone())
        .unwrap_or_else(|| format!("the rule does not hold: {}", rule.expression));
    let path = rule.field.clone().unwrap_or_else(name_path);
    let mut finding = subject.place.finding(&rules::gs501::META, &path, message);
    if rule.field.is_none() {
        finding.field = String::new();
    }
    finding.rule = rule.id.clone();
    finding.level = rule.level;
    finding
}

fn not_evaluated(subject: &Subject<'_>, rule: &RuleId, variable: Option<&str>, error: &EvalError) -> Finding {
    let cause = without_values(&error.to_string());
    let message = match variable {
        None => format!("the rule cannot be evaluated here: {cause}"),
        Some(name) => format!("the variable {name:?} cannot be evaluated here: {cause}"),
    };
    let mut finding = subject.place.finding(&rules::gs502::META, &name_path(), message);
    finding.field = String::new();
    finding.rule = RuleId::owned(
        rule.as_str()
            .replacen(rules::gs501::META.id, rules::gs502::META.id, 1),
    );
    finding.with_hint(
        "guard optional fields in the policy (`!has(object.spec.x) || ...`), or give the object the field",
    )
}

/// A message without what it quotes: a value of the object, which may be a secret, and which may hold quotes itself.
pub(crate) fn without_values(message: &str) -> String {
    // The words of Kubernetes for a text that is no date, duration and the like put it behind them without quotes.
    if let Some((what, _)) = message.split_once(" formatted string ") {
        return format!("{what} formatted string");
    }
    let is_quote = |c: char| matches!(c, '\'' | '"' | '`');
    match (message.find(is_quote), message.rfind(is_quote)) {
        (Some(first), Some(last)) if first < last => format!("{}...{}", &message[..=first], &message[last..]),
        _ => message.to_owned(),
    }
}

fn name_path() -> Path {
    Path::from_iter(["metadata", "name"].map(|name| Segment::Field(name.to_owned())))
}
