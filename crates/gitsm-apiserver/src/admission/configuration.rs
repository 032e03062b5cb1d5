//! The entries of webhook configurations: whom to ask about what.

use super::Request;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// One webhook, as its configuration says.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its name: `gate.gitsm.dev`.
    pub name: String,
    /// Where it is.
    pub(super) client: ClientConfig,
    /// Whether a write goes on when it cannot be asked.
    pub fails_open: bool,
    /// Whether asking it changes something, so that it cannot be asked when nothing may be stored.
    pub has_side_effects: bool,
    /// How long it may take.
    pub timeout: Duration,
    pub(super) reinvocation: Reinvocation,
    rules: Vec<Rule>,
    exact_version: bool,
    namespace_selector: Selector,
    object_selector: Selector,
    pub(super) match_conditions: Vec<MatchCondition>,
}

/// Whether a mutating webhook is asked again when others have changed the object after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reinvocation {
    Never,
    IfNeeded,
}

/// `clientConfig`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ClientConfig {
    pub url: Option<String>,
    pub ca_bundle: Option<String>,
    pub service: Option<Value>,
}

/// One entry of `matchConditions`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MatchCondition {
    pub name: String,
    pub expression: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    operations: Vec<String>,
    api_groups: Vec<String>,
    api_versions: Vec<String>,
    resources: Vec<String>,
    scope: Option<String>,
}

/// A label selector of an object: `matchLabels` and `matchExpressions`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Selector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Expression>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    name: String,
    client_config: ClientConfig,
    failure_policy: Option<String>,
    side_effects: Option<String>,
    timeout_seconds: Option<u64>,
    match_policy: Option<String>,
    reinvocation_policy: Option<String>,
    rules: Option<Vec<Rule>>,
    namespace_selector: Option<Selector>,
    object_selector: Option<Selector>,
    match_conditions: Option<Vec<MatchCondition>>,
}

impl Webhook {
    /// The webhooks of a configuration, in its order. One that cannot be read would be a hole in a fence, so it
    /// becomes a webhook that matches everything and cannot be asked.
    pub fn all_of(configuration: &Value) -> Vec<Self> {
        configuration["webhooks"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| match Wire::deserialize(entry) {
                Ok(wire) => Self::new(wire),
                Err(error) => Self::unreadable(entry, &error.to_string()),
            })
            .collect()
    }

    fn new(wire: Wire) -> Self {
        Self {
            name: wire.name,
            client: wire.client_config,
            fails_open: wire.failure_policy.as_deref() == Some("Ignore"),
            has_side_effects: !matches!(wire.side_effects.as_deref(), Some("None" | "NoneOnDryRun")),
            timeout: Duration::from_secs(wire.timeout_seconds.unwrap_or(10).clamp(1, 30)),
            reinvocation: match wire.reinvocation_policy.as_deref() {
                Some("IfNeeded") => Reinvocation::IfNeeded,
                _ => Reinvocation::Never,
            },
            rules: wire.rules.unwrap_or_default(),
            exact_version: wire.match_policy.as_deref() == Some("Exact"),
            namespace_selector: wire.namespace_selector.unwrap_or_default(),
            object_selector: wire.object_selector.unwrap_or_default(),
            match_conditions: wire.match_conditions.unwrap_or_default(),
        }
    }

    fn unreadable(entry: &Value, why: &str) -> Self {
        let everything = Rule {
            operations: vec!["*".to_owned()],
            api_groups: vec!["*".to_owned()],
            api_versions: vec!["*".to_owned()],
            resources: vec!["*/*".to_owned(), "*".to_owned()],
            scope: None,
        };
        tracing::error!(
            why,
            "a webhook cannot be read; what it would be asked about is refused"
        );
        Self::new(Wire {
            name: entry["name"].as_str().unwrap_or_default().to_owned(),
            rules: Some(vec![everything]),
            ..Wire::default()
        })
    }

    /// The version of the resource in which it is asked about a request; `None` when it is not.
    pub(super) fn matched_version(&self, request: &Request<'_>) -> Option<String> {
        if !self.selects(request) {
            return None;
        }
        let own = std::iter::once(request.version);
        let others = request
            .served_versions
            .iter()
            .map(String::as_str)
            .filter(|version| *version != request.version && !self.exact_version);
        own.chain(others)
            .find(|version| self.rules.iter().any(|rule| rule.matches(request, version)))
            .map(str::to_owned)
    }

    fn selects(&self, request: &Request<'_>) -> bool {
        let is_namespace = request.group.is_empty() && request.resource == "namespaces";
        let in_namespace = match (request.namespace_labels, request.namespace) {
            // What is in no namespace is in every selected one.
            (_, None) if !is_namespace => true,
            (labels, _) => self.namespace_selector.matches(labels.unwrap_or(&Value::Null)),
        };
        in_namespace
            && [request.object, request.old_object].iter().any(|object| {
                !object.is_null() && self.object_selector.matches(&object["metadata"]["labels"])
            })
    }
}

impl Rule {
    fn matches(&self, request: &Request<'_>, version: &str) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|entry| entry == "*" || entry == wanted);
        let in_scope = match self.scope.as_deref() {
            None | Some("" | "*") => true,
            Some("Namespaced") => request.namespace.is_some(),
            Some("Cluster") => request.namespace.is_none(),
            Some(_) => false,
        };
        in_scope
            && has(&self.operations, request.operation.as_str())
            && has(&self.api_groups, request.group)
            && has(&self.api_versions, version)
            && self
                .resources
                .iter()
                .any(|entry| names(entry, request.resource, request.subresource))
    }
}

/// Whether an entry of `resources` names a resource or subresource: `pods`, `pods/status`, `pods/*`, `*/*`, `*`.
fn names(entry: &str, resource: &str, subresource: &str) -> bool {
    let (left, right) = entry.split_once('/').unwrap_or((entry, ""));
    (left == "*" || left == resource) && (right == "*" || right == subresource)
}

impl Selector {
    fn matches(&self, labels: &Value) -> bool {
        let label = |key: &str| labels[key].as_str();
        self.match_labels
            .iter()
            .all(|(key, value)| label(key) == Some(value))
            && self.match_expressions.iter().all(|expression| {
                let found = label(&expression.key);
                let among = found.is_some_and(|found| expression.values.iter().any(|value| value == found));
                match expression.operator.as_str() {
                    "In" => among,
                    "NotIn" => !among,
                    "Exists" => found.is_some(),
                    "DoesNotExist" => found.is_none(),
                    _ => false,
                }
            })
    }
}
