//! Property names as CEL identifiers.
//!
//! Kubernetes escapes property names so that every usual one can be selected: `a-b` is `a__dash__b`, `if` is
//! `__if__`. Names with other characters cannot be named in a rule.

/// The words of the CEL lexer that cannot be identifiers.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The identifier under which CEL sees a property; `None` when there is none.
pub fn escape(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let mut escaped = String::with_capacity(name.len());
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '_' if characters.next_if_eq(&'_').is_some() => escaped.push_str("__underscores__"),
            '.' => escaped.push_str("__dot__"),
            '-' => escaped.push_str("__dash__"),
            '/' => escaped.push_str("__slash__"),
            '_' => escaped.push('_'),
            c if c.is_ascii_alphanumeric() => escaped.push(c),
            _ => return None,
        }
    }
    Some(escaped)
}

/// Whether CEL reserves the word, so that it is no plain identifier.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_escaping_table_of_kubernetes() {
        for (name, escaped) in [
            ("plain_name1", "plain_name1"),
            ("a-b.c/d", "a__dash__b__dot__c__slash__d"),
            ("x__y", "x__underscores__y"),
            ("___", "__underscores___"),
            ("if", "__if__"),
            ("namespace", "__namespace__"),
            ("_x", "_x"),
        ] {
            assert_eq!(escape(name).as_deref(), Some(escaped), "{name}");
        }
        for name in ["", "1a", "a b", "a$", "ä"] {
            assert_eq!(escape(name), None, "{name}");
        }
    }
}
