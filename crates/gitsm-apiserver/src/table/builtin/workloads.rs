//! Deployments, replica sets, stateful sets, daemon sets and services.

use super::{
    AGE, CONTAINERS, IMAGES, NAME, Printer, SELECTOR, created, elements, name, no_condition, number, or_none,
    plain, text,
};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) static DEPLOYMENT: Printer = Printer {
    columns: &[
        NAME,
        ("Ready", "string", 0, "Number of the pod with ready state"),
        (
            "Up-to-date",
            "string",
            0,
            "Total number of non-terminated pods that have the desired template.",
        ),
        (
            "Available",
            "string",
            0,
            "Total number of available non-terminated pods.",
        ),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |object, now| {
        let (containers, images) = containers(object);
        let status = &object["status"];
        vec![
            name(object),
            ready(object).into(),
            number(&status["updatedReplicas"]).into(),
            number(&status["availableReplicas"]).into(),
            created(object, now),
            containers,
            images,
            label_selector(&object["spec"]["selector"]).into(),
        ]
    },
    condition: no_condition,
};

pub(super) static REPLICA_SET: Printer = Printer {
    columns: &[
        NAME,
        ("Desired", "integer", 0, "The number of desired pods."),
        (
            "Current",
            "integer",
            0,
            "The most recently observed number of non-terminated pods.",
        ),
        (
            "Ready",
            "integer",
            0,
            "The number of non-terminated pods with a Ready condition.",
        ),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |object, now| {
        let (containers, images) = containers(object);
        let (spec, status) = (&object["spec"], &object["status"]);
        vec![
            name(object),
            number(&spec["replicas"]).into(),
            number(&status["replicas"]).into(),
            number(&status["readyReplicas"]).into(),
            created(object, now),
            containers,
            images,
            or_none(&label_selector(&spec["selector"])).into(),
        ]
    },
    condition: no_condition,
};

pub(super) static STATEFUL_SET: Printer = Printer {
    columns: &[
        NAME,
        ("Ready", "string", 0, "Number of the pod with ready state"),
        AGE,
        CONTAINERS,
        IMAGES,
    ],
    cells: |object, now| {
        let (containers, images) = containers(object);
        vec![
            name(object),
            ready(object).into(),
            created(object, now),
            containers,
            images,
        ]
    },
    condition: no_condition,
};

pub(super) static DAEMON_SET: Printer = Printer {
    columns: &[
        NAME,
        (
            "Desired",
            "integer",
            0,
            "The number of nodes that should be running the daemon pod.",
        ),
        (
            "Current",
            "integer",
            0,
            "The number of nodes that run the daemon pod and are supposed to.",
        ),
        (
            "Ready",
            "integer",
            0,
            "The number of nodes whose daemon pod is ready.",
        ),
        (
            "Up-to-date",
            "integer",
            0,
            "The number of nodes that run the updated daemon pod.",
        ),
        (
            "Available",
            "integer",
            0,
            "The number of nodes whose daemon pod is available.",
        ),
        (
            "Node Selector",
            "string",
            0,
            "The labels that a node must have for the pod to be placed on it.",
        ),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: |object, now| {
        let (containers, images) = containers(object);
        let (spec, status) = (&object["spec"], &object["status"]);
        let figure = |field: &str| Value::from(number(&status[field]));
        vec![
            name(object),
            figure("desiredNumberScheduled"),
            figure("currentNumberScheduled"),
            figure("numberReady"),
            figure("updatedNumberScheduled"),
            figure("numberAvailable"),
            labels(&spec["template"]["spec"]["nodeSelector"]).into(),
            created(object, now),
            containers,
            images,
            or_none(&label_selector(&spec["selector"])).into(),
        ]
    },
    condition: no_condition,
};

pub(super) static SERVICE: Printer = Printer {
    columns: &[
        NAME,
        ("Type", "string", 0, "How the service is exposed."),
        ("Cluster-IP", "string", 0, "The address of the service."),
        (
            "External-IP",
            "string",
            0,
            "The addresses under which the service is reached from elsewhere.",
        ),
        ("Port(s)", "string", 0, "The ports of the service."),
        AGE,
        (
            "Selector",
            "string",
            1,
            "The labels by which the pods are selected.",
        ),
    ],
    cells: |object, now| {
        let spec = &object["spec"];
        let address = elements(&spec["clusterIPs"]).first().unwrap_or(&Value::Null);
        vec![
            name(object),
            text(&spec["type"]),
            or_none(plain(address)).into(),
            external_address(object).into(),
            or_none(&ports(spec)).into(),
            created(object, now),
            labels(&spec["selector"]).into(),
        ]
    },
    condition: no_condition,
};

fn ready(object: &Value) -> String {
    let ready = number(&object["status"]["readyReplicas"]);
    format!("{ready}/{}", number(&object["spec"]["replicas"]))
}

/// Names and images of the containers of the pod template.
fn containers(object: &Value) -> (Value, Value) {
    let containers = elements(&object["spec"]["template"]["spec"]["containers"]);
    let all = |field: &str| {
        let texts: Vec<&str> = containers
            .iter()
            .map(|container| plain(&container[field]))
            .collect();
        texts.join(",").into()
    };
    (all("name"), all("image"))
}

/// Labels as `a=b,c=d`.
fn labels(labels: &Value) -> String {
    let pairs: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", plain(value)))
        .collect();
    or_none(&pairs.join(",")).to_owned()
}

/// A label selector of an object as it would be typed.
fn label_selector(selector: &Value) -> String {
    let mut requirements: Vec<(&str, String)> = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), format!("{key}={}", plain(value))))
        .collect();
    requirements.extend(elements(&selector["matchExpressions"]).iter().map(|expression| {
        let key = plain(&expression["key"]);
        let values: BTreeSet<&str> = elements(&expression["values"]).iter().map(plain).collect();
        let values = values.into_iter().collect::<Vec<&str>>().join(",");
        let written = match plain(&expression["operator"]) {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        (key, written)
    }));
    requirements.sort_by_key(|(key, _)| *key);
    let written: Vec<String> = requirements.into_iter().map(|(_, written)| written).collect();
    written.join(",")
}

fn external_address(service: &Value) -> String {
    let spec = &service["spec"];
    let mut external: Vec<&str> = elements(&spec["externalIPs"]).iter().map(plain).collect();
    match plain(&spec["type"]) {
        "ClusterIP" | "NodePort" => or_none(&external.join(",")).to_owned(),
        "LoadBalancer" => {
            let ingress = elements(&service["status"]["loadBalancer"]["ingress"]).iter();
            let balanced: BTreeSet<&str> = ingress
                .map(|point| match plain(&point["ip"]) {
                    "" => plain(&point["hostname"]),
                    address => address,
                })
                .filter(|address| !address.is_empty())
                .collect();
            let mut all: Vec<&str> = balanced.into_iter().collect();
            all.append(&mut external);
            if all.is_empty() {
                "<pending>".to_owned()
            } else {
                all.join(",")
            }
        }
        "ExternalName" => plain(&spec["externalName"]).to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

fn ports(spec: &Value) -> String {
    let ports = elements(&spec["ports"]).iter().map(|port| {
        let protocol = plain(&port["protocol"]);
        match (number(&port["port"]), number(&port["nodePort"])) {
            (port, node) if node > 0 => format!("{port}:{node}/{protocol}"),
            (port, _) => format!("{port}/{protocol}"),
        }
    });
    ports.collect::<Vec<String>>().join(",")
}
