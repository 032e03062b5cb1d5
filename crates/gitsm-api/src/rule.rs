//! `x-kubernetes-validations`: CEL rules that the API server, admission and the validator all evaluate.

use serde::Serialize;

/// What kind of error a broken rule is, by the names Kubernetes gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Reason {
    /// The field may not be changed or set here.
    #[serde(rename = "FieldValueForbidden")]
    Forbidden,
}

/// One rule.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    #[serde(rename = "rule")]
    expression: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_path: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// A rule that must be true, and what is wrong when it is not.
pub(crate) fn rule(expression: impl Into<String>, message: impl Into<String>) -> Rule {
    Rule {
        expression: expression.into(),
        message: message.into(),
        message_expression: None,
        field_path: None,
        reason: None,
    }
}

impl Rule {
    /// The field the message is about, relative to where the rule stands: `.end`.
    pub(crate) fn at(mut self, field_path: &'static str) -> Self {
        self.field_path = Some(field_path);
        self
    }

    /// The kind of error.
    pub(crate) fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// An expression that gives a better message than the fixed one.
    pub(crate) fn explained_by(mut self, message_expression: impl Into<String>) -> Self {
        self.message_expression = Some(message_expression.into());
        self
    }
}
