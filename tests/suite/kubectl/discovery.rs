//! api-resources, api-versions, explain, short names, deprecated versions.

use super::tool::{holds, rows, with_each};

#[test]
fn api_resources_lists_built_in_and_custom_kinds() {
    with_each("api_resources_lists_built_in_and_custom_kinds", |kubectl| {
        let line = |text: &str, name: &str| -> String {
            let lines = rows(text);
            let found = lines.iter().find(|line| line[0] == name);
            found.unwrap_or_else(|| panic!("no {name} in\n{text}")).join(" ")
        };
        let before = kubectl.ok("api-resources");
        assert_eq!(line(&before, "configmaps"), "configmaps cm v1 true ConfigMap");
        assert_eq!(
            line(&before, "deployments"),
            "deployments deploy apps/v1 true Deployment"
        );
        assert_eq!(
            line(&before, "customresourcedefinitions"),
            "customresourcedefinitions crd,crds apiextensions.k8s.io/v1 false CustomResourceDefinition"
        );
        kubectl.with_widgets();
        let widget = "widgets wd matrix.example.com/v1 true Widget";
        let wide = kubectl.ok("api-resources --api-group matrix.example.com -o wide");
        let shown = line(&wide, "widgets");
        holds(&shown, widget);
        holds(&shown, "all,gadgets");
        for verb in [
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ] {
            holds(&shown, verb);
        }
        assert_eq!(
            kubectl.ok("api-resources --categories gadgets -o name"),
            "widgets.matrix.example.com"
        );
        let versions = kubectl.ok("api-versions");
        for version in [
            "v1",
            "apps/v1",
            "matrix.example.com/v1",
            "rbac.authorization.k8s.io/v1",
        ] {
            assert!(versions.lines().any(|line| line == version), "{versions}");
        }
        kubectl.ok("delete crd widgets.matrix.example.com");
        assert!(!kubectl.ok("api-versions").contains("matrix.example.com"));
    });
}

#[test]
fn explain_shows_types_and_descriptions() {
    with_each("explain_shows_types_and_descriptions", |kubectl| {
        kubectl.with_widgets();
        let all = kubectl.ok("explain widget --recursive");
        for part in [
            "A widget is a thing of this test.",
            "metadata\t<ObjectMeta>",
            "    managedFields\t<[]ManagedFieldsEntry>",
            "  spec\t<Object> -required-",
            "    parts\t<[]Object>\n      count\t<integer>\n      name\t<string> -required-",
            "    tags\t<[]string>",
        ] {
            holds(&all, part);
        }
        let spec = kubectl.ok("explain widgets.spec");
        holds(&spec, "FIELD: spec <Object>");
        holds(&spec, "How people call it.");
        if kubectl.kubectl.minor >= 30 {
            holds(&spec, "enum: low, high");
        }
        holds(&kubectl.ok("explain configmap.data"), "<map[string]string>");
        holds(
            &kubectl.ok("explain crd.spec.versions"),
            "<[]CustomResourceDefinitionVersion>",
        );
        holds(
            &kubectl.ok("explain deployment.spec.template.spec.containers --recursive"),
            "imagePullPolicy",
        );
        holds(
            &kubectl.fails("explain widgets.spec.nope"),
            r#"field "nope" does not exist"#,
        );
    });
}

#[test]
fn explain_shows_what_any_further_property_is() {
    with_each("explain_shows_what_any_further_property_is", |kubectl| {
        kubectl
            .feed(&["create", "-f", "-"], include_str!("further.yaml"))
            .ok();
        kubectl.ok("wait --for condition=Established crd/mice.further.example.com");
        let text = kubectl.ok("explain mice.spec.texts");
        holds(&text, "FIELD: texts <map[string]string>");
        holds(&text, "Texts by language.");
        let all = kubectl.ok("explain mice --recursive");
        holds(&all, "    lists\t<map[string][]string>");
        holds(&all, "    places\t<map[string]Object>\n      city\t<string>");
        holds(&all, "    texts\t<map[string]string>");
        holds(&kubectl.ok("explain mice.spec.places.city"), "Where it lives.");
    });
}

#[test]
fn a_short_name_of_two_kinds_is_the_built_in_one_and_kubectl_says_so() {
    with_each(
        "a_short_name_of_two_kinds_is_the_built_in_one_and_kubectl_says_so",
        |kubectl| {
            kubectl
                .feed(&["create", "-f", "-"], include_str!("examples.yaml"))
                .ok();
            kubectl.ok("wait --for condition=Established crd/examples.test.example.com");
            kubectl.forget();
            kubectl.apply("{apiVersion: test.example.com/v1, kind: Example, metadata: {name: mine}}");
            let built_in = kubectl.try_run("get deploy");
            assert_eq!(built_in.code, 0, "{built_in}");
            holds(&built_in.stderr, "No resources found in default namespace.");
            if kubectl.kubectl.minor >= 29 {
                holds(
                    &built_in.stderr,
                    r#"Warning: short name "deploy" could also match lower priority resource examples.test.example.com"#,
                );
            }
            // Among custom resources the group that comes first in the alphabet.
            let first = kubectl.try_run("get ex");
            holds(&first.stdout, "mine");
            for name in [
                "examples",
                "example",
                "examples.test.example.com",
                "examples.v1.test.example.com",
            ] {
                let named = kubectl.try_run(&format!("get {name}"));
                holds(&named.stdout, "mine");
                assert_eq!(named.stderr, "");
            }
        },
    );
}

#[test]
fn a_deprecated_version_warns() {
    with_each("a_deprecated_version_warns", |kubectl| {
        kubectl
            .feed(&["create", "-f", "-"], include_str!("examples.yaml"))
            .ok();
        kubectl.ok("wait --for condition=Established crd/examples.test.example.com");
        let warning =
            "Warning: test.example.com/v1alpha1 Example is deprecated; use test.example.com/v1 Example";
        let listed = kubectl.try_run("get examples.v1alpha1.test.example.com");
        assert_eq!(listed.code, 0);
        holds(&listed.stderr, warning);
        let own = kubectl.try_run("get examples.v1beta1.test.example.com --warnings-as-errors");
        assert_eq!(own.code, 1);
        holds(&own.stderr, "Warning: v1beta1 goes away in spring");
        holds(&own.stderr, "error: 1 warning received");
        let old = "{apiVersion: test.example.com/v1alpha1, kind: Example, metadata: {name: old}}";
        let created = kubectl.feed(&["apply", "-f", "-"], old);
        assert_eq!(created.code, 0);
        holds(&created.stderr, warning);
        assert_eq!(kubectl.try_run("get examples").stderr, "");
        assert_eq!(
            kubectl.ok("get example old -o jsonpath={.apiVersion}"),
            "test.example.com/v1"
        );
    });
}

#[test]
fn the_server_says_how_it_is() {
    with_each("the_server_says_how_it_is", |kubectl| {
        assert_eq!(kubectl.ok("get --raw /readyz"), "ok");
        assert_eq!(kubectl.ok("get --raw /livez"), "ok");
        holds(&kubectl.ok("get --raw /readyz?verbose"), "readyz check passed");
        let version: serde_json::Value = serde_json::from_str(&kubectl.ok("version -o json")).unwrap();
        assert_eq!(version["serverVersion"]["major"], "1");
        holds(&kubectl.ok("cluster-info"), "https://127.0.0.1:");
    });
}
