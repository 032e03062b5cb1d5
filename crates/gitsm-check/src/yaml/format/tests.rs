use super::*;
use proptest::prelude::*;

fn formatted_by(text: &str, order: &KeyOrder<'_>) -> Formatted {
    format(&read(text.as_bytes(), &Limits::default()), order)
}

/// Formats with an order for `spec` and its list `tasks`, and asserts that it is settled.
fn formatted(text: &str) -> Formatted {
    let spec: Vec<String> = ["title", "owner", "tasks"].map(str::to_owned).to_vec();
    let task: Vec<String> = ["name", "minutes"].map(str::to_owned).to_vec();
    let order = |_: &Document<'_>, path: &Path| match path.to_string().as_str() {
        "spec" => Some(spec.as_slice()),
        other if other.starts_with("spec.tasks[") && !other.contains("].") => Some(task.as_slice()),
        _ => None,
    };
    let once = formatted_by(text, &order);
    assert_eq!(
        formatted_by(&once.text, &order),
        once,
        "formatting twice is formatting once"
    );
    once
}

#[test]
fn keys_move_with_their_comments() {
    let text = "\
# About this file.
kind: Change   # what it is
# The version
# of the API.
apiVersion: gitsm.dev/v1alpha1
status:
  phase: New
  # end of status
spec:
  # who
  owner: team   # trailing

  # loose comment

  tasks:
  - minutes: 5   # five
    # its name
    extra: {z: 1, a: 2}
    name: 'x'
  # second
  - name: y
  title: |
    text
    # not a comment
    # deeper than the key
metadata:
  labels: {b: 1}
  name: n
# the end
";
    let expected = "\
# About this file.
# The version
# of the API.
apiVersion: gitsm.dev/v1alpha1
kind: Change   # what it is
metadata:
  name: n
  labels: {b: 1}
spec:
  title: |
    text
    # not a comment
    # deeper than the key
  # who
  owner: team   # trailing

  # loose comment

  tasks:
  - name: 'x'
    minutes: 5   # five
    # its name
    extra: {z: 1, a: 2}
  # second
  - name: y
status:
  phase: New
  # end of status
# the end
";
    assert_eq!(
        formatted(text),
        Formatted {
            text: expected.to_owned(),
            kept: Vec::new()
        }
    );
}

#[test]
fn each_document_is_formatted_and_other_things_are_not() {
    let text = "z: 1\na: 2\n---\nkind: A\napiVersion: v1\n---\n# c\nkind: B\napiVersion: v1";
    assert_eq!(
        formatted(text).text,
        "z: 1\na: 2\n---\napiVersion: v1\nkind: A\n---\n# c\napiVersion: v1\nkind: B\n"
    );
    let windows = "kind: A\r\napiVersion: v1";
    assert_eq!(formatted(windows).text, "apiVersion: v1\r\nkind: A\r\n");
    let json = "{\"kind\": \"A\", \"apiVersion\": \"v1\"}\n";
    assert_eq!(formatted(json).text, json);
}

#[test]
fn what_cannot_be_moved_safely_stays_and_says_why() {
    for (text, reason) in [
        ("kind: A\napiVersion: v1\nspec: &x {a: 1}\n", "anchors"),
        ("kind: A\n? apiVersion\n: v1\n", "not written as"),
        ("kind: A\napiVersion: v1\nkind: B\n", "errors"),
        (
            "apiVersion: v1\nkind: A\nspec:\n  tasks:\n  - minutes: 1\n    # c\n    name: x\n",
            "comment above it",
        ),
        ("kind: A\rapiVersion: v1\r", "old Mac"),
    ] {
        let result = formatted(text);
        assert_eq!(result.text.trim_end(), text.trim_end(), "{text:?}");
        assert!(
            result.kept.iter().any(|kept| kept.reason.contains(reason)),
            "{text:?} {:?}",
            result.kept
        );
    }
    // The blank lines are part of the text, which therefore cannot move away from them.
    let keep = "kind: A\nspec: x\napiVersion: |+\n  v1\n\n\n";
    assert_eq!(formatted(keep).text, keep);
}

/// Objects with shuffled keys and comments in all sorts of places.
fn any_object() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(" 1".to_owned()),
        Just(" 'q'  # trailing".to_owned()),
        Just(" |\n@  text\n@  # text\n".to_owned()),
        Just(String::new()),
        Just(" {b: 1, a: [x]}".to_owned()),
        Just("\n@  # inner\n@  z: 1\n@  a: 2".to_owned()),
        Just("\n@- name: 1\n@- minutes: 2\n@  # n\n@  q: 1\n@  name: 3".to_owned()),
        Just(" >+\n@  folded\n\n".to_owned()),
        Just(" long\n@  text  # é".to_owned()),
        Just("\n@- - a\n@  - b".to_owned()),
        Just(" [a,\n@  # in\n@  b]".to_owned()),
        Just("\n@    deep:\n@     er: 1\n@    # note".to_owned()),
        Just("\n@- # c\n@  minutes: 1\n@  name: 2".to_owned()),
    ];
    let above = prop_oneof![
        4 => Just(String::new()), 1 => Just("@# above\n".to_owned()), 1 => Just("\n".to_owned()), 1 => Just("@# a\n\n@# b\n".to_owned()), 1 => Just("# left\n".to_owned()),
        1 => Just("@      # right\n".to_owned()),
    ];
    let keys = |names: &'static [&'static str]| Just(names.to_vec()).prop_shuffle();
    let entries = move |names: &'static [&'static str], indent: &'static str| {
        (
            keys(names),
            proptest::collection::vec((above.clone(), value.clone()), names.len()),
        )
            .prop_map(move |(keys, rest)| {
                keys.iter()
                    .zip(rest)
                    .map(|(key, (above, value))| format!("{above}@{key}:{value}\n").replace('@', indent))
                    .collect::<String>()
            })
    };
    let spec = entries(&["title", "owner", "tasks", "other"], "  ");
    let metadata = entries(&["name", "labels", "namespace"], "  ");
    (
        keys(&["apiVersion", "kind", "metadata", "spec", "status", "data"]),
        spec,
        metadata,
        entries(&["s"], ""),
        any::<bool>(),
    )
        .prop_map(|(keys, spec, metadata, header, explicit)| {
            let mut text = if explicit {
                "---\n# top\n".to_owned()
            } else {
                "\n# top\n".to_owned()
            };
            for key in keys {
                let entry = match key {
                    "spec" => format!("spec:  # spec\n{spec}"),
                    "metadata" => format!("# meta\nmetadata:\n{metadata}\n"),
                    "data" => header.clone(),
                    other => format!("{other}: x\n"),
                };
                text.push_str(&entry);
            }
            text
        })
}

proptest! {
    #[test]
    fn formatting_keeps_values_and_comments_and_settles(objects in proptest::collection::vec(any_object(), 1..3)) {
        let text = objects.join("---\n");
        let result = formatted(&text);
        let limits = Limits::default();
        let (old, new) = (read(text.as_bytes(), &limits), read(result.text.as_bytes(), &limits));
        prop_assert!(!old.documents.is_empty());
        prop_assert!(same_content(&old, &result.text));
        // Only blank lines that are part of a value make a whole file immovable.
        let stuck = result.kept.iter().any(|kept| kept.reason.contains("without changing"));
        prop_assert!(!stuck || text.contains(">+"), "{}", text);
        let keys: Vec<_> = new.documents[0].root.entries().iter().map(|entry| entry.key.key_text().unwrap().into_owned()).collect();
        if result.kept.is_empty() {
            prop_assert_eq!(keys.first().map(String::as_str), Some("apiVersion"));
            prop_assert_eq!(keys.last().map(String::as_str), Some("status"));
        }
        let mut lines = (text.lines().collect::<Vec<_>>(), result.text.lines().collect::<Vec<_>>());
        lines.0.retain(|line| line.trim_start().starts_with('#'));
        lines.1.retain(|line| line.trim_start().starts_with('#'));
        lines.0.sort_unstable();
        lines.1.sort_unstable();
        prop_assert_eq!(lines.0, lines.1);
    }
}
