//! The simple tests of the CEL specification that need no protocol buffer messages.

use crate::known::{Tally, Verdict, key, read};
use gitsm_schema::cel::{Activation, Binding, DeclType, Environment, List, Map, Type, Value};
use serde_json::Value as Json;

#[test]
fn the_tests_of_the_cel_specification_pass() {
    let Some(text) = read("cel-spec.json") else { return };
    let tests: Vec<Json> = serde_json::from_str(&text).expect("the tests are JSON");
    let mut tally = Tally::new("cel-spec", include_str!("known/cel-spec.txt"));
    // `block_ext` is about a form that optimisers make and nobody writes.
    let runnable = tests
        .iter()
        .filter(|test| test["_protoFree"] == true && test["_file"] != "block_ext");
    for test in runnable {
        let expression = test["expr"].as_str().unwrap_or_default();
        let name = format!("{}/{}/{}", test["_file"], test["_section"], test["name"]);
        let shown = format!("{name} {expression}");
        tally.count(&key(&shown), &shown, judge(test, expression));
    }
    tally.finish(1_690);
}

fn judge(test: &Json, expression: &str) -> Verdict {
    let mut environment = Environment::specification();
    if test["disableCheck"] == true {
        environment = environment.unchecked();
    }
    let bindings: Vec<(&String, &Json)> = test["bindings"].as_object().into_iter().flatten().collect();
    for (name, _) in &bindings {
        environment = environment.with_variable(name.as_str(), DeclType::value(Type::Dyn));
    }
    for declaration in test["typeEnv"].as_array().into_iter().flatten() {
        if let (Some(name), Some(ty)) = (
            declaration["name"].as_str(),
            read_type(&declaration["ident"]["type"]),
        ) {
            environment = environment.with_variable(name, DeclType::value(ty));
        }
    }
    let fails = test.get("evalError").is_some();
    let program = match environment.compile(expression, None) {
        Ok(program) => program,
        Err(_) if fails => return Verdict::Agrees,
        Err(error) => return Verdict::Refused(error.to_string()),
    };
    if let Some(expected) = test["typedResult"].get("deducedType") {
        let deduced = program.result_type();
        if read_type(expected).is_none_or(|expected| !expected.same_as(deduced)) {
            return Verdict::Differs(format!("deduced {deduced}; expected {expected}"));
        }
    }
    if test["checkOnly"] == true {
        return Verdict::Agrees;
    }
    let mut activation = Activation::new();
    for (name, value) in bindings {
        match read_value(&value["value"]) {
            Some(value) => activation.bind(name, Binding::Value(value)),
            None => return Verdict::Refused(format!("no value for {name}")),
        }
    }
    let expected = match (test.get("value"), test["typedResult"].get("result")) {
        (Some(value), _) | (None, Some(value)) => read_value(value),
        (None, None) => Some(Value::Bool(true)),
    };
    match (program.evaluate(&activation), expected) {
        (Err(_), _) if fails => Verdict::Agrees,
        (Ok(value), Some(expected)) if !fails && same(&value, &expected) => Verdict::Agrees,
        (result, expected) => Verdict::Differs(format!("gave {result:?}; expected {expected:?}")),
    }
}

/// Whether two values are the same and of the same type. NaN is NaN here.
fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Uint(a), Value::Uint(b)) => a == b,
        (Value::Double(a), Value::Double(b)) => match a.partial_cmp(b) {
            Some(ordering) => ordering.is_eq(),
            None => a.is_nan() && b.is_nan(),
        },
        (Value::String(a), Value::String(b)) | (Value::Type(a), Value::Type(b)) => **a == **b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b.iter())
                    .all(|(a, b)| same(&a.unwrap(), &b.unwrap()))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.keys().iter().zip(b.keys()).all(|(key, other)| {
                    same(key, &other)
                        && match (a.get(key), b.get(&other)) {
                            (Ok(Some(a)), Ok(Some(b))) => same(&a, &b),
                            _ => false,
                        }
                })
        }
        _ => false,
    }
}

fn read_value(json: &Json) -> Option<Value<'_>> {
    let (kind, value) = json.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "nullValue" => Value::Null,
        "boolValue" => Value::Bool(value.as_bool()?),
        "int64Value" => Value::Int(value.as_str()?.parse().ok()?),
        "uint64Value" => Value::Uint(value.as_str()?.parse().ok()?),
        "doubleValue" => Value::Double(match value.as_str() {
            Some(text) => text.parse().ok()?,
            None => value.as_f64()?,
        }),
        "stringValue" => Value::text(value.as_str()?),
        "bytesValue" => Value::Bytes(decode_base64(value.as_str()?).into()),
        "typeValue" => Value::Type(value.as_str()?.into()),
        "listValue" => {
            let values = value["values"].as_array().into_iter().flatten();
            Value::List(List::new(values.map(read_value).collect::<Option<_>>()?))
        }
        "mapValue" => {
            let entries = value["entries"].as_array().into_iter().flatten();
            let entries: Option<Vec<_>> = entries
                .map(|entry| Some((read_value(&entry["key"])?, read_value(&entry["value"])?)))
                .collect();
            Value::Map(Map::new(entries?)?)
        }
        _ => return None,
    })
}

fn decode_base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text
        .bytes()
        .filter_map(|byte| digits.iter().position(|digit| *digit == byte))
    {
        bits = bits << 6 | u32::try_from(digit).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

fn read_type(json: &Json) -> Option<Type> {
    let (kind, value) = json.as_object()?.iter().next()?;
    Some(match (kind.as_str(), value.as_str()) {
        ("primitive", Some("BOOL")) => Type::Bool,
        ("primitive", Some("INT64")) => Type::Int,
        ("primitive", Some("UINT64")) => Type::Uint,
        ("primitive", Some("DOUBLE")) => Type::Double,
        ("primitive", Some("STRING")) => Type::String,
        ("primitive", Some("BYTES")) => Type::Bytes,
        ("wellKnown", Some("TIMESTAMP")) => Type::Timestamp,
        ("wellKnown", Some("DURATION")) => Type::Duration,
        ("dyn", _) => Type::Dyn,
        ("null", _) => Type::Null,
        ("type", _) => Type::Type(read_type(value).unwrap_or(Type::Dyn).into()),
        ("listType", _) => Type::list(read_type(&value["elemType"])?),
        ("mapType", _) => Type::map(read_type(&value["keyType"])?, read_type(&value["valueType"])?),
        ("abstractType", _) => {
            let parameters = value["parameterTypes"].as_array().into_iter().flatten();
            let parameters: Option<Vec<Type>> = parameters.map(read_type).collect();
            Type::Opaque(value["name"].as_str()?.into(), parameters?.into())
        }
        _ => return None,
    })
}
