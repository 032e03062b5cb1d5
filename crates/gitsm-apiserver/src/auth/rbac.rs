//! RBAC: what Role, ClusterRole, RoleBinding and ClusterRoleBinding objects allow.
//!
//! The rules of evaluation are those of upstream's authoriser (`plugin/pkg/auth/authorizer/rbac`). Aggregated
//! ClusterRoles are not filled in: nothing here runs that controller.

mod rule;
#[cfg(test)]
mod tests;

pub use rule::PolicyRule;

use super::{Attributes, Decision, Target};
use crate::user::{MASTERS, User};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The role objects of the server at one moment, indexed for evaluation.
#[derive(Debug, Default)]
pub struct Roles {
    of_cluster: HashMap<String, Arc<[PolicyRule]>>,
    of_namespaces: HashMap<(String, String), Arc<[PolicyRule]>>,
    cluster_bindings: Vec<Binding>,
    bindings: HashMap<String, Vec<Binding>>,
}

#[derive(Debug, Clone)]
struct Binding {
    name: String,
    namespace: Option<String>,
    role: RoleRef,
    subjects: Vec<Subject>,
}

/// What a binding gives: `roleRef`.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleRef {
    /// `rbac.authorization.k8s.io`.
    pub api_group: String,
    /// `Role` or `ClusterRole`.
    pub kind: String,
    /// The name of the role.
    pub name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Subject {
    kind: String,
    name: String,
    namespace: String,
}

impl Roles {
    /// Reads the role objects. What is no well-formed object of its kind allows nothing.
    pub fn new<'v>(
        cluster_roles: impl IntoIterator<Item = &'v Value>,
        roles: impl IntoIterator<Item = &'v Value>,
        cluster_bindings: impl IntoIterator<Item = &'v Value>,
        bindings: impl IntoIterator<Item = &'v Value>,
    ) -> Self {
        let text = |object: &Value, field: &str| crate::object::meta_text(object, field).to_owned();
        let mut read = Self::default();
        for role in cluster_roles {
            read.of_cluster.insert(text(role, "name"), rules_of(role));
        }
        for role in roles {
            let key = (text(role, "namespace"), text(role, "name"));
            read.of_namespaces.insert(key, rules_of(role));
        }
        read.cluster_bindings = cluster_bindings
            .into_iter()
            .map(|object| Binding::read(object, None))
            .collect();
        for object in bindings {
            let namespace = text(object, "namespace");
            let binding = Binding::read(object, Some(namespace.clone()));
            read.bindings.entry(namespace).or_default().push(binding);
        }
        read
    }

    /// Whether a user may do something.
    pub fn authorize(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        if user.is_in(MASTERS) {
            return Decision {
                allowed: true,
                reason: String::new(),
            };
        }
        let namespace = match attributes.target {
            Target::Resource { namespace, .. } => namespace,
            Target::Path(_) => "",
        };
        let mut missing = Vec::new();
        for (binding, subject) in self.bindings_of(user, namespace) {
            match self.rules(binding) {
                None => missing.push(binding.missing_role()),
                Some(rules) if rules.iter().any(|rule| rule.allows(attributes)) => {
                    return Decision {
                        allowed: true,
                        reason: binding.explains(subject),
                    };
                }
                Some(_) => {}
            }
        }
        let reason = match missing.as_slice() {
            [] => String::new(),
            [one] => format!("RBAC: {one}"),
            many => format!("RBAC: [{}]", many.join(", ")),
        };
        Decision {
            allowed: false,
            reason,
        }
    }

    /// The rules that hold for a user in a namespace (empty: at the cluster scope), and what could not be resolved.
    pub fn rules_for(&self, user: &User, namespace: &str) -> (Vec<PolicyRule>, Vec<String>) {
        let (mut rules, mut missing) = (Vec::new(), Vec::new());
        for (binding, _) in self.bindings_of(user, namespace) {
            match self.rules(binding) {
                Some(found) => rules.extend(found.iter().cloned()),
                None => missing.push(binding.missing_role()),
            }
        }
        (rules, missing)
    }

    /// The rules of the role that a binding in a namespace (or, with `None`, in the cluster) refers to.
    pub fn rules_of_reference(&self, role: &RoleRef, namespace: Option<&str>) -> Option<Arc<[PolicyRule]>> {
        match role.kind.as_str() {
            "ClusterRole" => self.of_cluster.get(&role.name).cloned(),
            "Role" => self
                .of_namespaces
                .get(&(namespace?.to_owned(), role.name.clone()))
                .cloned(),
            _ => None,
        }
    }

    fn rules(&self, binding: &Binding) -> Option<Arc<[PolicyRule]>> {
        self.rules_of_reference(&binding.role, binding.namespace.as_deref())
    }

    fn bindings_of<'s>(
        &'s self,
        user: &'s User,
        namespace: &str,
    ) -> impl Iterator<Item = (&'s Binding, &'s Subject)> {
        let local = self.bindings.get(namespace).filter(|_| !namespace.is_empty());
        self.cluster_bindings
            .iter()
            .chain(local.into_iter().flatten())
            .filter_map(|binding| {
                let namespace = binding.namespace.as_deref().unwrap_or_default();
                let subject = binding
                    .subjects
                    .iter()
                    .find(|subject| subject.is(user, namespace))?;
                Some((binding, subject))
            })
    }
}

impl Binding {
    fn read(object: &Value, namespace: Option<String>) -> Self {
        Self {
            name: crate::object::meta_text(object, "name").to_owned(),
            namespace,
            role: RoleRef::deserialize(&object["roleRef"]).unwrap_or_default(),
            subjects: Vec::deserialize(&object["subjects"]).unwrap_or_default(),
        }
    }

    fn missing_role(&self) -> String {
        let resource = match self.role.kind.as_str() {
            "Role" => "role",
            _ => "clusterrole",
        };
        format!(
            "{resource}.rbac.authorization.k8s.io {:?} not found",
            self.role.name
        )
    }

    fn explains(&self, subject: &Subject) -> String {
        let binding = match &self.namespace {
            None => format!("ClusterRoleBinding {:?}", self.name),
            Some(namespace) => format!("RoleBinding {:?}", format!("{}/{namespace}", self.name)),
        };
        let to = match subject.kind.as_str() {
            "ServiceAccount" => {
                let namespace = match subject.namespace.as_str() {
                    "" => self.namespace.as_deref().unwrap_or_default(),
                    given => given,
                };
                format!("ServiceAccount {:?}", format!("{}/{namespace}", subject.name))
            }
            kind => format!("{kind} {:?}", subject.name),
        };
        format!(
            "RBAC: allowed by {binding} of {} {:?} to {to}",
            self.role.kind, self.role.name
        )
    }
}

impl Subject {
    fn is(&self, user: &User, binding_namespace: &str) -> bool {
        match self.kind.as_str() {
            "User" => user.name == self.name,
            "Group" => user.is_in(&self.name),
            "ServiceAccount" => {
                let namespace = match self.namespace.as_str() {
                    "" => binding_namespace,
                    given => given,
                };
                !namespace.is_empty()
                    && user
                        .name
                        .strip_prefix("system:serviceaccount:")
                        .and_then(|rest| rest.split_once(':'))
                        == Some((namespace, self.name.as_str()))
            }
            _ => false,
        }
    }
}

fn rules_of(role: &Value) -> Arc<[PolicyRule]> {
    match &role["rules"] {
        Value::Array(rules) => rules
            .iter()
            .filter_map(|rule| PolicyRule::deserialize(rule).ok())
            .collect(),
        _ => Arc::from([]),
    }
}
