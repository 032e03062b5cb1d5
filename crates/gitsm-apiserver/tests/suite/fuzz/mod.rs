//! Requests of any kind through the whole server but its sockets: nothing panics, every refusal is a `Status`, and
//! every answer comes soon.
//!
//! The cases are the same on every run. `GITSM_SOAK=1` makes them many more, and `GITSM_SEED` others.

mod generate;

use crate::harness::{DEFINITIONS, Running};
use bytes::Bytes;
use generate::{below, body, damaged, json_patch, media_type, query, schema, sound, value};
use gitsm_apiserver::fuzz;
use gitsm_apiserver::http::Api;
use http::Request;
use http_body_util::Full;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

fn is_soak() -> bool {
    std::env::var_os("GITSM_SOAK").is_some_and(|value| value == "1")
}

/// Runs `check` for `cases` values, twenty times as many in the long version.
fn each<S: Strategy>(cases: u32, values: S, check: impl Fn(S::Value)) {
    let config = Config {
        cases: if is_soak() { cases * 20 } else { cases },
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let seed = std::env::var("GITSM_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_u64);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let result = runner.run(&values, |value| {
        catch_unwind(AssertUnwindSafe(|| check(value))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "a panic".to_owned()))
        })
    });
    if let Err(failure) = result {
        panic!("seed {seed}: {failure}");
    }
}

/// A server that is asked without a connection.
struct Site {
    runtime: Runtime,
    running: Option<Running>,
    /// How often each code was answered.
    codes: Mutex<BTreeMap<u16, usize>>,
}

impl Site {
    /// A server with `foos.x.dev` of this schema, and an object `x` of each kind.
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let running = runtime.block_on(Running::start());
        let site = Self {
            runtime,
            running: Some(running),
            codes: Mutex::default(),
        };
        assert_eq!(
            site.ask("POST", DEFINITIONS, "application/json", foos().to_string()),
            201
        );
        for (path, mut object) in sound() {
            if let Some(meta) = object["metadata"].as_object_mut() {
                meta.remove("managedFields");
            }
            assert_eq!(
                site.ask("POST", path, "application/json", object.to_string()),
                201,
                "{path}"
            );
        }
        site
    }

    fn api(&self) -> &Arc<Api> {
        self.running.as_ref().unwrap().server.api()
    }

    fn ask(&self, method: &str, path: &str, content_type: &str, body: impl Into<Bytes>) -> u16 {
        let request = request(method, path, &[("content-type", content_type)], body.into());
        request.map_or(0, |request| self.send(request))
    }

    fn send(&self, request: Request<Full<Bytes>>) -> u16 {
        let code = self.runtime.block_on(fuzz::answer(self.api(), request)).code;
        *self.codes.lock().unwrap().entry(code).or_default() += 1;
        code
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Cases that are all refused at the door would try little.
        println!("answers: {:?}", self.codes.lock().unwrap());
        let running = self.running.take();
        self.runtime.block_on(async move { drop(running) });
    }
}

/// `None` where HTTP itself does not allow it.
fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Bytes) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body)).ok()
}

/// A definition whose objects have every kind of list and map, and a part that is not looked at.
fn foos() -> Value {
    let mut definition = crate::harness::foos();
    let spec = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    spec["x-kubernetes-validations"] = json!([
        {"rule": "!has(self.replicas) || self.replicas >= 0"},
        {"rule": "!has(oldSelf.a) || self.a != 'never'", "messageExpression": "'not ' + self.a"},
    ]);
    let properties = &mut spec["properties"];
    properties["list"] = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"],
        "maxItems": 50, "items": {"type": "object", "required": ["key"], "x-kubernetes-validations": [{"rule": "self.key != 'never'"}],
        "properties": {"key": {"type": "string", "maxLength": 100}, "value": {"x-kubernetes-int-or-string": true}}}});
    properties["map"] = json!({"type": "object", "additionalProperties": {"type": "object", "x-kubernetes-map-type": "atomic",
        "properties": {"x": {"type": "number", "nullable": true}}}});
    properties["any"] = json!({"x-kubernetes-preserve-unknown-fields": true});
    properties["embedded"] = json!({"type": "object", "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true});
    definition
}

fn collections() -> Vec<&'static str> {
    let mut paths: Vec<&str> = sound().iter().map(|(path, _)| *path).collect();
    paths.extend([
        "/apis/x.dev/v1/foos",
        "/api/v1/events",
        "/apis",
        "/api",
        "/api/v1",
        "/apis/x.dev/v1",
        "/openapi/v3",
        "/openapi/v2",
        "/version",
        "/readyz",
        "/openapi/v3/apis/x.dev/v1",
        "/",
        "/apis/apps/v1/namespaces/default/foos",
        "/api/v1/namespaces/default/services",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    ]);
    paths
}

#[test]
fn whatever_is_asked_for_is_answered() {
    let site = Site::new();
    let head = (
        select(vec![
            "GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW",
        ]),
        select(collections()),
        below(),
        query(),
        media_type(),
        media_type(),
    );
    each(
        2000,
        head,
        |(method, path, below, query, accept, content_type)| {
            let path = format!("{path}{below}?{query}");
            let headers = [
                ("accept", accept.as_str()),
                ("content-type", content_type.as_str()),
                ("user-agent", "fuzz/1"),
            ];
            // Deleting everything would leave nothing for the next case to ask for.
            let method = if method == "DELETE" && !path.contains("dryRun=All") {
                "GET"
            } else {
                method
            };
            if let Some(request) = request(method, &path, &headers, Bytes::new()) {
                site.send(request);
            }
        },
    );
}

#[test]
fn bytes_that_should_be_a_request_are_answered_or_none() {
    let site = Site::new();
    let tokens = generate::soup(
        &[
            "GET",
            "POST",
            "PATCH",
            " ",
            "/",
            "/api/v1",
            "/apis/x.dev/v1/namespaces/default/foos",
            "/x",
            "?",
            "watch=1",
            "&",
            "limit=1",
            "\n",
            "\r\n",
            "accept",
            "content-type",
            ":",
            "application/json",
            "{",
            "}",
            "\"kind\"",
            "\"Foo\"",
            ",",
            "k8s\0",
            "\u{0}",
            "é",
            "%",
        ],
        24,
    );
    each(
        1200,
        (any::<bool>(), tokens, any::<Vec<u8>>()),
        |(sound, text, tail)| {
            let mut bytes = text.into_bytes();
            if sound {
                bytes.splice(
                    ..0,
                    *b"POST /apis/x.dev/v1/namespaces/default/foos?dryRun=All HTTP/1.1\n\n",
                );
            }
            bytes.extend(tail);
            if let Some(request) = fuzz::read(&bytes) {
                site.send(request);
            }
        },
    );
}

#[test]
fn damaged_objects_are_created_or_refused() {
    let site = Site::new();
    for (number, (path, object)) in sound().into_iter().enumerate() {
        let types = select(vec!["application/json", "application/json", "application/yaml"]);
        let cases = if number == 0 { 450 } else { 75 };
        let values = (
            body(damaged(vec![object])),
            types,
            any::<bool>(),
            select(vec!["Strict", "Warn", "Ignore"]),
        );
        each(cases, values, |(body, content_type, puts, validation)| {
            let query = format!("fieldValidation={validation}");
            if puts {
                site.ask("PUT", &format!("{path}/x?{query}"), content_type, body);
            } else {
                site.ask("POST", &format!("{path}?dryRun=All&{query}"), content_type, body);
            }
            // What is there afterwards can be read, in every form.
            assert_ne!(site.ask("GET", &format!("{path}/x"), "", ""), 500);
        });
    }
}

#[test]
fn every_patch_of_every_kind_is_answered() {
    let site = Site::new();
    for (number, (path, object)) in sound().into_iter().enumerate() {
        let cases = if number == 0 { 600 } else { 75 };
        let patch = prop_oneof![
            json_patch().prop_map(|patch| ("application/json-patch+json", patch)),
            damaged(vec![object.clone()]).prop_map(|patch| ("application/merge-patch+json", patch)),
            damaged(vec![object.clone()]).prop_map(|patch| ("application/strategic-merge-patch+json", patch)),
            damaged(vec![object.clone()]).prop_map(|patch| ("application/apply-patch+yaml", patch)),
            value().prop_map(|patch| ("application/merge-patch+json", patch)),
            value().prop_map(|patch| ("application/strategic-merge-patch+json", patch)),
        ];
        let values = (
            patch,
            select(vec!["", "", "", "/status", "/scale"]),
            select(vec!["one", "two", "three"]),
            any::<bool>(),
            0..4_u8,
        );
        each(
            cases,
            values,
            |((content_type, patch), part, manager, force, dry)| {
                let mut query = format!("fieldManager={manager}");
                if content_type.contains("apply") {
                    query.push_str(&format!("&force={force}"));
                }
                if dry == 0 {
                    query.push_str("&dryRun=All");
                }
                site.ask(
                    "PATCH",
                    &format!("{path}/x{part}?{query}"),
                    content_type,
                    patch.to_string(),
                );
                site.ask("GET", &format!("{path}/x"), "", "");
            },
        );
        let collection = site.ask("GET", path, "", "");
        assert_eq!(collection, 200, "{path}");
    }
}

#[test]
fn a_patch_that_leaves_no_object_is_refused() {
    let site = Site::new();
    for (path, _) in sound() {
        for value in [
            json!([]),
            json!([1]),
            json!({}),
            json!({"metadata": []}),
            json!({"metadata": {"name": 1}}),
        ] {
            let patch = json!([{"op": "replace", "path": "", "value": value}]).to_string();
            let code = site.ask(
                "PATCH",
                &format!("{path}/x"),
                "application/json-patch+json",
                patch,
            );
            assert!(matches!(code, 400 | 404 | 422), "{path}: {value}: {code}");
        }
    }
}

#[test]
fn applied_objects_with_hostile_managed_fields_are_answered() {
    let site = Site::new();
    let (path, object) = sound().swap_remove(0);
    let fields = object["metadata"]["managedFields"].clone();
    let values = (damaged(vec![fields]), 0..4_u8, damaged(vec![object]));
    each(1000, values, |(fields, how, mut object)| {
        if !object.is_object() || !object["metadata"].is_object() {
            return;
        }
        object["metadata"]["managedFields"] = fields;
        let body = object.to_string();
        match how {
            0 => site.ask("POST", &format!("{path}?dryRun=All"), "application/json", body),
            1 => site.ask(
                "PATCH",
                &format!("{path}/x?fieldManager=one"),
                "application/merge-patch+json",
                body,
            ),
            2 => site.ask(
                "PATCH",
                &format!("{path}/x?fieldManager=one&force=true"),
                "application/apply-patch+yaml",
                body,
            ),
            _ => site.ask(
                "PATCH",
                &format!("{path}/x/status?fieldManager=two"),
                "application/merge-patch+json",
                body,
            ),
        };
        site.ask("PATCH", &format!("{path}/x?fieldManager=last&force=true"), "application/apply-patch+yaml",
            json!({"apiVersion": "x.dev/v1", "kind": "Foo", "metadata": {"name": "x"}, "spec": {"set": ["z"]}}).to_string());
    });
}

#[test]
fn protobuf_bodies_are_read_or_refused() {
    let site = Site::new();
    let tokens = prop_oneof![
        Just(b"k8s\0".to_vec()),
        Just(b"\x0a\x0f\x0a\x02v1\x12\x09ConfigMap".to_vec()),
        Just(b"\x12\x05\x0a\x03\x0a\x01x".to_vec()),
        Just(b"\x0a\x03\x0a\x01x".to_vec()),
        Just(vec![0xff; 10]),
        (any::<u8>(), any::<u8>()).prop_map(|(a, b)| vec![a, b]),
        (0..40_usize).prop_map(|times| b"\x0a\x7f".repeat(times)),
        any::<Vec<u8>>(),
    ];
    let values = (
        any::<bool>(),
        proptest::collection::vec(tokens, 0..8),
        select(collections()),
    );
    each(1600, values, |(whole, parts, path)| {
        let mut body = if whole {
            b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap".to_vec()
        } else {
            Vec::new()
        };
        body.extend(parts.concat());
        site.ask(
            "POST",
            &format!("{path}?dryRun=All"),
            "application/vnd.kubernetes.protobuf",
            body,
        );
    });
}

#[test]
fn any_schema_is_accepted_or_refused_and_what_it_accepts_serves() {
    let site = Site::new();
    let bars = "/apis/x.dev/v1/namespaces/default/bars";
    // It replaces the definition of before, so that updates are tried as well as creations.
    each(480, (schema(), value(), value()), |(schema, spec, other)| {
        let definition = generate::definition(&schema);
        let mut decoded = definition.clone();
        gitsm_schema::crd::complete(&mut decoded);
        let _ = gitsm_schema::crd::validate_create(&decoded);
        let code = site.ask(
            "PATCH",
            &format!("{DEFINITIONS}/bars.x.dev?fieldManager=f&force=true"),
            "application/apply-patch+yaml",
            definition.to_string(),
        );
        if !matches!(code, 200 | 201) {
            return;
        }
        for (name, spec) in [("a", spec), ("b", other)] {
            let object =
                json!({"apiVersion": "x.dev/v1", "kind": "Bar", "metadata": {"name": name}, "spec": spec});
            site.ask(
                "PATCH",
                &format!("{bars}/{name}?fieldManager=f&force=true"),
                "application/apply-patch+yaml",
                object.to_string(),
            );
        }
        assert_eq!(site.ask("GET", bars, "", ""), 200);
        assert_eq!(site.ask("GET", "/openapi/v3/apis/x.dev/v1", "", ""), 200);
    });
}
