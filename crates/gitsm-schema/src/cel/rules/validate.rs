//! Evaluating the compiled rules of a schema on an object.

use super::ratchet::Ratchet;
use super::{Node, Rule};
use crate::cel::error::EvalError;
use crate::cel::program::{Activation, Binding, Program};
use crate::cel::value::Value;
use crate::correlate::Correlated;
use crate::error::{ErrorKind, FieldError};
use crate::path::{Path, Segment};
use crate::structural::SchemaType;
use serde_json::Value as Json;

/// How many steps one rule may take.
const STEPS_PER_RULE: u64 = 1_000_000;
/// How many steps the rules of one object may take.
const STEPS_PER_OBJECT: u64 = 10_000_000;
/// The longest message that a `messageExpression` may give, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;

/// Evaluates every rule that applies; with `correlated`, what has not changed is forgiven.
pub(super) fn validate<'v>(
    root: &Node,
    object: &'v Json,
    old: Option<&'v Json>,
    correlated: Option<Correlated<'v>>,
) -> Vec<FieldError> {
    let mut validation = Validation {
        errors: Vec::new(),
        path: Path::root(),
        steps: STEPS_PER_OBJECT,
    };
    validation.node(root, object, old, Ratchet::root(correlated));
    validation.errors
}

/// One walk over an object.
struct Validation {
    errors: Vec<FieldError>,
    path: Path,
    steps: u64,
}

impl Validation {
    fn node(&mut self, node: &Node, value: &Json, old: Option<&Json>, ratchet: Ratchet<'_>) {
        // A rule sees values that are there; whether a value may be null is a rule of the surrounding node.
        if value.is_null() || self.steps == 0 {
            return;
        }
        let old = old.filter(|old| !old.is_null());
        for rule in &node.rules {
            self.rule(node, rule, value, old, ratchet);
            if self.steps == 0 {
                return;
            }
        }
        for nested in &node.all_of {
            self.node(nested, value, old, ratchet.nested());
        }
        match value {
            Json::Array(elements) => self.elements(node, elements, old.and_then(Json::as_array), ratchet),
            Json::Object(fields) => self.fields(node, fields, old.and_then(Json::as_object), ratchet),
            _ => {}
        }
    }

    fn elements(&mut self, node: &Node, elements: &[Json], old: Option<&Vec<Json>>, ratchet: Ratchet<'_>) {
        let Some(items) = &node.items else { return };
        let correlated = ratchet.elements();
        for (position, element) in elements.iter().enumerate() {
            // Only elements of map lists have an identity by which the old one is found.
            let old = node.list_map_keys.as_deref().zip(old).and_then(|(keys, old)| {
                old.iter()
                    .find(|old| keys.iter().all(|key| old.get(key) == element.get(key)))
            });
            let ratchet = ratchet.element(correlated.as_ref(), position);
            self.inside(Segment::Index(position), |v| v.node(items, element, old, ratchet));
        }
    }

    fn fields(
        &mut self,
        node: &Node,
        fields: &serde_json::Map<String, Json>,
        old: Option<&serde_json::Map<String, Json>>,
        ratchet: Ratchet<'_>,
    ) {
        for (name, value) in fields {
            let old = old.and_then(|old| old.get(name));
            let ratchet = ratchet.field(name);
            if let Some(values) = &node.additional_properties {
                self.inside(Segment::Key(name.clone()), |v| {
                    v.node(values, value, old, ratchet);
                });
            }
            if let Some(property) = node.properties.get(name) {
                self.inside(Segment::Field(name.clone()), |v| {
                    v.node(property, value, old, ratchet);
                });
            }
        }
    }

    fn inside(&mut self, segment: Segment, work: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        work(self);
        self.path.pop();
    }

    fn rule(&mut self, node: &Node, rule: &Rule, value: &Json, old: Option<&Json>, ratchet: Ratchet<'_>) {
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
        if !rule.uses_old_self && ratchet.forgives() {
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
                self.report(ErrorKind::Duplicate, path, String::new(), rule, shown);
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
            shown: None,
        });
    }
}
