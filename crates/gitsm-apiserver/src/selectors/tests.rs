//! The expected answers were taken from apiextensions-apiserver 1.36.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
    an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
    validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

#[test]
fn label_selectors_match_as_upstream() {
    let labels = BTreeMap::from([("a", "b"), ("n", "5"), ("empty", "")]);
    let cases = [
        ("", true),
        ("a=b", true),
        ("a==b", true),
        ("a!=b", false),
        ("z!=b", true),
        ("a in (b,c)", true),
        ("a notin (b)", false),
        ("z notin (b)", true),
        ("!a", false),
        ("! z", true),
        ("a", true),
        ("n>4", true),
        ("n<4", false),
        ("a>4", false),
        ("z<4", false),
        ("a=", false),
        ("empty=", true),
        ("empty in ()", true),
        ("empty in (,)", true),
        ("a in (b,,c)", true),
        ("empty in (b,,c)", true),
        ("in=in", false),
        ("a in (in,notin)", false),
        ("a=b,n<9", true),
        ("a=b , n<4", false),
        ("a=b,!n", false),
        ("a\tin\n(b)", true),
    ];
    for (text, expected) in cases {
        let selector = LabelSelector::parse(text).unwrap();
        assert_eq!(selector.matches(Some(&labels)), expected, "{text:?}");
    }
    assert!(!LabelSelector::parse("a").unwrap().matches::<&str>(None));
    assert!(LabelSelector::parse("!a").unwrap().matches::<&str>(None));
    assert!(LabelSelector::parse(" ").unwrap().is_empty());
}

#[test]
fn what_is_no_label_selector_is_refused_in_upstream_words() {
    let many = "x".repeat(70);
    let cases = [
        ("n>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer".to_owned()),
        ("a>", "unable to parse requirement: values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators, the value must be an integer".to_owned()),
        ("n>9223372036854775808", "unable to parse requirement: values[0]: Invalid value: \"9223372036854775808\": for 'Gt', 'Lt' operators, the value must be an integer".to_owned()),
        ("n>+4", format!("unable to parse requirement: values[0][n]: Invalid value: \"+4\": {LABEL}")),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("a in b", "unable to parse requirement: found 'b' expected: '('".to_owned()),
        ("a in )", "unable to parse requirement: found ')' expected: '('".to_owned()),
        ("a notin", "unable to parse requirement: found '' expected: '('".to_owned()),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'".to_owned()),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'".to_owned()),
        ("a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier".to_owned()),
        ("a in (b=)", "unable to parse requirement: found '=', expected: ',' or ')'".to_owned()),
        ("a=b,", "found '', expected: identifier after ','".to_owned()),
        (",a", "found ',', expected: !, identifier, or 'end of string'".to_owned()),
        ("(a)", "found '(', expected: !, identifier, or 'end of string'".to_owned()),
        ("=b", "found '=', expected: !, identifier, or 'end of string'".to_owned()),
        ("a=b c", "found 'c', expected: ',' or 'end of string'".to_owned()),
        ("a=b=c", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("!a=b", "found '=', expected: ',' or 'end of string'".to_owned()),
        ("a===b", "unable to parse requirement: found '=', expected: identifier".to_owned()),
        ("a=!b", "unable to parse requirement: found '!', expected: identifier".to_owned()),
        ("a=>b", "unable to parse requirement: found '>', expected: identifier".to_owned()),
        ("n >= 4", "unable to parse requirement: found '=', expected: identifier".to_owned()),
        ("!!a", "unable to parse requirement: found '!', expected: identifier".to_owned()),
        ("!", "unable to parse requirement: found '', expected: identifier".to_owned()),
        ("x@=1", format!("unable to parse requirement: <nil>: Invalid value: \"x@\": {NAME_PART}")),
        ("ä=b", format!("unable to parse requirement: <nil>: Invalid value: \"ä\": {NAME_PART}")),
        ("a/=b", format!("unable to parse requirement: <nil>: Invalid value: \"a/\": name part must be non-empty; {NAME_PART}")),
        ("/a=b", "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty".to_owned()),
        ("a=b@", format!("unable to parse requirement: values[0][a]: Invalid value: \"b@\": {LABEL}")),
        ("a=b\\c", format!("unable to parse requirement: values[0][a]: Invalid value: \"b\\\\c\": {LABEL}")),
        ("a in (b@,c@)", format!("unable to parse requirement: [values[0][a]: Invalid value: \"b@\": {LABEL}, values[1][a]: Invalid value: \"c@\": {LABEL}]")),
    ];
    for (text, expected) in cases {
        let error = LabelSelector::parse(text).unwrap_err();
        assert_eq!(error.message, expected, "{text:?}");
        assert_eq!((error.code, error.reason), (400, "BadRequest"));
    }
    let error = LabelSelector::parse(&format!("a={many}")).unwrap_err();
    let expected = format!(
        "unable to parse requirement: values[0][a]: Invalid value: {many:?}: must be no more than 63 bytes"
    );
    assert_eq!(error.message, expected);
}

fn title_only(field: &str) -> bool {
    field == "spec.title"
}

#[test]
fn field_selectors_match_as_upstream() {
    let cases = [
        ("", true),
        (",", true),
        ("=", true),
        ("!=", true),
        ("metadata.name=a", true),
        ("metadata.name==a", true),
        ("metadata.name!=a", false),
        ("metadata.namespace=d", true),
        ("metadata.name=a,metadata.namespace=e", false),
        ("spec.title=x", false),
        (r#"spec.title=t\, " x"#, true),
        (r#"spec.title!=t\, " x"#, false),
    ];
    for (text, expected) in cases {
        let selector = FieldSelector::parse(text, title_only).unwrap();
        let matches = selector.matches(|field| match field {
            "metadata.name" => Some("a"),
            "metadata.namespace" => Some("d"),
            "spec.title" => Some("t, \" x"),
            _ => None,
        });
        assert_eq!(matches, expected, "{text:?}");
    }
    let selector = FieldSelector::parse("metadata.name=a,spec.title!=b", title_only).unwrap();
    assert_eq!(selector.exact("metadata.name"), Some("a"));
    assert_eq!(selector.exact("spec.title"), None);
    assert!(selector.needs_object());
    assert!(
        selector.matches(|field| (field == "metadata.name").then_some("a")),
        "an absent field is empty"
    );
}

#[test]
fn what_is_no_field_selector_is_refused_in_upstream_words() {
    let cases = [
        ("spec.num=1", "field label not supported: spec.num"),
        ("a=b,metadata.name=a", "field label not supported: a"),
        ("b=1,a=1", "field label not supported: a"),
        ("=x", "field label not supported: "),
        ("foo", "invalid selector: 'foo'; can't understand 'foo'"),
        (
            "metadata.name=a,b",
            "invalid selector: 'metadata.name=a,b'; can't understand 'b'",
        ),
        (
            r"metadata.name=a\x",
            r"invalid field selector: invalid escape sequence: \x",
        ),
        (
            r"metadata.name=a\",
            r"invalid field selector: invalid escape sequence: \",
        ),
        (
            "metadata.name=a=b",
            "invalid field selector: unescaped character in value: 61",
        ),
    ];
    for (text, expected) in cases {
        let error = FieldSelector::parse(text, title_only).unwrap_err();
        assert_eq!((error.message.as_str(), error.code), (expected, 400), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*|[a-c=!(),<> \\\\in\0]*") {
        let labels = BTreeMap::from([("a", "b")]);
        if let Ok(selector) = LabelSelector::parse(&text) {
            selector.matches(Some(&labels));
        }
        if let Ok(selector) = FieldSelector::parse(&text, |_| true) {
            selector.matches(|_| Some("a"));
        }
    }
}
