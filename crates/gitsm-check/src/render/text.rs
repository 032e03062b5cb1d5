//! Sentences and one-line forms that several formats share.

use crate::diagnostic::{Finding, Level, Report};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Makes untrusted text safe for one line of a terminal or log: line breaks and tabs become spaces; what would
/// steer a terminal or reorder the text (control and bidirectional formatting characters) is spelled out.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut pending_break = false;
    for character in text.trim_end().chars() {
        match character {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => pending_break = true,
            _ => {
                if pending_break {
                    line.push(' ');
                    pending_break = false;
                }
                if steers_terminal(character) {
                    line.extend(character.escape_unicode());
                } else {
                    line.push(character);
                }
            }
        }
    }
    line
}

/// Control characters, C1 included (U+009B starts an escape sequence as ESC [ does), and the bidirectional
/// controls behind "Trojan Source" (CVE-2021-42574).
pub(super) fn steers_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

/// `file:line:col`, or `file` for findings about the file as a whole.
pub(super) fn location(finding: &Finding) -> String {
    let file = one_line(&finding.file);
    match finding.span {
        Some(span) => format!("{file}:{}:{}", span.start.line, span.start.column),
        None => file,
    }
}

/// `in Change/payments/db-16, document 2, field spec.window`; what is unknown is left out.
pub(super) fn subject(finding: &Finding) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(object) = &finding.object {
        parts.push(one_line(&object.to_string()));
    }
    // The first document is where a reader looks anyway.
    if finding.document > 1 {
        parts.push(format!("document {}", finding.document));
    }
    if !finding.field.is_empty() {
        parts.push(format!("field {}", one_line(&finding.field)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `1 error`, `2 errors`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `2 errors, 1 warning`; `None` without findings.
pub(super) fn totals(report: &Report) -> Option<String> {
    let totals: Vec<String> = [Level::Error, Level::Warning, Level::Note]
        .into_iter()
        .filter_map(|level| {
            let count = report.count(level) as u64;
            (count > 0).then(|| counted(count, level.as_str()))
        })
        .collect();
    (!totals.is_empty()).then(|| totals.join(", "))
}

/// The closing lines of a run: what was found where, what was passed over, what was allowed, and as of when.
pub(super) fn closing(report: &Report) -> String {
    let summary = &report.summary;
    let mut text = match totals(report) {
        None => format!("Found no problems in {}", counted(summary.documents, "document")),
        Some(totals) => format!("Found {totals} in {}", extent(report)),
    };
    text.push('\n');
    if !summary.skipped.is_empty() {
        let skipped: Vec<String> = summary
            .skipped
            .iter()
            .map(|skipped| format!("{} ({})", one_line(&skipped.reason), skipped.count))
            .collect();
        let _ = writeln!(text, "Skipped: {}", skipped.join(", "));
    }
    for allowed in &summary.allowed {
        let silenced = match allowed.silenced {
            0 => "silences nothing any more".to_owned(),
            count => counted(count, "finding"),
        };
        let _ = writeln!(
            text,
            "Allowed {} at {}:{} ({silenced}): {}",
            one_line(allowed.rule.as_str()),
            one_line(&allowed.file),
            allowed.line,
            one_line(&allowed.reason)
        );
    }
    if !summary.at.is_empty() {
        let _ = write!(text, "Judged as of {}", one_line(&summary.at));
        if let Some(revision) = &summary.revision {
            let _ = write!(text, " at revision {}", one_line(revision));
        }
        text.push('\n');
    }
    text
}

/// `3 of 57 documents`, or `2 files` when something is wrong with files as a whole: a file that cannot be
/// parsed has no documents to count.
fn extent(report: &Report) -> String {
    let whole_files = report.findings.iter().any(|finding| finding.document == 0);
    let documents: BTreeSet<(&str, u32)> = report
        .findings
        .iter()
        .map(|finding| (&*finding.file, finding.document))
        .collect();
    let affected = documents.len() as u64;
    if whole_files || affected > report.summary.documents {
        let files: BTreeSet<&str> = documents.iter().map(|(file, _)| *file).collect();
        counted(files.len() as u64, "file")
    } else {
        format!("{affected} of {}", counted(report.summary.documents, "document"))
    }
}
