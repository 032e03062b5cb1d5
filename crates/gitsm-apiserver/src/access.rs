//! Access control over the server's own objects: who asks, what RBAC allows, the review APIs, and the audit log.

use crate::audit;
use crate::auth::rbac::Roles;
use crate::auth::reviews;
use crate::auth::tokens::Accounts;
use crate::auth::{Attributes, Authenticator, Decision, Target as Wanted, escalation, impersonation};
use crate::crd::controller::Clock;
use crate::error::{ApiError, Named};
use crate::http::audit::{AuditLog, Entry};
use crate::http::gate::{Gate, Reviews};
use crate::http::path::Target;
use crate::kind::GroupResource;
use crate::object::meta_text;
use crate::registry::{Admission, Admitted, Registry, Task, seconds};
use crate::request::ResourceRequest;
use crate::store::{Cursor, Key, Store, Stored};
use crate::user::User;
use http::{HeaderMap, Method};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

const RBAC: &str = "rbac.authorization.k8s.io";
const ROLE_RESOURCES: [&str; 4] = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"];

/// The role objects as they are now, read anew only when one of them changed.
#[derive(Debug)]
pub struct CurrentRoles {
    store: Store,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    roles: Arc<Roles>,
    cursors: Vec<Cursor>,
}

impl CurrentRoles {
    /// Over a store.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            known: Mutex::new(None),
        }
    }

    /// The roles of this moment.
    pub fn get(&self) -> Arc<Roles> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let current = known
            .as_mut()
            .is_some_and(|known| known.cursors.iter_mut().all(is_quiet));
        match known.as_ref() {
            Some(known) if current => Arc::clone(&known.roles),
            _ => {
                let (roles, cursors) = self.read();
                // Without cursors nobody would tell of changes: then they are read for each request.
                *known = cursors.map(|cursors| Known {
                    roles: Arc::clone(&roles),
                    cursors,
                });
                roles
            }
        }
    }

    fn read(&self) -> (Arc<Roles>, Option<Vec<Cursor>>) {
        let revision = self.store.revision();
        let resource = |name: &str| GroupResource::new(RBAC, name);
        let cursors = ROLE_RESOURCES
            .iter()
            .map(|name| self.store.watch(&resource(name), revision).ok());
        let cursors = cursors.collect();
        let values = |name: &str| -> Vec<Value> {
            let listing = self.store.list(&resource(name), None);
            listing.items.iter().map(Stored::value).collect()
        };
        let [cluster_roles, roles, cluster_bindings, bindings] = ROLE_RESOURCES.map(values);
        (
            Arc::new(Roles::new(&cluster_roles, &roles, &cluster_bindings, &bindings)),
            cursors,
        )
    }
}

/// Whether nothing has happened.
fn is_quiet(cursor: &mut Cursor) -> bool {
    matches!(cursor.try_next(), Ok(None))
}

/// Service accounts in the store.
struct StoredAccounts<'s>(&'s Store);

impl Accounts for StoredAccounts<'_> {
    fn uid(&self, namespace: &str, name: &str) -> Option<String> {
        let accounts = GroupResource::new("", "serviceaccounts");
        let stored = self.0.get(&Key::new(&accounts, Some(namespace), name))?;
        Some(meta_text(&stored.value(), "uid").to_owned())
    }
}

/// RBAC at the door: certificates and tokens, impersonation, roles.
pub struct RbacGate {
    authenticator: Arc<Authenticator>,
    roles: Arc<CurrentRoles>,
    store: Store,
    clock: Clock,
}

impl RbacGate {
    /// Over a registry, with the tokens that the authenticator knows.
    pub fn new(
        registry: &Registry,
        authenticator: Arc<Authenticator>,
        roles: Arc<CurrentRoles>,
        clock: Clock,
    ) -> Self {
        Self {
            authenticator,
            roles,
            store: registry.store().clone(),
            clock,
        }
    }

    fn user_of(&self, token: &str) -> Option<User> {
        let accounts = StoredAccounts(&self.store);
        self.authenticator
            .tokens()
            .user_of(token, system_time(&self.clock), &accounts)
    }
}

fn system_time(clock: &Clock) -> SystemTime {
    let milliseconds = u64::try_from(clock().as_millisecond()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

impl Gate for RbacGate {
    fn authenticate(
        &self,
        headers: &HeaderMap,
        certificate: Option<&CertificateDer<'_>>,
    ) -> Result<User, ApiError> {
        let now = system_time(&self.clock);
        let user =
            self.authenticator
                .authenticate(headers, certificate, now, &StoredAccounts(&self.store))?;
        let roles = self.roles.get();
        let acting = impersonation::impersonate(headers, &user, |wanted| roles.authorize(&user, wanted))?;
        Ok(acting.unwrap_or(user))
    }

    fn authorize(&self, user: &User, method: &Method, target: &Target) -> Result<(), ApiError> {
        let verb = method.as_str().to_ascii_lowercase();
        let wanted = attributes(&verb, target);
        let Decision { allowed, reason } = self.roles.get().authorize(user, &wanted);
        if allowed {
            Ok(())
        } else {
            Err(wanted.refusal(user, &reason))
        }
    }
}

fn attributes<'a>(method: &'a str, target: &'a Target) -> Attributes<'a> {
    match target {
        Target::Path(path) => Attributes {
            verb: method,
            target: Wanted::Path(path),
        },
        Target::Resource(request) => Attributes {
            verb: request.verb.as_str(),
            target: Wanted::Resource {
                group: &request.group,
                resource: &request.resource,
                subresource: request.subresource.as_deref().unwrap_or_default(),
                // A namespace is in itself, as upstream has it.
                namespace: match request.resource.as_str() {
                    "namespaces" => request.name.as_deref(),
                    _ => request.namespace.as_deref(),
                }
                .unwrap_or_default(),
                name: request.name.as_deref().unwrap_or_default(),
            },
        },
    }
}

/// The review APIs and tokens of service accounts.
pub struct AccessReviews {
    gate: Arc<RbacGate>,
}

impl AccessReviews {
    /// Answers by the same roles and tokens as the gate.
    pub fn new(gate: Arc<RbacGate>) -> Self {
        Self { gate }
    }

    fn issue_token(&self, request: &ResourceRequest, mut body: Value) -> Result<Value, ApiError> {
        let namespace = request.namespace.as_deref().unwrap_or_default();
        let name = request.name.as_deref().unwrap_or_default();
        let named = Named {
            group: "",
            resource: "serviceaccounts",
        };
        let uid = StoredAccounts(&self.gate.store).uid(namespace, name);
        let uid = uid.ok_or_else(|| ApiError::not_found(named, name))?;
        let audiences = body["spec"]["audiences"].as_array().into_iter().flatten();
        let audiences: Vec<String> = audiences.filter_map(Value::as_str).map(str::to_owned).collect();
        let wanted = body["spec"]["expirationSeconds"].as_u64().unwrap_or(3_600);
        // As upstream: at least ten minutes; at most a day here, as nothing refreshes longer ones.
        let lifetime = Duration::from_secs(wanted.clamp(600, 86_400));
        let tokens = self.gate.authenticator.tokens();
        let now = system_time(&self.gate.clock);
        let issued = tokens
            .issue(namespace, name, &uid, &audiences, lifetime, now)
            .map_err(ApiError::internal)?;
        let expires = jiff::Timestamp::try_from(issued.expires)
            .map(seconds)
            .unwrap_or_default();
        body["status"] = json!({"token": issued.token, "expirationTimestamp": expires});
        Ok(body)
    }
}

impl Reviews for AccessReviews {
    fn knows(&self, request: &ResourceRequest) -> bool {
        let subresource = request.subresource.as_deref();
        match (request.group.as_str(), request.resource.as_str()) {
            ("", "serviceaccounts") => subresource == Some("token"),
            ("authentication.k8s.io", "selfsubjectreviews" | "tokenreviews")
            | (
                "authorization.k8s.io",
                "selfsubjectaccessreviews"
                | "selfsubjectrulesreviews"
                | "subjectaccessreviews"
                | "localsubjectaccessreviews",
            ) => request.version == "v1" && subresource.is_none(),
            _ => false,
        }
    }

    fn answer(&self, user: &User, request: &ResourceRequest, body: Value) -> Result<Value, ApiError> {
        let roles = self.gate.roles.get();
        match request.resource.as_str() {
            "selfsubjectreviews" => Ok(reviews::who_am_i(body, user)),
            "tokenreviews" => reviews::token(body, |token| self.gate.user_of(token)),
            "selfsubjectaccessreviews" => reviews::self_access(body, user, &roles),
            "selfsubjectrulesreviews" => reviews::self_rules(body, user, &roles),
            "subjectaccessreviews" => reviews::access(body, None, &roles),
            "localsubjectaccessreviews" => reviews::access(body, request.namespace.as_deref(), &roles),
            _ => self.issue_token(request, body),
        }
    }
}

/// Nobody grants what they do not hold; then what else has a say is asked.
pub struct RbacAdmission {
    roles: Arc<CurrentRoles>,
    next: Arc<dyn Admission>,
}

impl RbacAdmission {
    /// In front of another admission.
    pub fn new(roles: Arc<CurrentRoles>, next: Arc<dyn Admission>) -> Self {
        Self { roles, next }
    }
}

impl Admission for RbacAdmission {
    fn admit<'a>(&'a self, write: Admitted<'a>) -> Task<'a, Result<Vec<String>, ApiError>> {
        let checked = match write.object {
            Some(object) => escalation::check(
                &write.kind.resource,
                object,
                write.old,
                write.user,
                &self.roles.get(),
            ),
            None => Ok(()),
        };
        Box::pin(async move {
            checked?;
            self.next.admit(write).await
        })
    }
}

/// Writes what was answered to the audit log, as a real server does at level `Metadata`.
pub struct JsonAudit(pub audit::AuditLog);

impl AuditLog for JsonAudit {
    fn note(&self, entry: &Entry<'_>) {
        let verb = match entry.target {
            Some(Target::Resource(request)) => request.verb.as_str().to_owned(),
            _ => entry.method.as_str().to_ascii_lowercase(),
        };
        let mut event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete",
            "auditID": entry.id, "requestURI": entry.uri, "verb": verb,
            "user": entry.user.map(reviews::user_info),
            "responseStatus": {"code": entry.code},
            "requestReceivedTimestamp": entry.at.to_string(),
            "latencyMicroseconds": u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX),
        });
        if let Some(Target::Resource(request)) = entry.target {
            event["objectRef"] = json!({
                "apiGroup": request.group, "apiVersion": request.version, "resource": request.resource,
                "subresource": request.subresource, "namespace": request.namespace, "name": request.name,
            });
        }
        self.0.record(&event);
    }
}
