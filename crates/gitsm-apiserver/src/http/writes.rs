//! The writing verbs of resources.

use super::reply::Reply;
use super::{Api, Asked, decode, render};
use crate::crd;
use crate::error::ApiError;
use crate::kind::{Kind, Part};
use crate::negotiate::{self, Accepted};
use crate::registry::{Body, Deleted, PatchBody, Request, Selection};
use crate::request::{PatchKind, ResourceRequest, Verb, WriteOptions};
use crate::store::Stored;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer about a definition waits until it has taken effect.
const SETTLING: Duration = Duration::from_secs(1);

/// What a writing request needs besides its body.
struct Writing<'a> {
    asked: &'a Asked<'a>,
    kind: &'a Arc<Kind>,
    part: Part,
    request: &'a ResourceRequest,
    accepted: Accepted,
}

impl<'a> Writing<'a> {
    fn name(&self) -> &'a str {
        self.request.name.as_deref().unwrap_or_default()
    }

    fn request(&self, options: &'a WriteOptions) -> Request<'a> {
        Request {
            kind: self.kind,
            part: self.part,
            namespace: self.request.namespace.as_deref(),
            user: self.asked.user,
            options,
            now: self.asked.now,
        }
    }

    fn options(&self, kind: &'static str) -> Result<WriteOptions, ApiError> {
        self.asked.query.write_options(kind, self.asked.agent())
    }

    fn decode(&self, raw: Bytes, wanted: &str) -> Result<Body, ApiError> {
        let decoded = decode::by_content_type(self.asked.content_type(), &raw, wanted)?;
        Ok(Body { decoded, raw })
    }

    /// An object.
    fn object(&self, stored: &Stored, created: bool) -> Result<Reply, ApiError> {
        let code = if created { 201 } else { 200 };
        render::object(self.asked, self.kind, stored, self.accepted, code)
    }

    fn value(&self, value: &Value) -> Reply {
        Reply::value(200, value, self.accepted.format, self.asked.pretty)
    }
}

impl Api {
    pub(super) async fn write(
        &self,
        asked: &Asked<'_>,
        kind: &Arc<Kind>,
        part: Part,
        request: &ResourceRequest,
        raw: Bytes,
    ) -> Result<Reply, ApiError> {
        let writing = Writing {
            asked,
            kind,
            part,
            request,
            accepted: negotiate::resource(asked.accept())?,
        };
        let mut warnings = Vec::new();
        let result = match request.verb {
            Verb::Create => self.create(&writing, raw, &mut warnings).await,
            Verb::Update => self.update(&writing, raw, &mut warnings).await,
            Verb::Patch => self.patch(&writing, raw, &mut warnings).await,
            Verb::Delete => self.delete(&writing, raw, &mut warnings).await,
            _ => self.delete_collection(&writing, raw, &mut warnings).await,
        };
        let format = writing.accepted.format;
        let reply = result.unwrap_or_else(|error| Reply::error(&error, format, asked.pretty));
        // A refusal carries what was noticed on the way to it, too.
        Ok(reply.with_warnings(&warnings))
    }

    /// What was just written about a definition shows in what the client asks next.
    async fn settle(&self, kind: &Kind, stored: &Stored) {
        if kind.resource == crd::resource() {
            let mut done = self.definitions.clone();
            let _ = tokio::time::timeout(SETTLING, done.wait_for(|done| *done >= stored.revision)).await;
        }
    }

    async fn create(
        &self,
        writing: &Writing<'_>,
        raw: Bytes,
        warnings: &mut Vec<String>,
    ) -> Result<Reply, ApiError> {
        let options = writing.options("CreateOptions")?;
        let body = writing.decode(raw, &writing.kind.names.kind)?;
        let stored = self
            .registry
            .create(&writing.request(&options), body, warnings)
            .await?;
        self.settle(writing.kind, &stored).await;
        writing.object(&stored, true)
    }

    async fn update(
        &self,
        writing: &Writing<'_>,
        raw: Bytes,
        warnings: &mut Vec<String>,
    ) -> Result<Reply, ApiError> {
        let options = writing.options("UpdateOptions")?;
        let request = writing.request(&options);
        if writing.part == Part::Scale {
            let body = writing.decode(raw, "Scale")?;
            let scale = self
                .registry
                .update_scale(&request, writing.name(), body, warnings)
                .await?;
            return render::scale(writing.asked, &scale, writing.accepted);
        }
        let body = writing.decode(raw, &writing.kind.names.kind)?;
        let (stored, created) = self
            .registry
            .update(&request, writing.name(), body, warnings)
            .await?;
        self.settle(writing.kind, &stored).await;
        writing.object(&stored, created)
    }

    async fn patch(
        &self,
        writing: &Writing<'_>,
        raw: Bytes,
        warnings: &mut Vec<String>,
    ) -> Result<Reply, ApiError> {
        let takes_strategic = matches!(writing.kind.origin, crate::kind::Origin::BuiltIn);
        let kind = negotiate::patch(writing.asked.content_type(), takes_strategic)?;
        let is_apply = kind == PatchKind::Apply;
        let options = writing
            .asked
            .query
            .patch_options(writing.asked.agent(), is_apply)?;
        let request = writing.request(&options);
        let body = PatchBody { kind, raw };
        if writing.part == Part::Scale {
            let scale = self
                .registry
                .patch_scale(&request, writing.name(), &body, warnings)
                .await?;
            return render::scale(writing.asked, &scale, writing.accepted);
        }
        let (stored, created) = self
            .registry
            .patch(&request, writing.name(), &body, warnings)
            .await?;
        self.settle(writing.kind, &stored).await;
        writing.object(&stored, created)
    }

    async fn delete(
        &self,
        writing: &Writing<'_>,
        raw: Bytes,
        warnings: &mut Vec<String>,
    ) -> Result<Reply, ApiError> {
        let body = delete_body(writing.asked, &raw)?;
        let options = writing.asked.query.delete_options(body.as_ref())?;
        let write = WriteOptions::default();
        let request = writing.request(&write);
        match self
            .registry
            .delete(&request, writing.name(), &options, warnings)
            .await?
        {
            Deleted::Gone(status) => Ok(writing.value(&status)),
            Deleted::Marked(stored) => {
                self.settle(writing.kind, &stored).await;
                writing.object(&stored, false)
            }
        }
    }

    async fn delete_collection(
        &self,
        writing: &Writing<'_>,
        raw: Bytes,
        warnings: &mut Vec<String>,
    ) -> Result<Reply, ApiError> {
        let list_options = writing.asked.query.list_options()?;
        let body = delete_body(writing.asked, &raw)?;
        let options = writing.asked.query.delete_options(body.as_ref())?;
        let selection = Selection::parse(writing.kind, &list_options)?;
        let namespace = writing.request.namespace.as_deref();
        let list = self
            .registry
            .list(writing.kind, namespace, &selection, &list_options)
            .await?;
        let write = WriteOptions::default();
        let request = writing.request(&write);
        self.registry
            .delete_each(&request, &list.items, &options, warnings)
            .await?;
        render::list(writing.asked, writing.kind, &list, writing.accepted)
    }
}

/// The body of a delete request, if there is one.
fn delete_body(asked: &Asked<'_>, raw: &Bytes) -> Result<Option<Value>, ApiError> {
    if raw.is_empty() {
        return Ok(None);
    }
    let decoded = decode::by_content_type_plain(asked.content_type(), raw)?;
    Ok(Some(decoded.value))
}
