//! Configurations of admission webhooks, as objects.

use super::complaints::{Complaints, at, list, list_mut, text};
use super::strategy::Rules;
use super::workload::check_selector;
use gitsm_schema::Path;
use gitsm_schema::values::names;
use serde_json::{Value, json};
use std::collections::HashSet;

const BASE: Rules = Rules {
    namespaced: false,
    qualified_finalizers: false,
    generation: true,
    unconditional_update: false,
    validate: |configuration, complaints| {
        let mut known = HashSet::new();
        for (index, hook) in list(configuration, "webhooks").iter().enumerate() {
            let path = at("webhooks").index(index);
            check(hook, &path, complaints);
            let name = text(hook, "name");
            if !name.is_empty() && !known.insert(name) {
                complaints.duplicate(path.field("name"), name);
            }
        }
    },
    ..Rules::NONE
};

pub(super) const VALIDATING: Rules = Rules {
    ty: "admissionregistration.v1.ValidatingWebhookConfiguration",
    default: |configuration| each(configuration, |_| {}),
    ..BASE
};

pub(super) const MUTATING: Rules = Rules {
    ty: "admissionregistration.v1.MutatingWebhookConfiguration",
    default: |configuration| {
        each(configuration, |hook| {
            set(hook, "reinvocationPolicy", json!("Never"));
        });
    },
    ..BASE
};

fn set(value: &mut Value, field: &str, default: Value) {
    if value.is_object() && value.get(field).is_none_or(Value::is_null) {
        value[field] = default;
    }
}

fn each(configuration: &mut Value, also: fn(&mut Value)) {
    for hook in list_mut(configuration, "webhooks") {
        set(hook, "failurePolicy", json!("Fail"));
        set(hook, "matchPolicy", json!("Equivalent"));
        set(hook, "namespaceSelector", json!({}));
        set(hook, "objectSelector", json!({}));
        set(hook, "timeoutSeconds", json!(10));
        if let Some(service) = hook.pointer_mut("/clientConfig/service") {
            set(service, "port", json!(443));
        }
        for rule in list_mut(hook, "rules") {
            set(rule, "scope", json!("*"));
        }
        also(hook);
    }
}

fn check(hook: &Value, path: &Path, complaints: &mut Complaints) {
    let name = text(hook, "name");
    let at_name = path.field("name");
    if name.is_empty() {
        complaints.required(at_name, "");
    } else {
        let wrong = names::dns1123_subdomain(name);
        if !wrong.is_empty() {
            complaints.each_invalid(&at_name, name, wrong);
        } else if name.split('.').count() < 3 {
            let detail = "should be a domain with at least three segments separated by dots";
            complaints.invalid(at_name, name, detail);
        }
    }
    for (index, rule) in list(hook, "rules").iter().enumerate() {
        check_rule(rule, &path.field("rules").index(index), complaints);
    }
    complaints.one_of(
        path.field("failurePolicy"),
        text(hook, "failurePolicy"),
        &["Fail", "Ignore"],
    );
    complaints.one_of(
        path.field("matchPolicy"),
        text(hook, "matchPolicy"),
        &["Equivalent", "Exact"],
    );
    let effects = text(hook, "sideEffects");
    if effects.is_empty() {
        complaints.required(
            path.field("sideEffects"),
            "must specify one of None, NoneOnDryRun",
        );
    } else {
        complaints.one_of(path.field("sideEffects"), effects, &["None", "NoneOnDryRun"]);
    }
    if let Some(seconds) = hook["timeoutSeconds"].as_i64()
        && !(1..=30).contains(&seconds)
    {
        let detail = "the timeout value must be between 1 and 30 seconds";
        complaints.invalid(path.field("timeoutSeconds"), seconds, detail);
    }
    for selector in ["namespaceSelector", "objectSelector"] {
        check_selector(&hook[selector], &path.field(selector), complaints);
    }
    check_client(&hook["clientConfig"], &path.field("clientConfig"), complaints);
    check_versions(hook, &path.field("admissionReviewVersions"), complaints);
}

fn check_rule(rule: &Value, path: &Path, complaints: &mut Complaints) {
    let operations = list(rule, "operations");
    if operations.is_empty() {
        complaints.required(path.field("operations"), "");
    }
    for (field, what) in [
        ("operations", "operations"),
        ("apiGroups", "API groups"),
        ("apiVersions", "API versions"),
        ("resources", "resources"),
    ] {
        let values = list(rule, field);
        if field == "operations" {
            for (index, operation) in operations.iter().enumerate() {
                complaints.one_of(
                    path.field(field).index(index),
                    operation.as_str().unwrap_or_default(),
                    &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"],
                );
            }
        } else if values.is_empty() {
            complaints.required(path.field(field), "");
        }
        if field != "resources" && values.len() > 1 && values.iter().any(|value| value == "*") {
            let detail = format!("if '*' is present, must not specify other {what}");
            complaints.invalid(path.field(field), rule[field].clone(), detail);
        }
    }
    for (index, version) in list(rule, "apiVersions").iter().enumerate() {
        if version == "" {
            complaints.required(path.field("apiVersions").index(index), "");
        }
    }
    complaints.one_of(
        path.field("scope"),
        text(rule, "scope"),
        &["*", "Cluster", "Namespaced"],
    );
}

fn check_client(client: &Value, path: &Path, complaints: &mut Complaints) {
    let (url, service) = (&client["url"], &client["service"]);
    match (url.as_str(), service.is_object()) {
        (Some(url), false) => check_url(url, &path.field("url"), complaints),
        (None, true) => {
            let path = path.field("service");
            for (field, detail) in [
                ("name", "service name is required"),
                ("namespace", "service namespace is required"),
            ] {
                if text(service, field).is_empty() {
                    complaints.required(path.field(field), detail);
                }
            }
            if let Some(port) = service["port"].as_i64()
                && !(1..=65535).contains(&port)
            {
                let detail = "port is not valid: must be between 1 and 65535, inclusive";
                complaints.invalid(path.field("port"), port, detail);
            }
        }
        _ => complaints.required(path.clone(), "exactly one of url or service is required"),
    }
}

fn check_url(url: &str, path: &Path, complaints: &mut Complaints) {
    let form = "desired format: https://host[/path]";
    let Some((scheme, rest)) = url.split_once("://") else {
        complaints.invalid(
            path.clone(),
            url,
            format!("'https' is the only allowed URL scheme; {form}"),
        );
        return;
    };
    if scheme != "https" {
        complaints.invalid(
            path.clone(),
            scheme,
            format!("'https' is the only allowed URL scheme; {form}"),
        );
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() {
        complaints.invalid(path.clone(), host, format!("host must be specified; {form}"));
    }
    if let Some((user, _)) = host.rsplit_once('@') {
        complaints.invalid(path.clone(), user, "user information is not permitted in the URL");
    }
    if let Some((_, fragment)) = rest.split_once('#') {
        complaints.invalid(path.clone(), fragment, "fragments are not permitted in the URL");
    }
    let before_fragment = rest.split('#').next().unwrap_or_default();
    if let Some((_, query)) = before_fragment.split_once('?') {
        complaints.invalid(
            path.clone(),
            query,
            "query parameters are not permitted in the URL",
        );
    }
}

fn check_versions(hook: &Value, path: &Path, complaints: &mut Complaints) {
    let versions = list(hook, "admissionReviewVersions");
    if versions.is_empty() {
        complaints.required(path.clone(), "must specify one of v1, v1beta1");
        return;
    }
    if !versions
        .iter()
        .any(|version| version == "v1" || version == "v1beta1")
    {
        let detail = "must include at least one of v1, v1beta1";
        complaints.invalid(path.clone(), hook["admissionReviewVersions"].clone(), detail);
    }
    let mut known = HashSet::new();
    for (index, version) in versions.iter().enumerate() {
        let version = version.as_str().unwrap_or_default();
        if !known.insert(version) {
            complaints.invalid(path.index(index), version, "duplicate version");
        }
        complaints.each_invalid(&path.index(index), version, names::dns1035_label(version));
    }
}
