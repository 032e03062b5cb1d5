//! One object: schema, domain types, rules about the object alone, policies.

use super::facts;
use super::file::{FileContext, Place};
use super::index::Entry;
use super::kinds::Compiled;
use super::wording::{self, is_type_error};
use crate::diagnostic::{Finding, Level, ObjectId};
use crate::rules;
use gitsm_api::KindInfo;
use gitsm_schema::object_meta::NamespaceRule;
use gitsm_schema::structural::Structural;
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
    rules::gs208::check(subject, findings);
    judge_schema(compiled, subject, unknown, old, before, findings);
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
        rules::check_object(subject, context, findings);
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
    let before = findings.len();
    judge_schema(compiled, subject, unknown, None, before, findings);
    if let Some(warning) = deprecation {
        findings.push(
            subject
                .place
                .finding(&rules::gs210::META, &Path::root().field("apiVersion"), warning),
        );
    }
}

/// `before` counts the findings that were there before those of this object.
fn judge_schema(
    compiled: &Compiled,
    subject: &Subject<'_>,
    unknown: &[Path],
    old: Option<&Value>,
    before: usize,
    findings: &mut Vec<Finding>,
) {
    let namespace = if subject.namespaced {
        NamespaceRule::Optional
    } else {
        NamespaceRule::Forbidden
    };
    let errors = compiled.schema.judge(subject.value, namespace);
    // Where a list stands for a map, or the other way round, what is in it is not unknown but misplaced.
    let mistyped: Vec<&Path> = errors
        .iter()
        .filter(|error| is_type_error(error))
        .map(FieldError::location)
        .collect();
    for path in unknown {
        if !mistyped
            .iter()
            .any(|outer| path.segments().starts_with(outer.segments()))
        {
            findings.push(rules::gs202::finding(subject, compiled.schema.structural(), path));
        }
    }
    for error in &errors {
        findings.push(schema_finding(subject, compiled.schema.structural(), error));
    }
    // Rules are written for objects that fit their schema.
    if findings[before..]
        .iter()
        .all(|finding| finding.level < Level::Error)
    {
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
fn schema_finding(subject: &Subject<'_>, schema: &Structural, error: &FieldError) -> Finding {
    let path = error.location();
    let in_metadata =
        matches!(error.path.segments().first(), Some(Segment::Field(name)) if name == "metadata");
    let meta = match error.kind {
        _ if in_metadata => &rules::gs208::META,
        ErrorKind::Required => &rules::gs203::META,
        ErrorKind::Duplicate => &rules::gs204::META,
        _ => &rules::gs201::META,
    };
    // A complaint about an entry at its map is about the key of the entry.
    let span = if path.segments().len() > error.path.segments().len() {
        subject.place.key_span(path)
    } else {
        subject.place.span(path)
    };
    let mut finding = subject
        .place
        .finding_at(meta, path, span, wording::sentence(error));
    finding.hint = wording::hint(subject, schema, error);
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
    let mut finding = subject
        .place
        .finding(meta, error.location(), wording::sentence(error));
    if let Some(rule) = &error.rule {
        finding.hint = Some(format!("the rule is `{rule}`"));
    }
    finding
}

/// What the index keeps of an object.
///
/// `findings` are those of the object: a name that cannot be right is not looked up as well.
pub(crate) fn entry(
    compiled: &Compiled,
    subject: &Subject<'_>,
    info: &'static KindInfo,
    findings: &[Finding],
) -> Entry {
    let mut references = compiled.references.uses(subject).into_vec();
    references.retain(|reference| {
        !findings
            .iter()
            .any(|finding| finding.level == Level::Error && finding.field == reference.field())
    });
    let name_path = Path::from_iter(["metadata", "name"].map(|name| Segment::Field(name.to_owned())));
    Entry {
        kind: info.kind,
        namespace: subject.id.namespace.as_str().into(),
        name: subject.id.name.as_str().into(),
        file: subject.place.file.clone(),
        document: subject.place.document,
        span: subject.place.span(&name_path),
        references: references.into(),
        facts: facts::of(subject),
    }
}
