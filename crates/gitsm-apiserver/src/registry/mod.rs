//! What is done with objects: the verbs, for every kind alike.
//!
//! Each write is a pipeline of small steps on JSON values: read the body, fill in what the server decides, merge,
//! take note of managers, judge, and commit if the object is still what it was. The store is the only state.
//!
//! | module | does |
//! |---|---|
//! | `incoming` | from a body to an object of the kind: type, unknown fields, defaults |
//! | `convert` | between stored objects and the version that is asked for |
//! | `system` | the metadata that the server decides |
//! | `ownership` | managed fields |
//! | `create`, `update`, `patch`, `delete` | the writing verbs |
//! | `read` | get and list |
//! | `admitted` | what admission makes of a write |
//! | `select` | selectors over stored objects |
//! | `scale` | the scale subresource |
//! | `watch` | following changes |

mod admitted;
mod convert;
mod create;
mod delete;
mod incoming;
mod ownership;
mod patch;
mod read;
mod scale;
mod select;
mod system;
mod update;
pub mod watch;

pub use delete::Deleted;
pub use incoming::{Body, unrecognized};
pub use patch::PatchBody;
pub use read::ListReply;
pub use select::Selection;
pub(crate) use system::fill_random;

use crate::admission::{Decode, Mutated};
use crate::error::{ApiError, Named};
use crate::http::decode::write_whole_floats;
use crate::kind::{Context, GroupResource, Kind, Part};
use crate::kinds::Kinds;
use crate::request::WriteOptions;
use crate::store::{Durability, Key, Store, Stored, WriteError};
use crate::user::User;
use jiff::Timestamp;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A boxed future, for traits.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a write is, as admission sees it.
#[derive(Debug, Clone, Copy)]
pub struct Admitted<'a> {
    /// What is written.
    pub kind: &'a Kind,
    /// Which part of it.
    pub part: Part,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub operation: &'static str,
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// The name.
    pub name: &'a str,
    /// The object afterwards; `None` for deletions.
    pub object: Option<&'a Value>,
    /// The object before; `None` for creations.
    pub old: Option<&'a Value>,
    /// Who asks.
    pub user: &'a User,
    /// Whether nothing will be stored.
    pub dry_run: bool,
}

/// Changes writes before the kind's own rules judge them, and says no to those that they let through.
pub trait Admission: Send + Sync {
    /// What others make of an object that is about to be judged. `decode` reads what they made as one of the kind.
    ///
    /// # Errors
    /// The refusal.
    fn mutate<'a>(
        &'a self,
        write: Admitted<'a>,
        decode: &'a Decode<'a>,
    ) -> Task<'a, Result<Mutated, ApiError>>;

    /// Judges one write; what it returns are warnings.
    ///
    /// # Errors
    /// The refusal.
    fn admit<'a>(&'a self, write: Admitted<'a>) -> Task<'a, Result<Vec<String>, ApiError>>;
}

/// Lets everything through.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdmitAll;

impl Admission for AdmitAll {
    fn mutate<'a>(&'a self, _: Admitted<'a>, _: &'a Decode<'a>) -> Task<'a, Result<Mutated, ApiError>> {
        Box::pin(std::future::ready(Ok(Mutated::default())))
    }

    fn admit<'a>(&'a self, _: Admitted<'a>) -> Task<'a, Result<Vec<String>, ApiError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// The objects of all kinds.
#[derive(Clone)]
pub struct Registry {
    store: Store,
    kinds: Arc<Kinds>,
    admission: Arc<dyn Admission>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// What a write is about and who asks: the same for every step of it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The kind, in the version of the request.
    pub kind: &'a Arc<Kind>,
    /// The part of the object.
    pub part: Part,
    /// The namespace of the path.
    pub namespace: Option<&'a str>,
    /// Who asks.
    pub user: &'a User,
    /// The options of the request.
    pub options: &'a WriteOptions,
    /// The instant of the request.
    pub now: Timestamp,
}

impl Request<'_> {
    /// The instant as objects hold it.
    fn now_text(&self) -> String {
        seconds(self.now)
    }

    fn context<'c>(&'c self, now: &'c str) -> Context<'c> {
        Context {
            user: self.user,
            part: self.part,
            now,
        }
    }

    fn key(&self, name: &str) -> Key {
        key_of(self.kind, self.namespace, name)
    }

    fn named(&self) -> Named<'_> {
        self.kind.named()
    }
}

impl Registry {
    /// Over a store and a table of kinds.
    pub fn new(store: Store, kinds: Arc<Kinds>, admission: Arc<dyn Admission>) -> Self {
        Self {
            store,
            kinds,
            admission,
        }
    }

    /// The store underneath.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The kinds that are served.
    pub fn kinds(&self) -> &Arc<Kinds> {
        &self.kinds
    }

    /// How many bytes a stored object has; 0 where there is none.
    pub fn size(&self, kind: &Kind, namespace: Option<&str>, name: &str) -> usize {
        let stored = self.store.get(&key_of(kind, namespace, name));
        stored.map_or(0, |stored| stored.json.len())
    }
}

/// Under what the objects of a kind are stored.
pub fn stored_resource(kind: &Kind) -> GroupResource {
    kind.strategy.stored_as().unwrap_or_else(|| kind.resource.clone())
}

fn key_of(kind: &Kind, namespace: Option<&str>, name: &str) -> Key {
    let namespace = namespace.filter(|_| kind.namespaced);
    Key::new(&stored_resource(kind), namespace, name)
}

/// Events and leases change often and are followed seldom: only their newest state must outlive a restart.
fn durability(kind: &Kind) -> Durability {
    match (&*kind.resource.group, &*kind.resource.resource) {
        ("" | "events.k8s.io", "events") | ("coordination.k8s.io", "leases") => Durability::Latest,
        _ => Durability::Full,
    }
}

/// An instant as objects hold it: RFC 3339 in UTC with whole seconds.
pub fn seconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A failed write that is not about the state of the object.
fn store_error(error: &WriteError) -> ApiError {
    match error {
        WriteError::Stopped => {
            ApiError::new(503, "ServiceUnavailable", "the server is shutting down").retry_after(1)
        }
        other => ApiError::internal(other),
    }
}

/// Refuses what could not be read again once it is stored; managed fields may have made it so.
///
/// # Errors
/// 400.
fn check_stored(object: &Value) -> Result<(), ApiError> {
    crate::object::check_shape(object).map_err(|why| {
        ApiError::bad_request(format!(
            "the object cannot be stored with the fields that its managers own: {why}"
        ))
    })
}

/// An answer to a dry run: the object as it would have been stored, without a revision.
fn not_stored(object: &Value) -> Stored {
    let mut object = object.clone();
    write_whole_floats(&mut object);
    Stored {
        revision: 0,
        json: object.to_string().into(),
    }
}
