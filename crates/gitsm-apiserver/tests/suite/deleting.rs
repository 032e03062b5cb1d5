//! Deleting: finalizers, preconditions, collections, namespaces, owners.

use crate::harness::{FOOS, MERGE, Running, foo};
use serde_json::{Value, json};

#[tokio::test]
async fn finalizers_hold_an_object_until_the_last_one_goes() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a");
    let mut object = foo("a", json!({}));
    object["metadata"]["finalizers"] = json!(["x.dev/f"]);
    server.post(FOOS, &object).await.expect(201);
    let marked = server
        .delete(&path, &json!({"propagationPolicy": "Orphan"}))
        .await
        .expect(200)
        .json();
    assert_eq!(marked["metadata"]["finalizers"], json!(["x.dev/f", "orphan"]));
    assert_eq!(marked["metadata"]["generation"], 2);
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
    let added = json!({"metadata": {"finalizers": ["x.dev/f", "x.dev/g"]}});
    let refused = server.patch(&path, MERGE, &added).await.expect(422);
    assert!(
        refused
            .message()
            .contains("no new finalizers can be added if the object is being deleted")
    );
    let released = server
        .patch(&path, MERGE, &json!({"metadata": {"finalizers": null}}))
        .await
        .expect(200)
        .json();
    assert_eq!(released["metadata"]["finalizers"], Value::Null);
    server.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_deletion_without_finalizers_says_what_went() {
    let server = Running::with_foos().await;
    let created = server.post(FOOS, &foo("a", json!({}))).await.expect(201).json();
    let status = server
        .delete(&format!("{FOOS}/a"), &json!({}))
        .await
        .expect(200)
        .json();
    let details = json!({"name": "a", "group": "x.dev", "kind": "foos", "uid": created["metadata"]["uid"]});
    assert_eq!(
        (&status["status"], &status["details"]),
        (&json!("Success"), &details)
    );
    let gone = server.delete(&format!("{FOOS}/a"), &json!({})).await.expect(404);
    assert_eq!(gone.message(), "foos.x.dev \"a\" not found");
}

#[tokio::test]
async fn preconditions_keep_another_object_from_being_deleted() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let path = format!("{FOOS}/a");
    for precondition in [json!({"uid": "other"}), json!({"resourceVersion": "1"})] {
        let answer = server
            .delete(&path, &json!({"preconditions": precondition}))
            .await
            .expect(409);
        assert!(answer.message().contains("in the precondition"), "{answer:?}");
    }
    server.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_collection_is_deleted_as_far_as_it_is_selected() {
    let server = Running::with_foos().await;
    for name in ["a", "b", "c"] {
        let mut object = foo(name, json!({}));
        object["metadata"]["labels"] = json!({"name": name});
        server.post(FOOS, &object).await.expect(201);
    }
    let deleted = server
        .delete(&format!("{FOOS}?labelSelector=name!%3Da"), &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(deleted["items"].as_array().unwrap().len(), 2);
    let left = server.get(FOOS).await.expect(200).json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_namespace_goes_with_everything_in_it() {
    let server = Running::with_foos().await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    server.post("/api/v1/namespaces", &namespace).await.expect(201);
    let foos = "/apis/x.dev/v1/namespaces/shop/foos";
    server.post(foos, &foo("a", json!({}))).await.expect(201);
    let marked = server
        .delete("/api/v1/namespaces/shop", &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(marked["status"]["phase"], "Terminating");
    server.until("/api/v1/namespaces/shop", 404).await;
    server.get(&format!("{foos}/a")).await.expect(404);
    let kept = server
        .delete("/api/v1/namespaces/default", &json!({}))
        .await
        .expect(403);
    assert_eq!(
        kept.message(),
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[tokio::test]
async fn dependants_go_after_their_owner() {
    let server = Running::with_foos().await;
    let owner = server
        .post(FOOS, &foo("owner", json!({})))
        .await
        .expect(201)
        .json();
    let mut object = foo("dependant", json!({}));
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "x.dev/v1", "kind": "Foo", "name": "owner", "uid": owner["metadata"]["uid"],
    }]);
    server.post(FOOS, &object).await.expect(201);
    server
        .delete(&format!("{FOOS}/owner"), &json!({}))
        .await
        .expect(200);
    server.until(&format!("{FOOS}/dependant"), 404).await;
}
