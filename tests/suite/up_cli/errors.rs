//! What keeps a server from starting is said with what to do about it.

use super::place::Place;
use crate::support::Run;
use std::fs;
use std::net::TcpListener;

/// The run could not be done, and the reason has all of these.
fn refused(run: &Run, parts: &[&str]) {
    assert_eq!(run.code, 2, "{run}");
    for part in parts {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = place.gitsm(&["up", "--listen", &address]);
    let port = format!("port {} is in use", taken.local_addr().unwrap().port());
    refused(&run, &[&port, "--listen 127.0.0.1:0"]);
    let up = place.up(&["--listen", "127.0.0.1:0"]);
    drop(up);
}

#[test]
fn an_address_of_another_machine_is_no_place_to_listen() {
    let place = Place::new();
    // Kept for documentation, so no machine has it.
    let run = place.gitsm(&["up", "--listen", "192.0.2.1:7443"]);
    refused(&run, &["cannot listen on 192.0.2.1:7443", "--listen"]);
}

#[test]
fn other_machines_are_let_in_only_with_a_warning() {
    let place = Place::new();
    let up = place.up(&["--listen", "0.0.0.0:0"]);
    assert!(
        up.lines.starts_with("Server   https://127.0.0.1:"),
        "{}",
        up.lines
    );
    let run = up.stop();
    assert!(
        run.stderr.contains("ATTENTION") && run.stderr.contains("other machines"),
        "{run}"
    );
}

#[test]
fn a_folder_that_cannot_be_one_is_refused() {
    let place = Place::new();
    fs::write(place.data(), "a file").unwrap();
    refused(
        &place.gitsm(&["up"]),
        &["it is a file, or below one", "--data DIR"],
    );
    refused(
        &place.gitsm(&["up", "--detach"]),
        &["it is a file, or below one", "--data DIR"],
    );
    fs::remove_file(place.data()).unwrap();
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("letter.txt"), "dear").unwrap();
    refused(&place.gitsm(&["up"]), &["it holds other files", "--data DIR"]);
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 1);
}

#[test]
fn data_of_another_version_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("version"), "99\n").unwrap();
    for command in ["up", "status", "down", "kubeconfig"] {
        refused(&place.gitsm(&[command]), &["has format 99", "reads format 1"]);
    }
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 1);
}

#[test]
fn a_folder_has_one_server() {
    let place = Place::new();
    let up = place.up(&[]);
    let url = place.status()["server"]["url"].as_str().unwrap().to_owned();
    let pid = format!("process {}", up.pid());
    refused(
        &place.gitsm(&["up"]),
        &[&pid, &url, "gitsm status --data", "gitsm down --data"],
    );
    assert_eq!(place.status()["state"], "running");
    drop(up);
}

#[test]
fn a_damaged_authority_stops_the_start_and_a_damaged_kubeconfig_does_not() {
    let place = Place::new();
    place.up(&[]).stop_cleanly();
    fs::write(place.data().join("kubeconfig"), "clusters: [").unwrap();
    refused(
        &place.gitsm(&["kubeconfig"]),
        &["kubeconfig is damaged", "gitsm up"],
    );
    let up = place.up(&[]);
    assert!(place.get("/version")["gitVersion"].is_string());
    let run = up.stop();
    assert!(
        run.stderr.contains("kubeconfig was damaged and is written anew"),
        "{run}"
    );

    fs::write(place.data().join("pki/ca.key"), "nonsense").unwrap();
    refused(
        &place.gitsm(&["up"]),
        &["ca.key", "restore the file from a backup"],
    );
    fs::write(place.data().join("settings.json"), "{").unwrap();
    refused(&place.gitsm(&["up"]), &["settings.json is damaged", "delete it"]);
}

#[test]
fn commands_without_data_say_how_to_get_some() {
    let place = Place::new();
    for command in [&["status"][..], &["down"], &["kubeconfig"], &["backup", "x.tar"]] {
        refused(&place.gitsm(command), &["there is no data in", "gitsm up"]);
        assert!(!place.data().exists());
    }
}

#[test]
fn options_that_mean_nothing_together_are_refused() {
    let place = Place::new();
    refused(&place.gitsm(&["up", "--context", "x"]), &["--engine kubeconfig"]);
    refused(
        &place.gitsm(&["up", "--engine", "kubeconfig", "--detach"]),
        &["--listen and --detach are for the embedded server"],
    );
    refused(
        &place.gitsm(&["up", "nowhere"]),
        &["nowhere: there is no such folder"],
    );
    let run: Run = place
        .command(&["up", "--engine", "kubeconfig"])
        .env("KUBECONFIG", place.path().join("nothing"))
        .output()
        .unwrap()
        .into();
    refused(&run, &["no cluster to apply to"]);
}
