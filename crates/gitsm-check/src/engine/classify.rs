//! Which documents are ours to judge, which are somebody else's, and which only look like somebody else's.

use crate::input::InputFile;
use crate::nearest::nearest;
use gitsm_api::KindInfo;
use serde_json::Value;
use std::collections::HashSet;

/// What a document is.
#[derive(Debug)]
pub(crate) enum Class {
    /// A resource of gitsm.
    Ours(&'static KindInfo),
    /// A resource of a kind that was given with `--crd`: its position there.
    Foreign(usize),
    /// A list of resources, each to be looked at by itself.
    List,
    /// Not ours; the reason, in the plural, for the summary.
    Skipped(&'static str),
    /// Meant to be ours, but misnamed.
    Misnamed {
        /// Which field is wrong: `apiVersion` or `kind`.
        field: &'static str,
        /// What is wrong.
        message: String,
        /// What was probably meant.
        hint: String,
    },
}

/// Reasons for skipping, as printed.
pub(crate) mod skip {
    pub(crate) const OTHER_FILES: &str = "files without gitsm resources";
    pub(crate) const OTHER_OBJECTS: &str = "other Kubernetes objects";
    pub(crate) const CRDS: &str = "custom resource definitions";
    pub(crate) const ADMISSION_POLICIES: &str = "admission policies (not evaluated)";
    pub(crate) const KUSTOMIZE: &str = "kustomize files";
    pub(crate) const HELM: &str = "Helm files";
    pub(crate) const NOT_KUBERNETES: &str = "documents that are not Kubernetes objects";
    pub(crate) const EMPTY: &str = "empty documents";
    pub(crate) const EMPTY_LISTS: &str = "lists without items";
    pub(crate) const HUGE: &str = "files over 64 MiB (not searched)";
    pub(crate) const CONFIG: &str = "gitsm.yaml configuration files";
}

/// Tells what a document is from its `apiVersion` and `kind`. `foreign` finds kinds given with `--crd`.
pub(crate) fn classify(object: &Value, foreign: &dyn Fn(&str, &str) -> Option<usize>) -> Class {
    let Some(map) = object.as_object() else {
        return Class::Skipped(if object.is_null() {
            skip::EMPTY
        } else {
            skip::NOT_KUBERNETES
        });
    };
    let api_version = map.get("apiVersion").and_then(Value::as_str);
    let kind = map.get("kind").and_then(Value::as_str);
    match (api_version, kind) {
        (Some(api_version), Some(kind)) => named(api_version, kind, foreign),
        (Some(api_version), None) if is_our_group(group(api_version)) => Class::Misnamed {
            field: "kind",
            message: "the manifest has no kind".to_owned(),
            hint: "add `kind:` with one of the kinds of gitsm.dev, for example `kind: Change`".to_owned(),
        },
        (None, Some(kind)) if gitsm_api::find(kind).is_some() => Class::Misnamed {
            field: "apiVersion",
            message: format!("the {kind} has no apiVersion"),
            hint: format!("add `apiVersion: {}`", gitsm_api::API_VERSION),
        },
        _ => Class::Skipped(skip::NOT_KUBERNETES),
    }
}

fn named(api_version: &str, kind: &str, foreign: &dyn Fn(&str, &str) -> Option<usize>) -> Class {
    let group = group(api_version);
    if is_our_group(group) {
        return ours(api_version, kind);
    }
    if let Some(position) = foreign(api_version, kind) {
        return Class::Foreign(position);
    }
    let known = gitsm_api::find(kind).is_some();
    let nearly_our_group = group.split('.').next() == Some("gitsm")
        || (group.len().abs_diff(gitsm_api::GROUP.len()) <= 2
            && strsim::damerau_levenshtein(group, gitsm_api::GROUP) <= 2);
    if nearly_our_group {
        return Class::Misnamed {
            field: "apiVersion",
            message: format!("apiVersion {api_version:?} is not known"),
            hint: format!("did you mean `{}`?", gitsm_api::API_VERSION),
        };
    }
    match (group, kind) {
        ("", "List") => Class::List,
        // A core manifest of one of our kinds: the group was forgotten.
        ("", _) if known => Class::Misnamed {
            field: "apiVersion",
            message: format!("apiVersion {api_version:?} has no kind {kind}"),
            hint: format!("use `apiVersion: {}`", gitsm_api::API_VERSION),
        },
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Class::Skipped(skip::CRDS),
        ("admissionregistration.k8s.io", _) => Class::Skipped(skip::ADMISSION_POLICIES),
        ("kustomize.config.k8s.io", _) => Class::Skipped(skip::KUSTOMIZE),
        _ => Class::Skipped(skip::OTHER_OBJECTS),
    }
}

fn ours(api_version: &str, kind: &str) -> Class {
    if api_version != gitsm_api::API_VERSION {
        return Class::Misnamed {
            field: "apiVersion",
            message: format!("apiVersion {api_version:?} is not known"),
            hint: format!("this version of gitsm knows `{}`", gitsm_api::API_VERSION),
        };
    }
    if let Some(info) = gitsm_api::find(kind) {
        return Class::Ours(info);
    }
    if kind
        .strip_suffix("List")
        .is_some_and(|item| gitsm_api::find(item).is_some())
    {
        return Class::List;
    }
    let closest = nearest(kind, gitsm_api::kinds().iter().map(|info| info.kind));
    Class::Misnamed {
        field: "kind",
        message: format!("{} has no kind {kind:?}", gitsm_api::API_VERSION),
        hint: match closest {
            Some(name) => format!("did you mean `{name}`?"),
            None => {
                let kinds: Vec<_> = gitsm_api::kinds().iter().map(|info| info.kind).collect();
                format!("the kinds are {}", kinds.join(", "))
            }
        },
    }
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn is_our_group(group: &str) -> bool {
    group == gitsm_api::GROUP
}

/// The names of the files that make their folders Helm charts.
pub(crate) fn charts(files: &[InputFile]) -> HashSet<&str> {
    let names = files.iter().map(|file| &*file.name);
    names.filter(|name| name.ends_with("Chart.yaml")).collect()
}

/// Whether a file belongs to a Helm chart or to kustomize, by its place: such files are templates or tool
/// configuration and not manifests. `exists` says whether a file of that name is part of the run.
pub(crate) fn skipped_by_name(name: &str, exists: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    match file {
        crate::config::FILE_NAME => return Some(skip::CONFIG),
        "Chart.yaml" | "Chart.yml" => return Some(skip::HELM),
        "kustomization.yaml" | "kustomization.yml" => return Some(skip::KUSTOMIZE),
        _ => {}
    }
    let in_chart = |chart: &str| {
        let chart = if chart.is_empty() {
            String::new()
        } else {
            format!("{chart}/")
        };
        exists(&format!("{chart}Chart.yaml"))
    };
    let is_values = file.starts_with("values") && in_chart(folder);
    let mut parts = folder.split('/').collect::<Vec<_>>();
    let is_template = std::iter::from_fn(|| {
        let last = parts.pop()?;
        Some((last, parts.join("/")))
    })
    .any(|(last, chart)| last == "templates" && in_chart(&chart));
    (is_values || is_template).then_some(skip::HELM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn class(object: &Value) -> Class {
        classify(object, &|_, _| None)
    }

    #[test]
    fn a_misspelt_kind_is_suggested() {
        let Class::Misnamed { field, hint, .. } =
            class(&json!({"apiVersion": "gitsm.dev/v1alpha1", "kind": "Chnage"}))
        else {
            panic!("must be misnamed")
        };
        assert_eq!((field, hint.as_str()), ("kind", "did you mean `Change`?"));
    }

    #[test]
    fn a_misspelt_group_is_not_somebody_elses() {
        for api_version in [
            "gitsm.io/v1alpha1",
            "gitms.dev/v1alpha1",
            "gitsm.dev/v1",
            "gitsm.dev",
        ] {
            let class = class(&json!({"apiVersion": api_version, "kind": "Change"}));
            assert!(
                matches!(
                    class,
                    Class::Misnamed {
                        field: "apiVersion",
                        ..
                    }
                ),
                "{api_version}: {class:?}"
            );
        }
    }

    #[test]
    fn other_objects_are_counted_by_what_they_are() {
        let reasons = [
            (
                json!({"apiVersion": "v1", "kind": "Service"}),
                skip::OTHER_OBJECTS,
            ),
            (
                json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}),
                skip::CRDS,
            ),
            (
                json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}),
                skip::KUSTOMIZE,
            ),
            (json!({"name": "x"}), skip::NOT_KUBERNETES),
            (json!(null), skip::EMPTY),
            (
                json!({"apiVersion": "example.com/v1", "kind": "Team"}),
                skip::OTHER_OBJECTS,
            ),
        ];
        for (object, expected) in reasons {
            let Class::Skipped(reason) = class(&object) else {
                panic!("{object} must be skipped")
            };
            assert_eq!(reason, expected);
        }
    }

    #[test]
    fn files_of_a_chart_are_known_by_their_place() {
        let exists = |name: &str| name == "charts/a/Chart.yaml";
        assert_eq!(
            skipped_by_name("charts/a/templates/sub/x.yaml", &exists),
            Some(skip::HELM)
        );
        assert_eq!(
            skipped_by_name("charts/a/values-prod.yaml", &exists),
            Some(skip::HELM)
        );
        assert_eq!(skipped_by_name("charts/b/templates/x.yaml", &exists), None);
        assert_eq!(
            skipped_by_name("a/kustomization.yaml", &exists),
            Some(skip::KUSTOMIZE)
        );
    }
}
