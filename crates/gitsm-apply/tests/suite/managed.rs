//! `managedFields` that clients send.

use crate::kit::Server;
use gitsm_apply::{Origin, check_managed_fields, keep_times_if_unchanged};
use serde_json::{Value, json};

fn entry() -> Value {
    json!({
        "manager": "m",
        "operation": "Update",
        "apiVersion": "example.com/v1",
        "time": "2027-01-02T03:04:05Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:title": {}}},
    })
}

fn with_entries(server: &Server, entries: Value) -> Value {
    let mut object = server.object.clone().unwrap();
    object["metadata"]["managedFields"] = entries;
    object
}

fn server() -> Server {
    let mut server = Server::new();
    server.put_spec("first", &json!({"title": "t"}));
    server
}

#[test]
fn an_update_may_change_who_owns_what() {
    let mut server = server();
    let object = with_entries(&server, json!([entry()]));
    server.put("u", object);
    assert_eq!(
        server.owners(),
        [("m Update".to_owned(), entry()["fieldsV1"].clone())]
    );
}

#[test]
fn a_list_with_one_empty_entry_forgets_all_managers() {
    for entries in [json!([{}]), json!([{"manager": "", "fieldsV1": null}])] {
        let mut server = server();
        let object = with_entries(&server, entries);
        server.put("u", object);
        assert_eq!(server.owners(), []);
        assert!(
            server.object.as_ref().unwrap()["metadata"]
                .get("managedFields")
                .is_none()
        );
    }
}

#[test]
fn an_empty_list_forgets_the_managers_of_built_in_objects_only() {
    for (origin, owners) in [(Origin::Custom, 1), (Origin::BuiltIn, 0)] {
        let mut server = server();
        server.types = server.types.clone().origin(origin);
        let object = with_entries(&server, json!([]));
        server.put("u", object);
        assert_eq!(server.owners().len(), owners);
    }
}

#[test]
fn a_list_that_cannot_be_read_is_ignored() {
    let mut wrong_time = entry();
    wrong_time["time"] = json!("yesterday");
    for entries in [
        json!(null),
        json!("x"),
        json!([1]),
        json!([{"operation": "Eat"}]),
        json!([wrong_time]),
    ] {
        let mut server = server();
        let before = server.owners();
        let object = with_entries(&server, entries);
        server.put("u", object);
        assert_eq!(server.owners(), before);
    }
}

#[test]
fn a_wrong_entry_is_named() {
    let broken = |name: &str, value: Value| {
        let mut entry = entry();
        entry[name] = value;
        check_managed_fields(&json!({"metadata": {"managedFields": [entry]}}))
    };
    assert_eq!(check_managed_fields(&json!({})), Ok(()));
    assert_eq!(broken("manager", json!("n")), Ok(()));
    for (name, value, message) in [
        ("operation", json!("Eat"), "operation must be `Apply` or `Update`"),
        ("apiVersion", json!(""), "apiVersion must not be empty"),
        (
            "fieldsType",
            json!(""),
            "missing fieldsType in managed fields entry 0",
        ),
        (
            "fieldsType",
            json!("FieldsV2"),
            "invalid fieldsType \"FieldsV2\" in managed fields entry 0",
        ),
    ] {
        assert_eq!(broken(name, value), Err(message.to_owned()));
    }
    assert!(broken("fieldsV1", json!({"nonsense": {}})).is_err());
}

#[test]
fn times_alone_are_no_change() {
    let mut server = server();
    let old = server.object.clone().unwrap();
    let mut new = old.clone();
    new["metadata"]["managedFields"][0]["time"] = json!("2030-01-01T00:00:00Z");
    let later = new.clone();
    keep_times_if_unchanged(&mut new, &old);
    assert_eq!(new, old);
    new = later.clone();
    new["spec"]["title"] = json!("u");
    let changed = new.clone();
    keep_times_if_unchanged(&mut new, &old);
    assert_eq!(new, changed);
    server.put_spec("first", &json!({"title": "t"}));
    assert_eq!(
        server.object.as_ref(),
        Some(&old),
        "a write without effect keeps the time"
    );
}
