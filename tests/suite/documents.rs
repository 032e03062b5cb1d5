//! What the documents show is what happens: their sessions are run as they stand, and the CI snippets too.
//!
//! Sessions use a shell (`cp`, `sed`, `git`, `head`), which tools for testing console blocks do not run.

use crate::support::{copy_tree, git, gitsm, gitsm_path, hermetic, root};
use gitsm_check::yaml;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The documents that people write, relative to the root.
fn documents() -> Vec<String> {
    let mut found = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let pages = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"));
        found.extend(pages.map(|name| format!("{folder}/{name}")));
    }
    found.sort();
    found
}

/// The fenced blocks of a language in a Markdown file.
fn blocks(file: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(opened) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if opened == language {
                found.push(format!("{}\n", body.join("\n")));
            }
        }
    }
    found
}

/// The kubectl that `KUBECTL` names, else that of the search path.
fn kubectl() -> Option<PathBuf> {
    let named = std::env::var_os("KUBECTL").map(PathBuf::from);
    named.or_else(|| {
        std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|folder| folder.join("kubectl"))
            .find(|path| path.is_file())
    })
}

/// A shell in a folder, with `gitsm` and kubectl, if there is one, in its path.
fn shell(folder: &Path, script: &str) -> String {
    let tools = tempfile::tempdir().unwrap();
    if let Some(kubectl) = kubectl() {
        std::os::unix::fs::symlink(kubectl, tools.path().join("kubectl")).unwrap();
    }
    let path = std::env::join_paths(
        [gitsm_path().parent().unwrap().to_owned(), tools.path().to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = hermetic("bash", folder)
        .env("PATH", path.unwrap())
        .args(["-c", script])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{script}");
    String::from_utf8(output.stdout).unwrap()
}

/// What differs from run to run, with the release of the time zones or with any byte of the examples, left out.
fn settled(text: &str) -> String {
    const DIFFERING: [&str; 3] = ["Judged as of ", "Time zones by tz database ", "Estate: commit "];
    text.lines()
        .map(without_numbers)
        .map(|line| {
            let differing = DIFFERING.iter().find(|start| line.starts_with(**start));
            match (differing, line.split_once("sha256:")) {
                (Some(start), _) => format!("{start}...\n"),
                (None, Some((before, _))) => format!("{before}sha256:...\n"),
                (None, None) => format!("{line}\n"),
            }
        })
        .collect()
}

/// Ports, processes, commits and ages.
fn without_numbers(line: &str) -> String {
    let mut line = line.to_owned();
    for marker in ["127.0.0.1:", "objects of commit ", "stopped: process "] {
        if let Some((before, after)) = line.split_once(marker) {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            line = format!("{before}{marker}...{rest}");
        }
    }
    match line.rsplit_once("   ") {
        Some((before, age)) if is_age(age) => format!("{before}   ..."),
        _ => line,
    }
}

/// `5s`, `1m2s`
fn is_age(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with('s')
        && text.chars().all(|c| c.is_ascii_digit() || c == 'm' || c == 's')
}

/// Runs the `console` blocks of a document one after the other, where `examples` and `policies` lie, and compares what
/// happens with what is shown.
fn session_happens_as_written(file: &str, blocks: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    for part in ["examples", "policies"] {
        copy_tree(&root().join(part), &folder.path().join(part));
    }
    // Any free port: the usual one may be in use.
    let data = folder.path().join(".local/share/gitsm");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("version"), "1\n").unwrap();
    fs::write(data.join("settings.json"), r#"{"listen":"127.0.0.1:0"}"#).unwrap();
    let uses_kubectl = |block: &String| block.contains("kubectl ") || block.contains("gitsm down");
    let (skipped, blocks): (Vec<&String>, Vec<&String>) = blocks
        .iter()
        .partition(|block| kubectl().is_none() && uses_kubectl(block));
    if !skipped.is_empty() {
        println!(
            "skipped: {} sessions of {file}: there is no kubectl; name one in KUBECTL",
            skipped.len()
        );
    }
    let shown: String = blocks.into_iter().map(String::as_str).collect();
    let mut script = String::new();
    for command in shown.lines().filter_map(|line| line.strip_prefix("$ ")) {
        writeln!(
            script,
            "printf '$ %s\\n' {}\n{{ {command}\n}} 2>&1",
            quoted(command)
        )
        .unwrap();
    }
    let home = folder.path().to_str().unwrap();
    let happened = shell(folder.path(), &script).replace(home, "/home/jane");
    assert_eq!(
        settled(&happened),
        settled(&shown),
        "{file} shows what does not happen:\n{happened}"
    );
}

#[test]
fn the_session_of_the_readme_happens_as_written() {
    let blocks = blocks("README.md", "console");
    assert!(blocks.len() >= 4);
    session_happens_as_written("README.md", &blocks);
}

#[test]
fn the_sessions_of_the_other_documents_happen_as_written() {
    let mut ran = 0;
    for file in documents().iter().filter(|file| *file != "README.md") {
        let blocks = blocks(file, "console");
        if !blocks.is_empty() {
            session_happens_as_written(file, &blocks);
            ran += 1;
        }
    }
    assert!(ran >= 4, "only {ran} documents");
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Every line of a snippet that calls `gitsm`.
fn commands(snippet: &str) -> Vec<String> {
    let lines = snippet
        .lines()
        .map(|line| line.trim_start().trim_start_matches("- "));
    let called = lines.map(|line| {
        line.strip_prefix("run: ")
            .or(line.strip_prefix("entry: "))
            .unwrap_or(line)
    });
    called
        .filter(|line| line.starts_with("gitsm "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_snippets_for_ci_are_yaml_and_their_commands_run() {
    let snippets = blocks("docs/ci.md", "yaml");
    assert!(snippets.len() >= 4);
    let team = "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata: {name: payments}\nspec: {displayName: Payments}\n";
    let place = tempfile::tempdir().unwrap();
    let origin = place.path().join("origin");
    fs::create_dir(&origin).unwrap();
    fs::write(origin.join("team.yaml"), team).unwrap();
    git(&origin, &["init", "--quiet", "--initial-branch=main"]);
    git(&origin, &["add", "."]);
    git(&origin, &["commit", "--quiet", "--message=First"]);
    let url = format!("file://{}", origin.display());
    let base = git(&origin, &["rev-parse", "HEAD"]);

    let mut ran = 0;
    for snippet in &snippets {
        let read = yaml::read(snippet.as_bytes(), &yaml::Limits::default());
        assert!(
            !read.problems.iter().any(yaml::Problem::is_error),
            "{snippet}\n{:?}",
            read.problems
        );
        for command in commands(snippet) {
            for (addition, code) in [
                ("  # fine\n", 0),
                ("---\n{apiVersion: gitsm.dev/v1alpha1, kind: Taem}\n", 1),
            ] {
                let clone = tempfile::tempdir().unwrap();
                git(clone.path(), &["clone", "--quiet", &url, "."]);
                fs::write(clone.path().join("team.yaml"), format!("{team}{addition}")).unwrap();
                git(clone.path(), &["commit", "--quiet", "--all", "--message=Second"]);
                let script = format!(
                    "BASE=main CI_MERGE_REQUEST_DIFF_BASE_SHA={base}\n{command} 2>&1\necho \"status $?\""
                );
                let output = shell(clone.path(), &script);
                assert!(
                    output.ends_with(&format!("status {code}\n")),
                    "{command}\n{output}"
                );
                ran += 1;
            }
        }
    }
    assert!(ran >= 8, "only {ran} runs");
}

#[test]
fn what_the_documents_link_to_is_there() {
    for file in documents() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let folder = root().join(&file).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(
                link.starts_with("https://") || folder.join(link).exists(),
                "{file} links to {link}"
            );
        }
    }
    let help = gitsm(root(), &["--help"]);
    assert_eq!(help.code, 0, "{help}");
}
