//! `gitsm new KIND NAME`: a manifest to start from, with names that exist in the estate.

mod kind;
mod template;
#[cfg(test)]
mod tests;

use crate::disk::DiskInput;
use crate::estate;
use crate::exit::Exit;
use anyhow::{Context as _, ensure};
use clap::Args;
use gitsm_api::{Plane, Scope};
use gitsm_check::diagnostic::ObjectId;
use gitsm_check::engine;
use gitsm_core::ident::{NamespaceName, ResourceName};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `gitsm new`.
#[derive(Debug, Args)]
#[command(
    after_help = "The manifest goes to standard output. Names in it are taken from the estate, so that it \
validates there as it is; what has no name there yet is marked.

Examples:
  gitsm new --list                                        the kinds
  gitsm new service checkout --namespace shop > services/checkout.yaml
  gitsm new change payments-db-16 > changes/payments-db-16.yaml"
)]
pub(crate) struct NewArgs {
    /// The kind: its name, plural or short name, in any case
    #[arg(required_unless_present = "list")]
    kind: Option<String>,

    /// The name of the object
    #[arg(required_unless_present = "list")]
    name: Option<String>,

    /// The namespace [default: one where what the manifest refers to exists, else `default`]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,

    /// The folder of the estate [default: the nearest folder upward with a gitsm.yaml]
    #[arg(long, value_name = "DIR")]
    estate: Option<PathBuf>,

    /// List the kinds: name, short name, where it is written, what it is
    #[arg(long, conflicts_with_all = ["kind", "name", "namespace", "estate"])]
    list: bool,
}

/// Prints a manifest, or the kinds.
pub(crate) fn run(args: &NewArgs) -> anyhow::Result<Exit> {
    let text = if args.list { list() } else { new(args)? };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

fn new(args: &NewArgs) -> anyhow::Result<String> {
    let info = kind::find(args.kind.as_deref().unwrap_or_default())?;
    let name = args.name.as_deref().unwrap_or_default();
    name.parse::<ResourceName>()
        .with_context(|| format!("{name:?} cannot be a name"))?;
    if let Some(namespace) = &args.namespace {
        ensure!(
            info.scope == Scope::Namespaced,
            "{} has no namespace: it is one for the whole estate; leave out --namespace",
            info.kind
        );
        namespace
            .parse::<NamespaceName>()
            .with_context(|| format!("{namespace:?} cannot be a namespace"))?;
    }
    let objects = objects(args.estate.as_deref())?;
    let filled = template::fill(info, name, args.namespace.as_deref(), &objects)?;
    if filled.exists {
        // Standard output holds the manifest, whether it is used or not.
        let _ = writeln!(
            std::io::stderr().lock(),
            "note: the estate already has a {} {name}; choose another name, or edit that one",
            info.kind
        );
    }
    Ok(filled.text)
}

/// What the manifest could refer to: the objects of the estate, none where there is no estate.
fn objects(folder: Option<&Path>) -> anyhow::Result<Vec<ObjectId>> {
    let (root, config) = match folder {
        Some(folder) => {
            ensure!(folder.is_dir(), "no such folder: {}", folder.display());
            estate::settings(folder)?
        }
        None => match estate::find(Path::new("."))? {
            Some(found) => found,
            None => return Ok(Vec::new()),
        },
    };
    let searched = folder.unwrap_or(&root).to_string_lossy().into_owned();
    let input = DiskInput::collect(&[searched], &|path| {
        config.selects(&estate::relative(&root, path))
    })?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(engine::referable(&input, jobs)?)
}

/// The kinds, one line each.
fn list() -> String {
    let kinds = gitsm_api::kinds();
    let width = kinds.iter().map(|info| info.kind.len()).max().unwrap_or_default();
    let mut text = String::new();
    for info in kinds {
        let short = info.short_names.join(", ");
        let place = match info.plane {
            Plane::Git => "git",
            Plane::Cluster => "cluster",
            Plane::Outside => "admin",
        };
        let summary = kind::summary(info);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:<width$}  {short:<5}  {place:<7}  {summary}", info.kind);
    }
    text
}
