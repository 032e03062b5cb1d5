//! The life of custom resource definitions.

use crate::harness::{DEFINITIONS, FOOS, JSON, MERGE, PATIENCE, Running, foo, foos};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_definition_is_served_as_soon_as_it_is_created() {
    let server = Running::start().await;
    let created = server.post(DEFINITIONS, &foos()).await.expect(201).json();
    assert_eq!(created["status"]["conditions"], Value::Null);
    assert_eq!(created["status"]["storedVersions"], json!(["v1"]));
    assert_eq!(created["spec"]["names"]["listKind"], "FooList");
    server.get(FOOS).await.expect(200);
    let now = server
        .get(&format!("{DEFINITIONS}/foos.x.dev"))
        .await
        .expect(200)
        .json();
    let conditions: Vec<&Value> = now["status"]["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["type"])
        .collect();
    assert_eq!(conditions, ["NamesAccepted", "Established"]);
    assert_eq!(
        now["metadata"]["managedFields"][0]["manager"],
        "apiextensions-apiserver"
    );
}

#[tokio::test]
async fn a_taken_kind_is_not_served() {
    let server = Running::with_foos().await;
    let mut other = foos();
    other["metadata"]["name"] = "bars.x.dev".into();
    other["spec"]["names"] = json!({"plural": "bars", "singular": "bar", "kind": "Foo"});
    server.post(DEFINITIONS, &other).await.expect(201);
    let now = server
        .get(&format!("{DEFINITIONS}/bars.x.dev"))
        .await
        .expect(200)
        .json();
    assert_eq!(now["status"]["conditions"][0]["reason"], "ListKindConflict");
    server.get("/apis/x.dev/v1/bars").await.expect(404);
    server
        .delete(&format!("{DEFINITIONS}/foos.x.dev"), &json!({}))
        .await
        .expect(200);
    server.until("/apis/x.dev/v1/bars", 200).await;
}

/// Many come at once and are worked on together; which of them is first is chance, but only one is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_definitions_that_come_together_one_gets_the_names() {
    const COUNT: usize = 12;
    let server = Arc::new(Running::start().await);
    let mut creating = JoinSet::new();
    for number in 0..COUNT {
        let server = Arc::clone(&server);
        creating.spawn(async move {
            let mut one = foos();
            one["metadata"]["name"] = format!("foos{number}.x.dev").into();
            one["spec"]["names"] = json!({"plural": format!("foos{number}"), "kind": "Foo"});
            server.post(DEFINITIONS, &one).await.expect(201);
        });
    }
    while let Some(created) = creating.join_next().await {
        created.unwrap();
    }
    for left in (1..=COUNT).rev() {
        let found = async {
            loop {
                let list = server.get(DEFINITIONS).await.expect(200).json();
                let items = list["items"].as_array().unwrap().clone();
                let established = |one: &&Value| one["status"]["conditions"][1]["status"] == "True";
                let names: Vec<String> = items
                    .iter()
                    .filter(established)
                    .map(|one| one["spec"]["names"]["plural"].as_str().unwrap().to_owned())
                    .collect();
                assert!(names.len() <= 1, "{names:?}");
                if let [name] = &*names
                    && items.len() == left
                {
                    return name.clone();
                }
                tokio::task::yield_now().await;
            }
        };
        let plural = tokio::time::timeout(PATIENCE, found).await.unwrap();
        server.get(&format!("/apis/x.dev/v1/{plural}")).await.expect(200);
        let path = format!("{DEFINITIONS}/{plural}.x.dev");
        server.delete(&path, &json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_deleted_definition_takes_its_objects_along() {
    let server = Running::with_foos().await;
    let mut object = foo("a", json!({}));
    object["metadata"]["finalizers"] = json!(["x.dev/f"]);
    server.post(FOOS, &object).await.expect(201);
    let path = format!("{DEFINITIONS}/foos.x.dev");
    let marked = server.delete(&path, &json!({})).await.expect(200).json();
    assert_eq!(
        marked["metadata"]["finalizers"],
        json!(["customresourcecleanup.apiextensions.k8s.io"])
    );
    server.post(FOOS, &foo("b", json!({}))).await.expect(405);
    server.get(&path).await.expect(200);
    let held = format!("{FOOS}/a");
    server
        .patch(&held, MERGE, &json!({"metadata": {"finalizers": null}}))
        .await
        .expect(200);
    server.until(&path, 404).await;
    server.until(FOOS, 404).await;
    server.post(DEFINITIONS, &foos()).await.expect(201);
    let list = server.get(FOOS).await.expect(200).json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_changed_schema_shows_in_what_was_stored_before() {
    let server = Running::with_foos().await;
    server
        .post(FOOS, &foo("a", json!({"replicas": 2})))
        .await
        .expect(201);
    let path = format!("{DEFINITIONS}/foos.x.dev");
    let mut definition = server.get(&path).await.expect(200).json();
    let properties = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        ["properties"];
    properties["fresh"] = json!({"type": "string", "default": "new"});
    properties.as_object_mut().unwrap().remove("a");
    server.put(&path, &definition).await.expect(200);
    let object = server.get(&format!("{FOOS}/a")).await.expect(200).json();
    assert_eq!(object["spec"], json!({"replicas": 2, "fresh": "new"}));
}

#[tokio::test]
async fn versions_differ_in_their_name_alone() {
    let server = Running::start().await;
    let mut definition = foos();
    let mut second = definition["spec"]["versions"][0].clone();
    second["name"] = "v2".into();
    second["storage"] = false.into();
    second["deprecated"] = true.into();
    definition["spec"]["versions"]
        .as_array_mut()
        .unwrap()
        .push(second);
    server.post(DEFINITIONS, &definition).await.expect(201);
    server.post(FOOS, &foo("a", json!({"a": "1"}))).await.expect(201);
    let answer = server
        .get("/apis/x.dev/v2/namespaces/default/foos/a")
        .await
        .expect(200);
    assert_eq!(answer.json()["apiVersion"], "x.dev/v2");
    assert_eq!(answer.warnings(), ["299 - \"x.dev/v2 Foo is deprecated\""]);
}

#[tokio::test]
async fn conversion_by_webhook_is_refused() {
    let server = Running::start().await;
    let mut definition = foos();
    definition["spec"]["conversion"] = json!({"strategy": "Webhook", "webhook": {
        "conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://example.dev/convert"},
    }});
    let answer = server.post(DEFINITIONS, &definition).await.expect(422);
    assert!(
        answer.message().contains("calls no conversion webhooks"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_unacceptable_definition_is_refused() {
    let server = Running::start().await;
    let mut definition = foos();
    definition["metadata"]["name"] = "other".into();
    let answer = server.post(DEFINITIONS, &definition).await.expect(422);
    assert!(
        answer
            .message()
            .contains("metadata.name: Invalid value: \"other\": must be spec.names.plural+\".\"+spec.group")
    );
    let unknown = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {"versions": 5}});
    server
        .send("POST", DEFINITIONS, JSON, unknown.to_string())
        .await
        .expect(400);
}

#[tokio::test]
async fn a_second_start_finds_everything_as_it_was() {
    let server = Running::with_foos().await;
    let created = server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    let server = server.restart().await;
    let found = server.get(&format!("{FOOS}/a")).await.expect(200);
    assert_eq!(found.json(), created.json());
    let list = server.get(FOOS).await.expect(200).json();
    let revision: u64 = list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(revision >= created.revision().parse().unwrap());
}

/// After a start a kind must be served before its objects are looked for: none would be found, and the definition would
/// go without them. Several, so that they would get into each other's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_that_were_being_deleted_wait_for_their_objects_after_a_start_too() {
    let server = Running::start().await;
    let plurals: Vec<String> = (0..12).map(|number| format!("foos{number}")).collect();
    let definition = |plural: &str| {
        let mut one = foos();
        one["metadata"]["name"] = format!("{plural}.x.dev").into();
        one["spec"]["names"] = json!({"plural": plural, "kind": plural.replace("foos", "Foo")});
        one
    };
    let held = |plural: &str| format!("/apis/x.dev/v1/namespaces/default/{plural}/a");
    for plural in &plurals {
        server.post(DEFINITIONS, &definition(plural)).await.expect(201);
        let mut object = foo("a", json!({}));
        object["kind"] = plural.replace("foos", "Foo").into();
        object["metadata"]["finalizers"] = json!(["x.dev/f"]);
        let path = format!("/apis/x.dev/v1/namespaces/default/{plural}");
        server.post(&path, &object).await.expect(201);
        let path = format!("{DEFINITIONS}/{plural}.x.dev");
        server.delete(&path, &json!({})).await.expect(200);
    }
    let server = server.restart().await;
    for plural in &plurals {
        server.get(&held(plural)).await.expect(200);
        server
            .get(&format!("{DEFINITIONS}/{plural}.x.dev"))
            .await
            .expect(200);
    }
    for plural in &plurals {
        server
            .patch(&held(plural), MERGE, &json!({"metadata": {"finalizers": null}}))
            .await
            .expect(200);
        server.until(&format!("{DEFINITIONS}/{plural}.x.dev"), 404).await;
    }
}
