//! What a new server is filled with: the namespaces that everyone expects and the roles that RBAC begins with.

use super::rbac::GROUP;
use crate::user::{AUTHENTICATED, MASTERS, UNAUTHENTICATED};
use serde_json::{Value, json};

/// The namespaces that exist from the beginning, which may not be deleted.
pub const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The objects to create where they are absent, as a client would send them, in this order.
///
/// `port` is that of the server, to which service `default/kubernetes` points.
pub fn bootstrap(port: u16) -> Vec<Value> {
    let mut objects: Vec<Value> = NAMESPACES
        .iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .collect();
    objects.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}],
        },
    }));
    objects.extend(roles());
    objects.extend(bindings());
    objects
}

fn role(name: &str, rules: &Value) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
            "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
        },
        "rules": rules,
    })
}

fn binding(name: &str, role: &str, groups: &[&str]) -> Value {
    let subjects: Vec<Value> = groups
        .iter()
        .map(|group| json!({"apiGroup": GROUP, "kind": "Group", "name": group}))
        .collect();
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRoleBinding",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
            "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
        },
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    })
}

fn roles() -> Vec<Value> {
    let read = ["get", "list", "watch"];
    let write = ["create", "delete", "deletecollection", "patch", "update"];
    let workloads = [
        "daemonsets",
        "deployments",
        "deployments/scale",
        "replicasets",
        "replicasets/scale",
        "statefulsets",
        "statefulsets/scale",
    ];
    let reads = [
        json!({"apiGroups": [""], "verbs": read, "resources": [
            "configmaps", "events", "namespaces", "namespaces/status", "pods", "pods/status", "serviceaccounts",
            "services", "services/status",
        ]}),
        json!({"apiGroups": ["apps"], "verbs": read, "resources": workloads}),
        json!({"apiGroups": ["events.k8s.io"], "verbs": read, "resources": ["events"]}),
    ];
    let writes = [
        json!({"apiGroups": [""], "verbs": read, "resources": ["secrets"]}),
        json!({"apiGroups": [""], "verbs": write, "resources": [
            "configmaps", "events", "pods", "secrets", "serviceaccounts", "services",
        ]}),
        json!({"apiGroups": [""], "verbs": ["create"], "resources": ["serviceaccounts/token"]}),
        json!({"apiGroups": ["apps"], "verbs": write, "resources": workloads}),
        json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": [
            "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
        ]}),
    ];
    let administers = [
        json!({"apiGroups": ["authorization.k8s.io"], "verbs": ["create"], "resources": ["localsubjectaccessreviews"]}),
        json!({"apiGroups": [GROUP], "resources": ["rolebindings", "roles"], "verbs": [
            "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
        ]}),
    ];
    let all: Vec<&Value> = reads.iter().chain(&writes).chain(&administers).collect();
    let edit: Vec<&Value> = reads.iter().chain(&writes).collect();
    let probes = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    vec![
        role(
            "cluster-admin",
            &json!([
                {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                {"nonResourceURLs": ["*"], "verbs": ["*"]},
            ]),
        ),
        role("admin", &json!(all)),
        role("edit", &json!(edit)),
        role("view", &json!(reads)),
        role(
            "system:basic-user",
            &json!([
                {"apiGroups": ["authorization.k8s.io"], "verbs": ["create"],
                 "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]},
                {"apiGroups": ["authentication.k8s.io"], "verbs": ["create"], "resources": ["selfsubjectreviews"]},
            ]),
        ),
        role(
            "system:discovery",
            &json!([{"verbs": ["get"], "nonResourceURLs": [
                "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
                "/version", "/version/",
            ]}]),
        ),
        role(
            "system:public-info-viewer",
            &json!([{"verbs": ["get"], "nonResourceURLs": probes}]),
        ),
        role(
            "system:auth-delegator",
            &json!([
                {"apiGroups": ["authentication.k8s.io"], "verbs": ["create"], "resources": ["tokenreviews"]},
                {"apiGroups": ["authorization.k8s.io"], "verbs": ["create"], "resources": ["subjectaccessreviews"]},
            ]),
        ),
    ]
}

fn bindings() -> Vec<Value> {
    vec![
        binding("cluster-admin", "cluster-admin", &[MASTERS]),
        binding("system:basic-user", "system:basic-user", &[AUTHENTICATED]),
        binding("system:discovery", "system:discovery", &[AUTHENTICATED]),
        binding(
            "system:public-info-viewer",
            "system:public-info-viewer",
            &[AUTHENTICATED, UNAUTHENTICATED],
        ),
    ]
}
