//! Where an estate comes from, and what is done with one that is wrong.

use super::place::Place;
use crate::support::git;
use std::fs;

const TEAM: &str = "/apis/gitsm.dev/v1alpha1/teams/payments";

#[test]
fn an_invalid_estate_starts_nothing() {
    let place = Place::new();
    let estate = place.estate("estate");
    fs::write(
        estate.join("wrong.yaml"),
        "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata: {name: shop}\nspec: {displayName: Shop, parent: nobody}\n",
    )
    .unwrap();
    for detached in [false, true] {
        let mut arguments = vec!["up", estate.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        if detached {
            arguments.push("--detach");
        }
        let run = place.gitsm(&arguments);
        assert_eq!(run.code, 1, "{run}");
        assert!(
            run.stdout.contains("error[GS301]") && run.stdout.contains("wrong.yaml:4"),
            "{run}"
        );
        assert!(!place.data().join("store").exists() && !place.data().join("estate.git").exists());
        assert_eq!(place.status()["state"], "stopped");
    }
    fs::remove_file(estate.join("wrong.yaml")).unwrap();
    let up = place.up(&[estate.to_str().unwrap()]);
    assert!(up.lines.contains(": 1 created\n"), "{}", up.lines);
}

#[test]
fn of_a_work_tree_the_commit_counts_and_edits_are_told() {
    let place = Place::new();
    let estate = place.estate("estate");
    git(&estate, &["init", "--quiet", "--initial-branch=trunk"]);
    let unborn = place.gitsm(&["up", estate.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(unborn.code, 2, "{unborn}");
    assert!(unborn.stderr.contains("commit the estate first"), "{unborn}");
    git(&estate, &["add", "."]);
    git(&estate, &["commit", "--quiet", "--message=First"]);
    place.write("estate", "Edited");
    let up = place.up(&[estate.to_str().unwrap()]);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Payments");
    assert!(
        up.lines.contains("(trunk)") && up.lines.contains("Change   commit in "),
        "{}",
        up.lines
    );
    let run = up.stop();
    assert!(
        run.stderr
            .contains("what is not committed is not applied: 1 file (team.yaml)"),
        "{run}"
    );
    assert!(!place.data().join("estate.git").exists());

    git(&estate, &["commit", "--quiet", "--all", "--message=Second"]);
    let up = place.up(&[]);
    assert!(up.lines.contains(": 1 changed\n"), "{}", up.lines);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Edited");
    assert!(!up.stop().stderr.contains("not committed"));
}

#[test]
fn files_become_a_repository_which_wins_at_later_starts() {
    let place = Place::new();
    let estate = place.estate("estate");
    let path = estate.to_str().unwrap();
    place.up(&[path]).stop_cleanly();
    place.write("estate", "Overlooked");
    let up = place.up(&[path]);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Payments");
    let clone = up
        .lines
        .lines()
        .last()
        .unwrap()
        .split_once("git clone ")
        .unwrap()
        .1
        .to_owned();
    let run = up.stop();
    assert!(run.stderr.contains("is not read any more"), "{run}");

    // The command that was printed, and a push.
    let (repository, _) = clone.rsplit_once(' ').unwrap();
    git(place.path(), &["clone", "--quiet", repository, "clone"]);
    place.write("clone", "Pushed");
    git(
        &place.path().join("clone"),
        &["commit", "--quiet", "--all", "--message=Renamed"],
    );
    git(
        &place.path().join("clone"),
        &["push", "--quiet", "origin", "main"],
    );
    let up = place.up(&[]);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Pushed");
    drop(up);

    let other = place.estate("other");
    let run = place.gitsm(&["up", other.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.stderr.contains("has the estate of") && run.stderr.contains("--data DIR"),
        "{run}"
    );
}

#[test]
fn fields_of_others_are_left_to_them_unless_forced() {
    let place = Place::new();
    let estate = place.estate("estate");
    let up = place.up(&[estate.to_str().unwrap()]);
    place.patch(TEAM, r#"{"spec":{"displayName":"Jane's"}}"#);
    drop(up);
    let up = place.up(&[]);
    assert!(up.lines.contains(": 1 not applied\n"), "{}", up.lines);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Jane's");
    let run = up.stop();
    for part in [
        "not applied: Team/payments (team.yaml:1)",
        "\"jane\"",
        ".spec.displayName",
        "--force-conflicts",
    ] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
    let up = place.up(&["--force-conflicts"]);
    assert!(up.lines.contains(": 1 changed\n"), "{}", up.lines);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Payments");
}

#[test]
fn without_an_estate_there_is_a_server_with_the_definitions() {
    let place = Place::new();
    let up = place.up(&[]);
    assert!(up.lines.contains("Estate   none"), "{}", up.lines);
    let crds = place.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
    assert_eq!(crds["items"].as_array().unwrap().len(), gitsm_api::kinds().len());
    drop(up);
}

#[test]
fn a_cluster_gets_the_same_objects_and_nothing_stays_running() {
    let cluster = Place::new();
    let server = cluster.up(&[]);
    let place = Place::new();
    let estate = place.estate("estate");
    let apply = |context: &[&str]| -> crate::support::Run {
        place
            .command(&["up", estate.to_str().unwrap(), "--engine", "kubeconfig"])
            .args(context)
            .env("KUBECONFIG", cluster.data().join("kubeconfig"))
            .output()
            .unwrap()
            .into()
    };
    let run = apply(&[]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 5), "{run}");
    assert!(
        run.stdout.contains(": 1 created\n") && run.stdout.contains("`gitsm operator` would"),
        "{run}"
    );
    assert_eq!(cluster.get(TEAM)["spec"]["displayName"], "Payments");
    let run = apply(&["--context", "gitsm"]);
    assert!(run.stdout.contains(": 1 unchanged\n"), "{run}");
    let run = apply(&["--context", "gitsn"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("did you mean gitsm?"), "{run}");
    drop(server);
    let run = apply(&[]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("does not answer"), "{run}");
}
