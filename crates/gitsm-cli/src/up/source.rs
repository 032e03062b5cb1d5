//! Which commit of which repository is applied.

use crate::commands::validate::{JudgedRevision, judge_revision};
use crate::disk;
use crate::estate;
use crate::exit::Exit;
use crate::load::this_second;
use crate::revision::Repository;
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
        Some(place @ Place::MadeFrom(_)) => own(place.clone(), data, Vec::new()),
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
    let place = Place::MadeFrom(folder.clone());
    let repository = data.repository();
    if !repository.exists() {
        return import(&folder, place, data);
    }
    let first = match &remembered.estate {
        Some(Place::MadeFrom(first)) => first.clone(),
        // Somebody put a repository there, or the settings were lost.
        _ => folder.clone(),
    };
    ensure!(
        first == folder,
        "this data folder has the estate of {} already, in {}; change that one, or name another data folder for {} \
         with --data DIR",
        first.display(),
        repository.display(),
        folder.display()
    );
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
    let revision = match &place {
        Place::WorkTree(_) => "HEAD".to_owned(),
        Place::MadeFrom(_) => format!("refs/heads/{BRANCH}"),
    };
    let JudgedRevision {
        input,
        commit,
        exit,
        warnings,
    } = judge_revision(&repository, &revision)?;
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

/// Makes the repository of an estate of plain files. It is where it belongs only if the estate is valid: an invalid
/// one can be mended and tried again.
fn import(folder: &Path, place: Place, data: &DataFolder) -> anyhow::Result<Found> {
    let target = data.repository();
    let temporary = target.with_extension("git.new");
    remove(&temporary)?;
    let found = import_to(&temporary, folder, place);
    match found {
        Ok(Found::Valid(mut source)) => {
            fs::rename(&temporary, &target).with_context(|| format!("cannot make {}", target.display()))?;
            source.repository = target;
            Ok(Found::Valid(source))
        }
        other => {
            remove(&temporary)?;
            other
        }
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn import_to(target: &Path, folder: &Path, place: Place) -> anyhow::Result<Found> {
    let repository = gitsm_git::Repository::init_bare(target, BRANCH)?;
    let mut tree = repository.new_tree()?;
    for (count, path) in disk::all_files(folder)?.into_iter().enumerate() {
        ensure!(
            count < MAX_FILES,
            "{} has more than {MAX_FILES} files; name the folder of the estate only",
            folder.display()
        );
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let (kind, content) = content(&path).with_context(|| format!("cannot read {}", path.display()))?;
        tree.add(name.as_os_str().as_encoded_bytes(), kind, &content)?;
    }
    let author = Author {
        name: "gitsm up",
        email: "gitsm@localhost",
        seconds: this_second().timestamp().as_second(),
    };
    let message = format!("The estate as it was in {}\n", folder.display());
    tree.commit(BRANCH, author, &message)?;
    judged(target, Some(BRANCH.to_owned()), place, Vec::new())
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
    /// How the estate is changed from here.
    pub(crate) fn how_to_change(&self, data: &DataFolder) -> String {
        let again = format!("gitsm up{}", data.option());
        match &self.place {
            Place::WorkTree(folder) => format!("commit in {}, then {again} again", folder.display()),
            Place::MadeFrom(_) => format!("git clone {} estate", shell_word(&self.repository)),
        }
    }
}
