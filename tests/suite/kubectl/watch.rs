//! get --watch and wait.

use super::tool::{holds, with_each};

#[test]
fn get_watch_prints_what_changes() {
    with_each("get_watch_prints_what_changes", |kubectl| {
        kubectl.with_widget();
        let table = kubectl.follow("get wd -w");
        assert_eq!(table.line().split_whitespace().next(), Some("NAME"));
        assert!(table.line().starts_with("one    first   1 "));
        // The first line comes from a list: the watch begins where the list was, so nothing is lost between.
        kubectl.ok_with(&[
            "patch",
            "wd",
            "one",
            "--type=merge",
            "-p",
            r#"{"spec":{"title":"second"}}"#,
        ]);
        assert!(table.line().starts_with("one    second   1 "));
        let names = kubectl.follow("get wd --watch-only --output-watch-events -o name");
        kubectl.ok("label wd one step=1");
        assert!(table.line().starts_with("one    second   1 "));
        kubectl.ok("delete wd one");
        // It may have begun after the label.
        let mut line = names.line();
        if line.starts_with("MODIFIED") {
            line = names.line();
        }
        holds(&line, "DELETED");
        holds(&line, "widget.matrix.example.com/one");
    });
}

#[test]
fn get_watch_of_a_selection_ends_with_leaving_it() {
    with_each("get_watch_of_a_selection_ends_with_leaving_it", |kubectl| {
        kubectl.with_widget();
        let selected = kubectl.follow("get wd -l app=shop -w --output-watch-events -o jsonpath={.type}:{.object.metadata.name}{\"\\n\"}");
        assert_eq!(selected.line(), "ADDED:one");
        kubectl.ok("label wd one --overwrite app=other");
        assert_eq!(selected.line(), "DELETED:one");
        kubectl.ok("label wd one --overwrite app=shop");
        assert_eq!(selected.line(), "ADDED:one");
    });
}

#[test]
fn wait_sees_what_is_and_what_comes() {
    with_each("wait_sees_what_is_and_what_comes", |kubectl| {
        kubectl.with_widget();
        let ready = r#"{"status":{"phase":"Ready","conditions":[{"type":"Ready","status":"True"}]}}"#;
        let waiting = [
            kubectl.follow("wait wd/one --for condition=Ready --timeout 30s"),
            kubectl.follow("wait wd/one --for jsonpath={.status.phase}=Ready --timeout 30s"),
        ];
        kubectl.ok_with(&[
            "patch",
            "wd",
            "one",
            "--subresource=status",
            "--type=merge",
            "-p",
            ready,
        ]);
        for wait in waiting {
            assert_eq!(wait.line(), "widget.matrix.example.com/one condition met");
        }
        assert_eq!(
            kubectl.ok("wait wd --all --for condition=Ready --timeout 30s"),
            "widget.matrix.example.com/one condition met"
        );
        holds(
            &kubectl.fails("wait wd/one --for condition=Gone --timeout 100ms"),
            "timed out waiting for the condition on widgets/one",
        );
        let mut gone = kubectl.follow("wait wd/one --for delete --timeout 30s");
        kubectl.ok("delete wd one --wait=false");
        assert!(gone.ends_well());
        kubectl.ok("wait wd/one --for delete --timeout 30s");
    });
}
