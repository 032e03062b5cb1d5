//! Values for schemas: fitting ones, and ones that nearly fit.

use super::random::Random;
use serde_json::{Map, Value, json};

/// A value that fits, mostly: rules are not looked at.
pub(crate) fn valid(random: &mut Random, schema: &Value) -> Value {
    value(random, schema, 0)
}

/// A value of which so many parts of a hundred are wrong in some way.
pub(crate) fn value(random: &mut Random, schema: &Value, wrong: usize) -> Value {
    if random.percent(wrong) {
        return odd(random, schema);
    }
    if schema["nullable"] == true && random.percent(10) {
        return Value::Null;
    }
    if schema["x-kubernetes-int-or-string"] == true {
        return if random.percent(50) {
            json!(random.below(40))
        } else {
            json!("80%")
        };
    }
    match schema["type"].as_str() {
        Some("string") => text(random, schema, wrong),
        Some("integer") => {
            let odd_numbers = if wrong > 0 { 40 } else { 10 };
            json!((2 + random.below(odd_numbers)) / 2 * 2)
        }
        Some("number") => json!(*random.pick(&[0.5, 1.0, 2.5, 12.0])),
        Some("boolean") => json!(random.percent(50)),
        Some("array") => array(random, schema, wrong),
        Some("object") => object(random, schema, wrong),
        _ => json!("anything"),
    }
}

fn text(random: &mut Random, schema: &Value, wrong: usize) -> Value {
    if schema["enum"].is_array() {
        return json!(random.pick(&["red", "green", "blue"]));
    }
    match schema["format"].as_str() {
        Some("date-time") => {
            return json!(random.pick(&["2020-02-03T04:05:06Z", "2021-02-03T04:05:06.5+01:00"]));
        }
        Some("date") => return json!("2020-02-03"),
        Some("byte") => return json!("YWJj"),
        Some("uuid") => return json!("0a0b0c0d-1111-4222-8333-444455556666"),
        Some("ipv4") => return json!("10.0.0.1"),
        Some("email") => return json!("a@example.com"),
        Some("duration") => return json!("1h"),
        _ => {}
    }
    let pool: &[&str] = if wrong > 0 {
        &["abc", "red", "bad", "green", "äö", "Abc", "a b", ""]
    } else {
        &["abc", "red", "ace", "green"]
    };
    json!(random.pick(pool))
}

fn array(random: &mut Random, schema: &Value, wrong: usize) -> Value {
    let count = 1 + random.below(3);
    let mut items: Vec<Value> = (0..count)
        .map(|_| value(random, &schema["items"], wrong))
        .collect();
    let is_kept = random.percent(wrong);
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") if !is_kept => {
            let mut seen = Vec::new();
            items.retain(|item| {
                let is_new = !seen.contains(item);
                seen.push(item.clone());
                is_new
            });
        }
        Some("map") if !is_kept => {
            let names = ["one", "two", "three"];
            for (index, item) in items.iter_mut().enumerate() {
                if item.is_object() && !random.percent(wrong) {
                    item["name"] = json!(names[index % 3]);
                }
            }
        }
        _ => {}
    }
    Value::Array(items)
}

fn object(random: &mut Random, schema: &Value, wrong: usize) -> Value {
    let mut fields = Map::new();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.contains(&json!(name)) && !random.percent(wrong);
        if is_required || random.percent(55) {
            fields.insert(name.clone(), value(random, child, wrong));
        }
    }
    if schema["additionalProperties"].is_object() {
        for name in ["k1", "k-2", "k.3"] {
            if random.percent(50) {
                fields.insert(
                    name.to_owned(),
                    value(random, &schema["additionalProperties"], wrong),
                );
            }
        }
    }
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        fields.insert("free".to_owned(), free(random, 2));
    }
    if random.percent(wrong) {
        fields.insert("unknown".to_owned(), free(random, 1));
    }
    Value::Object(fields)
}

/// Anything.
pub(crate) fn free(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => json!("text"),
        1 => json!(random.below(1_000)),
        2 => json!(1.5),
        3 => json!(true),
        4 => Value::Null,
        5 => json!(""),
        6 => (0..random.below(3)).map(|_| free(random, depth - 1)).collect(),
        7 => json!([{"name": "x", "v": free(random, depth - 1)}]),
        _ => json!({"p": free(random, depth - 1), "q": free(random, depth - 1)}),
    }
}

/// What the schema does not expect.
fn odd(random: &mut Random, schema: &Value) -> Value {
    match random.below(9) {
        0 => Value::Null,
        1 => json!(-7),
        2 => json!(1_000_000),
        3 => json!(1.25),
        4 => json!("a text that is longer than most limits"),
        5 => json!([]),
        6 => json!({}),
        7 => json!(true),
        _ if schema["type"] == "array" => json!([null, {"name": "one"}, "x"]),
        _ => json!({"unknown": {"deep": 1}}),
    }
}
