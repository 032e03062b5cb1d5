//! Mutating webhooks, asked by both servers: what they are sent, in which order, and what becomes of their patches.

mod hook;

use crate::normal::Normal;
use crate::pair::{Pair, Strictness};
use crate::step::{APPLY, JSON, MERGE, Request, Step};
use gitsm_testkit::{ApiServer, Embedded, Real, tier};
use hook::Hook;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
/// A real server notices a configuration some time after it was stored.
const PATIENCE: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// `/count` counts how often it sees an object, `/add` adds to it once, and makes five replicas of every scale.
fn answer(path: &str, request: &Value) -> Value {
    let object = &request["object"];
    if request["kind"]["kind"] == "Scale" {
        return match path {
            "/add" => json!([{"op": "replace", "path": "/spec/replicas", "value": 5}]),
            _ => json!([]),
        };
    }
    if object.is_null() {
        return json!([]);
    }
    if path == "/add" {
        return if object["data"]["added"].is_null() {
            json!([{"op": "add", "path": "/data", "value": {"added": "by the webhook"}}])
        } else {
            json!([])
        };
    }
    let mut labels = object["metadata"]["labels"].clone();
    let count = labels["count"].as_str().and_then(|count| count.parse().ok());
    labels["count"] = json!((count.unwrap_or(0) + 1).to_string());
    json!([{"op": "add", "path": "/metadata/labels", "value": labels}])
}

fn configuration(hook: &Hook, name: &str, path: &str, reinvocation: &str) -> Value {
    let rule = |group: &str, resource: &str| json!([{"operations": ["*"], "apiGroups": [group], "apiVersions": ["v1"], "resources": [resource]}]);
    let webhook = |name: String, rules: Value, selector: Value| {
        json!({
            "name": name, "clientConfig": hook.client_config(path), "rules": rules, "objectSelector": selector,
            "admissionReviewVersions": ["v1"], "sideEffects": "None", "reinvocationPolicy": reinvocation,
        })
    };
    // Whatever the server itself keeps in config maps is not for the webhook.
    let selector = json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            webhook(format!("{name}.example.dev"), rule("", "configmaps"), selector),
            webhook(format!("scale.{name}.example.dev"), rule("apps", "deployments/scale"), json!({})),
        ],
    })
}

/// Lets a server ask the webhooks, and waits until it does.
async fn install(server: &dyn ApiServer, hook: &Hook) {
    let client = server.client().unwrap();
    for (name, path, reinvocation) in [("a", "/count", "IfNeeded"), ("b", "/add", "Never")] {
        let configuration = configuration(hook, name, path, reinvocation);
        let reply = client.post(CONFIGURATIONS, &configuration).await.unwrap();
        reply.success().unwrap();
    }
    let probe = config_map("probe");
    let started = Instant::now();
    loop {
        let path = format!("{CONFIG_MAPS}?dryRun=All");
        let reply = client.post(&path, &probe).await.unwrap().success().unwrap();
        let object = reply.json().unwrap();
        if object["metadata"]["labels"]["count"] == "2" && !object["data"]["added"].is_null() {
            break;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "{}: no webhook was asked: {reply}",
            server.name()
        );
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    hook.take();
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": "x"}}})
}

fn steps() -> Vec<Step> {
    let one = format!("{CONFIG_MAPS}/one");
    let changed = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "labels": {"app": "y"}},
        "data": {"k": "v"}});
    let generated = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-", "labels": {"app": "x"}}});
    let post = |path: &str, body: &Value| Request::with_body(Method::POST, path, JSON, body).into();
    vec![
        post(CONFIG_MAPS, &config_map("one")),
        post(CONFIG_MAPS, &config_map("one")),
        Request::new(Method::GET, &one).into(),
        Request::with_body(Method::PUT, &one, JSON, &changed).into(),
        Request::with_body(Method::PATCH, &one, MERGE, &json!({"data": {"l": "w"}})).into(),
        Request::with_body(
            Method::PATCH,
            format!("{one}?dryRun=All"),
            MERGE,
            &json!({"data": null}),
        )
        .into(),
        Request::with_body(
            Method::PATCH,
            format!("{CONFIG_MAPS}/two?fieldManager=m"),
            APPLY,
            &config_map("two"),
        )
        .into(),
        post(CONFIG_MAPS, &generated),
        post(CONFIG_MAPS, &json!({"metadata": {"name": "unselected"}})),
        Request::new(Method::DELETE, &one).into(),
        Request::with_body(
            Method::PATCH,
            format!("{DEPLOYMENTS}/web/scale"),
            MERGE,
            &json!({"spec": {"replicas": 3}}),
        )
        .into(),
    ]
}

/// What is there before, without a look at the answers.
fn deployment() -> Step {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "x"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
    Request::with_body(Method::POST, DEPLOYMENTS, JSON, &deployment).into()
}

/// What the webhooks of one server were asked, as far as both must agree: an old server tells less about options.
fn shown(asked: &[Value], normal: &mut Normal) -> Vec<Value> {
    asked
        .iter()
        .map(|asked| {
            let mut shown = json!({"path": asked["path"]});
            let fields = [
                "kind",
                "resource",
                "requestKind",
                "requestResource",
                "subResource",
                "operation",
                "namespace",
                "name",
                "dryRun",
                "object",
                "oldObject",
            ];
            for field in fields {
                let mut value = normal.of(&asked["request"][field]);
                if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
                    meta.remove("managedFields");
                    // Current servers bind the namespace before, and leave out times that are not set.
                    meta.remove("namespace");
                    meta.retain(|_, value| !value.is_null());
                }
                shown[field] = value;
            }
            shown
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutating_webhooks_are_asked_as_the_real_server_does() {
    if tier::skips_real("mutating_webhooks_are_asked_as_the_real_server_does") {
        return;
    }
    let (real, ours) = tokio::join!(Real::start(), Embedded::start());
    let (real, ours) = (real.unwrap(), ours.unwrap());
    let (asked_by_real, asked_by_ours) = (Hook::start(answer).await, Hook::start(answer).await);
    tokio::join!(install(&real, &asked_by_real), install(&ours, &asked_by_ours));
    let strictness = if real.is_split() {
        Strictness::BuiltIn
    } else {
        Strictness::Whole
    };
    let mut pair = Pair::new(&real, &ours, &BTreeMap::new(), strictness).unwrap();
    pair.ignore(&deployment()).await;
    let (mut of_real, mut of_ours) = (Normal::default(), Normal::default());
    let mut report = String::new();
    let mut questions = 0;
    for step in steps() {
        if let (_, Some(what)) = pair.take(&step).await.unwrap() {
            let _ = write!(report, "{step}\n{what}");
        }
        let expected = shown(&asked_by_real.take(), &mut of_real);
        let got = shown(&asked_by_ours.take(), &mut of_ours);
        questions += expected.len();
        let what = crate::compare::differences(&json!(expected), &json!(got));
        if !what.is_empty() {
            let _ = write!(report, "{step}: the webhooks are asked\n{what}");
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(questions > 15, "only {questions} questions were compared");
}
