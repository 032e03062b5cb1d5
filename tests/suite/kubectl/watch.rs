//! get --watch and wait.

use super::tool::{ONE, holds, with_each};

#[test]
fn get_watch_prints_what_changes() {
    with_each("get_watch_prints_what_changes", |kubectl| {
        kubectl.with_widget();
        let table = kubectl.follow("get wd -w --output-watch-events");
        let next = || {
            let line = table.line();
            line.split_whitespace()
                .take(4)
                .map(str::to_owned)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(next(), "EVENT NAME TITLE REPLICAS");
        assert_eq!(next(), "ADDED one first 1");
        // The first line comes from a list: the watch begins where the list was, so nothing is lost between.
        kubectl.ok_with(&[
            "patch",
            "wd",
            "one",
            "--type=merge",
            "-p",
            r#"{"spec":{"title":"second"}}"#,
        ]);
        assert_eq!(next(), "MODIFIED one second 1");
        kubectl.ok("label wd one step=1");
        assert_eq!(next(), "MODIFIED one second 1");
        kubectl.apply(&ONE.replace("one", "two"));
        assert_eq!(next(), "ADDED two first 1");
        kubectl.ok("delete wd one");
        assert_eq!(next(), "DELETED one second 1");
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
