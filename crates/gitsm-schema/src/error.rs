//! What is wrong with a field, in the words and categories of the API server.

use crate::path::Path;
use crate::values::go_value;
use serde_json::Value;
use std::fmt;

/// The category of a complaint; the same set, and the same wire words, as the `reason` of a
/// `Status.details.causes` entry and the `type` of `k8s.io/apimachinery` field errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// A value that must be there is not: `FieldValueRequired`.
    Required,
    /// A value that must be unique occurs again: `FieldValueDuplicate`.
    Duplicate,
    /// A value breaks a rule: `FieldValueInvalid`.
    Invalid,
    /// A value is not one of the allowed ones: `FieldValueNotSupported`.
    NotSupported,
    /// A value may not be given here: `FieldValueForbidden`.
    Forbidden,
    /// A string or list is too long: `FieldValueTooLong`.
    TooLong,
    /// A list or map has too many entries: `FieldValueTooMany`.
    TooMany,
    /// A value names something that does not exist: `FieldValueNotFound`.
    NotFound,
    /// A value has the wrong type: `FieldValueTypeInvalid`.
    TypeInvalid,
    /// The judge itself could not judge; never a verdict about the object: `InternalError`.
    Internal,
}

impl ErrorKind {
    /// The word used on the wire (`causes[].reason`).
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::NotFound => "FieldValueNotFound",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    /// The phrase that opens the printed message.
    fn phrase(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::NotFound => "Not found",
            Self::Internal => "Internal error",
        }
    }
}

/// One complaint about one field of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// What kind of complaint.
    pub kind: ErrorKind,
    /// Where; the root prints as `<nil>`.
    pub path: Path,
    /// The offending value as the API server would print it, where it prints one.
    pub value: Option<Value>,
    /// The message without path and value.
    pub detail: String,
    /// The CEL rule that failed, where one did, so that a reader can be pointed at it.
    pub rule: Option<String>,
    /// The node the complaint is about, where that is not `path`: the API server reports a failed `anyOf` of any
    /// node at the root, and a bad label at `metadata.labels`.
    pub subject: Option<Path>,
    /// How the offending value prints, where that is not how `value` prints: the API server shows some parts of a
    /// CRD in a form of its own.
    pub shown: Option<String>,
}

impl FieldError {
    /// A complaint without value or rule.
    pub fn new(kind: ErrorKind, path: Path, detail: impl Into<String>) -> Self {
        Self {
            kind,
            path,
            value: None,
            detail: detail.into(),
            rule: None,
            subject: None,
            shown: None,
        }
    }

    /// The same with an offending value that prints as `shown`.
    #[must_use]
    pub fn showing(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(shown.into());
        self
    }

    /// The same with the offending value.
    #[must_use]
    pub fn with_value(mut self, value: Value) -> Self {
        self.value = Some(value);
        self
    }

    /// The same with the CEL rule that failed.
    #[must_use]
    pub fn with_rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// The same about another node than the one the API server names.
    #[must_use]
    pub fn about(mut self, subject: Path) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The most precise path known, for pointing a reader at a line.
    pub fn location(&self) -> &Path {
        self.subject.as_ref().unwrap_or(&self.path)
    }

    /// The field as the API server names it in `causes[].field`.
    pub fn field(&self) -> String {
        if self.path.is_root() {
            "<nil>".to_owned()
        } else {
            self.path.to_string()
        }
    }

    /// The message as the API server gives it in `causes[].message`: kind, value and detail, without the field.
    pub fn message(&self) -> String {
        let mut message = self.kind.phrase().to_owned();
        // These kinds never show a value.
        let is_silent = matches!(
            self.kind,
            ErrorKind::Required | ErrorKind::Forbidden | ErrorKind::TooLong | ErrorKind::Internal
        );
        let shown = match (&self.shown, &self.value) {
            _ if is_silent => None,
            (Some(shown), _) => Some(shown.clone()),
            (None, value) => value.as_ref().map(go_value),
        };
        for part in shown.iter().chain([&self.detail]) {
            if !part.is_empty() {
                message.push_str(": ");
                message.push_str(part);
            }
        }
        message
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field(), self.message())
    }
}

impl std::error::Error for FieldError {}
