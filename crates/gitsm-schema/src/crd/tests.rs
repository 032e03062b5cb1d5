//! What the steps do to a CRD, and what no vector shows.

use super::{complete, decode, prepare_create, prepare_update, validate_create, validate_update, warnings};
use serde_json::{Value, json};

fn crd(schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.dev"},
        "spec": {
            "group": "example.dev", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}},
            ],
        },
    })
}

fn with_spec(spec: &Value) -> Value {
    crd(&json!({"type": "object", "properties": {"spec": spec}}))
}

fn create(crd: &Value) -> Vec<String> {
    let mut crd = decode(crd).unwrap().value;
    complete(&mut crd);
    prepare_create(&mut crd);
    let errors = validate_create(&crd).unwrap();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_left_open_is_filled_in() {
    let mut crd = with_spec(&json!({"type": "object"}));
    complete(&mut crd);
    assert_eq!(
        crd["spec"]["names"],
        json!({"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"})
    );
    assert_eq!(crd["spec"]["conversion"], json!({"strategy": "None"}));
    assert_eq!(crd["status"]["storedVersions"], json!(["v1"]));
    crd["status"]["conditions"] = json!([{"type": "Established", "status": "True"}]);
    prepare_create(&mut crd);
    assert_eq!(crd["status"], json!({"storedVersions": ["v1"]}));
    assert_eq!(crd["metadata"]["generation"], json!(1));
    assert_eq!(validate_create(&crd).unwrap(), []);
}

/// Asked of a real server (apiextensions-apiserver 1.36).
#[test]
fn a_default_is_refused_at_each_value_whose_rule_does_not_compile_and_judged_by_the_others() {
    let errors = create(&with_spec(&json!({
        "type": "object", "default": {"a": "x", "b": "y"},
        "properties": {
            "a": {"type": "string", "x-kubernetes-validations": [{"rule": "self.missing == 1"}]},
            "b": {"type": "string", "maxLength": 5, "x-kubernetes-validations": [{"rule": "self == 'z'"}]},
            "c": {"type": "string", "x-kubernetes-validations": [{"rule": "self.missing == 2"}]},
        },
    })));
    let of_default = |field: &str| {
        let start = format!("spec.validation.openAPIV3Schema.properties[spec].default.{field}: ");
        errors.iter().filter(|error| error.starts_with(&start)).count()
    };
    assert_eq!(
        [of_default("a"), of_default("b"), of_default("c")],
        [1, 1, 0],
        "{errors:#?}"
    );
}

#[test]
fn a_default_of_an_integer_or_a_string_may_be_of_any_type() {
    let default = |value: Value| {
        let field = json!({"x-kubernetes-int-or-string": true, "default": value});
        create(&with_spec(
            &json!({"type": "object", "properties": {"port": field}}),
        ))
    };
    assert_eq!(default(json!(true)), Vec::<String>::new());
    let unknown = default(json!({"wrong": 1}));
    assert_eq!(unknown.len(), 1, "{unknown:#?}");
    assert!(
        unknown[0].ends_with("must not have unknown fields"),
        "{unknown:#?}"
    );
}

#[test]
fn an_update_keeps_the_status_and_counts_changes_of_the_spec() {
    let mut old = with_spec(&json!({"type": "object"}));
    complete(&mut old);
    prepare_create(&mut old);
    let mut new = old.clone();
    new["status"] = json!({});
    prepare_update(&mut new, &old);
    assert_eq!(new, old);
    new["spec"]["versions"][0]["storage"] = json!(false);
    let mut next = new["spec"]["versions"][0].clone();
    next["name"] = json!("v2");
    next["storage"] = json!(true);
    new["spec"]["versions"].as_array_mut().unwrap().push(next);
    prepare_update(&mut new, &old);
    assert_eq!(new["metadata"]["generation"], json!(2));
    assert_eq!(new["status"]["storedVersions"], json!(["v1", "v2"]));
    new["metadata"]["resourceVersion"] = json!("7");
    assert_eq!(validate_update(&new, &old).unwrap(), []);
    new["spec"]["versions"].as_array_mut().unwrap().remove(0);
    let errors = validate_update(&new, &old).unwrap();
    assert_eq!(errors[0].field(), "status.storedVersions[0]");
}

#[test]
fn names_and_scope_of_an_established_definition_stay() {
    let mut old = with_spec(&json!({"type": "object"}));
    complete(&mut old);
    old["metadata"]["resourceVersion"] = json!("7");
    let mut new = old.clone();
    new["spec"]["scope"] = json!("Cluster");
    new["spec"]["names"]["kind"] = json!("Other");
    assert_eq!(validate_update(&new, &old).unwrap(), []);
    old["status"]["conditions"] = json!([{"type": "Established", "status": "True"}]);
    let fields: Vec<String> = validate_update(&new, &old)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        fields,
        [
            "spec.scope: Invalid value: \"Cluster\": field is immutable",
            "spec.names.kind: Invalid value: \"Other\": field is immutable",
        ]
    );
}

#[test]
fn what_was_accepted_once_may_stay() {
    let old = crd(&json!({"type": "object", "properties": {"a": {}}}));
    let mut new = old.clone();
    new["metadata"]["resourceVersion"] = json!("7");
    new["spec"]["preserveUnknownFields"] = json!(true);
    let mut old_and_open = old.clone();
    old_and_open["spec"]["preserveUnknownFields"] = json!(true);
    for crd in [&mut new, &mut old_and_open] {
        complete(crd);
    }
    assert_eq!(validate_update(&new, &old_and_open).unwrap(), []);
    assert_eq!(create(&old).len(), 1, "but it may not come anew");
}

#[test]
fn groups_of_kubernetes_need_an_approval() {
    let mut crd = with_spec(&json!({"type": "object"}));
    crd["spec"]["group"] = json!("things.k8s.io");
    crd["metadata"]["name"] = json!("things.things.k8s.io");
    assert_eq!(
        create(&crd),
        [
            "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval \
             annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111"
        ]
    );
    for (approval, errors) in [
        ("unapproved, a test", 0),
        ("https://example.dev/1", 0),
        ("yes", 1),
    ] {
        crd["metadata"]["annotations"] = json!({"api-approved.kubernetes.io": approval});
        assert_eq!(create(&crd).len(), errors, "{approval}");
    }
}

#[test]
fn columns_and_paths_have_a_syntax() {
    let mut crd = with_spec(&json!({"type": "object", "properties": {"n": {"type": "number"}}}));
    let version = &mut crd["spec"]["versions"][0];
    version["additionalPrinterColumns"] = json!([
        {"name": "A", "type": "text", "jsonPath": "spec"}, {"name": "", "type": "string", "format": "url", "jsonPath": ""},
    ]);
    version["subresources"] = json!({"scale": {"specReplicasPath": ".status.n", "statusReplicasPath": ""}});
    version["selectableFields"] = json!([
        {"jsonPath": ".spec.n"}, {"jsonPath": ".metadata.name"}, {"jsonPath": ".spec['n']"}, {"jsonPath": ""},
    ]);
    assert_eq!(
        create(&crd),
        [
            "spec.subresources.scale.specReplicasPath: Invalid value: \".status.n\": should be a json path under .spec",
            "spec.subresources.scale.statusReplicasPath: Required value",
            "spec.additionalPrinterColumns[0].type: Invalid value: \"text\": must be one of \
             boolean,date,integer,number,string",
            "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"spec\": must be a simple json path starting \
             with .",
            "spec.additionalPrinterColumns[1].name: Required value",
            "spec.additionalPrinterColumns[1].format: Invalid value: \"url\": must be one of \
             byte,date,date-time,double,float,int32,int64,password",
            "spec.additionalPrinterColumns[1].JSONPath: Required value",
            "spec.selectableFields[0].jsonPath: Invalid value: \".spec.n\": must point to a field of type string, \
             boolean or integer. Enum string fields and strings with formats are allowed.",
            "spec.selectableFields[1].jsonPath: Invalid value: \".metadata.name\": is an invalid path: does not refer \
             to a valid field",
            "spec.selectableFields[2].jsonPath: Invalid value: \".spec['n']\": is an invalid path: array notation is \
             not allowed",
            "spec.selectableFields[3].jsonPath: Required value",
        ]
    );
}

#[test]
fn deprecation_warnings_are_short_and_printable() {
    let mut crd = with_spec(&json!({"type": "object"}));
    let long = "x".repeat(257);
    for (deprecated, warning, errors) in [
        (false, "old", 1),
        (true, "old, use v2", 0),
        (true, "", 1),
        (true, "a\nb", 1),
        (true, long.as_str(), 1),
    ] {
        crd["spec"]["versions"][0]["deprecated"] = json!(deprecated);
        crd["spec"]["versions"][0]["deprecationWarning"] = json!(warning);
        assert_eq!(create(&crd).len(), errors, "{warning}");
    }
}

#[test]
fn a_bad_rule_is_shown_with_its_place() {
    let crd = with_spec(&json!({
        "type": "object", "properties": {"a": {"type": "string"}},
        "x-kubernetes-validations": [{"rule": "self.b == 'x'"}, {"rule": "self.a"}],
    }));
    let path = "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations";
    let rule = |rule: &str| {
        format!(
            "{{\"Rule\":\"{rule}\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\
             \"OptionalOldSelf\":null}}"
        )
    };
    assert_eq!(
        create(&crd),
        [
            format!(
                "{path}[0].rule: Invalid value: {}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | \
                 self.b == 'x'\n | ....^",
                rule("self.b == 'x'")
            ),
            format!(
                "{path}[1].rule: Invalid value: {}: cel expression must evaluate to a bool",
                rule("self.a")
            ),
        ]
    );
}

#[test]
fn a_missing_type_is_missing_to_all_rules_below_the_first_one() {
    let rules = json!([{"rule": "true"}]);
    let untyped = |rules: Option<&Value>| {
        let mut schema = json!({
            "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"b": {"type": "string", "x-kubernetes-validations": [{"rule": "true"}]}},
        });
        if let Some(rules) = rules {
            schema["x-kubernetes-validations"] = rules.clone();
        }
        schema
    };
    let complaints = |schema: &Value| {
        let spec = json!({"type": "object", "properties": {"a": schema}});
        let paths = create(&crd(&spec)).into_iter();
        paths
            .filter_map(|text| {
                let (path, _) =
                    text.split_once(": Internal error: internal error: failed to construct type")?;
                Some(
                    path.split_once("properties[a]")
                        .map_or(path, |(_, below)| below)
                        .to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    // Without rules of its own or above it a schema gives nothing on to those below.
    assert_eq!(complaints(&untyped(None)), Vec::<String>::new());
    assert_eq!(
        complaints(&untyped(Some(&rules))),
        [
            ".properties[b].x-kubernetes-validations",
            ".x-kubernetes-validations"
        ]
    );
    let below =
        json!({"type": "object", "x-kubernetes-validations": rules, "properties": {"c": untyped(None)}});
    assert_eq!(
        complaints(&below),
        [".properties[c].properties[b].x-kubernetes-validations"]
    );
}

/// Upstream prepares schemas for objects only: in defaults each format counts, wherever it stands.
#[test]
fn defaults_are_judged_by_formats_that_objects_are_not_judged_by() {
    let complaints = |ty: &str, format: &str, default: Value| {
        create(&with_spec(&json!({"type": "object", "properties": {
            "a": {"type": ty, "format": format, "default": default},
        }})))
    };
    let path = "spec.validation.openAPIV3Schema.properties[spec].properties[a].default";
    let expected = |found: &str, format: &str| {
        vec![format!(
            "{path}: Invalid value: \"{found}\":  in body must be of type {format}: \"{found}\""
        )]
    };
    for format in ["int32", "unheard-of", "date"] {
        assert_eq!(complaints("string", format, json!({})), expected("", format));
        assert_eq!(complaints("string", format, json!(7)), expected("int64", format));
        assert_eq!(
            complaints("string", format, json!([1])),
            Vec::<String>::new(),
            "{format}"
        );
    }
    assert_eq!(complaints("boolean", "int32", json!("x")), Vec::<String>::new());
    assert_eq!(complaints("integer", "int32", json!("x")).len(), 1);
}

#[test]
fn a_rule_that_cannot_be_used_says_nothing_about_a_null_in_a_default() {
    let schema = |default: Value| {
        let inside = json!({"type": "object", "properties": {"b": {
            "type": "string", "nullable": true, "x-kubernetes-validations": [{"rule": "self.missing == 1"}],
        }}});
        let map = json!({"type": "object", "additionalProperties": inside, "default": {"k": {"b": default}}});
        with_spec(&json!({"type": "object", "properties": {"a": map}}))
    };
    let complaints = create(&schema(Value::Null));
    assert!(
        complaints[0].contains("x-kubernetes-validations[0].rule"),
        "{complaints:?}"
    );
    let complaints = create(&schema(json!("x")));
    assert!(
        complaints[0].contains("default[k].b: Invalid value: \"string\": rule compile error"),
        "{complaints:?}"
    );
}

#[test]
fn types_are_named_from_the_schema_of_a_rule_on() {
    let inside = json!({
        "type": "array", "maxItems": 4, "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        "x-kubernetes-validations": [{"rule": "self.missing == 1"}],
    });
    let outside = json!({"type": "array", "maxItems": 5, "items": inside, "default": [[{"name": "x"}]]});
    let complaints = create(&with_spec(
        &json!({"type": "object", "properties": {"a": outside}}),
    ));
    assert!(
        complaints[0].contains("type 'list(selfType.@idx)' does not support field selection"),
        "{complaints:?}"
    );
}

#[test]
fn formats_and_sets_without_effect_are_warned_of() {
    let set = |ty: &str| json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": ty}});
    let old = with_spec(&json!({"type": "object", "properties": {
        "a": {"type": "string", "format": "urn"}, "b": {"type": "integer", "format": "int32"}, "c": set("array"),
        "d": {"type": "string", "format": "date-time"},
    }}));
    let first = warnings(&old, None);
    assert_eq!(
        first,
        [
            "unrecognized format \"urn\"",
            "x-kubernetes-list-type: set for items of type \"array\" is not supported by server-side apply or CEL \
             validation rules",
        ]
    );
    assert_eq!(warnings(&old, Some(&old)), Vec::<String>::new());
}

#[test]
fn no_depth_of_nesting_is_followed_blindly() {
    let mut schema = json!({"type": "string"});
    for _ in 0..2_000 {
        schema = json!({"type": "array", "items": schema});
    }
    let crd = crd(&schema);
    assert_eq!(validate_create(&crd).unwrap_err().message, "exceeded max depth");
    // A value as deep as this one is dropped on its own stack.
    drop_deep(crd);
}

/// Takes a deep value apart without recursion.
fn drop_deep(value: Value) {
    let mut values = vec![value];
    while let Some(value) = values.pop() {
        match value {
            Value::Array(elements) => values.extend(elements),
            Value::Object(fields) => values.extend(fields.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}
