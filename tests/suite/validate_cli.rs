//! `gitsm validate` as it is used: exit codes, formats, settings, ranges of commits.

use crate::support::{Run, git, gitsm, gitsm_path, gitsm_with_input, hermetic, root};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const FORMATS: [&str; 7] = ["human", "concise", "json", "sarif", "github", "gitlab", "junit"];
const AT: &str = "--at=2027-01-01T00:00:00Z";

const PAYMENTS: &str = "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n";
const CHECKOUT: &str = "apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
";
/// A window that freezes nothing: a warning, GS404.
const FREEZE: &str = "apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  selector:
    tiers: [1]
  timeZone: Europe/Berlin
  interval:
    start: \"2027-12-15T00:00:00+01:00\"
    end: \"2028-01-03T00:00:00+01:00\"
  reason: The shop earns a third of its year
";

/// A folder that is removed afterwards.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    /// A folder that is a git repository with the files in its first commit.
    fn repository(files: &[(&str, &str)]) -> Self {
        let folder = Self::new(files);
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
        folder.commit("First");
        git(folder.path(), &["checkout", "--quiet", "-b", "change"]);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    fn commit(&self, message: &str) {
        git(self.path(), &["add", "--all"]);
        git(
            self.path(),
            &["commit", "--quiet", "--allow-empty", "--message", message],
        );
    }

    fn validate(&self, arguments: &[&str]) -> Run {
        let all: Vec<&str> = ["validate", AT, "--color=never"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        gitsm(self.path(), &all)
    }

    /// The rules of the findings, in order.
    fn rules(&self, arguments: &[&str]) -> Vec<String> {
        let run = self.validate(&[arguments, &["--format=json"]].concat());
        assert_ne!(run.code, 2, "{run}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| finding["rule"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Every file and its content.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn visit(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    visit(&path, found);
                } else {
                    let content = fs::read(&path).unwrap();
                    found.insert(path, content);
                }
            }
        }
        let mut found = BTreeMap::new();
        visit(self.path(), &mut found);
        found
    }
}

/// Asserts that the run could not be done, said why on standard error, and printed no data.
fn cannot_run(run: &Run, why: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    assert!(run.stderr.starts_with("error"), "{run}");
    assert!(run.stderr.contains(why), "expected {why:?}: {run}");
}

#[test]
fn the_exit_status_is_the_same_in_every_format() {
    let clean = Folder::new(&[("a.yaml", PAYMENTS)]);
    let broken = Folder::new(&[("a.yaml", CHECKOUT)]);
    let empty = Folder::new(&[("a.yaml", "a: 1\n")]);
    for format in FORMATS {
        for (folder, code) in [(&clean, 0), (&broken, 1), (&empty, 2)] {
            let run = folder.validate(&["--format", format]);
            assert_eq!(run.code, code, "{format}: {run}");
            // Standard error is for what ended a run.
            assert_eq!(run.stderr.is_empty(), code != 2, "{format}: {run}");
        }
    }
}

#[test]
fn machine_formats_hold_nothing_but_data() {
    for files in [
        [("a.yaml", PAYMENTS), ("b.yaml", FREEZE)],
        [("a.yaml", CHECKOUT), ("b.yaml", "a: {\n")],
    ] {
        let folder = Folder::new(&files);
        for format in ["json", "sarif", "gitlab"] {
            let run = folder.validate(&["--format", format]);
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&run.stdout);
            assert!(parsed.is_ok(), "{format}: {run}");
        }
        let junit = folder.validate(&["--format=junit"]);
        let document = roxmltree::Document::parse(&junit.stdout).unwrap();
        assert_eq!(document.root_element().tag_name().name(), "testsuites", "{junit}");
        let github = folder.validate(&["--format=github"]);
        let commands = github
            .stdout
            .lines()
            .filter(|line| line.starts_with("::"))
            .count();
        let concise = folder.validate(&["--format=concise"]);
        assert_eq!(commands, concise.stdout.matches("[GS").count(), "{github}");
    }
}

#[test]
fn nothing_to_judge_is_an_error_that_says_so() {
    let folder = Folder::new(&[
        ("other.yaml", "apiVersion: v1\nkind: Service\n"),
        ("sub/x.txt", ""),
    ]);
    cannot_run(
        &folder.validate(&[]),
        "nothing to judge in this folder: 1 file read",
    );
    cannot_run(
        &folder.validate(&["other.yaml"]),
        "nothing to judge in other.yaml: 1 file read",
    );
    cannot_run(
        &folder.validate(&["sub"]),
        "nothing to judge in sub: 0 files read",
    );
    let input = gitsm_with_input(folder.path(), &["validate", "-"], b"");
    cannot_run(&input, "nothing to judge in -");
}

#[test]
fn a_range_without_our_files_is_clean() {
    let with = Folder::repository(&[("team.yaml", PAYMENTS), ("README", "x")]);
    let without = Folder::repository(&[("README", "x")]);
    for folder in [with, without] {
        folder.write("README", "y");
        folder.commit("Not about manifests");
        let run = folder.validate(&["--base=main"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        assert_eq!(
            run.stdout,
            "Nothing to judge: no gitsm resource changed since main\n"
        );
    }
}

#[test]
fn a_path_that_cannot_be_read_is_named() {
    let folder = Folder::new(&[("a.yaml", PAYMENTS)]);
    cannot_run(
        &folder.validate(&["a.yaml", "absent.yaml"]),
        "no such file or folder: absent.yaml",
    );
    cannot_run(&folder.validate(&["*.yml"]), "\"*.yml\" matches no file");
    cannot_run(&folder.validate(&["["]), "\"[\"");
    std::os::unix::fs::symlink("nowhere.yaml", folder.path().join("dangling.yaml")).unwrap();
    cannot_run(&folder.validate(&["dangling.yaml"]), "dangling.yaml");
    // A pipe that nobody writes to: opening it would hang.
    let pipe = folder.path().join("pipe.yaml");
    assert!(
        hermetic("mkfifo", folder.path())
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    cannot_run(&folder.validate(&["pipe.yaml"]), "pipe.yaml");
    folder.remove("dangling.yaml");
    // What it would say cannot be known, so nothing is said about the folder.
    cannot_run(&folder.validate(&["."]), "pipe.yaml");
}

#[test]
fn folders_may_be_named_by_any_way_that_leads_to_them() {
    let folder = Folder::new(&[("sub/a.yaml", PAYMENTS), ("sub/deeper/keep", "")]);
    let absolute = folder.path().join("sub");
    for paths in [
        &["sub"][..],
        &["./sub/"],
        &["sub", "sub"],
        &["sub", "./sub/a.yaml"],
        &["sub/deeper/.."],
        &[absolute.to_str().unwrap()],
        &["sub/*.yaml"],
    ] {
        let run = folder.validate(paths);
        assert_eq!(run.code, 0, "{paths:?}: {run}");
        assert!(
            run.stdout.starts_with("Found no problems in 1 document\n"),
            "{paths:?}: {run}"
        );
    }
    let from_below = gitsm(&absolute.join("deeper"), &["validate", AT, ".."]);
    assert_eq!(from_below.code, 0, "{from_below}");
}

#[test]
fn standard_input_is_judged_alone_and_its_limits_can_be_lifted() {
    let folder = Folder::new(&[]);
    let judge = |arguments: &[&str], input: &str| {
        let all: Vec<&str> = ["validate", AT, "--color=never", "-"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        gitsm_with_input(folder.path(), &all, input.as_bytes())
    };
    let run = judge(&[], PAYMENTS);
    assert_eq!(run.code, 0, "{run}");
    let run = judge(&[], CHECKOUT);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stdout.contains("--> <stdin>:8:10"), "{run}");

    let many: Vec<String> = (0..120)
        .map(|number| PAYMENTS.replace("payments", &format!("t{number}")))
        .collect();
    let many = many.join("---\n");
    assert_eq!(judge(&[], &many).code, 1);
    let run = judge(&["--max-documents=120"], &many);
    assert_eq!(run.code, 0, "{run}");
    let large = format!("{PAYMENTS}#{}\n", "x".repeat(1 << 20));
    assert_eq!(judge(&[], &large).code, 1);
    assert_eq!(judge(&["--max-bytes=2000000"], &large).code, 0);

    cannot_run(&judge(&["a.yaml"], PAYMENTS), "cannot be combined");
    cannot_run(&judge(&["--base=main"], PAYMENTS), "--base and --head");
    let files = Folder::new(&[("a.yaml", PAYMENTS)]);
    cannot_run(&files.validate(&["--max-documents=1000"]), "standard input only");
}

#[test]
fn anchors_are_accepted_where_that_is_asked_for() {
    let folder = Folder::new(&[(
        "a.yaml",
        "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata: {name: payments}\nspec: {displayName: &a Payments, description: *a}\n",
    )]);
    assert_eq!(folder.rules(&[]), ["GS105", "GS105"]);
    assert_eq!(folder.rules(&["--allow-anchors"]), [""; 0]);
}

#[test]
fn mistyped_options_are_refused_with_what_would_be_right() {
    let folder = Folder::new(&[("a.yaml", PAYMENTS)]);
    cannot_run(&folder.validate(&["--rule=GS999"]), "no rule \"GS999\"");
    cannot_run(&gitsm(folder.path(), &["validate", "--at=tomorrow"]), "--at");
    cannot_run(
        &folder.validate(&["--format=xml"]),
        "possible values: human, concise, json",
    );
    cannot_run(
        &folder.validate(&["--fail-on=fatal"]),
        "possible values: error, warning, note",
    );
    cannot_run(
        &folder.validate(&["--crd=a.yaml"]),
        "no CustomResourceDefinition in a.yaml",
    );
    cannot_run(
        &folder.validate(&["--policy=a.yaml"]),
        "no RecordPolicy in a.yaml",
    );
    cannot_run(&folder.validate(&["--base=main"]), "git repository");
}

#[test]
fn levels_decide_what_fails() {
    let folder = Folder::new(&[("a.yaml", PAYMENTS), ("b.yaml", CHECKOUT), ("c.yaml", FREEZE)]);
    assert_eq!(folder.rules(&[]), ["GS404"]);
    assert_eq!(folder.validate(&[]).code, 0);
    assert_eq!(folder.validate(&["--fail-on=warning"]).code, 1);
    assert_eq!(folder.validate(&["--fail-on=note"]).code, 1);
    assert_eq!(folder.rules(&["--rule=GS301"]), [""; 0]);
    assert_eq!(
        folder.rules(&["--rule=selector-matches-nothing", "--rule=gs301"]),
        ["GS404"]
    );
    let summary = folder.validate(&["--summary", "--fail-on=warning"]);
    assert_eq!(summary.code, 1, "{summary}");
    assert!(summary.stdout.contains("1 warning"), "{summary}");
    assert!(!summary.stdout.contains("GS404"), "{summary}");
    let summary = folder.validate(&["--summary", "--format=json"]);
    assert!(
        summary.stdout.contains("\"warnings\": 1") && summary.stdout.contains("\"findings\": []"),
        "{summary}"
    );
    cannot_run(
        &folder.validate(&["--summary", "--format=sarif"]),
        "--summary does not go with --format sarif",
    );
}

#[test]
fn comments_accept_findings() {
    let allowed = FREEZE.replace(
        "  selector:",
        "  # gitsm: allow GS404 tier 1 comes in March\n  selector:",
    );
    let folder = Folder::new(&[("a.yaml", PAYMENTS), ("b.yaml", CHECKOUT), ("c.yaml", &allowed)]);
    let run = folder.validate(&["--fail-on=note"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("Allowed GS404 at c.yaml:8 (1 finding): tier 1 comes in March"),
        "{run}"
    );

    folder.write("c.yaml", &allowed.replace(" tier 1 comes in March", ""));
    assert_eq!(folder.rules(&[]), ["GS503", "GS404"]);
    folder.write("c.yaml", &allowed.replace("[1]", "[4]"));
    folder.write("b.yaml", &format!("{CHECKOUT}  tier: 4\n"));
    assert_eq!(folder.rules(&[]), ["GS503"]);
    let refused = CHECKOUT.replace(
        "  owner: payments",
        "  owner: nobody # gitsm: allow GS301 we know",
    );
    folder.write("b.yaml", &refused);
    folder.write("c.yaml", FREEZE);
    assert_eq!(folder.rules(&["b.yaml"]), ["GS301", "GS503"]);
}

#[test]
fn settings_of_the_estate_apply_from_everywhere_in_it() {
    let folder = Folder::new(&[
        ("gitsm.yaml", "levels:\n  GS404: error\n"),
        ("a.yaml", PAYMENTS),
        ("b.yaml", CHECKOUT),
        ("windows/c.yaml", FREEZE),
    ]);
    assert_eq!(folder.validate(&[]).code, 1);
    let above = gitsm(
        folder.path().parent().unwrap(),
        &["validate", AT, folder.path().to_str().unwrap()],
    );
    assert_eq!(above.code, 1, "{above}");
    folder.write("gitsm.yaml", "levels:\n  GS404: off\n");
    assert_eq!(folder.rules(&[]), [""; 0]);
    folder.write("gitsm.yaml", "exclude: [windows/**]\n");
    assert_eq!(folder.rules(&[]), [""; 0]);
    folder.write("gitsm.yaml", "include: [windows/**]\n");
    assert!(
        folder
            .validate(&[])
            .stdout
            .starts_with("Found no problems in 1 document\n")
    );

    for (settings, why) in [
        ("level: {}\n", "level: is not a setting"),
        ("levels: {GS301: warning}\n", "cannot be lowered"),
        ("levels: {GS201: off}\n", "cannot be lowered"),
        ("levels: {GS998: off}\n", "is not a rule"),
        ("levels: {GS404: loud}\n", "is not a level"),
        ("include: ['[']\n", "include[0]"),
        ("a: 1\na: 2\n", "line 2"),
        ("[]\n", "must be a map"),
    ] {
        folder.write("gitsm.yaml", settings);
        let run = folder.validate(&[]);
        cannot_run(&run, why);
        assert!(run.stderr.contains("gitsm.yaml"), "{run}");
    }
}

#[test]
fn a_range_reports_what_it_introduces() {
    let broken = CHECKOUT.replace("owner: payments", "owner: nobody");
    let folder = Folder::repository(&[("a.yaml", PAYMENTS), ("old.yaml", &broken)]);
    assert_eq!(folder.rules(&[]), ["GS301"]);
    assert_eq!(
        folder.rules(&["--base=main"]),
        [""; 0],
        "what was there before is not the change's"
    );

    // Lines above it shift what was there before; it is still the same.
    folder.write("old.yaml", &format!("# one\n# two\n{broken}"));
    folder.write("new.yaml", &broken.replace("checkout", "basket"));
    folder.commit("Another");
    let run = folder.validate(&["--base=main", "--format=concise"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stdout.starts_with("new.yaml:8:10: error[GS301]"), "{run}");
    assert_eq!(run.stdout.matches("GS301").count(), 1, "{run}");
}

#[test]
fn a_range_judges_commits_and_not_the_working_tree() {
    let folder = Folder::repository(&[("a.yaml", PAYMENTS), ("b.yaml", CHECKOUT)]);
    folder.write("c.yaml", &CHECKOUT.replace("checkout", "basket"));
    folder.commit("A service");
    folder.write("a.yaml", "neither: [yaml\n");
    folder.write("b.yaml", &CHECKOUT.replace("payments", "nobody"));
    let run = folder.validate(&["--base=main"]);
    assert_eq!(run.code, 0, "{run}");
    let head = git(folder.path(), &["rev-parse", "HEAD"]);
    assert!(run.stdout.contains(&format!("at revision {head}")), "{run}");
    assert_eq!(folder.rules(&["--head=main"]), [""; 0]);
    assert_eq!(
        folder.validate(&[]).code,
        1,
        "without --base the working tree counts"
    );
}

#[test]
fn deleting_or_renaming_is_reported_where_the_references_stand() {
    let folder = Folder::repository(&[("team.yaml", PAYMENTS), ("b.yaml", CHECKOUT)]);
    folder.remove("team.yaml");
    folder.commit("Nobody needs the team");
    let run = folder.validate(&["--base=main", "--format=concise"]);
    assert!(run.stdout.starts_with("b.yaml:8:10: error[GS301]"), "{run}");

    folder.write("teams/pay.yaml", &PAYMENTS.replace("name: payments", "name: pay"));
    folder.commit("Renamed in another file");
    assert_eq!(folder.rules(&["--base=main"]), ["GS301"]);
    folder.write("teams/pay.yaml", PAYMENTS);
    folder.commit("Only moved");
    assert_eq!(folder.rules(&["--base=main"]), [""; 0]);
}

#[test]
fn transitions_are_judged_from_the_base() {
    let acceptance = "apiVersion: gitsm.dev/v1alpha1
kind: Acceptance
metadata: {name: hotfix, namespace: payments}
spec:
  repository: clusters
  revision: 6f0d5b1c8e9a47324b7c1d0e5f8a9b3c2d4e6f71
  reason: Applied by hand
---
apiVersion: gitsm.dev/v1alpha1
kind: Repository
metadata: {name: clusters}
spec: {url: \"https://git.example.com/acme/clusters.git\"}
";
    let folder = Folder::repository(&[("a.yaml", acceptance)]);
    folder.write("a.yaml", &acceptance.replace("by hand", "by Sven"));
    folder.commit("Edited");
    assert_eq!(folder.rules(&["--base=main"]), ["GS206"]);
    assert_eq!(
        folder.rules(&[]),
        [""; 0],
        "without a base there is no transition"
    );
    folder.write("b/c.yaml", acceptance);
    folder.remove("a.yaml");
    folder.commit("Moved as it was");
    assert_eq!(folder.rules(&["--base=main"]), [""; 0]);
}

#[test]
fn a_change_cannot_lower_the_bar_it_is_measured_by() {
    let files = [
        ("gitsm.yaml", "levels: {GS404: error}\n"),
        ("a.yaml", PAYMENTS),
        ("b.yaml", CHECKOUT),
    ];
    let folder = Folder::repository(&files);
    folder.write("gitsm.yaml", "levels: {GS404: off}\nexclude: ['**']\n");
    folder.write("c.yaml", FREEZE);
    folder.commit("A freeze, and no rule against it");
    let run = folder.validate(&["--base=main"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stdout.contains("error[GS404]"), "{run}");
    assert_eq!(
        folder.rules(&["c.yaml", "--base=main"]),
        ["GS404"; 0],
        "the services are not among the judged files"
    );
}

#[test]
fn a_shallow_clone_is_told_what_to_fetch() {
    let origin = Folder::repository(&[("a.yaml", PAYMENTS)]);
    origin.write("b.yaml", CHECKOUT);
    origin.commit("Second");
    let place = Folder::new(&[]);
    let url = format!("file://{}", origin.path().display());
    git(
        place.path(),
        &["clone", "--quiet", "--depth=1", "--branch=change", &url, "clone"],
    );
    let run = gitsm(&place.path().join("clone"), &["validate", "--base=origin/main"]);
    cannot_run(&run, "shallow");
    assert!(run.stderr.contains("fetch"), "{run}");

    git(
        place.path(),
        &["clone", "--quiet", "--branch=change", &url, "whole"],
    );
    let whole = place.path().join("whole");
    let run = gitsm(&whole, &["validate", AT, "--base=origin/main"]);
    assert_eq!(run.code, 0, "{run}");
    cannot_run(
        &gitsm(&whole, &["validate", "--base=main"]),
        "did you mean \"origin/main\"",
    );
}

#[test]
fn a_bare_repository_is_judged_by_revision() {
    let origin = Folder::repository(&[("a.yaml", PAYMENTS), ("b.yaml", CHECKOUT)]);
    origin.write("a.yaml", &PAYMENTS.replace("name: payments", "name: pay"));
    origin.commit("Renamed");
    let place = Folder::new(&[]);
    let url = format!("file://{}", origin.path().display());
    git(place.path(), &["clone", "--quiet", "--bare", &url, "bare.git"]);
    let run = gitsm(
        &place.path().join("bare.git"),
        &["validate", AT, "--base=main", "--head=change"],
    );
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stdout.contains("GS301"), "{run}");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_nothing_is_written() {
    let mut files: Vec<(String, String)> = (0..60)
        .map(|number| {
            (
                format!("s/{number:02}.yaml"),
                CHECKOUT.replace("checkout", &format!("s{number}")),
            )
        })
        .collect();
    files.push(("x.yaml".to_owned(), "a: [\n# gitsm.dev\n".to_owned()));
    let borrowed: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = Folder::repository(&borrowed);
    let before = folder.contents();
    for format in FORMATS {
        let one = folder.validate(&["--format", format, "--jobs=1"]);
        assert_eq!(one.code, 1, "{one}");
        for jobs in ["--jobs=1", "--jobs=8", "--jobs=8"] {
            let again = folder.validate(&["--format", format, jobs]);
            assert_eq!(one.stdout, again.stdout, "{format} {jobs}");
        }
    }
    let range = folder.validate(&["--base=main", "--jobs=8"]);
    assert_eq!(range.stdout, folder.validate(&["--base=main", "--jobs=1"]).stdout);
    assert!(before == folder.contents(), "validate has changed the folder");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let broken: Vec<String> = (0..400)
        .map(|number| CHECKOUT.replace("checkout", &format!("s{number}")))
        .collect();
    let folder = Folder::new(&[]);
    for (number, chunk) in broken.chunks(50).enumerate() {
        folder.write(&format!("{number}.yaml"), &chunk.join("---\n"));
    }
    let mut child = hermetic(gitsm_path(), folder.path())
        .args(["validate", "."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_ne!(output.status.code(), Some(2));
    assert!(
        output.status.code().is_some(),
        "ended by a signal: {:?}",
        output.status
    );
}

#[test]
fn kinds_of_others_are_judged_where_their_definition_is_given() {
    let folder = Folder::new(&[(
        "widget.yaml",
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: large}\n",
    )]);
    folder.write(
        "crds/widget.yaml",
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
",
    );
    cannot_run(&folder.validate(&["widget.yaml"]), "nothing to judge");
    assert_eq!(folder.rules(&["widget.yaml", "--crd=crds"]), ["GS201"]);
}

const POLICY: &str = "apiVersion: gitsm.dev/v1alpha1
kind: RecordPolicy
metadata: {name: teams}
spec:
  match: {kinds: [Team]}
  rules:
    - id: reachable
      expression: has(object.spec.chat)
      message: give the team a chat room
";

#[test]
fn policies_from_elsewhere_are_evaluated() {
    let folder = Folder::new(&[("estate/a.yaml", PAYMENTS), ("policies/p.yaml", POLICY)]);
    assert_eq!(folder.rules(&["estate"]), [""; 0]);
    assert_eq!(
        folder.rules(&["estate", "--policy=policies"]),
        ["GS501/teams/reachable"]
    );
    folder.write("estate/gitsm.yaml", "policies: [../policies]\n");
    assert_eq!(folder.rules(&["estate"]), ["GS501/teams/reachable"]);
    folder.write(
        "estate/gitsm.yaml",
        "policies: [../policies]\nlevels: {GS501: note}\n",
    );
    let denied = folder.validate(&["estate"]);
    assert_eq!(denied.code, 1, "what denies cannot be lowered: {denied}");
    folder.write("policies/p.yaml", &POLICY.replace("spec.chat", "spec.chatt"));
    cannot_run(&folder.validate(&["estate"]), "policies/p.yaml");
}

#[test]
fn a_policy_that_cannot_be_evaluated_cannot_be_switched_off() {
    let fragile = POLICY.replace("has(object.spec.chat)", "object.spec.chat != ''");
    let hushed = format!("# gitsm: allow GS502 the policy is new\n{PAYMENTS}");
    let folder = Folder::new(&[("a.yaml", &hushed), ("p.yaml", &fragile)]);
    assert_eq!(folder.rules(&[]), ["GS503", "GS502/teams/reachable"]);
    folder.write("gitsm.yaml", "levels: {GS502: off}\n");
    cannot_run(&folder.validate(&[]), "cannot be lowered");
}

#[test]
fn policies_are_tested_by_their_cases() {
    let folder = Folder::new(&[
        ("policies/teams/policy.yaml", POLICY),
        (
            "policies/teams/pass/with-chat.yaml",
            &format!("{PAYMENTS}  chat: '#payments'\n"),
        ),
        ("policies/teams/fail/reachable.yaml", PAYMENTS),
    ]);
    let run = gitsm(folder.path(), &["policy", "test"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(run.stdout, "ok: 1 policies, 2 cases, 0 failures\n");

    folder.write(
        "policies/teams/policy.yaml",
        &POLICY.replace("has(object.spec.chat)", "'true'"),
    );
    let run = gitsm(folder.path(), &["policy", "test", "policies"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stdout.contains("reachable must find something and does not"),
        "{run}"
    );
    assert!(
        run.stdout.ends_with("FAILED: 1 policies, 2 cases, 1 failures\n"),
        "{run}"
    );

    cannot_run(&gitsm(folder.path(), &["policy", "test", "absent"]), "absent");
    let empty = gitsm(root(), &["policy", "test", "tests/data/invalid"]);
    cannot_run(&empty, "no folder with a policy.yaml");
}
