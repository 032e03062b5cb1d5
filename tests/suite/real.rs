//! What gitsm publishes, put before the real server.

use crate::kind_samples::{Kind, kinds};
use gitsm_api::{API_VERSION, Scope, publish};
use gitsm_testkit::{ApiServer as _, Apiextensions, Client, Real, tier};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

#[tokio::test]
async fn every_crd_is_accepted_without_warning_and_serves_its_samples() {
    if tier::skips_real("every_crd_is_accepted_without_warning_and_serves_its_samples") {
        return;
    }
    let server = Apiextensions::start().await.unwrap();
    let client = server.client().unwrap();
    let mut problems = Vec::new();
    for kind in kinds() {
        let crd = publish::crd_value(kind.info).unwrap();
        let reply = client.post(CRDS, &crd).await.unwrap();
        let warnings = reply.warnings();
        if !warnings.is_empty() {
            problems.push(format!("{}: warnings {warnings:?}", kind.info.kind));
        }
        if !reply.status.is_success() {
            problems.push(format!("{}: {reply}", kind.info.kind));
            continue;
        }
        established(&client, &crd).await;
        for sample in [kind.base(), kind.full()] {
            let object = without_status(&sample.object);
            let reply = client
                .post(&format!("{}?fieldValidation=Strict", collection(kind)), &object)
                .await
                .unwrap();
            if !reply.status.is_success() {
                problems.push(format!("{}, {}: {reply}", kind.info.kind, sample.name));
                continue;
            }
            let spec = |object: &Value| object["spec"].clone();
            if spec(&reply.json().unwrap()) != spec(&object) {
                problems.push(format!("{}, {}: stored as {reply}", kind.info.kind, sample.name));
            }
            let name = object["metadata"]["name"].as_str().unwrap();
            client
                .delete(&format!("{}/{name}", collection(kind)))
                .await
                .unwrap()
                .success()
                .unwrap();
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test]
async fn the_router_makes_one_api_of_two_servers() {
    if tier::skips_real("the_router_makes_one_api_of_two_servers") {
        return;
    }
    let server = Real::start().await.unwrap();
    let client = server.client().unwrap();
    let kind = kinds()
        .iter()
        .find(|kind| kind.info.scope == Scope::Namespaced)
        .unwrap();
    let crd = publish::crd_value(kind.info).unwrap();
    client.post(CRDS, &crd).await.unwrap().success().unwrap();
    established(&client, &crd).await;

    let groups = client
        .get("/apis")
        .await
        .unwrap()
        .success()
        .unwrap()
        .json()
        .unwrap();
    let names: Vec<&str> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["name"].as_str().unwrap())
        .collect();
    let group = API_VERSION.split('/').next().unwrap();
    for expected in ["apps", "rbac.authorization.k8s.io", "apiextensions.k8s.io", group] {
        assert!(names.contains(&expected), "{expected} is not in {names:?}");
    }

    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    let object = without_status(&kind.base().object);
    let refused = client.post(&collection(kind), &object).await.unwrap();
    assert_eq!(refused.status, 404, "{refused}");
    client
        .post("/api/v1/namespaces", &namespace)
        .await
        .unwrap()
        .success()
        .unwrap();
    let created = eventually(async || {
        let reply = client.post(&collection(kind), &object).await.unwrap();
        reply.status.is_success().then_some(reply)
    })
    .await;
    let version = created.json().unwrap()["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .to_owned();

    let mut watch = client
        .stream(
            &format!("{}?watch=true&resourceVersion={version}", collection(kind)),
            &[],
        )
        .await
        .unwrap();
    let name = object["metadata"]["name"].as_str().unwrap();
    let patch = json!({"metadata": {"labels": {"seen": "yes"}}});
    client
        .patch(
            &format!("{}/{name}", collection(kind)),
            "application/merge-patch+json",
            &patch,
        )
        .await
        .unwrap()
        .success()
        .unwrap();
    let event = watch.next().await.unwrap().unwrap();
    assert_eq!(event["type"], "MODIFIED");
    assert_eq!(event["object"]["metadata"]["labels"]["seen"], "yes");

    someone_else_is_judged_as_themselves(&server, &client, kind).await;

    // Both controllers see custom resources through the router.
    client
        .delete("/api/v1/namespaces/shop")
        .await
        .unwrap()
        .success()
        .unwrap();
    eventually(async || {
        let reply = client.get("/api/v1/namespaces/shop").await.unwrap();
        (reply.status == 404).then_some(())
    })
    .await;
    let event = watch.next().await.unwrap().unwrap();
    assert_eq!(event["type"], "DELETED");
}

async fn someone_else_is_judged_as_themselves(server: &Real, admin: &Client, kind: &Kind) {
    let identity = server.pki().client("anna", &[]).unwrap();
    let anna = server
        .client_as(&gitsm_testkit::Credentials::Certificate(identity))
        .unwrap();
    let refused = anna.get(&collection(kind)).await.unwrap();
    assert_eq!(refused.status, 403, "{refused}");
    assert!(
        refused.text().contains(r#"User \"anna\" cannot list"#),
        "{refused}"
    );
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["list"]}],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "anna"}],
    });
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    for (path, object) in [("clusterroles", role), ("clusterrolebindings", binding)] {
        admin
            .post(&format!("{rbac}/{path}"), &object)
            .await
            .unwrap()
            .success()
            .unwrap();
    }
    eventually(async || {
        let reply = anna.get(&collection(kind)).await.unwrap();
        reply.status.is_success().then_some(())
    })
    .await;
}

/// Waits until a CRD serves.
pub(crate) async fn established(client: &Client, crd: &Value) {
    let path = format!("{CRDS}/{}", crd["metadata"]["name"].as_str().unwrap());
    let (group, version) = (&crd["spec"]["group"], &crd["spec"]["versions"][0]["name"]);
    let plural = crd["spec"]["names"]["plural"].as_str().unwrap();
    let served = format!(
        "/apis/{}/{}/{plural}",
        group.as_str().unwrap(),
        version.as_str().unwrap()
    );
    eventually(async || {
        let crd = client.get(&path).await.unwrap().json().unwrap();
        let is_established = crd["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
        (is_established && client.get(&served).await.unwrap().status.is_success()).then_some(())
    })
    .await;
}

/// Looks again until there is something.
async fn eventually<T>(look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not happen in 90 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn collection(kind: &Kind) -> String {
    let namespace = match kind.info.scope {
        Scope::Namespaced => "namespaces/shop/",
        Scope::Cluster => "",
    };
    format!("/apis/{API_VERSION}/{namespace}{}", kind.info.plural)
}

pub(crate) fn without_status(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}
