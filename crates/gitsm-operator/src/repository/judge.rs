//! Whether a commit holds a sound estate: what `gitsm validate` says of it, and what the repository may hold.

use crate::source::{CommitTree, SharedRepository, SourceObject};
use gitsm_api::v1alpha1::RepositorySpec;
use gitsm_api::v1alpha1::repository::SourceFinding;
use gitsm_check::config::{Config, FILE_NAME};
use gitsm_check::diagnostic::{Finding, Level};
use gitsm_check::engine::{self, KindSet, Options, PolicySource};
use gitsm_check::yaml::Limits;
use gitsm_core::Text;
use gitsm_core::ident::{GitRevision, RepositoryName};
use gitsm_core::sync::{Judged, ObjectKey};
use gitsm_git::{CommitId, Error, TreeLimits};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The largest `gitsm.yaml` that is read.
const MAX_SETTINGS_BYTES: u64 = 1024 * 1024;
/// Findings that a status holds.
pub(super) const MAX_FINDINGS: usize = 20;
/// Kinds that grant trust or a way past the gate. Whoever may push must not be able to make them.
const NEVER_FROM_GIT: [&str; 3] = ["Repository", "Acceptance", "WindowOverride"];

/// What a commit holds.
pub(super) struct Judgement {
    pub(super) judged: Judged,
    /// The errors, as far as a status holds them.
    pub(super) findings: Vec<SourceFinding>,
    /// The objects, if there is no error.
    pub(super) objects: Vec<SourceObject>,
}

impl Judgement {
    pub(super) fn unreadable(message: impl Into<String>) -> Self {
        Self {
            judged: Judged::Unreadable {
                message: message.into(),
            },
            findings: Vec::new(),
            objects: Vec::new(),
        }
    }

    fn invalid(findings: Vec<SourceFinding>, first: String, errors: usize) -> Self {
        Self {
            judged: Judged::Invalid {
                errors: u32::try_from(errors).unwrap_or(u32::MAX),
                first,
            },
            findings,
            objects: Vec::new(),
        }
    }
}

/// Judges a commit as of an instant.
pub(super) fn judge(
    mirror: &SharedRepository,
    revision: &GitRevision,
    name: &RepositoryName,
    spec: &RepositorySpec,
    at: Timestamp,
) -> Judgement {
    match try_judge(mirror, revision, name, spec, at) {
        Ok(judgement) => judgement,
        Err(message) => Judgement::unreadable(message),
    }
}

fn try_judge(
    mirror: &SharedRepository,
    revision: &GitRevision,
    name: &RepositoryName,
    spec: &RepositorySpec,
    at: Timestamp,
) -> Result<Judgement, String> {
    let commit = mirror.lock().resolve(revision.as_str()).map_err(text)?;
    let folder = spec.path.as_ref().map_or("", |path| path.as_str());
    let limits = TreeLimits {
        entries: size(spec.limits.max_entries),
        depth: size(spec.limits.max_depth),
    };
    let tree = CommitTree::read(mirror, commit, &[folder], limits, false).map_err(text)?;
    let (root, config) = settings(mirror, commit, folder)?;
    let mut policies = Vec::new();
    for path in config.policies() {
        policies.append(&mut policies_at(mirror, commit, &root.join(path), limits)?);
    }
    let selects = |file: &str| {
        let relative = Path::new(file).strip_prefix(&root).unwrap_or(Path::new(file));
        config.selects(&relative.to_string_lossy())
    };
    let input = tree.into_input(&selects).map_err(text)?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        at,
        jobs,
        policies,
        limits: Limits {
            file_bytes: size(spec.limits.max_file_bytes),
            ..Limits::default()
        },
        list_judged: false,
        only: Vec::new(),
    };
    let report = engine::run(&input, &config, &KindSet::new(), &options).map_err(text)?;
    let errors: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .collect();
    if let Some(first) = errors.first() {
        let first = format!("{}: {}", place(first), first.message);
        let findings = errors.iter().take(MAX_FINDINGS).map(|error| SourceFinding {
            place: Text::clip(place(error)),
            rule: Some(Text::clip(error.rule.to_string())),
            message: Text::clip(&error.message),
        });
        return Ok(Judgement::invalid(findings.collect(), first, errors.len()));
    }
    let manifests = gitsm_check::estate::manifests(&input, jobs).map_err(text)?;
    let objects: Vec<SourceObject> = manifests
        .into_iter()
        .filter_map(|manifest| SourceObject::new(manifest, name))
        .collect();
    Ok(within_tenancy(objects, spec))
}

/// Refuses what the repository may not hold.
fn within_tenancy(objects: Vec<SourceObject>, spec: &RepositorySpec) -> Judgement {
    let kinds: Option<BTreeSet<&str>> = spec
        .tenancy
        .as_ref()
        .filter(|tenancy| !tenancy.kinds.is_empty())
        .map(|tenancy| tenancy.kinds.iter().map(|kind| kind.as_str()).collect());
    let namespaces = spec
        .tenancy
        .as_ref()
        .map(|tenancy| &tenancy.namespaces)
        .filter(|namespaces| !namespaces.is_empty());
    let refusal = |key: &ObjectKey| {
        if NEVER_FROM_GIT.contains(&key.kind.as_str()) {
            return Some(format!(
                "a {} grants trust, so it is made in the cluster by people who may, never by a commit",
                key.kind
            ));
        }
        if kinds
            .as_ref()
            .is_some_and(|kinds| !kinds.contains(key.kind.as_str()))
        {
            return Some(format!(
                "kind {} is not in spec.tenancy.kinds of the repository",
                key.kind
            ));
        }
        match (&key.namespace, namespaces) {
            (Some(namespace), Some(allowed)) if !allowed.contains(namespace) => Some(format!(
                "namespace {namespace} is not in spec.tenancy.namespaces of the repository"
            )),
            (None, Some(_)) => Some(format!(
                "kind {} has no namespace, and spec.tenancy.namespaces bounds the repository to some",
                key.kind
            )),
            _ => None,
        }
    };
    let refused: Vec<(String, String)> = objects
        .iter()
        .filter_map(|object| Some((object.place().to_owned(), refusal(object.key())?)))
        .collect();
    if let Some((place, message)) = refused.first() {
        let first = format!("{place}: {message}");
        let findings = refused
            .iter()
            .take(MAX_FINDINGS)
            .map(|(place, message)| SourceFinding {
                place: Text::clip(place),
                rule: None,
                message: Text::clip(message),
            });
        return Judgement::invalid(findings.collect(), first, refused.len());
    }
    Judgement {
        judged: Judged::Valid {
            objects: u32::try_from(objects.len()).unwrap_or(u32::MAX),
        },
        findings: Vec::new(),
        objects,
    }
}

/// The settings at or above a folder, and the folder that they stand in.
fn settings(mirror: &SharedRepository, commit: CommitId, folder: &str) -> Result<(PathBuf, Config), String> {
    for above in Path::new(folder).ancestors() {
        let file = above.join(FILE_NAME).to_string_lossy().into_owned();
        let repository = mirror.lock();
        let entries = match repository.tree_entries(commit, &file, TreeLimits::default()) {
            Err(Error::NoSuchPath { .. }) => continue,
            entries => entries.map_err(text)?,
        };
        for entry in entries {
            let Some(blob) = entry.map_err(text)?.blob else {
                continue;
            };
            let bytes = repository.read_blob(blob, MAX_SETTINGS_BYTES).map_err(text)?;
            let config = Config::read(&bytes).map_err(|error| format!("{file}: {error}"))?;
            return Ok((above.to_owned(), config));
        }
    }
    Ok((PathBuf::from(folder), Config::default()))
}

/// The policies that settings name. None at all is an error: they would count as kept.
fn policies_at(
    mirror: &SharedRepository,
    commit: CommitId,
    path: &Path,
    limits: TreeLimits,
) -> Result<Vec<PolicySource>, String> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir if plain.pop() => {}
            Component::CurDir => {}
            _ => {
                return Err(format!(
                    "{FILE_NAME}: the policies in {} are outside of the repository",
                    path.display()
                ));
            }
        }
    }
    let shown = plain.to_string_lossy().into_owned();
    let tree = CommitTree::read(mirror, commit, &[&shown], limits, false).map_err(text)?;
    let input = tree.into_input(&|_| true).map_err(text)?;
    let found = engine::policies_in(&input).map_err(text)?;
    if found.is_empty() {
        return Err(format!("{FILE_NAME}: there is no RecordPolicy in {shown}"));
    }
    Ok(found)
}

fn place(finding: &Finding) -> String {
    match &finding.span {
        Some(span) => format!("{}:{}", finding.file, span.start.line),
        None => finding.file.to_string(),
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn text(error: impl ToString) -> String {
    error.to_string()
}
