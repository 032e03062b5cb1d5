//! create.

use super::tool::{ONE, holds, rows, with_each};

#[test]
fn create_makes_config_maps_secrets_and_namespaces() {
    with_each("create_makes_config_maps_secrets_and_namespaces", |kubectl| {
        kubectl.file("settings.txt", "a=1\n");
        assert_eq!(
            kubectl.ok("create configmap c --from-literal=a=b --from-file=settings.txt"),
            "configmap/c created"
        );
        assert_eq!(
            kubectl.ok("get cm c -o jsonpath={.data}"),
            r#"{"a":"b","settings.txt":"a=1\n"}"#
        );
        kubectl.ok("create secret generic s --from-literal=a=b --type=example.com/own");
        assert_eq!(
            kubectl.ok("get secret s -o jsonpath={.type}:{.data.a}"),
            "example.com/own:Yg=="
        );
        kubectl.ok("create secret docker-registry d --docker-username=u --docker-password=p");
        assert_eq!(
            kubectl.ok("get secret d -o jsonpath={.type}"),
            "kubernetes.io/dockerconfigjson"
        );
        assert_eq!(kubectl.ok("create namespace team"), "namespace/team created");
        assert_eq!(kubectl.ok("get ns team -o jsonpath={.status.phase}"), "Active");
        kubectl.ok("create configmap c -n team");
        assert_eq!(kubectl.ok("get cm -A -o name"), "configmap/c\nconfigmap/c");
        holds(
            &kubectl.fails("create configmap c"),
            r#"configmaps "c" already exists"#,
        );
        holds(
            &kubectl.fails("create configmap c -n nowhere"),
            r#"namespaces "nowhere" not found"#,
        );
    });
}

#[test]
fn create_makes_roles_bindings_accounts_and_tokens() {
    with_each("create_makes_roles_bindings_accounts_and_tokens", |kubectl| {
        assert_eq!(kubectl.ok("create sa robot"), "serviceaccount/robot created");
        kubectl.ok("create role reader --verb=get,list --resource=configmaps");
        kubectl.ok("create rolebinding reader --role=reader --serviceaccount=default:robot");
        kubectl.ok("create clusterrole all --verb=* --resource=secrets");
        kubectl.ok("create clusterrolebinding all --clusterrole=all --group=devs");
        holds(
            &kubectl.ok("describe role reader"),
            "configmaps  []                 []              [get list]",
        );
        holds(
            &kubectl.ok("describe rolebinding reader"),
            "ServiceAccount  robot  default",
        );
        holds(&kubectl.ok("get clusterrolebinding all"), "ClusterRole/all");
        let token = kubectl.ok("create token robot --duration 20m");
        // A certificate would be preferred to a token.
        let robot = kubectl.as_holder_of(&token);
        assert_eq!(robot.ok("get cm"), "");
        holds(
            &robot.fails("get secrets"),
            r#"User "system:serviceaccount:default:robot" cannot list resource "secrets""#,
        );
        kubectl.ok("delete sa robot");
        holds(&robot.fails("get cm"), "Unauthorized");
        holds(
            &kubectl.fails("create token robot"),
            r#"serviceaccounts "robot" not found"#,
        );
    });
}

#[test]
fn create_takes_files_and_tries_without_doing() {
    with_each("create_takes_files_and_tries_without_doing", |kubectl| {
        kubectl.with_widgets();
        kubectl.file("one.yaml", ONE);
        assert_eq!(
            kubectl.ok("create -f one.yaml --dry-run=server"),
            "widget.matrix.example.com/one created (server dry run)"
        );
        assert_eq!(kubectl.ok("get wd"), "");
        let tried = kubectl.ok("create -f one.yaml --dry-run=server -o jsonpath={.spec.level}");
        assert_eq!(tried, "low", "the server's defaults are shown");
        kubectl.ok("create -f one.yaml");
        holds(
            &kubectl.fails("create -f one.yaml"),
            r#"widgets.matrix.example.com "one" already exists"#,
        );
        let changed = ONE.replace("first", "other");
        assert_eq!(
            kubectl.feed(&["replace", "-f", "-"], &changed).ok(),
            "widget.matrix.example.com/one replaced"
        );
        let generated = "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}}";
        for _ in 0..2 {
            kubectl.feed(&["create", "-f", "-"], generated).ok();
        }
        let names = kubectl.ok("get cm -o name");
        assert_eq!(rows(&names).len(), 2);
        assert!(
            names.lines().all(|name| name.starts_with("configmap/made-")),
            "{names}"
        );
    });
}

#[test]
fn workloads_are_stored_from_files() {
    with_each("workloads_are_stored_from_files", |kubectl| {
        let manifest = kubectl.ok("create deployment d --image=nginx --replicas=2 --dry-run=client -o yaml");
        assert_eq!(kubectl.apply(&manifest), "deployment.apps/d created");
        assert_eq!(rows(&kubectl.ok("get deploy"))[1][..4], ["d", "0/2", "0", "0"]);
        assert_eq!(
            kubectl.ok("scale deploy d --replicas=3"),
            "deployment.apps/d scaled"
        );
        kubectl.ok("set image deploy/d nginx=nginx:2");
        holds(
            &kubectl.ok("describe deploy d"),
            "Replicas:               3 desired",
        );
        kubectl.ok("run p --image=nginx");
        assert_eq!(rows(&kubectl.ok("get pod p"))[1][1..3], ["0/1", "Pending"]);
        let direct = kubectl.try_run("create deployment e --image=nginx");
        // Newer ones send Protocol Buffers, which are read for few kinds.
        if kubectl.kubectl.minor >= 32 {
            holds(&direct.stderr, "kubectl apply");
        } else {
            assert_eq!(direct.code, 0, "{direct}");
        }
    });
}
