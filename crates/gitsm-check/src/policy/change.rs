//! What policies see as `change` and `window`: the change that an object is or is about, and how its plan relates to
//! the windows.

use crate::engine::KindSet;
use crate::engine::judge::Subject;
use crate::engine::prelude::ObjectStore;
use crate::engine::rulebook::Rulebook;
use gitsm_api::domain::agenda::planned_time;
use gitsm_api::domain::service_catalog::subject_without_defaults;
use gitsm_api::estate::{DEFAULT_NAMESPACE, Estate};
use gitsm_api::v1alpha1::{Change, ITService};
use gitsm_core::ident::ServiceId;
use gitsm_core::time::{Duration, Instant};
use gitsm_core::vocabulary::{ChangeType, Tier};
use gitsm_core::window::{self, PlanFit, PlannedTime, SubjectChange, WindowFit, WindowOutcome};
use gitsm_schema::cel::{DeclKind, DeclType, FieldDecl, ListDecl, ListSemantics, ObjectDecl, Type, escape};
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The type of `change`.
pub(super) fn change_type(kinds: &KindSet) -> DeclType {
    let kind = |name: &str| kinds.declared(name).unwrap_or_else(DeclType::json);
    let service = object(
        "service of change",
        [
            ("namespace", DeclType::value(Type::String)),
            ("name", DeclType::value(Type::String)),
            ("tier", DeclType::value(Type::Int)),
            ("object", kind("ITService")),
        ],
    );
    object(
        "change",
        [
            ("namespace", DeclType::value(Type::String)),
            ("name", DeclType::value(Type::String)),
            ("object", kind("Change")),
            ("type", DeclType::value(Type::String)),
            ("model", kind("ChangeModel")),
            ("services", list(service)),
            ("tier", DeclType::value(Type::Int)),
        ],
    )
}

/// The type of `window`.
pub(super) fn window_type() -> DeclType {
    object(
        "window",
        [
            ("fit", DeclType::value(Type::String)),
            ("reasons", list(DeclType::value(Type::String))),
            ("windows", list(DeclType::value(Type::String))),
            ("at", DeclType::value(Type::Timestamp)),
            ("until", DeclType::value(Type::Timestamp)),
            ("next", DeclType::value(Type::Timestamp)),
            ("open", DeclType::value(Type::Bool)),
        ],
    )
}

fn object<const N: usize>(name: &str, fields: [(&str, DeclType); N]) -> DeclType {
    let field = |(property, decl): (&str, DeclType)| {
        Some(FieldDecl {
            identifier: escape(property)?,
            property: property.to_owned(),
            decl,
        })
    };
    let mut fields: Vec<FieldDecl> = fields.into_iter().filter_map(field).collect();
    fields.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    let name = name.into();
    DeclType {
        kind: DeclKind::Object(Arc::new(ObjectDecl { name, fields })),
        nullable: false,
    }
}

fn list(item: DeclType) -> DeclType {
    let semantics = ListSemantics::Ordered;
    DeclType {
        kind: DeclKind::List(Arc::new(ListDecl { item, semantics })),
        nullable: false,
    }
}

/// The change that an object is or is about, with its services.
pub(super) struct AboutChange {
    change: Change,
    namespace: String,
    services: Vec<ServiceOfChange>,
    /// Why its services are not all known.
    gaps: Vec<String>,
}

struct ServiceOfChange {
    id: ServiceId,
    object: Option<ITService>,
    subject: Option<window::Subject>,
}

/// `change`, as expressions read it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeSeen {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    object: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<ChangeType>,
    #[serde(skip_serializing_if = "Value::is_null")]
    model: Value,
    services: Vec<ServiceSeen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Tier>,
}

/// An element of `change.services`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceSeen {
    namespace: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Tier>,
    #[serde(skip_serializing_if = "Value::is_null")]
    object: Value,
}

/// `window`, as expressions read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WindowSeen {
    fit: WindowFit,
    reasons: Vec<String>,
    windows: BTreeSet<String>,
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Instant>,
    open: bool,
}

impl AboutChange {
    /// The change that an object is (`Change`), that it lifts a window for (`WindowOverride`), or that it reviews
    /// (`Review` of a change). `None` for other objects, and where that change cannot be found.
    pub(super) fn of(subject: &Subject<'_>, store: &ObjectStore, rulebook: &Rulebook) -> Option<Self> {
        let spec = subject.value.get("spec")?;
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        let own = subject.id.namespace.clone();
        let change = match subject.id.kind.as_str() {
            "Change" => Change::deserialize(subject.value).ok()?,
            "WindowOverride" => look_up(store, &own, &text(spec, "change")?)?,
            "Review" => {
                let about = spec.get("subject")?;
                let namespace = text(about, "namespace").unwrap_or(own);
                let name =
                    text(about, "name").filter(|_| about.get("kind").is_some_and(|kind| kind == "Change"))?;
                look_up(store, &namespace, &name)?
            }
            _ => return None,
        };
        Some(Self::new(change, store, rulebook))
    }

    fn new(change: Change, store: &ObjectStore, rulebook: &Rulebook) -> Self {
        let namespace = change.metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        let namespace = namespace.to_owned();
        let mut gaps = Vec::new();
        let mut items = Estate::default();
        for name in &change.spec.configuration_items {
            let item = store.get("ConfigurationItem", &namespace, name.as_str());
            if item.is_none_or(|item| items.insert(&item).is_err()) {
                gaps.push(format!(
                    "The services of the configuration item {namespace}/{name} are not known, because there is no such item."
                ));
            }
        }
        let mut services = Vec::new();
        for id in items.services_of_change(&change) {
            let object = store.get("ITService", id.namespace.as_str(), id.name.as_str());
            let object = object.and_then(|object| ITService::deserialize(object).ok());
            let subject = object.as_ref().and_then(subject_without_defaults);
            if subject.is_none() {
                gaps.push(format!("There is no service {id}."));
            }
            services.push(ServiceOfChange {
                subject: subject.map(|subject| rulebook.subject(subject)),
                id,
                object,
            });
        }
        Self {
            change,
            namespace,
            services,
            gaps,
        }
    }

    /// What expressions see as `change`.
    pub(super) fn seen(about: Option<&Self>, rulebook: &Rulebook) -> Value {
        json(&about.map_or_else(ChangeSeen::default, |about| about.seen_here(rulebook)))
    }

    fn seen_here(&self, rulebook: &Rulebook) -> ChangeSeen {
        let model = rulebook
            .estate()
            .change_models
            .named(self.change.spec.model.as_str());
        let tier = |service: &ServiceOfChange| service.subject.as_ref()?.service.tier;
        ChangeSeen {
            namespace: Some(self.namespace.clone()),
            name: self.change.metadata.name.clone(),
            object: json(&self.change),
            r#type: model.map(|model| model.spec.r#type),
            model: model.map_or(Value::Null, json),
            services: self
                .services
                .iter()
                .map(|service| ServiceSeen {
                    namespace: service.id.namespace.to_string(),
                    name: service.id.name.to_string(),
                    tier: tier(service),
                    object: service.object.as_ref().map_or(Value::Null, json),
                })
                .collect(),
            tier: self.services.iter().filter_map(tier).min(),
        }
    }

    /// What expressions see as `window`.
    pub(super) fn window_seen(about: Option<&Self>, rulebook: &Rulebook, now: Instant) -> Value {
        json(&match about {
            Some(about) => about.window(rulebook, now),
            None => WindowSeen {
                fit: WindowFit::Unknown,
                reasons: vec!["No change is known that this is about.".to_owned()],
                windows: BTreeSet::new(),
                at: now,
                until: None,
                next: None,
                open: false,
            },
        })
    }

    fn window(&self, rulebook: &Rulebook, now: Instant) -> WindowSeen {
        let subjects: Vec<_> = self
            .services
            .iter()
            .filter_map(|service| service.subject.clone())
            .collect();
        let change = rulebook.estate().window_change(&self.change);
        let variants = rulebook.variants(&change);
        let time = self.time(now);
        let (mut fit, mut reasons) =
            agreed(&variants, &change, |change| rulebook.fit(&subjects, change, time));
        if self.change.spec.plan.is_none() && fit == WindowFit::Fits {
            fit = WindowFit::Unknown;
            reasons.push("The change has no plan, so it is not known how long it takes.".to_owned());
        }
        if !self.gaps.is_empty() {
            fit = WindowFit::Unknown;
            reasons.extend(self.gaps.iter().cloned());
        }
        let verdict = rulebook.verdict(&subjects, &change, time.begin());
        let windows = verdict.services.values().flat_map(|verdict| &verdict.windows);
        let known = |end: Option<Instant>| end.filter(|_| self.gaps.is_empty());
        WindowSeen {
            fit,
            reasons,
            windows: windows
                .filter(|trace| {
                    matches!(
                        trace.outcome,
                        WindowOutcome::Selects { .. } | WindowOutcome::Broken(_)
                    )
                })
                .map(|trace| trace.window.to_string())
                .collect(),
            at: verdict.at,
            until: known(verdict.until),
            next: known(verdict.next),
            open: self.gaps.is_empty()
                && variants
                    .iter()
                    .all(|change| rulebook.verdict(&subjects, change, now).may_start()),
        }
    }

    /// When the change takes place. Without a start: as soon as it can begin; without a plan: for a moment.
    fn time(&self, now: Instant) -> PlannedTime {
        let plan = self.change.spec.plan.as_ref();
        let moment = Duration::constant::<1>();
        planned_time(&self.change).unwrap_or_else(|| {
            let preparation = plan.and_then(|plan| plan.preparation);
            PlannedTime {
                start: preparation.map_or(now, |preparation| now.plus(preparation.to_signed())),
                duration: plan.map_or(moment, |plan| plan.duration),
                backout: plan.map_or(moment, |plan| plan.backout_duration),
                preparation,
            }
        })
    }
}

/// What holds whatever the risk of the change may be; unknown where that depends on it.
fn agreed(
    variants: &[SubjectChange],
    change: &SubjectChange,
    fit: impl Fn(&SubjectChange) -> PlanFit,
) -> (WindowFit, Vec<String>) {
    let mut fits = variants.iter().map(&fit);
    let Some(first) = fits.next() else {
        return (WindowFit::Unknown, Vec::new());
    };
    if fits.all(|other| other.fit == first.fit) {
        return (first.fit, sentences(&first));
    }
    let mut reasons = sentences(&fit(change));
    reasons.push("It depends on the risk of the change, which is not known yet.".to_owned());
    (WindowFit::Unknown, reasons)
}

fn sentences(fit: &PlanFit) -> Vec<String> {
    let sentence = |one: &window::ServiceReason| match &one.service {
        Some(service) => format!("{service}: {}", one.reason.message),
        None => one.reason.message.clone(),
    };
    fit.reasons.iter().map(sentence).collect()
}

fn look_up(store: &ObjectStore, namespace: &str, name: &str) -> Option<Change> {
    Change::deserialize(store.get("Change", namespace, name)?).ok()
}

/// What was read from JSON can be written as JSON.
fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
