//! One run over an input: reads files in parallel, judges each object, then the estate as a whole.
//!
//! Two passes keep memory flat. The first ([`prelude`]) reads only what must be known before any object is
//! judged: the estate's policies and, where a policy asks for them, its services. The second judges every
//! document and keeps of each an [`index::Entry`]; the text is gone when the file is done.
//! Rules about several objects then look at the index alone.

pub(crate) mod classify;
pub(crate) mod cycles;
pub(crate) mod facts;
pub(crate) mod file;
pub mod index;
pub(crate) mod judge;
mod kinds;
mod old;
pub(crate) mod parallel;
pub(crate) mod prelude;
mod referable;
pub(crate) mod references;
pub(crate) mod rulebook;
pub(crate) mod sink;
#[cfg(test)]
mod tests;
pub(crate) mod wording;

pub use kinds::{CrdError, KindSet};
pub use referable::referable;

use crate::allow::AllowComment;
use crate::config::{self, Config};
use crate::diagnostic::{Allowed, Finding, ObjectId, Report, RuleId, Skipped, Summary};
use crate::input::{Input, ReadError};
use crate::policy::PolicySet;
use crate::rules;
use crate::source::{self, TreeLimits};
use crate::yaml::Limits;
use file::{FileContext, FileOutcome};
use index::Index;
use old::OldVersions;
use prelude::PolicyDocument;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The settings of a run that do not come from the estate.
#[derive(Debug, Clone)]
pub struct Options {
    /// The instant for everything that depends on time.
    pub at: jiff::Timestamp,
    /// Limits of what a file may hold.
    pub limits: Limits,
    /// Threads.
    pub jobs: usize,
    /// Whether to list every judged document in the report.
    pub list_judged: bool,
    /// When not empty, only findings of these rules are reported (by `GSnnn`).
    pub only: Vec<&'static str>,
    /// Policies from outside the estate.
    pub policies: Vec<PolicySource>,
}

/// A `RecordPolicy` from outside the files that are judged.
#[derive(Debug, Clone)]
pub struct PolicySource {
    /// Where it was read from.
    pub file: Arc<str>,
    /// The object.
    pub object: Value,
}

/// The run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No thread could be started.
    #[error("cannot start a worker thread: {0}")]
    Thread(#[source] std::io::Error),
    /// A file that must be read as a whole is not what it should be.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// What is wrong with it.
        reason: String,
    },
    /// A policy from outside of the judged files does not compile.
    #[error("the policy in {file} cannot be used: {reason}")]
    Policy {
        /// Its file.
        file: Arc<str>,
        /// What is wrong with it.
        reason: String,
    },
}

/// Where an old version of an object is looked up.
pub(crate) type OldObjects<'a> = dyn Fn(&ObjectId) -> Option<Value> + Sync + 'a;

/// Judges all files of an input.
///
/// # Errors
///
/// [`RunError`]: nothing is said about the input then.
pub fn run(
    input: &dyn Input,
    config: &Config,
    kinds: &KindSet,
    options: &Options,
) -> Result<Report, RunError> {
    let range = Range::default();
    Ok(judge_all(input, config, kinds, options, &range)?.report)
}

/// Judges what changed between two trees: the head's findings that the base does not have.
///
/// `config` is the base's, so that a change cannot lower the bar it is measured by. For the same reason the
/// policies of the base hold over the head beside the head's own: of a policy that the range changes or removes,
/// the stricter version counts. Transition rules see each object's version at the base.
///
/// # Errors
///
/// [`RunError`]: nothing is said about the range then.
pub fn run_range(
    base: &dyn Input,
    head: &dyn Input,
    config: &Config,
    kinds: &KindSet,
    options: &Options,
) -> Result<Report, RunError> {
    let base_options = Options {
        list_judged: false,
        ..options.clone()
    };
    let before = judge_all(base, config, kinds, &base_options, &Range::default())?;
    let versions = OldVersions::new(base, &before.index, &options.limits);
    let old = |id: &ObjectId| versions.get(id);
    let range = Range {
        old: Some(&old),
        policies: &before.policies,
    };
    let mut report = judge_all(head, config, kinds, options, &range)?.report;
    // A fingerprint may stand for several findings (a rule that fails twice for one field); what the range adds
    // is the surplus.
    let mut known: HashMap<String, usize> = HashMap::new();
    for finding in &before.report.findings {
        *known.entry(finding.fingerprint()).or_default() += 1;
    }
    report
        .findings
        .retain(|finding| match known.get_mut(&finding.fingerprint()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
    Ok(report)
}

/// What a head is compared with; nothing when a tree is judged by itself.
#[derive(Default)]
struct Range<'a> {
    old: Option<&'a OldObjects<'a>>,
    /// The policies that the base holds.
    policies: &'a [PolicyDocument],
}

/// A judged tree.
struct Judged {
    report: Report,
    index: Index,
    /// The policies that it was judged by.
    policies: Vec<PolicyDocument>,
}

fn judge_all(
    input: &dyn Input,
    config: &Config,
    kinds: &KindSet,
    options: &Options,
    range: &Range<'_>,
) -> Result<Judged, RunError> {
    let prelude = prelude::read(input, range.policies, options)?;
    let policies = PolicySet::compile(kinds, &prelude, options.jobs)?;
    let mut findings = tree_findings(input);
    let charts = classify::charts(input.files());
    let context = FileContext {
        kinds,
        policies: &policies,
        beside: &prelude.beside,
        rulebook: &prelude.rulebook,
        options,
        old: range.old,
        charts: &charts,
    };
    let outcomes = parallel::map(input.files().len(), options.jobs, |index| {
        file::judge(&context, input, index)
    })
    .map_err(RunError::Thread)?;

    let mut merged = Merged {
        entries: Vec::with_capacity(input.files().len()),
        ..Merged::default()
    };
    for outcome in outcomes {
        merged.add(outcome?);
    }
    findings.append(&mut merged.findings);
    let index = Index::new(merged.entries);
    rules::check_estate(&index, &prelude.rulebook, options.at, &mut findings);

    let mut allows = Allows::new(merged.allows);
    findings.retain_mut(|finding| apply_settings(finding, config, &policies, &mut allows));
    let mut ineffective = Vec::new();
    let allowed = allows.finish(&mut ineffective);
    ineffective.retain_mut(|finding| match config.level(&finding.rule, finding.level) {
        None => false,
        Some(level) => {
            finding.level = level;
            true
        }
    });
    findings.append(&mut ineffective);
    if !options.only.is_empty() {
        findings.retain(|finding| options.only.contains(&finding.rule.code()));
    }
    findings.sort_by_cached_key(Finding::sort_key);
    let summary = Summary {
        files: input.files().len() as u64,
        documents: merged.documents,
        skipped: merged
            .skipped
            .into_iter()
            .map(|(reason, count)| Skipped {
                reason: reason.to_owned(),
                count,
            })
            .collect(),
        allowed,
        at: options.at.to_string(),
        revision: None,
    };
    Ok(Judged {
        report: Report {
            findings,
            summary,
            judged: merged.judged,
        },
        index,
        policies: prelude.policies,
    })
}

fn tree_findings(input: &dyn Input) -> Vec<Finding> {
    let mut findings = Vec::new();
    for tree in input.trees() {
        for problem in source::check_tree(tree.entries, &TreeLimits::default()) {
            let mut finding = problem.to_finding();
            if !tree.folder.is_empty() {
                finding.file = Arc::from(format!("{}/{}", tree.folder, finding.file));
            }
            findings.push(finding);
        }
    }
    findings
}

/// The outcomes of all files, put together in file order.
#[derive(Default)]
struct Merged {
    findings: Vec<Finding>,
    entries: Vec<index::Entry>,
    judged: Vec<crate::diagnostic::Judged>,
    allows: Vec<(Arc<str>, Vec<AllowComment>)>,
    skipped: BTreeMap<&'static str, u64>,
    documents: u64,
}

impl Merged {
    fn add(&mut self, mut outcome: FileOutcome) {
        self.findings.append(&mut outcome.findings);
        self.entries.append(&mut outcome.entries);
        self.judged.append(&mut outcome.judged);
        self.documents += outcome.documents;
        for (reason, count) in outcome.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        if !outcome.allows.is_empty() {
            self.allows.push((outcome.name, outcome.allows));
        }
    }
}

/// Applies configuration and comments to one finding; `false` drops it.
fn apply_settings(finding: &mut Finding, config: &Config, policies: &PolicySet, allows: &mut Allows) -> bool {
    let protected = config::is_protected(finding.rule.code(), finding.level) || policies.locks(finding);
    if protected {
        allows.mark_refused(finding);
        return true;
    }
    match config.level(&finding.rule, finding.level) {
        None => false,
        Some(level) => {
            finding.level = level;
            !allows.silences(finding)
        }
    }
}

/// The inline comments of all files, and what they did.
struct Allows {
    by_file: HashMap<Arc<str>, Vec<(AllowComment, u64, bool)>>,
}

impl Allows {
    fn new(files: Vec<(Arc<str>, Vec<AllowComment>)>) -> Self {
        let by_file = files
            .into_iter()
            .map(|(name, comments)| {
                (
                    name,
                    comments.into_iter().map(|comment| (comment, 0, false)).collect(),
                )
            })
            .collect();
        Self { by_file }
    }

    fn matching(&mut self, finding: &Finding) -> Option<&mut (AllowComment, u64, bool)> {
        let line = finding.span?.start.line;
        self.by_file
            .get_mut(&finding.file)?
            .iter_mut()
            .find(|(comment, _, _)| {
                comment.covers.contains(&line)
                    && (comment.rule == finding.rule.as_str() || comment.rule == finding.rule.code())
            })
    }

    /// Whether a comment with a reason accepts the finding.
    fn silences(&mut self, finding: &Finding) -> bool {
        match self.matching(finding) {
            Some((comment, count, _)) if !comment.reason.is_empty() => {
                *count += 1;
                true
            }
            _ => false,
        }
    }

    /// Notes that a comment tried to accept what cannot be accepted.
    fn mark_refused(&mut self, finding: &Finding) {
        if let Some((_, _, refused)) = self.matching(finding) {
            *refused = true;
        }
    }

    /// Lists the comments that count, and reports those that do not.
    fn finish(self, findings: &mut Vec<Finding>) -> Vec<Allowed> {
        let mut allowed = BTreeSet::new();
        for (file, comments) in self.by_file {
            for (comment, silenced, refused) in comments {
                rules::gs503::check(&file, &comment, silenced, refused, findings);
                if silenced > 0 {
                    allowed.insert(Allowed {
                        file: Arc::clone(&file),
                        line: comment.at.line,
                        rule: RuleId::owned(comment.rule),
                        reason: comment.reason,
                        silenced,
                    });
                }
            }
        }
        allowed.into_iter().collect()
    }
}

/// The `RecordPolicy` objects of an input, for evaluating them over other files.
///
/// # Errors
///
/// A file cannot be read, or a policy breaks its own schema.
pub fn policies_in(input: &dyn Input) -> Result<Vec<PolicySource>, RunError> {
    prelude::objects(
        input,
        &Limits::default(),
        1,
        &["RecordPolicy"],
        |index, object| {
            Some(PolicySource {
                file: Arc::clone(&input.files()[index].name),
                object,
            })
        },
    )
}

/// The custom resource definitions of an input. The limits on files do not apply to them.
///
/// # Errors
///
/// A file cannot be read, or is no YAML.
pub fn crds_in(input: &dyn Input) -> Result<Vec<Value>, RunError> {
    let limits = Limits {
        file_bytes: usize::MAX,
        documents: u32::MAX,
        ..Limits::default()
    };
    let mut found = Vec::new();
    for (index, file) in input.files().iter().enumerate() {
        let bytes = crate::input::read(input, index, u64::MAX)?;
        let read = crate::yaml::read(&bytes, &limits);
        if let Some(problem) = read.problems.iter().find(|problem| problem.is_error()) {
            let reason = format!("line {}: {}", problem.span.start.line, problem.message);
            return Err(RunError::Unreadable {
                file: Arc::clone(&file.name),
                reason,
            });
        }
        found.extend(
            read.documents
                .iter()
                .map(|document| document.root.to_json())
                .filter(|object| {
                    object.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition")
                }),
        );
    }
    Ok(found)
}
