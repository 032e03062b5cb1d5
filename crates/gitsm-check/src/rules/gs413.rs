//! GS413: a change planned for a time at which it may not go in.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Entry, Facts, Index, Planned, ServiceFacts};
use crate::engine::rulebook::Rulebook;
use crate::engine::sink::about;
use gitsm_core::ident::{ChangeId, ServiceId};
use gitsm_core::selector::{ChangeSubject, ServiceSubject};
use gitsm_core::time::Instant;
use gitsm_core::vocabulary::{ChangeType, Tier};
use gitsm_core::window::{PlanFit, Subject, SubjectChange, WindowFit};
use std::collections::HashMap;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS413",
    name: "change-outside-window",
    level: Level::Error,
    summary: "A change is planned for a freeze, outside every window, or for longer than its window lasts",
    explanation: "A change goes in only while a window is open for all of its services and no freeze is active, and \
only if preparation, work and the way back fit before the window closes. Planned for another time it would wait, \
expire, and ask its approvers again. The rule looks at coming changes with `plan.start`, at the instant of \
`--at`. What depends on the risk of the change, which is not computed yet, is reported only if it \
holds for every risk. `gitsm window explain` shows every window and why it does or does not apply.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ServiceCatalog
metadata:
  name: products
spec:
  title: Products
  owner: payments
  services:
    namespaces: [shop]
  defaults: {}
  changePolicy:
    defaultWhenNoWindow: Closed
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  tier: 2
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeModel
metadata:
  name: normal
spec:
  type: Standard
  state: Active
  title: Normal
  owner: payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: weekend
  namespace: shop
spec:
  type: Maintenance
  timeZone: Europe/Berlin
  selector:
    services: [checkout]
  recurrence:
    days: [Saturday]
    start: \"22:00\"
    duration: 4h
---
apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata:
  name: database-16
  namespace: shop
spec:
  model: normal
  reason: The old version is no longer supported
  services: [checkout]
  environment: prod
  plan:
    start: \"2027-02-05T22:00:00+01:00\"
    duration: 1h
    backoutDuration: 30m
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ServiceCatalog
metadata:
  name: products
spec:
  title: Products
  owner: payments
  services:
    namespaces: [shop]
  defaults: {}
  changePolicy:
    defaultWhenNoWindow: Closed
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  tier: 2
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeModel
metadata:
  name: normal
spec:
  type: Standard
  state: Active
  title: Normal
  owner: payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ChangeWindow
metadata:
  name: weekend
  namespace: shop
spec:
  type: Maintenance
  timeZone: Europe/Berlin
  selector:
    services: [checkout]
  recurrence:
    days: [Saturday]
    start: \"22:00\"
    duration: 4h
---
apiVersion: gitsm.dev/v1alpha1
kind: Change
metadata:
  name: database-16
  namespace: shop
spec:
  model: normal
  reason: The old version is no longer supported
  services: [checkout]
  environment: prod
  plan:
    start: \"2027-02-06T22:00:00+01:00\"
    duration: 1h
    backoutDuration: 30m
",
};

/// Reports coming changes whose plan does not fit.
pub(crate) fn check(index: &Index, rulebook: &Rulebook, at: Instant, findings: &mut Vec<Finding>) {
    let mut subjects: HashMap<(&str, &str), Option<Subject>> = HashMap::new();
    for entry in index.of_kind("Change") {
        let Facts::Change {
            model,
            planned: Some(planned),
        } = &entry.facts
        else {
            continue;
        };
        if planned.time.begin() < at {
            continue;
        }
        let services: Option<Vec<Subject>> = planned
            .services
            .iter()
            .map(|name| {
                let key = (&*entry.namespace, &**name);
                let subject = subjects
                    .entry(key)
                    .or_insert_with(|| subject(index, rulebook, key));
                subject.clone()
            })
            .collect();
        // Services that are not there are reported as such; those found from a payload are not known here.
        let Some(services) = services.filter(|services| !services.is_empty()) else {
            continue;
        };
        let model = model.as_ref().map(|(name, _)| &**name);
        let change_type = model
            .and_then(|model| rulebook.estate().change_models.named(model))
            .map(|model| model.spec.r#type);
        let Some(change) = change(entry, planned, model, change_type) else {
            continue;
        };
        let Some(fit) = misfit(rulebook, &services, &change, planned) else {
            continue;
        };
        let level = if change_type == Some(ChangeType::Emergency) {
            Level::Warning
        } else {
            META.level
        };
        findings.push(
            finding(entry, planned, &fit, level).with_hint(hint(rulebook, &services, &change, planned)),
        );
    }
}

/// How the plan does not fit; `None` where it does, or does for some risk, or where the windows themselves have to be
/// corrected first.
fn misfit(
    rulebook: &Rulebook,
    services: &[Subject],
    change: &SubjectChange,
    planned: &Planned,
) -> Option<PlanFit> {
    let fit = rulebook.fit(services, change, planned.time);
    if matches!(fit.fit, WindowFit::Fits | WindowFit::Unknown) {
        return None;
    }
    let variants = rulebook.variants(change);
    let for_every_risk = variants
        .iter()
        .all(|change| rulebook.fit(services, change, planned.time).fit != WindowFit::Fits);
    for_every_risk.then_some(fit)
}

fn finding(entry: &Entry, planned: &Planned, fit: &PlanFit, level: Level) -> Finding {
    let what = match fit.fit {
        WindowFit::InFreeze => "the change is planned for a freeze",
        WindowFit::ExceedsWindow => "the change is planned for longer than its window lasts",
        _ => "the change is planned outside its windows",
    };
    let mut message = format!(
        "{what}: it takes from {} to {} with the way back",
        fit.begin, fit.end
    );
    for one in &fit.reasons {
        message.push_str(". ");
        if let Some(service) = &one.service {
            message.push_str(&format!("{}: ", service.name));
        }
        message.push_str(one.reason.message.trim_end_matches('.'));
    }
    let mut finding = about(&META, entry, planned.span, message);
    finding.level = level;
    Finding {
        field: "spec.plan.start".to_owned(),
        ..finding
    }
}

fn hint(rulebook: &Rulebook, services: &[Subject], change: &SubjectChange, planned: &Planned) -> String {
    match rulebook.first_fit(services, change, planned.time) {
        Some(start) => format!("the first start after it that fits is {start}"),
        None => "no start within five years fits: make the change shorter, or add a window".to_owned(),
    }
}

fn change(
    entry: &Entry,
    planned: &Planned,
    model: Option<&str>,
    change_type: Option<ChangeType>,
) -> Option<SubjectChange> {
    Some(SubjectChange {
        id: Some(ChangeId::new(
            entry.namespace.parse().ok()?,
            entry.name.parse().ok()?,
        )),
        subject: ChangeSubject {
            environment: planned.environment.parse().ok(),
            change_type,
            model: model.and_then(|model| model.parse().ok()),
            risk: None,
        },
    })
}

fn subject(index: &Index, rulebook: &Rulebook, (namespace, name): (&str, &str)) -> Option<Subject> {
    let entry = index.get("ITService", namespace, name)?;
    let Facts::Service(facts) = &entry.facts else {
        return None;
    };
    let id = ServiceId::new(namespace.parse().ok()?, name.parse().ok()?);
    Some(rulebook.subject(service(id, facts)))
}

/// A service from what the index keeps of it.
fn service(id: ServiceId, facts: &ServiceFacts) -> ServiceSubject {
    ServiceSubject {
        id,
        tier: facts
            .tier
            .and_then(|tier| Tier::try_from(i64::try_from(tier).ok()?).ok()),
        labels: facts
            .labels
            .iter()
            .filter_map(|(key, value)| Some((key.parse().ok()?, value.parse().ok()?)))
            .collect(),
        data_class: facts.data_class.as_ref().and_then(|class| class.parse().ok()),
    }
}
