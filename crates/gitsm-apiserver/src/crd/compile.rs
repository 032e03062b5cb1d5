//! The kinds that an accepted definition serves: one for each served version.

use super::custom::CustomResource;
use super::schemas::{LazyJudge, Schemas};
use super::status::{TERMINATING, is_true};
use crate::kind::{Column, GroupResource, Kind, LazySchema, Names, Origin, ScalePaths};
use crate::request::Verb;
use bytes::Bytes;
use gitsm_schema::ObjectKind;
use serde_json::Value;
use std::sync::Arc;

/// In the order in which discovery lists them.
const VERBS: [Verb; 8] = [
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Create,
    Verb::Update,
    Verb::Watch,
];

/// The kinds of an accepted definition. `stored` is the definition as it is stored, of which schemas and rules are made
/// when they are first used; `schema_since` is the revision up to which objects were written before this definition.
pub fn compile(definition: &Value, stored: &Bytes, schema_since: u64) -> Vec<Arc<Kind>> {
    let versions = definition["spec"]["versions"].as_array();
    let versions = versions.map(Vec::as_slice).unwrap_or_default();
    let served = versions.iter().filter(|version| version["served"] == true);
    let schemas = Arc::new(Schemas::new(stored.clone()));
    served
        .map(|version| kind(definition, version, &schemas, schema_since))
        .collect()
}

fn kind(definition: &Value, version: &Value, schemas: &Arc<Schemas>, schema_since: u64) -> Arc<Kind> {
    let spec = &definition["spec"];
    let (group, name) = (text(&spec["group"]), text(&version["name"]));
    let names = names(definition);
    let subresources = &version["subresources"];
    let has_status = subresources["status"].is_object();
    let api_version = format!("{group}/{name}");
    let namespaced = spec["scope"] == "Namespaced";
    let called = ObjectKind {
        api_version: api_version.clone(),
        kind: names.kind.clone(),
        is_namespaced: namespaced,
    };
    let schema = {
        let (schemas, version) = (Arc::clone(schemas), name.to_owned());
        LazySchema::made_by(move || schemas.kind_schema(&version))
    };
    let strategy = CustomResource {
        judge: LazyJudge::new(schemas, called, name),
        has_status,
        selectable: selectable(&version["selectableFields"]),
    };
    let is_terminating = is_true(definition, TERMINATING);
    let storage = spec["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|version| version["storage"] == true);
    Arc::new(Kind {
        resource: GroupResource::new(group, &names.plural),
        version: name.to_owned(),
        namespaced,
        verbs: VERBS
            .into_iter()
            .filter(|verb| !(is_terminating && *verb == Verb::Create))
            .collect(),
        has_status,
        scale: scale(&subresources["scale"]),
        deprecation_warning: deprecation(version, &api_version, &names.kind),
        storage_version: storage.map_or_else(
            || api_version.clone(),
            |version| format!("{group}/{}", text(&version["name"])),
        ),
        strategy: Arc::new(strategy),
        schema,
        schema_since,
        origin: Origin::Custom(text(&definition["metadata"]["name"]).to_owned()),
        names,
    })
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The accepted names; until some are, those that are asked for.
fn names(definition: &Value) -> Names {
    let accepted = &definition["status"]["acceptedNames"];
    let names = if text(&accepted["plural"]).is_empty() {
        &definition["spec"]["names"]
    } else {
        accepted
    };
    Names {
        kind: text(&names["kind"]).to_owned(),
        list_kind: text(&names["listKind"]).to_owned(),
        plural: text(&names["plural"]).to_owned(),
        singular: text(&names["singular"]).to_owned(),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
    }
}

fn scale(scale: &Value) -> Option<ScalePaths> {
    scale.is_object().then(|| ScalePaths {
        spec_replicas: text(&scale["specReplicasPath"]).to_owned(),
        status_replicas: text(&scale["statusReplicasPath"]).to_owned(),
        label_selector: scale["labelSelectorPath"]
            .as_str()
            .filter(|path| !path.is_empty())
            .map(str::to_owned),
    })
}

fn selectable(fields: &Value) -> Vec<String> {
    let fields = fields.as_array().into_iter().flatten();
    let paths = fields.filter_map(|field| field["jsonPath"].as_str());
    paths
        .map(|path| path.trim_start_matches('.').to_owned())
        .collect()
}

pub(super) fn columns(columns: &Value) -> Vec<Column> {
    let columns = columns.as_array().into_iter().flatten();
    columns
        .map(|column| Column {
            name: text(&column["name"]).to_owned(),
            ty: text(&column["type"]).to_owned(),
            format: text(&column["format"]).to_owned(),
            description: text(&column["description"]).to_owned(),
            priority: column["priority"]
                .as_i64()
                .and_then(|number| i32::try_from(number).ok())
                .unwrap_or(0),
            json_path: text(&column["jsonPath"]).to_owned(),
        })
        .collect()
}

fn deprecation(version: &Value, api_version: &str, kind: &str) -> Option<String> {
    if version["deprecated"] != true {
        return None;
    }
    let own = version["deprecationWarning"]
        .as_str()
        .filter(|text| !text.is_empty());
    Some(own.map_or_else(|| format!("{api_version} {kind} is deprecated"), str::to_owned))
}
