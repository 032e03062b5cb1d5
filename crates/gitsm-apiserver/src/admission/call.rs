//! Asking a webhook over HTTPS.

use super::configuration::Webhook;
use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A webhook's answer may have this many bytes.
const MAX_ANSWER: usize = 3 * 1_024 * 1_024;

/// Asks webhooks, one connection for each question.
#[derive(Debug, Clone, Default)]
pub struct Caller;

impl Caller {
    /// Sends a review and reads the answer.
    ///
    /// The error says why no answer was had, without the webhook's name.
    pub(super) async fn ask(&self, webhook: &Webhook, review: &Value) -> Result<Value, String> {
        let target = Target::of(webhook)?;
        match tokio::time::timeout(webhook.timeout, target.post(review)).await {
            Ok(answer) => answer.map_err(|why| format!("failed to call webhook: {why}")),
            Err(_) => Err(format!(
                "failed to call webhook: Post \"{}?timeout={}s\": context deadline exceeded",
                target.uri,
                webhook.timeout.as_secs()
            )),
        }
    }
}

struct Target {
    uri: Uri,
    host: String,
    port: u16,
    roots: RootCertStore,
    timeout_seconds: u64,
}

impl Target {
    fn of(webhook: &Webhook) -> Result<Self, String> {
        let client = &webhook.client;
        let Some(url) = &client.url else {
            return Err(if client.service.is_some() {
                "clientConfig.service is not supported here, because nothing runs services; use clientConfig.url".to_owned()
            } else {
                "clientConfig.url is missing".to_owned()
            });
        };
        let uri: Uri = url
            .parse()
            .map_err(|error| format!("clientConfig.url: {error}"))?;
        if uri.scheme_str() != Some("https") {
            return Err("clientConfig.url must begin with https://".to_owned());
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err("clientConfig.url names no host".to_owned());
        }
        Ok(Self {
            port: uri.port_u16().unwrap_or(443),
            host,
            uri,
            roots: roots(client.ca_bundle.as_deref())?,
            timeout_seconds: webhook.timeout.as_secs(),
        })
    }

    async fn post(&self, review: &Value) -> Result<Value, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| format!("dial tcp {}:{}: {error}", self.host, self.port))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| text(&error))?
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        let name = ServerName::try_from(self.host.clone()).map_err(|error| text(&error))?;
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(name, stream)
            .await
            .map_err(|error| format!("tls: {error}"))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| text(&error))?;
        // The connection is driven until the answer is read, and ends with it.
        let driver = tokio::spawn(connection);
        let answer = self.exchange(&mut sender, review).await;
        driver.abort();
        answer
    }

    async fn exchange(
        &self,
        sender: &mut hyper::client::conn::http1::SendRequest<Full<Bytes>>,
        review: &Value,
    ) -> Result<Value, String> {
        let path = match self.uri.path_and_query() {
            Some(path) if path.query().is_some() => format!("{path}&timeout={}s", self.timeout_seconds),
            Some(path) => format!("{path}?timeout={}s", self.timeout_seconds),
            None => format!("/?timeout={}s", self.timeout_seconds),
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(
                header::HOST,
                format!("{}:{}", self.uri.host().unwrap_or_default(), self.port),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Full::new(Bytes::from(review.to_string())))
            .map_err(|error| error.to_string())?;
        let answer = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        if !status.is_success() {
            return Err(format!(
                "the server answered {status}: {}",
                String::from_utf8_lossy(&body[..body.len().min(200)])
            ));
        }
        serde_json::from_slice(&body).map_err(|error| format!("the answer is no AdmissionReview: {error}"))
    }
}

/// The authorities of `caBundle`: base64 of PEM, as in the object.
fn roots(ca_bundle: Option<&str>) -> Result<RootCertStore, String> {
    let Some(bundle) = ca_bundle.filter(|bundle| !bundle.is_empty()) else {
        return Err(
            "clientConfig.caBundle is missing; the authorities of this machine are not consulted".to_owned(),
        );
    };
    let pem = base64::engine::general_purpose::STANDARD
        .decode(bundle)
        .map_err(|error| format!("clientConfig.caBundle: {error}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("clientConfig.caBundle: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("clientConfig.caBundle: {error}"))?;
    }
    if roots.is_empty() {
        return Err("clientConfig.caBundle holds no certificate".to_owned());
    }
    Ok(roots)
}
