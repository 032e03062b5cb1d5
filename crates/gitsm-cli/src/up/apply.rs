//! Writing objects to a server by server-side apply.

use crate::terminal::Progress;
use anyhow::Context as _;
use gitsm_api::registry::Scope;
use gitsm_check::estate::Manifest;
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, ValidationDirective,
};
use kube::core::Status;
use kube::{Client, Error};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Whom the fields belong to.
const MANAGER: &str = "gitsm";
/// Requests at once.
const AT_ONCE: usize = 16;
/// Objects of one page of a list.
const PAGE: u32 = 500;
/// A cluster of several servers may not serve a new kind everywhere yet.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(300);

/// One object to write.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    resource: ApiResource,
    namespace: Option<String>,
    name: String,
    object: Value,
    /// File and line; empty for what is not in the estate.
    place: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Objects that were not there.
    pub(crate) created: usize,
    /// Objects that were changed.
    pub(crate) changed: usize,
    /// Objects that were as they should be.
    pub(crate) unchanged: usize,
    /// Objects that were refused, in the order of the estate.
    pub(crate) problems: Vec<Problem>,
}

/// An object that was not applied.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Which one, with its place.
    pub(crate) what: String,
    /// What the server says.
    pub(crate) message: String,
    /// Whether somebody else has set fields to other values.
    pub(crate) is_conflict: bool,
}

impl Applied {
    /// How many objects there were.
    pub(crate) fn total(&self) -> usize {
        self.created + self.changed + self.unchanged + self.problems.len()
    }
}

/// Definitions as items.
pub(crate) fn definitions(crds: Vec<Value>) -> Vec<Item> {
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let resource = ApiResource::from_gvk_with_plural(&kind, "customresourcedefinitions");
    crds.into_iter()
        .map(|object| Item {
            resource: resource.clone(),
            namespace: None,
            name: text(&object, "name"),
            object,
            place: String::new(),
        })
        .collect()
}

/// The objects of an estate as items.
pub(crate) fn estate(manifests: Vec<Manifest>) -> Vec<Item> {
    manifests.into_iter().filter_map(item).collect()
}

fn item(manifest: Manifest) -> Option<Item> {
    let Manifest { file, line, object } = manifest;
    // Others were found to be wrong before.
    let info = gitsm_api::find(object["kind"].as_str()?)?;
    let namespace = (info.scope == Scope::Namespaced).then(|| {
        let namespace = text(&object, "namespace");
        if namespace.is_empty() {
            "default".to_owned()
        } else {
            namespace
        }
    });
    let kind = GroupVersionKind::gvk(gitsm_api::GROUP, gitsm_api::VERSION, info.kind);
    Some(Item {
        resource: ApiResource::from_gvk_with_plural(&kind, info.plural),
        namespace,
        name: text(&object, "name"),
        place: format!("{file}:{line}"),
        object,
    })
}

/// The namespaces that items need and the server does not have, as items.
///
/// # Errors
///
/// When they cannot be listed.
pub(crate) async fn namespaces(client: &Client, items: &[Item]) -> anyhow::Result<Vec<Item>> {
    let resource =
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("", "v1", "Namespace"), "namespaces");
    let needed: BTreeSet<&String> = items.iter().filter_map(|item| item.namespace.as_ref()).collect();
    let there = versions(client, &resource).await?;
    let missing = needed
        .into_iter()
        .filter(|name| !there.contains_key(&(String::new(), (*name).clone())))
        .map(|name| Item {
            resource: resource.clone(),
            namespace: None,
            name: name.clone(),
            object: json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            place: String::new(),
        })
        .collect();
    Ok(missing)
}

/// Applies items. What the server refuses is a problem of that item; the others are applied all the same.
///
/// # Errors
///
/// When the server cannot be reached.
pub(crate) async fn all(
    client: &Client,
    items: Vec<Item>,
    force: bool,
    what: &str,
) -> anyhow::Result<Applied> {
    let mut before = BTreeMap::new();
    let resources: BTreeMap<String, ApiResource> = items
        .iter()
        .map(|item| (item.resource.plural.clone(), item.resource.clone()))
        .collect();
    for (plural, resource) in resources {
        before.insert(plural, versions(client, &resource).await?);
    }
    let mut progress = Progress::new(what, items.len());
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, item) in items.into_iter().enumerate() {
        let (client, slots) = (client.clone(), Arc::clone(&slots));
        tasks.spawn(async move {
            let _slot = slots.acquire_owned().await;
            let answer = one(&client, &item, force).await;
            (index, item, answer)
        });
    }
    let mut applied = Applied::default();
    let mut problems = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        let (index, item, answer) = done.context("applying failed")?;
        progress.step();
        let key = (item.namespace.clone().unwrap_or_default(), item.name.clone());
        let known = before
            .get(&item.resource.plural)
            .and_then(|known| known.get(&key));
        match answer {
            Ok(version) => match known {
                None => applied.created += 1,
                Some(known) if *known == version => applied.unchanged += 1,
                Some(_) => applied.changed += 1,
            },
            Err(Error::Api(status)) => {
                problems.insert(index, problem(&item, &status));
            }
            Err(error) => {
                progress.end();
                return Err(error).with_context(|| format!("cannot apply {}", describe(&item)));
            }
        }
    }
    progress.end();
    applied.problems = problems.into_values().collect();
    Ok(applied)
}

async fn one(client: &Client, item: &Item, force: bool) -> Result<String, Error> {
    let api = match &item.namespace {
        Some(namespace) => Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &item.resource),
        None => Api::all_with(client.clone(), &item.resource),
    };
    let mut params = PatchParams::apply(MANAGER).validation(ValidationDirective::Strict);
    params.force = force;
    let mut tries = 0;
    loop {
        tries += 1;
        match api.patch(&item.name, &params, &Patch::Apply(&item.object)).await {
            Err(Error::Api(status)) if is_unserved(&status) && tries < TRIES => {
                tokio::time::sleep(PAUSE).await;
            }
            Ok(object) => return Ok(object.metadata.resource_version.unwrap_or_default()),
            Err(error) => return Err(error),
        }
    }
}

/// Whether the kind is not there: an answer about an object names it.
fn is_unserved(status: &Status) -> bool {
    let names = |status: &Status| {
        status
            .details
            .as_ref()
            .is_some_and(|details| !details.name.is_empty())
    };
    status.code == 404 && !names(status)
}

fn problem(item: &Item, status: &Status) -> Problem {
    Problem {
        what: describe(item),
        message: status.message.clone(),
        is_conflict: status.reason == "Conflict",
    }
}

fn describe(item: &Item) -> String {
    let kind = &item.resource.kind;
    let name = match &item.namespace {
        Some(namespace) => format!("{kind}/{namespace}/{}", item.name),
        None => format!("{kind}/{}", item.name),
    };
    if item.place.is_empty() {
        name
    } else {
        format!("{name} ({})", item.place)
    }
}

type Versions = BTreeMap<(String, String), String>;

/// The versions of all objects of a resource, by namespace and name.
async fn versions(client: &Client, resource: &ApiResource) -> anyhow::Result<Versions> {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), resource);
    let mut found = Versions::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = match api.list_metadata(&params).await {
            Ok(page) => page,
            // Not served yet, so nothing is there.
            Err(Error::Api(status)) if status.code == 404 => return Ok(found),
            Err(error) => return Err(error).with_context(|| format!("cannot list {}", resource.plural)),
        };
        for object in page.items {
            let meta = object.metadata;
            found.insert(
                (meta.namespace.unwrap_or_default(), meta.name.unwrap_or_default()),
                meta.resource_version.unwrap_or_default(),
            );
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}

fn text(object: &Value, field: &str) -> String {
    object["metadata"][field].as_str().unwrap_or_default().to_owned()
}
