//! What a CRD may say in `x-kubernetes-validations`.

use super::complaints::Complaints;
use super::props::Props;
use super::{shown, structural};
use crate::cel::field_path;
use crate::cel::{CompileError, RuleReport};
use crate::error::{ErrorKind, FieldError};
use crate::path::Path;

const REASONS: [&str; 4] = [
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

const KEYWORD: &str = "x-kubernetes-validations";

fn has_line_breaks(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

/// Checks what rules say around their expressions.
pub(super) fn check_texts(schema: &Props, path: &Path, out: &mut Complaints) {
    for (index, rule) in schema.validations.iter().enumerate() {
        let path = path.field(KEYWORD).index(index);
        let text = rule.rule.trim();
        let message = rule.message.as_deref().unwrap_or_default();
        if text.is_empty() {
            out.required(path.field("rule"), "rule is not specified");
        } else if !message.is_empty() && message.trim().is_empty() {
            out.invalid(path.field("message"), message, "must be non-empty if specified");
        } else if has_line_breaks(message.trim()) {
            out.invalid(path.field("message"), message, "must not contain line breaks");
        } else if has_line_breaks(text) && message.trim().is_empty() {
            let detail = "message must be specified if rule contains line breaks";
            out.required(path.field("message"), detail);
        }
        let expression = rule.message_expression.as_deref().unwrap_or_default();
        if !expression.is_empty() && expression.trim().is_empty() {
            let detail = "messageExpression must be non-empty if specified";
            out.required(path.field("messageExpression"), detail);
        }
        if let Some(reason) = rule.reason.as_deref()
            && !REASONS.contains(&reason)
        {
            out.not_supported(path.field("reason"), reason, &REASONS);
        }
        if let Some(field) = rule.field_path.as_deref().filter(|field| !field.is_empty()) {
            let path = path.field("fieldPath");
            if field.trim().is_empty() {
                out.invalid(path.clone(), field, "must be non-empty if specified");
            }
            if has_line_breaks(field) {
                out.invalid(path.clone(), field, "must not contain line breaks");
            }
            let is_valid = structural::unreadable(schema).is_some()
                || field_path::resolve(field, &schema.to_structural()).is_ok();
            if !is_valid {
                out.invalid(path, field, "must be a valid path");
            }
        }
    }
}

/// Notes what compiling the rules of a schema has found.
pub(super) fn check_expressions(
    schema: &Props,
    reports: &[RuleReport],
    uncorrelatable: Option<&Path>,
    path: &Path,
    out: &mut Complaints,
) {
    let path = path.field(KEYWORD);
    if reports.iter().any(|report| report.is_untyped) {
        let detail = "internal error: failed to construct type information for x-kubernetes-validations rules: unable \
                      to convert structural schema to CEL declarations";
        out.0.push(FieldError::new(ErrorKind::Internal, path, detail));
        return;
    }
    for report in reports {
        let Some(rule) = schema.validations.get(report.position) else {
            continue;
        };
        let path = path.index(report.position);
        if let Some(error) = &report.rule_error {
            let detail = refusal("", error, &rule.rule);
            out.invalid_shown(path.field("rule"), shown::rule(rule), detail);
        }
        if let Some(error) = &report.message_error {
            let expression = rule.message_expression.as_deref().unwrap_or_default();
            let detail = refusal("messageExpression ", error, expression);
            out.invalid_shown(path.field("messageExpression"), shown::rule(rule), detail);
        }
        if report.uses_old_self {
            if let Some(within) = uncorrelatable {
                let detail = format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {within}"
                );
                out.invalid(path.field("rule"), rule.rule.as_str(), detail);
            }
        } else if let Some(flag) = rule.optional_old_self {
            let detail = "may not be set if oldSelf is not used in rule";
            out.invalid(path.field("optionalOldSelf"), flag, detail);
        }
    }
}

/// Why an expression was refused; `subject` is `messageExpression ` or nothing.
pub(super) fn refusal(subject: &str, error: &CompileError, source: &str) -> String {
    match error.wrong_type() {
        Some(wanted) if subject.is_empty() => format!("cel expression must evaluate to {wanted}"),
        Some(wanted) => format!("{subject}must evaluate to {wanted}"),
        None => format!("{subject}compilation failed: {}", error.with_source(source)),
    }
}
