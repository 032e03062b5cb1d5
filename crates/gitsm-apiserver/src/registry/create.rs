//! Creating objects.

use super::admitted::{Writing, operation};
use super::incoming::{self, Body};
use super::read::served;
use super::{Registry, Request, convert, durability, not_stored, ownership, store_error, system};
use crate::error::{ApiError, Cause};
use crate::kind::{GroupResource, Origin};
use crate::object::{meta_text, set_meta};
use crate::store::{Change, Expect, Key, Stored, Write, WriteError};
use serde_json::Value;

/// How often a generated name that is taken is drawn again.
const NAME_ATTEMPTS: usize = 8;

impl Registry {
    /// Creates an object from a body.
    ///
    /// # Errors
    /// 400 for a body that is not one of the kind, 404 and 403 for a namespace that is not there or goes, 409 where
    /// the name is taken, 422 for an object that is not acceptable.
    pub async fn create(
        &self,
        request: &Request<'_>,
        body: Body,
        warnings: &mut Vec<String>,
    ) -> Result<Stored, ApiError> {
        let object = incoming::read(request, body, warnings)?;
        self.check_namespace(request, meta_text(&object, "name"))?;
        self.create_object(request, object, true, warnings).await
    }

    /// Creates an object that is of the kind already. `take_note` is false where its managed fields are there.
    pub(super) async fn create_object(
        &self,
        request: &Request<'_>,
        mut object: Value,
        take_note: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Stored, ApiError> {
        let generate = generate_name(&object);
        let now = request.now_text();
        system::wipe_new(&mut object);
        // What custom resources say about their status is looked at before it goes, as upstream does: where it does
        // not fit the schema, nobody is noted.
        let is_custom = matches!(request.kind.origin, Origin::Custom(_));
        if !is_custom {
            system::reset_status(request.kind, &mut object);
        }
        if take_note {
            object = ownership::note(request, None, object);
        }
        let name = meta_text(&object, "name").to_owned();
        let writing = Writing {
            name: &name,
            ..writing(request)
        };
        let is_changed = self.mutate(request, writing, &mut object, warnings).await?;
        if is_custom || is_changed {
            system::reset_status(request.kind, &mut object);
        }
        system::fill_new(&mut object, &now)?;
        let cx = request.context(&now);
        request.kind.strategy.prepare_create(&mut object, cx);
        if request.kind.strategy.changes_generation(&object, &Value::Null) {
            set_meta(&mut object, "generation", Some(1.into()));
        }
        let attempts = if generate.is_some() { NAME_ATTEMPTS } else { 1 };
        let mut result = Err(ApiError::internal("no name was tried"));
        for _ in 0..attempts {
            let mut object = object.clone();
            if let Some(base) = &generate {
                set_meta(&mut object, "name", Some(system::generate_name(base).into()));
            }
            result = self.create_named(request, object, &now, warnings).await;
            if !matches!(&result, Err(error) if error.reason == "AlreadyExists") {
                break;
            }
        }
        result
    }

    async fn create_named(
        &self,
        request: &Request<'_>,
        mut object: Value,
        now: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Stored, ApiError> {
        let kind = request.kind;
        let name = meta_text(&object, "name").to_owned();
        let errors = kind.strategy.validate_create(&object, request.context(now));
        if !errors.is_empty() {
            return Err(ApiError::invalid(
                super::update::named_kind(kind, &object),
                &name,
                &errors,
            ));
        }
        warnings.extend(kind.strategy.warnings(&object, None));
        let writing = Writing {
            name: &name,
            ..writing(request)
        };
        self.admit(request, writing, &object, warnings).await?;
        super::update::prune(kind, &mut object);
        if !meta_text(&object, "resourceVersion").is_empty() {
            let why = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::new(500, "", why));
        }
        super::check_stored(&object)?;
        let key = request.key(&name);
        if request.options.dry_run {
            return match self.store.get(&key) {
                Some(_) => Err(self.already_exists(request, &name)),
                None => Ok(not_stored(&object)),
            };
        }
        let write = Write {
            key,
            expect: Expect::Absent,
            change: Change::Put(convert::to_stored(kind, object)),
            durability: durability(kind),
        };
        let written = self.store.write(write).await;
        written
            .map(|stored| served(kind, &stored))
            .map_err(|error| match error {
                WriteError::Exists => self.already_exists(request, &name),
                other => store_error(&other),
            })
    }

    fn already_exists(&self, request: &Request<'_>, name: &str) -> ApiError {
        let mut error = ApiError::already_exists(request.named(), name);
        let found = self.store.get(&request.key(name));
        if found.is_some_and(|found| system::is_deleting(&found.value())) {
            error.message = format!("object is being deleted: {}", error.message);
        }
        error
    }

    /// The namespace of a new object must be there and must not be on its way out.
    pub(super) fn check_namespace(&self, request: &Request<'_>, name: &str) -> Result<(), ApiError> {
        let Some(namespace) = request.namespace.filter(|_| request.kind.namespaced) else {
            return Ok(());
        };
        let namespaces = GroupResource::new("", "namespaces");
        let Some(found) = self.store.get(&Key::new(&namespaces, None, namespace)) else {
            let named = crate::error::Named {
                group: "",
                resource: "namespaces",
            };
            return Err(ApiError::not_found(named, namespace));
        };
        if !system::is_deleting(&found.value()) {
            return Ok(());
        }
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = Cause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        };
        Err(ApiError::forbidden(request.named(), name, &why).with_causes(vec![cause]))
    }
}

/// A creation of an object that has no name yet.
fn writing<'a>(request: &Request<'_>) -> Writing<'a> {
    Writing {
        operation: operation::CREATE,
        name: "",
        old: None,
        dry_run: request.options.dry_run,
    }
}

/// `generateName`, where the object has no name of its own.
fn generate_name(object: &Value) -> Option<String> {
    let base = meta_text(object, "generateName");
    (meta_text(object, "name").is_empty() && !base.is_empty()).then(|| base.to_owned())
}
