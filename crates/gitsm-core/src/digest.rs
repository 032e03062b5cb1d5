//! Digests of what a decision was taken from.

use crate::ident::Digest;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// JSON in one form only: keys in order of their code points, no white space, so that equal values have equal
/// bytes. It is what RFC 8785 asks for values without fractions; those of gitsm have none.
///
/// # Errors
///
/// When the value cannot be written as JSON (a map whose keys are not text).
pub fn canonical_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut text = String::new();
    write(&serde_json::to_value(value)?, &mut text)?;
    Ok(text)
}

/// The SHA-256 of [`canonical_json`].
///
/// # Errors
///
/// Those of [`canonical_json`].
pub fn digest_of<T: Serialize>(value: &T) -> serde_json::Result<Digest> {
    Ok(sha256(canonical_json(value)?.as_bytes()))
}

/// The SHA-256 of some bytes, written as gitsm writes digests.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::from_sha256(&Sha256::digest(bytes).into())
}

// Not the writer of serde_json: the order of its maps depends on a feature that any crate of a build can switch on.
fn write(value: &Value, text: &mut String) -> serde_json::Result<()> {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text)?;
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key)?);
                text.push(':');
                write(value, text)?;
            }
            text.push('}');
        }
        scalar => text.push_str(&serde_json::to_string(scalar)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_have_equal_bytes_however_they_were_written() {
        let one: Value = serde_json::from_str(r#"{ "b": [1, {"z": null, "a": "ä\n"}], "a": true }"#).unwrap();
        let other: Value =
            serde_json::from_str(r#"{"a":true,"b":[1,{"a":"\u00e4\u000a","z":null}]}"#).unwrap();
        assert_eq!(
            canonical_json(&one).unwrap(),
            r#"{"a":true,"b":[1,{"a":"ä\n","z":null}]}"#
        );
        assert_eq!(digest_of(&one).unwrap(), digest_of(&other).unwrap());
        assert_ne!(digest_of(&one).unwrap(), digest_of(&json!({})).unwrap());
    }

    #[test]
    fn the_digest_is_that_of_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256(b"abc").as_str(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
