//! Requests that are too large, too slow, too many, or nonsense.

use crate::harness::{FOOS, JSON, Running, foo};
use gitsm_apiserver::http::limits::Limits;
use proptest::prelude::*;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_body_over_three_mebibytes_is_refused() {
    let server = Running::with_foos().await;
    let body = vec![b' '; 3 * 1024 * 1024 + 1];
    let answer = server.send("POST", FOOS, JSON, body).await.expect(413);
    assert_eq!(answer.json()["reason"], "RequestEntityTooLarge");
}

#[tokio::test]
async fn a_client_that_stalls_holds_up_nobody() {
    let server = Running::with_foos().await;
    let mut stalled = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect().await;
        let head = format!(
            "POST {FOOS} HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\ncontent-length: 1000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut other = server.connect().await;
        other.write_all(b"GET /version HTT").await.unwrap();
        stalled.push((stream, other));
    }
    let began = Instant::now();
    server.post(FOOS, &foo("a", json!({}))).await.expect(201);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn one_user_has_a_limit() {
    let server = Running::with_limits(Limits {
        requests: 400,
        watches: 1,
        ..Limits::default()
    })
    .await;
    let path = "/api/v1/namespaces?watch=1";
    let mut first = server.watch(path).await;
    first.next().await.unwrap();
    let answer = server.get(path).await.expect(429);
    assert_eq!(answer.headers["retry-after"], "1");
    drop(first);
    let freed = async {
        while server.get(&format!("{path}&timeoutSeconds=1")).await.code == 429 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), freed)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_no_http_ends_its_connection_alone() {
    let server = Running::start().await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    server.get("/readyz").await.expect(200);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_is_sent_makes_the_server_fail(
        method in "(GET|POST|PUT|PATCH|DELETE)",
        name in "[a-z%.]{0,6}",
        tail in "(|/status|/scale|/x|/)",
        query in "(|[?]([a-zA-Z]{0,8}=[a-zA-Z0-9%,!()]{0,6}&?){0,3})",
        content_type in "(application/json|application/yaml|application/vnd[.]kubernetes[.]protobuf|application/json-patch[+]json|application/merge-patch[+]json|application/apply-patch[+]yaml)",
        body in prop_oneof![
            "[\\[\\]{}\":,a0 -]{0,30}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..40),
            Just(br#"{"apiVersion":"x.dev/v1","kind":"Foo","metadata":{"name":"a","labels":[1]},"spec":[]}"#.to_vec()),
            Just(br#"[{"op":"add","path":"/metadata","value":null}]"#.to_vec()),
            Just(br#"{"metadata":null}"#.to_vec()),
            Just(b"k8s\0\x0a\x03abc".to_vec()),
        ],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Running::with_foos().await;
            server.post(FOOS, &foo("a", json!({}))).await.expect(201);
            for path in [format!("{FOOS}/{name}{tail}{query}"), format!("{FOOS}/a{tail}{query}"), format!("{FOOS}{query}")] {
                if http::Uri::try_from(path.as_str()).is_err() || path.contains("watch") {
                    continue;
                }
                let answer = server.send(&method, &path, &content_type, body.clone()).await;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(!text.contains("the server failed while it handled"), "{method} {path}: {text}");
            }
        });
    }
}
