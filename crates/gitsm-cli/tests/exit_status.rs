//! What the shell sees of the `gitsm` binary.

use std::process::Command;

/// Exit status, standard output and standard error of a command line.
fn gitsm(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gitsm"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_new_manifest_that_cannot_be_written_is_no_manifest() {
    for (arguments, helpful) in [
        (["new", "chnage", "db-16"], "did you mean Change?"),
        (["new", "change", "DB_16"], "lower-case letters, digits and `-`"),
        (["new", "change", "--list"], "cannot be used with"),
    ] {
        let (status, out, error) = gitsm(&arguments);
        assert_eq!(status, Some(2), "{arguments:?}");
        assert_eq!(out, "", "{arguments:?}");
        assert!(error.contains(helpful), "{arguments:?}: {error}");
    }
}

#[test]
fn a_new_manifest_goes_to_standard_output() {
    let (status, out, _) = gitsm(&["new", "change", "db-16"]);
    assert_eq!(status, Some(0));
    assert!(
        out.starts_with("apiVersion: gitsm.dev/v1alpha1\nkind: Change\n"),
        "{out}"
    );
}
