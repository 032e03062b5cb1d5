//! The objects of one estate, typed: what decisions are taken about.
//!
//! The CLI fills it from files or a git revision, the operator from its caches. The conversions into what single
//! decisions take are methods of [`Estate`] in [`crate::domain`].

use crate::registry::{Scope, find};
use crate::v1alpha1 as api;
use gitsm_core::ident::ResourceName;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// The namespace of a namespaced object that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The objects of one kind, by namespace (empty for cluster-scoped kinds) and name.
#[derive(Debug, Clone)]
pub struct Objects<K> {
    objects: BTreeMap<(String, String), K>,
}

impl<K> Default for Objects<K> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
        }
    }
}

impl<K> Objects<K> {
    /// The object of this name; `namespace` is empty for cluster-scoped kinds.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&K> {
        self.objects.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// The cluster-scoped object of this name.
    pub fn named(&self, name: &str) -> Option<&K> {
        self.get("", name)
    }

    /// All objects, in order of namespace and name.
    pub fn values(&self) -> impl Iterator<Item = &K> {
        self.objects.values()
    }

    /// All objects with namespace and name, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &K)> {
        self.objects
            .iter()
            .map(|((namespace, name), object)| (namespace.as_str(), name.as_str(), object))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// An object that cannot be part of an estate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstateError {
    /// It has no kind of ours.
    #[error("it has no kind of gitsm.dev/v1alpha1")]
    Kind,
    /// It has no name.
    #[error("it has no metadata.name")]
    Name,
    /// Its name or namespace is none that an object of ours can have.
    #[error("metadata.{field}: {problem}")]
    Identity {
        /// `name` or `namespace`.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A value in it is not what the kind says.
    #[error("{path}: {message}")]
    Value {
        /// Path of the field.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// There is one of the same identity already.
    #[error("there is another {kind} of the name {name}")]
    Twice {
        /// The kind.
        kind: &'static str,
        /// Namespace and name.
        name: String,
    },
}

macro_rules! estate {
    ($($(#[$meta:meta])* $field:ident: $kind:ident,)+) => {
        /// The objects of one estate.
        #[derive(Debug, Clone, Default)]
        pub struct Estate {
            $($(#[$meta])* pub $field: Objects<api::$kind>,)+
        }

        impl Estate {
            /// Adds an object.
            ///
            /// # Errors
            ///
            /// [`EstateError`], and the estate is as it was.
            pub fn insert(&mut self, object: &Value) -> Result<(), EstateError> {
                let kind = object.get("kind").and_then(Value::as_str).and_then(find).ok_or(EstateError::Kind)?;
                if object.get("apiVersion").and_then(Value::as_str) != Some(crate::API_VERSION) {
                    return Err(EstateError::Kind);
                }
                let metadata = |field| object.get("metadata").and_then(|all| all.get(field)).and_then(Value::as_str);
                let name = identity("name", metadata("name").ok_or(EstateError::Name)?)?;
                let namespace = match kind.scope {
                    Scope::Cluster => String::new(),
                    Scope::Namespaced => identity("namespace", metadata("namespace").unwrap_or(DEFAULT_NAMESPACE))?,
                };
                match kind.kind {
                    $(stringify!($kind) => add(&mut self.$field, kind.kind, namespace, name, object),)+
                    _ => Err(EstateError::Kind),
                }
            }

            /// How many objects it holds.
            pub fn len(&self) -> usize {
                0 $(+ self.$field.len())+
            }

            /// Whether it holds nothing.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        /// The kinds that an estate can hold, for a test that none is forgotten.
        #[cfg(test)]
        const KINDS: &[&str] = &[$(stringify!($kind)),+];
    };
}

estate! {
    /// Repositories.
    repositories: Repository,
    /// Teams.
    teams: Team,
    /// Service catalogues.
    catalogs: ServiceCatalog,
    /// Business calendars.
    calendars: BusinessCalendar,
    /// Change models.
    change_models: ChangeModel,
    /// Risk policies.
    risk_policies: RiskPolicy,
    /// Approval policies.
    approval_policies: ApprovalPolicy,
    /// Record policies.
    record_policies: RecordPolicy,
    /// Priority matrices.
    priority_matrices: PriorityMatrix,
    /// Services.
    services: ITService,
    /// Configuration items.
    configuration_items: ConfigurationItem,
    /// Assets.
    assets: Asset,
    /// Change windows.
    windows: ChangeWindow,
    /// Service level policies.
    sla_policies: SLAPolicy,
    /// Alert routes.
    alert_routes: AlertRoute,
    /// Runbooks.
    runbooks: Runbook,
    /// Request templates.
    request_templates: RequestTemplate,
    /// Reviews.
    reviews: Review,
    /// Changes.
    changes: Change,
    /// Incidents.
    incidents: Incident,
    /// Problems.
    problems: Problem,
    /// Service requests.
    service_requests: ServiceRequest,
    /// Window overrides.
    window_overrides: WindowOverride,
    /// Acceptances.
    acceptances: Acceptance,
}

/// A name or namespace. What has another would be in the estate and in no decision: a freeze that freezes nothing.
fn identity(field: &'static str, text: &str) -> Result<String, EstateError> {
    match text.parse::<ResourceName>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(EstateError::Identity {
            field,
            problem: error.to_string(),
        }),
    }
}

fn add<K: DeserializeOwned>(
    objects: &mut Objects<K>,
    kind: &'static str,
    namespace: String,
    name: String,
    object: &Value,
) -> Result<(), EstateError> {
    let typed: K = serde_path_to_error::deserialize(object).map_err(|error| EstateError::Value {
        path: error.path().to_string(),
        message: error.into_inner().to_string(),
    })?;
    match objects.objects.entry((namespace, name)) {
        std::collections::btree_map::Entry::Occupied(taken) => {
            let (namespace, name) = taken.key();
            let name = if namespace.is_empty() {
                name.clone()
            } else {
                format!("{namespace}/{name}")
            };
            Err(EstateError::Twice { kind, name })
        }
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(typed);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_has_its_place() {
        let known: std::collections::BTreeSet<_> = crate::kinds().iter().map(|info| info.kind).collect();
        assert_eq!(
            KINDS.iter().copied().collect::<std::collections::BTreeSet<_>>(),
            known
        );
    }

    #[test]
    fn objects_are_found_by_their_identity() {
        let service = |name: &str| {
            json!({"apiVersion": "gitsm.dev/v1alpha1", "kind": "ITService", "metadata": {"name": name},
                "spec": {"displayName": "A", "owner": "a", "state": "Proposed"}})
        };
        let mut estate = Estate::default();
        estate.insert(&service("a")).unwrap();
        assert!(estate.services.get("default", "a").is_some());
        assert!(matches!(
            estate.insert(&service("a")),
            Err(EstateError::Twice { .. })
        ));
        let mut wrong = service("b");
        wrong["spec"]["owner"] = json!("Not a name");
        let error = estate.insert(&wrong).unwrap_err().to_string();
        assert!(error.starts_with("spec.owner: "), "{error}");
        assert_eq!(estate.len(), 1);
        assert_eq!(estate.insert(&json!({"kind": "Pod"})), Err(EstateError::Kind));
        let mut odd = service("peak.2027");
        assert!(matches!(
            estate.insert(&odd),
            Err(EstateError::Identity { field: "name", .. })
        ));
        odd["metadata"] = json!({"name": "b", "namespace": "Shop"});
        assert!(matches!(
            estate.insert(&odd),
            Err(EstateError::Identity {
                field: "namespace",
                ..
            })
        ));
        assert_eq!(estate.len(), 1);
    }
}
