//! Namespaces.

use super::complaints::{Complaints, at, list};
use super::metadata::NameRule;
use super::strategy::Rules;
use crate::kind::Part;
use crate::object::{meta_text, metadata_mut};
use gitsm_schema::values::names;
use serde_json::{Value, json};

/// The finalizer that keeps a namespace until its contents are gone.
pub const FINALIZER: &str = "kubernetes";
/// The label that names a namespace, so that selectors can.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) const RULES: Rules = Rules {
    ty: "core.v1.Namespace",
    names: NameRule::Label,
    namespaced: false,
    default,
    prepare_create: |namespace, _| {
        namespace["status"] = json!({"phase": "Active"});
        let mut finalizers = list(&namespace["spec"], "finalizers").to_vec();
        if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            finalizers.push(FINALIZER.into());
        }
        namespace["spec"] = json!({ "finalizers": finalizers });
        label(namespace);
    },
    prepare_update: |namespace, old, cx| {
        match cx.part {
            Part::Status => namespace["spec"] = old["spec"].clone(),
            Part::Finalize => namespace["status"] = old["status"].clone(),
            Part::Whole | Part::Scale => {
                namespace["spec"] = old["spec"].clone();
                namespace["status"] = old["status"].clone();
            }
        }
        label(namespace);
    },
    validate: |namespace, complaints| check_finalizers(namespace, complaints, false),
    validate_update: |namespace, _, cx, complaints| {
        if cx.part == Part::Finalize {
            check_finalizers(namespace, complaints, true);
        }
        if cx.part == Part::Status {
            let phase = &namespace["status"]["phase"];
            let is_deleted = !namespace["metadata"]["deletionTimestamp"].is_null();
            let (wanted, detail) = if is_deleted {
                (
                    "Terminating",
                    "may only be 'Terminating' if `deletionTimestamp` is not empty",
                )
            } else {
                ("Active", "may only be 'Active' if `deletionTimestamp` is empty")
            };
            if phase != wanted {
                complaints.invalid(at("status.Phase"), phase.clone(), detail);
            }
        }
    },
    mark_deleting: |namespace| namespace["status"]["phase"] = "Terminating".into(),
    is_held: |namespace| !list(&namespace["spec"], "finalizers").is_empty(),
    selectable: &["status.phase", "name"],
    select: |namespace, field| (field == "name").then(|| meta_text(namespace, "name").to_owned()),
    ..Rules::NONE
};

fn default(namespace: &mut Value) {
    if !meta_text(namespace, "name").is_empty() {
        label(namespace);
    }
    if namespace["status"]["phase"].is_null() {
        namespace["status"]["phase"] = "Active".into();
    }
}

fn label(namespace: &mut Value) {
    let name = meta_text(namespace, "name").to_owned();
    let labels = metadata_mut(namespace)
        .entry("labels")
        .or_insert_with(|| json!({}));
    if !labels.is_object() {
        *labels = json!({});
    }
    labels[NAME_LABEL] = name.into();
}

fn check_finalizers(namespace: &Value, complaints: &mut Complaints, indexed: bool) {
    for (index, finalizer) in list(&namespace["spec"], "finalizers").iter().enumerate() {
        let finalizer = finalizer.as_str().unwrap_or_default();
        let path = if indexed {
            at("spec.finalizers").index(index)
        } else {
            at("spec.finalizers")
        };
        complaints.each_invalid(&path, finalizer, names::qualified_name(finalizer));
        if !finalizer.contains('/') && !matches!(finalizer, FINALIZER | "orphan" | "foregroundDeletion") {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            complaints.invalid(path, finalizer, detail);
        }
    }
}
