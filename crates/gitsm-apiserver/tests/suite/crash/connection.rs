//! One connection to a server that may die at any moment.

use super::CONFIGMAPS;
use crate::harness::FOOS;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// The server is gone.
#[derive(Debug)]
pub(super) struct Gone;

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Gone> {
        let stream = TcpStream::connect(address).await.map_err(|_| Gone)?;
        stream.set_nodelay(true).map_err(|_| Gone)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| Gone)?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request and returns the beginning of the answer.
    pub(super) async fn begin(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> Result<http::Response<Incoming>, Gone> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "test")
            .header("user-agent", "crash/1")
            .header("content-type", content_type)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        self.sender.ready().await.map_err(|_| Gone)?;
        let answer = tokio::time::timeout(PATIENCE, self.sender.send_request(request));
        answer.await.expect("the server answers").map_err(|_| Gone)
    }

    /// Sends a request; code and body of the answer, if all of it comes.
    pub(super) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> Result<(u16, Value), Gone> {
        let response = self.begin(method, path, content_type, body).await?;
        let code = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|_| Gone)?.to_bytes();
        Ok((
            code,
            serde_json::from_slice(&body)
                .unwrap_or_else(|error| panic!("{method} {path}: {error}: {body:?}")),
        ))
    }

    /// The same of a server that nobody kills.
    pub(super) async fn expect(
        &mut self,
        code: u16,
        method: &str,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> Value {
        let (found, answer) = self.ask(method, path, content_type, body).await.unwrap();
        assert_eq!(found, code, "{method} {path}: {answer}");
        answer
    }

    /// The current revision.
    pub(super) async fn revision(&mut self, collection: &str) -> u64 {
        let list = self
            .expect(200, "GET", &format!("{collection}?limit=1"), "", &Value::Null)
            .await;
        super::writer::revision(&list)
    }

    /// Writes an object that is the last into both collections, and returns their revisions.
    pub(super) async fn mark(&mut self) -> [u64; 2] {
        let mut revisions = [0; 2];
        let kinds = [(FOOS, "x.dev/v1", "Foo"), (CONFIGMAPS, "v1", "ConfigMap")];
        for ((collection, version, kind), revision) in kinds.into_iter().zip(&mut revisions) {
            let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "last"}});
            let created = self
                .expect(201, "POST", collection, "application/json", &object)
                .await;
            *revision = super::writer::revision(&created);
        }
        revisions
    }
}
