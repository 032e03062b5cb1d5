//! `cargo xtask generate`: writes the generated files, or says which are stale. What is generated from what:
//! `crds/` from the types ([`publish`]), `docs/reference/` from rules, commands and definitions.

mod cli;
mod markdown;
mod resources;
mod rules;

use anyhow::Context as _;
use clap::Args;
use gitsm_api::publish::{self, GeneratedFile};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `cargo xtask generate`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Change nothing; exit with 1 if a file is missing, stale or no longer generated.
    #[arg(long)]
    check: bool,
}

/// Runs the command. Exit code 0: everything is current; 1: `--check` found differences.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let root = project_root()?;
    let files = generated()?;
    let stale = stale_files(&root, &files)?;
    let mut out = io::stdout().lock();
    if arguments.check {
        if stale.is_empty() {
            writeln!(out, "{} generated files are current", files.len())?;
            return Ok(ExitCode::SUCCESS);
        }
        for path in &stale {
            writeln!(out, "stale: {path}")?;
        }
        writeln!(out, "run `cargo xtask generate` and commit the result")?;
        return Ok(ExitCode::FAILURE);
    }
    for path in &stale {
        let target = root.join(path);
        match files.iter().find(|file| file.path == *path) {
            Some(file) => write(&target, &file.content)?,
            None => fs::remove_file(&target).with_context(|| format!("cannot remove {path}"))?,
        }
        writeln!(out, "wrote {path}")?;
    }
    writeln!(out, "{} of {} generated files changed", stale.len(), files.len())?;
    Ok(ExitCode::SUCCESS)
}

/// Every generated file.
fn generated() -> anyhow::Result<Vec<GeneratedFile>> {
    let mut files = publish::files()?;
    files.extend([rules::file(), cli::file(), resources::file()?]);
    Ok(files)
}

/// The folders that hold nothing but generated files.
fn folders() -> [String; 3] {
    [
        publish::FOLDER.to_owned(),
        format!("{}/schemas", publish::FOLDER),
        "docs/reference".to_owned(),
    ]
}

/// The folder of the workspace, wherever the command is started from.
fn project_root() -> anyhow::Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("xtask lies outside a workspace")
}

/// Paths that are missing, differ, or lie in a generated folder without being generated.
fn stale_files(root: &Path, files: &[GeneratedFile]) -> anyhow::Result<BTreeSet<String>> {
    let mut stale = BTreeSet::new();
    for file in files {
        match fs::read(root.join(&file.path)) {
            Ok(content) if content == file.content.as_bytes() => {}
            Ok(_) => {
                stale.insert(file.path.clone());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                stale.insert(file.path.clone());
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.path)),
        }
    }
    for folder in folders() {
        for name in file_names(&root.join(&folder))? {
            let path = format!("{folder}/{name}");
            if !files.iter().any(|file| file.path == path) {
                stale.insert(path);
            }
        }
    }
    Ok(stale)
}

/// Names of the files directly in a folder; none when there is no such folder.
fn file_names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot list {}", folder.display())),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn write(target: &Path, content: &str) -> anyhow::Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(target, content).with_context(|| format!("cannot write {}", target.display()))
}
