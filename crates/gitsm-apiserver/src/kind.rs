//! What a served resource is: one version of one kind, with its names, schema, columns and rules.
//!
//! Custom and built-in resources are served by the same code. What differs is in the [`Strategy`] of the kind.

use crate::request::Verb;
use crate::user::User;
use gitsm_schema::FieldError;
use serde_json::Value;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Group and plural resource: what objects are stored under, whatever the version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupResource {
    /// API group; empty for the core group.
    pub group: Arc<str>,
    /// Plural, lower case.
    pub resource: Arc<str>,
}

impl GroupResource {
    /// From its parts.
    pub fn new(group: &str, resource: &str) -> Self {
        Self {
            group: group.into(),
            resource: resource.into(),
        }
    }
}

impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.resource)
        } else {
            write!(f, "{}.{}", self.resource, self.group)
        }
    }
}

/// The names of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `Change`.
    pub kind: String,
    /// `ChangeList`.
    pub list_kind: String,
    /// `changes`.
    pub plural: String,
    /// `change`.
    pub singular: String,
    /// `chg`.
    pub short_names: Vec<String>,
    /// `gitsm`.
    pub categories: Vec<String>,
}

/// The paths of the scale subresource, as the CRD writes them: `.spec.replicas`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    /// `specReplicasPath`.
    pub spec_replicas: String,
    /// `statusReplicasPath`.
    pub status_replicas: String,
    /// `labelSelectorPath`.
    pub label_selector: Option<String>,
}

/// Which part of an object a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The object itself: its status is kept as it was where there is a status subresource.
    Whole,
    /// `/status`: everything but status (and managed fields) is kept as it was.
    Status,
    /// `/scale`.
    Scale,
    /// `/finalize` of namespaces.
    Finalize,
}

impl Part {
    /// The name in paths and in managed fields.
    pub fn subresource(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Status => Some("status"),
            Self::Scale => Some("scale"),
            Self::Finalize => Some("finalize"),
        }
    }
}

/// What a kind's rules may know of the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who asks.
    pub user: &'a User,
    /// The part asked for.
    pub part: Part,
    /// The instant of the request, RFC 3339 with seconds.
    pub now: &'a str,
}

/// The rules of one kind beyond its schema: what is filled in, what is kept, what is refused.
///
/// Objects come pruned and defaulted by the schema. Everything that is the same for all kinds (uid, timestamps,
/// `generation`, optimistic locking, status isolation, finalizers) is done by the registry.
pub trait Strategy: fmt::Debug + Send + Sync {
    /// Reads an object that came from outside or out of a patch, as the types of the kind read it: refuses values of
    /// the wrong type, drops nulls and what is empty, and fills in the defaults of the kind. Unknown fields are left
    /// alone; they are the schema's matter.
    /// Kinds without types of their own, which are custom resources, take everything.
    ///
    /// # Errors
    /// What is wrong, worded as Go's JSON decoder words it: `json: cannot unmarshal number into ...`.
    fn read(&self, object: &mut Value) -> Result<(), String> {
        let _ = object;
        Ok(())
    }

    /// Fills in and resets fields of a new object, before it is validated.
    fn prepare_create(&self, object: &mut Value, cx: Context<'_>);

    /// Fills in and resets fields of a changed object, before it is validated.
    fn prepare_update(&self, object: &mut Value, old: &Value, cx: Context<'_>);

    /// What is wrong with a new object: everything, its metadata and schema included.
    fn validate_create(&self, object: &Value, cx: Context<'_>) -> Vec<FieldError>;

    /// What is wrong with a changed object.
    fn validate_update(&self, object: &Value, old: &Value, cx: Context<'_>) -> Vec<FieldError>;

    /// Warnings for the one who writes it; `old` is absent on create.
    fn warnings(&self, object: &Value, old: Option<&Value>) -> Vec<String>;

    /// Whether the change between the two raises `metadata.generation`.
    fn changes_generation(&self, object: &Value, old: &Value) -> bool;

    /// The value of a field in a field selector; `None` when the kind has no such selectable field.
    /// `metadata.name` and `metadata.namespace` are answered by the registry.
    fn selectable_field(&self, object: &Value, field: &str) -> Option<String>;

    /// The names of the selectable fields beyond `metadata.name` and `metadata.namespace`.
    fn selectable_fields(&self) -> Vec<String>;

    /// Reads an object as a body brings it: drops unknown fields, fills in defaults, and returns the paths of what
    /// was dropped. `None` where the schema of the kind does that.
    ///
    /// # Errors
    /// A value of the wrong type, in the words of Go's decoder; answered with 400.
    fn decode(&self, _object: &mut Value) -> Option<Result<Vec<String>, String>> {
        None
    }

    /// Under what its objects are stored, where that is not the resource itself: two views of one object.
    fn stored_as(&self) -> Option<GroupResource> {
        None
    }

    /// Turns an object as it is stored into one of this kind, where that is another view of it.
    fn read_stored(&self, _object: &mut Value) {}

    /// Turns an object of this kind into one as it is stored, where that is another view of it.
    fn to_stored(&self, _object: &mut Value) {}

    /// Whether an update without `metadata.resourceVersion` overwrites whatever is there. Built-in kinds allow it.
    fn allows_unconditional_update(&self) -> bool {
        true
    }

    /// Whether an update of an object that does not exist creates it.
    fn creates_on_update(&self) -> bool {
        false
    }

    /// Called once when an object is marked for deletion: adds finalizers, changes the status.
    fn mark_deleting(&self, _object: &mut Value, _now: &str) {}

    /// Whether an object that is being deleted and has no finalizers must stay nevertheless.
    fn is_held(&self, _object: &Value) -> bool {
        false
    }

    /// What an object without any field set is written as. Fields that are always written belong to nobody.
    fn zero(&self) -> Option<Value> {
        None
    }

    /// The types by which server-side apply merges, of all served versions; `None` to derive them from the schema.
    fn apply_types(&self) -> Option<&gitsm_apply::ResourceTypes> {
        None
    }

    /// Lays a strategic merge patch over an object; `None` where the kind knows no such patches.
    fn patch_strategic(&self, _object: &mut Value, _patch: Value) -> Option<Result<(), crate::ApiError>> {
        None
    }
}

/// One version of one kind, as it is served.
#[derive(Debug)]
pub struct Kind {
    /// Under what its objects are stored.
    pub resource: GroupResource,
    /// The served version.
    pub version: String,
    /// Its names.
    pub names: Names,
    /// Whether objects are in a namespace.
    pub namespaced: bool,
    /// What may be done to it.
    pub verbs: Vec<Verb>,
    /// Whether there is a status subresource.
    pub has_status: bool,
    /// The scale subresource, where there is one.
    pub scale: Option<ScalePaths>,
    /// The warning that every answer carries, for deprecated versions.
    pub deprecation_warning: Option<String>,
    /// The `apiVersion` under which objects are stored.
    pub storage_version: String,
    /// The schema of that version, where it is another one than this.
    pub storage_schema: Option<Arc<gitsm_schema::ObjectSchema>>,
    /// Its rules.
    pub strategy: Arc<dyn Strategy>,
    /// Schema, for pruning, defaulting, apply and published OpenAPI; reads as a [`KindSchema`].
    pub schema: LazySchema,
    /// Objects stored at or before this revision were written under another schema or version, and are pruned,
    /// defaulted and converted when they are read; later ones are served as they are stored.
    pub schema_since: u64,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a kind comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The server itself.
    BuiltIn,
    /// The CRD of this name.
    Custom(String),
}

/// A [`KindSchema`] that may be built when it is first asked for.
///
/// The schema of a Pod takes megabytes and milliseconds; a server that never sees one does not pay for it.
#[derive(Debug, Clone)]
pub struct LazySchema(Arc<Slot>);

#[derive(Debug)]
enum Slot {
    Ready(KindSchema),
    Later {
        built: OnceLock<KindSchema>,
        build: fn(&str) -> KindSchema,
        of: &'static str,
    },
}

impl LazySchema {
    /// One that is there already.
    pub fn ready(schema: KindSchema) -> Self {
        Self(Arc::new(Slot::Ready(schema)))
    }

    /// One that `build` makes from the name `of` when it is first used.
    pub fn later(build: fn(&str) -> KindSchema, of: &'static str) -> Self {
        Self(Arc::new(Slot::Later {
            built: OnceLock::new(),
            build,
            of,
        }))
    }
}

impl Deref for LazySchema {
    type Target = KindSchema;

    fn deref(&self) -> &KindSchema {
        match &*self.0 {
            Slot::Ready(schema) => schema,
            Slot::Later { built, build, of } => built.get_or_init(|| build(of)),
        }
    }
}

/// The schema of a kind in the forms that the server needs.
#[derive(Debug)]
pub struct KindSchema {
    /// The compiled judge.
    pub object: Arc<gitsm_schema::ObjectSchema>,
    /// The schema as it is published under `/openapi/v3`, before `apiVersion`, `kind` and `metadata` are added.
    /// Null for built-in kinds, whose definitions are made when they are asked for.
    pub published: Value,
    /// Columns beyond the name: as `additionalPrinterColumns` of a CRD writes them.
    pub columns: Vec<Column>,
}

/// A printer column, as a CRD or a built-in kind declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub ty: String,
    /// `int32`, `date-time`, ...; often empty.
    pub format: String,
    /// What it shows.
    pub description: String,
    /// 0 is always shown, more only in wide output.
    pub priority: i32,
    /// Where the value is: `.spec.title`.
    pub json_path: String,
}

impl Kind {
    /// Whether objects are stored as they are served.
    pub fn is_storage_version(&self) -> bool {
        let (group, version) = self
            .storage_version
            .split_once('/')
            .unwrap_or(("", &self.storage_version));
        group == &*self.resource.group && version == self.version
    }

    /// `gitsm.dev/v1alpha1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        if self.resource.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.resource.group, self.version)
        }
    }

    /// How messages name the resource.
    pub fn named(&self) -> crate::error::Named<'_> {
        crate::error::Named {
            group: &self.resource.group,
            resource: &self.resource.resource,
        }
    }

    /// How messages name the kind.
    pub fn named_kind(&self) -> crate::error::Named<'_> {
        crate::error::Named {
            group: &self.resource.group,
            resource: &self.names.kind,
        }
    }
}
