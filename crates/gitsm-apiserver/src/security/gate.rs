//! Who asks and whether they may: the server's gate.

use super::Security;
use crate::auth::{self, Attributes, impersonation};
use crate::error::ApiError;
use crate::http::gate::Gate;
use crate::http::path::Target;
use crate::user::User;
use http::{HeaderMap, Method};
use rustls_pki_types::CertificateDer;
use std::time::SystemTime;

impl Gate for Security {
    fn authenticate(
        &self,
        headers: &HeaderMap,
        certificate: Option<&CertificateDer<'_>>,
    ) -> Result<User, ApiError> {
        let now = SystemTime::from((self.clock)());
        let user = self.authenticator.authenticate(headers, certificate, now, self)?;
        let acting = impersonation::impersonate(headers, &user, |attributes| {
            self.roles().authorize(&user, attributes)
        })?;
        Ok(acting.unwrap_or(user))
    }

    fn authorize(&self, user: &User, method: &Method, target: &Target) -> Result<(), ApiError> {
        let lower = method.as_str().to_ascii_lowercase();
        let attributes = match target {
            Target::Path(path) => Attributes {
                verb: &lower,
                target: auth::Target::Path(path),
            },
            Target::Resource(request) => Attributes {
                verb: request.verb.as_str(),
                target: auth::Target::Resource {
                    group: &request.group,
                    resource: &request.resource,
                    subresource: request.subresource.as_deref().unwrap_or_default(),
                    // A namespace itself is in the namespace of its name.
                    namespace: match (&*request.group, &*request.resource) {
                        ("", "namespaces") => request.name.as_deref().unwrap_or_default(),
                        _ => request.namespace.as_deref().unwrap_or_default(),
                    },
                    name: request.name.as_deref().unwrap_or_default(),
                },
            },
        };
        let decision = self.roles().authorize(user, &attributes);
        if decision.allowed {
            Ok(())
        } else {
            Err(attributes.refusal(user, &decision.reason))
        }
    }
}
