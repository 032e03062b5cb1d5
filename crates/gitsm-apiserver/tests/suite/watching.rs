//! Following changes.

use crate::harness::{DEFINITIONS, FOOS, MERGE, Running, foo};
use serde_json::{Value, json};

fn labelled(name: &str, label: &str) -> Value {
    let mut object = foo(name, json!({}));
    object["metadata"]["labels"] = json!({"l": label});
    object
}

#[tokio::test]
async fn a_watch_begins_with_what_is_there_or_after_a_revision() {
    let server = Running::with_foos().await;
    let first = server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let mut from_state = server.watch(&format!("{FOOS}?watch=1")).await;
    let mut from_revision = server
        .watch(&format!("{FOOS}?watch=1&resourceVersion={}", first.revision()))
        .await;
    server.post(FOOS, &foo("b", json!({}))).await.expect(201);
    let deleted = server.delete(&format!("{FOOS}/a"), &json!({})).await.expect(200);
    assert_eq!(deleted.json()["status"], "Success");
    assert_eq!(from_state.brief().await, "ADDED a");
    for watch in [&mut from_state, &mut from_revision] {
        assert_eq!(watch.brief().await, "ADDED b");
        let event = watch.next().await.unwrap();
        assert_eq!(event["type"], "DELETED");
        // A client that resumes from here must not see the deletion again.
        let revision: u64 = event["object"]["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(revision > first.revision().parse().unwrap());
    }
}

#[tokio::test]
async fn what_leaves_a_selection_is_deleted_and_what_enters_is_added() {
    let server = Running::with_foos().await;
    server.post(FOOS, &labelled("a", "yes")).await.expect(201);
    let mut watch = server
        .watch(&format!("{FOOS}?watch=1&labelSelector=l%3Dyes"))
        .await;
    assert_eq!(watch.brief().await, "ADDED a");
    for label in ["no", "yes", "yes"] {
        let patch = json!({"metadata": {"labels": {"l": label, "n": format!("{label}{}", label.len())}}, "spec": {"a": label}});
        server
            .patch(&format!("{FOOS}/a"), MERGE, &patch)
            .await
            .expect(200);
    }
    server
        .patch(&format!("{FOOS}/a"), MERGE, &json!({"spec": {"a": "z"}}))
        .await
        .expect(200);
    let left = watch.next().await.unwrap();
    assert_eq!(
        (&left["type"], &left["object"]["metadata"]["labels"]["l"]),
        (&json!("DELETED"), &json!("yes"))
    );
    assert_eq!(watch.brief().await, "ADDED a");
    assert_eq!(watch.brief().await, "MODIFIED a");
}

#[tokio::test]
async fn a_compacted_revision_is_an_error_in_the_stream() {
    let server = Running::with_foos().await;
    let mut watch = server.watch(&format!("{FOOS}?watch=1&resourceVersion=1")).await;
    let event = watch.next().await.unwrap();
    assert_eq!(event["type"], "ERROR");
    assert_eq!(
        (&event["object"]["code"], &event["object"]["reason"]),
        (&json!(410), &json!("Expired"))
    );
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_watch_list_ends_its_beginning_with_a_bookmark() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = server.watch(&format!("{FOOS}?{query}")).await;
    assert_eq!(watch.brief().await, "ADDED a");
    let mark = watch.next().await.unwrap();
    assert_eq!(mark["type"], "BOOKMARK");
    assert_eq!(
        mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    assert_eq!(
        (&mark["object"]["kind"], &mark["object"]["apiVersion"]),
        (&json!("Foo"), &json!("x.dev/v1"))
    );
    server
        .get(&format!("{FOOS}?watch=1&sendInitialEvents=true"))
        .await
        .expect(422);
}

#[tokio::test]
async fn a_watch_ends_at_its_time_with_a_bookmark() {
    let server = Running::with_foos().await;
    let created = server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let query = format!(
        "watch=1&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion={}",
        created.revision()
    );
    let mut watch = server.watch(&format!("{FOOS}?{query}")).await;
    let last = watch.next().await.unwrap();
    assert_eq!(last["type"], "BOOKMARK");
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_watch_of_a_deleted_definition_ends() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let mut watch = server.watch(&format!("{FOOS}?watch=1")).await;
    assert_eq!(watch.brief().await, "ADDED a");
    server
        .delete(&format!("{DEFINITIONS}/foos.x.dev"), &json!({}))
        .await
        .expect(200);
    while let Some(event) = watch.next().await {
        assert_eq!(event["type"], "DELETED");
    }
}

#[tokio::test]
async fn watches_of_one_namespace_do_not_see_others() {
    let server = Running::with_foos().await;
    let mut watch = server.watch(&format!("{FOOS}?watch=1&resourceVersion=0")).await;
    server
        .post(
            "/apis/x.dev/v1/namespaces/kube-system/foos",
            &foo("other", json!({})),
        )
        .await
        .expect(201);
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    assert_eq!(watch.brief().await, "ADDED a");
}
