//! What is wrong with the containers and volumes of a pod.

use crate::builtin::complaints::{Complaints, entries, list, text};
use gitsm_schema::Path;
use gitsm_schema::values::{Quantity, names};
use serde_json::Value;
use std::collections::HashSet;

/// What is asked of volumes; their names.
pub(super) fn check_volumes<'v>(
    spec: &'v Value,
    path: &Path,
    complaints: &mut Complaints,
) -> HashSet<&'v str> {
    let mut known = HashSet::new();
    for (index, volume) in list(spec, "volumes").iter().enumerate() {
        let path = path.field("volumes").index(index);
        let name = text(volume, "name");
        check_name(name, &path, &known, complaints);
        known.insert(name);
        let sources: Vec<&String> = volume
            .as_object()
            .into_iter()
            .flatten()
            .map(|(field, _)| field)
            .filter(|field| *field != "name")
            .collect();
        match sources.as_slice() {
            [] => complaints.required(path, "must specify a volume type"),
            [_] => {}
            [_, others @ ..] => {
                for other in others {
                    complaints.forbidden(
                        path.field(other.as_str()),
                        "may not specify more than 1 volume type",
                    );
                }
            }
        }
    }
    known
}

fn check_name(name: &str, path: &Path, known: &HashSet<&str>, complaints: &mut Complaints) {
    if name.is_empty() {
        complaints.required(path.field("name"), "");
        return;
    }
    complaints.each_invalid(&path.field("name"), name, names::dns1123_label(name));
    if known.contains(name) {
        complaints.duplicate(path.field("name"), name);
    }
}

/// What is asked of the containers in one list.
pub(super) fn check<'v>(
    spec: &'v Value,
    field: &str,
    path: &Path,
    volumes: &HashSet<&str>,
    known: &mut HashSet<&'v str>,
    complaints: &mut Complaints,
) {
    for (index, container) in list(spec, field).iter().enumerate() {
        let path = path.field(field).index(index);
        let name = text(container, "name");
        check_name(name, &path, known, complaints);
        known.insert(name);
        let image = text(container, "image");
        if image.is_empty() {
            complaints.required(path.field("image"), "");
        } else if image.trim() != image {
            complaints.invalid(
                path.field("image"),
                image,
                "must not have leading or trailing whitespace",
            );
        }
        check_ports(container, &path, complaints);
        check_env(container, &path, complaints);
        check_mounts(container, &path, volumes, complaints);
        complaints.one_of(
            path.field("imagePullPolicy"),
            text(container, "imagePullPolicy"),
            &["Always", "IfNotPresent", "Never"],
        );
        complaints.one_of(
            path.field("terminationMessagePolicy"),
            text(container, "terminationMessagePolicy"),
            &["FallbackToLogsOnError", "File"],
        );
        check_resources(&container["resources"], &path.field("resources"), complaints);
    }
}

fn check_ports(container: &Value, path: &Path, complaints: &mut Complaints) {
    let mut known = HashSet::new();
    for (index, port) in list(container, "ports").iter().enumerate() {
        let path = path.field("ports").index(index);
        let name = text(port, "name");
        if !name.is_empty() {
            complaints.each_invalid(&path.field("name"), name, port_name(name));
            if !known.insert(name) {
                complaints.duplicate(path.field("name"), name);
            }
        }
        match port["containerPort"].as_i64().unwrap_or(0) {
            0 => complaints.required(path.field("containerPort"), ""),
            1..=65535 => {}
            other => complaints.invalid(
                path.field("containerPort"),
                other,
                "must be between 1 and 65535, inclusive",
            ),
        }
        let host = port["hostPort"].as_i64().unwrap_or(0);
        if !(0..=65535).contains(&host) {
            complaints.invalid(
                path.field("hostPort"),
                host,
                "must be between 1 and 65535, inclusive",
            );
        }
        complaints.one_of(
            path.field("protocol"),
            text(port, "protocol"),
            &["SCTP", "TCP", "UDP"],
        );
    }
}

/// What is wrong with the name of a port, as IANA has them.
pub(in crate::builtin) fn port_name(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > 15 {
        errors.push("must be no more than 15 characters".to_owned());
    }
    if !name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        errors.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_owned());
    }
    errors
}

fn check_env(container: &Value, path: &Path, complaints: &mut Complaints) {
    for (index, variable) in list(container, "env").iter().enumerate() {
        let path = path.field("env").index(index);
        let name = text(variable, "name");
        if name.is_empty() {
            complaints.required(path.field("name"), "");
        } else if !name.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
            let detail = "a valid environment variable name must consist only of printable ASCII characters other \
                          than '='";
            complaints.invalid(path.field("name"), name, detail);
        }
        let source = &variable["valueFrom"];
        if let Some(kinds) = source.as_object() {
            let path = path.field("valueFrom");
            if kinds.is_empty() {
                let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
                complaints.invalid(path, "", detail);
            } else if !text(variable, "value").is_empty() {
                complaints.invalid(path, "", "may not be specified when `value` is not empty");
            } else if kinds.len() > 1 {
                complaints.invalid(path, "", "may not have more than one field specified at a time");
            }
        }
    }
}

fn check_mounts(container: &Value, path: &Path, volumes: &HashSet<&str>, complaints: &mut Complaints) {
    let mut known = HashSet::new();
    for (index, mount) in list(container, "volumeMounts").iter().enumerate() {
        let path = path.field("volumeMounts").index(index);
        let name = text(mount, "name");
        if name.is_empty() {
            complaints.required(path.field("name"), "");
        }
        if !volumes.contains(name) {
            complaints.not_found(path.field("name"), name);
        }
        let place = text(mount, "mountPath");
        if place.is_empty() {
            complaints.required(path.field("mountPath"), "");
        }
        if !known.insert(place) {
            complaints.invalid(path.field("mountPath"), place, "must be unique");
        }
        let sub = text(mount, "subPath");
        if sub.starts_with('/') {
            complaints.invalid(path.field("subPath"), sub, "must be a relative path");
        }
        if sub.split('/').any(|step| step == "..") {
            complaints.invalid(path.field("subPath"), sub, "must not contain '..'");
        }
    }
}

fn check_resources(resources: &Value, path: &Path, complaints: &mut Complaints) {
    let quantity = |value: &Value| value.as_str().and_then(|text| Quantity::parse(text).ok());
    for bag in ["limits", "requests"] {
        for (name, value) in entries(resources, bag) {
            let path = path.field(bag).key(name);
            complaints.each_invalid(&path, name, names::qualified_name(name));
            if quantity(value).is_some_and(|quantity| quantity.sign() < 0) {
                complaints.invalid(path, value.clone(), "must be greater than or equal to 0");
            }
        }
    }
    for (name, value) in entries(resources, "requests") {
        let Some(limit) = resources["limits"].get(name) else {
            continue;
        };
        let (Some(request), Some(bound)) = (quantity(value), quantity(limit)) else {
            continue;
        };
        if request.is_greater_than(&bound) {
            let detail = format!(
                "must be less than or equal to {name} limit of {}",
                limit.as_str().unwrap_or_default()
            );
            complaints.invalid(path.field("requests"), value.clone(), detail);
        }
    }
}
