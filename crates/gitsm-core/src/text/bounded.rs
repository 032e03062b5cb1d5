//! Free text with an upper bound.

use super::{TextForm, ValueError, check_length, text_wire};
use std::{fmt, ops::Deref, str::FromStr};

/// Free text of one to `MAX` characters.
///
/// Objects are stored in etcd and shown in tables: no field may grow without limit. People's text is refused
/// when it is too long ([`FromStr`]); text that gitsm writes itself is cut ([`Text::clip`]), because a status
/// that the API server refuses would hide the very fact it reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> TextForm for Text<MAX> {
    const WHAT: &'static str = "a bounded text";
    const PATTERN: &'static str = "";
    const MIN_LENGTH: usize = 1;
    const MAX_LENGTH: usize = MAX;
    const EXAMPLE: &'static str = "a few words";
}

impl<const MAX: usize> Text<MAX> {
    /// The text, cut to `MAX` characters with `…` as the last one if it is longer; `-` if it is empty.
    pub fn clip(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        if text.is_empty() {
            return Self("-".to_owned());
        }
        if text.chars().nth(MAX).is_none() {
            return Self(text.to_owned());
        }
        let mut kept: String = text.chars().take(MAX.saturating_sub(1)).collect();
        kept.push('…');
        Self(kept)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length::<Self>(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> AsRef<str> for Text<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

text_wire!(Text<MAX>, const MAX: usize);
