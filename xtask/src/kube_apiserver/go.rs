//! Go from packages that were unpacked and not installed, building from a tree of packages and nothing else.

use super::progress::run;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Go tool chain in a folder.
pub(super) struct Go {
    root: PathBuf,
}

impl Go {
    /// The tool chain below a folder that packages were unpacked into.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn below(unpacked: &Path) -> Result<Self> {
        let lib = unpacked.join("usr/lib");
        let mut roots: Vec<PathBuf> = std::fs::read_dir(&lib)
            .with_context(|| format!("cannot read {}", lib.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("go-") && path.join("bin/go").is_file()
            })
            .collect();
        roots.sort();
        match roots.pop() {
            Some(root) => Ok(Self { root }),
            None => bail!("no Go tool chain in {}", lib.display()),
        }
    }

    /// Builds static programs without symbols from `gopath`.
    ///
    /// # Errors
    /// When they do not compile.
    pub(super) fn build(&self, build: &Build<'_>) -> Result<()> {
        // A build of many minutes lets the machine be used for something else.
        let mut command = Command::new("nice");
        command
            .args(["-n", "10"])
            .arg(self.root.join("bin/go"))
            .args(["build", "-trimpath"]);
        if let Some(overlay) = build.overlay {
            command.arg("-overlay").arg(overlay);
        }
        command
            .current_dir(build.from)
            .args(["-ldflags", &format!("-s -w {}", build.link)])
            .arg("-o")
            .arg(build.to)
            .args(build.packages)
            .env("GOCACHE", build.cache);
        self.run(&mut command, build.gopath, build.log)
    }

    /// Runs a program that works on a tree of packages.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn run(&self, command: &mut Command, gopath: &Path, log: &Path) -> Result<()> {
        // What the caller has set up for Go must not get into what is built.
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("GO") && variable != "GOCACHE" {
                command.env_remove(variable);
            }
        }
        command
            .env("GOROOT", &self.root)
            .env("GOPATH", gopath)
            .env("GO111MODULE", "off")
            .env("GOENV", "off")
            .env("GOPROXY", "off")
            .env("GOTOOLCHAIN", "local")
            .env("GOTELEMETRY", "off")
            .env("CGO_ENABLED", "0");
        run(command, log)
    }
}

/// What to build.
pub(super) struct Build<'a> {
    pub(super) gopath: &'a Path,
    pub(super) cache: &'a Path,
    /// The folder that relative packages are relative to.
    pub(super) from: &'a Path,
    pub(super) packages: &'a [&'a str],
    /// Files that are replaced by others.
    pub(super) overlay: Option<&'a Path>,
    /// More for the linker.
    pub(super) link: &'a str,
    /// A program, or a folder (with a slash behind it) for several.
    pub(super) to: &'a Path,
    pub(super) log: &'a Path,
}
