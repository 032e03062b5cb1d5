//! What is known about each kind: names, scope, who writes it, what it refers to.

use crate::schema::ResourceKind;
use crate::v1alpha1 as api;
use gitsm_core::text::REFERENCE_MARKER;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use schemars::SchemaGenerator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use std::sync::{LazyLock, OnceLock};

/// Whether the objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One object for the whole cluster.
    Cluster,
    /// Objects live in namespaces.
    Namespaced,
}

/// Where the spec of a kind is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// By people in git; gitsm applies it.
    Git,
    /// In the cluster, by people through command fields and by controllers.
    Cluster,
    /// In the cluster, by administrators: the root of trust, which git may not change.
    Outside,
}

/// One kind.
#[derive(Debug)]
pub struct KindInfo {
    /// Name of the kind. Example: `ITService`.
    pub kind: &'static str,
    /// Plural name, as in URLs. Example: `itservices`.
    pub plural: &'static str,
    /// Whether objects live in namespaces.
    pub scope: Scope,
    /// Where the spec is written.
    pub plane: Plane,
    /// Short names for kubectl.
    pub short_names: &'static [&'static str],
    /// Whether objects are records: journalled, and retired after their retention.
    pub records: bool,
    /// The CustomResourceDefinition as it is published.
    pub crd: fn() -> CustomResourceDefinition,
    schema: fn() -> Value,
    decode: fn(&Value) -> Result<(), DecodeError>,
    in_declared_order: fn(&Value) -> Option<serde_yaml::Value>,
}

/// A value that fits the schema of its field and that the Rust type refuses all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The field, as steps from the root of the object.
    pub path: Vec<DecodeStep>,
    /// What is wrong with its value.
    pub message: String,
}

/// One step of [`DecodeError::path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeStep {
    /// A field or key.
    Field(String),
    /// An element of a list, from 0.
    Index(usize),
}

impl KindInfo {
    /// Reads an object as the controllers read it.
    ///
    /// # Errors
    ///
    /// The first field whose value its type refuses: a date that no calendar has, a zone that does not exist.
    pub fn decode(&self, object: &Value) -> Result<(), DecodeError> {
        (self.decode)(object)
    }

    /// The object with its keys in the order in which the type declares them; `None` if it does not decode.
    pub fn in_declared_order(&self, object: &Value) -> Option<serde_yaml::Value> {
        (self.in_declared_order)(object)
    }

    /// The fields that refer to other objects, in the order of their paths.
    pub fn references(&self) -> &'static [Reference] {
        // One cell for each kind: a run pays only for the kinds that it meets.
        static REFERENCES: LazyLock<Vec<OnceLock<Vec<Reference>>>> =
            LazyLock::new(|| kinds().iter().map(|_| OnceLock::new()).collect());
        let position = kinds().iter().position(|info| info.kind == self.kind);
        position.map_or(&[], |position| {
            REFERENCES[position].get_or_init(|| find_references(self))
        })
    }

    /// Name of the CustomResourceDefinition. Example: `itservices.gitsm.dev`.
    pub fn crd_name(&self) -> String {
        format!("{}.{}", self.plural, crate::GROUP)
    }

    /// The schema of the whole object as it is in the published CRD, with markers at references besides.
    ///
    /// It comes from the types without the detour over a CRD, which takes several times as long.
    pub fn structural_schema(&self) -> Value {
        let mut schema = self.marked_schema();
        sort_required(&mut schema);
        schema
    }

    /// The schema of the whole object with reference markers, before it is put into a CRD.
    pub(crate) fn marked_schema(&self) -> Value {
        (self.schema)()
    }
}

/// A field that names another object.
///
/// References are found from the types of the fields: each type of [`gitsm_core::ident`] that names an object
/// says so in its schema, so a field cannot be forgotten here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Path of the field from the root of the object; `[*]` stands for every element of a list, `.*` for every
    /// value of a map. Example: `spec.dependsOn[*].ref.name`.
    pub path: String,
    /// The kinds that the name may mean. More than one only where `kind_field` decides. `Member` is a member
    /// of any team (`Team`, `spec.members[*].id`); `Namespace`, `Secret` and `ServiceAccount` are Kubernetes'
    /// own.
    pub kinds: Vec<String>,
    /// Path of the field that says which kind is meant, beside the reference.
    pub kind_field: Option<String>,
    /// How the namespace of the referenced object is found.
    pub namespace: ReferenceNamespace,
}

impl Reference {
    /// Whether people write the reference; those in status are written by controllers.
    pub fn in_spec(&self) -> bool {
        self.path.starts_with("spec.")
    }
}

/// How the namespace of a referenced object is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceNamespace {
    /// The referenced kind has no namespaces.
    None,
    /// The namespace of the referring object. For a referring object without namespace: any.
    Same,
    /// The field at this path, or the namespace of the referring object when it is absent.
    Field(String),
    /// The namespaces in the list at this path, or when it is absent the namespace of the referring object;
    /// any namespace when that has none.
    Selector(String),
}

macro_rules! kind_table {
    ($($kind:ident: $plural:literal, $scope:ident, $plane:ident, [$($short:literal)?] $(, $records:ident)?;)*) => {
        /// Every kind: first what git holds, in the order in which it is applied, then records.
        pub fn kinds() -> &'static [KindInfo] {
            const KINDS: &[KindInfo] = &[$(KindInfo {
                kind: stringify!($kind),
                plural: $plural,
                scope: Scope::$scope,
                plane: Plane::$plane,
                short_names: &[$($short)?],
                records: kind_table!(@records $($records)?),
                crd: published_crd::<api::$kind>,
                schema: schema_of::<api::$kind>,
                decode: decode_as::<api::$kind>,
                in_declared_order: rewrite_as::<api::$kind>,
            }),*];
            KINDS
        }
    };
    (@records) => { false };
    (@records record) => { true };
}

kind_table! {
    Repository: "repositories", Cluster, Outside, ["grepo"];
    Team: "teams", Cluster, Git, [];
    BusinessCalendar: "businesscalendars", Cluster, Git, ["cal"];
    PriorityMatrix: "prioritymatrices", Cluster, Git, ["pm"];
    RiskPolicy: "riskpolicies", Cluster, Git, ["rp"];
    ApprovalPolicy: "approvalpolicies", Cluster, Git, ["ap"];
    RecordPolicy: "recordpolicies", Cluster, Git, ["rpol"];
    ChangeModel: "changemodels", Cluster, Git, ["chm"];
    ServiceCatalog: "servicecatalogs", Cluster, Git, ["scat"];
    SLAPolicy: "slapolicies", Namespaced, Git, ["sla"];
    Asset: "assets", Namespaced, Git, ["ast"];
    ConfigurationItem: "configurationitems", Namespaced, Git, ["ci"];
    Runbook: "runbooks", Namespaced, Git, ["rb"];
    ITService: "itservices", Namespaced, Git, ["its"];
    ChangeWindow: "changewindows", Namespaced, Git, ["cw"];
    AlertRoute: "alertroutes", Namespaced, Git, ["ar"];
    RequestTemplate: "requesttemplates", Namespaced, Git, ["rt"];
    Review: "reviews", Namespaced, Git, ["rev"];
    Change: "changes", Namespaced, Git, ["chg"], record;
    Incident: "incidents", Namespaced, Cluster, ["inc"], record;
    Problem: "problems", Namespaced, Cluster, ["prb"], record;
    ServiceRequest: "servicerequests", Namespaced, Cluster, ["req"], record;
    WindowOverride: "windowoverrides", Namespaced, Cluster, ["wo"], record;
    Acceptance: "acceptances", Namespaced, Cluster, ["acc"], record;
}

/// The kind of this name, exactly as it is written in a manifest.
pub fn find(kind: &str) -> Option<&'static KindInfo> {
    kinds().iter().find(|info| info.kind == kind)
}

/// The derived CRD without the title that schemars puts on every root schema.
fn published_crd<K: CustomResourceExt>() -> CustomResourceDefinition {
    let mut crd = K::crd();
    for version in &mut crd.spec.versions {
        if let Some(schema) = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut())
        {
            schema.title = None;
        }
    }
    crd
}

fn schema_of<K: ResourceKind>() -> Value {
    K::json_schema(&mut SchemaGenerator::default()).to_value()
}

/// Required fields by name, as a CRD lists them; errors come in this order.
fn sort_required(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    if let Some(Value::Array(names)) = map.get_mut("required") {
        names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(sort_required);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(child) = map.get_mut(keyword) {
            sort_required(child);
        }
    }
}

fn rewrite_as<K: DeserializeOwned + Serialize>(object: &Value) -> Option<serde_yaml::Value> {
    serde_yaml::to_value(K::deserialize(object).ok()?).ok()
}

fn decode_as<K: DeserializeOwned>(object: &Value) -> Result<(), DecodeError> {
    // Keeping the path costs as much as decoding, and hardly any object needs it.
    if K::deserialize(object).is_ok() {
        return Ok(());
    }
    let decoded: Result<K, _> = serde_path_to_error::deserialize(object);
    decoded.map(drop).map_err(|error| DecodeError {
        path: error
            .path()
            .iter()
            .filter_map(|step| match step {
                Segment::Map { key } => Some(DecodeStep::Field(key.clone())),
                Segment::Seq { index } => Some(DecodeStep::Index(*index)),
                // An enum's variant is no step in JSON.
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect(),
        message: error.inner().to_string(),
    })
}

/// Reads the references of a kind off its schema.
fn find_references(info: &KindInfo) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(&info.marked_schema(), None, "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Walks a schema. `parent` is the schema of the object that holds the field and its path.
fn collect(schema: &Value, parent: Option<(&Value, &str)>, path: &str, found: &mut Vec<Reference>) {
    if let Some(marker) = schema.get(REFERENCE_MARKER) {
        found.push(reference(marker, parent, path));
    }
    if let Some(Value::Object(properties)) = schema.get("properties") {
        for (name, property) in properties {
            let property_path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            collect(property, Some((schema, path)), &property_path, found);
        }
    }
    if let Some(items) = schema.get("items") {
        // A list of names keeps the object that holds the list as its parent.
        collect(items, parent, &format!("{path}[*]"), found);
    }
    if let Some(values) = schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        collect(values, parent, &format!("{path}.*"), found);
    }
}

fn reference(marker: &Value, parent: Option<(&Value, &str)>, path: &str) -> Reference {
    let kinds: Vec<String> = match marker {
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    };
    let sibling = |name: &str| {
        let (schema, parent_path) = parent?;
        schema.pointer(&format!("/properties/{name}"))?;
        Some(if parent_path.is_empty() {
            name.to_owned()
        } else {
            format!("{parent_path}.{name}")
        })
    };
    let namespaced = kinds.iter().any(|kind| match find(kind) {
        Some(info) => info.scope == Scope::Namespaced,
        None => matches!(kind.as_str(), "Secret" | "ServiceAccount"),
    });
    let namespace = if !namespaced {
        ReferenceNamespace::None
    } else if let Some(field) = sibling("namespace") {
        ReferenceNamespace::Field(field)
    } else if let Some(list) = sibling("namespaces") {
        ReferenceNamespace::Selector(list)
    } else {
        ReferenceNamespace::Same
    };
    let kind_field = if kinds.len() > 1 { sibling("kind") } else { None };
    Reference {
        path: path.to_owned(),
        kinds,
        kind_field,
        namespace,
    }
}
