//! From a commit to what is applied: the decisions of the source controller.
//!
//! [`next`] says what is to be looked at next, one step at a time, until nothing is left to do; nobody reaches the
//! applying of a commit past its ancestry, its signatures, its validation and its authorization. What an estate has put
//! into the cluster is an [`Inventory`], which grows before anything is applied and shrinks after that; what falls out
//! of it is pruned within the bounds of [`prune::judge`]. Repairs of one object that come again and again are slowed
//! down by [`drift`].

pub mod drift;
mod facts;
pub mod inventory;
mod next;
pub mod prune;
#[cfg(test)]
mod tests;
mod verdict;

pub use facts::{
    Ancestry, Applied, Authorization, Facts, FetchProblem, Fetched, Fight, Judged, Outcome, RefusedCommit,
    Signatures,
};
pub use inventory::{Inventory, ObjectKey};
pub use next::{Step, next};
pub use verdict::{Reason, Retry, Verdict};
