//! Journals written to repositories made for the purpose.

// clippy.toml lets tests unwrap, but does not see that the helpers here are part of tests.
#![allow(clippy::unwrap_used)]

use gitsm_core::digest::sha256;
use gitsm_core::ident::BranchName;
use gitsm_core::journal::{Actor, Chain, Entry, RecordId};
use gitsm_git::{Author, CommitId, Error, Journal, LINES_PER_FILE, Repository, SigningKey, Transition};
use ssh_key::private::{Ed25519Keypair, PrivateKey};
use ssh_key::{LineEnding, SshSig};

const AUTHOR: Author<'_> = Author {
    name: "gitsm",
    email: "gitsm@example.com",
    seconds: 1_795_600_000,
};

fn private_key() -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]))
}

fn key() -> SigningKey {
    SigningKey::from_openssh(&private_key().to_openssh(LineEnding::LF).unwrap()).unwrap()
}

fn branch() -> BranchName {
    "gitsm-journal".parse().unwrap()
}

/// Record number `number`, as it began in a month of 2026.
fn begun(number: usize, month: u8) -> Transition {
    let record = format!(r#"{{"spec":{{"number":{number}}}}}"#);
    let facts = format!(r#"{{"facts":{number}}}"#);
    Transition {
        entry: Entry {
            time: format!("2026-{month:02}-05T08:00:00Z").parse().unwrap(),
            actor: Actor::System,
            record: RecordId {
                kind: "Change".parse().unwrap(),
                namespace: "payments".parse().unwrap(),
                name: format!("chg-{number}").parse().unwrap(),
            },
            from: None,
            to: "Draft".parse().unwrap(),
            reason: "Created".parse().unwrap(),
            revision: None,
            snapshot: sha256(record.as_bytes()),
            facts: Some(sha256(facts.as_bytes())),
        },
        record,
        facts: Some(facts),
    }
}

/// All lines with their places; the chain must be whole.
fn lines(repository: &Repository, head: CommitId) -> Vec<(String, Entry)> {
    let mut chain = Chain::new();
    let mut lines = Vec::new();
    repository
        .journal_lines::<Error>(head, |place, text| {
            lines.push((place.to_string(), chain.follow(text).unwrap().entry));
            Ok(())
        })
        .unwrap();
    lines
}

#[test]
fn what_was_added_is_read_in_order_with_its_blobs_and_every_commit_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(folder.path(), "main").unwrap();
    let mut journal = Journal::open(&repository, &branch()).unwrap();
    assert_eq!(journal.head(), None);
    journal
        .append(&[begun(1, 10), begun(2, 11)], &key(), AUTHOR)
        .unwrap();
    // October is over in this journal.
    let head = journal.append(&[begun(3, 10)], &key(), AUTHOR).unwrap().unwrap();

    let found = lines(&repository, head);
    let places: Vec<_> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        [
            "journal/2026/10/0001.jsonl:1",
            "journal/2026/11/0001.jsonl:1",
            "journal/2026/11/0001.jsonl:2"
        ]
    );
    for (number, (_, entry)) in (1..).zip(&found) {
        let written = begun(number, 1);
        assert_eq!(
            repository.journal_record(head, &entry.snapshot).unwrap(),
            written.record
        );
        let facts = entry.facts.as_ref().unwrap();
        assert_eq!(
            Some(repository.journal_facts(head, facts).unwrap()),
            written.facts
        );
    }
    let absent = repository.journal_record(head, &sha256(b"")).unwrap_err();
    assert!(absent.to_string().contains("is not there"), "{absent}");

    let git = git2::Repository::open_bare(folder.path()).unwrap();
    let mut walk = git.revwalk().unwrap();
    walk.push_ref("refs/heads/gitsm-journal").unwrap();
    let commits: Vec<_> = walk.map(Result::unwrap).collect();
    assert_eq!(commits.len(), 2);
    for commit in commits {
        let (signature, content) = git.extract_signature(&commit, None).unwrap();
        let signature: SshSig = str::from_utf8(&signature).unwrap().parse().unwrap();
        let public = private_key().public_key().clone();
        public.verify("git", &content, &signature).unwrap();
        public.verify("git", b"another commit", &signature).unwrap_err();
    }
}

#[test]
fn a_second_attempt_writes_nothing_and_a_second_writer_goes_behind_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(folder.path(), "main").unwrap();
    let mut one = Journal::open(&repository, &branch()).unwrap();
    let mut two = Journal::open(&repository, &branch()).unwrap();
    one.append(&[begun(1, 11)], &key(), AUTHOR).unwrap();
    assert_eq!(one.append(&[begun(1, 11)], &key(), AUTHOR).unwrap(), None);
    // Knows of an empty journal only, and one of its lines is there already.
    two.append(&[begun(1, 11), begun(2, 11)], &key(), AUTHOR).unwrap();
    // Its branch has moved on.
    let head = one.append(&[begun(3, 11)], &key(), AUTHOR).unwrap().unwrap();

    let names: Vec<_> = lines(&repository, head)
        .into_iter()
        .map(|(_, entry)| entry.record.name.to_string())
        .collect();
    assert_eq!(names, ["chg-1", "chg-2", "chg-3"]);
    assert_eq!(
        Journal::open(&repository, &branch()).unwrap().chain().tail(),
        one.chain().tail()
    );
}

#[test]
fn a_full_file_is_followed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(folder.path(), "main").unwrap();
    let many: Vec<_> = (0..LINES_PER_FILE + 2).map(|number| begun(number, 11)).collect();
    let mut journal = Journal::open(&repository, &branch()).unwrap();
    journal
        .append(&many[..LINES_PER_FILE - 1], &key(), AUTHOR)
        .unwrap();
    let head = journal.append(&many, &key(), AUTHOR).unwrap().unwrap();
    let places: Vec<_> = lines(&repository, head)
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    assert_eq!(places.len(), many.len());
    assert_eq!(
        places[LINES_PER_FILE - 1..],
        [
            "journal/2026/11/0001.jsonl:1000",
            "journal/2026/11/0002.jsonl:1",
            "journal/2026/11/0002.jsonl:2"
        ]
    );
}

#[test]
fn nothing_is_added_to_what_was_tampered_with_or_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(folder.path(), "main").unwrap();
    let mut tree = repository.new_tree().unwrap();
    tree.add(b"journal/2026/11/0001.jsonl", gitsm_git::EntryKind::File, b"{}\n")
        .unwrap();
    tree.commit("gitsm-journal", AUTHOR, "by hand").unwrap();
    let error = Journal::open(&repository, &branch()).unwrap_err().to_string();
    assert!(error.starts_with("journal/2026/11/0001.jsonl:1: "), "{error}");

    let other: BranchName = "other".parse().unwrap();
    let mut journal = Journal::open(&repository, &other).unwrap();
    let mut wrong = begun(1, 11);
    wrong.record.push(' ');
    journal.append(&[wrong], &key(), AUTHOR).unwrap_err();
    let mut wrong = begun(1, 11);
    wrong.facts = None;
    journal.append(&[wrong], &key(), AUTHOR).unwrap_err();
    assert_eq!(Journal::open(&repository, &other).unwrap().head(), None);

    assert!(matches!(
        SigningKey::from_openssh("no key"),
        Err(Error::SigningKey { .. })
    ));
}
