//! The objects that every server has: the namespaces that clients rely on.

use crate::error::ApiError;
use crate::http::decode::Decoded;
use crate::kind::Part;
use crate::registry::{Body, Registry, Request};
use crate::request::WriteOptions;
use crate::user::User;
use jiff::Timestamp;
use serde_json::json;

/// The namespaces of a new server, as of a new cluster without nodes.
const NAMESPACES: [&str; 3] = ["default", "kube-public", "kube-system"];

/// Writes what is not there yet.
///
/// # Errors
/// When the store cannot be written to.
pub async fn write(registry: &Registry, now: Timestamp) -> Result<(), ApiError> {
    let table = registry.kinds().snapshot();
    let Some(kind) = table.resource("", "v1", "namespaces") else {
        return Err(ApiError::internal("namespaces are not served"));
    };
    let user = User::server();
    let options = WriteOptions {
        field_manager: "kube-apiserver".to_owned(),
        ..WriteOptions::default()
    };
    for name in NAMESPACES {
        if registry.get(kind, None, name).is_ok() {
            continue;
        }
        let request = Request {
            kind,
            part: Part::Whole,
            namespace: None,
            user: &user,
            options: &options,
            now,
        };
        let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let body = Body {
            raw: value.to_string().into(),
            decoded: Decoded {
                value,
                duplicates: Vec::new(),
            },
        };
        registry.create(&request, body, &mut Vec::new()).await?;
    }
    Ok(())
}
