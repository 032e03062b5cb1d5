//! What a run reads. The caller brings the bytes: a folder, standard input, or a tree in a git repository.

use crate::source::TreeEntry;
use memchr::memmem;
use std::borrow::Cow;
use std::sync::Arc;

/// One file that could hold manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Its path with `/` between parts, as findings print it; `<stdin>` for standard input.
    pub name: Arc<str>,
    /// Its size in bytes.
    pub size: u64,
}

/// A set of files, in the order in which they were found.
///
/// Files are read from several threads, each file at most a few times; an implementation keeps nothing open
/// between two calls.
pub trait Input: Sync {
    /// The files, sorted by name.
    fn files(&self) -> &[InputFile];

    /// The content of `files()[index]`, at most `limit` bytes of it.
    ///
    /// # Errors
    ///
    /// Whatever the file system or the repository says; the run ends and names the file.
    fn read(&self, index: usize, limit: u64) -> std::io::Result<Vec<u8>>;

    /// Everything in the folders that are judged, manifests or not, for the rules about trees; nothing where
    /// single files are judged.
    fn trees(&self) -> Vec<Tree<'_>> {
        Vec::new()
    }
}

/// Everything in one folder.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    /// The folder as findings print it; empty for the current one.
    pub folder: &'a str,
    /// What is in it, by paths relative to it.
    pub entries: Vec<TreeEntry<'a>>,
}

/// A file could not be read, so that nothing can be said about the whole.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {file}: {source}")]
pub struct ReadError {
    /// The file.
    pub file: Arc<str>,
    /// What the file system or the repository said.
    #[source]
    pub source: std::io::Error,
}

/// Reads one file of an input.
///
/// # Errors
///
/// [`ReadError`] naming the file.
pub fn read(input: &dyn Input, index: usize, limit: u64) -> Result<Vec<u8>, ReadError> {
    input.read(index, limit).map_err(|source| ReadError {
        file: Arc::clone(&input.files()[index].name),
        source,
    })
}

/// The endings of files that are read as manifests.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Whether a file found in a folder is read as a manifest, by the ending of its name.
pub fn is_manifest(name: &str) -> bool {
    let ending = name.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    ending.is_some_and(|(stem, ending)| {
        !stem.is_empty() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// Whether a file could hold resources of gitsm at all, from its bytes and without parsing it.
///
/// It could if the group's name occurs anywhere, or if an unindented `kind:` names one of `kinds`: that is a
/// manifest whose `apiVersion` is missing or misspelt. Estates share repositories with thousands of other
/// files; those are only counted.
pub fn mentions_gitsm<S: AsRef<str>>(bytes: &[u8], kinds: &[S]) -> bool {
    let bytes = &*spelt_out(bytes);
    memmem::find(bytes, b"gitsm").is_some() || names_kind(bytes, kinds)
}

/// Whether a file that could not be read into documents holds a resource of gitsm, as far as its text tells: it
/// names the group as an `apiVersion` does, or one of `kinds` as [`mentions_gitsm`] looks for them.
pub fn names_resource<S: AsRef<str>>(bytes: &[u8], kinds: &[S]) -> bool {
    let bytes = &*spelt_out(bytes);
    let group = format!("{}/", gitsm_api::GROUP);
    memmem::find(bytes, group.as_bytes()).is_some() || names_kind(bytes, kinds)
}

fn names_kind<S: AsRef<str>>(bytes: &[u8], kinds: &[S]) -> bool {
    kind_lines(bytes).any(|kind| kinds.iter().any(|known| known.as_ref() == kind))
}

/// The text with its ASCII characters as they are read: without the zero bytes of UTF-16 and UTF-32, and with
/// escapes such as `\u0067` and escaped line breaks resolved. What is searched for must be found however it is
/// written, or a resource could hide among the files of other tools.
pub(crate) fn spelt_out(bytes: &[u8]) -> Cow<'_, [u8]> {
    let without_zeros: Cow<'_, [u8]> = if memchr::memchr(0, bytes).is_some() {
        bytes.iter().copied().filter(|byte| *byte != 0).collect()
    } else {
        Cow::Borrowed(bytes)
    };
    let escapes = memchr::memchr_iter(b'\\', &without_zeros);
    if !escapes
        .map(|at| &without_zeros[at + 1..])
        .any(|rest| resolve_escape(rest).is_some())
    {
        return without_zeros;
    }
    let mut rest = &*without_zeros;
    let mut text = Vec::with_capacity(rest.len());
    while let Some(at) = memchr::memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        match resolve_escape(rest) {
            Some((character, length)) => {
                text.extend(character);
                rest = &rest[length..];
            }
            None => text.push(b'\\'),
        }
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

/// What stands behind a backslash, if it is an ASCII character by its number or a line break: the character (none
/// for a line break) and how many bytes it takes.
fn resolve_escape(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    let digits = match rest.first()? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        b'\n' | b'\r' => {
            let blank = |byte: &&u8| byte.is_ascii_whitespace();
            return Some((None, rest.iter().take_while(blank).count()));
        }
        _ => return None,
    };
    let number = std::str::from_utf8(rest.get(1..=digits)?).ok()?;
    let character = u8::from_str_radix(number, 16).ok().filter(u8::is_ascii)?;
    Some((Some(character), 1 + digits))
}

/// The values of all unindented `kind:` lines, and of the first `"kind":` of JSON.
fn kind_lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    memmem::find_iter(bytes, b"kind").filter_map(|at| {
        let before = &bytes[..at];
        let starts_line = matches!(before.last(), None | Some(b'\n' | b'"'));
        let rest = bytes[at + 4..].strip_prefix(b"\"").unwrap_or(&bytes[at + 4..]);
        let value = rest.strip_prefix(b":")?;
        if !starts_line {
            return None;
        }
        let value = value.trim_ascii_start();
        let value = value
            .strip_prefix(b"\"")
            .or_else(|| value.strip_prefix(b"'"))
            .unwrap_or(value);
        let end = value
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric())
            .unwrap_or(value.len());
        std::str::from_utf8(&value[..end]).ok()
    })
}

/// Files held in memory, for tests, standard input and editors.
#[derive(Debug, Clone, Default)]
pub struct MemoryInput {
    files: Vec<InputFile>,
    contents: Vec<Vec<u8>>,
}

impl MemoryInput {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one file more.
    #[must_use]
    pub fn with(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        let position = self.files.partition_point(|file| &*file.name < name);
        self.files.insert(
            position,
            InputFile {
                name: Arc::from(name),
                size: content.len() as u64,
            },
        );
        self.contents.insert(position, content);
        self
    }
}

impl Input for MemoryInput {
    fn files(&self) -> &[InputFile] {
        &self.files
    }

    fn read(&self, index: usize, limit: u64) -> std::io::Result<Vec<u8>> {
        let content = &self.contents[index];
        let end = usize::try_from(limit).map_or(content.len(), |limit| limit.min(content.len()));
        Ok(content[..end].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_names_the_group_or_one_of_our_kinds_is_a_candidate() {
        let kinds = ["Change", "Team"];
        assert!(mentions_gitsm(
            b"apiVersion: gitsm.dev/v1alpha1\nkind: X\n",
            &kinds
        ));
        assert!(mentions_gitsm(b"metadata: {}\nkind: Change\n", &kinds));
        assert!(mentions_gitsm(
            b"{\"metadata\": {}, \"kind\": \"Change\"}",
            &kinds
        ));
        assert!(!mentions_gitsm(b"apiVersion: v1\nkind: Service\n", &kinds));
        assert!(!mentions_gitsm(b"spec:\n  kind: Change\n", &kinds));
        assert!(!mentions_gitsm(b"mankind: Change\n", &kinds));
        assert!(names_resource(
            b"apiVersion: gitsm.dev/v1alpha1\n\tkind: X\n",
            &kinds
        ));
        assert!(!names_resource(b"name: changes.gitsm.dev\n\tkind: X\n", &kinds));
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let wide: Vec<u8> = "\u{feff}apiVersion: gitsm.dev/v1alpha1\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let spellings: [&[u8]; 6] = [
            &wide,
            br#""apiVersion": "\u0067itsm.dev/v1alpha1""#,
            br#""apiVersion": "g\x69tsm.dev\u002fv1alpha1""#,
            br#""apiVersion": "\U00000067itsm.dev/v1alpha1""#,
            b"apiVersion: \"gits\\\n  m.dev/v1alpha1\"",
            br#"{"\u006bind": "T\u0065am"}"#,
        ];
        for spelling in spellings {
            let shown = String::from_utf8_lossy(spelling);
            assert!(mentions_gitsm(spelling, &["Team"]), "{shown}");
            assert!(names_resource(spelling, &["Team"]), "{shown}");
        }
        assert_eq!(&*spelt_out(br"a\nb\x4 \u00e4 \"), br"a\nb\x4 \u00e4 \");
    }
}
