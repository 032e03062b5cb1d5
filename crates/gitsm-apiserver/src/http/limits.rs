//! How much one user may ask at once.

use crate::error::ApiError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The limits of each user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests at once, watches aside.
    pub requests: usize,
    /// Watches at once.
    pub watches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 400,
            watches: 2_000,
        }
    }
}

/// What each user has under way.
#[derive(Debug, Default)]
pub struct Inflight {
    limits: Limits,
    counts: Arc<Mutex<HashMap<(String, bool), usize>>>,
}

/// One request under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Permit {
    key: (String, bool),
    counts: Arc<Mutex<HashMap<(String, bool), usize>>>,
}

impl Inflight {
    /// With these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
        }
    }

    /// Lets one more in.
    ///
    /// # Errors
    /// 429 where the user has too many under way.
    pub fn enter(&self, user: &str, is_watch: bool) -> Result<Permit, ApiError> {
        let limit = if is_watch {
            self.limits.watches
        } else {
            self.limits.requests
        };
        let key = (user.to_owned(), is_watch);
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
        });
        let first = inflight.enter("a", false).unwrap();
        assert_eq!(inflight.enter("a", false).unwrap_err().code, 429);
        let _watch = inflight.enter("a", true).unwrap();
        let _other = inflight.enter("b", false).unwrap();
        drop(first);
        let _again = inflight.enter("a", false).unwrap();
    }
}
