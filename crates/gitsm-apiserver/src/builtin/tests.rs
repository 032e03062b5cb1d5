//! What happens to objects of each kind on their way in.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::kind::{Context, Kind, Part};
use crate::user::User;
use serde_json::{Value, json};
use std::sync::Arc;

fn kind(api_version: &str, name: &str) -> Arc<Kind> {
    kinds()
        .into_iter()
        .find(|kind| kind.api_version() == api_version && kind.names.kind == name)
        .unwrap()
}

fn with_context<T>(part: Part, run: impl FnOnce(Context<'_>) -> T) -> T {
    let user = User::anonymous();
    run(Context {
        user: &user,
        part,
        now: "2026-01-01T00:00:00Z",
    })
}

/// What is wrong with a new object, and the object as it would be stored.
fn create(object: &Value) -> (Value, Vec<String>) {
    let text = |field: &str| object[field].as_str().unwrap().to_owned();
    let kind = kind(&text("apiVersion"), &text("kind"));
    let mut object = object.clone();
    kind.strategy.read(&mut object).unwrap();
    with_context(Part::Whole, |cx| {
        kind.strategy.prepare_create(&mut object, cx);
        let errors = kind.strategy.validate_create(&object, cx);
        (object.clone(), errors.iter().map(ToString::to_string).collect())
    })
}

fn errors(object: &Value) -> Vec<String> {
    create(object).1
}

/// What is wrong with a change of a stored object.
fn update(old: &Value, change: impl FnOnce(&mut Value)) -> Vec<String> {
    update_part(Part::Whole, old, change)
}

fn update_part(part: Part, old: &Value, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let (mut old, wrong) = create(old);
    assert_eq!(wrong, Vec::<String>::new());
    old["metadata"]["resourceVersion"] = "1".into();
    let kind = kind(old["apiVersion"].as_str().unwrap(), old["kind"].as_str().unwrap());
    let mut new = old.clone();
    change(&mut new);
    kind.strategy.read(&mut new).unwrap();
    with_context(part, |cx| {
        kind.strategy.prepare_update(&mut new, &old, cx);
        let errors = kind.strategy.validate_update(&new, &old, cx);
        errors.iter().map(ToString::to_string).collect()
    })
}

const NONE: [&str; 0] = [];

#[test]
fn every_kind_builds_its_schema_and_finds_its_type() {
    let mut all = kinds();
    all.push(crd_kind(crd_strategy()));
    all.push(token_request());
    for kind in all {
        assert!(
            !kind.schema.object.structural().properties.is_empty(),
            "{}",
            kind.names.kind
        );
        assert!(!kind.verbs.is_empty());
    }
}

#[test]
fn the_objects_of_a_new_server_are_acceptable() {
    for object in bootstrap(6443) {
        assert_eq!(errors(&object), NONE, "{object}");
    }
}

#[test]
fn a_namespace_is_active_and_labelled() {
    let (namespace, wrong) =
        create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    assert_eq!(wrong, NONE);
    assert_eq!(
        namespace,
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        })
    );
    let dotted = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a.b"}});
    assert_eq!(
        errors(&dotted),
        ["metadata.name: Invalid value: \"a.b\": must not contain dots"]
    );
}

#[test]
fn config_maps_check_their_keys() {
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "d"},
        "data": {"a b": "1", "..": "2", "c": "3"}, "binaryData": {"c": "AA=="},
    });
    let wrong = errors(&map);
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert_eq!(wrong[0], "data[..]: Invalid value: \"..\": must not be '..'");
    assert!(wrong[1].starts_with("data[a b]: Invalid value: \"a b\": a valid config key must consist of"));
    assert_eq!(
        wrong[2],
        "data[c]: Invalid value: \"c\": duplicate of key present in binaryData"
    );
}

#[test]
fn what_is_immutable_stays() {
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "d"},
        "data": {"a": "1"}, "immutable": true,
    });
    let wrong = update(&map, |map| {
        map["data"]["a"] = "2".into();
        map["immutable"] = Value::Null;
    });
    assert_eq!(
        wrong,
        [
            "immutable: Forbidden: field is immutable when `immutable` is set",
            "data: Forbidden: field is immutable when `immutable` is set",
        ]
    );
}

#[test]
fn secrets_take_text_and_need_what_their_type_needs() {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "d"},
        "stringData": {"a": "text"}, "data": {"b": "AA=="},
    });
    let (stored, wrong) = create(&secret);
    assert_eq!(wrong, NONE);
    assert_eq!(stored["type"], "Opaque");
    assert_eq!(stored["data"], json!({"a": "dGV4dA==", "b": "AA=="}));
    assert_eq!(stored.get("stringData"), None);
    let typed = |ty: &str| {
        errors(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "d"}, "type": ty,
        }))
    };
    assert_eq!(
        typed("kubernetes.io/tls"),
        ["data[tls.crt]: Required value", "data[tls.key]: Required value"]
    );
    assert_eq!(
        typed("kubernetes.io/dockerconfigjson"),
        ["data[.dockerconfigjson]: Required value"]
    );
    assert_eq!(
        typed("kubernetes.io/service-account-token"),
        ["metadata.annotations[kubernetes.io/service-account.name]: Required value"]
    );
    assert_eq!(typed("example.dev/mine"), NONE);
    let changed = update(&secret, |secret| secret["type"] = "other".into());
    assert_eq!(changed, ["type: Invalid value: \"other\": field is immutable"]);
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "d"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx"}]},
            },
        },
    })
}

#[test]
fn a_deployment_is_completed() {
    let (stored, wrong) = create(&deployment());
    assert_eq!(wrong, NONE);
    assert_eq!(
        stored["spec"],
        json!({
            "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [{
                        "name": "web", "image": "nginx", "imagePullPolicy": "Always", "resources": {},
                        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                    }],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                    "securityContext": {}, "terminationGracePeriodSeconds": 30,
                },
            },
        })
    );
    assert_eq!(stored["status"], json!({}));
}

#[test]
fn a_deployment_must_select_its_pods_and_keep_doing_so() {
    let mut wrong = deployment();
    wrong["spec"]["selector"]["matchLabels"]["app"] = "other".into();
    wrong["spec"]["replicas"] = (-1).into();
    wrong["spec"]["template"]["spec"]["restartPolicy"] = "Never".into();
    assert_eq!(
        errors(&wrong),
        [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
            "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
        ]
    );
    let mut without = deployment();
    without["spec"]["selector"] = Value::Null;
    assert_eq!(
        errors(&without),
        [
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
        ]
    );
    let changed = update(&deployment(), |deployment| {
        deployment["spec"]["selector"]["matchLabels"]["app"] = "new".into();
        deployment["spec"]["template"]["metadata"]["labels"]["app"] = "new".into();
    });
    assert_eq!(
        changed,
        ["spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"new\"}}: field is immutable"]
    );
}

#[test]
fn generations_count_changes_of_the_spec() {
    let kind = kind("apps/v1", "Deployment");
    let (old, _) = create(&deployment());
    let mut new = old.clone();
    new["metadata"]["labels"] = json!({"a": "b"});
    new["status"] = json!({"replicas": 1});
    assert!(!kind.strategy.changes_generation(&new, &old));
    assert!(kind.strategy.changes_generation(&old, &Value::Null));
    new["metadata"]["annotations"] = json!({"a": "b"});
    assert!(
        kind.strategy.changes_generation(&new, &old),
        "deployments count annotations"
    );
    new["metadata"]["annotations"] = Value::Null;
    new["spec"]["replicas"] = 2.into();
    assert!(kind.strategy.changes_generation(&new, &old));
}

#[test]
fn statuses_must_add_up() {
    let wrong = update_part(Part::Status, &deployment(), |deployment| {
        deployment["status"] =
            json!({"replicas": 1, "readyReplicas": 2, "availableReplicas": 3, "observedGeneration": -1});
    });
    assert_eq!(
        wrong,
        [
            "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0",
            "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
            "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
            "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas",
        ]
    );
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    let wrong = update_part(Part::Status, &namespace, |namespace| {
        namespace["status"]["phase"] = "Terminating".into();
    });
    assert_eq!(
        wrong,
        [
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
        ]
    );
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]},
    })
}

#[test]
fn a_pod_is_pending_and_mostly_fixed() {
    let (stored, wrong) = create(&pod());
    assert_eq!(wrong, NONE);
    assert_eq!(
        stored["status"],
        json!({"phase": "Pending", "qosClass": "BestEffort"})
    );
    assert_eq!(stored["spec"]["enableServiceLinks"], true);
    assert_eq!(stored["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    let image = update(&pod(), |pod| {
        pod["spec"]["containers"][0]["image"] = "nginx:2".into();
    });
    assert_eq!(image, NONE);
    let again = update(&pod(), |stored| stored["spec"] = pod()["spec"].clone());
    assert_eq!(again, NONE, "the file that it was made of replaces it");
    let node = update(&pod(), |pod| pod["spec"]["nodeName"] = "n".into());
    assert!(
        node[0].starts_with("spec: Forbidden: pod updates may not change fields other than"),
        "{node:?}"
    );
}

#[test]
fn a_pod_names_its_containers_and_images() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d"},
        "spec": {"containers": [
            {"name": "A", "image": "x"}, {"name": "b"}, {"name": "b", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        ]},
    });
    let wrong = errors(&pod);
    assert!(
        wrong[0].starts_with("spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label")
    );
    assert_eq!(
        wrong[1..],
        [
            "spec.containers[1].image: Required value",
            "spec.containers[2].name: Duplicate value: \"b\"",
            "spec.containers[2].volumeMounts[0].name: Not found: \"v\"",
        ]
    );
    let empty =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d"}, "spec": {}});
    assert_eq!(errors(&empty), ["spec.containers: Required value"]);
}

#[test]
fn bindings_keep_their_role_and_fill_in_groups() {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "system:x", "namespace": "d"},
        "roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "u"}],
    });
    let (stored, wrong) = create(&binding);
    assert_eq!(wrong, NONE);
    assert_eq!(stored["subjects"][0]["apiGroup"], "rbac.authorization.k8s.io");
    assert_eq!(stored["roleRef"]["apiGroup"], "rbac.authorization.k8s.io");
    let wrong = update(&binding, |binding| binding["roleRef"]["name"] = "s".into());
    assert_eq!(
        wrong,
        [
            "roleRef: Invalid value: {\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"s\"}: cannot change roleRef"
        ]
    );
}

#[test]
fn rules_of_roles_are_complete() {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r", "namespace": "d"},
        "rules": [{"verbs": []}, {"verbs": ["get"], "nonResourceURLs": ["/x"]}],
    });
    assert_eq!(
        errors(&role),
        [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
            "rules[1].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
        ]
    );
}

#[test]
fn both_flavours_of_events_are_checked() {
    let core = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "d"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "other"},
    });
    assert_eq!(
        errors(&core),
        ["involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"]
    );
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e", "namespace": "d"},
        "regarding": {"kind": "Pod", "name": "p", "namespace": "d"}, "type": "Loud", "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "c.dev/x", "reportingInstance": "i", "reason": "R", "action": "A", "series": {"count": 1},
    });
    assert_eq!(
        errors(&event),
        [
            "series.count: Invalid value: \"\": should be at least 2",
            "series.lastObservedTime: Required value",
            "type: Invalid value: \"\": has invalid value: Loud",
        ]
    );
}

#[test]
fn events_are_selected_by_their_fields() {
    let kind = kind("v1", "Event");
    let event = json!({"involvedObject": {"uid": "u"}, "reportingComponent": "c", "type": "Normal"});
    let field = |name: &str| kind.strategy.selectable_field(&event, name);
    assert_eq!(field("involvedObject.uid").as_deref(), Some("u"));
    assert_eq!(field("source").as_deref(), Some("c"));
    assert_eq!(field("involvedObject.name").as_deref(), Some(""));
    assert_eq!(field("message"), None);
}

#[test]
fn defaults_make_nothing_where_nothing_is() {
    for (object, field) in [
        (
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "x"},
                "roleRef": {"kind": "ClusterRole", "name": "x"}}),
            "/subjects",
        ),
        (
            json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": "x"}}),
            "/webhooks",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "d"},
                "spec": {"clusterIP": "None"}}),
            "/spec/ports",
        ),
        (
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "x", "namespace": "d"}}),
            "/secrets",
        ),
    ] {
        let (stored, wrong) = create(&object);
        assert_eq!(wrong, NONE);
        assert_eq!(stored.pointer(field), None, "{stored}");
    }
}

#[test]
fn finalizers_have_a_domain() {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "d", "finalizers": ["bad", "a.dev/b"]}});
    assert_eq!(
        errors(&map),
        [
            "metadata.finalizers[0]: Invalid value: \"bad\": name is neither a standard finalizer name nor is it fully qualified"
        ]
    );
}

#[test]
fn a_stateful_set_may_mount_the_volumes_of_its_claims() {
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "x", "namespace": "d"},
        "spec": {
            "serviceName": "x", "selector": {"matchLabels": {"a": "b"}},
            "volumeClaimTemplates": [{"metadata": {"name": "v"}, "spec": {"accessModes": ["ReadWriteOnce"]}}],
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [
                {"name": "c", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            ]}},
        },
    });
    let (stored, wrong) = create(&set);
    assert_eq!(wrong, NONE);
    assert_eq!(
        stored["spec"]["volumeClaimTemplates"][0]["status"],
        json!({"phase": "Pending"})
    );
}

#[test]
fn webhooks_are_completed_and_checked() {
    let configuration = |hook: Value| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "x"}, "webhooks": [hook],
        })
    };
    let (stored, wrong) = create(&configuration(json!({
        "name": "a.b.c", "clientConfig": {"url": "https://localhost:1/x"}, "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [{"operations": ["CREATE"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}],
    })));
    assert_eq!(wrong, NONE);
    assert_eq!(stored["webhooks"][0]["timeoutSeconds"], 10);
    assert_eq!(stored["webhooks"][0]["rules"][0]["scope"], "*");
    let wrong = errors(&configuration(
        json!({"name": "a", "clientConfig": {"url": "http://x"}}),
    ));
    assert_eq!(
        wrong,
        [
            "webhooks[0].name: Invalid value: \"a\": should be a domain with at least three segments separated by dots",
            "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
            "webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
            "webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1",
        ]
    );
}

#[test]
fn metadata_that_may_not_change_is_told() {
    let wrong = update(&pod(), |pod| {
        pod["metadata"]["uid"] = "other".into();
        pod["metadata"]["resourceVersion"] = Value::Null;
    });
    assert_eq!(
        wrong,
        [
            "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
            "metadata.uid: Invalid value: \"other\": field is immutable",
        ]
    );
}
