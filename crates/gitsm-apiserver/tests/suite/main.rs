//! The server as its clients see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod answers;
mod definitions;
mod deleting;
mod harness;
mod limits;
mod reading;
mod serving;
mod store;
mod watching;
mod writing;
