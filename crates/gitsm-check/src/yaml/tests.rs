//! The reader as its users see it: positions, problems, limits.

use super::*;
use gitsm_schema::Path;
use proptest::prelude::*;
use serde_json::{Value, json};

fn file(text: &str) -> File<'_> {
    read(text.as_bytes(), &Limits::default())
}

/// The only document of a text without problems, as JSON.
fn value(text: &str) -> Value {
    let file = file(text);
    assert_eq!(file.problems, [], "{text:?}");
    assert_eq!(file.documents.len(), 1, "{text:?}");
    file.documents[0].root.to_json()
}

/// The problems of a text as `line:column GSnnn message`.
fn problems(text: &str) -> Vec<String> {
    file(text)
        .problems
        .iter()
        .map(|problem| {
            let at = problem.span.start;
            format!(
                "{}:{} {} {}",
                at.line,
                at.column,
                problem.rule().id,
                problem.message
            )
        })
        .collect()
}

/// Asserts that every span of a tree says the same in lines and columns as in bytes, and lies in its parent.
pub(super) fn check_spans(file: &File<'_>) {
    fn position(text: &str, at: Position) {
        let bom = usize::from(text.starts_with('\u{feff}')) * 3;
        let start = Position {
            offset: count(bom),
            ..Position::START
        };
        let before = text
            .get(bom..at.offset as usize)
            .expect("a position between characters");
        assert_eq!(text::advance(start, before), at, "{text:?}");
    }
    fn node(text: &str, at: &Node<'_>) {
        position(text, at.span.start);
        position(text, at.span.end);
        assert!(at.span.start <= at.span.end, "{text:?}");
        for entry in at.entries() {
            assert!(entry.key.span.start >= at.span.start, "{:?} {text:?}", entry.key);
            assert!(entry.value.span.end <= at.span.end, "{:?} {text:?}", entry.value);
            node(text, &entry.key);
            node(text, &entry.value);
        }
        for item in at.items() {
            assert!(
                item.span.start >= at.span.start && item.span.end <= at.span.end,
                "{item:?} {text:?}"
            );
            node(text, item);
        }
    }
    for document in &file.documents {
        position(file.text, document.span.start);
        node(file.text, &document.root);
    }
    // A file that is not text has no characters to compare with.
    let problems = if file.text.is_empty() {
        &[]
    } else {
        file.problems.as_slice()
    };
    for problem in problems {
        position(file.text, problem.span.start);
        position(file.text, problem.span.end);
    }
}

/// The text that a node was read from.
fn source<'t>(file: &File<'t>, node: &Node<'_>) -> &'t str {
    &file.text[node.span.start.offset as usize..node.span.end.offset as usize]
}

#[test]
fn spans_cover_exactly_what_was_written() {
    let text = "\
a: plain text   # comment
'b': \"quoted \\\" # no comment\"  # it's a \"comment\"
c:
- one
- - two
  - three
d: [x, {w: z} ]   # end
e: |  # header | comment
  block

  text

f: >-
  folded
g:
h: 'it''s'   
";
    let file = file(text);
    assert_eq!(file.problems, []);
    check_spans(&file);
    let root = &file.documents[0].root;
    let written = |key: &str| source(&file, root.get(key).unwrap());
    assert_eq!(written("a"), "plain text");
    assert_eq!(written("b"), "\"quoted \\\" # no comment\"");
    assert_eq!(written("c"), "- one\n- - two\n  - three");
    assert_eq!(
        source(&file, &root.get("c").unwrap().items()[1]),
        "- two\n  - three"
    );
    assert_eq!(written("d"), "[x, {w: z} ]");
    assert_eq!(source(&file, &root.get("d").unwrap().items()[1]), "{w: z}");
    assert_eq!(written("e"), "|  # header | comment\n  block\n\n  text");
    assert_eq!(written("f"), ">-\n  folded");
    assert_eq!(written("g"), "");
    assert_eq!(written("h"), "'it''s'");
    assert_eq!(
        root.get("g").unwrap().span.start,
        Position {
            line: 15,
            column: 3,
            offset: 186
        }
    );
    assert_eq!(source(&file, &root.entries()[1].key), "'b'");
    assert_eq!(root.get("e").unwrap().to_json(), json!("block\n\ntext\n"));
}

#[test]
fn columns_count_characters_and_offsets_bytes() {
    let file = file("\u{feff}ä: ü\n日本: {'x': \"é\", w: 1}\n---\nz: 2");
    check_spans(&file);
    let map = file.documents[0].root.get("日本").unwrap();
    let at = map.get("w").unwrap().span.start;
    assert_eq!((at.line, at.column), (2, 19));
    assert_eq!(&file.text[at.offset as usize..][..1], "1");
    assert_eq!(file.documents[1].root.get("z").unwrap().span.start.line, 4);
    assert_eq!(file.line_at(at.offset), "日本: {'x': \"é\", w: 1}");
}

#[test]
fn a_syntax_error_ends_at_the_next_document_and_lines_go_on() {
    let text = "a: 1\n---\nb: [1\nc: 2\n---\nd: 3\ne: \"open\n---\nf: 4\n";
    let file = file(text);
    let documents: Vec<_> = file
        .documents
        .iter()
        .map(|document| (document.index, document.root.span.start.line))
        .collect();
    assert_eq!(documents, [(1, 1), (4, 9)]);
    let found: Vec<_> = file
        .problems
        .iter()
        .map(|problem| (problem.document, problem.span.start.line))
        .collect();
    assert_eq!(found, [(2, 3), (3, 7)]);
}

#[test]
fn problems_are_said_in_plain_words() {
    let cases = [
        (
            "title: Upgrade: phase 1\n",
            "1:15 GS101 this `:` is one too many on its line",
        ),
        (
            "a: 1\n  b: 2\n",
            "2:3 GS101 this key is indented further than the text before it allows",
        ),
        ("a: {b: 1\nc: 2\n", "1:4 GS101 this `{` is never closed"),
        ("a: [1, 2", "1:4 GS101 this `[` is never closed"),
        (
            "a: \"open\nb: 1\n",
            "1:4 GS101 this quote is not closed before the text goes on at a smaller indentation",
        ),
        ("a: 'open", "1:4 GS101 this quote is never closed"),
        ("a: 'it's'\n", "1:8 GS101 there is text behind the closing quote"),
        ("a: 1\nb\nc: 2\n", "2:1 GS101 this line is not `key: value`"),
        ("a: 1\nb", "2:1 GS101 this line is not `key: value`"),
        (
            "a:\n    b: 1\n  c: 2\n",
            "3:3 GS101 this is indented by 2 spaces, but the map it would belong to by 0 (line 1)",
        ),
        ("a:\n\tb: 1\n", "2:1 GS102 the line is indented with a tab"),
        ("a:\n  - b\n\t- c\n", "3:1 GS102 the line is indented with a tab"),
        ("a: @b\n", "1:4 GS101 a value cannot start with `@`"),
        (
            "a: *.example.com\n",
            "1:4 GS105 a value that starts with `*` is an alias, and there is no such anchor before it",
        ),
        ("a: ]\n", "1:4 GS101 this bracket closes nothing"),
        (
            "a: \"\\d\"\n",
            "1:4 GS101 a double-quoted string contains a backslash that starts no known escape",
        ),
        (
            "{% if x %}\na: 1\n",
            "1:1 GS101 this line looks like a template, which is not YAML until it is rendered",
        ),
        (
            "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> main\n",
            "2:1 GS101 an unresolved merge conflict is left in the file",
        ),
        ("a: - b\n", "1:4 GS101 a list item cannot start here"),
        (
            "- a\nb: 1\n",
            "2:1 GS101 a list item is expected here, because the lines before it are one",
        ),
        (
            "a: 1\n---\nx: {{ .Values.y }}\n",
            "3:5 GS108 a list or map cannot be a key",
        ),
        ("a: b\0c", "1:5 GS102 the file contains a NUL character"),
        (
            "a: b\u{1}c",
            "1:5 GS102 the control character U+0001 may not stand in YAML",
        ),
        ("a: &x 1\n", "1:4 GS105 anchors are not allowed"),
        ("<<: {a: 1}\n", "1:1 GS105 merge keys are not allowed"),
        ("a: !!str 1\n", "1:4 GS107 a value has an explicit tag"),
        (
            "a: .inf\n",
            "1:4 GS108 infinite numbers and not-a-number cannot be stored in the cluster",
        ),
        (
            "a: 1\nb: 2\n'a': 3\n",
            "3:1 GS104 the key `a` is already given on line 1 of the file",
        ),
        (
            "1: a\n\"1\": b\n",
            "2:1 GS104 the key `1` is already given on line 1 of the file",
        ),
        (
            "a: no\n",
            "1:4 GS106 `no` is the boolean false to the cluster (YAML 1.1), but a string to readers of YAML 1.2",
        ),
        (
            "on: 1\n",
            "1:1 GS106 `on` is the boolean true to the cluster (YAML 1.1), but a string to readers of YAML 1.2",
        ),
        (
            "a: 0777\n",
            "1:4 GS106 `0777` is the number 511 to the cluster (YAML 1.1), but the number 777 to readers of YAML 1.2",
        ),
        ("null: 1\n", "1:1 GS108 the cluster does not take this for a key"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = problems(text);
        if found != [expected] {
            wrong.push(format!("{text:?}\n  found    {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let refused = |bytes: &[u8]| {
        let file = read(bytes, &Limits::default());
        assert!(file.documents.is_empty());
        let at = file.problems[0].span.start;
        (file.problems[0].kind.clone(), at.line, at.column)
    };
    assert_eq!(refused(b"a: \xc3\xa9\nb: \xff"), (ProblemKind::NotUtf8, 2, 4));
    assert_eq!(refused(b"\xff\xfea\0"), (ProblemKind::NotUtf8, 1, 1));
    let large = vec![b'x'; (1 << 20) + 1];
    assert_eq!(
        refused(&large).0,
        ProblemKind::TooLarge {
            limit: 1 << 20,
            actual: (1 << 20) + 1
        }
    );
    assert!(read(&large[1..], &Limits::default()).problems.is_empty());
}

#[test]
fn limits_are_exact() {
    let hundred = "---\na: 1\n".repeat(100);
    assert_eq!(file(&hundred).problems, []);
    let more = file(&(hundred.clone() + "---\na: 1\n")).problems.remove(0);
    assert_eq!(
        (more.kind, more.span.start.line),
        (ProblemKind::TooManyDocuments { limit: 100 }, 201)
    );

    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let nested = |depth: usize| open.repeat(depth) + "x" + &close.repeat(depth);
        assert_eq!(file(&nested(64)).problems, [], "{open}");
        let deep = file(&nested(65)).problems.remove(0).kind;
        assert_eq!(deep, ProblemKind::TooDeep { limit: 64 }, "{open}");
    }
    let limits = Limits {
        nodes: 7,
        ..Limits::default()
    };
    let kinds = |text: &str| -> Vec<ProblemKind> {
        let file = read(text.as_bytes(), &limits);
        file.problems.into_iter().map(|problem| problem.kind).collect()
    };
    assert_eq!(kinds("a: [b, c]\n---\nd"), []);
    assert_eq!(
        kinds("a: [b, c]\n---\nd: e"),
        [ProblemKind::TooManyNodes { limit: 7 }]
    );
    assert_eq!(kinds("'a,,,,,,,,'"), [ProblemKind::TooManyNodes { limit: 7 }]);

    let noisy = file(&"- yes\n".repeat(501).clone()).suppressed;
    assert_eq!(noisy, 1);
}

#[test]
fn json_and_odd_line_ends_are_read_too() {
    assert_eq!(
        value("{\n\t\"a\": [1, true, null, \"x\\u00e9\"],\n\t\"b\":{\"c\":1}}\n"),
        json!({"a": [1, true, null, "xé"], "b": {"c": 1}})
    );
    assert_eq!(value("a: 1\r\nb:\r\n  - x\r\n"), json!({"a": 1, "b": ["x"]}));
    check_spans(&file("a: 1\rb: 'ü'\r\n\rc: 2\n"));
    assert_eq!(value("%YAML 1.2\n---\na: 1\n"), json!({"a": 1}));
    assert_eq!(value("a: 1\n..."), json!({"a": 1}));
}

#[test]
fn empty_documents_are_numbered_and_recognised() {
    let file = file("# only a comment\n---\n---\na: 1\n---\n");
    let found: Vec<_> = file
        .documents
        .iter()
        .map(|document| (document.index, document.is_empty()))
        .collect();
    assert_eq!(found, [(1, true), (2, false), (3, true)]);
    assert!(super::read(b"", &Limits::default()).documents.is_empty());
}

#[test]
fn keys_become_strings_as_in_the_cluster() {
    assert_eq!(
        value("1: a\n0x10: b\ntrue: c\n1.5: d\n1e6: e\n0.1: f\n1e-7: g\n1e21: h\n"),
        json!({
            "1": "a", "16": "b", "true": "c", "1.5": "d", "1e+06": "e", "0.1": "f", "1e-07": "g", "1e+21": "h"
        })
    );
}

#[test]
fn anchors_are_expanded_where_allowed() {
    let limits = Limits {
        allow_anchors: true,
        ..Limits::default()
    };
    let text = "base: &b {x: 1, w: 2}\nuse: *b\nmerged:\n  <<: *b\n  w: 3\nlist:\n  <<: [*b, {z: 4, x: 9}]\n";
    let file = read(text.as_bytes(), &limits);
    assert_eq!(file.problems, []);
    assert_eq!(
        file.documents[0].root.to_json(),
        json!({
            "base": {"x": 1, "w": 2}, "use": {"x": 1, "w": 2}, "merged": {"x": 1, "w": 3},
            "list": {"x": 1, "w": 2, "z": 4}
        })
    );
    let bomb = (0..9).fold("a0: &a0 [x, x, x]\n".to_owned(), |text, level| {
        let alias = format!("*a{level}");
        format!("{text}a{0}: &a{0} [{1}]\n", level + 1, vec![alias; 9].join(", "))
    });
    let file = read(bomb.as_bytes(), &limits);
    assert_eq!(
        file.problems[0].kind,
        ProblemKind::TooManyCopies { limit: 10_000 }
    );
    let own = read(b"a: &a [*a]", &limits);
    assert_eq!(own.problems[0].kind, ProblemKind::Alias);
    let deep: String = (0..70).fold("a0: &a0 x\n".to_owned(), |text, level| {
        format!("{text}a{}: &a{} [*a{level}]\n", level + 1, level + 1)
    });
    assert_eq!(
        read(deep.as_bytes(), &limits).problems[0].kind,
        ProblemKind::TooDeep { limit: 64 }
    );
    let other = read(b"a: &a 1\n...\nb: *a\n", &limits);
    assert_eq!(other.problems[0].kind, ProblemKind::Alias);
}

#[test]
fn paths_lead_to_places() {
    let text = "metadata:\n  name: x\nspec:\n  list:\n    - a: 1\n    - b: 2\n";
    let file = file(text);
    let document = &file.documents[0];
    let at = |path: &Path| {
        let found = document.locate(path);
        let text = |span: Span| &file.text[span.start.offset as usize..span.end.offset as usize];
        (found.key.map(text), text(found.value), found.depth)
    };
    let list = Path::root().field("spec").field("list");
    assert_eq!(at(&list.index(1).field("b")), (Some("b"), "2", 4));
    assert_eq!(at(&list.index(1)), (Some("list"), "b: 2", 3));
    assert_eq!(
        at(&list.index(7).field("x")),
        (Some("list"), "- a: 1\n    - b: 2", 2)
    );
    assert_eq!(
        at(&Path::root().field("metadata").field("labels").key("a")),
        (Some("metadata"), "name: x", 1)
    );
    assert_eq!(at(&Path::root().field("nope")).0, None);
    assert_eq!(document.locate(&list).best().start.line, 4);
}

#[test]
fn comments_are_found_where_they_are_and_nowhere_else() {
    let text = "# top\na: 'x # no' # one\nb: | # two\n  # no\n# three\nc: a#b\nd: [1, # four\n  2]\n---\n# five\ne: >\n\n# six\n";
    let file = file(text);
    assert_eq!(file.problems, []);
    let found: Vec<_> = comments(&file)
        .iter()
        .map(|comment| (comment.text, comment.span.start.line, comment.own_line))
        .collect();
    assert_eq!(
        found,
        [
            ("# top", 1, true),
            ("# one", 2, false),
            ("# two", 3, false),
            ("# three", 5, true),
            ("# four", 7, false),
            ("# five", 10, true),
            ("# six", 13, true),
        ]
    );
}

#[test]
fn every_rule_of_the_reader_shows_its_own_example() {
    for rule in crate::rules::all()
        .iter()
        .filter(|rule| rule.id.starts_with("GS10"))
    {
        let codes = |text: &str| -> Vec<&str> {
            file(text)
                .problems
                .iter()
                .map(|problem| problem.rule().id)
                .collect()
        };
        assert!(
            codes(rule.bad).contains(&rule.id),
            "{}: {:?}",
            rule.id,
            codes(rule.bad)
        );
        assert_eq!(codes(rule.good), Vec::<&str>::new(), "{}", rule.id);
    }
}

proptest! {
    #[test]
    fn spans_are_consistent_on_any_text(text in "([a-c:é #\u{feff}'\"\\-\\n\\r\t|>\\[\\]{},!&*?%.~1]|---\\n|: |- |\\n  ){0,60}") {
        check_spans(&file(&text));
        let _ = comments(&file(&text));
    }
}

#[test]
fn the_parser_counts_bytes_in_directives_but_positions_stay_right() {
    check_spans(&file("%é\n  ---\n"));
    check_spans(&file("%éé é\n---\na: é\n"));
}

/// Files made to hurt, each of about `size` bytes.
pub(super) fn bombs(size: usize) -> Vec<(&'static str, String)> {
    let fill = |unit: &str| unit.repeat(size / unit.len());
    let mut bombs: Vec<(&str, String)> = [
        "[",
        "{",
        "- ",
        "? ",
        ": ",
        "&a *a ",
        "{{",
        "[{",
        "!a ",
        "a: ",
        "[a, ",
        "- yes\n",
        "a\n",
        "\n",
        "# x\n",
        "---\n",
        "a: [\n---\n",
        "é",
        "'",
        "\"",
        "\\",
        "|\n",
        "%x\n",
        "--- >\n x\n",
        "{a: 1}, ",
        "*a\n",
        "\t",
        "- - - a\n",
        "? a\n",
        "a:\n",
        "[],",
        "é: ü\n",
        "\r",
        "...\n",
        "]",
        "}",
        ",",
        "&x ",
        "- [1,2]\n",
        "\"a\": ",
        "a: 'x\n",
        "- |\n  x\n",
        "- \"x\" # c\n",
    ]
    .into_iter()
    .map(|unit| (unit, fill(unit)))
    .collect();
    bombs.push(("[1,1,...]", format!("[{}1]", "1,".repeat(size / 2 - 2))));
    bombs.push(("[y,y,...]", format!("[{}1]", "y,".repeat(size / 2 - 2))));
    bombs.push(("{a:1,...}", format!("{{{}}}", "a: 1,".repeat(size / 5 - 2))));
    bombs.push(("[a: b, ...]", format!("[{}]", "a: b,".repeat(size / 5 - 2))));
    bombs.push(("long quoted", format!("a: \"{}\"", "x ".repeat(size / 2 - 8))));
    bombs.push(("long unclosed", format!("a: \"{}", "é ".repeat(size / 3 - 8))));
    bombs.push(("folded quoted", format!("a: '{}'", "x\n ".repeat(size / 3 - 8))));
    bombs.push(("long block", format!("a: |\n{}", "  x\n".repeat(size / 4 - 8))));
    bombs.push(("blank block", format!("a: |\n{}", " \n".repeat(size / 2 - 8))));
    bombs.push((
        "stairs",
        (0..1400_usize.min(size / 20))
            .flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()])
            .collect(),
    ));
    bombs.push((
        "keys",
        (0..size / 12)
            .flat_map(|key| ["k".to_owned(), key.to_string(), ": 1\n".to_owned()])
            .collect(),
    ));
    bombs.push(("long key", format!("{}: 1", "k".repeat(size - 8))));
    bombs.push(("long flow key", format!("{{{}: 1}}", "k".repeat(size - 8))));
    bombs.push(("tabs", format!("a: 1\n{}b: 2\n", "\t".repeat(size - 32))));
    bombs
}

#[test]
fn files_made_to_hurt_take_work_in_proportion() {
    for (name, text) in bombs(1 << 20) {
        let file = file(&text);
        assert!(
            file.events <= 4 * text.len() + 8,
            "{name}: {} events",
            file.events
        );
        assert!(file.problems.len() <= Limits::default().problems, "{name}");
        let nodes: usize = file.documents.iter().map(|document| document.root.size()).sum();
        assert!(nodes <= 4 * text.len() + 1, "{name}: {nodes} nodes");
    }
}

/// `cargo test --release -p gitsm-check -- --ignored --nocapture measure`
#[test]
#[ignore = "prints times"]
fn measure() {
    use std::time::Instant;
    for (name, text) in bombs(1 << 20) {
        let start = Instant::now();
        let problems = file(&text).problems.len();
        let elapsed = start.elapsed();
        let start = Instant::now();
        fuzz::fuzz_read(text.as_bytes());
        let everything = start.elapsed();
        println!("{name:20?} read {elapsed:>9.1?}, everything {everything:>9.1?}, {problems} problems");
    }
    let document = |n: usize| {
        let mut text = format!(
            "apiVersion: gitsm.dev/v1alpha1\nkind: Change\nmetadata:\n  name: change-{n}\n  namespace: payments\n  labels:\n    team: payments\nspec:\n  # why\n  title: \"Upgrade number {n}\"\n  description: |\n    First line.\n    Second line, a little longer than the first.\n  schedule:\n    start: 2027-01-01T10:00:00Z\n    duration: 2h\n  tasks:\n"
        );
        for task in 0..11 {
            let task = format!(
                "    - name: task-{task}\n      owner: team-{n}\n      minutes: {task}\n      done: false\n      note: 'some text about the task {task} of {n}'\n"
            );
            text.push_str(&task);
        }
        text
    };
    let documents: Vec<String> = (0..10_000).map(document).collect();
    let bytes: usize = documents.iter().map(String::len).sum();
    let micros = |start: Instant| start.elapsed().as_secs_f64() * 1e6 / 10_000.0;
    for _ in 0..3 {
        let start = Instant::now();
        let nodes: usize = documents.iter().map(|text| file(text).documents.len()).sum();
        let read = micros(start);
        let start = Instant::now();
        let values: usize = documents
            .iter()
            .filter(|text| file(text).documents[0].root.to_json().is_object())
            .count();
        let json = micros(start);
        assert_eq!((nodes, values), (10_000, 10_000));
        println!(
            "{} bytes a document: read {read:.1} µs, read and to_json {json:.1} µs",
            bytes / 10_000
        );
    }
    let bare = Instant::now();
    let events: usize = documents
        .iter()
        .map(|text| saphyr_parser::Parser::new_from_str(text).count())
        .sum();
    println!(
        "the parser alone: {:.1} µs ({} events)",
        micros(bare),
        events / 10_000
    );
}

#[test]
fn a_node_is_small() {
    assert!(size_of::<Node<'_>>() <= 56, "{}", size_of::<Node<'_>>());
}
