//! apply on either side, and diff.

use super::tool::{ONE, holds, with_each};

#[test]
fn apply_creates_configures_and_leaves_alone() {
    with_each("apply_creates_configures_and_leaves_alone", |kubectl| {
        kubectl.with_widgets();
        let name = "widget.matrix.example.com/one";
        assert_eq!(kubectl.apply(ONE), format!("{name} created"));
        assert_eq!(kubectl.apply(ONE), format!("{name} unchanged"));
        let changed = ONE.replace("first", "second").replace("replicas: 1, ", "");
        assert_eq!(kubectl.apply(&changed), format!("{name} configured"));
        assert_eq!(
            kubectl.ok("get wd one -o jsonpath={.spec.title}{.spec.replicas}:{.metadata.generation}"),
            "second:2",
            "what is no longer said is taken away"
        );
        // Built-in kinds are merged by their keys.
        let ports = |ports: &str| {
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{clusterIP: None, ports: [{ports}]}}}}"
            )
        };
        kubectl.apply(&ports("{name: a, port: 1}, {name: b, port: 2}"));
        assert_eq!(
            kubectl.apply(&ports("{name: b, port: 2}, {name: c, port: 3}")),
            "service/s configured"
        );
        assert_eq!(kubectl.ok("get svc s -o jsonpath={.spec.ports[*].name}"), "b c");
        kubectl.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b, c: d}}");
        kubectl.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {c: d}}");
        assert_eq!(kubectl.ok("get cm c -o jsonpath={.data}"), r#"{"c":"d"}"#);
        holds(&kubectl.ok("apply view-last-applied cm c"), "c: d");
    });
}

#[test]
fn apply_on_the_server_names_conflicts_and_owners() {
    with_each("apply_on_the_server_names_conflicts_and_owners", |kubectl| {
        kubectl.with_widgets();
        let apply = |manager: &str, manifest: &str, force: &str| {
            let manager = format!("--field-manager={manager}");
            kubectl.feed(&["apply", "--server-side", &manager, force, "-f", "-"], manifest)
        };
        let done = "widget.matrix.example.com/one serverside-applied";
        assert_eq!(apply("one", ONE, "--force-conflicts=false").ok(), done);
        let other = ONE
            .replace("first", "second")
            .replace("replicas: 1", "replicas: 2");
        let refused = apply("two", &other, "--force-conflicts=false").fails();
        holds(
            &refused,
            "Apply failed with 2 conflicts: conflicts with \"one\":\n- .spec.replicas\n- .spec.title",
        );
        assert_eq!(apply("two", &other, "--force-conflicts").ok(), done);
        let managers = kubectl.ok("get wd one --show-managed-fields -o jsonpath={range.metadata.managedFields[*]}{.manager}={.operation}{\"\\n\"}{end}");
        assert_eq!(managers, "one=Apply\ntwo=Apply");
        // What only one says goes with it, what both say stays.
        let less =
            "{apiVersion: matrix.example.com/v1, kind: Widget, metadata: {name: one}, spec: {title: second}}";
        assert_eq!(apply("two", less, "--force-conflicts=false").ok(), done);
        assert_eq!(
            kubectl.ok("get wd one -o jsonpath={.spec.replicas}:{.spec.tags}"),
            r#":["a","b"]"#
        );
        assert_eq!(
            apply("two", less, "--dry-run=server").ok(),
            format!("{done} (server dry run)")
        );
    });
}

#[test]
fn an_object_moves_from_client_side_apply_to_the_server() {
    with_each(
        "an_object_moves_from_client_side_apply_to_the_server",
        |kubectl| {
            kubectl.with_widgets();
            kubectl.apply(ONE);
            let less = ONE.replace("replicas: 1, ", "");
            kubectl.feed(&["apply", "--server-side", "-f", "-"], &less).ok();
            assert_eq!(
                kubectl.ok("get wd one -o jsonpath={.spec.replicas}:{.spec.title}"),
                ":first",
                "fields of the earlier way are taken over"
            );
        },
    );
}

#[test]
fn diff_shows_what_apply_would_change() {
    with_each("diff_shows_what_apply_would_change", |kubectl| {
        kubectl.with_widgets();
        kubectl.apply(ONE);
        assert_eq!(kubectl.feed(&["diff", "-f", "-"], ONE).code, 0);
        let changed = ONE.replace("first", "second");
        for side in [
            &["--server-side=false"][..],
            &["--server-side", "--force-conflicts"],
        ] {
            let diff = kubectl.feed(&[&["diff", "-f", "-"], side].concat(), &changed);
            assert_eq!(diff.code, 1, "{diff}");
            holds(&diff.stdout, "-  title: first\n+  title: second\n");
            holds(&diff.stdout, "-  generation: 1\n+  generation: 2\n");
        }
        assert_eq!(kubectl.ok("get wd one -o jsonpath={.spec.title}"), "first");
        let new = kubectl.feed(&["diff", "-f", "-"], &ONE.replace("name: one", "name: new"));
        assert_eq!(new.code, 1, "{new}");
        holds(&new.stdout, "+  title: first\n");
    });
}
