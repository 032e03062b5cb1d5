//! The computed resources: reviews, and tokens of service accounts.

use super::Security;
use crate::auth::reviews;
use crate::auth::tokens::Accounts as _;
use crate::error::{ApiError, Named};
use crate::http::gate::Reviews;
use crate::request::ResourceRequest;
use crate::user::User;
use gitsm_schema::{ErrorKind, FieldError, Path};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Tokens live at least this long, as upstream has it.
const SHORTEST_TOKEN: u64 = 600;
/// And at most this long: upstream takes 2^32 seconds.
const LONGEST_TOKEN: u64 = 1 << 32;
const DEFAULT_TOKEN: u64 = 3_600;

/// Which computed resource a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Review {
    SelfAccess,
    Access,
    LocalAccess,
    SelfRules,
    WhoAmI,
    Token,
    AccountToken,
}

fn review(request: &ResourceRequest) -> Option<Review> {
    let subresource = request.subresource.as_deref();
    match (
        &*request.group,
        &*request.version,
        &*request.resource,
        subresource,
    ) {
        ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", None) => Some(Review::SelfAccess),
        ("authorization.k8s.io", "v1", "subjectaccessreviews", None) => Some(Review::Access),
        ("authorization.k8s.io", "v1", "localsubjectaccessreviews", None) => Some(Review::LocalAccess),
        ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", None) => Some(Review::SelfRules),
        ("authentication.k8s.io", "v1" | "v1beta1", "selfsubjectreviews", None) => Some(Review::WhoAmI),
        ("authentication.k8s.io", "v1", "tokenreviews", None) => Some(Review::Token),
        ("", "v1", "serviceaccounts", Some("token")) => Some(Review::AccountToken),
        _ => None,
    }
}

impl Reviews for Security {
    fn knows(&self, request: &ResourceRequest) -> bool {
        review(request).is_some()
    }

    fn answer(&self, user: &User, request: &ResourceRequest, body: Value) -> Result<Value, ApiError> {
        let Some(review) = review(request) else {
            return Err(ApiError::no_such_resource());
        };
        let mut answered = match review {
            Review::SelfAccess => reviews::self_access(body, user, &self.roles()),
            Review::Access => reviews::access(body, None, &self.roles()),
            Review::LocalAccess => {
                let namespace = request.namespace.as_deref().unwrap_or_default();
                reviews::access(body, Some(namespace), &self.roles())
            }
            Review::SelfRules => reviews::self_rules(body, user, &self.roles()),
            Review::WhoAmI => Ok(reviews::who_am_i(body, user)),
            Review::Token => {
                let now = SystemTime::from((self.clock)());
                reviews::token(body, |token| self.tokens().user_of(token, now, self))
            }
            Review::AccountToken => self.account_token(request, body),
        }?;
        let (group, kind) = named(review);
        let version = match review {
            // It is asked for below a resource of another group.
            Review::AccountToken => "v1",
            _ => &*request.version,
        };
        answered["apiVersion"] = format!("{group}/{version}").into();
        answered["kind"] = kind.into();
        if !answered["metadata"].is_object() {
            answered["metadata"] = json!({});
        }
        if answered["metadata"]["creationTimestamp"].is_null() && review != Review::AccountToken {
            answered["metadata"]["creationTimestamp"] = Value::Null;
        }
        Ok(answered)
    }
}

/// Group and kind of what a review is answered with.
fn named(review: Review) -> (&'static str, &'static str) {
    match review {
        Review::SelfAccess => ("authorization.k8s.io", "SelfSubjectAccessReview"),
        Review::Access => ("authorization.k8s.io", "SubjectAccessReview"),
        Review::LocalAccess => ("authorization.k8s.io", "LocalSubjectAccessReview"),
        Review::SelfRules => ("authorization.k8s.io", "SelfSubjectRulesReview"),
        Review::WhoAmI => ("authentication.k8s.io", "SelfSubjectReview"),
        Review::Token => ("authentication.k8s.io", "TokenReview"),
        Review::AccountToken => ("authentication.k8s.io", "TokenRequest"),
    }
}

impl Security {
    /// Makes a token for a service account, as `kubectl create token` asks for it.
    fn account_token(&self, request: &ResourceRequest, mut body: Value) -> Result<Value, ApiError> {
        let namespace = request.namespace.as_deref().unwrap_or_default();
        let name = request.name.as_deref().unwrap_or_default();
        let accounts = Named {
            group: "",
            resource: "serviceaccounts",
        };
        let Some(uid) = self.uid(namespace, name) else {
            return Err(ApiError::not_found(accounts, name));
        };
        let seconds = lifetime(&body["spec"]["expirationSeconds"]).map_err(|error| {
            let named = Named {
                group: "authentication.k8s.io",
                resource: "TokenRequest",
            };
            ApiError::invalid(named, name, &[*error])
        })?;
        let audiences: Vec<String> = body["spec"]["audiences"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let now = SystemTime::from((self.clock)());
        let issued = self
            .tokens()
            .issue(
                namespace,
                name,
                &uid,
                &audiences,
                Duration::from_secs(seconds),
                now,
            )
            .map_err(ApiError::internal)?;
        let expires = Timestamp::try_from(issued.expires).map_err(ApiError::internal)?;
        body["metadata"] = json!({
            "name": name,
            "namespace": namespace,
            "creationTimestamp": crate::registry::seconds((self.clock)()),
        });
        if audiences.is_empty() {
            body["spec"]["audiences"] = json!([crate::auth::tokens::ISSUER]);
        }
        body["spec"]["expirationSeconds"] = seconds.into();
        body["status"] = json!({
            "token": issued.token,
            "expirationTimestamp": crate::registry::seconds(expires),
        });
        Ok(body)
    }
}

fn lifetime(asked: &Value) -> Result<u64, Box<FieldError>> {
    if asked.is_null() {
        return Ok(DEFAULT_TOKEN);
    }
    let refused = |detail: &str| {
        let path = Path::root().field("spec").field("expirationSeconds");
        Box::new(FieldError::new(ErrorKind::Invalid, path, detail).with_value(asked.clone()))
    };
    match asked.as_u64() {
        Some(seconds) if seconds > LONGEST_TOKEN => {
            Err(refused("may not specify a duration larger than 2^32 seconds"))
        }
        Some(seconds) if seconds >= SHORTEST_TOKEN => Ok(seconds),
        _ => Err(refused("may not specify a duration less than 10 minutes")),
    }
}
