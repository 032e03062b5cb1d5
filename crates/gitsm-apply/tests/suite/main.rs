//! The tests of this crate that look at it from outside, in one binary.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod kit;
mod managed;
mod merging;
mod ownership;
mod properties;
