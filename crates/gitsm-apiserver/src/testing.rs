//! Made-up kinds for the tests of this crate.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use crate::kind::{
    Column, Context, GroupResource, Kind, KindSchema, LazySchema, Names, Origin, ScalePaths, Strategy,
};
use crate::request::Verb;
use gitsm_schema::structural::Structural;
use gitsm_schema::{FieldError, ObjectSchema};
use serde_json::{Value, json};
use std::sync::Arc;

/// A strategy that lets everything through.
#[derive(Debug)]
pub(crate) struct Anything;

impl Strategy for Anything {
    fn prepare_create(&self, _: &mut Value, _: Context<'_>) {}
    fn prepare_update(&self, _: &mut Value, _: &Value, _: Context<'_>) {}
    fn validate_create(&self, _: &Value, _: Context<'_>) -> Vec<FieldError> {
        vec![]
    }
    fn validate_update(&self, _: &Value, _: &Value, _: Context<'_>) -> Vec<FieldError> {
        vec![]
    }
    fn warnings(&self, _: &Value, _: Option<&Value>) -> Vec<String> {
        vec![]
    }
    fn changes_generation(&self, _: &Value, _: &Value) -> bool {
        false
    }
    fn selectable_field(&self, _: &Value, _: &str) -> Option<String> {
        None
    }
    fn selectable_fields(&self) -> Vec<String> {
        vec![]
    }
}

/// All verbs, in the order in which a CRD's resource lists them.
pub(crate) const ALL: [Verb; 8] = [
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Create,
    Verb::Update,
    Verb::Watch,
];

fn compiled(schema: &Value) -> ObjectSchema {
    ObjectSchema::new(Structural::from_json(schema).unwrap()).unwrap()
}

/// A small schema with these columns.
pub(crate) fn schema(columns: Vec<Column>) -> LazySchema {
    let published = json!({
        "type": "object",
        "description": "A thing.",
        "properties": {
            "spec": {"type": "object", "description": "What is wanted.", "properties": {
                "replicas": {"type": "integer"},
                "title": {"type": "string", "description": "A title."},
            }},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        },
    });
    LazySchema::ready(KindSchema {
        object: Arc::new(compiled(&published)),
        published,
        columns,
    })
}

/// A kind to be changed by the test before it is shared.
pub(crate) fn plain(group: &str, version: &str, kind: &str, plural: &str, origin: Origin) -> Kind {
    Kind {
        resource: GroupResource::new(group, plural),
        version: version.to_owned(),
        names: Names {
            kind: kind.to_owned(),
            list_kind: format!("{kind}List"),
            plural: plural.to_owned(),
            singular: kind.to_ascii_lowercase(),
            short_names: vec![],
            categories: vec![],
        },
        namespaced: true,
        verbs: ALL.to_vec(),
        has_status: false,
        scale: None,
        deprecation_warning: None,
        storage_version: version.to_owned(),
        storage_schema: None,
        strategy: Arc::new(Anything),
        schema: schema(vec![]),
        schema_since: 0,
        origin,
    }
}

/// A built-in kind.
pub(crate) fn kind(group: &str, version: &str, kind: &str, plural: &str) -> Arc<Kind> {
    Arc::new(plain(group, version, kind, plural, Origin::BuiltIn))
}

/// A kind of a CRD.
pub(crate) fn custom(group: &str, version: &str, kind: &str, plural: &str) -> Arc<Kind> {
    let origin = Origin::Custom(format!("{plural}.{group}"));
    Arc::new(plain(group, version, kind, plural, origin))
}

/// A column.
pub(crate) fn column(name: &str, ty: &str, priority: i32, json_path: &str) -> Column {
    Column {
        name: name.to_owned(),
        ty: ty.to_owned(),
        format: String::new(),
        description: String::new(),
        priority,
        json_path: json_path.to_owned(),
    }
}

/// The paths of a scale subresource.
pub(crate) fn scale() -> ScalePaths {
    ScalePaths {
        spec_replicas: ".spec.replicas".to_owned(),
        status_replicas: ".status.replicas".to_owned(),
        label_selector: None,
    }
}
