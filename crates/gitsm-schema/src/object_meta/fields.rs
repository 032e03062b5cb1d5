//! The fields of `ObjectMeta`, as a schema.

use crate::structural::{AdditionalProperties, Extensions, SchemaType, Structural};
use std::sync::LazyLock;

/// The schema of `metadata`: its known fields and their types.
pub(crate) fn schema() -> &'static Structural {
    static SCHEMA: LazyLock<Structural> = LazyLock::new(object_meta);
    &SCHEMA
}

fn object_meta() -> Structural {
    let text = || typed(SchemaType::String);
    let owner = object(vec![
        ("apiVersion", text()),
        ("blockOwnerDeletion", typed(SchemaType::Boolean)),
        ("controller", typed(SchemaType::Boolean)),
        ("kind", text()),
        ("name", text()),
        ("uid", text()),
    ]);
    let anything = Structural {
        extensions: Extensions {
            preserve_unknown_fields: true,
            ..Extensions::default()
        },
        ..typed(SchemaType::Object)
    };
    let managed = object(vec![
        ("apiVersion", text()),
        ("fieldsType", text()),
        ("fieldsV1", anything),
        ("manager", text()),
        ("operation", text()),
        ("subresource", text()),
        ("time", time()),
    ]);
    object(vec![
        ("annotations", map_of(text())),
        ("creationTimestamp", time()),
        ("deletionGracePeriodSeconds", typed(SchemaType::Integer)),
        ("deletionTimestamp", time()),
        ("finalizers", list_of(text())),
        ("generateName", text()),
        ("generation", typed(SchemaType::Integer)),
        ("labels", map_of(text())),
        ("managedFields", list_of(managed)),
        ("name", text()),
        ("namespace", text()),
        ("ownerReferences", list_of(owner)),
        ("resourceVersion", text()),
        ("selfLink", text()),
        ("uid", text()),
    ])
}

/// A value of a type; decoding takes `null` for absent.
fn typed(ty: SchemaType) -> Structural {
    Structural {
        ty: Some(ty),
        nullable: true,
        ..Structural::default()
    }
}

fn time() -> Structural {
    let mut time = typed(SchemaType::String);
    time.value.format = Some("date-time".to_owned());
    time
}

fn list_of(items: Structural) -> Structural {
    Structural {
        items: Some(Box::new(items)),
        ..typed(SchemaType::Array)
    }
}

fn map_of(values: Structural) -> Structural {
    let values = AdditionalProperties::Schema(Box::new(values));
    Structural {
        additional_properties: Some(values),
        ..typed(SchemaType::Object)
    }
}

fn object(properties: Vec<(&str, Structural)>) -> Structural {
    let properties = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    Structural {
        properties,
        ..typed(SchemaType::Object)
    }
}
