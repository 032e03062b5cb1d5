//! The metadata that the server decides, and the parts of an object that a request may not touch.

use crate::error::ApiError;
use crate::kind::{Kind, Origin, Part};
use crate::object::{meta_text, metadata, metadata_mut, set_meta};
use serde_json::{Map, Value};

/// Characters of generated names: no vowels, so that no words come out, and nothing that is mistaken for another.
const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const NAME_SUFFIX: usize = 5;
/// Most characters before the suffix.
const NAME_BASE: usize = 58;

/// A name from `generateName`.
pub(super) fn generate_name(base: &str) -> String {
    let mut name: String = base.chars().take(NAME_BASE).collect();
    let mut random = [0_u8; NAME_SUFFIX];
    fill_random(&mut random);
    name.extend(random.iter().map(|byte| {
        let index = usize::from(*byte) % NAME_ALPHABET.len();
        NAME_ALPHABET.get(index).copied().map_or('x', char::from)
    }));
    name
}

/// Random bytes of the operating system. Where it has none left, time and address serve: nothing secret is made here.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        use std::hash::{BuildHasher, RandomState};
        for byte in bytes {
            *byte = RandomState::new().hash_one(0).to_le_bytes()[0];
        }
    }
}

/// Takes what only the server decides out of a new object.
pub(super) fn wipe_new(object: &mut Value) {
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "selfLink",
    ] {
        set_meta(object, field, None);
    }
}

/// The fields of a new object's metadata, but for its name.
///
/// # Errors
/// 500 where the machine has no randomness.
pub(super) fn fill_new(object: &mut Value, now: &str) -> Result<(), ApiError> {
    let uid =
        crate::random_uid().map_err(|error| ApiError::internal(format!("no uid can be drawn: {error}")))?;
    set_meta(object, "uid", Some(uid.into()));
    set_meta(object, "creationTimestamp", Some(now.into()));
    Ok(())
}

/// The status of a new object is not for its creator where it has its own subresource.
pub(super) fn reset_status(kind: &Kind, object: &mut Value) {
    if kind.has_status
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("status");
    }
}

/// Gives a changed object the metadata that an update cannot change, as far as upstream ignores such changes rather
/// than refusing them.
pub(super) fn keep_metadata(object: &mut Value, old: &Value) {
    let old_meta = metadata(old);
    let fields = metadata_mut(object);
    let mut keep = |field: &str, always: bool| {
        if !always && fields.get(field).is_some_and(|value| !value.is_null()) {
            return;
        }
        match old_meta.get(field) {
            Some(value) if !value.is_null() => {
                fields.insert(field.to_owned(), value.clone());
            }
            _ => {
                fields.remove(field);
            }
        }
    };
    keep("generation", true);
    keep("creationTimestamp", true);
    keep("uid", false);
    if old_meta
        .get("deletionTimestamp")
        .is_some_and(|value| !value.is_null())
    {
        keep("deletionTimestamp", true);
        keep("deletionGracePeriodSeconds", false);
    }
}

/// Takes from `object` only the part that the request is about; everything else stays as in `old`.
pub(super) fn keep_other_parts(kind: &Kind, part: Part, object: &mut Value, old: &Value) {
    match part {
        Part::Whole | Part::Scale if kind.has_status => put(object, "status", old.get("status")),
        Part::Whole | Part::Scale => {}
        Part::Status => keep_all_but_status(kind, object, old),
        Part::Finalize => keep_all_but_finalizers(object, old),
    }
}

fn keep_all_but_status(kind: &Kind, object: &mut Value, old: &Value) {
    // A null that was sent is gone by now. One that applying has left where a manager emptied the status stays, so
    // that it is judged, as upstream does.
    let status = object.get("status").cloned();
    let mut meta = object.get("metadata").cloned().unwrap_or_default();
    let mut kept = old.clone();
    put(&mut kept, "status", status.as_ref());
    match kind.origin {
        // All metadata of custom resources stays, but what says who changed the status and when it was read.
        Origin::Custom(_) => {
            for field in ["managedFields", "resourceVersion"] {
                set_meta(&mut kept, field, meta.get(field).cloned());
            }
        }
        // Built-in kinds keep their labels.
        Origin::BuiltIn => {
            if let Some(fields) = meta.as_object_mut() {
                let old_labels = old.get("metadata").and_then(|meta| meta.get("labels"));
                match old_labels {
                    Some(labels) => fields.insert("labels".to_owned(), labels.clone()),
                    None => fields.remove("labels"),
                };
            }
            put(&mut kept, "metadata", Some(&meta));
        }
    }
    *object = kept;
}

fn keep_all_but_finalizers(object: &mut Value, old: &Value) {
    let finalizers = object
        .get("spec")
        .and_then(|spec| spec.get("finalizers"))
        .cloned();
    let meta = object.get("metadata").cloned();
    let mut kept = old.clone();
    put(&mut kept, "metadata", meta.as_ref());
    let mut spec = kept
        .get("spec")
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()));
    put(&mut spec, "finalizers", finalizers.as_ref());
    put(&mut kept, "spec", Some(&spec));
    *object = kept;
}

fn put(object: &mut Value, field: &str, value: Option<&Value>) {
    if let Some(fields) = object.as_object_mut() {
        match value {
            Some(value) => {
                fields.insert(field.to_owned(), value.clone());
            }
            None => {
                fields.remove(field);
            }
        }
    }
}

/// Raises `metadata.generation`; kinds without generations have none to raise.
pub(super) fn raise_generation(object: &mut Value) {
    let generation = metadata(object)["generation"].as_i64().unwrap_or(0);
    set_meta(object, "generation", Some(generation.saturating_add(1).into()));
}

/// The finalizers of an object.
pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    let list = metadata(object)["finalizers"].as_array();
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Sets the finalizers; none at all removes the field.
pub(super) fn set_finalizers(object: &mut Value, finalizers: &[String]) {
    let value = (!finalizers.is_empty()).then(|| finalizers.to_vec().into());
    set_meta(object, "finalizers", value);
}

/// Whether an object is being deleted.
pub(super) fn is_deleting(object: &Value) -> bool {
    !meta_text(object, "deletionTimestamp").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn generated_names_end_in_five_letters() {
        let name = generate_name("web-");
        assert_eq!(name.len(), 9);
        assert!(name.starts_with("web-"));
        assert_eq!(generate_name(&"x".repeat(80)).len(), 63);
        assert_ne!(generate_name("a"), generate_name("a"));
    }

    #[test]
    fn what_an_update_cannot_change_stays() {
        let old = json!({"metadata": {"name": "a", "uid": "u", "generation": 3, "creationTimestamp": "t",
            "deletionTimestamp": "d", "deletionGracePeriodSeconds": 0}});
        let mut new = json!({"metadata": {"name": "a", "generation": 9, "labels": {"x": "y"}}});
        keep_metadata(&mut new, &old);
        let expected = json!({"metadata": {"name": "a", "uid": "u", "generation": 3, "creationTimestamp": "t",
            "deletionTimestamp": "d", "deletionGracePeriodSeconds": 0, "labels": {"x": "y"}}});
        assert_eq!(new, expected);
    }
}
