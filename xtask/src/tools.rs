//! Tools that are installed when they are first needed, pinned, outside of the clone.

use crate::steps::{cargo, execute};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of cargo-deny that reads `deny.toml`.
const CARGO_DENY: &str = "0.20.2";

/// Where downloaded and built tools are kept: `$GITSM_CACHE`, else `gitsm` in the user's cache folder.
pub(crate) fn cache() -> Result<PathBuf> {
    let from = |variable: &str| {
        std::env::var_os(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    from("GITSM_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").map(|cache| cache.join("gitsm")))
        .or_else(|| from("HOME").map(|home| home.join(".cache/gitsm")))
        .context("no folder for tools: set GITSM_CACHE or HOME")
}

/// The pinned cargo-deny, installed if it is not there yet.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let folder = cache()?.join("tools").join(format!("cargo-deny-{CARGO_DENY}"));
    let program = folder
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !is_version(&program, CARGO_DENY) {
        execute(
            cargo()
                .args([
                    "install",
                    "cargo-deny",
                    "--locked",
                    "--force",
                    "--version",
                    CARGO_DENY,
                    "--root",
                ])
                .arg(&folder),
        )?;
        if !is_version(&program, CARGO_DENY) {
            bail!(
                "{} is not cargo-deny {CARGO_DENY} after installing it",
                program.display()
            );
        }
    }
    Ok(program)
}

/// Whether the program runs and says that it has this version.
fn is_version(program: &Path, version: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout).split_whitespace().last() == Some(version)
        })
}
