//! The server as its clients see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod child;
mod crash;
mod definitions;
mod deleting;
mod fuzz;
mod harness;
mod hostile;
mod limits;
mod reading;
mod serving;
mod store;
mod watching;
mod writing;
