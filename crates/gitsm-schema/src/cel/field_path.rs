//! `fieldPath` of a rule: the field that its error is about.

use crate::path::Path;
use crate::structural::{AdditionalProperties, Structural};

/// Resolves a path such as `.spec.replicas` or `.labels['a.b/c']` against the schema of the node.
///
/// # Errors
///
/// A path that is not made of field accesses, or names a field that the schema does not have.
pub fn resolve(path: &str, schema: &Structural) -> Result<Path, String> {
    find(path, schema, true).map(|(path, _)| path)
}

/// As [`resolve`], of a path without brackets; answers also what the schema says of the field.
///
/// # Errors
///
/// As [`resolve`].
pub(crate) fn resolve_dotted<'s>(
    path: &str,
    schema: &'s Structural,
) -> Result<(Path, &'s Structural), String> {
    find(path, schema, false)
}

fn find<'s>(
    path: &str,
    schema: &'s Structural,
    allows_brackets: bool,
) -> Result<(Path, &'s Structural), String> {
    let mut resolved = Path::root();
    let mut schema = schema;
    let mut rest = path;
    while !rest.is_empty() {
        let (name, after) = match rest.split_at_checked(1) {
            Some((".", "")) => return Err("unexpected end of JSON path".to_owned()),
            Some((".", after)) => {
                // A delimiter right after the dot is taken for the name.
                let end = after.find(['.', '[', ']']).map_or(after.len(), |end| end.max(1));
                (after[..end].to_owned(), &after[end..])
            }
            Some(("[", _)) if !allows_brackets => return Err("array notation is not allowed".to_owned()),
            Some(("[", after)) => quoted(after)?,
            _ => {
                let end = rest.find(['.', '[', ']']).map_or(rest.len(), |end| end.max(1));
                return Err(format!("expected [ or . but got: {}", &rest[..end]));
            }
        };
        let values = match &schema.additional_properties {
            Some(AdditionalProperties::Schema(values)) => Some(&**values),
            _ => None,
        };
        (resolved, schema) = match (schema.properties.get(&name), values) {
            (Some(property), _) => (resolved.field(name), property),
            (None, Some(values)) if schema.properties.is_empty() => (resolved.key(name), values),
            _ => return Err("does not refer to a valid field".to_owned()),
        };
        rest = after;
    }
    Ok((resolved, schema))
}

/// The name in `'name']`, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let text = text.strip_prefix('\'').ok_or("expected single quoted string")?;
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '\'' => {
                let after = &text[position + 1..];
                let after = after
                    .strip_prefix(']')
                    .ok_or("expected ] after the quoted name")?;
                return Ok((name, after));
            }
            '\\' => name.push(match characters.next() {
                Some((_, 'a')) => '\u{7}',
                Some((_, 'b')) => '\u{8}',
                Some((_, 'f')) => '\u{c}',
                Some((_, 'n')) => '\n',
                Some((_, 'r')) => '\r',
                Some((_, 't')) => '\t',
                Some((_, 'v')) => '\u{b}',
                Some((_, escaped @ ('\'' | '\\'))) => escaped,
                _ => return Err("invalid escape in string literal".to_owned()),
            }),
            other => name.push(other),
        }
    }
    Err("unexpected end of JSON path".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resolves_fields_and_keys_of_the_schema() {
        let schema = Structural::from_json(&json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"a.b": {"type": "string"}}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}}
        }}))
        .unwrap();
        assert_eq!(resolve(".spec['a.b']", &schema).unwrap().to_string(), "spec.a.b");
        assert_eq!(
            resolve(".labels['x\\'y']", &schema).unwrap().to_string(),
            "labels[x'y]"
        );
        for path in ["spec", ".nothing", ".spec[0]", ".spec['a.b'", ".spec.", "."] {
            assert!(resolve(path, &schema).is_err(), "{path}");
        }
    }
}
