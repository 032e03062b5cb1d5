//! Our definitions on a server, and waiting until they are served.

use crate::up::remembered::Definitions;
use anyhow::{Context as _, bail};
use futures_core::Stream;
use gitsm_api::publish;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, ListParams, WatchEvent, WatchParams};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

/// How long a server may take to serve new definitions.
const PATIENCE: Duration = Duration::from_mins(1);
const CANNOT_LIST: &str = "cannot list definitions";

/// The definitions of all kinds, as they are published.
///
/// # Errors
///
/// A defect of gitsm.
pub(crate) fn all() -> anyhow::Result<Vec<Value>> {
    gitsm_api::kinds()
        .iter()
        .map(|info| publish::crd_value(info).context("the definitions cannot be written"))
        .collect()
}

/// Whether what was applied are the definitions of this build.
pub(crate) fn are_current(known: &Definitions) -> bool {
    known.digest == publish::DEFINITIONS.trim_end()
}

/// Whether a server has the definitions just as they were when they had been applied. Then nothing has to be made
/// from the types, sent and judged.
///
/// # Errors
///
/// When they cannot be listed.
pub(crate) async fn are_unchanged(client: &Client, known: &Definitions) -> anyhow::Result<bool> {
    if !are_current(known) {
        return Ok(false);
    }
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let list = api.list_metadata(&ListParams::default()).await;
    let found = generations(
        list.context(CANNOT_LIST)?
            .items
            .into_iter()
            .map(|crd| crd.metadata),
    );
    Ok(!known.generations.is_empty()
        && known
            .generations
            .iter()
            .all(|(name, one)| found.get(name) == Some(one)))
}

fn generations(crds: impl Iterator<Item = ObjectMeta>) -> BTreeMap<String, (String, i64)> {
    crds.filter(|meta| meta.deletion_timestamp.is_none())
        .filter_map(|meta| Some((meta.name?, (meta.uid?, meta.generation?))))
        .collect()
}

/// Waits until all our kinds are served; how the definitions are then.
///
/// # Errors
///
/// When a name is taken, the server fails, or it takes too long.
pub(crate) async fn wait_until_served(client: &Client) -> anyhow::Result<Definitions> {
    let mut missing = names().collect();
    match tokio::time::timeout(PATIENCE, served(client, &mut missing)).await {
        Ok(done) => done?,
        Err(_) => bail!(
            "the server does not serve {} after {} s; `kubectl get crd` shows their conditions",
            missing.into_iter().collect::<Vec<_>>().join(", "),
            PATIENCE.as_secs()
        ),
    }
    let ours: BTreeSet<String> = names().collect();
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let list = api
        .list_metadata(&ListParams::default())
        .await
        .context(CANNOT_LIST)?;
    let mut generations = generations(list.items.into_iter().map(|crd| crd.metadata));
    generations.retain(|name, _| ours.contains(name));
    Ok(Definitions {
        digest: publish::DEFINITIONS.trim_end().to_owned(),
        generations,
    })
}

fn names() -> impl Iterator<Item = String> {
    gitsm_api::kinds().iter().map(gitsm_api::KindInfo::crd_name)
}

async fn served(client: &Client, missing: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    loop {
        let list = api.list(&ListParams::default()).await.context(CANNOT_LIST)?;
        for crd in &list.items {
            note(crd, missing)?;
        }
        let version = list.metadata.resource_version.unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        let events = api
            .watch(&WatchParams::default(), &version)
            .await
            .context("cannot follow definitions")?;
        let mut events = pin!(events);
        // A watch that ends in whatever way is begun anew with a list.
        while let Some(Ok(event)) = poll_fn(|context| events.as_mut().poll_next(context)).await {
            match event {
                WatchEvent::Added(crd) | WatchEvent::Modified(crd) => note(&crd, missing)?,
                WatchEvent::Error(_) => break,
                WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
            }
            if missing.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Takes a definition off the list if it is served.
fn note(crd: &CustomResourceDefinition, missing: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let name = crd.metadata.name.as_deref().unwrap_or_default();
    let conditions = crd
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default();
    let is = |kind: &str, status: &str| {
        conditions
            .iter()
            .find(|condition| condition.type_ == kind && condition.status == status)
    };
    if is("Established", "True").is_some() {
        missing.remove(name);
    } else if let Some(refused) = is("NamesAccepted", "False").filter(|_| missing.contains(name)) {
        bail!(
            "{name} is not served: {}; another definition has its names",
            refused.message.as_deref().unwrap_or("its names are not accepted")
        );
    }
    Ok(())
}
