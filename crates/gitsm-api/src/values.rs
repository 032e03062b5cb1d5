//! Reading every text of a manifest with the parser of its type.
//!
//! Schemas and CEL rules cannot say everything: that a time zone exists, that a day is in the calendar. The
//! types of gitsm-core can. This is the same reading that a controller's typed object goes through, but it
//! finds all wrong values at once and says where each is.

use crate::registry::KindInfo;
use gitsm_core::ident::{
    BranchName, Digest, Email, FieldName, ForgeLogin, GitRevision, GitUrl, HttpUrl, LabelKey, LabelValue,
    RepositoryPath, ResourceName, RuleId,
};
use gitsm_core::text::TYPE_MARKER;
use gitsm_core::time::{ClosingTime, Duration, Instant, LocalDate, LocalTime, ZoneName};
use gitsm_core::{TextForm, ValueError};
use serde_json::Value;

/// A text that is not a value of its field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongValue {
    /// Where, as a JSON pointer (RFC 6901) from the root of the object: `/spec/timeZone`.
    pub pointer: String,
    /// What is wrong.
    pub error: ValueError,
}

/// Every text in `spec` that is not a value of its field's type, in the order of their pointers.
///
/// Values of the wrong JSON type and unknown fields are left to the schema. Names of referenced objects are
/// resource names and are fully described by their pattern, so they are left to the schema too.
pub fn wrong_values(info: &KindInfo, object: &Value) -> Vec<WrongValue> {
    let mut found = Vec::new();
    if let (Some(schema), Some(spec)) = (
        info.marked_schema().pointer("/properties/spec"),
        object.get("spec"),
    ) {
        read(schema, spec, "/spec", &mut found);
    }
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

/// Follows the schema, so its depth bounds the recursion whatever the object looks like.
fn read(schema: &Value, value: &Value, pointer: &str, found: &mut Vec<WrongValue>) {
    match value {
        Value::String(text) => {
            let type_name = schema
                .get(TYPE_MARKER)
                .and_then(Value::as_str)
                .unwrap_or_default();
            if let Some(Err(error)) = parser(type_name).map(|parse| parse(text)) {
                found.push(WrongValue {
                    pointer: pointer.to_owned(),
                    error,
                });
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                read(schema, item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                let property = schema
                    .get("properties")
                    .and_then(|properties| properties.get(key))
                    .or_else(|| schema.get("additionalProperties"));
                if let Some(property) = property {
                    let step = key.replace('~', "~0").replace('/', "~1");
                    read(property, item, &format!("{pointer}/{step}"), found);
                }
            }
        }
        _ => {}
    }
}

type Parser = fn(&str) -> Result<(), ValueError>;

fn parse<T: TextForm>(text: &str) -> Result<(), ValueError> {
    text.parse::<T>().map(drop)
}

/// The parser of a type by the name that its schema carries.
fn parser(type_name: &str) -> Option<Parser> {
    macro_rules! parsers {
        ($($type:ident),* $(,)?) => {
            match type_name {
                $(stringify!($type) => Some(parse::<$type>),)*
                _ => None,
            }
        };
    }
    parsers!(
        BranchName,
        ClosingTime,
        Digest,
        Duration,
        Email,
        FieldName,
        ForgeLogin,
        GitRevision,
        GitUrl,
        HttpUrl,
        Instant,
        LabelKey,
        LabelValue,
        LocalDate,
        LocalTime,
        RepositoryPath,
        ResourceName,
        RuleId,
        ZoneName,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{find, kinds};
    use gitsm_core::text::REFERENCE_MARKER;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn what_no_schema_can_say_is_found_with_its_place() {
        let window = json!({
            "spec": {
                "timeZone": "Europe/Berlim",
                "leadTime": "5m",
                "recurrence": { "dates": ["2027-02-28", "2027-02-30"], "start": "22:00", "duration": "0h" },
            },
        });
        let found = wrong_values(find("ChangeWindow").unwrap(), &window);
        let places: Vec<_> = found.iter().map(|wrong| wrong.pointer.as_str()).collect();
        assert_eq!(
            places,
            [
                "/spec/recurrence/dates/1",
                "/spec/recurrence/duration",
                "/spec/timeZone"
            ]
        );
        assert!(
            found[2].error.to_string().contains("no zone of this name"),
            "{}",
            found[2].error
        );
    }

    #[test]
    fn any_shape_of_object_is_survived() {
        let info = find("Change").unwrap();
        for object in [
            json!(null),
            json!({ "spec": [] }),
            json!({ "spec": { "services": { "a": ["b"] } } }),
        ] {
            assert_eq!(wrong_values(info, &object), []);
        }
    }

    #[test]
    fn every_type_that_a_schema_names_has_a_parser() {
        fn collect(schema: &Value, names: &mut BTreeSet<String>) {
            match schema {
                Value::Object(map) => {
                    // Free text has only a length, references only a pattern: the schema says it all.
                    if let Some(Value::String(name)) = map.get(TYPE_MARKER)
                        && name != "Text<MAX>"
                        && !map.contains_key(REFERENCE_MARKER)
                    {
                        names.insert(name.clone());
                    }
                    map.values().for_each(|value| collect(value, names));
                }
                Value::Array(items) => items.iter().for_each(|value| collect(value, names)),
                _ => {}
            }
        }
        let mut names = BTreeSet::new();
        for info in kinds() {
            collect(&info.marked_schema(), &mut names);
        }
        assert!(names.contains("ZoneName"));
        for name in names {
            assert!(parser(&name).is_some(), "{name} has no parser");
        }
    }
}
