//! The server as its clients see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests may panic, and say what they measured"
)]

mod answers;
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
