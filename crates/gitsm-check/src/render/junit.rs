//! JUnit XML: one test suite for each file and one test case for each document that was judged, so that a run
//! without findings does not look like a run without tests.
//!
//! Errors are failures. Warnings and notes are the output of a passed test, since JUnit knows no such thing.
//! A finding outside every judged document (a file that cannot be parsed) gets a test case of its own.

use super::TOOL;
use super::text::{counted, location};
use crate::diagnostic::{Finding, Level, Report};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

/// The findings of one document, or of one file as a whole.
#[derive(Default)]
struct Case<'a> {
    name: String,
    line: u32,
    findings: Vec<&'a Finding>,
}

impl Case<'_> {
    fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .copied()
            .filter(|finding| finding.level == Level::Error)
    }

    fn failed(&self) -> bool {
        self.failures().next().is_some()
    }
}

/// Cases of one file by the number of their document.
type Suite<'a> = BTreeMap<u32, Case<'a>>;

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let suites = suites(report);
    let cases = || suites.values().flat_map(BTreeMap::values);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="{TOOL}" tests="{}" failures="{}" errors="0">"#,
        cases().count(),
        cases().filter(|case| case.failed()).count()
    )?;
    for (file, suite) in &suites {
        let file = escape(file);
        writeln!(
            out,
            r#"  <testsuite name="{file}" tests="{}" failures="{}" errors="0" skipped="0">"#,
            suite.len(),
            suite.values().filter(|case| case.failed()).count()
        )?;
        for case in suite.values() {
            write_case(case, &file, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suites(report: &Report) -> BTreeMap<&str, Suite<'_>> {
    let mut suites: BTreeMap<&str, Suite<'_>> = BTreeMap::new();
    for judged in &report.judged {
        let case = suites
            .entry(&judged.file)
            .or_default()
            .entry(judged.document)
            .or_default();
        case.name = judged.object.to_string();
        case.line = judged.line;
    }
    for finding in &report.findings {
        let case = suites
            .entry(&finding.file)
            .or_default()
            .entry(finding.document)
            .or_default();
        if case.name.is_empty() {
            case.name = match (&finding.object, finding.document) {
                (Some(object), _) => object.to_string(),
                (None, 0) => "file".to_owned(),
                (None, document) => format!("document {document}"),
            };
            case.line = finding.span.map_or(1, |span| span.start.line);
        }
        case.findings.push(finding);
    }
    suites
}

/// `file` is escaped already.
fn write_case(case: &Case<'_>, file: &str, out: &mut dyn io::Write) -> io::Result<()> {
    write!(
        out,
        r#"    <testcase name="{}" classname="{file}" file="{file}" line="{}" time="0""#,
        escape(&case.name),
        case.line
    )?;
    if case.findings.is_empty() {
        return writeln!(out, "/>");
    }
    writeln!(out, ">")?;
    // One failure element: some readers take no more of a test case.
    if let Some(first) = case.failures().next() {
        let others = case.failures().count() as u64 - 1;
        let mut message = first.message.clone();
        if others > 0 {
            let _ = write!(message, " (and {})", counted(others, "other error"));
        }
        writeln!(
            out,
            r#"      <failure type="{}" message="{}">{}</failure>"#,
            escape(first.rule.as_str()),
            escape(&message),
            escape(&listing(case.failures()))
        )?;
    }
    let remarks = listing(
        case.findings
            .iter()
            .copied()
            .filter(|finding| finding.level != Level::Error),
    );
    if !remarks.is_empty() {
        writeln!(out, "      <system-out>{}</system-out>", escape(&remarks))?;
    }
    writeln!(out, "    </testcase>")
}

fn listing<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    findings
        .map(|finding| {
            let mut lines = format!(
                "{}: {}[{}] {}",
                location(finding),
                finding.level.as_str(),
                finding.rule,
                finding.message
            );
            if let Some(hint) = &finding.hint {
                let _ = write!(lines, "\n  help: {hint}");
            }
            lines
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Text as XML 1.0 takes it, in content and in attributes. Characters outside the production `Char` of the
/// standard cannot be written in any form and are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // `]]>` may not stand in content.
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Attributes would turn them into spaces, and content `\r` into `\n`.
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}
