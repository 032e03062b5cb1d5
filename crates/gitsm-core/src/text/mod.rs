//! Text with a form: one description of what is allowed, used by parser and schema alike.

mod bounded;
mod macros;

use std::{borrow::Cow, fmt, str::FromStr};

pub use bounded::Text;
pub(crate) use macros::{string_type, text_wire};

/// A type whose values are written as text of a fixed form.
///
/// [`PATTERN`](Self::PATTERN), [`MIN_LENGTH`](Self::MIN_LENGTH) and [`MAX_LENGTH`](Self::MAX_LENGTH) are what
/// the JSON Schema says; [`FromStr`] accepts nothing outside them and refuses in addition what a pattern
/// cannot say (30 February, a zone that does not exist).
pub trait TextForm: FromStr<Err = ValueError> + fmt::Display {
    /// What a value is, with its article: `a resource name`.
    const WHAT: &'static str;
    /// A regular expression in the subset shared by RE2, ECMA 262 and the `regex` crate, anchored.
    const PATTERN: &'static str;
    /// Shortest text, in characters.
    const MIN_LENGTH: usize;
    /// Longest text, in characters.
    const MAX_LENGTH: usize;
    /// A right value, shown in messages.
    const EXAMPLE: &'static str;
    /// The `format` keyword, where Kubernetes knows one for this type.
    const FORMAT: Option<&'static str> = None;
    /// The kind whose objects a value names, for types that are references.
    const REFERENCE: Option<&'static str> = None;
}

/// Why a text is not a value of its type.
///
/// The message says what was expected, what is wrong, and gives a right value. It never repeats the text
/// itself, which may come from a manifest and end in a public comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    what: &'static str,
    problem: Cow<'static, str>,
    example: &'static str,
}

impl ValueError {
    /// An error about a value of type `T`; `problem` completes the sentence "not a ...: ".
    pub fn of<T: TextForm>(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(T::WHAT, problem, T::EXAMPLE)
    }

    /// An error about a value that is not text.
    pub fn new(what: &'static str, problem: impl Into<Cow<'static, str>>, example: &'static str) -> Self {
        Self {
            what,
            problem: problem.into(),
            example,
        }
    }

    /// What is wrong, without what was expected.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// A right value.
    pub fn example(&self) -> &'static str {
        self.example
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not {}: {}; a right value is `{}`",
            self.what, self.problem, self.example
        )
    }
}

impl std::error::Error for ValueError {}

/// Refuses text shorter or longer than `T` allows, before anything looks at its characters.
pub(crate) fn check_length<T: TextForm>(text: &str) -> Result<(), ValueError> {
    // A character has at most four bytes: a huge text is refused without counting its characters.
    let too_long = text.len() > T::MAX_LENGTH.saturating_mul(4);
    let length = if too_long {
        usize::MAX
    } else {
        text.chars().count()
    };
    if length > T::MAX_LENGTH {
        return Err(ValueError::of::<T>(format!(
            "it is longer than {} characters",
            T::MAX_LENGTH
        )));
    }
    if length == 0 && T::MIN_LENGTH > 0 {
        return Err(ValueError::of::<T>("it is empty"));
    }
    if length < T::MIN_LENGTH {
        return Err(ValueError::of::<T>(format!(
            "it has {length} characters, fewer than {}",
            T::MIN_LENGTH
        )));
    }
    Ok(())
}

/// The first character that `allowed` refuses, as a problem naming its place and what would be allowed.
pub(crate) fn check_characters(
    text: &str,
    allowed: impl Fn(char) -> bool,
    allowed_text: &'static str,
) -> Result<(), Cow<'static, str>> {
    match text
        .chars()
        .enumerate()
        .find(|(_, character)| !allowed(*character))
    {
        None => Ok(()),
        Some((index, character)) => Err(format!(
            "character {} is {}, only {allowed_text} are allowed",
            index + 1,
            shown(character)
        )
        .into()),
    }
}

/// A character as it is shown in a message: printable ASCII as it is, everything else by its code point.
fn shown(character: char) -> String {
    if character.is_ascii_graphic() {
        format!("`{character}`")
    } else {
        format!("U+{:04X}", u32::from(character))
    }
}

/// The JSON Schema of a text type, from its constants.
#[cfg(feature = "schemars")]
pub(crate) fn text_schema<T: TextForm>(type_name: &'static str) -> schemars::Schema {
    let mut schema = schemars::json_schema!({
        "type": "string",
        "minLength": T::MIN_LENGTH,
        "maxLength": T::MAX_LENGTH,
    });
    schema.insert(TYPE_MARKER.into(), type_name.into());
    if !T::PATTERN.is_empty() {
        schema.insert("pattern".into(), T::PATTERN.into());
    }
    if let Some(format) = T::FORMAT {
        schema.insert("format".into(), format.into());
    }
    if let Some(kind) = T::REFERENCE {
        schema.insert(REFERENCE_MARKER.into(), kind.into());
    }
    schema
}

/// The schema keyword that names the kind a text refers to. It is for the registry of references and its
/// tests, and is removed from everything that is published.
pub const REFERENCE_MARKER: &str = "x-gitsm-reference";

/// The schema keyword that names the Rust type of a text, so that a value can be given to its parser. Removed
/// like [`REFERENCE_MARKER`].
pub const TYPE_MARKER: &str = "x-gitsm-type";
