//! Discovery, health, and what a server does not do.

use crate::harness::Running;
use gitsm_apiserver::http::audit::NoAudit;
use gitsm_apiserver::http::gate::{NoReviews, OpenGate};
use gitsm_apiserver::http::limits::Limits;
use gitsm_apiserver::registry::AdmitAll;
use gitsm_apiserver::server::{Server, ServerOptions, StartError};
use std::net::SocketAddr;
use std::sync::Arc;

#[tokio::test]
async fn discovery_lists_what_is_defined() {
    let server = Running::with_foos().await;
    let groups = server.get("/apis").await.expect(200).json();
    assert!(
        groups["groups"]
            .as_array()
            .unwrap()
            .iter()
            .any(|group| group["name"] == "x.dev")
    );
    let resources = server.get("/apis/x.dev/v1").await.expect(200).json();
    let names: Vec<&str> = resources["resources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["foos", "foos/status", "foos/scale"]);
    let document = server.get("/openapi/v3/apis/x.dev/v1").await.expect(200).json();
    assert!(
        document["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .any(|name| name.ends_with(".Foo"))
    );
    server.get("/openapi/v3").await.expect(200);
    server.get("/api").await.expect(200);
}

#[tokio::test]
async fn health_is_told() {
    let server = Running::start().await;
    for path in ["/healthz", "/livez", "/readyz", "/readyz/ping"] {
        assert_eq!(server.get(path).await.expect(200).body, "ok", "{path}");
    }
    let verbose = server.get("/readyz?verbose").await.expect(200);
    assert!(verbose.body.ends_with(b"readyz check passed\n"), "{verbose:?}");
    assert_eq!(server.get("/version").await.expect(200).json()["major"], "1");
}

fn options(folder: &std::path::Path, listen: SocketAddr) -> ServerOptions {
    ServerOptions {
        folder: folder.to_owned(),
        listen,
        tls: None,
        gate: Box::new(|_| Arc::new(OpenGate)),
        reviews: Box::new(|_| Arc::new(NoReviews)),
        admission: Arc::new(AdmitAll),
        audit: Arc::new(NoAudit),
        limits: Limits::default(),
        clock: Arc::new(jiff::Timestamp::now),
    }
}

#[tokio::test]
async fn nothing_but_loopback_is_served_without_tls() {
    let folder = tempfile::TempDir::new().unwrap();
    let exposed = Server::start(options(folder.path(), SocketAddr::from(([0, 0, 0, 0], 0)))).await;
    assert!(matches!(exposed, Err(StartError::Exposed(_))));
}

#[tokio::test]
async fn a_port_in_use_is_told_before_the_folder_is_touched() {
    let server = Running::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("store");
    let taken = Server::start(options(&store, server.server.address())).await;
    assert!(matches!(taken, Err(StartError::Address { .. })));
    assert!(!store.exists());
}
