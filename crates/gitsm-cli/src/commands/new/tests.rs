use super::*;
use clap::Parser as _;
use gitsm_check::config::Config;
use gitsm_check::diagnostic::Finding;
use gitsm_check::engine::{KindSet, Options};
use gitsm_check::input::MemoryInput;
use gitsm_check::yaml::{self, Limits};
use std::sync::LazyLock;

/// An estate with one object of each kind that templates refer to.
const ESTATE: &str = "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members:
    - id: ana
      forgeLogin: ana
      roles: [Approver]
    - id: ben
      forgeLogin: ben
      roles: [Approver]
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeModel
metadata:
  name: a-suspended-one
spec:
  title: Kernel patch
  type: Standard
  state: Suspended
  owner: payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeModel
metadata:
  name: kernel-patch
spec:
  title: Kernel patch
  type: Standard
  state: Active
  owner: payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: year-end
  namespace: shop
spec:
  type: Freeze
  reason: The accounts of the year are closed
  timeZone: Europe/Berlin
  overridable: true
  selector: {all: true}
  interval:
    start: \"2027-12-20T00:00:00+01:00\"
    end: \"2028-01-02T00:00:00+01:00\"
---
apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata:
  name: kernel-patch-may
  namespace: shop
spec:
  model: kernel-patch
  reason: The vendor rates two of the fixes as important
  services: [checkout]
  environment: prod
  backout:
    kind: GitRevert
---
apiVersion: gitsm.dev/v1alpha1
kind: RequestTemplate
metadata:
  name: database
  namespace: shop
spec:
  title: A database
  owner: payments
  target:
    repository: estate
  render:
    - path: databases/{{ request.name }}.yaml
      content: \"{}\"
";

fn estate() -> MemoryInput {
    MemoryInput::new().with("estate.yaml", ESTATE)
}

fn manifest(kind: &str, name: &str, input: &MemoryInput) -> String {
    let objects = engine::referable(input, 1).unwrap();
    template::fill(kind::find(kind).unwrap(), name, None, &objects)
        .unwrap()
        .text
}

fn findings(input: &MemoryInput) -> Vec<Finding> {
    // Compiling the schemas takes longer than everything else here.
    static KINDS: LazyLock<KindSet> = LazyLock::new(KindSet::new);
    let options = Options {
        at: "2027-01-01T00:00:00Z".parse().unwrap(),
        limits: Limits::default(),
        jobs: 1,
        list_judged: false,
        only: Vec::new(),
        policies: Vec::new(),
    };
    let report = engine::run(input, &Config::default(), &KINDS, &options).unwrap();
    assert!(report.summary.documents > 0);
    report.findings
}

fn arguments(line: &str) -> Result<NewArgs, clap::Error> {
    let cli = crate::cli::Cli::try_parse_from(line.split(' '))?;
    match cli.command {
        crate::cli::Command::New(args) => Ok(args),
        other => panic!("{other:?}"),
    }
}

fn refused(line: &str) -> String {
    format!("{:#}", new(&arguments(line).unwrap()).unwrap_err())
}

#[test]
fn every_kind_is_clean_in_an_estate_as_it_is_printed() {
    assert_eq!(findings(&estate()), []);
    for info in gitsm_api::kinds() {
        let text = manifest(info.kind, "something-new", &estate());
        let found = findings(&estate().with("new.yaml", text.as_bytes()));
        assert_eq!(found, [], "{}:\n{text}", info.kind);
        let placeholder_allowed = ["Repository", "Incident"];
        for line in text.lines().filter(|line| line.contains("the estate has no")) {
            let known = placeholder_allowed
                .iter()
                .any(|kind| line.ends_with(&format!("no {kind} yet")));
            assert!(known, "{}: {line}", info.kind);
        }
    }
}

#[test]
fn without_an_estate_only_references_are_missing() {
    for info in gitsm_api::kinds() {
        let text = manifest(info.kind, "something-new", &MemoryInput::new());
        for finding in findings(&MemoryInput::new().with("new.yaml", text.as_bytes())) {
            assert_eq!(finding.rule.code(), "GS301", "{}: {}", info.kind, finding.message);
            let line = finding.span.unwrap().start.line as usize;
            let line = text.lines().nth(line - 1).unwrap();
            assert!(line.contains("the estate has no "), "{line}");
        }
    }
}

#[test]
fn names_that_yaml_reads_as_something_else_stay_names() {
    for name in ["on", "null", "2027", "1e3", "0x1f", "no", "y"] {
        for info in gitsm_api::kinds() {
            let text = manifest(info.kind, name, &estate());
            let read = yaml::read(text.as_bytes(), &Limits::default());
            assert_eq!(read.problems, [], "{text}");
            assert_eq!(read.documents.len(), 1);
            let object = read.documents[0].root.to_json();
            assert_eq!(object["kind"], info.kind);
            assert_eq!(object["metadata"]["name"], name);
            assert_eq!(
                findings(&estate().with("new.yaml", text.as_bytes())),
                [],
                "{text}"
            );
        }
    }
}

#[test]
fn a_change_asks_for_what_people_know() {
    let text = manifest("change", "payments-db-16", &estate());
    let read = yaml::read(text.as_bytes(), &Limits::default());
    let object = read.documents[0].root.to_json();
    let spec = &object["spec"];
    assert_eq!(object["metadata"]["namespace"], "shop");
    assert_eq!(spec["model"], "kernel-patch");
    assert_eq!(spec["services"], serde_json::json!(["checkout"]));
    for field in ["reason", "environment", "plan", "backout"] {
        assert!(spec.get(field).is_some(), "{field}");
    }
}

#[test]
fn a_kind_has_many_names() {
    for (typed, kind) in [
        ("ITService", "ITService"),
        ("itservices", "ITService"),
        ("ITS", "ITService"),
        ("service", "ITService"),
        ("Catalogue", "ServiceCatalog"),
        ("chg", "Change"),
    ] {
        assert_eq!(kind::find(typed).unwrap().kind, kind);
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_could() {
    assert_eq!(
        refused("gitsm new chnage a"),
        "no kind \"chnage\": did you mean Change? `gitsm new --list` lists the kinds"
    );
    assert_eq!(
        refused("gitsm new spaceship a"),
        "no kind \"spaceship\"; `gitsm new --list` lists the kinds"
    );
    let name = refused("gitsm new team Payments_EU");
    assert!(
        name.starts_with("\"Payments_EU\" cannot be a name: not a resource name"),
        "{name}"
    );
    assert!(name.contains("lower-case letters"), "{name}");
    assert!(refused("gitsm new service a -n Shop").starts_with("\"Shop\" cannot be a namespace"));
    assert!(refused("gitsm new team a -n shop").starts_with("Team has no namespace"));
    assert!(refused("gitsm new team a --estate no/such/folder").starts_with("no such folder"));
    // Usage errors have exit status 2, as clap has it.
    assert_eq!(arguments("gitsm new team").unwrap_err().exit_code(), 2);
    assert_eq!(arguments("gitsm new").unwrap_err().exit_code(), 2);
}

#[test]
fn the_estate_is_read_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.yaml"), ESTATE).unwrap();
    std::fs::write(folder.path().join("gitsm.yaml"), "exclude: [old/**]\n").unwrap();
    std::fs::create_dir(folder.path().join("old")).unwrap();
    let excluded = ESTATE.replace("name: payments", "name: a-team-of-the-past");
    std::fs::write(folder.path().join("old/all.yaml"), excluded).unwrap();
    let mut args = arguments("gitsm new service basket").unwrap();
    args.estate = Some(folder.path().to_owned());
    let text = new(&args).unwrap();
    assert!(text.contains("namespace: shop\n"), "{text}");
    assert!(text.contains("owner: payments\n"), "{text}");
}

#[test]
fn the_list_has_every_kind_in_one_line() {
    let list = list();
    assert_eq!(list.lines().count(), gitsm_api::kinds().len());
    for (line, info) in list.lines().zip(gitsm_api::kinds()) {
        assert!(line.starts_with(info.kind), "{line}");
        assert!(line.len() > 40, "{line}");
    }
}
