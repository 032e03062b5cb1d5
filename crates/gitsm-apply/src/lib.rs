//! Server-side apply: which manager owns which field of an object, and what a write does to that.
//!
//! The embedded API server asks this crate on every write: [`apply`] merges an applied object into the live one,
//! [`update`] takes note of what any other write changed. Both write `metadata.managedFields`, by the rules of the
//! Kubernetes API server (structured merge and diff, version 6), so that `kubectl apply --server-side`, controllers
//! and people can share an object. Decisions only: no I/O and no clock, the time is an argument.
//!
//! From the outside in: `flow` is the order of steps around a write; `updater` the rules of ownership; `typed` the
//! walks over objects (merge, compare, remove, ...); `schema` the types by which they walk; `set`, `path` and
//! `fields` the sets of paths and their wire form.

mod error;
pub mod fields;
mod flow;
mod json;
mod last_applied;
mod managers;
mod path;
mod scale;
mod schema;
mod set;
mod typed;
mod types;
mod updater;

pub use error::{ApplyError, Conflict, Conflicts};
pub use flow::{ApplyOptions, UpdateOptions, apply, update};
pub use managers::{ManagerId, Operation, check_managed_fields, keep_times_if_unchanged};
pub use path::{KeyField, PathElement, path_to_string};
pub use scale::ScaleFields;
pub use schema::TypeSchema;
pub use set::FieldSet;
pub use types::{Origin, ResourceTypes};
pub use updater::ResetFields;
