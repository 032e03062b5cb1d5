//! Field selectors: `metadata.name=a,spec.title!=b`.

use crate::error::ApiError;

/// A parsed field selector; matches where all its terms do. The empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Reads the query parameter. `supported` says which fields the kind can be selected by;
    /// `metadata.name` and `metadata.namespace` always are.
    ///
    /// # Errors
    /// 400 in upstream's words for what does not parse, and for a field that is not supported.
    pub fn parse(text: &str, supported: impl Fn(&str) -> bool) -> Result<Self, ApiError> {
        let mut parts = split_terms(text);
        parts.sort_unstable();
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let Some((field, equal, value)) = split_term(part) else {
                return Err(ApiError::bad_request(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                )));
            };
            let value = unescape(value).map_err(ApiError::bad_request)?;
            terms.push(Term {
                field: field.to_owned(),
                value,
                equal,
            });
        }
        // A term of nothing is everything to upstream, but only where it is not compared with something.
        terms.retain(|term| !(term.field.is_empty() && term.value.is_empty()));
        for term in &terms {
            if !matches!(term.field.as_str(), "metadata.name" | "metadata.namespace")
                && !supported(&term.field)
            {
                return Err(ApiError::bad_request(format!(
                    "field label not supported: {}",
                    term.field
                )));
            }
        }
        Ok(Self { terms })
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether an object matches; `value_of` gives the value of a field, an absent one is empty.
    pub fn matches<V: AsRef<str>>(&self, mut value_of: impl FnMut(&str) -> Option<V>) -> bool {
        self.terms.iter().all(|term| {
            let value = value_of(&term.field);
            let value = value.as_ref().map_or("", AsRef::as_ref);
            (value == term.value) == term.equal
        })
    }

    /// The one value that a field must have, where the selector says so: `metadata.name=a` makes a list a look-up.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.terms
            .iter()
            .find(|term| term.equal && term.field == field)
            .map(|term| term.value.as_str())
    }

    /// Whether any field but those of the metadata is looked at, for which the whole object must be read.
    pub fn needs_object(&self) -> bool {
        let metadata = |term: &Term| matches!(term.field.as_str(), "metadata.name" | "metadata.namespace");
        !self.terms.iter().all(metadata)
    }
}

/// Splits at commas that no backslash stands before.
fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut escaped = false;
    let mut rest = text;
    let mut at = 0;
    while let Some(byte) = rest.as_bytes().get(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                let (term, after) = rest.split_at(at);
                terms.push(term);
                rest = after.strip_prefix(',').unwrap_or(after);
                at = 0;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    terms.push(rest);
    terms
}

/// Splits at the first operator: field, whether it is to be equal, value.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let at = term
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| term[*at..].starts_with("!=") || term[*at..].starts_with('='))?;
    let (field, rest) = term.split_at(at);
    for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some(value) = rest.strip_prefix(operator) {
            return Some((field, equal, value));
        }
    }
    None
}

fn unescape(value: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => plain.push(escaped),
                Some(other) => {
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: \\{other}"
                    ));
                }
                None => return Err("invalid field selector: invalid escape sequence: \\".to_owned()),
            },
            // Upstream prints the character's number.
            ',' | '=' => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(character)
                ));
            }
            other => plain.push(other),
        }
    }
    Ok(plain)
}
