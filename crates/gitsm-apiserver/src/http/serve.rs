//! Connections: accepting, TLS, HTTP/1.1 and HTTP/2, time-outs, shutting down.
//!
//! A connection that fails, stalls or lies ends alone; the loop that accepts goes on.

use super::patient::Patient;
use super::{Api, Peer};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// How long requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// Most connections at once; more wait in the queue of the system.
const CONNECTIONS: usize = 4_096;
/// How long to wait when the system has no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// Most bytes of all headers of a request.
const MAX_HEADERS: u32 = 64 * 1_024;
const MAX_STREAMS: u32 = 500;
/// How often an idle HTTP/2 client is asked whether it is still there, and how long it may take to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// Accepts connections until `stopping` turns true, then lets what is under way finish.
pub async fn run(
    api: Arc<Api>,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    mut stopping: watch::Receiver<bool>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            _ = stopping.wait_for(|stops| *stops) => break,
        };
        let Some((stream, slot)) = accepted else { continue };
        let api = Arc::clone(&api);
        let acceptor = acceptor.clone();
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let _slot = slot;
            connection(api, stream, acceptor, watcher).await;
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, slot)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn connection(
    api: Arc<Api>,
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Small answers are not held back to be sent with others.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else {
        return requests(api, Peer::default(), stream, watcher).await;
    };
    match tokio::time::timeout(api.inflight.limits().head, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let (_, session) = stream.get_ref();
            let certificates = session.peer_certificates().unwrap_or_default();
            let certificate = certificates
                .first()
                .map(|certificate| certificate.clone().into_owned());
            requests(api, Peer { certificate }, stream, watcher).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn requests<S>(api: Arc<Api>, peer: Peer, stream: S, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = Arc::new(peer);
    let limits = *api.inflight.limits();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (api, peer) = (Arc::clone(&api), Arc::clone(&peer));
        async move { Ok::<_, Infallible>(api.answer(&peer, request).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEADERS as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADERS)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1);
    let connection = builder
        .serve_connection(
            TokioIo::new(Patient::new(stream, limits.head, limits.reading)),
            service,
        )
        .into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended with an error");
    }
}
