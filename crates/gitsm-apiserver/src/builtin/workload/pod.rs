//! Pods: stored, checked, and left pending.

use super::{container, defaults};
use crate::builtin::complaints::{Complaints, at, entries, list, text};
use crate::builtin::strategy::Rules;
use crate::kind::Part;
use gitsm_schema::Path;
use gitsm_schema::values::names;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// What of a pod may be changed, in upstream's words.
const CHANGEABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
    tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

pub(in crate::builtin) const POD: Rules = Rules {
    ty: "core.v1.Pod",
    default: |pod| {
        defaults::pod_spec(&mut pod["spec"]);
        defaults::requests(&mut pod["spec"]);
        if pod["spec"]["enableServiceLinks"].is_null() {
            pod["spec"]["enableServiceLinks"] = true.into();
        }
    },
    prepare_create: |pod, _| {
        admit(&mut pod["spec"]);
        pod["status"] = json!({"phase": "Pending", "qosClass": quality(&pod["spec"])});
    },
    prepare_update: |pod, old, cx| {
        if cx.part == Part::Whole {
            admit(&mut pod["spec"]);
            pod["status"] = old["status"].clone();
            // A file that leaves out what was put in at the start replaces the pod all the same.
            for field in ["priority", "preemptionPolicy"] {
                if pod["spec"][field].is_null() && !old["spec"][field].is_null() {
                    pod["spec"][field] = old["spec"][field].clone();
                }
            }
            tolerate(&mut pod["spec"]);
        }
    },
    validate: |pod, complaints| check_spec(&pod["spec"], &at("spec"), complaints),
    validate_update: |pod, old, cx, complaints| {
        if cx.part == Part::Whole && fixed(&pod["spec"], &old["spec"]) != old["spec"] {
            complaints.forbidden(at("spec"), CHANGEABLE);
        }
    },
    selectable: &[
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ],
    select: |pod, field| {
        (field == "spec.hostNetwork").then(|| (pod["spec"]["hostNetwork"] == true).to_string())
    },
    ..Rules::NONE
};

/// What admission plugins, which real servers run by default, put into a pod.
fn admit(spec: &mut Value) {
    for (field, value) in [
        ("priority", json!(0)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
    ] {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
    tolerate(spec);
}

/// Lets a pod stay for five minutes on a node that does not answer, unless it says how long.
fn tolerate(spec: &mut Value) {
    for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = list(spec, "tolerations").iter().any(|toleration| {
            matches!(text(toleration, "key"), key if key == taint || key.is_empty())
                && matches!(text(toleration, "effect"), "NoExecute" | "")
        });
        if tolerated {
            continue;
        }
        if !spec["tolerations"].is_array() {
            spec["tolerations"] = json!([]);
        }
        if let Some(tolerations) = spec["tolerations"].as_array_mut() {
            tolerations.push(json!({
                "effect": "NoExecute", "key": taint, "operator": "Exists", "tolerationSeconds": 300,
            }));
        }
    }
}

/// The quality of service that the resources of the containers ask for.
fn quality(spec: &Value) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    for container in list(spec, "containers")
        .iter()
        .chain(list(spec, "initContainers"))
    {
        let resources = &container["resources"];
        for name in ["cpu", "memory"] {
            let (limit, request) = (&resources["limits"][name], &resources["requests"][name]);
            any |= !limit.is_null() || !request.is_null();
            guaranteed &= !limit.is_null() && limit == request;
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// The new spec with what may change set back to what it was.
fn fixed(spec: &Value, old: &Value) -> Value {
    let mut spec = spec.clone();
    let Some(fields) = spec.as_object_mut() else {
        return spec;
    };
    for list_name in ["containers", "initContainers"] {
        let before = list(old, list_name);
        if let Some(containers) = fields.get_mut(list_name).and_then(Value::as_array_mut) {
            for (container, before) in containers.iter_mut().zip(before) {
                restore(container, before, "image");
            }
        }
    }
    let whole = Value::Object(std::mem::take(fields));
    let mut spec = whole;
    restore(&mut spec, old, "activeDeadlineSeconds");
    if old["terminationGracePeriodSeconds"]
        .as_i64()
        .is_some_and(|seconds| seconds < 0)
        && spec["terminationGracePeriodSeconds"] == 1
    {
        restore(&mut spec, old, "terminationGracePeriodSeconds");
    }
    let now = list(&spec, "tolerations");
    if list(old, "tolerations")
        .iter()
        .all(|toleration| now.contains(toleration))
    {
        restore(&mut spec, old, "tolerations");
    }
    spec
}

fn restore(value: &mut Value, old: &Value, field: &str) {
    let Some(fields): Option<&mut Map<String, Value>> = value.as_object_mut() else {
        return;
    };
    match old.get(field) {
        Some(before) => {
            fields.insert(field.to_owned(), before.clone());
        }
        None => {
            fields.remove(field);
        }
    }
}

/// What is wrong with the spec of a pod or of a template.
pub(super) fn check_spec(spec: &Value, path: &Path, complaints: &mut Complaints) {
    let volumes = container::check_volumes(spec, path, complaints);
    let mut known = HashSet::new();
    if list(spec, "containers").is_empty() {
        complaints.required(path.field("containers"), "");
    }
    for field in ["containers", "initContainers"] {
        container::check(spec, field, path, &volumes, &mut known, complaints);
    }
    complaints.one_of(
        path.field("restartPolicy"),
        text(spec, "restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    complaints.one_of(
        path.field("dnsPolicy"),
        text(spec, "dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    for (key, value) in entries(spec, "nodeSelector") {
        let path = path.field("nodeSelector");
        complaints.each_invalid(&path, key, names::qualified_name(key));
        let value = value.as_str().unwrap_or_default();
        complaints.each_invalid(&path, value, names::label_value(value));
    }
    for (field, judge) in [
        (
            "serviceAccountName",
            names::dns1123_subdomain as fn(&str) -> Vec<String>,
        ),
        ("nodeName", names::dns1123_subdomain),
        ("hostname", names::dns1123_label),
        ("subdomain", names::dns1123_label),
        ("priorityClassName", names::dns1123_subdomain),
    ] {
        let value = text(spec, field);
        if !value.is_empty() {
            complaints.each_invalid(&path.field(field), value, judge(value));
        }
    }
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_i64()
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let detail = format!("must be between 1 and {}, inclusive", i32::MAX);
        complaints.invalid(path.field("activeDeadlineSeconds"), seconds, detail);
    }
}
