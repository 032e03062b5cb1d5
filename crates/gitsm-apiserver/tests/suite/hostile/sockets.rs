//! Requests that are slow, cut, too large, or none.

use super::raw::{connect, frame, preface, send, status, until_closed, version_headers};
use super::{Client, Scene};
use crate::child::Options;
use gitsm_apiserver::pki::Authority;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const CONFIGMAPS: &str = "/api/v1/namespaces/default/configmaps";

/// A server that loses its patience soon.
fn impatient() -> Options {
    Options {
        patience: Some(Duration::from_millis(700)),
        ..Options::default()
    }
}

fn post(length: &str) -> String {
    format!("POST {CONFIGMAPS} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{length}\r\n\r\n")
}

#[tokio::test]
async fn slow_clients_are_given_up_and_hold_up_nobody() {
    let scene = Scene::new(impatient()).await;
    let address = scene.address();
    scene
        .during("slow heads and bodies, and 500 idle connections", async {
            let mut idle = Vec::new();
            for _ in 0..500 {
                idle.push(connect(address).await);
            }
            let heads = (0..60).map(|_| async {
                let mut stream = connect(address).await;
                for byte in b"GET /version HTTP/1.1\r\nx-slow: ".iter().cycle() {
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
            });
            let bodies = (0..60).map(|_| async {
                let mut stream = connect(address).await;
                send(&mut stream, post("content-length: 100000").as_bytes()).await;
                send(&mut stream, b"{\"apiVersion\":").await;
                assert_eq!(status(&mut stream).await, 408);
            });
            let all = async {
                tokio::join!(all(heads), all(bodies));
            };
            tokio::time::timeout(Duration::from_secs(20), all)
                .await
                .expect("slow clients are given up");
            for stream in &mut idle {
                until_closed(stream).await;
            }
        })
        .await;
    scene.finish(150);
}

async fn all(tasks: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut tasks: Vec<_> = tasks.map(Box::pin).collect();
    std::future::poll_fn(|cx| {
        tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
        if tasks.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn broken_requests_are_refused_or_cut() {
    let scene = Scene::new(impatient()).await;
    let address = scene.address();
    let code = async |bytes: &[u8]| {
        let mut stream = connect(address).await;
        send(&mut stream, bytes).await;
        status(&mut stream).await
    };
    scene
        .during("broken requests", async {
            let over = 3 * 1_024 * 1_024 + 1;
            let mut request = post(&format!("content-length: {over}")).into_bytes();
            assert_eq!(code(&request).await, 413, "declared too large");
            request = post("transfer-encoding: chunked").into_bytes();
            request.extend_from_slice(format!("{over:x}\r\n").as_bytes());
            request.resize(request.len() + over, b' ');
            request.extend_from_slice(b"\r\n0\r\n\r\n");
            assert_eq!(code(&request).await, 413, "too large in chunks");
            for chunk in [
                "zzz\r\n",
                "fffffffffffffffff\r\n",
                "5\r\nabc\r\n0\r\n\r\nxx",
                "-1\r\n",
                "5;x=y\r\nabcde0\r\n",
            ] {
                let found = code(format!("{}{chunk}", post("transfer-encoding: chunked")).as_bytes()).await;
                assert!(matches!(found, 400 | 408), "{chunk:?}: {found}");
            }
            let many = "x: y\r\n".repeat(10_000);
            let found = code(format!("GET /version HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes()).await;
            assert!(matches!(found, 0 | 431), "10,000 headers: {found}");
            let long = "a".repeat(100_000);
            let found = code(format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await;
            assert!(matches!(found, 0 | 414 | 431), "long target: {found}");
            let found =
                code(format!("GET /version HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n").as_bytes()).await;
            assert!(matches!(found, 0 | 431), "long header: {found}");
            let two = post("content-length: 5\r\ncontent-length: 6");
            assert!(matches!(code(two.as_bytes()).await, 0 | 400), "two lengths");
            for garbage in [
                "\0\0\0\0\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nxx\r\n\r\n",
                "\x16\x03\x01\x02\0\x01\0",
            ] {
                let found = code(garbage.as_bytes()).await;
                assert!(matches!(found, 0 | 400 | 505), "{garbage:?}: {found}");
            }
            // Sent less than was declared, and gone.
            for _ in 0..50 {
                let mut stream = connect(address).await;
                send(&mut stream, post("content-length: 3000000").as_bytes()).await;
                send(&mut stream, &vec![b' '; 100_000]).await;
            }
        })
        .await;
    scene.finish(100);
}

#[tokio::test]
async fn clients_that_do_not_read_cost_little_and_are_given_up() {
    let scene = Scene::new(impatient()).await;
    let address = scene.address();
    let mut client = Client::open(address).await;
    let large = "x".repeat(100_000);
    for number in 0..30 {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("large-{number}")}, "data": {"a": large}});
        client
            .expect(201, "POST", CONFIGMAPS, "application/json", &object.to_string())
            .await;
    }
    scene
        .during("lists and watches that are not read", async {
            let mut streams = Vec::new();
            for number in 0..60 {
                let mut stream = connect(address).await;
                let watch = if number % 2 == 0 { "?watch=1" } else { "" };
                send(
                    &mut stream,
                    format!("GET {CONFIGMAPS}{watch} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(),
                )
                .await;
                streams.push(stream);
            }
            // The others go on writing meanwhile.
            let patch = json!({"data": {"b": "c".repeat(1_000)}}).to_string();
            for number in 0..100 {
                let path = format!("{CONFIGMAPS}/large-{}", number % 30);
                let patch = patch.replace('c', if number % 60 < 30 { "c" } else { "d" });
                client
                    .expect(200, "PATCH", &path, "application/merge-patch+json", &patch)
                    .await;
            }
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            // The system holds some megabytes for each connection; the server does not go on beyond that.
            for stream in &mut streams {
                let mut all = Vec::new();
                let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut all))
                    .await
                    .expect("the server gave up");
                assert!(all.len() < 11_000_000, "{}", all.len());
            }
        })
        .await;
    scene.finish(400);
}

#[tokio::test]
async fn http2_is_not_a_way_to_do_more_harm() {
    let scene = Scene::new(impatient()).await;
    let address = scene.address();
    scene
        .during("rapid reset", async {
            for _ in 0..4 {
                let mut bytes = preface();
                for number in 0..5_000_u32 {
                    bytes.extend_from_slice(&frame(1, 0x5, number * 2 + 1, &version_headers()));
                    bytes.extend_from_slice(&frame(3, 0, number * 2 + 1, &8_u32.to_be_bytes()));
                }
                let mut stream = connect(address).await;
                send(&mut stream, &bytes).await;
                until_closed(&mut stream).await;
            }
        })
        .await;
    scene
        .during("streams without an end, and headers without one", async {
            let mut streams = Vec::new();
            for _ in 0..4 {
                let mut bytes = preface();
                for number in 0..2_000_u32 {
                    let mut block = vec![0x83, 0x86, 0x04, 36];
                    block.extend_from_slice(CONFIGMAPS.as_bytes());
                    block[3] = u8::try_from(CONFIGMAPS.len()).unwrap();
                    bytes.extend_from_slice(&frame(1, 0x4, number * 2 + 1, &block));
                }
                let mut stream = connect(address).await;
                send(&mut stream, &bytes).await;
                streams.push(stream);
                let mut bytes = preface();
                bytes.extend_from_slice(&frame(1, 0, 1, &version_headers()));
                for _ in 0..20_000 {
                    bytes.extend_from_slice(&frame(9, 0, 1, &[0x40, 1, b'x', 1, b'y']));
                }
                let mut stream = connect(address).await;
                send(&mut stream, &bytes).await;
                until_closed(&mut stream).await;
            }
            for (ty, flags, number, payload) in [
                (0_u8, 0_u8, 1_u32, vec![0; 16_384]),
                (6, 0, 0, vec![0; 8]),
                (4, 0, 0, vec![0; 6]),
                (8, 0, 0, vec![0, 0, 0, 1]),
                (2, 0, 1, vec![0; 5]),
                (0xff, 0xff, 0x7fff_ffff, vec![1; 100]),
            ] {
                let mut stream = connect(address).await;
                let mut bytes = preface();
                for _ in 0..5_000 {
                    bytes.extend_from_slice(&frame(ty, flags, number, &payload));
                    if bytes.len() > 4_000_000 {
                        break;
                    }
                }
                // It answers none of its pings and settings: nobody reads here.
                let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(&bytes)).await;
                streams.push(stream);
            }
        })
        .await;
    scene.finish(200);
}

#[tokio::test]
async fn what_is_no_tls_ends_its_connection_alone() {
    let scene = Scene::new(Options {
        tls: true,
        ..impatient()
    })
    .await;
    let address = scene.address();
    let mut hostile = Vec::new();
    for number in 0..300 {
        let mut stream = connect(address).await;
        match number % 4 {
            0 => {}
            1 => send(&mut stream, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await,
            2 => send(&mut stream, b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03").await,
            _ => send(&mut stream, &vec![0x16; 20_000]).await,
        }
        hostile.push(stream);
    }
    let authority = Authority::load_or_create(
        &scene.folder.path().join("attacked").join("pki"),
        SystemTime::now(),
    )
    .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap())
        .unwrap();
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        let stream = connect(address).await;
        let mut stream = connector
            .connect(ServerName::try_from("127.0.0.1").unwrap(), stream)
            .await
            .unwrap();
        stream
            .write_all(b"GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        longest = longest.max(began.elapsed());
    }
    assert!(longest < Duration::from_secs(3), "{longest:?}");
    for stream in &mut hostile {
        until_closed(stream).await;
    }
    scene.finish(150);
}
