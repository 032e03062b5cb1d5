//! The server as its clients see it.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod store;
