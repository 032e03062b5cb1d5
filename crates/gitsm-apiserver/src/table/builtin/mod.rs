//! Columns and cells of the built-in kinds: those of `pkg/printers/internalversion` of the real server.

mod events;
mod pods;
mod workloads;

use super::{CREATED_DESCRIPTION, NAME_DESCRIPTION, definition};
use gitsm_schema::columns::age;
use jiff::Timestamp;
use serde_json::Value;

/// How objects of one kind are shown.
#[derive(Debug)]
pub(super) struct Printer {
    columns: &'static [Heading],
    /// One cell per column.
    pub(super) cells: fn(&Value, Timestamp) -> Vec<Value>,
    /// A condition of the row: pods that are through.
    pub(super) condition: fn(&Value) -> Option<Value>,
}

/// A heading: name, type, priority, description. The format is `name` for the column of the name.
type Heading = (&'static str, &'static str, i32, &'static str);

impl Printer {
    /// The headings.
    pub(super) fn definitions(&self) -> Value {
        let columns = self.columns.iter().map(|(name, ty, priority, description)| {
            let format = if *name == "Name" { "name" } else { "" };
            definition(name, ty, format, description, *priority)
        });
        columns.collect()
    }
}

const NAME: Heading = ("Name", "string", 0, NAME_DESCRIPTION);
const AGE: Heading = ("Age", "string", 0, CREATED_DESCRIPTION);
const CONTAINERS: Heading = (
    "Containers",
    "string",
    1,
    "Names of each container in the template.",
);
const IMAGES: Heading = (
    "Images",
    "string",
    1,
    "Images referenced by each container in the template.",
);
const SELECTOR: Heading = (
    "Selector",
    "string",
    1,
    "The labels by which the pods are selected.",
);

/// The printer of a kind. Kinds without own columns show their name and when they were created.
pub(super) fn printer(group: &str, kind: &str) -> &'static Printer {
    match (group, kind) {
        ("", "Namespace") => &NAMESPACE,
        ("", "ConfigMap") => &CONFIG_MAP,
        ("", "Secret") => &SECRET,
        ("", "ServiceAccount") => &SERVICE_ACCOUNT,
        ("", "Service") => &workloads::SERVICE,
        ("", "Pod") => &pods::POD,
        ("" | "events.k8s.io", "Event") => &events::EVENT,
        ("coordination.k8s.io", "Lease") => &LEASE,
        ("apps", "Deployment") => &workloads::DEPLOYMENT,
        ("apps", "ReplicaSet") => &workloads::REPLICA_SET,
        ("apps", "StatefulSet") => &workloads::STATEFUL_SET,
        ("apps", "DaemonSet") => &workloads::DAEMON_SET,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => &BINDING,
        ("autoscaling", "Scale") => &SCALE,
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => &WEBHOOKS,
        _ => &OTHER,
    }
}

static OTHER: Printer = Printer {
    columns: &[NAME, ("Created At", "date", 0, CREATED_DESCRIPTION)],
    cells: |object, _| {
        let created = &object["metadata"]["creationTimestamp"];
        // Go's zero time.
        let created = created.as_str().unwrap_or("0001-01-01T00:00:00Z");
        vec![name(object), created.into()]
    },
    condition: no_condition,
};

static NAMESPACE: Printer = Printer {
    columns: &[NAME, ("Status", "string", 0, "The status of the namespace"), AGE],
    cells: |object, now| {
        vec![
            name(object),
            text(&object["status"]["phase"]),
            created(object, now),
        ]
    },
    condition: no_condition,
};

static CONFIG_MAP: Printer = Printer {
    columns: &[NAME, ("Data", "string", 0, "The number of entries."), AGE],
    cells: |object, now| {
        let entries = count(&object["data"]) + count(&object["binaryData"]);
        vec![name(object), entries.into(), created(object, now)]
    },
    condition: no_condition,
};

static SECRET: Printer = Printer {
    columns: &[
        NAME,
        (
            "Type",
            "string",
            0,
            "Used to facilitate programmatic handling of secret data.",
        ),
        ("Data", "string", 0, "The number of entries."),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(&object["type"]),
            count(&object["data"]).into(),
            created(object, now),
        ]
    },
    condition: no_condition,
};

static SERVICE_ACCOUNT: Printer = Printer {
    columns: &[
        NAME,
        (
            "Secrets",
            "string",
            0,
            "The number of secrets that pods of the account may use.",
        ),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            count(&object["secrets"]).into(),
            created(object, now),
        ]
    },
    condition: no_condition,
};

static LEASE: Printer = Printer {
    columns: &[
        NAME,
        ("Holder", "string", 0, "The identity of the holder of the lease."),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(&object["spec"]["holderIdentity"]),
            created(object, now),
        ]
    },
    condition: no_condition,
};

static WEBHOOKS: Printer = Printer {
    columns: &[
        NAME,
        (
            "Webhooks",
            "integer",
            0,
            "Webhooks indicates the number of webhooks registered in this configuration",
        ),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            count(&object["webhooks"]).into(),
            created(object, now),
        ]
    },
    condition: no_condition,
};

static SCALE: Printer = Printer {
    columns: &[
        NAME,
        ("Desired", "integer", 0, "Number of desired replicas"),
        ("Available", "integer", 0, "Number of actual replicas"),
        ("Age", "date", 0, CREATED_DESCRIPTION),
    ],
    cells: |object, now| {
        vec![
            name(object),
            number(&object["spec"]["replicas"]).into(),
            number(&object["status"]["replicas"]).into(),
            created(object, now),
        ]
    },
    condition: no_condition,
};

static BINDING: Printer = Printer {
    columns: &[
        NAME,
        ("Role", "string", 0, "The role that is granted."),
        AGE,
        ("Users", "string", 1, "Users in the binding"),
        ("Groups", "string", 1, "Groups in the binding"),
        ("ServiceAccounts", "string", 1, "ServiceAccounts in the binding"),
    ],
    cells: |object, now| {
        let role = &object["roleRef"];
        let role = format!("{}/{}", plain(&role["kind"]), plain(&role["name"]));
        let subjects = |kind: &str, write: fn(&Value) -> String| {
            let of_kind = elements(&object["subjects"])
                .iter()
                .filter(|subject| subject["kind"] == kind);
            of_kind.map(write).collect::<Vec<String>>().join(", ")
        };
        let account =
            |subject: &Value| format!("{}/{}", plain(&subject["namespace"]), plain(&subject["name"]));
        let named = |subject: &Value| plain(&subject["name"]).to_owned();
        vec![
            name(object),
            role.into(),
            created(object, now),
            subjects("User", named).into(),
            subjects("Group", named).into(),
            subjects("ServiceAccount", account).into(),
        ]
    },
    condition: no_condition,
};

fn no_condition(_: &Value) -> Option<Value> {
    None
}

/// A text, empty where there is none.
fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn text(value: &Value) -> Value {
    plain(value).into()
}

fn or_none(value: &str) -> &str {
    if value.is_empty() { "<none>" } else { value }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The number of entries of a map or list.
fn count(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len(),
        Value::Array(elements) => elements.len(),
        _ => 0,
    }
}

fn name(object: &Value) -> Value {
    text(&object["metadata"]["name"])
}

/// How long ago the object was created.
fn created(object: &Value, now: Timestamp) -> Value {
    since(&object["metadata"]["creationTimestamp"], now).into()
}

fn since(time: &Value, now: Timestamp) -> String {
    age::since(plain(time), now)
}
