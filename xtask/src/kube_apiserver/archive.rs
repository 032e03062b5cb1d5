//! The project's own builds of a current kube-apiserver, where the machine can reach them.

use super::manifest::hash;
use super::progress::{output, run, step};
use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Where Kubernetes publishes its programs.
const SITE: &str = "https://dl.k8s.io/release";
/// The minor release that is taken, in its newest patch.
const MINOR: &str = "1.36";
/// Time for the first answer: without a way to the site the servers are built, and nobody waits long for that.
const FIRST_ANSWER_SECONDS: &str = "5";
const DOWNLOAD_SECONDS: &str = "900";

/// What is taken.
pub(super) const PROGRAMS: &[&str] = &["kube-apiserver", "kube-controller-manager"];

/// The newest version that the site offers, when it can be reached.
pub(super) fn newest() -> Option<String> {
    let answer = output(
        Command::new("curl")
            .args(["-fsSL", "--max-time", FIRST_ANSWER_SECONDS])
            .arg(format!("{SITE}/stable-{MINOR}.txt")),
    )
    .ok()?;
    let version = answer.trim();
    let is_version = version
        .strip_prefix('v')
        .is_some_and(|numbers| numbers.split('.').all(|number| number.parse::<u32>().is_ok()));
    is_version.then(|| version.to_owned())
}

/// Downloads the programs of a version into a folder and checks them against the published hashes.
///
/// # Errors
/// When one cannot be fetched or is not what was published.
pub(super) fn fetch(version: &str, bin: &Path, log: &Path) -> Result<()> {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => bail!("no programs are published for {other}"),
    };
    for program in PROGRAMS {
        step(&format!("downloading {program} {version}"), || {
            let address = format!("{SITE}/{version}/bin/linux/{machine}/{program}");
            let path = bin.join(program);
            let get = || {
                let mut command = Command::new("curl");
                command.args(["-fsSL", "--max-time", DOWNLOAD_SECONDS]);
                command
            };
            run(get().arg("-o").arg(&path).arg(&address), log)?;
            let published = output(get().arg(format!("{address}.sha256")))?;
            if hash(&path)? != published.trim() {
                bail!("{program} is not what was published");
            }
            let mut permissions = std::fs::metadata(&path)?.permissions();
            std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
            std::fs::set_permissions(&path, permissions).context("cannot make it a program")
        })?;
    }
    Ok(())
}
