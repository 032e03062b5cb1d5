//! auth whoami and can-i, and acting as someone else.

use super::tool::{holds, rows, with_each};

#[test]
fn whoami_names_user_and_groups() {
    with_each("whoami_names_user_and_groups", |kubectl| {
        let table = kubectl.ok("auth whoami");
        let lines = rows(&table);
        assert_eq!(lines[0], ["ATTRIBUTE", "VALUE"]);
        assert_eq!(lines[1], ["Username", "admin"]);
        holds(&table, "[system:masters system:authenticated]");
        let json: serde_json::Value = serde_json::from_str(&kubectl.ok("auth whoami -o json")).unwrap();
        assert_eq!(json["kind"], "SelfSubjectReview");
        assert_eq!(json["status"]["userInfo"]["username"], "admin");
        let jane = kubectl.ok("auth whoami --as jane --as-group devs");
        assert_eq!(rows(&jane)[1], ["Username", "jane"]);
        holds(&jane, "[devs system:authenticated]");
    });
}

#[test]
fn can_i_answers_what_the_roles_say() {
    with_each("can_i_answers_what_the_roles_say", |kubectl| {
        kubectl.ok("create role reader --verb=get,list --resource=configmaps");
        kubectl.ok("create role one --verb=update --resource=secrets --resource-name=mine");
        kubectl.ok("create rolebinding reader --role=reader --user=jane");
        kubectl.ok("create rolebinding one --role=one --user=jane");
        let asks = |question: &str| {
            let ran = kubectl.try_run(&format!("auth can-i {question}"));
            (ran.code, ran.stdout.trim().to_owned())
        };
        let (yes, no) = ((0, "yes".to_owned()), (1, "no".to_owned()));
        assert_eq!(asks("* *"), yes);
        assert_eq!(asks("get /metrics"), yes);
        assert_eq!(asks("list cm --as jane"), yes);
        assert_eq!(asks("list cm --as jane -n kube-system"), no);
        assert_eq!(asks("list cm --as jane -A"), no);
        assert_eq!(asks("create cm --as jane"), no);
        assert_eq!(asks("update secrets/mine --as jane"), yes);
        assert_eq!(asks("update secrets/other --as jane"), no);
        assert_eq!(asks("get /version --as jane"), yes);
        assert_eq!(asks("get /metrics --as jane"), no);
        let list = kubectl.ok("auth can-i --list --as jane --no-headers");
        let lines: Vec<String> = rows(&list).iter().map(|line| line.join(" ")).collect();
        for line in [
            "configmaps [] [] [get list]",
            "secrets [] [mine] [update]",
            "selfsubjectaccessreviews.authorization.k8s.io [] [] [create]",
            "[/api/*] [] [get]",
        ] {
            assert!(lines.iter().any(|found| found == line), "no {line:?} in\n{list}");
        }
        assert!(kubectl.ok("auth can-i --list").contains("*.*"));
    });
}

#[test]
fn acting_as_someone_is_bound_by_their_roles() {
    with_each("acting_as_someone_is_bound_by_their_roles", |kubectl| {
        kubectl.ok("create configmap c");
        let refused = kubectl.fails("get cm --as jane");
        holds(
            &refused,
            "configmaps is forbidden: User \"jane\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"",
        );
        holds(
            &kubectl.fails("create ns n --as jane"),
            "User \"jane\" cannot create resource \"namespaces\" in API group \"\" at the cluster scope",
        );
        kubectl.ok("create clusterrolebinding devs --clusterrole=view --group=devs");
        assert_eq!(
            kubectl.ok("get cm -o name --as jane --as-group devs"),
            "configmap/c"
        );
        holds(
            &kubectl.fails("get secrets --as jane --as-group devs"),
            "Forbidden",
        );
        holds(
            &kubectl.fails("delete cm c --as jane --as-group devs"),
            "Forbidden",
        );
        kubectl.ok("create rolebinding edit --clusterrole=edit --user=jane");
        kubectl.ok("delete cm c --as jane");
        // Nobody gives more than they have.
        kubectl.ok("create rolebinding admin --clusterrole=admin --user=jane");
        kubectl.ok("create rolebinding more --clusterrole=view --user=joe --as jane");
        holds(
            &kubectl.fails("create rolebinding most --clusterrole=cluster-admin --user=joe --as jane"),
            "attempting to grant RBAC permissions not currently held",
        );
    });
}
