//! Where the programs of the real servers are.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The programs of real servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// etcd.
    pub etcd: PathBuf,
    /// The servers above it.
    pub layout: Layout,
}

/// Which programs make up the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// One kube-apiserver that is new enough for everything.
    Current {
        /// kube-apiserver.
        apiserver: PathBuf,
        /// kube-controller-manager; some collections of servers have none.
        controller_manager: Option<PathBuf>,
    },
    /// An old kube-apiserver for the built-in kinds, a current apiextensions-apiserver for CRDs.
    Split {
        /// kube-apiserver 1.20.
        apiserver: PathBuf,
        /// Its kube-controller-manager.
        controller_manager: PathBuf,
        /// apiextensions-apiserver, 1.36 or newer.
        apiextensions: PathBuf,
    },
}

/// What to do about a missing server.
const ADVICE: &str = "run `cargo xtask kube-apiserver`, or name a folder with etcd and kube-apiserver (1.31 or newer) \
                      in KUBEBUILDER_ASSETS";

impl Servers {
    /// The servers that `KUBEBUILDER_ASSETS` names, else those of `cargo xtask kube-apiserver`: the file that
    /// `GITSM_KUBE_SERVERS` names, else the one in the cache.
    ///
    /// # Errors
    /// When one is missing; the message says what to do.
    pub fn find() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        if let Some(folder) = variable("KUBEBUILDER_ASSETS") {
            return Self::in_folder(&folder);
        }
        let manifest = variable("GITSM_KUBE_SERVERS").or_else(|| {
            let cache = variable("GITSM_CACHE")
                .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("gitsm")))
                .or_else(|| Some(variable("HOME")?.join(".cache/gitsm")))?;
            Some(cache.join("kube-apiserver/servers.json"))
        });
        let Some(manifest) = manifest else {
            bail!("no folder for real servers: set HOME, or {ADVICE}");
        };
        Self::in_manifest(&manifest)
    }

    fn in_folder(folder: &Path) -> Result<Self> {
        let program = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let needed = |name: &str| {
            program(name).with_context(|| {
                format!(
                    "KUBEBUILDER_ASSETS names {}, which has no {name}",
                    folder.display()
                )
            })
        };
        Ok(Self {
            etcd: needed("etcd")?,
            layout: Layout::Current {
                apiserver: needed("kube-apiserver")?,
                controller_manager: program("kube-controller-manager"),
            },
        })
    }

    fn in_manifest(manifest: &Path) -> Result<Self> {
        let text = std::fs::read(manifest).with_context(|| {
            format!(
                "no real servers ({} cannot be read): {ADVICE}",
                manifest.display()
            )
        })?;
        let manifest_value: Value = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged: {ADVICE}", manifest.display()))?;
        let cache = manifest.parent().unwrap_or(manifest);
        let program = |part: &str, name: &str| -> Result<PathBuf> {
            let folder = manifest_value["parts"][part]["folder"]
                .as_str()
                .with_context(|| format!("the real servers lack {part}: {ADVICE}"))?;
            let path = cache.join(folder).join("bin").join(name);
            anyhow::ensure!(path.is_file(), "{} is gone: {ADVICE}", path.display());
            Ok(path)
        };
        let layout = if manifest_value["parts"]["current"].is_object() {
            Layout::Current {
                apiserver: program("current", "kube-apiserver")?,
                controller_manager: Some(program("current", "kube-controller-manager")?),
            }
        } else {
            Layout::Split {
                apiserver: program("core", "kube-apiserver")?,
                controller_manager: program("core", "kube-controller-manager")?,
                apiextensions: program("apiextensions", "apiextensions-apiserver")?,
            }
        };
        Ok(Self {
            etcd: program("etcd", "etcd")?,
            layout,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, Servers};
    use std::path::Path;

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }

    #[test]
    fn missing_servers_say_what_to_run() {
        let cache = tempfile::tempdir().unwrap();
        let manifest = cache.path().join("servers.json");
        let says = |what: &str| {
            let error = format!("{:#}", Servers::in_manifest(&manifest).unwrap_err());
            assert!(
                error.contains("cargo xtask kube-apiserver") && error.contains(what),
                "{error}"
            );
        };
        says("cannot be read");
        std::fs::write(&manifest, "{").unwrap();
        says("damaged");
        std::fs::write(&manifest, r#"{"parts":{"etcd":{"folder":"etcd-3"}}}"#).unwrap();
        says("lack core");
    }

    #[test]
    fn a_folder_of_the_user_is_one_current_server() {
        let folder = tempfile::tempdir().unwrap();
        let error = Servers::in_folder(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("which has no etcd"), "{error}");
        touch(&folder.path().join("etcd"));
        touch(&folder.path().join("kube-apiserver"));
        assert_eq!(
            Servers::in_folder(folder.path()).unwrap().layout,
            Layout::Current {
                apiserver: folder.path().join("kube-apiserver"),
                controller_manager: None
            }
        );
    }

    #[test]
    fn what_was_built_is_two_servers() {
        let cache = tempfile::tempdir().unwrap();
        let manifest = cache.path().join("servers.json");
        let parts =
            r#"{"parts":{"etcd":{"folder":"e"},"core":{"folder":"c"},"apiextensions":{"folder":"a"}}}"#;
        std::fs::write(&manifest, parts).unwrap();
        for program in [
            "e/bin/etcd",
            "c/bin/kube-apiserver",
            "c/bin/kube-controller-manager",
            "a/bin/apiextensions-apiserver",
        ] {
            touch(&cache.path().join(program));
        }
        let servers = Servers::in_manifest(&manifest).unwrap();
        assert_eq!(servers.etcd, cache.path().join("e/bin/etcd"));
        assert!(matches!(servers.layout, Layout::Split { .. }));
    }
}
