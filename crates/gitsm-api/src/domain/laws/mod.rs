//! No conversion and no decision panics for any object that the schemas admit.
//!
//! Whole estates are made from fixed seeds, several objects of each kind with names from a small pool, so that they
//! refer to each other; every conversion is made and every decision is taken over what it gives. What was seen is
//! counted: estates in which nothing is ever open or approved would show nothing.

mod decisions;
mod estates;

use gitsm_core::digest::canonical_json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// How often each kind of answer was given.
type Seen = BTreeMap<String, usize>;

#[expect(
    clippy::needless_pass_by_value,
    reason = "names are given as they come: words and choices"
)]
fn saw(seen: &mut Seen, name: impl ToString) {
    *seen.entry(name.to_string()).or_default() += 1;
}

/// What was given is the same after it was saved and read, and people can read its texts.
#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = canonical_json(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value);
    assert_eq!(canonical_json(&read).unwrap(), text);
    readable(&serde_json::from_str(&text).unwrap());
}

/// The same twice, and survives.
#[track_caller]
fn sound<T: Serialize + DeserializeOwned + PartialEq + Debug>(decide: impl Fn() -> T) -> T {
    let decision = decide();
    assert_eq!(decide(), decision);
    survives(&decision);
    decision
}

/// Texts are bounded, and hold nothing that would do something to a terminal.
#[track_caller]
fn readable(value: &Value) {
    match value {
        Value::String(text) => {
            assert!(
                text.chars().count() <= 2_000,
                "{} characters: {text}",
                text.chars().count()
            );
            assert!(!text.contains(char::is_control), "{text:?}");
        }
        Value::Array(items) => items.iter().for_each(readable),
        Value::Object(fields) => fields.values().for_each(readable),
        _ => {}
    }
}

/// Runs a law over as many estates, and fails unless everything was seen.
#[track_caller]
fn for_all(count: usize, expected: &[&str], law: impl Fn(&estates::World, &mut Seen)) {
    let mut seen = Seen::new();
    for (seed, world) in estates::WORLDS.iter().enumerate().take(count) {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut mine = Seen::new();
            law(world, &mut mine);
            mine
        }));
        // Whatever it was has been printed.
        let Ok(mine) = outcome else {
            panic!("the estate of seed {seed}")
        };
        for (name, times) in mine {
            *seen.entry(name).or_default() += times;
        }
    }
    let missing: Vec<_> = expected
        .iter()
        .filter(|name| !seen.contains_key(**name))
        .collect();
    assert!(missing.is_empty(), "never seen: {missing:?}; seen: {seen:#?}");
}
