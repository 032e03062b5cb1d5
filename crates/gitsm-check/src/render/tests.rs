//! One report with everything nasty in it, through every format.

use super::*;
use crate::diagnostic::{Allowed, Judged, Level, ObjectId, Position, RuleId, Skipped, Span, Summary};
use proptest::prelude::*;

const CHANGE: &str = "\
# 変更
apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata: {name: db-16, namespace: payments}
spec:
\tservices: [数据库, payments]
  window: \"\u{1b}[31mred\u{202e}\"
  plan:
    - one
    - two
";
const SERVICE: &str = "kind: ITService\r\nmetadata:\r\n  name: payments\r\n";

fn change_file() -> Arc<str> {
    Arc::from("changes/2027/ümläut %41,b:c.yaml")
}

/// The place of the first occurrence of `needle`.
fn span_of(text: &str, needle: &str) -> Span {
    let start = text.find(needle).unwrap();
    Span {
        start: position(text, start),
        end: position(text, start + needle.len()),
    }
}

fn position(text: &str, offset: usize) -> Position {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position {
        line: u32::try_from(before.matches('\n').count() + 1).unwrap(),
        column: u32::try_from(before[line_start..].chars().count() + 1).unwrap(),
        offset: u32::try_from(offset).unwrap(),
    }
}

fn object(kind: &str, namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

fn finding(rule: &'static str, level: Level, file: &Arc<str>, span: Option<Span>, message: &str) -> Finding {
    Finding::new(RuleId::builtin(rule), level, Arc::clone(file), span, message)
}

fn report() -> Report {
    let change = change_file();
    let service: Arc<str> = Arc::from("services/payments.yaml");
    let db = object("Change", "payments", "db-16");

    let mut dangling = finding(
        "GS301",
        Level::Error,
        &change,
        Some(span_of(CHANGE, "数据库")),
        "no ITService `数据库` in namespace `payments`",
    )
    .with_hint("did you mean `payments`?")
    .with_label(
        Arc::clone(&service),
        span_of(SERVICE, "payments"),
        "the only service is declared here",
    )
    .with_label(
        Arc::clone(&change),
        span_of(CHANGE, "namespace: payments"),
        "the namespace is set here",
    );
    dangling.document = 1;
    dangling.object = Some(db.clone());
    dangling.field = "spec.services[0]".to_owned();

    let mut twin = finding(
        "GS301",
        Level::Error,
        &change,
        Some(span_of(CHANGE, "[数据库, payments]")),
        "same rule, same object, same field",
    );
    twin.document = 1;
    twin.object = Some(db.clone());
    twin.field = "spec.services[0]".to_owned();

    let mut policy = Finding::new(
        RuleId::policy("change-hygiene", "needs-plan"),
        Level::Warning,
        Arc::clone(&change),
        Some(span_of(CHANGE, "plan:\n    - one\n    - two\n")),
        "100% wrong: ]]> <b>&\"quoted\"</b>\n::error::second line, with \u{1b}[31mcolour\u{0}, ##[group]",
    );
    policy.document = 1;
    policy.object = Some(db.clone());
    policy.field = "spec.plan".to_owned();

    let mut steering = finding(
        "GS105",
        Level::Note,
        &change,
        Some(span_of(CHANGE, "\"\u{1b}[31mred\u{202e}\"")),
        "control characters in a string",
    );
    steering.document = 1;

    let broken: Arc<str> = Arc::from("::error::title.yaml");
    Report {
        findings: vec![
            finding("GS101", Level::Error, &broken, None, "not UTF-8"),
            steering,
            dangling,
            twin,
            policy,
        ],
        summary: Summary {
            files: 4,
            documents: 57,
            skipped: vec![Skipped {
                reason: "core Kubernetes objects".to_owned(),
                count: 12,
            }],
            allowed: vec![Allowed {
                file: Arc::clone(&service),
                line: 3,
                rule: RuleId::builtin("GS204"),
                reason: "legacy name, see CHG-12".to_owned(),
                silenced: 0,
            }],
            at: "2027-01-04T09:00:00Z".to_owned(),
            revision: Some("4f1c0de".to_owned()),
        },
        judged: vec![
            Judged {
                file: change,
                line: 2,
                document: 1,
                object: db,
            },
            Judged {
                file: service,
                line: 1,
                document: 1,
                object: object("ITService", "payments", "payments"),
            },
        ],
    }
}

fn sources() -> HashMap<String, Arc<str>> {
    HashMap::from([
        (change_file().to_string(), Arc::from(CHANGE)),
        ("services/payments.yaml".to_owned(), Arc::from(SERVICE)),
    ])
}

static META: RuleMeta = RuleMeta {
    id: "GS301",
    name: "dangling-reference",
    level: Level::Error,
    summary: "A reference to nothing",
    explanation: "What is referred to must exist.",
    bad: "",
    good: "",
};

/// Its own registry, so that the snapshots do not move with the texts of the real rules.
fn options() -> RenderOptions {
    RenderOptions {
        rule: |code| (code == META.id).then_some(&META),
        ..RenderOptions::default()
    }
}

fn rendered_with(report: &Report, format: Format, options: &RenderOptions) -> String {
    let mut out = Vec::new();
    render(report, format, &sources(), options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn rendered(report: &Report, format: Format) -> String {
    rendered_with(report, format, &options())
}

/// Without what changes with every release.
fn unversioned(text: &str) -> String {
    text.replace(&format!("ersion\": \"{VERSION}\""), "ersion\": \"[VERSION]\"")
}

#[test]
fn snapshots() {
    for format in Format::ALL {
        insta::assert_snapshot!(format.as_str(), unversioned(&rendered(&report(), format)));
    }
}

#[test]
fn colour_only_when_asked() {
    let escape = '\u{1b}';
    for format in Format::ALL {
        assert!(!rendered(&report(), format).contains(escape), "{format}");
    }
    let color = RenderOptions {
        color: true,
        ..options()
    };
    for format in [Format::Human, Format::Concise] {
        assert!(
            rendered_with(&report(), format, &color).contains(escape),
            "{format}"
        );
    }
}

#[test]
fn nothing_found() {
    let report = Report {
        findings: Vec::new(),
        ..report()
    };
    insta::assert_snapshot!(rendered(&report, Format::Human), @r"
    Found no problems in 57 documents
    Skipped 12 core Kubernetes objects
    Allowed GS204 at services/payments.yaml:3 (silences nothing any more): legacy name, see CHG-12
    Judged as of 2027-01-04T09:00:00Z at revision 4f1c0de
    ");
    let empty = Report::default();
    assert_eq!(rendered(&empty, Format::Gitlab), "[]\n");
    assert_eq!(
        rendered(&empty, Format::Concise),
        "Found no problems in 0 documents\n"
    );
    let sarif: serde_json::Value = serde_json::from_str(&rendered(&empty, Format::Sarif)).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn documents_are_counted_while_all_findings_are_in_documents() {
    let mut report = report();
    report.findings.remove(0);
    let closing = "Found 2 errors, 1 warning, 1 note in 1 of 57 documents\n";
    assert!(rendered(&report, Format::Concise).contains(closing));
}

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

#[test]
fn github_annotates_ten_of_a_level_and_prints_all() {
    let file: Arc<str> = Arc::from("a.yaml");
    let span = Some(Span::empty(Position::START));
    let mut findings: Vec<Finding> = (0..12)
        .map(|n| finding("GS301", Level::Error, &file, if n < 2 { None } else { span }, "x"))
        .collect();
    findings.push(finding("GS302", Level::Warning, &file, span, "y"));
    let report = Report {
        findings,
        ..Report::default()
    };
    let text = rendered(&report, Format::Github);
    let starting = |prefix: &str| text.lines().filter(|line| line.starts_with(prefix)).count();
    assert_eq!(
        starting("::error file=a.yaml,line=1,endLine=1,col=1,endColumn=1,"),
        10
    );
    assert_eq!(starting("::warning "), 1);
    assert_eq!(starting("a.yaml"), 13);
    assert_eq!(starting("Annotated 10 of 12 errors"), 1);
}

#[test]
fn fingerprints_survive_line_shifts_and_are_unique() {
    let before: serde_json::Value = serde_json::from_str(&rendered(&report(), Format::Gitlab)).unwrap();
    let mut moved = report();
    for finding in &mut moved.findings {
        if let Some(span) = &mut finding.span {
            span.start.line += 7;
            span.end.line += 7;
        }
    }
    let after: serde_json::Value = serde_json::from_str(&rendered(&moved, Format::Gitlab)).unwrap();
    let prints = |issues: &serde_json::Value| -> Vec<String> {
        let issues = issues.as_array().unwrap().iter();
        issues.map(|issue| issue["fingerprint"].to_string()).collect()
    };
    assert_eq!(prints(&before), prints(&after));
    let unique: std::collections::BTreeSet<_> = prints(&before).into_iter().collect();
    assert_eq!(unique.len(), 5);
}

#[test]
fn junit_is_xml_and_reads_back() {
    let text = rendered(&report(), Format::Junit);
    let document = roxmltree::Document::parse(&text).unwrap();
    let cases: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .collect();
    // Two judged documents and the file that is not UTF-8.
    assert_eq!(cases.len(), 3);
    assert_eq!(document.root_element().attribute("failures"), Some("2"));
    let change = cases
        .iter()
        .find(|case| case.attribute("name") == Some("Change/payments/db-16"))
        .unwrap();
    assert_eq!(change.attribute("file"), Some(&*change_file()));
    assert_eq!(change.attribute("line"), Some("2"));
    let remarks = change
        .children()
        .find(|node| node.has_tag_name("system-out"))
        .unwrap();
    assert!(
        remarks
            .text()
            .unwrap()
            .contains("100% wrong: ]]> <b>&\"quoted\"</b>\n::error::")
    );
}

/// The official schema, from the sources of the `serde-sarif` package.
fn sarif_schema() -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .expect("serde-sarif is a dependency for its schema");
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let schema = manifest.with_file_name("src").join("schema.json");
    let mut schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    // A slip of the standard: a `]` without `[`, which only JavaScript takes. We write no `language`.
    for owner in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    schema
}

#[test]
fn sarif_holds_to_the_official_schema() {
    let schema = sarif_schema();
    assert_eq!(
        schema["title"],
        "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    );
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let mut many = report();
    many.findings
        .extend(vec![many.findings[1].clone(); sarif::MAX_RESULTS]);
    for report in [Report::default(), report(), many] {
        let log: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Sarif)).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(faults, [""; 0]);
    }
    // The validator does refuse something.
    let mut log: serde_json::Value =
        serde_json::from_str(&rendered(&Report::default(), Format::Sarif)).unwrap();
    log["runs"][0]["columnKind"] = serde_json::json!("bytes");
    assert!(!validator.is_valid(&log));
}

#[test]
fn sarif_keeps_the_worst_of_too_many() {
    let mut many = report();
    let note = many.findings[1].clone();
    many.findings.splice(0..0, vec![note; sarif::MAX_RESULTS + 3]);
    let log: serde_json::Value = serde_json::from_str(&rendered(&many, Format::Sarif)).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), sarif::MAX_RESULTS);
    let errors = results.iter().filter(|result| result["level"] == "error").count();
    assert_eq!(errors, report().count(Level::Error));
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(notification.as_str().unwrap().starts_with("8 of 25008 findings"));
}

proptest! {
    /// Whatever the texts and places, nothing panics, nothing steers a terminal, XML stays XML.
    #[test]
    fn any_text_and_place(
        text in "(\\PC|[\\s\u{0}-\u{1f}\u{80}-\u{9f}\u{202e}]){0,80}",
        message in "(\\PC|[\u{0}-\u{1f}\u{80}-\u{9f}]){0,40}",
        file in "\\PC{1,12}",
        places in proptest::array::uniform8(0u32..120),
    ) {
        let at = |line, column, offset| Position { line, column, offset };
        let span = Span { start: at(places[0], places[1], places[2]), end: at(places[3], places[4], places[5]) };
        let label = Span { start: at(1, 1, places[6]), end: at(1, 1, places[7]) };
        let file: Arc<str> = Arc::from(file);
        let finding = finding("GS301", Level::Error, &file, Some(span), &message)
            .with_hint(message.clone())
            .with_label(Arc::clone(&file), label, message.clone());
        let report = Report { findings: vec![finding], ..Report::default() };
        let sources = HashMap::from([(file.to_string(), Arc::from(text))]);
        for format in Format::ALL {
            let mut out = Vec::new();
            render(&report, format, &sources, &options(), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            match format {
                Format::Human | Format::Concise | Format::Github => {
                    prop_assert!(!text.chars().any(|c| c != '\n' && text::steers_terminal(c)), "{text:?}");
                }
                Format::Junit => { roxmltree::Document::parse(&text).unwrap(); }
                Format::Json | Format::Sarif | Format::Gitlab => {
                    serde_json::from_str::<serde_json::Value>(&text).unwrap();
                }
            }
        }
    }

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
