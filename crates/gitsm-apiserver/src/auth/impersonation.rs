//! `kubectl --as`: acting as somebody else, where one may.

use super::tokens::service_account;
use super::{Attributes, Decision, Target};
use crate::error::ApiError;
use crate::user::{ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User};
use http::HeaderMap;
use std::collections::BTreeMap;

const EXTRA: &str = "impersonate-extra-";

/// The user that a request asks to act as; `None` when it does not ask.
///
/// # Errors
/// 400 for a group, uid or extra without a user, and for text that is no header value; 403 when `user` may not act
/// as each of the parts.
pub fn impersonate(
    headers: &HeaderMap,
    user: &User,
    authorize: impl Fn(&Attributes<'_>) -> Decision,
) -> Result<Option<User>, ApiError> {
    let Some(wanted) = Wanted::read(headers)? else {
        return Ok(None);
    };
    let allowed = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
        let attributes = Attributes {
            verb: "impersonate",
            target: Target::Resource {
                group,
                resource,
                subresource,
                namespace,
                name,
            },
        };
        let decision = authorize(&attributes);
        if decision.allowed {
            Ok(())
        } else {
            Err(attributes.refusal(user, &decision.reason))
        }
    };
    let account = wanted
        .name
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, name)) => allowed("", "serviceaccounts", "", namespace, name)?,
        None => allowed("", "users", "", "", &wanted.name)?,
    }
    for group in &wanted.groups {
        allowed("", "groups", "", "", group)?;
    }
    if !wanted.uid.is_empty() {
        allowed("authentication.k8s.io", "uids", "", "", &wanted.uid)?;
    }
    for (key, values) in &wanted.extra {
        for value in values {
            allowed("authentication.k8s.io", "userextras", key, "", value)?;
        }
    }
    let mut acting = User {
        name: wanted.name.clone(),
        uid: wanted.uid,
        groups: wanted.groups,
        extra: wanted.extra,
    };
    if let (Some((namespace, name)), true) = (account, acting.groups.is_empty()) {
        acting.groups = service_account(namespace, name).groups;
    }
    let everyone = if acting.name == ANONYMOUS {
        UNAUTHENTICATED
    } else {
        AUTHENTICATED
    };
    if !acting.is_in(AUTHENTICATED) && !acting.is_in(UNAUTHENTICATED) {
        acting.groups.push(everyone.to_owned());
    }
    Ok(Some(acting))
}

/// What the headers ask for.
struct Wanted {
    name: String,
    uid: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    fn read(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let texts = |name: &str| -> Result<Vec<String>, ApiError> {
            headers
                .get_all(name)
                .iter()
                .map(|value| match value.to_str() {
                    Ok(text) => Ok(text.to_owned()),
                    Err(_) => Err(ApiError::bad_request(format!("header {name} is not text"))),
                })
                .collect()
        };
        let name = texts("impersonate-user")?.into_iter().next().unwrap_or_default();
        let uid = texts("impersonate-uid")?.into_iter().next().unwrap_or_default();
        let groups = texts("impersonate-group")?;
        let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for header in headers.keys() {
            if let Some(key) = header.as_str().strip_prefix(EXTRA) {
                let key = percent_decoded(key);
                extra.insert(key, texts(header.as_str())?);
            }
        }
        if name.is_empty() {
            if groups.is_empty() && uid.is_empty() && extra.is_empty() {
                return Ok(None);
            }
            return Err(ApiError::internal(
                "requested impersonation of groups, a uid or extra fields without impersonating a user",
            ));
        }
        Ok(Some(Self {
            name,
            uid,
            groups,
            extra,
        }))
    }
}

/// Keys of extra fields are percent-encoded where they hold what a header name cannot.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        let hex = (byte == b'%')
            .then(|| text.get(position + 1..position + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match hex {
            Some(value) => {
                decoded.push(value);
                position += 3;
            }
            None => {
                decoded.push(byte);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn acting(list: &[(&'static str, &str)], allowed: &[&str]) -> Result<Option<User>, ApiError> {
        impersonate(&headers(list), &User::server(), |attributes| Decision {
            allowed: match attributes.target {
                Target::Resource { resource, name, .. } => {
                    allowed.contains(&format!("{resource}/{name}").as_str())
                }
                Target::Path(_) => false,
            },
            reason: String::new(),
        })
    }

    #[test]
    fn without_headers_nobody_is_impersonated() {
        assert_eq!(acting(&[], &[]), Ok(None));
    }

    #[test]
    fn each_part_needs_the_right_to_it() {
        let request = [("impersonate-user", "jane"), ("impersonate-group", "ops")];
        let user = acting(&request, &["users/jane", "groups/ops"]).unwrap().unwrap();
        assert_eq!(user.name, "jane");
        assert_eq!(user.groups, ["ops", "system:authenticated"]);
        let error = acting(&request, &["users/jane"]).unwrap_err();
        assert_eq!(
            error.message,
            "groups \"ops\" is forbidden: User \"system:apiserver\" cannot impersonate resource \"groups\" in API \
             group \"\" at the cluster scope"
        );
    }

    #[test]
    fn a_service_account_comes_with_its_groups() {
        let request = [("impersonate-user", "system:serviceaccount:shop:builder")];
        let user = acting(&request, &["serviceaccounts/builder"]).unwrap().unwrap();
        assert!(user.is_in("system:serviceaccounts:shop") && user.is_in(AUTHENTICATED));
    }

    #[test]
    fn a_group_without_a_user_is_refused() {
        assert!(acting(&[("impersonate-group", "ops")], &["groups/ops"]).is_err());
    }

    #[test]
    fn keys_of_extra_fields_are_decoded() {
        let request = [
            ("impersonate-user", "jane"),
            ("impersonate-extra-acme.com%2fproject", "x"),
        ];
        let user = acting(&request, &["users/jane", "userextras/x"])
            .unwrap()
            .unwrap();
        assert_eq!(user.extra["acme.com/project"], ["x"]);
        assert_eq!(percent_decoded("a%zz%4"), "a%zz%4");
    }
}
