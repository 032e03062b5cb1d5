//! Making the objects of a cluster those of a commit.

use super::inventory::Store;
use super::live::{Live, objects_of};
use super::object::{KindRef, Problem, SourceObject};
use super::prune::{Pruned, prune};
use super::{MANAGER, REPOSITORY_LABEL};
use gitsm_core::ident::{GitRevision, NamespaceName, RepositoryName};
use gitsm_core::sync::inventory::InventoryError;
use gitsm_core::sync::prune::{Blocked, judge};
use gitsm_core::sync::{Inventory, ObjectKey};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, ValidationDirective};
use kube::{Client, Error};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A cluster of several servers may not serve a new kind everywhere yet.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(300);
/// Objects that a report names.
const NAMED: usize = 3;

/// The server could not be reached, or the inventory cannot be read. What was done stays; doing it again goes on.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ApplyError {
    what: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl ApplyError {
    pub(super) fn new(what: impl Into<String>, source: Error) -> Self {
        Self {
            what: what.into(),
            source: Box::new(source),
        }
    }

    pub(super) fn damaged(repository: &RepositoryName, error: &InventoryError) -> Self {
        Self {
            what: format!(
                "the inventory of repository {repository} is damaged, and nothing is deleted by what is left of it; \
                 delete its ConfigMaps (label gitsm.dev/inventory={repository}) to begin a new one"
            ),
            source: Box::new(error.clone()),
        }
    }
}

/// How to apply.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// Whether fields are taken that somebody else has set to other values, in objects that were not applied before.
    /// In those that were they are always taken back: that is how drift is repaired.
    pub force: bool,
    /// Most requests at once.
    pub at_once: usize,
    /// The commit for which people have said that whatever it does not have may be deleted.
    pub allowed_prune: Option<GitRevision>,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            force: false,
            at_once: 16,
            allowed_prune: None,
        }
    }
}

/// What is being done, for those who show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// As many objects will be tried.
    Trying(usize),
    /// One more was tried.
    Tried,
    /// As many objects will be written.
    Writing(usize),
    /// One more was written.
    Written,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Objects that were not there.
    pub created: usize,
    /// Objects that were changed.
    pub changed: usize,
    /// Objects that were as they should be; they were not written.
    pub unchanged: usize,
    /// Objects that were not there or were changed, the first few.
    pub written: Vec<ObjectKey>,
    /// Objects that were deleted.
    pub pruned: usize,
    /// Objects that could not be applied or deleted, in the order of the commit.
    pub problems: Vec<Problem>,
    /// Whether the problems were found before anything was written.
    pub in_dry_run: bool,
    /// Why nothing was deleted.
    pub blocked: Option<Blocked>,
}

/// Applies the commits of one repository.
#[derive(Clone)]
pub struct Applier {
    client: Client,
    repository: RepositoryName,
    options: ApplyOptions,
}

/// What a dry run says about an object.
enum Tried {
    Differs,
    Same,
    Refused(Problem),
}

impl Applier {
    /// Of a repository, on the server of a client.
    pub fn new(client: Client, repository: RepositoryName, options: ApplyOptions) -> Self {
        Self {
            client,
            repository,
            options,
        }
    }

    /// Makes the objects of the cluster those of a commit. What the server refuses is in the report.
    ///
    /// # Errors
    /// [`ApplyError`] when the server cannot be reached, or the inventory is damaged.
    pub async fn apply(
        &self,
        revision: &GitRevision,
        objects: Vec<SourceObject>,
        progress: &mut (dyn FnMut(Step) + Send),
    ) -> Result<Report, ApplyError> {
        let (mut store, mut inventory) = Store::read(&self.client, &self.repository).await?;
        let mut report = Report::default();
        let live = self.live(&objects).await?;
        let problems = self.of_others(&objects, &live);
        if !problems.is_empty() {
            return Ok(Report {
                problems,
                in_dry_run: true,
                ..report
            });
        }
        self.make_namespaces(&objects).await?;
        let wanted: BTreeSet<ObjectKey> = objects.iter().map(|object| object.key.clone()).collect();
        let ours = ours(&inventory, &live);

        progress(Step::Trying(objects.len()));
        let mut differing = Vec::new();
        for (object, tried) in self.try_all(objects, &live, &ours, progress).await? {
            match tried {
                Tried::Differs => differing.push(object),
                Tried::Same => {
                    report.unchanged += 1;
                    if let Some(live) = live.get(&object.key) {
                        inventory.confirm(&object.key, &live.uid);
                    }
                }
                Tried::Refused(problem) => report.problems.push(problem),
            }
        }
        if !report.problems.is_empty() {
            report.in_dry_run = true;
            return Ok(report);
        }

        inventory.add(wanted.iter().cloned());
        store.grow(&inventory).await?;
        progress(Step::Writing(differing.len()));
        self.write_all(differing, &ours, &live, &mut inventory, &mut report, progress)
            .await?;
        // Uids are worth keeping even where something failed: they only add to what is stored.
        store.grow(&inventory).await?;
        if report.problems.is_empty() {
            self.prune_all(revision, &wanted, &mut inventory, &mut report)
                .await?;
            store.shrink(&inventory).await?;
        }
        Ok(report)
    }

    /// What is there of the kinds of the objects.
    async fn live(&self, objects: &[SourceObject]) -> Result<BTreeMap<ObjectKey, Live>, ApplyError> {
        let mut live = BTreeMap::new();
        for kind in kinds(objects) {
            live.extend(objects_of(&self.client, kind).await?);
        }
        Ok(live)
    }

    /// Objects that another repository has applied: one object has one source.
    fn of_others(&self, objects: &[SourceObject], live: &BTreeMap<ObjectKey, Live>) -> Vec<Problem> {
        let others = objects.iter().filter_map(|object| {
            let other = live.get(&object.key)?.repository.as_deref()?;
            (other != self.repository.as_str()).then(|| Problem {
                what: format!("{} ({})", object.key, object.place),
                message: format!(
                    "it comes from repository {other} already (label {REPOSITORY_LABEL}); remove it there first"
                ),
                is_conflict: true,
            })
        });
        others.collect()
    }

    /// Makes the namespaces that objects need. They are not listed, so they are never deleted.
    async fn make_namespaces(&self, objects: &[SourceObject]) -> Result<(), ApplyError> {
        let needed: BTreeSet<&NamespaceName> = objects
            .iter()
            .filter_map(|object| object.key.namespace.as_ref())
            .collect();
        let api: Api<Namespace> = Api::all(self.client.clone());
        let there = api
            .list_metadata(&ListParams::default())
            .await
            .map_err(|error| ApplyError::new("cannot list namespaces", error))?;
        let there: BTreeSet<String> = there
            .items
            .into_iter()
            .filter_map(|namespace| namespace.metadata.name)
            .collect();
        for name in needed.into_iter().filter(|name| !there.contains(name.as_str())) {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            api.patch(
                name.as_str(),
                &PatchParams::apply(MANAGER),
                &Patch::Apply(&namespace),
            )
            .await
            .map_err(|error| ApplyError::new(format!("cannot make namespace {name}"), error))?;
        }
        Ok(())
    }

    /// Tries everything; in the order of the objects.
    async fn try_all(
        &self,
        objects: Vec<SourceObject>,
        live: &BTreeMap<ObjectKey, Live>,
        ours: &BTreeSet<ObjectKey>,
        progress: &mut (dyn FnMut(Step) + Send),
    ) -> Result<Vec<(SourceObject, Tried)>, ApplyError> {
        let mut tried = BTreeMap::new();
        let mut answers = self.send_all(objects, ours, true);
        while let Some(answer) = answers.join_next().await {
            let (index, object, answer) = answer.map_err(fallen)?;
            progress(Step::Tried);
            let verdict = match answer {
                Ok(after) => match live.get(&object.key) {
                    Some(before) if before.digest == Live::of(&after).digest => Tried::Same,
                    _ => Tried::Differs,
                },
                Err(Error::Api(status)) => Tried::Refused(Problem::of(&object, &status)),
                Err(error) => return Err(ApplyError::new(format!("cannot try {}", object.key), error)),
            };
            tried.insert(index, (object, verdict));
        }
        Ok(tried.into_values().collect())
    }

    /// Writes objects, kind after kind.
    async fn write_all(
        &self,
        objects: Vec<SourceObject>,
        ours: &BTreeSet<ObjectKey>,
        live: &BTreeMap<ObjectKey, Live>,
        inventory: &mut Inventory,
        report: &mut Report,
        progress: &mut (dyn FnMut(Step) + Send),
    ) -> Result<(), ApplyError> {
        let mut stages: BTreeMap<usize, Vec<SourceObject>> = BTreeMap::new();
        for object in objects {
            stages.entry(object.info.order()).or_default().push(object);
        }
        for stage in stages.into_values() {
            let mut problems = BTreeMap::new();
            let mut answers = self.send_all(stage, ours, false);
            while let Some(answer) = answers.join_next().await {
                let (index, object, answer) = answer.map_err(fallen)?;
                progress(Step::Written);
                match answer {
                    Ok(written) => {
                        inventory.confirm(&object.key, &written.metadata.uid.unwrap_or_default());
                        match live.get(&object.key) {
                            None => report.created += 1,
                            Some(_) => report.changed += 1,
                        }
                        if report.written.len() < NAMED {
                            report.written.push(object.key.clone());
                        }
                    }
                    Err(Error::Api(status)) => {
                        problems.insert(index, Problem::of(&object, &status));
                    }
                    Err(error) => {
                        return Err(ApplyError::new(format!("cannot apply {}", object.key), error));
                    }
                }
            }
            report.problems.extend(problems.into_values());
        }
        Ok(())
    }

    /// Sends objects, a few at a time.
    fn send_all(&self, objects: Vec<SourceObject>, ours: &BTreeSet<ObjectKey>, dry_run: bool) -> Answers {
        let slots = Arc::new(Semaphore::new(self.options.at_once));
        let mut answers = JoinSet::new();
        for (index, object) in objects.into_iter().enumerate() {
            let mut params = PatchParams::apply(MANAGER).validation(ValidationDirective::Strict);
            params.force = self.options.force || ours.contains(&object.key);
            params.dry_run = dry_run;
            let (client, slots) = (self.client.clone(), Arc::clone(&slots));
            answers.spawn(async move {
                let _slot = slots.acquire_owned().await;
                let answer = send(&client, &object, &params).await;
                (index, object, answer)
            });
        }
        answers
    }

    async fn prune_all(
        &self,
        revision: &GitRevision,
        wanted: &BTreeSet<ObjectKey>,
        inventory: &mut Inventory,
        report: &mut Report,
    ) -> Result<(), ApplyError> {
        let order = |key: &ObjectKey| KindRef::find(&key.kind).map_or(0, KindRef::order);
        let superfluous = inventory.superfluous(wanted, order);
        let allowed = self.options.allowed_prune.as_ref();
        if let Err(blocked) = judge(
            inventory.len(),
            wanted.len(),
            superfluous.len(),
            revision,
            allowed,
        ) {
            report.blocked = Some(blocked);
            return Ok(());
        }
        for (key, uid) in superfluous {
            match prune(&self.client, &self.repository, &key, uid.as_deref()).await? {
                Pruned::Gone => {
                    report.pruned += 1;
                    inventory.remove(&key);
                }
                Pruned::NotThere | Pruned::Kept => inventory.remove(&key),
                Pruned::Going => {}
                Pruned::Refused(problem) => report.problems.push(problem),
            }
        }
        Ok(())
    }
}

type Answers = JoinSet<(usize, SourceObject, Result<DynamicObject, Error>)>;

async fn send(client: &Client, object: &SourceObject, params: &PatchParams) -> Result<DynamicObject, Error> {
    let api = object.info.api(client, &object.key);
    let mut tries = 0;
    loop {
        tries += 1;
        match api
            .patch(object.key.name.as_str(), params, &Patch::Apply(&object.object))
            .await
        {
            Err(Error::Api(status)) if is_unserved(&status) && tries < TRIES => {
                tokio::time::sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

/// Whether the kind is not there: an answer about an object names it.
fn is_unserved(status: &kube::core::Status) -> bool {
    let names = status
        .details
        .as_ref()
        .is_some_and(|details| !details.name.is_empty());
    status.code == 404 && !names
}

/// The objects that were applied before and are still those.
fn ours(inventory: &Inventory, live: &BTreeMap<ObjectKey, Live>) -> BTreeSet<ObjectKey> {
    let listed = inventory.iter().filter(|(key, uid)| {
        let live = live.get(*key);
        live.is_some_and(|live| uid.is_some_and(|uid| uid == live.uid))
    });
    listed.map(|(key, _)| key.clone()).collect()
}

fn kinds(objects: &[SourceObject]) -> Vec<KindRef> {
    let kinds: BTreeMap<usize, KindRef> = objects
        .iter()
        .map(|object| (object.info.order(), object.info))
        .collect();
    kinds.into_values().collect()
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn fallen(error: tokio::task::JoinError) -> ApplyError {
    ApplyError {
        what: "applying ended".to_owned(),
        source: error.to_string().into(),
    }
}
