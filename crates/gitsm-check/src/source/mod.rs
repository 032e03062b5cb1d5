//! Rules about a tree of files as such, before anything in it is read: they hold alike for `gitsm validate` and
//! for the operator, which reads the same tree from git.
//!
//! Everything here is pure. Whoever calls brings the entries, from a folder or from git's object database.

mod names;

use crate::diagnostic::{Finding, RuleId};
use crate::rules::{self, RuleMeta};
use names::{Collisions, Unsafe, unsafe_path};
use std::sync::Arc;

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A regular file (git mode 100644).
    File,
    /// A file that can be executed (100755).
    Executable,
    /// A symbolic link (120000).
    Symlink,
    /// A commit of another repository (160000).
    Submodule,
    /// A folder (40000).
    Dir,
}

impl Mode {
    /// The mode of an entry of a git tree; `None` for a mode that git does not write.
    pub fn from_git(mode: u32) -> Option<Self> {
        Some(match mode {
            // Early versions of git wrote the group's write bit.
            0o100_644 | 0o100_664 => Self::File,
            0o100_755 => Self::Executable,
            0o120_000 => Self::Symlink,
            0o160_000 => Self::Submodule,
            0o40_000 => Self::Dir,
            _ => return None,
        })
    }
}

/// One entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry<'a> {
    /// Its path from the root of the tree, with `/` between names, as bytes: git promises no encoding.
    pub path: &'a [u8],
    /// What it is.
    pub mode: Mode,
    /// Bytes of a file; 0 where unknown and for everything else.
    pub size: u64,
}

/// How large a tree may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Entries, folders included.
    pub entries: usize,
    /// Names in a path.
    pub depth: usize,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Problems that are kept; the search goes on no further.
    pub problems: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            depth: 16,
            path_bytes: 512,
            problems: 500,
        }
    }
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeProblemKind {
    /// It is a symbolic link.
    Symlink,
    /// It is a submodule.
    Submodule,
    /// It is a Git LFS pointer; see [`lfs_pointer`].
    LfsPointer,
    /// Its path has too many names.
    TooDeep {
        /// The names that are allowed.
        limit: usize,
    },
    /// The tree has too many entries; this is the first one too many.
    TooManyEntries {
        /// The entries that are allowed.
        limit: usize,
    },
    /// Its path is too long.
    PathTooLong {
        /// The bytes that are allowed.
        limit: usize,
    },
    /// Its path starts with `/` or a drive letter.
    Absolute,
    /// A name is empty, `.`, `..`, or git's own folder in any disguise.
    ReservedName,
    /// A name has a backslash, which is a separator on Windows.
    Backslash,
    /// A name has a NUL or another control character, or one that changes the direction of text.
    ControlCharacter,
    /// The path is not UTF-8.
    NotUtf8,
    /// Its name is another's but for case or Unicode form.
    Collision {
        /// The path of the first of the two.
        with: String,
    },
}

/// One thing that is wrong with a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeProblem {
    /// What it is.
    pub kind: TreeProblemKind,
    /// The path of the entry, made printable.
    pub path: String,
}

impl TreeProblem {
    fn new(kind: TreeProblemKind, path: &[u8]) -> Self {
        Self {
            kind,
            path: names::printable(path),
        }
    }

    /// The rule under which it is reported.
    pub fn rule(&self) -> &'static RuleMeta {
        match self.kind {
            TreeProblemKind::Symlink => &rules::gs110::META,
            TreeProblemKind::Submodule => &rules::gs111::META,
            TreeProblemKind::LfsPointer => &rules::gs112::META,
            TreeProblemKind::TooDeep { .. }
            | TreeProblemKind::TooManyEntries { .. }
            | TreeProblemKind::PathTooLong { .. } => &rules::gs113::META,
            TreeProblemKind::Absolute
            | TreeProblemKind::ReservedName
            | TreeProblemKind::Backslash
            | TreeProblemKind::ControlCharacter
            | TreeProblemKind::NotUtf8 => &rules::gs114::META,
            TreeProblemKind::Collision { .. } => &rules::gs115::META,
        }
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> String {
        match &self.kind {
            TreeProblemKind::Symlink => "symbolic links are not followed and not allowed here".to_owned(),
            TreeProblemKind::Submodule => "submodules are not fetched and not allowed here".to_owned(),
            TreeProblemKind::LfsPointer => "the file is a Git LFS pointer, not the content itself".to_owned(),
            TreeProblemKind::TooDeep { limit } => format!("the path is more than {limit} names deep"),
            TreeProblemKind::TooManyEntries { limit } => {
                format!("the tree has more than {limit} entries; the rest is not looked at")
            }
            TreeProblemKind::PathTooLong { limit } => format!("the path has more than {limit} bytes"),
            TreeProblemKind::Absolute => "the path is absolute".to_owned(),
            TreeProblemKind::ReservedName => {
                "the path has an empty name, `.`, `..` or `.git` in it".to_owned()
            }
            TreeProblemKind::Backslash => "the path has a backslash in it".to_owned(),
            TreeProblemKind::ControlCharacter => "the path has an invisible character in it".to_owned(),
            TreeProblemKind::NotUtf8 => "the path is not UTF-8".to_owned(),
            TreeProblemKind::Collision { with } => {
                format!("the path differs from `{with}` only in case or Unicode form")
            }
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            TreeProblemKind::Symlink => "commit a copy of the file, or refer to the resource by name",
            TreeProblemKind::Submodule => {
                "commit the files themselves, or synchronise the other repository too"
            }
            TreeProblemKind::LfsPointer => "take the file out of Git LFS; manifests are small",
            TreeProblemKind::TooDeep { .. } | TreeProblemKind::PathTooLong { .. } => "move it further up",
            TreeProblemKind::TooManyEntries { .. } => {
                "synchronise a folder of the repository, or raise the limit"
            }
            TreeProblemKind::Collision { .. } => "rename or remove one of the two",
            _ => "rename it",
        }
    }

    /// The finding that reports it, at the level of its rule.
    pub fn to_finding(&self) -> Finding {
        let rule = self.rule();
        let file: Arc<str> = Arc::from(self.path.as_str());
        Finding::new(RuleId::builtin(rule.id), rule.level, file, None, self.message()).with_hint(self.hint())
    }
}

/// Judges the entries of a tree, in any order; stops at the limits for entries and problems.
///
/// An entry is reported once, for the first thing that is wrong with it. Folders may be left out; they are known
/// from the paths of what is in them.
pub fn check_tree<'a>(
    entries: impl IntoIterator<Item = TreeEntry<'a>>,
    limits: &TreeLimits,
) -> Vec<TreeProblem> {
    let mut problems = Vec::new();
    let mut seen = Collisions::default();
    for (number, entry) in entries.into_iter().enumerate() {
        if problems.len() >= limits.problems {
            break;
        }
        if number >= limits.entries {
            let kind = TreeProblemKind::TooManyEntries {
                limit: limits.entries,
            };
            problems.push(TreeProblem::new(kind, entry.path));
            break;
        }
        if let Some(kind) = check_entry(&entry, limits, &mut seen) {
            problems.push(TreeProblem::new(kind, entry.path));
        }
    }
    problems
}

fn check_entry(entry: &TreeEntry<'_>, limits: &TreeLimits, seen: &mut Collisions) -> Option<TreeProblemKind> {
    if entry.path.len() > limits.path_bytes {
        return Some(TreeProblemKind::PathTooLong {
            limit: limits.path_bytes,
        });
    }
    match unsafe_path(entry.path) {
        Some(Unsafe::Absolute) => return Some(TreeProblemKind::Absolute),
        Some(Unsafe::ReservedName) => return Some(TreeProblemKind::ReservedName),
        Some(Unsafe::Backslash) => return Some(TreeProblemKind::Backslash),
        Some(Unsafe::ControlCharacter) => return Some(TreeProblemKind::ControlCharacter),
        None => {}
    }
    if entry.path.split(|&byte| byte == b'/').count() > limits.depth {
        return Some(TreeProblemKind::TooDeep { limit: limits.depth });
    }
    match entry.mode {
        Mode::Symlink => return Some(TreeProblemKind::Symlink),
        Mode::Submodule => return Some(TreeProblemKind::Submodule),
        Mode::File | Mode::Executable | Mode::Dir => {}
    }
    let Ok(path) = std::str::from_utf8(entry.path) else {
        return Some(TreeProblemKind::NotUtf8);
    };
    let with = seen.insert(path)?;
    Some(TreeProblemKind::Collision { with })
}

/// The largest Git LFS pointer, by its specification.
const LFS_POINTER_BYTES: usize = 1024;

/// Whether the content of a file is a Git LFS pointer instead of what it stands for.
pub fn is_lfs_pointer(content: &[u8]) -> bool {
    // Pointers of before version 1 name hawser instead.
    const VERSIONS: [&[u8]; 3] = [
        b"version https://git-lfs.github.com/spec/",
        b"version http://git-media.io/v/",
        b"version https://hawser.github.com/spec/",
    ];
    content.len() < LFS_POINTER_BYTES
        && VERSIONS.iter().any(|version| content.starts_with(version))
        && content
            .split(|&byte| byte == b'\n')
            .any(|line| line.starts_with(b"oid "))
}

/// The problem of a file whose content is a Git LFS pointer, if it is one.
pub fn lfs_pointer(path: &[u8], content: &[u8]) -> Option<TreeProblem> {
    is_lfs_pointer(content).then(|| TreeProblem::new(TreeProblemKind::LfsPointer, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(entries: &[(&str, Mode)]) -> Vec<TreeProblemKind> {
        let entries = entries.iter().map(|&(path, mode)| TreeEntry {
            path: path.as_bytes(),
            mode,
            size: 0,
        });
        check_tree(entries, &TreeLimits::default())
            .into_iter()
            .map(|problem| problem.kind)
            .collect()
    }

    fn path(path: &str) -> Option<TreeProblemKind> {
        check(&[(path, Mode::File)]).pop()
    }

    #[test]
    fn links_and_submodules_are_refused() {
        assert_eq!(
            check(&[("a", Mode::Symlink), ("b", Mode::Submodule)]),
            [TreeProblemKind::Symlink, TreeProblemKind::Submodule]
        );
        assert_eq!(
            check(&[
                ("a", Mode::File),
                ("b", Mode::Executable),
                ("c", Mode::Dir),
                ("c/d.yaml", Mode::File)
            ]),
            []
        );
        assert_eq!(Mode::from_git(0o120_000), Some(Mode::Symlink));
        assert_eq!(Mode::from_git(0), None);
    }

    #[test]
    fn paths_that_escape_or_mislead_are_refused() {
        for absolute in ["/etc/passwd", "C:/x", "c:x"] {
            assert_eq!(path(absolute), Some(TreeProblemKind::Absolute), "{absolute}");
        }
        for reserved in [
            "../x",
            "a/../b",
            "a/..",
            ".",
            "a/./b",
            "a//b",
            "a/",
            "",
            ".git/config",
            "a/.GIT/hooks",
            ".git.",
            "GIT~1",
            ".g\u{200c}it",
        ] {
            assert_eq!(
                path(reserved),
                Some(TreeProblemKind::ReservedName),
                "{reserved:?}"
            );
        }
        assert_eq!(path("a\\b"), Some(TreeProblemKind::Backslash));
        for invisible in ["a\0b", "a\nb", "a\u{7f}", "a\u{202e}b", "a\u{200b}b", "a\u{85}"] {
            assert_eq!(
                path(invisible),
                Some(TreeProblemKind::ControlCharacter),
                "{invisible:?}"
            );
        }
        for fine in [
            "a/b.yaml",
            "..a/b..",
            ".github/x.yml",
            ".gitignore",
            "日本/é.yaml",
            "a b",
            "ab:c",
            "...",
            "git",
        ] {
            assert_eq!(path(fine), None, "{fine}");
        }
        let entry = TreeEntry {
            path: b"a\xff",
            mode: Mode::File,
            size: 0,
        };
        let problem = &check_tree([entry], &TreeLimits::default())[0];
        assert_eq!(
            (&problem.kind, problem.path.as_str()),
            (&TreeProblemKind::NotUtf8, "a\\xff")
        );
    }

    #[test]
    fn limits_are_exact() {
        let names = |count: usize| vec!["a"; count].join("/");
        assert_eq!(path(&names(16)), None);
        assert_eq!(path(&names(17)), Some(TreeProblemKind::TooDeep { limit: 16 }));
        assert_eq!(path(&"a".repeat(512)), None);
        assert_eq!(
            path(&"a".repeat(513)),
            Some(TreeProblemKind::PathTooLong { limit: 512 })
        );
        let limits = TreeLimits {
            entries: 2,
            ..TreeLimits::default()
        };
        let entries = |count: usize| {
            let paths: &[&[u8]] = &[b"a", b"b", b"c", b"d"];
            paths[..count].iter().map(|path| TreeEntry {
                path,
                mode: Mode::File,
                size: 0,
            })
        };
        assert_eq!(check_tree(entries(2), &limits), []);
        let problems = check_tree(entries(4), &limits);
        assert_eq!(
            problems,
            [TreeProblem {
                kind: TreeProblemKind::TooManyEntries { limit: 2 },
                path: "c".to_owned()
            }]
        );
    }

    #[test]
    fn names_that_are_one_on_other_systems_collide() {
        let collides = |first: &str, second: &str| check(&[(first, Mode::File), (second, Mode::File)]).pop();
        for (first, second, with) in [
            ("a/Payments.yaml", "a/payments.yaml", "a/Payments.yaml"),
            ("caf\u{e9}", "cafe\u{301}", "caf\u{e9}"),
            ("Straße", "STRASSE", "Straße"),
            ("A/x", "a/y", "A"),
            (
                "\u{3a3}\u{3b1}\u{3c2}",
                "\u{3c3}\u{3b1}\u{3c3}",
                "\u{3a3}\u{3b1}\u{3c2}",
            ),
            ("\u{fb01}le", "FILE", "\u{fb01}le"),
            ("K", "\u{212a}", "K"),
            ("\u{130}x", "i\u{307}X", "\u{130}x"),
        ] {
            assert_eq!(
                collides(first, second),
                Some(TreeProblemKind::Collision {
                    with: with.to_owned()
                }),
                "{first} {second}"
            );
            assert!(collides(second, first).is_some(), "{second} {first}");
        }
        for (first, second) in [("a/x", "b/x"), ("a/x", "a/y"), ("a", "a/b"), ("e", "é")] {
            assert_eq!(collides(first, second), None, "{first} {second}");
        }
    }

    #[test]
    fn pointers_are_known_by_their_content() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
        assert!(is_lfs_pointer(pointer));
        assert_eq!(lfs_pointer(b"a.yaml", pointer).unwrap().rule().id, "GS112");
        assert!(!is_lfs_pointer(
            b"version: https://git-lfs.github.com/spec/v1\noid sha256:x\n"
        ));
        assert!(!is_lfs_pointer(b"version https://git-lfs.github.com/spec/v1\n"));
        let mut long = pointer.to_vec();
        long.resize(LFS_POINTER_BYTES, b'x');
        assert!(!is_lfs_pointer(&long));
    }

    #[test]
    fn every_problem_has_a_rule_and_words() {
        let problems = check_tree(
            [
                ("a", Mode::Symlink),
                ("b", Mode::Submodule),
                ("c/../d", Mode::File),
                ("E", Mode::File),
                ("e", Mode::File),
            ]
            .map(|(path, mode)| TreeEntry {
                path: path.as_bytes(),
                mode,
                size: 0,
            }),
            &TreeLimits::default(),
        );
        let rules: Vec<_> = problems
            .iter()
            .map(|problem| problem.to_finding().rule.as_str().to_owned())
            .collect();
        assert_eq!(rules, ["GS110", "GS111", "GS114", "GS115"]);
        assert!(problems.iter().all(|problem| problem.to_finding().hint.is_some()));
    }

    proptest! {
        #[test]
        fn any_path_is_judged_without_harm(paths in proptest::collection::vec(any::<Vec<u8>>(), 0..8)) {
            let entries = paths.iter().map(|path| TreeEntry { path, mode: Mode::File, size: 0 });
            for problem in check_tree(entries, &TreeLimits::default()) {
                prop_assert!(!problem.path.contains(char::is_control));
            }
        }

        #[test]
        fn case_never_tells_two_paths_apart(name in "[\\p{L}\\p{N}]{1,12}") {
            let upper = name.to_uppercase();
            prop_assume!(upper != name);
            prop_assert_eq!(check(&[(&name, Mode::File), (&upper, Mode::File)]).len(), 1);
        }
    }
}
