//! From the wire types of `Change` to the domain types of decisions.

use crate::estate::DEFAULT_NAMESPACE;
use crate::v1alpha1 as wire;
use gitsm_core::change as domain;
use gitsm_core::change::LockedField;
use gitsm_core::digest::{digest_of, sha256};
use gitsm_core::ident::{
    ChangeId, ChangeName, ConfigurationItemId, Digest, IncidentId, NamespaceName, ServiceId,
};
use gitsm_core::time::Instant;
use std::collections::BTreeSet;

/// The identity of a change; `None` for names that no manifest of ours can have.
pub fn change_id(change: &wire::Change) -> Option<ChangeId> {
    let namespace = change.metadata.namespace.as_deref();
    let namespace: NamespaceName = namespace.unwrap_or(DEFAULT_NAMESPACE).parse().ok()?;
    let name: ChangeName = change.metadata.name.as_deref()?.parse().ok()?;
    Some(ChangeId::new(namespace, name))
}

/// A change as decisions see it, with the services that were found from its payload beside those that it states;
/// `None` for names that no manifest of ours can have.
pub fn change(change: &wire::Change, found: impl IntoIterator<Item = ServiceId>) -> Option<domain::Change> {
    let id = change_id(change)?;
    let namespace = id.namespace.clone();
    let spec = &change.spec;
    let stated = spec
        .services
        .iter()
        .map(|name| ServiceId::new(namespace.clone(), name.clone()));
    let incident = spec
        .relates
        .as_ref()
        .and_then(|relates| relates.incident.as_ref());
    Some(domain::Change {
        generation: change.metadata.generation,
        model: spec.model.clone(),
        requester: spec.requester.clone(),
        implementer: spec.implementer.as_ref().and_then(implementer),
        environment: spec.environment.clone(),
        services: stated.chain(found).collect(),
        configuration_items: spec
            .configuration_items
            .iter()
            .map(|name| ConfigurationItemId::new(namespace.clone(), name.clone()))
            .collect(),
        plan: spec.plan.as_ref().map(plan),
        backout: spec.backout.as_ref().map(|backout| backout.kind),
        depends_on: spec
            .depends_on
            .iter()
            .map(|name| ChangeId::new(namespace.clone(), name.clone()))
            .collect(),
        fixes_incident: incident.map(|incident| {
            let elsewhere = incident.namespace.clone();
            IncidentId::new(
                elsewhere.unwrap_or_else(|| namespace.clone()),
                incident.name.clone(),
            )
        }),
        stated: stated_fields(spec),
        spec_hash: spec_hash(spec),
        unauthorized: change.status.as_ref().is_some_and(|status| status.unauthorized),
        id,
    })
}

/// The command in a change. `given_at` is when it was written, and `roles` what its author is to the change, both as
/// the caller found them.
pub fn command(
    spec: &wire::ChangeSpec,
    given_at: Instant,
    roles: BTreeSet<domain::CommandRole>,
) -> Option<domain::Command> {
    let command = spec.phase_request.as_ref()?;
    Some(domain::Command {
        to: command.to,
        by: command.by.clone(),
        reason: command.reason.clone(),
        given_at,
        roles,
    })
}

/// Digest of a spec without its command: asking for something is not changing something.
pub fn spec_hash(spec: &wire::ChangeSpec) -> Digest {
    let mut spec = spec.clone();
    spec.phase_request = None;
    // A spec was read from JSON, so it can be written as JSON.
    digest_of(&spec).unwrap_or_else(|error| sha256(error.to_string().as_bytes()))
}

fn plan(plan: &wire::change::Plan) -> domain::Plan {
    domain::Plan {
        start: plan.start,
        not_after: plan.not_after,
        duration: plan.duration,
        backout_duration: plan.backout_duration,
        preparation: plan.preparation,
    }
}

/// Exactly one of the three is given, by a rule of the kind; of several the person counts.
fn implementer(implementer: &wire::change::Implementer) -> Option<domain::Implementer> {
    let member = implementer.member.clone().map(domain::Implementer::Member);
    let team = || implementer.team.clone().map(domain::Implementer::Team);
    let bot = || implementer.bot.clone().map(domain::Implementer::Bot);
    member.or_else(team).or_else(bot)
}

/// The fields that a standard model may lock and the author set. The environment must always be written, so that
/// writing it is no trespass; which ones are allowed is what `eligible.environments` of the model says.
fn stated_fields(spec: &wire::ChangeSpec) -> Vec<LockedField> {
    LockedField::ALL
        .iter()
        .copied()
        .filter(|field| match field {
            LockedField::Environment => false,
            LockedField::Services => !spec.services.is_empty(),
            LockedField::Plan => spec.plan.is_some(),
            LockedField::Backout => spec.backout.is_some(),
            LockedField::Implementer => spec.implementer.is_some(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_core::change::{ChangePhaseRequest, Implementer};
    use gitsm_core::vocabulary::BackoutKind;
    use serde_json::json;

    fn sample() -> wire::Change {
        serde_json::from_value(json!({
            "apiVersion": crate::API_VERSION, "kind": "Change",
            "metadata": {"name": "payments-db-16", "namespace": "payments", "generation": 3},
            "spec": {
                "model": "normal-database-upgrade", "reason": "End of life", "requester": "jonas",
                "implementer": {"member": "ravi"}, "services": ["payments-db"],
                "configurationItems": ["payments-db-1"], "environment": "prod",
                "plan": {"start": "2027-01-23T22:30:00+01:00", "duration": "90m", "backoutDuration": "60m"},
                "backout": {"kind": "Manual", "runbook": "restore"},
                "dependsOn": ["first"],
                "relates": {"incident": {"name": "inc-1", "namespace": "operations"}},
            },
        }))
        .unwrap()
    }

    #[test]
    fn references_get_their_namespaces() {
        let found: ServiceId = "shop/checkout".parse().unwrap();
        let change = change(&sample(), [found.clone()]).unwrap();
        assert_eq!(change.id.to_string(), "payments/payments-db-16");
        assert_eq!(
            change.services,
            ["payments/payments-db".parse().unwrap(), found].into()
        );
        assert_eq!(change.depends_on, ["payments/first".parse().unwrap()].into());
        assert_eq!(change.fixes_incident.unwrap().to_string(), "operations/inc-1");
        assert_eq!(
            change.implementer,
            Some(Implementer::Member("ravi".parse().unwrap()))
        );
        assert_eq!(change.backout, Some(BackoutKind::Manual));
        assert_eq!(change.plan.unwrap().duration.to_string(), "1h30m");
        assert_eq!(change.generation, Some(3));
        assert_eq!(change.stated, LockedField::ALL[1..]);
    }

    #[test]
    fn a_command_is_no_change_of_the_spec() {
        let before = sample();
        let mut after = sample();
        let asked = json!({"to": "OnHold", "by": "jonas", "reason": "not today"});
        after.spec.phase_request = serde_json::from_value(asked).unwrap();
        assert_eq!(spec_hash(&before.spec), spec_hash(&after.spec));
        let at = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(command(&before.spec, at, BTreeSet::new()), None);
        let command = command(&after.spec, at, BTreeSet::new()).unwrap();
        assert_eq!((command.to, command.given_at), (ChangePhaseRequest::OnHold, at));
        after.spec.title = Some("Another".parse().unwrap());
        assert_ne!(spec_hash(&before.spec), spec_hash(&after.spec));
    }
}
