//! What the server asks before it stores a write: nobody grants more than they hold, and webhooks agree.

use super::Security;
use crate::admission::{Operation, Request};
use crate::auth::escalation;
use crate::error::ApiError;
use crate::kind::{GroupResource, Part};
use crate::registry::{Admission, Admitted, Task};
use crate::store::Key;
use serde_json::{Value, json};

impl Admission for Security {
    fn admit<'a>(&'a self, write: Admitted<'a>) -> Task<'a, Result<Vec<String>, ApiError>> {
        Box::pin(async move {
            if let Some(object) = write.object {
                escalation::check(&write.kind.resource, object, write.old, write.user, &self.roles())?;
            }
            self.ask_webhooks(write).await
        })
    }
}

impl Security {
    async fn ask_webhooks(&self, write: Admitted<'_>) -> Result<Vec<String>, ApiError> {
        let Some(objects) = self.objects.get() else {
            return Ok(Vec::new());
        };
        let configurations = self.configurations.current(&objects.store);
        if configurations.is_empty() {
            return Ok(Vec::new());
        }
        let operation = match write.operation {
            "CREATE" => Operation::Create,
            "DELETE" => Operation::Delete,
            _ => Operation::Update,
        };
        let served: Vec<String> = objects
            .kinds
            .snapshot()
            .group(&write.kind.resource.group)
            .map(|group| {
                group
                    .versions()
                    .iter()
                    .map(|version| version.version.clone())
                    .collect()
            })
            .unwrap_or_default();
        let labels = self.namespace_labels(&write);
        let options = json!({
            "kind": match operation {
                Operation::Create => "CreateOptions",
                Operation::Update => "UpdateOptions",
                Operation::Delete => "DeleteOptions",
            },
            "apiVersion": "meta.k8s.io/v1",
        });
        let is_scale = write.part == Part::Scale;
        let request = Request {
            operation,
            group: if is_scale {
                "autoscaling"
            } else {
                &write.kind.resource.group
            },
            version: if is_scale { "v1" } else { &write.kind.version },
            served_versions: &served,
            kind: if is_scale { "Scale" } else { &write.kind.names.kind },
            resource: &write.kind.resource.resource,
            subresource: write.part.subresource().unwrap_or_default(),
            namespace: write.namespace,
            namespace_labels: labels.as_ref(),
            name: write.name,
            user: write.user,
            object: write.object.unwrap_or(&Value::Null),
            old_object: write.old.unwrap_or(&Value::Null),
            options: &options,
            dry_run: write.dry_run,
        };
        self.webhooks.validate(&configurations, request).await
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
