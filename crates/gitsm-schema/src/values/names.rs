//! Names, label keys and label values: the syntax rules of `k8s.io/apimachinery` and their messages.
//!
//! Each check answers with everything that is wrong, worded as the API server words it; an empty list means valid.

use std::borrow::Cow;

const LABEL_FORMAT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_FORMAT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS1035_FORMAT: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const KEY_FORMAT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE_FORMAT: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const KEY_MESSAGE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// Longest DNS label, name part of a label key, and label value, in bytes.
const MAX_LABEL: usize = 63;
/// Longest DNS subdomain in bytes.
const MAX_SUBDOMAIN: usize = 253;

/// What is wrong with `name` as an RFC 1123 label.
pub fn dns1123_label(name: &str) -> Vec<String> {
    let mut errors = longer_than(MAX_LABEL, name);
    if !is_dns1123_label(name) {
        if is_dns1123_subdomain(name) {
            errors.push("must not contain dots".to_owned());
        } else {
            let message = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
                           and must start and end with an alphanumeric character";
            errors.push(mismatch(message, LABEL_FORMAT, &["my-name", "123-abc"]));
        }
    }
    errors
}

/// What is wrong with `name` as an RFC 1123 subdomain: the rule for most object names.
pub fn dns1123_subdomain(name: &str) -> Vec<String> {
    let mut errors = longer_than(MAX_SUBDOMAIN, name);
    if !is_dns1123_subdomain(name) {
        let message = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                       '.', and must start and end with an alphanumeric character";
        errors.push(mismatch(message, SUBDOMAIN_FORMAT, &["example.com"]));
    }
    errors
}

/// What is wrong with `name` as an RFC 1035 label, which starts with a letter.
pub fn dns1035_label(name: &str) -> Vec<String> {
    let mut errors = longer_than(MAX_LABEL, name);
    if !(is_dns1123_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase())) {
        let message = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                       alphabetic character, and end with an alphanumeric character";
        errors.push(mismatch(message, DNS1035_FORMAT, &["my-name", "abc-123"]));
    }
    errors
}

/// What is wrong with `key` as a qualified name: a label key, `[prefix/]name`.
pub fn qualified_name(key: &str) -> Vec<String> {
    let examples = ["MyName", "my.name", "123-abc"];
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if name.contains('/') {
        let rule = mismatch(KEY_MESSAGE, KEY_FORMAT, &examples);
        return vec![format!(
            "a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )];
    }
    let mut errors = match prefix {
        Some("") => vec!["prefix part must be non-empty".to_owned()],
        Some(prefix) => dns1123_subdomain(prefix)
            .into_iter()
            .map(|error| format!("prefix part {error}"))
            .collect(),
        None => Vec::new(),
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else {
        errors.extend(
            longer_than(MAX_LABEL, name)
                .into_iter()
                .map(|error| format!("name part {error}")),
        );
    }
    if !is_key_part(name) {
        errors.push(format!(
            "name part {}",
            mismatch(KEY_MESSAGE, KEY_FORMAT, &examples)
        ));
    }
    errors
}

/// What is wrong with `value` as the value of a label.
pub fn label_value(value: &str) -> Vec<String> {
    let mut errors = longer_than(MAX_LABEL, value);
    if !value.is_empty() && !is_key_part(value) {
        let message = format!(
            "a valid label must be an empty string or {}",
            KEY_MESSAGE.trim_start_matches("must ")
        );
        errors.push(mismatch(
            &message,
            VALUE_FORMAT,
            &["MyValue", "my_value", "12345"],
        ));
    }
    errors
}

/// `name` with a final dash replaced, for checks of names to which something will be appended (`generateName`).
///
/// Upstream replaces the last *two* bytes by one letter, so the byte before the dash is not judged.
pub fn mask_trailing_dash(name: &str) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    match bytes {
        [kept @ .., _, b'-'] => Cow::Owned(format!("{}a", String::from_utf8_lossy(kept))),
        _ => Cow::Borrowed(name),
    }
}

/// Whether `name` has the characters of an RFC 1123 label; length is not looked at.
pub fn is_dns1123_label(name: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| *byte == b'-' || alphanumeric(byte))
}

/// Whether `name` has the characters of an RFC 1123 subdomain; length is not looked at.
pub fn is_dns1123_subdomain(name: &str) -> bool {
    name.split('.').all(is_dns1123_label)
}

/// Whether `name` has the characters of the name part of a label key.
fn is_key_part(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn longer_than(limit: usize, text: &str) -> Vec<String> {
    if text.len() > limit {
        vec![format!("must be no more than {limit} bytes")]
    } else {
        Vec::new()
    }
}

fn mismatch(message: &str, format: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!(
        "{message} (e.g. {}regex used for validation is '{format}')",
        examples.join(" or ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_good_names() {
        assert_eq!(dns1123_label("a-1"), Vec::<String>::new());
        assert_eq!(dns1123_subdomain("a.b-c.9"), Vec::<String>::new());
        assert_eq!(dns1035_label("web-1"), Vec::<String>::new());
        assert_eq!(qualified_name("example.org/Some_Key.1"), Vec::<String>::new());
        assert_eq!(label_value(""), Vec::<String>::new());
    }

    #[test]
    fn words_the_complaints_as_the_api_server_does() {
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            dns1123_label(&"A".repeat(64)),
            [
                "must be no more than 63 bytes",
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                 start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
                 validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(qualified_name("/x"), ["prefix part must be non-empty"]);
        assert_eq!(qualified_name("a/")[0], "name part must be non-empty");
        assert_eq!(qualified_name("a/").len(), 2);
        assert!(qualified_name("a/b/c")[0].ends_with("(e.g. 'example.com/MyName')"));
        assert_eq!(
            label_value("-"),
            [
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
              must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
              regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ]
        );
    }

    #[test]
    fn a_trailing_dash_can_be_masked() {
        assert_eq!(mask_trailing_dash("web-"), "wea");
        assert_eq!(mask_trailing_dash("-"), "-");
        assert_eq!(mask_trailing_dash("web"), "web");
        assert!(!is_dns1123_label(&mask_trailing_dash("aé-")));
    }
}
