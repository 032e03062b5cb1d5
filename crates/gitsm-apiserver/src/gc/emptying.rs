//! Emptying a namespace that is being deleted.

use super::edit::Edit;
use super::namespace::{Remains, is_to_be_emptied};
use super::run::{WORKERS, target};
use super::{Cluster, Target};
use crate::error::ApiError;
use crate::kind::Part;
use crate::object::Meta;
use crate::request::Propagation;
use crate::store::{Key, Store};
use std::sync::Arc;
use tokio::task::{JoinError, JoinSet};

/// Empties a namespace that is being deleted.
pub(super) struct Emptying<C> {
    pub(super) store: Store,
    pub(super) cluster: Arc<C>,
    pub(super) key: Key,
    pub(super) now: u64,
}

impl<C: Cluster> Emptying<C> {
    pub(super) async fn run(self) -> Result<(), ApiError> {
        let still_there = |store: &Store| {
            let stored = store.get(&self.key)?;
            is_to_be_emptied(&stored.json)
                .then(|| target(store, &self.key))
                .flatten()
        };
        let Some(namespace) = still_there(&self.store) else {
            return Ok(());
        };
        let mut remains = Remains::default();
        let mut deletions = JoinSet::new();
        for target in self.contents(|meta| meta.deletion_timestamp.is_none()) {
            while deletions.len() >= WORKERS {
                Self::note(&mut remains, deletions.join_next().await);
            }
            let cluster = Arc::clone(&self.cluster);
            deletions.spawn(async move { cluster.delete(&target, Propagation::Background).await });
        }
        while !deletions.is_empty() {
            Self::note(&mut remains, deletions.join_next().await);
        }
        for resource in self.store.resources() {
            for stored in self.store.list(&resource, Some(&self.key.name)).items {
                if let Ok(meta) = Meta::of_bytes(&stored.json) {
                    remains.add(&resource, &meta);
                }
            }
        }
        let empty = remains.is_empty();
        let again = !remains.errors.is_empty() || remains.conflicts > 0;
        let now = i64::try_from(self.now / 1000)
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
            .unwrap_or_default()
            .to_string();
        let conditions = Edit::SetConditions(remains.conditions(), now);
        self.cluster.edit(&namespace, Part::Status, &conditions).await?;
        if empty {
            return self
                .cluster
                .edit(&namespace, Part::Finalize, &Edit::FinalizeNamespace)
                .await;
        }
        if again {
            return Err(ApiError::internal("some content could not be deleted"));
        }
        // What is left waits for its finalizers; when it goes, an event says so.
        Ok(())
    }

    fn contents(&self, wanted: impl Fn(&Meta<'_>) -> bool) -> Vec<Target> {
        let mut contents = Vec::new();
        for resource in self.store.resources() {
            for stored in self.store.list(&resource, Some(&self.key.name)).items {
                if let Ok(meta) = Meta::of_bytes(&stored.json)
                    && wanted(&meta)
                {
                    contents.push(Target {
                        key: Key::new(&resource, Some(&meta.namespace), &meta.name),
                        uid: (&*meta.uid).into(),
                        revision: stored.revision,
                    });
                }
            }
        }
        contents
    }

    fn note(remains: &mut Remains, done: Option<Result<Result<(), ApiError>, JoinError>>) {
        match done {
            Some(Ok(Err(error))) if error.code != 404 && error.code != 409 => {
                remains.errors.push(error.message);
            }
            Some(Ok(Err(error))) if error.code == 409 => remains.conflicts += 1,
            _ => {}
        }
    }
}
