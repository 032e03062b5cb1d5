//! Creating, updating, patching, applying.

use crate::harness::{APPLY, FOOS, JSON, MERGE, PATCH, Running, foo};
use serde_json::{Value, json};

#[tokio::test]
async fn an_object_is_created_with_what_the_server_decides() {
    let server = Running::with_foos().await;
    let mut object = foo("a", json!({"unknown": 1}));
    object["status"] = json!({"set": "by its creator"});
    object["metadata"]["uid"] = "mine".into();
    let answer = server.post(FOOS, &object).await.expect(201);
    assert_eq!(
        answer.warnings(),
        ["299 - \"unknown field \\\"spec.unknown\\\"\""]
    );
    let created = answer.json();
    assert_eq!(created["spec"], json!({"a": "dd"}));
    assert_eq!(created["status"], Value::Null);
    assert_eq!(created["metadata"]["generation"], 1);
    assert_eq!(created["metadata"]["namespace"], "default");
    assert_ne!(created["metadata"]["uid"], "mine");
    let owner = &created["metadata"]["managedFields"][0];
    assert_eq!(
        (&owner["manager"], &owner["operation"]),
        (&json!("tester"), &json!("Update"))
    );
    assert_eq!(owner["fieldsV1"], json!({"f:spec": {".": {}, "f:a": {}}}));
    let again = server.post(FOOS, &object).await.expect(409);
    assert_eq!(again.message(), "foos.x.dev \"a\" already exists");
}

#[tokio::test]
async fn names_are_generated() {
    let server = Running::with_foos().await;
    let object = json!({"apiVersion": "x.dev/v1", "kind": "Foo", "metadata": {"generateName": "g-"}});
    let first = server.post(FOOS, &object).await.expect(201).json();
    let second = server.post(FOOS, &object).await.expect(201).json();
    assert!(first["metadata"]["name"].as_str().unwrap().starts_with("g-"));
    assert_ne!(first["metadata"]["name"], second["metadata"]["name"]);
}

#[tokio::test]
async fn bodies_that_are_not_of_the_kind_are_refused_in_upstreams_words() {
    let server = Running::with_foos().await;
    for (body, code, message) in [
        (
            r#"{"apiVersion":"x.dev/v2","kind":"Foo"}"#,
            400,
            "the API version in the data (x.dev/v2) does not match the expected API version (x.dev/v1)",
        ),
        (
            r#"{"apiVersion":"x.dev/v1","kind":"Bar","metadata":{"name":"a"}}"#,
            422,
            "Bar.x.dev \"a\" is invalid: kind: Invalid value: \"Bar\": must be Foo",
        ),
        (
            r#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{"name":"a","namespace":"b"}}"#,
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            r#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{"name":"a","resourceVersion":"5"}}"#,
            500,
            "resourceVersion should not be set on objects to be created",
        ),
        (
            r#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{"name":"a","labels":{"a":1}}}"#,
            400,
            "Foo in version \"v1\" cannot be handled as a Foo: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
        ),
        (
            r#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{}}"#,
            422,
            "Foo.x.dev \"\" is invalid: metadata.name: Required value: name or generateName is required",
        ),
        (
            "",
            400,
            "the object provided is unrecognized (must be of type Foo): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
        ),
        (
            "null",
            400,
            "the object provided is unrecognized (must be of type Foo): Object 'Kind' is missing in 'null' (6e756c6c)",
        ),
    ] {
        let answer = server.send("POST", FOOS, JSON, body).await.expect(code);
        assert_eq!(answer.message(), message);
    }
    let answer = server.send("POST", FOOS, "text/plain", "{}").await.expect(415);
    assert!(answer.message().contains("application/yaml"), "{answer:?}");
}

#[tokio::test]
async fn strict_validation_names_unknown_and_duplicate_fields() {
    let server = Running::with_foos().await;
    let body = r#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{"name":"a","x":1},"spec":{"b":1,"b":1}}"#;
    let strict = format!("{FOOS}?fieldValidation=Strict");
    let answer = server.send("POST", &strict, JSON, body).await.expect(400);
    assert_eq!(
        answer.message(),
        "Foo in version \"v1\" cannot be handled as a Foo: strict decoding error: duplicate field \"spec.b\", unknown field \"metadata.x\", unknown field \"spec.b\""
    );
    let ignored = format!("{FOOS}?fieldValidation=Ignore");
    let answer = server.send("POST", &ignored, JSON, body).await.expect(201);
    assert_eq!(answer.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}?dryRun=All");
    let answer = server.post(&path, &foo("a", json!({}))).await.expect(201).json();
    assert_eq!(answer["spec"]["a"], "dd");
    assert_eq!(answer["metadata"]["resourceVersion"], Value::Null);
    server.get(&format!("{FOOS}/a")).await.expect(404);
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let path = format!("{FOOS}/a?dryRun=All");
    server
        .patch(&path, MERGE, &json!({"spec": {"a": "x"}}))
        .await
        .expect(200);
    server.send("DELETE", &path, JSON, "").await.expect(200);
    server
        .delete(&format!("{FOOS}/a"), &json!({"dryRun": ["All"]}))
        .await
        .expect(200);
    assert_eq!(
        server.get(&format!("{FOOS}/a")).await.expect(200).json()["spec"]["a"],
        "dd"
    );
}

#[tokio::test]
async fn an_update_needs_the_current_revision() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a");
    let mut object = server
        .post(FOOS, &foo("a", json!({"a": "1"})))
        .await
        .expect(201)
        .json();
    let missing = server.put(&path, &foo("a", json!({}))).await.expect(422);
    assert_eq!(
        missing.message(),
        "foos.x.dev \"a\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    );
    object["spec"]["a"] = "2".into();
    let updated = server.put(&path, &object).await.expect(200);
    assert_eq!(updated.json()["metadata"]["generation"], 2);
    let stale = server.put(&path, &object).await.expect(409);
    assert!(
        stale
            .message()
            .contains("the object has been modified; please apply your changes to the latest version")
    );
    let mut other = updated.json();
    other["metadata"]["uid"] = "other".into();
    server.put(&path, &other).await.expect(409);
    let renamed = server.put(&path, &foo("b", json!({}))).await.expect(400);
    assert_eq!(
        renamed.message(),
        "the name of the object (b) does not match the name on the URL (a)"
    );
    server
        .put(&format!("{FOOS}/none"), &foo("none", json!({})))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_write_without_effect_keeps_the_revision() {
    let server = Running::with_foos().await;
    let created = server.post(FOOS, &foo("a", json!({"a": "1"}))).await.expect(201);
    let path = format!("{FOOS}/a");
    let same = server.put(&path, &created.json()).await.expect(200);
    assert_eq!(same.revision(), created.revision());
    let nothing = server.patch(&path, MERGE, &json!({})).await.expect(200);
    assert_eq!(nothing.revision(), created.revision());
}

#[tokio::test]
async fn a_whole_number_written_with_a_fraction_is_no_change() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let status = format!("{FOOS}/a/status");
    let patch = |share: &str| format!(r#"{{"status": {{"share": {share}}}}}"#);
    let first = server
        .send("PATCH", &status, MERGE, patch("1.0"))
        .await
        .expect(200);
    let path = format!("{status}?fieldManager=other");
    for share in ["1", "1.0", "1e0"] {
        let same = server.send("PATCH", &path, MERGE, patch(share)).await.expect(200);
        assert_eq!(same.revision(), first.revision(), "{share}");
    }
    let changed = server.send("PATCH", &path, MERGE, patch("1.5")).await.expect(200);
    assert_ne!(changed.revision(), first.revision());
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a");
    let mut object = server
        .post(FOOS, &foo("a", json!({"a": "1"})))
        .await
        .expect(201)
        .json();
    object["spec"]["a"] = "2".into();
    object["status"] = json!({"ready": true});
    let updated = server
        .put(&format!("{path}/status"), &object)
        .await
        .expect(200)
        .json();
    assert_eq!(updated["spec"]["a"], "1");
    assert_eq!(updated["status"]["ready"], true);
    assert_eq!(updated["metadata"]["generation"], 1);
    let patched = server
        .patch(
            &path,
            MERGE,
            &json!({"spec": {"a": "3"}, "status": {"ready": false}}),
        )
        .await;
    let patched = patched.expect(200).json();
    assert_eq!(
        (&patched["spec"]["a"], &patched["status"]["ready"]),
        (&json!("3"), &json!(true))
    );
}

#[tokio::test]
async fn a_scale_is_read_and_written() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a/scale");
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let missing = server.get(&path).await.expect(500);
    assert!(
        missing
            .message()
            .contains("the spec replicas field \".spec.replicas\" does not exist")
    );
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a", "namespace": "default"}, "spec": {"replicas": 3}});
    assert_eq!(
        server.put(&path, &scale).await.expect(200).json()["spec"]["replicas"],
        3
    );
    server
        .patch(&path, MERGE, &json!({"spec": {"replicas": 5}}))
        .await
        .expect(200);
    let object = server.get(&format!("{FOOS}/a")).await.expect(200).json();
    assert_eq!(object["spec"]["replicas"], 5);
    server
        .patch(&path, MERGE, &json!({"spec": {"replicas": -1}}))
        .await
        .expect(422);
}

#[tokio::test]
async fn a_json_patch_may_test_for_nothing() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a");
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let patch = json!([
        {"op": "test", "path": "/metadata/finalizers", "value": null},
        {"op": "add", "path": "/metadata/finalizers", "value": ["x.dev/f"]},
    ]);
    let patched = server.patch(&path, PATCH, &patch).await.expect(200).json();
    assert_eq!(patched["metadata"]["finalizers"], json!(["x.dev/f"]));
    let failing = server.patch(&path, PATCH, &patch).await.expect(422);
    assert_eq!(
        failing.message(),
        "the server rejected our request due to an error in our request"
    );
    let replaced = json!([{"op": "replace", "path": "/metadata/annotations/none", "value": "x"}]);
    server.patch(&path, PATCH, &replaced).await.expect(422);
}

#[tokio::test]
async fn patches_cannot_move_an_object() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a");
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    for (patch, code, message) in [
        (
            json!({"metadata": {"name": "b"}}),
            400,
            "the name of the object (b) does not match",
        ),
        (
            json!({"metadata": {"namespace": "b"}}),
            400,
            "the namespace of the provided object does not match",
        ),
        (
            json!({"metadata": {"uid": "b"}}),
            422,
            "metadata.uid: Invalid value: \"b\": field is immutable",
        ),
        (
            json!({"metadata": {"resourceVersion": "1"}}),
            409,
            "the object has been modified",
        ),
        (
            json!({"kind": "Bar"}),
            422,
            "kind: Invalid value: \"Bar\": must be Foo",
        ),
    ] {
        let answer = server.patch(&path, MERGE, &patch).await.expect(code);
        assert!(answer.message().contains(message), "{answer:?}");
    }
    server
        .patch(&path, "application/strategic-merge-patch+json", &json!({}))
        .await
        .expect(415);
}

#[tokio::test]
async fn appliers_share_an_object_or_conflict() {
    let server = Running::with_foos().await;
    let path = |manager: &str| format!("{FOOS}/a?fieldManager={manager}");
    let first = server
        .patch(&path("one"), APPLY, &foo("a", json!({"a": "1"})))
        .await
        .expect(201);
    let same = server
        .patch(&path("one"), APPLY, &foo("a", json!({"a": "1"})))
        .await
        .expect(200);
    assert_eq!(same.revision(), first.revision());
    let conflict = server
        .patch(&path("two"), APPLY, &foo("a", json!({"a": "2"})))
        .await
        .expect(409);
    assert_eq!(
        conflict.json()["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"one\"", "field": ".spec.a"}])
    );
    // kube-rs begins the query with an empty pair.
    let forced = format!("{FOOS}/a?&force=true&fieldManager=two");
    let forced = server
        .patch(&forced, APPLY, &foo("a", json!({"a": "2"})))
        .await
        .expect(200)
        .json();
    assert_eq!(forced["spec"]["a"], "2");
    let nameless = json!({"apiVersion": "x.dev/v1", "kind": "Foo", "spec": {}});
    let fresh = format!("{FOOS}/b?fieldManager=one");
    server.patch(&fresh, APPLY, &nameless).await.expect(400);
    server
        .patch(&format!("{FOOS}/a"), APPLY, &foo("a", json!({})))
        .await
        .expect(422);
}

#[tokio::test]
async fn a_namespace_must_be_there() {
    let server = Running::with_foos().await;
    let answer = server
        .post("/apis/x.dev/v1/namespaces/none/foos", &foo("a", json!({})))
        .await
        .expect(404);
    assert_eq!(answer.message(), "namespaces \"none\" not found");
}

#[tokio::test]
async fn errors_carry_the_warnings_that_were_found_before() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let answer = server
        .post(FOOS, &foo("a", json!({"unknown": 1})))
        .await
        .expect(409);
    assert_eq!(answer.warnings().len(), 1);
}
