//! edit, patch, label, annotate, scale.

use super::tool::{holds, with_each};

#[test]
fn edit_saves_what_the_editor_leaves() {
    with_each("edit_saves_what_the_editor_leaves", |kubectl| {
        kubectl.with_widget();
        let edit = |from: &str, to: &str, what: &[&str]| {
            let editor = kubectl.editor(from, to);
            kubectl.run(&[&["edit"], what].concat(), &[("EDITOR", &editor)])
        };
        assert_eq!(
            edit("first", "edited", &["wd", "one"]).ok(),
            "widget.matrix.example.com/one edited"
        );
        assert_eq!(kubectl.ok("get wd one -o jsonpath={.spec.title}"), "edited");
        let kept = edit("nothing", "x", &["wd", "one"]);
        assert_eq!(kept.code, 0, "{kept}");
        holds(&kept.stderr, "Edit cancelled, no changes made.");
        kubectl.ok("create configmap c --from-literal=a=b");
        edit("a: b", "a: c", &["cm", "c"]).ok();
        assert_eq!(kubectl.ok("get cm c -o jsonpath={.data.a}"), "c");
    });
}

#[test]
fn patch_speaks_three_languages() {
    with_each("patch_speaks_three_languages", |kubectl| {
        kubectl.with_widget();
        let patch = |what: &[&str], language: &str, patch: &str| {
            kubectl.run(
                &[&["patch"], what, &["--type", language, "-p", patch]].concat(),
                &[],
            )
        };
        let one = ["wd", "one"];
        let done = "widget.matrix.example.com/one patched";
        assert_eq!(
            patch(&one, "merge", r#"{"spec":{"title":"merged","notes":{"a":"b"}}}"#).ok(),
            done
        );
        assert_eq!(
            patch(&one, "merge", r#"{"spec":{"title":"merged"}}"#).ok(),
            format!("{done} (no change)")
        );
        let operations = r#"[{"op":"test","path":"/spec/title","value":"merged"},{"op":"add","path":"/spec/tags/-","value":"c"}]"#;
        assert_eq!(patch(&one, "json", operations).ok(), done);
        assert_eq!(
            kubectl.ok("get wd one -o jsonpath={.spec.title}{.spec.tags}{.spec.notes.a}"),
            r#"merged["a","b","c"]b"#
        );
        let wrong = r#"[{"op":"test","path":"/spec/title","value":"other"}]"#;
        holds(
            &patch(&one, "json", wrong).fails(),
            "the server rejected our request due to an error in our request",
        );
        holds(
            &patch(&one, "strategic", r#"{"spec":{"title":"x"}}"#).fails(),
            "application/strategic-merge-patch+json is not supported by matrix.example.com/v1, Kind=Widget",
        );
        kubectl.ok("run p --image=a");
        let named = r#"{"spec":{"containers":[{"name":"p","image":"b"}]}}"#;
        patch(&["pod", "p"], "strategic", named).ok();
        assert_eq!(
            kubectl.ok(
                "get pod p -o jsonpath={.spec.containers[*].image}:{.spec.containers[0].imagePullPolicy}"
            ),
            "b:Always",
            "lists are merged by name"
        );
        let status = ["wd", "one", "--subresource=status"];
        patch(
            &status,
            "merge",
            r#"{"status":{"phase":"Ready"},"spec":{"title":"no"}}"#,
        )
        .ok();
        assert_eq!(
            kubectl.ok("get wd one -o jsonpath={.status.phase}{.spec.title}"),
            "Readymerged",
            "the status alone"
        );
    });
}

#[test]
fn labels_and_annotations_come_and_go() {
    with_each("labels_and_annotations_come_and_go", |kubectl| {
        kubectl.with_widget();
        for (command, key) in [("label", "labels"), ("annotate", "annotations")] {
            let done = kubectl.ok(&format!("{command} wd one a=b"));
            assert!(done.starts_with("widget.matrix.example.com/one "), "{done}");
            holds(
                &kubectl.fails(&format!("{command} wd one a=c")),
                "--overwrite is false",
            );
            kubectl.ok(&format!("{command} wd one --overwrite a=c"));
            assert_eq!(
                kubectl.ok(&format!("get wd one -o jsonpath={{.metadata.{key}.a}}")),
                "c"
            );
            kubectl.ok(&format!("{command} wd --all a-"));
            assert_eq!(
                kubectl.ok(&format!("get wd one -o jsonpath={{.metadata.{key}.a}}")),
                ""
            );
        }
        assert_eq!(
            kubectl.ok("get wd one -o jsonpath={.metadata.generation}"),
            "1",
            "metadata is not counted"
        );
        holds(
            &kubectl.fails("label wd one a=b --resource-version=1"),
            "the object has been modified",
        );
        holds(&kubectl.fails("label wd one a=-b"), "a valid label must be");
    });
}

#[test]
fn scale_reads_and_writes_through_the_subresource() {
    with_each("scale_reads_and_writes_through_the_subresource", |kubectl| {
        kubectl.with_widget();
        assert_eq!(
            kubectl.ok("scale wd one --replicas=4"),
            "widget.matrix.example.com/one scaled"
        );
        assert_eq!(kubectl.ok("get wd one -o jsonpath={.spec.replicas}"), "4");
        holds(
            &kubectl.fails("scale wd one --current-replicas=3 --replicas=5"),
            "Expected replicas to be 3, was 4",
        );
        holds(
            &kubectl.fails("scale wd one --replicas=40"),
            "spec.replicas in body should be less than or equal to 10",
        );
        let scale = kubectl.ok("get wd one --subresource=scale -o jsonpath={.kind}:{.spec.replicas}");
        assert_eq!(scale, "Scale:4");
    });
}
