//! Who asks, and what they may do.
//!
//! Authentication is by client certificate or bearer token; whoever shows neither is `system:anonymous`.
//! Authorisation is RBAC over the Role, ClusterRole and binding objects that the server stores, as a real API
//! server evaluates them, and nothing else but that `system:masters` may do everything.

pub mod certificates;
pub mod escalation;
pub mod impersonation;
pub mod rbac;
pub mod reviews;
pub mod tokens;

use crate::error::{ApiError, Named};
use crate::user::User;
use http::HeaderMap;
use rustls_pki_types::CertificateDer;
use std::time::SystemTime;
use tokens::Tokens;

/// What a request wants to do, as authorisation sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// `get`, `list`, ..., or any word that a rule may use, such as `impersonate`; of paths the lower-case HTTP method.
    pub verb: &'a str,
    /// What it is about.
    pub target: Target<'a>,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A resource.
    Resource {
        /// API group; empty for the core group.
        group: &'a str,
        /// Plural resource.
        resource: &'a str,
        /// Subresource; empty for none.
        subresource: &'a str,
        /// Namespace; empty for the cluster scope and for all namespaces.
        namespace: &'a str,
        /// Name of the object; empty for collections.
        name: &'a str,
    },
    /// A path that is no resource: `/healthz`.
    Path(&'a str),
}

impl Attributes<'_> {
    /// The 403 that a real server answers: `User "x" cannot get resource "y" in API group "" in the namespace "z"`.
    pub fn refusal(&self, user: &User, reason: &str) -> ApiError {
        let who = &user.name;
        let verb = self.verb;
        let because = if reason.is_empty() {
            String::new()
        } else {
            format!(": {reason}")
        };
        match self.target {
            Target::Path(path) => {
                let message = format!("forbidden: User {who:?} cannot {verb} path {path:?}{because}");
                ApiError::new(403, "Forbidden", message).with_causes(vec![])
            }
            Target::Resource {
                group,
                resource,
                subresource,
                namespace,
                name,
            } => {
                let what = if subresource.is_empty() {
                    resource.to_owned()
                } else {
                    format!("{resource}/{subresource}")
                };
                let place = if namespace.is_empty() {
                    "at the cluster scope".to_owned()
                } else {
                    format!("in the namespace {namespace:?}")
                };
                let why = format!(
                    "User {who:?} cannot {verb} resource {what:?} in API group {group:?} {place}{because}"
                );
                ApiError::forbidden(Named { group, resource }, name, &why)
            }
        }
    }
}

/// Whether something is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is.
    pub allowed: bool,
    /// Why, in the words of a real server; empty when nothing allows it and nothing is wrong either.
    pub reason: String,
}

/// Finds out who asks.
#[derive(Debug)]
pub struct Authenticator {
    tokens: Tokens,
}

impl Authenticator {
    /// With the tokens of a data folder.
    pub fn new(tokens: Tokens) -> Self {
        Self { tokens }
    }

    /// The tokens that it accepts.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The user of a request: of its certificate (already verified by TLS), else of its bearer token, else
    /// anonymous.
    ///
    /// # Errors
    /// 401 for a token that is not known or expired: who claims to be somebody is not treated as nobody.
    pub fn authenticate(
        &self,
        headers: &HeaderMap,
        peer: Option<&CertificateDer<'_>>,
        now: SystemTime,
        accounts: &dyn tokens::Accounts,
    ) -> Result<User, ApiError> {
        if let Some(user) = peer.and_then(certificates::user_of) {
            return Ok(user);
        }
        match bearer(headers) {
            None => Ok(User::anonymous()),
            Some(token) => self
                .tokens
                .user_of(token, now, accounts)
                .ok_or_else(ApiError::unauthorized),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_worded_as_a_real_server_words_them() {
        let user = User {
            name: "jane".to_owned(),
            ..User::anonymous()
        };
        let attributes = Attributes {
            verb: "get",
            target: Target::Resource {
                group: "gitsm.dev",
                resource: "changes",
                subresource: "status",
                namespace: "shop",
                name: "x",
            },
        };
        assert_eq!(
            attributes.refusal(&user, "").message,
            "changes.gitsm.dev \"x\" is forbidden: User \"jane\" cannot get resource \"changes/status\" in API group \
             \"gitsm.dev\" in the namespace \"shop\""
        );
        let path = Attributes {
            verb: "get",
            target: Target::Path("/metrics"),
        };
        assert_eq!(
            path.refusal(&user, "").message,
            "forbidden: User \"jane\" cannot get path \"/metrics\""
        );
    }

    #[test]
    fn only_bearer_headers_carry_a_token() {
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            if let Ok(value) = text.parse() {
                headers.insert("authorization", value);
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(header("Bearer abc"), Some("abc".to_owned()));
        assert_eq!(header("bearer  abc "), Some("abc".to_owned()));
        assert_eq!(header("Basic abc"), None);
        assert_eq!(header("Bearer "), None);
        assert_eq!(header(""), None);
    }
}
