//! Kubernetes names, label keys and values, rule ids.

use crate::text::{check_characters, string_type};
use std::borrow::Cow;

string_type! {
    /// The name of a resource of ours: a DNS label (RFC 1123) of at most 63 characters.
    ///
    /// Kubernetes would allow 253 characters and dots in most names. Ours are also used as label values and in
    /// derived names, where 63 is the limit.
    pub struct ResourceName {
        what: "a resource name",
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        length: 1..=63,
        example: "payments-db",
        check: check_dns_label,
    }
}

string_type! {
    /// A label key of Kubernetes: an optional DNS prefix and `/`, then a name of at most 63 characters.
    pub struct LabelKey {
        what: "a label key",
        pattern: "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
        length: 1..=317,
        example: "app.kubernetes.io/name",
        check: check_label_key,
    }
}

string_type! {
    /// A label value of Kubernetes, not empty.
    pub struct LabelValue {
        what: "a label value",
        pattern: "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        length: 1..=63,
        example: "prod",
        check: check_label_value,
    }
}

string_type! {
    /// The stable id of a rule within its policy, used in findings and suppressions.
    pub struct RuleId {
        what: "a rule id",
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        length: 1..=63,
        example: "require-backout",
        check: check_dns_label,
    }
}

string_type! {
    /// A lower camel case identifier: a parameter, variable or field name, usable in CEL and templates.
    pub struct FieldName {
        what: "a field name",
        pattern: "^[a-z][A-Za-z0-9]*$",
        length: 1..=63,
        example: "diskSize",
        check: check_field_name,
    }
}

/// Checks an RFC 1123 label; the caller has checked the length.
pub(super) fn check_dns_label(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(
        text,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        "lower-case letters, digits and `-`",
    )?;
    check_ends(text, |c| c != '-', "`-`")
}

fn check_label_value(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(
        text,
        |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
        "letters, digits, `-`, `_` and `.`",
    )?;
    check_ends(text, |c| c.is_ascii_alphanumeric(), "`-`, `_` or `.`")
}

fn check_label_key(text: &str) -> Result<(), Cow<'static, str>> {
    let name = match text.split_once('/') {
        None => text,
        Some((prefix, name)) => {
            if prefix.is_empty() || prefix.len() > 253 {
                return Err("the prefix before `/` must have 1 to 253 characters".into());
            }
            check_characters(
                prefix,
                |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'),
                "lower-case letters, digits, `-` and `.` in the prefix",
            )?;
            check_ends(prefix, |c| c.is_ascii_alphanumeric(), "`-` or `.`")?;
            name
        }
    };
    if name.is_empty() || name.len() > 63 {
        return Err("the name part must have 1 to 63 characters".into());
    }
    check_label_value(name)
}

fn check_field_name(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(text, |c| c.is_ascii_alphanumeric(), "letters and digits")?;
    if text.starts_with(|c: char| c.is_ascii_lowercase()) {
        Ok(())
    } else {
        Err("it must start with a lower-case letter".into())
    }
}

/// Checks the first and the last character.
fn check_ends(
    text: &str,
    allowed: impl Fn(char) -> bool,
    forbidden_text: &'static str,
) -> Result<(), Cow<'static, str>> {
    if text.starts_with(|c| !allowed(c)) || text.ends_with(|c| !allowed(c)) {
        Err(format!("it must not start or end with {forbidden_text}").into())
    } else {
        Ok(())
    }
}
