//! What the server asks before it stores a write: nobody grants more than they hold, and webhooks agree.

use super::{Security, Webhooks};
use crate::admission::{Decode, Mutated, Operation, Request, Webhook};
use crate::auth::escalation;
use crate::error::ApiError;
use crate::kind::{GroupResource, Part};
use crate::registry::{Admission, Admitted, Task};
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

impl Admission for Security {
    fn mutate<'a>(
        &'a self,
        write: Admitted<'a>,
        decode: &'a Decode<'a>,
    ) -> Task<'a, Result<Mutated, ApiError>> {
        Box::pin(async move {
            let configurations = self.configurations(&self.mutating);
            if configurations.is_empty() {
                return Ok(Mutated::default());
            }
            let context = self.context(&write);
            self.webhooks
                .mutate(&configurations, context.request(&write), decode)
                .await
        })
    }

    fn admit<'a>(&'a self, write: Admitted<'a>) -> Task<'a, Result<Vec<String>, ApiError>> {
        Box::pin(async move {
            if let Some(object) = write.object {
                escalation::check(&write.kind.resource, object, write.old, write.user, &self.roles())?;
            }
            let configurations = self.configurations(&self.validating);
            if configurations.is_empty() {
                return Ok(Vec::new());
            }
            let context = self.context(&write);
            self.webhooks
                .validate(&configurations, context.request(&write))
                .await
        })
    }
}

/// What webhooks are told beside the write itself.
struct Context {
    operation: Operation,
    served_versions: Vec<String>,
    namespace_labels: Option<Value>,
    options: Value,
}

impl Context {
    fn request<'a>(&'a self, write: &Admitted<'a>) -> Request<'a> {
        let is_scale = write.part == Part::Scale;
        Request {
            operation: self.operation,
            group: &write.kind.resource.group,
            version: &write.kind.version,
            served_versions: &self.served_versions,
            kind_version: is_scale.then_some(("autoscaling", "v1")),
            kind: if is_scale { "Scale" } else { &write.kind.names.kind },
            resource: &write.kind.resource.resource,
            subresource: write.part.subresource().unwrap_or_default(),
            namespace: write.namespace,
            namespace_labels: self.namespace_labels.as_ref(),
            name: write.name,
            user: write.user,
            object: write.object.unwrap_or(&Value::Null),
            old_object: write.old.unwrap_or(&Value::Null),
            options: &self.options,
            dry_run: write.dry_run,
        }
    }
}

impl Security {
    /// The webhooks as they are now; none before the store is open.
    fn configurations(&self, followed: &Webhooks) -> Arc<Vec<Arc<Vec<Webhook>>>> {
        match self.objects.get() {
            Some(objects) => followed.current(&objects.store),
            None => Arc::default(),
        }
    }

    fn context(&self, write: &Admitted<'_>) -> Context {
        let operation = match write.operation {
            "CREATE" => Operation::Create,
            "DELETE" => Operation::Delete,
            _ => Operation::Update,
        };
        let versions = |objects: &super::Objects| -> Vec<String> {
            let kinds = objects.kinds.snapshot();
            let group = kinds.group(&write.kind.resource.group);
            group
                .map(|group| group.versions().iter().map(|one| one.version.clone()).collect())
                .unwrap_or_default()
        };
        Context {
            operation,
            served_versions: self.objects.get().map(versions).unwrap_or_default(),
            namespace_labels: self.namespace_labels(write),
            options: json!({
                "kind": match operation {
                    Operation::Create => "CreateOptions",
                    Operation::Update => "UpdateOptions",
                    Operation::Delete => "DeleteOptions",
                },
                "apiVersion": "meta.k8s.io/v1",
            }),
        }
    }

    /// The labels of the namespace that is written to; of a namespace that is written, its own.
    fn namespace_labels(&self, write: &Admitted<'_>) -> Option<Value> {
        if write.kind.resource == GroupResource::new("", "namespaces") {
            let object = write.object.or(write.old)?;
            return Some(object["metadata"]["labels"].clone());
        }
        let key = Key::new(&GroupResource::new("", "namespaces"), None, write.namespace?);
        let stored = self.objects.get()?.store.get(&key)?;
        Some(stored.value()["metadata"]["labels"].clone())
    }
}
