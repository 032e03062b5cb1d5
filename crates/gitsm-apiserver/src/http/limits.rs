//! How much one user may ask at once, and how long clients are waited for.

use crate::error::ApiError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The limits of each user, and of each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests at once, watches aside.
    pub requests: usize,
    /// Watches at once.
    pub watches: usize,
    /// How long a client may take for the handshake, and for the head of a request.
    pub head: Duration,
    /// How long a client may take to send a body.
    pub body: Duration,
    /// How long a client may read nothing of an answer that waits for it.
    pub reading: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 400,
            watches: 2_000,
            head: Duration::from_secs(15),
            body: Duration::from_mins(1),
            reading: Duration::from_mins(1),
        }
    }
}

/// Large bodies of one user that may be on their way at once.
const LARGE_BODIES: usize = 32;
/// Large bodies that are worked on at once: read as values they take many times their size.
const LARGE_WORK: usize = 4;

/// What is counted of each user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Request,
    Watch,
    LargeBody,
}

type Counts = Arc<Mutex<HashMap<(String, Class), usize>>>;

/// What each user has under way.
#[derive(Debug)]
pub struct Inflight {
    limits: Limits,
    counts: Counts,
    large_work: Semaphore,
}

impl Default for Inflight {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

/// One request under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Permit {
    key: (String, Class),
    counts: Counts,
}

impl Inflight {
    /// With these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
            large_work: Semaphore::new(LARGE_WORK),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Lets one more in.
    ///
    /// # Errors
    /// 429 where the user has too many under way.
    pub fn enter(&self, user: &str, is_watch: bool) -> Result<Permit, ApiError> {
        if is_watch {
            self.count(user, Class::Watch, self.limits.watches)
        } else {
            self.count(user, Class::Request, self.limits.requests)
        }
    }

    /// Lets one more large body in.
    ///
    /// # Errors
    /// 429 where the user has too many on their way.
    pub(super) fn large_body(&self, user: &str) -> Result<Permit, ApiError> {
        self.count(user, Class::LargeBody, LARGE_BODIES)
    }

    /// Waits until a large body may be worked on.
    pub(super) async fn large_work(&self) -> Option<SemaphorePermit<'_>> {
        self.large_work.acquire().await.ok()
    }

    fn count(&self, user: &str, class: Class, limit: usize) -> Result<Permit, ApiError> {
        let key = (user.to_owned(), class);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        if *count >= limit {
            return Err(ApiError::too_many_requests());
        }
        *count += 1;
        Ok(Permit {
            key,
            counts: Arc::clone(&self.counts),
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn one_user_does_not_use_up_what_another_may() {
        let inflight = Inflight::new(Limits {
            requests: 1,
            watches: 1,
            ..Limits::default()
        });
        let first = inflight.enter("a", false).unwrap();
        assert_eq!(inflight.enter("a", false).unwrap_err().code, 429);
        let _watch = inflight.enter("a", true).unwrap();
        let _other = inflight.enter("b", false).unwrap();
        drop(first);
        let _again = inflight.enter("a", false).unwrap();
    }
}
