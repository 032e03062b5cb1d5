//! `gitsm window` over the example estate, at instants that are given.

use crate::support::{Run, git, gitsm, root};
use serde_json::Value;
use std::path::PathBuf;

fn acme() -> PathBuf {
    root().join("examples/acme")
}

fn window(arguments: &[&str]) -> Run {
    gitsm(&acme(), &[&["window"], arguments].concat())
}

fn json(arguments: &[&str]) -> Value {
    let run = window(&[arguments, &["--format=json"]].concat());
    assert_eq!(run.code, 0, "{run}");
    serde_json::from_str(&run.stdout).unwrap()
}

const CHECKOUT: [&str; 4] = ["explain", "checkout", "--environment=prod", "--type=Normal"];

#[test]
fn the_verdict_has_its_reason_and_its_transitions() {
    for (at, may_start, reasons, opening, closing) in [
        // An hour before the window of Saturday night, in it, too late in it, and at its end.
        (
            "2027-02-06T20:00:00Z",
            false,
            &["OutsideWindow"][..],
            "2027-02-06T21:00:00Z",
            "2027-02-07T03:00:00Z",
        ),
        (
            "2027-02-06T21:00:00Z",
            true,
            &[],
            "2027-02-13T21:00:00Z",
            "2027-02-07T03:00:00Z",
        ),
        (
            "2027-02-07T02:50:00Z",
            false,
            &["ExceedsWindow"],
            "2027-02-13T21:00:00Z",
            "2027-02-07T03:00:00Z",
        ),
        (
            "2027-02-07T03:00:00Z",
            false,
            &["OutsideWindow"],
            "2027-02-13T21:00:00Z",
            "2027-02-14T03:00:00Z",
        ),
        // Saturday night of Christmas: the freeze wins over the open window.
        (
            "2026-12-26T22:00:00Z",
            false,
            &["InFreeze"],
            "2027-01-02T21:00:00Z",
            "2027-01-03T03:00:00Z",
        ),
        // Six hours are six hours in the night that has an hour more.
        (
            "2026-10-24T20:00:00Z",
            true,
            &[],
            "2026-10-31T21:00:00Z",
            "2026-10-25T02:00:00Z",
        ),
    ] {
        let answer = json(&[&CHECKOUT[..], &["--at", at]].concat());
        assert_eq!(answer["at"], at);
        assert_eq!(answer["mayStart"], may_start, "{at}");
        assert_eq!(answer["nextOpening"], opening, "{at}");
        assert_eq!(answer["nextClosing"], closing, "{at}");
        let given = &answer["verdict"]["services"]["shop/checkout"]["reasons"];
        let given: Vec<_> = given
            .as_array()
            .into_iter()
            .flatten()
            .map(|reason| &reason["reason"])
            .collect();
        assert_eq!(given, reasons, "{at}");
    }
}

#[test]
fn the_text_says_which_window_has_what_to_do_with_it() {
    let run = window(&[&CHECKOUT[..], &["--at=2026-12-26T22:00:00Z"]].concat());
    assert_eq!(run.code, 0, "{run}");
    for expected in [
        "Changes to shop/checkout: may not start at Sat 2026-12-26T22:00:00Z\n",
        "  InFreeze: The freeze service-management/year-end is active",
        "Next opening  Sat 2027-01-02T21:00:00Z  (in 6d 23h)\n",
        "  active    freeze   service-management/year-end\n            from ",
        "  open      window   service-management/saturday-night\n            from ",
        "is about other types of change\n",
        "is about other environments\n",
        // One occurrence of the freeze goes over into the next.
        "  Sat 2026-12-26  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n                                                              ^ asked\n",
        "  Fri 2027-01-01  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
    ] {
        assert!(run.stdout.contains(expected), "{expected:?} is missing in\n{run}");
    }
    // The last days of the freeze, and the window that opens after it.
    let run = window(&[&CHECKOUT[..], &["--at=2027-01-02T00:00:00Z"]].concat());
    let day = "  Sat 2027-01-02  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx........======\n";
    assert!(run.stdout.contains(day), "{day:?} is missing in\n{run}");
}

#[test]
fn what_is_not_known_counts_on_the_safe_side_and_says_how_to_tell_it() {
    let run = window(&["explain", "shop/checkout", "--at=2026-12-28T10:00:00Z"]);
    assert_eq!(run.code, 0, "{run}");
    let words = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for effect in ["it counts", "it does not count"] {
        let expected = format!("the environment is not known (give --environment), so {effect}");
        assert!(words.contains(&expected), "{run}");
    }
    assert!(
        run.stdout.lines().all(|line| line.chars().count() <= 100),
        "{run}"
    );
    // The model has a type: what asks for one is no longer open.
    let run = window(&[
        "explain",
        "checkout",
        "--environment=prod",
        "--model=normal-service-release",
        "--at=2027-02-06T22:00:00Z",
    ]);
    assert!(run.stdout.contains("may start at"), "{run}");
    assert!(!run.stdout.contains("--type"), "{run}");
}

#[test]
fn a_change_is_asked_about_at_its_planned_start() {
    let run = window(&[
        "explain",
        "--change=changes/2027/payments-db-16.yaml",
        "--exit-code",
    ]);
    assert_eq!(run.code, 0, "{run}");
    for expected in [
        "Change payments/payments-db-16, to payments/payments-db: may start at Sat 2027-01-23T21:00:00Z\n",
        "Plan, with preparation and the way back from Sat 2027-01-23T21:00:00Z to Sun 2027-01-24T00:00:00Z: fits\n",
    ] {
        assert!(run.stdout.contains(expected), "{expected:?} is missing in\n{run}");
    }
    let late = "apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata:
  name: late
  namespace: payments
spec:
  model: normal-database-upgrade
  reason: It takes longer than the night
  services: [payments-db]
  environment: prod
  plan:
    start: \"2027-01-23T23:00:00+01:00\"
    duration: 4h
    backoutDuration: 2h
";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("late.yaml");
    std::fs::write(&file, late).unwrap();
    let change = format!("--change={}", file.display());
    let run = window(&["explain", &change, "--exit-code"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stdout.contains("does not fit (ExceedsWindow)\n"), "{run}");
    assert!(
        run.stdout
            .contains("First start that fits: Sat 2027-01-30T21:00:00Z\n"),
        "{run}"
    );
    let answer = json(&["explain", &change]);
    assert_eq!(answer["plan"]["fit"]["fit"], "ExceedsWindow");
    assert_eq!(answer["plan"]["firstFit"], "2027-01-30T21:00:00Z");
    assert_eq!(answer["change"]["subject"]["changeType"], "Normal");
}

#[test]
fn the_exit_code_tells_only_where_it_was_asked_to() {
    for (at, flag, code) in [
        ("2027-02-06T20:00:00Z", "--exit-code", 1),
        ("2027-02-06T20:00:00Z", "--format=text", 0),
        ("2027-02-06T21:00:00Z", "--exit-code", 0),
    ] {
        let run = window(&[&CHECKOUT[..], &["--at", at, flag]].concat());
        assert_eq!(run.code, code, "{at} {flag}\n{run}");
    }
}

#[test]
fn what_is_mistyped_gets_a_hint() {
    let change = "--change=changes/2027/payments-db-16.yaml";
    for (arguments, message) in [
        (
            &["explain", "chekout"][..],
            "no service \"chekout\": did you mean checkout?",
        ),
        (
            &["explain", "shop/chekout"],
            "no service \"shop/chekout\": did you mean shop/checkout?",
        ),
        (
            &["explain", "xyzzyxyzzy"],
            "no service \"xyzzyxyzzy\"; the estate has ",
        ),
        (
            &["explain", "checkout", "--model=normal-servce-release"],
            "did you mean normal-service-release?",
        ),
        (
            &["explain", "checkout", "--type=normal"],
            "not one of Standard, Normal, Emergency",
        ),
        (
            &["explain", "checkout", change],
            "shop/checkout is not among the services of the change: payments/payments-db",
        ),
        (&["explain", "--change=gitsm.yaml"], "gitsm.yaml holds no Change"),
        (
            &[
                "explain",
                "--change=changes/2026/search-weights.yaml",
                "--risk=Low",
            ],
            "cannot be used with",
        ),
        (&["explain"], "<SERVICE>"),
        (
            &["explain", "checkout", "--environment=prd"],
            "no service is in an environment prd: did you mean prod?",
        ),
        (
            &["list", "--from=2027-02-02", "--to=2027-02-01"],
            "is not after --from",
        ),
        (
            &["list", "--from=2027-02-01", "--to=2037-02-01"],
            "more than five years",
        ),
        (&["list", "--type=frieze"], "not one of maintenance, freeze"),
        (&["list", "--service=ledgr"], "did you mean ledger?"),
    ] {
        let run = window(arguments);
        assert_eq!(run.code, 2, "{arguments:?}\n{run}");
        assert!(run.stderr.contains(message), "{arguments:?}\n{run}");
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn the_list_joins_what_adjoins_and_is_cut_to_the_stretch() {
    let arguments = [
        "list",
        "--from=2026-12-25",
        "--to=2027-01-02T22:00:00Z",
        "--service=ledger",
        "--type=freeze",
    ];
    let list = json(&arguments);
    let lines: Vec<_> = list["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["start"], one["end"], one["window"]).replace('"', ""))
        .collect();
    assert_eq!(
        lines,
        [
            "2026-12-25T00:00:00Z 2027-01-02T17:00:00Z service-management/year-end",
            // Three days of one occurrence each.
            "2026-12-31T23:00:00Z 2027-01-02T22:00:00Z service-management/quarter-closing",
        ]
    );
    let text = window(&arguments);
    assert!(text.stdout.starts_with("Windows for payments/ledger from 2026-12-25T00:00:00Z to 2027-01-02T22:00:00Z, UTC\n\nFri 2026-12-25\n  00:00 - 17:00 Sat 2027-01-02  "), "{text}");
    let none = window(&["list", "--from=2026-06-01", "--to=2026-06-02", "--type=freeze"]);
    assert!(
        none.stdout
            .contains("UTC\n\nnone\n\nEstate: working tree, folder .\n"),
        "{none}"
    );
}

#[test]
fn a_window_that_cannot_be_understood_is_not_left_out_silently() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::copy_tree(&acme(), folder.path());
    let file = folder.path().join("time/maintenance-windows.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replace(
            "exceptHolidaysOf: [berlin-office]",
            "exceptHolidaysOf: [berlin-ofice]",
        ),
    )
    .unwrap();
    let run = gitsm(
        folder.path(),
        &["window", "list", "--from=2027-02-01", "--to=2027-02-02"],
    );
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stderr
            .contains("the window service-management/office-hours-standard is not listed"),
        "{run}"
    );
    assert!(!run.stdout.contains("office-hours-standard"), "{run}");
    let asked = [
        "window",
        "explain",
        "checkout",
        "--environment=prod",
        "--type=Standard",
        "--at=2027-02-02T09:00:00Z",
    ];
    let run = gitsm(folder.path(), &asked);
    assert!(run.stdout.contains("Misconfigured"), "{run}");
    assert!(
        run.stdout
            .contains("broken    window   service-management/office-hours-standard"),
        "{run}"
    );
}

#[test]
fn an_older_estate_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::copy_tree(&acme(), folder.path());
    let at = |arguments: &[&str]| gitsm(folder.path(), arguments);
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(folder.path(), &["add", "--all"]);
    git(folder.path(), &["commit", "--quiet", "--message", "First"]);
    std::fs::remove_file(folder.path().join("time/freezes.yaml")).unwrap();
    let question = [
        "window",
        "list",
        "--from=2026-12-25",
        "--to=2026-12-26",
        "--type=freeze",
    ];
    let now = at(&question);
    assert!(now.stdout.contains("\nnone\n"), "{now}");
    let before = at(&[&["at", "HEAD"], &question[..]].concat());
    assert!(before.stdout.contains("service-management/year-end"), "{before}");
}
