//! Changes as windows and the change calendar see them.

use crate::estate::{DEFAULT_NAMESPACE, Estate};
use crate::v1alpha1::Change;
use gitsm_core::agenda::PlannedChange;
use gitsm_core::ident::{ChangeId, NamespaceName, ServiceId};
use gitsm_core::selector::ChangeSubject;
use gitsm_core::window::{Interval, PlannedTime, SubjectChange};
use std::collections::BTreeSet;

/// The identity of a change; `None` where namespace or name are none of Kubernetes.
pub fn change_id(change: &Change) -> Option<ChangeId> {
    let name = change.metadata.name.as_deref()?.parse().ok()?;
    Some(ChangeId::new(namespace(change)?, name))
}

fn namespace(change: &Change) -> Option<NamespaceName> {
    let namespace = change.metadata.namespace.as_deref();
    namespace.unwrap_or(DEFAULT_NAMESPACE).parse().ok()
}

/// When a change is planned to start and how long it takes; `None` where it has no start: it waits for the next
/// opening.
pub fn planned_time(change: &Change) -> Option<PlannedTime> {
    let plan = change.spec.plan.as_ref()?;
    let scheduled = change.status.as_ref().and_then(|status| status.scheduled_start);
    Some(PlannedTime {
        start: scheduled.or(plan.start)?,
        duration: plan.duration,
        backout: plan.backout_duration,
        preparation: plan.preparation,
    })
}

impl Estate {
    /// The services of a change: those it names, those of the configuration items it names, and those that were found
    /// from its payload. Sorted. A service that does not exist is among them.
    pub fn services_of_change(&self, change: &Change) -> Vec<ServiceId> {
        let Some(namespace) = namespace(change) else {
            return Vec::new();
        };
        let named = change.spec.services.iter();
        let mut services: BTreeSet<_> = named
            .map(|name| ServiceId::new(namespace.clone(), name.clone()))
            .collect();
        let items = change.spec.configuration_items.iter();
        let items = items.filter_map(|name| self.configuration_items.get(namespace.as_str(), name.as_str()));
        let found = change.status.iter().flat_map(|status| &status.affected_services);
        services.extend(
            items
                .flat_map(|item| &item.spec.services)
                .chain(found)
                .map(|service| {
                    let of = service.namespace.clone();
                    ServiceId::new(of.unwrap_or_else(|| namespace.clone()), service.name.clone())
                }),
        );
        services.into_iter().collect()
    }

    /// A change as windows see it: its type is that of its model, its risk is known once it was computed.
    pub fn window_change(&self, change: &Change) -> SubjectChange {
        let model = self.change_models.named(change.spec.model.as_str());
        let status = change.status.as_ref();
        SubjectChange {
            id: change_id(change),
            subject: ChangeSubject {
                environment: Some(change.spec.environment.clone()),
                change_type: model.map(|model| model.spec.r#type),
                model: Some(change.spec.model.clone()),
                risk: status
                    .and_then(|status| status.risk.as_ref())
                    .map(|risk| risk.level),
            },
        }
    }

    /// Every change that has a planned start.
    pub fn planned_changes(&self) -> Vec<PlannedChange> {
        let planned = |change: &Change| {
            let id = change_id(change)?;
            let time = planned_time(change)?;
            let status = change.status.as_ref();
            // What has begun stands where it was, not where it was planned.
            let start = status.and_then(|status| status.started_at).unwrap_or(time.start);
            let end = status
                .and_then(|status| status.finished_at)
                .unwrap_or_else(|| start.plus(time.duration.to_signed()));
            Some(PlannedChange {
                title: change
                    .spec
                    .title
                    .as_ref()
                    .map_or_else(|| id.name.to_string(), ToString::to_string),
                services: self.services_of_change(change),
                environment: change.spec.environment.clone(),
                during: Interval::new(start, end).ok()?,
                backed_out_by: time.end(),
                phase: status.and_then(|status| status.phase),
                id,
            })
        };
        self.changes.values().filter_map(planned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn estate(changes: &[Value]) -> Estate {
        let mut estate = Estate::default();
        let item = json!({"apiVersion": crate::API_VERSION, "kind": "ConfigurationItem",
            "metadata": {"name": "db-1", "namespace": "shop"},
            "spec": {"class": "database", "owner": "a", "services": [{"name": "search"}, {"name": "ledger", "namespace": "payments"}]}});
        estate.insert(&item).unwrap();
        for change in changes {
            estate.insert(change).unwrap();
        }
        estate
    }

    fn change(name: &str, more: &Value, status: &Value) -> Value {
        let mut object = json!({"apiVersion": crate::API_VERSION, "kind": "Change",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"model": "m", "reason": "r", "environment": "prod", "services": ["checkout"]}, "status": status});
        for (field, value) in more.as_object().unwrap() {
            object["spec"][field] = value.clone();
        }
        object
    }

    fn plan() -> Value {
        json!({"plan": {"start": "2027-02-06T21:00:00Z", "duration": "1h", "backoutDuration": "30m"}})
    }

    #[test]
    fn services_are_those_named_and_those_found() {
        let status =
            json!({"affectedServices": [{"name": "checkout"}, {"name": "bus", "namespace": "platform"}]});
        let estate = estate(&[change(
            "a",
            &json!({"configurationItems": ["db-1", "lost"]}),
            &status,
        )]);
        let services = estate.services_of_change(estate.changes.get("shop", "a").unwrap());
        let names: Vec<_> = services.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            ["payments/ledger", "platform/bus", "shop/checkout", "shop/search"]
        );
    }

    #[test]
    fn a_change_stands_where_it_was_once_it_has_begun() {
        let begun = json!({"scheduledStart": "2027-02-06T21:30:00Z", "startedAt": "2027-02-06T21:31:00Z", "phase": "Implementing"});
        let estate = estate(&[
            change("planned", &plan(), &json!({})),
            change("begun", &plan(), &begun),
            change("unplanned", &json!({}), &json!({})),
        ]);
        let lines: Vec<_> = estate
            .planned_changes()
            .iter()
            .map(|change| {
                format!(
                    "{} {} {} {}",
                    change.id,
                    change.during.start(),
                    change.during.end(),
                    change.backed_out_by
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "shop/begun 2027-02-06T21:31:00Z 2027-02-06T22:31:00Z 2027-02-06T23:00:00Z",
                "shop/planned 2027-02-06T21:00:00Z 2027-02-06T22:00:00Z 2027-02-06T22:30:00Z",
            ]
        );
    }
}
