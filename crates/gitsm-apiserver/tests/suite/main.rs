//! The server as its clients see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod store;
