//! Templates of manifests: YAML with `<NAME>`, `<TITLE>`, `<NAMESPACE>`, and `<Kind>` for the name of an object
//! of that kind; `<Member>` is a person of some team.

use anyhow::Context as _;
use gitsm_api::{KindInfo, Scope};
use gitsm_check::diagnostic::ObjectId;
use gitsm_check::yaml::resolve::needs_quotes;
use std::borrow::Cow;

/// The template of each kind.
const TEMPLATES: &[(&str, &str)] = &[
    ("Acceptance", include_str!("../../templates/acceptance.yaml")),
    ("AlertRoute", include_str!("../../templates/alertroute.yaml")),
    (
        "ApprovalPolicy",
        include_str!("../../templates/approvalpolicy.yaml"),
    ),
    ("Asset", include_str!("../../templates/asset.yaml")),
    (
        "BusinessCalendar",
        include_str!("../../templates/businesscalendar.yaml"),
    ),
    ("Change", include_str!("../../templates/change.yaml")),
    ("ChangeModel", include_str!("../../templates/changemodel.yaml")),
    ("ChangeWindow", include_str!("../../templates/changewindow.yaml")),
    (
        "ConfigurationItem",
        include_str!("../../templates/configurationitem.yaml"),
    ),
    ("Incident", include_str!("../../templates/incident.yaml")),
    ("ITService", include_str!("../../templates/itservice.yaml")),
    (
        "PriorityMatrix",
        include_str!("../../templates/prioritymatrix.yaml"),
    ),
    ("Problem", include_str!("../../templates/problem.yaml")),
    ("RecordPolicy", include_str!("../../templates/recordpolicy.yaml")),
    ("Repository", include_str!("../../templates/repository.yaml")),
    (
        "RequestTemplate",
        include_str!("../../templates/requesttemplate.yaml"),
    ),
    ("Review", include_str!("../../templates/review.yaml")),
    ("RiskPolicy", include_str!("../../templates/riskpolicy.yaml")),
    ("Runbook", include_str!("../../templates/runbook.yaml")),
    (
        "ServiceCatalog",
        include_str!("../../templates/servicecatalog.yaml"),
    ),
    (
        "ServiceRequest",
        include_str!("../../templates/servicerequest.yaml"),
    ),
    ("SLAPolicy", include_str!("../../templates/slapolicy.yaml")),
    ("Team", include_str!("../../templates/team.yaml")),
    (
        "WindowOverride",
        include_str!("../../templates/windowoverride.yaml"),
    ),
];

/// A manifest made from a template.
#[derive(Debug)]
pub(super) struct Filled {
    /// The manifest.
    pub(super) text: String,
    /// Whether the estate already has an object of this identity.
    pub(super) exists: bool,
}

/// Fills in the template of a kind. `objects` are those of the estate, in the order in which they are preferred.
///
/// # Errors
///
/// The kind has no template, which is a defect that a test would have found.
pub(super) fn fill(
    info: &KindInfo,
    name: &str,
    namespace: Option<&str>,
    objects: &[ObjectId],
) -> anyhow::Result<Filled> {
    let (_, template) = TEMPLATES
        .iter()
        .find(|(kind, _)| *kind == info.kind)
        .with_context(|| format!("there is no template for {}", info.kind))?;
    let namespace = match (info.scope, namespace) {
        (Scope::Cluster, _) => String::new(),
        (Scope::Namespaced, Some(namespace)) => namespace.to_owned(),
        (Scope::Namespaced, None) => choose_namespace(template, objects),
    };
    let scope = Names {
        name,
        namespace: &namespace,
        objects,
    };
    let mut text = String::with_capacity(template.len());
    for line in template.lines() {
        text.push_str(&scope.fill_line(line));
        text.push('\n');
    }
    let exists = objects
        .iter()
        .any(|id| id.kind == info.kind && id.name == name && id.namespace == namespace);
    Ok(Filled { text, exists })
}

/// The first namespace that has an object of every namespaced kind the template names; else that of the first
/// service.
fn choose_namespace(template: &str, objects: &[ObjectId]) -> String {
    let wanted: Vec<&str> = template
        .lines()
        .flat_map(placeholders)
        .filter_map(gitsm_api::find)
        .filter(|info| info.scope == Scope::Namespaced)
        .map(|info| info.kind)
        .collect();
    let has_all = |namespace: &str| {
        wanted.iter().all(|kind| {
            objects
                .iter()
                .any(|id| id.kind == *kind && id.namespace == namespace)
        })
    };
    let candidates = || {
        let kind = wanted.first().copied().unwrap_or("ITService");
        objects
            .iter()
            .filter(move |id| id.kind == kind)
            .chain(objects.iter().filter(|id| id.kind == "ITService"))
            .map(|id| id.namespace.as_str())
    };
    candidates()
        .find(|namespace| has_all(namespace))
        .or_else(|| candidates().next())
        .unwrap_or("default")
        .to_owned()
}

/// The placeholders of a line, without their brackets.
fn placeholders(line: &str) -> impl Iterator<Item = &str> {
    line.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(word, _)| word)
}

/// What placeholders stand for.
struct Names<'a> {
    name: &'a str,
    namespace: &'a str,
    objects: &'a [ObjectId],
}

impl Names<'_> {
    fn fill_line(&self, line: &str) -> String {
        let mut filled = line.to_owned();
        let mut missing = Vec::new();
        for word in placeholders(line) {
            let value = match word {
                "NAME" => self.name.to_owned(),
                "NAMESPACE" => self.namespace.to_owned(),
                "TITLE" => title(self.name),
                kind => {
                    if let Some(name) = self.first(kind) {
                        name.to_owned()
                    } else {
                        missing.push(kind);
                        format!("example-{}", kind.to_lowercase())
                    }
                }
            };
            filled = filled.replacen(&format!("<{word}>"), &scalar(&value), 1);
        }
        if !missing.is_empty() {
            let mark = if filled.contains(" # ") { ";" } else { " #" };
            filled = format!("{filled}{mark} the estate has no {} yet", missing.join(", no "));
        }
        filled
    }

    /// The first object of a kind that this manifest may name.
    fn first(&self, kind: &str) -> Option<&str> {
        let namespaced = gitsm_api::find(kind).is_some_and(|info| info.scope == Scope::Namespaced);
        let namespace = if namespaced { self.namespace } else { "" };
        self.objects
            .iter()
            .find(|id| id.kind == kind && id.namespace == namespace)
            .map(|id| id.name.as_str())
    }
}

/// `payments-db` as a title: `Payments db`.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A name as a scalar of YAML: names such as `on` or `2027` are valid, and no strings without quotes.
fn scalar(value: &str) -> Cow<'_, str> {
    if needs_quotes(value) {
        Cow::Owned(format!("\"{value}\""))
    } else {
        Cow::Borrowed(value)
    }
}
