//! What holds for any object and any schema.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use gitsm_schema::columns::{JsonPath, SelectableField};
use gitsm_schema::prune::{self, PruneOptions};
use gitsm_schema::structural::{NestedValidation, SchemaType, Structural};
use gitsm_schema::{FieldError, ObjectSchema, crd, defaulting, object_meta, strict};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-5_i64..5).prop_map(Value::from),
        any::<f64>().prop_map(|float| serde_json::Number::from_f64(float).map_or(Value::Null, Value::Number)),
        "[a-c]{0,3}|\\PC{0,5}|10\\.0\\.0\\.1|2024-01-01".prop_map(Value::from),
    ]
}

/// Names that schemas and objects share, so that they meet.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "b",
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "labels",
        "finalizers",
    ])
    .prop_map(str::to_owned)
}

fn object_of(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((name(), values), 0..4)
        .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()))
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object_of(inner),
        ]
    })
}

/// Keywords of one schema node, without those that hold schemas.
fn keyword() -> impl Strategy<Value = (&'static str, Value)> {
    let flag = prop::sample::select(vec![
        "nullable",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "uniqueItems",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
    ]);
    let count = prop::sample::select(vec![
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ]);
    let number = prop::sample::select(vec!["minimum", "maximum", "multipleOf"]);
    let formats = vec![
        "int32",
        "int64",
        "float",
        "date",
        "date-time",
        "duration",
        "ipv4",
        "email",
        "uuid",
        "other",
    ];
    prop_oneof![
        flag.prop_map(|name| (name, json!(true))),
        (count, 0_u64..3).prop_map(|(name, count)| (name, json!(count))),
        (
            number,
            prop_oneof![
                Just(json!(0)),
                Just(json!(-1.5)),
                Just(json!(3)),
                Just(json!(1e30))
            ]
        ),
        prop::sample::select(vec!["object", "array", "string", "integer", "number", "boolean"])
            .prop_map(|ty| ("type", json!(ty))),
        prop::sample::select(formats).prop_map(|format| ("format", json!(format))),
        prop::sample::select(vec!["^a", "[ab]+$", r"\d"]).prop_map(|pattern| ("pattern", json!(pattern))),
        prop::collection::vec(name(), 0..3).prop_map(|names| ("required", json!(names))),
        prop::collection::vec(scalar(), 0..3).prop_map(|values| ("enum", json!(values))),
        value().prop_map(|value| ("default", value)),
        prop::sample::select(vec!["set", "map", "atomic"])
            .prop_map(|list| ("x-kubernetes-list-type", json!(list))),
        prop::collection::vec(name(), 0..3).prop_map(|keys| ("x-kubernetes-list-map-keys", json!(keys))),
    ]
}

fn node() -> impl Strategy<Value = Value> {
    prop::collection::vec(keyword(), 0..5).prop_map(|words| {
        words
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

fn schema() -> impl Strategy<Value = Value> {
    node().prop_recursive(4, 24, 4, |inner| {
        let list = prop::sample::select(vec!["allOf", "anyOf", "oneOf"]);
        let single = prop::sample::select(vec!["items", "additionalProperties", "not"]);
        let part = prop_oneof![
            (list, prop::collection::vec(inner.clone(), 1..3))
                .prop_map(|(name, branches)| (name, json!(branches))),
            (single, inner.clone()),
            object_of(inner).prop_map(|properties| ("properties", properties)),
        ];
        (node(), prop::collection::vec(part, 0..3)).prop_map(|(mut node, parts)| {
            for (name, part) in parts {
                node[name] = part;
            }
            node
        })
    })
}

const NAMESPACES: [object_meta::NamespaceRule; 3] = [
    object_meta::NamespaceRule::Required,
    object_meta::NamespaceRule::Optional,
    object_meta::NamespaceRule::Forbidden,
];

proptest! {
    #[test]
    fn no_step_panics_and_steps_settle(schema in schema(), object in value()) {
        let structural = Structural::from_json(&schema).unwrap();
        for resource_root in [true, false] {
            for object_meta in [true, false] {
                let options = PruneOptions { resource_root, object_meta };
                let mut pruned = object.clone();
                let dropped = prune::prune(&structural, &mut pruned, options);
                prop_assert_eq!(dropped, prune::unknown_fields(&structural, &object, options));
                prop_assert_eq!(prune::unknown_fields(&structural, &pruned, options), vec![]);
            }
        }
        let schema = ObjectSchema::new(structural).unwrap();
        let mut completed = object.clone();
        schema.complete(&mut completed);
        let mut again = completed.clone();
        defaulting::apply(schema.structural(), &mut again);
        prop_assert_eq!(&again, &completed, "defaults are filled in once");
        for namespace in NAMESPACES {
            let _ = schema.judge(&completed, namespace);
        }
        let errors = schema.validate_values(&object);
        prop_assert_eq!(schema.is_valid(&object), errors.is_empty());
    }

    #[test]
    fn an_update_is_forgiven_something_but_blamed_for_nothing_more(
        schema in schema(), object in value(), old in value(),
    ) {
        let schema = ObjectSchema::new(Structural::from_json(&schema).unwrap()).unwrap();
        let fields = |errors: Vec<FieldError>| -> BTreeSet<String> {
            errors.iter().map(FieldError::field).collect()
        };
        let new = fields(schema.validate_values(&object));
        for old in [&old, &object] {
            let update = fields(schema.validate_values_update(&object, old));
            prop_assert!(update.is_subset(&new), "{update:?} {new:?}");
            let _ = schema.validate_lists_update(&object, old);
        }
    }

    #[test]
    fn a_definition_that_is_accepted_may_stay(schema in schema(), other in value()) {
        let mut root = schema;
        root["type"] = json!("object");
        for schema in [root, other] {
            let mut definition = definition(&schema);
            crd::complete(&mut definition);
            crd::prepare_create(&mut definition);
            let _ = crd::warnings(&definition, None);
            let Ok(errors) = crd::validate_create(&definition) else { continue };
            let mut next = definition.clone();
            next["metadata"]["resourceVersion"] = json!("1");
            let again = crd::validate_update(&next, &definition).unwrap();
            prop_assert!(again.len() <= errors.len(), "{again:?} {errors:?}");
            if errors.is_empty() {
                let structural = Structural::from_json(&schema).unwrap();
                prop_assert!(ObjectSchema::new(structural).is_ok());
            }
        }
    }

    #[test]
    fn no_path_and_no_body_panics(path in "[.\\[\\]'\"a-c0-9?@(),:*=<> \\\\-]{0,20}", object in value(), body in ".{0,40}") {
        if let Ok(path) = JsonPath::parse(&path) {
            let _ = path.find(&object);
        }
        if let Ok(field) = SelectableField::compile(&path) {
            let _ = field.value(&object);
        }
        let _ = strict::read(body.as_bytes());
        let text = object.to_string();
        prop_assert_eq!(strict::read(text.as_bytes()).unwrap().duplicates, Vec::<String>::new());
    }
}

fn definition(schema: &Value) -> Value {
    json!({
        "metadata": {"name": "things.example.dev"},
        "spec": {
            "group": "example.dev", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

/// The largest stack that a thread may count on.
const STACK: usize = 2 << 20;

#[test]
fn deep_objects_fit_a_small_stack() {
    fn nested(levels: usize, leaf: Value, wrap: impl Fn(Value) -> Value) -> Value {
        (0..levels).fold(leaf, |inner, _| wrap(inner))
    }
    fn list_schema(levels: usize) -> Structural {
        let leaf = Structural {
            default: Some(json!([null])),
            ..Structural::default()
        };
        (0..levels).fold(leaf, |inner, _| Structural {
            items: Some(Box::new(inner)),
            ..Structural::default()
        })
    }
    fn map_schema(levels: usize) -> Structural {
        (0..levels).fold(Structural::default(), |inner, _| {
            let mut schema = Structural::default();
            schema.extensions.embedded_resource = true;
            schema.properties.insert("a".to_owned(), inner);
            schema
        })
    }
    let judge = || {
        let list = nested(1_000, json!(1), |inner| Value::Array(vec![inner]));
        let map = nested(3_000, json!({}), |inner| {
            Value::Object(Map::from_iter([
                ("a".to_owned(), inner),
                ("metadata".to_owned(), json!({"x": 1})),
            ]))
        });
        for (schema, object) in [(list_schema(199), list), (map_schema(199), map)] {
            let schema = ObjectSchema::new(schema).unwrap();
            let mut object = object;
            let _ = schema.unknown_fields(&object);
            schema.complete(&mut object);
            let _ = schema.judge(&object, object_meta::NamespaceRule::Optional);
            let _ = schema.validate_values_update(&object, &object);
            let _ = schema.prune(&mut object);
        }
    };
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(judge)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn deeply_combined_schemas_fit_a_small_stack() {
    let combined = nested_combinations(199);
    let judge = move || {
        let schema = ObjectSchema::new(combined).unwrap();
        assert!(!schema.validate_values(&json!("text")).is_empty());
    };
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(judge)
        .unwrap()
        .join()
        .unwrap();
}

/// `anyOf` in `allOf` in `anyOf` …, at the bottom a type that does not fit.
fn nested_combinations(levels: usize) -> Structural {
    let leaf = NestedValidation {
        ty: Some(SchemaType::Integer),
        ..NestedValidation::default()
    };
    let nested = (1..levels).fold(leaf, |inner, level| {
        let mut schema = NestedValidation::default();
        if level % 2 == 0 {
            schema.value.all_of = vec![inner];
        } else {
            schema.value.any_of = vec![inner];
        }
        schema
    });
    let mut schema = Structural::default();
    schema.value.all_of = vec![nested];
    schema
}
