//! get, describe, events.

use super::tool::{holds, rows, with_each};

#[test]
fn get_prints_tables_documents_and_fields() {
    with_each("get_prints_tables_documents_and_fields", |kubectl| {
        assert_eq!(kubectl.ok("get configmaps"), "", "nothing on standard output");
        kubectl.with_widget();
        let table = kubectl.ok("get wd");
        let lines = rows(&table);
        assert_eq!(lines[0], ["NAME", "TITLE", "REPLICAS", "AGE"]);
        assert_eq!(lines[1][..3], ["one", "first", "1"]);
        let wide = kubectl.ok("get widgets -o wide");
        assert_eq!(rows(&wide)[0], ["NAME", "TITLE", "REPLICAS", "LEVEL", "AGE"]);
        assert_eq!(rows(&wide)[1][3], "low");
        let labels = kubectl.ok("get wd --show-labels -L app --no-headers");
        assert_eq!(rows(&labels)[0][4..], ["shop", "app=shop"]);
        let everywhere = kubectl.ok("get all -A");
        holds(&everywhere, "default     service/kubernetes");
        holds(&everywhere, "widget.matrix.example.com/one");
        holds(&kubectl.ok("get gadgets"), "first");

        assert_eq!(kubectl.ok("get wd,ns -o name").lines().count(), 5);
        assert_eq!(
            kubectl.ok("get wd one -o jsonpath={.spec.title}:{.metadata.generation}"),
            "first:1"
        );
        assert_eq!(
            kubectl.ok("get wd -o jsonpath={.items[*].spec.tags}"),
            r#"["a","b"]"#
        );
        let custom = kubectl.ok("get wd -o custom-columns=NAME:.metadata.name,TAG:.spec.tags[1]");
        assert_eq!(rows(&custom), [["NAME", "TAG"], ["one", "b"]]);
        assert_eq!(
            kubectl.ok_with(&["get", "wd", "-o", "go-template={{len .items}}"]),
            "1"
        );
        let yaml = kubectl.ok("get wd one -o yaml");
        holds(&yaml, "kind: Widget");
        holds(&yaml, "  level: low");
        assert!(!yaml.contains("managedFields"));
        holds(
            &kubectl.ok("get wd one -o yaml --show-managed-fields"),
            "f:title: {}",
        );
        let json: serde_json::Value = serde_json::from_str(&kubectl.ok("get wd -o json")).unwrap();
        assert_eq!(json["kind"], "List");
        assert_eq!(json["items"][0]["spec"]["parts"][0]["count"], 1);
    });
}

#[test]
fn get_selects_sorts_and_pages() {
    with_each("get_selects_sorts_and_pages", |kubectl| {
        for (name, color) in [("a", "red"), ("b", "green"), ("c", "red")] {
            kubectl.ok(&format!("create configmap {name} --from-literal=color={color}"));
            kubectl.ok(&format!("label configmap {name} color={color}"));
        }
        let names = |options: &str| {
            kubectl.ok(&format!(
                "get cm -o custom-columns=N:.metadata.name --no-headers {options}"
            ))
        };
        assert_eq!(names("-l color=red"), "a\nc");
        assert_eq!(names("-l color!=red,color"), "b");
        let among = ["get", "cm", "-o", "name", "-l", "color in (green, blue)"];
        assert_eq!(kubectl.ok_with(&among), "configmap/b");
        assert_eq!(names("--field-selector metadata.name=c"), "c");
        assert_eq!(names("--sort-by .data.color"), "b\na\nc");
        assert_eq!(names("--chunk-size 1"), "a\nb\nc");
        holds(
            &kubectl.fails("get cm --field-selector data.color=red"),
            "data.color",
        );
        let broken = kubectl.fails_with(&["get", "cm", "-l", "color in ("]);
        holds(&broken, "unable to parse requirement");
        assert_eq!(
            kubectl.fails("get cm nope"),
            r#"Error from server (NotFound): configmaps "nope" not found"#
        );
        assert_eq!(kubectl.ok("get cm nope --ignore-not-found"), "");
        holds(
            &kubectl.fails("get nothing"),
            r#"the server doesn't have a resource type "nothing""#,
        );
    });
}

#[test]
fn built_in_kinds_have_their_own_columns() {
    with_each("built_in_kinds_have_their_own_columns", |kubectl| {
        kubectl.ok("create secret generic s --from-literal=a=b");
        kubectl.ok("create role r --verb=get --resource=cm");
        kubectl.ok("create rolebinding rb --role=r --user=jane");
        kubectl.apply("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: {holderIdentity: me}}");
        for (kind, columns, first) in [
            ("ns default", "NAME STATUS AGE", "default Active"),
            ("secret", "NAME TYPE DATA AGE", "s Opaque 1"),
            ("rolebinding", "NAME ROLE AGE", "rb Role/r"),
            ("lease", "NAME HOLDER AGE", "l me"),
            (
                "service",
                "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE",
                "kubernetes ClusterIP",
            ),
        ] {
            let table = kubectl.ok(&format!("get {kind}"));
            let rows = rows(&table);
            assert_eq!(rows[0].join(" "), columns);
            assert!(rows[1].join(" ").starts_with(first), "{table}");
        }
        holds(&kubectl.ok("get role r"), "CREATED AT");
    });
}

#[test]
fn describe_shows_an_object_with_its_events() {
    with_each("describe_shows_an_object_with_its_events", |kubectl| {
        kubectl.with_widget();
        let text = kubectl.ok("describe wd one");
        for part in [
            "Name:         one",
            "API Version:  matrix.example.com/v1",
            "  Title:  first",
            "Events:   <none>",
        ] {
            holds(&text, part);
        }
        let uid = kubectl.ok("get wd one -o jsonpath={.metadata.uid}");
        kubectl.apply(&event(&uid));
        let text = kubectl.ok("describe wd one");
        holds(&text, "Tested");
        holds(&text, "it was tested");
        holds(&kubectl.ok("describe ns default"), "Status:       Active");
        holds(
            &kubectl.ok("describe crd widgets.matrix.example.com"),
            "Short Names:\n      wd",
        );
        kubectl.ok("create secret generic s --from-literal=password=hidden");
        let secret = kubectl.ok("describe secret s");
        holds(&secret, "password:  6 bytes");
        assert!(!secret.contains("hidden"));
    });
}

#[test]
fn events_are_listed_of_all_and_of_one_object() {
    with_each("events_are_listed_of_all_and_of_one_object", |kubectl| {
        kubectl.with_widget();
        kubectl.apply(&event("1-2-3"));
        let table = kubectl.ok("events");
        assert_eq!(rows(&table)[0].join(" "), "LAST SEEN TYPE REASON OBJECT MESSAGE");
        holds(&table, "(x3 over ");
        holds(&table, "Normal   Tested   Widget/one   it was tested");
        holds(&kubectl.ok("events --for wd/one"), "it was tested");
        holds(&kubectl.ok("events -A --types=Normal"), "it was tested");
        assert_eq!(kubectl.ok("events --types=Warning"), "");
        // Both views of one object.
        holds(&kubectl.ok("get events"), "widget/one   it was tested");
        holds(&kubectl.ok("get events.events.k8s.io -o wide"), "tester");
        assert_eq!(
            kubectl.ok("get events.v1.events.k8s.io one.1 -o jsonpath={.note}"),
            "it was tested"
        );
    });
}

fn event(uid: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Event
metadata: {{name: one.1}}
involvedObject: {{apiVersion: matrix.example.com/v1, kind: Widget, name: one, namespace: default, uid: {uid}}}
reason: Tested
message: it was tested
type: Normal
firstTimestamp: \"2026-11-25T20:00:00Z\"
lastTimestamp: \"2026-11-25T20:00:00Z\"
count: 3
source: {{component: tester}}
"
    )
}
