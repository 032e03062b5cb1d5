//! Broken manifests: each case shows one rule, and what a reader sees of it.
//!
//! A case is a file of `data/invalid/`, named by the rule and by what is wrong; a folder where it takes several
//! files, `base/` and `head/` where it takes a history; or one of [`BUILT`], where git or an editor would not keep
//! it. `arguments` in a folder holds further arguments, one a line.

use crate::support::{Run, copy_tree, git, gitsm, root};
use gitsm_check::rules;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The instant at which everything is judged.
const AT: &str = "2027-01-01T00:00:00Z";

/// Cases that come to more than one finding, and how many: each is wrong in two places.
const SEVERAL: &[(&str, usize)] = &[("gs105-alias", 2)];

/// Cases whose point is what becomes of another finding: that finding's rule.
const BESIDE: &[(&str, &str)] = &[("gs503-refused", "GS301")];

/// Puts a case into an empty folder.
type Builder = fn(&Path);

/// Cases that are made by the test: their names, and what puts them into an empty folder.
const BUILT: &[(&str, Builder)] = &[
    ("gs102-control-character", |folder| {
        write(folder, "team.yaml", TEAM.replace("Payments", "Pay\u{7}ments"));
    }),
    ("gs102-latin-1", |folder| {
        write(
            folder,
            "team.yaml",
            [TEAM.as_bytes(), b"  description: B\xfcro\n"].concat(),
        );
    }),
    ("gs102-utf-16", |folder| {
        let text: Vec<u8> = "\u{feff}"
            .chars()
            .chain(TEAM.chars())
            .flat_map(|character| (character as u16).to_le_bytes())
            .collect();
        write(folder, "team.yaml", text);
    }),
    ("gs103-too-large", |folder| {
        write(
            folder,
            "team.yaml",
            format!("{TEAM}#{}\n", "x".repeat(1024 * 1024)),
        );
    }),
    ("gs103-too-many-documents", |folder| {
        let documents = (0..101).map(|number| TEAM.replace("payments", &format!("team-{number}")));
        write(folder, "teams.yaml", documents.collect::<Vec<_>>().join("---\n"));
    }),
    ("gs110-symbolic-link", |folder| {
        write(folder, "team.yaml", TEAM);
        std::os::unix::fs::symlink("/etc/hostname", folder.join("shared.yaml")).unwrap();
    }),
    ("gs111-submodule", |folder| {
        write(folder, "team.yaml", TEAM);
        git(folder, &["init", "--quiet", "--initial-branch=main"]);
        git(folder, &["add", "team.yaml"]);
        let commit = "6f0d5b1c8e9a47324b7c1d0e5f8a9b3c2d4e6f71";
        let entry = format!("160000,{commit},vendor/policies");
        git(folder, &["update-index", "--add", "--cacheinfo", &entry]);
        git(folder, &["commit", "--quiet", "--message=A submodule"]);
    }),
    ("gs113-too-deep", |folder| {
        let deep = folder.join(["d"; 16].join("/"));
        fs::create_dir_all(&deep).unwrap();
        write(&deep, "team.yaml", TEAM);
    }),
    ("gs114-backslash", |folder| {
        write(folder, "policies\\approval.yaml", TEAM);
    }),
    ("gs114-right-to-left", |folder| {
        write(folder, "team-\u{202e}lmay.yaml", TEAM);
    }),
    ("gs115-case-twins", |folder| {
        write(folder, "Payments.yaml", TEAM);
        write(folder, "payments.yaml", "# the other one\n");
    }),
];

const TEAM: &str = "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n";

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(folder.join(name), content).unwrap();
}

fn data() -> PathBuf {
    root().join("tests/data/invalid")
}

/// The names of all cases, without endings, in order.
fn cases() -> BTreeSet<String> {
    let files = fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path());
    let kept = files.map(|path| path.file_stem().and_then(OsStr::to_str).unwrap().to_owned());
    kept.chain(BUILT.iter().map(|(name, _)| (*name).to_owned()))
        .collect()
}

/// `gs301-parent-team-missing` is about GS301.
fn rule_of(case: &str) -> String {
    case.split('-').next().unwrap().to_uppercase()
}

/// A folder with the case in it, and the arguments that judge it.
fn set_up(case: &str) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let file = data().join(format!("{case}.yaml"));
    let kept = data().join(case);
    let mut arguments = vec![".".to_owned()];
    if let Some((_, build)) = BUILT.iter().find(|(name, _)| *name == case) {
        build(path);
        if path.join(".git").is_dir() {
            arguments = vec!["--head=HEAD".to_owned()];
        }
    } else if file.is_file() {
        arguments = vec![format!("{case}.yaml")];
        fs::copy(&file, path.join(&arguments[0])).unwrap();
    } else if kept.join("base").is_dir() {
        git(path, &["init", "--quiet", "--initial-branch=main"]);
        for side in ["base", "head"] {
            for old in fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|old| old.is_file())
            {
                fs::remove_file(old).unwrap();
            }
            copy_tree(&kept.join(side), path);
            git(path, &["add", "--all"]);
            git(path, &["commit", "--quiet", "--message", side]);
            if side == "base" {
                git(path, &["checkout", "--quiet", "-b", "change"]);
            }
        }
        arguments = vec!["--base=main".to_owned()];
    } else {
        copy_tree(&kept, path);
        if let Ok(more) = fs::read_to_string(path.join("arguments")) {
            arguments.extend(more.lines().map(str::to_owned));
            fs::remove_file(path.join("arguments")).unwrap();
        }
    }
    (folder, arguments)
}

fn judge(folder: &Path, arguments: &[String], format: &str) -> Run {
    let fixed = ["validate", "--color=never", "--at", AT, "--format", format];
    let all: Vec<&str> = fixed
        .into_iter()
        .chain(arguments.iter().map(String::as_str))
        .collect();
    gitsm(folder, &all)
}

/// Checks the findings of a case and gives what a reader sees.
fn look_at(case: &str) -> Result<String, String> {
    let (folder, arguments) = set_up(case);
    let shown = judge(folder.path(), &arguments, "human");
    let report = judge(folder.path(), &arguments, "json");
    let report: serde_json::Value =
        serde_json::from_str(&report.stdout).map_err(|error| format!("{case}: {error}\n{report}"))?;

    let about = rule_of(case);
    let Some(rule) = rules::find(&about) else {
        return Err(format!("{case}: there is no rule {about}"));
    };
    let beside = BESIDE
        .iter()
        .find(|(name, _)| *name == case)
        .map(|(_, rule)| *rule);
    let (mut own, mut errors) = (0, 0);
    for finding in report["findings"].as_array().unwrap() {
        let (id, level) = (
            finding["rule"].as_str().unwrap(),
            finding["level"].as_str().unwrap(),
        );
        let code = id.split('/').next().unwrap();
        errors += usize::from(level == "error");
        if code == about {
            own += 1;
            // The level of a policy's finding follows from the policy.
            if level != rule.level.as_str() && about != "GS501" {
                return Err(format!("{case}: {id} is reported as {level}\n{shown}"));
            }
        } else if beside != Some(code) {
            return Err(format!("{case}: {id} is reported beside {about}\n{shown}"));
        }
    }
    let expected = SEVERAL
        .iter()
        .find(|(name, _)| *name == case)
        .map_or(1, |(_, count)| *count);
    if own != expected {
        return Err(format!(
            "{case}: {own} findings of {about}, not {expected}\n{shown}"
        ));
    }
    if shown.code != i32::from(errors > 0) {
        return Err(format!(
            "{case}: exit status {} with {errors} errors\n{shown}",
            shown.code
        ));
    }
    let mut text = format!("exit status: {}\n", shown.code);
    text.push_str(&shown.stdout);
    if !shown.stderr.is_empty() {
        text.push_str("--- stderr\n");
        text.push_str(&shown.stderr);
    }
    Ok(text)
}

/// Judges all cases of a group of rules, and tells all that fail.
fn group(prefix: &str) {
    let cases: Vec<String> = cases()
        .into_iter()
        .filter(|case| case.starts_with(prefix))
        .collect();
    assert!(!cases.is_empty(), "no case of {prefix}");
    let mut failures = Vec::new();
    for case in cases {
        match look_at(&case) {
            Ok(text) => {
                let mut settings = insta::Settings::clone_current();
                settings.set_snapshot_path("snapshots/invalid");
                settings.set_prepend_module_to_snapshot(false);
                settings.set_omit_expression(true);
                // A commit's id is not ours to show.
                let text = masked(&text);
                settings.bind(|| insta::assert_snapshot!(case.as_str(), text));
            }
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The text with commit ids replaced: they depend on the version of git's defaults.
fn masked(text: &str) -> String {
    text.lines()
        .map(|line| match line.split_once(" at revision ") {
            Some((before, _)) => format!("{before} at revision [id]\n"),
            None => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn text_and_trees() {
    group("gs1");
}

#[test]
fn objects() {
    group("gs2");
}

#[test]
fn references() {
    group("gs3");
}

#[test]
fn meaning() {
    group("gs4");
}

#[test]
fn policies_and_comments() {
    group("gs5");
}

#[test]
fn every_rule_has_a_case() {
    let explained = gitsm(root(), &["explain"]);
    assert_eq!(explained.code, 0, "{explained}");
    let shown: BTreeSet<String> = cases().iter().map(|case| rule_of(case)).collect();
    let missing: Vec<&str> = explained
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|rule| !shown.contains(*rule))
        .collect();
    assert!(
        missing.is_empty(),
        "no case under tests/data/invalid for {}",
        missing.join(", ")
    );
    assert!(explained.stdout.lines().count() >= 30, "{explained}");
}
