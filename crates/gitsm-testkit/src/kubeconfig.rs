//! The file that tells kubectl and kube-rs where a server is and who asks. It is JSON, which is YAML too.

use crate::Credentials;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::path::Path;

/// Writes a kubeconfig with everything in it.
pub(crate) fn write(path: &Path, url: &str, ca: &str, credentials: &Credentials) -> Result<()> {
    let user = match credentials {
        Credentials::Certificate(identity) => json!({
            "client-certificate-data": base64(identity.certificate.as_bytes()),
            "client-key-data": base64(identity.key.as_bytes()),
        }),
        Credentials::Token(token) => json!({ "token": token }),
        Credentials::Anonymous => Value::Object(serde_json::Map::new()),
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {
            "server": url,
            "certificate-authority-data": base64(ca.as_bytes()),
        }}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "default"}}],
    });
    let mut text = serde_json::to_string_pretty(&config).context("a kubeconfig is JSON")?;
    text.push('\n');
    crate::pki::write(path, &text)?;
    let mut permissions = std::fs::metadata(path)?.permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    std::fs::set_permissions(path, permissions).context("cannot protect the kubeconfig")
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
