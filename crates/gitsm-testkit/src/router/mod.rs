//! Two real servers behind one address: built-in kinds come from an old kube-apiserver, CRDs and custom resources
//! from a current apiextensions-apiserver. Requests and answers pass through as they are; only discovery is merged.
//!
//! The router knows its callers by their certificates and names them to the servers as a trusted proxy does, so that
//! permissions are judged for the caller. Tokens pass through.

mod discovery;

use crate::connections::{Body, Connections, whole};
use crate::launch::Site;
use crate::pki::{Issued, Subject};
use anyhow::{Context as _, Result};
use discovery::{Destination, destination};
use http::header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Headers with which a proxy names a user: from a caller they mean nothing.
const NAMING: &str = "x-remote-";

/// The router, running on threads of its own so that it serves while a test does not.
pub(crate) struct Router {
    url: String,
    runtime: Option<tokio::runtime::Runtime>,
}

/// What every request needs.
struct Routes {
    core: Connections,
    customs: Connections,
    /// API groups of the old server.
    built_in: BTreeSet<String>,
    issued: Issued,
}

impl Router {
    /// Starts a router in front of the servers at `core` and `customs`.
    pub(crate) async fn start(site: &Site, core: &str, customs: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("router")
            .enable_all()
            .build()
            .context("no runtime for the router")?;
        let routes = Routes {
            core: site.connections(core, site.proxy()?)?,
            customs: site.connections(customs, site.proxy()?)?,
            built_in: built_in_groups(site, core).await?,
            issued: site.pki.issued(),
        };
        let tls = TlsAcceptor::from(Arc::new(server_config(site)?));
        let (listener, port) = {
            let _inside = runtime.enter();
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
            listener.set_nonblocking(true).context("cannot set up a port")?;
            let port = listener.local_addr().context("no free port")?.port();
            (TcpListener::from_std(listener).context("cannot listen")?, port)
        };
        runtime.spawn(accept(listener, tls, Arc::new(routes)));
        Ok(Self {
            url: format!("https://127.0.0.1:{port}"),
            runtime: Some(runtime),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting is not allowed inside of a test's own runtime, and there is nothing to wait for.
            runtime.shutdown_background();
        }
    }
}

async fn built_in_groups(site: &Site, core: &str) -> Result<BTreeSet<String>> {
    let client = crate::Client::new(core, site.pki.certificate(), &site.admin)?;
    let groups = client.get("/apis").await?.success()?.json()?;
    Ok(discovery::group_names(&groups)
        .filter(|group| group != discovery::APIEXTENSIONS)
        .collect())
}

fn server_config(site: &Site) -> Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let ca =
        CertificateDer::from_pem_slice(site.pki.certificate().as_bytes()).context("not a certificate")?;
    roots.add(ca).context("not a certificate of an authority")?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .context("clients cannot be verified")?;
    let identity = site.pki.server()?;
    let certificate =
        CertificateDer::from_pem_slice(identity.certificate.as_bytes()).context("not a certificate")?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).context("not a private key")?;
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("no version of TLS")?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .context("the certificate cannot be used")
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, routes: Arc<Routes>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, routes) = (tls.clone(), Arc::clone(&routes));
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let Ok(stream) = tls.accept(stream).await else {
                return;
            };
            let caller = stream
                .get_ref()
                .1
                .peer_certificates()
                .and_then(|chain| routes.issued.subject(chain.first()?));
            let service = service_fn(move |request| {
                let (routes, caller) = (Arc::clone(&routes), caller.clone());
                async move { Ok::<_, Infallible>(routes.answer(request, caller.as_ref()).await) }
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
            // A caller that goes away is no event.
            drop(serving);
        });
    }
}

impl Routes {
    async fn answer(&self, request: Request<Incoming>, caller: Option<&Subject>) -> Response<Body> {
        let is_read = request.method() == Method::GET;
        let result = match destination(request.uri().path(), &self.built_in) {
            Destination::Groups if is_read => self.groups(request.headers(), caller).await,
            Destination::Customs => forward(&self.customs, request, caller).await,
            Destination::Core | Destination::Groups => forward(&self.core, request, caller).await,
        };
        result.unwrap_or_else(|error| {
            let mut response = Response::new(whole(format!("router: {error:#}")));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        })
    }

    /// The list of groups of both servers. The second serves none, so it is made from the CRDs that it has.
    async fn groups(&self, headers: &HeaderMap, caller: Option<&Subject>) -> Result<Response<Body>> {
        // Only the plain list can be merged; clients that would like another form take it as well.
        let (status, list) = get(&self.core, "/apis", headers, caller).await?;
        if !status.is_success() {
            let mut response = Response::new(whole(list.to_string()));
            *response.status_mut() = status;
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return Ok(response);
        }
        // Discovery is for everyone, the list of CRDs is not: the router reads it in its own name.
        let router = Subject {
            name: "router".to_owned(),
            groups: vec!["system:masters".to_owned()],
        };
        let none = HeaderMap::new();
        let (_, crds) = get(&self.customs, discovery::CRDS, &none, Some(&router)).await?;
        let mut more = Vec::new();
        for group in discovery::custom_groups(&crds) {
            let (status, group) = get(&self.customs, &format!("/apis/{group}"), &none, Some(&router)).await?;
            if status.is_success() {
                more.push(group);
            }
        }
        let mut response = Response::new(whole(discovery::merge(list, more).to_string()));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}

/// Passes a request on; what comes back is passed on chunk by chunk.
async fn forward(
    to: &Connections,
    request: Request<Incoming>,
    caller: Option<&Subject>,
) -> Result<Response<Body>> {
    let (mut parts, body) = request.into_parts();
    prepare(&mut parts.headers, to, caller)?;
    let response = to.send(Request::from_parts(parts, body.boxed())).await?;
    let (mut parts, body) = response.into_parts();
    for header in [CONNECTION, TRANSFER_ENCODING] {
        parts.headers.remove(header);
    }
    parts.version = http::Version::HTTP_11;
    Ok(Response::from_parts(parts, body.boxed()))
}

/// Reads JSON from a server for a caller, whose token comes along.
async fn get(
    from: &Connections,
    path: &str,
    headers: &HeaderMap,
    caller: Option<&Subject>,
) -> Result<(StatusCode, serde_json::Value)> {
    let mut request = Request::new(whole(""));
    *request.uri_mut() = path.parse().context("not a path")?;
    if let Some(token) = headers.get(http::header::AUTHORIZATION) {
        request
            .headers_mut()
            .insert(http::header::AUTHORIZATION, token.clone());
    }
    prepare(request.headers_mut(), from, caller)?;
    let response = from.send(request).await?;
    let status = response.status();
    let body = response
        .into_body()
        .collect()
        .await
        .context("the answer broke off")?
        .to_bytes();
    let value = serde_json::from_slice(&body).unwrap_or_default();
    Ok((status, value))
}

/// Replaces what belongs to a connection, and what a caller says about who it is, by what is true here.
fn prepare(headers: &mut HeaderMap, to: &Connections, caller: Option<&Subject>) -> Result<()> {
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(NAMING))
        .cloned()
        .collect();
    for name in claims.into_iter().chain([CONNECTION, TRANSFER_ENCODING]) {
        headers.remove(name);
    }
    headers.insert(HOST, HeaderValue::from_str(to.authority()).context("not a host")?);
    for (name, value) in caller.into_iter().flat_map(Subject::headers) {
        headers.append(name, HeaderValue::from_str(value).context("not a user")?);
    }
    Ok(())
}
