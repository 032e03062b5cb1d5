//! What is expected of custom kinds was taken from apiextensions-apiserver 1.36.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::testing::{column, kind, plain, schema};
use gitsm_schema::columns::age;
use jiff::SignedDuration;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-11-25T22:30:00Z".parse().unwrap()
}

fn widgets(columns: Vec<Column>) -> Kind {
    let origin = Origin::Custom("widgets.x.dev".to_owned());
    let mut kind = plain("x.dev", "v1", "Widget", "widgets", origin);
    kind.schema = schema(columns);
    kind
}

fn every_type() -> Kind {
    widgets(vec![
        column("Title", "string", 0, ".spec.title"),
        column("Replicas", "integer", 0, ".spec.replicas"),
        column("Num", "number", 1, ".spec.num"),
        column("Flag", "boolean", 0, ".spec.flag"),
        column("When", "date", 0, ".spec.when"),
        column("Map", "string", 0, ".spec.map"),
        column("Num As String", "string", 0, ".spec.num"),
        column("Nul", "string", 0, ".spec.nul"),
        column("Items", "string", 0, ".spec.items[*].name"),
    ])
}

fn cells_of(kind: &Kind, object: &Value) -> Value {
    let builder = TableBuilder::new(kind, now(), MetaVersion::V1, Include::None);
    builder.single(object)["rows"][0]["cells"].clone()
}

#[test]
fn cells_of_custom_kinds_are_as_upstream_makes_them() {
    let cases = [
        (
            json!({"title": "t, \" x", "replicas": 1, "num": 1.5, "flag": true, "when": "2026-11-20T00:00:00Z",
                "map": {"b": "1", "a": "x"}, "nul": null, "items": [{"name": "p"}, {"name": "q"}]}),
            json!([
                "a",
                "t, \" x",
                1,
                1.5,
                true,
                "5d22h",
                "{\"a\":\"x\",\"b\":\"1\"}",
                "1.5",
                "<no value>",
                "p"
            ]),
        ),
        (
            json!({"replicas": 1, "num": 10_000_000, "when": "bad"}),
            json!([
                "a",
                null,
                1,
                10_000_000,
                null,
                "<invalid>",
                null,
                "10000000",
                null,
                null
            ]),
        ),
        (
            json!({"num": 1_234_567.5}),
            json!([
                "a",
                null,
                null,
                1_234_567.5,
                null,
                null,
                null,
                "1.2345675e+06",
                null,
                null
            ]),
        ),
        (
            json!({"num": 0.00001}),
            json!(["a", null, null, 1e-05, null, null, null, "1e-05", null, null]),
        ),
        (
            json!({"num": 1e30}),
            json!(["a", null, null, 1e30, null, null, null, "1e+30", null, null]),
        ),
        (
            json!({"title": "", "replicas": 3, "num": 123_456.5, "when": ""}),
            json!([
                "a",
                "",
                3,
                123_456.5,
                null,
                "<unknown>",
                null,
                "123456.5",
                null,
                null
            ]),
        ),
        (
            json!({"num": 1e6}),
            json!([
                "a", null, null, 1_000_000, null, null, null, "1000000", null, null
            ]),
        ),
        (
            json!({"num": 12_345_678_901_234_567_890_u64, "map": {"<": "&é"}}),
            json!([
                "a",
                null,
                null,
                1.234_567_890_123_456_7e19,
                null,
                null,
                "{\"\\u003c\":\"\\u0026é\"}",
                "1.2345678901234567e+19",
                null,
                null
            ]),
        ),
        (
            json!({"title": {"no": "text"}, "replicas": "x", "num": true, "flag": 1, "when": 5}),
            json!([
                "a",
                "{\"no\":\"text\"}",
                null,
                null,
                null,
                null,
                null,
                "true",
                null,
                null
            ]),
        ),
        (
            json!({"items": [{"name": ""}]}),
            json!(["a", null, null, null, null, null, null, null, null, ""]),
        ),
        (
            json!({"items": [{}, {"name": "b"}]}),
            json!(["a", null, null, null, null, null, null, null, null, "b"]),
        ),
    ];
    let kind = every_type();
    for (spec, expected) in cases {
        let object = json!({"metadata": {"name": "a"}, "spec": spec});
        assert_eq!(cells_of(&kind, &object), expected, "{spec}");
    }
}

#[test]
fn times_are_read_as_go_reads_them() {
    let cases = [
        ("", "<unknown>"),
        ("null", "<unknown>"),
        ("2026-11-20T00:00:00Z", "5d22h"),
        ("2026-11-20T00:00:00+01:00", "5d23h"),
        ("2026-11-20T00:00:00+24:00", "6d22h"),
        ("2026-11-20T00:00:00.123Z", "5d22h"),
        ("2026-11-20T00:00:00,5Z", "5d22h"),
        ("2026-11-20T1:00:00Z", "5d21h"),
        ("2026-11-20 00:00:00Z", "<invalid>"),
        ("2026-11-20t00:00:00z", "<invalid>"),
        ("2026-11-20T24:00:00Z", "<invalid>"),
        ("2026-11-20T23:59:60Z", "<invalid>"),
        ("2026-02-30T00:00:00Z", "<invalid>"),
        ("2026-11-20T00:00Z", "<invalid>"),
        ("2026-11-20T00:00:00+0100", "<invalid>"),
        ("2026-11-20T00:00:00.Z", "<invalid>"),
        ("2026-11-20T00:00:00.5", "<invalid>"),
        ("2027-11-20T00:00:00Z", "<invalid>"),
        ("bad", "<invalid>"),
    ];
    for (time, expected) in cases {
        assert_eq!(age::since(time, now()), expected, "{time:?}");
    }
}

#[test]
fn durations_are_rounded_as_client_go_rounds_them() {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let cases = [
        (-3, "<invalid>"),
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (70, "70s"),
        (119, "119s"),
        (120, "2m"),
        (123, "2m3s"),
        (9 * MINUTE + 59, "9m59s"),
        (10 * MINUTE + 59, "10m"),
        (179 * MINUTE, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 25 * MINUTE, "3h25m"),
        (8 * HOUR + 59 * MINUTE, "8h"),
        (47 * HOUR, "47h"),
        (2 * DAY, "2d"),
        (5 * DAY + 2 * HOUR, "5d2h"),
        (8 * DAY + 5 * HOUR, "8d"),
        (2 * YEAR - 1, "729d"),
        (2 * YEAR, "2y"),
        (2 * YEAR + 3 * DAY, "2y3d"),
        (8 * YEAR + 3 * DAY, "8y"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(
            age::human(SignedDuration::from_secs(seconds)),
            expected,
            "{seconds}"
        );
    }
}

#[test]
fn a_table_has_headings_metadata_and_rows() {
    let kind = every_type();
    let builder = TableBuilder::new(&kind, now(), MetaVersion::V1, Include::Metadata);
    let object = json!({"apiVersion": "x.dev/v1", "kind": "Widget", "metadata": {"name": "a", "resourceVersion": "5"}, "spec": {}});
    let list = builder.list(
        [&object],
        &json!({"resourceVersion": "6", "continue": "x", "remainingItemCount": 1}),
    );
    assert_eq!(
        (&list["kind"], &list["apiVersion"]),
        (&json!("Table"), &json!("meta.k8s.io/v1"))
    );
    assert_eq!(
        list["metadata"],
        json!({"resourceVersion": "6", "continue": "x", "remainingItemCount": 1})
    );
    assert_eq!(
        list["columnDefinitions"][0],
        definition("Name", "string", "name", NAME_DESCRIPTION, 0)
    );
    assert_eq!(
        list["columnDefinitions"][3],
        json!({"name": "Num", "type": "number", "format": "", "description": "Custom resource definition column (in JSONPath format): .spec.num", "priority": 1})
    );
    assert_eq!(
        list["rows"][0]["object"],
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "a", "resourceVersion": "5"}})
    );
    assert_eq!(
        builder.single(&object)["metadata"],
        json!({"resourceVersion": "5"})
    );
    assert_eq!(builder.event(&object, false)["columnDefinitions"], Value::Null);
    let whole = TableBuilder::new(&kind, now(), MetaVersion::V1beta1, Include::Object).event(&object, true);
    assert_eq!(whole["rows"][0]["object"], object);
    assert_eq!(whole["apiVersion"], "meta.k8s.io/v1beta1");
    assert_eq!(
        Include::parse("Foo").unwrap_err().message,
        "Unable to convert to Table as requested: includeObject: Invalid value: \"Foo\": must be 'Metadata', 'Object', 'None', or empty"
    );
    assert_eq!(Include::parse("").unwrap(), Include::Metadata);
}

#[test]
fn a_crd_without_columns_shows_the_age() {
    let kind = widgets(vec![]);
    let object = json!({"metadata": {"name": "a", "creationTimestamp": "2026-11-25T22:29:00Z"}});
    let table = TableBuilder::new(&kind, now(), MetaVersion::V1, Include::None).single(&object);
    assert_eq!(table["columnDefinitions"][1]["name"], "Age");
    assert_eq!(table["columnDefinitions"][1]["type"], "date");
    assert_eq!(table["rows"][0], json!({"cells": ["a", "60s"], "object": null}));
}

#[test]
fn built_in_kinds_have_the_columns_that_kubectl_prints() {
    let cases = [
        ("", "Namespace", "Name,Status,Age"),
        ("", "ConfigMap", "Name,Data,Age"),
        ("", "Secret", "Name,Type,Data,Age"),
        ("", "ServiceAccount", "Name,Secrets,Age"),
        (
            "",
            "Service",
            "Name,Type,Cluster-IP,External-IP,Port(s),Age,Selector+",
        ),
        (
            "",
            "Pod",
            "Name,Ready,Status,Restarts,Age,IP+,Node+,Nominated Node+,Readiness Gates+",
        ),
        (
            "",
            "Event",
            "Last Seen,Type,Reason,Object,Subobject+,Source+,Message,First Seen+,Count+,Name+",
        ),
        (
            "events.k8s.io",
            "Event",
            "Last Seen,Type,Reason,Object,Subobject+,Source+,Message,First Seen+,Count+,Name+",
        ),
        ("coordination.k8s.io", "Lease", "Name,Holder,Age"),
        (
            "apps",
            "Deployment",
            "Name,Ready,Up-to-date,Available,Age,Containers+,Images+,Selector+",
        ),
        (
            "apps",
            "ReplicaSet",
            "Name,Desired,Current,Ready,Age,Containers+,Images+,Selector+",
        ),
        ("apps", "StatefulSet", "Name,Ready,Age,Containers+,Images+"),
        (
            "apps",
            "DaemonSet",
            "Name,Desired,Current,Ready,Up-to-date,Available,Node Selector,Age,Containers+,Images+,Selector+",
        ),
        ("rbac.authorization.k8s.io", "Role", "Name,Created At"),
        (
            "rbac.authorization.k8s.io",
            "RoleBinding",
            "Name,Role,Age,Users+,Groups+,ServiceAccounts+",
        ),
        (
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            "Name,Created At",
        ),
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration",
            "Name,Webhooks,Age",
        ),
    ];
    for (group, name, expected) in cases {
        let kind = kind(group, "v1", name, "things");
        let builder = TableBuilder::new(&kind, now(), MetaVersion::V1, Include::None);
        let table = builder.single(&json!({}));
        let columns = table["columnDefinitions"].as_array().unwrap();
        let headings: Vec<String> = columns
            .iter()
            .map(|column| {
                format!(
                    "{}{}",
                    column["name"].as_str().unwrap(),
                    if column["priority"] == 1 { "+" } else { "" }
                )
            })
            .collect();
        assert_eq!(headings.join(","), expected, "{name}");
        assert_eq!(
            table["rows"][0]["cells"].as_array().unwrap().len(),
            columns.len(),
            "{name}"
        );
    }
}

#[test]
fn cells_of_built_in_kinds_sum_objects_up() {
    let meta = json!({"name": "a", "creationTimestamp": "2026-11-25T22:20:00Z"});
    let with_meta = |mut object: Value| {
        object["metadata"] = meta.clone();
        object
    };
    let template =
        json!({"spec": {"containers": [{"name": "c", "image": "i:1"}, {"name": "d", "image": "j"}]}});
    let selector = json!({"matchLabels": {"z": "1", "a": "b"}, "matchExpressions": [
        {"key": "m", "operator": "In", "values": ["y", "x"]}, {"key": "n", "operator": "DoesNotExist"}]});
    let cases = [
        (
            "",
            "Namespace",
            json!({"status": {"phase": "Active"}}),
            json!(["a", "Active", "10m"]),
        ),
        (
            "",
            "ConfigMap",
            json!({"data": {"x": "", "y": ""}, "binaryData": {"z": ""}}),
            json!(["a", 3, "10m"]),
        ),
        (
            "",
            "Secret",
            json!({"type": "Opaque", "data": {"x": ""}}),
            json!(["a", "Opaque", 1, "10m"]),
        ),
        (
            "",
            "ServiceAccount",
            json!({"secrets": [{}]}),
            json!(["a", 1, "10m"]),
        ),
        (
            "coordination.k8s.io",
            "Lease",
            json!({"spec": {"holderIdentity": "me"}}),
            json!(["a", "me", "10m"]),
        ),
        (
            "rbac.authorization.k8s.io",
            "Role",
            json!({}),
            json!(["a", "2026-11-25T22:20:00Z"]),
        ),
        (
            "rbac.authorization.k8s.io",
            "RoleBinding",
            json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [
                {"kind": "User", "name": "u"}, {"kind": "User", "name": "v"}, {"kind": "Group", "name": "g"},
                {"kind": "ServiceAccount", "namespace": "n", "name": "s"}]}),
            json!(["a", "Role/r", "10m", "u, v", "g", "n/s"]),
        ),
        (
            "apps",
            "Deployment",
            json!({"spec": {"replicas": 3, "template": template, "selector": selector}, "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2}}),
            json!(["a", "2/3", 3, 2, "10m", "c,d", "i:1,j", "a=b,m in (x,y),!n,z=1"]),
        ),
        (
            "apps",
            "ReplicaSet",
            json!({"spec": {"replicas": 3, "template": template}, "status": {"replicas": 2, "readyReplicas": 1}}),
            json!(["a", 3, 2, 1, "10m", "c,d", "i:1,j", "<none>"]),
        ),
        (
            "",
            "Service",
            json!({"spec": {"type": "ClusterIP", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 443, "protocol": "TCP"}, {"port": 80, "nodePort": 30080, "protocol": "TCP"}]}}),
            json!([
                "a",
                "ClusterIP",
                "10.0.0.1",
                "<none>",
                "443/TCP,80:30080/TCP",
                "10m",
                "<none>"
            ]),
        ),
        (
            "",
            "Event",
            json!({"type": "Normal", "reason": "Done", "message": " it is \n", "firstTimestamp": "2026-11-25T22:00:00Z", "lastTimestamp": "2026-11-25T22:29:00Z", "count": 4,
                "source": {"component": "c"}, "involvedObject": {"kind": "Change", "name": "x", "fieldPath": "spec"}}),
            json!([
                "60s", "Normal", "Done", "change/x", "spec", "c", "it is", "30m", 4, "a"
            ]),
        ),
        (
            "events.k8s.io",
            "Event",
            json!({"type": "Normal", "reason": "Done", "note": "it is", "eventTime": "2026-11-25T21:59:59.999999Z", "series": {"count": 2, "lastObservedTime": "2026-11-25T22:29:58.5Z"},
                "reportingController": "c", "reportingInstance": "i", "regarding": {"kind": "Change"}}),
            json!([
                "1s", "Normal", "Done", "change", "", "c, i", "it is", "30m", 3, "a"
            ]),
        ),
        (
            "",
            "Pod",
            json!({"spec": {"containers": [{}, {}], "nodeName": "n"}, "status": {"phase": "Running", "podIPs": [{"ip": "10.1.1.1"}], "containerStatuses": [
                {"ready": true, "state": {"running": {}}, "restartCount": 2, "lastState": {"terminated": {"finishedAt": "2026-11-25T22:25:00Z"}}},
                {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}),
            json!([
                "a",
                "1/2",
                "CrashLoopBackOff",
                "2 (5m ago)",
                "10m",
                "10.1.1.1",
                "n",
                "<none>",
                "<none>"
            ]),
        ),
        (
            "",
            "Pod",
            json!({"spec": {"containers": [{}], "initContainers": [{"name": "i"}, {"name": "j"}]}, "status": {"phase": "Pending", "initContainerStatuses": [
                {"name": "i", "state": {"terminated": {"exitCode": 0}}}, {"name": "j", "state": {"terminated": {"exitCode": 3}}}]}}),
            json!([
                "a",
                "0/1",
                "Init:ExitCode:3",
                "0",
                "10m",
                "<none>",
                "<none>",
                "<none>",
                "<none>"
            ]),
        ),
        (
            "",
            "Pod",
            json!({"status": {"phase": "Pending"}}),
            json!([
                "a", "0/0", "Pending", "0", "10m", "<none>", "<none>", "<none>", "<none>"
            ]),
        ),
    ];
    for (group, name, object, expected) in cases {
        let kind = kind(group, "v1", name, "things");
        assert_eq!(cells_of(&kind, &with_meta(object)), expected, "{name}");
    }
}

#[test]
fn a_pod_that_is_through_says_so_in_its_row() {
    let kind = kind("", "v1", "Pod", "pods");
    let builder = TableBuilder::new(&kind, now(), MetaVersion::V1, Include::None);
    let row = |object: Value| builder.single(&object)["rows"][0]["conditions"].clone();
    assert_eq!(row(json!({"status": {"phase": "Failed"}}))[0]["reason"], "Failed");
    assert_eq!(row(json!({"status": {"phase": "Running"}})), Value::Null);
}

proptest! {
    #[test]
    fn no_path_and_no_time_panics(path in "\\PC*|[.a\\[\\]'\"\\\\*?(@=!)1-]*", time in "\\PC*|[0-9TZ:,.+-]*") {
        let object = json!({"metadata": {"creationTimestamp": time}, "a": [{"a": 1}, [1]]});
        cells_of(&widgets(vec![column("Path", "string", 0, &path)]), &object);
        cells_of(&widgets(vec![]), &object);
    }
}
