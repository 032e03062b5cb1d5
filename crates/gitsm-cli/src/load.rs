//! The estate that a question is asked about, and the instant it is asked for.

use crate::disk::DiskInput;
use crate::estate;
use crate::revision::Repository;
use anyhow::{Context as _, bail};
use clap::Args;
use gitsm_api::estate::Estate;
use gitsm_core::ident::GitRevision;
use gitsm_core::time::Instant;
use std::path::PathBuf;

/// Where the estate is.
#[derive(Debug, Args)]
pub(crate) struct EstateArgs {
    /// Folder of the estate [default: the nearest folder upwards with a gitsm.yaml]
    #[arg(long, value_name = "DIR")]
    estate: Option<PathBuf>,
}

/// For which instant something is decided.
#[derive(Debug, Args)]
pub(crate) struct AtArgs {
    /// The instant to decide for, RFC 3339 with an offset [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<Instant>,
}

impl AtArgs {
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
    /// Its folder.
    pub(crate) root: PathBuf,
    /// The commit it was read from; `None` for the working tree.
    pub(crate) revision: Option<GitRevision>,
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

fn in_working_tree(args: &EstateArgs, jobs: usize) -> anyhow::Result<Loaded> {
    let (root, config) = match &args.estate {
        Some(folder) => estate::settings(folder)?,
        None => match estate::find(&PathBuf::from("."))? {
            Some(found) => found,
            None => bail!(
                "there is no gitsm.yaml in this folder or above it; name the folder of the estate with --estate DIR"
            ),
        },
    };
    // With settings, the whole estate is read, whatever folder of it was named.
    let shown = shorten(&root);
    let input = DiskInput::collect(&[shown], &|path| config.selects(&estate::relative(&root, path)))?;
    let estate = gitsm_check::estate::read(&input, jobs)?;
    if estate.is_empty() {
        bail!(
            "{} holds no resource with `apiVersion: {}`; name the folder of the estate with --estate DIR",
            root.display(),
            gitsm_api::API_VERSION
        );
    }
    Ok(Loaded {
        estate,
        root,
        revision: None,
    })
}

fn at_revision(revision: &str, args: &EstateArgs, jobs: usize) -> anyhow::Result<Loaded> {
    let folder = match &args.estate {
        Some(folder) => folder.to_string_lossy().into_owned(),
        None => match estate::find(&PathBuf::from("."))? {
            Some((root, _)) => shorten(&root),
            None => ".".to_owned(),
        },
    };
    let repository = Repository::discover(&folder)?;
    let tree = repository.tree(revision, std::slice::from_ref(&folder))?;
    let (root, config) = repository.settings(&tree, &folder)?;
    let id = tree.id();
    let input =
        tree.into_input(&|name| config.selects(&estate::relative(&root, &repository.root().join(name))))?;
    let estate = gitsm_check::estate::read(&input, jobs).with_context(|| format!("at {revision}"))?;
    if estate.is_empty() {
        bail!("{folder} holds no resource of gitsm at {revision}");
    }
    Ok(Loaded {
        estate,
        root,
        revision: Some(id.parse()?),
    })
}

/// A folder as people would type it: relative to the current one where it is below.
fn shorten(folder: &std::path::Path) -> String {
    let below = std::env::current_dir()
        .ok()
        .and_then(|current| folder.strip_prefix(current).ok().map(std::path::Path::to_owned));
    match below {
        Some(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Some(below) => below.to_string_lossy().into_owned(),
        None => folder.to_string_lossy().into_owned(),
    }
}
