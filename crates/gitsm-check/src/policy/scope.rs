//! What a policy sees of an object: the services it is about, and what changed.

use crate::engine::judge::Subject;
use crate::engine::prelude::ObjectStore;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A service that an object is about.
pub(super) struct Service<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    /// The service itself; `None` where no such service is known.
    pub(super) object: Option<Cow<'a, Value>>,
}

/// The services that an object is or is about: itself, `spec.service`, `spec.services`.
pub(super) fn services<'a>(subject: &Subject<'a>, store: &ObjectStore) -> Vec<Service<'a>> {
    let own: &'a str = &subject.id.namespace;
    if subject.id.kind == "ITService" {
        return vec![Service {
            namespace: own,
            name: &subject.id.name,
            object: Some(Cow::Borrowed(subject.value)),
        }];
    }
    let spec = subject.value.get("spec").unwrap_or(&Value::Null);
    let named = spec.get("service").into_iter().chain(
        spec.get("services")
            .and_then(Value::as_array)
            .into_iter()
            .flatten(),
    );
    named
        .filter_map(|reference| {
            let (namespace, name) = match reference {
                Value::String(name) => (own, name.as_str()),
                Value::Object(map) => (
                    map.get("namespace").and_then(Value::as_str).unwrap_or(own),
                    map.get("name").and_then(Value::as_str)?,
                ),
                _ => return None,
            };
            Some(Service {
                namespace,
                name,
                object: store.get("ITService", namespace, name).map(Cow::Owned),
            })
        })
        .collect()
}

/// Whether a `ServiceSelector` takes in a service.
pub(super) fn selects(selector: &Value, service: &Service<'_>) -> bool {
    let list = |field: &str| selector.get(field).and_then(Value::as_array);
    let one_of = |field: &str, given: &str| {
        list(field).is_none_or(|wanted| wanted.iter().any(|one| one.as_str() == Some(given)))
    };
    let object = service.object.as_deref();
    let tier = object.and_then(|object| object.pointer("/spec/tier"));
    let labels = object.and_then(|object| object.pointer("/metadata/labels"));
    let has_labels = selector
        .get("labels")
        .and_then(Value::as_object)
        .is_none_or(|wanted| {
            wanted
                .iter()
                .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
        });
    one_of("namespaces", service.namespace)
        && one_of("services", service.name)
        && list("tiers").is_none_or(|wanted| tier.is_some_and(|tier| wanted.contains(tier)))
        && has_labels
}

/// The fields in which two versions of an object differ, status aside.
pub(super) fn diff(old: Option<&Value>, new: &Value) -> Value {
    let Some(old) = old else {
        return json!({"operation": "Create", "paths": []});
    };
    let mut paths = BTreeSet::new();
    for field in ["metadata", "spec"] {
        collect(old.get(field), new.get(field), field, &mut paths);
    }
    json!({"operation": "Update", "paths": paths})
}

fn collect(old: Option<&Value>, new: Option<&Value>, path: &str, paths: &mut BTreeSet<String>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                collect(old.get(key), new.get(key), &format!("{path}.{key}"), paths);
            }
        }
        (old, new) if old == new => {}
        _ => {
            paths.insert(path.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_names_the_innermost_maps_that_differ() {
        let old = json!({"metadata": {"name": "a"}, "spec": {"a": 1, "b": {"c": [1], "d": 2}}});
        let new = json!({"metadata": {"name": "a"}, "spec": {"b": {"c": [1, 2], "d": 2}, "e": 0}});
        assert_eq!(
            diff(Some(&old), &new),
            json!({"operation": "Update", "paths": ["spec.a", "spec.b.c", "spec.e"]})
        );
        assert_eq!(diff(None, &new)["operation"], "Create");
    }

    #[test]
    fn a_selector_needs_all_its_fields() {
        let service = Service {
            namespace: "shop",
            name: "cart",
            object: Some(Cow::Owned(
                json!({"metadata": {"labels": {"domain": "pay"}}, "spec": {"tier": 1}}),
            )),
        };
        let selects = |selector| super::selects(&selector, &service);
        assert!(selects(json!({"all": true})));
        assert!(selects(json!({"tiers": [1, 2], "labels": {"domain": "pay"}})));
        assert!(!selects(json!({"tiers": [2], "labels": {"domain": "pay"}})));
        assert!(!selects(json!({"services": ["other"]})));
    }
}
