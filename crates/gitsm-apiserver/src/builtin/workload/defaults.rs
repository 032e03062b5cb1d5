//! What is filled into pods and pod templates.

use crate::builtin::complaints::text;
use serde_json::{Map, Value, json};

/// The fields of a volume that say what it is.
fn is_source(name: &str) -> bool {
    name != "name"
}

fn set(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let unset = match fields.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if unset {
        fields.insert(name.to_owned(), value.into());
    }
}

fn each<'v>(spec: &'v mut Value, list: &str) -> impl Iterator<Item = &'v mut Map<String, Value>> {
    spec.get_mut(list)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

fn inside<'v>(fields: &'v mut Map<String, Value>, path: &[&str]) -> Option<&'v mut Map<String, Value>> {
    let (last, parents) = path.split_last()?;
    let mut at = fields;
    for step in parents {
        at = at.get_mut(*step)?.as_object_mut()?;
    }
    at.get_mut(*last)?.as_object_mut()
}

/// Completes the `spec` of a pod or of a template.
pub(super) fn pod_spec(spec: &mut Value) {
    let Some(fields) = spec.as_object_mut() else {
        return;
    };
    set(fields, "dnsPolicy", "ClusterFirst");
    set(fields, "restartPolicy", "Always");
    set(fields, "schedulerName", "default-scheduler");
    set(fields, "terminationGracePeriodSeconds", 30);
    set(fields, "securityContext", json!({}));
    // The old name of the field is kept equal to the new one.
    let account = match fields.get("serviceAccountName").and_then(Value::as_str) {
        Some(account) => account.to_owned(),
        None => text(spec, "serviceAccount").to_owned(),
    };
    if !account.is_empty() {
        spec["serviceAccountName"] = account.as_str().into();
        spec["serviceAccount"] = account.into();
    }
    let host_network = spec["hostNetwork"] == true;
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for each in each(spec, list) {
            container(each, host_network && list != "ephemeralContainers");
        }
    }
    each(spec, "volumes").for_each(volume);
}

fn container(fields: &mut Map<String, Value>, host_network: bool) {
    let image = fields.get("image").and_then(Value::as_str).unwrap_or_default();
    let policy = if is_latest(image) {
        "Always"
    } else {
        "IfNotPresent"
    };
    set(fields, "imagePullPolicy", policy);
    set(fields, "terminationMessagePath", "/dev/termination-log");
    set(fields, "terminationMessagePolicy", "File");
    for port in fields
        .get_mut("ports")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let Some(port) = port.as_object_mut() else {
            continue;
        };
        set(port, "protocol", "TCP");
        if host_network && let Some(number) = port.get("containerPort").cloned() {
            set(port, "hostPort", number);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = inside(fields, &[name]) else {
            continue;
        };
        for (field, value) in [
            ("timeoutSeconds", 1),
            ("periodSeconds", 10),
            ("successThreshold", 1),
            ("failureThreshold", 3),
        ] {
            set(probe, field, value);
        }
        if let Some(get) = inside(probe, &["httpGet"]) {
            http_get(get);
        }
        if let Some(grpc) = inside(probe, &["grpc"]) {
            set(grpc, "service", "");
        }
    }
    for hook in ["postStart", "preStop"] {
        if let Some(get) = inside(fields, &["lifecycle", hook, "httpGet"]) {
            http_get(get);
        }
    }
    for variable in fields
        .get_mut("env")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(reference) = variable
            .as_object_mut()
            .and_then(|it| inside(it, &["valueFrom", "fieldRef"]))
        {
            set(reference, "apiVersion", "v1");
        }
    }
}

fn http_get(get: &mut Map<String, Value>) {
    set(get, "path", "/");
    set(get, "scheme", "HTTP");
}

fn volume(fields: &mut Map<String, Value>) {
    if !fields.keys().any(|name| is_source(name)) {
        fields.insert("emptyDir".to_owned(), json!({}));
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = inside(fields, &[source]) {
            set(source, "defaultMode", 420);
            for item in source
                .get_mut("items")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                field_reference(item);
            }
        }
    }
    if let Some(path) = inside(fields, &["hostPath"]) {
        set(path, "type", "");
    }
    let Some(projected) = inside(fields, &["projected"]) else {
        return;
    };
    for source in projected
        .get_mut("sources")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let Some(source) = source.as_object_mut() else {
            continue;
        };
        if let Some(token) = inside(source, &["serviceAccountToken"]) {
            set(token, "expirationSeconds", 3600);
        }
        if let Some(items) = inside(source, &["downwardAPI"]).and_then(|it| it.get_mut("items")) {
            items
                .as_array_mut()
                .into_iter()
                .flatten()
                .for_each(field_reference);
        }
    }
}

fn field_reference(item: &mut Value) {
    if let Some(reference) = item.as_object_mut().and_then(|item| inside(item, &["fieldRef"])) {
        set(reference, "apiVersion", "v1");
    }
}

/// Whether an image has tag `latest`, said or not.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    // What follows a colon before a slash is a port.
    match image.rsplit('/').next().unwrap_or_default().split_once(':') {
        Some((_, tag)) => tag == "latest",
        None => true,
    }
}

/// Where a container has limits but no requests, it requests its limits. Only of pods, not of templates.
pub(super) fn requests(spec: &mut Value) {
    for list in ["containers", "initContainers"] {
        for container in each(spec, list) {
            let Some(resources) = inside(container, &["resources"]) else {
                continue;
            };
            let Some(Value::Object(limits)) = resources.get("limits").cloned() else {
                continue;
            };
            let requests = resources.entry("requests").or_insert_with(|| json!({}));
            if let Some(requests) = requests.as_object_mut() {
                for (name, limit) in limits {
                    requests.entry(name).or_insert(limit);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_a_tag_are_the_latest() {
        for (image, latest) in [
            ("nginx", true),
            ("nginx:latest", true),
            ("nginx:1", false),
            ("host:5000/nginx", true),
            ("host:5000/nginx:1", false),
            ("nginx@sha256:0", false),
        ] {
            assert_eq!(is_latest(image), latest, "{image}");
        }
    }
}
