//! Git objects and places.

use crate::text::{check_characters, string_type};
use std::borrow::Cow;

string_type! {
    /// A full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits. Abbreviations are refused,
    /// because what an abbreviation means changes as a repository grows.
    pub struct GitRevision {
        what: "a full git revision",
        pattern: "^([0-9a-f]{40}|[0-9a-f]{64})$",
        length: 40..=64,
        example: "9f1c2ab0d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8",
        check: check_revision,
    }
}

string_type! {
    /// A SHA-256 digest, as `sha256:` and 64 lower-case hexadecimal digits.
    pub struct Digest {
        what: "a digest",
        pattern: "^sha256:[0-9a-f]{64}$",
        length: 71..=71,
        example: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        check: check_digest,
    }
}

impl Digest {
    /// The digest of 32 bytes that SHA-256 gave.
    pub(crate) fn from_sha256(bytes: &[u8; 32]) -> Self {
        use std::fmt::Write as _;
        let mut text = String::from("sha256:");
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

string_type! {
    /// A branch name, without `refs/heads/`: the characters of git's rules that need no quoting.
    pub struct BranchName {
        what: "a branch name",
        pattern: "^[A-Za-z0-9_]([A-Za-z0-9_+-]|[./][A-Za-z0-9_+-])*$",
        length: 1..=200,
        example: "main",
        check: check_branch,
    }
}

string_type! {
    /// A path inside a repository: relative, `/` between parts, no part `.` or `..`.
    pub struct RepositoryPath {
        what: "a path inside a repository",
        pattern: "^([A-Za-z0-9_@+,= -][A-Za-z0-9._@+,= -]*|[.][A-Za-z0-9_@+,= -][A-Za-z0-9._@+,= -]*)(/([A-Za-z0-9_@+,= -][A-Za-z0-9._@+,= -]*|[.][A-Za-z0-9_@+,= -][A-Za-z0-9._@+,= -]*))*$",
        length: 1..=512,
        example: "estate/services",
        check: check_path,
    }
}

string_type! {
    /// Where a repository is fetched from: `https`, `ssh` or `git` URL, or `file` for tests and air-gapped
    /// use. A URL that carries a password is refused; credentials live in a Secret.
    pub struct GitUrl {
        what: "a git URL",
        pattern: "^((https?|git|file)://[^\\s@]+|ssh://([A-Za-z0-9._-]+@)?[^\\s@]+)$",
        length: 8..=512,
        example: "https://github.com/acme/estate.git",
        check: check_git_url,
    }
}

string_type! {
    /// An `http` or `https` URL without user or password.
    pub struct HttpUrl {
        what: "a web address",
        pattern: "^https?://[^\\s@]+$",
        length: 8..=512,
        example: "https://github.example.com/api/v3",
        check: check_http_url,
    }
}

fn is_lower_hex(character: char) -> bool {
    matches!(character, '0'..='9' | 'a'..='f')
}

fn check_revision(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(text, is_lower_hex, "the digits 0-9 and a-f")?;
    match text.len() {
        40 | 64 => Ok(()),
        length => Err(format!("it has {length} digits, not 40 or 64").into()),
    }
}

fn check_digest(text: &str) -> Result<(), Cow<'static, str>> {
    let Some(hex) = text.strip_prefix("sha256:") else {
        return Err("it does not start with `sha256:`".into());
    };
    check_characters(hex, is_lower_hex, "the digits 0-9 and a-f after `sha256:`")
}

fn check_branch(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(
        text,
        |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '.' | '/'),
        "letters, digits and `_+-./`",
    )?;
    if text.starts_with(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
        return Err("it must start with a letter, digit or `_`".into());
    }
    if text.ends_with(['.', '/']) {
        return Err("it must not end with `.` or `/`".into());
    }
    let separators = |pair: &[u8]| pair.iter().all(|byte| matches!(byte, b'.' | b'/'));
    if text.as_bytes().windows(2).any(separators) {
        return Err("`.` and `/` must not stand side by side".into());
    }
    Ok(())
}

fn check_path(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(
        text,
        |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '+' | ',' | '=' | ' ' | '-' | '.' | '/'),
        "letters, digits, space and `_@+,=-./`",
    )?;
    for part in text.split('/') {
        if part.is_empty() {
            return Err("it has an empty part: no `/` at either end, no `//`".into());
        }
        if part == "." || part.starts_with("..") {
            return Err("a part is `.` or starts with `..`".into());
        }
    }
    Ok(())
}

fn check_no_blank(text: &str) -> Result<(), Cow<'static, str>> {
    // The pattern's `\s` is read as ASCII by some engines and as Unicode by others: both are refused here.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("it contains a blank or a control character".into());
    }
    Ok(())
}

fn check_git_url(text: &str) -> Result<(), Cow<'static, str>> {
    check_no_blank(text)?;
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("it has no scheme; write `ssh://git@host/path` instead of `git@host:path`".into());
    };
    let place = match scheme {
        "https" | "http" | "git" | "file" => rest,
        "ssh" => match rest.split_once('@') {
            None => rest,
            Some((user, place)) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
                if user.is_empty() || !user.chars().all(plain) {
                    return Err("the user before `@` must be a plain name without a password".into());
                }
                place
            }
        },
        _ => return Err("its scheme is not one of https, http, ssh, git, file".into()),
    };
    check_place(place)
}

fn check_http_url(text: &str) -> Result<(), Cow<'static, str>> {
    check_no_blank(text)?;
    match text.split_once("://") {
        Some(("https" | "http", place)) => check_place(place),
        _ => Err("it does not start with `https://` or `http://`".into()),
    }
}

/// Host and path after the scheme.
fn check_place(place: &str) -> Result<(), Cow<'static, str>> {
    if place.is_empty() {
        return Err("nothing follows the scheme".into());
    }
    if place.contains('@') {
        return Err("it contains `@`: credentials belong in a Secret, not in a URL".into());
    }
    Ok(())
}
