//! Selectors over stored objects.

use super::convert;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::object::Meta;
use crate::request::ListOptions;
use crate::selectors::{FieldSelector, LabelSelector};
use crate::store::Stored;

/// What a list or watch chooses from a resource.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// Reads the selectors of a request.
    ///
    /// # Errors
    /// 400 where they cannot be read or name a field that the kind does not select by.
    pub fn parse(kind: &Kind, options: &ListOptions) -> Result<Self, ApiError> {
        let labels = LabelSelector::parse(options.label_selector.as_deref().unwrap_or_default())?;
        let selectable = kind.strategy.selectable_fields();
        let fields = options.field_selector.as_deref().unwrap_or_default();
        let fields = FieldSelector::parse(fields, |field| selectable.iter().any(|known| known == field))?;
        Ok(Self { labels, fields })
    }

    /// Whether everything is chosen.
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The one name that is asked for, where the selector says so.
    pub fn exact_name(&self) -> Option<&str> {
        self.fields.exact("metadata.name")
    }

    /// The one namespace that is asked for, where the selector says so.
    pub fn exact_namespace(&self) -> Option<&str> {
        self.fields.exact("metadata.namespace")
    }

    /// Whether an object is chosen.
    pub fn matches(&self, kind: &Kind, stored: &Stored) -> bool {
        if self.is_everything() {
            return true;
        }
        let Ok(meta) = Meta::of_bytes(&stored.json) else {
            return false;
        };
        if !self.labels.matches(meta.labels.as_ref()) {
            return false;
        }
        if self.fields.is_empty() {
            return true;
        }
        let object = self.fields.needs_object().then(|| convert::value(kind, stored));
        self.fields.matches(|field| match field {
            "metadata.name" => Some(meta.name.to_string()),
            "metadata.namespace" => Some(meta.namespace.to_string()),
            other => kind.strategy.selectable_field(object.as_ref()?, other),
        })
    }
}
