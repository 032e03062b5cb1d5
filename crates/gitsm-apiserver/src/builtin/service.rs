//! Services and leases: little objects that others refer to.

use super::complaints::{at, list, list_mut, text};
use super::metadata::NameRule;
use super::strategy::Rules;
use super::workload::port_name;
use crate::kind::Part;
use gitsm_schema::values::names;
use serde_json::{Value, json};
use std::collections::HashSet;

pub(super) const SERVICE: Rules = Rules {
    ty: "core.v1.Service",
    names: NameRule::Label1035,
    default: |service| {
        let spec = &mut service["spec"];
        if text(spec, "sessionAffinity").is_empty() {
            spec["sessionAffinity"] = "None".into();
        }
        if text(spec, "type").is_empty() {
            spec["type"] = "ClusterIP".into();
        }
        for port in list_mut(spec, "ports") {
            if text(port, "protocol").is_empty() {
                port["protocol"] = "TCP".into();
            }
            if port["targetPort"] == 0 || port["targetPort"] == "" || port["targetPort"].is_null() {
                port["targetPort"] = port["port"].clone();
            }
        }
        let address = text(spec, "clusterIP").to_owned();
        if !address.is_empty() && list(spec, "clusterIPs").is_empty() {
            spec["clusterIPs"] = json!([address]);
        }
        if text(spec, "type") != "ExternalName" && spec["internalTrafficPolicy"].is_null() {
            spec["internalTrafficPolicy"] = "Cluster".into();
        }
    },
    prepare_create: |service, _| service["status"] = json!({"loadBalancer": {}}),
    prepare_update: |service, old, cx| {
        if cx.part == Part::Whole {
            service["status"] = old["status"].clone();
        }
    },
    validate: |service, complaints| {
        let spec = &service["spec"];
        let ports = list(spec, "ports");
        if ports.is_empty() && text(spec, "clusterIP") != "None" && text(spec, "type") != "ExternalName" {
            complaints.required(at("spec.ports"), "");
        }
        let mut known = HashSet::new();
        for (index, port) in ports.iter().enumerate() {
            let path = at("spec.ports").index(index);
            let name = text(port, "name");
            if name.is_empty() && ports.len() > 1 {
                complaints.required(path.field("name"), "");
            } else if !name.is_empty() {
                complaints.each_invalid(&path.field("name"), name, names::dns1123_label(name));
                if !known.insert(name) {
                    complaints.duplicate(path.field("name"), name);
                }
            }
            let number = port["port"].as_i64().unwrap_or(0);
            if !(1..=65535).contains(&number) {
                complaints.invalid(
                    path.field("port"),
                    number,
                    "must be between 1 and 65535, inclusive",
                );
            }
            complaints.one_of(
                path.field("protocol"),
                text(port, "protocol"),
                &["SCTP", "TCP", "UDP"],
            );
            match &port["targetPort"] {
                Value::String(name) => {
                    complaints.each_invalid(&path.field("targetPort"), name, port_name(name));
                }
                target if !(1..=65535).contains(&target.as_i64().unwrap_or(0)) => {
                    let detail = "must be between 1 and 65535, inclusive";
                    complaints.invalid(path.field("targetPort"), target.clone(), detail);
                }
                _ => {}
            }
        }
        complaints.one_of(
            at("spec.type"),
            text(spec, "type"),
            &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
        );
        complaints.one_of(
            at("spec.sessionAffinity"),
            text(spec, "sessionAffinity"),
            &["ClientIP", "None"],
        );
    },
    create_on_update: true,
    selectable: &["spec.clusterIP", "spec.type"],
    ..Rules::NONE
};

pub(super) const LEASE: Rules = Rules {
    ty: "coordination.v1.Lease",
    validate: |lease, complaints| {
        let number = |field: &str| lease["spec"][field].as_i64();
        if let Some(seconds) = number("leaseDurationSeconds").filter(|seconds| *seconds <= 0) {
            complaints.invalid(at("spec.leaseDurationSeconds"), seconds, "must be greater than 0");
        }
        if let Some(count) = number("leaseTransitions").filter(|count| *count < 0) {
            let detail = "must be greater than or equal to 0";
            complaints.invalid(at("spec.leaseTransitions"), Value::from(count), detail);
        }
    },
    unconditional_update: false,
    create_on_update: true,
    ..Rules::NONE
};
