//! Reading: lists, pages, selectors, forms.

use crate::harness::{FOOS, JSON, Running, foo};
use serde_json::json;

async fn with(names: &[&str]) -> Running {
    let server = Running::with_foos().await;
    for name in names {
        let mut object = foo(name, json!({}));
        object["metadata"]["labels"] = json!({"name": name});
        server.post(FOOS, &object).await.expect(201);
    }
    server
}

#[tokio::test]
async fn pages_show_one_moment() {
    let server = with(&["a", "b", "c"]).await;
    let first = server.get(&format!("{FOOS}?limit=2")).await.expect(200).json();
    let names = |list: &serde_json::Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    server.post(FOOS, &foo("d", json!({}))).await.expect(201);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = server
        .get(&format!("{FOOS}?limit=2&continue={token}"))
        .await
        .expect(200)
        .json();
    assert_eq!(names(&second), ["c"]);
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    server.get(&format!("{FOOS}?continue=abc")).await.expect(400);
}

#[tokio::test]
async fn selectors_choose() {
    let server = with(&["a", "b", "c"]).await;
    for (query, count) in [
        ("labelSelector=name%3Da", 1),
        ("labelSelector=name+in+(a,b)", 2),
        ("labelSelector=!name", 0),
        ("fieldSelector=metadata.name%3Db", 1),
        ("fieldSelector=metadata.name!%3Db&labelSelector=name", 2),
    ] {
        let list = server.get(&format!("{FOOS}?{query}")).await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
    }
    let answer = server
        .get(&format!("{FOOS}?fieldSelector=spec.x%3D1"))
        .await
        .expect(400);
    assert_eq!(answer.message(), "field label not supported: spec.x");
}

#[tokio::test]
async fn a_revision_that_is_not_there_yet_times_out() {
    let server = with(&["a"]).await;
    let far = u64::MAX / 2;
    let answer = server
        .get(&format!("{FOOS}?resourceVersion={far}"))
        .await
        .expect(504)
        .json();
    assert_eq!(answer["reason"], "Timeout");
    assert_eq!(
        answer["details"]["causes"][0]["reason"],
        "ResourceVersionTooLarge"
    );
    server.get(&format!("{FOOS}?resourceVersion=x")).await.expect(400);
    let exact = server
        .get(&format!("{FOOS}?resourceVersion=1&resourceVersionMatch=Exact"))
        .await;
    assert_eq!(exact.expect(410).json()["reason"], "Expired");
}

#[tokio::test]
async fn answers_come_in_the_form_that_is_accepted() {
    let server = with(&["a"]).await;
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let answer = server
        .send_accepting("GET", FOOS, JSON, "", table)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["kind"], "Table");
    assert_eq!(answer["rows"][0]["cells"][0], "a");
    let partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    let answer = server
        .send_accepting("GET", FOOS, JSON, "", partial)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["kind"], "PartialObjectMetadataList");
    assert_eq!(answer["items"][0]["spec"], serde_json::Value::Null);
    let yaml = server
        .send_accepting("GET", FOOS, JSON, "", "application/yaml")
        .await
        .expect(200);
    assert!(yaml.body.starts_with(b"apiVersion: x.dev/v1"), "{yaml:?}");
    server
        .send_accepting("GET", FOOS, JSON, "", "text/plain")
        .await
        .expect(406);
}

#[tokio::test]
async fn what_is_not_served_is_not_found() {
    let server = with(&[]).await;
    for path in [
        "/apis/x.dev/v1/bars",
        "/apis/x.dev/v2/foos",
        "/apis/y.dev/v1/foos",
        "/apis/x.dev/v1/foos/a",
        "/nope",
    ] {
        let answer = server.get(path).await.expect(404);
        assert_eq!(answer.body, "404 page not found\n", "{path}");
    }
    let answer = server.get(&format!("{FOOS}/none")).await.expect(404);
    assert_eq!(answer.message(), "foos.x.dev \"none\" not found");
    server
        .post(&format!("{FOOS}/a/status"), &json!({}))
        .await
        .expect(405);
}

#[tokio::test]
async fn events_have_two_views() {
    let server = Running::start().await;
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "eventTime": "2026-01-02T03:04:05.000000Z", "reportingController": "c", "reportingInstance": "i",
        "action": "Act", "reason": "Why", "type": "Normal", "note": "text",
        "regarding": {"kind": "Foo", "namespace": "default", "name": "a"},
    });
    server
        .post("/apis/events.k8s.io/v1/namespaces/default/events", &event)
        .await
        .expect(201);
    let core = server
        .get("/api/v1/namespaces/default/events/e")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&core["apiVersion"], &core["message"]),
        (&json!("v1"), &json!("text"))
    );
    assert_eq!(core["involvedObject"]["name"], "a");
    let selected = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Da";
    assert_eq!(
        server.get(selected).await.expect(200).json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let list = server
        .get("/apis/events.k8s.io/v1/events")
        .await
        .expect(200)
        .json();
    assert_eq!(list["items"][0]["note"], "text");
}
