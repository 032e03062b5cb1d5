//! Reads git repositories through libgit2 behind a narrow API: open, resolve a revision, walk a tree, read a
//! blob, compare two commits, follow history, verify signatures, fetch a branch. All that is written is what was fetched, a new bare
//! repository with its first commit, and the journal.
//!
//! Two people, or a person and CI, must get the same answer from the same commit. So nothing here reads the
//! configuration of the user or the machine, the environment, or content filters: blobs come out as they are
//! stored. ([`Repository::is_dirty`], which looks at the working tree, is a hint.) What is read is untrusted:
//! entries, depth and bytes all have a limit that the caller states.

mod changes;
mod error;
mod fetch;
mod history;
mod id;
mod journal;
mod repository;
mod revision;
mod signing;
mod tree;
mod verify;
mod write;

pub use changes::{ChangeKind, ChangedPath};
pub use error::Error;
pub use fetch::{FetchError, Transfer};
pub use history::{Commit, Person};
pub use id::{BlobId, CommitId};
pub use journal::{Journal, JournalPlace, LINES_PER_FILE, Transition};
pub use repository::Repository;
pub use signing::SigningKey;
pub use tree::{EntryKind, TreeEntries, TreeEntry, TreeLimits};
pub use verify::{Refusal, TrustedKey, Verification};
pub use write::{Author, NewTree};

/// The outcome of reading a repository.
pub type Result<T, E = Error> = std::result::Result<T, E>;
