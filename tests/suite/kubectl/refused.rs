//! Bad input: what is refused says which field is wrong, and why.

use super::tool::{ONE, holds, with_each};

#[test]
fn bad_input_names_the_field() {
    with_each("bad_input_names_the_field", |kubectl| {
        kubectl.with_widgets();
        let create = |manifest: &str| kubectl.feed(&["create", "-f", "-"], manifest).fails();
        let misspelt = ONE.replace("title: first", "title: first, levle: high");
        holds(
            &create(&misspelt),
            r#"strict decoding error: unknown field "spec.levle""#,
        );
        let wrong = create(
            &ONE.replace(
                "title: first",
                "level: medium, title: much longer than twenty characters",
            )
            .replace("replicas: 1", "replicas: 11")
            .replace("[a, b]", "[a, a]"),
        );
        for part in [
            r#"The Widget "one" is invalid: "#,
            r#"* spec.level: Unsupported value: "medium": supported values: "low", "high""#,
            "* spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10",
            "* spec.tags[1]: Duplicate value: \"a\"",
            "* spec.title: Too long",
        ] {
            holds(&wrong, part);
        }
        holds(
            &create(&ONE.replace("title: first, ", "")),
            "spec.title: Required value",
        );
        holds(
            &create(&ONE.replace("replicas: 1", "level: high")),
            "spec: Invalid value",
        );
        holds(
            &create(&ONE.replace("replicas: 1", "level: high")),
            "high needs replicas",
        );
        holds(
            &create(&ONE.replace("{title: first, replicas: 1", "{title: 3, replicas: many")),
            "spec.replicas",
        );
        assert_eq!(kubectl.ok("get wd"), "");
    });
}

#[test]
fn bad_changes_name_the_field() {
    with_each("bad_changes_name_the_field", |kubectl| {
        kubectl.with_widget();
        let apply = |options: &[&str], manifest: &str| {
            kubectl
                .feed(&[&["apply", "-f", "-"], options].concat(), manifest)
                .fails()
        };
        let wrong = ONE.replace("first", "much longer than twenty characters");
        holds(&apply(&[], &wrong), "spec.title: Too long");
        holds(
            &apply(&["--server-side", "--force-conflicts"], &wrong),
            "spec.title: Too long",
        );
        let misspelt = ONE.replace("title: first", "title: first, levle: high");
        holds(&apply(&[], &misspelt), r#"unknown field "spec.levle""#);
        holds(
            &apply(&["--server-side", "--force-conflicts"], &misspelt),
            ".spec.levle: field not declared in schema",
        );
        let patched = kubectl.fails_with(&[
            "patch",
            "wd",
            "one",
            "--type=merge",
            "-p",
            r#"{"spec":{"replicas":-1}}"#,
        ]);
        holds(
            &patched,
            "spec.replicas in body should be greater than or equal to 0",
        );
        holds(
            &kubectl.fails_with(&[
                "patch",
                "wd",
                "one",
                "--type=merge",
                "-p",
                r#"{"metadata":{"name":"two"}}"#,
            ]),
            "name",
        );
    });
}

#[test]
fn unknown_fields_are_refused_told_or_dropped_as_asked() {
    with_each("unknown_fields_are_refused_told_or_dropped_as_asked", |kubectl| {
        kubectl.with_widgets();
        let named = |name: &str| {
            ONE.replace("title: first", "title: first, levle: high")
                .replace("one", name)
        };
        let create = |name: &str, how: &str| kubectl.feed(&["create", how, "-f", "-"], &named(name));
        let refused = create("a", "--validate=strict").fails();
        holds(&refused, r#"unknown field "spec.levle""#);
        let told = create("b", "--validate=warn");
        assert_eq!(told.code, 0, "{told}");
        assert_eq!(told.stderr.trim(), r#"Warning: unknown field "spec.levle""#);
        let dropped = create("c", "--validate=ignore");
        assert_eq!((dropped.code, dropped.stderr.as_str()), (0, ""), "{dropped}");
        assert_eq!(kubectl.ok("get wd c -o jsonpath={.spec.levle}"), "");
    });
}

#[test]
fn built_in_kinds_refuse_in_the_words_of_the_real_server() {
    with_each(
        "built_in_kinds_refuse_in_the_words_of_the_real_server",
        |kubectl| {
            let create = |manifest: &str| kubectl.feed(&["create", "-f", "-"], manifest).fails();
            holds(
                &create("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, dataa: {a: b}}"),
                r#"unknown field "dataa""#,
            );
            holds(
                &create("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: 1}}"),
                "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
            );
            holds(
                &create("{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad_Name}}"),
                "metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of",
            );
            holds(
                &create("{apiVersion: v1, kind: Secret, metadata: {name: s}, type: kubernetes.io/tls}"),
                "data[tls.crt]: Required value",
            );
            holds(
                &create("{apiVersion: nope.example.com/v1, kind: Nope, metadata: {name: n}}"),
                "no matches for kind \"Nope\" in version \"nope.example.com/v1\"",
            );
            holds(
                &create("{apiVersion: v1, kind: ConfigMap, metadata: {}}"),
                "name or generateName is required",
            );
            let definition = super::tool::WIDGETS.replace("plural: widgets", "plural: gadgets");
            holds(
                &create(&definition),
                "metadata.name: Invalid value: \"widgets.matrix.example.com\": must be spec.names.plural+\".\"+spec.group",
            );
            let loose = super::tool::WIDGETS.replace(
                "            description: What is wanted.",
                "            x-kubernetes-int-or-string: true",
            );
            holds(
                &create(&loose),
                "spec.versions[0].schema.openAPIV3Schema.properties[spec]",
            );
        },
    );
}
