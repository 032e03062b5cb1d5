//! Label selectors as fields of objects.

use crate::builtin::complaints::{Complaints, entries, list, text};
use gitsm_schema::Path;
use gitsm_schema::values::names;
use serde_json::Value;

/// What is wrong with a label selector.
pub(in crate::builtin) fn check(selector: &Value, path: &Path, complaints: &mut Complaints) {
    for (key, value) in entries(selector, "matchLabels") {
        let path = path.field("matchLabels");
        complaints.each_invalid(&path, key, names::qualified_name(key));
        let value = value.as_str().unwrap_or_default();
        complaints.each_invalid(&path, value, names::label_value(value));
    }
    for (index, requirement) in list(selector, "matchExpressions").iter().enumerate() {
        let path = path.field("matchExpressions").index(index);
        let values = list(requirement, "values");
        match text(requirement, "operator") {
            "In" | "NotIn" if values.is_empty() => complaints.required(
                path.field("values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            ),
            "Exists" | "DoesNotExist" if !values.is_empty() => complaints.forbidden(
                path.field("values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => complaints.invalid(path.field("operator"), other, "not a valid selector operator"),
        }
        let key = text(requirement, "key");
        complaints.each_invalid(&path.field("key"), key, names::qualified_name(key));
    }
}

/// Whether a selector selects nothing in particular.
pub(super) fn is_empty(selector: &Value) -> bool {
    entries(selector, "matchLabels").next().is_none() && list(selector, "matchExpressions").is_empty()
}

/// Whether a selector selects what has these labels.
pub(super) fn matches(selector: &Value, labels: &Value) -> bool {
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    entries(selector, "matchLabels").all(|(key, value)| label(key) == value.as_str())
        && list(selector, "matchExpressions").iter().all(|requirement| {
            let found = label(text(requirement, "key"));
            let listed = || {
                list(requirement, "values")
                    .iter()
                    .any(|value| value.as_str() == found)
            };
            match text(requirement, "operator") {
                "In" => found.is_some() && listed(),
                "NotIn" => found.is_none() || !listed(),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}
