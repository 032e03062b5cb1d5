//! Files of the working tree as an [`Input`].

use gitsm_check::input::{Input, InputFile, Tree, is_manifest};
use gitsm_check::source::{Mode, TreeEntry};
use ignore::WalkBuilder;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A path given on the command line that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PathError {
    /// Nothing is there.
    #[error("no such file or folder: {0}")]
    Missing(String),
    /// A glob that matches nothing.
    #[error("the pattern {0:?} matches no file")]
    NoMatch(String),
    /// A glob that does not parse.
    #[error("the pattern {pattern:?} is not a glob: {reason}")]
    BadPattern {
        /// As typed.
        pattern: String,
        /// What the glob parser says.
        reason: String,
    },
    /// Something under the path cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// What the system says.
        reason: String,
    },
}

/// Manifests found on disk.
#[derive(Debug, Default)]
pub(crate) struct DiskInput {
    files: Vec<InputFile>,
    /// Paths of the files that are not what is printed: names that are not UTF-8, other separators.
    paths: HashMap<usize, PathBuf>,
    /// Everything found in folders, manifests or not, for the rules about trees.
    trees: Vec<FoundTree>,
}

/// A folder that was walked.
#[derive(Debug)]
struct FoundTree {
    /// The folder as it is printed; empty for the current one.
    folder: String,
    /// Name as it is printed (with the folder), what it is, size.
    entries: Vec<(Arc<str>, Mode, u64)>,
}

/// Files by the name that is printed, with their path where that is another, and their size.
type Found = BTreeMap<Arc<str>, (Option<PathBuf>, u64)>;

impl DiskInput {
    /// Collects the files under `paths`: files, folders (searched, with `.gitignore` honoured) and globs. Hidden
    /// files count, as they do in a commit. `selects` says which files found in folders are wanted.
    ///
    /// # Errors
    ///
    /// [`PathError`] naming the argument or the entry at fault.
    pub(crate) fn collect(paths: &[String], selects: &dyn Fn(&Path) -> bool) -> Result<Self, PathError> {
        let mut found = Found::new();
        let mut trees = Vec::new();
        for argument in paths {
            let path = Path::new(argument);
            if path.is_dir() {
                walk(path, selects, &mut found, &mut trees)?;
            } else if path.is_file() {
                add(&mut found, path, display(path).into(), size_of(path)?);
            } else if is_pattern(argument) {
                expand(argument, selects, &mut found, &mut trees)?;
            } else if path.exists() {
                return Err(no_regular_file(path));
            } else {
                return Err(PathError::Missing(argument.clone()));
            }
        }
        let mut input = Self {
            files: Vec::with_capacity(found.len()),
            paths: HashMap::new(),
            trees,
        };
        for (name, (path, size)) in found {
            if let Some(path) = path {
                input.paths.insert(input.files.len(), path);
            }
            input.files.push(InputFile { name, size });
        }
        Ok(input)
    }

    /// Where a file of the input is.
    pub(crate) fn path(&self, index: usize) -> &Path {
        self.paths
            .get(&index)
            .map_or_else(|| Path::new(&*self.files[index].name), PathBuf::as_path)
    }
}

impl Input for DiskInput {
    fn files(&self) -> &[InputFile] {
        &self.files
    }

    fn read(&self, index: usize, limit: u64) -> std::io::Result<Vec<u8>> {
        let capacity = usize::try_from(self.files[index].size.min(limit)).unwrap_or_default();
        let mut content = Vec::with_capacity(capacity);
        File::open(self.path(index))?
            .take(limit)
            .read_to_end(&mut content)?;
        Ok(content)
    }

    fn trees(&self) -> Vec<Tree<'_>> {
        self.trees
            .iter()
            .map(|tree| Tree {
                folder: &tree.folder,
                entries: tree
                    .entries
                    .iter()
                    .map(|(name, mode, size)| TreeEntry {
                        path: relative(name, &tree.folder).as_bytes(),
                        mode: *mode,
                        size: *size,
                    })
                    .collect(),
            })
            .collect()
    }
}

/// A name without the folder it is in.
fn relative<'n>(name: &'n str, folder: &str) -> &'n str {
    name.strip_prefix(folder).unwrap_or(name).trim_start_matches('/')
}

fn walk(
    folder: &Path,
    selects: &dyn Fn(&Path) -> bool,
    found: &mut Found,
    trees: &mut Vec<FoundTree>,
) -> Result<(), PathError> {
    let mut entries = Vec::new();
    for entry in walker(folder) {
        let entry = entry.map_err(|cause| PathError::Unreadable {
            path: display(folder),
            reason: cause.to_string(),
        })?;
        let Some(kind) = entry.file_type() else { continue };
        // The folder itself may be a link; only what is in it is judged.
        if kind.is_dir() || entry.depth() == 0 || !selects(entry.path()) {
            continue;
        }
        if is_manifest(&entry.path().to_string_lossy()) {
            if !kind.is_file() && !kind.is_symlink() {
                return Err(no_regular_file(entry.path()));
            }
            // Two such names may print alike, and one of the files would be lost.
            if entry.path().to_str().is_none() {
                return Err(PathError::Unreadable {
                    path: display(entry.path()),
                    reason: "its name is not UTF-8".to_owned(),
                });
            }
        }
        let size = if kind.is_file() {
            entry.metadata().map_or(0, |metadata| metadata.len())
        } else {
            0
        };
        let mode = if kind.is_symlink() {
            Mode::Symlink
        } else {
            Mode::File
        };
        let name: Arc<str> = display(entry.path()).into();
        if kind.is_file() && is_manifest(&entry.path().to_string_lossy()) {
            add(found, entry.path(), Arc::clone(&name), size);
        }
        entries.push((name, mode, size));
    }
    let name = display(folder);
    let name = if name == "." {
        ""
    } else {
        name.trim_end_matches('/')
    };
    trees.push(FoundTree {
        folder: name.to_owned(),
        entries,
    });
    Ok(())
}

/// Everything below a folder that would be committed.
fn walker(folder: &Path) -> ignore::Walk {
    // Only the estate's own ignore files count: what a machine's user ignores globally must not decide.
    WalkBuilder::new(folder)
        .hidden(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .build()
}

/// All files below a folder that would be committed, manifests or not, sorted.
///
/// # Errors
///
/// [`PathError::Unreadable`].
pub(crate) fn all_files(folder: &Path) -> Result<Vec<PathBuf>, PathError> {
    let mut files = Vec::new();
    for entry in walker(folder) {
        let entry = entry.map_err(|cause| PathError::Unreadable {
            path: display(folder),
            reason: cause.to_string(),
        })?;
        if entry.file_type().is_some_and(|kind| !kind.is_dir()) {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

fn expand(
    pattern: &str,
    selects: &dyn Fn(&Path) -> bool,
    found: &mut Found,
    trees: &mut Vec<FoundTree>,
) -> Result<(), PathError> {
    let glob = globset::GlobBuilder::new(pattern.trim_start_matches("./"))
        .literal_separator(true)
        .build()
        .map_err(|cause| PathError::BadPattern {
            pattern: pattern.to_owned(),
            reason: cause.to_string(),
        })?
        .compile_matcher();
    let folder = fixed_folder(pattern);
    if !folder.is_dir() {
        return Err(PathError::NoMatch(pattern.to_owned()));
    }
    let mut all = Found::new();
    walk(&folder, selects, &mut all, trees)?;
    let before = found.len();
    found.extend(all.into_iter().filter(|(name, _)| glob.is_match(&**name)));
    if found.len() == before {
        return Err(PathError::NoMatch(pattern.to_owned()));
    }
    Ok(())
}

/// The part of a pattern before its first wildcard, as a folder.
fn fixed_folder(pattern: &str) -> PathBuf {
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy()))
        .collect();
    if fixed.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        fixed
    }
}

fn is_pattern(argument: &str) -> bool {
    argument.contains(['*', '?', '[', '{'])
}

/// A pipe, socket or device: reading it could wait for ever, and leaving it out would look like a pass.
fn no_regular_file(path: &Path) -> PathError {
    PathError::Unreadable {
        path: display(path),
        reason: "it is no regular file; standard input is `-`".to_owned(),
    }
}

fn size_of(path: &Path) -> Result<u64, PathError> {
    std::fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|cause| PathError::Unreadable {
            path: display(path),
            reason: cause.to_string(),
        })
}

fn add(found: &mut Found, path: &Path, name: Arc<str>, size: u64) {
    let other = (path.to_str() != Some(&*name)).then(|| path.to_owned());
    found.insert(name, (other, size));
}

/// A path as findings print it: `/` between parts, no leading `./`.
fn display(path: &Path) -> String {
    let text = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    match text.strip_prefix("./") {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
