//! A `Repository` keeps the cluster as its branch says.

use crate::harness::{Cluster, on_each_server};
use gitsm_api::v1alpha1::Repository;
use gitsm_core::time::Instant;
use gitsm_operator::repository::{ALLOW_PRUNE, Context, Fetcher, Synced, run, sync};
use gitsm_testkit::ApiServer;
use jiff::SignedDuration;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How often it is asked whether the controller has come so far, and how long.
const PAUSE: Duration = Duration::from_millis(30);
const PATIENCE: Duration = Duration::from_mins(1);

on_each_server! {
    "syncing repositories";
    commits_are_applied_and_a_bad_one_leaves_the_last_good_state: commits;
    a_rewritten_history_is_refused_until_people_accept_it: rewritten;
    nothing_is_applied_where_something_is_missing: kept_out;
    a_valid_commit_without_approval_does_not_come_in_by_a_repair: enforced;
    the_running_controller_follows_the_branch_and_repairs_drift: followed;
    too_much_goes_only_when_people_say_so: pruned;
    whoever_fights_is_given_a_pause_and_new_commits_are_not: fought;
}

/// A repository on this machine.
struct Origin {
    folder: TempDir,
    git: git2::Repository,
}

impl Origin {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).initial_head("main").external_template(false);
        let git = git2::Repository::init_opts(folder.path(), &options).unwrap();
        Self { folder, git }
    }

    fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }

    /// Commits these files and no others on `main`, after a commit or as a first one.
    fn commit_after(&self, parent: Option<&str>, files: &[(&str, String)]) -> String {
        let mut index = git2::Index::new().unwrap();
        for (path, text) in files {
            let mut entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: 0o100_644,
                uid: 0,
                gid: 0,
                file_size: 0,
                id: git2::Oid::from_str(&"0".repeat(40)).unwrap(),
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            entry.id = self.git.blob(text.as_bytes()).unwrap();
            index.add(&entry).unwrap();
        }
        let tree = index.write_tree_to(&self.git).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let time = git2::Time::new(1_795_600_000, 0);
        let person = git2::Signature::new("Ana", "ana@example.com", &time).unwrap();
        let parent = parent.map(|id| self.git.find_commit(id.parse().unwrap()).unwrap());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let id = self
            .git
            .commit(None, &person, &person, "A change", &tree, &parents)
            .unwrap();
        self.git.reference("refs/heads/main", id, true, "test").unwrap();
        id.to_string()
    }

    fn commit(&self, files: &[(&str, String)]) -> String {
        let parent = self.git.refname_to_id("refs/heads/main").ok();
        self.commit_after(parent.map(|id| id.to_string()).as_deref(), files)
    }
}

fn team(name: &str, display_name: &str) -> String {
    format!(
        "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: {name}\nspec:\n  displayName: {display_name}\n  \
         members:\n    - id: ana\n      displayName: Ana\n"
    )
}

async fn ask<S: ApiServer>(cluster: &Cluster<S>, word: &str) {
    let ask = json!({"metadata": {"annotations": {"gitsm.dev/reconcile-requested-at": word}}});
    let params = PatchParams::default();
    api(cluster)
        .patch("estate", &params, &Patch::Merge(&ask))
        .await
        .unwrap();
}

async fn fought<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let first = origin.commit(&[("a.yaml", team("payments", "Payments"))]);
    create(&cluster, json!({"url": origin.url(), "interval": "24h"})).await;
    let minutes = Arc::new(AtomicI64::new(0));
    let start: Instant = "2026-11-02T09:00:00Z".parse().unwrap();
    let clock = {
        let minutes = Arc::clone(&minutes);
        move || start.plus(SignedDuration::from_mins(minutes.load(Ordering::Relaxed)))
    };
    let context = Context {
        clock: Arc::new(clock),
        ..context(&cluster, mirrors.path())
    };
    let (_stop, stopped) = oneshot::channel::<()>();
    let controller = tokio::spawn(run(context, async move {
        let _ = stopped.await;
    }));
    until(&cluster, "the commit", |status| {
        status["appliedRevision"] == json!(first)
    })
    .await;
    let teams = cluster.api("Team");
    let edit = async |name: String| {
        let edit = json!({"spec": {"displayName": name}});
        teams
            .patch("payments", &PatchParams::default(), &Patch::Merge(&edit))
            .await
            .unwrap();
    };
    let repaired = async |to: &str| {
        let waited = tokio::time::timeout(PATIENCE, async {
            while teams.get("payments").await.unwrap().data["spec"]["displayName"] != to {
                tokio::time::sleep(PAUSE).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("{to} never comes"));
    };
    for round in 0..5 {
        edit(format!("Mine {round}")).await;
        repaired("Payments").await;
    }
    edit("Mine at last".to_owned()).await;
    until(&cluster, "the pause", |status| {
        ready(status)["reason"] == "DriftFlapping"
    })
    .await;
    let message = ready(&status(&cluster).await)["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("Team/payments") && message.contains("2026-11-02T09:15:00Z"),
        "{message}"
    );
    assert_eq!(
        teams.get("payments").await.unwrap().data["spec"]["displayName"],
        "Mine at last"
    );

    // A new commit is no repair.
    let second = origin.commit(&[("a.yaml", team("payments", "Second"))]);
    ask(&cluster, "1").await;
    until(&cluster, "the second commit", |status| {
        status["appliedRevision"] == json!(second)
    })
    .await;
    repaired("Second").await;

    // After the pause there is one repair.
    edit("Mine again".to_owned()).await;
    until(&cluster, "the pause", |status| {
        ready(status)["reason"] == "DriftFlapping"
    })
    .await;
    minutes.store(16, Ordering::Relaxed);
    ask(&cluster, "2").await;
    repaired("Second").await;
    controller.abort();
}

/// What looks after repositories, with the time standing still.
fn context<S: ApiServer>(cluster: &Cluster<S>, mirrors: &Path) -> Context {
    let now: Instant = "2026-11-02T09:00:00Z".parse().unwrap();
    Context {
        client: cluster.client.clone(),
        mirrors: mirrors.to_owned(),
        fetcher: Fetcher::Here,
        may_be_local: true,
        clock: Arc::new(move || now),
    }
}

fn api<S: ApiServer>(cluster: &Cluster<S>) -> Api<Repository> {
    Api::all(cluster.client.clone())
}

async fn create<S: ApiServer>(cluster: &Cluster<S>, spec: Value) {
    let object = json!({
        "apiVersion": "gitsm.dev/v1alpha1", "kind": "Repository",
        "metadata": {"name": "estate"}, "spec": spec,
    });
    let params = PatchParams::apply("tests").force();
    api(cluster)
        .patch("estate", &params, &Patch::Apply(&object))
        .await
        .unwrap();
}

async fn look<S: ApiServer>(cluster: &Cluster<S>, context: &Context) -> Synced {
    let repository = api(cluster).get("estate").await.unwrap();
    sync(context, &repository, None, &mut |_| {}).await.unwrap()
}

async fn status<S: ApiServer>(cluster: &Cluster<S>) -> Value {
    let repository = api(cluster).get("estate").await.unwrap();
    serde_json::to_value(repository.status).unwrap()
}

fn ready(status: &Value) -> &Value {
    let conditions = status["conditions"].as_array().unwrap();
    conditions.iter().find(|known| known["type"] == "Ready").unwrap()
}

async fn commits<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let context = context(&cluster, mirrors.path());
    create(&cluster, json!({"url": origin.url()})).await;
    // Before the first commit.
    assert_eq!(
        look(&cluster, &context).await.verdict.reason.as_str(),
        "BranchMissing"
    );

    let good = origin.commit(&[("teams/a.yaml", team("payments", "Payments"))]);
    let synced = look(&cluster, &context).await;
    assert_eq!(synced.verdict.reason.as_str(), "Applied", "{synced:?}");
    assert_eq!(cluster.names().await, ["Team/payments"]);
    let applied = status(&cluster).await;
    assert_eq!(applied["appliedRevision"], json!(good));
    assert_eq!(
        (&applied["objectCount"], &ready(&applied)["status"]),
        (&json!(1), &json!("True"))
    );

    let revision = api(&cluster)
        .get("estate")
        .await
        .unwrap()
        .metadata
        .resource_version;
    look(&cluster, &context).await;
    let again = api(&cluster)
        .get("estate")
        .await
        .unwrap()
        .metadata
        .resource_version;
    assert_eq!(again, revision, "nothing has changed, so nothing is written");

    let broken = team("payments", "Broken").replace("displayName", "displayNmae");
    let bad = origin.commit(&[("teams/a.yaml", broken), ("teams/b.yaml", team("new", "New"))]);
    look(&cluster, &context).await;
    let refused = status(&cluster).await;
    assert_eq!(ready(&refused)["reason"], json!("ValidationFailed"));
    assert_eq!(
        (&refused["headRevision"], &refused["appliedRevision"]),
        (&json!(bad), &json!(good))
    );
    assert_eq!(
        refused["findings"][0]["place"],
        json!("teams/a.yaml:5"),
        "{refused}"
    );
    assert_eq!(
        cluster.names().await,
        ["Team/payments"],
        "nothing of a bad commit is applied"
    );
    assert_eq!(refused["history"][0]["revision"], json!(bad));

    origin.commit(&[
        ("teams/b.yaml", team("new", "New")),
        ("teams/a.yaml", team("payments", "Mended")),
    ]);
    assert_eq!(look(&cluster, &context).await.verdict.reason.as_str(), "Applied");
    assert_eq!(cluster.names().await, ["Team/new", "Team/payments"]);
    let mended = status(&cluster).await;
    assert!(
        mended["findings"].is_null() && mended["findingCount"].is_null(),
        "{mended}"
    );
}

async fn rewritten<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let context = context(&cluster, mirrors.path());
    create(&cluster, json!({"url": origin.url()})).await;
    let first = origin.commit(&[("a.yaml", team("payments", "Payments"))]);
    look(&cluster, &context).await;
    let forced = origin.commit_after(None, &[("a.yaml", team("other", "Other"))]);
    look(&cluster, &context).await;
    let refused = status(&cluster).await;
    assert_eq!(ready(&refused)["reason"], json!("HistoryRewritten"));
    assert_eq!(refused["appliedRevision"], json!(first));
    assert_eq!(cluster.names().await, ["Team/payments"]);
    // Also for somebody who has never seen the old history.
    let empty = tempfile::tempdir().unwrap();
    let without = Context {
        mirrors: empty.path().to_owned(),
        ..context.clone()
    };
    assert_eq!(
        look(&cluster, &without).await.verdict.reason.as_str(),
        "HistoryRewritten"
    );

    let accept = json!({"metadata": {"annotations": {
        "gitsm.dev/accept-history": forced, ALLOW_PRUNE: forced,
    }}});
    api(&cluster)
        .patch("estate", &PatchParams::default(), &Patch::Merge(&accept))
        .await
        .unwrap();
    assert_eq!(look(&cluster, &context).await.verdict.reason.as_str(), "Applied");
    assert_eq!(cluster.names().await, ["Team/other"]);
}

async fn kept_out<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let context = context(&cluster, mirrors.path());
    let head = origin.commit(&[("a.yaml", team("payments", "Payments"))]);
    let key = json!({"name": "ana", "type": "Ssh",
        "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ana"});
    for (spec, reason) in [
        (
            json!({"verify": {"mode": "Head", "trustedKeys": [key]}}),
            "SignatureRefused",
        ),
        (
            json!({"gate": {"enforcement": "Enforce"}, "baseline": head}),
            "AuthorizationUnknown",
        ),
        (json!({"branch": "release"}), "BranchMissing"),
        (json!({"path": "nowhere"}), "TreeUnreadable"),
        (json!({"tenancy": {"kinds": ["Runbook"]}}), "ValidationFailed"),
        (json!({"url": "https://git.example.com/estate.git"}), "NotAllowed"),
        (json!({"suspend": true}), "Suspended"),
    ] {
        let _ = api(&cluster).delete("estate", &DeleteParams::default()).await;
        let mut whole = json!({"url": origin.url()});
        whole
            .as_object_mut()
            .unwrap()
            .extend(spec.as_object().unwrap().clone());
        create(&cluster, whole).await;
        look(&cluster, &context).await;
        let status = status(&cluster).await;
        assert_eq!(ready(&status)["reason"], json!(reason), "{spec}: {status}");
        assert_eq!(cluster.names().await, [""; 0], "{spec}");
    }
    // Folders of the machine are nobody's business but that of whoever runs the operator.
    create(&cluster, json!({"url": origin.url(), "suspend": false})).await;
    let strict = Context {
        may_be_local: false,
        ..context
    };
    let synced = look(&cluster, &strict).await;
    assert_eq!(synced.verdict.reason.as_str(), "NotAllowed");
    assert!(
        synced.verdict.message.contains("--allow-local-repositories"),
        "{synced:?}"
    );
}

async fn enforced<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let context = context(&cluster, mirrors.path());
    let first = origin.commit(&[("a.yaml", team("payments", "Payments"))]);
    create(&cluster, json!({"url": origin.url()})).await;
    assert_eq!(look(&cluster, &context).await.verdict.reason.as_str(), "Applied");
    let enforced = json!({"url": origin.url(), "gate": {"enforcement": "Enforce"}, "baseline": first});
    create(&cluster, enforced).await;
    origin.commit(&[(
        "a.yaml",
        team("payments", "Smuggled") + "---\n" + &team("new", "New"),
    )]);
    // The last applied commit is repaired, and nothing but that one.
    let teams = cluster.api("Team");
    let edit = json!({"spec": {"displayName": "Mine"}});
    teams
        .patch("payments", &PatchParams::default(), &Patch::Merge(&edit))
        .await
        .unwrap();
    let synced = look(&cluster, &context).await;
    assert_eq!(
        synced.verdict.reason.as_str(),
        "AuthorizationUnknown",
        "{synced:?}"
    );
    assert_eq!(cluster.names().await, ["Team/payments"]);
    let kept = teams.get("payments").await.unwrap();
    assert_eq!(kept.data["spec"]["displayName"], "Payments");
    assert_eq!(status(&cluster).await["appliedRevision"], json!(first));
}

async fn pruned<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let context = context(&cluster, mirrors.path());
    create(&cluster, json!({"url": origin.url()})).await;
    let many: String = (0..10)
        .map(|n| team(&format!("t{n}"), "A team") + "---\n")
        .collect();
    origin.commit(&[("a.yaml", many)]);
    look(&cluster, &context).await;
    assert_eq!(cluster.names().await.len(), 10);
    let emptied = origin.commit(&[("a.yaml", team("t0", "A team"))]);
    let synced = look(&cluster, &context).await;
    assert_eq!(synced.verdict.reason.as_str(), "PruneBlocked", "{synced:?}");
    assert_eq!(cluster.names().await.len(), 10);
    let allow = json!({"metadata": {"annotations": {ALLOW_PRUNE: emptied}}});
    api(&cluster)
        .patch("estate", &PatchParams::default(), &Patch::Merge(&allow))
        .await
        .unwrap();
    assert_eq!(look(&cluster, &context).await.verdict.reason.as_str(), "Applied");
    assert_eq!(cluster.names().await, ["Team/t0"]);
}

async fn followed<S: ApiServer>(cluster: Cluster<S>) {
    let (origin, mirrors) = (Origin::new(), tempfile::tempdir().unwrap());
    let first = origin.commit(&[("a.yaml", team("payments", "Payments"))]);
    // So long that only what happens makes it look.
    create(&cluster, json!({"url": origin.url(), "interval": "24h"})).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let controller = tokio::spawn(run(context(&cluster, mirrors.path()), async move {
        let _ = stopped.await;
    }));
    until(&cluster, "the first commit", |status| {
        status["appliedRevision"] == json!(first)
    })
    .await;

    let second = origin.commit(&[("a.yaml", team("payments", "Renamed"))]);
    ask(&cluster, "2026-11-02T10:00:00Z").await;
    until(&cluster, "the second commit", |status| {
        status["appliedRevision"] == json!(second)
    })
    .await;

    // Nobody asks for a repair.
    let teams = cluster.api("Team");
    let edit = json!({"spec": {"displayName": "Mine"}});
    teams
        .patch("payments", &PatchParams::default(), &Patch::Merge(&edit))
        .await
        .unwrap();
    let shown = |object: &kube::api::DynamicObject| object.data["spec"]["displayName"].clone();
    tokio::time::timeout(PATIENCE, async {
        while shown(&teams.get("payments").await.unwrap()) != "Renamed" {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await
    .expect("the edit is not taken back");
    teams.delete("payments", &DeleteParams::default()).await.unwrap();
    tokio::time::timeout(PATIENCE, async {
        while teams.get_opt("payments").await.unwrap().is_none() {
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await
    .expect("what was deleted does not come back");

    // Servers before 1.21 want events about what has no namespace in `kube-system`; gitsm needs 1.31.
    let minor = cluster.client.apiserver_version().await.unwrap().minor;
    let is_old = minor.trim_end_matches('+').parse::<u32>().unwrap() < 21;
    let events: Api<k8s_openapi::api::events::v1::Event> = Api::all(cluster.client.clone());
    let events = events.list(&kube::api::ListParams::default()).await.unwrap();
    let applied = events
        .items
        .iter()
        .filter(|event| event.reason.as_deref() == Some("Applied"));
    assert!(is_old || applied.count() == 2, "one for each commit");
    stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, controller)
        .await
        .expect("it does not stop")
        .unwrap()
        .unwrap();
}

async fn until<S: ApiServer>(cluster: &Cluster<S>, what: &str, holds: impl Fn(&Value) -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds(&status(cluster).await) {
            tokio::time::sleep(PAUSE).await;
        }
    });
    let came = waited.await.is_ok();
    assert!(came, "{what} never came: {}", status(cluster).await);
}
