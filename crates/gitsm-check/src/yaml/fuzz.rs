//! One function that does everything the reader can do with a file: for fuzzers, and for the property tests
//! below, which drive it on a stable toolchain.

use super::{Document, File, Limits, Node, comments, format, read, write};
use gitsm_schema::{Path, Segment};

/// The amount of work that a file took: a bound on time that does not depend on the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Events of the parser.
    pub events: usize,
    /// Nodes of all trees.
    pub nodes: usize,
}

/// How many events and nodes a byte can cost at most: `[?,?,…]` makes a map with an empty key and an empty
/// value, and ends it, for two bytes.
pub const WORK_PER_BYTE: usize = 4;

/// How many nodes are looked up one by one; each lookup walks from the root.
const LOOKUPS: usize = 300;

/// Reads, converts, locates, formats and writes `bytes`, and asserts what must hold of any file.
///
/// # Panics
///
/// If anything of it does not hold, or if any of the code it calls panics: that is what a fuzzer looks for.
pub fn fuzz_read(bytes: &[u8]) -> Work {
    let limits = Limits::default();
    let file = read(bytes, &limits);
    let work = measure(&file);
    assert!(work.events <= WORK_PER_BYTE * bytes.len() + 8, "{work:?}");
    assert!(work.nodes <= WORK_PER_BYTE * bytes.len() + 8, "{work:?}");
    assert!(file.problems.len() <= limits.problems);
    for document in &file.documents {
        check_lookups(document);
        check_writing(document);
    }
    let comments = comments(&file);
    assert!(comments.iter().all(|comment| comment.text.starts_with('#')));
    check_formatting(&file);

    let expanding = Limits {
        allow_anchors: true,
        ..limits
    };
    let expanded = measure(&read(bytes, &expanding));
    assert!(expanded.nodes <= WORK_PER_BYTE * bytes.len() + 8 + expanding.copied_nodes);
    work
}

fn measure(file: &File<'_>) -> Work {
    Work {
        events: file.events,
        nodes: file.documents.iter().map(|document| document.root.size()).sum(),
    }
}

/// Asserts that the path of every node leads to it.
fn check_lookups(document: &Document<'_>) {
    fn walk(document: &Document<'_>, node: &Node<'_>, path: &mut Path, left: &mut usize) {
        let Some(fewer) = left.checked_sub(1) else { return };
        *left = fewer;
        let found = document.locate(path);
        assert_eq!((found.value, found.depth), (node.span, path.segments().len()));
        for entry in node.entries() {
            if let Some(key) = entry.key.key_text() {
                path.push(Segment::Field(key.into_owned()));
                walk(document, &entry.value, path, left);
                path.pop();
            }
        }
        for (index, item) in node.items().iter().enumerate() {
            path.push(Segment::Index(index));
            walk(document, item, path, left);
            path.pop();
        }
    }
    // Of duplicate keys only the last is found.
    if document.sound {
        walk(document, &document.root, &mut Path::root(), &mut LOOKUPS.clone());
    }
}

/// Asserts that what is written reads the same.
fn check_writing(document: &Document<'_>) {
    let value = document.root.to_json();
    let text = write(&value);
    let limits = Limits {
        file_bytes: usize::MAX,
        nodes: usize::MAX,
        depth: Limits::DEEPEST,
        ..Limits::default()
    };
    let file = read(text.as_bytes(), &limits);
    assert_eq!(file.problems, []);
    let read_back: Vec<_> = file
        .documents
        .iter()
        .map(|document| document.root.to_json())
        .collect();
    assert_eq!(read_back, [value]);
}

/// Asserts that formatting settles and keeps what the file says.
fn check_formatting(file: &File<'_>) {
    let order: Vec<String> = ["c", "b", "a"].map(str::to_owned).to_vec();
    let order = |_: &Document<'_>, _: &Path| Some(order.as_slice());
    let once = format(file, &order);
    let limits = Limits {
        file_bytes: usize::MAX,
        nodes: usize::MAX,
        ..Limits::default()
    };
    let again = read(once.text.as_bytes(), &limits);
    assert_eq!(format(&again, &order).text, once.text);
    let values = |file: &File<'_>| -> Vec<_> {
        file.documents
            .iter()
            .map(|document| document.root.to_json())
            .collect()
    };
    assert_eq!(values(&again), values(file));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::tests::{bombs, check_spans};
    use proptest::prelude::*;

    const OBJECTS: &[&str] = &[
        "# top\nkind: Change\napiVersion: v1\nmetadata:\n  labels: {b: 1, a: é}\n  # name\n  name: 'x''y'  # n\nspec:\n  c: |\n    text\n\n    more\n  a:\n  - b: 1\n    a: \"q\\u00e9\\n\"\n  - [1, {x: y}]\n  b: >-\n    folded\n---\nkind: B\napiVersion: v1\n",
        "{\"kind\": \"A\",\n\t\"apiVersion\": \"v1\", \"spec\": {\"a\": [1, 2.5e3, null, true]}}\n",
        "kind: A\napiVersion: v1\nspec: &a\n  x: *a\n  <<: {b: 1}\n  ? complex\n  : !!str 1\n...\n%YAML 1.2\n---\n- 0777\n- yes\n- .inf\n",
    ];

    const TOKENS: &[&str] = &[
        "a",
        "b",
        "c",
        ":",
        ": ",
        "- ",
        "-",
        "?",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "#",
        " #",
        "'",
        "\"",
        "\\",
        "|",
        ">",
        "|+\n",
        "|2-\n",
        "&a ",
        "*a",
        "!t ",
        "!!str ",
        "%",
        "@",
        "`",
        "<<",
        "---",
        "\n---\n",
        "\n...\n",
        "\n",
        "\r",
        "\r\n",
        " ",
        "  ",
        "\n  ",
        "\n    ",
        "\t",
        "é",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "😀",
        "0777",
        "yes",
        "~",
        ".inf",
        "1e3",
        "kind: A\napiVersion: v1\n",
        "spec:\n",
        "\\x41",
        "\\u",
        "\\\n",
        "''",
        "\nb: 1\n",
        "\n- a: 1\n  c: 2\n",
        "\n# x\n",
        "%TAG ! x\n",
        "!<x>",
        "%41",
        "{{ x }}",
    ];

    /// An object with some bytes cut out, doubled, or replaced.
    fn mutated() -> impl Strategy<Value = Vec<u8>> {
        let edit = (
            any::<prop::sample::Index>(),
            0..20_usize,
            proptest::sample::select(TOKENS),
            0..3_u8,
        );
        (
            proptest::sample::select(OBJECTS),
            proptest::collection::vec(edit, 1..6),
        )
            .prop_map(|(object, edits)| {
                let mut bytes = object.as_bytes().to_vec();
                for (at, length, token, how) in edits {
                    let start = at.index(bytes.len() + 1);
                    let end = (start + length).min(bytes.len());
                    let with = match how {
                        0 => Vec::new(),
                        1 => bytes[start..end].repeat(2),
                        _ => token.as_bytes().to_vec(),
                    };
                    bytes.splice(start..end, with);
                }
                bytes
            })
    }

    fn any_file() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            1 => any::<Vec<u8>>(),
            1 => any::<String>().prop_map(String::into_bytes),
            4 => mutated(),
            4 => proptest::collection::vec(proptest::sample::select(TOKENS), 0..40).prop_map(|tokens| tokens.concat().into_bytes()),
            1 => (proptest::sample::select(TOKENS), proptest::sample::select(TOKENS), 0..300_usize)
                .prop_map(|(a, b, times)| (a.repeat(times) + &b.repeat(times)).into_bytes()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1_000), ..ProptestConfig::default() })]
        #[test]
        fn nothing_in_a_file_does_harm(bytes in any_file()) {
            let text = String::from_utf8_lossy(&bytes);
            let result = std::panic::catch_unwind(|| fuzz_read(&bytes));
            prop_assert!(result.is_ok(), "{text:?}");
            check_spans(&read(&bytes, &Limits::default()));
        }
    }

    #[test]
    fn files_made_to_hurt_do_not() {
        for (_, text) in bombs(1 << 14) {
            fuzz_read(text.as_bytes());
        }
    }
}
