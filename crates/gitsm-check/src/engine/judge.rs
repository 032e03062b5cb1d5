//! One object: schema, domain types, rules about the object alone, policies.

use super::facts;
use super::file::{FileContext, Place};
use super::index::Entry;
use super::kinds::Compiled;
use crate::diagnostic::{Finding, Level, ObjectId};
use crate::rules;
use gitsm_api::KindInfo;
use gitsm_schema::object_meta::NamespaceRule;
use gitsm_schema::{ErrorKind, FieldError, Path, Segment};
use serde_json::Value;

/// The object under judgement.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) id: &'a ObjectId,
    pub(crate) value: &'a Value,
    /// Its kind, when it is one of ours.
    pub(crate) info: Option<&'static KindInfo>,
    /// Whether objects of its kind are in namespaces.
    pub(crate) namespaced: bool,
}

/// Fills in defaults and drops what nothing allows to be null, as the API server does before it validates.
/// Returns the unknown fields of the object as it was written.
pub(crate) fn complete(compiled: &Compiled, value: &mut Value) -> Vec<Path> {
    let unknown = compiled.schema.unknown_fields(value);
    compiled.schema.complete(value);
    unknown
}

/// Judges a completed object of ours.
///
/// Each step runs only when the ones it builds on found nothing, so that one cause makes one finding.
pub(crate) fn judge(
    context: &FileContext<'_>,
    compiled: &Compiled,
    subject: &Subject<'_>,
    unknown: &[Path],
    old: Option<&Value>,
    findings: &mut Vec<Finding>,
) {
    let Some(info) = subject.info else { return };
    let before = findings.len();
    judge_schema(compiled, subject, unknown, old, findings);
    rules::gs208::check(subject, findings);
    if findings[before..]
        .iter()
        .all(|finding| finding.level < Level::Error)
    {
        rules::gs209::check(subject, info, findings);
    }
    if findings[before..]
        .iter()
        .all(|finding| finding.level < Level::Error)
    {
        rules::check_object(subject, context.kinds, findings);
        context.policies.evaluate(context, subject, old, findings);
    }
}

/// Judges a completed object of a kind given with `--crd`.
pub(crate) fn judge_foreign(
    compiled: &Compiled,
    deprecation: Option<&str>,
    subject: &Subject<'_>,
    unknown: &[Path],
    findings: &mut Vec<Finding>,
) {
    judge_schema(compiled, subject, unknown, None, findings);
    if let Some(warning) = deprecation {
        findings.push(
            subject
                .place
                .finding(&rules::gs210::META, &Path::root().field("apiVersion"), warning),
        );
    }
}

fn judge_schema(
    compiled: &Compiled,
    subject: &Subject<'_>,
    unknown: &[Path],
    old: Option<&Value>,
    findings: &mut Vec<Finding>,
) {
    let before = findings.len();
    for path in unknown {
        findings.push(rules::gs202::finding(subject, compiled.schema.structural(), path));
    }
    let namespace = if subject.namespaced {
        NamespaceRule::Optional
    } else {
        NamespaceRule::Forbidden
    };
    for error in compiled.schema.judge(subject.value, namespace) {
        findings.push(schema_finding(subject, &error));
    }
    if findings.len() == before {
        for error in compiled.rules.validate(subject.value, old) {
            findings.push(rule_finding(subject, &error));
        }
    }
    for (path, description) in &compiled.deprecated {
        if subject.place.node.locate(path).depth == path.segments().len() {
            findings.push(
                subject
                    .place
                    .finding(&rules::gs210::META, path, description.clone()),
            );
        }
    }
}

/// A complaint of the schema as a finding of the rule for its kind.
fn schema_finding(subject: &Subject<'_>, error: &FieldError) -> Finding {
    let in_metadata =
        matches!(error.path.segments().first(), Some(Segment::Field(name)) if name == "metadata");
    let meta = match error.kind {
        _ if in_metadata => &rules::gs208::META,
        ErrorKind::Required => &rules::gs203::META,
        ErrorKind::Duplicate => &rules::gs204::META,
        _ => &rules::gs201::META,
    };
    let mut finding = subject.place.finding(meta, error.location(), sentence(error));
    if error.kind == ErrorKind::NotSupported {
        finding.hint = rules::gs201::enum_hint(error);
    }
    finding
}

/// A failed CEL rule as a finding.
fn rule_finding(subject: &Subject<'_>, error: &FieldError) -> Finding {
    let transition = error.rule.as_deref().is_some_and(|rule| rule.contains("oldSelf"));
    let meta = if transition {
        &rules::gs206::META
    } else {
        &rules::gs205::META
    };
    let mut finding = subject.place.finding(meta, error.location(), sentence(error));
    if let Some(rule) = &error.rule {
        finding.hint = Some(format!("the rule is `{rule}`"));
    }
    finding
}

/// The complaint without the value, which may be a secret and stands in the source anyway.
fn sentence(error: &FieldError) -> String {
    let field = if error.path.is_root() {
        "the object".to_owned()
    } else {
        error.path.to_string()
    };
    match error.kind {
        ErrorKind::Required if error.detail.is_empty() => format!("{field} is required"),
        ErrorKind::Duplicate => format!("{field} occurs twice in its list"),
        ErrorKind::NotSupported => format!("{field} is not one of the allowed values"),
        _ if error.detail.is_empty() => format!("{field} is not valid"),
        // Upstream's wording already opens with the field: `spec.tier in body should be ...`.
        _ => match error.detail.strip_prefix(&field).map(str::trim_start) {
            Some(rest) => format!("{field} {}", rest.strip_prefix("in body ").unwrap_or(rest)),
            None => format!("{field}: {}", error.detail),
        },
    }
}

/// What the index keeps of an object.
pub(crate) fn entry(compiled: &Compiled, subject: &Subject<'_>, info: &'static KindInfo) -> Entry {
    let name_path = Path::from_iter(["metadata", "name"].map(|name| Segment::Field(name.to_owned())));
    Entry {
        kind: info.kind,
        namespace: subject.id.namespace.as_str().into(),
        name: subject.id.name.as_str().into(),
        file: subject.place.file.clone(),
        document: subject.place.document,
        span: subject.place.span(&name_path),
        references: compiled.references.uses(subject),
        facts: facts::of(subject),
    }
}
