//! A server in the process of the test, and a client without any knowledge of it.

use bytes::Bytes;
use gitsm_apiserver::http::audit::NoAudit;
use gitsm_apiserver::http::gate::{NoReviews, OpenGate};
use gitsm_apiserver::http::limits::Limits;
use gitsm_apiserver::registry::AdmitAll;
use gitsm_apiserver::server::{Server, ServerOptions};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// How long a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The definition of most tests: `foos.x.dev` with a default, a set, status and scale.
pub(crate) fn foos() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "foos.x.dev"},
        "spec": {
            "group": "x.dev", "scope": "Namespaced", "names": {"plural": "foos", "kind": "Foo"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {
                    "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                }},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {
                        "a": {"type": "string", "default": "dd"},
                        "replicas": {"type": "integer"},
                        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                    }},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                }}},
            }],
        },
    })
}

/// Where definitions are.
pub(crate) const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Where the objects of [`foos`] are.
pub(crate) const FOOS: &str = "/apis/x.dev/v1/namespaces/default/foos";
pub(crate) const JSON: &str = "application/json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const PATCH: &str = "application/json-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// An object of [`foos`].
pub(crate) fn foo(name: &str, spec: Value) -> Value {
    let mut object = json!({"apiVersion": "x.dev/v1", "kind": "Foo", "metadata": {"name": name}});
    object["spec"] = spec;
    object
}

/// A running server with its folder.
pub(crate) struct Running {
    pub(crate) server: Server,
    folder: TempDir,
}

impl Running {
    /// An empty server.
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Self::open(folder.path(), Limits::default()).await;
        Self { server, folder }
    }

    /// A server that serves [`foos`].
    pub(crate) async fn with_foos() -> Self {
        let running = Self::start().await;
        let answer = running.post(DEFINITIONS, &foos()).await;
        assert_eq!(answer.code, 201, "{answer:?}");
        running
    }

    /// An empty server with other limits.
    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Self::open(folder.path(), limits).await;
        Self { server, folder }
    }

    async fn open(folder: &Path, limits: Limits) -> Server {
        let options = ServerOptions {
            folder: folder.join("store"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            gate: Box::new(|_| Arc::new(OpenGate)),
            reviews: Box::new(|_| Arc::new(NoReviews)),
            admission: Arc::new(AdmitAll),
            audit: Arc::new(NoAudit),
            limits,
            clock: Arc::new(jiff::Timestamp::now),
        };
        Server::start(options).await.unwrap()
    }

    /// Stops the server and starts it again over the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { server, folder } = self;
        server.stop().await;
        let server = Self::open(folder.path(), Limits::default()).await;
        Self { server, folder }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }

    /// Sends a request as it is and returns the beginning of the answer.
    pub(crate) async fn begin(&self, request: Request<Full<Bytes>>) -> http::Response<Incoming> {
        let stream = TokioIo::new(self.connect().await);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request);
        tokio::time::timeout(PATIENCE, answer).await.unwrap().unwrap()
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send_accepting(method, path, content_type, body, JSON).await
    }

    pub(crate) async fn send_accepting(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
        accept: &str,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "test")
            .header("user-agent", "tester/1.0")
            .header("content-type", content_type)
            .header("accept", accept)
            .body(Full::new(body.into()))
            .unwrap();
        let response = self.begin(request).await;
        let code = response.status().as_u16();
        let headers = response.headers().clone();
        let body = tokio::time::timeout(PATIENCE, response.into_body().collect())
            .await
            .unwrap()
            .unwrap();
        Answer {
            code,
            headers,
            body: body.to_bytes(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, JSON, "").await
    }

    pub(crate) async fn post(&self, path: &str, object: &Value) -> Answer {
        self.send("POST", path, JSON, object.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, object: &Value) -> Answer {
        self.send("PUT", path, JSON, object.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, content_type: &str, patch: &Value) -> Answer {
        self.send("PATCH", path, content_type, patch.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str, options: &Value) -> Answer {
        self.send("DELETE", path, JSON, options.to_string()).await
    }

    /// Follows a path; the query must ask for a watch.
    pub(crate) async fn watch(&self, path: &str) -> Watching {
        let request = Request::builder()
            .uri(path)
            .header("host", "test")
            .body(Full::new(Bytes::new()))
            .unwrap();
        let response = self.begin(request).await;
        assert_eq!(response.status(), 200);
        Watching {
            body: response.into_body(),
            rest: Vec::new(),
        }
    }

    /// Asks until the answer has this code: for what controllers do.
    pub(crate) async fn until(&self, path: &str, code: u16) -> Answer {
        let asked = async {
            loop {
                let answer = self.get(path).await;
                if answer.code == code {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn revision(&self) -> String {
        self.json()["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let all = self.headers.get_all("warning").iter();
        all.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// The code, with the whole answer in the message where it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: u16) -> Self {
        assert_eq!(self.code, code, "{:?}", self.body);
        self
    }
}

/// A watch under way.
pub(crate) struct Watching {
    body: Incoming,
    rest: Vec<u8>,
}

impl Watching {
    /// The next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.unwrap();
            match frame {
                None => return None,
                Some(frame) => self.rest.extend_from_slice(&frame.unwrap().into_data().unwrap()),
            }
        }
    }

    /// The next event as `TYPE name`.
    pub(crate) async fn brief(&mut self) -> String {
        let event = self.next().await.unwrap();
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
        format!("{} {name}", event["type"].as_str().unwrap())
    }
}
