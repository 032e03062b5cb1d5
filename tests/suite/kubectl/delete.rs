//! delete, with and without what belongs to the object.

use super::tool::Session;
use super::tool::{ONE, holds, with_each};

/// A config map that belongs to the widget `one`.
fn child(kubectl: &Session) {
    let uid = kubectl.ok("get wd one -o jsonpath={.metadata.uid}");
    kubectl.apply(&format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: child, ownerReferences: [{{apiVersion: matrix.example.com/v1, \
         kind: Widget, name: one, uid: {uid}, blockOwnerDeletion: true}}]}}}}"
    ));
}

#[test]
fn delete_takes_along_what_belongs_to_it_or_not() {
    with_each("delete_takes_along_what_belongs_to_it_or_not", |kubectl| {
        kubectl.with_widgets();
        let deleted = r#"widget.matrix.example.com "one" deleted"#;
        kubectl.apply(ONE);
        child(kubectl);
        holds(&kubectl.ok("delete wd one --cascade=foreground"), deleted);
        holds(&kubectl.fails("get cm child"), "not found");
        kubectl.apply(ONE);
        child(kubectl);
        kubectl.ok("delete wd one");
        kubectl.ok("wait --for=delete cm/child --timeout=30s");
        kubectl.apply(ONE);
        child(kubectl);
        kubectl.ok("delete wd one --cascade=orphan");
        assert_eq!(
            kubectl.ok("get cm child -o jsonpath={.metadata.ownerReferences}"),
            ""
        );
    });
}

#[test]
fn delete_waits_for_finalizers() {
    with_each("delete_waits_for_finalizers", |kubectl| {
        kubectl.with_widget();
        let patch = |patch: &str| kubectl.ok_with(&["patch", "wd", "one", "--type=merge", "-p", patch]);
        patch(r#"{"metadata":{"finalizers":["example.com/keep"]}}"#);
        let mut deleting = kubectl.follow("delete wd one");
        holds(&deleting.line(), r#"widget.matrix.example.com "one" deleted"#);
        assert_ne!(
            kubectl.ok("get wd one -o jsonpath={.metadata.deletionTimestamp}"),
            ""
        );
        holds(
            &kubectl.fails_with(&[
                "patch",
                "wd",
                "one",
                "--type=merge",
                "-p",
                r#"{"metadata":{"finalizers":["example.com/keep","example.com/more"]}}"#,
            ]),
            "no new finalizers can be added if the object is being deleted",
        );
        patch(r#"{"metadata":{"finalizers":null}}"#);
        assert!(deleting.ends_well());
        assert_eq!(kubectl.ok("get wd"), "");
    });
}

#[test]
fn delete_takes_many_or_none() {
    with_each("delete_takes_many_or_none", |kubectl| {
        for name in ["a", "b", "c"] {
            kubectl.ok(&format!("create configmap {name}"));
        }
        kubectl.ok("label cm a b kind=old");
        let deleted = kubectl.ok("delete cm -l kind=old");
        assert_eq!(deleted.lines().count(), 2, "{deleted}");
        kubectl.ok("delete cm --all");
        assert_eq!(kubectl.ok("get cm"), "");
        holds(&kubectl.fails("delete cm a"), r#"configmaps "a" not found"#);
        assert_eq!(kubectl.ok("delete cm a --ignore-not-found"), "");
    });
}

#[test]
fn a_namespace_goes_with_all_that_is_in_it() {
    with_each("a_namespace_goes_with_all_that_is_in_it", |kubectl| {
        kubectl.with_widgets();
        kubectl.ok("create ns shop");
        kubectl.feed(&["create", "-n", "shop", "-f", "-"], ONE).ok();
        kubectl.ok("create configmap c -n shop");
        holds(&kubectl.ok("delete ns shop"), r#"namespace "shop" deleted"#);
        assert_eq!(kubectl.ok("get wd,cm -A -o name"), "");
        holds(
            &kubectl.fails("delete ns default"),
            r#"namespaces "default" is forbidden: this namespace may not be deleted"#,
        );
        kubectl.apply(ONE);
        holds(&kubectl.ok("delete crd widgets.matrix.example.com"), "deleted");
        kubectl.with_widgets();
        assert_eq!(kubectl.ok("get wd"), "", "its objects went with the definition");
    });
}
