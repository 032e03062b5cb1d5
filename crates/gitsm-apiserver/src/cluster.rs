//! The server as its own controllers see it: garbage collection acts through the registry, as any client does.

use crate::crd::controller::Clock;
use crate::error::ApiError;
use crate::gc::{Cluster, Edit, OwnerKind, Target};
use crate::http::decode::Decoded;
use crate::kind::{Kind, Part};
use crate::kinds::KindTable;
use crate::object::meta_text;
use crate::registry::{Body, Registry, Request, seconds, stored_resource};
use crate::request::{DeleteOptions, Propagation, WriteOptions};
use crate::user::User;
use serde_json::{Value, json};
use std::sync::Arc;

/// The manager of what controllers write.
const MANAGER: &str = "kube-controller-manager";

/// A registry for controllers.
#[derive(Clone)]
pub struct RegistryCluster {
    registry: Registry,
    clock: Clock,
    user: User,
    options: WriteOptions,
}

impl RegistryCluster {
    /// Over a registry.
    pub fn new(registry: Registry, clock: Clock) -> Self {
        Self {
            registry,
            clock,
            user: User::server(),
            options: WriteOptions {
                field_manager: MANAGER.to_owned(),
                field_manager_given: true,
                ..WriteOptions::default()
            },
        }
    }

    fn request<'a>(&'a self, kind: &'a Arc<Kind>, part: Part, namespace: Option<&'a str>) -> Request<'a> {
        Request {
            kind,
            part,
            namespace,
            user: &self.user,
            options: &self.options,
            now: (self.clock)(),
        }
    }
}

/// A kind whose objects are stored under the resource of the target. Which version does not matter.
fn kind_of<'t>(table: &'t KindTable, target: &Target) -> Result<&'t Arc<Kind>, ApiError> {
    let resource = &target.key.resource;
    let direct = table.preferred_resource(&resource.group, &resource.resource);
    let found = direct.or_else(|| table.kinds().find(|kind| stored_resource(kind) == *resource));
    found.ok_or_else(ApiError::no_such_resource)
}

impl Cluster for RegistryCluster {
    fn resolve(&self, api_version: &str, kind: &str) -> Option<OwnerKind> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let table = self.registry.kinds().snapshot();
        let kind = table.kind_in(group, version, kind)?;
        Some(OwnerKind {
            resource: stored_resource(kind),
            namespaced: kind.namespaced,
        })
    }

    async fn delete(&self, target: &Target, propagation: Propagation) -> Result<(), ApiError> {
        let table = self.registry.kinds().snapshot();
        let kind = kind_of(&table, target)?;
        let request = self.request(kind, Part::Whole, target.key.namespace.as_deref());
        let options = DeleteOptions {
            propagation: Some(propagation),
            uid: Some(target.uid.to_string()),
            resource_version: Some(target.revision.to_string()),
            ..DeleteOptions::default()
        };
        self.registry
            .delete(&request, &target.key.name, &options, &mut Vec::new())
            .await?;
        Ok(())
    }

    async fn edit(&self, target: &Target, part: Part, edit: &Edit) -> Result<(), ApiError> {
        let table = self.registry.kinds().snapshot();
        let kind = kind_of(&table, target)?;
        let request = self.request(kind, part, target.key.namespace.as_deref());
        let name = &*target.key.name;
        let stored = self.registry.get(kind, request.namespace, name)?;
        if meta_text(&stored.value(), "uid") != &*target.uid {
            return Err(ApiError::not_found(kind.named(), name));
        }
        let change = |old: &Value| {
            let mut object = old.clone();
            // An object of the same name that took its place in between is left alone.
            if meta_text(old, "uid") == &*target.uid {
                edit.apply(&mut object);
            }
            object
        };
        self.registry.modify(&request, name, change).await?;
        Ok(())
    }

    async fn warn(&self, target: &Target, reason: &str, message: &str) {
        if let Err(error) = self.write_event(target, reason, message).await {
            tracing::debug!(%error, "a warning about an object cannot be written");
        }
    }
}

impl RegistryCluster {
    async fn write_event(&self, target: &Target, reason: &str, message: &str) -> Result<(), ApiError> {
        let table = self.registry.kinds().snapshot();
        let about = kind_of(&table, target)?;
        let events = table
            .resource("", "v1", "events")
            .ok_or_else(ApiError::no_such_resource)?;
        let namespace = target.key.namespace.as_deref().unwrap_or("default");
        let now = seconds((self.clock)());
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"generateName": format!("{}.", target.key.name), "namespace": namespace},
            "involvedObject": {
                "apiVersion": about.api_version(), "kind": about.names.kind, "name": &*target.key.name,
                "namespace": target.key.namespace.as_deref().unwrap_or_default(), "uid": &*target.uid,
                "resourceVersion": target.revision.to_string(),
            },
            "reason": reason, "message": message, "type": "Warning", "count": 1,
            "firstTimestamp": now, "lastTimestamp": now,
            "source": {"component": "garbage-collector-controller"},
            "reportingComponent": "garbage-collector-controller",
        });
        let body = Body {
            raw: event.to_string().into(),
            decoded: Decoded {
                value: event,
                duplicates: Vec::new(),
            },
        };
        let request = self.request(events, Part::Whole, Some(namespace));
        self.registry.create(&request, body, &mut Vec::new()).await?;
        Ok(())
    }
}
