//! Serialising objects before their revision is known, and telling whether a write changes anything.

use crate::object::set_meta;
use bytes::Bytes;
use serde_json::{Map, Value};

/// A serialised object with a gap where its revision goes, so that the writer thread only copies bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prepared {
    json: Vec<u8>,
    /// Where the revision goes: between the quotes of `metadata.resourceVersion`.
    gap: usize,
}

impl Prepared {
    /// Serialises an object.
    ///
    /// # Errors
    /// Never for what was parsed from JSON.
    pub(super) fn new(mut object: Value) -> Result<Self, serde_json::Error> {
        set_meta(&mut object, "resourceVersion", Some(Value::String(String::new())));
        let mut prepared = Self {
            json: Vec::with_capacity(2048),
            gap: 0,
        };
        if let Value::Object(fields) = &object {
            prepared.fields(fields, &mut |prepared, field, value| match value {
                Value::Object(metadata) if field == "metadata" => {
                    prepared.fields(metadata, &mut |prepared, field, value| {
                        serde_json::to_writer(&mut prepared.json, value)?;
                        if field == "resourceVersion" {
                            prepared.gap = prepared.json.len().saturating_sub(1);
                        }
                        Ok(())
                    })
                }
                other => serde_json::to_writer(&mut prepared.json, other),
            })?;
        }
        Ok(prepared)
    }

    fn fields(
        &mut self,
        fields: &Map<String, Value>,
        write: &mut dyn FnMut(&mut Self, &str, &Value) -> Result<(), serde_json::Error>,
    ) -> Result<(), serde_json::Error> {
        self.json.push(b'{');
        for (at, (field, value)) in fields.iter().enumerate() {
            if at > 0 {
                self.json.push(b',');
            }
            serde_json::to_writer(&mut self.json, field)?;
            self.json.push(b':');
            write(self, field, value)?;
        }
        self.json.push(b'}');
        Ok(())
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.json.len()
    }

    /// The object with its revision.
    pub(super) fn finish(&self, revision: u64) -> Bytes {
        let digits = revision.to_string();
        let (before, after) = self.json.split_at(self.gap);
        // The exact capacity lets `Bytes` keep the allocation.
        let mut json = Vec::with_capacity(self.json.len() + digits.len());
        json.extend_from_slice(before);
        json.extend_from_slice(digits.as_bytes());
        json.extend_from_slice(after);
        Bytes::from(json)
    }
}

/// Whether writing `new` over `old` would change nothing but the times of managed fields. Such a write does not
/// happen: the object keeps its revision and its times.
///
/// `metadata.resourceVersion` is not compared: it says what the writer knew, not what they want.
pub fn is_unchanged(old: &Value, new: &Value) -> bool {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return old == new;
    };
    same_fields(old, new, &|field, old, new| match (field, old, new) {
        ("metadata", Value::Object(old), Value::Object(new)) => same_metadata(old, new),
        _ => old == new,
    })
}

fn same_metadata(old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let old_fields = old.iter().filter(|(field, _)| *field != "resourceVersion");
    let new_fields = new.iter().filter(|(field, _)| *field != "resourceVersion");
    old_fields.clone().count() == new_fields.count()
        && old_fields
            .into_iter()
            .all(|(field, old)| match (field.as_str(), old, new.get(field)) {
                ("managedFields", Value::Array(old), Some(Value::Array(new))) => {
                    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same_manager(old, new))
                }
                (_, old, new) => Some(old) == new,
            })
}

fn same_manager(old: &Value, new: &Value) -> bool {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return old == new;
    };
    same_fields(old, new, &|field, old, new| field == "time" || old == new)
}

fn same_fields(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    same: &dyn Fn(&str, &Value, &Value) -> bool,
) -> bool {
    old.len() == new.len()
        && old
            .iter()
            .all(|(field, old)| new.get(field).is_some_and(|new| same(field, old, new)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn the_revision_is_put_where_it_belongs() {
        for object in [
            json!({"kind": "X", "metadata": {"name": "a\"}", "resourceVersion": "7", "uid": "u"}, "spec": {"a": [1, null]}}),
            json!({"metadata": {"zz": {"resourceVersion": "1"}, "a": {"metadata": {"resourceVersion": ""}}}}),
            json!({"a": {"metadata": {"resourceVersion": "1"}}}),
            json!({"metadata": null, "kind": "\u{1F600}"}),
            json!(null),
        ] {
            let mut expected = object.clone();
            set_meta(&mut expected, "resourceVersion", Some("1764000000000".into()));
            let json = Prepared::new(object).unwrap().finish(1_764_000_000_000);
            assert_eq!(String::from_utf8(json.to_vec()).unwrap(), expected.to_string());
        }
    }

    #[test]
    fn only_times_of_managed_fields_and_the_known_revision_do_not_count_as_a_change() {
        let old = json!({"metadata": {"name": "a", "resourceVersion": "1",
            "managedFields": [{"manager": "m", "time": "t1", "fieldsV1": {"f:a": {}}}]}, "spec": {"a": 1}});
        let mut new = old.clone();
        new["metadata"]["managedFields"][0]["time"] = "t2".into();
        new["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        assert!(is_unchanged(&old, &new));
        for (pointer, value) in [
            ("/metadata/managedFields/0/fieldsV1", json!({"f:b": {}})),
            ("/metadata/managedFields", json!([])),
            ("/spec/a", json!(2)),
            ("/metadata/name", json!("b")),
            ("/metadata", json!({})),
        ] {
            let mut changed = new.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            assert!(!is_unchanged(&old, &changed), "{pointer}");
            assert!(!is_unchanged(&changed, &old), "{pointer}");
        }
        new["status"] = json!({});
        assert!(!is_unchanged(&old, &new));
    }
}
