//! How rules report.

use super::index::Entry;
use crate::diagnostic::{Finding, RuleId, Span};
use crate::rules::RuleMeta;

/// A finding about one object of the index.
pub(crate) fn about(meta: &'static RuleMeta, entry: &Entry, span: Span, message: String) -> Finding {
    let mut finding = Finding::new(
        RuleId::builtin(meta.id),
        meta.level,
        entry.file.clone(),
        Some(span),
        message,
    );
    finding.document = entry.document;
    finding.object = Some(entry.id());
    finding
}
