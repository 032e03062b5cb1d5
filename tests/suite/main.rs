//! Suites that look at the workspace as a whole.

// clippy.toml lets tests unwrap, but does not see that helpers here are part of tests.
#![allow(clippy::unwrap_used)]

mod arrows;
mod kind_samples;
