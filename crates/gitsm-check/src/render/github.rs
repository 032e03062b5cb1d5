//! GitHub Actions workflow commands, which the runner turns into annotations beside the diff.
//!
//! GitHub shows at most ten annotations of a level for each step and drops the others without a word
//! (actions/toolkit#734). So every finding is a plain line of the log, the first ten of each level are annotations
//! as well, and the log says when there were more.

use super::TOOL;
use super::text::{closing, counted, location, one_line};
use crate::diagnostic::{Finding, Level, Report};
use std::fmt::Write as _;
use std::io;

/// Annotations of one level that GitHub shows for one step.
const SHOWN_PER_LEVEL: usize = 10;

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &report.findings {
        let line = format!(
            "{}: {}[{}] {}",
            location(finding),
            finding.level.as_str(),
            one_line(finding.rule.as_str()),
            one_line(&finding.message)
        );
        writeln!(out, "{}", inert(&line))?;
        if let Some(hint) = &finding.hint {
            writeln!(out, "{}", inert(&format!("  help: {}", one_line(hint))))?;
        }
    }
    for level in [Level::Error, Level::Warning, Level::Note] {
        let mut findings: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.level == level)
            .collect();
        // An annotation without a line is not shown beside the diff, so those with one come first.
        findings.sort_by_key(|finding| finding.span.is_none());
        for finding in findings.iter().take(SHOWN_PER_LEVEL) {
            writeln!(out, "{}", command(finding))?;
        }
        if findings.len() > SHOWN_PER_LEVEL {
            writeln!(
                out,
                "Annotated {SHOWN_PER_LEVEL} of {}, as many as GitHub shows; all of them are in the log above",
                counted(findings.len() as u64, level.as_str())
            )?;
        }
    }
    for line in closing(report).lines() {
        writeln!(out, "{}", inert(line))?;
    }
    Ok(())
}

fn command(finding: &Finding) -> String {
    let name = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut command = format!("::{name} file={}", escape_property(&one_line(&finding.file)));
    if let Some(span) = finding.span {
        let _ = write!(command, ",line={},endLine={}", span.start.line, span.end.line);
        // GitHub ignores columns of annotations over several lines.
        if span.start.line == span.end.line {
            let last = span.end.column.saturating_sub(1).max(span.start.column);
            let _ = write!(command, ",col={},endColumn={last}", span.start.column);
        }
    }
    let mut title = format!("{TOOL} {}", finding.rule);
    if let Some(object) = &finding.object {
        let _ = write!(title, " {object}");
    }
    let mut message = one_line(&finding.message);
    if let Some(hint) = &finding.hint {
        let _ = write!(message, "\nhelp: {}", one_line(hint));
    }
    let _ = write!(
        command,
        ",title={}::{}",
        escape_property(&one_line(&title)),
        escape_data(&message)
    );
    command
}

/// The runner decodes these sequences, and no others, in the text behind `::`.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Inside a property, `:` and `,` separate as well.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Keeps text of a manifest from being taken for a command: the runner obeys a line that starts with `::` and
/// the older form `##[` anywhere in a line.
fn inert(line: &str) -> String {
    let line = line.replace("##[", "# #[");
    if line.trim_start().starts_with("::") {
        format!("./{}", line.trim_start())
    } else {
        line
    }
}
