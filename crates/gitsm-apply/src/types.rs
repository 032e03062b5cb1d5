//! The types of a resource in all its versions.

use crate::schema::TypeSchema;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a resource comes from: upstream handles the two kinds by different code, which differs in details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// A CRD. A manager that wrote a version which is not served any more stops every apply; `managedFields: []`
    /// counts as absent.
    #[default]
    Custom,
    /// The API server. Managers of unknown versions lose what they own; `managedFields: []` forgets all managers.
    BuiltIn,
}

/// The types of a resource, by `apiVersion`. Between versions objects differ in nothing but the `apiVersion`
/// (conversion strategy `None`), but the schemas may tell different things.
#[derive(Debug, Clone, Default)]
pub struct ResourceTypes {
    versions: BTreeMap<String, Arc<TypeSchema>>,
    origin: Origin,
}

impl ResourceTypes {
    /// A resource with one version.
    pub fn single(api_version: &str, schema: impl Into<Arc<TypeSchema>>) -> Self {
        Self::default().with(api_version, schema)
    }

    /// Adds a version.
    #[must_use]
    pub fn with(mut self, api_version: &str, schema: impl Into<Arc<TypeSchema>>) -> Self {
        self.versions.insert(api_version.to_owned(), schema.into());
        self
    }

    /// Says where the resource comes from.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Whether an empty list of managers forgets them.
    pub(crate) fn empty_list_resets(&self) -> bool {
        self.origin == Origin::BuiltIn
    }

    /// The types of a version.
    ///
    /// # Errors
    ///
    /// `Ok(None)` where managers of unknown versions are forgotten, else a message.
    pub(crate) fn get(&self, api_version: &str) -> Result<Option<&Arc<TypeSchema>>, String> {
        match (self.versions.get(api_version), self.origin) {
            (Some(schema), _) => Ok(Some(schema)),
            (None, Origin::BuiltIn) => Ok(None),
            (None, Origin::Custom) => Err(format!(
                "request to convert CR to an invalid group/version: {api_version}"
            )),
        }
    }
}

/// The object in another version.
pub(crate) fn in_version<'v>(object: &'v Value, api_version: &str) -> Cow<'v, Value> {
    if object.get("apiVersion").and_then(Value::as_str) == Some(api_version) {
        return Cow::Borrowed(object);
    }
    let mut converted = object.clone();
    if let Some(fields) = converted.as_object_mut() {
        fields.insert("apiVersion".to_owned(), Value::String(api_version.to_owned()));
    }
    Cow::Owned(converted)
}
