//! Managed fields across the scale subresource: `spec.replicas` of a Scale is a field of the scaled object.

use crate::managers::{self, Managers, Owned};
use crate::path::PathElement;
use crate::set::FieldSet;
use serde_json::Value;
use std::collections::BTreeMap;

/// The version in which Scale objects are written.
const SCALE_VERSION: &str = "autoscaling/v1";

/// Where the replicas of a resource stand, by `apiVersion`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScaleFields {
    versions: BTreeMap<String, Option<Vec<PathElement>>>,
}

impl ScaleFields {
    /// No versions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version with its `specReplicasPath`, such as `.spec.replicas`; `None` where it has no scale
    /// subresource.
    #[must_use]
    pub fn with(mut self, api_version: &str, replicas_path: Option<&str>) -> Self {
        let path = replicas_path.map(|path| {
            path.strip_prefix('.')
                .unwrap_or(path)
                .split('.')
                .map(PathElement::field)
                .collect()
        });
        self.versions.insert(api_version.to_owned(), path);
        self
    }

    fn path(&self, api_version: &str) -> Option<&[PathElement]> {
        self.versions.get(api_version)?.as_deref()
    }

    /// Gives `scale` the entries of those who own the replicas of `object`.
    ///
    /// # Errors
    ///
    /// The `managedFields` of the object cannot be read.
    pub fn to_scale(&self, object: &Value, scale: &mut Value) -> Result<(), String> {
        let mut shown = Managers::new();
        for (id, owned) in managers::decode(object)? {
            if self
                .path(&owned.api_version)
                .is_some_and(|path| owned.set.has(path))
            {
                shown.insert(
                    id,
                    Owned {
                        set: scale_replicas(),
                        api_version: SCALE_VERSION.to_owned(),
                        time: owned.time,
                    },
                );
            }
        }
        managers::encode(scale, &shown);
        Ok(())
    }

    /// Gives `object`, whose `managedFields` are those before the write, the entries it has after `scale` was
    /// written through the subresource of `api_version`.
    ///
    /// # Errors
    ///
    /// The `managedFields` of one of them cannot be read.
    pub fn to_object(&self, scale: &Value, object: &mut Value, api_version: &str) -> Result<(), String> {
        let before = managers::decode(object)?;
        let mut scaled = managers::decode(scale)?;
        let mut after = Managers::new();
        for (id, owned) in &before {
            let Some(path) = self.versions.get(&owned.api_version) else {
                continue;
            };
            let mut owned = owned.clone();
            if let Some(path) = path.as_deref().filter(|path| owned.set.has(path))
                && scaled.remove(id).is_none()
            {
                // Someone else scaled: the replicas are theirs now.
                owned.set = owned.set.difference(&FieldSet::of([path]));
                if owned.set.is_empty() {
                    continue;
                }
            }
            after.insert(id.clone(), owned);
        }
        let replicas = scale_replicas();
        for (id, owned) in scaled {
            if !replicas.is_subset(&owned.set) {
                continue;
            }
            let Some(path) = self.path(api_version) else {
                continue;
            };
            after.insert(
                id.clone(),
                Owned {
                    set: FieldSet::of([path]),
                    api_version: api_version.to_owned(),
                    // Upstream takes the time from the object, where a new entry has none.
                    time: before.get(&id).and_then(|owned| owned.time),
                },
            );
        }
        managers::encode(object, &after);
        Ok(())
    }
}

fn scale_replicas() -> FieldSet {
    FieldSet::of_fields(&[&["spec", "replicas"]])
}
