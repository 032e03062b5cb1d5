//! Parts of a CRD as the API server shows them in messages: as the JSON of its internal types, whose fields have
//! their Go names and are all written, in their order.

use super::model::{Column, Serving, Subresources, Version};
use super::props::{Items, Props, PropsOrBool};
use crate::structural::ValidationRule;
use crate::values::{go_json, push_json_number, push_json_string};
use serde_json::{Number, Value};
use std::collections::BTreeMap;

/// Writes one Go struct.
struct Struct {
    text: String,
}

impl Struct {
    fn new() -> Self {
        Self {
            text: String::from("{"),
        }
    }

    /// A field whose value is JSON already.
    fn raw(mut self, name: &str, value: &str) -> Self {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        push_json_string(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(value);
        self
    }

    fn text(self, name: &str, value: &str) -> Self {
        let value = quoted(value);
        self.raw(name, &value)
    }

    fn some_text(self, name: &str, value: Option<&str>) -> Self {
        let value = value.map(quoted);
        self.raw(name, value.as_deref().unwrap_or("null"))
    }

    fn flag(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    fn some_flag(self, name: &str, value: Option<bool>) -> Self {
        match value {
            Some(value) => self.flag(name, value),
            None => self.raw(name, "null"),
        }
    }

    fn json(self, name: &str, value: Option<&Value>) -> Self {
        let value = value.map(go_json);
        self.raw(name, value.as_deref().unwrap_or("null"))
    }

    fn number(self, name: &str, value: Option<&Number>) -> Self {
        let mut text = String::new();
        match value {
            Some(number) => push_json_number(&mut text, number),
            None => text.push_str("null"),
        }
        self.raw(name, &text)
    }

    fn integer(self, name: &str, value: Option<i64>) -> Self {
        let value = value.map(|value| value.to_string());
        self.raw(name, value.as_deref().unwrap_or("null"))
    }

    fn list(self, name: &str, elements: &[String]) -> Self {
        self.raw(name, &list(elements))
    }

    fn map(self, name: &str, entries: &BTreeMap<String, Props>) -> Self {
        if entries.is_empty() {
            return self.raw(name, "null");
        }
        let written = entries
            .iter()
            .fold(Struct::new(), |map, (key, schema)| map.raw(key, &props(schema)));
        self.raw(name, &written.end())
    }

    fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    push_json_string(&mut quoted, text);
    quoted
}

/// A list; one without elements is `null`.
fn list(elements: &[String]) -> String {
    if elements.is_empty() {
        "null".to_owned()
    } else {
        format!("[{}]", elements.join(","))
    }
}

fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| quoted(text)).collect()
}

/// All versions.
pub(super) fn versions(versions: &[Version]) -> String {
    let version = |version: &Version| {
        let Serving {
            validation,
            subresources,
            columns,
            selectable,
        } = &version.own;
        let schema = validation.as_ref().map(|validation| {
            let schema = validation.schema.as_ref().map(props);
            Struct::new()
                .raw("OpenAPIV3Schema", schema.as_deref().unwrap_or("null"))
                .end()
        });
        let subresources = subresources.as_ref().map(self::subresources);
        let selectable = selectable
            .iter()
            .map(|path| Struct::new().text("JSONPath", path).end());
        Struct::new()
            .text("Name", &version.name)
            .flag("Served", version.served)
            .flag("Storage", version.storage)
            .flag("Deprecated", version.deprecated)
            .some_text("DeprecationWarning", version.deprecation_warning.as_deref())
            .raw("Schema", schema.as_deref().unwrap_or("null"))
            .raw("Subresources", subresources.as_deref().unwrap_or("null"))
            .list(
                "AdditionalPrinterColumns",
                &columns.iter().map(column).collect::<Vec<_>>(),
            )
            .list("SelectableFields", &selectable.collect::<Vec<_>>())
            .end()
    };
    let versions: Vec<String> = versions.iter().map(version).collect();
    list(&versions)
}

fn subresources(subresources: &Subresources) -> String {
    let scale = subresources.scale.as_ref().map(|scale| {
        Struct::new()
            .text("SpecReplicasPath", &scale.spec_replicas)
            .text("StatusReplicasPath", &scale.status_replicas)
            .some_text("LabelSelectorPath", scale.label_selector.as_deref())
            .end()
    });
    Struct::new()
        .raw("Status", if subresources.status { "{}" } else { "null" })
        .raw("Scale", scale.as_deref().unwrap_or("null"))
        .end()
}

fn column(column: &Column) -> String {
    Struct::new()
        .text("Name", &column.name)
        .text("Type", &column.ty)
        .text("Format", &column.format)
        .text("Description", &column.description)
        .integer("Priority", Some(column.priority))
        .text("JSONPath", &column.json_path)
        .end()
}

/// A rule.
pub(super) fn rule(rule: &ValidationRule) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Struct::new()
        .text("Rule", &rule.rule)
        .text("Message", &text(&rule.message))
        .text("MessageExpression", &text(&rule.message_expression))
        .some_text("Reason", rule.reason.as_deref())
        .text("FieldPath", &text(&rule.field_path))
        .some_flag("OptionalOldSelf", rule.optional_old_self)
        .end()
}

/// `items`.
pub(super) fn items(items: &Items) -> String {
    let schema = items.schema.as_deref().map(props);
    Struct::new()
        .raw("Schema", schema.as_deref().unwrap_or("null"))
        .list(
            "JSONSchemas",
            &items.schemas.iter().map(props).collect::<Vec<_>>(),
        )
        .end()
}

fn schema_or_bool(value: Option<&PropsOrBool>) -> String {
    let (allows, schema) = match value {
        None => return "null".to_owned(),
        Some(PropsOrBool::Allowed(allows)) => (*allows, None),
        Some(PropsOrBool::Schema(schema)) => (true, Some(props(schema))),
    };
    Struct::new()
        .flag("Allows", allows)
        .raw("Schema", schema.as_deref().unwrap_or("null"))
        .end()
}

/// A schema.
pub(super) fn props(schema: &Props) -> String {
    let schemas = |schemas: &[Props]| -> Vec<String> { schemas.iter().map(props).collect() };
    let items = schema.items.as_ref().map(items);
    let not = schema.not.as_deref().map(props);
    let docs = schema.external_docs.as_ref().map(|docs| {
        Struct::new()
            .text("Description", &docs.description)
            .text("URL", &docs.url)
            .end()
    });
    let dependencies = schema.dependencies.as_ref().map(|entries| {
        let entry = |map: Struct, (name, schema): (&String, &Option<Props>)| {
            let schema = schema.as_ref().map(props);
            let value = Struct::new().raw("Schema", schema.as_deref().unwrap_or("null"));
            map.raw(name, &value.raw("Property", "null").end())
        };
        entries.iter().fold(Struct::new(), entry).end()
    });
    let some = |json: &Option<String>| json.clone().unwrap_or_else(|| "null".to_owned());
    Struct::new()
        .text("ID", &schema.id)
        .text("Schema", &schema.schema)
        .some_text("Ref", schema.reference.as_deref())
        .text("Description", &schema.description)
        .text("Type", &schema.ty)
        .flag("Nullable", schema.nullable)
        .text("Format", &schema.format)
        .text("Title", &schema.title)
        .json("Default", schema.default.as_ref())
        .number("Maximum", schema.maximum.as_ref())
        .flag("ExclusiveMaximum", schema.exclusive_maximum)
        .number("Minimum", schema.minimum.as_ref())
        .flag("ExclusiveMinimum", schema.exclusive_minimum)
        .integer("MaxLength", schema.max_length)
        .integer("MinLength", schema.min_length)
        .text("Pattern", &schema.pattern)
        .integer("MaxItems", schema.max_items)
        .integer("MinItems", schema.min_items)
        .flag("UniqueItems", schema.unique_items)
        .number("MultipleOf", schema.multiple_of.as_ref())
        .list(
            "Enum",
            &schema.enumeration.iter().map(go_json).collect::<Vec<_>>(),
        )
        .integer("MaxProperties", schema.max_properties)
        .integer("MinProperties", schema.min_properties)
        .list("Required", &texts(&schema.required))
        .raw("Items", &some(&items))
        .list("AllOf", &schemas(&schema.all_of))
        .list("OneOf", &schemas(&schema.one_of))
        .list("AnyOf", &schemas(&schema.any_of))
        .raw("Not", &some(&not))
        .map("Properties", &schema.properties)
        .raw(
            "AdditionalProperties",
            &schema_or_bool(schema.additional_properties.as_ref()),
        )
        .map("PatternProperties", &schema.pattern_properties)
        .raw("Dependencies", &some(&dependencies))
        .raw(
            "AdditionalItems",
            &schema_or_bool(schema.additional_items.as_ref()),
        )
        .map("Definitions", &schema.definitions)
        .raw("ExternalDocs", &some(&docs))
        .json("Example", schema.example.as_ref())
        .some_flag("XPreserveUnknownFields", schema.preserve_unknown_fields)
        .flag("XEmbeddedResource", schema.embedded_resource)
        .flag("XIntOrString", schema.int_or_string)
        .list("XListMapKeys", &texts(&schema.list_map_keys))
        .some_text("XListType", schema.list_type.as_deref())
        .some_text("XMapType", schema.map_type.as_deref())
        .list(
            "XValidations",
            &schema.validations.iter().map(rule).collect::<Vec<_>>(),
        )
        .end()
}
