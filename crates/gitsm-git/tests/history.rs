//! Histories and signatures, of commits made through libgit2 and by git itself.

// clippy.toml lets tests unwrap, but does not see that the helpers here are part of tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use git2::{Oid, Signature, Time};
use gitsm_git::{CommitId, Error, Refusal, Repository, TrustedKey, Verification};
use ssh_key::private::{Ed25519Keypair, PrivateKey};
use ssh_key::{HashAlg, LineEnding};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

struct Fixture {
    folder: TempDir,
    git: git2::Repository,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let git = git2::Repository::init_bare(folder.path()).unwrap();
        Self { folder, git }
    }

    fn open(&self) -> Repository {
        Repository::open(self.folder.path()).unwrap()
    }

    fn content(&self, message: &str, parents: &[Oid]) -> String {
        let parents: Vec<git2::Commit<'_>> = parents
            .iter()
            .map(|id| self.git.find_commit(*id).unwrap())
            .collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let person = Signature::new("Ana", "ana@example.com", &Time::new(1_795_600_000, 60)).unwrap();
        let tree = self.git.treebuilder(None).unwrap().write().unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let buffer = self
            .git
            .commit_create_buffer(&person, &person, message, &tree, &parents)
            .unwrap();
        String::from_utf8(buffer.to_vec()).unwrap()
    }

    fn commit(&self, message: &str, parents: &[Oid]) -> Oid {
        let content = self.content(message, parents);
        self.git
            .odb()
            .unwrap()
            .write(git2::ObjectType::Commit, content.as_bytes())
            .unwrap()
    }

    fn signed(&self, content: &str, signature: &str) -> Oid {
        self.git.commit_signed(content, signature, None).unwrap()
    }

    fn id(&self, oid: Oid) -> CommitId {
        self.open().resolve(&oid.to_string()).unwrap()
    }

    fn verify(&self, oid: Oid, keys: &[TrustedKey]) -> Verification {
        self.open().verify_commit(self.id(oid), keys).unwrap()
    }
}

#[test]
fn a_branch_gains_its_own_commits_and_merges_but_not_what_was_merged() {
    let fixture = Fixture::new();
    let root = fixture.commit("root", &[]);
    let one = fixture.commit("one", &[root]);
    let side = fixture.commit("side", &[root]);
    let more = fixture.commit("more", &[side]);
    let merge = fixture.commit("merge", &[one, more]);
    let last = fixture.commit("last", &[merge]);
    let repository = fixture.open();
    let id = |oid| fixture.id(oid);
    let gained = |after: Option<Oid>, to, most| {
        let commits = repository.first_parents(after.map(id), id(to), most);
        commits.map(|commits| commits.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let texts = |oids: &[Oid]| oids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(gained(Some(root), last, 9).unwrap(), texts(&[one, merge, last]));
    assert_eq!(gained(Some(last), last, 9).unwrap(), texts(&[]));
    assert_eq!(gained(None, last, 9).unwrap(), texts(&[last]));
    // A merge whose parents are turned round: `one` was applied, and is the second parent now.
    let turned = fixture.commit("turned", &[more, one]);
    assert_eq!(
        gained(Some(one), turned, 9).unwrap(),
        texts(&[side, more, turned])
    );
    assert_eq!(gained(Some(root), last, 3).unwrap().len(), 3);
    let error = gained(Some(root), last, 2).unwrap_err();
    assert!(matches!(error, Error::TooManyCommits { limit: 2, .. }), "{error}");

    for (descendant, ancestor, expected) in [
        (last, root, true),
        (last, more, true),
        (last, last, true),
        (root, last, false),
        (one, side, false),
    ] {
        let is = repository
            .is_descended_from(id(descendant), id(ancestor))
            .unwrap();
        assert_eq!(is, expected, "{descendant} from {ancestor}");
    }

    let commit = repository.commit(id(merge)).unwrap();
    assert_eq!(commit.parents, [id(one), id(more)]);
    assert_eq!(
        (&*commit.author.email, commit.author.seconds),
        ("ana@example.com", 1_795_600_000)
    );
    assert_eq!(commit.message, "merge");
}

#[test]
fn where_history_is_cut_off_nobody_can_say() {
    let fixture = Fixture::new();
    let root = fixture.commit("root", &[]);
    let middle = fixture.commit("middle", &[root]);
    let last = fixture.commit("last", &[middle]);
    let (root, last) = (fixture.id(root), fixture.id(last));
    let hex = middle.to_string();
    std::fs::remove_file(
        fixture
            .folder
            .path()
            .join("objects")
            .join(&hex[..2])
            .join(&hex[2..]),
    )
    .unwrap();
    let repository = fixture.open();
    let error = repository.is_descended_from(last, root).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    let error = repository.first_parents(Some(root), last, 9).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
}

fn private(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn public(key: &PrivateKey) -> String {
    key.public_key().to_openssh().unwrap()
}

fn trusted(name: &str, key: &PrivateKey, email: Option<&str>) -> TrustedKey {
    TrustedKey::ssh(name, &public(key), email).unwrap()
}

fn sign(key: &PrivateKey, namespace: &str, content: &str) -> String {
    let signature = key.sign(namespace, HashAlg::Sha512, content.as_bytes()).unwrap();
    signature.to_pem(LineEnding::LF).unwrap()
}

#[test]
fn only_a_trusted_key_over_this_content_made_for_git_counts() {
    let fixture = Fixture::new();
    let (ana, ben) = (private(1), private(2));
    let keys = [trusted("ana-laptop", &ana, None)];
    let content = fixture.content("change", &[]);

    let good = fixture.signed(&content, &sign(&ana, "git", &content));
    let fingerprint = ana.fingerprint(HashAlg::Sha256).to_string();
    assert_eq!(
        fixture.verify(good, &keys),
        Verification::Trusted {
            key: "ana-laptop".to_owned(),
            fingerprint
        }
    );
    let refused = |oid, keys: &[TrustedKey]| match fixture.verify(oid, keys) {
        Verification::Refused(refusal) => refusal,
        trusted @ Verification::Trusted { .. } => panic!("{trusted:?}"),
    };
    assert_eq!(refused(fixture.commit("change", &[]), &keys), Refusal::Unsigned);
    let fingerprint = ben.fingerprint(HashAlg::Sha256).to_string();
    let by_ben = fixture.signed(&content, &sign(&ben, "git", &content));
    assert_eq!(refused(by_ben, &keys), Refusal::UnknownKey { fingerprint });
    assert_eq!(
        refused(fixture.signed(&content, &sign(&ana, "file", &content)), &keys),
        Refusal::OtherUse {
            namespace: "file".to_owned()
        }
    );
    let other = fixture.content("another change", &[]);
    let key = "ana-laptop".to_owned();
    assert_eq!(
        refused(fixture.signed(&other, &sign(&ana, "git", &content)), &keys),
        Refusal::OtherContent { key }
    );
    let pgp = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----";
    assert_eq!(refused(fixture.signed(&content, pgp), &keys), Refusal::OtherForm);
    let cut = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----";
    assert!(matches!(
        refused(fixture.signed(&content, cut), &keys),
        Refusal::Damaged { .. }
    ));
    assert!(matches!(refused(good, &[]), Refusal::UnknownKey { .. }));
}

#[test]
fn a_key_with_an_address_counts_for_the_committer_with_that_address() {
    let fixture = Fixture::new();
    let ana = private(1);
    let content = fixture.content("change", &[]);
    let commit = fixture.signed(&content, &sign(&ana, "git", &content));
    let ben = trusted("ben", &ana, Some("ben@example.com"));
    let Verification::Refused(refusal) = fixture.verify(commit, std::slice::from_ref(&ben)) else {
        panic!("it counts for somebody else")
    };
    let text = refusal.to_string();
    assert!(
        text.contains("ben@example.com") && text.contains("ana@example.com"),
        "{text}"
    );
    let both = [ben, trusted("ana", &ana, Some("Ana@example.com"))];
    assert!(matches!(
        fixture.verify(commit, &both),
        Verification::Trusted { key, .. } if key == "ana"
    ));
}

#[test]
fn what_is_no_key_and_what_cannot_be_verified_is_no_trusted_key() {
    let ecdsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc= x";
    for text in ["", "ssh-ed25519 AAAA", ecdsa] {
        let error = TrustedKey::ssh("laptop", text, None).unwrap_err();
        assert!(error.to_string().contains("\"laptop\""), "{error}");
    }
}

/// Git with nothing of the machine and the user.
fn git(folder: &Path, arguments: &[&str]) -> bool {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output();
    match output {
        Ok(output) if output.status.success() => true,
        Ok(output) => panic!("git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => false,
    }
}

#[test]
fn what_git_itself_has_signed_counts() {
    let has = |program: &str| Command::new(program).arg("-?").output().is_ok();
    if !has("git") || !has("ssh-keygen") {
        eprintln!("skipped: what_git_itself_has_signed_counts: needs git and ssh-keygen");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ana = private(3);
    let key = folder.path().join("key");
    ana.write_openssh_file(&key, LineEnding::LF).unwrap();
    let settings = [
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@example.com",
        "-c",
        "gpg.format=ssh",
    ];
    let signing = format!("user.signingKey={}", key.display());
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    for (message, sign) in [("signed", "--gpg-sign"), ("plain", "--no-gpg-sign")] {
        let commit = ["commit", "--quiet", "--allow-empty", "--message", message, sign];
        let arguments: Vec<&str> = settings
            .iter()
            .copied()
            .chain(["-c", &signing])
            .chain(commit)
            .collect();
        git(&work, &arguments);
    }
    let repository = Repository::open(&work).unwrap();
    let keys = [trusted("ana", &ana, Some("ana@example.com"))];
    let verify = |revision: &str| {
        let id = repository.resolve(revision).unwrap();
        repository.verify_commit(id, &keys).unwrap()
    };
    assert!(matches!(verify("main~1"), Verification::Trusted { .. }));
    assert_eq!(verify("main"), Verification::Refused(Refusal::Unsigned));
}
