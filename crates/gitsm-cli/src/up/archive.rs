//! Backups: one tar file with everything that a server needs to go on elsewhere: objects, authority and tokens,
//! settings, and the estate's repository if it is in the data folder. Not in it: the audit log and the kubeconfig,
//! which the next start writes.

use crate::load::this_second;
use crate::up::data::{DataFolder, FORMAT};
use anyhow::{Context as _, bail, ensure};
use gitsm_apiserver::store::{DATABASE_FILE, Store, restore as restore_store};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Builder, EntryType, Header};

/// Names in a backup.
const VERSION: &str = "gitsm-backup-version";
const SETTINGS: &str = "settings.json";
const PKI: &str = "pki";
const REPOSITORY: &str = "estate.git";
/// What restoring replaces.
const PARTS: [&str; 5] = ["store", PKI, REPOSITORY, SETTINGS, "kubeconfig"];
/// Programs that git would run; they are neither backed up nor restored.
const HOOKS: &str = "hooks";
/// Deepest nesting of folders.
const DEEPEST: usize = 64;

/// Writes a backup of a folder whose store is open to a new file, which only its owner can read.
///
/// # Errors
///
/// When the file exists or cannot be written; nothing is left of it then.
pub(crate) fn write(data: &DataFolder, store: &Store, to: &Path) -> anyhow::Result<()> {
    let file = create_private(to)?;
    // Beside the data, where there was room for it before.
    let copy = data.path().join(format!("backup-{}.redb", std::process::id()));
    let _ = fs::remove_file(&copy);
    let written = store
        .backup(&copy)
        .context("the objects cannot be copied")
        .and_then(|()| write_parts(data, &copy, file));
    let _ = fs::remove_file(&copy);
    if written.is_err() {
        let _ = fs::remove_file(to);
    }
    written
}

fn create_private(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{} exists already; name a new file", path.display())
        }
        _ => anyhow::anyhow!("cannot write {}: {error}", path.display()),
    })
}

fn write_parts(data: &DataFolder, copy: &Path, file: File) -> anyhow::Result<()> {
    let mut builder = Builder::new(file);
    let version = format!("{FORMAT}\n");
    append(
        &mut builder,
        Path::new(VERSION),
        version.len() as u64,
        version.as_bytes(),
    )?;
    let root = data.path();
    append_file(&mut builder, Path::new(DATABASE_FILE), copy)?;
    for name in [SETTINGS, PKI] {
        append_all(&mut builder, root, Path::new(name), 0)?;
    }
    let repository = Path::new(REPOSITORY);
    // Names before objects: whatever a name leads to is there when objects are copied, also while somebody pushes.
    let entries = children(&root.join(repository))?;
    let (objects, names): (Vec<_>, Vec<_>) = entries.into_iter().partition(|name| name == "objects");
    for name in names.into_iter().chain(objects).filter(|name| name != HOOKS) {
        append_all(&mut builder, root, &repository.join(name), 0)?;
    }
    let file = builder.into_inner().context("cannot write the backup")?;
    file.sync_all().context("cannot write the backup")
}

fn append_all(builder: &mut Builder<File>, root: &Path, name: &Path, depth: usize) -> anyhow::Result<()> {
    let path = root.join(name);
    let Ok(metadata) = fs::symlink_metadata(&path) else {
        return Ok(());
    };
    ensure!(depth <= DEEPEST, "{} is nested too deep", path.display());
    if metadata.is_dir() {
        let mut header = private_header(EntryType::Directory, 0);
        builder
            .append_data(&mut header, name, io::empty())
            .with_context(|| format!("cannot back up {}", path.display()))?;
        for child in children(&path)? {
            append_all(builder, root, &name.join(child), depth + 1)?;
        }
    } else if metadata.is_file() {
        // Something that is being written, or was left behind by a crash.
        let ending = if name.starts_with(REPOSITORY) {
            "lock"
        } else {
            "new"
        };
        let is_temporary = path.extension().is_some_and(|extension| extension == ending);
        if !is_temporary {
            append_file(builder, name, &path)?;
        }
    }
    Ok(())
}

/// The names in a folder, sorted; none where there is no folder.
fn children(folder: &Path) -> anyhow::Result<BTreeSet<std::ffi::OsString>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<io::Result<_>>()
            .with_context(|| format!("cannot list {}", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error).with_context(|| format!("cannot list {}", folder.display())),
    }
}

fn append_file(builder: &mut Builder<File>, name: &Path, path: &Path) -> anyhow::Result<()> {
    let reading = || format!("cannot back up {}", path.display());
    let file = File::open(path).with_context(reading)?;
    let size = file.metadata().with_context(reading)?.len();
    append(builder, name, size, file.take(size))
}

fn append(builder: &mut Builder<File>, name: &Path, size: u64, content: impl io::Read) -> anyhow::Result<()> {
    builder
        .append_data(&mut private_header(EntryType::Regular, size), name, content)
        .with_context(|| format!("cannot back up {}", name.display()))
}

fn private_header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(if kind.is_dir() { 0o700 } else { 0o600 });
    header.set_mtime(u64::try_from(this_second().timestamp().as_second()).unwrap_or(0));
    header
}

/// What was put aside by restoring.
pub(crate) type PutAside = Option<PathBuf>;

/// Restores a backup to a folder that nobody uses. Revisions go on from the later of now and the backup's last one, so
/// that they never go back. Where the folder has data, it is put aside with `force` and the backup refused without.
///
/// # Errors
///
/// When the backup is damaged or of another version, or the folder has data. Nothing is changed then.
pub(crate) fn restore(data: &DataFolder, from: &Path, force: bool) -> anyhow::Result<PutAside> {
    let root = data.path();
    let present: Vec<&str> = PARTS
        .into_iter()
        .filter(|part| root.join(part).exists())
        .collect();
    ensure!(
        present.is_empty() || force,
        "{} has data already ({}); --force puts it aside, --data DIR names another folder",
        root.display(),
        present.join(", ")
    );
    let staging = root.join("restoring");
    let _ = fs::remove_dir_all(&staging);
    let staged = stage(from, &staging);
    if let Err(error) = staged {
        let _ = fs::remove_dir_all(&staging);
        return Err(error.context(format!("{} cannot be restored", from.display())));
    }
    let moving = |path: &Path| format!("cannot move {}", path.display());
    let mut aside = None;
    if !present.is_empty() {
        let folder = root.join(format!(
            "replaced-{}",
            this_second().timestamp().strftime("%Y%m%dT%H%M%SZ")
        ));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for part in present {
            let path = root.join(part);
            fs::rename(&path, folder.join(part)).with_context(|| moving(&path))?;
        }
        aside = Some(folder);
    }
    for part in PARTS {
        let path = staging.join(part);
        if path.exists() {
            fs::rename(&path, root.join(part)).with_context(|| moving(&path))?;
        }
    }
    let _ = fs::remove_dir_all(&staging);
    Ok(aside)
}

/// Unpacks a backup and makes a store of it, so that it is known to be whole before anything is replaced.
fn stage(from: &Path, staging: &Path) -> anyhow::Result<()> {
    let file = File::open(from).context("it cannot be read")?;
    unpack(file, staging)?;
    let Ok(version) = fs::read_to_string(staging.join(VERSION)) else {
        bail!("it is no backup of gitsm");
    };
    ensure!(
        version.trim() == FORMAT.to_string(),
        "it has format {}, and gitsm {} reads format {FORMAT}; use the version of gitsm that wrote it",
        version.trim(),
        env!("CARGO_PKG_VERSION")
    );
    // To the millisecond: revisions of a store that is a second old are ahead of its second.
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    restore_store(&staging.join(DATABASE_FILE), &staging.join("store"), now)?;
    Ok(())
}

fn unpack(file: File, staging: &Path) -> anyhow::Result<()> {
    let mut archive = Archive::new(file);
    let entries = archive.entries().context("it is no backup of gitsm")?;
    for entry in entries {
        let mut entry = entry.context("it is damaged, or no backup of gitsm")?;
        let name = entry.path().context("it is damaged")?.into_owned();
        let kind = entry.header().entry_type();
        ensure!(
            is_ours(&name) && (kind.is_file() || kind.is_dir()),
            "it is no backup of gitsm: {} is in it",
            name.display()
        );
        let target = staging.join(&name);
        let folder = if kind.is_dir() {
            target.as_path()
        } else {
            target.parent().unwrap_or(staging)
        };
        make_private_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        if kind.is_file() {
            let mut file = create_private(&target)?;
            let size = entry.size();
            let copied = io::copy(&mut entry, &mut file).context("it cannot be unpacked")?;
            ensure!(copied == size, "it is cut off");
            file.flush()
                .and_then(|()| file.sync_all())
                .context("it cannot be unpacked")?;
        }
    }
    Ok(())
}

/// Whether a name is one that backups have: nothing that leads elsewhere, no program that would be run.
fn is_ours(name: &Path) -> bool {
    let parts: Vec<_> = name.components().collect();
    let is_plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    let Some(Component::Normal(first)) = parts.first() else {
        return false;
    };
    let is_single = parts.len() == 1;
    let known = if *first == REPOSITORY {
        !matches!(parts.get(1), Some(Component::Normal(second)) if *second == HOOKS)
    } else if *first == PKI {
        true
    } else {
        is_single
            && [VERSION, SETTINGS, DATABASE_FILE]
                .iter()
                .any(|known| first == known)
    };
    is_plain && known && parts.len() <= DEEPEST
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_lead_nowhere_else() {
        for (name, expected) in [
            ("pki/ca.key", true),
            ("estate.git/refs/heads/main", true),
            ("store.redb", true),
            ("settings.json", true),
            ("estate.git/hooks/post-update", false),
            ("../store.redb", false),
            ("/etc/passwd", false),
            ("pki/../../x", false),
            ("store.redb/x", false),
            ("kubeconfig", false),
            ("", false),
        ] {
            assert_eq!(is_ours(Path::new(name)), expected, "{name}");
        }
    }
}
