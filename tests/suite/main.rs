//! Suites that look at the workspace as a whole.

// clippy.toml lets tests unwrap, but does not see that helpers here are part of tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may panic, and say what they skip and measure"
)]

mod approvals_cli;
mod arrows;
mod at_cli;
mod blast_radius;
mod calendar_cli;
mod calendars;
mod decide_cli;
mod documents;
mod examples;
mod invalid;
mod kind_samples;
mod kubectl;
mod operator_cli;
mod real;
mod report_cli;
mod risk_cli;
mod sla_explain;
mod support;
mod up_cli;
mod valid;
mod validate_cli;
mod verdicts;
mod window_cli;
mod windows;
