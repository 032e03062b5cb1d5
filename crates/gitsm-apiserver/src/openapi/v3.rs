//! `OpenAPI` v3: the index and the document of each group version.

use super::{custom, definitions, paths};
use crate::discovery::upper_hex;
use crate::kind::{Kind, Origin};
use crate::kinds::{GroupVersion, KindTable};
use crate::negotiate;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

/// One document, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its hash, as in the index; in quotes it is the `ETag`.
    pub hash: String,
    /// The JSON.
    pub json: Bytes,
}

/// Whether a client takes JSON, the only form that there is; otherwise it is answered 406.
pub fn accepts(accept: Option<&str>) -> bool {
    negotiate::first_of(accept, &[negotiate::JSON]).is_some()
}

/// `GET /openapi/v3`: where the documents are, with their hashes, by which clients know whether theirs is current.
pub fn index(table: &KindTable) -> Value {
    let paths: Map<String, Value> = table
        .group_versions()
        .map(|served| {
            let path = path(served);
            let url = format!("/openapi/v3/{path}?hash={}", hash(served));
            (path, json!({"serverRelativeURL": url}))
        })
        .collect();
    json!({"paths": paths})
}

/// `GET /openapi/v3/api/<version>` (the core group, empty) or `/openapi/v3/apis/<group>/<version>`; `None` where
/// there is no such version. Answers to requests that name the right `hash` may be kept for ever.
pub fn document(table: &KindTable, group: &str, version: &str) -> Option<Document> {
    let served = table.group_version(group, version)?;
    let json = served
        .openapi
        .document
        .get_or_init(|| render(served).to_string().into());
    Some(Document {
        hash: hash(served).to_owned(),
        json: json.clone(),
    })
}

fn path(served: &GroupVersion) -> String {
    if served.group.is_empty() {
        format!("api/{}", served.version)
    } else {
        format!("apis/{}/{}", served.group, served.version)
    }
}

/// The hash of a document: of everything that it is made from, so that it need not be rendered.
fn hash(served: &GroupVersion) -> &str {
    served.openapi.hash.get_or_init(|| {
        let mut hasher = Sha512::new();
        hasher.update(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")));
        hasher.update(served.api_version());
        for kind in served.kinds() {
            let scaled = kind.scale.is_some();
            let traits = format!(
                "{:?}{:?}{}{}{scaled}",
                kind.names, kind.verbs, kind.namespaced, kind.has_status
            );
            hasher.update(traits);
            if let Origin::Custom(_) = kind.origin {
                hasher.update(kind.schema.published.to_string());
            }
        }
        upper_hex(&hasher.finalize())
    })
}

fn render(served: &GroupVersion) -> Value {
    let built_in = served
        .kinds()
        .filter(|kind| kind.origin == Origin::BuiltIn)
        .map(AsRef::as_ref);
    let mut schemas = definitions::of(served, &built_in.collect::<Vec<&Kind>>());
    for kind in served.kinds().filter(|kind| kind.origin != Origin::BuiltIn) {
        custom::add(kind, &mut schemas);
    }
    let mut document = json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.33.0"},
        "components": {
            "securitySchemes": {"BearerToken": {
                "type": "apiKey",
                "description": "Bearer Token authentication",
                "name": "authorization",
                "in": "header",
            }},
        },
    });
    // Not within `json!`, which copies what it is given.
    document["paths"] = Value::Object(paths::of(served));
    document["components"]["schemas"] = Value::Object(schemas);
    document
}
