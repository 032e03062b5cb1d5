//! Snippets: what is shown of the source, and where the carets stand.

use super::*;

#[test]
fn sources_that_changed_since_are_named_not_shown() {
    let elsewhere = HashMap::from([(change_file().to_string(), Arc::from("short"))]);
    let mut out = Vec::new();
    render(&report(), Format::Human, &elsewhere, &options(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("b:c.yaml:6:13\n"), "{text}");
    assert!(!text.contains("short"), "{text}");
}

/// The human form of one finding in one file.
fn shown(text: &str, span: Span, max_width: usize) -> String {
    let file: Arc<str> = Arc::from("a.yaml");
    let report = Report {
        findings: vec![finding("GS999", Level::Error, &file, Some(span), "x")],
        ..Report::default()
    };
    let sources = HashMap::from([("a.yaml".to_owned(), Arc::from(text))]);
    let options = RenderOptions {
        max_width,
        ..options()
    };
    let mut out = Vec::new();
    render(&report, Format::Human, &sources, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_span_of_many_lines_is_marked_at_its_first() {
    let text: String = (0..20).map(|n| format!("line{n}: value\r\n")).collect();
    let whole = Span {
        start: position(&text, text.find("line3").unwrap()),
        end: position(&text, text.find("line19").unwrap()),
    };
    insta::assert_snapshot!(shown(&text, whole, 140), @r"
    error[GS999]: x
     --> a.yaml:4:1
      |
    4 | line3: value
      | ^^^^^^^^^^^^

    Found 1 error in 1 file
    ");
}

#[test]
fn long_lines_are_trimmed_and_very_long_ones_only_named() {
    let line = |length: usize| format!("{}MARK{}", "x".repeat(length), "y".repeat(length));
    let text = line(200);
    insta::assert_snapshot!(shown(&text, span_of(&text, "MARK"), 60), @r"
    error[GS999]: x
     --> a.yaml:1:201
      |
    1 | ...xxxxxxxxxxxxxxxxxxxxxxxMARKyyyyyyyyyyyyyyyyyyyyyyy...
      |                           ^^^^

    Found 1 error in 1 file
    ");
    let text = line(20_000);
    insta::assert_snapshot!(shown(&text, span_of(&text, "MARK"), 60), @r"
    error[GS999]: x
    --> a.yaml:1:20001

    Found 1 error in 1 file
    ");
}

#[test]
fn a_place_behind_the_last_character_is_shown() {
    let text = "kind: Change\n";
    let end = Span::empty(position(text, text.len()));
    insta::assert_snapshot!(shown(text, end, 140), @r"
    error[GS999]: x
     --> a.yaml:2:1
      |
    2 |
      | ^

    Found 1 error in 1 file
    ");
    insta::assert_snapshot!(shown("", Span::empty(Position::START), 140), @r"
    error[GS999]: x
     --> a.yaml:1:1
      |
    1 |
      | ^

    Found 1 error in 1 file
    ");
}

proptest! {
    /// A correct span of one line is underlined where the finding says it is.
    #[test]
    fn carets_stand_under_the_span(before in "[a-zé ]{0,9}", marked in "[a-zé]{1,9}", after in "[a-zé ]{0,9}") {
        let text = format!("first: 1\n{before}§{marked}{after}\nlast: 2\n");
        let needle = format!("§{marked}");
        let span = span_of(&text, &needle);
        let shown = shown(&text, span, 140);
        let expected = format!("--> a.yaml:2:{}\n", before.chars().count() + 1);
        prop_assert!(shown.contains(&expected), "{shown}");
        let carets = "^".repeat(needle.chars().count());
        prop_assert!(shown.lines().any(|line| line.trim_start_matches([' ', '|']) == carets), "{shown}");
    }
}
