//! The folder of servers that the user names, as other projects' tests know it.

use super::progress::output;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest kube-apiserver that takes our CRDs as they are.
const OLDEST: (u32, u32) = (1, 31);

/// What `KUBEBUILDER_ASSETS` names.
pub(super) fn named() -> Option<PathBuf> {
    std::env::var_os("KUBEBUILDER_ASSETS")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Checks that the folder has what is needed.
///
/// # Errors
/// When a program is missing or too old.
pub(super) fn check(folder: &Path) -> Result<()> {
    for program in ["etcd", "kube-apiserver"] {
        if !folder.join(program).is_file() {
            bail!(
                "KUBEBUILDER_ASSETS names {}, which has no {program}",
                folder.display()
            );
        }
    }
    let said = output(Command::new(folder.join("kube-apiserver")).arg("--version"))?;
    let version = version(&said).with_context(|| format!("not a version of kube-apiserver: {said:?}"))?;
    if version < OLDEST {
        bail!(
            "KUBEBUILDER_ASSETS names kube-apiserver {}.{}; {}.{} is the oldest that takes gitsm's CRDs. Without the \
             variable the servers are built",
            version.0,
            version.1,
            OLDEST.0,
            OLDEST.1
        );
    }
    if !folder.join("kube-controller-manager").is_file() {
        println!(
            "{} has no kube-controller-manager: garbage collection and the deletion of namespaces cannot be compared",
            folder.display()
        );
    }
    Ok(())
}

/// Major and minor of `Kubernetes v1.33.0`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().rsplit(' ').next()?.strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_from_what_the_server_says() {
        assert_eq!(version("Kubernetes v1.33.0\n"), Some((1, 33)));
        assert_eq!(version("Kubernetes v1.36.0-beta.1"), Some((1, 36)));
        assert_eq!(version("something else"), None);
    }
}
