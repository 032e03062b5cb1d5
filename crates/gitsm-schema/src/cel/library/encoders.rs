//! Base 64.

use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, global};
use crate::cel::value::Value;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    global("base64.encode", &["bytes"], "string", encode),
    global("base64.decode", &["string"], "bytes", decode),
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::Bytes(bytes)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    meter.spend_bytes(bytes.len())?;
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for position in 0..4_usize {
            let index = (bits >> (18 - 6 * position)) & 63;
            let digit = ALPHABET.get(index as usize).filter(|_| position <= chunk.len());
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    Ok(Value::text(text))
}

fn decode<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::String(text)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    meter.spend_bytes(text.len())?;
    // Padding may be left out.
    let bytes = decode_base64(text).or_else(|| decode_unpadded(text));
    bytes
        .map(|bytes| Value::Bytes(bytes.into()))
        .ok_or_else(|| EvalError::new("illegal base64 data"))
}

/// Reads padded base 64; line breaks are skipped.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    decode_digits(&digits[..digits.len() - padding])
}

fn decode_unpadded(text: &str) -> Option<Vec<u8>> {
    decode_digits(text.as_bytes())
}

fn decode_digits(digits: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for chunk in digits.chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let mut bits = 0_u32;
        for digit in chunk {
            let value = ALPHABET.iter().position(|known| known == digit)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        let bits = bits << (6 * (4 - chunk.len()));
        bytes.extend(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_padded_base_64_only() {
        assert_eq!(decode_base64("aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(decode_base64("aGVs\nbG8="), Some(b"hello".to_vec()));
        assert_eq!(decode_base64(""), Some(Vec::new()));
        for text in ["aGVsbG8", "a", "aGV$", "===="] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }
}
