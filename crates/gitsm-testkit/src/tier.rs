//! Which tests run: the ordinary ones always, the others when `cargo xtask test` was asked for them.

/// Whether tests against real servers were asked for: `GITSM_REAL=1`.
pub fn is_real() -> bool {
    is_set("GITSM_REAL")
}

/// Whether the long versions of tests were asked for: `GITSM_SOAK=1`.
pub fn is_soak() -> bool {
    is_set("GITSM_SOAK")
}

/// Whether a test of the real tier must leave at once; says so under its name.
///
/// ```
/// if gitsm_testkit::tier::skips_real("every CRD is accepted") {
///     return;
/// }
/// // Here a missing server is a failure.
/// ```
#[must_use]
#[allow(
    clippy::print_stderr,
    reason = "a skipped test says so where its output is read"
)]
pub fn skips_real(test: &str) -> bool {
    let skips = !is_real();
    if skips {
        eprintln!("skipped: {test}: needs real servers, run `cargo xtask test --real`");
    }
    skips
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}
