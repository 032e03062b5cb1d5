//! Judging the values of an object against a schema, with the verdicts and words of the API server.
//!
//! A schema is compiled once into a tree of checks; judging an object then walks both trees together and
//! allocates only for complaints. Complaints repeat the rules of kube-openapi's validator, some of which are
//! surprising and kept on purpose: `null` never satisfies an `enum`, a list passes `type: string` when a format
//! is given, an integer is compared with bounds and factors cut to integers, and of failing `anyOf` branches only
//! the one that matched most is reported.

mod compile;
mod number;
mod walk;

use crate::correlate::Correlated;
use crate::error::{ErrorKind, FieldError};
use crate::structural::{SchemaError, Structural};
use crate::trail::Trail;
use compile::{Node, Subject};
use serde_json::Value;
use std::collections::HashSet;
use walk::Outcome;

/// A schema compiled for judging objects.
#[derive(Debug)]
pub struct Validator {
    root: Box<Node>,
}

impl Validator {
    /// Compiles a schema, patterns included.
    ///
    /// # Errors
    ///
    /// A pattern that is not RE2 syntax, or nesting beyond 200 levels.
    pub fn compile(schema: &Structural) -> Result<Self, SchemaError> {
        Ok(Self {
            root: compile::structural(schema, Subject::Object)?,
        })
    }

    /// Compiles a schema to judge defaults in it, as the API server does: what is an integer or a string may be of
    /// any type, and every format counts.
    ///
    /// # Errors
    ///
    /// As [`Validator::compile`].
    pub(crate) fn compile_for_defaults(schema: &Structural) -> Result<Self, SchemaError> {
        Ok(Self {
            root: compile::structural(schema, Subject::Default)?,
        })
    }

    /// Everything that is wrong with the values of `object`, in the order of the walk.
    ///
    /// An object is followed as deep as its schema reaches, so at most 200 levels.
    pub fn validate(&self, object: &Value) -> Vec<FieldError> {
        let mut outcome = Outcome::collecting();
        self.root.check(object, &Trail::root(), &mut outcome);
        distinct(outcome)
    }

    /// Everything that is wrong with the values of `object` that were not wrong in `old` already (ratcheting).
    ///
    /// A value that has not changed may break the rules of its node. Fields are compared with those of the same
    /// name, elements of lists of type `map` with those of the same keys; any other list is unchanged as a whole or
    /// not at all. `schema` is the one that this validator was compiled from.
    pub fn validate_update(&self, schema: &Structural, object: &Value, old: &Value) -> Vec<FieldError> {
        let mut outcome = Outcome::collecting();
        let change = Some(Correlated::new(schema, object, old));
        self.root
            .check_change(object, change, &Trail::root(), &mut outcome);
        distinct(outcome)
    }

    /// Whether [`Validator::validate`] would find nothing, without building complaints.
    pub fn is_valid(&self, object: &Value) -> bool {
        let mut outcome = Outcome::probing();
        self.root.check(object, &Trail::root(), &mut outcome);
        outcome.is_valid()
    }
}

/// The same check can be reached twice (once through `allOf`); it is reported once.
fn distinct(outcome: Outcome) -> Vec<FieldError> {
    let mut seen: HashSet<(ErrorKind, String, String)> = HashSet::new();
    let mut errors = outcome.into_errors();
    errors.retain(|error| seen.insert((error.kind, error.path.to_string(), error.detail.clone())));
    errors
}

#[cfg(test)]
mod tests;
