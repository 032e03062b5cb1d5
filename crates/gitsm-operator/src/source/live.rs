//! What is in the cluster before anything is applied.

use super::REPOSITORY_LABEL;
use super::apply::ApplyError;
use super::object::KindRef;
use gitsm_core::sync::ObjectKey;
use kube::api::{Api, DynamicObject, ListParams};
use kube::{Client, Error};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Objects of one page of a list.
const PAGE: u32 = 500;

/// What is kept of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) uid: String,
    /// The repository that it comes from, by its label.
    pub(super) repository: Option<String>,
    /// Digest of everything that an apply could change.
    pub(super) digest: u64,
}

impl Live {
    pub(super) fn of(object: &DynamicObject) -> Self {
        let repository = object
            .metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(REPOSITORY_LABEL));
        Self {
            uid: object.metadata.uid.clone().unwrap_or_default(),
            repository: repository.cloned(),
            digest: digest(object),
        }
    }
}

/// A digest of an object without what every write changes: revision, generation, times of managers. It is compared
/// within one run only.
fn digest(object: &DynamicObject) -> u64 {
    let mut metadata = object.metadata.clone();
    metadata.resource_version = None;
    metadata.generation = None;
    for entry in metadata.managed_fields.iter_mut().flatten() {
        entry.time = None;
    }
    let mut hasher = DefaultHasher::new();
    for part in [
        &serde_json::to_value(&metadata).unwrap_or_default(),
        // The status is no part of what is applied, and may change between two looks.
        &without_status(&object.data),
    ] {
        part.to_string().hash(&mut hasher);
    }
    hasher.finish()
}

fn without_status(data: &Value) -> Value {
    let mut data = data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.remove("status");
    }
    data
}

/// All objects of a kind.
pub(super) async fn objects_of(
    client: &Client,
    kind: KindRef,
) -> Result<BTreeMap<ObjectKey, Live>, ApplyError> {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind.resource());
    let mut found = BTreeMap::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            // Not served yet, so nothing is there.
            Err(Error::Api(status)) if status.code == 404 => return Ok(found),
            Err(error) => return Err(ApplyError::new(format!("cannot list {}", kind.0.plural), error)),
        };
        for object in page.items {
            let name = object.metadata.name.as_deref().unwrap_or_default().parse();
            let namespace = object.metadata.namespace.as_deref().map(str::parse).transpose();
            // A name that git cannot have is not ours.
            if let (Ok(name), Ok(namespace)) = (name, namespace) {
                let key = ObjectKey {
                    kind: kind.0.kind.to_owned(),
                    namespace,
                    name,
                };
                found.insert(key, Live::of(&object));
            }
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}
