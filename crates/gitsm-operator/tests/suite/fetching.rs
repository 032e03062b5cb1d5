//! The process that fetches is ended when its time is over, and what it says is not believed blindly.

use gitsm_core::sync::{FetchProblem, Fetched};
use gitsm_operator::repository::{FetchRequest, Fetcher, work};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(30);

fn request(mirror: &Path, url: &str) -> FetchRequest {
    FetchRequest {
        url: url.to_owned(),
        branch: "main".to_owned(),
        mirror: mirror.to_owned(),
        max_bytes: 1 << 20,
        may_be_local: true,
    }
}

/// A worker that is a script.
fn script(text: &str) -> Fetcher {
    Fetcher::Worker {
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), text.to_owned()],
    }
}

fn failure(fetched: Fetched) -> (FetchProblem, String) {
    match fetched {
        Fetched::Failed { problem, message } => (problem, message),
        Fetched::Head(head) => panic!("{head}"),
    }
}

#[tokio::test]
async fn a_worker_that_hangs_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    // What it is doing when it is ended must not outlive it: it becomes the program that hangs.
    let fetcher = script(&format!("echo $$ > {} && exec /bin/sleep 1000", pid.display()));
    let request = request(&folder.path().join("m.git"), "file:///nowhere");
    // The time is over once it is known to hang.
    let hangs = async {
        while std::fs::read_to_string(&pid).unwrap_or_default().is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let fetching = fetcher.fetch(request.clone(), PATIENCE);
    tokio::select! {
        fetched = fetching => panic!("{fetched:?}"),
        () = hangs => {}
    }
    let pid = std::fs::read_to_string(&pid).unwrap();
    gone(pid.trim()).await;

    let (problem, message) = failure(fetcher.fetch(request, Duration::from_millis(1)).await);
    assert_eq!(problem, FetchProblem::Unreachable);
    assert!(message.contains("spec.limits.fetchTimeout"), "{message}");
}

/// Waits until a process is no more, or waits for its parent to hear of it.
async fn gone(pid: &str) {
    let stat = PathBuf::from(format!("/proc/{pid}/stat"));
    tokio::time::timeout(PATIENCE, async {
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await
    .expect("the worker lives on");
}

#[tokio::test]
async fn a_worker_that_fails_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let request = request(&folder.path().join("m.git"), "file:///nowhere");
    for (text, part) in [
        ("cat > /dev/null; echo nonsense", "said nothing useful"),
        ("cat > /dev/null; exit 3", "exit status: 3"),
        ("exit 0", "fetch worker"),
    ] {
        let (problem, message) = failure(script(text).fetch(request.clone(), PATIENCE).await);
        assert_eq!(problem, FetchProblem::Unreachable, "{text}");
        assert!(message.contains(part), "{text}: {message}");
    }
    let absent = Fetcher::Worker {
        program: folder.path().join("absent"),
        arguments: Vec::new(),
    };
    let (_, message) = failure(absent.fetch(request, PATIENCE).await);
    assert!(message.contains("cannot start the fetch worker"), "{message}");
}

#[tokio::test]
async fn a_worker_sees_no_environment_and_the_whole_request() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let fetcher = script(&format!("/usr/bin/env > {0}.env; /bin/cat > {0}", seen.display()));
    let request = request(&folder.path().join("m.git"), "file:///nowhere");
    failure(fetcher.fetch(request.clone(), PATIENCE).await);
    let text = std::fs::read_to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<FetchRequest>(&text).unwrap(), request);
    let environment = std::fs::read_to_string(folder.path().join("seen.env")).unwrap();
    for name in ["HOME=", "PATH=", "XDG", "GIT", "SSH"] {
        let ours = environment
            .lines()
            .any(|line| line.starts_with(name) && name != "PATH=");
        assert!(!ours, "{name} in {environment}");
    }
}

#[test]
fn the_worker_answers_what_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let origin = folder.path().join("origin.git");
    let repository = gitsm_git::Repository::init_bare(&origin, "main").unwrap();
    let mut tree = repository.new_tree().unwrap();
    tree.add(b"a.yaml", gitsm_git::EntryKind::File, b"a: b").unwrap();
    let author = gitsm_git::Author {
        name: "Ana",
        email: "ana@example.com",
        seconds: 1_795_600_000,
    };
    let head = tree.commit("main", author, "One").unwrap();
    let url = format!("file://{}", origin.display());
    let request = request(&folder.path().join("m.git"), &url);
    let asked = serde_json::to_vec(&request).unwrap();
    let mut answer = Vec::new();
    work(&*asked, &mut answer).unwrap();
    let answer: Fetched = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer, Fetched::Head(head.to_string().parse().unwrap()));
    // A mirror that is no repository any more is made anew.
    std::fs::write(request.mirror.join("HEAD"), "").unwrap();
    let mut answer = Vec::new();
    work(&*asked, &mut answer).unwrap();
    let answer: Fetched = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer, Fetched::Head(head.to_string().parse().unwrap()));
    // It does not do what only the operator may allow.
    let refused = FetchRequest {
        may_be_local: false,
        ..request
    };
    let mut answer = Vec::new();
    work(&*serde_json::to_vec(&refused).unwrap(), &mut answer).unwrap();
    let (problem, _) = failure(serde_json::from_slice(&answer).unwrap());
    assert_eq!(problem, FetchProblem::NotAllowed);
}
