//! Who owns what after a sequence of writes.

use crate::kit::{KIND, Server, V1, conflicts, schema, type_schema};
use gitsm_apply::{ApplyError, ScaleFields};
use serde_json::{Value, json};

#[test]
fn an_applier_owns_what_it_mentions() {
    let mut server = Server::new();
    server.apply(
        "m",
        &json!({
            "title": "t",
            "tags": ["x"],
            "plain": ["p"],
            "ports": [{"port": 80, "hosts": [{"name": "h"}]}],
            "map": {"a": "1"},
            "nested": {"k": {"a": 1}},
            "whole": {"a": 1},
            "free": {"u": {"v": [1]}},
            "any": {},
        }),
    );
    assert_eq!(
        server.owners(),
        [(
            "m Apply".to_owned(),
            json!({"f:spec": {
                "f:title": {},
                "f:tags": {"v:\"x\"": {}},
                "f:plain": {},
                "f:ports": {
                    "k:{\"port\":80,\"protocol\":\"TCP\"}": {
                        ".": {},
                        "f:port": {},
                        "f:hosts": {"k:{\"name\":\"h\"}": {".": {}, "f:name": {}}},
                    },
                },
                "f:map": {"f:a": {}},
                "f:nested": {"f:k": {".": {}, "f:a": {}}},
                "f:whole": {},
                "f:free": {"f:u": {".": {}, "f:v": {}}},
                "f:any": {},
            }})
        )]
    );
}

#[test]
fn an_updater_owns_what_it_changed() {
    let mut server = Server::new();
    server.put_spec("creator", &json!({"title": "t", "map": {"a": "1"}}));
    assert_eq!(
        server.owned("creator Update"),
        json!({".": {}, "f:title": {}, "f:map": {".": {}, "f:a": {}}})
    );
    server.put_spec("editor", &json!({"title": "u", "map": {"a": "1", "b": "2"}}));
    assert_eq!(
        server.owned("creator Update"),
        json!({".": {}, "f:map": {".": {}, "f:a": {}}})
    );
    assert_eq!(
        server.owned("editor Update"),
        json!({"f:title": {}, "f:map": {"f:b": {}}})
    );
    server.put_spec("editor", &json!({"title": "u"}));
    assert_eq!(server.owned("creator Update"), json!({}));
    assert_eq!(server.owned("editor Update"), json!({"f:title": {}}));
}

#[test]
fn conflicts_are_named_and_sorted() {
    let mut server = Server::new();
    server.put_spec("z", &json!({"title": "t", "replicas": 1}));
    server.apply("a", &json!({"map": {"b": "1", "a": "1"}}));
    let refused = server.try_apply(
        "m",
        &json!({"title": "u", "replicas": 1, "map": {"a": "2", "b": "2"}}),
    );
    let Err(ApplyError::Conflicts(found)) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        found.to_string(),
        "Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.map.a\n- .spec.map.b\n\
         conflicts with \"z\" using example.com/v1:\n- .spec.title"
    );
    assert_eq!(
        conflicts(refused),
        [
            "conflict with \"a\": .spec.map.a",
            "conflict with \"a\": .spec.map.b",
            "conflict with \"z\" using example.com/v1: .spec.title",
        ]
    );
    let refused = server.try_apply("m", &json!({"title": "u"})).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Apply failed with 1 conflict: conflict with \"z\" using example.com/v1: .spec.title"
    );
}

#[test]
fn force_takes_the_field_away_from_the_others() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t", "replicas": 1}));
    server.apply("b", &json!({"title": "t"}));
    server.force("c", &json!({"title": "u"}));
    assert_eq!(server.owned("a Apply"), json!({"f:replicas": {}}));
    assert_eq!(server.owned("b Apply"), Value::Null);
    assert_eq!(server.owned("c Apply"), json!({"f:title": {}}));
}

#[test]
fn a_field_of_two_owners_stays_until_both_give_it_up() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t", "replicas": 1}));
    server.apply("b", &json!({"title": "t"}));
    server.apply("a", &json!({"replicas": 1}));
    assert_eq!(server.spec()["title"], json!("t"));
    server.apply("b", &json!({}));
    assert_eq!(server.spec(), json!({"replicas": 1}));
}

#[test]
fn what_an_updater_set_is_not_removed_by_an_applier() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t", "map": {"x": "1"}}));
    server.put_spec(
        "u",
        &json!({"title": "t", "map": {"x": "1", "y": "2"}, "replicas": 2}),
    );
    server.apply("a", &json!({"title": "t"}));
    assert_eq!(
        server.spec(),
        json!({"title": "t", "map": {"y": "2"}, "replicas": 2})
    );
}

#[test]
fn an_element_goes_with_its_last_owner_whoever_set_something_in_it() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t", "ports": [{"port": 1}, {"port": 2}]}));
    server.put_spec(
        "u",
        &json!({"title": "t", "ports": [{"port": 1, "name": "n"}, {"port": 2}]}),
    );
    server.apply("a", &json!({"title": "t", "ports": [{"port": 2}]}));
    assert_eq!(server.spec(), json!({"title": "t", "ports": [{"port": 2}]}));
    assert_eq!(server.owned("u Update"), Value::Null);
}

#[test]
fn objects_of_before_managed_fields_belong_to_before_first_apply() {
    let mut server = Server::new();
    server.put_spec("u", &json!({"title": "t"}));
    let metadata = server.object.as_mut().unwrap()["metadata"]
        .as_object_mut()
        .unwrap();
    metadata.remove("managedFields");
    server.put_spec("u", &json!({"title": "t", "replicas": 1}));
    assert_eq!(server.owners(), [], "an untracked object stays untracked");
    assert_eq!(
        conflicts(server.try_apply("m", &json!({"title": "u"}))),
        ["conflict with \"before-first-apply\" using example.com/v1: .spec.title"]
    );
    server.apply("m", &json!({"title": "t"}));
    let owners: Vec<String> = server.owners().into_iter().map(|(name, _)| name).collect();
    assert_eq!(owners, ["m Apply", "before-first-apply Update"]);
}

#[test]
fn the_eleventh_updater_makes_the_oldest_two_ancient() {
    let mut server = Server::new();
    for manager in 0..11 {
        let mut nested = json!({});
        for key in 0..=manager {
            nested[format!("k{key}")] = json!({"a": key});
        }
        server.put_spec(&format!("m{manager}"), &json!({"nested": nested}));
    }
    let owners = server.owners();
    assert_eq!(owners.len(), 10);
    assert_eq!(owners[0].0, "ancient-changes Update");
    assert_eq!(
        owners[0].1["f:spec"]["f:nested"],
        json!({".": {}, "f:k0": {".": {}, "f:a": {}}, "f:k1": {".": {}, "f:a": {}}})
    );
    assert_eq!(owners[1].0, "m2 Update");
}

#[test]
fn the_status_has_its_own_entries() {
    let mut server = Server::new();
    let mut object = Server::widget(&json!({"title": "t"}));
    object["status"] = json!({"phase": "ignored"});
    server.apply_object("m", &object, false).unwrap();
    server.object.as_mut().unwrap()["status"] = Value::Null;
    assert_eq!(server.owners()[0].1, json!({"f:spec": {"f:title": {}}}));
    server.apply_status("m", &json!({"phase": "Ready"})).unwrap();
    server.put_status(
        "c",
        &json!({"phase": "Ready", "conditions": [{"type": "A", "status": "True"}]}),
    );
    let owners = server.owners();
    assert_eq!(owners.len(), 3);
    assert_eq!(
        owners[1],
        ("m Apply/status".to_owned(), json!({"f:status": {"f:phase": {}}}))
    );
    assert_eq!(
        owners[2],
        (
            "c Update/status".to_owned(),
            json!({"f:status": {"f:conditions": {
                ".": {},
                "k:{\"type\":\"A\"}": {".": {}, "f:type": {}, "f:status": {}},
            }}})
        )
    );
    assert_eq!(
        conflicts(server.apply_status("o", &json!({"conditions": [{"type": "A", "status": "False"}]}))),
        [
            "conflict with \"c\" with subresource \"status\" using example.com/v1: .status.conditions[type=\"A\"].status"
        ]
    );
}

#[test]
fn kubectl_takes_over_from_its_client_side_apply() {
    let annotation = "kubectl.kubernetes.io/last-applied-configuration";
    let mut server = Server::new();
    let applied = Server::widget(&json!({"title": "t", "replicas": 1}));
    let mut object = applied.clone();
    object["metadata"]["annotations"] = json!({ annotation: applied.to_string() });
    server.put("kubectl-client-side-apply", object);
    server.put_spec("other", &json!({"title": "t", "replicas": 2}));

    // What nobody else changed since goes over without a conflict.
    let mut server_side = Server::widget(&json!({"title": "<u>"}));
    server_side["metadata"]["annotations"] = json!({"a": "b"});
    let mut stranger = Server::new();
    stranger.object.clone_from(&server.object);
    assert_eq!(
        conflicts(stranger.apply_object("stranger", &server_side, false)),
        ["conflict with \"kubectl-client-side-apply\" using example.com/v1: .spec.title"]
    );
    assert_eq!(
        conflicts(server.apply_object(
            "kubectl",
            &Server::widget(&json!({"title": "u", "replicas": 3})),
            false
        )),
        ["conflict with \"other\" using example.com/v1: .spec.replicas"]
    );
    server.apply_object("kubectl", &server_side, false).unwrap();
    assert_eq!(server.owned("kubectl Apply"), json!({"f:title": {}}));
    assert_eq!(
        server.object.as_ref().unwrap()["metadata"]["annotations"][annotation],
        json!(
            "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Widget\",\"metadata\":{\"annotations\":{\"a\":\"b\"},\"name\":\"w\",\
             \"namespace\":\"n\"},\"spec\":{\"title\":\"\\u003cu\\u003e\"}}\n"
        )
    );
}

#[test]
fn applying_the_same_again_changes_nothing_but_a_new_owner_is_noted() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t", "tags": ["x"]}));
    let before = server.object.clone();
    server.apply("a", &json!({"title": "t", "tags": ["x"]}));
    assert_eq!(server.object, before);
    server.apply("b", &json!({"title": "t"}));
    assert_eq!(server.owners().len(), 2);
}

#[test]
fn another_version_of_the_resource_is_written_by_the_same_applier() {
    let mut server = Server::new();
    let v2 = "example.com/v2";
    server.types = server.types.clone().with(v2, type_schema(&schema()));
    server.apply("a", &json!({"title": "t", "replicas": 1}));
    let mut object = Server::widget(&json!({"title": "u"}));
    object["apiVersion"] = json!(v2);
    server.apply_object("a", &object, false).unwrap();
    assert_eq!(server.spec(), json!({"title": "u"}));
    let entries = &server.object.as_ref().unwrap()["metadata"]["managedFields"];
    assert_eq!(entries.as_array().unwrap().len(), 1);
    assert_eq!(entries[0]["apiVersion"], json!(v2));
}

#[test]
fn a_manager_of_a_version_that_is_gone_stops_an_apply() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t"}));
    server.object.as_mut().unwrap()["metadata"]["managedFields"][0]["apiVersion"] = json!("example.com/v0");
    assert_eq!(
        server
            .try_apply("b", &json!({"title": "t"}))
            .unwrap_err()
            .to_string(),
        "request to convert CR to an invalid group/version: example.com/v0"
    );
    server.put_spec("u", &json!({"title": "u"}));
    assert_eq!(server.owners(), []);
}

#[test]
fn whoever_owned_a_part_owns_the_whole_once_it_is_atomic() {
    let mut server = Server::new();
    server.apply("a", &json!({"ports": [{"port": 1}], "nested": {"k": {"a": 1}}}));
    let mut changed = schema();
    let spec = &mut changed["properties"]["spec"]["properties"];
    spec["ports"]["x-kubernetes-list-type"] = json!("atomic");
    spec["nested"]["x-kubernetes-map-type"] = json!("atomic");
    let object = server.object.take();
    let mut server = Server::with(&changed);
    server.object = object;
    server.put_spec(
        "u",
        &json!({"ports": [{"port": 1}], "nested": {"k": {"a": 1}}, "title": "t"}),
    );
    assert_eq!(server.owned("a Apply"), json!({"f:ports": {}, "f:nested": {}}));
}

#[test]
fn replicas_set_through_the_scale_belong_to_who_scaled() {
    let mut server = Server::new();
    server.apply("a", &json!({"title": "t", "replicas": 1}));
    let fields = ScaleFields::new().with(V1, Some(".spec.replicas"));
    let mut object = server.object.clone().unwrap();
    let mut scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {}});
    fields.to_scale(&object, &mut scale).unwrap();
    assert_eq!(
        scale["metadata"]["managedFields"][0]["apiVersion"],
        json!("autoscaling/v1")
    );
    assert_eq!(
        scale["metadata"]["managedFields"][0]["fieldsV1"],
        json!({"f:spec": {"f:replicas": {}}})
    );
    // Somebody scales: the applier's entry of the Scale is gone.
    scale["metadata"]["managedFields"] = json!([{
        "manager": "s", "operation": "Update", "apiVersion": "autoscaling/v1", "subresource": "scale",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }]);
    fields.to_object(&scale, &mut object, V1).unwrap();
    server.object = Some(object);
    assert_eq!(
        server.owners(),
        [
            ("a Apply".to_owned(), json!({"f:spec": {"f:title": {}}})),
            ("s Update/scale".to_owned(), json!({"f:spec": {"f:replicas": {}}})),
        ]
    );
    assert_eq!(server.object.as_ref().unwrap()["kind"], json!(KIND));
}
