//! Against repositories made for the purpose, through libgit2 itself.

// clippy.toml lets tests unwrap, but does not see that the helpers here are part of tests.
#![allow(clippy::unwrap_used)]

use git2::{IndexEntry, IndexTime, Oid, RepositoryInitOptions, Signature, Time};
use gitsm_git::{
    Author, ChangeKind, ChangedPath, CommitId, EntryKind, Error, Repository, TreeEntry, TreeLimits,
};
use std::path::Path;
use tempfile::TempDir;

/// A repository in a temporary folder, and the plain libgit2 view of it.
struct Fixture {
    folder: TempDir,
    git: git2::Repository,
}

const REGULAR: u32 = 0o100_644;

impl Fixture {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(adjust: impl FnOnce(&mut RepositoryInitOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        adjust(&mut options);
        let git = git2::Repository::init_opts(folder.path(), &options).unwrap();
        Self { folder, git }
    }

    /// A commit on `main` whose tree holds exactly `entries`.
    fn commit(&self, entries: &[(&[u8], u32, &[u8])]) -> Oid {
        let mut index = git2::Index::new().unwrap();
        for (path, mode, content) in entries {
            let id = if *mode == 0o160_000 {
                Oid::from_str("1234567890123456789012345678901234567890").unwrap()
            } else {
                self.git.blob(content).unwrap()
            };
            index.add(&index_entry(path, *mode, id)).unwrap();
        }
        self.commit_tree(index.write_tree_to(&self.git).unwrap())
    }

    fn commit_tree(&self, tree: Oid) -> Oid {
        let author = Signature::new("A", "a@example.com", &Time::new(1_700_000_000, 0)).unwrap();
        let parent = self.git.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let tree = self.git.find_tree(tree).unwrap();
        self.git
            .commit(Some("HEAD"), &author, &author, "message", &tree, &parents)
            .unwrap()
    }

    fn open(&self) -> Repository {
        Repository::open(self.folder.path()).unwrap()
    }
}

fn index_entry(path: &[u8], mode: u32, id: Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.to_vec(),
    }
}

fn entries(repository: &Repository, commit: CommitId, subpath: &str) -> Vec<TreeEntry> {
    repository
        .tree_entries(commit, subpath, TreeLimits::default())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn paths(entries: &[TreeEntry]) -> Vec<&[u8]> {
    entries.iter().map(|entry| entry.path.as_slice()).collect()
}

#[test]
fn walks_files_links_submodules_and_names_that_are_not_utf8() {
    let fixture = Fixture::new();
    fixture.commit(&[
        (b"a/b/deep.yaml", REGULAR, b"deep"),
        (b"a/run.sh", 0o100_755, b"#!/bin/sh"),
        (b"a/\xff\xfe.yaml", REGULAR, b"name"),
        (b"link", 0o120_000, b"a/run.sh"),
        (b"vendor/lib", 0o160_000, b""),
    ]);
    let repository = fixture.open();
    let head = repository.resolve("HEAD").unwrap();

    let all = entries(&repository, head, "");
    let expected: [&[u8]; 5] = [
        b"a/b/deep.yaml",
        b"a/run.sh",
        b"a/\xff\xfe.yaml",
        b"link",
        b"vendor/lib",
    ];
    assert_eq!(paths(&all), expected);
    let kinds: Vec<EntryKind> = all.iter().map(|entry| entry.kind).collect();
    let expected = [
        EntryKind::File,
        EntryKind::Executable,
        EntryKind::File,
        EntryKind::Symlink,
        EntryKind::Submodule,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(all[2].path_str(), None);
    assert_eq!(all[4].blob, None);
    // The link is read as a link: its target, not the file behind it.
    assert_eq!(
        repository.read_blob(all[3].blob.unwrap(), 100).unwrap(),
        b"a/run.sh"
    );

    for folder in ["a/b", "a/b/"] {
        assert_eq!(paths(&entries(&repository, head, folder)), [b"a/b/deep.yaml"]);
    }
    assert_eq!(paths(&entries(&repository, head, "a/run.sh")), [b"a/run.sh"]);
    for absent in ["b", "a/../link", "/a", "a/run.sh/x"] {
        let error = repository
            .tree_entries(head, absent, TreeLimits::default())
            .err()
            .unwrap();
        assert!(
            matches!(&error, Error::NoSuchPath { path, .. } if path == absent),
            "{absent}: {error}"
        );
    }
}

#[test]
fn limits_stop_a_tree_that_shares_its_folders() {
    let fixture = Fixture::new();
    // Ten levels of ten times the same folder: eleven objects, ten thousand million files.
    let mut tree = {
        let mut builder = fixture.git.treebuilder(None).unwrap();
        builder
            .insert("leaf", fixture.git.blob(b"").unwrap(), 0o100_644)
            .unwrap();
        builder.write().unwrap()
    };
    for _ in 0..10 {
        let mut builder = fixture.git.treebuilder(None).unwrap();
        for name in 0..10 {
            builder.insert(name.to_string(), tree, 0o040_000).unwrap();
        }
        tree = builder.write().unwrap();
    }
    fixture.commit_tree(tree);
    let repository = fixture.open();
    let head = repository.resolve("main").unwrap();

    let limits = TreeLimits {
        entries: 1_000,
        depth: 64,
    };
    let mut walk = repository.tree_entries(head, "", limits).unwrap();
    let last = walk.by_ref().last().unwrap();
    assert!(matches!(last, Err(Error::TooManyEntries { limit: 1_000, .. })));
    assert!(walk.next().is_none());

    let limits = TreeLimits {
        entries: 1_000,
        depth: 3,
    };
    let last = repository.tree_entries(head, "", limits).unwrap().last().unwrap();
    let error = last.unwrap_err();
    assert!(
        matches!(&error, Error::TooDeep { path, .. } if path == "0/0/0/0"),
        "{error}"
    );
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let fixture = Fixture::new();
    let blob = fixture.git.blob(b"x").unwrap();
    for name in ["..", ".", "a/../../b"] {
        // As raw bytes: libgit2 would not write such a tree.
        let mut raw = format!("100644 {name}\0").into_bytes();
        raw.extend_from_slice(blob.as_bytes());
        let tree = fixture
            .git
            .odb()
            .unwrap()
            .write(git2::ObjectType::Tree, &raw)
            .unwrap();
        fixture.commit_tree(tree);
        let repository = fixture.open();
        let head = repository.resolve("HEAD").unwrap();
        let first = repository
            .tree_entries(head, "", TreeLimits::default())
            .unwrap()
            .next();
        assert!(matches!(first, Some(Err(Error::ForbiddenName { .. }))), "{name}");
    }
}

#[test]
fn large_blobs_are_refused_before_they_are_read() {
    let fixture = Fixture::new();
    fixture.commit(&[(b"big", REGULAR, &vec![b'x'; 3_000_000])]);
    let repository = fixture.open();
    let head = repository.resolve("HEAD").unwrap();
    let big = entries(&repository, head, "")[0].blob.unwrap();
    assert_eq!(repository.blob_size(big).unwrap(), 3_000_000);
    assert_eq!(repository.read_blob(big, 3_000_000).unwrap().len(), 3_000_000);
    let error = repository.read_blob(big, 2_999_999).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("blob {big} has 3000000 bytes, more than the limit of 2999999")
    );
}

#[test]
fn resolves_what_people_type_and_helps_with_what_is_not_there() {
    let fixture = Fixture::new();
    let first = fixture.commit(&[(b"f", REGULAR, b"1")]);
    let second = fixture.commit(&[(b"f", REGULAR, b"2")]);
    let reference = |name: &str, id| fixture.git.reference(name, id, true, "test").unwrap();
    reference("refs/remotes/origin/release", first);
    reference("refs/tags/v1.2", first);
    let repository = fixture.open();
    for (revision, commit) in [
        ("main", second),
        ("HEAD~1", first),
        ("v1.2", first),
        ("origin/release", first),
        (&second.to_string()[..10], second),
    ] {
        assert_eq!(
            repository.resolve(revision).unwrap().to_string(),
            commit.to_string()
        );
    }

    let message = |revision| repository.resolve(revision).unwrap_err().to_string();
    assert!(message("release").ends_with("; did you mean \"origin/release\"?"));
    assert!(
        message("mian").ends_with("; did you mean \"main\"?"),
        "{}",
        message("mian")
    );
    assert!(message("nowhere").ends_with("; `git fetch --all --tags` gets what others have pushed"));
    for odd in [
        "",
        "main..x",
        "HEAD@{",
        "^{/",
        ":/",
        "\0",
        "~",
        "HEAD~99999999999",
    ] {
        assert!(repository.resolve(odd).is_err(), "{odd:?}");
    }
    assert!(matches!(
        repository.resolve("HEAD^{tree}"),
        Err(Error::NotACommit { kind: "tree", .. })
    ));

    std::fs::write(repository.git_dir().join("shallow"), format!("{first}\n")).unwrap();
    let shallow = fixture.open();
    assert!(shallow.is_shallow());
    let message = shallow.resolve("nowhere").unwrap_err().to_string();
    assert!(message.contains("git fetch --deepen"), "{message}");
    assert!(message.contains("fetch-depth: 0"), "{message}");
}

#[test]
fn a_repository_without_commits_says_so() {
    let message = Fixture::new().open().resolve("HEAD").unwrap_err().to_string();
    assert!(
        message.ends_with("the repository has no commits yet"),
        "{message}"
    );
}

#[test]
fn merge_base_and_unrelated_histories() {
    let fixture = Fixture::new();
    let base = fixture.commit(&[(b"f", REGULAR, b"base")]);
    let ours = fixture.commit(&[(b"f", REGULAR, b"ours")]);
    fixture.git.set_head_detached(base).unwrap();
    let theirs = fixture.commit(&[(b"f", REGULAR, b"theirs")]);
    fixture.git.set_head("refs/heads/orphan").unwrap();
    let orphan = fixture.commit(&[(b"g", REGULAR, b"")]);

    let repository = fixture.open();
    let id = |oid: Oid| repository.resolve(&oid.to_string()).unwrap();
    assert_eq!(repository.merge_base(id(ours), id(theirs)).unwrap(), id(base));
    assert!(matches!(
        repository.merge_base(id(ours), id(orphan)),
        Err(Error::NoMergeBase { .. })
    ));
}

#[test]
fn changed_paths_follow_renames() {
    let fixture = Fixture::new();
    let long = "line\n".repeat(50);
    let edited = format!("{long}one more\n");
    let base = fixture.commit(&[
        (b"gone", REGULAR, b"g"),
        (b"kept", REGULAR, b"k"),
        (b"old/name.yaml", REGULAR, long.as_bytes()),
        (b"text", REGULAR, b"t"),
        (b"link", REGULAR, b"kept"),
    ]);
    let head = fixture.commit(&[
        (b"kept", REGULAR, b"k"),
        (b"link", 0o120_000, b"kept"),
        (b"new/name.yaml", REGULAR, edited.as_bytes()),
        (b"new/\xff", REGULAR, b"n"),
        (b"text", REGULAR, b"T"),
    ]);
    let repository = fixture.open();
    let id = |oid: Oid| repository.resolve(&oid.to_string()).unwrap();
    let change = |path: &[u8], kind, old: Option<&[u8]>| ChangedPath {
        path: path.to_vec(),
        kind,
        old_path: old.map(<[u8]>::to_vec),
    };
    assert_eq!(
        repository.changed_paths(id(base), id(head)).unwrap(),
        [
            change(b"gone", ChangeKind::Deleted, None),
            change(b"link", ChangeKind::TypeChanged, None),
            change(b"new/name.yaml", ChangeKind::Renamed, Some(b"old/name.yaml")),
            change(b"new/\xff", ChangeKind::Added, None),
            change(b"text", ChangeKind::Modified, None),
        ]
    );
    assert_eq!(repository.changed_paths(id(head), id(head)).unwrap(), []);
}

#[test]
fn discovers_from_below_and_opens_only_where_told() {
    let fixture = Fixture::new();
    fixture.commit(&[(b"f", REGULAR, b"")]);
    let below = fixture.folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let repository = Repository::discover(&below).unwrap();
    let root = fixture.folder.path().canonicalize().unwrap();
    assert_eq!(repository.workdir().unwrap().canonicalize().unwrap(), root);
    assert!(matches!(Repository::open(&below), Err(Error::NotFound { .. })));
    let nowhere = tempfile::tempdir().unwrap();
    let error = Repository::open(nowhere.path()).unwrap_err();
    assert!(error.to_string().starts_with("no git repository at "), "{error}");
}

#[test]
fn bare_repositories_have_trees_but_no_working_tree() {
    let fixture = Fixture::with(|options| {
        options.bare(true);
    });
    fixture.commit(&[(b"f", REGULAR, b"")]);
    let repository = fixture.open();
    let head = repository.resolve("main").unwrap();
    assert_eq!(entries(&repository, head, "").len(), 1);
    assert_eq!(repository.workdir(), None);
    assert!(matches!(repository.is_dirty(&[]), Err(Error::Bare { .. })));
}

#[test]
fn dirty_looks_at_the_paths_it_is_given() {
    let fixture = Fixture::new();
    let write = |name: &str, content: &str| {
        let path = fixture.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write("a/[x].yaml", "1");
    write("b/y.yaml", "1");
    write(".gitignore", "*.tmp\n");
    let mut index = fixture.git.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    fixture.commit_tree(index.write_tree().unwrap());

    let repository = fixture.open();
    let dirty = |paths: &[&str]| {
        let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
        repository.is_dirty(&paths).unwrap()
    };
    write("b/ignored.tmp", "1");
    assert!(!dirty(&[]));
    write("b/new.yaml", "1");
    assert!(dirty(&[]));
    assert!(dirty(&["b"]));
    assert!(!dirty(&["a"]));
    write("a/[x].yaml", "2");
    assert!(dirty(&["a/[x].yaml"]));
}

/// Runs itself once more with a home folder whose git configuration would change an answer.
#[test]
fn the_configuration_of_the_user_changes_nothing() {
    const CHILD: &str = "GITSM_GIT_TEST_REPOSITORY";
    if let Some(repository) = std::env::var_os(CHILD) {
        let ambient = git2::Config::open_default().unwrap();
        assert_eq!(ambient.get_string("core.autocrlf").unwrap(), "true");
        let repository = Repository::open(Path::new(&repository)).unwrap();
        // With autocrlf the file in the working tree would count as unchanged.
        assert!(repository.is_dirty(&[]).unwrap());
        return;
    }
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("f.txt");
    std::fs::write(&file, "one\ntwo\n").unwrap();
    let mut index = fixture.git.index().unwrap();
    index.add_path(Path::new("f.txt")).unwrap();
    index.write().unwrap();
    fixture.commit_tree(index.write_tree().unwrap());
    assert!(!fixture.open().is_dirty(&[]).unwrap());
    std::fs::write(&file, "one\r\ntwo\r\n").unwrap();

    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".gitconfig"), "[core]\n\tautocrlf = true\n").unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_configuration_of_the_user_changes_nothing"])
        .env(CHILD, fixture.folder.path())
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_is_named_with_the_remedy() {
    use std::os::unix::fs::chown;
    let fixture = Fixture::new();
    let git_dir = fixture.folder.path().join(".git");
    let handed_over = [fixture.folder.path(), &git_dir].map(|path| chown(path, Some(12_345), None));
    if handed_over.iter().any(Result::is_err) {
        println!("not checked: only root can give a repository to another user");
        return;
    }
    let message = Repository::open(fixture.folder.path()).unwrap_err().to_string();
    assert!(message.contains("belongs to another user"), "{message}");
    assert!(message.contains("safe.directory"), "{message}");
}

#[test]
fn missing_objects_are_named() {
    let fixture = Fixture::new();
    fixture.commit(&[(b"a/f", REGULAR, b"content")]);
    let repository = fixture.open();
    let head = repository.resolve("HEAD").unwrap();
    let blob = entries(&repository, head, "")[0].blob.unwrap();
    let id = blob.to_string();
    let object = repository.git_dir().join("objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(object).unwrap();
    let message = fixture.open().read_blob(blob, 100).unwrap_err().to_string();
    assert!(message.starts_with(&format!("blob {id} is missing")), "{message}");
}

#[test]
fn a_new_repository_is_bare_and_its_first_commit_holds_what_was_added() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("estate.git");
    let repository = Repository::init_bare(&folder, "main").unwrap();
    assert_eq!(repository.workdir(), None);
    assert_eq!(repository.branch().as_deref(), Some("main"));
    let mut tree = repository.new_tree().unwrap();
    tree.add(b"run.sh", EntryKind::Executable, b"#!/bin/sh\n")
        .unwrap();
    tree.add(b"teams/a.yaml", EntryKind::File, b"a: 1\n").unwrap();
    tree.add(b"link", EntryKind::Symlink, b"teams/a.yaml").unwrap();
    let author = Author {
        name: "Jane",
        email: "jane@example.com",
        seconds: 1_800_000_000,
    };
    let commit = tree.commit("main", author, "First\n").unwrap();
    let found: Vec<(String, EntryKind)> = repository
        .tree_entries(commit, "", TreeLimits::default())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.path_str().unwrap().to_owned(), entry.kind))
        .collect();
    assert_eq!(repository.resolve("refs/heads/main").unwrap(), commit);
    let expected = [
        ("link", EntryKind::Symlink),
        ("run.sh", EntryKind::Executable),
        ("teams/a.yaml", EntryKind::File),
    ];
    assert_eq!(found, expected.map(|(path, kind)| (path.to_owned(), kind)));
    assert!(Repository::init_bare(&folder, "main").is_err());
}

#[test]
fn a_first_commit_is_the_first_and_paths_stay_inside() {
    let place = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(place.path(), "main").unwrap();
    let author = Author {
        name: "Jane",
        email: "jane@example.com",
        seconds: 0,
    };
    let mut tree = repository.new_tree().unwrap();
    for path in [&b".git/config"[..], b"../out", b"/etc/passwd", b"a//b", b""] {
        let added = tree.add(path, EntryKind::File, b"");
        assert!(added.is_err(), "{}", String::from_utf8_lossy(path));
    }
    tree.commit("main", author, "First").unwrap();
    let mut tree = repository.new_tree().unwrap();
    tree.add(b"a", EntryKind::File, b"a").unwrap();
    assert!(tree.commit("main", author, "Second").is_err());
}

#[test]
fn edited_files_are_named_and_counted() {
    let fixture = Fixture::new();
    let repository = Repository::open(fixture.folder.path()).unwrap();
    fixture.commit(&[(b"a.yaml", REGULAR, b"a"), (b"b.yaml", REGULAR, b"b")]);
    for name in ["c.yaml", "d.yaml"] {
        std::fs::write(fixture.folder.path().join(name), name).unwrap();
    }
    let (names, count) = repository.edited(1).unwrap();
    assert_eq!((names.len(), count), (1, repository.edited(100).unwrap().0.len()));
    assert!(count >= 2);
}
