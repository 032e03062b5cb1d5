//! Conflicts of a change: with other changes, with windows, with what is going on.
//!
//! A change occupies its items from the start of its preparation to the end of its backout, half open. Two changes
//! collide where both occupy something at one instant. Of two changes that collide one holds its place and the other
//! gives way ([`Conflict::gives_way`]): otherwise anybody could hold up a scheduled change by opening a pull request.

mod alone;
mod detect;
mod facts;
mod found;
mod message;
mod policy;
mod sweep;
#[cfg(test)]
mod tests;

pub use detect::{detect, detect_one};
pub use facts::{
    ConflictFacts, FinishedChange, MajorIncident, OpenPullRequest, PlannedChange, PlannedTime, Span,
};
pub use found::{Collision, Conflict, Counterpart, GroupCollision};
pub use policy::{ConflictEffects, ConflictPolicy};
