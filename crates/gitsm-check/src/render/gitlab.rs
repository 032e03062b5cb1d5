//! GitLab's code quality report: a JSON array, shown in merge requests.
//!
//! A fingerprint identifies a finding between base and head, so it holds no line number, and it must be unique
//! in the report (<https://docs.gitlab.com/ci/testing/code_quality/>).

use super::unique_fingerprints;
use crate::diagnostic::{Level, Report};
use serde::Serialize;
use std::io;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .zip(unique_fingerprints(&report.findings))
        .map(|(finding, fingerprint)| {
            // A line is required; what is wrong with a file as a whole is shown at its top.
            let (begin, end) = finding
                .span
                .map_or((1, 1), |span| (span.start.line, span.end.line));
            Issue {
                description: match &finding.hint {
                    Some(hint) => format!("{} ({hint})", finding.message),
                    None => finding.message.clone(),
                },
                check_name: finding.rule.as_str(),
                fingerprint,
                severity: severity(finding.level),
                location: Location {
                    path: &finding.file,
                    lines: Lines {
                        begin: begin.max(1),
                        end: end.max(begin).max(1),
                    },
                },
            }
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    out.write_all(b"\n")
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Note => "info",
        Level::Warning => "minor",
        Level::Error => "critical",
    }
}
