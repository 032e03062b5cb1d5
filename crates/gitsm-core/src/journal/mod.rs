//! The journal: one line for each transition of a record, each holding the digest of the line before it.
//!
//! # Wire form
//!
//! A line is one JSON object in the form of [`canonical_json`](crate::digest::canonical_json) (keys in order of
//! their code points, no white space), ended by a line feed. Its keys, all always present:
//!
//! | Key        | Value |
//! |------------|-------|
//! | `actor`    | the id of the Team member who acted, or `system:gitsm` when gitsm acted by itself |
//! | `facts`    | digest of the facts that the decision was taken from, or `null` when there was nothing to decide |
//! | `from`     | the phase before, or `null` for a record that is new |
//! | `previous` | digest of the line before this one, or `null` in the first line of the journal |
//! | `reason`   | why, as the condition of the record names it |
//! | `record`   | `kind`, `name` and `namespace` of the record |
//! | `revision` | the commit that the transition is about, or `null` |
//! | `snapshot` | digest of the record as it was after the transition |
//! | `time`     | when, in UTC |
//! | `to`       | the phase after |
//!
//! The digest of a line is the SHA-256 of its bytes without the line feed. Whoever has the digest of the last line
//! can tell whether any line before it was changed, dropped, moved or added.
//!
//! Times need not ascend: lines of two writers are put behind each other in the order in which they arrive.

mod chain;
mod line;
#[cfg(test)]
mod tests;

pub use chain::{Break, Chain};
pub use line::{Actor, Entry, Line, RecordId, Word};
