//! Authentication, authorisation, escalation, webhooks and audit of a server, tied to the objects that it stores.
//!
//! What each of them decides is in [`auth`](crate::auth), [`admission`](crate::admission) and [`audit`](crate::audit);
//! here they are given the current objects and put behind the server's seams.

mod admission;
mod audit;
mod follow;
mod gate;
mod reviews;
#[cfg(test)]
mod tests;

use crate::admission::Webhook;
use crate::audit::AuditLog;
use crate::auth::Authenticator;
use crate::auth::rbac::Roles;
use crate::auth::tokens::{Accounts, Tokens};
use crate::crd::controller::Clock;
use crate::kind::GroupResource;
use crate::kinds::Kinds;
use crate::pki::PkiError;
use crate::server::ServerOptions;
use crate::store::{Key, Store};
use follow::Followed;
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The security of one server.
pub struct Security {
    authenticator: Authenticator,
    audit: AuditLog,
    webhooks: crate::admission::Webhooks,
    roles: Followed<Roles>,
    mutating: Webhooks,
    validating: Webhooks,
    clock: Clock,
    /// Known once the server has opened its store. Until then only the server itself writes.
    objects: OnceLock<Objects>,
}

/// The webhooks of all configurations of one kind, in the order of their names.
type Webhooks = Followed<Vec<Arc<Vec<Webhook>>>>;

/// Where objects and kinds are found.
struct Objects {
    store: Store,
    kinds: Arc<Kinds>,
}

impl std::fmt::Debug for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Security").finish_non_exhaustive()
    }
}

/// Why the security of a server cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// Tokens or keys cannot be used.
    #[error(transparent)]
    Keys(#[from] PkiError),
    /// The audit log cannot be written.
    #[error("the audit log in {folder} cannot be written: {why}", folder = .folder.display())]
    Audit {
        /// The folder.
        folder: std::path::PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
}

impl Security {
    /// With the tokens of one folder and the audit log of another.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn new(tokens: Tokens, audit_folder: &Path, clock: Clock) -> Result<Arc<Self>, SecurityError> {
        let audit = AuditLog::open(audit_folder).map_err(|why| SecurityError::Audit {
            folder: audit_folder.to_owned(),
            why,
        })?;
        let rbac = |resource| GroupResource::new("rbac.authorization.k8s.io", resource);
        Ok(Arc::new(Self {
            authenticator: Authenticator::new(tokens),
            audit,
            webhooks: crate::admission::Webhooks::default(),
            roles: Followed::new(
                ["clusterroles", "roles", "clusterrolebindings", "rolebindings"].map(rbac),
                |[cluster_roles, roles, cluster_bindings, bindings]: &[Vec<Value>; 4]| {
                    Roles::new(cluster_roles, roles, cluster_bindings, bindings)
                },
            ),
            mutating: webhooks("mutatingwebhookconfigurations"),
            validating: webhooks("validatingwebhookconfigurations"),
            clock,
            objects: OnceLock::new(),
        }))
    }

    /// The tokens that are accepted.
    pub fn tokens(&self) -> &Tokens {
        self.authenticator.tokens()
    }

    /// Puts itself into the options of a server.
    pub fn secure(self: &Arc<Self>, options: ServerOptions) -> ServerOptions {
        let (gate, reviews) = (Arc::clone(self), Arc::clone(self));
        ServerOptions {
            gate: Box::new(move |registry| {
                let objects = Objects {
                    store: registry.store().clone(),
                    kinds: Arc::clone(registry.kinds()),
                };
                // A server asks once.
                let _ = gate.objects.set(objects);
                gate
            }),
            reviews: Box::new(move |_| reviews),
            admission: Arc::<Self>::clone(self),
            audit: Arc::<Self>::clone(self),
            ..options
        }
    }

    /// The roles as they are now; nobody has any before the store is open.
    fn roles(&self) -> Arc<Roles> {
        match self.objects.get() {
            Some(objects) => self.roles.current(&objects.store),
            None => Arc::default(),
        }
    }
}

fn webhooks(resource: &str) -> Webhooks {
    let configurations = GroupResource::new("admissionregistration.k8s.io", resource);
    Followed::new([configurations], |[configurations]: &[Vec<Value>; 1]| {
        configurations
            .iter()
            .map(|configuration| Arc::new(Webhook::all_of(configuration)))
            .collect()
    })
}

impl Accounts for Security {
    fn uid(&self, namespace: &str, name: &str) -> Option<String> {
        let key = Key::new(&GroupResource::new("", "serviceaccounts"), Some(namespace), name);
        let stored = self.objects.get()?.store.get(&key)?;
        let meta = crate::object::Meta::of_bytes(&stored.json).ok()?;
        meta.deletion_timestamp.is_none().then(|| meta.uid.into_owned())
    }
}
