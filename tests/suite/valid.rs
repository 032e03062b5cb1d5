//! Manifests that are right, if unusual: nothing is found, and everything is accounted for.

use crate::support::{copy_tree, gitsm, root};
use std::fs;
use std::path::Path;

/// Judges a folder; what is asked for is its closing lines.
fn closing(folder: &Path, path: &str) -> String {
    let run = gitsm(
        folder,
        &[
            "validate",
            "--color=never",
            "--fail-on=note",
            "--at=2027-01-01T00:00:00Z",
            path,
        ],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{path}: {run}");
    run.stdout
}

#[test]
fn each_file_is_clean() {
    let data = root().join("tests/data/valid");
    let mut files: Vec<_> = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.is_file());
    files.sort();
    let shown: String = files
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .map(|name| format!("{name}\n{}\n", closing(&data, name)))
        .collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_not_ours_is_counted_and_left_alone() {
    let data = root().join("tests/data/valid");
    insta::assert_snapshot!(closing(&data, "foreign"));
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let data = root().join("tests/data/valid");
    let folder = tempfile::tempdir().unwrap();
    copy_tree(&data, folder.path());
    for name in [
        "scalars.yaml",
        "unicode.yaml",
        "times.yaml",
        "beside-others.yaml",
        "list.json",
    ] {
        let path = folder.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        let plain = closing(folder.path(), name);
        for (change, changed) in [
            ("CRLF", text.replace('\n', "\r\n")),
            ("BOM", format!("\u{feff}{text}")),
            ("both", format!("\u{feff}{}", text.replace('\n', "\r\n"))),
            ("no last line end", text.trim_end().to_owned()),
        ] {
            fs::write(&path, changed).unwrap();
            assert_eq!(closing(folder.path(), name), plain, "{name} with {change}");
        }
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn the_whole_folder_is_clean_too() {
    let run = gitsm(
        &root().join("tests/data/valid"),
        &["validate", "--fail-on=note", "--color=never"],
    );
    assert_eq!(run.code, 0, "{run}");
}
