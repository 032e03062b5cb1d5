//! What a real cluster's controllers do to make deletion work: garbage collection by owner references, the contents
//! of deleted namespaces, the expiry of events.
//!
//! | module | does |
//! |---|---|
//! | `graph` | who owns whom, and what is to be done about an object; pure |
//! | `namespace` | what is left in a namespace, as its conditions say it; pure |
//! | `expiry` | when events are to go; pure |
//! | `edit` | the changes that are made to objects; pure |
//! | `emptying` | deletes what is in a namespace |
//! | `run` | follows the store and acts |
//!
//! The rules are those of kube-controller-manager's garbagecollector and namespace controllers. They are driven by
//! events; only what failed is tried again after a time. At a start everything is worked out anew from the store, so
//! nothing is kept between runs.

mod edit;
mod emptying;
mod expiry;
mod graph;
mod namespace;
mod run;

#[cfg(test)]
mod tests;

pub use edit::Edit;
pub use run::run;

use crate::error::ApiError;
use crate::kind::{GroupResource, Part};
use crate::request::Propagation;
use crate::store::{Clock, Key};
use std::future::Future;
use std::sync::Arc;

/// An object that is acted upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it is.
    pub key: Key,
    /// Its uid: the action is not for another object of the same name.
    pub uid: Arc<str>,
    /// The revision by which the action was decided. A deletion requires it, an edit does not.
    pub revision: u64,
}

/// What a kind that is named in an owner reference is stored as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerKind {
    /// Under what its objects are stored.
    pub resource: GroupResource,
    /// Whether they are in namespaces.
    pub namespaced: bool,
}

/// What the controllers need of the server: they act as any client does, through admission and with the same checks.
pub trait Cluster: Send + Sync + 'static {
    /// The served kind of an `apiVersion` and `kind`; `None` when there is none (yet).
    fn resolve(&self, api_version: &str, kind: &str) -> Option<OwnerKind>;

    /// Deletes an object, with its uid and revision as preconditions.
    fn delete(
        &self,
        target: &Target,
        propagation: Propagation,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Changes an object: reads it, requires its uid, applies the edit, and writes the part of it if the edit
    /// changed anything; again from the start when it was changed meanwhile. As with every write, an object that is
    /// being deleted and has nothing left that holds it is gone afterwards.
    fn edit(
        &self,
        target: &Target,
        part: Part,
        edit: &Edit,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Reports a warning about an object, as a Kubernetes event.
    fn warn(&self, target: &Target, reason: &str, message: &str) -> impl Future<Output = ()> + Send;
}

/// How the controllers run.
#[derive(Clone)]
pub struct Settings {
    /// The time, in milliseconds since 1970.
    pub clock: Clock,
    /// Where namespaces are stored.
    pub namespaces: GroupResource,
    /// Where Kubernetes events are stored; they have no dependants and are not collected, but expire.
    pub events: GroupResource,
    /// For how long an event stays after it was written last, in milliseconds.
    pub event_ttl: u64,
}

impl Settings {
    /// As a real cluster is set up: events stay for an hour.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            namespaces: GroupResource::new("", "namespaces"),
            events: GroupResource::new("", "events"),
            event_ttl: 60 * 60 * 1000,
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("event_ttl", &self.event_ttl)
            .finish_non_exhaustive()
    }
}

/// The finalizer of an object whose dependants go first.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependants are to stay.
pub const ORPHAN: &str = "orphan";
/// The entry of `spec.finalizers` that holds a namespace until its contents are gone.
pub const KUBERNETES: &str = "kubernetes";
