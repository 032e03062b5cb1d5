//! Suites that look at the workspace as a whole.

// clippy.toml lets tests unwrap, but does not see that helpers here are part of tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arrows;
mod calendar_cli;
mod calendars;
mod documents;
mod examples;
mod invalid;
mod kind_samples;
mod support;
mod valid;
mod validate_cli;
mod window_cli;
mod windows;
