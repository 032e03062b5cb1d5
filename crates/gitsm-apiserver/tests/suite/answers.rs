//! Answers that clients rely on in detail, as real servers give them.

use crate::harness::{APPLY, DEFINITIONS, FOOS, JSON, MERGE, PATCH, Running, foo};
use serde_json::{Value, json};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const PARTIAL: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";

/// `pairs.x.dev` in two versions: both have `a`, each has a field of its own with a default.
fn pairs() -> Value {
    let version = |name: &str, storage: bool, own: &str| {
        let mut spec = json!({"a": {"type": "string"}});
        spec[own] = json!({"type": "string", "default": "filled"});
        json!({"name": name, "served": true, "storage": storage, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {"type": "object", "properties": spec}},
        }}})
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "pairs.x.dev"},
        "spec": {
            "group": "x.dev", "scope": "Cluster", "names": {"plural": "pairs", "kind": "Pair"},
            "versions": [version("v1", true, "b"), version("v2", false, "c")],
        },
    })
}

#[tokio::test]
async fn every_version_answers_as_itself_and_shows_what_the_stored_version_keeps() {
    let server = Running::start().await;
    server.post(DEFINITIONS, &pairs()).await.expect(201);
    let (v1, v2) = ("/apis/x.dev/v1/pairs", "/apis/x.dev/v2/pairs");
    let pair = |spec: Value| json!({"apiVersion": "x.dev/v2", "kind": "Pair", "metadata": {"name": "p"}, "spec": spec});

    let created = server
        .post(v2, &pair(json!({"a": "1", "c": "lost"})))
        .await
        .expect(201);
    assert_eq!(created.json()["apiVersion"], "x.dev/v2");
    assert_eq!(created.json()["spec"], json!({"a": "1"}));
    let stored = server.get(&format!("{v1}/p")).await.json();
    assert_eq!(stored["apiVersion"], "x.dev/v1");
    assert_eq!(stored["spec"], json!({"a": "1", "b": "filled"}));
    let listed = server.get(v2).await.json();
    assert_eq!(listed["items"][0]["apiVersion"], "x.dev/v2");
    assert_eq!(listed["items"][0]["spec"], json!({"a": "1"}));

    let path = format!("{v2}/p");
    let patched = server
        .patch(&path, MERGE, &json!({"spec": {"a": "2"}}))
        .await
        .expect(200);
    assert_eq!(patched.json()["apiVersion"], "x.dev/v2");
    assert_eq!(patched.json()["spec"], json!({"a": "2"}));
    let applied = server
        .patch(
            &format!("{path}?fieldManager=m&force=true"),
            APPLY,
            &pair(json!({"a": "3", "c": "d"})),
        )
        .await
        .expect(200);
    assert_eq!(applied.json()["apiVersion"], "x.dev/v2");
    assert_eq!(applied.json()["spec"]["a"], "3");
    let stored = server.get(&format!("{v1}/p")).await.json();
    assert_eq!(stored["spec"], json!({"a": "3", "b": "filled"}));
    let mut whole = server.get(&path).await.json();
    whole["spec"]["a"] = "4".into();
    let replaced = server.put(&path, &whole).await.expect(200);
    assert_eq!(replaced.json()["apiVersion"], "x.dev/v2");
}

#[tokio::test]
async fn a_scale_is_shown_as_a_table_too() {
    let server = Running::with_foos().await;
    server
        .post(FOOS, &foo("a", json!({"replicas": 2})))
        .await
        .expect(201);
    let path = format!("{FOOS}/a/scale");
    let table = server
        .send_accepting("GET", &path, JSON, "", TABLE)
        .await
        .expect(200)
        .json();
    assert_eq!(table["kind"], "Table");
    let headings: Vec<&Value> = table["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(headings, ["Name", "Desired", "Available", "Age"]);
    assert_eq!(
        table["rows"][0]["cells"].as_array().unwrap()[..3],
        [json!("a"), json!(2), json!(0)]
    );
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let patch = json!({"spec": {"replicas": 3}}).to_string();
    let table = server
        .send_accepting("PATCH", &path, MERGE, patch, TABLE)
        .await
        .expect(200)
        .json();
    assert_eq!(table["rows"][0]["cells"][1], 3);
    let meta = server
        .send_accepting("GET", &path, JSON, "", PARTIAL)
        .await
        .expect(200)
        .json();
    assert_eq!(meta["kind"], "PartialObjectMetadata");
    assert_eq!(meta["metadata"]["name"], "a");
}

#[tokio::test]
async fn a_scale_that_cannot_be_is_refused() {
    let server = Running::with_foos().await;
    server
        .post(FOOS, &foo("a", json!({"replicas": 2})))
        .await
        .expect(201);
    let path = format!("{FOOS}/a/scale");
    for (patch, why) in [
        (
            json!({"spec": {"replicas": "x"}}),
            "json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32",
        ),
        (
            json!({"spec": {"replicas": 1.5}}),
            "json: cannot unmarshal number 1.5 into Go struct field ScaleSpec.spec.replicas of type int32",
        ),
        (
            json!({"spec": []}),
            "json: cannot unmarshal array into Go struct field Scale.spec of type v1.ScaleSpec",
        ),
        (
            json!({"apiVersion": "x/v1"}),
            "no kind \"Scale\" is registered for version \"x/v1\" in scheme \"k8s.io/client-go/scale/util.go:146\"",
        ),
    ] {
        let answer = server.patch(&path, MERGE, &patch).await.expect(422);
        assert!(answer.message().ends_with(why), "{}", answer.message());
        assert_eq!(answer.json()["details"]["causes"][0]["field"], "patch");
    }
    let answer = server
        .patch(&path, MERGE, &json!({"spec": {"replicas": -1}}))
        .await
        .expect(422);
    let message =
        "Foo.x.dev \"a\" is invalid: .spec.replicas: Invalid value: -1: should be a non-negative integer";
    assert_eq!(answer.message(), message);
    let root = json!([{"op": "replace", "path": "", "value": [1]}]);
    assert_eq!(server.patch(&path, PATCH, &root).await.code, 422);
    let answer = server
        .patch(&format!("{path}?fieldManager=m"), APPLY, &json!([]))
        .await
        .expect(400);
    assert!(
        answer
            .message()
            .ends_with("cannot unmarshal array into Go value of type map[string]interface {}")
    );
}

#[tokio::test]
async fn the_scale_of_a_deployment_names_the_pods_that_are_counted() {
    let server = Running::start().await;
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"a": "x"}, "matchExpressions": [{"key": "k", "operator": "Exists"}]},
        "template": {"metadata": {"labels": {"a": "x", "k": "1"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }});
    server.post(deployments, &deployment).await.expect(201);
    let path = format!("{deployments}/d/scale");
    assert_eq!(server.get(&path).await.json()["status"]["selector"], "a=x,k");
    let scale = |kind: &str, replicas: i64| {
        json!({"kind": kind, "apiVersion": "autoscaling/v1", "metadata": {"name": "d", "namespace": "default"},
            "spec": {"replicas": replicas}})
    };
    let answer = server.put(&path, &scale("Scale", -1)).await.expect(422);
    let message = "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    assert_eq!(answer.message(), message);
    let answer = server.put(&path, &scale("Other", 1)).await.expect(400);
    let message = "Other in version \"v1\" cannot be handled as a Scale: converting (v1.Other) to (autoscaling.Scale): \
                   unknown conversion";
    assert_eq!(answer.message(), message);
    let answer = server.put(&path, &scale("Scale", 5)).await.expect(200);
    assert_eq!(answer.json()["status"]["selector"], "a=x,k");
}

#[tokio::test]
async fn the_path_of_a_custom_resource_creates_and_that_of_a_built_in_does_not() {
    let server = Running::with_foos().await;
    server
        .post(&format!("{FOOS}/a"), &foo("a", json!({})))
        .await
        .expect(201);
    let answer = server
        .post(&format!("{FOOS}/a"), &foo("a", json!({})))
        .await
        .expect(409);
    assert_eq!(answer.message(), "foos.x.dev \"a\" already exists");
    // As the real server: the name of the path does not count.
    server
        .post(&format!("{FOOS}/a"), &foo("b", json!({})))
        .await
        .expect(201);
    let built_in = "/api/v1/namespaces/default/configmaps/a";
    assert_eq!(
        server
            .post(built_in, &json!({"metadata": {"name": "a"}}))
            .await
            .code,
        405
    );
}

#[tokio::test]
async fn a_name_that_is_no_segment_of_a_path_is_refused() {
    let server = Running::with_foos().await;
    for (name, message) in [
        ("%2e%2e", "Name parameter invalid: \"..\": may not be '..'"),
        ("%2e", "Name parameter invalid: \".\": may not be '.'"),
        ("a%25b", "Name parameter invalid: \"a%b\": may not contain '%'"),
    ] {
        assert_eq!(
            server.get(&format!("{FOOS}/{name}")).await.expect(400).message(),
            message
        );
        let maps = "/api/v1/namespaces/default/configmaps";
        assert_eq!(
            server
                .delete(&format!("{maps}/{name}"), &json!({}))
                .await
                .expect(400)
                .message(),
            message
        );
    }
}

#[tokio::test]
async fn a_patch_may_not_change_what_an_object_is() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let path = format!("{FOOS}/a");
    for (patch, code, end) in [
        (
            json!({"apiVersion": "other/v1"}),
            422,
            "Foo.other \"a\" is invalid: apiVersion: Invalid value: \"other/v1\": must be x.dev/v1",
        ),
        (
            json!({"apiVersion": "a/b/c"}),
            422,
            "unexpected GroupVersion string: a/b/c",
        ),
        (
            json!({"apiVersion": null}),
            500,
            "Object 'apiVersion' is missing in 'object has no apiVersion field'",
        ),
        (
            json!({"kind": 5}),
            422,
            "json: cannot unmarshal number into Go struct field .kind of type string",
        ),
    ] {
        let answer = server.patch(&path, MERGE, &patch).await.expect(code);
        assert!(answer.message().ends_with(end), "{}", answer.message());
    }
    let answer = server
        .patch(&path, MERGE, &json!({"kind": null}))
        .await
        .expect(422);
    assert!(
        answer.message().contains("Object 'Kind' is missing in '{"),
        "{}",
        answer.message()
    );
    // Of a change of the status nothing else is taken.
    let patch = json!({"apiVersion": "other/v1", "kind": "Other", "status": {"x": 1}});
    let answer = server
        .patch(&format!("{path}/status"), MERGE, &patch)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&answer["apiVersion"], &answer["kind"]),
        (&json!("x.dev/v1"), &json!("Foo"))
    );
    assert_eq!(answer["status"]["x"], 1);
}

#[tokio::test]
async fn an_apply_says_what_it_is_about() {
    let server = Running::with_foos().await;
    let path = format!("{FOOS}/a?fieldManager=m");
    let message = "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go \
                   value of type map[string]interface {}";
    assert_eq!(
        server.patch(&path, APPLY, &json!([])).await.expect(400).message(),
        message
    );
    for body in ["", "{}"] {
        let answer = server.send("PATCH", &path, APPLY, body).await.expect(400);
        assert_eq!(answer.message(), "invalid object type: /, Kind=");
    }
    let mut applied = foo("a", json!({}));
    applied["metadata"]["uid"] = "u".into();
    let answer = server.patch(&path, APPLY, &applied).await.expect(409);
    assert!(answer.message().contains("uid mismatch"), "{}", answer.message());
    // Where nothing is, there is nothing that could have changed.
    let mut locked = foo("a", json!({}));
    locked["metadata"]["resourceVersion"] = "1".into();
    server.patch(&path, APPLY, &locked).await.expect(201);
    server.patch(&path, APPLY, &locked).await.expect(409);
    let answer = server.patch(&path, APPLY, &applied).await.expect(422);
    let cause = json!({"reason": "FieldValueInvalid", "message": "Invalid value: \"u\": field is immutable", "field": "metadata.uid"});
    assert_eq!(answer.json()["details"]["causes"], json!([cause, cause]));
}

#[tokio::test]
async fn events_answer_in_the_group_that_is_asked() {
    let server = Running::start().await;
    let events = "/apis/events.k8s.io/v1/namespaces/default/events";
    let event = json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"},
        "eventTime": "2026-01-01T00:00:00.000000Z", "type": "Normal", "reason": "r", "action": "a", "note": "n",
        "regarding": {"kind": "Pod", "namespace": "default", "name": "p"},
        "reportingController": "x.dev/c", "reportingInstance": "i"});
    let created = server.post(events, &event).await.expect(201).json();
    assert_eq!(
        (&created["apiVersion"], &created["note"]),
        (&json!("events.k8s.io/v1"), &json!("n"))
    );
    let series = json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}});
    let patched = server
        .patch(&format!("{events}/e"), MERGE, &series)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&patched["apiVersion"], &patched["note"]),
        (&json!("events.k8s.io/v1"), &json!("n"))
    );
    assert_eq!(patched["series"]["count"], 2);
    let core = server.get("/api/v1/namespaces/default/events/e").await.json();
    assert_eq!(
        (&core["apiVersion"], &core["message"]),
        (&json!("v1"), &json!("n"))
    );
    let gone = server
        .delete(&format!("{events}/e"), &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(gone["details"]["group"], "events.k8s.io");
}

#[tokio::test]
async fn what_is_being_deleted_is_said_to_be_in_the_way() {
    let server = Running::with_foos().await;
    let mut held = foo("a", json!({}));
    held["metadata"]["finalizers"] = json!(["x.dev/hold"]);
    server.post(FOOS, &held).await.expect(201);
    server.delete(&format!("{FOOS}/a"), &json!({})).await.expect(200);
    let answer = server.post(FOOS, &foo("a", json!({}))).await.expect(409);
    assert_eq!(
        answer.message(),
        "object is being deleted: foos.x.dev \"a\" already exists"
    );
}

#[tokio::test]
async fn a_page_with_a_selector_goes_on_while_anything_follows() {
    let server = Running::with_foos().await;
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "y")] {
        let mut object = foo(name, json!({}));
        object["metadata"]["labels"] = json!({"l": label});
        server.post(FOOS, &object).await.expect(201);
    }
    let mut path = format!("{FOOS}?labelSelector=l%3Dx&limit=1");
    let mut found = Vec::new();
    loop {
        let page = server.get(&path).await.expect(200).json();
        let names = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["metadata"]["name"].clone());
        found.push(names.collect::<Vec<Value>>());
        let token = page["metadata"]["continue"].as_str().unwrap_or_default();
        if token.is_empty() {
            break;
        }
        path = format!("{FOOS}?labelSelector=l%3Dx&limit=1&continue={token}");
    }
    assert_eq!(found, [vec![json!("a")], vec![json!("c")], vec![]]);
    // From the cache, as the real server answers this, there are no pages.
    let all = server
        .get(&format!("{FOOS}?limit=1&resourceVersion=0"))
        .await
        .json();
    assert_eq!(all["items"].as_array().unwrap().len(), 4);
    let answer = server
        .get(&format!("{FOOS}/a?resourceVersion=x"))
        .await
        .expect(500);
    assert!(
        answer.message().contains("strconv.ParseUint"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn the_options_of_a_deletion_are_options() {
    let server = Running::with_foos().await;
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let path = format!("{FOOS}/a");
    let answer = server.delete(&path, &json!([])).await.expect(400);
    assert!(
        answer
            .message()
            .starts_with("couldn't get version/kind; json parse error"),
        "{}",
        answer.message()
    );
    let answer = server
        .delete(&path, &json!({"kind": "Thing", "apiVersion": "other/v1"}))
        .await
        .expect(400);
    let message = "no kind \"Thing\" is registered for version \"other/v1\" in scheme \
                   \"pkg/apis/meta/internalversion/scheme/register.go:27\"";
    assert_eq!(answer.message(), message);
    server
        .delete(&path, &json!({"kind": "DeleteOptions", "apiVersion": "other/v1"}))
        .await
        .expect(200);
}
