//! The client: one connection, one request at a time.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An answer that takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where requests go.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) authority: String,
    pub(crate) tls: Arc<ClientConfig>,
}

/// One connection.
pub(crate) struct Caller {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const YAML: &str = "application/yaml";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

impl Caller {
    pub(crate) async fn connect(place: &Place) -> Result<Self> {
        let stream = TcpStream::connect(&place.authority)
            .await
            .with_context(|| format!("cannot connect to {}", place.authority))?;
        stream.set_nodelay(true).context("cannot set up a connection")?;
        let name = ServerName::try_from("127.0.0.1").context("not a name")?;
        let stream = TlsConnector::from(Arc::clone(&place.tls))
            .connect(name, stream)
            .await
            .context("no TLS")?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.context("no HTTP")?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            host: HeaderValue::from_str(&place.authority).context("not a host")?,
        })
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        content: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<(StatusCode, Incoming)> {
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().context("not a path")?;
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        let answer = async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        };
        let response = tokio::time::timeout(PATIENCE, answer)
            .await
            .with_context(|| format!("{path}: no answer"))?
            .with_context(|| format!("{path}: no answer"))?;
        Ok((response.status(), response.into_body()))
    }

    /// The whole answer, which must be a success.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        content: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Bytes> {
        let (status, body) = self.send(method, path, content, body).await?;
        let body = tokio::time::timeout(PATIENCE, body.collect())
            .await
            .context("the answer does not end")?
            .context("the answer broke off")?
            .to_bytes();
        ensure!(
            status.is_success(),
            "{path}: {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Bytes> {
        self.call(Method::GET, path, JSON, Bytes::new()).await
    }

    /// Reads an answer and forgets it; how long it was.
    pub(crate) async fn drain(&mut self, path: &str) -> Result<usize> {
        let (status, mut body) = self.send(Method::GET, path, JSON, Bytes::new()).await?;
        ensure!(status.is_success(), "{path}: {status}");
        let mut length = 0;
        while let Some(frame) = tokio::time::timeout(PATIENCE, body.frame())
            .await
            .context("the answer does not end")?
        {
            length += frame
                .context("the answer broke off")?
                .data_ref()
                .map_or(0, Bytes::len);
        }
        Ok(length)
    }
}
