//! What is printed with a failed test: the servers' logs and the objects that were there.

use crate::{ApiServer, Client};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

/// A dump helps a person; more than this nobody reads.
const CHARACTERS: usize = 60_000;
const PATIENCE: Duration = Duration::from_secs(10);
const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Built-in objects that tests are about.
const BUILT_IN: &[&str] = &[
    "/api/v1/namespaces",
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/events",
];

/// Prints everything when the test that lets go of the server has failed.
#[allow(clippy::print_stderr, reason = "the harness shows it with the failed test")]
pub(crate) fn on_failure(server: &dyn ApiServer) {
    if std::thread::panicking() {
        eprintln!(
            "The server {:?} at the end of the failed test:\n{}{}",
            server.name(),
            server.logs(),
            objects(server)
        );
    }
}

/// All objects as JSON. The runtime of the test cannot run while it falls, so this has one of its own.
fn objects(server: &dyn ApiServer) -> String {
    let gathered = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .context("no runtime")?;
                runtime.block_on(async {
                    tokio::time::timeout(PATIENCE, gather(&server.client()?))
                        .await
                        .context("the server does not answer")
                })
            })
            .join()
    });
    match gathered {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => format!("no objects: {error:#}\n"),
        Err(_) => "no objects: reading them failed\n".to_owned(),
    }
}

async fn gather(client: &Client) -> String {
    let mut text = String::new();
    let crds = items(client, CRDS).await.unwrap_or_default();
    let customs = crds.iter().filter_map(|crd| {
        let spec = &crd["spec"];
        let version = spec["versions"]
            .as_array()?
            .iter()
            .find(|version| version["served"] == true)?;
        Some(format!(
            "/apis/{}/{}/{}",
            spec["group"].as_str()?,
            version["name"].as_str()?,
            spec["names"]["plural"].as_str()?
        ))
    });
    for path in BUILT_IN.iter().map(|&path| path.to_owned()).chain(customs) {
        let Ok(items) = items(client, &path).await else {
            continue;
        };
        for item in items {
            if text.len() > CHARACTERS {
                text.push_str("... and more\n");
                return text;
            }
            let _ = writeln!(text, "{path}: {item}");
        }
    }
    text
}

async fn items(client: &Client, path: &str) -> Result<Vec<Value>> {
    let list = client.get(path).await?.success()?.json()?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{CRDS, objects};
    use crate::fake::Fake;

    #[test]
    fn a_dump_holds_built_in_and_custom_objects() {
        let server = Fake::start(&[
            (
                "/api/v1/namespaces",
                &[r#"{"items":[{"metadata":{"name":"shop"}}]}"#],
            ),
            (
                CRDS,
                &[
                    r#"{"items":[{"spec":{"group":"example.com","names":{"plural":"things"},"#,
                    r#""versions":[{"name":"v1","served":false},{"name":"v2","served":true}]}}]}"#,
                ],
            ),
            (
                "/apis/example.com/v2/things",
                &[r#"{"items":[{"spec":{"size":3}}]}"#],
            ),
        ]);
        assert_eq!(
            objects(&server),
            "/api/v1/namespaces: {\"metadata\":{\"name\":\"shop\"}}\n\
             /apis/example.com/v2/things: {\"spec\":{\"size\":3}}\n"
        );
    }
}
