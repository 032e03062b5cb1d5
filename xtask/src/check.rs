//! `cargo xtask check`: everything that can be said about the code without testing what it does.

use crate::steps::{Steps, cargo, execute, root};
use crate::tools::cargo_deny;
use anyhow::{Context as _, Result};
use std::path::PathBuf;
use std::process::Command;

/// Runs every check and reports all failures together.
///
/// # Errors
/// When a check has failed.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.step("format", || execute(cargo().args(["fmt", "--all", "--check"])));
    steps.step("lints", || {
        execute(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]))
    });
    steps.step("dependency policy", dependency_policy);
    steps.step("generated files", || {
        let this = std::env::current_exe().context("cannot find the running program")?;
        execute(
            Command::new(this)
                .current_dir(root())
                .args(["generate", "--check"]),
        )
    });
    steps.step("dependency direction", || {
        execute(cargo().args([
            "test",
            "--quiet",
            "--locked",
            "--package",
            "gitsm-tests",
            "--test",
            "suite",
            "arrows",
        ]))
    });
    steps.finish()
}

fn dependency_policy() -> Result<()> {
    let mut command = Command::new(cargo_deny()?);
    command
        .current_dir(root())
        .args(["--workspace", "--locked", "check", "--hide-inclusion-graph"]);
    if has_advisories() {
        // What is there is used; a check does not change its verdict by what it downloads today.
        command.args(["--disable-fetch", "advisories"]);
    } else {
        println!("advisories are not checked: no local database (`cargo deny fetch db` brings it)");
    }
    execute(command.args(["bans", "licenses", "sources"]))
}

/// Whether cargo-deny's folder of advisory databases has anything in it.
fn has_advisories() -> bool {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    cargo_home
        .and_then(|home| home.join("advisory-dbs").read_dir().ok())
        .is_some_and(|mut databases| databases.next().is_some())
}
