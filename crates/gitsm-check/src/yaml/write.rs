//! Writing YAML that every reader reads the same.

use super::resolve;
use super::tree::{Node, NodeValue, Style};
use super::{Limits, read};
use serde_json::Value;
use std::fmt::Write as _;

/// `value` as a YAML document without `---`, its keys in the order given.
///
/// serde_yaml lays the text out; it is then read back, and every scalar that a reader of YAML 1.1 or 1.2 could
/// take for something else is replaced by a double-quoted one. What is returned therefore reads as `value` by
/// [`read`] (with integral floats as integers, as the cluster has them), whatever is in it.
pub fn write(value: &Value) -> String {
    let Ok(text) = serde_yaml::to_string(value) else {
        return as_json(value);
    };
    let limits = Limits {
        file_bytes: usize::MAX,
        nodes: usize::MAX,
        depth: Limits::DEEPEST,
        problems: 0,
        ..Limits::default()
    };
    let file = read(text.as_bytes(), &limits);
    let [document] = file.documents.as_slice() else {
        return as_json(value);
    };
    let mut patches = Vec::new();
    if document.index != 1 || !compare(&document.root, value, &mut patches) {
        return as_json(value);
    }
    let mut written = String::with_capacity(text.len() + 2 * patches.len());
    let mut copied = 0;
    for (node, string) in patches {
        let (start, end) = (node.span.start.offset as usize, node.span.end.offset as usize);
        written.push_str(text.get(copied..start).unwrap_or_default());
        quote(string, &mut written);
        copied = end;
    }
    written.push_str(text.get(copied..).unwrap_or_default());
    written
}

/// Collects the scalars of `node` that do not stand for the strings of `value` to every reader; false where the
/// two differ in more than that.
fn compare<'t, 'v>(node: &'t Node<'t>, value: &'v Value, patches: &mut Vec<(&'t Node<'t>, &'v str)>) -> bool {
    match (&node.value, value) {
        (NodeValue::Scalar { .. }, Value::String(string)) => {
            compare_string(node, string, patches);
            true
        }
        (NodeValue::Scalar { style, .. }, Value::Null | Value::Bool(_) | Value::Number(_)) => {
            *style == Style::Plain && node.to_json() == as_the_cluster_has_it(value)
        }
        (NodeValue::Sequence(items), Value::Array(values)) => {
            items.len() == values.len()
                && items
                    .iter()
                    .zip(values)
                    .all(|(item, value)| compare(item, value, patches))
        }
        (NodeValue::Mapping(entries), Value::Object(object)) => {
            entries.len() == object.len()
                && entries.iter().zip(object).all(|(entry, (key, value))| {
                    let scalar = matches!(entry.key.value, NodeValue::Scalar { .. });
                    if scalar {
                        compare_string(&entry.key, key, patches);
                    }
                    scalar && compare(&entry.value, value, patches)
                })
        }
        _ => false,
    }
}

/// Notes a scalar that is not, or not to every reader, the string `expected`.
fn compare_string<'t, 'v>(node: &'t Node<'t>, expected: &'v str, patches: &mut Vec<(&'t Node<'t>, &'v str)>) {
    let NodeValue::Scalar { raw, style } = &node.value else {
        return;
    };
    let plain_is_safe = *style != Style::Plain || !resolve::needs_quotes(raw);
    // YAML 1.1 takes these for line breaks, 1.2 does not; escaped they are the same to both.
    let breaks = expected.contains(['\u{85}', '\u{2028}', '\u{2029}']) && *style != Style::Double;
    if raw != expected || !plain_is_safe || breaks {
        patches.push((node, expected));
    }
}

/// A scalar that is no string, as it comes back from the API server.
fn as_the_cluster_has_it(value: &Value) -> Value {
    match value {
        Value::Number(number) => resolve::cluster(&number.to_string())
            .to_json()
            .unwrap_or_default(),
        other => other.clone(),
    }
}

/// JSON, which is YAML too: for values that cannot be laid out (deeper than any object of ours).
fn as_json(value: &Value) -> String {
    let json = value.to_string();
    let mut escaped = String::with_capacity(json.len() + 1);
    // Whatever is outside of ASCII is inside a string there.
    for c in json.chars() {
        if is_printable(c) {
            escaped.push(c);
        } else {
            escape(c, &mut escaped);
        }
    }
    escaped.push('\n');
    escaped
}

/// Appends `string` in double quotes.
fn quote(string: &str, to: &mut String) {
    to.push('"');
    for c in string.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            c if is_printable(c) => to.push(c),
            c => escape(c, to),
        }
    }
    to.push('"');
}

/// Whether a character may stand in a quoted string as it is and is no line break to anyone.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Appends an escape that YAML and JSON have in common.
fn escape(c: char, to: &mut String) {
    // All characters that are escaped lie in the basic plane; writing to a string does not fail.
    let _ = write!(to, "\\u{:04x}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::tests::check_spans;
    use proptest::prelude::*;
    use serde_json::json;

    /// What the cluster makes of a value that it gets as JSON.
    fn stored(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(stored).collect(),
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| (key.clone(), stored(value)))
                .collect(),
            // Bring the number to the form that needs no point, as Go does.
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => json!(integer),
                (None, Some(float)) if float.fract() == 0.0 && float.abs() < 1e21 => format!("{float:.0}")
                    .parse::<i64>()
                    .ok()
                    .filter(|_| !number.is_u64())
                    .map_or(json!(float), |_| {
                        format!("{}", float + 0.0)
                            .parse::<i64>()
                            .map_or(json!(float), |i| json!(i))
                    }),
                (None, float) => json!(float),
            },
            other => other.clone(),
        }
    }

    fn reads_back(value: &Value) -> Result<(), TestCaseError> {
        let text = write(value);
        let limits = Limits {
            depth: Limits::DEEPEST,
            ..Limits::default()
        };
        let file = read(text.as_bytes(), &limits);
        prop_assert_eq!(&file.problems, &[], "{}", text);
        prop_assert_eq!(file.documents.len(), 1, "{}", text);
        prop_assert_eq!(file.documents[0].root.to_json(), stored(value), "{}", text);
        check_spans(&file);
        Ok(())
    }

    const NASTY: &[&str] = &[
        "",
        "yes",
        "No",
        "on",
        "y",
        "~",
        "null",
        "true",
        "0o7",
        "0777",
        "1_000",
        "1e3",
        "1.0",
        ".inf",
        ".nan",
        "12:30:45",
        "2026-01-01",
        "=",
        "<<",
        " a",
        "a ",
        "a: b",
        "#x",
        "a #x",
        "- a",
        "-",
        "?",
        ":",
        "a:",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "`x`",
        "|",
        ">",
        "[",
        "{",
        "}",
        ",",
        "'",
        "\"",
        "\\",
        "a\nb",
        "a\n",
        "\na",
        "a\n\n",
        "a\n b\n",
        " a\nb",
        "\ta",
        "a\tb",
        "\t\n",
        "a\r\nb",
        "\u{85}",
        "a\u{2028}b",
        "\u{feff}x",
        "\u{0}",
        "\u{1b}[0m",
        "\u{7f}",
        "é",
        "日本",
        "😀",
        "---",
        "...",
        "--- a",
        "a\n---\nb",
        "{{ x }}",
        "trailing space \nx",
        "\u{a0}",
        "a\u{fffe}",
    ];

    #[test]
    fn nasty_strings_survive_as_keys_and_values() {
        for text in NASTY {
            let value = json!({ "key": text, *text: [text, { *text: 1 }] });
            reads_back(&value).unwrap();
            reads_back(&json!(text)).unwrap();
        }
    }

    #[test]
    fn what_needs_no_quotes_has_none() {
        let value = json!({"apiVersion": "gitsm.dev/v1alpha1", "spec": {"tier": "gold", "country": "no", "mode": "0777", "size": 3, "list": ["a", true]}});
        assert_eq!(
            write(&value),
            "apiVersion: gitsm.dev/v1alpha1\nspec:\n  country: \"no\"\n  list:\n  - a\n  - true\n  mode: '0777'\n  size: 3\n  tier: gold\n"
        );
    }

    #[test]
    fn depth_does_not_matter() {
        let deep = (0..127).fold(json!("yes"), |inner, _| json!([inner]));
        reads_back(&deep).unwrap();
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let string = prop_oneof![
            proptest::sample::select(NASTY).prop_map(str::to_owned),
            any::<String>(),
            "[a-c:#\\-'\"\n \t\u{85}]{0,12}",
            "[0-9_.eExXoObB:+\\-]{1,8}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-1000..1000_i32).prop_map(|n| Value::from(f64::from(n) / 4.0)),
            string.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((string.clone(), inner), 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in any_value()) {
            reads_back(&value)?;
        }
    }
}
