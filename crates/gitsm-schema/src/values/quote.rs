//! Quoting as Go's `%q` does it, for messages that repeat the input.

use std::fmt::Write as _;

/// `text` in double quotes with Go's escapes (`strconv.Quote`).
pub fn go_quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            ' '..='~' => quoted.push(c),
            _ => push_non_ascii(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

/// Pushes a character that is not printable ASCII: as itself where it is visible, else as an escape.
fn push_non_ascii(quoted: &mut String, c: char) {
    let code = u32::from(c);
    let visible = !c.is_control()
        && !c.is_whitespace()
        && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}');
    // Writing to a `String` cannot fail.
    let _ = match code {
        _ if visible => quoted.write_char(c),
        ..0x80 => write!(quoted, "\\x{code:02x}"),
        0x80..0x1_0000 => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_go_escapes() {
        assert_eq!(go_quote("plain"), r#""plain""#);
        assert_eq!(go_quote("a\"b\\c\nd\u{1}é\u{a0}"), r#""a\"b\\c\nd\x01é\u00a0""#);
    }
}
