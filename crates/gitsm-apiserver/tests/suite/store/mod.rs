//! The store against a model of it, and against sudden death.

mod crash;
mod model;

use gitsm_apiserver::kind::GroupResource;
use gitsm_apiserver::store::{Change, Durability, Expect, Key, Write};
use serde_json::json;

fn resource(name: &str) -> GroupResource {
    GroupResource::new("gitsm.dev", name)
}

/// A write whose object holds a text.
fn put(key: &Key, expect: Expect, durability: Durability, text: &str) -> Write {
    Write {
        key: key.clone(),
        expect,
        change: Change::Put(json!({"metadata": {"name": *key.name}, "text": text})),
        durability,
    }
}
