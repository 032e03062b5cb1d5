//! Events: one stored object with two views, that of the core group and that of `events.k8s.io`.

use super::complaints::{Complaints, at, text};
use super::metadata;
use super::metadata::NameRule;
use super::strategy::{Rules, View};
use super::{read, types};
use crate::object::meta_text;
use gitsm_schema::values::names;
use serde_json::Value;

/// The names of fields in the core group and in `events.k8s.io`, where they differ.
const RENAMED: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

pub(super) const CORE: Rules = Rules {
    ty: "core.v1.Event",
    validate: |event, complaints| validate(event, &CORE_NAMES, complaints),
    create_on_update: true,
    selectable: &[
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ],
    select: |event, field| {
        (field == "source").then(|| match text(&event["source"], "component") {
            "" => text(event, "reportingComponent").to_owned(),
            component => component.to_owned(),
        })
    },
    judges_metadata: false,
    ..Rules::NONE
};

pub(super) const EVENTS: Rules = Rules {
    ty: "events.v1.Event",
    validate: |event, complaints| validate(event, &EVENTS_NAMES, complaints),
    validate_create: |event, complaints| {
        complaints.extend(metadata::validate(event, true, NameRule::Subdomain));
        validate_series(event, complaints);
        validate_strictly(event, complaints);
    },
    validate_update: |event, old, _, complaints| {
        complaints.extend(metadata::validate_update(event, old));
        if event["series"] != old["series"] {
            validate_series(event, complaints);
        }
        for (field, shown) in [
            ("regarding", "involvedObject"),
            ("reason", "reason"),
            ("note", "message"),
            ("deprecatedSource", "source"),
            ("deprecatedFirstTimestamp", "firstTimestamp"),
            ("deprecatedLastTimestamp", "lastTimestamp"),
            ("deprecatedCount", "count"),
            ("type", "type"),
            ("eventTime", "eventTime"),
            ("action", "action"),
            ("related", "related"),
            ("reportingController", "reportingController"),
            ("reportingInstance", "reportingInstance"),
        ] {
            complaints.immutable(at(shown), &event[field], &old[field]);
        }
    },
    create_on_update: true,
    selectable: &[
        "regarding.kind",
        "regarding.namespace",
        "regarding.name",
        "regarding.uid",
        "regarding.apiVersion",
        "regarding.resourceVersion",
        "regarding.fieldPath",
        "reason",
        "reportingController",
        "type",
    ],
    view: Some(View {
        of: ("", "events"),
        to_stored: to_core,
        from_stored: to_events,
    }),
    judges_metadata: false,
    ..Rules::NONE
};

/// Turns an event of `events.k8s.io/v1` into one of `v1`.
pub fn to_core(event: &mut Value) {
    rename(event, RENAMED.iter().map(|(core, events)| (*events, *core)), "v1");
    complete(event, "core.v1.Event");
}

/// Turns an event of `v1` into one of `events.k8s.io/v1`.
pub fn to_events(event: &mut Value) {
    rename(event, RENAMED.iter().copied(), "events.k8s.io/v1");
    complete(event, "events.v1.Event");
}

/// Writes the fields that the type always has, and drops those that it leaves out when they are empty.
fn complete(event: &mut Value, ty: &str) {
    if let Some(ty) = types::find(ty) {
        // Both types hold what the other holds: what was read as one reads as the other.
        let _ = read::read(ty, event);
    }
}

fn rename<'n>(event: &mut Value, names: impl Iterator<Item = (&'n str, &'n str)>, api_version: &str) {
    let Some(fields) = event.as_object_mut() else {
        return;
    };
    for (from, to) in names {
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
    fields.insert("apiVersion".to_owned(), api_version.into());
}

/// The fields that both views check, as each names them.
struct FieldNames {
    object: &'static str,
    controller: &'static str,
    message: &'static str,
}

const CORE_NAMES: FieldNames = FieldNames {
    object: "involvedObject",
    controller: "reportingComponent",
    message: "message",
};
const EVENTS_NAMES: FieldNames = FieldNames {
    object: "regarding",
    controller: "reportingController",
    message: "note",
};

/// What is asked of events of either view. Complaints name the fields as the core group does.
fn validate(event: &Value, names: &FieldNames, complaints: &mut Complaints) {
    let namespace = meta_text(event, "namespace");
    let about = text(&event[names.object], "namespace");
    let mismatch = "does not match event.namespace";
    let path = at("involvedObject.namespace");
    if event["eventTime"].is_null() {
        let fits = if about.is_empty() {
            matches!(namespace, "" | "default")
        } else {
            about == namespace
        };
        if !fits {
            complaints.invalid(path, about, mismatch);
        }
    } else {
        // Events about what is in no namespace are in `default` or `kube-system`.
        if about.is_empty() && !matches!(namespace, "default" | "kube-system") {
            complaints.invalid(path, about, mismatch);
        }
        let controller = text(event, names.controller);
        if controller.is_empty() {
            complaints.required(at("reportingController"), "");
        }
        complaints.each_invalid(
            &at("reportingController"),
            controller,
            names::qualified_name(controller),
        );
        for (field, name, limit) in [
            ("reportingInstance", "reportingInstance", 128),
            ("action", "action", 128),
            ("reason", "reason", 128),
            ("message", names.message, 1024),
        ] {
            let value = text(event, name);
            if value.is_empty() && field != "message" {
                complaints.required(at(field), "");
            }
            if value.len() > limit {
                complaints.invalid(at(field), "", format!("can have at most {limit} characters"));
            }
        }
    }
    complaints.each_invalid(&at("namespace"), namespace, names::dns1123_subdomain(namespace));
}

/// What is asked of a series where it is set.
fn validate_series(event: &Value, complaints: &mut Complaints) {
    // Upstream has the dots in one name.
    let path = |name: &str| gitsm_schema::Path::root().field(name);
    if let Some(series) = event.get("series").filter(|series| !series.is_null()) {
        if series["count"].as_i64().unwrap_or(0) < 2 {
            complaints.invalid(path("series.count"), "", "should be at least 2");
        }
        if series["lastObservedTime"].is_null() {
            complaints.required(path("series.lastObservedTime"), "");
        }
    }
}

/// What is asked of new events of `events.k8s.io/v1` beyond what is asked of all.
fn validate_strictly(event: &Value, complaints: &mut Complaints) {
    if event["eventTime"].is_null() {
        complaints.required(at("eventTime"), "");
    }
    let ty = text(event, "type");
    if !matches!(ty, "Normal" | "Warning") {
        complaints.invalid(at("type"), "", format!("has invalid value: {ty}"));
    }
    for (field, shown) in [
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
    ] {
        if !event[field].is_null() {
            complaints.invalid(at(shown), "", "needs to be unset");
        }
    }
    if event["deprecatedCount"].as_i64().unwrap_or(0) != 0 {
        complaints.invalid(at("count"), "", "needs to be unset");
    }
    let source = &event["deprecatedSource"];
    if !text(source, "component").is_empty() || !text(source, "host").is_empty() {
        complaints.invalid(at("source"), "", "needs to be unset");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_survives_the_way_through_both_views() {
        let mut core = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "x"}, "involvedObject": {"name": "o"},
            "message": "m", "source": {"component": "c"}, "firstTimestamp": null, "count": 2,
            "reportingComponent": "", "reportingInstance": "", "reason": "R", "type": "Normal",
        });
        complete(&mut core, "core.v1.Event");
        let mut event = core.clone();
        to_events(&mut event);
        assert_eq!(event["apiVersion"], "events.k8s.io/v1");
        assert_eq!(event["regarding"]["name"], "o");
        assert_eq!(event["note"], "m");
        assert_eq!(event["deprecatedCount"], 2);
        assert_eq!(event.get("message"), None);
        to_core(&mut event);
        assert_eq!(event, core);
    }
}
