//! Kinds as people type them.

use anyhow::bail;
use gitsm_api::KindInfo;
use serde_json::Value;

/// What people call a kind beside its names in the cluster. The word `service` alone is Kubernetes' own there,
/// but not here.
const COLLOQUIAL: [(&str, &str); 8] = [
    ("service", "ITService"),
    ("services", "ITService"),
    ("catalog", "ServiceCatalog"),
    ("catalogue", "ServiceCatalog"),
    ("calendar", "BusinessCalendar"),
    ("window", "ChangeWindow"),
    ("model", "ChangeModel"),
    ("request", "ServiceRequest"),
];

/// The kind of this name, plural, short name or colloquial name, whatever the case.
///
/// # Errors
///
/// There is none; the error names the one that was probably meant.
pub(super) fn find(typed: &str) -> anyhow::Result<&'static KindInfo> {
    let wanted = typed.to_lowercase();
    let known = names();
    if let Some((_, info)) = known.iter().find(|(name, _)| *name == wanted) {
        return Ok(info);
    }
    let closest = known
        .iter()
        .map(|(name, info)| (strsim::damerau_levenshtein(name, &wanted), name.len(), info.kind))
        .min()
        .filter(|(distance, length, _)| *distance <= 1 + length / 4);
    match closest {
        Some((_, _, kind)) => {
            bail!("no kind {typed:?}: did you mean {kind}? `gitsm new --list` lists the kinds")
        }
        None => bail!("no kind {typed:?}; `gitsm new --list` lists the kinds"),
    }
}

/// Every name of every kind, in lower case.
fn names() -> Vec<(String, &'static KindInfo)> {
    let official = gitsm_api::kinds().iter().flat_map(|info| {
        [info.kind, info.plural]
            .into_iter()
            .chain(info.short_names.iter().copied())
            .map(move |name| (name.to_lowercase(), info))
    });
    let colloquial = COLLOQUIAL
        .iter()
        .filter_map(|(name, kind)| Some(((*name).to_owned(), gitsm_api::find(kind)?)));
    official.chain(colloquial).collect()
}

/// The first sentence of the description of a kind, without its full stop.
pub(super) fn summary(info: &KindInfo) -> String {
    let schema = gitsm_api::publish::editor_schema(info);
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}
