//! What the API server warns of in finalizers.

use crate::values::{go_quote, names};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the API server warns of in the finalizers of a custom resource; with `old`, in those that it did not have.
pub fn finalizer_warnings(object: &Value, old: Option<&Value>) -> Vec<String> {
    let added = finalizers(object);
    let known = old.map(finalizers).unwrap_or_default();
    let mut warnings = Vec::new();
    for name in added.difference(&known) {
        let mut warn = |text: &str| warnings.push(format!("metadata.finalizers: {}: {text}", go_quote(name)));
        for wrong in names::qualified_name(name) {
            warn(&wrong);
        }
        if name.contains('/') || matches!(*name, "orphan" | "foregroundDeletion" | "kubernetes") {
            continue;
        }
        let path = if name.contains('.') {
            " including a path (/)"
        } else {
            ""
        };
        warn(&format!(
            "prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"
        ));
    }
    warnings
}

fn finalizers(object: &Value) -> BTreeSet<&str> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_without_a_domain_are_warned_of_once() {
        let with = |names: &[&str]| json!({"metadata": {"finalizers": names}});
        let new = with(&["plain", "example.dev", "example.dev/x", "orphan"]);
        let words = "to avoid accidental conflicts with other finalizer writers";
        assert_eq!(
            finalizer_warnings(&new, None),
            [
                format!(
                    "metadata.finalizers: \"example.dev\": prefer a domain-qualified finalizer name including a path \
                     (/) {words}"
                ),
                format!("metadata.finalizers: \"plain\": prefer a domain-qualified finalizer name {words}"),
            ]
        );
        assert_eq!(finalizer_warnings(&new, Some(&new)), Vec::<String>::new());
        assert_eq!(finalizer_warnings(&with(&["a b"]), None).len(), 2);
    }
}
