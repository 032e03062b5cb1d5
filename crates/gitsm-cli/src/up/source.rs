//! Which commit of which repository is applied.

use crate::commands::validate::{JudgedRevision, judge_revision};
use crate::disk;
use crate::estate;
use crate::exit::Exit;
use crate::load::this_second;
use crate::revision::{Repository, without_parents};
use crate::up::data::{DataFolder, shell_word};
use crate::up::remembered::{Place, Remembered};
use anyhow::{Context as _, bail, ensure};
use gitsm_check::estate::Manifest;
use gitsm_git::{Author, EntryKind};
use std::fs;
use std::path::{Path, PathBuf};

/// The branch of a repository that is made here.
const BRANCH: &str = "main";
/// Edited files that are named.
const NAMED: usize = 3;
/// Files that an estate may have when it is put under version control, and bytes of one of them: far above any estate,
/// below what would fill a disk by mistake (the home folder, a checkout with build results).
const MAX_FILES: usize = 200_000;
const MAX_BYTES: u64 = 64 << 20;

/// An estate as it is going to be applied.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it is, for the next start.
    pub(crate) place: Place,
    /// The repository.
    pub(crate) repository: PathBuf,
    /// Its branch.
    pub(crate) branch: Option<String>,
    /// The commit.
    pub(crate) commit: String,
    /// The objects.
    pub(crate) manifests: Vec<Manifest>,
    /// What the user should know.
    pub(crate) notices: Vec<String>,
}

/// What came of looking for the estate.
pub(crate) enum Found {
    /// It is valid.
    Valid(Box<Source>),
    /// It is not; the findings were printed.
    Invalid,
    /// There is none.
    Nothing,
}

/// Finds the estate, puts it under version control if it is not, and judges the commit.
///
/// # Errors
///
/// When there is an estate and it cannot be read.
pub(crate) fn find(
    given: Option<&Path>,
    data: &DataFolder,
    remembered: &Remembered,
) -> anyhow::Result<Found> {
    if let Some(given) = given {
        ensure!(given.is_dir(), "{}: there is no such folder", given.display());
        return named(given, data, remembered);
    }
    match &remembered.estate {
        Some(Place::WorkTree(folder)) => {
            ensure!(
                is_work_tree(folder),
                "the estate was the git repository in {}, which is not there any more; name the folder where it is \
                 now: gitsm up{} DIR",
                folder.display(),
                data.option()
            );
            work_tree(folder)
        }
        Some(place @ Place::Own { .. }) => own(place.clone(), data, Vec::new()),
        None => match estate::find(Path::new("."))? {
            Some((folder, _)) => named(&folder, data, remembered),
            None => Ok(Found::Nothing),
        },
    }
}

fn named(folder: &Path, data: &DataFolder, remembered: &Remembered) -> anyhow::Result<Found> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("cannot resolve {}", folder.display()))?;
    if is_work_tree(&folder) {
        return work_tree(&folder);
    }
    let repository = data.repository();
    if !repository.exists() {
        return import(&folder, data);
    }
    let place = match &remembered.estate {
        Some(place @ Place::Own { .. }) => place.clone(),
        // Somebody put a repository there, or the settings were lost.
        _ => Place::Own {
            made_from: folder.clone(),
            within: String::new(),
        },
    };
    if let Place::Own { made_from, .. } = &place {
        ensure!(
            *made_from == folder,
            "this data folder has the estate of {} already, in {}; change that one, or name another data folder for \
             {} with --data DIR",
            made_from.display(),
            repository.display(),
            folder.display()
        );
    }
    let notice = format!(
        "the estate is in {} since the first start, and {} is not read any more",
        repository.display(),
        folder.display()
    );
    own(place, data, vec![notice])
}

/// Whether a folder is the top of a git work tree.
fn is_work_tree(folder: &Path) -> bool {
    folder.join(".git").exists()
}

fn work_tree(folder: &Path) -> anyhow::Result<Found> {
    let git = gitsm_git::Repository::open(folder)?;
    let mut notices = Vec::new();
    if let Err(error) = git.resolve("HEAD") {
        bail!(
            "{} has nothing to apply: {error}; commit the estate first",
            folder.display()
        );
    }
    let (names, count) = git.edited(NAMED)?;
    if count > 0 {
        let more = if count > names.len() { ", ..." } else { "" };
        let files = if count == 1 { "file" } else { "files" };
        notices.push(format!(
            "what is not committed is not applied: {count} {files} ({}{more}); commit, then start again",
            names.join(", ")
        ));
    }
    let place = Place::WorkTree(folder.to_owned());
    judged(folder, git.branch(), place, notices)
}

/// The repository in the data folder.
fn own(place: Place, data: &DataFolder, notices: Vec<String>) -> anyhow::Result<Found> {
    let folder = data.repository();
    ensure!(
        folder.exists(),
        "the repository of the estate, {}, is gone; restore it from a backup, or name the folder of the estate: \
         gitsm up{} DIR",
        folder.display(),
        data.option()
    );
    judged(&folder, Some(BRANCH.to_owned()), place, notices)
}

fn judged(
    folder: &Path,
    branch: Option<String>,
    place: Place,
    mut notices: Vec<String>,
) -> anyhow::Result<Found> {
    let repository = Repository::open(folder)?;
    let (revision, within) = match &place {
        Place::WorkTree(_) => ("HEAD".to_owned(), ""),
        Place::Own { within, .. } => (format!("refs/heads/{BRANCH}"), within.as_str()),
    };
    let JudgedRevision {
        input,
        commit,
        exit,
        warnings,
    } = judge_revision(&repository, &revision, within)?;
    if exit == Exit::Findings {
        return Ok(Found::Invalid);
    }
    if warnings > 0 {
        let found = if warnings == 1 { "finding" } else { "findings" };
        notices.push(format!(
            "{warnings} {found} that forbid nothing; `gitsm validate --head {}` shows them",
            short(&commit)
        ));
    }
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Found::Valid(Box::new(Source {
        place,
        repository: folder.to_owned(),
        branch,
        manifests: gitsm_check::estate::manifests(&input, jobs)?,
        commit,
        notices,
    })))
}

/// The first digits of a commit's id.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// Makes the repository of an estate of plain files, beside its place: it is put there only once everything else has
/// come right, so that whatever stood in the way can be mended, in the files too, and the start tried again.
fn import(folder: &Path, data: &DataFolder) -> anyhow::Result<Found> {
    let temporary = data.repository().with_extension("git.new");
    remove(&temporary)?;
    let found = import_to(&temporary, folder);
    if !matches!(found, Ok(Found::Valid(_))) {
        remove(&temporary)?;
    }
    found
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn import_to(target: &Path, folder: &Path) -> anyhow::Result<Found> {
    let (root, config) = estate::settings(folder)?;
    ensure!(
        root == folder,
        "{} is a part of the estate in {}; name that one",
        folder.display(),
        root.display()
    );
    // Policies may stand beside the estate. They come along, so that its settings stay true, and everything keeps its
    // place from the folder that holds all of it.
    let mut parts = vec![folder.to_owned()];
    parts.extend(
        config
            .policies()
            .iter()
            .map(|path| without_parents(&root.join(path)))
            .filter(|path| !path.starts_with(folder)),
    );
    let top = shared(&parts);
    let within = slashed(folder.strip_prefix(&top).unwrap_or(Path::new("")));
    let mut files = Vec::new();
    for part in &parts {
        files.append(&mut disk::all_files(part)?);
    }
    files.sort();
    files.dedup();
    ensure!(
        files.len() <= MAX_FILES,
        "{} has {} files, and an estate at most {MAX_FILES}; name the folder of the estate only",
        folder.display(),
        files.len()
    );
    let repository = gitsm_git::Repository::init_bare(target, BRANCH)?;
    let mut tree = repository.new_tree()?;
    for path in &files {
        let name = slashed(path.strip_prefix(&top).unwrap_or(path));
        let (kind, content) = content(path).with_context(|| format!("cannot read {}", path.display()))?;
        tree.add(name.as_bytes(), kind, &content)?;
    }
    let author = Author {
        name: "gitsm up",
        email: "gitsm@localhost",
        seconds: this_second().timestamp().as_second(),
    };
    let message = format!("The estate as it was in {}\n", folder.display());
    tree.commit(BRANCH, author, &message)?;
    let place = Place::Own {
        made_from: folder.to_owned(),
        within,
    };
    judged(target, Some(BRANCH.to_owned()), place, Vec::new())
}

/// The deepest folder that holds all of these, of which the first is one.
fn shared(parts: &[PathBuf]) -> PathBuf {
    let first = parts.first().map_or(Path::new(""), PathBuf::as_path);
    first
        .ancestors()
        .find(|folder| parts.iter().all(|part| part.starts_with(folder)))
        .unwrap_or(first)
        .to_owned()
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn content(path: &Path) -> anyhow::Result<(EntryKind, Vec<u8>)> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        let target = fs::read_link(path)?;
        return Ok((EntryKind::Symlink, target.as_os_str().as_encoded_bytes().to_vec()));
    }
    ensure!(metadata.is_file(), "it is no regular file");
    ensure!(
        metadata.len() <= MAX_BYTES,
        "it has {} bytes, and a file of an estate at most {MAX_BYTES}; name it in .gitignore",
        metadata.len()
    );
    let kind = if is_executable(&metadata) {
        EntryKind::Executable
    } else {
        EntryKind::File
    };
    Ok((kind, fs::read(path)?))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

impl Source {
    /// Puts the repository where it belongs, if it was made just now.
    ///
    /// # Errors
    ///
    /// When the data folder cannot be written to.
    pub(crate) fn settle(&mut self, data: &DataFolder) -> anyhow::Result<()> {
        let target = data.repository();
        if matches!(self.place, Place::Own { .. }) && self.repository != target {
            fs::rename(&self.repository, &target)
                .with_context(|| format!("cannot make {}", target.display()))?;
            self.repository = target;
        }
        Ok(())
    }

    /// How the estate is changed from here.
    pub(crate) fn how_to_change(&self, data: &DataFolder) -> String {
        let again = format!("gitsm up{}", data.option());
        match &self.place {
            Place::WorkTree(folder) => format!("commit in {}, then {again} again", folder.display()),
            Place::Own { .. } => format!("git clone {} estate", shell_word(&self.repository)),
        }
    }
}
