//! The estate a path belongs to: the nearest folder above it that holds `gitsm.yaml`.

use anyhow::Context as _;
use gitsm_check::config::{Config, FILE_NAME};
use std::path::{Path, PathBuf};

/// The settings that apply to `path`, and the folder they stand in; the defaults where there are none.
pub(crate) fn settings(path: &Path) -> anyhow::Result<(PathBuf, Config)> {
    match find(path)? {
        Some(found) => Ok(found),
        None => Ok((folder_of(path)?, Config::default())),
    }
}

/// The nearest folder at or above `path` that holds settings, and these; `None` where there is none.
pub(crate) fn find(path: &Path) -> anyhow::Result<Option<(PathBuf, Config)>> {
    for folder in folder_of(path)?.ancestors() {
        let file = folder.join(FILE_NAME);
        if file.is_file() {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let config = Config::read(&bytes).with_context(|| file.display().to_string())?;
            return Ok(Some((folder.to_owned(), config)));
        }
    }
    Ok(None)
}

/// The absolute path of a folder, or of the folder that a file is in.
fn folder_of(path: &Path) -> anyhow::Result<PathBuf> {
    let start = if path.is_dir() {
        path.to_owned()
    } else {
        path.parent().map_or_else(PathBuf::new, Path::to_owned)
    };
    let start = if start.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        start
    };
    std::path::absolute(&start).with_context(|| format!("cannot resolve {}", start.display()))
}

/// A path as globs of the settings see it: relative to the estate, with `/` between parts.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let relative = absolute.strip_prefix(root).unwrap_or(path);
    relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
