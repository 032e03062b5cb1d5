//! Looks at every repository when it or what it has applied changes, and at its interval.

use super::{Context, SyncError, Synced, sync};
use crate::source::REPOSITORY_LABEL;
use futures::StreamExt as _;
use gitsm_api::v1alpha1::{Repository, RepositorySpec};
use gitsm_core::sync::drift::Repairs;
use gitsm_core::sync::{Fight, Reason, Retry, Verdict};
use gitsm_core::time::Instant;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::core::PartialObjectMeta;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates, reflector, watcher};
use kube::{Resource as _, ResourceExt as _};
use std::collections::HashMap;
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Repositories that are looked at together.
const AT_ONCE: u16 = 4;
/// How long changes are gathered before they are looked at: one apply of somebody else changes many objects.
const GATHER: Duration = Duration::from_millis(250);
/// The first pause after a failure; each further one is twice as long, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(10);
/// Who reports events.
const REPORTER: &str = "gitsm-source";
/// Longest note of an event, in characters (1 kB is allowed).
const NOTE: usize = 250;

/// A repository as it is watched.
type Watched = PartialObjectMeta<Repository>;

/// The controller could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot read repositories: {0}; are gitsm's definitions applied, and may the operator list them?")]
pub struct RunError(#[from] kube::Error);

/// What the controller keeps between two looks.
struct State {
    context: Context,
    /// How often in a row something failed that may pass by itself, by name.
    failures: Mutex<HashMap<String, u32>>,
    /// When what was applied had to be repaired, and what of it last, by name.
    repairs: Mutex<HashMap<String, (Repairs, String)>>,
}

/// Looks after all repositories until `stop` comes; what is under way then is finished.
///
/// # Errors
/// [`RunError`] when repositories cannot be listed at all.
pub async fn run(
    context: Context,
    stop: impl Future<Output = ()> + Send + Sync + 'static,
) -> Result<(), RunError> {
    let client = context.client.clone();
    let repositories: Api<Repository> = Api::all(client.clone());
    repositories
        .list_metadata(&kube::api::ListParams::default().limit(1))
        .await?;
    let (store, writer) = reflector::store();
    // Metadata only: one repository that cannot be read must not hide the others.
    let repositories: Api<Watched> = Api::all(client.clone());
    let changes = watcher(repositories, watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .applied_objects()
        // Not our own status: it changes neither.
        .predicate_filter(
            predicates::generation.combine(predicates::annotations),
            PredicateConfig::default(),
        )
        .filter_map(async |change| heard(change, "repositories"));
    let mut controller = Controller::for_stream(changes, store)
        .with_config(Config::default().concurrency(AT_ONCE).debounce(GATHER));
    for kind in gitsm_api::kinds() {
        let gvk = GroupVersionKind::gvk(gitsm_api::GROUP, gitsm_api::VERSION, kind.kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, kind.plural);
        let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(client.clone(), &resource);
        let of_repositories = watcher::Config::default().labels(REPOSITORY_LABEL);
        // Deletions too. A status is no drift, and changes no generation.
        let changed = watcher(api, of_repositories)
            .default_backoff()
            .touched_objects()
            .predicate_filter(
                predicates::generation.combine(deletion),
                PredicateConfig::default(),
            )
            .filter_map(async |change| heard(change, kind.plural));
        let owner = |object: PartialObjectMeta<DynamicObject>| {
            let name = object.labels().get(REPOSITORY_LABEL);
            name.map(|name| ObjectRef::<Watched>::new(name))
        };
        controller = controller.watches_stream_with(changed, owner, resource);
    }
    let state = Arc::new(State {
        context,
        failures: Mutex::default(),
        repairs: Mutex::default(),
    });
    controller
        .graceful_shutdown_on(stop)
        .run(reconcile, failed, state)
        .for_each(|done| async move {
            if let Err(error) = done {
                tracing::debug!(%error, "a look at a repository did not come to its end");
            }
        })
        .await;
    Ok(())
}

/// Makes an object that is being deleted another one than before.
#[expect(clippy::unnecessary_wraps, reason = "as a predicate is called")]
fn deletion<K: kube::Resource>(object: &K) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    object.meta().deletion_timestamp.is_some().hash(&mut hasher);
    Some(hasher.finish())
}

/// What a watch says. A failure is told and goes no further: the watch begins anew, and the controller would slow down all
/// others with it.
fn heard<K>(change: Result<K, watcher::Error>, plural: &str) -> Option<Result<K, watcher::Error>> {
    match change {
        Ok(object) => Some(Ok(object)),
        Err(error) => {
            tracing::debug!(%error, "a watch of {plural} begins anew");
            None
        }
    }
}

async fn reconcile(repository: Arc<Watched>, state: Arc<State>) -> Result<Action, SyncError> {
    // The cache may be older than the status that was written last; deciding from it would write that again.
    let name = repository.name_any();
    let api: Api<Repository> = Api::all(state.context.client.clone());
    let newest = match api.get_opt(&name).await {
        Ok(Some(newest)) => newest,
        Ok(None) => return Ok(Action::await_change()),
        Err(source) => {
            let repository = name.parse().map_err(|_| SyncError::Name(name))?;
            return Err(SyncError::Status { repository, source });
        }
    };
    let fight = state.fight(&name, (state.context.clock)());
    let synced = sync(&state.context, &newest, fight, &mut |_| {}).await?;
    let verdict = &synced.verdict;
    state.note_repair(&name, &newest, &synced, (state.context.clock)());
    tracing::info!(
        repository = name,
        reason = verdict.reason.as_str(),
        commit = verdict.head.as_ref().map(tracing::field::display),
        "{}",
        verdict.message
    );
    tell(&state, &newest, verdict).await;
    let failures = state.count(&name, matches!(verdict.retry, Retry::Backoff));
    let now = (state.context.clock)();
    Ok(action(verdict, &newest.spec, failures, &name, now))
}

#[expect(clippy::needless_pass_by_value, reason = "as the controller calls it")]
fn failed(repository: Arc<Watched>, error: &SyncError, state: Arc<State>) -> Action {
    let name = repository.name_any();
    let failures = state.count(&name, true);
    let pause = backoff(failures);
    tracing::warn!(repository = name, %error, "trying again in {} s", pause.as_secs());
    Action::requeue(pause)
}

impl State {
    /// Whether repairs rest at an instant.
    fn fight(&self, name: &str, now: Instant) -> Option<Fight> {
        let repairs = self.repairs.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, objects) = repairs.get(name)?;
        let until = times.next(now);
        (until > now).then(|| Fight {
            until,
            objects: objects.clone(),
        })
    }

    /// Takes note of a look that had to write objects of a commit that was applied before.
    fn note_repair(&self, name: &str, before: &Repository, synced: &Synced, now: Instant) {
        let applied = before
            .status
            .as_ref()
            .and_then(|status| status.applied_revision.as_ref());
        let Some(report) = &synced.report else { return };
        if applied.is_none() || applied != synced.verdict.applied.as_ref() || report.written.is_empty() {
            return;
        }
        let objects: Vec<String> = report.written.iter().map(ToString::to_string).collect();
        let mut repairs = self.repairs.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, last) = repairs.entry(name.to_owned()).or_default();
        times.note(now);
        *last = objects.join(", ");
    }

    /// Takes note of a failure, or of none, and gives how many there were in a row.
    fn count(&self, name: &str, is_failure: bool) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_failure {
            failures.remove(name);
            return 0;
        }
        let count = failures.entry(name.to_owned()).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }
}

/// An event when the reason or the applied commit has changed.
async fn tell(state: &State, before: &Repository, verdict: &Verdict) {
    let status = before.status.as_ref();
    let ready = status.and_then(|status| status.conditions.iter().find(|known| known.type_ == "Ready"));
    let is_known = ready.is_some_and(|ready| ready.reason == verdict.reason.as_str())
        && status.is_some_and(|status| status.applied_revision == verdict.applied);
    if is_known {
        return;
    }
    let event = Event {
        type_: match verdict.reason {
            Reason::Applied | Reason::Suspended | Reason::OutsideWindow => EventType::Normal,
            _ => EventType::Warning,
        },
        reason: verdict.reason.as_str().to_owned(),
        note: Some(verdict.message.chars().take(NOTE).collect()),
        action: "Sync".to_owned(),
        secondary: None,
    };
    // A recorder that lives on would count the event of the next commit as this one come again, with this one's note.
    let reporter = Reporter {
        controller: REPORTER.to_owned(),
        instance: None,
    };
    let recorder = Recorder::new(state.context.client.clone(), reporter);
    if let Err(error) = recorder.publish(&event, &before.object_ref(&())).await {
        tracing::warn!(%error, "an event cannot be written");
    }
}

/// When to look again. Pure.
fn action(verdict: &Verdict, spec: &RepositorySpec, failures: u32, name: &str, now: Instant) -> Action {
    let interval = jittered(Duration::from_secs(u64::from(spec.interval.seconds())), name, now);
    match verdict.retry {
        Retry::OnChange => Action::await_change(),
        Retry::Interval => Action::requeue(interval),
        Retry::Backoff => Action::requeue(backoff(failures)),
        Retry::At(instant) => {
            let wait = Duration::try_from(instant.since(now)).unwrap_or_default();
            Action::requeue(wait.min(interval))
        }
    }
}

/// The pause after so many failures in a row.
fn backoff(failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(LONGEST)
}

/// An interval give or take a tenth, so that repositories do not come all at once for ever.
fn jittered(interval: Duration, name: &str, now: Instant) -> Duration {
    let mut hasher = DefaultHasher::new();
    (name, now.timestamp().as_second()).hash(&mut hasher);
    let per_mille = 900 + u32::try_from(hasher.finish() % 201).unwrap_or(100);
    interval.saturating_mul(per_mille) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let pauses: Vec<u64> = [1, 2, 3, 9, 10, 40, u32::MAX]
            .map(|count| backoff(count).as_secs())
            .into();
        assert_eq!(pauses, [2, 4, 8, 512, 600, 600, 600]);
    }

    #[test]
    fn intervals_differ_by_a_tenth_at_most() {
        let mut seen = std::collections::BTreeSet::new();
        for second in 0..200 {
            let now: Instant = "2026-11-02T09:00:00Z".parse().unwrap();
            let now = now.plus(jiff::SignedDuration::from_secs(second));
            let interval = jittered(Duration::from_secs(100), "estate", now);
            assert!((90..=110).contains(&interval.as_secs()), "{interval:?}");
            seen.insert(interval);
        }
        assert!(seen.len() > 50);
    }
}
