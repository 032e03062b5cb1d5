//! The paths of the `scale` subresource: where replicas and the label selector stand in an object.

use crate::error::{ErrorKind, FieldError};
use crate::path::Path;
use crate::values::{go_json, go_value};
use serde_json::{Map, Value};

/// `subresources.scale` of an accepted CRD version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    spec_replicas: DottedPath,
    status_replicas: DottedPath,
    label_selector: Option<DottedPath>,
}

/// A path such as `.spec.replicas`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DottedPath {
    text: String,
    fields: Vec<String>,
}

impl DottedPath {
    fn new(text: &str) -> Self {
        let fields = text.strip_prefix('.').unwrap_or(text).split('.');
        Self {
            text: text.to_owned(),
            fields: fields.map(str::to_owned).collect(),
        }
    }

    /// The value at the path, if it is there.
    fn find<'v>(&self, object: &'v Value) -> Result<Option<&'v Value>, String> {
        let mut value = object;
        for (depth, field) in self.fields.iter().enumerate() {
            let fields = match value {
                Value::Null => return Ok(None),
                Value::Object(fields) => fields,
                other => return Err(self.mismatch(depth + 1, other, "map[string]interface{}")),
            };
            match fields.get(field) {
                Some(inside) => value = inside,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    fn integer(&self, object: &Value) -> Result<Option<i64>, String> {
        match self.find(object)? {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(integer) => Ok(Some(integer)),
                None => Err(self.mismatch(self.fields.len(), value, "int64")),
            },
        }
    }

    fn text(&self, object: &Value) -> Result<Option<String>, String> {
        match self.find(object)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.mismatch(self.fields.len(), other, "string")),
        }
    }

    /// That the value after `depth` fields is not of the expected Go type.
    fn mismatch(&self, depth: usize, value: &Value, expected: &str) -> String {
        let place = self.fields.get(..depth).unwrap_or_default().join(".");
        let (shown, ty) = match value {
            Value::Null => ("<nil>".to_owned(), "<nil>"),
            Value::Bool(flag) => (flag.to_string(), "bool"),
            Value::Number(number) if number.is_i64() => (number.to_string(), "int64"),
            Value::Number(_) => (go_value(value), "float64"),
            Value::String(text) => (text.clone(), "string"),
            Value::Array(_) => (go_json(value), "[]interface {}"),
            Value::Object(_) => (go_json(value), "map[string]interface {}"),
        };
        format!(".{place} accessor error: {shown} is of the type {ty}, expected {expected}")
    }

    fn path(&self) -> Path {
        Path::root().field(self.text.as_str())
    }
}

impl ScalePaths {
    /// Reads the `scale` of the `subresources` of an accepted CRD version.
    pub fn new(scale: &Value) -> Self {
        let text = |field: &str| scale.get(field).and_then(Value::as_str);
        Self {
            spec_replicas: DottedPath::new(text("specReplicasPath").unwrap_or_default()),
            status_replicas: DottedPath::new(text("statusReplicasPath").unwrap_or_default()),
            label_selector: text("labelSelectorPath")
                .filter(|path| !path.is_empty())
                .map(DottedPath::new),
        }
    }

    /// How many replicas are wanted; `None` where the object does not say.
    ///
    /// # Errors
    ///
    /// A value that is not an integer, in the words of the API server.
    pub fn replicas(&self, object: &Value) -> Result<Option<i64>, String> {
        self.spec_replicas.integer(object)
    }

    /// How many replicas there are; `None` where the object does not say.
    ///
    /// # Errors
    ///
    /// As [`Self::replicas`].
    pub fn status_replicas(&self, object: &Value) -> Result<Option<i64>, String> {
        self.status_replicas.integer(object)
    }

    /// The label selector of the replicas; `None` where there is none.
    ///
    /// # Errors
    ///
    /// A value that is not text, in the words of the API server.
    pub fn selector(&self, object: &Value) -> Result<Option<String>, String> {
        match &self.label_selector {
            Some(path) => path.text(object),
            None => Ok(None),
        }
    }

    /// Says in the object how many replicas are wanted; objects on the way are made.
    ///
    /// # Errors
    ///
    /// A value on the way that is not an object; nothing has changed then.
    pub fn set_replicas(&self, object: &mut Value, replicas: i64) -> Result<(), String> {
        self.spec_replicas.find(object)?;
        let Some((last, parents)) = self.spec_replicas.fields.split_last() else {
            return Ok(());
        };
        let mut value = object;
        for field in parents.iter().map(Some).chain([None]) {
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            let Value::Object(fields) = value else {
                return Err(format!(
                    "{} does not lead through objects",
                    self.spec_replicas.text
                ));
            };
            match field {
                Some(field) => value = fields.entry(field.as_str()).or_insert(Value::Null),
                None => {
                    fields.insert(last.clone(), Value::from(replicas));
                    break;
                }
            }
        }
        Ok(())
    }

    /// What is wrong with the wanted replicas of an object.
    pub fn validate_spec(&self, object: &Value) -> Vec<FieldError> {
        check_replicas(&self.spec_replicas, object)
    }

    /// What is wrong with the replicas there are and with the selector of an object.
    pub fn validate_status(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = check_replicas(&self.status_replicas, object);
        if let Some(path) = &self.label_selector
            && let Err(detail) = path.text(object)
        {
            let error = FieldError::new(ErrorKind::Invalid, path.path(), detail);
            errors.push(error.with_value(Value::from("")));
        }
        errors
    }
}

fn check_replicas(path: &DottedPath, object: &Value) -> Vec<FieldError> {
    let (value, detail) = match path.integer(object) {
        Err(detail) => (0, detail),
        Ok(Some(count)) if count < 0 => (count, "should be a non-negative integer".to_owned()),
        Ok(Some(count)) if count > i64::from(i32::MAX) => {
            (count, format!("should be less than or equal to {}", i32::MAX))
        }
        Ok(_) => return Vec::new(),
    };
    let error = FieldError::new(ErrorKind::Invalid, path.path(), detail);
    vec![error.with_value(Value::from(value))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths() -> ScalePaths {
        ScalePaths::new(&json!({
            "specReplicasPath": ".spec.a.replicas", "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }))
    }

    #[test]
    fn replicas_are_read_and_written() {
        let mut object = json!({"spec": {"b": 1}, "status": {"replicas": 2, "selector": "a=b"}});
        assert_eq!(paths().replicas(&object), Ok(None));
        assert_eq!(paths().status_replicas(&object), Ok(Some(2)));
        assert_eq!(paths().selector(&object).unwrap().as_deref(), Some("a=b"));
        paths().set_replicas(&mut object, 5).unwrap();
        assert_eq!(object["spec"], json!({"a": {"replicas": 5}, "b": 1}));
        assert_eq!(paths().replicas(&object), Ok(Some(5)));
        object["spec"]["a"] = json!("x");
        assert!(paths().set_replicas(&mut object, 5).is_err());
        assert_eq!(object["spec"]["a"], json!("x"));
    }

    #[test]
    fn replicas_are_counts() {
        let texts = |object: &Value| -> Vec<String> {
            let errors = paths().validate_spec(object).into_iter();
            let errors = errors.chain(paths().validate_status(object));
            errors.map(|error| error.to_string()).collect()
        };
        assert_eq!(texts(&json!({})), Vec::<String>::new());
        let object = json!({"spec": {"a": {"replicas": -1}}, "status": {"replicas": 4_294_967_296_i64, "selector": 1}});
        assert_eq!(
            texts(&object),
            [
                ".spec.a.replicas: Invalid value: -1: should be a non-negative integer",
                ".status.replicas: Invalid value: 4294967296: should be less than or equal to 2147483647",
                ".status.selector: Invalid value: \"\": .status.selector accessor error: 1 is of the type int64, \
                 expected string",
            ]
        );
        assert_eq!(
            texts(&json!({"spec": {"a": 1.5}})),
            [
                ".spec.a.replicas: Invalid value: 0: .spec.a.replicas accessor error: 1.5 is of the type float64, expected \
              map[string]interface{}"
            ]
        );
    }
}
