//! Who may do what: the seam to authentication and authorisation.

use super::path::Target;
use crate::error::ApiError;
use crate::request::ResourceRequest;
use crate::user::{AUTHENTICATED, MASTERS, User};
use http::{HeaderMap, Method};
use rustls_pki_types::CertificateDer;
use serde_json::Value;

/// Decides who asks and whether they may.
pub trait Gate: Send + Sync {
    /// Who asks, by headers and by the certificate that the client proved to own.
    ///
    /// # Errors
    /// 401, and 403 for an impersonation that is not allowed.
    fn authenticate(
        &self,
        headers: &HeaderMap,
        certificate: Option<&CertificateDer<'_>>,
    ) -> Result<User, ApiError>;

    /// Whether the user may do it.
    ///
    /// # Errors
    /// 403.
    fn authorize(&self, user: &User, method: &Method, target: &Target) -> Result<(), ApiError>;
}

/// Answers requests for resources that are computed and never stored, such as self-reviews.
pub trait Reviews: Send + Sync {
    /// Whether the resource is one of these.
    fn knows(&self, request: &ResourceRequest) -> bool;

    /// The answer.
    ///
    /// # Errors
    /// The refusal.
    fn answer(&self, user: &User, request: &ResourceRequest, body: Value) -> Result<Value, ApiError>;
}

/// No such resources.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoReviews;

impl Reviews for NoReviews {
    fn knows(&self, _: &ResourceRequest) -> bool {
        false
    }

    fn answer(&self, _: &User, _: &ResourceRequest, _: Value) -> Result<Value, ApiError> {
        Err(ApiError::no_such_resource())
    }
}

/// Lets everyone in as `admin`: for tests, on loopback only.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn authenticate(&self, _: &HeaderMap, _: Option<&CertificateDer<'_>>) -> Result<User, ApiError> {
        Ok(User {
            name: "admin".to_owned(),
            uid: String::new(),
            groups: vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()],
            extra: std::collections::BTreeMap::new(),
        })
    }

    fn authorize(&self, _: &User, _: &Method, _: &Target) -> Result<(), ApiError> {
        Ok(())
    }
}
