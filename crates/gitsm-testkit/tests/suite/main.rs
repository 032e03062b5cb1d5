//! The embedded server held against real ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests may fail and say why"
)]

mod compare;
mod generated;
mod known;
mod normal;
mod pair;
mod scripted;
mod step;
mod webhooks;
