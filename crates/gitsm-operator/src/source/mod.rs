//! From a commit to the objects of a cluster.
//!
//! [`Applier`] makes the objects of a cluster those of a commit, in this order:
//!
//! 1. Everything is tried by a dry run. If the server refuses an object, nothing is written.
//! 2. The [inventory](gitsm_core::sync::inventory) is stored with the objects that will come, before any of them does.
//! 3. What differs is written by server-side apply, kind after kind: teams before the services that name them.
//! 4. What is listed and not in the commit is deleted, if that is not more than may go without people. An object is
//!    deleted only under the uid that it had when it was applied.
//! 5. The inventory is stored without what is gone.
//!
//! A crash between any two steps is mended by doing all of it again. Nothing is written where nothing differs.

mod apply;
mod inventory;
mod live;
mod object;
mod prune;
mod tree;

pub use apply::{Applier, ApplyError, ApplyOptions, Report, Step};
pub use object::{Problem, SourceObject};
pub use tree::{CommitInput, CommitTree, SharedRepository};

/// Whom the fields belong to that come from git.
pub const MANAGER: &str = "gitsm";
/// The label that names the `Repository` that an object comes from.
pub const REPOSITORY_LABEL: &str = "gitsm.dev/repository";
/// The annotation of an object in git that keeps it when its file is gone: `gitsm.dev/prune: disabled`.
pub const PRUNE_ANNOTATION: &str = "gitsm.dev/prune";
/// The namespace of gitsm itself, which holds inventories.
pub const SYSTEM_NAMESPACE: &str = "gitsm-system";
