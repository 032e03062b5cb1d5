//! What each schema says about single fields, tried out on the fields of the valid samples.
//!
//! Every field is tried once per kind, where it first occurs.

use super::sample::{Kind, kinds};
use super::{assert_none, list};
use gitsm_schema::{ErrorKind, Path, Segment};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A value of a valid sample, with its schema.
struct Place<'k> {
    kind: &'k Kind,
    object: &'k Value,
    schema: &'k Value,
    /// JSON pointer of the value.
    pointer: String,
}

impl Place<'_> {
    fn value(&self) -> &Value {
        self.object
            .pointer(&self.pointer)
            .expect("places are of their object")
    }

    /// The object with another value here.
    fn with(&self, value: Value) -> Value {
        let mut object = self.object.clone();
        *object
            .pointer_mut(&self.pointer)
            .expect("places are of their object") = value;
        object
    }

    /// The object without a field of this value.
    fn without(&self, field: &str) -> Value {
        let mut value = self.value().clone();
        value.as_object_mut().expect("an object").remove(field);
        self.with(value)
    }

    fn number(&self, keyword: &str) -> Option<i64> {
        self.schema[keyword].as_i64()
    }

    fn size(&self, keyword: &str) -> Option<usize> {
        self.number(keyword)
            .map(|size| usize::try_from(size).expect("sizes are not negative"))
    }

    fn is(&self, ty: &str) -> bool {
        self.schema["type"] == ty
    }

    fn problem(&self, what: &str, found: &str) -> String {
        format!("{}{}: {what}: [{found}]", self.kind.info.kind, self.pointer)
    }

    /// What is wrong if `changed` is not refused because of the value at `pointer`, and for nothing else.
    fn refused(&self, what: &str, changed: &Value, pointer: &str, kind: Option<ErrorKind>) -> Option<String> {
        let errors = self.kind.judge_schema(changed);
        let here = |error: &gitsm_schema::FieldError| to_pointer(error.location()) == pointer;
        let is_found = errors
            .iter()
            .any(|error| here(error) && kind.is_none_or(|kind| error.kind == kind));
        let is_elsewhere = errors
            .iter()
            .any(|error| !to_pointer(error.location()).starts_with(pointer));
        (!is_found || is_elsewhere).then(|| self.problem(what, &list(&errors)))
    }

    /// What is wrong if schema and type do not both accept `changed`.
    ///
    /// A word that another element of its list has already may be refused as duplicate: that is not its fault.
    fn accepted(&self, what: &str, changed: &Value) -> Option<String> {
        let mut errors = self.kind.judge_schema(changed);
        errors.retain(|error| error.kind != ErrorKind::Duplicate);
        if !errors.is_empty() {
            return Some(self.problem(what, &list(&errors)));
        }
        let decoded = self.kind.info.decode(changed);
        decoded
            .err()
            .map(|error| self.problem(what, &format!("the type: {:?}: {error}", error.path)))
    }
}

fn to_pointer(path: &Path) -> String {
    path.segments()
        .iter()
        .map(|segment| match segment {
            Segment::Field(name) | Segment::Key(name) => format!("/{name}"),
            Segment::Index(index) => format!("/{index}"),
        })
        .collect()
}

/// Runs `check` at every place of the valid samples and fails with everything that it objects to.
fn every_place(check: impl Fn(&Place<'_>) -> Vec<Option<String>>) {
    let mut problems = Vec::new();
    let mut tried = 0;
    for kind in kinds() {
        let mut seen = BTreeSet::new();
        for sample in kind.valid() {
            for part in ["spec", "status"] {
                let place = Place {
                    kind,
                    object: &sample.object,
                    schema: &kind.root["properties"][part],
                    pointer: format!("/{part}"),
                };
                visit(&place, part, &mut seen, &mut |place| {
                    let found = check(place);
                    tried += found.len();
                    problems.extend(found.into_iter().flatten());
                });
            }
        }
    }
    assert!(tried > 20, "only {tried} values were tried");
    assert_none(&problems);
}

fn visit(place: &Place<'_>, generic: &str, seen: &mut BTreeSet<String>, check: &mut dyn FnMut(&Place<'_>)) {
    let Some(value) = place.object.pointer(&place.pointer) else {
        return;
    };
    if seen.insert(generic.to_owned()) {
        check(place);
    }
    let Place {
        kind,
        object,
        schema,
        pointer,
    } = place;
    let below = |schema, step: &str| Place {
        kind,
        object,
        schema,
        pointer: format!("{pointer}/{step}"),
    };
    match value {
        Value::Object(fields) => {
            for name in fields.keys() {
                match schema["properties"].get(name) {
                    Some(property) => {
                        visit(&below(property, name), &format!("{generic}.{name}"), seen, check);
                    }
                    None => {
                        let values = &schema["additionalProperties"];
                        visit(&below(values, name), &format!("{generic}.*"), seen, check);
                    }
                }
            }
        }
        Value::Array(items) => {
            for index in 0..items.len() {
                let item = below(&schema["items"], &index.to_string());
                visit(&item, &format!("{generic}[*]"), seen, check);
            }
        }
        _ => {}
    }
}

#[test]
fn required_fields_are_required() {
    every_place(|place| {
        let required = place.schema["required"].as_array().into_iter().flatten();
        required
            .map(|name| {
                let name = name.as_str().expect("names of fields");
                let pointer = format!("{}/{name}", place.pointer);
                place.refused(name, &place.without(name), &pointer, Some(ErrorKind::Required))
            })
            .collect()
    });
}

#[test]
fn absent_fields_get_their_defaults() {
    every_place(|place| {
        let properties = place.schema["properties"].as_object().into_iter().flatten();
        let defaulted = properties.filter_map(|(name, schema)| Some((name, schema.get("default")?)));
        defaulted
            .map(|(name, default)| {
                let mut object = place.without(name);
                place.kind.schema.complete(&mut object);
                let filled = object.pointer(&place.pointer).and_then(|value| value.get(name));
                (filled != Some(default)).then(|| place.problem(name, &format!("{filled:?}")))
            })
            .collect()
    });
}

#[test]
fn unknown_fields_are_found() {
    every_place(|place| {
        if place.schema.get("properties").is_none() {
            return Vec::new();
        }
        let mut value = place.value().clone();
        value["noSuchField"] = json!(1);
        let unknown = place.kind.schema.unknown_fields(&place.with(value));
        let found: Vec<String> = unknown.iter().map(to_pointer).collect();
        let is_found = found == [format!("{}/noSuchField", place.pointer)];
        vec![(!is_found).then(|| place.problem("noSuchField", &found.join(", ")))]
    });
}

#[test]
fn values_have_their_type() {
    every_place(|place| {
        let other = if place.is("string") {
            json!(1)
        } else {
            json!("text")
        };
        vec![place.refused(
            "another type",
            &place.with(other),
            &place.pointer,
            Some(ErrorKind::TypeInvalid),
        )]
    });
}

#[test]
fn choices_are_those_of_the_schema_and_of_the_type() {
    every_place(|place| {
        let Some(words) = place.schema["enum"].as_array() else {
            return Vec::new();
        };
        let wrong = place.with(json!("NoSuchWord"));
        let mut found = vec![place.refused(
            "a wrong word",
            &wrong,
            &place.pointer,
            Some(ErrorKind::NotSupported),
        )];
        found.extend(
            words
                .iter()
                .map(|word| place.accepted("a word", &place.with(word.clone()))),
        );
        found
    });
}

#[test]
fn patterns_and_formats_refuse_other_texts() {
    every_place(|place| {
        if place.schema.get("pattern").is_none() && place.schema.get("format").is_none() {
            return Vec::new();
        }
        if !place.is("string") {
            return Vec::new();
        }
        let length = place.size("minLength").unwrap_or_default().max(2);
        let wrong = place.with(json!("\t".repeat(length)));
        vec![place.refused("a text of tabs", &wrong, &place.pointer, None)]
    });
}

#[test]
fn texts_have_bounded_lengths() {
    every_place(|place| {
        let mut found = Vec::new();
        if let Some(max) = place.size("maxLength") {
            let long = place.with(json!("a".repeat(max + 1)));
            found.push(place.refused("too long", &long, &place.pointer, Some(ErrorKind::TooLong)));
            let is_free = ["pattern", "format"]
                .iter()
                .all(|keyword| place.schema.get(keyword).is_none());
            if is_free {
                // Lengths are counted in characters, not in bytes.
                found.push(place.kind_accepts_text("as long as possible", &"ä".repeat(max)));
            }
        }
        if let Some(min) = place.size("minLength").filter(|min| *min > 0) {
            let short = place.with(json!("a".repeat(min - 1)));
            found.push(place.refused("too short", &short, &place.pointer, None));
        }
        found
    });
}

#[test]
fn numbers_have_bounds() {
    every_place(|place| {
        let mut found = Vec::new();
        for (keyword, beyond) in [("minimum", -1), ("maximum", 1)] {
            if let Some(bound) = place.number(keyword) {
                let wrong = place.with(json!(bound + beyond));
                found.push(place.refused(keyword, &wrong, &place.pointer, Some(ErrorKind::Invalid)));
                found.push(place.accepted(keyword, &place.with(json!(bound))));
            }
        }
        found
    });
}

#[test]
fn lists_and_maps_have_bounded_sizes() {
    every_place(|place| {
        let mut found = Vec::new();
        if let Some(max) = place.size("maxItems")
            && let Some(first) = place.value().get(0)
        {
            let long = place.with(json!(vec![first.clone(); max + 1]));
            found.push(place.refused("too many", &long, &place.pointer, Some(ErrorKind::TooMany)));
        }
        if let Some(min) = place.size("minItems").filter(|min| *min > 0) {
            let items = place.value().as_array().expect("a list");
            let short = place.with(json!(items[..min - 1]));
            found.push(place.refused("too few", &short, &place.pointer, None));
        }
        if let Some(max) = place.size("maxProperties") {
            let value = place
                .value()
                .as_object()
                .and_then(|map| map.values().next())
                .cloned();
            let large: serde_json::Map<String, Value> = (0..=max)
                .map(|n| (format!("key{n}"), value.clone().unwrap_or_default()))
                .collect();
            let large = place.with(Value::Object(large));
            found.push(place.refused("too many", &large, &place.pointer, Some(ErrorKind::TooMany)));
        }
        if place.size("minProperties").is_some_and(|min| min > 0) {
            found.push(place.refused("empty", &place.with(json!({})), &place.pointer, None));
        }
        found
    });
}

#[test]
fn sets_and_keyed_lists_have_no_duplicates() {
    every_place(|place| {
        let is_unique = matches!(
            place.schema["x-kubernetes-list-type"].as_str(),
            Some("set" | "map")
        );
        let items = place
            .value()
            .as_array()
            .filter(|items| is_unique && !items.is_empty());
        let Some(items) = items else { return Vec::new() };
        let max = place.size("maxItems").expect("every list is bounded");
        let mut twice = items.clone();
        twice.truncate(max - 1);
        twice.push(items[0].clone());
        let pointer = format!("{}/{}", place.pointer, twice.len() - 1);
        vec![place.refused(
            "twice",
            &place.with(json!(twice)),
            &pointer,
            Some(ErrorKind::Duplicate),
        )]
    });
}

impl Place<'_> {
    /// As [`Place::accepted`], for free text; the type reads some texts further, which is not about length.
    fn kind_accepts_text(&self, what: &str, text: &str) -> Option<String> {
        if self.schema.get("enum").is_some() {
            return None;
        }
        self.accepted(what, &self.with(json!(text)))
    }
}
