//! `cargo xtask kube-apiserver`: real Kubernetes API servers for the tests, fetched or built once and kept outside
//! of the repository.
//!
//! In this order: the folder that `KUBEBUILDER_ASSETS` names; the project's own archive, where it can be reached;
//! programs built from the distribution's source packages. The last are two: kube-apiserver 1.20, which the
//! distribution has as a whole, for the built-in kinds, and a current apiextensions-apiserver for CRDs, because the
//! old server refuses CRDs with rules. Nothing is installed and the machine's configuration is not touched.

mod apt;
mod archive;
mod assets;
mod go;
mod manifest;
mod progress;
mod recipes;
mod sources;

use crate::tools::cache;
use anyhow::{Context as _, Result, bail};
use apt::Apt;
use manifest::{Entry, Manifest, hash};
use progress::output;
use recipes::{APIEXTENSIONS, CORE, ETCD, Made, Part, Work};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The part that makes [`CORE`] and [`APIEXTENSIONS`] unnecessary: a current kube-apiserver.
const CURRENT: Part = Part {
    name: "current",
    what: "a current kube-apiserver and kube-controller-manager from the project's archive",
    recipe: 1,
    programs: archive::PROGRAMS,
    make: |work| {
        let version = archive::newest().context("the archive cannot be reached")?;
        archive::fetch(&version, &work.result.join("bin"), &work.log)?;
        Ok(Made {
            version,
            inputs: BTreeMap::new(),
        })
    },
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only tell which servers there are; fails when one is missing.
    #[arg(long)]
    check: bool,
    /// Build again with the newest packages, even where good servers are there.
    #[arg(long, conflicts_with = "check")]
    rebuild: bool,
}

/// The real servers, ready to be started.
pub(crate) enum Servers {
    /// The folder that the user named.
    Assets(PathBuf),
    /// The manifest of the cache.
    Cached(PathBuf),
}

/// Makes the servers and prints where they are.
///
/// # Errors
/// When a server is missing and cannot be made.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.check {
        return check();
    }
    let servers = ensure(arguments.rebuild)?;
    match servers {
        Servers::Assets(folder) => println!("{} (KUBEBUILDER_ASSETS)", folder.display()),
        Servers::Cached(file) => {
            let cache = file.parent().unwrap_or(&file);
            for entry in Manifest::read(cache).parts.values() {
                for program in entry.programs.keys() {
                    println!("{}", entry.bin(cache).join(program).display());
                }
            }
        }
    }
    Ok(())
}

/// Makes the servers where they are not there yet.
///
/// # Errors
/// When a server is missing and cannot be made.
pub(crate) fn ensure(rebuild: bool) -> Result<Servers> {
    if let Some(folder) = assets::named() {
        assets::check(&folder)?;
        return Ok(Servers::Assets(folder));
    }
    let cache = cache()?.join("kube-apiserver");
    std::fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let _lock = lock(&cache)?;
    let mut builder = Builder {
        manifest: Manifest::read(&cache),
        cache: &cache,
        rebuild,
        apt: None,
    };
    builder.part(&ETCD)?;
    let is_current = builder.is_good(&CURRENT) || (!builder.is_good(&CORE) && archive::newest().is_some());
    let has_current = is_current
        && builder
            .part(&CURRENT)
            .inspect_err(|error| println!("    {error:#}\n    the servers are built instead"))
            .is_ok();
    if !has_current {
        builder.part(&CORE)?;
        builder.part(&APIEXTENSIONS)?;
    }
    let apt = cache.join("apt");
    if builder.apt.is_some() && apt.is_dir() {
        std::fs::remove_dir_all(&apt).context("cannot remove the lists of packages")?;
    }
    Ok(Servers::Cached(cache.join(manifest::FILE)))
}

fn check() -> Result<()> {
    if let Some(folder) = assets::named() {
        println!("KUBEBUILDER_ASSETS: {}", folder.display());
        return assets::check(&folder);
    }
    let cache = cache()?.join("kube-apiserver");
    let manifest = Manifest::read(&cache);
    let mut missing = Vec::new();
    let has_current = manifest.parts.contains_key(CURRENT.name);
    let parts: &[&Part] = if has_current {
        &[&ETCD, &CURRENT]
    } else {
        &[&ETCD, &CORE, &APIEXTENSIONS]
    };
    for part in parts {
        let state = match manifest.parts.get(part.name) {
            None => Err("missing".to_owned()),
            Some(entry) => match entry.verify(&cache) {
                Err(error) => Err(format!("{error:#}")),
                Ok(()) => Ok(format!("{} in {}", entry.version, entry.bin(&cache).display())),
            },
        };
        match state {
            Ok(state) => println!("{:<14} {state}", part.name),
            Err(state) => {
                println!("{:<14} {state}", part.name);
                missing.push(part.name);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("{}: run `cargo xtask kube-apiserver`", missing.join(", "))
}

/// Waits until no other run makes servers. The lock ends with the file.
fn lock(cache: &Path) -> Result<File> {
    let path = cache.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    if file.try_lock().is_err() {
        println!("    waiting for another run that holds {}", path.display());
        file.lock()
            .with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

struct Builder<'a> {
    manifest: Manifest,
    cache: &'a Path,
    rebuild: bool,
    /// Opened for the first part that is made.
    apt: Option<Apt>,
}

impl Builder<'_> {
    /// Whether a part is there, made by this recipe, and unchanged.
    fn is_good(&self, part: &Part) -> bool {
        self.manifest
            .parts
            .get(part.name)
            .is_some_and(|entry| entry.recipe == part.recipe && entry.verify(self.cache).is_ok())
    }

    /// Makes a part unless a good one is there. When that fails, an older one that still is what it was is kept.
    fn part(&mut self, part: &Part) -> Result<()> {
        if !self.rebuild && self.is_good(part) {
            return Ok(());
        }
        println!("==> {}: {}", part.name, part.what);
        let started = Instant::now();
        match self.make(part) {
            Ok(()) => {
                println!("    {} took {}", part.name, progress::shown(started.elapsed()));
                Ok(())
            }
            Err(error) => {
                let error = error.context(format!("cannot make {}", part.name));
                match self.manifest.parts.get(part.name) {
                    Some(entry) if entry.verify(self.cache).is_ok() => {
                        println!("    {error:#}\n    the last good one is used: {}", entry.version);
                        Ok(())
                    }
                    _ => Err(error),
                }
            }
        }
    }

    fn make(&mut self, part: &Part) -> Result<()> {
        let logs = self.cache.join("logs");
        std::fs::create_dir_all(&logs)?;
        let log = logs.join(format!("{}.log", part.name));
        std::fs::write(&log, "").with_context(|| format!("cannot write {}", log.display()))?;
        let apt = match self.apt.take() {
            Some(apt) => apt,
            None => progress::step("fetching the lists of packages", || {
                Apt::open(&self.cache.join("apt"), &logs.join("apt.log"))
            })?,
        };
        let folder = self.cache.join("work").join(part.name);
        remove(&folder)?;
        let result = folder.join("result");
        std::fs::create_dir_all(result.join("bin"))
            .with_context(|| format!("cannot create {}", result.display()))?;
        let work = Work {
            apt,
            folder: folder.clone(),
            result,
            log,
        };
        let made = (part.make)(&work).and_then(|made| self.install(part, &work.result, made));
        self.apt = Some(work.apt);
        made?;
        remove(&folder)
    }

    /// Tries the programs, moves them to where they stay and notes them in the manifest.
    fn install(&mut self, part: &Part, result: &Path, made: Made) -> Result<()> {
        let mut programs = BTreeMap::new();
        for program in part.programs {
            let path = result.join("bin").join(program);
            output(Command::new(&path).arg("--help")).context("the new program does not run")?;
            programs.insert((*program).to_owned(), hash(&path)?);
        }
        let version: String = made
            .version
            .chars()
            .map(|character| {
                if character == ':' || character == '/' {
                    '_'
                } else {
                    character
                }
            })
            .collect();
        let folder = format!("{}-{version}-r{}", part.name, part.recipe);
        let place = self.cache.join(&folder);
        remove(&place)?;
        std::fs::rename(result, &place).with_context(|| format!("cannot make {}", place.display()))?;
        let entry = Entry {
            version: made.version,
            recipe: part.recipe,
            folder,
            programs,
            inputs: made.inputs,
        };
        let before = self.manifest.parts.insert(part.name.to_owned(), entry.clone());
        self.manifest.write(self.cache)?;
        match before {
            Some(before) if before.folder != entry.folder => remove(&self.cache.join(before.folder)),
            _ => Ok(()),
        }
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
