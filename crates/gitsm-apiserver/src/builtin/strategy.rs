//! The [`Strategy`] of all built-in kinds: one shape, filled in by each kind with functions.

use super::complaints::Complaints;
use super::metadata::{self, NameRule};
use super::{read, types};
use crate::ApiError;
use crate::kind::{Context, GroupResource, Part, Strategy};
use crate::patch::strategic;
use gitsm_schema::FieldError;
use serde_json::Value;

/// What is particular to one kind. [`Rules::NONE`] is a kind without anything particular.
#[allow(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Its type in the table, for example `core.v1.ConfigMap`.
    pub ty: &'static str,
    /// How names are judged.
    pub names: NameRule,
    /// Whether objects are in namespaces.
    pub namespaced: bool,
    /// Fills in defaults, after reading.
    pub default: fn(&mut Value),
    /// As [`Strategy::prepare_create`].
    pub prepare_create: fn(&mut Value, Context<'_>),
    /// As [`Strategy::prepare_update`].
    pub prepare_update: fn(&mut Value, &Value, Context<'_>),
    /// What is wrong with an object, beyond its metadata.
    pub validate: fn(&Value, &mut Complaints),
    /// What is wrong with a new object, beyond that.
    pub validate_create: fn(&Value, &mut Complaints),
    /// What is wrong with a change, beyond what is wrong with the new object.
    pub validate_update: fn(&Value, &Value, Context<'_>, &mut Complaints),
    /// As [`Strategy::warnings`].
    pub warnings: fn(&Value, Option<&Value>) -> Vec<String>,
    /// Whether objects have a `metadata.generation`.
    pub generation: bool,
    /// Whether annotations count for the generation too.
    pub generation_of_annotations: bool,
    /// As [`Strategy::allows_unconditional_update`].
    pub unconditional_update: bool,
    /// As [`Strategy::creates_on_update`].
    pub create_on_update: bool,
    /// The selectable fields.
    pub selectable: &'static [&'static str],
    /// The value of a selectable field where it is not at its path in the object.
    pub select: fn(&Value, &str) -> Option<String>,
    /// Where the kind is another view of objects that are stored under another resource.
    pub view: Option<View>,
    /// As [`Strategy::mark_deleting`].
    pub mark_deleting: fn(&mut Value),
    /// As [`Strategy::is_held`].
    pub is_held: fn(&Value) -> bool,
    /// Whether finalizers must be standard ones or have a domain.
    pub qualified_finalizers: bool,
    /// Whether metadata is judged at all: core/v1 events never were.
    pub judges_metadata: bool,
}

impl Rules {
    /// A namespaced kind without particular rules.
    pub const NONE: Self = Self {
        ty: "",
        names: NameRule::Subdomain,
        namespaced: true,
        default: |_| {},
        prepare_create: |_, _| {},
        prepare_update: |_, _, _| {},
        validate: |_, _| {},
        validate_create: |_, _| {},
        validate_update: |_, _, _, _| {},
        warnings: |_, _| Vec::new(),
        generation: false,
        generation_of_annotations: false,
        unconditional_update: true,
        create_on_update: false,
        selectable: &[],
        select: |_, _| None,
        view: None,
        mark_deleting: |_| {},
        is_held: |_| false,
        qualified_finalizers: true,
        judges_metadata: true,
    };
}

/// How a kind shows the stored objects of another: events of `events.k8s.io` are those of the core group.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Group and resource under which the objects are stored.
    pub of: (&'static str, &'static str),
    /// From how they are served to how they are stored.
    pub to_stored: fn(&mut Value),
    /// From how they are stored to how they are served.
    pub from_stored: fn(&mut Value),
}

/// The strategy of a built-in kind.
#[derive(Debug)]
pub struct BuiltIn(pub Rules);

impl BuiltIn {
    fn judge(&self, object: &Value) -> Complaints {
        let mut complaints = Complaints::default();
        if self.0.judges_metadata {
            complaints.extend(metadata::validate(object, self.0.namespaced, self.0.names));
            if self.0.qualified_finalizers {
                metadata::check_finalizers(object, &mut complaints);
            }
        }
        (self.0.validate)(object, &mut complaints);
        complaints
    }
}

impl Strategy for BuiltIn {
    fn read(&self, object: &mut Value) -> Result<(), String> {
        if let Some(ty) = types::find(self.0.ty) {
            read::read(ty, object)?;
        }
        (self.0.default)(object);
        Ok(())
    }

    fn zero(&self) -> Option<Value> {
        types::find(self.0.ty).map(read::zero)
    }

    fn stored_as(&self) -> Option<GroupResource> {
        self.0.view.map(|view| GroupResource::new(view.of.0, view.of.1))
    }

    fn read_stored(&self, object: &mut Value) {
        if let Some(view) = self.0.view {
            (view.from_stored)(object);
        }
    }

    fn to_stored(&self, object: &mut Value) {
        if let Some(view) = self.0.view {
            (view.to_stored)(object);
        }
    }

    fn allows_unconditional_update(&self) -> bool {
        self.0.unconditional_update
    }

    fn creates_on_update(&self) -> bool {
        self.0.create_on_update
    }

    fn mark_deleting(&self, object: &mut Value, _now: &str) {
        (self.0.mark_deleting)(object);
    }

    fn is_held(&self, object: &Value) -> bool {
        (self.0.is_held)(object)
    }

    fn patch_strategic(&self, object: &mut Value, patch: Value) -> Option<Result<(), ApiError>> {
        Some(strategic::apply(object, patch, types::find(self.0.ty)?))
    }

    fn prepare_create(&self, object: &mut Value, cx: Context<'_>) {
        (self.0.prepare_create)(object, cx);
    }

    fn prepare_update(&self, object: &mut Value, old: &Value, cx: Context<'_>) {
        (self.0.prepare_update)(object, old, cx);
    }

    fn validate_create(&self, object: &Value, _cx: Context<'_>) -> Vec<FieldError> {
        let mut complaints = self.judge(object);
        (self.0.validate_create)(object, &mut complaints);
        complaints.into_errors()
    }

    fn validate_update(&self, object: &Value, old: &Value, cx: Context<'_>) -> Vec<FieldError> {
        let mut complaints = Complaints::default();
        if self.0.judges_metadata {
            complaints.extend(metadata::validate_update(object, old));
        }
        (self.0.validate_update)(object, old, cx, &mut complaints);
        if cx.part == Part::Whole {
            let known = complaints.into_errors();
            let mut all = Complaints::default();
            let found = self.judge(object).into_errors();
            all.extend(known.iter().cloned());
            all.extend(found.into_iter().filter(|error| !known.contains(error)));
            complaints = all;
        }
        complaints.into_errors()
    }

    fn warnings(&self, object: &Value, old: Option<&Value>) -> Vec<String> {
        (self.0.warnings)(object, old)
    }

    fn changes_generation(&self, object: &Value, old: &Value) -> bool {
        let annotated = |object: &Value| object["metadata"]["annotations"].clone();
        self.0.generation
            && (old.is_null()
                || without_status(object) != without_status(old)
                || (self.0.generation_of_annotations && annotated(object) != annotated(old)))
    }

    fn selectable_field(&self, object: &Value, field: &str) -> Option<String> {
        if !self.0.selectable.contains(&field) {
            return None;
        }
        if let Some(text) = (self.0.select)(object, field) {
            return Some(text);
        }
        let value = field.split('.').try_fold(object, |value, step| value.get(step));
        Some(match value {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        })
    }

    fn selectable_fields(&self) -> Vec<String> {
        self.0
            .selectable
            .iter()
            .map(|field| (*field).to_owned())
            .collect()
    }
}

/// What a generation is a generation of: everything but metadata and status.
fn without_status(object: &Value) -> Vec<(&String, &Value)> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !matches!(name.as_str(), "metadata" | "status" | "apiVersion" | "kind"))
        .collect()
}
