//! What a CRD may say about conversion between its versions.

use super::complaints::{Complaints, names};
use super::model::{Conversion, Service, Spec, WebhookClient};
use super::spec::{SpecOptions, check_choice};
use crate::path::Path;
use crate::values::Url;
use crate::values::names::{dns1035_label, dns1123_subdomain};

/// The versions of `ConversionReview` that the API server knows.
const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// Whether a list of review versions is empty or has a known one.
pub(super) fn has_known_review_version(versions: &[String]) -> bool {
    versions.is_empty()
        || versions
            .iter()
            .any(|version| REVIEW_VERSIONS.contains(&version.as_str()))
}

pub(super) fn validate(spec: &Spec, options: &SpecOptions, path: &Path, out: &mut Complaints) {
    let Some(conversion) = &spec.conversion else {
        return;
    };
    let Conversion {
        strategy,
        client,
        review_versions,
    } = conversion;
    let strategy_path = path.field("strategy");
    if strategy != "None" && spec.preserve_unknown_fields {
        let detail = "must be None if spec.preserveUnknownFields is true";
        out.invalid(strategy_path.clone(), strategy.as_str(), detail);
    }
    check_choice(strategy, &["None", "Webhook"], &strategy_path, out);
    let client_path = path.field("webhookClientConfig");
    let versions_path = path.field("conversionReviewVersions");
    if strategy != "Webhook" {
        let detail = "should not be set when strategy is not set to Webhook";
        if client.is_some() {
            out.forbidden(client_path, detail);
        }
        if !review_versions.is_empty() {
            out.forbidden(versions_path, detail);
        }
        return;
    }
    match client {
        None => out.required(client_path, "required when strategy is set to Webhook"),
        Some(client) => check_client(client, options.allow_invalid_ca_bundle, &client_path, out),
    }
    let is_strict = options.require_known_review_version;
    check_review_versions(review_versions, is_strict, &versions_path, out);
}

fn check_client(client: &WebhookClient, allow_invalid_ca_bundle: bool, path: &Path, out: &mut Complaints) {
    match (&client.url, &client.service) {
        (Some(_), Some(_)) | (None, None) => {
            out.required(path.clone(), "exactly one of url or service is required");
        }
        (Some(url), None) => check_url(url, &path.field("url"), out),
        (None, Some(service)) => check_service(service, &path.field("service"), out),
    }
    if !client.ca_bundle.is_empty() && !allow_invalid_ca_bundle && !is_pem(&client.ca_bundle) {
        let detail = "unable to load root certificates: unable to parse bytes as PEM block";
        out.invalid(path.field("caBundle"), client.ca_bundle.as_str(), detail);
    }
}

/// Whether the base64 of a bundle begins as that of a PEM block does. Certificates are not read: a server that
/// calls webhooks finds out.
pub(super) fn is_pem(bundle: &str) -> bool {
    // `-----BEGIN `, as far as it fills whole groups of three bytes.
    bundle.trim_start().starts_with("LS0tLS1CRUdJ")
}

fn check_url(url: &str, path: &Path, out: &mut Complaints) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (before_fragment, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (before_query, query) = before_fragment.split_once('?').unwrap_or((before_fragment, ""));
    let (scheme, rest) = before_query.split_once("://").unwrap_or(("", before_query));
    if url.contains("://")
        && let Err(error) = Url::parse(url)
    {
        out.required(path.clone(), &format!("url must be a valid URL: {error}{FORM}"));
        return;
    }
    let authority = if scheme.is_empty() {
        ""
    } else {
        rest.split('/').next().unwrap_or_default()
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let scheme = scheme.to_lowercase();
    if scheme != "https" {
        out.invalid(
            path.clone(),
            scheme,
            format!("'https' is the only allowed URL scheme{FORM}"),
        );
    }
    if host.is_empty() {
        out.invalid(path.clone(), host, format!("host must be specified{FORM}"));
    }
    if let Some(user) = user {
        out.invalid(path.clone(), user, "user information is not permitted in the URL");
    }
    if !fragment.is_empty() {
        out.invalid(path.clone(), fragment, "fragments are not permitted in the URL");
    }
    if !query.is_empty() {
        out.invalid(
            path.clone(),
            query,
            "query parameters are not permitted in the URL",
        );
    }
}

fn check_service(service: &Service, path: &Path, out: &mut Complaints) {
    // Upstream takes name and namespace for each other, so a missing one is reported at the other.
    if service.namespace.is_empty() {
        out.required(path.field("name"), "");
    }
    if service.name.is_empty() {
        out.required(path.field("namespace"), "");
    }
    if !(1..=65535).contains(&service.port) {
        let detail = "port is not valid: must be between 1 and 65535, inclusive";
        out.invalid(path.field("port"), service.port, detail);
    }
    let Some(url_path) = service.path.as_deref() else {
        return;
    };
    let path = path.field("path");
    match url_path {
        "" | "/" => return,
        "//" => {
            out.invalid(path, url_path, "segment[0] may not be empty");
            return;
        }
        _ => {}
    }
    if !url_path.starts_with('/') {
        out.invalid(path.clone(), url_path, "must start with a '/'");
    }
    let mut characters = url_path.chars();
    characters.next();
    let steps = characters.as_str();
    let steps = steps.strip_suffix('/').unwrap_or(steps);
    for (index, step) in steps.split('/').enumerate() {
        if step.is_empty() {
            out.invalid(
                path.clone(),
                url_path,
                format!("segment[{index}] may not be empty"),
            );
            continue;
        }
        for wrong in dns1123_subdomain(step) {
            out.invalid(path.clone(), url_path, format!("segment[{index}]: {wrong}"));
        }
    }
}

fn check_review_versions(versions: &[String], require_known: bool, path: &Path, out: &mut Complaints) {
    if versions.is_empty() {
        out.required(path.clone(), "");
        return;
    }
    for (index, version) in versions.iter().enumerate() {
        if versions[..index].contains(version) {
            out.invalid(path.index(index), version.as_str(), "duplicate version");
            continue;
        }
        for wrong in dns1035_label(version) {
            out.invalid(path.index(index), version.as_str(), wrong);
        }
    }
    if require_known && !has_known_review_version(versions) {
        let detail = format!("must include at least one of {}", REVIEW_VERSIONS.join(", "));
        out.invalid(path.clone(), names(versions), detail);
    }
}
