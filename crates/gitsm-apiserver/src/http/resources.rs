//! The verbs of resources: finding the kind, reading.

use super::aside::Aside;
use super::gate::Reviews;
use super::reply::Reply;
use super::{Api, Asked, Held, body, decode, render, stream};
use crate::crd;
use crate::error::ApiError;
use crate::kind::{Kind, Origin, Part};
use crate::negotiate;
use crate::registry::{Selection, stored_resource};
use crate::request::{ResourceRequest, Verb};
use bytes::Bytes;
use http_body::Body;
use std::sync::Arc;

/// From this many objects on a list is a long one.
const LONG_LIST: usize = 200;
/// From this many bytes on, of what comes and what is there, a write is a hard one.
const HARD: usize = 16 * 1_024;

impl Api {
    pub(super) async fn resource<B>(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        request: &ResourceRequest,
        body: B,
        permit: Held,
    ) -> Result<Reply, ApiError>
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: std::fmt::Display,
    {
        if self.reviews.knows(request) {
            return self.review(asked, request, body).await;
        }
        let table = self.registry.kinds().snapshot();
        let found = table.resource(&request.group, &request.version, &request.resource);
        let Some(kind) = found.filter(|kind| is_in_place(kind, request) && is_stored(kind)) else {
            return Ok(Reply::page_not_found());
        };
        let part = part(kind, request)?;
        check_verb(kind, part, request)?;
        let reply = match request.verb {
            Verb::Get => self.get(asked, kind, part, request).await,
            Verb::List => {
                let list = self.list(asked, kind, request);
                let reply = if self.is_long(kind) {
                    Aside::new(list).await
                } else {
                    list.await
                };
                reply.map(|reply| reply.held(permit))
            }
            Verb::Watch if self.is_long(kind) => Aside::new(self.watch(asked, kind, request, permit)).await,
            Verb::Watch => self.watch(asked, kind, request, permit).await,
            _ => {
                let raw = self.body(asked, body).await?;
                let _turn = if raw.len() > body::LARGE {
                    self.inflight.large_work().await
                } else {
                    None
                };
                if self.is_hard(kind, request, &raw) {
                    Aside::new(self.write(asked, kind, part, request, raw)).await
                } else {
                    self.write(asked, kind, part, request, raw).await
                }
            }
        }?;
        let warning = kind.deprecation_warning.as_slice();
        Ok(reply.with_warnings(warning))
    }

    async fn body<B>(&self, asked: &Asked<'_>, body: B) -> Result<Bytes, ApiError>
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: std::fmt::Display,
    {
        let admit = || self.inflight.large_body(&asked.user.name);
        body::read(body, self.inflight.limits().body, admit).await
    }

    /// Whether going through the objects of a kind takes so long that others would notice.
    fn is_long(&self, kind: &Kind) -> bool {
        self.registry.store().count(&stored_resource(kind)) > LONG_LIST
    }

    /// Whether a write may take so long that others would notice: for its size, for that of what it changes, or
    /// because the rules of the kind are its author's.
    fn is_hard(&self, kind: &Kind, request: &ResourceRequest, raw: &Bytes) -> bool {
        let name = request.name.as_deref();
        kind.origin != Origin::BuiltIn
            || kind.resource == crd::resource()
            || request.verb == Verb::DeleteCollection
            || raw.len()
                + name.map_or(0, |name| {
                    self.registry.size(kind, request.namespace.as_deref(), name)
                })
                > HARD
    }

    async fn review<B>(
        &self,
        asked: &Asked<'_>,
        request: &ResourceRequest,
        body: B,
    ) -> Result<Reply, ApiError>
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: std::fmt::Display,
    {
        if request.verb != Verb::Create {
            let named = crate::error::Named {
                group: &request.group,
                resource: &request.resource,
            };
            return Err(unsupported(request.verb, named));
        }
        let accepted = negotiate::resource(asked.accept())?;
        let raw = self.body(asked, body).await?;
        let decoded = decode::by_content_type(asked.content_type(), &raw, &request.resource)?;
        let reviews: &dyn Reviews = &*self.reviews;
        let answer = reviews.answer(asked.user, request, decoded.value)?;
        Ok(Reply::value(201, &answer, accepted.format, asked.pretty))
    }

    async fn get(
        &self,
        asked: &Asked<'_>,
        kind: &Arc<Kind>,
        part: Part,
        request: &ResourceRequest,
    ) -> Result<Reply, ApiError> {
        let accepted = negotiate::resource(asked.accept())?;
        let namespace = request.namespace.as_deref();
        let name = request.name.as_deref().unwrap_or_default();
        if part == Part::Scale {
            let scale = self.registry.get_scale(kind, namespace, name)?;
            return render::scale(asked, &scale, accepted);
        }
        let since = asked.query.get("resourceVersion");
        let stored = self.registry.get_since(kind, namespace, name, since).await?;
        render::object(asked, kind, &stored, accepted, 200)
    }

    async fn list(
        &self,
        asked: &Asked<'_>,
        kind: &Arc<Kind>,
        request: &ResourceRequest,
    ) -> Result<Reply, ApiError> {
        let accepted = negotiate::resource(asked.accept())?;
        let options = asked.query.list_options()?;
        let selection = Selection::parse(kind, &options)?;
        let namespace = request.namespace.as_deref();
        let list = self.registry.list(kind, namespace, &selection, &options).await?;
        render::list(asked, kind, &list, accepted)
    }

    async fn watch(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        kind: &Arc<Kind>,
        request: &ResourceRequest,
        permit: Held,
    ) -> Result<Reply, ApiError> {
        let accepted = negotiate::watch(asked.accept())?;
        let options = asked.query.list_options()?;
        let selection = Selection::parse(kind, &options)?;
        let namespace = request.namespace.as_deref();
        let watcher = self.registry.watch(kind, namespace, selection, &options).await?;
        let encoder = render::Events::new(asked, kind, accepted, Arc::clone(&self.clock))?;
        Ok(stream::start(self, watcher, encoder, &options, permit))
    }
}

/// Kinds that can only be created are answered by the reviews, never stored.
fn is_stored(kind: &Kind) -> bool {
    kind.verbs.as_slice() != [Verb::Create]
}

/// Whether the path has a namespace where the kind needs one. Lists and watches may leave it out.
fn is_in_place(kind: &Kind, request: &ResourceRequest) -> bool {
    match (kind.namespaced, &request.namespace) {
        (false, namespace) => namespace.is_none(),
        (true, Some(_)) => true,
        (true, None) => request.name.is_none() && matches!(request.verb, Verb::List | Verb::Watch),
    }
}

fn part(kind: &Kind, request: &ResourceRequest) -> Result<Part, ApiError> {
    let is_namespace = kind.origin == Origin::BuiltIn && &*kind.resource.resource == "namespaces";
    match request.subresource.as_deref() {
        None => Ok(Part::Whole),
        Some("status") if kind.has_status => Ok(Part::Status),
        Some("scale") if kind.scale.is_some() => Ok(Part::Scale),
        Some("finalize") if is_namespace => Ok(Part::Finalize),
        Some(_) => Err(ApiError::not_found(
            kind.named(),
            request.name.as_deref().unwrap_or_default(),
        )),
    }
}

fn check_verb(kind: &Kind, part: Part, request: &ResourceRequest) -> Result<(), ApiError> {
    let verb = request.verb;
    let allowed = match part {
        // The path of a custom resource takes what the path of its list takes. That of a built-in kind does not.
        Part::Whole if verb == Verb::Create && request.name.is_some() => {
            kind.origin != Origin::BuiltIn && kind.verbs.contains(&verb)
        }
        Part::Whole => kind.verbs.contains(&verb),
        Part::Status | Part::Scale => matches!(verb, Verb::Get | Verb::Update | Verb::Patch),
        Part::Finalize => verb == Verb::Update,
    };
    if !allowed {
        if kind.origin == Origin::BuiltIn {
            return Err(not_routed());
        }
        let mut error = unsupported(verb, kind.named());
        if part == Part::Whole && verb == Verb::Create {
            // Nothing else keeps a custom resource from being created.
            error.message = format!(
                "{} not allowed while custom resource definition is terminating",
                verb.as_str()
            );
        }
        return Err(error);
    }
    match request.name.as_deref() {
        None if matches!(verb, Verb::Update | Verb::Patch) => {
            Err(ApiError::bad_request("name must be provided"))
        }
        Some(name) if verb != Verb::Create => check_segment(name),
        _ => Ok(()),
    }
}

/// A name that can be no segment of a path is no name of anything.
fn check_segment(name: &str) -> Result<(), ApiError> {
    let why = match name {
        "." => "may not be '.'",
        ".." => "may not be '..'",
        name if name.contains('%') => "may not contain '%'",
        _ => return Ok(()),
    };
    Err(ApiError::bad_request(format!(
        "Name parameter invalid: {}: {why}",
        gitsm_schema::values::go_quote(name)
    )))
}

/// 405 as upstream answers it for built-in kinds, whose routes lack what is not allowed.
fn not_routed() -> ApiError {
    let message = "the server does not allow this method on the requested resource";
    ApiError::new(405, "MethodNotAllowed", message).with_causes(vec![])
}

fn unsupported(verb: Verb, named: crate::error::Named<'_>) -> ApiError {
    let message = format!(
        "{} is not supported on resources of kind \"{named}\"",
        verb.as_str()
    );
    ApiError::new(405, "MethodNotAllowed", message).about(named, "")
}
