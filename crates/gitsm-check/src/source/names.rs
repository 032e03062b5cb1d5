//! Names in paths: which are dangerous, and which are one name to another file system.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use unicode_normalization::UnicodeNormalization;

/// Why a path is dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsafe {
    Absolute,
    ReservedName,
    Backslash,
    ControlCharacter,
}

/// What makes a path dangerous to write or to show, if anything.
pub(super) fn unsafe_path(path: &[u8]) -> Option<Unsafe> {
    let drive = matches!(path, [letter, b':', ..] if letter.is_ascii_alphabetic());
    if drive || path.starts_with(b"/") {
        return Some(Unsafe::Absolute);
    }
    if path.contains(&b'\\') {
        return Some(Unsafe::Backslash);
    }
    let text = String::from_utf8_lossy(path);
    // Before invisible characters, because some file systems drop those: `.g<invisible>it` is git's folder.
    if text.split('/').any(is_reserved) {
        return Some(Unsafe::ReservedName);
    }
    text.contains(is_invisible).then_some(Unsafe::ControlCharacter)
}

/// Names that are no names, and git's own folder as macOS and Windows may spell it.
fn is_reserved(name: &str) -> bool {
    if matches!(name, "" | "." | "..") {
        return true;
    }
    let seen: String = name.chars().filter(|&c| !is_invisible(c)).collect();
    let seen = seen.trim_end_matches(['.', ' ']);
    seen.eq_ignore_ascii_case(".git") || seen.eq_ignore_ascii_case("git~1")
}

/// Characters that a reader does not see, or that change the order in which others are shown.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A path as it can be shown: what is invisible or not UTF-8 is escaped.
pub(super) fn printable(path: &[u8]) -> String {
    let mut shown = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_invisible(c) {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            } else {
                shown.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// The form in which names are compared: without case and without the choice of composed characters.
///
/// Going through upper case joins what lower case alone keeps apart (`ß` and `SS`, both sigmas). It joins a
/// little more than Unicode's case folding does, which errs on the safe side.
fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let upper = name.nfd().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfd().collect()
}

/// The paths seen so far, with all folders above them, by their folded form.
#[derive(Debug, Default)]
pub(super) struct Collisions {
    /// The first path of each form; `None` where the path is its own folded form, which saves the copy.
    first: HashMap<String, Option<Box<str>>>,
    /// Paths that were reported, so that a folder is reported once and not with each file in it.
    reported: HashSet<Box<str>>,
    /// The last path: what it has in common with the next need not be looked at again.
    last: String,
}

impl Collisions {
    /// Takes the next path; gives the path or folder that it collides with.
    pub(super) fn insert(&mut self, path: &str) -> Option<String> {
        let known = common_folders(&self.last, path);
        path.clone_into(&mut self.last);
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain(std::iter::once(path.len()));
        for end in ends.filter(|&end| end > known) {
            let prefix = &path[..end];
            let form = folded(prefix);
            let with = match self.first.get(&form) {
                Some(None) if form != prefix => form,
                Some(Some(first)) if **first != *prefix => first.to_string(),
                Some(_) => continue,
                None => {
                    let first = (form != prefix).then(|| Box::from(prefix));
                    self.first.insert(form, first);
                    continue;
                }
            };
            return self.reported.insert(Box::from(prefix)).then_some(with);
        }
        None
    }
}

/// How many bytes two paths have in common, up to the end of a folder.
fn common_folders(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let bytes = b.as_bytes();
    if same == bytes.len() && a.as_bytes().get(same).is_some_and(|&byte| byte == b'/') {
        return same;
    }
    bytes[..same].iter().rposition(|&byte| byte == b'/').unwrap_or(0)
}
