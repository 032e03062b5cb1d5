//! What `gitsm` makes of folders and repositories that mean no good.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its folder has failed"
)]

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const GITSM: &str = env!("CARGO_BIN_EXE_gitsm");
const GOOD: &str =
    "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Team 7\n";
const POLICY: &str = "apiVersion: gitsm.dev/v1alpha1\nkind: RecordPolicy\nmetadata:\n  name: names\nspec:\n  match:\n    kinds: [Team]\n  rules:\n    - id: no-numbers\n      expression: \"!object.spec.displayName.matches('[0-9]')\"\n      message: no numbers\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn gitsm(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(GITSM);
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs git apart from the settings of the machine.
fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "x"]);
}

fn broken() -> String {
    GOOD.replace("displayName", "displayNmae")
}

#[test]
fn a_hidden_file_is_judged_and_only_gitignore_leaves_files_out() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (".hidden/t.yaml", &broken()),
            (".ignore", "*\n"),
            ("good.yaml", GOOD),
        ],
    );
    let output = gitsm(folder.path(), &["validate", "--format=concise"]);
    assert_eq!(output.status.code(), Some(1));
    let found = text(&output.stdout);
    assert!(found.contains(".hidden/t.yaml:"), "{found}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_neither_waited_for_nor_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("good.yaml", GOOD)]);
    let pipe = folder.path().join("pipe.yaml");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    for arguments in [["validate", "."], ["validate", "pipe.yaml"]] {
        let output = gitsm(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains("pipe.yaml: it is no regular file"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn two_names_that_print_alike_are_not_one_file() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    for name in [b"x\xff.yaml", b"x\xfe.yaml"] {
        let name = std::ffi::OsStr::from_bytes(name);
        fs::write(folder.path().join(name), GOOD).unwrap();
    }
    let output = gitsm(folder.path(), &["validate"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("its name is not UTF-8"));
}

#[cfg(unix)]
#[test]
fn links_that_lead_upwards_are_not_walked_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    for link in ["a/one", "a/two", "a/three"] {
        std::os::unix::fs::symlink("..", folder.path().join(link)).unwrap();
    }
    let output = gitsm(folder.path(), &["policy", "test", "."]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_reader_that_has_seen_enough_does_not_turn_findings_into_success() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..400 {
        write(folder.path(), &[(&format!("{number}.yaml"), &broken())]);
    }
    let mut child = Command::new(GITSM)
        .arg("validate")
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // More is written than a pipe holds, so the rest meets a closed one.
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_range_reads_the_policies_of_the_settings_from_its_commits() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    git(folder, &["init", "--quiet"]);
    write(
        folder,
        &[("gitsm.yaml", "policies: [rules]\n"), ("rules/p.yaml", POLICY)],
    );
    write(folder, &[("services/README", "")]);
    commit(folder);
    // The change breaks the policy and takes its teeth, in the commit and so in the working tree.
    let toothless = POLICY.replace("\"!object.spec.displayName.matches('[0-9]')\"", "\"true\"");
    write(folder, &[("services/t.yaml", GOOD), ("rules/p.yaml", &toothless)]);
    commit(folder);
    let output = gitsm(
        folder,
        &["validate", "services", "--base=HEAD~1", "--format=concise"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let found = text(&output.stdout);
    assert!(found.contains("GS501/names/no-numbers"), "{found}");
}

#[test]
fn a_large_file_of_another_tool_does_not_stop_a_range() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    git(folder, &["init", "--quiet"]);
    let lock = "a: b\n".repeat(1024 * 1024);
    write(folder, &[("good.yaml", GOOD), ("lock.yaml", &lock)]);
    commit(folder);
    write(folder, &[("good.yaml", &broken())]);
    commit(folder);
    let output = gitsm(folder, &["validate", "--base=HEAD~1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}
