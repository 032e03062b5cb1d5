//! The table of everything that is served, and its holder.
//!
//! A [`KindTable`] never changes. Requests take a snapshot and see one consistent table to their end; an accepted
//! CRD makes a new table. What belongs to a group version that did not change is shared between tables, its
//! rendered `OpenAPI` document included.

use crate::kind::{Kind, Origin};
use crate::openapi::Cache;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Everything that is served at one moment.
#[derive(Debug, Default)]
pub struct KindTable {
    /// Shared between tables: each definition makes a new one.
    groups: BTreeMap<Arc<str>, Arc<Group>>,
    epoch: u64,
}

/// The served versions of one API group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The name; empty for the core group.
    name: String,
    /// Highest priority first; never empty.
    versions: Vec<Arc<GroupVersion>>,
}

/// The kinds of one version of one API group.
#[derive(Debug)]
pub struct GroupVersion {
    /// API group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    by_resource: BTreeMap<String, Arc<Kind>>,
    /// What was rendered for it.
    pub(crate) openapi: Cache,
}

impl Group {
    /// The group of kinds that are all of it. What has not changed since `before` is shared with it.
    fn of(name: &str, kinds: Vec<Arc<Kind>>, before: Option<&Self>) -> Self {
        let mut found: BTreeMap<String, BTreeMap<String, Arc<Kind>>> = BTreeMap::new();
        for kind in kinds {
            found
                .entry(kind.version.clone())
                .or_default()
                .entry(kind.resource.resource.to_string())
                .or_insert(kind);
        }
        let mut versions: Vec<Arc<GroupVersion>> = found
            .into_iter()
            .map(
                |(version, by_resource)| match before.and_then(|group| group.version(&version)) {
                    Some(old) if same_kinds(&old.by_resource, &by_resource) => Arc::clone(old),
                    _ => Arc::new(GroupVersion {
                        group: name.to_owned(),
                        version,
                        by_resource,
                        openapi: Cache::default(),
                    }),
                },
            )
            .collect();
        versions.sort_by(|a, b| by_priority(&a.version, &b.version));
        Self {
            name: name.to_owned(),
            versions,
        }
    }

    fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.versions.iter().flat_map(|version| version.kinds())
    }

    /// The name; empty for the core group.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The served versions, highest priority first: GA before beta before alpha, newer before older.
    pub fn versions(&self) -> &[Arc<GroupVersion>] {
        &self.versions
    }

    /// The version that clients take when they have no wish.
    pub fn preferred(&self) -> Option<&Arc<GroupVersion>> {
        self.versions.first()
    }

    /// One of its versions.
    pub fn version(&self, version: &str) -> Option<&Arc<GroupVersion>> {
        self.versions.iter().find(|known| known.version == version)
    }
}

impl GroupVersion {
    /// `gitsm.dev/v1alpha1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Its kinds in the order of their resources.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.by_resource.values()
    }

    /// The kind behind a resource.
    pub fn resource(&self, resource: &str) -> Option<&Arc<Kind>> {
        self.by_resource.get(resource)
    }

    /// The kind of this name.
    pub fn kind(&self, kind: &str) -> Option<&Arc<Kind>> {
        self.kinds().find(|known| known.names.kind == kind)
    }
}

impl KindTable {
    /// A table of kinds. Of two kinds with the same group, version and resource the first stays.
    pub fn new(kinds: impl IntoIterator<Item = Arc<Kind>>, epoch: u64) -> Self {
        let mut by_group: BTreeMap<String, Vec<Arc<Kind>>> = BTreeMap::new();
        for kind in kinds {
            by_group
                .entry(kind.resource.group.to_string())
                .or_default()
                .push(kind);
        }
        let groups = by_group
            .into_iter()
            .map(|(name, kinds)| (Arc::from(&*name), Arc::new(Group::of(&name, kinds, None))))
            .collect();
        Self { groups, epoch }
    }

    /// Rises with every change of the table.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What is served under a path's group, version and resource.
    pub fn resource(&self, group: &str, version: &str, resource: &str) -> Option<&Arc<Kind>> {
        self.group_version(group, version)?.resource(resource)
    }

    /// A resource in the preferred of the versions that have it.
    pub fn preferred_resource(&self, group: &str, resource: &str) -> Option<&Arc<Kind>> {
        let versions = self.groups.get(group)?.versions();
        versions.iter().find_map(|version| version.resource(resource))
    }

    /// A kind in the preferred of the versions that have it.
    pub fn kind(&self, group: &str, kind: &str) -> Option<&Arc<Kind>> {
        let versions = self.groups.get(group)?.versions();
        versions.iter().find_map(|version| version.kind(kind))
    }

    /// A kind in one version.
    pub fn kind_in(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Kind>> {
        self.group_version(group, version)?.kind(kind)
    }

    /// One API group.
    pub fn group(&self, group: &str) -> Option<&Group> {
        self.groups.get(group).map(|group| &**group)
    }

    /// One version of one API group.
    pub fn group_version(&self, group: &str, version: &str) -> Option<&Arc<GroupVersion>> {
        self.groups.get(group)?.version(version)
    }

    /// All groups but the core group, in the order in which discovery lists them: the server's own by the
    /// priorities that upstream gives them, then those of CRDs by name.
    pub fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self
            .groups
            .values()
            .map(|group| &**group)
            .filter(|group| !group.name.is_empty())
            .collect();
        groups.sort_by_key(|group| group_rank(&group.name));
        groups
    }

    /// Every served kind in every version, the core group first, then groups, versions and resources by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.groups.values().flat_map(|group| group.kinds())
    }

    /// Every group version, the core group first.
    pub fn group_versions(&self) -> impl Iterator<Item = &Arc<GroupVersion>> {
        self.groups.values().flat_map(|group| group.versions.iter())
    }
}

fn same_kinds(old: &BTreeMap<String, Arc<Kind>>, new: &BTreeMap<String, Arc<Kind>>) -> bool {
    old.len() == new.len()
        && old
            .values()
            .zip(new.values())
            .all(|(old, new)| Arc::ptr_eq(old, new))
}

/// Where a group stands in discovery; upstream's aggregator gives the built-in groups descending priorities and
/// all CRD groups the same low one.
fn group_rank(group: &str) -> usize {
    const BUILT_IN: [&str; 18] = [
        "apiregistration.k8s.io",
        "apps",
        "events.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "networking.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "storage.k8s.io",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "scheduling.k8s.io",
        "coordination.k8s.io",
        "node.k8s.io",
        "discovery.k8s.io",
    ];
    BUILT_IN
        .iter()
        .position(|known| *known == group)
        .unwrap_or(BUILT_IN.len())
}

/// Compares two versions as Kubernetes orders them: the higher priority is less, so that sorting puts it first.
///
/// GA before beta before alpha, a higher number first within each; what is no Kubernetes version comes last, in
/// the order of its letters.
pub fn by_priority(a: &str, b: &str) -> Ordering {
    match (KubeVersion::parse(a), KubeVersion::parse(b)) {
        (Some(a), Some(b)) => b.cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// A version such as `v1`, `v2beta3`; the order of the fields is the order of importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct KubeVersion {
    stability: Stability,
    major: u64,
    minor: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stability {
    Alpha,
    Beta,
    Stable,
}

impl KubeVersion {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('v')?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (major, rest) = rest.split_at(end);
        let major = positive(major)?;
        if rest.is_empty() {
            return Some(Self {
                stability: Stability::Stable,
                major,
                minor: 0,
            });
        }
        let (stability, minor) = match (rest.strip_prefix("alpha"), rest.strip_prefix("beta")) {
            (Some(minor), _) => (Stability::Alpha, minor),
            (_, Some(minor)) => (Stability::Beta, minor),
            _ => return None,
        };
        Some(Self {
            stability,
            major,
            minor: positive(minor)?,
        })
    }
}

/// A number without sign or leading zero.
fn positive(text: &str) -> Option<u64> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Holds the current [`KindTable`] and makes the next one when a CRD comes, changes or goes.
#[derive(Debug)]
pub struct Kinds {
    current: RwLock<Arc<KindTable>>,
    epochs: tokio::sync::watch::Sender<u64>,
}

impl Kinds {
    /// Begins with the built-in kinds, at epoch 1.
    pub fn new(built_in: impl IntoIterator<Item = Arc<Kind>>) -> Self {
        Self {
            current: RwLock::new(Arc::new(KindTable::new(built_in, 1))),
            epochs: tokio::sync::watch::Sender::new(1),
        }
    }

    /// Tells of every new table by its epoch.
    pub fn epochs(&self) -> tokio::sync::watch::Receiver<u64> {
        self.epochs.subscribe()
    }

    /// The table of this moment.
    pub fn snapshot(&self) -> Arc<KindTable> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces what the CRD of this name serves by the given kinds, none to serve it no longer. The epoch rises,
    /// unless neither before nor after anything is served. Built-in kinds are never replaced.
    pub fn replace(&self, crd: &str, kinds: Vec<Arc<Kind>>) -> Arc<KindTable> {
        let of_crd = |kind: &Arc<Kind>| matches!(&kind.origin, Origin::Custom(name) if name == crd);
        // A definition is named by its resource and its group.
        let name = crd.split_once('.').map_or(crd, |(_, group)| group);
        debug_assert!(kinds.iter().all(|kind| *kind.resource.group == *name));
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = current.groups.get(name).map(|group| &**group);
        let known = || before.into_iter().flat_map(Group::kinds);
        if kinds.is_empty() && !known().any(of_crd) {
            return Arc::clone(&current);
        }
        let all: Vec<Arc<Kind>> = known()
            .filter(|kind| !of_crd(kind))
            .cloned()
            .chain(kinds)
            .collect();
        let mut groups = current.groups.clone();
        if all.is_empty() {
            groups.remove(name);
        } else {
            groups.insert(Arc::from(name), Arc::new(Group::of(name, all, before)));
        }
        let next = KindTable {
            groups,
            epoch: current.epoch + 1,
        };
        *current = Arc::new(next);
        self.epochs.send_replace(current.epoch);
        Arc::clone(&current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{custom, kind};

    #[test]
    fn versions_sort_as_kubernetes_sorts_them() {
        let mut versions = [
            "foo10",
            "v11alpha2",
            "v3beta1",
            "v12alpha1",
            "v10",
            "foo1",
            "v2",
            "v11beta2",
            "v1",
            "v10beta3",
            "v01",
            "v3beta",
        ];
        versions.sort_by(|a, b| by_priority(a, b));
        let expected = [
            "v10",
            "v2",
            "v1",
            "v11beta2",
            "v10beta3",
            "v3beta1",
            "v12alpha1",
            "v11alpha2",
            "foo1",
            "foo10",
            "v01",
            "v3beta",
        ];
        assert_eq!(versions, expected);
    }

    #[test]
    fn a_crd_comes_changes_and_goes_and_the_epoch_rises() {
        let kinds = Kinds::new([kind("", "v1", "ConfigMap", "configmaps")]);
        let before = kinds.snapshot();
        assert_eq!(before.epoch(), 1);
        kinds.replace("absent.x.dev", vec![]);
        assert_eq!(kinds.snapshot().epoch(), 1);

        kinds.replace(
            "changes.x.dev",
            vec![
                custom("x.dev", "v1alpha1", "Change", "changes"),
                custom("x.dev", "v1", "Change", "changes"),
            ],
        );
        let after = kinds.snapshot();
        assert_eq!(after.epoch(), 2);
        assert!(
            before.resource("x.dev", "v1", "changes").is_none(),
            "a snapshot does not change"
        );
        assert!(after.resource("x.dev", "v1alpha1", "changes").is_some());
        assert_eq!(
            after.kind("x.dev", "Change").map(|kind| kind.version.as_str()),
            Some("v1")
        );
        assert_eq!(
            after
                .group("x.dev")
                .and_then(Group::preferred)
                .map(|v| v.version.as_str()),
            Some("v1")
        );
        let shared = |table: &KindTable| table.group_version("", "v1").cloned();
        assert!(
            shared(&before)
                .zip(shared(&after))
                .is_some_and(|(a, b)| Arc::ptr_eq(&a, &b))
        );

        kinds.replace("changes.x.dev", vec![]);
        assert!(kinds.snapshot().group("x.dev").is_none());
        assert_eq!(kinds.snapshot().kinds().count(), 1);
    }

    #[test]
    fn groups_are_listed_by_upstream_priority_then_by_name() {
        let table = KindTable::new(
            [
                custom("b.dev", "v1", "B", "bs"),
                custom("a.dev", "v1", "A", "as"),
                kind("coordination.k8s.io", "v1", "Lease", "leases"),
                kind("apps", "v1", "Deployment", "deployments"),
                kind("", "v1", "Pod", "pods"),
            ],
            7,
        );
        let names: Vec<&str> = table.groups().iter().map(|group| group.name()).collect();
        assert_eq!(names, ["apps", "coordination.k8s.io", "a.dev", "b.dev"]);
    }
}
