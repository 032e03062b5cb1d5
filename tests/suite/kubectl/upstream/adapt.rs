//! What has changed since the scripts were written, changed in them.

use serde_json::{Value, json};
use std::path::Path;

/// Texts of the scripts, and what takes their place.
const TEXTS: [(&str, &str); 1] = [
    // kubectl has written the word with a capital since 1.22.
    (
        "warning: deleting cluster-scoped",
        "Warning: deleting cluster-scoped",
    ),
];

/// Parts that are left out: file, first line, last line.
const PARTS: [(&str, &str, &str); 1] = [
    // The embedded server has no resource quotas. The part is not guarded.
    ("core.sh", "  ### Quota\n", "  kubectl delete namespace quotas\n"),
];

/// Copies the scripts from one folder to another and adapts them.
pub(super) fn copy(from: &Path, to: &Path) {
    let mut changes = 0;
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // This one runs when it is read, and is what the harness stands in for.
        if !name.ends_with(".sh") || name == "legacy-script.sh" {
            continue;
        }
        let original = std::fs::read_to_string(&path).unwrap();
        let adapted = script(&name, &original);
        changes += usize::from(adapted != original);
        std::fs::write(to.join(name), adapted).unwrap();
    }
    assert_eq!(
        changes, 5,
        "the scripts are others than those that the changes are for"
    );
}

fn script(name: &str, original: &str) -> String {
    let mut text = current_definitions(original);
    for (old, new) in TEXTS {
        text = text.replace(old, new);
    }
    for (file, first, last) in PARTS {
        if file != name {
            continue;
        }
        let found = text.find(first);
        if let Some((start, end)) = found.and_then(|start| Some((start, start + text[start..].find(last)?))) {
            text.replace_range(start..end + last.len(), "");
        }
    }
    text
}

/// Definitions in the scripts are of v1beta1, which servers have not had since 1.22: the same in v1.
fn current_definitions(script: &str) -> String {
    const START: &str = "<< __EOF__\n";
    const END: &str = "\n__EOF__\n";
    let mut text = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once(START) {
        let Some((document, after)) = after.split_once(END) else {
            break;
        };
        text.push_str(before);
        text.push_str(START);
        match serde_json::from_str(document) {
            Ok(value) if is_old(&value) => text.push_str(&current(value).to_string()),
            _ => text.push_str(document),
        }
        text.push_str(END);
        rest = after;
    }
    text + rest
}

fn is_old(document: &Value) -> bool {
    document["apiVersion"] == "apiextensions.k8s.io/v1beta1"
}

/// What a server converts it to; v1beta1 keeps unknown fields.
fn current(mut definition: Value) -> Value {
    let spec = definition["spec"].as_object_mut().unwrap();
    let version = spec.remove("version").unwrap();
    let mut schema = spec
        .remove("validation")
        .map_or_else(|| json!({}), |validation| validation["openAPIV3Schema"].clone());
    schema["type"] = "object".into();
    schema["x-kubernetes-preserve-unknown-fields"] = true.into();
    let version =
        json!({"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    spec.insert("versions".to_owned(), json!([version]));
    definition["apiVersion"] = "apiextensions.k8s.io/v1".into();
    definition
}

#[cfg(test)]
mod tests {
    use super::script;

    #[test]
    fn old_definitions_become_current_ones_and_the_rest_stays() {
        let old = "\
create << __EOF__
{\"apiVersion\": \"apiextensions.k8s.io/v1beta1\", \"spec\": {\"version\": \"v2\"}}
__EOF__
create << __EOF__
{\"apiVersion\": \"v1\"}
__EOF__
end
";
        let new = script("crd.sh", old);
        assert!(
            new.contains(r#""versions":[{"name":"v2","schema":"#) && !new.contains("v1beta1"),
            "{new}"
        );
        assert!(
            new.ends_with("create << __EOF__\n{\"apiVersion\": \"v1\"}\n__EOF__\nend\n"),
            "{new}"
        );
    }

    #[test]
    fn parts_are_left_out_whole() {
        let text = script(
            "core.sh",
            "a\n  ### Quota\nb\n  kubectl delete namespace quotas\nc\n",
        );
        assert_eq!(text, "a\nc\n");
    }
}
