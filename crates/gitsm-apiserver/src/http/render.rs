//! Objects and lists in the form that the client accepts.

use super::Asked;
use super::body::{Objects, ReplyBody};
use super::reply::Reply;
use crate::crd::controller::Clock;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::negotiate::{Accepted, Format, MetaVersion, Shape};
use crate::partial;
use crate::registry::ListReply;
use crate::store::{Event, Stored};
use crate::table::{Include, TableBuilder};
use bytes::Bytes;
use serde_json::{Value, json};

/// The reply that holds one object.
pub(super) fn object(
    asked: &Asked<'_>,
    kind: &Kind,
    stored: &Stored,
    accepted: Accepted,
    code: u16,
) -> Result<Reply, ApiError> {
    let pretty = asked.pretty || accepted.pretty;
    if accepted.shape == Shape::Plain && accepted.format == Format::Json && !pretty {
        let body = vec![stored.json.clone(), Bytes::from_static(b"\n")];
        return Ok(Reply::new(code, Format::Json.content_type(), body));
    }
    let value = match accepted.shape {
        Shape::Plain => stored.value(),
        Shape::Table(version) => table(asked, kind, version)?.single(&stored.value()),
        Shape::Metadata(version) => partial::object_metadata(&stored.value(), version),
        Shape::MetadataList(_) => return Err(ApiError::new(500, "", "content is not a list")),
    };
    Ok(Reply::value(code, &value, accepted.format, pretty))
}

/// The reply that holds the scale of an object.
pub(super) fn scale(asked: &Asked<'_>, scale: &Value, accepted: Accepted) -> Result<Reply, ApiError> {
    let pretty = asked.pretty || accepted.pretty;
    let shaped = match accepted.shape {
        Shape::Plain => return Ok(Reply::value(200, scale, accepted.format, pretty)),
        Shape::Table(version) => {
            let include = Include::parse(asked.query.get("includeObject").unwrap_or_default())?;
            TableBuilder::of_scales(asked.now, version, include).single(scale)
        }
        Shape::Metadata(version) => partial::object_metadata(scale, version),
        Shape::MetadataList(_) => return Err(ApiError::new(500, "", "content is not a list")),
    };
    Ok(Reply::value(200, &shaped, accepted.format, pretty))
}

/// The reply that holds a list.
pub(super) fn list(
    asked: &Asked<'_>,
    kind: &Kind,
    list: &ListReply,
    accepted: Accepted,
) -> Result<Reply, ApiError> {
    let pretty = asked.pretty || accepted.pretty;
    let meta = list_meta(kind, list, accepted.shape);
    let version = match accepted.shape {
        Shape::Plain if accepted.format == Format::Json && !pretty => return Ok(streamed(kind, list, &meta)),
        Shape::Plain => None,
        Shape::Table(version) | Shape::MetadataList(version) => Some(version),
        Shape::Metadata(_) => return Err(is_a_list()),
    };
    let items: Vec<Value> = list.items.iter().map(Stored::value).collect();
    let value = match (accepted.shape, version) {
        (Shape::Table(_), Some(version)) => table(asked, kind, version)?.list(&items, &meta),
        (_, Some(version)) => partial::list(&items, &meta, version),
        (_, None) => json!({
            "kind": list_kind(kind), "apiVersion": kind.api_version(), "metadata": meta, "items": items,
        }),
    };
    Ok(Reply::value(200, &value, accepted.format, pretty))
}

/// A plain list: the stored bytes, one after the other.
fn streamed(kind: &Kind, list: &ListReply, meta: &Value) -> Reply {
    let (list_kind, version) = (Value::from(list_kind(kind)), Value::from(kind.api_version()));
    let head = format!("{{\"kind\":{list_kind},\"apiVersion\":{version},\"metadata\":{meta},\"items\":[");
    let objects = Objects::new(&head, list.items.clone(), b"]}\n");
    Reply::new(200, Format::Json.content_type(), ReplyBody::List(objects))
}

fn list_kind(kind: &Kind) -> String {
    if kind.names.list_kind.is_empty() {
        format!("{}List", kind.names.kind)
    } else {
        kind.names.list_kind.clone()
    }
}

/// The metadata of a list. Lists of custom resources always have `continue`.
fn list_meta(kind: &Kind, list: &ListReply, shape: Shape) -> Value {
    let mut meta = json!({"resourceVersion": list.revision.to_string()});
    let is_custom = kind.origin != crate::kind::Origin::BuiltIn && shape == Shape::Plain;
    if !list.continue_token.is_empty() || is_custom {
        meta["continue"] = list.continue_token.as_str().into();
    }
    if let Some(remaining) = list.remaining.filter(|remaining| *remaining > 0) {
        meta["remainingItemCount"] = remaining.into();
    }
    meta
}

fn table(asked: &Asked<'_>, kind: &Kind, version: MetaVersion) -> Result<TableBuilder, ApiError> {
    let include = Include::parse(asked.query.get("includeObject").unwrap_or_default())?;
    Ok(TableBuilder::new(kind, asked.now, version, include))
}

fn is_a_list() -> ApiError {
    let why = "you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)";
    ApiError::new(406, "NotAcceptable", why)
}

/// Writes the events of one watch.
pub(super) struct Events {
    accepted: Accepted,
    /// The rows, where a table is wanted.
    table: Option<TableBuilder>,
    clock: Clock,
    /// The part of the key of shared encodings that does not change.
    form: String,
    is_first: bool,
}

impl Events {
    pub(super) fn new(
        asked: &Asked<'_>,
        kind: &Kind,
        accepted: Accepted,
        clock: Clock,
    ) -> Result<Self, ApiError> {
        let include = Include::parse(asked.query.get("includeObject").unwrap_or_default())?;
        let table = match accepted.shape {
            Shape::Table(version) => Some(TableBuilder::new(kind, asked.now, version, include)),
            _ => None,
        };
        Ok(Self {
            form: format!("{} {} {include:?}", kind.api_version(), accepted.memo_key()),
            accepted,
            table,
            clock,
            is_first: true,
        })
    }

    /// The frame of a change. Watchers that want the same of the same event share its bytes.
    pub(super) fn frame(&mut self, change: &str, object: &Stored, event: Option<&Event>) -> Bytes {
        let is_first = std::mem::take(&mut self.is_first);
        if let Some(table) = &mut self.table {
            table.at((self.clock)());
        }
        let Some(event) = event else {
            return self.encode(change, object, is_first);
        };
        // Only the first table of a watch has headings.
        let headings = if is_first && self.table.is_some() {
            " first"
        } else {
            ""
        };
        let key = format!("{change} {}{headings}", self.form);
        event.encoded(&key, || self.encode(change, object, is_first))
    }

    fn encode(&self, change: &str, object: &Stored, is_first: bool) -> Bytes {
        let shaped = match (self.accepted.shape, &self.table) {
            (Shape::Metadata(version) | Shape::MetadataList(version), _) => {
                partial::object_metadata(&object.value(), version)
            }
            (_, Some(table)) => table.event(&object.value(), is_first),
            (_, None) => return plain_frame(change, &object.json),
        };
        format!("{{\"type\":\"{change}\",\"object\":{shaped}}}\n").into()
    }

    /// The object of a bookmark.
    pub(super) fn bookmark(&self, kind: &Kind, meta: &Value) -> Value {
        let object = json!({"kind": kind.names.kind, "apiVersion": kind.api_version(), "metadata": meta});
        match (self.accepted.shape, &self.table) {
            (Shape::Metadata(version) | Shape::MetadataList(version), _) => {
                partial::object_metadata(&object, version)
            }
            (_, Some(table)) => table.event(&object, false),
            (_, None) => object,
        }
    }
}

/// The stored bytes with a frame around them.
fn plain_frame(change: &str, object: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(object.len() + 40);
    frame.extend_from_slice(format!("{{\"type\":\"{change}\",\"object\":").as_bytes());
    frame.extend_from_slice(object);
    frame.extend_from_slice(b"}\n");
    frame.into()
}
