//! Short ways to note what is wrong.

use crate::error::{ErrorKind, FieldError};
use crate::path::Path;
use crate::values::go_quote;
use serde_json::Value;

/// The complaints so far, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Complaints(pub(super) Vec<FieldError>);

impl Complaints {
    pub(super) fn required(&mut self, path: Path, detail: &str) {
        self.0.push(FieldError::new(ErrorKind::Required, path, detail));
    }

    pub(super) fn forbidden(&mut self, path: Path, detail: impl Into<String>) {
        self.0.push(FieldError::new(ErrorKind::Forbidden, path, detail));
    }

    pub(super) fn invalid(&mut self, path: Path, value: impl Into<Value>, detail: impl Into<String>) {
        self.0
            .push(FieldError::new(ErrorKind::Invalid, path, detail).with_value(value.into()));
    }

    /// An invalid value that prints as `shown`.
    pub(super) fn invalid_shown(&mut self, path: Path, shown: String, detail: impl Into<String>) {
        self.0
            .push(FieldError::new(ErrorKind::Invalid, path, detail).showing(shown));
    }

    pub(super) fn not_supported(&mut self, path: Path, value: &str, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|value| go_quote(value)).collect();
        let detail = format!("supported values: {}", supported.join(", "));
        self.0
            .push(FieldError::new(ErrorKind::NotSupported, path, detail).with_value(Value::from(value)));
    }
}

/// A list of names as a value of a message.
pub(super) fn names(names: &[String]) -> Value {
    names.iter().map(String::as_str).collect()
}
