//! Deployments, replica sets, stateful sets and daemon sets.

use super::{defaults, pod, selector};
use crate::builtin::complaints::{Complaints, at, entries, list_mut, text};
use crate::builtin::strategy::Rules;
use crate::builtin::{read, types};
use crate::kind::Part;
use gitsm_schema::Path;
use gitsm_schema::values::names;
use serde_json::{Value, json};

pub(in crate::builtin) const REPLICA_SET: Rules = Rules {
    ty: "apps.v1.ReplicaSet",
    default: |set| {
        replicas(set);
        template(set);
    },
    prepare_create: |set, _| reset_status(set, "apps.v1.ReplicaSetStatus"),
    validate: |set, complaints| {
        complaints.not_negative(at("spec.replicas"), &set["spec"]["replicas"]);
        complaints.not_negative(at("spec.minReadySeconds"), &set["spec"]["minReadySeconds"]);
        check_selects(set, complaints, "empty selector is invalid for deployment");
        check_template(set, complaints);
    },
    validate_update: |set, old, cx, complaints| {
        keep_selector(set, old, cx.part, complaints);
        let counts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
        check_status(set, cx.part, &counts, &["observedGeneration"], complaints);
    },
    generation: true,
    selectable: &["status.replicas"],
    select: |set, _| Some(set["status"]["replicas"].as_i64().unwrap_or(0).to_string()),
    ..Rules::NONE
};

pub(in crate::builtin) const DEPLOYMENT: Rules = Rules {
    ty: "apps.v1.Deployment",
    default: |deployment| {
        replicas(deployment);
        let spec = &mut deployment["spec"];
        set(spec, "revisionHistoryLimit", 10.into());
        set(spec, "progressDeadlineSeconds", 600.into());
        let strategy = object(spec, "strategy");
        set(strategy, "type", "RollingUpdate".into());
        if strategy["type"] == "RollingUpdate" {
            let rolling = object(strategy, "rollingUpdate");
            set(rolling, "maxUnavailable", "25%".into());
            set(rolling, "maxSurge", "25%".into());
        }
        template(deployment);
    },
    prepare_create: |deployment, _| reset_status(deployment, "apps.v1.DeploymentStatus"),
    validate: |deployment, complaints| {
        let spec = &deployment["spec"];
        complaints.not_negative(at("spec.replicas"), &spec["replicas"]);
        check_selects(deployment, complaints, "empty selector is invalid for deployment");
        check_template(deployment, complaints);
        check_strategy(&spec["strategy"], &at("spec.strategy"), complaints);
        for field in [
            "minReadySeconds",
            "revisionHistoryLimit",
            "progressDeadlineSeconds",
        ] {
            complaints.not_negative(at("spec").field(field), &spec[field]);
        }
        let number = |field: &str| spec[field].as_i64().unwrap_or(0);
        if !spec["progressDeadlineSeconds"].is_null()
            && number("progressDeadlineSeconds") <= number("minReadySeconds")
        {
            complaints.invalid(
                at("spec.progressDeadlineSeconds"),
                number("progressDeadlineSeconds"),
                "must be greater than minReadySeconds",
            );
        }
    },
    validate_update: |deployment, old, cx, complaints| {
        keep_selector(deployment, old, cx.part, complaints);
        let counts = ["updatedReplicas", "readyReplicas", "availableReplicas"];
        let others = ["unavailableReplicas", "observedGeneration", "collisionCount"];
        check_status(deployment, cx.part, &counts, &others, complaints);
    },
    generation_of_annotations: true,
    generation: true,
    ..Rules::NONE
};

pub(in crate::builtin) const DAEMON_SET: Rules = Rules {
    ty: "apps.v1.DaemonSet",
    default: |daemons| {
        let spec = object(daemons, "spec");
        set(spec, "revisionHistoryLimit", 10.into());
        let strategy = object(spec, "updateStrategy");
        set(strategy, "type", "RollingUpdate".into());
        if strategy["type"] == "RollingUpdate" {
            let rolling = object(strategy, "rollingUpdate");
            set(rolling, "maxUnavailable", 1.into());
            set(rolling, "maxSurge", 0.into());
        }
        template(daemons);
    },
    prepare_create: |daemons, _| {
        reset_status(daemons, "apps.v1.DaemonSetStatus");
        count_template(daemons, 1);
    },
    prepare_update: |daemons, old, cx| {
        if cx.part == Part::Whole {
            let counted = old["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
            let before = counted.and_then(|text| text.parse().ok()).unwrap_or(1_i64);
            let changed = daemons["spec"]["template"] != old["spec"]["template"];
            count_template(daemons, before.saturating_add(i64::from(changed)));
        }
    },
    validate: |daemons, complaints| {
        let spec = &daemons["spec"];
        check_selects(daemons, complaints, "empty selector is invalid for daemonset");
        check_template(daemons, complaints);
        complaints.not_negative(at("spec.minReadySeconds"), &spec["minReadySeconds"]);
        complaints.not_negative(at("spec.revisionHistoryLimit"), &spec["revisionHistoryLimit"]);
        let strategy = &spec["updateStrategy"];
        if !matches!(text(strategy, "type"), "RollingUpdate" | "OnDelete") {
            let supported = &["RollingUpdate", "OnDelete"];
            complaints.not_supported(at("spec.updateStrategy"), strategy.clone(), supported);
        }
    },
    validate_update: |daemons, old, cx, complaints| {
        keep_selector(daemons, old, cx.part, complaints);
        let others = [
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "collisionCount",
        ];
        check_status(daemons, cx.part, &[], &others, complaints);
    },
    generation: true,
    ..Rules::NONE
};

pub(in crate::builtin) const STATEFUL_SET: Rules = Rules {
    ty: "apps.v1.StatefulSet",
    default: |set_of_pods| {
        replicas(set_of_pods);
        let spec = &mut set_of_pods["spec"];
        set(spec, "podManagementPolicy", "OrderedReady".into());
        set(spec, "revisionHistoryLimit", 10.into());
        let strategy = object(spec, "updateStrategy");
        if text(strategy, "type").is_empty() {
            set(strategy, "type", "RollingUpdate".into());
            object(strategy, "rollingUpdate");
        }
        if strategy["type"] == "RollingUpdate" && strategy["rollingUpdate"].is_object() {
            set(&mut strategy["rollingUpdate"], "partition", 0.into());
        }
        let retention = object(spec, "persistentVolumeClaimRetentionPolicy");
        set(retention, "whenDeleted", "Retain".into());
        set(retention, "whenScaled", "Retain".into());
        for claim in list_mut(spec, "volumeClaimTemplates") {
            claim["apiVersion"] = "v1".into();
            claim["kind"] = "PersistentVolumeClaim".into();
            claim["status"] = json!({"phase": "Pending"});
            set(&mut claim["spec"], "volumeMode", "Filesystem".into());
        }
        template(set_of_pods);
    },
    prepare_create: |set, _| reset_status(set, "apps.v1.StatefulSetStatus"),
    validate: |set, complaints| {
        let spec = &set["spec"];
        let policy = text(spec, "podManagementPolicy");
        if !matches!(policy, "OrderedReady" | "Parallel") {
            let detail = "must be 'OrderedReady' or 'Parallel'";
            complaints.invalid(at("spec.podManagementPolicy"), policy, detail);
        }
        let strategy = &spec["updateStrategy"];
        let path = at("spec.updateStrategy");
        match text(strategy, "type") {
            "RollingUpdate" => complaints.not_negative(
                path.field("rollingUpdate").field("partition"),
                &strategy["rollingUpdate"]["partition"],
            ),
            "OnDelete" => {
                if strategy["rollingUpdate"].is_object() {
                    let detail = "only allowed for updateStrategy 'RollingUpdate'";
                    complaints.invalid(
                        path.field("rollingUpdate"),
                        strategy["rollingUpdate"].clone(),
                        detail,
                    );
                }
            }
            _ => complaints.invalid(path, strategy.clone(), "must be 'RollingUpdate' or 'OnDelete'"),
        }
        complaints.not_negative(at("spec.replicas"), &spec["replicas"]);
        complaints.not_negative(at("spec.minReadySeconds"), &spec["minReadySeconds"]);
        // The pods are not looked into: their volumes may come from claims.
        check_selects(set, complaints, "empty selector is invalid for statefulset");
        check_policy(set, complaints);
    },
    validate_update: |set, old, cx, complaints| {
        let counts = [
            "readyReplicas",
            "currentReplicas",
            "updatedReplicas",
            "availableReplicas",
        ];
        check_status(
            set,
            cx.part,
            &counts,
            &["observedGeneration", "collisionCount"],
            complaints,
        );
        if cx.part != Part::Whole {
            return;
        }
        let changeable = [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ];
        let fixed = |spec: &Value| -> Vec<(String, Value)> {
            let fields = spec.as_object().into_iter().flatten();
            fields
                .filter(|(name, _)| !changeable.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        if fixed(&set["spec"]) != fixed(&old["spec"]) {
            complaints.forbidden(
                at("spec"),
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                 'minReadySeconds' are forbidden",
            );
        }
    },
    generation: true,
    ..Rules::NONE
};

/// The annotation in which a daemon set counts the changes of its template, as it did before generations.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn count_template(daemons: &mut Value, generation: i64) {
    let annotations = object(object(daemons, "metadata"), "annotations");
    annotations[TEMPLATE_GENERATION] = generation.to_string().into();
}

/// A field that is an object, made where it is none.
fn object<'v>(value: &'v mut Value, field: &str) -> &'v mut Value {
    if !value.is_object() {
        *value = json!({});
    }
    let inner = &mut value[field];
    if !inner.is_object() {
        *inner = json!({});
    }
    inner
}

/// Sets a field that is absent or empty.
fn set(value: &mut Value, field: &str, default: Value) {
    if !value.is_object() {
        *value = json!({});
    }
    let unset = match value.get(field) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if unset {
        value[field] = default;
    }
}

fn replicas(owner: &mut Value) {
    set(object(owner, "spec"), "replicas", 1.into());
}

fn template(owner: &mut Value) {
    let template = object(object(owner, "spec"), "template");
    defaults::pod_spec(object(template, "spec"));
}

fn reset_status(owner: &mut Value, ty: &str) {
    owner["status"] = types::find(ty).map_or_else(|| json!({}), read::zero);
}

/// The selector is needed, says something, and selects the pods of the template.
fn check_selects(owner: &Value, complaints: &mut Complaints, empty: &str) {
    let spec = &owner["spec"];
    let path = at("spec.selector");
    let chosen = &spec["selector"];
    let labels = &spec["template"]["metadata"]["labels"];
    let mut fits = false;
    if chosen.is_null() {
        // Daemon sets only complain that nothing matches.
        if text(owner, "kind") != "DaemonSet" {
            complaints.required(path, "");
        }
    } else {
        selector::check(chosen, &path, complaints);
        if selector::is_empty(chosen) {
            complaints.invalid(path, chosen.clone(), empty);
            fits = true;
        } else {
            fits = selector::matches(chosen, labels);
        }
    }
    if !fits {
        let detail = "`selector` does not match template `labels`";
        complaints.invalid(at("spec.template.metadata.labels"), labels.clone(), detail);
    }
    for (key, value) in entries(&spec["template"]["metadata"], "labels") {
        let path = at("spec.template.labels");
        complaints.each_invalid(&path, key, names::qualified_name(key));
        let value = value.as_str().unwrap_or_default();
        complaints.each_invalid(&path, value, names::label_value(value));
    }
}

/// What is wrong with the pods of a template.
fn check_template(owner: &Value, complaints: &mut Complaints) {
    let path = at("spec.template.spec");
    pod::check_spec(&owner["spec"]["template"]["spec"], &path, complaints);
    check_policy(owner, complaints);
}

/// The pods of a template run until someone ends them.
fn check_policy(owner: &Value, complaints: &mut Complaints) {
    let pod_spec = &owner["spec"]["template"]["spec"];
    let path = at("spec.template.spec");
    let kind = text(owner, "kind");
    let policy = text(pod_spec, "restartPolicy");
    // Unknown words were complained about with the pods, which stateful sets do not look into.
    if matches!(policy, "Never" | "OnFailure") || (kind == "StatefulSet" && policy != "Always") {
        complaints.not_supported(path.field("restartPolicy"), policy, &["Always"]);
    }
    if !pod_spec["activeDeadlineSeconds"].is_null() {
        let kind = if kind == "Deployment" { "ReplicaSet" } else { kind };
        complaints.forbidden(
            path.field("activeDeadlineSeconds"),
            &format!("activeDeadlineSeconds in {kind} is not Supported"),
        );
    }
}

fn keep_selector(owner: &Value, old: &Value, part: Part, complaints: &mut Complaints) {
    if part == Part::Whole {
        complaints.immutable(
            at("spec.selector"),
            &owner["spec"]["selector"],
            &old["spec"]["selector"],
        );
    }
}

/// Counts are not negative, and of some pods there are no more than of all.
fn check_status(owner: &Value, part: Part, counts: &[&str], others: &[&str], complaints: &mut Complaints) {
    if part != Part::Status {
        return;
    }
    let status = &owner["status"];
    for field in ["replicas"].iter().chain(counts).chain(others) {
        complaints.not_negative(at("status").field(*field), &status[*field]);
    }
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    for field in counts {
        if number(field) > number("replicas") {
            complaints.invalid(
                at("status").field(*field),
                number(field),
                "cannot be greater than status.replicas",
            );
        }
    }
    if counts.contains(&"availableReplicas") && number("availableReplicas") > number("readyReplicas") {
        complaints.invalid(
            at("status.availableReplicas"),
            number("availableReplicas"),
            "cannot be greater than readyReplicas",
        );
    }
}

fn check_strategy(strategy: &Value, path: &Path, complaints: &mut Complaints) {
    let rolling = &strategy["rollingUpdate"];
    match text(strategy, "type") {
        "Recreate" => {
            if rolling.is_object() {
                complaints.forbidden(
                    path.field("rollingUpdate"),
                    "may not be specified when strategy `type` is 'Recreate'",
                );
            }
        }
        "RollingUpdate" => {
            let path = path.field("rollingUpdate");
            for field in ["maxUnavailable", "maxSurge"] {
                check_amount(&rolling[field], &path.field(field), complaints);
            }
            if is_nothing(&rolling["maxUnavailable"]) && is_nothing(&rolling["maxSurge"]) {
                complaints.invalid(
                    path.field("maxUnavailable"),
                    rolling["maxUnavailable"].clone(),
                    "may not be 0 when `maxSurge` is 0",
                );
            }
            if percent(&rolling["maxUnavailable"]).is_some_and(|percent| percent > 100) {
                complaints.invalid(
                    path.field("maxUnavailable"),
                    rolling["maxUnavailable"].clone(),
                    "must not be greater than 100%",
                );
            }
        }
        _ => complaints.not_supported(path.clone(), strategy.clone(), &["Recreate", "RollingUpdate"]),
    }
}

fn percent(amount: &Value) -> Option<u64> {
    amount.as_str()?.strip_suffix('%')?.parse().ok()
}

fn is_nothing(amount: &Value) -> bool {
    amount == 0 || percent(amount) == Some(0)
}

/// A number or a percentage.
fn check_amount(amount: &Value, path: &Path, complaints: &mut Complaints) {
    match amount {
        Value::String(text) if percent(amount).is_none() => complaints.invalid(
            path.clone(),
            text.as_str(),
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', \
             regex used for validation is '[0-9]+%')",
        ),
        other => complaints.not_negative(path.clone(), other),
    }
}
