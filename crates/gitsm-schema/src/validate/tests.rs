use super::*;
use serde_json::json;

fn validator(schema: &Value) -> Validator {
    Validator::compile(&Structural::from_json(schema).unwrap()).unwrap()
}

/// The complaints about the field `f` with the given schema and value.
fn field(schema: &Value, value: &Value) -> Vec<String> {
    let validator = validator(&json!({"type": "object", "properties": {"f": schema}}));
    let object = json!({"f": value});
    let errors = validator.validate(&object);
    assert_eq!(validator.is_valid(&object), errors.is_empty());
    errors.iter().map(ToString::to_string).collect()
}

fn accepts(schema: &Value, value: &Value) -> bool {
    field(schema, value).is_empty()
}

#[test]
fn types() {
    for (ty, good, bad) in [
        ("string", json!("x"), json!(1)),
        ("integer", json!(3.0), json!(3.5)),
        ("integer", json!(-3), json!("3")),
        ("number", json!(3), json!(true)),
        ("boolean", json!(false), json!(0)),
        ("object", json!({}), json!([])),
        ("array", json!([1, "a"]), json!({})),
    ] {
        let schema = json!({"type": ty});
        assert!(accepts(&schema, &good), "{ty} {good}");
        assert!(!accepts(&schema, &bad), "{ty} {bad}");
        assert!(!accepts(&schema, &Value::Null), "{ty} null");
        assert!(
            accepts(&json!({"type": ty, "nullable": true}), &Value::Null),
            "{ty} nullable"
        );
    }
    assert_eq!(
        field(&json!({"type": "integer"}), &json!(1.5)),
        [
            "f: Invalid value: \"number\": f in body must be of type integer: \"number\"",
            "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in f",
        ]
    );
    assert_eq!(
        field(&json!({"x-kubernetes-int-or-string": true}), &json!([])),
        ["f: Invalid value: \"array\": f in body must be of type integer,string: \"array\""]
    );
}

#[test]
fn texts() {
    let schema = json!({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-zé]+$"});
    assert!(accepts(&schema, &json!("éé")));
    assert_eq!(
        field(&schema, &json!("é")),
        ["f: Invalid value: \"é\": f in body should be at least 2 chars long"]
    );
    assert_eq!(
        field(&schema, &json!("ABCD")),
        ["f: Too long: may not be more than 3 bytes"]
    );
    assert_eq!(
        field(&schema, &json!("AB")),
        ["f: Invalid value: \"AB\": f in body should match '^[a-zé]+$'"]
    );
    assert_eq!(
        field(&json!({"type": "string", "format": "date-time"}), &json!("today")),
        ["f: Invalid value: \"today\": f in body must be of type date-time: \"today\""]
    );
    assert!(accepts(
        &json!({"type": "string", "format": "unheard-of"}),
        &json!("x")
    ));
    assert!(accepts(
        &json!({"type": "string", "format": "date"}),
        &json!(["a list passes, as upstream"])
    ));
}

#[test]
fn numbers() {
    let bounds =
        json!({"type": "number", "minimum": 1, "maximum": 5, "exclusiveMaximum": true, "multipleOf": 0.5});
    for (value, expected) in [
        (json!(1), vec![]),
        (json!(4.5), vec![]),
        (
            json!(5),
            vec!["f: Invalid value: 5: f in body should be less than 5"],
        ),
        (
            json!(5.0),
            vec!["f: Invalid value: 5: f in body should be less than 5"],
        ),
        (
            json!(0.5),
            vec!["f: Invalid value: 0.5: f in body should be greater than or equal to 1"],
        ),
        (
            json!(1.2),
            vec!["f: Invalid value: 1.2: f in body should be a multiple of 0.5"],
        ),
    ] {
        let found: Vec<String> = field(&bounds, &value);
        // An integer is compared with the factor cut to an integer, so 0.5 counts as "not positive".
        let found: Vec<&str> = found
            .iter()
            .map(String::as_str)
            .filter(|text| !text.contains("must be positive"))
            .collect();
        assert_eq!(found, expected, "{value}");
    }
    let int32 = json!({"type": "integer", "format": "int32"});
    assert!(accepts(&int32, &json!(2_147_483_647)));
    assert_eq!(
        field(&int32, &json!(2_147_483_648_u32)),
        ["<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in f"]
    );
    assert!(!accepts(&json!({"type": "integer"}), &json!(u64::MAX)));
    assert!(!accepts(
        &json!({"type": "number", "format": "float"}),
        &json!(1e39)
    ));
    assert!(accepts(
        &json!({"type": "number", "format": "double"}),
        &json!(1e300)
    ));
    assert!(!accepts(&json!({"type": "integer", "multipleOf": 3}), &json!(10)));
    assert!(accepts(
        &json!({"type": "integer", "minimum": 3, "maximum": 3}),
        &json!(3)
    ));
    assert!(!accepts(
        &json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true}),
        &json!(3)
    ));
}

#[test]
fn enumerations() {
    let schema = json!({"type": "string", "enum": ["a", "b\"c"]});
    assert!(accepts(&schema, &json!("a")));
    assert_eq!(
        field(&schema, &json!("c")),
        ["f: Unsupported value: \"c\": supported values: \"a\", \"b\\\"c\""]
    );
    assert!(accepts(&json!({"enum": [1, {"a": [1]}]}), &json!({"a": [1]})));
    assert!(accepts(&json!({"enum": [1]}), &json!(1.0)));
    assert!(accepts(&json!({"enum": [1.0]}), &json!(1)));
    assert!(
        !accepts(&json!({"enum": [1, null], "nullable": true}), &Value::Null),
        "null is never found"
    );
}

#[test]
fn lists_and_maps() {
    let list = json!({"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}});
    assert!(accepts(&list, &json!([1, 2])));
    assert_eq!(
        field(&list, &json!([])),
        ["f: Invalid value: 0: f in body should have at least 1 items"]
    );
    assert_eq!(
        field(&list, &json!([1, 2, 3])),
        ["f: Too many: 3: must have at most 2 items"]
    );
    assert_eq!(
        field(&list, &json!([1, "x"])),
        ["f[1]: Invalid value: \"string\": f[1] in body must be of type integer: \"string\""]
    );
    let map = json!({"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": "integer"}});
    assert!(accepts(&map, &json!({"a": 1})));
    assert_eq!(
        field(&map, &json!({})),
        ["f: Invalid value: 0: f in body should have at least 1 properties"]
    );
    assert_eq!(
        field(&map, &json!({"a": 1, "b": 1})),
        ["f: Too many: 2: must have at most 1 item"]
    );
    assert_eq!(
        field(&map, &json!({"a.b": "x"})),
        ["f.a.b: Invalid value: \"string\": f.a.b in body must be of type integer: \"string\""]
    );
    assert_eq!(
        field(
            &json!({"type": "object", "additionalProperties": false, "properties": {"a": {}}}),
            &json!({"a": 1, "b": 2})
        ),
        ["f: Invalid value: \"b\": f.b in body is a forbidden property"]
    );
    assert_eq!(
        field(
            &json!({"type": "object", "required": ["a", "b"]}),
            &json!({"a": null})
        ),
        ["f.b: Required value"]
    );
    assert!(!accepts(
        &json!({"type": "array", "uniqueItems": true}),
        &json!([1, 1])
    ));
}

#[test]
fn combinations() {
    let any = json!({"type": "object", "anyOf": [
        {"required": ["a"]},
        {"required": ["b"], "properties": {"b": {"minLength": 3}}},
    ], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
    assert!(accepts(&any, &json!({"a": "x", "b": "y"})));
    assert_eq!(
        field(&any, &json!({"b": "y"})),
        [
            "<nil>: Invalid value: \"\": \"f\" must validate at least one schema (anyOf)",
            "f.b: Invalid value: \"y\": f.b in body should be at least 3 chars long",
        ]
    );
    let one = json!({"type": "integer", "oneOf": [{"minimum": 1}, {"maximum": 5}]});
    assert!(accepts(&one, &json!(9)));
    assert_eq!(
        field(&one, &json!(3)),
        [
            "<nil>: Invalid value: \"\": \"f\" must validate one and only one schema (oneOf). Found 2 valid alternatives"
        ]
    );
    let all = json!({"type": "integer", "minimum": 1, "allOf": [{"minimum": 1}, {"maximum": 5}]});
    assert_eq!(
        field(&all, &json!(0)),
        [
            "f: Invalid value: 0: f in body should be greater than or equal to 1",
            "<nil>: Invalid value: \"\": \"f\" must validate all the schemas (allOf)",
        ],
        "the same complaint is made once"
    );
    let not = json!({"type": "string", "not": {"enum": ["x"]}});
    assert!(accepts(&not, &json!("y")));
    assert_eq!(
        field(&not, &json!("x")),
        ["<nil>: Invalid value: \"\": \"f\" must not validate the schema (not)"]
    );
}

#[test]
fn a_complaint_at_the_root_knows_where_it_belongs() {
    let validator = validator(&json!({"properties": {"f": {"not": {"enum": [1]}}}}));
    let errors = validator.validate(&json!({"f": 1}));
    assert_eq!(errors[0].field(), "<nil>");
    assert_eq!(errors[0].location().to_string(), "f");
}

#[test]
fn bad_patterns_are_refused_with_their_place() {
    let schema = json!({"properties": {"a": {"items": {"anyOf": [{"pattern": "("}]}}}});
    let error = Validator::compile(&Structural::from_json(&schema).unwrap()).unwrap_err();
    assert_eq!(error.path, "properties.a.items.anyOf[0]");
    assert!(
        error.message.starts_with("pattern: error parsing regexp: "),
        "{}",
        error.message
    );
}

#[test]
fn nesting_is_bounded() {
    let mut schema = Structural::default();
    for _ in 0..=crate::trail::MAX_DEPTH {
        schema = Structural {
            items: Some(Box::new(schema)),
            ..Structural::default()
        };
    }
    assert!(Validator::compile(&schema).unwrap_err().message.contains("nest"));
}

#[test]
fn failing_branches_in_failing_branches_do_not_explode() {
    let mut schema = json!({"minimum": 1});
    for _ in 0..40 {
        schema = json!({"anyOf": [schema, {"minimum": 2}]});
    }
    assert!(!validator(&schema).validate(&json!(0)).is_empty());
}
