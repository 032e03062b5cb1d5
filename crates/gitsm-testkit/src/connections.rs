//! Connections to one server, used again while the server keeps them open.

use crate::Credentials;
use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A body of a request or response that is passed on as it comes.
pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

/// A body that is known as a whole.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// The way to one server, cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    /// `127.0.0.1:41234`.
    authority: String,
    tls: Option<Arc<ClientConfig>>,
    idle: Arc<Mutex<Vec<SendRequest<Body>>>>,
}

impl Connections {
    /// The way to `http://…` or `https://…`, whose certificate `ca` has signed.
    pub(crate) fn new(url: &str, ca: &str, credentials: &Credentials) -> Result<Self> {
        let (authority, tls) = match url.split_once("://") {
            Some(("http", authority)) => (authority, None),
            Some(("https", authority)) => (authority, Some(Arc::new(client_config(ca, credentials)?))),
            _ => anyhow::bail!("{url:?} is no address of a server"),
        };
        Ok(Self {
            authority: authority.trim_end_matches('/').to_owned(),
            tls,
            idle: Arc::default(),
        })
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Sends a request; the answer's body comes while it is read.
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut sender = loop {
            match idle() {
                Some(sender) if sender.is_ready() => break sender,
                Some(_closed) => {}
                None => break self.connect().await?,
            }
        };
        let response = sender
            .send_request(request)
            .await
            .with_context(|| format!("no answer from {}", self.authority))?;
        let idle = Arc::clone(&self.idle);
        tokio::spawn(async move {
            if sender.ready().await.is_ok() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
            }
        });
        Ok(response)
    }

    async fn connect(&self) -> Result<SendRequest<Body>> {
        let stream = TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("cannot connect to {}", self.authority))?;
        stream.set_nodelay(true).context("cannot set up a connection")?;
        let Some(tls) = &self.tls else {
            return self.speak(stream).await;
        };
        let host = self.authority.rsplit_once(':').map_or("", |(host, _)| host);
        let name = ServerName::try_from(host.to_owned()).context("not a name of a server")?;
        let stream = TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
            .with_context(|| format!("no TLS with {}", self.authority))?;
        self.speak(stream).await
    }

    async fn speak<S>(&self, stream: S) -> Result<SendRequest<Body>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .with_context(|| format!("no HTTP with {}", self.authority))?;
        // Its errors are seen by the requests.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

/// TLS of a client: whose servers it believes (PEM), and who it says it is.
///
/// # Errors
/// When a certificate or key cannot be read.
pub fn client_config(ca: &str, credentials: &Credentials) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots
            .add(certificate.context("not a certificate of an authority")?)
            .context("not a certificate of an authority")?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("no version of TLS")?
        .with_root_certificates(roots);
    let Credentials::Certificate(identity) = credentials else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .context("not a client certificate")?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).context("not a private key")?;
    builder
        .with_client_auth_cert(chain, key)
        .context("the client certificate and its key cannot be used")
}
