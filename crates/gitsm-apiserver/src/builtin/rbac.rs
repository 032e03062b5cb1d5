//! Roles and bindings, as objects. What they allow is the authoriser's matter.

use super::complaints::{Complaints, at, list, list_mut, text};
use super::metadata::NameRule;
use super::strategy::Rules;
use super::workload::check_selector;
use gitsm_schema::Path;
use gitsm_schema::values::names;
use serde_json::Value;

/// The API group of roles, bindings, users and groups.
pub const GROUP: &str = "rbac.authorization.k8s.io";

const BASE: Rules = Rules {
    names: NameRule::PathSegment,
    create_on_update: true,
    ..Rules::NONE
};

pub(super) const ROLE: Rules = Rules {
    ty: "rbac.v1.Role",
    validate: |role, complaints| check_rules(role, true, complaints),
    ..BASE
};

pub(super) const CLUSTER_ROLE: Rules = Rules {
    ty: "rbac.v1.ClusterRole",
    namespaced: false,
    validate: |role, complaints| {
        check_rules(role, false, complaints);
        if role["aggregationRule"].is_object() {
            let path = at("aggregationRule.clusterRoleSelectors");
            let selectors = list(&role["aggregationRule"], "clusterRoleSelectors");
            if selectors.is_empty() {
                let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
                complaints.required(path.clone(), detail);
            }
            for (index, selector) in selectors.iter().enumerate() {
                let path = path.index(index);
                let mut wrong = Complaints::default();
                check_selector(selector, &path, &mut wrong);
                if !wrong.is_empty() {
                    wrong.invalid(path, "null", "invalid label selector.");
                }
                complaints.extend(wrong.into_errors());
            }
        }
    },
    ..BASE
};

pub(super) const ROLE_BINDING: Rules = Rules {
    ty: "rbac.v1.RoleBinding",
    default: default_binding,
    validate: |binding, complaints| check_binding(binding, true, complaints),
    validate_update: |binding, old, _, complaints| keep_role(binding, old, complaints),
    ..BASE
};

pub(super) const CLUSTER_ROLE_BINDING: Rules = Rules {
    ty: "rbac.v1.ClusterRoleBinding",
    namespaced: false,
    default: default_binding,
    validate: |binding, complaints| check_binding(binding, false, complaints),
    validate_update: |binding, old, _, complaints| keep_role(binding, old, complaints),
    ..BASE
};

fn default_binding(binding: &mut Value) {
    if text(&binding["roleRef"], "apiGroup").is_empty() && binding["roleRef"].is_object() {
        binding["roleRef"]["apiGroup"] = GROUP.into();
    }
    for subject in list_mut(binding, "subjects") {
        let group = text(subject, "apiGroup").is_empty();
        if group && matches!(text(subject, "kind"), "User" | "Group") {
            subject["apiGroup"] = GROUP.into();
        }
    }
}

fn check_rules(role: &Value, namespaced: bool, complaints: &mut Complaints) {
    for (index, rule) in list(role, "rules").iter().enumerate() {
        check_rule(rule, namespaced, &at("rules").index(index), complaints);
    }
}

fn check_rule(rule: &Value, namespaced: bool, path: &Path, complaints: &mut Complaints) {
    if list(rule, "verbs").is_empty() {
        complaints.required(path.field("verbs"), "verbs must contain at least one value");
    }
    if !list(rule, "nonResourceURLs").is_empty() {
        let urls = &rule["nonResourceURLs"];
        let path = path.field("nonResourceURLs");
        if namespaced {
            let detail = "namespaced rules cannot apply to non-resource URLs";
            complaints.invalid(path.clone(), urls.clone(), detail);
        }
        if ["apiGroups", "resources", "resourceNames"]
            .iter()
            .any(|field| !list(rule, field).is_empty())
        {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            complaints.invalid(path, urls.clone(), detail);
        }
        return;
    }
    if list(rule, "apiGroups").is_empty() {
        let detail = "resource rules must supply at least one api group";
        complaints.required(path.field("apiGroups"), detail);
    }
    if list(rule, "resources").is_empty() {
        let detail = "resource rules must supply at least one resource";
        complaints.required(path.field("resources"), detail);
    }
}

fn check_binding(binding: &Value, namespaced: bool, complaints: &mut Complaints) {
    let role = &binding["roleRef"];
    let path = at("roleRef");
    complaints.one_of(path.field("apiGroup"), text(role, "apiGroup"), &[GROUP]);
    let kinds: &[&str] = if namespaced {
        &["Role", "ClusterRole"]
    } else {
        &["ClusterRole"]
    };
    complaints.one_of(path.field("kind"), text(role, "kind"), kinds);
    let name = text(role, "name");
    if name.is_empty() {
        complaints.required(path.field("name"), "");
    } else {
        complaints.each_invalid(
            &path.field("name"),
            name,
            NameRule::PathSegment.judge(name, false),
        );
    }
    for (index, subject) in list(binding, "subjects").iter().enumerate() {
        check_subject(subject, namespaced, &at("subjects").index(index), complaints);
    }
}

fn check_subject(subject: &Value, namespaced: bool, path: &Path, complaints: &mut Complaints) {
    let name = text(subject, "name");
    if name.is_empty() {
        complaints.required(path.field("name"), "");
    }
    let group = text(subject, "apiGroup");
    match text(subject, "kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                complaints.each_invalid(&path.field("name"), name, names::dns1123_subdomain(name));
            }
            if !group.is_empty() {
                complaints.not_supported(path.field("apiGroup"), group, &[""]);
            }
            if !namespaced && text(subject, "namespace").is_empty() {
                complaints.required(path.field("namespace"), "");
            }
        }
        "User" | "Group" => complaints.one_of(path.field("apiGroup"), group, &[GROUP]),
        other => complaints.not_supported(path.field("kind"), other, &["ServiceAccount", "User", "Group"]),
    }
}

fn keep_role(binding: &Value, old: &Value, complaints: &mut Complaints) {
    if binding["roleRef"] != old["roleRef"] {
        complaints.invalid(at("roleRef"), binding["roleRef"].clone(), "cannot change roleRef");
    }
}
