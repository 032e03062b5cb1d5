//! `gitsm operator` from outside: a process beside the control plane, and a folder with an estate.

use crate::support::{git, gitsm_path, hermetic};
use crate::up_cli::place::Place;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const REPOSITORY: &str = "/apis/gitsm.dev/v1alpha1/repositories/estate";
const TEAM: &str = "/apis/gitsm.dev/v1alpha1/teams/payments";
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

/// An operator that is killed when this is dropped.
struct Operator {
    child: Child,
    log: PathBuf,
}

impl Operator {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let log = place.path().join("operator.log");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let child = hermetic(gitsm_path(), place.path())
            .arg("operator")
            .args(arguments)
            .arg("--data")
            .arg(place.path().join("operator"))
            .env("KUBECONFIG", place.data().join("kubeconfig"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Tells it to stop; gives its exit status.
    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the repository's status is as it should be.
fn until(place: &Place, operator: &Operator, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let status = place.get(REPOSITORY)["status"].take();
        if holds(&status) {
            return status;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{what} never came: {status}\n{}",
            operator.log()
        );
        std::thread::sleep(PAUSE);
    }
}

fn reason(status: &Value) -> &Value {
    let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let ready = conditions.iter().find(|known| known["type"] == "Ready");
    ready.map_or(&Value::Null, |ready| &ready["reason"])
}

fn commit(folder: &Path) -> String {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=A change"]);
    git(folder, &["rev-parse", "HEAD"])
}

fn create(place: &Place, estate: &Path) {
    let object = json!({
        "apiVersion": "gitsm.dev/v1alpha1", "kind": "Repository", "metadata": {"name": "estate"},
        // The shortest interval.
        "spec": {"url": format!("file://{}", estate.display()), "interval": "10s"},
    });
    let request = http::Request::post("/apis/gitsm.dev/v1alpha1/repositories")
        .header("Content-Type", "application/json")
        .body(object.to_string().into_bytes())
        .unwrap();
    place.send(request);
}

/// Has the operator look now.
fn ask(place: &Place, word: &str) {
    let annotations = json!({"gitsm.dev/reconcile-requested-at": word});
    place.patch(
        REPOSITORY,
        &json!({"metadata": {"annotations": annotations}}).to_string(),
    );
}

#[test]
fn commits_are_applied_and_a_killed_operator_goes_on() {
    let place = Place::new();
    let up = place.up(&[]);
    let estate = place.estate("estate");
    git(&estate, &["init", "--quiet", "--initial-branch=main"]);
    let first = commit(&estate);
    create(&place, &estate);

    let operator = Operator::start(&place, &["--allow-local-repositories"]);
    let status = until(&place, &operator, "the first commit", |status| {
        status["appliedRevision"] == json!(first)
    });
    assert_eq!(status["objectCount"], 1);
    assert_eq!(
        place.get(TEAM)["metadata"]["labels"]["gitsm.dev/repository"],
        "estate"
    );

    // Somebody edits what comes from git.
    place.patch(TEAM, r#"{"spec": {"displayName": "Mine"}}"#);
    let start = Instant::now();
    while place.get(TEAM)["spec"]["displayName"] != "Payments" {
        assert!(start.elapsed() < PATIENCE, "the edit stays\n{}", operator.log());
        std::thread::sleep(PAUSE);
    }

    std::fs::write(
        estate.join("bad.yaml"),
        "apiVersion: gitsm.dev/v1alpha1\nkind: Team\n",
    )
    .unwrap();
    let bad = commit(&estate);
    ask(&place, "bad");
    let status = until(&place, &operator, "the bad commit", |status| {
        status["headRevision"] == json!(bad)
    });
    assert_eq!(
        (reason(&status), &status["appliedRevision"]),
        (&json!("ValidationFailed"), &json!(first))
    );
    let place_of_it = status["findings"][0]["place"].as_str().unwrap();
    assert!(place_of_it.starts_with("bad.yaml"), "{status}");

    drop(operator);
    let versions = place.versions();
    std::fs::remove_file(estate.join("bad.yaml")).unwrap();
    place.write("estate", "Renamed");
    let mended = commit(&estate);
    assert_eq!(place.versions(), versions, "nobody writes while no operator runs");
    let operator = Operator::start(&place, &["--allow-local-repositories"]);
    until(&place, &operator, "the mended commit", |status| {
        status["appliedRevision"] == json!(mended)
    });
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Renamed");
    assert_eq!(operator.stop(), Some(0));
    up.stop_cleanly();
}

#[test]
fn folders_of_the_machine_are_read_only_when_that_is_allowed() {
    let place = Place::new();
    let up = place.up(&[]);
    let estate = place.estate("estate");
    git(&estate, &["init", "--quiet", "--initial-branch=main"]);
    commit(&estate);
    create(&place, &estate);
    let operator = Operator::start(&place, &[]);
    let status = until(&place, &operator, "a verdict", |status| {
        !status["conditions"].is_null()
    });
    assert_eq!(reason(&status), "NotAllowed", "{status}");
    assert!(!place.path().join("operator/mirrors/estate.git").exists());
    assert_eq!(operator.stop(), Some(0));
    up.stop_cleanly();
}

#[test]
fn without_a_cluster_it_says_so() {
    let place = Place::new();
    let output = hermetic(gitsm_path(), place.path())
        .args(["operator", "--data"])
        .arg(place.data())
        .env("KUBECONFIG", place.path().join("nothing"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("kubeconfig"), "{stderr}");
}
