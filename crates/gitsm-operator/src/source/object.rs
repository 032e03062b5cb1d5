//! One object of a commit.

use super::REPOSITORY_LABEL;
use gitsm_api::registry::{KindInfo, Scope};
use gitsm_check::estate::Manifest;
use gitsm_core::ident::RepositoryName;
use gitsm_core::sync::ObjectKey;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::{Client, core::Status};
use serde_json::{Map, Value};
use std::fmt;

/// The namespace of an object that names none.
const DEFAULT_NAMESPACE: &str = "default";

/// One object of a commit, as it is to be in the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceObject {
    pub(super) key: ObjectKey,
    pub(super) info: KindRef,
    /// File and line.
    pub(super) place: String,
    pub(super) object: Value,
}

/// One of gitsm's kinds.
#[derive(Clone, Copy)]
pub(super) struct KindRef(pub(super) &'static KindInfo);

impl fmt::Debug for KindRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind)
    }
}

impl PartialEq for KindRef {
    fn eq(&self, other: &Self) -> bool {
        self.0.kind == other.0.kind
    }
}

impl KindRef {
    /// The kind of an object that an inventory lists.
    pub(super) fn find(kind: &str) -> Option<Self> {
        gitsm_api::find(kind).map(Self)
    }

    /// Where it stands in the order of applying.
    pub(super) fn order(self) -> usize {
        let position = gitsm_api::kinds()
            .iter()
            .position(|info| info.kind == self.0.kind);
        position.unwrap_or(usize::MAX)
    }

    pub(super) fn resource(self) -> ApiResource {
        let kind = GroupVersionKind::gvk(gitsm_api::GROUP, gitsm_api::VERSION, self.0.kind);
        ApiResource::from_gvk_with_plural(&kind, self.0.plural)
    }

    /// The objects of the kind in the namespace of a key.
    pub(super) fn api(self, client: &Client, key: &ObjectKey) -> Api<DynamicObject> {
        match &key.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace.as_str(), &self.resource()),
            None => Api::all_with(client.clone(), &self.resource()),
        }
    }
}

impl SourceObject {
    /// The object of a manifest that was found to be valid; `None` for what cannot be one (no kind of gitsm's, no
    /// name), which validation has refused before.
    pub fn new(manifest: Manifest, repository: &RepositoryName) -> Option<Self> {
        let Manifest {
            file,
            line,
            mut object,
        } = manifest;
        let info = KindRef::find(object["kind"].as_str()?)?;
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        let namespace = match info.0.scope {
            Scope::Namespaced if text("namespace").is_empty() => Some(DEFAULT_NAMESPACE.parse().ok()?),
            Scope::Namespaced => Some(text("namespace").parse().ok()?),
            Scope::Cluster => None,
        };
        let key = ObjectKey {
            kind: info.0.kind.to_owned(),
            namespace,
            name: text("name").parse().ok()?,
        };
        let labels = object["metadata"].as_object_mut()?.entry("labels");
        let labels = labels.or_insert_with(|| Value::Object(Map::new()));
        labels
            .as_object_mut()?
            .insert(REPOSITORY_LABEL.to_owned(), repository.as_str().into());
        Some(Self {
            key,
            info,
            place: format!("{file}:{line}"),
            object,
        })
    }

    /// Where it stands in the repository: file and line.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Which object.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }
}

/// An object that could not be made what git says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which object, with its place in the repository where it has one.
    pub what: String,
    /// What the server says.
    pub message: String,
    /// Whether somebody else has set its fields to other values.
    pub is_conflict: bool,
}

impl Problem {
    pub(super) fn of(object: &SourceObject, status: &Status) -> Self {
        Self {
            what: format!("{} ({})", object.key, object.place),
            message: status.message.clone(),
            is_conflict: status.reason == "Conflict",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.message)
    }
}
