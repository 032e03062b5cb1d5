//! The server as HTTP sees it: from a request to a response.
//!
//! | module | does |
//! |---|---|
//! | [`serve`] | connections: TLS, HTTP/1.1 and 2, time-outs, shutting down |
//! | `path`, `query` | what is asked for |
//! | `body`, `decode` | reading bodies |
//! | `aside` | work that may take long |
//! | `patient` | connections whose other end does nothing |
//! | `gate`, `audit`, `limits` | who asks, what is noted, how much at once |
//! | `resources`, `writes` | the verbs of resources |
//! | `stream` | watches |
//! | `render`, `reply` | answers in the form that the client accepts |
//! | `documents` | discovery, schemas, health, version |

pub(crate) mod aside;
pub mod audit;
pub mod body;
pub mod decode;
mod documents;
pub mod gate;
mod go_json;
mod isolate;
pub mod limits;
pub mod path;
mod patient;
pub mod query;
mod render;
mod reply;
mod resources;
pub mod serve;
mod stream;
mod writes;

pub(crate) use go_json::complaint as go_complaint;

use crate::crd::controller::Clock;
use crate::error::ApiError;
use crate::negotiate;
use crate::registry::Registry;
use crate::request::Verb;
use crate::user::User;
use audit::{AuditLog, Entry};
use body::ReplyBody;
use bytes::Bytes;
use gate::{Gate, Reviews};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use isolate::Isolated;
use jiff::Timestamp;
use limits::{Inflight, Permit};
use path::Target;
use query::Query;
use reply::Reply;
use rustls_pki_types::CertificateDer;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// What the answer to a request says that panicked.
pub(crate) const FAILED: &str = "the server failed while it handled this request";

/// Everything that answers requests.
pub struct Api {
    /// The objects.
    pub registry: Registry,
    /// Who may do what.
    pub gate: Arc<dyn Gate>,
    /// Resources that are computed.
    pub reviews: Arc<dyn Reviews>,
    /// What is noted.
    pub audit: Arc<dyn AuditLog>,
    /// The time.
    pub clock: Clock,
    /// How much each user may ask at once.
    pub inflight: Inflight,
    /// Up to which revision definitions were handled.
    pub definitions: watch::Receiver<u64>,
    /// Whether the server stops; watches end then.
    pub stopping: watch::Receiver<bool>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// The certificate that it proved to own.
    pub certificate: Option<CertificateDer<'static>>,
}

/// One request, as far as it was read.
struct Asked<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    query: &'a Query,
    user: &'a User,
    now: Timestamp,
    /// Whether the answer is indented for people.
    pretty: bool,
}

impl Asked<'_> {
    fn accept(&self) -> Option<&str> {
        header(self.headers, &ACCEPT)
    }

    fn content_type(&self) -> Option<&str> {
        header(self.headers, &CONTENT_TYPE)
    }

    fn agent(&self) -> &str {
        header(self.headers, &USER_AGENT).unwrap_or_default()
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What came of a request, for the answer and for the audit log.
#[derive(Default)]
struct Outcome {
    user: Option<User>,
    target: Option<Target>,
}

impl Api {
    /// Answers one request. Whatever happens, something is answered.
    pub async fn answer<B>(self: &Arc<Self>, peer: &Peer, request: Request<B>) -> Response<ReplyBody>
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: std::fmt::Display,
    {
        let (parts, body) = request.into_parts();
        let began = Instant::now();
        let at = (self.clock)();
        let id = crate::random_uid().unwrap_or_default();
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let accept = header(&parts.headers, &ACCEPT);
        let pretty = is_pretty(&query, &parts.headers);
        let mut outcome = Outcome::default();
        let work = self.process(peer, &parts, &query, at, pretty, body, &mut outcome);
        let result = Isolated::new(work).await.unwrap_or_else(|panic| {
            tracing::error!(uri = %parts.uri, panic, "a request panicked; this is a bug of the server");
            Err(ApiError::internal(FAILED))
        });
        let reply =
            result.unwrap_or_else(|error| Reply::error(&error, negotiate::error_format(accept), pretty));
        self.audit.note(&Entry {
            id: &id,
            at,
            took: began.elapsed(),
            user: outcome.user.as_ref(),
            method: &parts.method,
            uri: parts.uri.path_and_query().map_or("/", |whole| whole.as_str()),
            target: outcome.target.as_ref(),
            code: reply.code,
        });
        reply.into_response(&id)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of one request, read by the only caller"
    )]
    async fn process<B>(
        self: &Arc<Self>,
        peer: &Peer,
        parts: &http::request::Parts,
        query: &Query,
        now: Timestamp,
        pretty: bool,
        body: B,
        outcome: &mut Outcome,
    ) -> Result<Reply, ApiError>
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: std::fmt::Display,
    {
        let certificate = peer.certificate.as_ref();
        let user = &*outcome
            .user
            .insert(self.gate.authenticate(&parts.headers, certificate)?);
        let target = path::parse(&parts.method, parts.uri.path(), query)?;
        let target = &*outcome.target.insert(target);
        let permit = self.inflight.enter(&user.name, is_watch(target))?;
        self.gate.authorize(user, &parts.method, target)?;
        let asked = Asked {
            method: &parts.method,
            headers: &parts.headers,
            query,
            user,
            now,
            pretty,
        };
        match target {
            Target::Resource(request) => self.resource(&asked, request, body, permit).await,
            Target::Path(path) if path.starts_with("/openapi") => {
                aside::aside(|| self.document(&asked, path))
            }
            Target::Path(path) => self.document(&asked, path),
        }
    }
}

fn is_watch(target: &Target) -> bool {
    matches!(target, Target::Resource(request) if request.verb == Verb::Watch)
}

/// Whether an answer is indented: when asked for, and for tools that people look at.
fn is_pretty(query: &Query, headers: &HeaderMap) -> bool {
    if let Some(wanted) = query.switch("pretty") {
        return wanted;
    }
    let agent = header(headers, &USER_AGENT).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"]
        .iter()
        .any(|tool| agent.starts_with(tool))
}

/// Held by what goes on after the answer began.
type Held = Permit;
