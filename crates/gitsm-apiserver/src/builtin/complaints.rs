//! Collecting what is wrong with an object, in few words.

use gitsm_schema::{ErrorKind, FieldError, Path, Segment};
use serde_json::Value;

/// What is wrong so far.
#[derive(Debug, Default)]
pub struct Complaints(Vec<FieldError>);

/// A path of declared fields: `spec.template`.
pub fn at(fields: &str) -> Path {
    fields
        .split('.')
        .map(|field| Segment::Field(field.to_owned()))
        .collect()
}

impl Complaints {
    /// Everything, in the order of finding.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds errors that were found elsewhere.
    pub fn extend(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors);
    }

    /// A value breaks a rule.
    pub fn invalid(&mut self, path: Path, value: impl Into<Value>, detail: impl Into<String>) {
        self.0
            .push(FieldError::new(ErrorKind::Invalid, path, detail).with_value(value.into()));
    }

    /// The same rule broken in several ways.
    pub fn each_invalid(&mut self, path: &Path, value: &str, details: impl IntoIterator<Item = String>) {
        for detail in details {
            self.invalid(path.clone(), value, detail);
        }
    }

    /// A value is missing.
    pub fn required(&mut self, path: Path, detail: &str) {
        self.0.push(FieldError::new(ErrorKind::Required, path, detail));
    }

    /// A value may not be there.
    pub fn forbidden(&mut self, path: Path, detail: &str) {
        self.0.push(FieldError::new(ErrorKind::Forbidden, path, detail));
    }

    /// A value occurs again.
    pub fn duplicate(&mut self, path: Path, value: impl Into<Value>) {
        self.0
            .push(FieldError::new(ErrorKind::Duplicate, path, "").with_value(value.into()));
    }

    /// A value names something that is not there.
    pub fn not_found(&mut self, path: Path, value: impl Into<Value>) {
        self.0
            .push(FieldError::new(ErrorKind::NotFound, path, "").with_value(value.into()));
    }

    /// A text is too long; `limit` in bytes.
    pub fn too_long(&mut self, path: Path, limit: usize) {
        let detail = format!("may not be more than {limit} bytes");
        self.0.push(FieldError::new(ErrorKind::TooLong, path, detail));
    }

    /// A value is none of the supported ones.
    pub fn not_supported(&mut self, path: Path, value: impl Into<Value>, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let detail = format!("supported values: {}", supported.join(", "));
        self.0
            .push(FieldError::new(ErrorKind::NotSupported, path, detail).with_value(value.into()));
    }

    /// A text that must be one of the supported ones.
    pub fn one_of(&mut self, path: Path, value: &str, supported: &[&str]) {
        if !supported.contains(&value) {
            self.not_supported(path, value, supported);
        }
    }

    /// A number that may not be negative; absent ones are not looked at.
    pub fn not_negative(&mut self, path: Path, value: &Value) {
        if value.as_i64().is_some_and(|number| number < 0) {
            self.invalid(path, value.clone(), "must be greater than or equal to 0");
        }
    }

    /// A field that may not change.
    pub fn immutable(&mut self, path: Path, new: &Value, old: &Value) {
        if new != old {
            self.invalid(path, new.clone(), "field is immutable");
        }
    }
}

/// A text at a place of an object, empty where there is none.
pub fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a list, none where there is no list.
pub fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The elements of a list to be changed, none where there is no list. Makes nothing where nothing is.
pub fn list_mut<'v>(value: &'v mut Value, field: &str) -> impl Iterator<Item = &'v mut Value> {
    value
        .get_mut(field)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// The entries of a map, none where there is no map.
pub fn entries<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(field).and_then(Value::as_object).into_iter().flatten()
}
