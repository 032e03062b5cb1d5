//! Tables: objects as rows of cells, as `kubectl get` prints them.
//!
//! Columns and cells of custom kinds come from their CRD, as `customresource/tableconvertor` of the real server makes
//! them; built-in kinds have the columns of its printers.

mod builtin;
#[cfg(test)]
mod tests;

use crate::error::ApiError;
use crate::kind::{Column, Kind, Origin};
use crate::negotiate::MetaVersion;
use crate::partial;
use gitsm_schema::columns::PrinterColumns;
use gitsm_schema::values::go_quote;
use jiff::Timestamp;
use serde_json::{Value, json};

const NAME_DESCRIPTION: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED_DESCRIPTION: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// What each row carries beside its cells: the query parameter `includeObject`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Include {
    /// The metadata of the object. The default.
    #[default]
    Metadata,
    /// The whole object.
    Object,
    /// Nothing.
    None,
}

impl Include {
    /// Reads the query parameter.
    ///
    /// # Errors
    /// 400 for an unknown word.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            "None" => Ok(Self::None),
            other => Err(ApiError::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {}: must be 'Metadata', \
                 'Object', 'None', or empty",
                go_quote(other)
            ))),
        }
    }
}

/// Makes tables of objects of one kind at one moment.
#[derive(Debug, Clone)]
pub struct TableBuilder {
    cells: Cells,
    now: Timestamp,
    version: MetaVersion,
    include: Include,
}

#[derive(Debug, Clone)]
enum Cells {
    Custom(PrinterColumns),
    BuiltIn(&'static builtin::Printer),
}

impl TableBuilder {
    /// For the objects of a kind. Ages are counted up to `now`. The paths of columns are read here: a watch keeps the
    /// builder and moves its clock ([`at`](Self::at)).
    pub fn new(kind: &Kind, now: Timestamp, version: MetaVersion, include: Include) -> Self {
        let cells = match kind.origin {
            Origin::Custom(_) => Cells::Custom(compile(&kind.schema.columns)),
            Origin::BuiltIn => Cells::BuiltIn(builtin::printer(&kind.resource.group, &kind.names.kind)),
        };
        Self {
            cells,
            now,
            version,
            include,
        }
    }

    /// For the scales of objects, whatever their kind.
    pub fn of_scales(now: Timestamp, version: MetaVersion, include: Include) -> Self {
        Self {
            cells: Cells::BuiltIn(builtin::printer("autoscaling", "Scale")),
            now,
            version,
            include,
        }
    }

    /// The same at another moment.
    pub fn at(&mut self, now: Timestamp) -> &Self {
        self.now = now;
        self
    }

    /// The table of a list; `list_metadata` is that of the list: resource version, continue token and number of
    /// remaining items.
    pub fn list<'v>(&self, items: impl IntoIterator<Item = &'v Value>, list_metadata: &Value) -> Value {
        let rows: Vec<Value> = items.into_iter().map(|item| self.row(item)).collect();
        self.table(list_metadata.clone(), self.columns(), rows)
    }

    /// The table of one object.
    pub fn single(&self, object: &Value) -> Value {
        self.table(own_metadata(object), self.columns(), vec![self.row(object)])
    }

    /// The table of the object of a watch event. Only the first event of a watch has headings.
    pub fn event(&self, object: &Value, headings: bool) -> Value {
        let columns = if headings { self.columns() } else { Value::Null };
        self.table(own_metadata(object), columns, vec![self.row(object)])
    }

    fn table(&self, metadata: Value, columns: Value, rows: Vec<Value>) -> Value {
        object([
            ("kind", "Table".into()),
            ("apiVersion", self.version.api_version().into()),
            ("metadata", metadata),
            ("columnDefinitions", columns),
            ("rows", rows.into()),
        ])
    }

    fn columns(&self) -> Value {
        match &self.cells {
            Cells::Custom(columns) => columns.definitions().into(),
            Cells::BuiltIn(printer) => printer.definitions(),
        }
    }

    fn row(&self, item: &Value) -> Value {
        let shown = match self.include {
            Include::Metadata => partial::object_metadata(item, self.version),
            Include::Object => item.clone(),
            Include::None => Value::Null,
        };
        let (cells, condition) = match &self.cells {
            Cells::Custom(columns) => (columns.cells(item, self.now), None),
            Cells::BuiltIn(printer) => ((printer.cells)(item, self.now), (printer.condition)(item)),
        };
        let mut row = object([("cells", cells.into()), ("object", shown)]);
        if let Some(condition) = condition {
            row["conditions"] = Value::Array(vec![condition]);
        }
        row
    }
}

/// The columns of a CRD, their paths read.
fn compile(columns: &[Column]) -> PrinterColumns {
    let columns = columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.ty,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
            "jsonPath": column.json_path,
        })
    });
    PrinterColumns::compile(&columns.collect::<Vec<Value>>())
}

/// An object of fields, without the copies that `json!` makes of values.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// The metadata of a table of one object: its resource version.
fn own_metadata(object: &Value) -> Value {
    match object["metadata"].get("resourceVersion") {
        Some(version) => json!({"resourceVersion": version}),
        None => json!({}),
    }
}

/// A column as it is announced.
fn definition(name: &str, ty: &str, format: &str, description: &str, priority: i32) -> Value {
    json!({
        "name": name,
        "type": ty,
        "format": format,
        "description": description,
        "priority": priority,
    })
}
