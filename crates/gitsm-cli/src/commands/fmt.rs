//! `gitsm fmt`: canonical key order, with every comment where it belongs.

use crate::disk::DiskInput;
use crate::estate;
use crate::exit::Exit;
use anyhow::{Context as _, ensure};
use clap::Args;
use gitsm_check::format::{self, Formatted};
use gitsm_check::input::Input as _;
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Arguments of `gitsm fmt`.
#[derive(Debug, Args)]
#[command(
    after_help = "Only resources of gitsm are touched, and only the order of their keys: values, comments and \
blank lines stay.

Examples:
  gitsm fmt                  the manifests below this folder, in place
  gitsm fmt --check          exit with 1 and name the files that would change
  gitsm fmt - < change.yaml  standard input to standard output"
)]
pub(crate) struct FmtArgs {
    /// Files, folders or patterns; `-` for standard input [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,

    /// Change nothing; name the files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

/// Formats manifests.
pub(crate) fn run(args: &FmtArgs) -> anyhow::Result<Exit> {
    if args.paths.iter().any(|path| path == "-") {
        ensure!(args.paths.len() == 1, "`-` cannot be combined with other paths");
        return stdin(args.check);
    }
    let paths = if args.paths.is_empty() {
        vec![".".to_owned()]
    } else {
        args.paths.clone()
    };
    let (root, config) = estate::settings(Path::new(&paths[0]))?;
    let input = DiskInput::collect(&paths, &|path| config.selects(&estate::relative(&root, path)))?;
    let mut out = std::io::stdout().lock();
    let mut changed = false;
    for (index, file) in input.files().iter().enumerate() {
        let bytes = gitsm_check::input::read(&input, index, u64::MAX)?;
        match format::format(&bytes) {
            Formatted::Unchanged => {}
            Formatted::Changed { text, kept } => {
                changed = true;
                for reason in kept {
                    talk(&format!("{}: {reason}", file.name));
                }
                writeln!(out, "{}", file.name)?;
                if !args.check {
                    replace(input.path(index), text.as_bytes())?;
                }
            }
            Formatted::Refused(reason) => talk(&format!("{}: left as it is: {reason}", file.name)),
        }
    }
    Ok(if args.check && changed {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

fn stdin(check: bool) -> anyhow::Result<Exit> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    let (text, changed) = match format::format(&bytes) {
        Formatted::Unchanged => (bytes, false),
        Formatted::Changed { text, .. } => (text.into_bytes(), true),
        Formatted::Refused(reason) => anyhow::bail!("cannot format standard input: {reason}"),
    };
    if !check {
        std::io::stdout().lock().write_all(&text)?;
    }
    Ok(if check && changed {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

/// Writes beside the file and renames, so that an interruption leaves the old text or the new one.
fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", path.display());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    temporary.write_all(text).with_context(context)?;
    let permissions = std::fs::metadata(path).with_context(context)?.permissions();
    temporary
        .as_file()
        .set_permissions(permissions)
        .with_context(context)?;
    temporary.persist(path).with_context(context)?;
    Ok(())
}

fn talk(line: &str) {
    // Nothing is left to do when standard error itself cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
