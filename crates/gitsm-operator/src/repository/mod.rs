//! The controller of `Repository`: keeps the cluster as its branch says.
//!
//! What is looked at next is decided by [`gitsm_core::sync::next`]; here each step is done and what came of it is added
//! to the facts. At the end the status says what was decided, whatever it is. [`sync`] does this once for one
//! repository, [`run`] for all of them until it is told to stop.

mod controller;
mod fetch;
mod judge;
mod status;
#[cfg(test)]
mod tests;

pub use controller::{RunError, run};
pub use fetch::{FetchRequest, Fetcher, work};

use crate::source::{
    Applier, ApplyError, ApplyOptions, Report, SharedRepository, SourceObject, Step as Progress,
};
use gitsm_api::v1alpha1::repository::{Enforcement, KeyType, SourceFinding, VerifyMode};
use gitsm_api::v1alpha1::{Repository, RepositorySpec, RepositoryStatus};
use gitsm_core::Text;
use gitsm_core::ident::{Email, GitRevision, RepositoryName};
use gitsm_core::sync::{
    Ancestry, Applied, Authorization, Facts, Fetched, Fight, Judged, Outcome, RefusedCommit, Signatures,
    Step, Verdict, next,
};
use gitsm_core::time::Instant;
use gitsm_git::{TrustedKey, Verification};
use judge::{Judgement, judge};
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, ResourceExt as _};
use serde_json::json;
use status::Seen;
use std::path::PathBuf;
use std::sync::Arc;

/// Names a commit that may take the place of a history that it does not descend from.
pub const ACCEPT_HISTORY: &str = "gitsm.dev/accept-history";
/// Names a commit of which more may be deleted than usually.
pub const ALLOW_PRUNE: &str = "gitsm.dev/allow-prune";
/// Whoever changes it asks for a look at once. It skips no gate.
pub const RECONCILE_REQUESTED: &str = "gitsm.dev/reconcile-requested-at";

/// Whom the status of repositories belongs to.
const STATUS_MANAGER: &str = "gitsm-source";
/// Most bytes that one fetch may bring.
const MAX_FETCH_BYTES: u64 = 1 << 30;
/// Most commits of one range whose signatures are verified.
const MAX_COMMITS: usize = 10_000;

/// The time, from whoever starts the operator.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// What the controller works with.
#[derive(Clone)]
pub struct Context {
    /// The API server.
    pub client: Client,
    /// A folder of the operator's own, for the mirrors of repositories. What is in it can be fetched again.
    pub mirrors: PathBuf,
    /// Who fetches.
    pub fetcher: Fetcher,
    /// Whether repositories may be folders of this machine.
    pub may_be_local: bool,
    /// The time.
    pub clock: Clock,
}

/// What was done about a repository at one time.
#[derive(Debug, Clone)]
pub struct Synced {
    /// What was decided.
    pub verdict: Verdict,
    /// What applying gave, if anything was applied.
    pub report: Option<Report>,
    /// What keeps the last commit from being applied, the first ones.
    pub findings: Vec<SourceFinding>,
}

/// The status could not be written: the server is away, or the repository is gone.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// A name that no repository can have.
    #[error("the repository has a name that it cannot have: {0}")]
    Name(String),
    /// The server said no, or nothing.
    #[error("cannot write the status of repository {repository}: {source}")]
    Status {
        /// Which one.
        repository: RepositoryName,
        /// What happened.
        source: kube::Error,
    },
}

/// Looks at a repository once, from fetching to its status. In a `fight` nothing of the applied commit is repaired.
///
/// # Errors
/// [`SyncError`]; everything else that can go wrong is a verdict.
pub async fn sync(
    context: &Context,
    repository: &Repository,
    fight: Option<Fight>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Synced, SyncError> {
    let name: RepositoryName = repository
        .name_any()
        .parse()
        .map_err(|_| SyncError::Name(repository.name_any()))?;
    let now = (context.clock)();
    let mut work = Work {
        context,
        name,
        spec: &repository.spec,
        mirror: None,
        judgement: None,
        report: None,
        allowed_prune: annotated(repository, ALLOW_PRUNE),
        now,
    };
    let mut facts = Facts {
        fight,
        ..known(repository)
    };
    let verdict = loop {
        match next(&facts) {
            Step::Rest(verdict) => break verdict,
            step => work.take(step, &mut facts, progress).await,
        }
    };
    let Work {
        name,
        judgement,
        report,
        ..
    } = work;
    let (findings, finding_count) = findings(
        &verdict,
        judgement.as_ref().map(|(_, judgement)| judgement),
        report.as_ref(),
    );
    let old = repository.status.clone().unwrap_or_default();
    let seen = Seen {
        generation: repository.metadata.generation,
        facts: &facts,
        verdict: &verdict,
        findings: &findings,
        finding_count,
        now,
    };
    let new = status::fold(&old, &seen);
    if new != old {
        write(&context.client, &name, &new)
            .await
            .map_err(|source| SyncError::Status {
                repository: name,
                source,
            })?;
    }
    Ok(Synced {
        verdict,
        report,
        findings,
    })
}

/// What is known before anything is looked at.
fn known(repository: &Repository) -> Facts {
    let spec = &repository.spec;
    let status = repository.status.as_ref();
    Facts {
        is_suspended: spec.suspend,
        is_enforced: spec.gate.enforcement == Enforcement::Enforce,
        demands_signatures: spec.verify.mode != VerifyMode::None,
        baseline: spec.baseline.clone(),
        applied: status.and_then(|status| status.applied_revision.clone()),
        accepted_history: annotated(repository, ACCEPT_HISTORY),
        fetched: None,
        ancestry: None,
        signatures: None,
        judged: None,
        authorization: None,
        fight: None,
        outcome: None,
    }
}

fn annotated(repository: &Repository, annotation: &str) -> Option<GitRevision> {
    repository.annotations().get(annotation)?.parse().ok()
}

/// What keeps the last commit from being applied, and how much of it there is.
fn findings(
    verdict: &Verdict,
    judgement: Option<&Judgement>,
    report: Option<&Report>,
) -> (Vec<SourceFinding>, usize) {
    if let Some(Judgement {
        judged: Judged::Invalid { errors, .. },
        findings,
        ..
    }) = judgement
    {
        return (findings.clone(), usize::try_from(*errors).unwrap_or(usize::MAX));
    }
    let problems = report.map_or(&[][..], |report| &report.problems);
    if verdict.is_ready() {
        return (Vec::new(), 0);
    }
    let found = problems
        .iter()
        .take(judge::MAX_FINDINGS)
        .map(|problem| SourceFinding {
            place: Text::clip(&problem.what),
            rule: None,
            message: Text::clip(&problem.message),
        });
    (found.collect(), problems.len())
}

async fn write(client: &Client, name: &RepositoryName, status: &RepositoryStatus) -> Result<(), kube::Error> {
    let api: Api<Repository> = Api::all(client.clone());
    let patch = json!({
        "apiVersion": gitsm_api::API_VERSION,
        "kind": "Repository",
        "metadata": {"name": name},
        "status": status,
    });
    let params = PatchParams::apply(STATUS_MANAGER).force();
    api.patch_status(name.as_str(), &params, &Patch::Apply(&patch))
        .await?;
    Ok(())
}

/// One look at one repository.
struct Work<'a> {
    context: &'a Context,
    name: RepositoryName,
    spec: &'a RepositorySpec,
    mirror: Option<SharedRepository>,
    /// What the last commit of the branch holds, once it was judged.
    judgement: Option<(GitRevision, Judgement)>,
    report: Option<Report>,
    allowed_prune: Option<GitRevision>,
    now: Instant,
}

impl Work<'_> {
    /// Does one step and adds what came of it to the facts.
    async fn take(&mut self, step: Step, facts: &mut Facts, progress: &mut (dyn FnMut(Progress) + Send)) {
        match step {
            Step::Fetch => facts.fetched = Some(self.fetch().await),
            Step::Relate { from, to } => match self.relate(from.as_ref(), &to) {
                Ok(ancestry) => facts.ancestry = Some(ancestry),
                // What it descends from is not here: it was never fetched, or the branch has lost it.
                Err(error) => {
                    tracing::warn!(repository = %self.name, %error, "the ancestry of a commit is unknown");
                    facts.ancestry = Some(Ancestry::Unrelated);
                }
            },
            Step::Verify { from, to } => {
                facts.signatures = Some(self.verify(from.as_ref(), &to).unwrap_or_else(|message| {
                    Signatures::Refused(RefusedCommit {
                        commit: to.clone(),
                        message,
                    })
                }));
            }
            Step::Judge(revision) => {
                let judgement = self.judge(&revision).await;
                facts.judged = Some(judgement.judged.clone());
                self.judgement = Some((revision, judgement));
            }
            Step::Authorize { .. } => {
                facts.authorization = Some(Authorization::Unknown {
                    message: "gitsm has no gate yet that could approve a commit; set spec.gate.enforcement to Audit to \
                              apply what the branch holds"
                        .to_owned(),
                });
            }
            Step::Apply(revision) => {
                let applied = self.apply(&revision, progress).await;
                facts.outcome = Some(Outcome { revision, applied });
            }
            Step::Rest(_) => {}
        }
    }

    async fn fetch(&mut self) -> Fetched {
        let mirror = self.context.mirrors.join(format!("{}.git", self.name));
        let request = FetchRequest {
            url: self.spec.url.as_str().to_owned(),
            branch: self.spec.branch.as_str().to_owned(),
            mirror: mirror.clone(),
            max_bytes: MAX_FETCH_BYTES,
            may_be_local: self.context.may_be_local,
        };
        let within = std::time::Duration::from_secs(u64::from(self.spec.limits.fetch_timeout.seconds()));
        let fetched = self.context.fetcher.fetch(request, within).await;
        // After a failure what was fetched before is still there, to repair what is applied.
        self.mirror = gitsm_git::Repository::open(&mirror)
            .ok()
            .map(SharedRepository::new);
        fetched
    }

    fn mirror(&self) -> Result<&SharedRepository, String> {
        let missing = || {
            "there is no copy of the repository yet; it is made by the first fetch that succeeds".to_owned()
        };
        self.mirror.as_ref().ok_or_else(missing)
    }

    fn relate(&self, from: Option<&GitRevision>, to: &GitRevision) -> Result<Ancestry, String> {
        let Some(from) = from else {
            return Ok(Ancestry::First);
        };
        if from == to {
            return Ok(Ancestry::Same);
        }
        let mirror = self.mirror()?.lock();
        let text = |error: gitsm_git::Error| error.to_string();
        let (ancestor, descendant) = (
            mirror.resolve(from.as_str()).map_err(text)?,
            mirror.resolve(to.as_str()).map_err(text)?,
        );
        let is_descendant = mirror.is_descended_from(descendant, ancestor).map_err(text)?;
        Ok(if is_descendant {
            Ancestry::Descendant
        } else {
            Ancestry::Unrelated
        })
    }

    fn verify(&self, from: Option<&GitRevision>, to: &GitRevision) -> Result<Signatures, String> {
        let text = |error: gitsm_git::Error| error.to_string();
        let mut keys = Vec::new();
        for key in &self.spec.verify.trusted_keys {
            if key.r#type == KeyType::OpenPgp {
                return Err(format!(
                    "key {:?} is one of OpenPGP, which gitsm cannot verify yet; name an Ed25519 key of SSH",
                    key.name.as_str()
                ));
            }
            let email = key.email.as_ref().map(Email::as_str);
            keys.push(TrustedKey::ssh(key.name.as_str(), key.public_key.as_str(), email).map_err(text)?);
        }
        let mirror = self.mirror()?.lock();
        let head = mirror.resolve(to.as_str()).map_err(text)?;
        let after = match (from, self.spec.verify.mode) {
            (Some(from), VerifyMode::EveryCommit) => Some(mirror.resolve(from.as_str()).map_err(text)?),
            _ => None,
        };
        let commits = mirror.first_parents(after, head, MAX_COMMITS).map_err(text)?;
        let mut last = String::new();
        for commit in &commits {
            match mirror.verify_commit(*commit, &keys).map_err(text)? {
                Verification::Trusted { key, .. } => last = key,
                Verification::Refused(refusal) => {
                    let commit: GitRevision = commit
                        .to_string()
                        .parse()
                        .map_err(|_| "an id is none".to_owned())?;
                    return Ok(Signatures::Refused(RefusedCommit {
                        commit,
                        message: refusal.to_string(),
                    }));
                }
            }
        }
        Ok(Signatures::Trusted {
            key: last,
            commits: u32::try_from(commits.len()).unwrap_or(u32::MAX),
        })
    }

    /// Judges a commit in a thread of its own: it takes seconds in large estates.
    async fn judge(&self, revision: &GitRevision) -> Judgement {
        let mirror = match self.mirror() {
            Ok(mirror) => mirror.clone(),
            Err(message) => return Judgement::unreadable(message),
        };
        let (revision, name, spec) = (revision.clone(), self.name.clone(), self.spec.clone());
        let at = self.now.timestamp();
        let judged = tokio::task::spawn_blocking(move || judge(&mirror, &revision, &name, &spec, at)).await;
        judged.unwrap_or_else(|error| Judgement::unreadable(format!("judging it ended: {error}")))
    }

    async fn apply(
        &mut self,
        revision: &GitRevision,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Applied {
        let objects = match self.objects(revision).await {
            Ok(objects) => objects,
            Err(message) => return Applied::Interrupted { message },
        };
        let total = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        let options = ApplyOptions {
            allowed_prune: self.allowed_prune.clone(),
            ..ApplyOptions::default()
        };
        let applier = Applier::new(self.context.client.clone(), self.name.clone(), options);
        let report = match applier.apply(revision, objects, progress).await {
            Ok(report) => report,
            Err(error) => return interrupted(&error),
        };
        let applied = outcome(&report, total);
        self.report = Some(report);
        applied
    }

    /// The objects of a commit: those that were judged, or of one that was applied before those that it has.
    async fn objects(&mut self, revision: &GitRevision) -> Result<Vec<SourceObject>, String> {
        let judged = self
            .judgement
            .as_mut()
            // A commit that was judged may still be kept out, and then it is another one that is repaired.
            .filter(|(of, judgement)| of == revision && matches!(judgement.judged, Judged::Valid { .. }))
            .map(|(_, judgement)| std::mem::take(&mut judgement.objects));
        if let Some(objects) = judged {
            return Ok(objects);
        }
        let judgement = self.judge(revision).await;
        match judgement.judged {
            Judged::Valid { .. } => Ok(judgement.objects),
            // It was valid once: gitsm has become stricter, or time has passed.
            Judged::Invalid { first, .. } => Err(format!(
                "commit {revision}, which is applied, cannot be repaired because it is not valid any more: {first}"
            )),
            Judged::Unreadable { message } => Err(format!(
                "commit {revision}, which is applied, cannot be read: {message}"
            )),
        }
    }
}

fn interrupted(error: &ApplyError) -> Applied {
    Applied::Interrupted {
        message: error.to_string(),
    }
}

fn outcome(report: &Report, objects: u32) -> Applied {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    if let Some(first) = report.problems.first() {
        return Applied::Refused {
            failed: number(report.problems.len()),
            first: first.to_string(),
            in_dry_run: report.in_dry_run,
        };
    }
    match &report.blocked {
        Some(why) => Applied::PruneBlocked {
            objects,
            why: why.clone(),
        },
        None => Applied::Done {
            objects,
            written: number(report.created + report.changed),
            pruned: number(report.pruned),
        },
    }
}
