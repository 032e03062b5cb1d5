//! A compiled expression, and the values it is evaluated with.

use super::error::EvalError;
use super::eval::{Evaluator, Meter};
use super::ir::Compiled;
use super::types::Type;
use super::value::Value;

/// What one evaluation may cost unless the caller says otherwise, in the units of the API server: the limit that
/// it sets for one call.
pub const DEFAULT_STEPS: u64 = 1_000_000;

/// A compiled expression. It can be shared between threads.
#[derive(Debug)]
pub struct Program {
    compiled: Compiled,
    ty: Type,
}

impl Program {
    pub(super) fn new(compiled: Compiled, ty: Type) -> Self {
        Self { compiled, ty }
    }

    /// The type of its value.
    pub fn result_type(&self) -> &Type {
        &self.ty
    }

    /// Whether it names this variable.
    pub fn uses(&self, variable: &str) -> bool {
        self.compiled.variables.iter().any(|known| known.name == variable)
    }

    /// The names of the variables that it uses.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.compiled
            .variables
            .iter()
            .map(|variable| variable.name.as_str())
    }

    /// Evaluates it within [`DEFAULT_STEPS`].
    ///
    /// # Errors
    ///
    /// A failed operation, data that does not fit its declared type, or a spent budget.
    pub fn evaluate<'a>(&'a self, activation: &'a Activation<'a>) -> Result<Value<'a>, EvalError> {
        self.evaluate_within(activation, &mut DEFAULT_STEPS.clone())
    }

    /// Evaluates it within a cost of `budget`, from which the cost is subtracted.
    ///
    /// The cost is what the API server counts for the evaluation, plus a tenth of a unit for each step beyond the
    /// first 100,000 of comparing and copying data, which the API server does not count.
    ///
    /// # Errors
    ///
    /// As [`Self::evaluate`].
    pub fn evaluate_within<'a>(
        &'a self,
        activation: &'a Activation<'a>,
        budget: &mut u64,
    ) -> Result<Value<'a>, EvalError> {
        let meter = Meter::new(*budget);
        let value =
            Evaluator::new(&self.compiled.variables, activation, &meter).evaluate(&self.compiled.root);
        *budget = meter.left();
        value
    }
}

/// What a variable is bound to.
#[derive(Debug, Clone)]
pub enum Binding<'a> {
    /// JSON, read by the declared type of the variable.
    Json(&'a serde_json::Value),
    /// An optional value that is absent.
    Absent,
    /// A value as it is.
    Value(Value<'a>),
}

/// The values of variables for one evaluation.
#[derive(Debug, Clone, Default)]
pub struct Activation<'a> {
    bindings: Vec<(&'a str, Binding<'a>)>,
}

impl<'a> Activation<'a> {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &'a str, binding: Binding<'a>) -> Self {
        self.bind(name, binding);
        self
    }

    /// Binds a variable; a later binding of the same name wins.
    pub fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        self.bindings.push((name, binding));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Binding<'a>> {
        let found = self.bindings.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, binding)| binding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_shared_between_threads() {
        fn is_shared<T: Send + Sync>() {}
        is_shared::<Program>();
    }
}
