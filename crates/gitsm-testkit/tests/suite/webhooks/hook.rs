//! A webhook that remembers what it was asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gitsm_apiserver::pki::Authority;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What is answered at a path to a request: a JSON patch.
pub(crate) type Answer = fn(path: &str, request: &Value) -> Value;

/// A server of webhooks over TLS.
pub(crate) struct Hook {
    url: String,
    ca_bundle: String,
    asked: Arc<Mutex<Vec<Value>>>,
    _folder: TempDir,
}

impl Hook {
    pub(crate) async fn start(answer: Answer) -> Self {
        let folder = TempDir::new().unwrap();
        let now = SystemTime::now();
        let authority = Authority::load_or_create(folder.path(), now).unwrap();
        let server = authority.issue_server(&["127.0.0.1".to_owned()], now).unwrap();
        let tls = TlsAcceptor::from(Arc::new(authority.server_config(&server).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, tls.clone(), answer, Arc::clone(&log)));
            }
        });
        Self {
            url,
            ca_bundle: STANDARD.encode(authority.certificate_pem()),
            asked,
            _folder: folder,
        }
    }

    /// How clients are to call the webhook at a path.
    pub(crate) fn client_config(&self, path: &str) -> Value {
        json!({"url": format!("{}{path}", self.url), "caBundle": self.ca_bundle})
    }

    /// What it was asked since the last time, with the path, in order.
    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, answer: Answer, log: Arc<Mutex<Vec<Value>>>) {
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request: http::Request<Incoming>| {
        let log = Arc::clone(&log);
        async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let review: Value = serde_json::from_slice(&body).unwrap();
            let asked = &review["request"];
            log.lock().unwrap().push(json!({"path": path, "request": asked}));
            let response = json!({
                "uid": asked["uid"], "allowed": true, "patchType": "JSONPatch",
                "patch": STANDARD.encode(answer(&path, asked).to_string()),
            });
            let answer =
                json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
            let mut answer = http::Response::new(Full::new(Bytes::from(answer.to_string())));
            let json = http::HeaderValue::from_static("application/json");
            answer.headers_mut().insert(http::header::CONTENT_TYPE, json);
            Ok::<_, Infallible>(answer)
        }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
