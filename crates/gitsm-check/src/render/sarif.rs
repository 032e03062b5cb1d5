//! SARIF 2.1.0 (OASIS standard) as GitHub code scanning takes it.
//!
//! GitHub refuses files with more than 25,000 results, without a `results` array, or with lines below 1. Artifact
//! URIs are relative to the root of the repository, `SRCROOT`.

use super::{RenderOptions, TOOL, VERSION, unique_fingerprints};
use crate::diagnostic::{Finding, Report, RuleId, Span};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

/// Results that GitHub accepts in one run.
pub(super) const MAX_RESULTS: usize = 25_000;

/// What RFC 3986 leaves alone in a path: unreserved characters and the separator.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

pub(super) fn write(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> io::Result<()> {
    let kept = worst(&report.findings);
    let fingerprints = unique_fingerprints(&report.findings);

    let mut rules: BTreeMap<&RuleId, usize> = kept.iter().map(|&at| (&report.findings[at].rule, 0)).collect();
    for (index, slot) in rules.values_mut().enumerate() {
        *slot = index;
    }
    let descriptors: Vec<Value> = rules.keys().map(|rule| descriptor(rule, options)).collect();
    let results: Vec<Value> = kept
        .iter()
        .map(|&at| {
            let finding = &report.findings[at];
            result(finding, rules[&finding.rule], &fingerprints[at])
        })
        .collect();

    let mut invocation = json!({"executionSuccessful": true});
    let left_out = report.findings.len() - kept.len();
    if left_out > 0 {
        let text = format!(
            "{left_out} of {} findings are left out, the least severe ones: code scanning takes {MAX_RESULTS} results \
             in one file. Other formats list all of them.",
            report.findings.len()
        );
        invocation["toolExecutionNotifications"] = json!([{"level": "warning", "message": {"text": text}}]);
    }
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": TOOL,
                "semanticVersion": VERSION,
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
            "invocations": [invocation],
            "results": results,
            "properties": {"summary": report.summary},
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

/// Which findings to keep, in the order of the report: all, or the most severe.
fn worst(findings: &[Finding]) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..findings.len()).collect();
    if kept.len() > MAX_RESULTS {
        kept.sort_by_key(|&at| Reverse(findings[at].level));
        kept.truncate(MAX_RESULTS);
        kept.sort_unstable();
    }
    kept
}

fn descriptor(rule: &RuleId, options: &RenderOptions) -> Value {
    let mut descriptor = json!({"id": rule.as_str()});
    if let Some(meta) = (options.rule)(rule.code()) {
        descriptor["name"] = json!(meta.name);
        descriptor["shortDescription"] = json!({"text": meta.summary});
        descriptor["help"] = json!({"text": meta.explanation, "markdown": meta.explanation});
        descriptor["defaultConfiguration"] = json!({"level": meta.level.as_str()});
    }
    descriptor
}

fn result(finding: &Finding, rule_index: usize, fingerprint: &str) -> Value {
    let mut location = Map::new();
    location.insert(
        "physicalLocation".to_owned(),
        physical_location(&finding.file, finding.span),
    );
    if let Some(object) = &finding.object {
        let logical = if finding.field.is_empty() {
            json!({"fullyQualifiedName": object.to_string(), "kind": "object"})
        } else {
            let name = format!("{object} {}", finding.field);
            json!({"name": finding.field, "fullyQualifiedName": name, "kind": "property"})
        };
        location.insert("logicalLocations".to_owned(), json!([logical]));
    }
    let text = match &finding.hint {
        Some(hint) => format!("{}\n{hint}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.rule.as_str(),
        "ruleIndex": rule_index,
        "level": finding.level.as_str(),
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"gitsmFinding/v1": fingerprint},
    });
    if !finding.labels.is_empty() {
        result["relatedLocations"] = finding
            .labels
            .iter()
            .enumerate()
            .map(|(id, label)| {
                json!({
                    "id": id,
                    "physicalLocation": physical_location(&label.file, Some(label.span)),
                    "message": {"text": label.message},
                })
            })
            .collect();
    }
    result
}

/// A place; what is wrong with a file as a whole is shown at its top, because GitHub requires a line.
fn physical_location(file: &str, span: Option<Span>) -> Value {
    let region = match span {
        None => json!({"startLine": 1}),
        Some(Span { start, end }) => json!({
            "startLine": start.line.max(1),
            "startColumn": start.column.max(1),
            "endLine": end.line.max(start.line).max(1),
            "endColumn": end.column.max(1),
        }),
    };
    json!({
        "artifactLocation": {"uri": utf8_percent_encode(file, PATH).to_string(), "uriBaseId": "SRCROOT"},
        "region": region,
    })
}
