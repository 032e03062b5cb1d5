//! The objects that every server has: the namespaces and roles that clients rely on.

use crate::builtin;
use crate::error::ApiError;
use crate::http::decode::Decoded;
use crate::kind::Part;
use crate::object::meta_text;
use crate::registry::{Body, Registry, Request};
use crate::request::WriteOptions;
use crate::user::User;
use jiff::Timestamp;
use serde_json::Value;

/// Writes what is not there yet. `port` is that of the server, for the service that points to it.
///
/// # Errors
/// When the store cannot be written to.
pub async fn write(registry: &Registry, port: u16, now: Timestamp) -> Result<(), ApiError> {
    for object in builtin::bootstrap(port) {
        write_one(registry, object, now).await?;
    }
    Ok(())
}

async fn write_one(registry: &Registry, object: Value, now: Timestamp) -> Result<(), ApiError> {
    let table = registry.kinds().snapshot();
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let name = object["kind"].as_str().unwrap_or_default();
    let Some(kind) = table.kind_in(group, version, name) else {
        return Err(ApiError::internal(format!(
            "{name} of {api_version} is not served"
        )));
    };
    let namespace = Some(meta_text(&object, "namespace")).filter(|text| !text.is_empty());
    if registry.get(kind, namespace, meta_text(&object, "name")).is_ok() {
        return Ok(());
    }
    let user = User::server();
    let options = WriteOptions {
        field_manager: "kube-apiserver".to_owned(),
        ..WriteOptions::default()
    };
    let request = Request {
        kind,
        part: Part::Whole,
        namespace,
        user: &user,
        options: &options,
        now,
    };
    let body = Body {
        raw: object.to_string().into(),
        decoded: Decoded {
            value: object.clone(),
            duplicates: Vec::new(),
        },
    };
    registry.create(&request, body, &mut Vec::new()).await?;
    Ok(())
}
