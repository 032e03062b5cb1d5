//! What a write does to the managers: the core of apply and update, on typed objects and sets.

use crate::error::{Conflict, Conflicts};
use crate::json;
use crate::managers::{ManagerId, Managers, Operation, Owned};
use crate::schema::TypeSchema;
use crate::set::FieldSet;
use crate::typed::{self, Comparison, Duplicates};
use crate::types::{ResourceTypes, in_version};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fields that a write cannot change, whatever it says: nobody gets to own them by it.
///
/// For a resource with a status subresource that is `status` for writes to the resource itself, and everything but
/// `status` for writes to the subresource. Given by `apiVersion`, as upstream's strategies give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResetFields {
    versions: BTreeMap<String, FieldSet>,
}

impl ResetFields {
    /// Nothing is reset.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the fields that are reset in a version, with all below them.
    #[must_use]
    pub fn with(mut self, api_version: &str, fields: FieldSet) -> Self {
        self.versions.insert(api_version.to_owned(), fields);
        self
    }

    /// For writes to a resource that has a status subresource: `status`.
    #[must_use]
    pub fn with_status(self, api_version: &str) -> Self {
        self.with(api_version, FieldSet::of_fields(&[&["status"]]))
    }

    /// For writes to the status subresource of a custom resource: `metadata` and `spec`.
    #[must_use]
    pub fn with_metadata_and_spec(self, api_version: &str) -> Self {
        self.with(api_version, FieldSet::of_fields(&[&["metadata"], &["spec"]]))
    }

    fn get(&self, api_version: &str) -> Option<&FieldSet> {
        self.versions.get(api_version)
    }

    /// A set without the fields that are reset.
    fn filter(&self, api_version: &str, set: FieldSet) -> FieldSet {
        match self.get(api_version) {
            Some(reset) => set.recursive_difference(reset),
            None => set,
        }
    }
}

/// Why a write could not be tracked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    Conflicts(Conflicts),
    Other(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Other(message)
    }
}

/// What a write changed.
struct Changes {
    /// Without the fields that are reset.
    changes: Comparison,
    /// Whether nothing differs, also in what is reset.
    is_same: bool,
}

/// Tracks writes in one version of a resource.
pub(crate) struct Updater<'a> {
    pub(crate) types: &'a ResourceTypes,
    pub(crate) reset: &'a ResetFields,
    /// The types of the version that is written.
    pub(crate) schema: &'a Arc<TypeSchema>,
    pub(crate) api_version: &'a str,
}

/// An object in some version, with its types.
struct Versioned<'v> {
    schema: &'v Arc<TypeSchema>,
    object: Cow<'v, Value>,
}

impl<'a> Updater<'a> {
    /// The object in a version; `None` if the version is to be forgotten.
    fn convert<'v>(&self, object: &'v Value, api_version: &str) -> Result<Option<Versioned<'v>>, String>
    where
        'a: 'v,
    {
        if api_version == self.api_version {
            return Ok(Some(Versioned {
                schema: self.schema,
                object: Cow::Borrowed(object),
            }));
        }
        let Some(schema) = self.types.get(api_version)? else {
            return Ok(None);
        };
        // Another version shows only what it knows.
        let object = Cow::Owned(typed::known(schema, &in_version(object, api_version)));
        typed::validate(schema, &object, Duplicates::Refused).map_err(|error| error.to_string())?;
        Ok(Some(Versioned { schema, object }))
    }

    /// Brings the sets up to the present schemas. Managers of forgotten versions are left out.
    fn reconcile(&self, live: &Value, managers: &Managers) -> Result<Managers, String> {
        let mut reconciled = Managers::new();
        for (id, owned) in managers {
            let Some(live) = self.convert(live, &owned.api_version)? else {
                continue;
            };
            let mut owned = owned.clone();
            if let Some(set) = typed::reconcile(live.schema, &owned.set) {
                owned.set = set;
            }
            reconciled.insert(id.clone(), owned);
        }
        Ok(reconciled)
    }

    /// Takes what differs between the objects from all managers but `writer`.
    fn take_changes(
        &self,
        live: &Value,
        new: &Value,
        managers: &mut Managers,
        writer: Option<&ManagerId>,
        force: bool,
    ) -> Result<Changes, Failure> {
        let compared = typed::compare(self.schema, live, new);
        let is_same = compared.is_empty();
        let mut versions: BTreeMap<String, Option<Comparison>> = BTreeMap::new();
        for owned in managers.values() {
            if owned.api_version != self.api_version && !versions.contains_key(&owned.api_version) {
                let comparison = self.compare_in(live, new, &compared, &owned.api_version)?;
                versions.insert(owned.api_version.clone(), comparison);
            }
        }
        let here = compared.without(self.reset.get(self.api_version));
        versions.insert(self.api_version.to_owned(), Some(here));
        let mut changed: BTreeMap<&str, (FieldSet, &FieldSet)> = BTreeMap::new();
        for (api_version, comparison) in &versions {
            if let Some(comparison) = comparison {
                let taken = comparison.modified.union(&comparison.added);
                changed.insert(api_version, (taken, &comparison.removed));
            }
        }
        let mut conflicts = Conflicts::default();
        managers.retain(|id, owned| {
            if Some(id) == writer {
                return !owned.set.is_empty();
            }
            let Some((taken, removed)) = changed.get(owned.api_version.as_str()) else {
                return false;
            };
            let contested = owned.set.intersection(taken);
            if !contested.is_empty() {
                if !force {
                    contested.for_each(&mut |path| {
                        conflicts.push(Conflict {
                            manager: id.clone(),
                            path: path.to_vec(),
                        });
                    });
                }
                owned.set = owned.set.difference(&contested);
            }
            if !removed.is_empty() {
                owned.set = owned.set.difference(removed);
            }
            !owned.set.is_empty()
        });
        if !conflicts.is_empty() {
            return Err(Failure::Conflicts(conflicts));
        }
        let changes = versions.remove(self.api_version).flatten().unwrap_or_default();
        Ok(Changes { changes, is_same })
    }

    /// What differs in another version; `None` if that version is forgotten.
    fn compare_in(
        &self,
        live: &Value,
        new: &Value,
        compared: &Comparison,
        api_version: &str,
    ) -> Result<Option<Comparison>, String> {
        let (Some(live), Some(new)) = (self.convert(live, api_version)?, self.convert(new, api_version)?)
        else {
            return Ok(None);
        };
        let reset = self.reset.get(api_version);
        let is_same = Arc::ptr_eq(live.schema, self.schema) || live.schema == self.schema;
        Ok(Some(if is_same {
            compared.without(reset)
        } else {
            typed::compare(live.schema, &live.object, &new.object).without(reset)
        }))
    }

    /// Tracks a write that is no apply. Returns the managers left and what the writer owns by this write.
    pub(crate) fn update(
        &self,
        live: &Value,
        new: &Value,
        managers: &Managers,
    ) -> Result<(Managers, FieldSet), String> {
        let mut managers = self.reconcile(live, managers)?;
        let changes = match self.take_changes(live, new, &mut managers, None, true) {
            Ok(changes) => changes.changes,
            // With force there are none.
            Err(Failure::Conflicts(conflicts)) => return Err(conflicts.to_string()),
            Err(Failure::Other(message)) => return Err(message),
        };
        let set = changes.modified.union(&changes.added);
        Ok((managers, self.reset.filter(self.api_version, set)))
    }

    /// Applies `config` for `writer`. Returns the new object, or none if it is the live one, and the managers.
    pub(crate) fn apply(
        &self,
        live: &Value,
        config: &Value,
        managers: &Managers,
        writer: &ManagerId,
        force: bool,
    ) -> Result<(Option<Value>, Managers), Failure> {
        let mut managers = self.reconcile(live, managers)?;
        let merged = typed::merge(self.schema, live, config);
        let set = self
            .reset
            .filter(self.api_version, typed::field_set(self.schema, config));
        let last = managers.get(writer).cloned();
        managers.insert(
            writer.clone(),
            Owned {
                set,
                api_version: self.api_version.to_owned(),
                time: last.as_ref().and_then(|last| last.time),
            },
        );
        let new = match last {
            Some(last) if !last.set.is_empty() => self
                .prune(&merged, &managers, writer, &last)
                .map_err(|error| format!("failed to prune fields: {error}"))?
                .unwrap_or(merged),
            _ => merged,
        };
        let changes = self.take_changes(live, &new, &mut managers, Some(writer), force)?;
        let is_unchanged = changes.is_same && json::equals(live, &new);
        Ok(((!is_unchanged).then_some(new), managers))
    }

    /// Removes what the writer applied last time and not this time, unless someone else owns it too. `None` if
    /// nothing is to be removed.
    fn prune(
        &self,
        merged: &Value,
        managers: &Managers,
        writer: &ManagerId,
        last: &Owned,
    ) -> Result<Option<Value>, String> {
        let now = managers.get(writer);
        if now.is_some_and(|now| now.api_version == last.api_version && last.set.is_subset(&now.set)) {
            return Ok(None);
        }
        let Some(versioned) = self.convert(merged, &last.api_version)? else {
            return Ok(None);
        };
        let Versioned { schema, object } = versioned;
        let named = |set: &FieldSet| set.with_named_fields(schema, Some(schema.root()));
        let last_named = named(&last.set);
        let mut pruned = typed::remove(schema, &object, &last_named);
        // First in the version that was applied last, then in the others, as upstream.
        let mut owned: BTreeMap<&str, FieldSet> = BTreeMap::new();
        for owner in managers.values() {
            let set = owned.entry(&owner.api_version).or_default();
            *set = set.union(&owner.set);
        }
        let all_named = named(&typed::field_set(schema, &object));
        let first = owned.remove_entry(last.api_version.as_str());
        for (api_version, owned) in first.into_iter().chain(owned) {
            let (Some(all), Some(left)) = (
                self.convert(&object, api_version)?,
                self.convert(&pruned, api_version)?,
            ) else {
                continue;
            };
            let schema = all.schema;
            let named = |set: &FieldSet| set.with_named_fields(schema, Some(schema.root()));
            let present = if api_version == last.api_version {
                all_named.clone()
            } else {
                named(&typed::field_set(schema, &all.object))
            };
            let left = named(&typed::field_set(schema, &left.object));
            let unowned = present.difference(&left.union(&named(&owned)));
            pruned = typed::remove(schema, &all.object, &unowned);
        }
        // What the writer never owned stays, also below something that went.
        let Some(left) = self.convert(&pruned, &last.api_version)? else {
            return Ok(None);
        };
        let gone = all_named
            .difference(&named(&typed::field_set(schema, &left.object)))
            .intersection(&last_named);
        let pruned = typed::remove(schema, &object, &gone);
        let mut pruned = in_version(&pruned, self.api_version).into_owned();
        if self.api_version != last.api_version {
            pruned = typed::known(self.schema, &pruned);
            typed::validate(self.schema, &pruned, Duplicates::Refused).map_err(|error| error.to_string())?;
        }
        Ok(Some(pruned))
    }
}

/// The fields that are in no set: the server sets them, or they name the object.
pub(crate) fn strip(set: &FieldSet) -> FieldSet {
    set.difference(&FieldSet::of_fields(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ]))
}

/// How many entries of updates an object keeps.
const MAX_UPDATE_MANAGERS: usize = 10;

/// Merges the oldest entries of updates into one per version when there are too many.
pub(crate) fn cap_update_managers(managers: &mut Managers) {
    let mut updaters: Vec<(i64, ManagerId)> = managers
        .iter()
        .filter(|(id, _)| id.operation() == Operation::Update)
        .map(|(id, owned)| (owned.time.map_or(0, jiff::Timestamp::as_second), id.clone()))
        .collect();
    let mut excess = updaters.len().saturating_sub(MAX_UPDATE_MANAGERS);
    if excess == 0 {
        return;
    }
    updaters.sort();
    let mut first_of_version: BTreeMap<String, ManagerId> = BTreeMap::new();
    for (_, id) in updaters {
        if excess == 0 {
            break;
        }
        let Some(owned) = managers.get(&id).cloned() else {
            continue;
        };
        let Some(first) = first_of_version.get(&owned.api_version) else {
            first_of_version.insert(owned.api_version.clone(), id);
            continue;
        };
        let bucket = ManagerId::new("ancient-changes", Operation::Update, &owned.api_version, "");
        // Upstream loses the bucket where another entry of the same second sorts before it; here it takes that
        // entry in.
        if (id == bucket || !managers.contains_key(&bucket))
            && let Some(first) = managers.remove(first)
        {
            let merged = managers.entry(bucket.clone()).or_insert_with(|| first.clone());
            merged.set = merged.set.union(&first.set);
        }
        if id != bucket {
            managers.remove(&id);
        }
        if let Some(merged) = managers.get_mut(&bucket) {
            merged.set = merged.set.union(&owned.set);
            merged.time = owned.time;
        }
        excess -= 1;
    }
}
