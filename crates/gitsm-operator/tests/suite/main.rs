//! Controllers against whole API servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic"
)]

mod applying;
mod fetching;
mod harness;
mod syncing;
