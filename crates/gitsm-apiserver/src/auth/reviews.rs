//! The review APIs: questions about access and identity, answered in the status of the object that asks.

use super::rbac::Roles;
use super::{Attributes, Target};
use crate::error::{ApiError, Named};
use crate::user::User;
use gitsm_schema::{ErrorKind, FieldError, Path};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Answers a SelfSubjectAccessReview.
///
/// # Errors
/// 422 when it asks about neither or both of a resource and a path.
pub fn self_access(mut review: Value, user: &User, roles: &Roles) -> Result<Value, ApiError> {
    check_question(&review, "SelfSubjectAccessReview", Vec::new())?;
    review["status"] = answer(&review["spec"], user, roles);
    Ok(review)
}

/// Answers a SubjectAccessReview, or with a namespace a LocalSubjectAccessReview.
///
/// # Errors
/// 422 when it names nobody, or asks about neither or both of a resource and a path.
pub fn access(mut review: Value, namespace: Option<&str>, roles: &Roles) -> Result<Value, ApiError> {
    let kind = match namespace {
        Some(_) => "LocalSubjectAccessReview",
        None => "SubjectAccessReview",
    };
    let spec = &review["spec"];
    let groups = texts(&spec["groups"]);
    let name = spec["user"].as_str().unwrap_or_default().to_owned();
    let mut errors = Vec::new();
    if name.is_empty() && groups.is_empty() {
        let path = Path::root().field("spec").field("user");
        let detail = "at least one of user or group must be specified";
        errors.push(FieldError::new(ErrorKind::Required, path, detail));
    }
    if let Some(namespace) = namespace {
        let asked = spec["resourceAttributes"]["namespace"]
            .as_str()
            .unwrap_or_default();
        if asked != namespace {
            let path = Path::root()
                .field("spec")
                .field("resourceAttributes")
                .field("namespace");
            let detail = format!("must match metadata.namespace: {namespace}");
            errors.push(FieldError::new(ErrorKind::Invalid, path, detail).with_value(asked.into()));
        }
        if !spec["nonResourceAttributes"].is_null() {
            let path = Path::root().field("spec").field("nonResourceAttributes");
            errors.push(FieldError::new(
                ErrorKind::Invalid,
                path,
                "disallowed on this kind of request",
            ));
        }
    }
    check_question(&review, kind, errors)?;
    let asked = User {
        name,
        uid: spec["uid"].as_str().unwrap_or_default().to_owned(),
        groups,
        extra: BTreeMap::new(),
    };
    review["status"] = answer(&review["spec"], &asked, roles);
    Ok(review)
}

/// Answers a SelfSubjectRulesReview.
///
/// # Errors
/// 400 without a namespace.
pub fn self_rules(mut review: Value, user: &User, roles: &Roles) -> Result<Value, ApiError> {
    let namespace = review["spec"]["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        return Err(ApiError::bad_request("no namespace on request"));
    }
    let (mut rules, missing) = roles.rules_for(user, namespace);
    if user.is_in(crate::user::MASTERS) {
        rules.insert(0, everything_on_resources());
        rules.insert(1, everything_on_paths());
    }
    let mut resource_rules = Vec::new();
    let mut path_rules = Vec::new();
    for rule in rules {
        if !rule.resources.is_empty() {
            let mut entry = Map::new();
            for (field, list) in [
                ("verbs", &rule.verbs),
                ("apiGroups", &rule.api_groups),
                ("resources", &rule.resources),
                ("resourceNames", &rule.resource_names),
            ] {
                if !list.is_empty() {
                    entry.insert(field.to_owned(), json!(list));
                }
            }
            resource_rules.push(Value::Object(entry));
        }
        if !rule.non_resource_urls.is_empty() {
            path_rules.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls}));
        }
    }
    review["status"] = json!({
        "resourceRules": resource_rules,
        "nonResourceRules": path_rules,
        "incomplete": !missing.is_empty(),
    });
    if !missing.is_empty() {
        review["status"]["evaluationError"] = missing.join(", ").into();
    }
    Ok(review)
}

fn everything_on_resources() -> super::rbac::PolicyRule {
    let all = || vec!["*".to_owned()];
    super::rbac::PolicyRule {
        verbs: all(),
        api_groups: all(),
        resources: all(),
        ..super::rbac::PolicyRule::default()
    }
}

fn everything_on_paths() -> super::rbac::PolicyRule {
    let all = || vec!["*".to_owned()];
    super::rbac::PolicyRule {
        verbs: all(),
        non_resource_urls: all(),
        ..super::rbac::PolicyRule::default()
    }
}

/// Answers a SelfSubjectReview: who the server takes the asker for.
pub fn who_am_i(mut review: Value, user: &User) -> Value {
    review["status"] = json!({"userInfo": user_info(user)});
    review
}

/// Answers a TokenReview. `user_of` says whose a token is, if anybody's.
///
/// # Errors
/// 400 without a token.
pub fn token(mut review: Value, user_of: impl FnOnce(&str) -> Option<User>) -> Result<Value, ApiError> {
    let token = review["spec"]["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(ApiError::bad_request(
            "token is required for TokenReview in authentication",
        ));
    }
    let status = match user_of(token) {
        Some(user) => {
            let mut status = json!({"authenticated": true, "user": user_info(&user)});
            if !review["spec"]["audiences"].is_null() {
                status["audiences"] = json!([super::tokens::ISSUER]);
            }
            status
        }
        None => json!({"user": {}, "error": "[invalid bearer token]"}),
    };
    review["status"] = status;
    Ok(review)
}

/// `userInfo` as reviews, audit and admission show it.
pub fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    info.insert("username".to_owned(), user.name.as_str().into());
    if !user.uid.is_empty() {
        info.insert("uid".to_owned(), user.uid.as_str().into());
    }
    if !user.groups.is_empty() {
        info.insert("groups".to_owned(), json!(user.groups));
    }
    if !user.extra.is_empty() {
        info.insert("extra".to_owned(), json!(user.extra));
    }
    Value::Object(info)
}

fn check_question(review: &Value, kind: &str, mut errors: Vec<FieldError>) -> Result<(), ApiError> {
    let spec = &review["spec"];
    let about_resource = !spec["resourceAttributes"].is_null();
    let about_path = !spec["nonResourceAttributes"].is_null();
    if about_resource == about_path {
        let path = Path::root().field("spec").field("resourceAttributes");
        errors.push(if about_path {
            let detail = "cannot be specified in combination with nonResourceAttributes";
            let path = Path::root().field("spec").field("nonResourceAttributes");
            FieldError::new(ErrorKind::Invalid, path, detail)
        } else {
            let detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            FieldError::new(ErrorKind::Invalid, path, detail).with_value(Value::Null)
        });
    }
    if errors.is_empty() {
        return Ok(());
    }
    let named = Named {
        group: "authorization.k8s.io",
        resource: kind,
    };
    Err(ApiError::invalid(named, "", &errors))
}

fn answer(spec: &Value, user: &User, roles: &Roles) -> Value {
    let resource = &spec["resourceAttributes"];
    let path = &spec["nonResourceAttributes"];
    let text = |of: &'_ Value, field: &str| of[field].as_str().unwrap_or_default().to_owned();
    let decision = if resource.is_null() {
        let (verb, path) = (text(path, "verb"), text(path, "path"));
        roles.authorize(
            user,
            &Attributes {
                verb: &verb,
                target: Target::Path(&path),
            },
        )
    } else {
        let [verb, group, name, namespace, resource, subresource] =
            ["verb", "group", "name", "namespace", "resource", "subresource"]
                .map(|field| text(resource, field));
        roles.authorize(
            user,
            &Attributes {
                verb: &verb,
                target: Target::Resource {
                    group: &group,
                    resource: &resource,
                    subresource: &subresource,
                    namespace: &namespace,
                    name: &name,
                },
            },
        )
    };
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.into();
    }
    status
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn jane() -> User {
        User {
            name: "jane".to_owned(),
            groups: vec!["dev".to_owned()],
            ..User::anonymous()
        }
    }

    fn roles() -> Roles {
        let role = [json!({"metadata": {"name": "view"}, "rules": [
            {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]},
            {"verbs": ["get"], "nonResourceURLs": ["/version"]}]})];
        let binding = [
            json!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "Group", "name": "dev"}]}),
        ];
        Roles::new(&role, [], &binding, [])
    }

    #[test]
    fn access_to_a_resource_and_to_a_path_is_answered_with_the_reason() {
        let review = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "configmaps"}}});
        let answered = self_access(review, &jane(), &roles()).unwrap();
        assert_eq!(
            answered["status"],
            json!({"allowed": true, "reason":
                "RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"view\" to Group \"dev\""})
        );
        let review = json!({"spec": {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}});
        assert_eq!(
            self_access(review, &jane(), &roles()).unwrap()["status"],
            json!({"allowed": false})
        );
    }

    #[test]
    fn a_question_about_nothing_or_about_nobody_is_refused() {
        assert_eq!(
            self_access(json!({"spec": {}}), &jane(), &roles())
                .unwrap_err()
                .code,
            422
        );
        let review = json!({"spec": {"resourceAttributes": {"verb": "get"}}});
        let error = access(review, None, &roles()).unwrap_err();
        assert!(error.message.contains("at least one of user or group"), "{error}");
    }

    #[test]
    fn access_of_somebody_else_is_theirs() {
        let review = json!({"spec": {"user": "x", "groups": ["dev"],
            "resourceAttributes": {"verb": "get", "resource": "configmaps", "namespace": "shop"}}});
        let answered = access(review.clone(), None, &roles()).unwrap();
        assert_eq!(answered["status"]["allowed"], true);
        assert!(access(review, Some("other"), &roles()).is_err());
    }

    #[test]
    fn rules_are_listed_for_a_namespace() {
        let answered = self_rules(json!({"spec": {"namespace": "shop"}}), &jane(), &roles()).unwrap();
        assert_eq!(
            answered["status"],
            json!({"incomplete": false,
                "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}],
                "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/version"]}]})
        );
        assert!(self_rules(json!({"spec": {}}), &jane(), &roles()).is_err());
    }

    #[test]
    fn a_token_is_reviewed() {
        let review = json!({"spec": {"token": "t"}});
        let known = token(review.clone(), |_| Some(jane())).unwrap();
        assert_eq!(known["status"]["user"]["username"], "jane");
        let unknown = token(review, |_| None).unwrap();
        assert_eq!(unknown["status"]["error"], "[invalid bearer token]");
        assert!(token(json!({"spec": {}}), |_| None).is_err());
        assert_eq!(
            who_am_i(json!({}), &jane())["status"]["userInfo"]["groups"],
            json!(["dev"])
        );
    }
}
