//! One file: read, find its resources, judge each.

use super::classify::{self, Class, skip};
use super::index::Entry;
use super::judge::{self, Subject};
use super::kinds::KindSet;
use super::prelude::ObjectStore;
use super::rulebook::Rulebook;
use super::{OldObjects, Options};
use crate::allow::{self, AllowComment};
use crate::diagnostic::{Finding, Judged, ObjectId, RuleId, Span};
use crate::input::{self, Input, ReadError};
use crate::policy::PolicySet;
use crate::rules::{self, RuleMeta};
use crate::source;
use crate::yaml::{self, Node, Problem};
use gitsm_api::{KindInfo, Scope};
use gitsm_schema::{Path, Segment};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// The largest file that is searched for resources of gitsm; the limit for a file that holds one is lower.
const MAX_LOOKED_AT: u64 = 64 * 1024 * 1024;

/// What every file needs to know.
pub(crate) struct FileContext<'a> {
    pub(crate) kinds: &'a KindSet,
    pub(crate) policies: &'a PolicySet,
    pub(crate) beside: &'a ObjectStore,
    pub(crate) rulebook: &'a Rulebook,
    pub(crate) options: &'a Options,
    pub(crate) old: Option<&'a OldObjects<'a>>,
    /// Names of the `Chart.yaml` files of the run.
    pub(crate) charts: &'a HashSet<&'a str>,
}

/// What a file came to.
#[derive(Default)]
pub(crate) struct FileOutcome {
    pub(crate) name: Arc<str>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) judged: Vec<Judged>,
    pub(crate) allows: Vec<AllowComment>,
    pub(crate) skipped: BTreeMap<&'static str, u64>,
    pub(crate) documents: u64,
}

impl FileOutcome {
    fn new(name: Arc<str>) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }
}

/// Where an object stands: its file, document, and node.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a Arc<str>,
    pub(crate) document: u32,
    pub(crate) node: &'a Node<'a>,
}

impl Place<'_> {
    /// The text that a field's path leads to: the value where it fits a line, else its key; the nearest
    /// enclosing field where the field is absent.
    pub(crate) fn span(&self, path: &Path) -> Span {
        let located = self.node.locate(path);
        if located.depth == path.segments().len() && !path.is_root() {
            return located.best();
        }
        located.key.unwrap_or_else(|| first_key(self.node))
    }

    /// The key of a field rather than its value, for complaints about the field being there at all.
    pub(crate) fn key_span(&self, path: &Path) -> Span {
        match path.segments().last() {
            Some(Segment::Field(_) | Segment::Key(_)) => {
                self.node.locate(path).key.unwrap_or_else(|| self.span(path))
            }
            _ => self.span(path),
        }
    }

    /// A finding of a built-in rule about a field of this object.
    pub(crate) fn finding(
        &self,
        rule: &'static RuleMeta,
        path: &Path,
        message: impl Into<String>,
    ) -> Finding {
        self.finding_at(rule, path, self.span(path), message)
    }

    /// The same, marked at a place of its own.
    pub(crate) fn finding_at(
        &self,
        rule: &'static RuleMeta,
        path: &Path,
        span: Span,
        message: impl Into<String>,
    ) -> Finding {
        let mut finding = Finding::new(
            RuleId::builtin(rule.id),
            rule.level,
            Arc::clone(self.file),
            Some(span),
            message,
        )
        .with_field(path);
        finding.document = self.document;
        finding
    }
}

/// The first key of a map, or the scalar itself: a mark under a whole object would bury the source.
fn first_key(node: &Node<'_>) -> Span {
    node.entries().first().map_or(node.span, |entry| entry.key.span)
}

/// Reads and judges one file of the input.
pub(crate) fn judge(
    context: &FileContext<'_>,
    input: &dyn Input,
    index: usize,
) -> Result<FileOutcome, ReadError> {
    let file = &input.files()[index];
    let mut outcome = FileOutcome::new(Arc::clone(&file.name));
    if let Some(reason) = classify::skipped_by_name(&file.name, &|name| context.charts.contains(name)) {
        outcome.skip(reason);
        return Ok(outcome);
    }
    if file.size > MAX_LOOKED_AT {
        outcome.skip(skip::HUGE);
        return Ok(outcome);
    }
    let bytes = input::read(input, index, MAX_LOOKED_AT)?;
    if let Some(problem) = source::lfs_pointer(file.name.as_bytes(), &bytes) {
        outcome.findings.push(problem.to_finding());
        return Ok(outcome);
    }
    if !input::mentions_gitsm(&bytes, context.kinds.names()) {
        outcome.skip(skip::OTHER_FILES);
        return Ok(outcome);
    }
    judge_bytes(context, &bytes, &mut outcome);
    Ok(outcome)
}

fn judge_bytes(context: &FileContext<'_>, bytes: &[u8], outcome: &mut FileOutcome) {
    let read = yaml::read(bytes, &context.options.limits);
    let mut extents = Vec::with_capacity(read.documents.len());
    for document in &read.documents {
        extents.push(document.span.start.line..=document.span.end.line);
        let place = Place {
            file: &Arc::clone(&outcome.name),
            document: document.index,
            node: &document.root,
        };
        let before = outcome.findings.len();
        judge_document(context, place, outcome);
        // Where the text does not say what it seems to say, what follows from it would only repeat the cause:
        // an alias that is not allowed leaves its field empty. The object still counts for references to it.
        if is_misread(&read, document.index) {
            outcome.findings.truncate(before);
        }
    }
    // What is wrong with the text is reported for files of ours; a file of another tool that merely mentions
    // gitsm is not ours to correct.
    let unread = read.documents.is_empty() && input::names_resource(bytes, context.kinds.names());
    if outcome.documents > 0 || !outcome.findings.is_empty() || unread {
        for problem in &read.problems {
            report_problem(problem, outcome);
        }
    } else if read.documents.is_empty() {
        outcome.skip(skip::OTHER_FILES);
    }
    // Nearly every file holds one object; a vector that grew by pushing has room for four.
    outcome.entries.shrink_to_fit();
    if let Ok(text) = std::str::from_utf8(bytes) {
        outcome.allows = allow::find(text, &extents);
    }
}

/// Whether the reader found an error in this document.
fn is_misread(read: &yaml::File<'_>, document: u32) -> bool {
    read.problems
        .iter()
        .any(|problem| problem.document == document && problem.is_error())
}

/// Reports what is wrong with the text. Where the schema refuses the same value, one finding has to do: the
/// schema's, with the remedy for the text.
fn report_problem(problem: &Problem, outcome: &mut FileOutcome) {
    let refused = outcome.findings.iter_mut().find(|finding| {
        !problem.is_error()
            && finding.rule.code().starts_with("GS2")
            && finding.document == problem.document
            && finding.span.is_some_and(|span| span.start == problem.span.start)
    });
    match refused {
        Some(finding) => {
            finding.hint = Some(match &problem.hint {
                Some(hint) => format!("{}: {hint}", problem.message),
                None => problem.message.clone(),
            });
        }
        None => outcome.findings.push(problem.to_finding(&outcome.name)),
    }
}

fn judge_document(context: &FileContext<'_>, place: Place<'_>, outcome: &mut FileOutcome) {
    let value = place.node.to_json();
    match classify::classify(&value, &|api_version, kind| {
        context.kinds.foreign(api_version, kind)
    }) {
        Class::Skipped(reason) => outcome.skip(reason),
        Class::Misnamed { field, message, hint } => {
            outcome.documents += 1;
            let path = Path::root().field(field);
            outcome
                .findings
                .push(place.finding(&rules::gs207::META, &path, message).with_hint(hint));
        }
        Class::List => {
            let items = place.node.get("items").map(Node::items).unwrap_or_default();
            if items.is_empty() {
                outcome.skip(skip::EMPTY_LISTS);
            }
            for item in items {
                judge_document(context, Place { node: item, ..place }, outcome);
            }
        }
        Class::Ours(info) => judge_ours(context, place, info, value, outcome),
        Class::Foreign(position) => judge_foreign(context, place, position, value, outcome),
    }
}

fn judge_ours(
    context: &FileContext<'_>,
    place: Place<'_>,
    info: &'static KindInfo,
    mut value: Value,
    outcome: &mut FileOutcome,
) {
    outcome.documents += 1;
    let namespaced = info.scope == Scope::Namespaced;
    let id = identity(info.kind, namespaced, &value);
    let compiled = match context.kinds.ours(info) {
        Ok(compiled) => compiled,
        Err(reason) => {
            let message = format!("the schema of {} cannot be used: {reason}", info.kind);
            outcome
                .findings
                .push(place.finding(&rules::gs201::META, &Path::root(), message));
            return;
        }
    };
    let unknown = judge::complete(compiled, &mut value);
    let subject = Subject {
        place,
        id: &id,
        value: &value,
        info: Some(info),
        namespaced,
    };
    let old = context.old.and_then(|old| old(&id)).map(|mut old| {
        judge::complete(compiled, &mut old);
        old
    });
    let before = outcome.findings.len();
    judge::judge(
        context,
        compiled,
        &subject,
        &unknown,
        old.as_ref(),
        &mut outcome.findings,
    );
    attach(&mut outcome.findings[before..], &id);
    let entry = judge::entry(compiled, &subject, info, &outcome.findings[before..]);
    outcome.entries.push(entry);
    list_judged(context, place, id, outcome);
}

fn judge_foreign(
    context: &FileContext<'_>,
    place: Place<'_>,
    position: usize,
    mut value: Value,
    outcome: &mut FileOutcome,
) {
    outcome.documents += 1;
    let (compiled, deprecation) = context.kinds.foreign_schema(position);
    let namespaced = context.kinds.foreign_is_namespaced(position);
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let id = identity(kind, namespaced, &value);
    let unknown = judge::complete(compiled, &mut value);
    let subject = Subject {
        place,
        id: &id,
        value: &value,
        info: None,
        namespaced,
    };
    let before = outcome.findings.len();
    judge::judge_foreign(compiled, deprecation, &subject, &unknown, &mut outcome.findings);
    attach(&mut outcome.findings[before..], &id);
    list_judged(context, place, id, outcome);
}

fn attach(findings: &mut [Finding], id: &ObjectId) {
    for finding in findings {
        finding.object = Some(id.clone());
    }
}

fn list_judged(context: &FileContext<'_>, place: Place<'_>, object: ObjectId, outcome: &mut FileOutcome) {
    if context.options.list_judged {
        outcome.judged.push(Judged {
            file: Arc::clone(place.file),
            line: place.node.span.start.line,
            document: place.document,
            object,
        });
    }
}

/// Kind, namespace and name; a namespaced object without a namespace is in `default`, as kubectl would have it.
pub(crate) fn identity(kind: &str, namespaced: bool, value: &Value) -> ObjectId {
    let metadata = |field: &str| {
        value
            .get("metadata")
            .and_then(|metadata| metadata.get(field))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let namespace = match (namespaced, metadata("namespace")) {
        (false, _) => "",
        (true, "") => "default",
        (true, namespace) => namespace,
    };
    ObjectId {
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: metadata("name").to_owned(),
    }
}
