//! The list of built-in kinds, with the names and abilities that discovery shows.

use super::strategy::{BuiltIn, Rules};
use super::{config, event, namespace, rbac, schema, service, webhook, workload};
use crate::kind::{GroupResource, Kind, LazySchema, Names, Origin, ScalePaths, Strategy};
use crate::request::Verb;
use std::sync::Arc;

/// What can be done to most kinds.
const ALL: &[Verb] = &[
    Verb::Create,
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Update,
    Verb::Watch,
];
/// Namespaces and services are deleted one by one.
const NO_COLLECTION: &[Verb] = &[
    Verb::Create,
    Verb::Delete,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Update,
    Verb::Watch,
];
/// Reviews are answered, not stored.
const CREATE: &[Verb] = &[Verb::Create];

/// One row of the list.
struct Row {
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    categories: &'static [&'static str],
    rules: Rules,
    verbs: &'static [Verb],
    has_status: bool,
    scale: Option<(&'static str, Option<&'static str>)>,
}

impl Row {
    const fn new(api_version: &'static str, kind: &'static str, plural: &'static str, rules: Rules) -> Self {
        Self {
            api_version,
            kind,
            plural,
            short: &[],
            categories: &[],
            rules,
            verbs: ALL,
            has_status: false,
            scale: None,
        }
    }

    const fn short(mut self, names: &'static [&'static str]) -> Self {
        self.short = names;
        self
    }

    const fn within(mut self, categories: &'static [&'static str]) -> Self {
        self.categories = categories;
        self
    }

    const fn with_status(mut self) -> Self {
        self.has_status = true;
        self
    }

    const fn verbs(mut self, verbs: &'static [Verb]) -> Self {
        self.verbs = verbs;
        self
    }

    const fn scaled(mut self) -> Self {
        self.scale = Some((".status.replicas", Some(".spec.selector")));
        self
    }

    fn build(self, strategy: Option<Arc<dyn Strategy>>) -> Arc<Kind> {
        let (group, version) = self.api_version.split_once('/').unwrap_or(("", self.api_version));
        let of = self.rules.ty;
        let namespaced = self.rules.namespaced;
        Arc::new(Kind {
            resource: GroupResource::new(group, self.plural),
            version: version.to_owned(),
            names: Names {
                kind: self.kind.to_owned(),
                list_kind: format!("{}List", self.kind),
                plural: self.plural.to_owned(),
                singular: self.kind.to_lowercase(),
                short_names: self.short.iter().map(|name| (*name).to_owned()).collect(),
                categories: self.categories.iter().map(|name| (*name).to_owned()).collect(),
            },
            namespaced,
            verbs: self.verbs.to_vec(),
            has_status: self.has_status,
            scale: self.scale.map(|(status, selector)| ScalePaths {
                spec_replicas: ".spec.replicas".to_owned(),
                status_replicas: status.to_owned(),
                label_selector: selector.map(str::to_owned),
            }),
            deprecation_warning: None,
            storage_version: self.api_version.to_owned(),
            storage_schema: None,
            strategy: strategy.unwrap_or_else(|| Arc::new(BuiltIn(self.rules))),
            schema: LazySchema::later(schema::build, of),
            schema_since: 0,
            origin: Origin::BuiltIn,
        })
    }
}

const APPS: &str = "apps/v1";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const ADMISSION: &str = "admissionregistration.k8s.io/v1";
const AUTHORIZATION: &str = "authorization.k8s.io/v1";
const AUTHENTICATION: &str = "authentication.k8s.io/v1";

/// The rules of custom resource definitions that do not depend on what they define.
const CRD: Rules = Rules {
    ty: "apiextensions.v1.CustomResourceDefinition",
    namespaced: false,
    qualified_finalizers: false,
    generation: true,
    unconditional_update: false,
    ..Rules::NONE
};

/// Rules of a review: answered at once, without metadata of its own.
const fn review(ty: &'static str, namespaced: bool) -> Rules {
    Rules {
        ty,
        namespaced,
        judges_metadata: false,
        ..Rules::NONE
    }
}

fn rows() -> Vec<Row> {
    vec![
        Row::new("v1", "ConfigMap", "configmaps", config::CONFIG_MAP).short(&["cm"]),
        Row::new("v1", "Event", "events", event::CORE).short(&["ev"]),
        Row::new("v1", "Namespace", "namespaces", namespace::RULES)
            .short(&["ns"])
            .verbs(NO_COLLECTION)
            .with_status(),
        Row::new("v1", "Pod", "pods", workload::POD)
            .short(&["po"])
            .within(&["all"])
            .with_status(),
        Row::new("v1", "Secret", "secrets", config::SECRET),
        Row::new("v1", "ServiceAccount", "serviceaccounts", config::SERVICE_ACCOUNT).short(&["sa"]),
        Row::new("v1", "Service", "services", service::SERVICE)
            .short(&["svc"])
            .within(&["all"])
            .with_status(),
        Row::new("events.k8s.io/v1", "Event", "events", event::EVENTS).short(&["ev"]),
        Row::new("coordination.k8s.io/v1", "Lease", "leases", service::LEASE),
        Row::new(APPS, "DaemonSet", "daemonsets", workload::DAEMON_SET)
            .short(&["ds"])
            .within(&["all"])
            .with_status(),
        Row::new(APPS, "Deployment", "deployments", workload::DEPLOYMENT)
            .short(&["deploy"])
            .within(&["all"])
            .with_status()
            .scaled(),
        Row::new(APPS, "ReplicaSet", "replicasets", workload::REPLICA_SET)
            .short(&["rs"])
            .within(&["all"])
            .with_status()
            .scaled(),
        Row::new(APPS, "StatefulSet", "statefulsets", workload::STATEFUL_SET)
            .short(&["sts"])
            .within(&["all"])
            .with_status()
            .scaled(),
        Row::new(RBAC, "ClusterRole", "clusterroles", rbac::CLUSTER_ROLE),
        Row::new(
            RBAC,
            "ClusterRoleBinding",
            "clusterrolebindings",
            rbac::CLUSTER_ROLE_BINDING,
        ),
        Row::new(RBAC, "Role", "roles", rbac::ROLE),
        Row::new(RBAC, "RoleBinding", "rolebindings", rbac::ROLE_BINDING),
        Row::new(
            ADMISSION,
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
            webhook::MUTATING,
        )
        .within(&["api-extensions"]),
        Row::new(
            ADMISSION,
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
            webhook::VALIDATING,
        )
        .within(&["api-extensions"]),
        Row::new(
            AUTHORIZATION,
            "LocalSubjectAccessReview",
            "localsubjectaccessreviews",
            review("authorization.v1.LocalSubjectAccessReview", true),
        )
        .verbs(CREATE),
        Row::new(
            AUTHORIZATION,
            "SelfSubjectAccessReview",
            "selfsubjectaccessreviews",
            review("authorization.v1.SelfSubjectAccessReview", false),
        )
        .verbs(CREATE),
        Row::new(
            AUTHORIZATION,
            "SelfSubjectRulesReview",
            "selfsubjectrulesreviews",
            review("authorization.v1.SelfSubjectRulesReview", false),
        )
        .verbs(CREATE),
        Row::new(
            AUTHORIZATION,
            "SubjectAccessReview",
            "subjectaccessreviews",
            review("authorization.v1.SubjectAccessReview", false),
        )
        .verbs(CREATE),
        Row::new(
            AUTHENTICATION,
            "SelfSubjectReview",
            "selfsubjectreviews",
            review("authentication.v1.SelfSubjectReview", false),
        )
        .verbs(CREATE),
        // Only kubectl 1.27 asks for it: its `auth whoami` knows no other.
        Row::new(
            "authentication.k8s.io/v1beta1",
            "SelfSubjectReview",
            "selfsubjectreviews",
            review("authentication.v1.SelfSubjectReview", false),
        )
        .verbs(CREATE),
        Row::new(
            AUTHENTICATION,
            "TokenReview",
            "tokenreviews",
            review("authentication.v1.TokenReview", false),
        )
        .verbs(CREATE),
    ]
}

fn definitions() -> Row {
    Row::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        CRD,
    )
    .short(&["crd", "crds"])
    .within(&["api-extensions"])
    .with_status()
}

/// All built-in kinds but custom resource definitions, for which see [`crd_kind`].
///
/// Schemas are not built before they are used.
pub fn kinds() -> Vec<Arc<Kind>> {
    rows().into_iter().map(|row| row.build(None)).collect()
}

/// The kind of custom resource definitions, with the rules of who serves them.
pub fn crd_kind(strategy: Arc<dyn Strategy>) -> Arc<Kind> {
    definitions().build(Some(strategy))
}

/// The rules of custom resource definitions that do not depend on what they define: reading and metadata.
pub fn crd_strategy() -> Arc<dyn Strategy> {
    Arc::new(BuiltIn(CRD))
}

/// `serviceaccounts/token`, to which a `TokenRequest` is sent.
pub fn token_request() -> Arc<Kind> {
    Row::new(
        AUTHENTICATION,
        "TokenRequest",
        "serviceaccounts/token",
        review("authentication.v1.TokenRequest", true),
    )
    .verbs(CREATE)
    .build(None)
}
