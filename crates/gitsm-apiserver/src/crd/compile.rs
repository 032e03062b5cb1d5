//! The kinds that an accepted definition serves: one for each served version.

use super::custom::CustomResource;
use super::status::{TERMINATING, is_true};
use crate::kind::{Column, GroupResource, Kind, KindSchema, LazySchema, Names, Origin, ScalePaths};
use crate::kinds::by_priority;
use crate::request::Verb;
use gitsm_apply::{ResourceTypes, TypeSchema};
use gitsm_schema::cel::CompiledRules;
use gitsm_schema::structural::Structural;
use gitsm_schema::{ObjectJudge, ObjectKind, ObjectSchema};
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

/// The kinds of a definition. `schema_since` is the revision up to which objects were written before this definition.
///
/// # Errors
/// Why a schema or rule cannot be used; a definition that was accepted has none.
pub fn compile(definition: &Value, schema_since: u64) -> Result<Vec<Arc<Kind>>, String> {
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let served: Vec<&Value> = versions
        .iter()
        .filter(|version| version["served"] == true)
        .collect();
    let group = text(&spec["group"]);
    let mut types = ResourceTypes::default();
    let mut schemas = Vec::with_capacity(served.len());
    for version in &served {
        let name = text(&version["name"]);
        let schema = schema_of(version).map_err(|why| format!("version {name}: {why}"))?;
        types = types.with(&format!("{group}/{name}"), TypeSchema::for_resource(&schema));
        schemas.push(schema);
    }
    let types = Arc::new(types);
    let kinds = served.iter().zip(schemas);
    let kinds = kinds.map(|(version, schema)| kind(definition, version, schema, &types, schema_since));
    kinds.collect()
}

fn schema_of(version: &Value) -> Result<Structural, String> {
    let mut schema =
        Structural::from_json(&version["schema"]["openAPIV3Schema"]).map_err(|error| error.to_string())?;
    // Kept once, in what is published.
    forget_descriptions(&mut schema);
    Ok(schema)
}

/// Descriptions are for people, who read the published schema.
fn forget_descriptions(schema: &mut Structural) {
    schema.description = None;
    schema.title = None;
    schema.properties.values_mut().for_each(forget_descriptions);
    if let Some(items) = schema.items.as_deref_mut() {
        forget_descriptions(items);
    }
    if let Some(gitsm_schema::structural::AdditionalProperties::Schema(values)) =
        &mut schema.additional_properties
    {
        forget_descriptions(values);
    }
}

fn kind(
    definition: &Value,
    version: &Value,
    schema: Structural,
    types: &Arc<ResourceTypes>,
    schema_since: u64,
) -> Result<Arc<Kind>, String> {
    let spec = &definition["spec"];
    let (group, name) = (text(&spec["group"]), text(&version["name"]));
    let rules = CompiledRules::compile(&schema).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("; ")
    })?;
    let object = Arc::new(ObjectSchema::new(schema).map_err(|error| error.to_string())?);
    let names = names(definition);
    let subresources = &version["subresources"];
    let scale = scale(&subresources["scale"]);
    let has_status = subresources["status"].is_object();
    let api_version = format!("{group}/{name}");
    let namespaced = spec["scope"] == "Namespaced";
    let called = ObjectKind {
        api_version: api_version.clone(),
        kind: names.kind.clone(),
        is_namespaced: namespaced,
    };
    let judged_scale = scale
        .is_some()
        .then(|| gitsm_schema::scale::ScalePaths::new(&subresources["scale"]));
    let judge = ObjectJudge::new(called, Arc::clone(&object), rules, judged_scale)
        .map_err(|error| error.to_string())?;
    let schema = LazySchema::ready(KindSchema {
        object,
        published: version["schema"]["openAPIV3Schema"].clone(),
        columns: columns(&version["additionalPrinterColumns"]),
    });
    let strategy = CustomResource {
        judge,
        has_status,
        selectable: selectable(&version["selectableFields"]),
        types: Arc::clone(types),
    };
    let is_terminating = is_true(definition, TERMINATING);
    let storage = spec["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|version| version["storage"] == true);
    let storage_schema = match storage.filter(|version| version["name"] != name) {
        Some(version) => {
            let schema = ObjectSchema::new(schema_of(version)?).map_err(|error| error.to_string())?;
            Some(Arc::new(schema))
        }
        None => None,
    };
    Ok(Arc::new(Kind {
        resource: GroupResource::new(group, &names.plural),
        version: name.to_owned(),
        namespaced,
        verbs: VERBS
            .into_iter()
            .filter(|verb| !(is_terminating && *verb == Verb::Create))
            .collect(),
        has_status,
        scale,
        deprecation_warning: deprecation(spec, version),
        storage_version: storage.map_or_else(
            || api_version.clone(),
            |version| format!("{group}/{}", text(&version["name"])),
        ),
        storage_schema,
        strategy: Arc::new(strategy),
        schema,
        schema_since,
        origin: Origin::Custom(text(&definition["metadata"]["name"]).to_owned()),
        names,
    }))
}

fn text(value: &Value) -> &str {
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

fn columns(columns: &Value) -> Vec<Column> {
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

/// What users of a version are told: its author's words, else which version to use instead.
fn deprecation(spec: &Value, version: &Value) -> Option<String> {
    if version["deprecated"] != true {
        return None;
    }
    let own = text(&version["deprecationWarning"]);
    if !own.is_empty() {
        return Some(own.to_owned());
    }
    let (group, kind, name) = (
        text(&spec["group"]),
        text(&spec["names"]["kind"]),
        text(&version["name"]),
    );
    let newer = spec["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|other| other["served"] == true && other["deprecated"] != true)
        .map(|other| text(&other["name"]))
        .filter(|other| by_priority(other, name).is_lt())
        .min_by(|a, b| by_priority(a, b));
    let instead = newer.map_or_else(String::new, |newer| format!("; use {group}/{newer} {kind}"));
    Some(format!("{group}/{name} {kind} is deprecated{instead}"))
}

#[cfg(test)]
mod tests {
    use super::deprecation;
    use serde_json::json;

    #[test]
    fn a_deprecated_version_names_the_newest_one_to_use() {
        let mut spec = json!({"group": "x.dev", "names": {"kind": "Widget"}, "versions": [
            {"name": "v1alpha1", "served": true, "deprecated": true},
            {"name": "v1beta1", "served": true},
            {"name": "v1", "served": true},
            {"name": "v2", "served": false},
        ]});
        let warning = |spec: &serde_json::Value| deprecation(spec, &spec["versions"][0]).unwrap();
        assert_eq!(
            warning(&spec),
            "x.dev/v1alpha1 Widget is deprecated; use x.dev/v1 Widget"
        );
        spec["versions"][0]["name"] = "v3".into();
        assert_eq!(
            warning(&spec),
            "x.dev/v3 Widget is deprecated",
            "older ones are no way out"
        );
        spec["versions"][0]["deprecationWarning"] = "it goes away".into();
        assert_eq!(warning(&spec), "it goes away");
        assert_eq!(deprecation(&spec, &spec["versions"][1]), None);
    }
}
