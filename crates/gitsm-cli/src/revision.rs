//! Trees of a git repository by the paths that people type: read from the object database, without a checkout.

use anyhow::Context as _;
use gitsm_check::config::{Config, FILE_NAME};
use gitsm_git::{CommitId, Error, TreeLimits};
use gitsm_operator::source::{CommitTree, SharedRepository};
use std::path::{Component, Path, PathBuf};
use std::sync::MutexGuard;

/// The largest `gitsm.yaml` that is read.
const MAX_SETTINGS_BYTES: u64 = 1024 * 1024;

/// How many folders a hint names at most.
const MAX_HINTS: usize = 5;

/// The repository that the judged paths are in.
pub(crate) struct Repository {
    inner: SharedRepository,
    /// The root of the working tree; the current folder for a bare repository.
    root: PathBuf,
}

impl Repository {
    /// Finds the repository that `path` is in.
    pub(crate) fn discover(path: &str) -> anyhow::Result<Self> {
        let mut folder = std::path::absolute(path).with_context(|| format!("cannot resolve {path}"))?;
        // A path may be gone from the working tree and still be in the revision.
        while !folder.is_dir() && folder.pop() {}
        let inner = gitsm_git::Repository::discover(&folder)?;
        let root = match inner.workdir() {
            Some(workdir) => workdir.to_owned(),
            None => folder,
        };
        Ok(Self {
            inner: SharedRepository::new(inner),
            root,
        })
    }

    /// Opens the repository whose working tree or git folder this is; nothing above it is searched.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let inner = gitsm_git::Repository::open(folder)?;
        let root = inner.workdir().unwrap_or(folder).to_owned();
        Ok(Self {
            inner: SharedRepository::new(inner),
            root,
        })
    }

    /// The files of a revision.
    pub(crate) fn tree(&self, revision: &str, paths: &[String]) -> anyhow::Result<CommitTree> {
        let commit = self.lock().resolve(revision)?;
        self.tree_of(commit, paths, false)
    }

    /// The files where `head` branched off from `base`. Paths that `head` added are not there.
    pub(crate) fn tree_at_merge_base(
        &self,
        base: &str,
        head: &str,
        paths: &[String],
    ) -> anyhow::Result<CommitTree> {
        let commit = {
            let repository = self.lock();
            repository.merge_base(repository.resolve(base)?, repository.resolve(head)?)?
        };
        self.tree_of(commit, paths, true)
    }

    /// The files below other paths of the same commit; none for paths that are not there.
    pub(crate) fn beside(&self, tree: &CommitTree, paths: &[String]) -> anyhow::Result<CommitTree> {
        self.tree_of(tree.commit(), paths, true)
    }

    fn tree_of(&self, commit: CommitId, paths: &[String], may_be_absent: bool) -> anyhow::Result<CommitTree> {
        let inside: Vec<String> = paths
            .iter()
            .map(|path| self.inside(path))
            .collect::<anyhow::Result<_>>()?;
        let limits = TreeLimits::default();
        Ok(CommitTree::read(
            &self.inner,
            commit,
            &inside,
            limits,
            may_be_absent,
        )?)
    }

    /// The settings that stand in a tree at or above a path, and the folder they stand in.
    pub(crate) fn settings(&self, tree: &CommitTree, path: &str) -> anyhow::Result<(PathBuf, Config)> {
        let inside = self.inside(path)?;
        for folder in Path::new(&inside).ancestors() {
            let name = folder
                .join(FILE_NAME)
                .to_string_lossy()
                .replace(std::path::MAIN_SEPARATOR, "/");
            let repository = self.lock();
            let walk = match repository.tree_entries(tree.commit(), &name, TreeLimits::default()) {
                Err(Error::NoSuchPath { .. }) => continue,
                walk => walk?,
            };
            for entry in walk {
                let Some(blob) = entry?.blob else { continue };
                let bytes = repository.read_blob(blob, MAX_SETTINGS_BYTES)?;
                let config = Config::read(&bytes).with_context(|| format!("{name} at {}", tree.commit()))?;
                return Ok((self.root.join(folder), config));
            }
        }
        Ok((self.root.clone(), Config::default()))
    }

    /// The folders that hold a `gitsm.yaml` in a revision, as they would be typed in the current folder.
    pub(crate) fn estates(&self, revision: &str) -> anyhow::Result<Vec<String>> {
        let repository = self.lock();
        let commit = repository.resolve(revision)?;
        let current = self.root.join(self.inside(".")?);
        let mut folders = Vec::new();
        for entry in repository.tree_entries(commit, "", TreeLimits::default())? {
            let entry = entry?;
            let Some(path) = entry.path_str().map(Path::new) else {
                continue;
            };
            if path.file_name().is_some_and(|name| name == FILE_NAME) {
                let folder = self.root.join(path.parent().unwrap_or(Path::new("")));
                folders.push(way(&current, &folder));
            }
        }
        folders.sort();
        folders.truncate(MAX_HINTS);
        Ok(folders)
    }

    /// The root of the working tree, which the names of a tree's files count from.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path as the repository names it: from its root, `/` between parts, empty for the root itself.
    fn inside(&self, path: &str) -> anyhow::Result<String> {
        let absolute = std::path::absolute(path).with_context(|| format!("cannot resolve {path}"))?;
        // Links above the repository (a temporary folder behind a link) must not make the prefixes differ.
        // What is gone from the working tree cannot be resolved by the system; there `..` is taken by its word.
        let plain = without_parents(&absolute);
        let resolved = absolute.canonicalize().unwrap_or_else(|_| plain.clone());
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let relative = resolved
            .strip_prefix(&root)
            .or_else(|_| plain.strip_prefix(&self.root))
            .with_context(|| format!("{path} is outside of the repository {}", self.root.display()))?;
        let parts: Vec<_> = relative
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        Ok(parts.join("/"))
    }

    fn lock(&self) -> MutexGuard<'_, gitsm_git::Repository> {
        self.inner.lock()
    }
}

/// A path with its `..` taken away together with what stands before them.
pub(crate) fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// How one folder is written from another, both absolute: `../old/estate`.
fn way(from: &Path, to: &Path) -> String {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<_> = up.chain(down).collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_from_one_folder_to_another() {
        for (from, to, expected) in [
            ("/r", "/r", "."),
            ("/r", "/r/estate", "estate"),
            ("/r/estate", "/r/old/estate", "../old/estate"),
            ("/r/a/b", "/r", "../.."),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), expected, "{from} to {to}");
        }
    }

    #[test]
    fn parents_are_taken_away_with_what_they_are_parents_of() {
        for (path, expected) in [("/r/a/../b", "/r/b"), ("/../a", "/a"), ("/r/./a/..", "/r")] {
            assert_eq!(without_parents(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
