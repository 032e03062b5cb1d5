//! What an update of a CRD may do, and what it may leave as it was.

use super::complaints::Complaints;
use super::conversion::{has_known_review_version, is_pem};
use super::defaults::has_unpruned_defaults;
use super::model::{Crd, Spec};
use super::props::Props;
use super::schema::{self, SchemaPolicy};
use super::spec::SpecOptions;
use super::structural;
use crate::path::Path;
use std::collections::BTreeSet;

/// The rules of an update: what the server would refuse today may stay where it was accepted once.
pub(super) fn options(new: &Crd, old: &Crd) -> SpecOptions {
    let any = |is_wanted: &dyn Fn(&Props) -> bool| old.spec.schemas().any(is_wanted);
    let versions = &old.spec.versions;
    let has_all_schemas = versions
        .iter()
        .all(|version| old.spec.schema_of(&version.name).is_some());
    let conversion = old.spec.conversion.as_ref();
    SpecOptions {
        schema: SchemaPolicy {
            allow_defaults: true,
            require_schema: has_all_schemas,
            require_valid_type: !any(&has_unknown_type),
            require_structural: !any(&is_not_structural),
            require_pruned_defaults: !any(&|schema| {
                !is_not_structural(schema) && has_unpruned_defaults(schema)
            }),
            require_atomic_sets: !any(&has_sets_of_granular_values),
            require_map_keys: !any(&has_lists_with_weak_keys),
            limit_expressions: true,
        },
        require_known_review_version: conversion
            .is_none_or(|conversion| has_known_review_version(&conversion.review_versions)),
        allow_invalid_ca_bundle: !old.status.is_established
            || conversion
                .and_then(|conversion| conversion.client.as_ref())
                .is_some_and(|client| !client.ca_bundle.is_empty() && !is_pem(&client.ca_bundle)),
        many_selectable: many_selectable(&new.spec, &old.spec),
        unchanged: unchanged(&new.spec, &old.spec),
    }
}

fn has_unknown_type(schema: &Props) -> bool {
    let known = ["array", "boolean", "integer", "number", "object", "string", ""];
    schema.any(&mut |schema| !known.contains(&schema.ty.as_str()))
}

fn is_not_structural(schema: &Props) -> bool {
    structural::unreadable(schema).is_some() || !structural::validate(schema, &Path::root()).is_empty()
}

fn has_sets_of_granular_values(schema: &Props) -> bool {
    schema.any(&mut |schema| {
        let Some(item) = schema
            .item()
            .filter(|_| schema.list_type.as_deref() == Some("set"))
        else {
            return false;
        };
        match item.ty.as_str() {
            "array" => item.list_type.as_deref().is_some_and(|ty| ty != "atomic"),
            "object" => item.map_type.as_deref() != Some("atomic"),
            _ => false,
        }
    })
}

fn has_lists_with_weak_keys(schema: &Props) -> bool {
    schema.any(&mut |schema| {
        let mut out = Complaints::default();
        schema::check_map_keys(schema, &Path::root(), &mut out);
        !out.0.is_empty()
    })
}

/// The versions whose schema is that of the same version in the old CRD.
fn unchanged(new: &Spec, old: &Spec) -> BTreeSet<String> {
    let names = new.versions.iter().map(|version| &version.name);
    let is_unchanged = |name: &&String| old.has_version(name) && old.schema_of(name) == new.schema_of(name);
    names.filter(is_unchanged).cloned().collect()
}

/// The versions whose selectable fields are too many and have not changed.
fn many_selectable(new: &Spec, old: &Spec) -> BTreeSet<String> {
    let is_kept = |new: &[String], old: &[String]| old.len() > super::spec::MAX_SELECTABLE && new == old;
    let mut kept = BTreeSet::new();
    if is_kept(&new.common.selectable, &old.common.selectable) {
        kept.insert(String::new());
    }
    for version in &new.versions {
        let old = old.versions.iter().find(|old| old.name == version.name);
        if old.is_some_and(|old| is_kept(&version.own.selectable, &old.own.selectable)) {
            kept.insert(version.name.clone());
        }
    }
    kept
}

/// What an update may not change.
pub(super) fn check_immutable(new: &Crd, old: &Crd, out: &mut Complaints) {
    let path = Path::root().field("spec");
    let (new, old, is_established) = (&new.spec, &old.spec, old.status.is_established);
    let names = path.field("names");
    // Objects may be stored by then; the others are the name of the CRD.
    let fields = [
        (is_established, path.field("scope"), &new.scope, &old.scope),
        (
            is_established,
            names.field("kind"),
            &new.names.kind,
            &old.names.kind,
        ),
        (true, path.field("group"), &new.group, &old.group),
        (true, names.field("plural"), &new.names.plural, &old.names.plural),
    ];
    for (is_fixed, path, new, old) in fields {
        if is_fixed && new != old {
            out.invalid(path, new.as_str(), "field is immutable");
        }
    }
}
