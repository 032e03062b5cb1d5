#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use serde_json::json;

fn user(name: &str, groups: &[&str]) -> User {
    User {
        name: name.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        ..User::anonymous()
    }
}

fn on<'a>(verb: &'a str, resource: &'a str, namespace: &'a str, name: &'a str) -> Attributes<'a> {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Attributes {
        verb,
        target: Target::Resource {
            group: "",
            resource,
            subresource,
            namespace,
            name,
        },
    }
}

fn roles() -> Roles {
    let cluster_roles = [
        json!({"metadata": {"name": "view"}, "rules": [
            {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps", "*/status"]},
            {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/metrics/*"]},
        ]}),
        json!({"metadata": {"name": "empty"}, "rules": null}),
    ];
    let roles = [
        json!({"metadata": {"name": "one", "namespace": "shop"}, "rules": [
            {"verbs": ["*"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["tls"]},
        ]}),
    ];
    let cluster_bindings = [
        json!({"metadata": {"name": "viewers"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "Group", "name": "dev"}]}),
        json!({"metadata": {"name": "gone"}, "roleRef": {"kind": "ClusterRole", "name": "nothing"},
            "subjects": [{"kind": "User", "name": "joe"}]}),
    ];
    let bindings = [
        json!({"metadata": {"name": "b", "namespace": "shop"}, "roleRef": {"kind": "Role", "name": "one"},
            "subjects": [{"kind": "ServiceAccount", "name": "builder"}, {"kind": "User", "name": "jane"}]}),
        json!({"metadata": {"name": "c", "namespace": "shop"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "User", "name": "kim"}]}),
    ];
    Roles::new(&cluster_roles, &roles, &cluster_bindings, &bindings)
}

#[test]
fn masters_may_do_everything_and_nobody_else_does() {
    let anything = on("delete", "secrets", "", "");
    assert!(roles().authorize(&user("x", &[MASTERS]), &anything).allowed);
    assert!(!roles().authorize(&user("x", &["dev"]), &anything).allowed);
}

#[test]
fn cluster_bindings_hold_in_every_namespace_and_bindings_in_theirs() {
    let roles = roles();
    let dev = user("d", &["dev"]);
    assert!(
        roles
            .authorize(&dev, &on("get", "configmaps", "any", "x"))
            .allowed
    );
    assert!(roles.authorize(&dev, &on("list", "configmaps", "", "")).allowed);
    let kim = user("kim", &[]);
    assert!(
        roles
            .authorize(&kim, &on("get", "configmaps", "shop", "x"))
            .allowed
    );
    assert!(
        !roles
            .authorize(&kim, &on("get", "configmaps", "other", "x"))
            .allowed
    );
    assert!(!roles.authorize(&kim, &on("list", "configmaps", "", "")).allowed);
}

#[test]
fn subresources_are_not_part_of_their_resource() {
    let roles = roles();
    let dev = user("d", &["dev"]);
    assert!(
        !roles
            .authorize(&dev, &on("get", "configmaps/data", "a", "x"))
            .allowed
    );
    assert!(roles.authorize(&dev, &on("get", "pods/status", "a", "x")).allowed);
    assert!(!roles.authorize(&dev, &on("get", "pods", "a", "x")).allowed);
}

#[test]
fn names_narrow_a_rule() {
    let roles = roles();
    let jane = user("jane", &[]);
    assert!(
        roles
            .authorize(&jane, &on("delete", "secrets", "shop", "tls"))
            .allowed
    );
    assert!(
        !roles
            .authorize(&jane, &on("delete", "secrets", "shop", "other"))
            .allowed
    );
    assert!(!roles.authorize(&jane, &on("list", "secrets", "shop", "")).allowed);
}

#[test]
fn a_service_account_without_namespace_is_one_of_the_binding() {
    let roles = roles();
    let builder = user("system:serviceaccount:shop:builder", &[]);
    let decision = roles.authorize(&builder, &on("get", "secrets", "shop", "tls"));
    assert_eq!(
        decision.reason,
        "RBAC: allowed by RoleBinding \"b/shop\" of Role \"one\" to ServiceAccount \"builder/shop\""
    );
    let other = user("system:serviceaccount:other:builder", &[]);
    assert!(
        !roles
            .authorize(&other, &on("get", "secrets", "shop", "tls"))
            .allowed
    );
}

#[test]
fn paths_are_allowed_whole_or_by_prefix() {
    let roles = roles();
    let dev = user("d", &["dev"]);
    let get = |path| Attributes {
        verb: "get",
        target: Target::Path(path),
    };
    assert!(roles.authorize(&dev, &get("/healthz")).allowed);
    assert!(!roles.authorize(&dev, &get("/healthz/x")).allowed);
    assert!(roles.authorize(&dev, &get("/metrics/a/b")).allowed);
    assert!(!roles.authorize(&dev, &get("/metrics")).allowed);
}

#[test]
fn a_missing_role_is_said() {
    let decision = roles().authorize(&user("joe", &[]), &on("get", "configmaps", "", "x"));
    assert_eq!(
        decision.reason,
        "RBAC: clusterrole.rbac.authorization.k8s.io \"nothing\" not found"
    );
}

#[test]
fn a_rule_covers_its_atoms_and_nothing_wider() {
    let rule: PolicyRule = serde_json::from_value(json!({
        "verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "*/scale"],
        "resourceNames": ["a"], "nonResourceURLs": ["/x"],
    }))
    .unwrap();
    let atoms = rule.atoms();
    assert_eq!(atoms.len(), 2 * 2 * 2 + 2);
    assert!(atoms.iter().all(|atom| rule.covers(atom)));
    let wider = PolicyRule {
        resource_names: vec![],
        ..atoms[0].clone()
    };
    assert!(!rule.covers(&wider));
    let scale = PolicyRule {
        resources: vec!["pods/scale".to_owned()],
        ..atoms[0].clone()
    };
    assert!(rule.covers(&scale));
    let paths = PolicyRule {
        resources: vec![],
        api_groups: vec![],
        resource_names: vec![],
        ..rule.clone()
    };
    assert!(!paths.covers(&atoms[0]));
    assert_eq!(
        atoms[0].to_string(),
        "{APIGroups:[\"\"], Resources:[\"pods\"], ResourceNames:[\"a\"], Verbs:[\"get\"]}"
    );
}
