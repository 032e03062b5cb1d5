//! No decision panics, and none takes long, whatever facts are read from a file: facts are saved, edited and replayed.
//!
//! Facts are made up from fixed seeds, so that a failure names the seed that makes it again.

mod arbitrary;
mod facts;
mod size;
mod sync;
mod values;

use crate::digest::canonical_json;
use arbitrary::{Dice, arbitrary};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;
use values::instant;

/// How often each kind of answer was given: a test whose facts all end the same shows nothing.
type Seen = BTreeMap<String, usize>;

/// Runs a law for as many facts.
fn for_all<T: DeserializeOwned + Debug>(count: u64, law: impl Fn(&T, &mut Dice, &mut Seen)) -> Seen {
    let mut seen = Seen::new();
    for seed in 0..count {
        let mut dice = Dice::new(seed);
        let facts: T = arbitrary(&mut dice);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut mine = Seen::new();
            law(&facts, &mut dice, &mut mine);
            mine
        }));
        // Whatever it was has been printed.
        let Ok(mine) = outcome else {
            panic!("seed {seed}: {facts:#?}")
        };
        for (name, times) in mine {
            *seen.entry(name).or_default() += times;
        }
    }
    seen
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "names are given as they come: words and choices"
)]
fn saw(seen: &mut Seen, name: impl ToString) {
    *seen.entry(name.to_string()).or_default() += 1;
}

/// What was given is the same after it was saved and read, and is written in one way only.
#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = canonical_json(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value);
    assert_eq!(canonical_json(&read).unwrap(), text);
}

/// The same twice, and survives.
#[track_caller]
fn sound<T: Serialize + DeserializeOwned + PartialEq + Debug>(decide: impl Fn() -> T) -> T {
    let decision = decide();
    assert_eq!(decide(), decision);
    survives(&decision);
    decision
}

/// Fails unless everything was seen.
#[track_caller]
fn expect(seen: &Seen, names: &[&str]) {
    let missing: Vec<_> = names.iter().filter(|name| !seen.contains_key(**name)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}; seen: {seen:#?}");
}
