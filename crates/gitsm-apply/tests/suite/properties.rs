//! What holds for any object, any set and any sequence of writes.

use crate::kit::{KIND, Server, V1, schema, type_schema};
use gitsm_apply::{
    ApplyError, ApplyOptions, FieldSet, PathElement, ResetFields, ResourceTypes, UpdateOptions, fields,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..3).prop_map(Value::from),
        any::<f64>().prop_map(|float| serde_json::Number::from_f64(float).map_or(Value::Null, Value::Number)),
        "[a-c]{0,2}|\\PC{0,4}".prop_map(Value::from),
    ]
}

/// Names that the schema knows, so that objects meet it.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "apiVersion",
            "kind",
            "metadata",
            "spec",
            "status",
            "title",
            "ports",
            "port",
            "protocol",
            "name",
            "hosts",
            "tags",
            "map",
            "nested",
            "whole",
            "free",
            "any",
            "template",
            "a",
            "b",
            "labels",
            "finalizers",
            "ownerReferences",
            "uid",
            "managedFields",
            "manager",
            "operation",
            "fieldsV1",
            "fieldsType",
            "f:a",
            ".",
            "k:{\"a\":1}",
            "v:1",
            "v:1.0",
            "i:0",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn element() -> impl Strategy<Value = PathElement> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c"]).prop_map(PathElement::field),
        1 => "\\PC{0,3}".prop_map(|name| PathElement::field(&name)),
        1 => (0_i64..3, "[ab\"<]{0,2}").prop_map(|(n, s)| PathElement::key([("n", json!(n)), ("a", json!(s))])),
        1 => scalar().prop_map(PathElement::value),
        1 => any::<i64>().prop_map(PathElement::Index),
    ]
}

fn set() -> impl Strategy<Value = FieldSet> {
    prop::collection::vec(prop::collection::vec(element(), 0..4), 0..8)
        .prop_map(|paths| FieldSet::of(paths.iter().map(Vec::as_slice)))
}

/// A spec that fits the schema. Lists whose elements have owners are not empty: nobody owns such a list itself, so
/// that it may vanish or stay where nobody expects it (as upstream).
fn spec() -> impl Strategy<Value = Value> {
    let small = || 0_i64..3;
    let word = || "[a-c]";
    let host = (word(), prop::option::of(small())).prop_map(|(name, weight)| {
        let mut host = json!({ "name": name });
        if let Some(weight) = weight {
            host["weight"] = json!(weight);
        }
        host
    });
    let port = (
        small(),
        prop::option::of("TCP|UDP"),
        prop::option::of(word()),
        prop::option::of(unique(host, "name")),
    )
        .prop_map(|(port, protocol, name, hosts)| {
            let mut object = json!({ "port": port });
            for (key, value) in [
                ("protocol", protocol.map(Value::from)),
                ("name", name.map(Value::from)),
                ("hosts", hosts),
            ] {
                if let Some(value) = value {
                    object[key] = value;
                }
            }
            object
        });
    let fields = prop_oneof![
        word().prop_map(|title| ("title", json!(title))),
        small().prop_map(|replicas| ("replicas", json!(replicas))),
        any::<Option<bool>>().prop_map(|flag| ("flag", json!(flag))),
        prop_oneof![small().prop_map(Value::from), word().prop_map(Value::from)]
            .prop_map(|port| ("port", port)),
        prop::collection::vec(word(), 0..3).prop_map(|plain| ("plain", json!(plain))),
        prop::collection::btree_set(word(), 1..3).prop_map(|tags| ("tags", json!(tags))),
        unique(port, "port").prop_map(|ports| ("ports", ports)),
        prop::collection::btree_map(word(), word(), 0..3).prop_map(|map| ("map", json!(map))),
        prop::collection::btree_map(word(), prop::collection::btree_map("a|b", small(), 0..3), 0..3)
            .prop_map(|nested| ("nested", json!(nested))),
        prop::collection::btree_map("a|b", small(), 0..3).prop_map(|whole| ("whole", json!(whole))),
        json_value().prop_filter_map("an object", |free| free.is_object().then_some(("free", free))),
        json_value().prop_map(|any| ("any", any)),
    ];
    prop::collection::vec(fields, 0..6).prop_map(|fields| {
        Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

/// A list in which no two elements have the same value in a field.
fn unique(item: impl Strategy<Value = Value>, field: &'static str) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, 1..3).prop_map(move |items| {
        let mut kept: Vec<Value> = Vec::new();
        for item in items {
            if kept.iter().all(|other| other[field] != item[field]) {
                kept.push(item);
            }
        }
        Value::Array(kept)
    })
}

#[derive(Debug, Clone)]
enum Write {
    Apply(usize, Value),
    Force(usize, Value),
    Put(usize, Value),
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        (0_usize..3, spec()).prop_map(|(manager, spec)| Write::Apply(manager, spec)),
        (0_usize..3, spec()).prop_map(|(manager, spec)| Write::Force(manager, spec)),
        (0_usize..3, spec()).prop_map(|(manager, spec)| Write::Put(manager, spec)),
    ]
}

fn run(server: &mut Server, write: &Write) {
    match write {
        Write::Apply(manager, spec) => {
            // A conflict changes nothing.
            let _ = server.try_apply(&format!("m{manager}"), spec);
        }
        Write::Force(manager, spec) => {
            let _ = server.try_force(&format!("m{manager}"), spec);
        }
        Write::Put(manager, spec) => server.put_spec(&format!("m{manager}"), spec),
    }
}

/// Whether an empty map was applied and a null is there. A manager that gives up the last entry of a map leaves a null
/// in its place, and the map itself comes with the next apply; so does the real server (the testkit's scripts).
fn left_null(applied: &Value, live: &Value) -> bool {
    match (applied, live) {
        (Value::Object(applied), Value::Null) => applied.is_empty(),
        (Value::Object(applied), Value::Object(live)) => {
            let mut both = applied
                .iter()
                .filter_map(|(name, applied)| Some((applied, live.get(name)?)));
            both.any(|(applied, live)| left_null(applied, live))
        }
        _ => false,
    }
}

/// The value at a path of fields, if there is one.
fn at(value: &Value, path: &[PathElement]) -> Option<Value> {
    path.iter()
        .try_fold(value, |value, step| match step {
            PathElement::Field(name) => value.get(&**name),
            _ => None,
        })
        .cloned()
}

proptest! {
    #[test]
    fn a_set_survives_the_wire(set in set()) {
        let wire = fields::encode(&set);
        // Compared as written: a large whole float is written in the digits that Go gives it, which read as an integer.
        let read = fields::decode(&wire).unwrap();
        prop_assert_eq!(fields::encode(&read), wire.clone());
        let text: Value = serde_json::from_str(&fields::encode_text(&set)).unwrap();
        prop_assert_eq!(text, wire);
    }

    #[test]
    fn sets_obey_the_laws_of_sets(a in set(), b in set(), c in set()) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(a.union(&a), a.clone());
        prop_assert!(a.difference(&a).is_empty());
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
        prop_assert!(a.is_subset(&a.union(&b)));
        prop_assert!(a.intersection(&b).is_subset(&b));
        prop_assert_eq!(a.is_subset(&b), a.difference(&b).is_empty());
        prop_assert!(a.recursive_difference(&b).is_subset(&a.difference(&b)));
        prop_assert!(a.leaves().is_subset(&a));
        for path in a.union(&b).paths() {
            prop_assert!(a.has(&path) || b.has(&path));
        }
        prop_assert_eq!(a.len(), a.paths().len());
    }

    #[test]
    fn applying_twice_is_applying_once(writes in prop::collection::vec(write(), 0..4), spec in spec()) {
        let mut server = Server::new();
        for write in &writes {
            run(&mut server, write);
        }
        prop_assume!(server.try_force("m0", &spec).is_ok());
        let once = server.object.clone();
        let is_settled = !left_null(&spec, &server.spec());
        server.apply("m0", &spec);
        if is_settled {
            prop_assert_eq!(&server.object, &once);
        }
        let settled = server.object.clone();
        server.apply("m0", &spec);
        prop_assert_eq!(&server.object, &settled);
        let spec = server.spec();
        server.put_spec("m1", &spec);
        prop_assert_eq!(&server.object, &settled);
    }

    #[test]
    fn after_force_the_manager_owns_what_it_applied(writes in prop::collection::vec(write(), 0..4), spec in spec()) {
        let mut alone = Server::new();
        prop_assume!(alone.try_force("m0", &spec).is_ok());
        let mut server = Server::new();
        for write in &writes {
            run(&mut server, write);
        }
        prop_assume!(server.try_force("m0", &spec).is_ok());
        let owned = |server: &Server| {
            let owned = server.owners().into_iter().find(|(name, _)| name == "m0 Apply");
            owned.map_or(Value::Null, |(_, fields)| fields)
        };
        prop_assert_eq!(owned(&server), owned(&alone));
        // What it applied is there: applying it by someone else meets no conflict, but for an emptied map.
        if let Err(error) = server.try_apply("other", &spec) {
            let ApplyError::Conflicts(conflicts) = &error else {
                panic!("{error}");
            };
            for conflict in conflicts.iter() {
                let (applied, live) = (at(&spec, &conflict.path[1..]), at(&server.spec(), &conflict.path[1..]));
                prop_assert_eq!((applied, live), (Some(json!({})), Some(Value::Null)), "{}", error);
            }
        }
    }

    #[test]
    fn what_the_last_owner_gives_up_is_gone(writes in prop::collection::vec(write(), 0..4), spec in spec()) {
        let mut server = Server::new();
        for write in &writes {
            run(&mut server, write);
        }
        prop_assume!(server.try_force("sole", &spec).is_ok());
        let owned_by_others = server.owners().into_iter().filter(|(name, _)| name != "sole Apply");
        let others = owned_by_others.fold(FieldSet::new(), |set, (_, fields)| {
            set.union(&fields::decode(&fields).unwrap())
        });
        let before = server.object.clone();
        // It goes on with a field that nobody else has.
        let kept = json!({"free": {"only-sole": 1}});
        prop_assume!(server.try_force("sole", &kept).is_ok());
        for name in spec.as_object().unwrap().keys() {
            let path = [PathElement::field("spec"), PathElement::field(name)];
            let is_owned = others.paths().iter().any(|other| other.starts_with(&path));
            if !is_owned && name != "free" {
                prop_assert!(server.spec().get(name).is_none(), "{name}: {before:?}");
            }
        }
    }

    #[test]
    fn no_json_panics(live in json_value(), applied in json_value(), wild in json_value()) {
        let types = ResourceTypes::single(V1, type_schema(&schema())).with("b", gitsm_apply::TypeSchema::untyped());
        let reset = ResetFields::none().with_status(V1);
        let typed = |mut object: Value| {
            if let Some(fields) = object.as_object_mut() {
                fields.insert("apiVersion".to_owned(), json!(V1));
                fields.insert("kind".to_owned(), json!(KIND));
            }
            object
        };
        for (live, applied) in [
            (live.clone(), applied.clone()),
            (typed(live.clone()), typed(applied.clone())),
            (typed(json!({"metadata": live, "spec": wild})), typed(json!({"metadata": {"labels": {}}, "spec": applied}))),
        ] {
            let now = jiff::Timestamp::UNIX_EPOCH;
            let _ = gitsm_apply::apply(&types, Some(&live), &applied, &ApplyOptions {
                manager: "kubectl", force: true, subresource: None, api_version: V1, kind: KIND, now, reset: &reset,
            });
            gitsm_apply::update(&types, Some(&live), applied, &UpdateOptions {
                manager: "", subresource: None, api_version: V1, kind: KIND, now, reset: &reset,
            });
            let _ = fields::decode(&live);
        }
    }
}
