//! The estate that a question is asked about, and the instant it is asked for.

use crate::disk::DiskInput;
use crate::estate;
use crate::revision::Repository;
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use gitsm_api::estate::Estate;
use gitsm_core::ident::GitRevision;
use gitsm_core::time::Instant;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the estate is.
#[derive(Debug, Args)]
pub(crate) struct EstateArgs {
    /// Folder of the estate [default: the nearest folder upwards with a gitsm.yaml]
    #[arg(long, value_name = "DIR")]
    estate: Option<PathBuf>,
}

impl EstateArgs {
    /// Whether a folder was named.
    pub(crate) fn is_given(&self) -> bool {
        self.estate.is_some()
    }
}

/// For which instant something is decided.
#[derive(Debug, Args)]
pub(crate) struct AtArgs {
    /// The instant to decide for, RFC 3339 with an offset [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<Instant>,
}

impl AtArgs {
    /// The instant that was given.
    pub(crate) fn given(&self) -> Option<Instant> {
        self.at
    }

    /// The instant that was given, or that of the clock, to the second.
    pub(crate) fn instant(&self) -> Instant {
        self.at.unwrap_or_else(this_second)
    }
}

/// The clock, to the second: nothing is decided about less, and every answer prints it.
pub(crate) fn this_second() -> Instant {
    let now = jiff::Timestamp::now();
    let whole = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
    Instant::try_from(whole).unwrap_or(Instant::MIN)
}

/// Which state of the estate is asked about.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// A revision of git; the working tree if there is none.
    pub(crate) revision: Option<String>,
}

/// An estate with where it was read from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Its objects.
    pub(crate) estate: Estate,
    /// Where they were read.
    pub(crate) source: Source,
}

/// Where an estate was read, which every answer about it says: an answer about another estate, or another state of
/// it, looks just the same.
#[derive(Debug, Serialize)]
pub(crate) struct Source {
    /// Its folder, as people would type it.
    #[serde(rename = "estate")]
    pub(crate) folder: String,
    /// The commit it was read from; `None`, and absent, for the working tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<GitRevision>,
}

impl Source {
    /// The last line of an answer for people.
    pub(crate) fn line(&self) -> String {
        format!("\nEstate: {self}\n")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, revision } = self;
        match revision {
            Some(revision) => write!(f, "commit {revision}, folder {folder}"),
            None => write!(f, "working tree, folder {folder}"),
        }
    }
}

impl Asked {
    /// Reads the estate.
    pub(crate) fn estate(&self, args: &EstateArgs) -> anyhow::Result<Loaded> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        match &self.revision {
            Some(revision) => at_revision(revision, args, jobs),
            None => in_working_tree(args, jobs),
        }
    }
}

impl Asked {
    /// Reads the estate if one is named or the current folder is in one.
    pub(crate) fn estate_if_any(&self, args: &EstateArgs) -> anyhow::Result<Option<Loaded>> {
        let named = args.is_given() || self.revision.is_some();
        if named || estate::find(Path::new("."))?.is_some() {
            self.estate(args).map(Some)
        } else {
            Ok(None)
        }
    }
}

fn in_working_tree(args: &EstateArgs, jobs: usize) -> anyhow::Result<Loaded> {
    let (folder, root, config) = match &args.estate {
        Some(folder) => {
            ensure!(
                folder.is_dir(),
                "--estate {}: there is no such folder",
                folder.display()
            );
            let (root, config) = estate::settings(folder)?;
            (folder.clone(), root, config)
        }
        None => match estate::find(Path::new("."))? {
            Some((root, config)) => (shorten(&root), root, config),
            None => bail!(
                "there is no gitsm.yaml in this folder or above it; name the folder of the estate with --estate DIR"
            ),
        },
    };
    let shown = folder.to_string_lossy().into_owned();
    let input = DiskInput::collect(std::slice::from_ref(&shown), &|path| {
        config.selects(&estate::relative(&root, path))
    })?;
    let estate = gitsm_check::estate::read(&input, jobs)?;
    ensure!(
        !estate.is_empty(),
        "{} holds no resource with `apiVersion: {}`; name the folder of the estate with --estate DIR",
        folder.display(),
        gitsm_api::API_VERSION
    );
    Ok(Loaded {
        estate,
        source: Source {
            folder: shown,
            revision: None,
        },
    })
}

fn at_revision(revision: &str, args: &EstateArgs, jobs: usize) -> anyhow::Result<Loaded> {
    let folder = match &args.estate {
        Some(folder) => folder.clone(),
        None => match estate::find(Path::new("."))? {
            Some((root, _)) => shorten(&root),
            None => PathBuf::from("."),
        },
    };
    let shown = folder.to_string_lossy().into_owned();
    let repository = Repository::discover(&shown)?;
    let tree = repository
        .tree(revision, std::slice::from_ref(&shown))
        .map_err(|error| match error.downcast_ref() {
            Some(gitsm_git::Error::NoSuchPath { .. }) => absent(&repository, revision, &shown),
            _ => error,
        })?;
    let (root, config) = repository.settings(&tree, &shown)?;
    let id = tree.commit().to_string();
    let input =
        tree.into_input(&|name| config.selects(&estate::relative(&root, &repository.root().join(name))))?;
    let estate = gitsm_check::estate::read(&input, jobs).with_context(|| format!("at {revision}"))?;
    if estate.is_empty() {
        return Err(absent(&repository, revision, &shown));
    }
    Ok(Loaded {
        estate,
        source: Source {
            folder: shown,
            revision: Some(id.parse()?),
        },
    })
}

/// Says that there is no estate in a folder of a revision, and where there is one.
fn absent(repository: &Repository, revision: &str, shown: &str) -> anyhow::Error {
    let elsewhere = repository.estates(revision).unwrap_or_default();
    let hint = match elsewhere.as_slice() {
        [] => "; name the folder that it was in then with --estate DIR".to_owned(),
        folders => format!(
            "; it had a gitsm.yaml then, for --estate, in {}",
            folders.join(", ")
        ),
    };
    anyhow::anyhow!("there is no estate in {shown} at {revision}{hint}")
}

/// A folder as people would type it: relative to the current one where it is below.
fn shorten(folder: &Path) -> PathBuf {
    let current = std::env::current_dir().ok();
    match current.and_then(|current| folder.strip_prefix(current).ok().map(Path::to_owned)) {
        Some(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Some(below) => below,
        None => folder.to_owned(),
    }
}
