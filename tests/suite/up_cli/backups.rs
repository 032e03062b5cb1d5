//! Backups, of servers that run and of ones that do not, and what comes of them elsewhere.

use super::place::Place;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const TEAM: &str = "/apis/gitsm.dev/v1alpha1/teams/payments";

fn revision(place: &Place) -> u64 {
    let list = place.get("/apis/gitsm.dev/v1alpha1/teams");
    list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_restored_server_has_everything_and_its_revisions_go_on() {
    let place = Place::new();
    let estate = place.estate("estate");
    let up = place.up(&[estate.to_str().unwrap()]);
    place.patch(TEAM, r#"{"metadata":{"labels":{"kept":"yes"}}}"#);
    let online = place.path().join("online.tar");
    let run = place.gitsm(&["backup", online.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(fs::metadata(&online).unwrap().permissions().mode() & 0o777, 0o600);
    let before = place.versions();
    place.patch(TEAM, r#"{"metadata":{"labels":{"kept":"no"}}}"#);
    let last = revision(&place);
    let again = place.gitsm(&["backup", online.to_str().unwrap()]);
    assert_eq!(again.code, 2, "{again}");
    assert!(again.stderr.contains("exists already"), "{again}");
    up.stop_cleanly();
    let offline = place.path().join("offline.tar");
    let run = place.gitsm(&["backup", offline.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run}");

    let other = Place::new();
    let run = other.gitsm(&["restore", online.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run}");
    // The port of the first one is remembered, so that its clients find it again; it is free now.
    let up = other.up(&[]);
    assert!(up.lines.contains(": 1 unchanged\n"), "{}", up.lines);
    assert_eq!(other.versions(), before);
    assert_eq!(other.get(TEAM)["metadata"]["labels"]["kept"], "yes");
    assert!(revision(&other) > last, "{} after {last}", revision(&other));
    // Who was let in before is let in still.
    fs::copy(place.data().join("kubeconfig"), other.data().join("kubeconfig")).unwrap();
    assert_eq!(other.get(TEAM)["metadata"]["labels"]["kept"], "yes");
    drop(up);

    let run = other.gitsm(&["restore", offline.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.stderr.contains("has data already") && run.stderr.contains("--force"),
        "{run}"
    );
    let run = other.gitsm(&["restore", offline.to_str().unwrap(), "--force"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("what was there is in"), "{run}");
    let up = other.up(&[]);
    assert_eq!(other.get(TEAM)["metadata"]["labels"]["kept"], "no");
    drop(up);
}

#[test]
fn what_is_no_whole_backup_changes_nothing() {
    let place = Place::new();
    let estate = place.estate("estate");
    let up = place.up(&[estate.to_str().unwrap()]);
    let good = place.path().join("good.tar");
    assert_eq!(place.gitsm(&["backup", good.to_str().unwrap()]).code, 0);
    let bytes = fs::read(&good).unwrap();
    let running = place.gitsm(&["restore", good.to_str().unwrap(), "--force"]);
    assert_eq!(running.code, 2, "{running}");
    assert!(running.stderr.contains("in use by process"), "{running}");
    drop(up);

    let bad = place.path().join("bad.tar");
    for (content, why) in [
        (b"no archive at all".to_vec(), "no backup of gitsm"),
        (Vec::new(), "no backup of gitsm"),
        (bytes[..bytes.len() / 2].to_vec(), "cannot be restored"),
        (bytes[..100_000].to_vec(), "cannot be restored"),
    ] {
        fs::write(&bad, content).unwrap();
        let run = place.gitsm(&["restore", bad.to_str().unwrap(), "--force"]);
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains(why), "{why}: {run}");
        assert!(!place.data().join("restoring").exists());
    }
    let foreign = place.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), "dear").unwrap();
    let status = Command::new("tar")
        .args([
            "-cf",
            bad.to_str().unwrap(),
            "-C",
            foreign.to_str().unwrap(),
            "letter.txt",
        ])
        .status()
        .unwrap();
    assert!(status.success());
    let run = place.gitsm(&["restore", bad.to_str().unwrap(), "--force"]);
    assert!(
        run.code == 2 && run.stderr.contains("letter.txt is in it"),
        "{run}"
    );
    let missing = place.gitsm(&["restore", "missing.tar", "--force"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("cannot be read"),
        "{missing}"
    );

    let up = place.up(&[]);
    assert!(up.lines.contains(": 1 unchanged\n"), "{}", up.lines);
}

#[test]
fn nothing_is_no_backup() {
    let place = Place::new();
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("version"), "1\n").unwrap();
    let run = place.gitsm(&["backup", "x.tar"]);
    assert!(
        run.code == 2 && run.stderr.contains("nothing to back up"),
        "{run}"
    );
    assert!(!place.path().join("x.tar").exists());
}
