//! The schemas and rules of a definition, made when they are first needed.
//!
//! Compiling all rules of a few dozen definitions takes a server's start from milliseconds to seconds, and the result
//! megabytes. Most servers see objects of few of their kinds before somebody asks for the first.

use super::compile::{columns, text};
use crate::kind::KindSchema;
use bytes::Bytes;
use gitsm_apply::{ResourceTypes, TypeSchema};
use gitsm_schema::cel::CompiledRules;
use gitsm_schema::structural::{AdditionalProperties, Structural};
use gitsm_schema::{ObjectJudge, ObjectKind, ObjectSchema};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

/// All served versions of one definition.
#[derive(Debug)]
pub(super) struct Schemas {
    /// The definition as it is stored.
    definition: Bytes,
    made: OnceLock<Result<Made, String>>,
}

#[derive(Debug)]
struct Made {
    versions: Vec<(String, Arc<ObjectSchema>)>,
    types: ResourceTypes,
}

impl Schemas {
    /// Those of a stored definition.
    pub(super) fn new(definition: Bytes) -> Self {
        Self {
            definition,
            made: OnceLock::new(),
        }
    }

    /// The types of all served versions.
    ///
    /// # Errors
    /// Why they cannot be used; a definition that was accepted has none.
    pub(super) fn types(&self) -> Result<&ResourceTypes, &str> {
        Ok(&self.made()?.types)
    }

    /// The schema of a version.
    fn object(&self, version: &str) -> Result<&Arc<ObjectSchema>, &str> {
        let mut versions = self.made()?.versions.iter();
        let found = versions.find(|(name, _)| name == version);
        found.map(|(_, schema)| schema).ok_or("the version is not served")
    }

    fn made(&self) -> Result<&Made, &str> {
        let made = self.made.get_or_init(|| {
            let made = self.make();
            if let Err(why) = &made {
                let definition: Value = serde_json::from_slice(&self.definition).unwrap_or_default();
                let name = crate::object::meta_text(&definition, "name");
                tracing::error!(definition = name, why, "an accepted definition cannot be used");
            }
            made
        });
        made.as_ref().map_err(String::as_str)
    }

    fn make(&self) -> Result<Made, String> {
        let definition = self.definition();
        let group = text(&definition["spec"]["group"]);
        let mut types = ResourceTypes::default();
        let mut versions = Vec::new();
        let served = definition["spec"]["versions"].as_array().into_iter().flatten();
        for version in served.filter(|version| version["served"] == true) {
            let name = text(&version["name"]);
            let schema = schema_of(version).map_err(|why| format!("version {name}: {why}"))?;
            types = types.with(&format!("{group}/{name}"), TypeSchema::for_resource(&schema));
            let schema = ObjectSchema::new(schema).map_err(|error| format!("version {name}: {error}"))?;
            versions.push((name.to_owned(), Arc::new(schema)));
        }
        Ok(Made { versions, types })
    }

    fn definition(&self) -> Value {
        serde_json::from_slice(&self.definition).unwrap_or_default()
    }

    /// What is published and shown of a version. Where its schema cannot be used nothing is known of its fields;
    /// writes are refused then.
    pub(super) fn kind_schema(&self, version: &str) -> KindSchema {
        let definition = self.definition();
        let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
        let found = versions
            .into_iter()
            .find(|known| known["name"] == version)
            .unwrap_or(&Value::Null);
        let object = match self.object(version) {
            Ok(schema) => Arc::clone(schema),
            Err(_) => Arc::new(anything()),
        };
        KindSchema {
            object,
            published: found["schema"]["openAPIV3Schema"].clone(),
            columns: columns(&found["additionalPrinterColumns"]),
        }
    }

    /// The judge of a version.
    fn judge(&self, kind: ObjectKind, version: &str) -> Result<ObjectJudge, String> {
        let schema = self.object(version)?;
        let rules = CompiledRules::compile(schema.structural()).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            errors.join("; ")
        })?;
        let definition = self.definition();
        let mut versions = definition["spec"]["versions"].as_array().into_iter().flatten();
        let scale = versions
            .find(|known| known["name"] == version)
            .map(|known| &known["subresources"]["scale"])
            .filter(|scale| scale.is_object())
            .map(gitsm_schema::scale::ScalePaths::new);
        ObjectJudge::new(kind, Arc::clone(schema), rules, scale).map_err(|error| error.to_string())
    }
}

/// The judge of one version, made when the first object is judged.
#[derive(Debug)]
pub struct LazyJudge {
    schemas: Arc<Schemas>,
    kind: ObjectKind,
    version: String,
    made: OnceLock<Result<ObjectJudge, String>>,
}

impl LazyJudge {
    /// The judge of the objects of a kind in a version.
    pub(super) fn new(schemas: &Arc<Schemas>, kind: ObjectKind, version: &str) -> Self {
        Self {
            schemas: Arc::clone(schemas),
            kind,
            version: version.to_owned(),
            made: OnceLock::new(),
        }
    }

    /// The judge.
    ///
    /// # Errors
    /// Why there is none; a definition that was accepted has one.
    pub(super) fn get(&self) -> Result<&ObjectJudge, &str> {
        let made = self.made.get_or_init(|| {
            let made = self.schemas.judge(self.kind.clone(), &self.version);
            if let Err(why) = &made {
                let (kind, version) = (&self.kind.kind, &self.kind.api_version);
                tracing::error!(
                    kind,
                    version,
                    why,
                    "objects of an accepted definition cannot be judged"
                );
            }
            made
        });
        made.as_ref().map_err(String::as_str)
    }

    /// The types of all served versions, where they can be used.
    pub(super) fn types(&self) -> Option<&ResourceTypes> {
        self.schemas.types().ok()
    }
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
    if let Some(AdditionalProperties::Schema(values)) = &mut schema.additional_properties {
        forget_descriptions(values);
    }
}

/// A schema that keeps every field.
#[expect(clippy::expect_used, reason = "the schema is a constant")]
fn anything() -> ObjectSchema {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = Structural::from_json(&schema).expect("it is structural");
    ObjectSchema::new(schema).expect("it compiles")
}
