//! Packages by way of an apt of our own: its lists, its cache and its idea of what is installed (nothing) are
//! folders of ours, so the machine's configuration and its packages stay as they are and no privilege is needed.
//!
//! Apt checks the archive's signature and every file's hash as it always does. What the machine says about proxies
//! and passwords holds here too.

use super::progress::{output, run};
use super::sources::own_archive;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release with the source of Kubernetes 1.20 and the Go that builds it.
pub(super) const OLD: &str = "bookworm";
/// The suite with the newest libraries of Kubernetes.
pub(super) const NEW: &str = "unstable";

/// An apt with folders of its own.
pub(super) struct Apt {
    configuration: PathBuf,
    log: PathBuf,
}

impl Apt {
    /// Lays the folders and fetches the lists of packages.
    ///
    /// # Errors
    /// When the machine names no archive or its lists cannot be fetched.
    pub(super) fn open(folder: &Path, log: &Path) -> Result<Self> {
        let archive = own_archive()?;
        for name in ["lists", "state/lists/partial", "cache/archives/partial", "none"] {
            let path = folder.join(name);
            std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        }
        let signed_by = archive
            .signed_by
            .map(|key| format!("Signed-By: {key}\n"))
            .unwrap_or_default();
        let stanza = |types: &str, suite: &str| {
            format!(
                "Types: {types}\nURIs: {}\nSuites: {suite}\nComponents: main\n{signed_by}\n",
                archive.uri
            )
        };
        write(
            &folder.join("lists/archive.sources"),
            &(stanza("deb deb-src", OLD) + &stanza("deb", NEW)),
        )?;
        let path = |name: &str| folder.join(name).display().to_string();
        write(&folder.join("state/status"), "")?;
        let configuration = folder.join("apt.conf");
        write(
            &configuration,
            &format!(
                "Dir::Etc::sourcelist \"{none}/sources.list\";\nDir::Etc::sourceparts \"{lists}\";\n\
                 Dir::Etc::preferences \"{none}/preferences\";\nDir::Etc::preferencesparts \"{none}\";\n\
                 Dir::State \"{state}\";\nDir::State::status \"{state}/status\";\nDir::Cache \"{cache}\";\n\
                 #clear APT::Update;\n#clear DPkg;\nAPT::Sandbox::User \"\";\nAPT::Install-Recommends \"false\";\n\
                 Acquire::Languages \"none\";\nAcquire::Retries \"3\";\n",
                none = path("none"),
                lists = path("lists"),
                state = path("state"),
                cache = path("cache"),
            ),
        )?;
        let apt = Self {
            configuration,
            log: log.to_owned(),
        };
        run(apt.get().arg("update"), log)?;
        Ok(apt)
    }

    fn get(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.arg("-qq").arg("-c").arg(&self.configuration);
        command
    }

    /// Downloads the parts of a source package of [`OLD`]; the answer is its `.dsc`.
    ///
    /// # Errors
    /// When there is no such package or it cannot be fetched.
    pub(super) fn source(&self, package: &str, into: &Path) -> Result<PathBuf> {
        run(
            self.get()
                .current_dir(into)
                .args(["source", "--download-only", package]),
            &self.log,
        )?;
        let dsc = files(into, "dsc")?;
        dsc.into_iter()
            .next()
            .with_context(|| format!("apt brought no .dsc of {package}"))
    }

    /// Downloads binary packages of a suite, exactly these.
    ///
    /// # Errors
    /// When one of them does not exist or cannot be fetched.
    pub(super) fn download(&self, suite: &str, packages: &[&str], into: &Path) -> Result<Vec<PathBuf>> {
        run(
            self.get()
                .current_dir(into)
                .args(["-t", suite, "download"])
                .args(packages),
            &self.log,
        )?;
        files(into, "deb")
    }

    /// The names of the packages that installing `packages` on an empty machine would bring, each with its version
    /// in apt's notation `name=version`.
    ///
    /// # Errors
    /// When they cannot be installed together.
    pub(super) fn closure(&self, suite: &str, packages: &[&str]) -> Result<Vec<String>> {
        let listing = output(
            self.get()
                .args(["-t", suite, "--print-uris", "--yes", "install"])
                .args(packages),
        )?;
        let names: Vec<String> = listing.lines().filter_map(listed).collect();
        if names.is_empty() {
            bail!("apt lists nothing for {}", packages.join(", "));
        }
        Ok(names)
    }
}

/// `name=version` of a line such as `'http://…' golang-go_2%3a1.27~1_amd64.deb 1234 SHA256:…`.
fn listed(line: &str) -> Option<String> {
    let file = line.strip_prefix('\'')?.split_whitespace().nth(1)?;
    let (name, version) = parts(file)?;
    Some(format!("{name}={version}"))
}

/// Name and version of a package from the name of its file.
pub(super) fn parts(file: &str) -> Option<(String, String)> {
    let mut parts = file.strip_suffix(".deb")?.split('_');
    let (name, version) = (parts.next()?, parts.next()?);
    Some((name.to_owned(), version.replace("%3a", ":")))
}

/// Unpacks binary packages over each other into one folder.
///
/// # Errors
/// When a package is damaged or the folder cannot be written.
pub(super) fn unpack(packages: &[PathBuf], into: &Path, log: &Path) -> Result<()> {
    for package in packages {
        run(Command::new("dpkg-deb").arg("-x").arg(package).arg(into), log)?;
    }
    Ok(())
}

/// Unpacks a source package with the distribution's patches applied.
///
/// # Errors
/// When it is damaged.
pub(super) fn unpack_source(dsc: &Path, into: &Path, log: &Path) -> Result<()> {
    // Apt has checked the hashes against the signed list; the key of the maintainer need not be here.
    run(
        Command::new("dpkg-source")
            .args(["--no-check", "-x"])
            .arg(dsc)
            .arg(into),
        log,
    )
}

/// The files of a folder with an extension, sorted.
pub(super) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn packages_are_read_from_what_apt_would_fetch() {
        let line = "'http://mirror.example/pool/g/golang-go_1.27_amd64.deb' golang-go_2%3a1.27~1_amd64.deb 4 SHA256:a";
        assert_eq!(listed(line).unwrap(), "golang-go=2:1.27~1");
        for other in ["", "Reading package lists...", "'http://x' odd.txt 1 SHA256:a"] {
            assert_eq!(listed(other), None, "{other}");
        }
    }
}
