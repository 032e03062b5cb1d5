//! One JSON document whose shape is a promise: fields are added, never renamed or removed, within one `version`.
//!
//! ```json
//! {
//!   "version": 1,
//!   "tool": {"name": "gitsm", "version": "0.1.0"},
//!   "summary": {"errors": 1, "warnings": 0, "notes": 0, "files": 2, "documents": 3,
//!               "skipped": [{"reason": "Helm templates", "count": 1}],
//!               "allowed": [{"file": "a.yaml", "line": 3, "rule": "GS301", "reason": "...", "silenced": 1}],
//!               "at": "2027-01-04T09:00:00Z", "revision": "4f1c..."},
//!   "findings": [{"fingerprint": "...", "rule": "GS301", "level": "error", "file": "a.yaml",
//!                 "span": {"start": {"line": 1, "column": 1, "offset": 0}, "end": {...}},
//!                 "document": 1, "object": {"kind": "Change", "namespace": "payments", "name": "db-16"},
//!                 "field": "spec.services[0]", "message": "...", "hint": "...",
//!                 "labels": [{"file": "...", "span": {...}, "message": "..."}]}]
//! }
//! ```
//!
//! Lines and columns (Unicode code points) count from 1, `offset` is in bytes from 0, and `end` is the first
//! position behind the stretch. `span`, `object`, `field`, `hint`, `labels` and `revision` are absent when
//! there is nothing to say.

use super::{RenderOptions, TOOL, VERSION, listed, unique_fingerprints};
use crate::diagnostic::{Finding, Level, Report, Summary};
use serde::Serialize;
use std::io;

const SHAPE_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    summary: CountedSummary<'a>,
    findings: Vec<IdentifiedFinding<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct CountedSummary<'a> {
    errors: usize,
    warnings: usize,
    notes: usize,
    #[serde(flatten)]
    summary: &'a Summary,
}

#[derive(Serialize)]
struct IdentifiedFinding<'a> {
    fingerprint: String,
    #[serde(flatten)]
    finding: &'a Finding,
}

pub(super) fn write(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> io::Result<()> {
    let document = Document {
        version: SHAPE_VERSION,
        tool: Tool {
            name: TOOL,
            version: VERSION,
        },
        summary: CountedSummary {
            errors: report.count(Level::Error),
            warnings: report.count(Level::Warning),
            notes: report.count(Level::Note),
            summary: &report.summary,
        },
        findings: listed(report, options)
            .iter()
            .zip(unique_fingerprints(&report.findings))
            .map(|(finding, fingerprint)| IdentifiedFinding { fingerprint, finding })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
