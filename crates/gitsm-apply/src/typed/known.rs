//! Leaving out what a version does not have.

use super::{MAX_DEPTH, Shape, shape_of};
use crate::schema::{TypeId, TypeSchema};
use serde_json::Value;

/// The object without the fields that the types do not declare: so it is shown in a version of which it is not.
pub(crate) fn known(schema: &TypeSchema, object: &Value) -> Value {
    value(schema, Some(schema.root()), object, MAX_DEPTH)
}

fn value(schema: &TypeSchema, ty: Option<TypeId>, value: &Value, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else {
        return value.clone();
    };
    match (shape_of(schema, ty, value), value) {
        (Shape::Map(map), Value::Object(fields)) => {
            let fields = fields.iter().filter_map(|(name, content)| {
                let ty = map
                    .fields
                    .get(name.as_str())
                    .map(|field| field.ty)
                    .or(map.element)?;
                Some((name.clone(), self::value(schema, Some(ty), content, depth)))
            });
            Value::Object(fields.collect())
        }
        (Shape::List(list), Value::Array(items)) => {
            let items = items.iter();
            items
                .map(|item| self::value(schema, Some(list.element), item, depth))
                .collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::known;
    use crate::schema::TypeSchema;
    use gitsm_schema::structural::Structural;
    use serde_json::json;

    #[test]
    fn only_what_is_declared_is_left() {
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "a": {"type": "string"},
            "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
        }}}});
        let schema = TypeSchema::for_resource(&Structural::from_json(&schema).unwrap());
        let object = json!({"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "n", "labels": {"l": "m"}}, "more": 1, "spec": {
            "a": "b", "c": "d", "list": [{"x": 1, "y": 2}], "free": {"any": {"thing": 1}}, "map": {"k": "v"},
        }});
        let mut expected = object.clone();
        expected.as_object_mut().unwrap().remove("more");
        expected["spec"].as_object_mut().unwrap().remove("c");
        expected["spec"]["list"] = json!([{"x": 1}]);
        assert_eq!(known(&schema, &object), expected);
    }
}
