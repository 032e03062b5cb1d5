//! A commit becomes the objects of a cluster, and what it does not have any more goes.

use crate::harness::{Cluster, Estate, on_each_server};
use gitsm_core::sync::prune::Blocked;
use gitsm_operator::source::{ApplyOptions, Step};
use gitsm_testkit::ApiServer;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

const SPEC: &str = "title: Restart, owner: payments, steps: [{id: a, type: Text, text: Do it}]";

on_each_server! {
    "applying commits";
    a_commit_is_applied_once_and_then_nothing_is_written: applied_once;
    drift_is_repaired_whoever_made_it: drift;
    what_a_commit_does_not_have_any_more_goes: pruned;
    more_than_a_part_goes_only_when_people_agree: guarded;
    one_refused_object_keeps_all_of_a_commit_out: refused;
    fields_and_objects_of_others_are_not_taken: others;
    interrupted_at_any_point_it_ends_the_same: interrupted;
    git_keeps_an_object_and_nobody_else_does: kept;
    parts_that_a_crash_has_left_are_read_and_go: left_over;
}

fn estate() -> Estate {
    Estate::at('a')
        .team("payments", "Payments")
        .team("platform", "Platform")
        .document("Runbook", "name: restart, namespace: ops", SPEC)
}

async fn applied_once<S: ApiServer>(cluster: Cluster<S>) {
    let report = cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    assert_eq!((report.created, &*report.problems), (3, &[][..]));
    assert_eq!(
        cluster.names().await,
        ["Runbook/restart", "Team/payments", "Team/platform"]
    );
    let inventory = cluster.inventory().await;
    assert_eq!(inventory.lines().count(), 3, "{inventory}");
    assert_eq!(inventory.matches("\"uid\"").count(), 3, "{inventory}");

    let before = cluster.revisions().await;
    let report = cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    assert_eq!((report.created, report.changed, report.unchanged), (0, 0, 3));
    assert_eq!(cluster.revisions().await, before, "nothing was to be written");
    assert_eq!(cluster.inventory().await, inventory);
}

async fn drift<S: ApiServer>(cluster: Cluster<S>) {
    cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    let teams = cluster.api("Team");
    let edit = json!({"spec": {"displayName": "Mine", "chat": "#mine"}});
    let editor = PatchParams {
        field_manager: Some("kubectl-edit".to_owned()),
        ..PatchParams::default()
    };
    teams
        .patch("payments", &editor, &Patch::Merge(&edit))
        .await
        .unwrap();
    cluster
        .api_in("Runbook", "ops")
        .delete("restart", &kube::api::DeleteParams::default())
        .await
        .unwrap();

    let report = cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    assert_eq!(
        (report.created, report.changed, report.unchanged),
        (1, 1, 1),
        "{report:?}"
    );
    let team = teams.get("payments").await.unwrap();
    assert_eq!(team.data["spec"]["displayName"], "Payments");
    // What git does not speak of is somebody else's.
    assert_eq!(team.data["spec"]["chat"], "#mine");
    let again = cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    assert_eq!(again.unchanged, 3);
}

async fn pruned<S: ApiServer>(cluster: Cluster<S>) {
    cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    let teams = cluster.api("Team");
    // One that was deleted and made anew by somebody has another uid: it is not the one that git made.
    teams
        .delete("platform", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    let other = |name: &str| {
        json!({
            "apiVersion": "gitsm.dev/v1alpha1", "kind": "Team",
            "metadata": {"name": name, "labels": {"gitsm.dev/repository": "estate"}},
            "spec": {"displayName": "Somebody's"},
        })
    };
    let by_hand = PatchParams::apply("by-hand");
    for name in ["platform", "unlisted"] {
        teams
            .patch(name, &by_hand, &Patch::Apply(&other(name)))
            .await
            .unwrap();
    }
    let less = Estate::at('b').team("payments", "Payments");
    let report = cluster.apply(&less, ApplyOptions::default()).await.unwrap();
    assert_eq!(
        (report.pruned, report.blocked, &*report.problems),
        (1, None, &[][..])
    );
    assert_eq!(
        cluster.names().await,
        ["Team/payments", "Team/platform", "Team/unlisted"]
    );
    let inventory = cluster.inventory().await;
    assert_eq!(inventory.lines().count(), 1, "{inventory}");
}

async fn guarded<S: ApiServer>(cluster: Cluster<S>) {
    let many = Estate::at('a').teams(20);
    cluster.apply(&many, ApplyOptions::default()).await.unwrap();
    let fewer = Estate::at('b').teams(10);
    let report = cluster.apply(&fewer, ApplyOptions::default()).await.unwrap();
    assert_eq!(report.blocked, Some(Blocked::TooMany { would_go: 10, of: 20 }));
    let empty = cluster
        .apply(&Estate::at('c'), ApplyOptions::default())
        .await
        .unwrap();
    assert_eq!(empty.blocked, Some(Blocked::Empty { would_go: 20 }));
    assert_eq!(cluster.names().await.len(), 20);

    // People's word counts for the commit that they name.
    let allowed = |digit: char| ApplyOptions {
        allowed_prune: Some(Estate::at(digit).revision),
        ..ApplyOptions::default()
    };
    let report = cluster.apply(&fewer, allowed('c')).await.unwrap();
    assert!(report.blocked.is_some());
    let report = cluster.apply(&fewer, allowed('b')).await.unwrap();
    assert_eq!((report.pruned, report.blocked), (10, None));
    assert_eq!(cluster.names().await.len(), 10);
}

async fn refused<S: ApiServer>(cluster: Cluster<S>) {
    let bad = estate().document("Team", "name: bad", "displayName: [1]");
    let report = cluster.apply(&bad, ApplyOptions::default()).await.unwrap();
    assert!(report.in_dry_run);
    let problem = &report.problems[0];
    assert!(problem.what.starts_with("Team/bad (estate.yaml:"), "{problem}");
    assert!(problem.message.contains("displayName"), "{problem}");
    assert_eq!(cluster.names().await, Vec::<String>::new());
    assert_eq!(cluster.inventory().await, "");
}

async fn others<S: ApiServer>(cluster: Cluster<S>) {
    let teams = cluster.api("Team");
    let team = json!({
        "apiVersion": "gitsm.dev/v1alpha1", "kind": "Team", "metadata": {"name": "payments"},
        "spec": {"displayName": "By hand"},
    });
    let by_hand = PatchParams::apply("by-hand");
    teams
        .patch("payments", &by_hand, &Patch::Apply(&team))
        .await
        .unwrap();
    let report = cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    let problem = &report.problems[0];
    assert!(problem.is_conflict && report.in_dry_run, "{report:?}");
    assert!(problem.message.contains("by-hand"), "{problem}");
    let force = ApplyOptions {
        force: true,
        ..ApplyOptions::default()
    };
    assert_eq!(cluster.apply(&estate(), force.clone()).await.unwrap().created, 2);

    // Another repository takes nothing, not even by force.
    let other = Estate::at('d').team("payments", "Other");
    let report = cluster
        .apply_as("other", &other, force, &mut |_| {})
        .await
        .unwrap();
    assert!(
        report.problems[0].message.contains("repository estate"),
        "{report:?}"
    );
    let team = teams.get("payments").await.unwrap();
    assert_eq!(team.data["spec"]["displayName"], "Payments");
}

async fn kept<S: ApiServer>(cluster: Cluster<S>) {
    let keep = "annotations: {gitsm.dev/prune: disabled}";
    let first = estate().document("Team", &format!("name: kept, {keep}"), "displayName: Kept");
    cluster.apply(&first, ApplyOptions::default()).await.unwrap();
    let annotated: Value = json!({"metadata": {"annotations": {"gitsm.dev/prune": "disabled"}}});
    cluster
        .api("Team")
        .patch("platform", &PatchParams::default(), &Patch::Merge(&annotated))
        .await
        .unwrap();
    let less = Estate::at('b').team("payments", "Payments");
    let report = cluster.apply(&less, ApplyOptions::default()).await.unwrap();
    assert_eq!(report.pruned, 2, "{report:?}");
    assert_eq!(cluster.names().await, ["Team/kept", "Team/payments"]);
    assert_eq!(cluster.inventory().await.lines().count(), 1);
}

/// Stops at each of the first steps, as a crash would, and begins again.
async fn interrupted<S: ApiServer>(cluster: Cluster<S>) {
    let first = Estate::at('a')
        .teams(6)
        .document("Runbook", "name: old, namespace: ops", SPEC);
    cluster.apply(&first, ApplyOptions::default()).await.unwrap();
    let second = Estate::at('b')
        .teams(8)
        .document("Runbook", "name: new, namespace: ops", SPEC);
    let one_by_one = ApplyOptions {
        at_once: 1,
        ..ApplyOptions::default()
    };
    // As many steps as trying takes, and then one written object more each time.
    for stop in [1, 5, 9, 11, 12, 13, 14] {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let mut steps = 0;
        let mut progress = |step: Step| {
            if matches!(step, Step::Tried | Step::Written) {
                steps += 1;
                if steps == stop {
                    sender.send(()).unwrap();
                }
            }
        };
        tokio::select! {
            biased;
            _ = receiver.recv() => {}
            done = cluster.apply_as("estate", &second, one_by_one.clone(), &mut progress) => {
                done.unwrap();
            }
        }
        // Whatever there is is listed, and can be taken away again.
        let inventory = cluster.inventory().await;
        for name in cluster.names().await {
            let name = name.split_once('/').unwrap().1.to_owned();
            assert!(
                inventory.contains(&format!("\"{name}\"")),
                "{name} after {stop}: {inventory}"
            );
        }
    }
    cluster.apply(&second, ApplyOptions::default()).await.unwrap();
    let mut expected: Vec<String> = (0..8).map(|number| format!("Team/team-{number:02}")).collect();
    expected.insert(0, "Runbook/new".to_owned());
    assert_eq!(cluster.names().await, expected);
    assert_eq!(cluster.inventory().await.lines().count(), 9);
    let again = cluster.apply(&second, ApplyOptions::default()).await.unwrap();
    assert_eq!((again.unchanged, again.pruned), (9, 0));
}

/// A crash while an inventory grew leaves its last part without those before it.
async fn left_over<S: ApiServer>(cluster: Cluster<S>) {
    cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    let part = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "gitsm-inventory-estate-2", "namespace": "gitsm-system",
            "labels": {"gitsm.dev/inventory": "estate"},
        },
        "data": {"objects": "{\"kind\":\"Team\",\"name\":\"never-applied\"}\n"},
    });
    cluster
        .parts()
        .patch(
            "gitsm-inventory-estate-2",
            &PatchParams::apply("gitsm"),
            &Patch::Apply(&part),
        )
        .await
        .unwrap();
    let report = cluster.apply(&estate(), ApplyOptions::default()).await.unwrap();
    assert_eq!((report.unchanged, report.pruned), (3, 0), "{report:?}");
    let inventory = cluster.inventory().await;
    assert_eq!(inventory.lines().count(), 3, "{inventory}");
}
