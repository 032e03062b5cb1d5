//! What happened, for the audit log.

use super::path::Target;
use crate::user::User;
use http::Method;
use jiff::Timestamp;
use std::time::Duration;

/// One answered request.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The id that the client was told, too.
    pub id: &'a str,
    /// When it came.
    pub at: Timestamp,
    /// How long the answer took; of a watch, until it began.
    pub took: Duration,
    /// Who asked; `None` where that is not known.
    pub user: Option<&'a User>,
    /// The HTTP method.
    pub method: &'a Method,
    /// Path and query as they came.
    pub uri: &'a str,
    /// What it was about; `None` where it could not be read.
    pub target: Option<&'a Target>,
    /// The HTTP status of the answer.
    pub code: u16,
}

/// Takes note of requests. Must not block for long: the answer waits for it.
pub trait AuditLog: Send + Sync {
    /// Takes note of one.
    fn note(&self, entry: &Entry<'_>);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAudit;

impl AuditLog for NoAudit {
    fn note(&self, _: &Entry<'_>) {}
}
