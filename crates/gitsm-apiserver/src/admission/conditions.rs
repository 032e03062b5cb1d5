//! `matchConditions`: expressions that narrow what a webhook is asked about.

use super::configuration::Webhook;
use super::{Request, review};
use gitsm_schema::cel::{Activation, Binding, DeclType, Environment, Program, Type, Value as CelValue};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Compiled expressions are forgotten all at once when there are this many; nobody has so many webhooks.
const MAX_CACHED: usize = 1_024;

/// Whether a webhook is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Matched {
    /// Every condition is true.
    Yes,
    /// A condition is false.
    No,
    /// No condition is false, and one could not be evaluated.
    Failed(String),
}

/// Compiles conditions once.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    compiled: Mutex<HashMap<String, Arc<Result<Program, String>>>>,
}

impl Conditions {
    /// Judges the conditions of a webhook: one that is false settles it, whatever fails beside it.
    pub(super) fn judge(&self, webhook: &Webhook, request: &Request<'_>) -> Matched {
        if webhook.match_conditions.is_empty() {
            return Matched::Yes;
        }
        let review = review(request, request.version, "");
        let mut failed = None;
        for condition in &webhook.match_conditions {
            let program = self.program(&condition.expression);
            match evaluate(&program, request, &review["request"]) {
                Ok(true) => {}
                Ok(false) => return Matched::No,
                Err(why) => {
                    failed.get_or_insert(format!("matchCondition {:?}: {why}", condition.name));
                }
            }
        }
        failed.map_or(Matched::Yes, Matched::Failed)
    }

    fn program(&self, expression: &str) -> Arc<Result<Program, String>> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = compiled.get(expression) {
            return program.clone();
        }
        let environment = ["object", "oldObject", "request"]
            .into_iter()
            .fold(Environment::kubernetes(), |environment, name| {
                environment.with_variable(name, DeclType::json())
            });
        let program = environment
            .compile(expression, Some(&Type::Bool))
            .map_err(|error| error.to_string());
        if compiled.len() >= MAX_CACHED {
            compiled.clear();
        }
        let program = Arc::new(program);
        compiled.insert(expression.to_owned(), program.clone());
        program
    }
}

fn evaluate(program: &Result<Program, String>, request: &Request<'_>, asked: &Value) -> Result<bool, String> {
    let program = program.as_ref().map_err(Clone::clone)?;
    let activation = Activation::new()
        .with("object", Binding::Json(request.object))
        .with("oldObject", Binding::Json(request.old_object))
        .with("request", Binding::Json(asked));
    match program.evaluate(&activation) {
        Ok(CelValue::Bool(truth)) => Ok(truth),
        Ok(_) => Err("it is neither true nor false".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
