//! The types of a resource in all its versions.

use crate::schema::TypeSchema;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What happens to managers that wrote a version which is not served any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownVersions {
    /// The request cannot be merged, as for custom resources.
    #[default]
    Fail,
    /// They lose what they own, as for built-in objects.
    Forget,
}

/// The types of a resource, by `apiVersion`. Between versions objects differ in nothing but the `apiVersion`
/// (conversion strategy `None`), but the schemas may tell different things.
#[derive(Debug, Clone, Default)]
pub struct ResourceTypes {
    versions: BTreeMap<String, Arc<TypeSchema>>,
    unknown: UnknownVersions,
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

    /// Says what happens to managers of versions not listed.
    #[must_use]
    pub fn unknown_versions(mut self, unknown: UnknownVersions) -> Self {
        self.unknown = unknown;
        self
    }

    /// The types of a version.
    ///
    /// # Errors
    ///
    /// `Ok(None)` where managers of unknown versions are forgotten, else a message.
    pub(crate) fn get(&self, api_version: &str) -> Result<Option<&Arc<TypeSchema>>, String> {
        match (self.versions.get(api_version), self.unknown) {
            (Some(schema), _) => Ok(Some(schema)),
            (None, UnknownVersions::Forget) => Ok(None),
            (None, UnknownVersions::Fail) => Err(format!(
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
