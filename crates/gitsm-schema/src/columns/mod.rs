//! What tables show of custom resources: `additionalPrinterColumns`; and `selectableFields`, which use the same paths.

pub mod age;
mod jsonpath;

use crate::values::{go_json, go_value};
use jiff::Timestamp;
pub use jsonpath::JsonPath;
use serde_json::{Number, Value, json};

const NAME_DESCRIPTION: &str = "Name must be unique within a namespace. Is required when creating resources, although \
    some resources may allow a client to request the generation of an appropriate name automatically. Name is \
    primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: \
    https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

const AGE_DESCRIPTION: &str = "CreationTimestamp is a timestamp representing the server time when this object was \
    created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set \
    this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for \
    lists. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// The columns of a version, ready to be shown.
#[derive(Debug, Clone)]
pub struct PrinterColumns {
    columns: Vec<Column>,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    ty: ColumnType,
    format: String,
    description: String,
    priority: i64,
    /// `None` where the path cannot be read; the column is then empty.
    path: Option<JsonPath>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnType {
    Integer,
    Number,
    Boolean,
    Text,
    Date,
}

impl ColumnType {
    fn of(name: &str) -> Self {
        match name {
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            _ => Self::Text,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Text => "string",
            Self::Date => "date",
        }
    }
}

impl PrinterColumns {
    /// Reads the `additionalPrinterColumns` of an accepted CRD version.
    ///
    /// Without any, the age is shown. Columns from the first on whose path is not JSONPath are left out, as the API
    /// server does: acceptance only looks at how a path begins.
    pub fn compile(columns: &[Value]) -> Self {
        let text = |column: &Value, field: &str| {
            let text = column.get(field).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let age = json!({
            "name": "Age", "type": "date", "description": AGE_DESCRIPTION, "jsonPath": ".metadata.creationTimestamp",
        });
        let columns = if columns.is_empty() {
            std::slice::from_ref(&age)
        } else {
            columns
        };
        let column = |column: &Value| {
            let path = text(column, "jsonPath");
            let description = text(column, "description");
            Column {
                name: text(column, "name"),
                ty: ColumnType::of(&text(column, "type")),
                format: text(column, "format"),
                description: if description.is_empty() {
                    format!("Custom resource definition column (in JSONPath format): {path}")
                } else {
                    description
                },
                priority: column.get("priority").and_then(Value::as_i64).unwrap_or_default(),
                path: JsonPath::parse(&path).ok(),
            }
        };
        let columns = columns.iter().map(column);
        Self {
            columns: columns.take_while(|column| column.path.is_some()).collect(),
        }
    }

    /// The `columnDefinitions` of a `Table`: the name, then the columns.
    pub fn definitions(&self) -> Vec<Value> {
        let name = json!({
            "name": "Name", "type": "string", "format": "name", "description": NAME_DESCRIPTION, "priority": 0,
        });
        let column = |column: &Column| {
            json!({
                "name": column.name, "type": column.ty.as_str(), "format": column.format,
                "description": column.description, "priority": column.priority,
            })
        };
        std::iter::once(name)
            .chain(self.columns.iter().map(column))
            .collect()
    }

    /// The cells of one object in a `Table` at `now`. A value that is absent, or not of the type of its column, is
    /// `null`.
    pub fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let name = object
            .pointer("/metadata/name")
            .cloned()
            .unwrap_or_else(|| Value::from(""));
        let cells = self.columns.iter().map(|column| {
            let found = column.path.as_ref().and_then(|path| path.find(object).ok());
            // Where a path finds several values, the first is shown.
            let first = found.and_then(|found| found.into_iter().next());
            first.map_or(Value::Null, |value| cell(column.ty, &value, now))
        });
        std::iter::once(name).chain(cells).collect()
    }
}

fn cell(ty: ColumnType, value: &Value, now: Timestamp) -> Value {
    match (ty, value) {
        // The printer of Go has these words for nothing.
        (ColumnType::Text, Value::Null) => Value::from("<no value>"),
        (ColumnType::Text, value) => Value::from(printed(value)),
        (ColumnType::Integer, Value::Number(number)) => match as_stored(number) {
            Ok(whole) => Value::from(whole),
            Err(float) => Value::from(truncated(float)),
        },
        (ColumnType::Number, Value::Number(number)) => match as_stored(number) {
            Ok(whole) => Value::from(whole),
            Err(float) => Value::from(float),
        },
        (ColumnType::Boolean, Value::Bool(_)) => value.clone(),
        (ColumnType::Date, Value::String(text)) => Value::from(age::since(text, now)),
        _ => Value::Null,
    }
}

/// A number as Kubernetes reads it back from its store: whole where it has no fraction and 64 bits are enough.
fn as_stored(number: &Number) -> Result<i64, f64> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole);
    }
    let float = number.as_f64().unwrap_or_default();
    // 2^63
    if float.fract() == 0.0 && float.abs() < 9_223_372_036_854_775_808.0 {
        return Ok(truncated(float));
    }
    Err(float)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast that saturates is what is wanted"
)]
fn truncated(float: f64) -> i64 {
    float as i64
}

/// A value as text: text as it is, numbers and truth values as Go prints them, all else as JSON.
fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => go_json(value),
        Value::Number(number) => match as_stored(number) {
            Ok(whole) => whole.to_string(),
            Err(float) => go_value(&Value::from(float)),
        },
        scalar => go_value(scalar),
    }
}

/// A field of custom resources that field selectors may name.
#[derive(Debug, Clone)]
pub struct SelectableField {
    name: String,
    path: JsonPath,
}

impl SelectableField {
    /// Reads the `jsonPath` of one of the `selectableFields` of an accepted CRD version.
    ///
    /// # Errors
    ///
    /// As [`JsonPath::parse`].
    pub fn compile(json_path: &str) -> Result<Self, String> {
        Ok(Self {
            name: json_path.strip_prefix('.').unwrap_or(json_path).to_owned(),
            path: JsonPath::parse(json_path)?,
        })
    }

    /// What selectors call the field: `spec.color`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that selectors compare; empty where the field is absent.
    ///
    /// # Errors
    ///
    /// A path that leads to more than one value, or through what it cannot.
    pub fn value(&self, object: &Value) -> Result<String, String> {
        let found = self
            .path
            .find(object)
            .map_err(|error| format!("unexpected error finding value with jsonPath: {error}"))?;
        match found.as_slice() {
            [] => Ok(String::new()),
            [value] if value.is_null() => Ok(String::new()),
            [value] => Ok(printed(value)),
            _ => Err("unexpectedly received more than one JSON path result".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn cells_have_the_type_of_their_column() {
        let column = |ty: &str, path: &str| json!({"name": path, "type": ty, "jsonPath": path});
        let columns = [
            column("string", ".spec.text"),
            column("string", ".spec.list"),
            column("string", ".spec.float"),
            column("string", ".spec.none"),
            column("string", ".spec.absent"),
            column("integer", ".spec.count"),
            column("integer", ".spec.float"),
            column("integer", ".spec.text"),
            column("number", ".spec.count"),
            column("number", ".spec.float"),
            column("boolean", ".spec.flag"),
            column("boolean", ".spec.text"),
            column("date", ".metadata.creationTimestamp"),
            column("date", ".spec.text"),
            column("date", ".spec.none"),
        ];
        let object = json!({
            "metadata": {"name": "x", "creationTimestamp": "2026-06-01T11:00:00Z"},
            "spec": {"text": "a", "list": [1, {"b": "<"}], "float": 2.5, "none": null, "count": 3, "flag": true},
        });
        let cells = PrinterColumns::compile(&columns).cells(&object, now());
        let expected = json!([
            "x",
            "a",
            "[1,{\"b\":\"\\u003c\"}]",
            "2.5",
            "<no value>",
            null,
            3,
            2,
            null,
            3,
            2.5,
            true,
            null,
            "60m",
            "<invalid>",
            null
        ]);
        assert_eq!(Value::from(cells), expected);
    }

    #[test]
    fn without_columns_the_age_is_shown() {
        let columns = PrinterColumns::compile(&[]);
        let names: Vec<Value> = columns
            .definitions()
            .iter()
            .map(|column| column["name"].clone())
            .collect();
        assert_eq!(names, ["Name", "Age"]);
        let object = json!({"metadata": {"name": "x", "creationTimestamp": "2026-06-01T11:59:00Z"}});
        assert_eq!(columns.cells(&object, now()), [json!("x"), json!("60s")]);
    }

    #[test]
    fn definitions_say_where_a_column_comes_from() {
        let columns = PrinterColumns::compile(&[
            json!({"name": "A", "type": "string", "jsonPath": ".a", "priority": 1}),
            json!({"name": "B", "type": "string", "jsonPath": ".b[", "priority": 1}),
            json!({"name": "C", "type": "string", "jsonPath": ".c"}),
        ]);
        let definitions = columns.definitions();
        assert_eq!(
            definitions.len(),
            2,
            "a path that cannot be read ends the columns"
        );
        assert_eq!(
            definitions[1],
            json!({
                "name": "A", "type": "string", "format": "", "priority": 1,
                "description": "Custom resource definition column (in JSONPath format): .a",
            })
        );
    }

    #[test]
    fn selectors_see_text() {
        let object = json!({"spec": {"color": "red", "n": 3, "on": true, "none": null}});
        for (path, value) in [
            (".spec.color", "red"),
            (".spec.n", "3"),
            (".spec.on", "true"),
            (".spec.none", ""),
            (".spec.absent", ""),
        ] {
            let field = SelectableField::compile(path).unwrap();
            assert_eq!(field.value(&object).as_deref(), Ok(value), "{path}");
            assert_eq!(field.name(), &path[1..]);
        }
    }
}
