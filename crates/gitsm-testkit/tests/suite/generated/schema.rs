//! Schemas by a grammar: every kind of field that the judge knows, sometimes with a fault.

use super::random::Random;
use super::values;
use serde_json::{Map, Value, json};

/// Names of fields; some are hard for rules.
const NAMES: &[&str] = &[
    "alpha",
    "beta",
    "gamma",
    "delta",
    "under_score",
    "with-dash",
    "in",
    "a__b",
    "camelCase",
];
const DEPTH: usize = 3;

/// A definition in a group.
pub(crate) fn definition(random: &mut Random, group: &str) -> Value {
    let mut spec = object(random, DEPTH);
    let mut status = object(random, 1);
    // The status is a place for anything less deep, and never required.
    for part in [&mut spec, &mut status] {
        part.as_object_mut().unwrap().remove("nullable");
    }
    let mut schema = json!({"type": "object", "properties": {"spec": spec, "status": status}});
    if random.percent(20) {
        schema["required"] = json!(["spec"]);
    }
    if random.percent(15) {
        schema["x-kubernetes-validations"] =
            json!([{"rule": "self.metadata.name != 'c' || has(self.spec)", "message": "c needs a spec"}]);
    }
    let mut version =
        json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    if random.percent(60) {
        version["subresources"] = json!({"status": {}});
    }
    let mut definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"}, "versions": [version]},
    });
    if random.percent(10) {
        let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        break_schema(random, schema);
    }
    definition
}

/// A schema of any kind.
fn any(random: &mut Random, depth: usize) -> Value {
    let choices = if depth == 0 { 6 } else { 13 };
    let mut schema = match random.below(choices) {
        0 | 1 => text(random),
        2 => integer(random),
        3 => number(random),
        4 => json!({"type": "boolean"}),
        5 => json!({"x-kubernetes-int-or-string": true}),
        6 | 7 => object(random, depth - 1),
        8 => map(random, depth - 1),
        9 => set(random),
        10 => list_map(random, depth - 1),
        11 => list(random, depth - 1),
        _ => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    };
    if random.percent(10) {
        schema["nullable"] = json!(true);
    }
    if random.percent(25) {
        let default = values::valid(random, &schema);
        // Objects of lists are fine as defaults, but a default may not hold what pruning would take away.
        schema["default"] = default;
    }
    schema
}

fn text(random: &mut Random) -> Value {
    let mut schema = json!({"type": "string"});
    match random.below(6) {
        0 => schema["enum"] = json!(["red", "green", "blue"]),
        1 => schema["pattern"] = json!("^[a-z]+$"),
        2 => {
            schema["format"] = json!(random.pick(&[
                "date-time",
                "date",
                "byte",
                "uuid",
                "ipv4",
                "email",
                "duration",
                "int32"
            ]));
        }
        3 => {
            schema["minLength"] = json!(2);
            schema["maxLength"] = json!(5);
        }
        _ => {}
    }
    // Texts of most formats are no strings to rules.
    if random.percent(20) && schema["format"].is_null() {
        schema["maxLength"] = json!(12);
        let rule = *random.pick(&[
            "self != 'bad'",
            "size(self) < 6",
            "self.startsWith('a') || self.contains('e')",
            "self == oldSelf",
            "self.matches('^[a-z]*$')",
            "self in ['red', 'abc', 'green']",
            "self.lowerAscii() == self",
        ]);
        schema["x-kubernetes-validations"] = json!([validation(random, rule, "'got ' + self")]);
    }
    schema
}

fn integer(random: &mut Random) -> Value {
    let mut schema = json!({"type": "integer"});
    if random.percent(30) {
        schema["minimum"] = json!(random.below(5));
    }
    if random.percent(30) {
        schema["maximum"] = json!(20 + random.below(20));
    }
    if random.percent(15) {
        schema["format"] = json!(random.pick(&["int32", "int64"]));
    }
    if random.percent(10) {
        schema["multipleOf"] = json!(2);
    }
    if random.percent(10) {
        schema["exclusiveMinimum"] = json!(true);
        schema["minimum"] = json!(0);
    }
    if random.percent(20) {
        let rule = *random.pick(&[
            "self != 13",
            "self < 30",
            "self >= oldSelf",
            "self % 2 == 0",
            "self + 1 > 1",
        ]);
        schema["x-kubernetes-validations"] =
            json!([validation(random, rule, "self < 0 ? 'negative' : 'not good'")]);
    }
    schema
}

fn number(random: &mut Random) -> Value {
    let mut schema = json!({"type": "number"});
    if random.percent(40) {
        schema["minimum"] = json!(0.5);
    }
    if random.percent(20) {
        schema["maximum"] = json!(30);
    }
    if random.percent(10) {
        schema["multipleOf"] = json!(0.5);
    }
    schema
}

fn object(random: &mut Random, depth: usize) -> Value {
    let mut properties = Map::new();
    for _ in 0..=random.below(4) {
        let name = *random.pick(NAMES);
        properties.insert(name.to_owned(), any(random, depth));
    }
    let names: Vec<String> = properties.keys().cloned().collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if random.percent(25) {
        schema["required"] = json!([random.pick(&names)]);
    }
    if random.percent(8) {
        schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
    }
    if random.percent(8) {
        schema["x-kubernetes-map-type"] = json!("atomic");
    }
    if random.percent(8) {
        schema["maxProperties"] = json!(2);
    }
    if random.percent(25) {
        let (one, other): (&String, &String) = (random.pick(&names), random.pick(&names));
        let (one, other) = (escaped(one), escaped(other));
        let rule = match random.below(4) {
            0 => format!("has(self.{one})"),
            1 => format!("!has(self.{one}) || has(self.{other})"),
            2 => format!("!has(oldSelf.{one}) || has(self.{one})"),
            _ => "self == oldSelf".to_owned(),
        };
        let mut rule = validation(random, &rule, "'no good object'");
        if random.percent(20) {
            rule["fieldPath"] = json!(format!("['{}']", random.pick(&names)));
        }
        schema["x-kubernetes-validations"] = json!([rule]);
    }
    schema
}

fn map(random: &mut Random, depth: usize) -> Value {
    let mut schema = json!({"type": "object", "additionalProperties": any(random, depth.min(1))});
    without_nested_default(&mut schema["additionalProperties"]);
    if random.percent(20) {
        schema["x-kubernetes-map-type"] = json!(random.pick(&["atomic", "granular"]));
    }
    schema["maxProperties"] = json!(3);
    schema
}

fn set(random: &mut Random) -> Value {
    let mut items = if random.percent(60) {
        text(random)
    } else {
        integer(random)
    };
    items["maxLength"].take();
    // Sets of dates and durations are the known difference `equal-sets-of-dates`.
    items["format"].take();
    items.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    if items["type"] == "string" {
        items["maxLength"] = json!(10);
    }
    let mut schema = json!({"type": "array", "items": items, "x-kubernetes-list-type": "set", "maxItems": 5});
    if random.percent(20) {
        let rule = *random.pick(&[
            "self.size() != 1",
            "self.all(x, x in oldSelf)",
            "self.exists(x, x == x)",
        ]);
        schema["x-kubernetes-validations"] = json!([validation(random, rule, "'no good set'")]);
    }
    schema
}

fn list_map(random: &mut Random, depth: usize) -> Value {
    let mut items = object(random, depth);
    items["properties"]["name"] = json!({"type": "string", "maxLength": 10});
    let mut keys = vec!["name"];
    items["required"] = json!(["name"]);
    if random.percent(25) {
        items["properties"]["port"] = json!({"type": "integer", "default": 80});
        keys.push("port");
    }
    for part in ["maxProperties", "x-kubernetes-map-type"] {
        items.as_object_mut().unwrap().remove(part);
    }
    json!({
        "type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, "maxItems": 4,
    })
}

fn list(random: &mut Random, depth: usize) -> Value {
    let mut items = any(random, depth);
    without_nested_default(&mut items);
    let mut schema = json!({"type": "array", "items": items, "maxItems": 5});
    if random.percent(40) {
        schema["x-kubernetes-list-type"] = json!("atomic");
    }
    if random.percent(20) {
        schema["minItems"] = json!(1);
    }
    schema
}

/// Items may not have a default of their own beside `nullable`.
fn without_nested_default(schema: &mut Value) {
    schema.as_object_mut().unwrap().remove("default");
}

fn validation(random: &mut Random, rule: &str, message: &str) -> Value {
    let mut validation = json!({"rule": rule});
    match random.below(4) {
        0 => validation["message"] = json!("not good enough"),
        1 => validation["messageExpression"] = json!(message),
        _ => {}
    }
    if random.percent(20) {
        let reasons = [
            "FieldValueInvalid",
            "FieldValueForbidden",
            "FieldValueRequired",
            "FieldValueDuplicate",
        ];
        validation["reason"] = json!(random.pick(&reasons));
    }
    if rule.contains("oldSelf") && random.percent(15) {
        validation["optionalOldSelf"] = json!(true);
        validation["rule"] = json!(format!(
            "!oldSelf.hasValue() || ({})",
            rule.replace("oldSelf", "oldSelf.value()")
        ));
    }
    validation
}

/// A field's name as rules write it.
fn escaped(name: &str) -> String {
    match name {
        "in" => "__in__".to_owned(),
        name => name.replace("__", "__underscores__").replace('-', "__dash__"),
    }
}

/// One fault somewhere in a schema.
fn break_schema(random: &mut Random, schema: &mut Value) {
    let mut places = Vec::new();
    places_of(schema, String::new(), &mut places);
    let place = random.pick(&places).clone();
    let at = schema.pointer_mut(&place).unwrap();
    // Faults whose complaints hold words of Go's parsers are left to the vectors.
    match random.below(7) {
        0 => at["uniqueItems"] = json!(true),
        1 => {
            at.as_object_mut().unwrap().remove("type");
        }
        2 => at["default"] = json!({"wrong": [1]}),
        3 => at["x-kubernetes-list-type"] = json!("set"),
        4 => at["x-kubernetes-validations"] = json!([{"rule": "self.missing == 1"}]),
        5 => at["x-kubernetes-list-map-keys"] = json!(["absent"]),
        _ => at["anyOf"] = json!([{"type": "string"}]),
    }
}

fn places_of(schema: &Value, at: String, places: &mut Vec<String>) {
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        places_of(child, format!("{at}/properties/{name}"), places);
    }
    for part in ["items", "additionalProperties"] {
        if schema[part].is_object() {
            places_of(&schema[part], format!("{at}/{part}"), places);
        }
    }
    if !at.is_empty() {
        places.push(at);
    }
}
