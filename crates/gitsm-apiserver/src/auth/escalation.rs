//! Nobody grants what they do not hold: the check of roles and bindings when they are written.
//!
//! As upstream (`pkg/registry/rbac`): who writes a role must hold all of its rules or the verb `escalate` on it; who
//! writes a binding must hold all rules of its role or the verb `bind` on it.

use super::rbac::{PolicyRule, RoleRef, Roles};
use super::{Attributes, Target};
use crate::error::{ApiError, Named};
use crate::kind::GroupResource;
use crate::user::{MASTERS, User};
use serde::Deserialize as _;
use serde_json::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Checks an object of the RBAC group that a user is about to write; objects of other groups pass.
///
/// `old` is the object that it replaces: what already was granted may stay.
///
/// # Errors
/// 403 naming what the user does not hold; 404 for a binding to a role that does not exist.
pub fn check(
    resource: &GroupResource,
    object: &Value,
    old: Option<&Value>,
    user: &User,
    roles: &Roles,
) -> Result<(), ApiError> {
    if &*resource.group != GROUP || user.is_in(MASTERS) {
        return Ok(());
    }
    let namespace = crate::object::meta_text(object, "namespace");
    let name = crate::object::meta_text(object, "name");
    let named = Named {
        group: GROUP,
        resource: &resource.resource,
    };
    let holds = |verb: &str, of: &str, name: &str| {
        let attributes = Attributes {
            verb,
            target: Target::Resource {
                group: GROUP,
                resource: of,
                subresource: "",
                namespace,
                name,
            },
        };
        roles.authorize(user, &attributes).allowed
    };
    let refused = |missing: &[PolicyRule]| ApiError::forbidden(named, name, &refusal(user, missing));
    match &*resource.resource {
        of @ ("roles" | "clusterroles") => {
            if old.is_some_and(|old| old["rules"] == object["rules"]) || holds("escalate", of, name) {
                return Ok(());
            }
            let wanted = rules(&object["rules"]);
            match missing(&wanted, user, namespace, roles).as_slice() {
                [] => Ok(()),
                missing => Err(refused(missing)),
            }
        }
        "rolebindings" | "clusterrolebindings" => {
            if old.is_some_and(|old| {
                old["roleRef"] == object["roleRef"] && old["subjects"] == object["subjects"]
            }) {
                return Ok(());
            }
            let role = RoleRef::deserialize(&object["roleRef"]).unwrap_or_default();
            let of = match role.kind.as_str() {
                "Role" => "roles",
                _ => "clusterroles",
            };
            if holds("bind", of, &role.name) {
                return Ok(());
            }
            let scope = (!namespace.is_empty()).then_some(namespace);
            let Some(wanted) = roles.rules_of_reference(&role, scope) else {
                let named = Named {
                    group: GROUP,
                    resource: of,
                };
                return Err(ApiError::not_found(named, &role.name));
            };
            match missing(&wanted, user, namespace, roles).as_slice() {
                [] => Ok(()),
                missing => Err(refused(missing)),
            }
        }
        _ => Ok(()),
    }
}

fn rules(list: &Value) -> Vec<PolicyRule> {
    Vec::deserialize(list).unwrap_or_default()
}

/// The parts of `wanted` that the user does not hold.
fn missing(wanted: &[PolicyRule], user: &User, namespace: &str, roles: &Roles) -> Vec<PolicyRule> {
    let (held, _) = roles.rules_for(user, namespace);
    wanted
        .iter()
        .flat_map(PolicyRule::atoms)
        .filter(|atom| !held.iter().any(|rule| rule.covers(atom)))
        .collect()
}

fn refusal(user: &User, missing: &[PolicyRule]) -> String {
    let groups: Vec<String> = user.groups.iter().map(|group| format!("{group:?}")).collect();
    let mut lines: Vec<String> = missing.iter().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name,
        groups.join(" "),
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    fn roles(extra: &[&str]) -> Roles {
        let mut rules = vec![
            json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"]}),
            json!({"verbs": ["*"], "apiGroups": [GROUP], "resources": ["none"]}),
        ];
        for verb in extra {
            rules.push(json!({"verbs": [verb], "apiGroups": [GROUP], "resources": ["*"]}));
        }
        let cluster_roles = [
            json!({"metadata": {"name": "own"}, "rules": rules}),
            json!({"metadata": {"name": "cluster-admin"}, "rules": [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]}),
        ];
        let bindings = [
            json!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "own"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
        ];
        Roles::new(&cluster_roles, [], &bindings, [])
    }

    fn jane() -> User {
        User {
            name: "jane".to_owned(),
            groups: vec!["a".to_owned(), "b".to_owned()],
            ..User::anonymous()
        }
    }

    fn write(resource: &str, object: &Value, old: Option<&Value>, extra: &[&str]) -> Result<(), ApiError> {
        check(
            &GroupResource::new(GROUP, resource),
            object,
            old,
            &jane(),
            &roles(extra),
        )
    }

    #[test]
    fn a_role_within_what_one_holds_may_be_written() {
        let role = json!({"metadata": {"name": "r", "namespace": "shop"}, "rules": [
            {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["x"]}]});
        assert_eq!(write("roles", &role, None, &[]), Ok(()));
    }

    #[test]
    fn a_wider_role_needs_the_verb_escalate() {
        let role = json!({"metadata": {"name": "r", "namespace": "shop"}, "rules": [
            {"verbs": ["get", "delete"], "apiGroups": [""], "resources": ["configmaps"]}]});
        let error = write("roles", &role, None, &[]).unwrap_err();
        assert_eq!(
            error.message,
            "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"jane\" (groups=[\"a\" \"b\"]) is attempting to \
             grant RBAC permissions not currently held:\n\
             {APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"delete\"]}"
        );
        assert_eq!(write("roles", &role, None, &["escalate"]), Ok(()));
        assert_eq!(write("roles", &role, Some(&role), &[]), Ok(()), "unchanged");
    }

    #[test]
    fn a_binding_needs_the_rules_of_its_role_or_the_verb_bind() {
        let binding = |role: &str| {
            json!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "User", "name": "jane"}]})
        };
        let admin = binding("cluster-admin");
        assert_eq!(
            write("clusterrolebindings", &admin, None, &[]).unwrap_err().code,
            403
        );
        assert_eq!(write("clusterrolebindings", &admin, None, &["bind"]), Ok(()));
        assert_eq!(write("clusterrolebindings", &binding("own"), None, &[]), Ok(()));
        assert_eq!(
            write("clusterrolebindings", &binding("gone"), None, &[])
                .unwrap_err()
                .code,
            404
        );
    }

    #[test]
    fn other_groups_are_not_looked_at() {
        let config = GroupResource::new("", "configmaps");
        assert_eq!(
            check(&config, &json!({}), None, &jane(), &Roles::default()),
            Ok(())
        );
    }
}
