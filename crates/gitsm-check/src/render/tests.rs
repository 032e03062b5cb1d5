//! One report with everything nasty in it, through every format.

mod human;
mod sarif;

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
    Skipped: core Kubernetes objects (12)
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
}
