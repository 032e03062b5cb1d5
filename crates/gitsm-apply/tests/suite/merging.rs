//! What an applied object does to the live one, by the type of the field.

use crate::kit::{Server, V1};
use gitsm_apply::ApplyError;
use serde_json::{Value, json};

/// What the spec is after `first` and then `second` were applied by one manager.
fn applied_over(first: &Value, second: &Value) -> Value {
    let mut server = Server::new();
    server.apply("m", first);
    server.apply("m", second);
    server.spec()
}

/// What the spec is after two managers applied.
fn applied_beside(first: &Value, second: &Value) -> Value {
    let mut server = Server::new();
    server.apply("a", first);
    server.apply("b", second);
    server.spec()
}

fn error(spec: &Value) -> String {
    match Server::new().try_apply("m", spec) {
        Err(ApplyError::Failed(message)) => message,
        other => format!("{other:?}"),
    }
}

#[test]
fn what_is_applied_no_more_is_removed() {
    assert_eq!(
        applied_over(
            &json!({"title": "t", "replicas": 1, "map": {"a": "1", "b": "2"}, "tags": ["x", "y"]}),
            &json!({"title": "u", "map": {"b": "2"}, "tags": ["y"]}),
        ),
        json!({"title": "u", "map": {"b": "2"}, "tags": ["y"]})
    );
}

#[test]
fn a_removed_list_element_goes_as_a_whole() {
    assert_eq!(
        applied_over(
            &json!({"ports": [{"port": 1, "name": "one"}, {"port": 2, "name": "two"}]}),
            &json!({"ports": [{"port": 2}]}),
        ),
        json!({"ports": [{"port": 2}]})
    );
}

#[test]
fn elements_of_others_stay() {
    assert_eq!(
        applied_beside(
            &json!({"ports": [{"port": 1, "name": "one"}], "tags": ["x"], "map": {"a": "1"}}),
            &json!({"ports": [{"port": 2, "name": "two"}], "tags": ["y"], "map": {"b": "2"}}),
        ),
        json!({
            "ports": [{"port": 1, "name": "one"}, {"port": 2, "name": "two"}],
            "tags": ["x", "y"],
            "map": {"a": "1", "b": "2"},
        })
    );
}

#[test]
fn an_element_of_two_managers_holds_the_fields_of_both() {
    let mut server = Server::new();
    server.apply("a", &json!({"ports": [{"port": 1, "name": "one"}]}));
    server.apply(
        "b",
        &json!({"ports": [{"port": 1, "hosts": [{"name": "h", "weight": 3}]}]}),
    );
    let both = json!({"ports": [{"port": 1, "name": "one", "hosts": [{"name": "h", "weight": 3}]}]});
    assert_eq!(server.spec(), both);
    server.apply("a", &json!({"title": "only"}));
    assert_eq!(
        server.spec(),
        json!({"title": "only", "ports": [{"port": 1, "hosts": [{"name": "h", "weight": 3}]}]})
    );
}

#[test]
fn a_default_of_a_key_field_stands_for_the_absent_field() {
    let mut server = Server::new();
    server.apply("a", &json!({"ports": [{"port": 1, "name": "one"}]}));
    server.apply(
        "b",
        &json!({"ports": [{"port": 1, "protocol": "TCP", "hosts": []}, {"port": 1, "protocol": "UDP"}]}),
    );
    assert_eq!(
        server.spec(),
        json!({"ports": [
            {"port": 1, "name": "one", "protocol": "TCP", "hosts": []},
            {"port": 1, "protocol": "UDP"},
        ]})
    );
}

#[test]
fn shared_elements_take_the_order_of_the_applied_list() {
    let mut server = Server::new();
    server.apply("a", &json!({"tags": ["1", "2", "3", "4", "5"]}));
    server.apply("b", &json!({"tags": ["4", "new", "2"]}));
    assert_eq!(server.spec()["tags"], json!(["1", "3", "4", "5", "new", "2"]));
}

#[test]
fn atomic_values_are_replaced() {
    let mut server = Server::new();
    server.apply(
        "a",
        &json!({"plain": ["x"], "whole": {"a": 1}, "any": [1, {"b": 2}]}),
    );
    server.force("b", &json!({"plain": ["y"], "whole": {"b": 2}, "any": [3]}));
    assert_eq!(
        server.spec(),
        json!({"plain": ["y"], "whole": {"b": 2}, "any": [3]})
    );
    assert_eq!(server.owners().len(), 1);
}

#[test]
fn unknown_fields_are_merged_by_name() {
    assert_eq!(
        applied_beside(
            &json!({"free": {"a": {"x": 1}}, "any": {"k": {"x": [1]}}}),
            &json!({"free": {"a": {"y": 2}}, "any": {"k": {"y": [2]}}}),
        ),
        json!({"free": {"a": {"x": 1, "y": 2}}, "any": {"k": {"x": [1], "y": [2]}}})
    );
}

#[test]
fn an_embedded_object_has_metadata() {
    let mut server = Server::new();
    let template = |labels: Value| json!({"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": labels}}});
    server.apply("a", &template(json!({"a": "1"})));
    server.apply("b", &template(json!({"b": "2"})));
    assert_eq!(server.spec(), template(json!({"a": "1", "b": "2"})));
    assert_eq!(
        error(&json!({"template": {"metadata": {"labels": {"a": 1}}}})),
        "failed to create typed patch object (n/w; example.com/v1, Kind=Widget): \
         .spec.template.metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}"
    );
}

#[test]
fn a_value_may_change_its_type_where_the_schema_leaves_it_open() {
    let mut server = Server::new();
    server.apply("m", &json!({"port": 80, "any": {"a": {"b": 1}}}));
    server.apply("m", &json!({"port": "http", "any": {"a": [1]}}));
    assert_eq!(server.spec(), json!({"port": "http", "any": {"a": [1]}}));
}

#[test]
fn null_is_a_value_and_keeps_what_a_map_holds() {
    let mut server = Server::new();
    server.apply("m", &json!({"flag": true, "map": {"a": "1"}}));
    server.apply("n", &json!({"map": null}));
    server.force("m", &json!({"flag": null, "map": {"a": "1"}}));
    assert_eq!(server.spec(), json!({"flag": null, "map": {"a": "1"}}));
}

#[test]
fn finalizers_and_owner_references_are_merged() {
    let mut server = Server::new();
    let owner = |name: &str| json!({"apiVersion": "v1", "kind": "K", "name": name, "uid": name});
    let mut object = Server::widget(&json!({}));
    object["metadata"]["finalizers"] = json!(["example.com/a"]);
    object["metadata"]["ownerReferences"] = json!([owner("x")]);
    server.apply_object("a", &object, false).unwrap();
    object["metadata"]["finalizers"] = json!(["example.com/b"]);
    object["metadata"]["ownerReferences"] = json!([owner("y")]);
    server.apply_object("b", &object, false).unwrap();
    let metadata = &server.object.as_ref().unwrap()["metadata"];
    assert_eq!(metadata["finalizers"], json!(["example.com/a", "example.com/b"]));
    assert_eq!(metadata["ownerReferences"], json!([owner("x"), owner("y")]));
    assert_eq!(
        server.owners()[0].1["f:metadata"]["f:ownerReferences"],
        json!({"k:{\"uid\":\"x\"}": {}})
    );
}

#[test]
fn errors_name_the_field_and_say_what_was_expected() {
    let named = "failed to create typed patch object (n/w; example.com/v1, Kind=Widget): ";
    for (spec, expected) in [
        (json!({"wrong": 1}), ".spec.wrong: field not declared in schema"),
        (
            json!({"title": 1.5}),
            ".spec.title: expected string, got &value.valueUnstructured{Value:1.5}",
        ),
        (
            json!({"replicas": "1"}),
            ".spec.replicas: expected numeric (int or float), got string",
        ),
        (
            json!({"replicas": [1]}),
            ".spec.replicas: expected numeric (int or float), got []interface {}",
        ),
        (json!({"flag": "yes"}), ".spec.flag: expected boolean, got &{yes}"),
        (json!({"map": ["a"]}), ".spec.map: expected map, got &{[a]}"),
        (
            json!({"tags": {"a": 1}}),
            ".spec.tags: expected list, got &{map[a:1]}",
        ),
        (
            json!({"when": {"a": 1}}),
            ".spec.when: expected any scalar, got &{map[a:1]}",
        ),
        (
            json!({"tags": ["a", "a"]}),
            ".spec.tags: duplicate entries for key [=\"a\"]",
        ),
        (
            json!({"tags": ["a", null]}),
            ".spec.tags: element 1: associative list without keys has an element that's an explicit null",
        ),
        (
            json!({"tags": [["a"]]}),
            ".spec.tags: element 0: not supported: associative list with lists as elements",
        ),
        (
            json!({"ports": [{"port": 1, "name": 2}]}),
            ".spec.ports[port=1,protocol=\"TCP\"].name: expected string, got &value.valueUnstructured{Value:2}",
        ),
        (
            json!({"ports": [{"port": 1, "hosts": [{"weight": 1}]}]}),
            ".spec.ports[port=1,protocol=\"TCP\"].hosts: element 0: associative list with keys has an element that omits all key \
             fields [\"name\"] (and doesn't have default values for any key fields)",
        ),
        (
            json!({"title": 1, "replicas": "x"}),
            "errors:\n  .spec.replicas: expected numeric (int or float), got string\n  \
             .spec.title: expected string, got &value.valueUnstructured{Value:1}",
        ),
    ] {
        assert_eq!(error(&spec), format!("{named}{expected}"));
    }
}

#[test]
fn the_applied_object_must_be_of_the_type_of_the_request() {
    let bad = |object: Value| match Server::new().apply_object("m", &object, false) {
        Err(ApplyError::BadRequest(message)) => message,
        other => format!("{other:?}"),
    };
    assert_eq!(
        bad(json!({"apiVersion": V1, "kind": "Gadget"})),
        "invalid object type: example.com/v1, Kind=Gadget"
    );
    assert_eq!(
        bad(json!({"apiVersion": V1, "kind": "Widget", "metadata": {"managedFields": []}})),
        "metadata.managedFields must be nil"
    );
}

#[test]
fn a_live_list_with_duplicates_can_be_applied_to() {
    let mut server = Server::new();
    server.put_spec(
        "u",
        &json!({"tags": ["a", "a", "b"], "ports": [{"port": 1, "name": "x"}, {"port": 1, "name": "y"}]}),
    );
    server.apply("m", &json!({"tags": ["c"]}));
    assert_eq!(server.spec()["tags"], json!(["a", "a", "b", "c"]));
    server.force("m", &json!({"tags": ["a"], "ports": [{"port": 1, "name": "z"}]}));
    assert_eq!(server.spec()["tags"], json!(["a", "b"]));
    assert_eq!(server.spec()["ports"], json!([{"port": 1, "name": "z"}]));
}
