//! Reads from an object the few facts that rules about several objects need.

use super::index::{Facts, HardDependency, Person, Planned, SelectorUse, ServiceFacts};
use super::judge::Subject;
use crate::diagnostic::Span;
use gitsm_api::v1alpha1::change::Plan;
use gitsm_core::change::ChangePhase;
use gitsm_core::window::PlannedTime;
use gitsm_schema::Path;
use serde::Deserialize as _;
use serde_json::Value;

/// The facts of an object of ours.
pub(crate) fn of(subject: &Subject<'_>) -> Facts {
    let Some(info) = subject.info else {
        return Facts::None;
    };
    let spec = subject.value.get("spec").unwrap_or(&Value::Null);
    match info.kind {
        "ITService" => Facts::Service(Box::new(service(subject, spec))),
        "ServiceCatalog" => match selector(subject, spec, "services") {
            Some(selector) => Facts::Catalogue {
                promises: is_filled(
                    spec.get("defaults")
                        .and_then(|defaults| defaults.get("slaPolicies")),
                ),
                selector: Box::new(selector),
            },
            None => Facts::None,
        },
        "Team" => Facts::Members(people(subject, spec)),
        "ChangeModel" => Facts::Model {
            unusable: text(spec, "state")
                .filter(|state| *state != "Active")
                .map(Box::from),
        },
        "Change" => Facts::Change {
            model: text(spec, "model").map(|model| (Box::from(model), span(subject, "model"))),
            planned: planned(subject, spec).map(Box::new),
        },
        "ChangeWindow" | "ApprovalPolicy" => selects(subject, spec, "selector"),
        "SLAPolicy" => match spec.get("appliesTo") {
            Some(scope) => selector_at(
                subject,
                scope,
                &Path::root().field("spec").field("appliesTo").field("services"),
            )
            .map_or(Facts::None, |selector| Facts::Selects(Box::new(selector))),
            None => Facts::None,
        },
        _ => Facts::None,
    }
}

/// When a change is planned; `None` without a start, or for a change that has ended.
fn planned(subject: &Subject<'_>, spec: &Value) -> Option<Planned> {
    let phase = subject.value.pointer("/status/phase").and_then(Value::as_str);
    let started = [
        ChangePhase::Implementing,
        ChangePhase::Validating,
        ChangePhase::Review,
        ChangePhase::Closed,
        ChangePhase::BackedOut,
        ChangePhase::Cancelled,
    ];
    if phase.is_some_and(|phase| started.iter().any(|started| started.as_str() == phase)) {
        return None;
    }
    let plan = Plan::deserialize(spec.get("plan")?).ok()?;
    Some(Planned {
        time: PlannedTime {
            start: plan.start?,
            duration: plan.duration,
            backout: plan.backout_duration,
            preparation: plan.preparation,
        },
        span: subject
            .place
            .span(&Path::root().field("spec").field("plan").field("start")),
        services: texts(spec.get("services")).into(),
        environment: text(spec, "environment")?.into(),
    })
}

/// The members of a team with everything that stands for them.
fn people(subject: &Subject<'_>, spec: &Value) -> Box<[Person]> {
    let mut people = Vec::new();
    for (index, member) in list(spec.get("members")).enumerate() {
        let Some(id) = text(member, "id") else { continue };
        let mut accounts: Vec<(&'static str, Box<str>)> = Vec::new();
        // Forges and mail systems take accounts and addresses without regard to case.
        let folded = [
            ("forge login", "forgeLogin"),
            ("Kubernetes user", "kubernetesUser"),
            ("chat id", "chatId"),
        ];
        for (what, field) in folded {
            accounts.extend(text(member, field).map(|account| (what, account.to_lowercase().into())));
        }
        accounts.extend(
            member
                .get("forgeId")
                .and_then(Value::as_i64)
                .map(|id| ("forge id", id.to_string().into())),
        );
        let emails = list(member.get("emails")).filter_map(Value::as_str);
        accounts.extend(emails.map(|email| ("e-mail address", email.to_lowercase().into())));
        let keys = list(member.get("signingKeys")).filter_map(|key| text(key, "publicKey"));
        accounts.extend(keys.map(|key| ("signing key", key_material(key).into())));
        let path = Path::root()
            .field("spec")
            .field("members")
            .index(index)
            .field("id");
        people.push(Person {
            id: id.into(),
            span: subject.place.span(&path),
            accounts: accounts.into(),
        });
    }
    people.into()
}

/// The part of a public key that is the key: an SSH line without its comment.
fn key_material(key: &str) -> &str {
    let key = key.trim();
    match key.split_whitespace().nth(1) {
        Some(material) if !key.starts_with('-') => material,
        _ => key,
    }
}

fn service(subject: &Subject<'_>, spec: &Value) -> ServiceFacts {
    ServiceFacts {
        tier: spec.get("tier").and_then(Value::as_u64),
        labels: labels(
            subject
                .value
                .get("metadata")
                .and_then(|metadata| metadata.get("labels")),
        ),
        environments: texts(spec.get("environments")),
        data_class: text(spec, "dataClass").map(Box::from),
        in_production: text(spec, "state") == Some("Production"),
        promises: is_filled(spec.get("slaPolicies")),
        hard_dependencies: hard_dependencies(subject, spec),
    }
}

fn hard_dependencies(subject: &Subject<'_>, spec: &Value) -> Vec<HardDependency> {
    let list = spec
        .get("dependsOn")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut hard = Vec::new();
    for (index, dependency) in list.iter().enumerate() {
        let target = dependency.get("ref").unwrap_or(&Value::Null);
        let is_hard = text(dependency, "strength").is_none_or(|strength| strength == "Hard");
        let is_service = text(target, "kind").is_none_or(|kind| kind == "ITService");
        // A member of a redundancy group takes the service down only together with others.
        let alone = dependency.get("redundancyGroup").is_none();
        let Some(name) = text(target, "name").filter(|_| is_hard && is_service && alone) else {
            continue;
        };
        let path = Path::root()
            .field("spec")
            .field("dependsOn")
            .index(index)
            .field("ref")
            .field("name");
        hard.push(HardDependency {
            namespace: text(target, "namespace").unwrap_or(&subject.id.namespace).into(),
            name: name.into(),
            environment: text(dependency, "environment").map(Box::from),
            field: path.to_string().into(),
            span: subject.place.span(&path),
        });
    }
    hard
}

fn selects(subject: &Subject<'_>, spec: &Value, field: &str) -> Facts {
    selector(subject, spec, field).map_or(Facts::None, |selector| Facts::Selects(Box::new(selector)))
}

fn selector(subject: &Subject<'_>, spec: &Value, field: &str) -> Option<SelectorUse> {
    selector_at(subject, spec, &Path::root().field("spec").field(field))
}

/// The selector in the last field of `path`, which is a field of `parent`.
///
/// A selector without namespaces means the object's own namespace, and any for a cluster-scoped object.
fn selector_at(subject: &Subject<'_>, parent: &Value, path: &Path) -> Option<SelectorUse> {
    let selector = path.segments().last().and_then(|segment| match segment {
        gitsm_schema::Segment::Field(name) => parent.get(name),
        _ => None,
    })?;
    let mut namespaces = texts(selector.get("namespaces"));
    if namespaces.is_empty() && !subject.id.namespace.is_empty() {
        namespaces.push(subject.id.namespace.as_str().into());
    }
    Some(SelectorUse {
        field: path.to_string().into(),
        span: subject.place.key_span(path),
        namespaces,
        services: texts(selector.get("services")),
        tiers: list(selector.get("tiers")).filter_map(Value::as_u64).collect(),
        environments: texts(selector.get("environments")),
        data_classes: texts(selector.get("dataClasses")),
        labels: labels(selector.get("labels")),
    })
}

fn span(subject: &Subject<'_>, field: &str) -> Span {
    subject.place.span(&Path::root().field("spec").field(field))
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: Option<&Value>) -> Vec<Box<str>> {
    list(value).filter_map(Value::as_str).map(Box::from).collect()
}

fn labels(value: Option<&Value>) -> Vec<(Box<str>, Box<str>)> {
    let map = value.and_then(Value::as_object).into_iter().flatten();
    map.filter_map(|(key, value)| Some((key.as_str().into(), value.as_str()?.into())))
        .collect()
}

fn is_filled(value: Option<&Value>) -> bool {
    value
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty())
}
