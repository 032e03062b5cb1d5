//! What a [`Report`] looks like: on a terminal, in a pull request, in a code scanning dashboard.
//!
//! Every format is a function from the same report, so all of them agree on what was found; a format may
//! only leave out what its reader cannot take, and then says so. Data goes to the writer and nowhere else:
//! a stray log line inside SARIF breaks its upload.

mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod sarif;
mod text;

#[cfg(test)]
mod tests;

use crate::diagnostic::{Finding, Report};
use crate::rules::{self, RuleMeta};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

/// The name of the tool in machine-readable output.
const TOOL: &str = "gitsm";
/// Its version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Source snippets with carets and hints, for people.
    Human,
    /// `file:line:col: level[RULE] message`, one line a finding, for editors and `grep`.
    Concise,
    /// One JSON document whose shape is stable and versioned.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub Actions workflow commands: annotations beside the diff.
    Github,
    /// GitLab code quality report.
    Gitlab,
    /// JUnit XML: one test case for each document, those without findings included.
    Junit,
}

impl Format {
    /// All formats, in the order in which help lists them.
    pub const ALL: [Self; 7] = [
        Self::Human,
        Self::Concise,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
    ];

    /// The word used on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
        }
    }

    /// Whether the format has totals that mean something without the findings.
    pub const fn has_summary(self) -> bool {
        matches!(self, Self::Human | Self::Concise | Self::Json)
    }

    /// Whether the format lists documents without findings, so that [`Report::judged`] has to be filled.
    pub const fn lists_documents(self) -> bool {
        matches!(self, Self::Junit)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A format name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {given:?}; one of {}", Format::ALL.map(Format::as_str).join(", "))]
pub struct UnknownFormat {
    /// What was given instead.
    pub given: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == given)
            .ok_or_else(|| UnknownFormat {
                given: given.to_owned(),
            })
    }
}

/// Where the text of the files comes from; only [`Format::Human`] asks.
pub trait Sources {
    /// The text of a file as it was judged, by the name the findings use; `None` shows no snippet.
    fn text(&self, file: &str) -> Option<Arc<str>>;
}

impl<S: BuildHasher> Sources for HashMap<String, Arc<str>, S> {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        self.get(file).cloned()
    }
}

/// What the caller knows about the reader.
#[derive(Debug, Clone, Copy)]
pub struct RenderOptions {
    /// Whether to use ANSI colours; the caller decides by its terminal and `NO_COLOR`.
    pub color: bool,
    /// Columns of the reader's terminal: longer source lines are trimmed around the span.
    pub max_width: usize,
    /// Whether to leave out the findings and give only the totals; [`Format::Human`], [`Format::Concise`] and
    /// [`Format::Json`] can.
    pub summary_only: bool,
    /// Looks up the documentation of a rule by its `GSnnn` code.
    pub rule: fn(&str) -> Option<&'static RuleMeta>,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            color: false,
            max_width: 140,
            summary_only: false,
            rule: rules::find,
        }
    }
}

/// Writes `report` to `out`.
///
/// # Errors
/// Only those of the writer.
pub fn render(
    report: &Report,
    format: Format,
    sources: &dyn Sources,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, sources, options, out),
        Format::Concise => human::write_concise(report, options, out),
        Format::Json => json::write(report, options, out),
        Format::Sarif => sarif::write(report, options, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Junit => junit::write(report, out),
    }
}

/// The findings that are printed one by one.
fn listed<'r>(report: &'r Report, options: &RenderOptions) -> &'r [Finding] {
    if options.summary_only {
        &[]
    } else {
        &report.findings
    }
}

/// One fingerprint for each finding, in order and each only once: findings that share one, such as two faults
/// of one field, are numbered, because GitLab drops every repetition.
fn unique_fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let fingerprint = finding.fingerprint();
            let times = seen.entry(fingerprint.clone()).or_default();
            *times += 1;
            match *times {
                1 => fingerprint,
                n => format!("{fingerprint}:{n}"),
            }
        })
        .collect()
}
