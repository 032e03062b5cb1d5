//! The schemas of all kinds that can be judged, compiled once and only for kinds that occur.

use super::references::ReferenceTable;
use gitsm_api::KindInfo;
use gitsm_schema::cel::{CompiledRules, DeclType};
use gitsm_schema::structural::Structural;
use gitsm_schema::{ObjectSchema, Path};
use serde_json::Value;
use std::sync::OnceLock;

/// Kinds of gitsm, and kinds given with `--crd`.
#[derive(Debug)]
pub struct KindSet {
    names: Vec<String>,
    ours: Vec<Lazy>,
    foreign: Vec<Foreign>,
}

/// One of our kinds. Its schema alone serves policies that are about it; rules and patterns are compiled when
/// the first object of the kind comes.
#[derive(Debug, Default)]
struct Lazy {
    schema: OnceLock<Result<Structural, String>>,
    compiled: OnceLock<Result<Compiled, String>>,
}

impl Lazy {
    fn schema(&self, info: &KindInfo) -> Result<&Structural, String> {
        self.schema
            .get_or_init(|| {
                Structural::from_json(&info.structural_schema()).map_err(|error| error.to_string())
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    fn compiled(&self, info: &KindInfo) -> Result<&Compiled, String> {
        self.compiled
            .get_or_init(|| compile(self.schema(info)?.clone(), ReferenceTable::new(info)))
            .as_ref()
            .map_err(Clone::clone)
    }
}

/// A kind ready to judge objects.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) schema: ObjectSchema,
    pub(crate) rules: CompiledRules,
    /// The references of the kind; empty for kinds that are not ours.
    pub(crate) references: ReferenceTable,
    /// Fields whose description says that they are deprecated, with that description.
    pub(crate) deprecated: Vec<(Path, String)>,
}

/// One version of a kind given with `--crd`.
#[derive(Debug)]
struct Foreign {
    api_version: String,
    kind: String,
    namespaced: bool,
    deprecation: Option<String>,
    compiled: Compiled,
}

/// Why a custom resource definition cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("custom resource definition {name}: {reason}")]
pub struct CrdError {
    /// `metadata.name`, or `(unnamed)`.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Default for KindSet {
    fn default() -> Self {
        Self::new()
    }
}

impl KindSet {
    /// All kinds of gitsm; nothing is compiled yet.
    pub fn new() -> Self {
        Self {
            names: gitsm_api::kinds()
                .iter()
                .map(|info| info.kind.to_owned())
                .collect(),
            ours: gitsm_api::kinds().iter().map(|_| Lazy::default()).collect(),
            foreign: Vec::new(),
        }
    }

    /// Adds every served version of a `CustomResourceDefinition`.
    ///
    /// # Errors
    ///
    /// The object is no CRD, or one of its schemas cannot be compiled.
    pub fn add_crd(&mut self, crd: &Value) -> Result<(), CrdError> {
        let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = match text("/metadata/name") {
            "" => "(unnamed)".to_owned(),
            name => name.to_owned(),
        };
        let error = |reason: String| CrdError {
            name: name.clone(),
            reason,
        };
        let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
        let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
        let Some(versions) = versions.filter(|_| !group.is_empty() && !kind.is_empty()) else {
            return Err(error(
                "spec.group, spec.names.kind and spec.versions are required".to_owned(),
            ));
        };
        self.names.push(kind.to_owned());
        for version in versions {
            let version_name = version.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some(schema) = version.pointer("/schema/openAPIV3Schema") else {
                return Err(error(format!("version {version_name} has no schema")));
            };
            let compiled = Structural::from_json(schema)
                .map_err(|error| error.to_string())
                .and_then(|schema| compile(schema, ReferenceTable::default()))
                .map_err(|reason| error(format!("version {version_name}: {reason}")))?;
            let deprecated = version
                .get("deprecated")
                .and_then(Value::as_bool)
                .unwrap_or_default();
            self.foreign.push(Foreign {
                api_version: format!("{group}/{version_name}"),
                kind: kind.to_owned(),
                namespaced: text("/spec/scope") == "Namespaced",
                deprecation: deprecated.then(|| {
                    version
                        .get("deprecationWarning")
                        .and_then(Value::as_str)
                        .map_or_else(
                            || format!("{group}/{version_name} {kind} is deprecated"),
                            str::to_owned,
                        )
                }),
                compiled,
            });
        }
        Ok(())
    }

    /// The names of our kinds and of those given with `--crd`.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The compiled schema of one of our kinds.
    pub(crate) fn ours(&self, info: &'static KindInfo) -> Result<&Compiled, String> {
        self.lazy(info)?.compiled(info)
    }

    fn lazy(&self, info: &KindInfo) -> Result<&Lazy, String> {
        let position = self.names.iter().position(|name| *name == info.kind);
        position
            .map(|position| &self.ours[position])
            .ok_or_else(|| format!("{} is not registered", info.kind))
    }

    /// The type of a kind in policies; `None` for kinds that are not ours.
    pub(crate) fn declared(&self, kind: &str) -> Option<DeclType> {
        let info = gitsm_api::find(kind)?;
        let schema = self.lazy(info).ok()?.schema(info).ok()?;
        DeclType::from_structural(schema, true, kind)
    }

    /// The position of a kind given with `--crd`.
    pub(crate) fn foreign(&self, api_version: &str, kind: &str) -> Option<usize> {
        self.foreign
            .iter()
            .position(|foreign| foreign.api_version == api_version && foreign.kind == kind)
    }

    /// Whether objects of that kind are in namespaces.
    pub(crate) fn foreign_is_namespaced(&self, position: usize) -> bool {
        self.foreign[position].namespaced
    }

    /// The schema of that kind, and the warning if its version is deprecated.
    pub(crate) fn foreign_schema(&self, position: usize) -> (&Compiled, Option<&str>) {
        let foreign = &self.foreign[position];
        (&foreign.compiled, foreign.deprecation.as_deref())
    }
}

fn compile(structural: Structural, references: ReferenceTable) -> Result<Compiled, String> {
    let rules = CompiledRules::compile(&structural).map_err(|errors| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    })?;
    let mut deprecated = Vec::new();
    collect_deprecated(&structural, &Path::root(), &mut deprecated);
    let schema = ObjectSchema::new(structural).map_err(|error| error.to_string())?;
    Ok(Compiled {
        schema,
        rules,
        references,
        deprecated,
    })
}

/// Fields whose description starts with `Deprecated`, as Kubernetes marks them. Only fields of objects are
/// found, not those of list elements: a path must lead to one place.
fn collect_deprecated(schema: &Structural, path: &Path, found: &mut Vec<(Path, String)>) {
    for (name, property) in &schema.properties {
        let path = path.field(name);
        let description = property.description.as_deref().unwrap_or_default();
        if description
            .get(..10)
            .is_some_and(|start| start.eq_ignore_ascii_case("deprecated"))
        {
            found.push((path.clone(), description.to_owned()));
        }
        collect_deprecated(property, &path, found);
    }
}
