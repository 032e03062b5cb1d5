#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::pki::Authority;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::SystemTime;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A webhook that answers as it is told and remembers what it was asked.
struct Hook {
    url: String,
    ca_bundle: String,
    asked: Arc<Mutex<Vec<Value>>>,
    _folder: tempfile::TempDir,
}

impl Hook {
    async fn start(answer: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let authority = Authority::load_or_create(folder.path(), now).unwrap();
        let server = authority.issue_server(&["127.0.0.1".to_owned()], now).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(authority.server_config(&server).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/review", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, log) = (acceptor.clone(), answer.clone(), log.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                        let (answer, log) = (answer.clone(), log.clone());
                        async move {
                            let body = request.into_body().collect().await.unwrap().to_bytes();
                            let review: Value = serde_json::from_slice(&body).unwrap();
                            let answer = as_review(answer(&review["request"]));
                            log.lock().unwrap().push(review);
                            Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from(
                                answer.to_string(),
                            ))))
                        }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let pem = authority.certificate_pem();
        Self {
            url,
            ca_bundle: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pem),
            asked,
            _folder: folder,
        }
    }

    /// A configuration with this webhook, changed by what `with` sets.
    fn configuration(&self, with: &Value) -> Value {
        let mut webhook = json!({
            "name": "gate.example.dev", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": self.url, "caBundle": self.ca_bundle},
            "rules": [{"operations": ["*"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}],
        });
        for (field, value) in with.as_object().unwrap() {
            webhook[field] = value.clone();
        }
        json!({"webhooks": [webhook]})
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer says what it is, unless it says that it is something else.
fn as_review(mut answer: Value) -> Value {
    for (field, value) in [("apiVersion", "admission.k8s.io/v1"), ("kind", "AdmissionReview")] {
        if answer.get(field).is_none() {
            answer[field] = value.into();
        }
    }
    answer
}

fn allow(request: &Value) -> Value {
    json!({"response": {"uid": request["uid"], "allowed": true, "warnings": ["mind the gap"]}})
}

async fn write(
    configuration: &Value,
    change: impl FnOnce(&mut Request<'_>),
) -> Result<Vec<String>, ApiError> {
    let hooks = [Arc::new(Webhook::all_of(configuration))];
    with_request(change, async |request| {
        Webhooks::default().validate(&hooks, request).await
    })
    .await
}

async fn mutate(
    configurations: &[Value],
    change: impl FnOnce(&mut Request<'_>),
) -> Result<Mutated, ApiError> {
    let hooks: Vec<_> = configurations
        .iter()
        .map(|configuration| Arc::new(Webhook::all_of(configuration)))
        .collect();
    let decode = |object: &mut Value| {
        if object["spec"]["replicas"].is_string() {
            return Err("replicas is no number".to_owned());
        }
        object["spec"]["decoded"] = true.into();
        Ok(())
    };
    with_request(change, async |request| {
        Webhooks::default().mutate(&hooks, request, &decode).await
    })
    .await
}

async fn with_request<T>(
    change: impl FnOnce(&mut Request<'_>),
    ask: impl AsyncFnOnce(Request<'_>) -> T,
) -> T {
    let user = User::anonymous();
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"tier": "one"}}, "spec": {"replicas": 3},
    });
    let labels = json!({"team": "shop"});
    let served = ["v1".to_owned(), "v2".to_owned()];
    let options = json!({"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"});
    let mut request = Request {
        operation: Operation::Create,
        group: "apps",
        version: "v1",
        served_versions: &served,
        kind_version: None,
        kind: "Deployment",
        resource: "deployments",
        subresource: "",
        namespace: Some("shop"),
        namespace_labels: Some(&labels),
        name: "web",
        user: &user,
        object: &object,
        old_object: &Value::Null,
        options: &options,
        dry_run: false,
    };
    change(&mut request);
    ask(request).await
}

#[tokio::test]
async fn a_webhook_is_asked_about_what_its_rules_name_and_may_warn() {
    let hook = Hook::start(allow).await;
    let configuration = hook.configuration(&json!({}));
    assert_eq!(write(&configuration, |_| {}).await.unwrap(), ["mind the gap"]);
    let asked = hook.asked();
    let request = &asked[0]["request"];
    assert_eq!(request["operation"], "CREATE");
    assert_eq!(request["object"]["spec"]["replicas"], 3);
    assert_eq!(request["oldObject"], Value::Null);
    assert_eq!(request["userInfo"]["username"], "system:anonymous");
    for untouched in [
        write(&configuration, |request| request.resource = "pods").await,
        write(&configuration, |request| request.subresource = "status").await,
        write(&configuration, |request| request.group = "batch").await,
    ] {
        assert_eq!(untouched, Ok(vec![]));
    }
    assert_eq!(hook.asked().len(), 1);
}

#[tokio::test]
async fn a_refusal_names_the_webhook_and_its_reason() {
    let hook = Hook::start(|request| {
        json!({"response": {"uid": request["uid"], "allowed": false,
            "status": {"message": "frozen until Monday", "code": 403, "reason": "Forbidden"}}})
    })
    .await;
    let error = write(&hook.configuration(&json!({})), |_| {}).await.unwrap_err();
    assert_eq!((error.code, error.reason), (403, "Forbidden"));
    assert_eq!(
        error.message,
        "admission webhook \"gate.example.dev\" denied the request: frozen until Monday"
    );
}

#[tokio::test]
async fn a_refusal_never_looks_like_success() {
    let hook = Hook::start(
        |request| json!({"response": {"uid": request["uid"], "allowed": false, "status": {"code": 200}}}),
    )
    .await;
    let error = write(&hook.configuration(&json!({})), |_| {}).await.unwrap_err();
    assert_eq!(error.code, 400);
    assert!(error.message.ends_with("without explanation"), "{error}");
}

#[tokio::test]
async fn who_cannot_be_asked_refuses_unless_the_policy_is_to_ignore() {
    let hook = Hook::start(allow).await;
    let closed = json!({"clientConfig": {"url": "https://127.0.0.1:1/", "caBundle": hook.ca_bundle}});
    let error = write(&hook.configuration(&closed), |_| {}).await.unwrap_err();
    assert_eq!(error.code, 500);
    assert!(
        error.message.starts_with(
            "Internal error occurred: failed calling webhook \"gate.example.dev\": failed to call webhook"
        ),
        "{error}"
    );
    let mut ignored = hook.configuration(&closed);
    ignored["webhooks"][0]["failurePolicy"] = "Ignore".into();
    assert_eq!(write(&ignored, |_| {}).await, Ok(vec![]));
}

#[tokio::test]
async fn an_answer_to_another_question_is_no_answer() {
    let hook = Hook::start(|_| json!({"response": {"uid": "x", "allowed": true}})).await;
    let error = write(&hook.configuration(&json!({})), |_| {}).await.unwrap_err();
    assert!(error.message.contains("expected response.uid="), "{error}");
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let hook = Hook::start(allow).await;
    let other = Hook::start(allow).await;
    let foreign = json!({"clientConfig": {"url": hook.url, "caBundle": other.ca_bundle}});
    let error = write(&hook.configuration(&foreign), |_| {}).await.unwrap_err();
    assert_eq!(error.code, 500);
    assert!(hook.asked().is_empty());
}

#[tokio::test]
async fn selectors_and_conditions_narrow_what_is_asked() {
    let hook = Hook::start(allow).await;
    for (with, asked) in [
        (
            json!({"namespaceSelector": {"matchLabels": {"team": "shop"}}}),
            true,
        ),
        (
            json!({"namespaceSelector": {"matchLabels": {"team": "other"}}}),
            false,
        ),
        (
            json!({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["shop"]}]}}),
            false,
        ),
        (
            json!({"objectSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}),
            true,
        ),
        (
            json!({"objectSelector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}}),
            false,
        ),
        (
            json!({"matchConditions": [{"name": "few", "expression": "object.spec.replicas < 3"}]}),
            false,
        ),
        (
            json!({"matchConditions": [{"name": "who", "expression": "request.userInfo.username == 'system:anonymous'"}]}),
            true,
        ),
    ] {
        let before = hook.asked().len();
        write(&hook.configuration(&with), |_| {}).await.unwrap();
        assert_eq!(hook.asked().len() > before, asked, "{with}");
    }
}

#[tokio::test]
async fn a_condition_that_cannot_be_evaluated_refuses_unless_another_is_false() {
    let hook = Hook::start(allow).await;
    let broken = json!({"name": "broken", "expression": "object.spec.nothing == 1"});
    let only = hook.configuration(&json!({"matchConditions": [broken]}));
    assert_eq!(write(&only, |_| {}).await.unwrap_err().code, 403);
    let no = json!({"name": "no", "expression": "false"});
    let settled = hook.configuration(&json!({"matchConditions": [broken, no]}));
    assert_eq!(write(&settled, |_| {}).await, Ok(vec![]));
}

#[tokio::test]
async fn without_storing_only_webhooks_without_side_effects_are_asked() {
    let hook = Hook::start(allow).await;
    let harmless = hook.configuration(&json!({"sideEffects": "NoneOnDryRun"}));
    assert!(write(&harmless, |request| request.dry_run = true).await.is_ok());
    assert_eq!(hook.asked()[0]["request"]["dryRun"], true);
    let some = hook.configuration(&json!({"sideEffects": "Some"}));
    let error = write(&some, |request| request.dry_run = true).await.unwrap_err();
    assert_eq!(
        error.message,
        "admission webhook \"gate.example.dev\" does not support dry run"
    );
}

#[tokio::test]
async fn another_version_of_the_resource_is_converted_unless_the_match_is_exact() {
    let hook = Hook::start(allow).await;
    let rules =
        json!([{"operations": ["CREATE"], "apiGroups": ["apps"], "apiVersions": ["v2"], "resources": ["*"]}]);
    write(&hook.configuration(&json!({"rules": rules})), |_| {})
        .await
        .unwrap();
    let asked = hook.asked();
    assert_eq!(asked[0]["request"]["object"]["apiVersion"], "apps/v2");
    assert_eq!(asked[0]["request"]["requestKind"]["version"], "v1");
    let exact = hook.configuration(&json!({"rules": rules, "matchPolicy": "Exact"}));
    assert_eq!(write(&exact, |_| {}).await, Ok(vec![]));
    assert_eq!(hook.asked().len(), 1);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_closes() {
    let configuration = json!({"webhooks": [{"name": "bad", "rules": "everything"}]});
    assert_eq!(write(&configuration, |_| {}).await.unwrap_err().code, 500);
}

#[tokio::test]
async fn webhooks_are_not_asked_about_webhooks() {
    let configuration = json!({"webhooks": [{"name": "bad", "rules": "everything"}]});
    let outcome = write(&configuration, |request| {
        request.group = "admissionregistration.k8s.io";
        request.resource = "validatingwebhookconfigurations";
    })
    .await;
    assert_eq!(outcome, Ok(vec![]));
}

/// A webhook that allows everything and changes it by a patch made of the object.
async fn changing(patch: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Hook {
    Hook::start(move |request| {
        let patch = patch(&request["object"]).to_string();
        let patch = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, patch);
        json!({"response": {"uid": request["uid"], "allowed": true, "patchType": "JSONPatch", "patch": patch,
            "warnings": ["changed"]}})
    })
    .await
}

#[tokio::test]
async fn what_a_webhook_makes_of_an_object_is_decoded_and_shown_to_the_next() {
    let first = changing(|_| json!([{"op": "replace", "path": "/spec/replicas", "value": 4}])).await;
    let second = changing(|object| {
        let seen = object["spec"]["replicas"].clone();
        json!([{"op": "add", "path": "/metadata/annotations", "value": {"seen": seen.to_string()}}])
    })
    .await;
    let configurations = [&first, &second].map(|hook| hook.configuration(&json!({})));
    let mutated = mutate(&configurations, |_| {}).await.unwrap();
    let object = mutated.object.unwrap();
    assert_eq!(object["spec"], json!({"replicas": 4, "decoded": true}));
    assert_eq!(object["metadata"]["annotations"]["seen"], "4");
    assert_eq!(mutated.warnings, ["changed", "changed"]);
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1));
}

#[tokio::test]
async fn a_webhook_that_wants_to_is_asked_again_after_the_change_of_another() {
    let count = |object: &Value| {
        let next = object["spec"]["count"].as_i64().unwrap_or(0) + 1;
        json!([{"op": "add", "path": "/spec/count", "value": next}])
    };
    let curious = changing(count).await;
    let content = changing(count).await;
    let configurations = [
        curious.configuration(&json!({"reinvocationPolicy": "IfNeeded"})),
        content.configuration(&json!({"reinvocationPolicy": "Never"})),
    ];
    let mutated = mutate(&configurations, |_| {}).await.unwrap();
    assert_eq!(mutated.object.unwrap()["spec"]["count"], 3);
    assert_eq!((curious.asked().len(), content.asked().len()), (2, 1));
    // Its own change is none of others.
    let alone = [curious.configuration(&json!({"reinvocationPolicy": "IfNeeded"}))];
    let mutated = mutate(&alone, |_| {}).await.unwrap();
    assert_eq!(mutated.object.unwrap()["spec"]["count"], 1);
    assert_eq!(curious.asked().len(), 3);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_is_no_change() {
    for patch in [
        json!([]),
        json!([{"op": "replace", "path": "/spec/decoded", "value": true}]),
    ] {
        let hook = changing(move |_| patch.clone()).await;
        let mut object = json!({"spec": {"decoded": true}});
        object["apiVersion"] = "apps/v1".into();
        let hooks = [Arc::new(Webhook::all_of(&hook.configuration(&json!({}))))];
        let mutated = with_request(
            |_| {},
            async |request| {
                let request = Request {
                    object: &object,
                    ..request
                };
                Webhooks::default().mutate(&hooks, request, &|_| Ok(())).await
            },
        )
        .await;
        assert_eq!(mutated.unwrap().object, None);
    }
}

/// An object that is deleted.
static DELETED: LazyLock<Value> = LazyLock::new(|| json!({"metadata": {"name": "web"}}));

#[tokio::test]
async fn patches_that_cannot_be_taken_are_refused() {
    let cases = [
        (
            json!([{"op": "remove", "path": "/spec/absent"}]),
            "Internal error occurred: ",
        ),
        (
            json!([{"op": "replace", "path": "/spec/replicas", "value": "many"}]),
            "Internal error occurred: replicas is no number",
        ),
        (json!("nonsense"), "Internal error occurred: "),
    ];
    for (patch, message) in cases {
        let hook = changing(move |_| patch.clone()).await;
        let error = mutate(&[hook.configuration(&json!({}))], |_| {})
            .await
            .unwrap_err();
        assert_eq!(error.code, 500, "{error}");
        assert!(error.message.starts_with(message), "{error}");
    }
    let hook = changing(|_| json!([{"op": "add", "path": "/a", "value": 1}])).await;
    let error = mutate(&[hook.configuration(&json!({}))], |request| {
        request.operation = Operation::Delete;
        request.object = &Value::Null;
        request.old_object = &DELETED;
    })
    .await
    .unwrap_err();
    assert_eq!(
        error.message,
        "Internal error occurred: admission webhook \"gate.example.dev\" attempted to modify the object, which is not \
         supported for this operation"
    );
}

#[tokio::test]
async fn an_answer_must_be_whole() {
    let cases = [
        (
            json!({"patch": "W10="}),
            "webhook returned response.patch but not response.patchType",
        ),
        (
            json!({"patchType": "JSONPatch"}),
            "webhook returned response.patchType but not response.patch",
        ),
        (
            json!({"patch": "W10=", "patchType": "Merge"}),
            "webhook returned invalid response.patchType of \"Merge\"",
        ),
    ];
    for (fields, why) in cases {
        let hook = Hook::start(move |request| {
            let mut response = fields.clone();
            response["uid"] = request["uid"].clone();
            response["allowed"] = true.into();
            json!({"response": response})
        })
        .await;
        let error = mutate(&[hook.configuration(&json!({}))], |_| {})
            .await
            .unwrap_err();
        assert!(error.message.ends_with(why), "{error}");
        let error = write(&hook.configuration(&json!({})), |_| {}).await.unwrap_err();
        assert!(
            error.message.contains("validating webhook may not return"),
            "{error}"
        );
    }
    let hook = Hook::start(
        |request| json!({"apiVersion": "", "kind": "", "response": {"uid": request["uid"], "allowed": true}}),
    )
    .await;
    let error = write(&hook.configuration(&json!({})), |_| {}).await.unwrap_err();
    let expected = "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=";
    assert!(error.message.ends_with(expected), "{error}");
}

#[tokio::test]
async fn a_webhook_that_refuses_or_is_away_ends_the_write() {
    let refusing =
        Hook::start(|request| json!({"response": {"uid": request["uid"], "allowed": false}})).await;
    let after = changing(|_| json!([])).await;
    let configurations = [&refusing, &after].map(|hook| hook.configuration(&json!({})));
    assert_eq!(mutate(&configurations, |_| {}).await.unwrap_err().code, 400);
    assert!(after.asked().is_empty());
    let away = json!({"clientConfig": {"url": "https://127.0.0.1:1/", "caBundle": after.ca_bundle}});
    let mut configurations = [after.configuration(&away), after.configuration(&json!({}))];
    assert_eq!(mutate(&configurations, |_| {}).await.unwrap_err().code, 500);
    configurations[0]["webhooks"][0]["failurePolicy"] = "Ignore".into();
    assert!(mutate(&configurations, |_| {}).await.is_ok());
    assert_eq!(after.asked().len(), 1);
}
