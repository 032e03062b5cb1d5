//! The journal on a branch.
//!
//! # Layout
//!
//! - `journal/2026/11/0001.jsonl`: lines as [`gitsm_core::journal`] describes them, at most [`LINES_PER_FILE`] in a
//!   file. A new file begins with each month and whenever the last one is full. Read in the order of their names,
//!   the files are the journal. Lines of two writers can arrive out of order: one whose month is over stands in
//!   the last file there is.
//! - `records/<sha256>.json`: canonical JSON of a record after a transition, named by its digest.
//! - `facts/<sha256>.json`: canonical JSON of the facts of a decision, named by its digest.
//!
//! A commit holds lines together with all that they name. Each commit is signed, and only adds.

mod append;
mod read;

pub use append::{Journal, Transition};
pub use read::JournalPlace;

/// How many lines a file takes: a new version of the last file is stored with each commit.
pub const LINES_PER_FILE: usize = 1000;

/// The largest file of lines, record or set of facts that is read, in bytes. Records of etcd have at most 1.5 MiB.
const MAX_BYTES: u64 = 16 << 20;
