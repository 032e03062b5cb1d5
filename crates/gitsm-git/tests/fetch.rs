//! Fetching a branch from a folder of this machine.

// clippy.toml lets tests unwrap, but does not see that the helpers here are part of tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use gitsm_git::{Author, EntryKind, FetchError, Repository, TreeLimits};
use tempfile::TempDir;

const PLENTY: u64 = 1 << 20;

/// A repository with one file on `main`.
fn origin(content: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(folder.path(), "main").unwrap();
    let mut tree = repository.new_tree().unwrap();
    tree.add(b"a.yaml", EntryKind::File, content).unwrap();
    let author = Author {
        name: "Ana",
        email: "ana@example.com",
        seconds: 1_795_600_000,
    };
    tree.commit("main", author, "One").unwrap();
    let url = format!("file://{}", folder.path().display());
    (folder, url)
}

fn mirror() -> (TempDir, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(&folder.path().join("m.git"), "main").unwrap();
    (folder, repository)
}

/// Bytes that no compression makes fewer.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn what_a_branch_holds_arrives_and_the_branches_here_stay() {
    let (from, url) = origin(b"content");
    let (_folder, mirror) = mirror();
    let mut bytes = 0;
    let head = mirror
        .fetch_branch(&url, "main", PLENTY, &mut |transfer| bytes = transfer.bytes)
        .unwrap();
    let expected = Repository::open(from.path()).unwrap().resolve("main").unwrap();
    assert_eq!(head, expected);
    let entries: Vec<_> = mirror
        .tree_entries(head, "", TreeLimits::default())
        .unwrap()
        .collect();
    assert_eq!(entries.len(), 1);
    assert!(
        mirror.resolve("refs/heads/main").is_err(),
        "nothing is checked out or merged"
    );
    assert_eq!(mirror.resolve("refs/gitsm/fetched/main").unwrap(), head);
    // Once more, with nothing new.
    assert_eq!(mirror.fetch_branch(&url, "main", 0, &mut |_| {}).unwrap(), head);
}

#[test]
fn a_missing_branch_is_told_with_those_that_there_are() {
    let (_from, url) = origin(b"content");
    let (_folder, mirror) = mirror();
    let error = mirror
        .fetch_branch(&url, "release", PLENTY, &mut |_| {})
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{url} has no branch \"release\"; it has main")
    );
    let empty = tempfile::tempdir().unwrap();
    Repository::init_bare(empty.path(), "main").unwrap();
    let url = format!("file://{}", empty.path().display());
    let error = mirror
        .fetch_branch(&url, "main", PLENTY, &mut |_| {})
        .unwrap_err();
    assert!(error.to_string().ends_with("push a first commit"), "{error}");
}

#[test]
fn no_repository_is_told() {
    let nothing = tempfile::tempdir().unwrap();
    let url = format!("file://{}", nothing.path().display());
    let (_folder, mirror) = mirror();
    let error = mirror
        .fetch_branch(&url, "main", PLENTY, &mut |_| {})
        .unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&url), "{error}");
}

#[test]
fn more_than_the_limit_ends_it() {
    let (_from, url) = origin(&noise(2 << 20));
    let (_folder, mirror) = mirror();
    let error = mirror
        .fetch_branch(&url, "main", PLENTY, &mut |_| {})
        .unwrap_err();
    let limit = PLENTY;
    assert_eq!(
        error,
        FetchError::TooLarge {
            url: url.clone(),
            limit
        }
    );
    assert!(mirror.resolve("refs/gitsm/fetched/main").is_err());
    // With more room it comes after all.
    mirror
        .fetch_branch(&url, "main", 10 * PLENTY, &mut |_| {})
        .unwrap();
}
