//! Starting, stopping, and finding everything as it was.

use super::place::{Place, try_get};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

const TEAM: &str = "/apis/gitsm.dev/v1alpha1/teams/payments";

#[test]
fn the_example_company_is_served_and_a_second_start_changes_nothing() {
    let place = Place::new();
    let acme = place.acme();
    let up = place.up(&[acme.to_str().unwrap()]);
    assert!(up.lines.contains(": 159 created\n"), "{}", up.lines);
    assert!(
        up.lines.starts_with("Server   https://127.0.0.1:"),
        "{}",
        up.lines
    );
    assert!(up.lines.contains("Connect  export KUBECONFIG="), "{}", up.lines);
    assert!(up.lines.contains("Change   git clone "), "{}", up.lines);
    let services = place.get("/apis/gitsm.dev/v1alpha1/namespaces/payments/itservices/payments-db");
    assert_eq!(services["spec"]["tier"], 1);
    assert_eq!(services["metadata"]["managedFields"][0]["manager"], "gitsm");
    let before = place.versions();
    let kubeconfig = fs::read(place.data().join("kubeconfig")).unwrap();
    let run = up.stop();
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
    assert!(!place.data().join("server.json").exists());

    let up = place.up(&[]);
    assert!(up.lines.contains(": 159 unchanged\n"), "{}", up.lines);
    assert_eq!(place.versions(), before);
    assert_eq!(fs::read(place.data().join("kubeconfig")).unwrap(), kubeconfig);
    drop(up);
}

#[test]
fn definitions_are_sent_again_only_when_they_are_not_as_they_were() {
    let place = Place::new();
    let sent = || {
        let mut count = 0;
        for entry in fs::read_dir(place.data().join("audit")).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let is_sent =
                |line: &&str| line.contains("customresourcedefinitions") && line.contains("\"patch\"");
            count += text.lines().filter(is_sent).count();
        }
        count
    };
    place.up(&[]).stop_cleanly();
    let first = sent();
    assert!(first >= 24, "{first} definitions were sent");
    let up = place.up(&[]);
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/teams.gitsm.dev";
    place.send(http::Request::delete(path).body(Vec::new()).unwrap());
    // Its objects go first.
    while !place.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")["items"]
        .as_array()
        .unwrap()
        .iter()
        .all(|crd| crd["metadata"]["name"] != "teams.gitsm.dev")
    {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    up.stop_cleanly();
    assert_eq!(sent(), first);

    let up = place.up(&[]);
    assert_eq!(place.get("/apis/gitsm.dev/v1alpha1/teams")["kind"], "TeamList");
    drop(up);
}

#[test]
fn a_killed_server_is_recognised_and_its_data_found_again() {
    let place = Place::new();
    let estate = place.estate("estate");
    let up = place.up(&[estate.to_str().unwrap()]);
    place.patch(TEAM, r#"{"metadata":{"labels":{"seen":"yes"}}}"#);
    let before = place.versions();
    up.kill();
    assert!(place.data().join("server.json").exists());
    assert_eq!(place.status()["state"], "stopped");

    let up = place.up(&[]);
    assert_eq!(place.versions(), before);
    assert_eq!(place.get(TEAM)["metadata"]["labels"]["seen"], "yes");
    drop(up);
}

#[test]
fn in_the_background_it_is_up_until_it_is_told_to_go_down() {
    let place = Place::new();
    let estate = place.estate("estate");
    let run = place.gitsm(&[
        "up",
        estate.to_str().unwrap(),
        "--detach",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 5), "{run}");
    assert!(run.stdout.contains("`gitsm down --data "), "{run}");
    let status = place.status();
    assert_eq!(status["state"], "running");
    assert_eq!(status["server"]["estate"]["objects"], 1);
    assert_eq!(place.get(TEAM)["spec"]["displayName"], "Payments");
    let text = place.gitsm(&["status"]);
    assert!(
        text.stdout.starts_with("Server   running at https://127.0.0.1:"),
        "{text}"
    );

    let run = place.gitsm(&["down"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.starts_with("stopped: process "), "{run}");
    let text = place.gitsm(&["status"]);
    assert_eq!(text.code, 1, "{text}");
    assert!(text.stdout.starts_with("Server   not running"), "{text}");
    let again = place.gitsm(&["down"]);
    assert_eq!(again.code, 0, "{again}");
    assert!(again.stdout.starts_with("not running"), "{again}");
}

#[test]
fn what_fails_in_the_background_is_told_in_the_foreground() {
    let place = Place::new();
    let estate = place.estate("estate");
    let up = place.up(&[estate.to_str().unwrap()]);
    let run = place.gitsm(&["up", "--detach"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.stderr.contains(&format!("in use by process {}", up.pid())) && run.stderr.contains("server.log"),
        "{run}"
    );
}

#[test]
fn keys_and_kubeconfig_are_for_their_owner_only() {
    let place = Place::new();
    let up = place.up(&[]);
    for name in [
        "kubeconfig",
        "pki/ca.key",
        "pki/service-accounts.key",
        "settings.json",
        "control.sock",
    ] {
        let mode = fs::metadata(place.data().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let mode = fs::metadata(place.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let path = place.gitsm(&["kubeconfig", "--path"]);
    assert_eq!(
        path.stdout.trim(),
        place.data().join("kubeconfig").to_str().unwrap()
    );
    let text = place.gitsm(&["kubeconfig"]);
    assert_eq!(
        text.stdout,
        fs::read_to_string(place.data().join("kubeconfig")).unwrap()
    );
    drop(up);
}

#[test]
fn a_new_port_is_remembered_and_goes_into_the_kubeconfig() {
    let place = Place::new();
    place.up(&[]).stop_cleanly();
    let first = fs::read_to_string(place.data().join("kubeconfig")).unwrap();
    place.up(&["--listen", "127.0.0.1:0"]).stop_cleanly();
    let second = fs::read_to_string(place.data().join("kubeconfig")).unwrap();
    assert_ne!(first, second);
    let up = place.up(&[]);
    assert_eq!(
        fs::read_to_string(place.data().join("kubeconfig")).unwrap(),
        second
    );
    assert!(place.get("/version")["gitVersion"].is_string());
    drop(up);
}

#[test]
fn somebody_else_may_do_what_roles_allow() {
    let place = Place::new();
    let up = place.up(&[]);
    let made = place.gitsm(&[
        "kubeconfig",
        "--user",
        "jane",
        "--group",
        "payments",
        "--days",
        "2",
    ]);
    assert_eq!(made.code, 0, "{made}");
    let jane = kube::config::Kubeconfig::from_yaml(&made.stdout).unwrap();
    let teams = "/apis/gitsm.dev/v1alpha1/teams";
    let refused = try_get(jane.clone(), teams).unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}");
    };
    assert_eq!(status.code, 403, "{status:?}");
    assert!(status.message.contains("User \"jane\""), "{status:?}");

    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    for (resource, body) in [
        (
            "clusterroles",
            r#"{"metadata":{"name":"readers"},"rules":[{"verbs":["list"],"apiGroups":["gitsm.dev"],"resources":["teams"]}]}"#,
        ),
        (
            "clusterrolebindings",
            r#"{"metadata":{"name":"readers"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"readers"},
                "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"payments"}]}"#,
        ),
    ] {
        let request =
            http::Request::post(format!("{rbac}/{resource}")).header("Content-Type", "application/json");
        place.send(request.body(body.as_bytes().to_vec()).unwrap());
    }
    let list = try_get(jane, teams).unwrap();
    assert_eq!(list["kind"], "TeamList");
    let run = place.gitsm(&["kubeconfig", "--user", "system:admin"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("belong to the server"), "{run}");
    drop(up);
}

#[test]
fn nobody_without_certificate_or_token_gets_in() {
    let place = Place::new();
    let up = place.up(&[]);
    let kubeconfig = fs::read_to_string(place.data().join("kubeconfig")).unwrap();
    let anonymous: String = kubeconfig
        .lines()
        .filter(|line| !line.contains("client-"))
        .map(|line| format!("{line}\n").replace("  user:\n", "  user: {}\n"))
        .collect();
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&anonymous).unwrap();
    let error = try_get(kubeconfig, "/api/v1/secrets").unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("{error}");
    };
    assert!(status.code == 401 || status.code == 403, "{status:?}");
    drop(up);
}

#[test]
fn an_estate_that_is_known_is_served_at_once() {
    let place = Place::new();
    let acme = place.acme();
    place.up(&[acme.to_str().unwrap()]).stop_cleanly();
    let began = Instant::now();
    let up = place.up(&[]);
    let ready = began.elapsed();
    let version = place.get("/version");
    let answered = began.elapsed();
    assert!(version["gitVersion"].is_string());
    println!("ready after {ready:?}, first answer after {answered:?}");
    drop(up);
}
