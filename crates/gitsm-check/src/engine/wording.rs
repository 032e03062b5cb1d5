//! How complaints of the schema read: upstream's words where they are plain, our own where they are not.

use super::judge::Subject;
use crate::rules;
use gitsm_schema::structural::{AdditionalProperties, Structural};
use gitsm_schema::{ErrorKind, FieldError, Path, Segment};
use serde_json::Value;

/// How upstream opens its complaint about a value of the wrong type; the expected type follows, and the type of the
/// value (or, for a format, the value itself).
const TYPE_ERROR: &str = "must be of type ";

/// Whether the value has another type than its field.
pub(super) fn is_type_error(error: &FieldError) -> bool {
    wrong_type(error).is_some()
}

/// The expected type and what was found instead.
fn wrong_type(error: &FieldError) -> Option<(&str, &str)> {
    let (_, rest) = error.detail.split_once(TYPE_ERROR)?;
    let (expected, found) = rest.split_once(": ")?;
    Some((expected, found.trim_matches('"')))
}

/// The complaint without the value, which may be a secret and stands in the source anyway.
pub(super) fn sentence(error: &FieldError) -> String {
    let field = if error.path.is_root() {
        "the object".to_owned()
    } else {
        error.path.to_string()
    };
    if is_object_name(&error.path) && error.kind == ErrorKind::Required {
        return format!("{field} is required");
    }
    if let Some((expected, found)) = wrong_type(error) {
        return match (spoken(expected), spoken(found)) {
            (Some(expected), Some(found)) => format!("{field} must be {expected}, but is {found}"),
            (Some(expected), None) => format!("{field} must be {expected}"),
            (None, _) => format!("{field} is not {}", format_name(expected)),
        };
    }
    match error.kind {
        ErrorKind::Required if error.detail.is_empty() => format!("{field} is required"),
        ErrorKind::Duplicate => format!("{field} occurs twice in its list"),
        ErrorKind::NotSupported => format!("{field} is not one of the allowed values"),
        _ if error.detail.is_empty() => format!("{field} is not valid"),
        // Upstream's wording already opens with the field: `spec.tier in body should be ...`.
        _ => {
            // The pattern at the end says the same once more.
            let detail = error.detail.split(" (e.g. ").next().unwrap_or(&error.detail);
            match detail.strip_prefix(&field).map(str::trim_start) {
                Some(rest) => format!("{field} {}", rest.strip_prefix("in body ").unwrap_or(rest)),
                None => format!("{field}: {detail}"),
            }
        }
    }
}

/// What to do about it.
pub(super) fn hint(subject: &Subject<'_>, schema: &Structural, error: &FieldError) -> Option<String> {
    if let Some((expected, found)) = wrong_type(error) {
        return type_hint(subject, error, expected, found);
    }
    let path = error.location();
    match error.kind {
        ErrorKind::NotSupported => rules::gs201::enum_hint(error),
        ErrorKind::Required => Some(required_hint(subject, schema, path)),
        ErrorKind::Duplicate => Some(match error.value.as_ref() {
            Some(Value::Object(keys)) => {
                let keys: Vec<&str> = keys.keys().map(String::as_str).collect();
                format!("remove it, or give it another {}", keys.join(" and "))
            }
            _ => "remove it".to_owned(),
        }),
        ErrorKind::Forbidden if is_metadata(path, "namespace") => Some(format!(
            "remove it: objects of kind {} are in no namespace",
            subject.id.kind
        )),
        _ => {
            let pattern = schema_at(schema, path)?.value.pattern.as_deref()?;
            pattern_in_words(pattern).map(|words| format!("use {words}"))
        }
    }
}

fn required_hint(subject: &Subject<'_>, schema: &Structural, path: &Path) -> String {
    let name = match path.segments().last() {
        Some(Segment::Field(name) | Segment::Key(name)) => name.as_str(),
        _ => return "add it".to_owned(),
    };
    let written = subject.place.node.locate(path).depth == path.segments().len();
    let task = if written {
        format!("give `{name}` a value")
    } else {
        format!("add `{name}:`")
    };
    let described = schema_at(schema, path).and_then(|field| field.description.as_deref());
    match described.and_then(|text| text.lines().next()) {
        Some(text) => format!("{task} ({})", text.trim_end_matches('.')),
        None => task,
    }
}

fn type_hint(subject: &Subject<'_>, error: &FieldError, expected: &str, found: &str) -> Option<String> {
    let hint = match (expected, found) {
        ("string", "integer" | "number" | "boolean") => "put the value in quotes",
        ("boolean", "string") => "write true or false, without quotes",
        ("integer" | "number", "string") => "write a number, without quotes",
        ("object", "array") => "write its fields without the leading `-`",
        ("array", _) => "write it as a list: `- ` before each entry, or `[...]` around them",
        ("object", "string") => {
            let text = error.location().lookup(subject.value).and_then(Value::as_str);
            if text.is_some_and(|text| text.contains(':')) {
                "put a space behind the `:`"
            } else {
                "write its fields below it, indented"
            }
        }
        ("date", _) => "write a day that the calendar has as YYYY-MM-DD, for example \"2027-01-31\"",
        ("date-time", _) => {
            "write an instant that exists with its offset, for example \"2027-01-31T22:00:00+01:00\""
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// A JSON type with its article.
fn spoken(ty: &str) -> Option<&'static str> {
    Some(match ty {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "object" => "a map",
        "array" => "a list",
        "null" => "null",
        "integer,string" => "an integer or a string",
        _ => return None,
    })
}

fn format_name(format: &str) -> String {
    match format {
        "date" => "a date that exists".to_owned(),
        "date-time" => "an instant that exists".to_owned(),
        other => format!("a valid {other}"),
    }
}

/// The patterns of gitsm's fields, as `use ...` goes on.
fn pattern_in_words(pattern: &str) -> Option<&'static str> {
    Some(match pattern {
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" => {
            "lower case letters, digits and `-`, beginning and ending with a letter or digit"
        }
        "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$" => {
            "letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit"
        }
        "^[a-z][A-Za-z0-9]*$" => "letters and digits, beginning with a lower case letter",
        "^([01][0-9]|2[0-3]):[0-5][0-9]$" => "a time of day from \"00:00\" to \"23:59\"",
        "^([0-9a-f]{40}|[0-9a-f]{64})$" => "a whole commit id of 40 or 64 hexadecimal digits",
        "^sha256:[0-9a-f]{64}$" => "`sha256:` and 64 hexadecimal digits",
        "^https?://[^\\s@]+$" => "a URL with http:// or https:// and without user name or password",
        "^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$" => "an address such as team@example.com",
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" => "a date such as \"2027-01-31\"",
        _ if pattern.starts_with("^[0-9]{4}-[0-9]{2}-[0-9]{2}T") => {
            "an instant with its offset, such as \"2027-01-31T22:00:00+01:00\""
        }
        _ if pattern.starts_with("^([0-9]{1,5}h") => {
            "a duration of hours, minutes and seconds, such as 1h30m"
        }
        _ => return None,
    })
}

/// The schema of the field at a path.
pub(crate) fn schema_at<'s>(schema: &'s Structural, path: &Path) -> Option<&'s Structural> {
    path.segments()
        .iter()
        .try_fold(schema, |schema, segment| match segment {
            Segment::Index(_) => schema.items.as_deref(),
            Segment::Field(name) | Segment::Key(name) => {
                schema
                    .properties
                    .get(name)
                    .or(match &schema.additional_properties {
                        Some(AdditionalProperties::Schema(values)) => Some(values),
                        _ => None,
                    })
            }
        })
}

fn is_object_name(path: &Path) -> bool {
    is_metadata(path, "name")
}

fn is_metadata(path: &Path, field: &str) -> bool {
    matches!(path.segments(), [Segment::Field(metadata), Segment::Field(name)] if metadata == "metadata" && name == field)
}
